-- Tests, deviations and the release of batches.

CREATE TABLE test_request (
    id              TEXT PRIMARY KEY NOT NULL,
    batch           TEXT NOT NULL,
    test            TEXT NOT NULL,
    title           TEXT NOT NULL,
    stage           TEXT NOT NULL,
    step            TEXT,
    sample          TEXT,
    specification   TEXT NOT NULL,
    pending_allowed BOOLEAN NOT NULL,
    incubation      BIGINT,
    status          TEXT NOT NULL,
    review_due      BOOLEAN NOT NULL,
    requested_at    TIMESTAMP NOT NULL,
    received_at     TIMESTAMP,
    started_at      TIMESTAMP,
    final_from      TIMESTAMP,
    interim_at      TIMESTAMP,
    results         INTEGER NOT NULL,
    UNIQUE (batch, test)
);
CREATE INDEX test_request_status ON test_request (status);

-- Every result stays (ATMP-42); who recorded it does not decide on it.
CREATE TABLE test_result (
    request     TEXT NOT NULL REFERENCES test_request (id),
    number      INTEGER NOT NULL,
    verdict     TEXT NOT NULL,
    summary     TEXT NOT NULL,
    tested_at   TIMESTAMP NOT NULL,
    recorded_at TIMESTAMP NOT NULL,
    recorded_by TEXT NOT NULL,
    standing    TEXT NOT NULL,
    decided_by  TEXT,
    decided_at  TIMESTAMP,
    PRIMARY KEY (request, number),
    CONSTRAINT reviewer_is_not_analyst CHECK (decided_by IS NULL OR decided_by <> recorded_by)
);

CREATE TABLE deviation (
    number       TEXT PRIMARY KEY NOT NULL,
    class        TEXT NOT NULL,
    title        TEXT NOT NULL,
    origin       TEXT NOT NULL,
    status       TEXT NOT NULL,
    outcome      TEXT,
    batch        TEXT,
    step         TEXT,
    test         TEXT,
    container    TEXT,
    order_number TEXT,
    donor        TEXT,
    performer    TEXT,
    opened_by    TEXT NOT NULL,
    opened_at    TIMESTAMP NOT NULL,
    decided_by   TEXT,
    decided_at   TIMESTAMP,
    closed_by    TEXT,
    closed_at    TIMESTAMP,
    CONSTRAINT decider_is_not_performer
        CHECK (decided_by IS NULL OR performer IS NULL OR decided_by <> performer),
    CONSTRAINT closer_is_independent
        CHECK (closed_by IS NULL
            OR (closed_by <> opened_by AND (performer IS NULL OR closed_by <> performer)))
);
CREATE INDEX deviation_batch ON deviation (batch);
CREATE INDEX deviation_status ON deviation (status);

CREATE TABLE batch_release (
    batch        TEXT PRIMARY KEY NOT NULL,
    stage        TEXT NOT NULL,
    hold         TEXT,
    reviewed_by  TEXT,
    reviewed_at  TIMESTAMP,
    certified_by TEXT,
    certified_at TIMESTAMP,
    pending      INTEGER NOT NULL,
    disposition  INTEGER NOT NULL
);

-- The register of certified batches (ATMP-32).
CREATE TABLE release_register (
    number       TEXT PRIMARY KEY NOT NULL,
    batch        TEXT NOT NULL,
    initial      BOOLEAN NOT NULL,
    product      TEXT NOT NULL,
    certified_by TEXT NOT NULL,
    certified_at TIMESTAMP NOT NULL,
    expires_at   TIMESTAMP,
    pending      INTEGER NOT NULL
);

-- Who must be told of a late failure, and when each acknowledged (ATMP-34).
CREATE TABLE release_notice (
    batch           TEXT NOT NULL,
    test            TEXT NOT NULL,
    who             TEXT NOT NULL,
    capacity        TEXT NOT NULL,
    order_number    TEXT,
    since           TIMESTAMP NOT NULL,
    acknowledged_at TIMESTAMP,
    PRIMARY KEY (batch, test, who)
);

-- Who performed or verified a step of a batch, or tested it, neither reviews nor certifies it. The
-- steps themselves are asked, so that no list can be forgotten.
CREATE TRIGGER release_register_segregated_insert BEFORE INSERT ON release_register
WHEN EXISTS
    (SELECT 1 FROM batch_step
     WHERE batch = NEW.batch AND NEW.certified_by IN (performed_by, verified_by))
  OR EXISTS
    (SELECT 1 FROM batch_correction
     WHERE batch = NEW.batch AND NEW.certified_by IN (corrected_by, verified_by))
  OR EXISTS
    (SELECT 1 FROM test_result JOIN test_request ON test_request.id = test_result.request
     WHERE test_request.batch = NEW.batch AND test_result.recorded_by = NEW.certified_by)
BEGIN SELECT RAISE(ABORT, 'refused: the certifier took part in the batch'); END;

CREATE TRIGGER batch_release_segregated_insert BEFORE INSERT ON batch_release
WHEN EXISTS
    (SELECT 1 FROM batch_step
     WHERE batch = NEW.batch AND NEW.reviewed_by IN (performed_by, verified_by))
  OR EXISTS
    (SELECT 1 FROM batch_correction
     WHERE batch = NEW.batch AND NEW.reviewed_by IN (corrected_by, verified_by))
  OR EXISTS
    (SELECT 1 FROM batch_step
     WHERE batch = NEW.batch AND NEW.certified_by IN (performed_by, verified_by))
  OR EXISTS
    (SELECT 1 FROM batch_correction
     WHERE batch = NEW.batch AND NEW.certified_by IN (corrected_by, verified_by))
  OR EXISTS
    (SELECT 1 FROM test_result JOIN test_request ON test_request.id = test_result.request
     WHERE test_request.batch = NEW.batch AND test_result.recorded_by = NEW.certified_by)
BEGIN SELECT RAISE(ABORT, 'refused: reviewer or certifier took part in the batch'); END;

CREATE TRIGGER batch_step_segregated_insert BEFORE INSERT ON batch_step
WHEN EXISTS
    (SELECT 1 FROM batch_release
     WHERE batch = NEW.batch
       AND (reviewed_by IN (NEW.performed_by, NEW.verified_by)
         OR certified_by IN (NEW.performed_by, NEW.verified_by)))
BEGIN SELECT RAISE(ABORT, 'refused: who reviewed or certified a batch takes no part in it'); END;

CREATE TRIGGER release_register_segregated_update BEFORE UPDATE ON release_register
WHEN EXISTS
    (SELECT 1 FROM batch_step
     WHERE batch = NEW.batch AND NEW.certified_by IN (performed_by, verified_by))
  OR EXISTS
    (SELECT 1 FROM batch_correction
     WHERE batch = NEW.batch AND NEW.certified_by IN (corrected_by, verified_by))
  OR EXISTS
    (SELECT 1 FROM test_result JOIN test_request ON test_request.id = test_result.request
     WHERE test_request.batch = NEW.batch AND test_result.recorded_by = NEW.certified_by)
BEGIN SELECT RAISE(ABORT, 'refused: the certifier took part in the batch'); END;

CREATE TRIGGER batch_release_segregated_update BEFORE UPDATE ON batch_release
WHEN EXISTS
    (SELECT 1 FROM batch_step
     WHERE batch = NEW.batch AND NEW.reviewed_by IN (performed_by, verified_by))
  OR EXISTS
    (SELECT 1 FROM batch_correction
     WHERE batch = NEW.batch AND NEW.reviewed_by IN (corrected_by, verified_by))
  OR EXISTS
    (SELECT 1 FROM batch_step
     WHERE batch = NEW.batch AND NEW.certified_by IN (performed_by, verified_by))
  OR EXISTS
    (SELECT 1 FROM batch_correction
     WHERE batch = NEW.batch AND NEW.certified_by IN (corrected_by, verified_by))
  OR EXISTS
    (SELECT 1 FROM test_result JOIN test_request ON test_request.id = test_result.request
     WHERE test_request.batch = NEW.batch AND test_result.recorded_by = NEW.certified_by)
BEGIN SELECT RAISE(ABORT, 'refused: reviewer or certifier took part in the batch'); END;

CREATE TRIGGER batch_step_segregated_update BEFORE UPDATE ON batch_step
WHEN EXISTS
    (SELECT 1 FROM batch_release
     WHERE batch = NEW.batch
       AND (reviewed_by IN (NEW.performed_by, NEW.verified_by)
         OR certified_by IN (NEW.performed_by, NEW.verified_by)))
BEGIN SELECT RAISE(ABORT, 'refused: who reviewed or certified a batch takes no part in it'); END;

CREATE TRIGGER batch_correction_segregated_insert BEFORE INSERT ON batch_correction
WHEN EXISTS
    (SELECT 1 FROM batch_release
     WHERE batch = NEW.batch
       AND (reviewed_by IN (NEW.corrected_by, NEW.verified_by)
         OR certified_by IN (NEW.corrected_by, NEW.verified_by)))
BEGIN SELECT RAISE(ABORT, 'refused: who reviewed or certified a batch takes no part in it'); END;

CREATE TRIGGER batch_correction_segregated_update BEFORE UPDATE ON batch_correction
WHEN EXISTS
    (SELECT 1 FROM batch_release
     WHERE batch = NEW.batch
       AND (reviewed_by IN (NEW.corrected_by, NEW.verified_by)
         OR certified_by IN (NEW.corrected_by, NEW.verified_by)))
BEGIN SELECT RAISE(ABORT, 'refused: who reviewed or certified a batch takes no part in it'); END;

-- What was certified is corrected no more.
CREATE TRIGGER batch_correction_before_release BEFORE INSERT ON batch_correction
WHEN EXISTS (SELECT 1 FROM release_register WHERE batch = NEW.batch)
BEGIN SELECT RAISE(ABORT, 'refused: the batch is certified'); END;
