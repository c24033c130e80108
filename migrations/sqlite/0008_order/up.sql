-- Orders, the way each went, and the custody of what was made for it.
-- Twin of migrations/postgres/0008_order.

CREATE TABLE patient_order (
    number           TEXT PRIMARY KEY NOT NULL,
    patient          TEXT NOT NULL,
    coi              TEXT NOT NULL UNIQUE,
    protocol         TEXT NOT NULL,
    protocol_version INTEGER NOT NULL CHECK (protocol_version > 0),
    title            TEXT NOT NULL,
    stage            TEXT NOT NULL CHECK (stage IN ('ordered', 'scheduled', 'culturing', 'tested',
                         'released', 'in_transit', 'received', 'given', 'closed', 'cancelled')),
    is_open          BOOLEAN NOT NULL,
    is_scheduled     BOOLEAN NOT NULL,
    infusion_on      TEXT NOT NULL,
    thaw_on          TEXT NOT NULL,
    cancel_by        TIMESTAMP NOT NULL,
    dose             TEXT NOT NULL,
    units            INTEGER NOT NULL CHECK (units > 0),
    unit             TEXT NOT NULL,
    aliquots         INTEGER NOT NULL CHECK (aliquots > 0),
    placed_by        TEXT NOT NULL,
    placed_at        TIMESTAMP NOT NULL,
    confirmed_by     TEXT,
    confirmed_at     TIMESTAMP,
    batch            TEXT,
    version          BIGINT NOT NULL CHECK (version > 0),
    -- The second reader is another person.
    CHECK (confirmed_by <> placed_by),
    CHECK ((confirmed_by IS NULL) = (confirmed_at IS NULL)),
    CHECK (is_open = (stage NOT IN ('closed', 'cancelled')))
);
-- A patient has at most one order that is not over.
CREATE UNIQUE INDEX patient_order_one_open ON patient_order (patient) WHERE is_open;
CREATE INDEX patient_order_day ON patient_order (infusion_on);
CREATE INDEX patient_order_batch ON patient_order (batch);

-- When an order first reached a stage.
CREATE TABLE order_stage (
    order_number TEXT NOT NULL REFERENCES patient_order (number),
    stage        TEXT NOT NULL,
    at           TIMESTAMP NOT NULL,
    by_login     TEXT NOT NULL,
    PRIMARY KEY (order_number, stage)
);

-- Units of the bank earmarked for an order; a unit for one order only.
CREATE TABLE order_vial (
    container    TEXT PRIMARY KEY NOT NULL REFERENCES container (code),
    order_number TEXT NOT NULL REFERENCES patient_order (number),
    allocated_at TIMESTAMP NOT NULL,
    allocated_by TEXT NOT NULL,
    thawed_at    TIMESTAMP
);
CREATE INDEX order_vial_order ON order_vial (order_number);

-- Serious adverse reactions; an open one stops enrolment.
CREATE TABLE reaction (
    order_number TEXT NOT NULL REFERENCES patient_order (number),
    number       INTEGER NOT NULL,
    words        TEXT NOT NULL,
    is_open      BOOLEAN NOT NULL,
    tell_by      TIMESTAMP,
    told         INTEGER NOT NULL,
    reported_at  TIMESTAMP NOT NULL,
    reported_by  TEXT NOT NULL,
    PRIMARY KEY (order_number, number)
);

-- Every time a container, or a part of it, went from one person to another.
CREATE TABLE custody_hop (
    hop           TEXT NOT NULL,
    container     TEXT NOT NULL REFERENCES container (code),
    kind          TEXT NOT NULL CHECK (kind IN ('hand_over', 'excursion')),
    order_number  TEXT,
    from_login    TEXT NOT NULL,
    to_login      TEXT NOT NULL,
    purpose       TEXT NOT NULL,
    condition_out TEXT,
    condition_in  TEXT,
    volume_out    TEXT,
    volume_in     TEXT,
    activity      TEXT,
    opened_at     TIMESTAMP NOT NULL,
    due_at        TIMESTAMP,
    closed_at     TIMESTAMP,
    outcome       TEXT CHECK (outcome IN ('received', 'returned', 'written_off')),
    PRIMARY KEY (hop, container),
    -- Giver and receiver are two persons (ATMP-48).
    CHECK (from_login <> to_login),
    CHECK ((closed_at IS NULL) = (outcome IS NULL)),
    CHECK ((kind = 'excursion') = (due_at IS NOT NULL)),
    CHECK ((kind = 'excursion') = (volume_out IS NOT NULL))
);
-- A container is under way once at most.
CREATE UNIQUE INDEX custody_hop_one_open ON custody_hop (container) WHERE closed_at IS NULL;
CREATE INDEX custody_hop_order ON custody_hop (order_number);
CREATE INDEX custody_hop_to ON custody_hop (to_login, closed_at);

-- What was given to whom, into which site.
CREATE TABLE administration (
    container    TEXT PRIMARY KEY NOT NULL REFERENCES container (code),
    order_number TEXT NOT NULL REFERENCES patient_order (number),
    target       TEXT NOT NULL,
    volume       TEXT NOT NULL,
    given_at     TIMESTAMP NOT NULL,
    recorded_at  TIMESTAMP NOT NULL,
    given_by     TEXT NOT NULL
);
CREATE INDEX administration_order ON administration (order_number);
