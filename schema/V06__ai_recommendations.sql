-- The device's own recommendations, and the server's: those have a negative source_id, sync_batch_id = the
-- analysis id, and category, rank, confidence and grounded in `extra`.
CREATE TABLE IF NOT EXISTS ai_recommendations (
    id              BIGINT      NOT NULL AUTO_INCREMENT,
    source_id       BIGINT      NOT NULL,
    source_device   VARCHAR(64) NOT NULL,
    synced_at       DATETIME(6) NOT NULL,
    sync_batch_id   VARCHAR(64) NULL,
    extra           JSON        NULL,
    timestamp       DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    recommendation  TEXT        NOT NULL,
    priority_rank   BIGINT      NULL DEFAULT 3,
    is_duplicate_of BIGINT      NULL,
    profile_id      BIGINT      NULL,
    created_at      DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    PRIMARY KEY (id),
    UNIQUE KEY uq_ai_recommendations_source (source_device, source_id),
    KEY ix_ai_recommendations_batch (sync_batch_id),
    KEY ix_ai_recommendations_duplicate (is_duplicate_of),
    KEY ix_ai_recommendations_profile (profile_id),
    CONSTRAINT ck_ai_recommendations_priority CHECK (priority_rank BETWEEN 1 AND 5),
    CONSTRAINT fk_ai_recommendations_duplicate FOREIGN KEY (is_duplicate_of) REFERENCES ai_recommendations (id) ON DELETE SET NULL,
    CONSTRAINT fk_ai_recommendations_profile FOREIGN KEY (profile_id) REFERENCES profiles (id) ON DELETE SET NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
