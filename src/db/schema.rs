//! The tables, as the migrations make them (a test compares the two).

#![expect(missing_docs, reason = "the migrations explain tables and columns")]

diesel::table! {
    counter (id) {
        id -> BigInt,
        sequence -> BigInt,
        epoch -> Text,
        complete_after -> BigInt,
        rights -> BigInt,
        audit -> BigInt,
        audit_hash -> Nullable<Text>,
        narrowed -> BigInt,
        erased -> BigInt,
    }
}

diesel::table! {
    latest (record_id) {
        record_id -> Text,
        kind -> Text,
        public_first -> Nullable<BigInt>,
        public_last -> Nullable<BigInt>,
        partners_first -> Nullable<BigInt>,
        partners_last -> Nullable<BigInt>,
    }
}

diesel::table! {
    changes (sequence) {
        sequence -> BigInt,
        at -> Timestamp,
        actor -> Text,
        kind -> Text,
        record_id -> Text,
        operation -> Text,
        version -> BigInt,
        audience -> Text,
        merged_into -> Nullable<Text>,
        touched -> Nullable<Text>,
        fans_out -> Bool,
        content -> Nullable<Text>,
    }
}

diesel::table! {
    tombstones (id) {
        id -> Text,
        kind -> Text,
        operation -> Text,
        at -> Timestamp,
        version -> BigInt,
        merged_into -> Nullable<Text>,
        audience -> Text,
    }
}

diesel::table! {
    identifiers (scheme, value) {
        scheme -> Text,
        value -> Text,
        kind -> Text,
        record_id -> Text,
    }
}

diesel::table! {
    organisations (id) {
        id -> Text,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        status -> Text,
        parent_id -> Nullable<Text>,
        uses_number_of -> Nullable<Text>,
        content -> Text,
    }
}

diesel::table! {
    protected_addresses (organisation_id) {
        organisation_id -> Text,
        version -> BigInt,
        updated_at -> Timestamp,
        content -> Text,
    }
}

diesel::table! {
    networks (id) {
        id -> Text,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        status -> Text,
        content -> Text,
    }
}

diesel::table! {
    network_hosts (network_id, organisation_id) {
        network_id -> Text,
        organisation_id -> Text,
    }
}

diesel::table! {
    forums (id) {
        id -> Text,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        status -> Text,
        content -> Text,
    }
}

diesel::table! {
    forum_hosts (forum_id, organisation_id) {
        forum_id -> Text,
        organisation_id -> Text,
    }
}

diesel::table! {
    contact_points (id) {
        id -> Text,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        organisation_id -> Nullable<Text>,
        network_id -> Nullable<Text>,
        forum_id -> Nullable<Text>,
        visibility -> Text,
        content -> Text,
        person_until -> Nullable<Timestamp>,
    }
}

diesel::table! {
    protected_contact_points (id) {
        id -> Text,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        organisation_id -> Nullable<Text>,
        network_id -> Nullable<Text>,
        forum_id -> Nullable<Text>,
        visibility -> Text,
        content -> Text,
        person_until -> Nullable<Timestamp>,
    }
}

diesel::table! {
    meetings (id) {
        id -> Text,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        organisation_id -> Nullable<Text>,
        network_id -> Nullable<Text>,
        forum_id -> Nullable<Text>,
        content -> Text,
    }
}

diesel::table! {
    memberships (id) {
        id -> Text,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        member_id -> Text,
        represents -> Nullable<Text>,
        organisation_id -> Nullable<Text>,
        network_id -> Nullable<Text>,
        forum_id -> Nullable<Text>,
        contact_point_id -> Nullable<Text>,
        content -> Text,
    }
}

diesel::table! {
    collaborations (id) {
        id -> Text,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        organisation_id -> Text,
        public_body_id -> Text,
        stated -> Text,
        content -> Text,
    }
}

diesel::table! {
    clients (id) {
        id -> Text,
        name -> Text,
        role -> Text,
        organisation_id -> Nullable<Text>,
        scopes -> Text,
        created_at -> Timestamp,
        revoked_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    idempotency_keys (client_id, idempotency_key) {
        client_id -> Text,
        idempotency_key -> Text,
        fingerprint -> Text,
        created_at -> Timestamp,
        status -> Nullable<BigInt>,
        headers -> Nullable<Text>,
        body -> Nullable<Text>,
    }
}

diesel::table! {
    statistics (schema_version) {
        schema_version -> BigInt,
        number -> BigInt,
        at -> Timestamp,
        content -> Text,
    }
}

diesel::table! {
    nodes (id) {
        id -> Text,
        sequence -> BigInt,
        renewed_at -> Timestamp,
    }
}

diesel::table! {
    webhooks (id) {
        id -> Text,
        client_id -> Text,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        url -> Text,
        filter -> Text,
        description -> Text,
        status -> Text,
        reason -> Nullable<Text>,
        generation -> BigInt,
        former_until -> Nullable<Timestamp>,
        epoch -> Text,
        sequence -> BigInt,
        moved_at -> Timestamp,
        failures -> BigInt,
        failing_since -> Nullable<Timestamp>,
        attempt_at -> Timestamp,
        claim -> Nullable<Text>,
        claimed_until -> Nullable<Timestamp>,
    }
}

diesel::table! {
    deliveries (id) {
        id -> Text,
        webhook_id -> Text,
        at -> Timestamp,
        event_id -> Text,
        event_type -> Text,
        attempt -> BigInt,
        outcome -> Text,
        status -> Nullable<BigInt>,
        milliseconds -> BigInt,
    }
}

diesel::table! {
    credentials (id) {
        id -> Text,
        client_id -> Text,
        kind -> Text,
        prefix -> Text,
        hash -> Text,
        public_key -> Nullable<Text>,
        created_at -> Timestamp,
        expires_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    assertions (client_id, jti) {
        client_id -> Text,
        jti -> Text,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    keepers (record_id) {
        record_id -> Text,
        umbrella_id -> Text,
    }
}

diesel::table! {
    audit (number) {
        number -> BigInt,
        at -> Timestamp,
        client -> Text,
        issuer -> Nullable<Text>,
        request_id -> Nullable<Text>,
        action -> Text,
        kind -> Nullable<Text>,
        record_id -> Nullable<Text>,
        change_sequence -> Nullable<BigInt>,
        salt -> Nullable<Text>,
        content -> Nullable<Text>,
        content_hash -> Text,
        hash -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    counter,
    changes,
    tombstones,
    identifiers,
    organisations,
    protected_addresses,
    networks,
    network_hosts,
    forums,
    forum_hosts,
    contact_points,
    protected_contact_points,
    meetings,
    memberships,
    collaborations,
    clients,
    idempotency_keys,
    statistics,
    nodes,
    webhooks,
    deliveries,
    credentials,
    assertions,
    keepers,
    audit,
);
