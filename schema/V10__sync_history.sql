-- One row a batch. Batch ids have a resolution of one second, so requests of one device share a row.
CREATE TABLE IF NOT EXISTS sync_history (
    batch_id      VARCHAR(64)                            NOT NULL,
    device_id     VARCHAR(64)                            NOT NULL,
    started_at    DATETIME(6)                            NOT NULL,
    completed_at  DATETIME(6)                            NULL,
    tables_synced JSON                                   NOT NULL,
    rows_inserted INT                                    NOT NULL DEFAULT 0,
    rows_updated  INT                                    NOT NULL DEFAULT 0,
    status        ENUM ('success', 'failed', 'partial') NOT NULL,
    error         VARCHAR(1000)                          NULL,
    PRIMARY KEY (batch_id, device_id),
    KEY ix_sync_history_status (status, completed_at),
    KEY ix_sync_history_completed (completed_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
