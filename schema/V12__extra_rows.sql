-- Rows of the tables named in EXTRA_TABLES, kept whole.
CREATE TABLE IF NOT EXISTS extra_rows (
    id            BIGINT      NOT NULL AUTO_INCREMENT,
    source_id     VARCHAR(64) NOT NULL,
    source_device VARCHAR(64) NOT NULL,
    table_name    VARCHAR(64) NOT NULL,
    synced_at     DATETIME(6) NOT NULL,
    sync_batch_id VARCHAR(64) NULL,
    row_json      JSON        NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY uq_extra_rows_source (source_device, table_name, source_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
