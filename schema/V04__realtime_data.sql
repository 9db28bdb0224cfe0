-- The large table: every index here is paid for by every reading.
CREATE TABLE IF NOT EXISTS realtime_data (
    id             BIGINT       NOT NULL AUTO_INCREMENT,
    source_id      BIGINT       NOT NULL,
    source_device  VARCHAR(64)  NOT NULL,
    synced_at      DATETIME(6)  NOT NULL,
    sync_batch_id  VARCHAR(64)  NULL,
    extra          JSON         NULL,
    timestamp      DATETIME(6)  NOT NULL,
    parameter_name VARCHAR(64)  NOT NULL,
    value          DOUBLE       NOT NULL,
    unit           VARCHAR(64)  NULL,
    profile_id     BIGINT       NULL,
    data_source    VARCHAR(16)  NULL,
    drive_id       BIGINT       NULL,
    PRIMARY KEY (id),
    UNIQUE KEY uq_realtime_data_source (source_device, source_id),
    KEY ix_realtime_data_timestamp (timestamp),
    KEY ix_realtime_data_profile (profile_id),
    KEY ix_realtime_data_parameter (parameter_name, timestamp),
    CONSTRAINT fk_realtime_data_profile FOREIGN KEY (profile_id) REFERENCES profiles (id) ON DELETE SET NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
