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

// Material (0004_material) -----------------------------------------------------------------------

diesel::table! {
    material_lot (lot) {
        lot -> Text,
        material -> Text,
        title -> Text,
        supplier -> Text,
        disposition -> Integer,
        expires_at -> Timestamp,
        received_at -> Timestamp,
        received_by -> Text,
        decided_by -> Nullable<Text>,
        open_until -> Nullable<Timestamp>,
        used_up_at -> Nullable<Timestamp>,
        state -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    equipment (asset) {
        asset -> Text,
        kind -> Text,
        title -> Text,
        room -> Text,
        calibration_due -> Nullable<Timestamp>,
        clean_until -> Nullable<Timestamp>,
        out_of_service -> Nullable<Text>,
        state -> Text,
        version -> BigInt,
    }
}

// Container (0005_container) ---------------------------------------------------------------------

diesel::table! {
    location (path) {
        path -> Text,
        parent -> Nullable<Text>,
        kind -> Text,
        title -> Text,
        condition -> Text,
        grid_rows -> Nullable<Integer>,
        grid_columns -> Nullable<Integer>,
        out_of_service -> Nullable<Text>,
        state -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    container (code) {
        code -> Text,
        kind -> Text,
        material -> Text,
        title -> Text,
        parent -> Nullable<Text>,
        batch -> Nullable<Text>,
        output -> Nullable<Text>,
        number -> Integer,
        number_of -> Integer,
        produced_at -> Timestamp,
        expires_at -> Nullable<Timestamp>,
        order_number -> Nullable<Text>,
        target -> Nullable<Text>,
        reserved_for -> Nullable<Text>,
        disposition -> Integer,
        custody -> Text,
        holder -> Nullable<Text>,
        location -> Nullable<Text>,
        held_since -> Timestamp,
        fate -> Text,
        fate_at -> Nullable<Timestamp>,
        fate_by -> Nullable<Text>,
        label_serial -> Integer,
        label_applied -> Bool,
        thaw_count -> Integer,
        excursion_due -> Nullable<Timestamp>,
        state -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    edge (parent, child) {
        parent -> Text,
        child -> Text,
    }
}

diesel::table! {
    standing (node) {
        node -> Text,
        own -> Integer,
        effective -> Integer,
        because -> Nullable<Text>,
    }
}

// Label (0009_label) -----------------------------------------------------------------------------

diesel::table! {
    label_print (container, serial) {
        container -> Text,
        serial -> Integer,
        batch -> Nullable<Text>,
        definition -> Text,
        definition_version -> Integer,
        payload -> Text,
        printed_at -> Timestamp,
        printed_by -> Text,
        copies -> Integer,
        applied -> Bool,
        destroyed -> Integer,
        kept -> Integer,
        voided_at -> Nullable<Timestamp>,
        voided_by -> Nullable<Text>,
        voided_because -> Nullable<Text>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(container, standing, edge, label_print, location);
