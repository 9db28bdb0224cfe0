-- No query reads it.
SET @change = (
    SELECT IF(COUNT(*) > 0,
              'ALTER TABLE statistics DROP KEY ix_statistics_analysis_date, ALGORITHM = INPLACE, LOCK = NONE',
              'DO 0')
    FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'statistics' AND index_name = 'ix_statistics_analysis_date'
);
PREPARE change_of_statistics FROM @change;
EXECUTE change_of_statistics;
DEALLOCATE PREPARE change_of_statistics
