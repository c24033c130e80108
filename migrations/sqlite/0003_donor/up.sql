-- Donors by pseudonymous code, and what they gave. No names, no dates of birth (ATMP-15).

CREATE TABLE donor (
    code          TEXT PRIMARY KEY NOT NULL,
    tested_person TEXT NOT NULL,
    relation      TEXT NOT NULL,
    recipient     TEXT UNIQUE,
    standing      INTEGER NOT NULL CHECK (standing BETWEEN 0 AND 4),
    because       TEXT NOT NULL,
    registered_at TIMESTAMP NOT NULL,
    registered_by TEXT NOT NULL,
    decided_at    TIMESTAMP,
    decided_by    TEXT,
    rule_set      TEXT,
    reactive      INTEGER NOT NULL
);

CREATE TABLE donor_consent (
    donor        TEXT NOT NULL REFERENCES donor (code),
    number       INTEGER NOT NULL,
    scopes       TEXT NOT NULL,
    form_version TEXT NOT NULL,
    document     TEXT NOT NULL,
    given_at     TIMESTAMP NOT NULL,
    withdrawn_at TIMESTAMP,
    PRIMARY KEY (donor, number)
);

CREATE TABLE donor_sample (
    donor    TEXT NOT NULL REFERENCES donor (code),
    number   INTEGER NOT NULL,
    purpose  TEXT NOT NULL,
    drawn_at TIMESTAMP NOT NULL,
    matrix   TEXT NOT NULL,
    PRIMARY KEY (donor, number)
);

-- Every report stays; a later one never replaces an earlier one.
CREATE TABLE donor_result (
    donor       TEXT NOT NULL REFERENCES donor (code),
    version     BIGINT NOT NULL,
    sample      INTEGER NOT NULL,
    marker      TEXT NOT NULL,
    reaction    TEXT NOT NULL,
    laboratory  TEXT NOT NULL,
    report      TEXT NOT NULL,
    reported_at TIMESTAMP NOT NULL,
    recorded_by TEXT NOT NULL,
    PRIMARY KEY (donor, version),
    FOREIGN KEY (donor, sample) REFERENCES donor_sample (donor, number)
);

CREATE TABLE donation (
    din         TEXT PRIMARY KEY NOT NULL,
    donor       TEXT NOT NULL REFERENCES donor (code),
    tissue      TEXT NOT NULL,
    donated_at  TIMESTAMP NOT NULL,
    received_at TIMESTAMP NOT NULL,
    received_by TEXT NOT NULL,
    temperature TEXT NOT NULL,
    amount      TEXT NOT NULL,
    container   TEXT NOT NULL UNIQUE,
    sequence    TEXT UNIQUE,
    CHECK (received_at >= donated_at)
);

-- A cord is donated once.
CREATE UNIQUE INDEX donation_one_cord ON donation (donor) WHERE tissue = 'umbilical_cord';
