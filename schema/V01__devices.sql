-- A device is whoever sends batches: one row at its first accepted batch, or by `device add`.
CREATE TABLE IF NOT EXISTS devices (
    device_id    VARCHAR(64)  NOT NULL,
    display_name VARCHAR(255) NULL,
    last_seen    DATETIME(6)  NULL,
    api_key_hash CHAR(64)     NULL COMMENT 'SHA-256 of the device''s own key, in hex',
    created_at   DATETIME(6)  NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    extra        JSON         NULL COMMENT 'latest value of top-level fields unknown to the server',
    PRIMARY KEY (device_id),
    UNIQUE KEY uq_devices_api_key_hash (api_key_hash)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
