-- For lists by status, and for finding analyses that were left running without reading the whole history.
SET @change = (
    SELECT IF(COUNT(*) = 0,
              'ALTER TABLE analysis_history ADD KEY ix_analysis_history_status (status, created_at), ADD KEY ix_analysis_history_device_status (source_device, status, created_at)',
              'DO 0')
    FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'analysis_history' AND index_name = 'ix_analysis_history_status'
);
PREPARE change_of_analysis_history FROM @change;
EXECUTE change_of_analysis_history;
DEALLOCATE PREPARE change_of_analysis_history
