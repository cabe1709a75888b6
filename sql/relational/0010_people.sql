-- Personal data sealed under a key per person, passwords and second factors, roles of the node, sessions with their device.
ALTER TABLE account ADD COLUMN personal {blob};
ALTER TABLE account ADD COLUMN subject TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN valid_until BIGINT;
ALTER TABLE account ADD COLUMN password_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN password_until BIGINT;
ALTER TABLE account ADD COLUMN must_change BIGINT NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN failed_at BIGINT;
ALTER TABLE account ADD COLUMN totp {blob};
ALTER TABLE account ADD COLUMN totp_new {blob};
ALTER TABLE account ADD COLUMN totp_step BIGINT NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN deletion TEXT NOT NULL DEFAULT 'none';
ALTER TABLE account ADD COLUMN deletion_at BIGINT;
ALTER TABLE account ADD COLUMN erase_at BIGINT;
ALTER TABLE account ADD COLUMN preferences TEXT NOT NULL DEFAULT '{}';
ALTER TABLE account ADD COLUMN last_sign_in_at BIGINT;
ALTER TABLE account ADD COLUMN last_sign_in_address TEXT NOT NULL DEFAULT '';
UPDATE account SET subject = UPPER(username) WHERE role = 'firm';
UPDATE account SET password_at = updated_at;
CREATE INDEX account_role ON account (role);
CREATE INDEX account_division ON account (division);
ALTER TABLE session ADD COLUMN agent TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN confirmed_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN second_factor BIGINT NOT NULL DEFAULT 0;
UPDATE session SET confirmed_at = created_at;
CREATE TABLE password_history (
  id {auto}, account {blob} NOT NULL, password TEXT NOT NULL, replaced_at BIGINT NOT NULL);
CREATE INDEX password_history_account ON password_history (account);
CREATE TABLE recovery_code (account {blob} NOT NULL, hash {blob} NOT NULL, PRIMARY KEY (account, hash));
-- Tickets and captchas that were used, until they could no longer be used anyway.
CREATE TABLE spent_ticket (hash {blob} PRIMARY KEY, expires_at BIGINT NOT NULL);
CREATE INDEX spent_ticket_expiry ON spent_ticket (expires_at);
CREATE TABLE role (
  code TEXT PRIMARY KEY, name TEXT NOT NULL, parent TEXT, allow_list TEXT NOT NULL, deny_list TEXT NOT NULL, grant_list TEXT,
  note TEXT NOT NULL, version BIGINT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, updated_by TEXT NOT NULL);
CREATE INDEX role_parent ON role (parent);
-- What this node decides about second factors, for its own roles and those of the packs.
CREATE TABLE role_factor (role TEXT PRIMARY KEY, required BIGINT NOT NULL);
