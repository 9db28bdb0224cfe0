-- MySQL has no ADD COLUMN IF NOT EXISTS.
SET @change = (
    SELECT IF(COUNT(*) = 0,
              'ALTER TABLE drives ADD COLUMN first_source_id BIGINT NULL COMMENT ''of the readings with its number'', ADD COLUMN last_source_id BIGINT NULL COMMENT ''of the readings with its number'', ADD COLUMN window_end DATETIME(6) NULL COMMENT ''until when readings without a number belong to it; null: until the first silence'', ADD KEY ix_drives_first_source (source_device, first_source_id)',
              'DO 0')
    FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'drives' AND column_name = 'first_source_id'
);
PREPARE change_of_drives FROM @change;
EXECUTE change_of_drives;
DEALLOCATE PREPARE change_of_drives
