-- Buckets of the statistics that are to be rebuilt, by the generation that touched them.
CREATE TABLE IF NOT EXISTS mark
(
    generation UInt64,
    month UInt32,
    day Date,
    division LowCardinality(String),
    category LowCardinality(String),
    stage LowCardinality(String),
    system LowCardinality(String)
)
ENGINE = ReplacingMergeTree
PARTITION BY intDiv(generation, 4096)
ORDER BY (generation, month, day, division, category, stage, system)
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1
