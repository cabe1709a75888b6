-- Hourly sums of look-ups by the public.
CREATE TABLE IF NOT EXISTS lookup_hour
(
    object FixedString(16),
    version UInt64,
    withdrawn UInt8,
    month UInt32,
    origin_node LowCardinality(String),
    hour DateTime64(3, 'UTC'),
    day Date,
    division LowCardinality(String),
    category LowCardinality(String),
    subject_type LowCardinality(String),
    product String,
    outcome LowCardinality(String),
    lookups UInt64
)
ENGINE = ReplacingMergeTree(version, withdrawn)
PARTITION BY month
ORDER BY object
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
