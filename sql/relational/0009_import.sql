-- Imports of registers: the order, the rows as they were read (sealed), what became of each, and their faults for counting.
CREATE TABLE import_run (
  id {blob} PRIMARY KEY, register TEXT NOT NULL, class TEXT NOT NULL, category TEXT NOT NULL, file TEXT NOT NULL,
  bytes BIGINT NOT NULL, account {blob} NOT NULL, actor TEXT NOT NULL, address TEXT NOT NULL, state TEXT NOT NULL,
  phase TEXT NOT NULL, changes BIGINT NOT NULL, filed BIGINT NOT NULL, sheets TEXT NOT NULL, total BIGINT NOT NULL,
  place BIGINT NOT NULL, reason TEXT NOT NULL, version BIGINT NOT NULL, created_at BIGINT NOT NULL, resumed_at BIGINT,
  resumed_place BIGINT NOT NULL, started_at BIGINT, finished_at BIGINT);
CREATE INDEX import_run_account ON import_run (account, id);
CREATE INDEX import_run_state ON import_run (state, created_at);
CREATE TABLE import_row (
  run {blob} NOT NULL, seq BIGINT NOT NULL, sheet BIGINT NOT NULL, row_no BIGINT NOT NULL, cells {blob} NOT NULL,
  status TEXT NOT NULL, code TEXT NOT NULL, object {blob}, faults TEXT NOT NULL, PRIMARY KEY (run, seq));
CREATE INDEX import_row_status ON import_row (run, status, seq);
CREATE INDEX import_row_code ON import_row (run, code, seq);
CREATE TABLE import_fault (
  run {blob} NOT NULL, code TEXT NOT NULL, seq BIGINT NOT NULL, PRIMARY KEY (run, code, seq));
CREATE INDEX import_fault_seq ON import_fault (run, seq);
