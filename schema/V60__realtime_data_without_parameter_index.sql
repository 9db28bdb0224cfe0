-- No query reads it: the readings of a parameter are always those of a device, in a window or in a range of ids. Each stored
-- reading paid for it.
SET @change = (
    SELECT IF(COUNT(*) > 0,
              'ALTER TABLE realtime_data DROP KEY ix_realtime_data_parameter, ALGORITHM = INPLACE, LOCK = NONE',
              'DO 0')
    FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'realtime_data' AND index_name = 'ix_realtime_data_parameter'
);
PREPARE change_of_realtime_data FROM @change;
EXECUTE change_of_realtime_data;
DEALLOCATE PREPARE change_of_realtime_data
