-- Senders' own identifiers of events (eventID). One identifier may rightly stand for several objects.
CREATE TABLE IF NOT EXISTS event_key
(
    event_id String,
    event FixedString(16),
    version UInt64,
    month UInt32,
    system LowCardinality(String)
)
ENGINE = ReplacingMergeTree
PARTITION BY month
ORDER BY (event_id, event, version)
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1
