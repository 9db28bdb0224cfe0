-- The drive events of connection_log as drives were last found in them: the difference shows what has changed.
CREATE TABLE IF NOT EXISTS drive_events (
    source_device VARCHAR(64) NOT NULL,
    source_id     BIGINT      NOT NULL,
    timestamp     DATETIME(6) NOT NULL,
    event_type    VARCHAR(64) NOT NULL COMMENT 'drive_start or drive_end',
    drive_id      BIGINT      NULL COMMENT 'the device''s number of the drive',
    joined_id     BIGINT      NULL COMMENT 'drive_id, or that of the event beside it in the log with which it makes a drive',
    PRIMARY KEY (source_device, source_id),
    KEY ix_drive_events_joined (source_device, joined_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
