-- All marks up to this generation are rebuilt.
CREATE TABLE IF NOT EXISTS mark_done
(
    one UInt8,
    generation UInt64
)
ENGINE = ReplacingMergeTree(generation)
ORDER BY one
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
