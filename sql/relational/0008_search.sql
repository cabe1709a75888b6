-- What lists, counts, maps and analyses of the registers read: one narrow row per entry, and the terms of its name, code
-- and spelling. Both follow from `register` and are written with it; `no` is the order of arrival at this node.
CREATE TABLE register_key (
  no {auto}, object {blob} NOT NULL UNIQUE, register BIGINT NOT NULL, code {ascii} NOT NULL, division {ascii} NOT NULL,
  category {ascii} NOT NULL, state {ascii} NOT NULL, type {ascii} NOT NULL, class {ascii} NOT NULL,
  org_form {ascii} NOT NULL, merchant_type {ascii} NOT NULL, parent {ascii} NOT NULL, subject {ascii} NOT NULL,
  origin_node {ascii} NOT NULL, filed_at BIGINT NOT NULL, registered_at BIGINT NOT NULL, conflict BIGINT NOT NULL,
  cell BIGINT, lon {real}, lat {real}, facets {ascii} NOT NULL, name {ascii} NOT NULL, code_text {ascii} NOT NULL,
  initials {ascii} NOT NULL, spelling {ascii} NOT NULL, sort_key {ascii} NOT NULL);
CREATE INDEX register_key_code ON register_key (register, code, no);
CREATE INDEX register_key_name ON register_key (register, sort_key, no);
CREATE INDEX register_key_filed ON register_key (register, filed_at, no);
CREATE INDEX register_key_registered ON register_key (register, registered_at);
CREATE INDEX register_key_no ON register_key (register, no);
CREATE INDEX register_key_division ON register_key (
  register, division, category, state, type, class, org_form, merchant_type, origin_node, lon, lat, no);
CREATE INDEX register_key_origin ON register_key (register, origin_node, no);
CREATE INDEX register_key_category ON register_key (register, category, no);
CREATE INDEX register_key_state ON register_key (register, state, no);
CREATE INDEX register_key_type ON register_key (register, type, no);
CREATE INDEX register_key_class ON register_key (register, class, no);
CREATE INDEX register_key_form ON register_key (register, org_form, no);
CREATE INDEX register_key_merchant ON register_key (register, merchant_type, no);
CREATE INDEX register_key_parent ON register_key (register, parent, no);
CREATE INDEX register_key_subject ON register_key (register, subject, no);
CREATE INDEX register_key_conflict ON register_key (register, conflict, no);
CREATE INDEX register_key_cell ON register_key (register, cell, state, category, division, lon, lat, no);
-- Its place is taken by the terms.
DROP TABLE IF EXISTS search_gram;
CREATE TABLE register_term (term BIGINT NOT NULL, no BIGINT NOT NULL, PRIMARY KEY (term, no)) {lean};
-- Saved views of lists (常用查询) and files of exported lists (导出文件).
CREATE TABLE saved_view (
  id {blob} PRIMARY KEY, account {blob} NOT NULL, owner TEXT NOT NULL, role TEXT NOT NULL, list TEXT NOT NULL,
  name TEXT NOT NULL, query TEXT NOT NULL, columns TEXT NOT NULL, is_default BIGINT NOT NULL, shared BIGINT NOT NULL,
  updated_at BIGINT NOT NULL, UNIQUE (account, list, name));
CREATE INDEX saved_view_role ON saved_view (role, list);
CREATE TABLE export (
  id {blob} PRIMARY KEY, account {blob} NOT NULL, register TEXT NOT NULL, format TEXT NOT NULL, query TEXT NOT NULL,
  columns TEXT NOT NULL, shape TEXT, person TEXT NOT NULL, state TEXT NOT NULL, done BIGINT NOT NULL, total BIGINT NOT NULL,
  bytes BIGINT, error TEXT, created_at BIGINT NOT NULL, finished_at BIGINT);
CREATE INDEX export_account ON export (account, created_at);
CREATE INDEX export_finished ON export (finished_at);
