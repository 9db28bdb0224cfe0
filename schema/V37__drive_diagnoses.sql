-- What the server worked out about each drive without a model: one row a drive, replaced when the drive is diagnosed again.
-- The diagnosis is text, not JSON: a JSON column may reorder it, and recomputing must give the same bytes.
CREATE TABLE IF NOT EXISTS drive_diagnoses (
    drive              BIGINT       NOT NULL COMMENT 'drives.id',
    source_device      VARCHAR(64)  NOT NULL,
    drive_id           BIGINT       NULL COMMENT 'the device''s number, as diagnosed',
    drive_start        DATETIME(6)  NOT NULL COMMENT 'as diagnosed',
    drive_end          DATETIME(6)  NULL COMMENT 'as diagnosed',
    grade              VARCHAR(2)   NULL,
    grade_reason       VARCHAR(255) NOT NULL,
    watch              INT          NOT NULL COMMENT 'findings of this tier',
    alert              INT          NOT NULL,
    investigate        INT          NOT NULL,
    warning            INT          NOT NULL,
    stop               INT          NOT NULL,
    readings           BIGINT       NOT NULL,
    distance_km        DOUBLE       NULL,
    covered_seconds    DOUBLE       NOT NULL,
    rules_version      INT          NOT NULL,
    thresholds_version VARCHAR(32)  NOT NULL,
    diagnosis          MEDIUMTEXT   NOT NULL COMMENT 'all of it, as the API sends it',
    diagnosed_at       DATETIME(6)  NOT NULL,
    PRIMARY KEY (drive),
    KEY ix_drive_diagnoses_start (source_device, drive_start)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
