CREATE TABLE IF NOT EXISTS analysis_history (
    analysis_id        VARCHAR(64)                             NOT NULL,
    source_device      VARCHAR(64)                             NOT NULL,
    profile_source_id  VARCHAR(64)                             NULL,
    drive_start        DATETIME(6)                             NULL,
    drive_end          DATETIME(6)                             NULL,
    model              VARCHAR(255)                            NOT NULL,
    processing_time_ms BIGINT                                  NULL,
    status             ENUM ('running', 'success', 'failed')  NOT NULL,
    error              VARCHAR(1000)                           NULL,
    created_at         DATETIME(6)                             NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    PRIMARY KEY (analysis_id),
    KEY ix_analysis_history_device (source_device, created_at),
    KEY ix_analysis_history_created (created_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
