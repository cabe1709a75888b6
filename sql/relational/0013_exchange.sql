-- Evidence of the exchange on its way into files, settings of links, what peers have confirmed, what went wrong since when.
CREATE TABLE evidence_entry (
  id {auto}, peer TEXT NOT NULL, direction TEXT NOT NULL, class TEXT NOT NULL, own_position BIGINT NOT NULL,
  manifest {blob} NOT NULL, signature {blob} NOT NULL, runs {blob} NOT NULL, receipt {blob} NOT NULL, at BIGINT NOT NULL);
CREATE INDEX evidence_entry_link ON evidence_entry (peer, direction, class, id);
CREATE TABLE evidence_file (
  peer TEXT NOT NULL, direction TEXT NOT NULL, class TEXT NOT NULL, first_entry BIGINT NOT NULL, last_entry BIGINT NOT NULL,
  head {blob} NOT NULL, path TEXT NOT NULL, bytes BIGINT NOT NULL, records BIGINT NOT NULL, last_at BIGINT NOT NULL,
  removed_at BIGINT, PRIMARY KEY (peer, direction, class, first_entry));
CREATE TABLE exchange_link (
  peer TEXT PRIMARY KEY, rate BIGINT, batch BIGINT, windows TEXT NOT NULL, held TEXT NOT NULL, reason TEXT NOT NULL,
  held_at BIGINT, held_by TEXT NOT NULL, next_at BIGINT NOT NULL, version BIGINT NOT NULL);
INSERT INTO exchange_link (peer, windows, held, reason, held_at, held_by, next_at, version)
  SELECT code, '[]', 'normal,bulk', '', COALESCE(last_seen_at, requested_at), '', 0, 1 FROM peer WHERE paused <> 0;
ALTER TABLE peer DROP COLUMN paused;
ALTER TABLE peer DROP COLUMN last_error;
CREATE TABLE exchange_confirmed (
  peer TEXT NOT NULL, node TEXT NOT NULL, stream TEXT NOT NULL, epoch BIGINT NOT NULL, seq BIGINT NOT NULL,
  hash {blob} NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (peer, node, stream));
CREATE TABLE exchange_fault (
  peer TEXT NOT NULL, side TEXT NOT NULL, class TEXT NOT NULL, code TEXT NOT NULL, reason TEXT NOT NULL,
  advice TEXT NOT NULL, since BIGINT NOT NULL, last_at BIGINT NOT NULL, times BIGINT NOT NULL,
  PRIMARY KEY (peer, side, class));
