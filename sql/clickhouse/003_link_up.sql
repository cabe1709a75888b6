-- Links of the chain by their upstream unit: what became of a unit. Current ones: see superseded.
-- Rows of kind mention are no links: they lead from a unit to an event that says nothing about its way.
CREATE TABLE IF NOT EXISTS link_up
(
    up_unit String,
    down_unit String,
    event FixedString(16),
    version UInt64,
    number UInt32,
    month UInt32,
    kind LowCardinality(String),
    up_subject String,
    down_subject String,
    subject String,
    subject_name String,
    peer_name String,
    inbound UInt8,
    division LowCardinality(String),
    peer_division LowCardinality(String),
    category LowCardinality(String),
    stage LowCardinality(String),
    biz_step LowCardinality(String),
    event_time DateTime64(3, 'UTC'),
    quantity_milli Nullable(Int64),
    unit LowCardinality(String),
    product String,
    product_name String,
    batch String,
    voucher String
)
ENGINE = ReplacingMergeTree
PARTITION BY month
ORDER BY (up_unit, event, down_unit, version, number)
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1
