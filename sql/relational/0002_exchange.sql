-- Peers, frozen ranges, receipts and records set aside.
CREATE TABLE peer (
  code TEXT PRIMARY KEY, role TEXT NOT NULL, name TEXT NOT NULL, url TEXT NOT NULL, public_key TEXT NOT NULL,
  instance TEXT NOT NULL, state TEXT NOT NULL, contact TEXT NOT NULL, paused BIGINT NOT NULL, requested_at BIGINT NOT NULL,
  decided_at BIGINT, last_seen_at BIGINT, last_error TEXT, reported_behind BIGINT, reported_oldest_at BIGINT);
CREATE TABLE exchange_range (
  peer TEXT NOT NULL, direction TEXT NOT NULL, class TEXT NOT NULL, from_position BIGINT NOT NULL,
  to_position BIGINT NOT NULL, records BIGINT NOT NULL, hash {blob} NOT NULL, attempts BIGINT NOT NULL,
  next_at BIGINT NOT NULL, PRIMARY KEY (peer, direction, class));
CREATE TABLE receipt (
  id {auto}, peer TEXT NOT NULL, direction TEXT NOT NULL, class TEXT NOT NULL, from_position BIGINT NOT NULL,
  to_position BIGINT NOT NULL, records BIGINT NOT NULL, hash {blob} NOT NULL, body {blob} NOT NULL, at BIGINT NOT NULL);
CREATE INDEX receipt_peer ON receipt (peer, id);
CREATE UNIQUE INDEX receipt_batch ON receipt (peer, direction, class, hash);
CREATE TABLE poison (
  id {auto}, position BIGINT NOT NULL, node TEXT NOT NULL, stream TEXT NOT NULL, seq BIGINT NOT NULL, kind TEXT NOT NULL,
  object {blob} NOT NULL, code TEXT NOT NULL, field TEXT NOT NULL, reason TEXT NOT NULL, advice TEXT NOT NULL,
  at BIGINT NOT NULL, repaired_at BIGINT);
