-- Errors move a drive back in the queue, and devices take turns.
SET @change = (
    SELECT IF(COUNT(*) = 0,
              'ALTER TABLE drives ADD COLUMN deferrals INT NOT NULL DEFAULT 0 COMMENT ''consecutive errors that are no failed attempt'', ADD KEY ix_drives_queue (state, source_device, next_look_at), ADD KEY ix_drives_deferrals (deferrals)',
              'DO 0')
    FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'drives' AND column_name = 'deferrals'
);
PREPARE change_of_drives FROM @change;
EXECUTE change_of_drives;
DEALLOCATE PREPARE change_of_drives
