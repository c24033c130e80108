-- The ledger: events, their streams, the log over them, stored answers, station counters.
-- Twin of migrations/postgres/0001_ledger.

CREATE TABLE ledger_event (
    event_id   TEXT PRIMARY KEY NOT NULL,
    stream     TEXT NOT NULL,
    stream_ver BIGINT NOT NULL CHECK (stream_ver > 0),
    canonical  TEXT NOT NULL,
    event_hash BLOB NOT NULL CHECK (length(event_hash) = 32),
    kid        TEXT NOT NULL,
    sig        BLOB NOT NULL CHECK (length(sig) = 64),
    command_id TEXT NOT NULL,
    UNIQUE (stream, stream_ver)
);

CREATE TABLE ledger_stream (
    stream TEXT PRIMARY KEY NOT NULL,
    ver    BIGINT NOT NULL CHECK (ver > 0),
    head   BLOB NOT NULL CHECK (length(head) = 32)
);

CREATE TABLE ledger_pending (
    event_id TEXT PRIMARY KEY NOT NULL
);

CREATE TABLE ledger_leaf (
    idx        BIGINT PRIMARY KEY NOT NULL CHECK (idx >= 0),
    event_id   TEXT NOT NULL UNIQUE,
    event_hash BLOB NOT NULL CHECK (length(event_hash) = 32)
);

CREATE TABLE ledger_tree (
    origin   TEXT PRIMARY KEY NOT NULL,
    size     BIGINT NOT NULL CHECK (size >= 0),
    frontier BLOB NOT NULL,
    root     BLOB NOT NULL CHECK (length(root) = 32)
);

CREATE TABLE ledger_checkpoint (
    origin TEXT NOT NULL,
    size   BIGINT NOT NULL CHECK (size > 0),
    root   BLOB NOT NULL CHECK (length(root) = 32),
    note   TEXT NOT NULL,
    PRIMARY KEY (origin, size)
);

CREATE TABLE ledger_key (
    kid       TEXT PRIMARY KEY NOT NULL,
    algorithm TEXT NOT NULL,
    public    BLOB NOT NULL CHECK (length(public) = 32),
    purpose   TEXT NOT NULL CHECK (purpose IN ('event', 'checkpoint')),
    announced TIMESTAMP NOT NULL
);

CREATE TABLE command_result (
    command_id   TEXT PRIMARY KEY NOT NULL,
    actor        TEXT NOT NULL,
    request_hash BLOB NOT NULL CHECK (length(request_hash) = 32),
    response     TEXT NOT NULL,
    at           TIMESTAMP NOT NULL,
    kid          TEXT NOT NULL,
    sig          BLOB NOT NULL CHECK (length(sig) = 64)
);

CREATE TABLE station_seq (
    station TEXT PRIMARY KEY NOT NULL,
    seq     BIGINT NOT NULL CHECK (seq > 0)
);

-- What has been written stays. REPLACE deletes first, so with recursive_triggers it is refused
-- by the same rule.

CREATE TRIGGER ledger_event_no_update BEFORE UPDATE ON ledger_event
BEGIN SELECT RAISE(ABORT, 'refused: ledger_event is append-only'); END;
CREATE TRIGGER ledger_event_no_delete BEFORE DELETE ON ledger_event
BEGIN SELECT RAISE(ABORT, 'refused: ledger_event is append-only'); END;

CREATE TRIGGER ledger_leaf_no_update BEFORE UPDATE ON ledger_leaf
BEGIN SELECT RAISE(ABORT, 'refused: ledger_leaf is append-only'); END;
CREATE TRIGGER ledger_leaf_no_delete BEFORE DELETE ON ledger_leaf
BEGIN SELECT RAISE(ABORT, 'refused: ledger_leaf is append-only'); END;

CREATE TRIGGER ledger_checkpoint_no_update BEFORE UPDATE ON ledger_checkpoint
BEGIN SELECT RAISE(ABORT, 'refused: ledger_checkpoint is append-only'); END;
CREATE TRIGGER ledger_checkpoint_no_delete BEFORE DELETE ON ledger_checkpoint
BEGIN SELECT RAISE(ABORT, 'refused: ledger_checkpoint is append-only'); END;

CREATE TRIGGER ledger_key_no_update BEFORE UPDATE ON ledger_key
BEGIN SELECT RAISE(ABORT, 'refused: ledger_key is append-only'); END;
CREATE TRIGGER ledger_key_no_delete BEFORE DELETE ON ledger_key
BEGIN SELECT RAISE(ABORT, 'refused: ledger_key is append-only'); END;

CREATE TRIGGER command_result_no_update BEFORE UPDATE ON command_result
BEGIN SELECT RAISE(ABORT, 'refused: command_result is append-only'); END;
CREATE TRIGGER command_result_no_delete BEFORE DELETE ON command_result
BEGIN SELECT RAISE(ABORT, 'refused: command_result is append-only'); END;

-- Counters and heads only move forward and never disappear.

CREATE TRIGGER ledger_stream_forward BEFORE UPDATE ON ledger_stream
WHEN NEW.stream <> OLD.stream OR NEW.ver <= OLD.ver
BEGIN SELECT RAISE(ABORT, 'refused: a stream only grows'); END;
CREATE TRIGGER ledger_stream_no_delete BEFORE DELETE ON ledger_stream
BEGIN SELECT RAISE(ABORT, 'refused: a stream is never removed'); END;

CREATE TRIGGER ledger_tree_forward BEFORE UPDATE ON ledger_tree
WHEN NEW.origin <> OLD.origin OR NEW.size < OLD.size
BEGIN SELECT RAISE(ABORT, 'refused: the log only grows'); END;
CREATE TRIGGER ledger_tree_no_delete BEFORE DELETE ON ledger_tree
BEGIN SELECT RAISE(ABORT, 'refused: the log is never removed'); END;

CREATE TRIGGER station_seq_forward BEFORE UPDATE ON station_seq
WHEN NEW.station <> OLD.station OR NEW.seq <= OLD.seq
BEGIN SELECT RAISE(ABORT, 'refused: a station only counts up'); END;
CREATE TRIGGER station_seq_no_delete BEFORE DELETE ON station_seq
BEGIN SELECT RAISE(ABORT, 'refused: a station is never removed'); END;

-- An event leaves the queue only when it has its place in the log.

CREATE TRIGGER ledger_pending_no_update BEFORE UPDATE ON ledger_pending
BEGIN SELECT RAISE(ABORT, 'refused: ledger_pending is not edited'); END;
CREATE TRIGGER ledger_pending_sealed_first BEFORE DELETE ON ledger_pending
WHEN NOT EXISTS (SELECT 1 FROM ledger_leaf WHERE event_id = OLD.event_id)
BEGIN SELECT RAISE(ABORT, 'refused: the event is not sealed yet'); END;
