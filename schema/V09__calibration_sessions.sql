-- The device calls this table's key session_id; here, as everywhere, it is source_id.
CREATE TABLE IF NOT EXISTS calibration_sessions (
    id            BIGINT      NOT NULL AUTO_INCREMENT,
    source_id     BIGINT      NOT NULL,
    source_device VARCHAR(64) NOT NULL,
    synced_at     DATETIME(6) NOT NULL,
    sync_batch_id VARCHAR(64) NULL,
    extra         JSON        NULL,
    start_time    DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    end_time      DATETIME(6) NULL,
    notes         TEXT        NULL,
    profile_id    BIGINT      NULL,
    created_at    DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    data_source   VARCHAR(16) NULL,
    PRIMARY KEY (id),
    UNIQUE KEY uq_calibration_sessions_source (source_device, source_id),
    KEY ix_calibration_sessions_profile (profile_id),
    CONSTRAINT fk_calibration_sessions_profile FOREIGN KEY (profile_id) REFERENCES profiles (id) ON DELETE SET NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
