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
        din -> Nullable<Text>,
        product -> Nullable<Text>,
        division -> Nullable<Text>,
        identity_by -> Nullable<Text>,
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
        lost -> Integer,
        found -> Integer,
        lost_at -> Nullable<Timestamp>,
        lost_by -> Nullable<Text>,
        lost_deviation -> Nullable<Text>,
        voided_at -> Nullable<Timestamp>,
        voided_by -> Nullable<Text>,
        voided_because -> Nullable<Text>,
    }
}

diesel::table! {
    printer (asset) {
        asset -> Text,
        title -> Text,
        retired -> Bool,
        state -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    label_definition (key) {
        key -> Text,
        kind -> Text,
        number -> Integer,
        standing -> Text,
        state -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    print_job (number) {
        number -> Text,
        printer -> Text,
        standing -> Text,
        queued_at -> Timestamp,
        queued_by -> Text,
        labels -> Integer,
        state -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    product_identity (din, product, division) {
        din -> Text,
        product -> Text,
        division -> Text,
        container -> Text,
        since -> Timestamp,
        proposed_by -> Nullable<Text>,
        confirmed_by -> Nullable<Text>,
        retired_at -> Nullable<Timestamp>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(container, standing, edge, label_print, location);

// Donor (0003_donor) -----------------------------------------------------------------------------

diesel::table! {
    donor (code) {
        code -> Text,
        tested_person -> Text,
        relation -> Text,
        recipient -> Nullable<Text>,
        standing -> Integer,
        because -> Text,
        registered_at -> Timestamp,
        registered_by -> Text,
        decided_at -> Nullable<Timestamp>,
        decided_by -> Nullable<Text>,
        rule_set -> Nullable<Text>,
        reactive -> Integer,
    }
}

diesel::table! {
    donor_consent (donor, number) {
        donor -> Text,
        number -> Integer,
        scopes -> Text,
        form_version -> Text,
        document -> Text,
        given_at -> Timestamp,
        withdrawn_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    donor_sample (donor, number) {
        donor -> Text,
        number -> Integer,
        purpose -> Text,
        drawn_at -> Timestamp,
        matrix -> Text,
    }
}

diesel::table! {
    donor_result (donor, version) {
        donor -> Text,
        version -> BigInt,
        sample -> Integer,
        marker -> Text,
        reaction -> Text,
        laboratory -> Text,
        report -> Text,
        reported_at -> Timestamp,
        recorded_by -> Text,
    }
}

diesel::table! {
    donation (din) {
        din -> Text,
        donor -> Text,
        tissue -> Text,
        donated_at -> Timestamp,
        received_at -> Timestamp,
        received_by -> Text,
        temperature -> Text,
        amount -> Text,
        container -> Text,
        sequence -> Nullable<Text>,
    }
}

// Quality (0007_quality) -------------------------------------------------------------------------

diesel::table! {
    test_request (id) {
        id -> Text,
        batch -> Text,
        test -> Text,
        title -> Text,
        stage -> Text,
        step -> Nullable<Text>,
        sample -> Nullable<Text>,
        specification -> Text,
        pending_allowed -> Bool,
        incubation -> Nullable<BigInt>,
        status -> Text,
        review_due -> Bool,
        requested_at -> Timestamp,
        received_at -> Nullable<Timestamp>,
        started_at -> Nullable<Timestamp>,
        final_from -> Nullable<Timestamp>,
        interim_at -> Nullable<Timestamp>,
        results -> Integer,
    }
}

diesel::table! {
    test_result (request, number) {
        request -> Text,
        number -> Integer,
        verdict -> Text,
        summary -> Text,
        tested_at -> Timestamp,
        recorded_at -> Timestamp,
        recorded_by -> Text,
        standing -> Text,
        decided_by -> Nullable<Text>,
        decided_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    deviation (number) {
        number -> Text,
        class -> Text,
        title -> Text,
        origin -> Text,
        status -> Text,
        outcome -> Nullable<Text>,
        batch -> Nullable<Text>,
        step -> Nullable<Text>,
        test -> Nullable<Text>,
        container -> Nullable<Text>,
        order_number -> Nullable<Text>,
        donor -> Nullable<Text>,
        performer -> Nullable<Text>,
        opened_by -> Text,
        opened_at -> Timestamp,
        decided_by -> Nullable<Text>,
        decided_at -> Nullable<Timestamp>,
        closed_by -> Nullable<Text>,
        closed_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    batch_release (batch) {
        batch -> Text,
        stage -> Text,
        hold -> Nullable<Text>,
        reviewed_by -> Nullable<Text>,
        reviewed_at -> Nullable<Timestamp>,
        certified_by -> Nullable<Text>,
        certified_at -> Nullable<Timestamp>,
        pending -> Integer,
        disposition -> Integer,
    }
}

diesel::table! {
    release_register (number) {
        number -> Text,
        batch -> Text,
        initial -> Bool,
        product -> Text,
        certified_by -> Text,
        certified_at -> Timestamp,
        expires_at -> Nullable<Timestamp>,
        pending -> Integer,
    }
}

diesel::table! {
    release_notice (batch, test, who) {
        batch -> Text,
        test -> Text,
        who -> Text,
        capacity -> Text,
        order_number -> Nullable<Text>,
        since -> Timestamp,
        acknowledged_at -> Nullable<Timestamp>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(donor, donation);
diesel::allow_tables_to_appear_in_same_query!(test_request, test_result);
diesel::allow_tables_to_appear_in_same_query!(batch, batch_release, batch_correction);

// Orders and custody (0008_order) ---------------------------------------------------------------

diesel::table! {
    patient_order (number) {
        number -> Text,
        patient -> Text,
        coi -> Text,
        protocol -> Text,
        protocol_version -> Integer,
        title -> Text,
        stage -> Text,
        is_open -> Bool,
        is_scheduled -> Bool,
        infusion_on -> Text,
        thaw_on -> Text,
        cancel_by -> Timestamp,
        dose -> Text,
        units -> Integer,
        unit -> Text,
        aliquots -> Integer,
        placed_by -> Text,
        placed_at -> Timestamp,
        confirmed_by -> Nullable<Text>,
        confirmed_at -> Nullable<Timestamp>,
        batch -> Nullable<Text>,
        version -> BigInt,
    }
}

diesel::table! {
    order_stage (order_number, stage) {
        order_number -> Text,
        stage -> Text,
        at -> Timestamp,
        by_login -> Text,
    }
}

diesel::table! {
    reaction (order_number, number) {
        order_number -> Text,
        number -> Integer,
        words -> Text,
        is_open -> Bool,
        tell_by -> Nullable<Timestamp>,
        told -> Integer,
        reported_at -> Timestamp,
        reported_by -> Text,
    }
}

diesel::joinable!(reaction -> patient_order (order_number));
diesel::allow_tables_to_appear_in_same_query!(reaction, patient_order);

diesel::table! {
    order_vial (container) {
        container -> Text,
        order_number -> Text,
        allocated_at -> Timestamp,
        allocated_by -> Text,
        thawed_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    custody_hop (hop, container) {
        hop -> Text,
        container -> Text,
        kind -> Text,
        order_number -> Nullable<Text>,
        from_login -> Text,
        to_login -> Text,
        purpose -> Text,
        condition_out -> Nullable<Text>,
        condition_in -> Nullable<Text>,
        volume_out -> Nullable<Text>,
        volume_in -> Nullable<Text>,
        activity -> Nullable<Text>,
        opened_at -> Timestamp,
        due_at -> Nullable<Timestamp>,
        closed_at -> Nullable<Timestamp>,
        outcome -> Nullable<Text>,
    }
}

diesel::table! {
    administration (container) {
        container -> Text,
        order_number -> Text,
        target -> Text,
        volume -> Text,
        given_at -> Timestamp,
        recorded_at -> Timestamp,
        given_by -> Text,
    }
}

// Batches (0006_batch) ---------------------------------------------------------------------------

diesel::table! {
    master_record (record_key) {
        record_key -> Text,
        record -> Text,
        number -> Integer,
        title -> Text,
        product -> Text,
        hash -> Text,
        state -> Text,
        authored_by -> Text,
        proposed_at -> Timestamp,
        approved_by -> Nullable<Text>,
        effective_at -> Nullable<Timestamp>,
        retired_at -> Nullable<Timestamp>,
        version -> BigInt,
    }
}

diesel::table! {
    batch (number) {
        number -> Text,
        record -> Text,
        record_number -> Integer,
        title -> Text,
        product -> Text,
        order_number -> Nullable<Text>,
        patient -> Nullable<Text>,
        din -> Nullable<Text>,
        state -> Text,
        started_at -> Timestamp,
        started_by -> Text,
        last_step -> Nullable<Text>,
        last_at -> Timestamp,
        steps_done -> Integer,
        ended_at -> Nullable<Timestamp>,
        version -> BigInt,
    }
}

diesel::table! {
    batch_correction (batch, number) {
        batch -> Text,
        number -> Integer,
        step -> Text,
        occurrence -> Integer,
        field -> Text,
        item -> Text,
        old_value -> Nullable<Text>,
        new_value -> Text,
        because -> Text,
        performed_by -> Text,
        corrected_by -> Text,
        corrected_at -> Timestamp,
        recheck -> Text,
        waits -> Bool,
        verified_by -> Nullable<Text>,
        verified_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    batch_step (batch, step, occurrence) {
        batch -> Text,
        step -> Text,
        occurrence -> Integer,
        performed_at -> Timestamp,
        recorded_at -> Timestamp,
        performed_by -> Text,
        late -> Bool,
        deviations -> Integer,
        verified_by -> Nullable<Text>,
        verified_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    batch_use (batch, step, occurrence, used) {
        batch -> Text,
        step -> Text,
        occurrence -> Integer,
        used -> Text,
        used_at -> Timestamp,
    }
}

diesel::table! {
    account (batch, unit, name) {
        batch -> Text,
        unit -> Text,
        name -> Text,
        balance -> Text,
    }
}

diesel::table! {
    posting (stream, version, position) {
        batch -> Text,
        stream -> Text,
        version -> BigInt,
        position -> Integer,
        unit -> Text,
        source -> Text,
        target -> Text,
        amount -> Text,
        times -> Integer,
        what -> Text,
        occurrence -> Nullable<Integer>,
        posted_at -> Timestamp,
        posted_by -> Text,
    }
}
