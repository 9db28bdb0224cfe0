-- Where a drive's readings are among those of its device, so that they are found without an index on the large table.
CREATE TABLE IF NOT EXISTS drive_readings (
    source_device   VARCHAR(64) NOT NULL,
    drive_id        BIGINT      NOT NULL COMMENT 'the device''s number of the drive',
    first_source_id BIGINT      NOT NULL,
    last_source_id  BIGINT      NOT NULL,
    PRIMARY KEY (source_device, drive_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
