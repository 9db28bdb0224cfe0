-- The number of readings is kept up to date by the batches, so that no drive is ever scanned to count them.
SET @change = (
    SELECT IF(COUNT(*) = 0,
              'ALTER TABLE drive_readings ADD COLUMN readings BIGINT NULL COMMENT ''how many are stored; null where they have to be counted''',
              'DO 0')
    FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'drive_readings' AND column_name = 'readings'
);
PREPARE change_of_drive_readings FROM @change;
EXECUTE change_of_drive_readings;
DEALLOCATE PREPARE change_of_drive_readings
