-- Which readings a diagnosis has is not decided by the database's clock, which may be set.
SET @change = (
    SELECT IF(COUNT(*) = 0,
              'ALTER TABLE drive_diagnoses ADD COLUMN last_reading_at DATETIME(6) NULL COMMENT ''of the drive, before its readings were read; another one makes the diagnosis outdated''',
              'DO 0')
    FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'drive_diagnoses' AND column_name = 'last_reading_at'
);
PREPARE change_of_diagnoses FROM @change;
EXECUTE change_of_diagnoses;
DEALLOCATE PREPARE change_of_diagnoses
