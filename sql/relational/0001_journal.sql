-- The journal and what hangs on it: outbox, stream heads, cursors, leases, jobs, segments, side-cars.
-- Tokens in braces differ by database and are filled in by crates/store/src/migration.rs.
CREATE TABLE node_state (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE counter (name TEXT PRIMARY KEY, value BIGINT NOT NULL);
INSERT INTO counter (name, value) VALUES ('position', 0);
CREATE TABLE stream_head (
  node TEXT NOT NULL, stream TEXT NOT NULL, epoch BIGINT NOT NULL, seq BIGINT NOT NULL, hash {blob} NOT NULL,
  PRIMARY KEY (node, stream));
CREATE TABLE outbox (
  id {auto}, stream TEXT, kind TEXT NOT NULL, object {blob} NOT NULL, part TEXT NOT NULL, term BIGINT NOT NULL,
  version BIGINT NOT NULL, at BIGINT NOT NULL, payload {blob} NOT NULL);
CREATE TABLE journal (
  position {bigkey}, node TEXT, stream TEXT, epoch BIGINT, seq BIGINT, prev {blob}, hash {blob}, kind TEXT NOT NULL,
  object {blob} NOT NULL, part TEXT NOT NULL, term BIGINT NOT NULL, version BIGINT NOT NULL, at BIGINT NOT NULL,
  payload {blob} NOT NULL, verdict TEXT);
CREATE INDEX journal_stream ON journal (stream, position);
CREATE UNIQUE INDEX journal_origin ON journal (node, stream, seq);
CREATE TABLE cursor (reader TEXT PRIMARY KEY, position BIGINT NOT NULL, updated_at BIGINT NOT NULL);
CREATE TABLE lease (name TEXT PRIMARY KEY, holder TEXT NOT NULL, expires_at BIGINT NOT NULL);
CREATE TABLE job (
  id {auto}, kind TEXT NOT NULL, unique_key TEXT UNIQUE, payload TEXT NOT NULL, state TEXT NOT NULL, run_at BIGINT NOT NULL,
  attempts BIGINT NOT NULL, max_attempts BIGINT NOT NULL, last_error TEXT, holder TEXT, locked_until BIGINT,
  done BIGINT NOT NULL, total BIGINT NOT NULL, actor TEXT, created_at BIGINT NOT NULL, finished_at BIGINT);
CREATE INDEX job_ready ON job (state, run_at);
CREATE TABLE segment (
  from_position {bigkey}, to_position BIGINT NOT NULL, path TEXT NOT NULL, sm3 {blob} NOT NULL, bytes BIGINT NOT NULL,
  sealed_at BIGINT NOT NULL);
CREATE UNIQUE INDEX segment_end ON segment (to_position);
CREATE TABLE segment_stream (
  stream TEXT NOT NULL, from_position BIGINT NOT NULL, PRIMARY KEY (stream, from_position));
CREATE TABLE side_car (
  commitment {blob} PRIMARY KEY, object {blob} NOT NULL, path TEXT NOT NULL, person {blob} NOT NULL, sealed {blob} NOT NULL);
CREATE INDEX side_car_object ON side_car (object);
CREATE INDEX side_car_person ON side_car (person);
CREATE TABLE person_key (person {blob} PRIMARY KEY, wrapped {blob}, erased_at BIGINT);
