-- MySQL has no ADD COLUMN IF NOT EXISTS.
SET @change = (
    SELECT IF(COUNT(*) = 0,
              'ALTER TABLE analysis_history ADD COLUMN drive_row_id BIGINT NULL COMMENT ''drives.id, unless somebody asked for it'', ADD KEY ix_analysis_history_drive (drive_row_id)',
              'DO 0')
    FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'analysis_history' AND column_name = 'drive_row_id'
);
PREPARE change_of_analysis_history FROM @change;
EXECUTE change_of_analysis_history;
DEALLOCATE PREPARE change_of_analysis_history
