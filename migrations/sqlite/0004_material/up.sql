-- Materials and equipment.
-- Twin of migrations/postgres/0004_material.

CREATE TABLE material_lot (
    lot             TEXT PRIMARY KEY NOT NULL,
    material        TEXT NOT NULL,
    title           TEXT NOT NULL,
    supplier        TEXT NOT NULL,
    disposition     INTEGER NOT NULL CHECK (disposition BETWEEN 0 AND 4),
    expires_at      TIMESTAMP NOT NULL,
    received_at     TIMESTAMP NOT NULL,
    received_by     TEXT NOT NULL,
    decided_by      TEXT,
    open_until      TIMESTAMP,
    used_up_at      TIMESTAMP,
    state           TEXT NOT NULL,
    version         BIGINT NOT NULL CHECK (version > 0),
    CHECK (decided_by IS NULL OR decided_by <> received_by)
);
CREATE INDEX material_lot_material ON material_lot (material, expires_at);

CREATE TABLE equipment (
    asset           TEXT PRIMARY KEY NOT NULL,
    kind            TEXT NOT NULL,
    title           TEXT NOT NULL,
    room            TEXT NOT NULL,
    calibration_due TIMESTAMP,
    clean_until     TIMESTAMP,
    out_of_service  TEXT,
    state           TEXT NOT NULL,
    version         BIGINT NOT NULL CHECK (version > 0)
);
CREATE INDEX equipment_kind ON equipment (kind);
