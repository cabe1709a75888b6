-- Findings, complaints, notices, look-ups, evaluations, reports and their deliveries.
CREATE TABLE finding (
  object {blob} PRIMARY KEY, rule TEXT NOT NULL, rule_version BIGINT NOT NULL, kind TEXT NOT NULL, severity TEXT NOT NULL,
  period TEXT NOT NULL, subject TEXT NOT NULL, system TEXT NOT NULL, division TEXT NOT NULL, category TEXT NOT NULL,
  event {blob}, text TEXT NOT NULL, value TEXT, limit_value TEXT, state TEXT NOT NULL, origin_node TEXT NOT NULL,
  term BIGINT NOT NULL, version BIGINT NOT NULL, found_at BIGINT NOT NULL, due_at BIGINT, closed_at BIGINT, history TEXT NOT NULL);
CREATE INDEX finding_state ON finding (state, found_at);
CREATE INDEX finding_division ON finding (division, found_at);
CREATE INDEX finding_due ON finding (system, due_at);
CREATE TABLE repeat_key (rule TEXT NOT NULL, key_hash {blob} NOT NULL, event {blob} NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (rule, key_hash));
CREATE TABLE number_series (key {blob} PRIMARY KEY, numbers TEXT NOT NULL, at BIGINT NOT NULL);
CREATE TABLE complaint (
  object {blob} PRIMARY KEY, number TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, text TEXT NOT NULL, code TEXT NOT NULL,
  name TEXT NOT NULL, phone TEXT NOT NULL, phone_tail TEXT NOT NULL, photo TEXT, division TEXT NOT NULL, handler TEXT NOT NULL,
  state TEXT NOT NULL, origin_node TEXT NOT NULL, term BIGINT NOT NULL, version BIGINT NOT NULL, submitted_at BIGINT NOT NULL,
  due_at BIGINT NOT NULL, closed_at BIGINT);
CREATE INDEX complaint_state ON complaint (state, submitted_at);
CREATE TABLE complaint_step (
  complaint {blob} NOT NULL, version BIGINT NOT NULL, at BIGINT NOT NULL, actor TEXT NOT NULL, node TEXT NOT NULL,
  action TEXT NOT NULL, state TEXT NOT NULL, text TEXT NOT NULL, public BIGINT NOT NULL, PRIMARY KEY (complaint, version));
CREATE TABLE notice (
  object {blob} PRIMARY KEY, title TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL, state TEXT NOT NULL,
  origin_node TEXT NOT NULL, version BIGINT NOT NULL, published_at BIGINT, updated_at BIGINT NOT NULL);
CREATE TABLE lookup (
  code TEXT PRIMARY KEY, total BIGINT NOT NULL, first_at BIGINT NOT NULL, last_at BIGINT NOT NULL);
CREATE TABLE lookup_hour (
  node TEXT NOT NULL, hour BIGINT NOT NULL, division TEXT NOT NULL, category TEXT NOT NULL, total BIGINT NOT NULL,
  found BIGINT NOT NULL, PRIMARY KEY (node, hour, division, category));
CREATE TABLE evaluation (
  node TEXT NOT NULL, period TEXT NOT NULL, kind TEXT NOT NULL, code TEXT NOT NULL, object {blob} NOT NULL, name TEXT NOT NULL,
  stage TEXT NOT NULL, division TEXT NOT NULL, score BIGINT, grade TEXT, rank BIGINT, formula TEXT NOT NULL,
  inputs TEXT NOT NULL, result TEXT NOT NULL, version BIGINT NOT NULL, computed_at BIGINT NOT NULL,
  PRIMARY KEY (node, period, kind, code));
CREATE INDEX evaluation_code ON evaluation (code, period);
CREATE INDEX evaluation_object ON evaluation (object);
CREATE TABLE edition (
  id {blob} PRIMARY KEY, number TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, title TEXT NOT NULL, period TEXT NOT NULL,
  division TEXT NOT NULL, frozen TEXT NOT NULL, frozen_hash {blob} NOT NULL, created_at BIGINT NOT NULL);
CREATE TABLE report_schedule (
  kind TEXT PRIMARY KEY, enabled BIGINT NOT NULL, cron TEXT NOT NULL, receivers TEXT NOT NULL, last_due BIGINT, version BIGINT NOT NULL);
CREATE TABLE delivery (
  id {auto}, edition {blob} NOT NULL, receiver TEXT NOT NULL, email TEXT NOT NULL, state TEXT NOT NULL,
  attempts BIGINT NOT NULL, last_error TEXT, message_id TEXT NOT NULL, created_at BIGINT NOT NULL, sent_at BIGINT);
CREATE INDEX delivery_edition ON delivery (edition, id);
CREATE INDEX edition_period ON edition (kind, period);
CREATE INDEX notice_state ON notice (state, published_at);
CREATE TABLE attachment (id TEXT PRIMARY KEY, media_type TEXT NOT NULL, bytes BIGINT NOT NULL, created_at BIGINT NOT NULL);
