-- No query reads them: the events of drives are read from drive_events.
SET @change = (
    SELECT IF(COUNT(*) > 0,
              'ALTER TABLE connection_log DROP KEY ix_connection_log_event_type, DROP KEY ix_connection_log_timestamp, ALGORITHM = INPLACE, LOCK = NONE',
              'DO 0')
    FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'connection_log' AND index_name = 'ix_connection_log_timestamp'
);
PREPARE change_of_connection_log FROM @change;
EXECUTE change_of_connection_log;
DEALLOCATE PREPARE change_of_connection_log
