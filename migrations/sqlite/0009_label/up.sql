-- Every label ever printed, by container and serial.
-- Twin of migrations/postgres/0009_label.

CREATE TABLE label_print (
    container          TEXT NOT NULL REFERENCES container (code),
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
    voided_at          TIMESTAMP,
    voided_by          TEXT,
    voided_because     TEXT,
    PRIMARY KEY (container, serial),
    CHECK (destroyed + kept <= copies),
    CHECK (NOT applied OR voided_at IS NULL)
);
CREATE INDEX label_print_batch ON label_print (batch);
