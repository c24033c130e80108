-- Every label ever printed, by container and serial.
-- Twin of migrations/sqlite/0009_label.

CREATE TABLE label_print (
    container          TEXT COLLATE "C" NOT NULL REFERENCES container (code),
    serial             INTEGER NOT NULL CHECK (serial > 0),
    batch              TEXT,
    definition         TEXT NOT NULL,
    definition_version INTEGER NOT NULL,
    payload            TEXT NOT NULL UNIQUE,
    printed_at         TIMESTAMP NOT NULL,
    printed_by         TEXT NOT NULL,
    copies             INTEGER NOT NULL CHECK (copies > 0),
    applied            BOOLEAN NOT NULL,
    destroyed          INTEGER NOT NULL CHECK (destroyed >= 0),
    kept               INTEGER NOT NULL CHECK (kept >= 0),
    lost               INTEGER NOT NULL CHECK (lost >= 0),
    found              INTEGER NOT NULL CHECK (found >= 0),
    lost_at            TIMESTAMP,
    lost_by            TEXT,
    lost_deviation     TEXT,
    voided_at          TIMESTAMP,
    voided_by          TEXT,
    voided_because     TEXT,
    PRIMARY KEY (container, serial),
    -- What became of a label: never more than were printed (ATMP-18).
    CHECK (destroyed + kept + lost + CASE WHEN applied THEN 1 ELSE 0 END <= copies),
    -- What turned up was destroyed or kept.
    CHECK (found <= destroyed + kept),
    -- A label is lost only with a deviation, and then it is void.
    CHECK ((lost + found > 0) = (lost_deviation IS NOT NULL)),
    CHECK ((lost_deviation IS NULL) = (lost_at IS NULL)),
    CHECK ((lost_deviation IS NULL) = (lost_by IS NULL)),
    -- Who printed a label does not report it lost.
    CHECK (lost_by IS NULL OR lost_by <> printed_by),
    CHECK (lost_deviation IS NULL OR voided_at IS NOT NULL),
    -- A void label is on no container, but where a copy of it was lost.
    CHECK (NOT applied OR voided_at IS NULL OR lost_deviation IS NOT NULL)
);
CREATE INDEX label_print_batch ON label_print (batch);

-- Label printers, and what was sent to them.
CREATE TABLE printer (
    asset   TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    title   TEXT NOT NULL,
    retired BOOLEAN NOT NULL,
    state   TEXT NOT NULL,
    version BIGINT NOT NULL CHECK (version > 0)
);

CREATE TABLE print_job (
    number    TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    printer   TEXT COLLATE "C" NOT NULL REFERENCES printer (asset),
    standing  TEXT NOT NULL
        CHECK (standing IN ('waiting', 'sending', 'printed', 'not known', 'failed')),
    queued_at TIMESTAMP NOT NULL,
    queued_by TEXT NOT NULL,
    labels    INTEGER NOT NULL CHECK (labels > 0),
    state     TEXT NOT NULL,
    version   BIGINT NOT NULL CHECK (version > 0)
);
CREATE INDEX print_job_standing ON print_job (standing, queued_at);
CREATE INDEX print_job_queued ON print_job (queued_at);

-- Versions of the site's own label definitions; version 1 of each kind comes with the program.
CREATE TABLE label_definition (
    key      TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    kind     TEXT COLLATE "C" NOT NULL,
    number   INTEGER NOT NULL CHECK (number > 1),
    standing TEXT NOT NULL CHECK (standing IN ('proposed', 'approved', 'retired')),
    state    TEXT NOT NULL,
    version  BIGINT NOT NULL CHECK (version > 0),
    UNIQUE (kind, number)
);
