-- The ledger: events, their streams, the log over them, stored answers, station counters.
-- Twin of migrations/sqlite/0001_ledger.

CREATE TABLE ledger_event (
    event_id   TEXT PRIMARY KEY NOT NULL,
    stream     TEXT NOT NULL,
    stream_ver BIGINT NOT NULL CHECK (stream_ver > 0),
    canonical  TEXT NOT NULL,
    event_hash BYTEA NOT NULL CHECK (length(event_hash) = 32),
    kid        TEXT NOT NULL,
    sig        BYTEA NOT NULL CHECK (length(sig) = 64),
    command_id TEXT NOT NULL,
    UNIQUE (stream, stream_ver)
);

CREATE TABLE ledger_stream (
    stream TEXT PRIMARY KEY NOT NULL,
    ver    BIGINT NOT NULL CHECK (ver > 0),
    head   BYTEA NOT NULL CHECK (length(head) = 32)
);

CREATE TABLE ledger_pending (
    event_id TEXT PRIMARY KEY NOT NULL
);

CREATE TABLE ledger_leaf (
    idx        BIGINT PRIMARY KEY NOT NULL CHECK (idx >= 0),
    event_id   TEXT NOT NULL UNIQUE,
    event_hash BYTEA NOT NULL CHECK (length(event_hash) = 32)
);

CREATE TABLE ledger_tree (
    origin   TEXT PRIMARY KEY NOT NULL,
    size     BIGINT NOT NULL CHECK (size >= 0),
    frontier BYTEA NOT NULL,
    root     BYTEA NOT NULL CHECK (length(root) = 32)
);

CREATE TABLE ledger_checkpoint (
    origin TEXT NOT NULL,
    size   BIGINT NOT NULL CHECK (size > 0),
    root   BYTEA NOT NULL CHECK (length(root) = 32),
    note   TEXT NOT NULL,
    PRIMARY KEY (origin, size)
);

CREATE TABLE ledger_key (
    kid       TEXT PRIMARY KEY NOT NULL,
    algorithm TEXT NOT NULL,
    public    BYTEA NOT NULL CHECK (length(public) = 32),
    purpose   TEXT NOT NULL CHECK (purpose IN ('event', 'checkpoint')),
    announced TIMESTAMP NOT NULL
);

CREATE TABLE command_result (
    command_id   TEXT PRIMARY KEY NOT NULL,
    actor        TEXT NOT NULL,
    request_hash BYTEA NOT NULL CHECK (length(request_hash) = 32),
    response     TEXT NOT NULL,
    at           TIMESTAMP NOT NULL,
    kid          TEXT NOT NULL,
    sig          BYTEA NOT NULL CHECK (length(sig) = 64)
);

CREATE TABLE station_seq (
    station TEXT PRIMARY KEY NOT NULL,
    seq     BIGINT NOT NULL CHECK (seq > 0)
);

-- What has been written stays.

CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'refused: % does not allow % here', TG_TABLE_NAME, TG_OP;
END $$;

CREATE TRIGGER ledger_event_no_change BEFORE UPDATE OR DELETE ON ledger_event
FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_event_no_truncate BEFORE TRUNCATE ON ledger_event
FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();

CREATE TRIGGER ledger_leaf_no_change BEFORE UPDATE OR DELETE ON ledger_leaf
FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_leaf_no_truncate BEFORE TRUNCATE ON ledger_leaf
FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();

CREATE TRIGGER ledger_checkpoint_no_change BEFORE UPDATE OR DELETE ON ledger_checkpoint
FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_checkpoint_no_truncate BEFORE TRUNCATE ON ledger_checkpoint
FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();

CREATE TRIGGER ledger_key_no_change BEFORE UPDATE OR DELETE ON ledger_key
FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_key_no_truncate BEFORE TRUNCATE ON ledger_key
FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();

CREATE TRIGGER command_result_no_change BEFORE UPDATE OR DELETE ON command_result
FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER command_result_no_truncate BEFORE TRUNCATE ON command_result
FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();

-- Counters and heads only move forward and never disappear.

CREATE TRIGGER ledger_stream_forward BEFORE UPDATE ON ledger_stream
FOR EACH ROW WHEN (NEW.stream <> OLD.stream OR NEW.ver <= OLD.ver)
EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_stream_no_delete BEFORE DELETE ON ledger_stream
FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_stream_no_truncate BEFORE TRUNCATE ON ledger_stream
FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();

CREATE TRIGGER ledger_tree_forward BEFORE UPDATE ON ledger_tree
FOR EACH ROW WHEN (NEW.origin <> OLD.origin OR NEW.size < OLD.size)
EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_tree_no_delete BEFORE DELETE ON ledger_tree
FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_tree_no_truncate BEFORE TRUNCATE ON ledger_tree
FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();

CREATE TRIGGER station_seq_forward BEFORE UPDATE ON station_seq
FOR EACH ROW WHEN (NEW.station <> OLD.station OR NEW.seq <= OLD.seq)
EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER station_seq_no_delete BEFORE DELETE ON station_seq
FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER station_seq_no_truncate BEFORE TRUNCATE ON station_seq
FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();

-- An event leaves the queue only when it has its place in the log.

CREATE FUNCTION ledger_refuse_unsealed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM ledger_leaf WHERE event_id = OLD.event_id) THEN
        RAISE EXCEPTION 'refused: the event is not sealed yet';
    END IF;
    RETURN OLD;
END $$;

CREATE TRIGGER ledger_pending_no_update BEFORE UPDATE ON ledger_pending
FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_pending_sealed_first BEFORE DELETE ON ledger_pending
FOR EACH ROW EXECUTE FUNCTION ledger_refuse_unsealed();
CREATE TRIGGER ledger_pending_no_truncate BEFORE TRUNCATE ON ledger_pending
FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
