-- What lists check of an entry that a term has found, without its texts.
CREATE INDEX register_key_narrow ON register_key (
  no, register, division, category, state, type, class, org_form, merchant_type, parent, subject, origin_node, filed_at,
  registered_at, conflict, cell);
