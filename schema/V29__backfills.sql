-- Rows that were stored before a derived table existed are added to it in steps; this is how far that has come.
CREATE TABLE IF NOT EXISTS backfills (
    name    VARCHAR(64) NOT NULL,
    next_id BIGINT      NOT NULL COMMENT 'the first id of the source table that is still to be added',
    end_id  BIGINT      NOT NULL COMMENT 'rows from here on were added when they were stored',
    PRIMARY KEY (name)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
