-- The key is text on the device. A row that only other tables have named so far is a stub with name = source_id.
CREATE TABLE IF NOT EXISTS profiles (
    id                  BIGINT       NOT NULL AUTO_INCREMENT,
    source_id           VARCHAR(64)  NOT NULL,
    source_device       VARCHAR(64)  NOT NULL,
    synced_at           DATETIME(6)  NOT NULL,
    sync_batch_id       VARCHAR(64)  NULL,
    extra               JSON         NULL,
    name                VARCHAR(255) NOT NULL,
    description         TEXT         NULL,
    alert_config_json   MEDIUMTEXT   NULL,
    polling_interval_ms BIGINT       NULL DEFAULT 1000,
    created_at          DATETIME(6)  NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    updated_at          DATETIME(6)  NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    data_source         VARCHAR(16)  NULL,
    PRIMARY KEY (id),
    UNIQUE KEY uq_profiles_source (source_device, source_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
