-- No query can use it: alerts are read for one device, by the number of the drive or by time.
SET @change = (
    SELECT IF(COUNT(*) > 0,
              'ALTER TABLE alert_log DROP KEY ix_alert_log_timestamp, ALGORITHM = INPLACE, LOCK = NONE',
              'DO 0')
    FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'alert_log' AND index_name = 'ix_alert_log_timestamp'
);
PREPARE change_of_alert_log FROM @change;
EXECUTE change_of_alert_log;
DEALLOCATE PREPARE change_of_alert_log
