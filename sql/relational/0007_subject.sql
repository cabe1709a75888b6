-- Subjects and merchants: columns of lists, many-valued search keys, codes and who holds them, notes from above, closed days.
ALTER TABLE register ADD COLUMN class TEXT NOT NULL DEFAULT '';
ALTER TABLE register ADD COLUMN org_form TEXT NOT NULL DEFAULT '';
ALTER TABLE register ADD COLUMN parent TEXT NOT NULL DEFAULT '';
ALTER TABLE register ADD COLUMN merchant_type TEXT NOT NULL DEFAULT '';
ALTER TABLE register ADD COLUMN created_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE register ADD COLUMN completeness BIGINT NOT NULL DEFAULT 0;
ALTER TABLE register ADD COLUMN rival {blob};
ALTER TABLE register ADD COLUMN same_as {blob};
UPDATE register SET class = 'subject' WHERE kind = 'subject';
UPDATE register SET created_at = COALESCE(filed_at, updated_at);
CREATE INDEX register_parent ON register (kind, parent, object);
CREATE INDEX register_place ON register (kind, lat, lon);
CREATE TABLE register_facet (
  kind TEXT NOT NULL, facet TEXT NOT NULL, value TEXT NOT NULL, object {blob} NOT NULL,
  PRIMARY KEY (kind, facet, value, object));
CREATE INDEX register_facet_object ON register_facet (object);
INSERT INTO register_facet (kind, facet, value, object)
  SELECT kind, 'stage', stage, object FROM register WHERE kind = 'subject' AND stage <> '';
CREATE TABLE code_serial (prefix TEXT PRIMARY KEY, last BIGINT NOT NULL);
CREATE TABLE register_claim (
  object {blob} NOT NULL, kind TEXT NOT NULL, code TEXT NOT NULL, name TEXT NOT NULL, node TEXT NOT NULL,
  place BIGINT NOT NULL, live BIGINT NOT NULL, PRIMARY KEY (object, code));
CREATE INDEX register_claim_code ON register_claim (kind, code);
CREATE TABLE claim_told (
  object {blob} NOT NULL, kind TEXT NOT NULL, code TEXT NOT NULL, node TEXT NOT NULL, live BIGINT NOT NULL,
  PRIMARY KEY (object, code, node));
CREATE INDEX claim_told_code ON claim_told (kind, code);
CREATE TABLE register_note (
  object {blob} PRIMARY KEY, entry {blob} NOT NULL, kind TEXT NOT NULL, author TEXT NOT NULL, node TEXT NOT NULL,
  at BIGINT NOT NULL, reason TEXT NOT NULL, changes TEXT NOT NULL, state TEXT NOT NULL, answer TEXT NOT NULL,
  version BIGINT NOT NULL);
CREATE INDEX register_note_entry ON register_note (entry, object);
CREATE TABLE closure (
  object {blob} PRIMARY KEY, kind TEXT NOT NULL, code TEXT NOT NULL, name TEXT NOT NULL, division TEXT NOT NULL,
  category TEXT NOT NULL, from_day TEXT NOT NULL, to_day TEXT NOT NULL, reason TEXT NOT NULL, state TEXT NOT NULL,
  actor TEXT NOT NULL, origin_node TEXT NOT NULL, version BIGINT NOT NULL, at BIGINT NOT NULL);
CREATE INDEX closure_code ON closure (kind, code, to_day);
CREATE INDEX closure_division ON closure (division, object);
