-- What the drives of a device are compared with besides the five before.
CREATE TABLE IF NOT EXISTS drive_baselines (
    source_device VARCHAR(64) NOT NULL,
    anchor_drive  BIGINT      NULL COMMENT 'drives.id of the reference that the owner named',
    begins_at     DATETIME(6) NULL COMMENT 'drives before do not count: the car was repaired or changed',
    PRIMARY KEY (source_device)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
