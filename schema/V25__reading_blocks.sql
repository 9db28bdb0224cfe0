-- What a device's readings are, in blocks of 256 rows: which numbers they have, when they were taken, how many they are.
-- Always derived from realtime_data. Drives are found and counted here, so that the large table needs no further index.
CREATE TABLE IF NOT EXISTS reading_blocks (
    source_device   VARCHAR(64) NOT NULL,
    block           BIGINT      NOT NULL COMMENT 'source_id divided by 256, rounded down',
    drive_id        BIGINT      NOT NULL COMMENT 'the device''s number of the drive; -9223372036854775808: none',
    day             DATE        NOT NULL COMMENT 'the date of timestamp',
    first_source_id BIGINT      NOT NULL,
    last_source_id  BIGINT      NOT NULL,
    first_at        DATETIME(6) NOT NULL COMMENT 'the earliest timestamp',
    last_at         DATETIME(6) NOT NULL COMMENT 'the latest timestamp',
    readings        BIGINT      NOT NULL,
    PRIMARY KEY (source_device, block, drive_id, day),
    KEY ix_reading_blocks_drive (source_device, drive_id, first_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
