-- Registers of subjects, products, devices and connected systems; intake; searching.
CREATE TABLE register (
  object {blob} PRIMARY KEY, kind TEXT NOT NULL, code TEXT NOT NULL, name TEXT NOT NULL, category TEXT NOT NULL,
  stage TEXT NOT NULL, division TEXT NOT NULL, subject TEXT NOT NULL, type TEXT NOT NULL, state TEXT NOT NULL,
  origin_node TEXT NOT NULL, term BIGINT NOT NULL, version BIGINT NOT NULL, lon {real}, lat {real}, doc TEXT NOT NULL,
  proposal TEXT, filed_at BIGINT, updated_at BIGINT NOT NULL);
CREATE INDEX register_code ON register (kind, code);
CREATE INDEX register_division ON register (kind, division, object);
CREATE INDEX register_state ON register (kind, state, object);
CREATE INDEX register_subject ON register (kind, subject);
CREATE TABLE register_history (
  object {blob} NOT NULL, version BIGINT NOT NULL, at BIGINT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL,
  reason TEXT NOT NULL, before_doc TEXT, after_doc TEXT, PRIMARY KEY (object, version));
CREATE TABLE search_gram (kind TEXT NOT NULL, gram TEXT NOT NULL, object {blob} NOT NULL, PRIMARY KEY (kind, gram, object));
CREATE INDEX search_gram_object ON search_gram (object);
CREATE TABLE system_token (system TEXT PRIMARY KEY, hash {blob} NOT NULL UNIQUE, hint TEXT NOT NULL, issued_at BIGINT NOT NULL);
CREATE TABLE activity (
  kind TEXT NOT NULL, code TEXT NOT NULL, last_report_at BIGINT, last_seen_at BIGINT, accepted BIGINT NOT NULL,
  PRIMARY KEY (kind, code));
CREATE TABLE intake_message (
  system TEXT NOT NULL, message TEXT NOT NULL, body_hash {blob} NOT NULL, answer TEXT NOT NULL, at BIGINT NOT NULL,
  PRIMARY KEY (system, message));
CREATE INDEX intake_message_at ON intake_message (at);
CREATE TABLE event_key (
  subject TEXT NOT NULL, event_id TEXT NOT NULL, object {blob} NOT NULL, version BIGINT NOT NULL, at BIGINT NOT NULL,
  PRIMARY KEY (subject, event_id));
CREATE INDEX event_key_at ON event_key (at);
CREATE TABLE intake_batch (
  id {auto}, object {blob} NOT NULL UNIQUE, system TEXT NOT NULL, message TEXT NOT NULL, format TEXT NOT NULL,
  division TEXT NOT NULL, received BIGINT NOT NULL, accepted BIGINT NOT NULL, rejected BIGINT NOT NULL,
  duplicate BIGINT NOT NULL, at BIGINT NOT NULL);
CREATE INDEX intake_batch_division ON intake_batch (division, id);
CREATE TABLE reject (
  id {auto}, system TEXT NOT NULL, message TEXT NOT NULL, row_no BIGINT NOT NULL, division TEXT NOT NULL,
  faults TEXT NOT NULL, raw TEXT NOT NULL, at BIGINT NOT NULL);
CREATE INDEX reject_division ON reject (division, id);
