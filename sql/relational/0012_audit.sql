-- Search over the audit trail, its signed daily heads, rows of other applications; signing in with other providers and for
-- other applications.
CREATE INDEX audit_action ON audit (action, seq);
CREATE INDEX audit_actor ON audit (actor, seq);
CREATE INDEX audit_object ON audit (object_kind, object_id, seq);
CREATE INDEX audit_request ON audit (request_id);
CREATE INDEX audit_result ON audit (result, seq);
CREATE TABLE audit_head (
  node TEXT NOT NULL, day TEXT NOT NULL, first_seq BIGINT NOT NULL, last_seq BIGINT NOT NULL, hash {blob} NOT NULL,
  previous {blob} NOT NULL, signed {blob} NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (node, day));
CREATE TABLE audit_message (
  system TEXT NOT NULL, message TEXT NOT NULL, seq BIGINT NOT NULL, occurred_at BIGINT NOT NULL,
  PRIMARY KEY (system, message));
CREATE UNIQUE INDEX audit_message_seq ON audit_message (system, seq);
CREATE TABLE openid_key (
  kid TEXT PRIMARY KEY, sealed {blob} NOT NULL, created_at BIGINT NOT NULL, retires_at BIGINT NOT NULL);
CREATE TABLE openid_client (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, secret {blob}, hint TEXT NOT NULL, redirect_uris TEXT NOT NULL,
  logout_uris TEXT NOT NULL, scopes TEXT NOT NULL, consent BIGINT NOT NULL, state TEXT NOT NULL, version BIGINT NOT NULL,
  created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL);
CREATE TABLE openid_request (
  id {blob} PRIMARY KEY, client TEXT NOT NULL, body TEXT NOT NULL, expires_at BIGINT NOT NULL);
CREATE TABLE openid_grant (
  id {blob} PRIMARY KEY, client TEXT NOT NULL, account {blob} NOT NULL, session {blob} NOT NULL, body TEXT NOT NULL,
  created_at BIGINT NOT NULL, ends_at BIGINT NOT NULL, ended_at BIGINT);
CREATE INDEX openid_grant_client ON openid_grant (client);
CREATE INDEX openid_grant_session ON openid_grant (session);
CREATE TABLE openid_token (
  hash {blob} PRIMARY KEY, kind TEXT NOT NULL, issue {blob} NOT NULL, expires_at BIGINT NOT NULL, used_at BIGINT);
CREATE INDEX openid_token_issue ON openid_token (issue);
CREATE TABLE openid_consent (
  account {blob} NOT NULL, client TEXT NOT NULL, scopes TEXT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (account, client));
CREATE TABLE openid_pending (
  state {blob} PRIMARY KEY, browser {blob} NOT NULL, sealed {blob} NOT NULL, expires_at BIGINT NOT NULL);
CREATE TABLE openid_identity (
  id {blob} PRIMARY KEY, issuer TEXT NOT NULL, subject TEXT NOT NULL, account {blob} NOT NULL, linked_at BIGINT NOT NULL,
  linked_by TEXT NOT NULL, last_used_at BIGINT, UNIQUE (issuer, subject));
CREATE INDEX openid_identity_account ON openid_identity (account);
