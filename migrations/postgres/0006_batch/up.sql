-- Master records, batches, their steps, what they used, and their books.
-- Twin of migrations/sqlite/0006_batch.

CREATE TABLE master_record (
    record_key    TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    record        TEXT NOT NULL,
    number        INTEGER NOT NULL CHECK (number > 0),
    title         TEXT NOT NULL,
    product       TEXT NOT NULL,
    hash          TEXT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('proposed', 'approved', 'retired')),
    authored_by   TEXT NOT NULL,
    proposed_at   TIMESTAMP NOT NULL,
    approved_by   TEXT,
    effective_at  TIMESTAMP,
    retired_at    TIMESTAMP,
    version       BIGINT NOT NULL CHECK (version > 0),
    UNIQUE (record, number),
    -- Author and approver are two people.
    CHECK (approved_by IS NULL OR approved_by <> authored_by),
    CHECK (state <> 'approved' OR (approved_by IS NOT NULL AND effective_at IS NOT NULL)),
    CHECK ((state = 'retired') = (retired_at IS NOT NULL))
);

CREATE TABLE batch (
    number        TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    record        TEXT NOT NULL,
    record_number INTEGER NOT NULL,
    title         TEXT NOT NULL,
    product       TEXT NOT NULL,
    order_number  TEXT,
    patient       TEXT,
    din           TEXT COLLATE "C",
    state         TEXT NOT NULL CHECK (state IN ('in_process', 'pending_review', 'aborted')),
    started_at    TIMESTAMP NOT NULL,
    started_by    TEXT NOT NULL,
    last_step     TEXT,
    last_at       TIMESTAMP NOT NULL,
    steps_done    INTEGER NOT NULL CHECK (steps_done >= 0),
    ended_at      TIMESTAMP,
    version       BIGINT NOT NULL CHECK (version > 0),
    CHECK ((state = 'in_process') = (ended_at IS NULL))
);
CREATE INDEX batch_state ON batch (state, last_at);
CREATE INDEX batch_order ON batch (order_number);
CREATE INDEX batch_din ON batch (din);

CREATE TABLE batch_step (
    batch         TEXT COLLATE "C" NOT NULL,
    step          TEXT COLLATE "C" NOT NULL,
    occurrence    INTEGER NOT NULL CHECK (occurrence > 0),
    performed_at  TIMESTAMP NOT NULL,
    recorded_at   TIMESTAMP NOT NULL,
    performed_by  TEXT NOT NULL,
    late          BOOLEAN NOT NULL,
    deviations    INTEGER NOT NULL CHECK (deviations >= 0),
    verified_by   TEXT,
    verified_at   TIMESTAMP,
    PRIMARY KEY (batch, step, occurrence),
    -- ATMP-4: the performer never verifies; the database says so too.
    CHECK (verified_by IS NULL OR verified_by <> performed_by),
    CHECK ((verified_by IS NULL) = (verified_at IS NULL))
);

-- Values corrected after they were signed. The empty item is no container.
CREATE TABLE batch_correction (
    batch         TEXT COLLATE "C" NOT NULL,
    number        INTEGER NOT NULL CHECK (number > 0),
    step          TEXT NOT NULL,
    occurrence    INTEGER NOT NULL CHECK (occurrence > 0),
    field         TEXT NOT NULL,
    item          TEXT NOT NULL,
    old_value     TEXT,
    new_value     TEXT NOT NULL CHECK (new_value <> ''),
    because       TEXT NOT NULL CHECK (because <> ''),
    performed_by  TEXT NOT NULL,
    corrected_by  TEXT NOT NULL,
    corrected_at  TIMESTAMP NOT NULL,
    recheck       TEXT NOT NULL CHECK (recheck IN ('not_needed', 'with_step', 'by_itself')),
    waits         BOOLEAN NOT NULL,
    verified_by   TEXT,
    verified_at   TIMESTAMP,
    PRIMARY KEY (batch, number),
    CHECK (old_value IS NULL OR old_value <> new_value),
    -- ATMP-4: neither who corrected nor who performed the step verifies the correction.
    CHECK (verified_by IS NULL OR verified_by NOT IN (corrected_by, performed_by)),
    CHECK ((verified_by IS NULL) = (verified_at IS NULL)),
    CHECK (NOT waits OR (recheck = 'by_itself' AND verified_by IS NULL))
);
CREATE INDEX batch_correction_waits ON batch_correction (waits, corrected_at);

-- Which batch used which material lot and which equipment; names are those of streams.
CREATE TABLE batch_use (
    batch         TEXT COLLATE "C" NOT NULL,
    step          TEXT COLLATE "C" NOT NULL,
    occurrence    INTEGER NOT NULL,
    used          TEXT COLLATE "C" NOT NULL,
    used_at       TIMESTAMP NOT NULL,
    PRIMARY KEY (batch, step, occurrence, used)
);
CREATE INDEX batch_use_used ON batch_use (used, batch);

-- The book of each batch: exact decimals as text.
CREATE TABLE account (
    batch         TEXT COLLATE "C" NOT NULL,
    unit          TEXT COLLATE "C" NOT NULL,
    name          TEXT COLLATE "C" NOT NULL,
    balance       TEXT NOT NULL,
    PRIMARY KEY (batch, unit, name)
);

-- Every movement of those books, with the event that moved it.
CREATE TABLE posting (
    batch         TEXT NOT NULL,
    stream        TEXT NOT NULL,
    version       BIGINT NOT NULL,
    position      INTEGER NOT NULL CHECK (position > 0),
    unit          TEXT NOT NULL,
    source        TEXT NOT NULL,
    target        TEXT NOT NULL,
    amount        TEXT NOT NULL,
    times         INTEGER NOT NULL CHECK (times > 0),
    what          TEXT NOT NULL,
    occurrence    INTEGER CHECK (occurrence > 0),
    posted_at     TIMESTAMP NOT NULL,
    posted_by     TEXT NOT NULL,
    PRIMARY KEY (stream, version, position),
    -- A movement is between two accounts.
    CHECK (source <> target)
);
CREATE INDEX posting_batch ON posting (batch, posted_at);
