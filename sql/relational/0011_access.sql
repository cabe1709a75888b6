-- Connected systems: applications, tokens, quotas, use by day, trial data, self-tests, warnings. Devices: state, faults, days.
CREATE TABLE access_application (
  object {blob} PRIMARY KEY, number TEXT NOT NULL UNIQUE, query_hash {blob} NOT NULL, name TEXT NOT NULL,
  operator TEXT NOT NULL, category TEXT NOT NULL, stage TEXT NOT NULL, division TEXT NOT NULL, state TEXT NOT NULL,
  doc TEXT NOT NULL, system TEXT NOT NULL, filing_no TEXT NOT NULL, version BIGINT NOT NULL, submitted_at BIGINT NOT NULL,
  due_at BIGINT, updated_at BIGINT NOT NULL);
CREATE INDEX access_application_state ON access_application (state, object);
CREATE INDEX access_application_division ON access_application (division, object);
CREATE INDEX access_application_system ON access_application (system);
CREATE TABLE access_application_step (
  application {blob} NOT NULL, version BIGINT NOT NULL, at BIGINT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL,
  state TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (application, version));
CREATE TABLE access_token (
  id {auto}, system TEXT NOT NULL, name TEXT NOT NULL, hash {blob} NOT NULL UNIQUE, hint TEXT NOT NULL,
  scopes TEXT NOT NULL, issued_at BIGINT NOT NULL, issued_by TEXT NOT NULL, ends_at BIGINT, revoked_at BIGINT,
  last_used_at BIGINT, last_address TEXT NOT NULL);
CREATE INDEX access_token_system ON access_token (system, id);
INSERT INTO access_token (system, name, hash, hint, scopes, issued_at, issued_by, last_address)
  SELECT system, '默认令牌', hash, hint, 'report heartbeat query', issued_at, '', '' FROM system_token;
DROP TABLE system_token;
CREATE TABLE access_quota (
  system TEXT PRIMARY KEY, requests_per_minute BIGINT, rows_per_day BIGINT, body_bytes BIGINT, allow_list TEXT NOT NULL,
  version BIGINT NOT NULL);
CREATE TABLE access_day (
  system TEXT NOT NULL, day TEXT NOT NULL, requests BIGINT NOT NULL, row_count BIGINT NOT NULL, bytes BIGINT NOT NULL,
  refused BIGINT NOT NULL, error_system BIGINT NOT NULL, error_auth BIGINT NOT NULL, error_data BIGINT NOT NULL,
  error_large BIGINT NOT NULL, millis BIGINT NOT NULL, PRIMARY KEY (system, day));
CREATE TABLE access_trial (
  system TEXT NOT NULL, message TEXT NOT NULL, body_hash {blob} NOT NULL, format TEXT NOT NULL, received BIGINT NOT NULL,
  accepted BIGINT NOT NULL, rejected BIGINT NOT NULL, duplicate BIGINT NOT NULL, answer TEXT NOT NULL, at BIGINT NOT NULL,
  PRIMARY KEY (system, message));
CREATE INDEX access_trial_at ON access_trial (at);
CREATE TABLE access_trial_row (
  system TEXT NOT NULL, subject TEXT NOT NULL, event_id TEXT NOT NULL, message TEXT NOT NULL, row_no BIGINT NOT NULL,
  raw TEXT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (system, subject, event_id));
CREATE INDEX access_trial_row_at ON access_trial_row (at);
CREATE TABLE access_selftest (
  id {auto}, owner TEXT NOT NULL, at BIGINT NOT NULL, actor TEXT NOT NULL, catalogue TEXT NOT NULL, ready BIGINT NOT NULL,
  result TEXT NOT NULL);
CREATE INDEX access_selftest_owner ON access_selftest (owner, id);
CREATE TABLE access_warning (
  id {auto}, system TEXT NOT NULL, kind TEXT NOT NULL, code TEXT NOT NULL, text TEXT NOT NULL, value TEXT,
  limit_value TEXT, opened_at BIGINT NOT NULL, closed_at BIGINT);
CREATE INDEX access_warning_system ON access_warning (system, id);
CREATE INDEX intake_batch_system ON intake_batch (system, at);
CREATE TABLE device_state (
  code TEXT PRIMARY KEY, firmware TEXT NOT NULL, battery BIGINT, at BIGINT NOT NULL);
CREATE TABLE device_fault (
  id {auto}, device TEXT NOT NULL, code TEXT NOT NULL, opened_at BIGINT NOT NULL, last_at BIGINT NOT NULL, closed_at BIGINT,
  closed_by TEXT NOT NULL, reason TEXT NOT NULL);
CREATE INDEX device_fault_device ON device_fault (device, id);
CREATE TABLE device_day (device TEXT NOT NULL, day TEXT NOT NULL, PRIMARY KEY (device, day));
CREATE INDEX device_day_day ON device_day (day);
