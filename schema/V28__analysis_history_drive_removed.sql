-- MySQL has no ADD COLUMN IF NOT EXISTS.
SET @change = (
    SELECT IF(COUNT(*) = 0,
              'ALTER TABLE analysis_history ADD COLUMN drive_removed_at DATETIME(6) NULL COMMENT ''when the events and readings of the device stopped showing this drive''',
              'DO 0')
    FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'analysis_history' AND column_name = 'drive_removed_at'
);
PREPARE change_of_analysis_history FROM @change;
EXECUTE change_of_analysis_history;
DEALLOCATE PREPARE change_of_analysis_history
