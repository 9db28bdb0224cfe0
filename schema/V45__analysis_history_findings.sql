-- What the rules found in the analysed readings, as the API sends it; NULL for analyses of earlier versions.
SET @change = (
    SELECT IF(COUNT(*) = 0,
              'ALTER TABLE analysis_history ADD COLUMN findings MEDIUMTEXT NULL COMMENT ''JSON, as the API sends it''',
              'DO 0')
    FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'analysis_history' AND column_name = 'findings'
);
PREPARE change_of_analysis_history FROM @change;
EXECUTE change_of_analysis_history;
DEALLOCATE PREPARE change_of_analysis_history
