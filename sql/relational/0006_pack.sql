-- Editions of packs, own and of the tiers above, as they were written; none is ever changed.
CREATE TABLE pack_edition (
  id {auto}, object {blob} NOT NULL, number BIGINT NOT NULL, name TEXT NOT NULL, node TEXT NOT NULL, version TEXT NOT NULL,
  valid_from TEXT NOT NULL, text TEXT NOT NULL, sm3 TEXT NOT NULL, note TEXT NOT NULL, published_at BIGINT NOT NULL,
  published_by TEXT NOT NULL, arrived_at BIGINT NOT NULL, UNIQUE (node, name, number));
