-- The latest batch and the latest failure of each table of a device.
CREATE TABLE IF NOT EXISTS sync_tables (
    source_device       VARCHAR(64)   NOT NULL,
    table_name          VARCHAR(64)   NOT NULL,
    last_batch_id       VARCHAR(64)   NULL,
    last_batch_at       DATETIME(6)   NULL,
    last_error_batch_id VARCHAR(64)   NULL,
    last_error_at       DATETIME(6)   NULL,
    last_error          VARCHAR(1000) NULL,
    PRIMARY KEY (source_device, table_name)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
