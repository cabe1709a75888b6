-- Events by the subject on either side and the product: series for thresholds, and the way from a firm to its events.
CREATE TABLE IF NOT EXISTS series
(
    subject String,
    side LowCardinality(String),
    product String,
    event FixedString(16),
    version UInt64,
    month UInt32,
    counted UInt8,
    event_time DateTime64(3, 'UTC'),
    category LowCardinality(String),
    stage LowCardinality(String),
    biz_step LowCardinality(String),
    division LowCardinality(String),
    quantity_milli Nullable(Int64),
    price_milli Nullable(Int64),
    unit LowCardinality(String)
)
ENGINE = ReplacingMergeTree
PARTITION BY month
ORDER BY (subject, side, product, event, version)
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1
