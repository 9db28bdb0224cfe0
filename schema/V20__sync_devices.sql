-- What each device's batches have in common: its epoch, its contacts, its latest batch and failure.
CREATE TABLE IF NOT EXISTS sync_devices (
    source_device        VARCHAR(64)   NOT NULL,
    epoch                INT           NOT NULL DEFAULT 0 COMMENT 'rises when the device starts again at id 1',
    id_offset            BIGINT        NOT NULL DEFAULT 0 COMMENT 'source_id = the device''s id + id_offset, in this epoch',
    newest_reading_at    DATETIME(6)   NULL COMMENT 'the newest timestamp in realtime_data',
    is_counted           BOOLEAN       NOT NULL DEFAULT FALSE COMMENT 'stored_ids has all rows of the device',
    last_contact_at      DATETIME(6)   NOT NULL,
    pause_seconds        DOUBLE        NOT NULL DEFAULT 0 COMMENT 'decaying sum of the pauses between contacts',
    pause_seconds_square DOUBLE        NOT NULL DEFAULT 0 COMMENT 'decaying sum of their squares',
    last_batch_id        VARCHAR(64)   NULL,
    last_batch_at        DATETIME(6)   NULL,
    last_error_batch_id  VARCHAR(64)   NULL,
    last_error_at        DATETIME(6)   NULL,
    last_error           VARCHAR(1000) NULL,
    PRIMARY KEY (source_device)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
