-- A window is always read for one device: with the time alone in front, the readings of every other car in the same half
-- hour were read too. drive_id makes counting the readings without a number an index scan. The name stays, so that a
-- server of the previous release, which forces the index by name, keeps working.
SET @change = (
    SELECT IF(COUNT(*) = 0,
              'ALTER TABLE realtime_data DROP KEY ix_realtime_data_timestamp, ADD KEY ix_realtime_data_timestamp (source_device, timestamp, drive_id), ALGORITHM = INPLACE, LOCK = NONE',
              'DO 0')
    FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'realtime_data' AND index_name = 'ix_realtime_data_timestamp'
      AND seq_in_index = 3 AND column_name = 'drive_id'
);
PREPARE change_of_realtime_data FROM @change;
EXECUTE change_of_realtime_data;
DEALLOCATE PREPARE change_of_realtime_data
