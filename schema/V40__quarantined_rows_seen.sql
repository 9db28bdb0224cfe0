-- Health counts the quarantined rows of each table and finds the latest one without reading the rows.
SET @change = (
    SELECT IF(COUNT(*) = 0,
              'ALTER TABLE quarantined_rows ADD KEY ix_quarantined_rows_seen (source_device, table_name, last_seen)',
              'DO 0')
    FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'quarantined_rows' AND index_name = 'ix_quarantined_rows_seen'
);
PREPARE change_of_quarantined_rows FROM @change;
EXECUTE change_of_quarantined_rows;
DEALLOCATE PREPARE change_of_quarantined_rows
