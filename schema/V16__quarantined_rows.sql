-- Rows that failed validation while BAD_ROWS=quarantine. A later valid row with the same key removes its entry.
CREATE TABLE IF NOT EXISTS quarantined_rows (
    id            BIGINT        NOT NULL AUTO_INCREMENT,
    source_device VARCHAR(64)   NOT NULL,
    table_name    VARCHAR(64)   NOT NULL,
    row_key       VARCHAR(64)   NOT NULL COMMENT 'the device''s key of the row as text; without a readable one, # and a digest of the row',
    source_id     BIGINT        NULL COMMENT 'the key, if it is an integer',
    row_json      LONGTEXT      NOT NULL COMMENT 'as received; numbers such as NaN make it invalid as JSON',
    reason        VARCHAR(1000) NOT NULL,
    sync_batch_id VARCHAR(64)   NOT NULL,
    first_seen    DATETIME(6)   NOT NULL,
    last_seen     DATETIME(6)   NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY uq_quarantined_rows_key (source_device, table_name, row_key)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
