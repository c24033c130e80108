-- Containers, the places they are kept in, and the graph of what came from what.
-- Twin of migrations/postgres/0005_container.

CREATE TABLE location (
    path           TEXT PRIMARY KEY NOT NULL,
    parent         TEXT REFERENCES location (path),
    kind           TEXT NOT NULL,
    title          TEXT NOT NULL,
    condition      TEXT NOT NULL,
    grid_rows      INTEGER CHECK (grid_rows BETWEEN 1 AND 26),
    grid_columns   INTEGER CHECK (grid_columns BETWEEN 1 AND 24),
    out_of_service TEXT,
    state          TEXT NOT NULL,
    version        BIGINT NOT NULL CHECK (version > 0),
    CHECK ((kind = 'box') = (grid_rows IS NOT NULL)),
    CHECK ((grid_rows IS NULL) = (grid_columns IS NULL))
);
CREATE INDEX location_parent ON location (parent);

CREATE TABLE container (
    code          TEXT PRIMARY KEY NOT NULL,
    kind          TEXT NOT NULL,
    material      TEXT NOT NULL,
    title         TEXT NOT NULL,
    parent        TEXT,
    batch         TEXT,
    output        TEXT,
    number        INTEGER NOT NULL,
    number_of     INTEGER NOT NULL,
    produced_at   TIMESTAMP NOT NULL,
    expires_at    TIMESTAMP,
    order_number  TEXT,
    target        TEXT,
    reserved_for  TEXT,
    disposition   INTEGER NOT NULL CHECK (disposition BETWEEN 0 AND 4),
    custody       TEXT NOT NULL CHECK (custody IN ('person', 'place', 'transfer', 'spent')),
    holder        TEXT,
    -- One position holds one container: the database says so too.
    location      TEXT UNIQUE,
    held_since    TIMESTAMP NOT NULL,
    fate          TEXT NOT NULL CHECK (
        fate IN ('live', 'consumed', 'administered', 'destroyed', 'unpacked')
    ),
    fate_at       TIMESTAMP,
    fate_by       TEXT,
    label_serial  INTEGER NOT NULL CHECK (label_serial >= 0),
    label_applied BOOLEAN NOT NULL,
    thaw_count    INTEGER NOT NULL CHECK (thaw_count >= 0),
    excursion_due TIMESTAMP,
    din           TEXT,
    product       TEXT,
    division      TEXT,
    -- Who proposed a correction of its identity that waits for a second person.
    identity_by   TEXT,
    state         TEXT NOT NULL,
    version       BIGINT NOT NULL CHECK (version > 0),
    -- Donation number, product and division name one container for ever (ISBT 128 ST-001).
    UNIQUE (din, product, division),
    CHECK ((din IS NULL) = (product IS NULL)),
    CHECK ((din IS NULL) = (division IS NULL)),
    -- Never in two places, never in none.
    CHECK ((custody = 'place') = (location IS NOT NULL)),
    CHECK ((custody IN ('person', 'transfer')) = (holder IS NOT NULL)),
    CHECK ((custody = 'spent') = (fate <> 'live')),
    CHECK ((fate = 'live') = (fate_at IS NULL))
);
CREATE INDEX container_batch ON container (batch);
CREATE INDEX container_order ON container (order_number);
CREATE INDEX container_reserved ON container (reserved_for);
CREATE INDEX container_holder ON container (holder);
CREATE INDEX container_identity_by ON container (identity_by);

-- Every product identity there ever was, with the container it names: one for ever, also when it
-- was corrected since. A correction is signed by two people.
CREATE TABLE product_identity (
    din          TEXT NOT NULL,
    product      TEXT NOT NULL,
    division     TEXT NOT NULL,
    container    TEXT NOT NULL REFERENCES container (code),
    since        TIMESTAMP NOT NULL,
    proposed_by  TEXT,
    confirmed_by TEXT,
    retired_at   TIMESTAMP,
    PRIMARY KEY (din, product, division),
    CHECK ((proposed_by IS NULL) = (confirmed_by IS NULL)),
    CHECK (proposed_by <> confirmed_by)
);
-- A container has one identity at a time.
CREATE UNIQUE INDEX product_identity_now ON product_identity (container) WHERE retired_at IS NULL;

-- The child came from the parent. Names of nodes are names of streams, such as donor/DNR-0001.
CREATE TABLE edge (
    parent TEXT NOT NULL,
    child  TEXT NOT NULL,
    PRIMARY KEY (parent, child),
    CHECK (parent <> child)
);
CREATE INDEX edge_child ON edge (child, parent);

-- Own strictness of a node (0 released to 4 rejected), and the strictest over it and everything it
-- came from, kept for every node but containers: a container has that of the node it came from.
CREATE TABLE standing (
    node      TEXT PRIMARY KEY NOT NULL,
    own       INTEGER NOT NULL CHECK (own BETWEEN 0 AND 4),
    effective INTEGER NOT NULL CHECK (effective BETWEEN 0 AND 4),
    because   TEXT,
    CHECK (effective >= own),
    CHECK ((effective = 0) = (because IS NULL))
);
