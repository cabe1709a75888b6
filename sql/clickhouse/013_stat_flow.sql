-- The same buckets by the division that goods went from and to, an emptied flow is a row of zeros.
CREATE TABLE IF NOT EXISTS stat_flow
(
    month UInt32,
    day Date,
    division LowCardinality(String),
    category LowCardinality(String),
    stage LowCardinality(String),
    system LowCardinality(String),
    peer_division LowCardinality(String),
    inbound UInt8,
    generation UInt64,
    events UInt64,
    quantity_milli Int64,
    amount_milli Int64
)
ENGINE = ReplacingMergeTree(generation)
PARTITION BY month
ORDER BY (day, division, category, stage, system, peer_division, inbound, month)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
