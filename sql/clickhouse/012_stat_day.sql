-- Statistics of a bucket (day, division, category, stage, system, record month), an empty bucket is a row of zeros.
CREATE TABLE IF NOT EXISTS stat_day
(
    month UInt32,
    day Date,
    division LowCardinality(String),
    category LowCardinality(String),
    stage LowCardinality(String),
    system LowCardinality(String),
    generation UInt64,
    events UInt64,
    quantity_milli Int64,
    amount_milli Int64,
    late UInt64,
    needs_upstream UInt64,
    upstream_known UInt64,
    mandatory_total UInt64,
    mandatory_filled UInt64,
    inspections UInt64,
    failed UInt64
)
ENGINE = ReplacingMergeTree(generation)
PARTITION BY month
ORDER BY (day, division, category, stage, system, month)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
