-- Which steps of this folder were applied to this database, with their text.
CREATE TABLE IF NOT EXISTS schema_step
(
    number UInt32,
    name String,
    statement String
)
ENGINE = ReplacingMergeTree
ORDER BY number
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
