-- The version of an event that took the place of all lower ones. Rows of link and series tables below it are not current.
CREATE TABLE IF NOT EXISTS superseded
(
    event FixedString(16),
    version UInt64,
    month UInt32
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY month
ORDER BY event
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1
