-- People: what their events tell (person), the password hashes, the open sessions.
-- Twin of migrations/postgres/0002_people.

CREATE TABLE person (
    login                TEXT PRIMARY KEY NOT NULL,
    version              BIGINT NOT NULL CHECK (version > 0),
    printed_name         TEXT NOT NULL,
    personnel_number     TEXT NOT NULL UNIQUE,
    identity_how         TEXT NOT NULL,
    identity_by          TEXT NOT NULL,
    -- Codes in a fixed order with a space between. The administrator holds no other role.
    roles                TEXT NOT NULL
        CHECK (roles = 'administrator' OR roles NOT LIKE '%administrator%'),
    standing             TEXT NOT NULL CHECK (standing IN ('active', 'locked', 'disabled')),
    failures             INTEGER NOT NULL CHECK (failures >= 0),
    credential_digest    TEXT,
    credential_set_at    TIMESTAMP,
    must_change          BOOLEAN NOT NULL,
    designated_from      TEXT,
    designated_until     TEXT,
    designation_document TEXT,
    registered_at        TIMESTAMP NOT NULL,
    last_sign_in         TIMESTAMP
);

-- Not of the ledger: a hash opens nothing unless its digest stands in the ledger.
CREATE TABLE credential (
    login    TEXT PRIMARY KEY NOT NULL REFERENCES person (login),
    phc      TEXT NOT NULL,
    failures INTEGER NOT NULL CHECK (failures BETWEEN 0 AND 5)
);

-- Not of the ledger: who is signed in just now. Only the hash of the secret is kept.
CREATE TABLE session (
    secret_hash TEXT PRIMARY KEY NOT NULL,
    login       TEXT NOT NULL REFERENCES person (login),
    role        TEXT NOT NULL,
    station     TEXT NOT NULL,
    began_at    TIMESTAMP NOT NULL,
    seen_at     TIMESTAMP NOT NULL,
    locked      BOOLEAN NOT NULL
);
CREATE INDEX session_login ON session (login);
