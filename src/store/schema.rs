//! The tables, as diesel sees them. A test proves that both databases agree with this file.
//!
//! Architecture invariant: columns are Text, BigInt, Integer, Bool, Timestamp or Binary only,
//! the types that both databases keep exactly.

#![expect(missing_docs, reason = "the names of tables and columns are their documentation")]

// Ledger (0001_ledger) ---------------------------------------------------------------------------

diesel::table! {
    ledger_event (event_id) {
        event_id -> Text,
        stream -> Text,
        stream_ver -> BigInt,
        canonical -> Text,
        event_hash -> Binary,
        kid -> Text,
        sig -> Binary,
        command_id -> Text,
    }
}

diesel::table! {
    ledger_stream (stream) {
        stream -> Text,
        ver -> BigInt,
        head -> Binary,
    }
}

diesel::table! {
    ledger_pending (event_id) {
        event_id -> Text,
    }
}

diesel::table! {
    ledger_leaf (idx) {
        idx -> BigInt,
        event_id -> Text,
        event_hash -> Binary,
    }
}

diesel::table! {
    ledger_tree (origin) {
        origin -> Text,
        size -> BigInt,
        frontier -> Binary,
        root -> Binary,
    }
}

diesel::table! {
    ledger_checkpoint (origin, size) {
        origin -> Text,
        size -> BigInt,
        root -> Binary,
        note -> Text,
    }
}

diesel::table! {
    ledger_key (kid) {
        kid -> Text,
        algorithm -> Text,
        public -> Binary,
        purpose -> Text,
        announced -> Timestamp,
    }
}

diesel::table! {
    command_result (command_id) {
        command_id -> Text,
        actor -> Text,
        request_hash -> Binary,
        response -> Text,
        at -> Timestamp,
        kid -> Text,
        sig -> Binary,
    }
}

diesel::table! {
    station_seq (station) {
        station -> Text,
        seq -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(ledger_event, ledger_pending, ledger_leaf);

// People (0002_people) ---------------------------------------------------------------------------

diesel::table! {
    person (login) {
        login -> Text,
        version -> BigInt,
        printed_name -> Text,
        personnel_number -> Text,
        identity_how -> Text,
        identity_by -> Text,
        roles -> Text,
        standing -> Text,
        failures -> Integer,
        credential_digest -> Nullable<Text>,
        credential_set_at -> Nullable<Timestamp>,
        must_change -> Bool,
        designated_from -> Nullable<Text>,
        designated_until -> Nullable<Text>,
        designation_document -> Nullable<Text>,
        registered_at -> Timestamp,
        last_sign_in -> Nullable<Timestamp>,
    }
}

diesel::table! {
    credential (login) {
        login -> Text,
        phc -> Text,
        failures -> Integer,
    }
}

diesel::table! {
    session (secret_hash) {
        secret_hash -> Text,
        login -> Text,
        role -> Text,
        station -> Text,
        began_at -> Timestamp,
        seen_at -> Timestamp,
        locked -> Bool,
    }
}

diesel::allow_tables_to_appear_in_same_query!(person, credential, session);
