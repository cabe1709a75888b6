-- One row per reported batch: how many rows came, were taken, were refused and by which code.
CREATE TABLE IF NOT EXISTS intake
(
    object FixedString(16),
    version UInt64,
    withdrawn UInt8,
    month UInt32,
    origin_node LowCardinality(String),
    system LowCardinality(String),
    message String,
    received_at DateTime64(3, 'UTC'),
    day Date,
    division LowCardinality(String),
    category LowCardinality(String),
    stage LowCardinality(String),
    received UInt32,
    accepted UInt32,
    rejected UInt32,
    duplicate UInt32,
    reject_codes Array(String),
    reject_counts Array(UInt64)
)
ENGINE = ReplacingMergeTree(version, withdrawn)
PARTITION BY month
ORDER BY object
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
