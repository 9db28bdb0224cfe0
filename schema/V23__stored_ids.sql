-- Which ids are stored, 4096 a row, so that gaps are found without reading the large tables.
CREATE TABLE IF NOT EXISTS stored_ids (
    source_device VARCHAR(64)      NOT NULL,
    table_name    VARCHAR(64)      NOT NULL,
    page          BIGINT           NOT NULL COMMENT 'source_id divided by 4096, rounded down',
    runs          VARBINARY(8192)  NOT NULL COMMENT 'first and last offset of each run of ids, two bytes each',
    PRIMARY KEY (source_device, table_name, page)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
