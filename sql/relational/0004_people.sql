-- Accounts, sessions and the audit trail.
CREATE TABLE account (
  id {blob} PRIMARY KEY, username TEXT NOT NULL UNIQUE, display_name TEXT NOT NULL, role TEXT NOT NULL,
  division TEXT NOT NULL, categories TEXT, password TEXT NOT NULL, email TEXT NOT NULL, state TEXT NOT NULL,
  failures BIGINT NOT NULL, locked_until BIGINT, version BIGINT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL);
CREATE TABLE session (
  hash {blob} PRIMARY KEY, account {blob} NOT NULL, created_at BIGINT NOT NULL, last_seen_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL, address TEXT NOT NULL);
CREATE INDEX session_account ON session (account);
CREATE TABLE audit (
  seq {bigkey}, at BIGINT NOT NULL, actor TEXT NOT NULL, role TEXT NOT NULL, division TEXT NOT NULL, address TEXT NOT NULL,
  action TEXT NOT NULL, object_kind TEXT NOT NULL, object_id TEXT NOT NULL, result TEXT NOT NULL, reason TEXT NOT NULL,
  before_doc TEXT, after_doc TEXT, request_id TEXT NOT NULL, prev {blob} NOT NULL, hash {blob} NOT NULL);
CREATE INDEX audit_at ON audit (at);
INSERT INTO counter (name, value) VALUES ('audit', 0);
