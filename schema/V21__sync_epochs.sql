-- The epochs of a device after the first one. Epoch 0 has no row and the offset 0.
CREATE TABLE IF NOT EXISTS sync_epochs (
    source_device     VARCHAR(64) NOT NULL,
    epoch             INT         NOT NULL,
    id_offset         BIGINT      NOT NULL,
    started_at        DATETIME(6) NOT NULL,
    batch_id          VARCHAR(64) NOT NULL COMMENT 'the first batch of the epoch',
    newest_reading_at DATETIME(6) NOT NULL COMMENT 'the newest reading of all epochs before',
    PRIMARY KEY (source_device, epoch)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
