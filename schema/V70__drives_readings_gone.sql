-- Readings are removed after a while; what was worked out from them stays.
SET @change = (
    SELECT IF(COUNT(*) = 0,
              'ALTER TABLE drives ADD COLUMN readings_gone_at DATETIME(6) NULL COMMENT ''when readings of it were found to be stored no more: it is not diagnosed again''',
              'DO 0')
    FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'drives' AND column_name = 'readings_gone_at'
);
PREPARE change_of_drives FROM @change;
EXECUTE change_of_drives;
DEALLOCATE PREPARE change_of_drives
