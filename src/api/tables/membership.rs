//! Memberships as a list.

use super::shared::{IDENTIFIERS, ORGANISATIONS, OWNER_TYPES, OWNERS, PLAIN_SORTS, SOURCE, reference};
use crate::api::table::{Include, IncludeBy, Row, Table, Type, column};
use crate::resources::Kind;
use crate::vocabulary::Vocabulary;

const CONTACT_POINTS: &[Kind] = &[Kind::ContactPoint];

/// Memberships.
pub static MEMBERSHIPS: Table = Table {
    name: "memberships",
    kinds: &[Kind::Membership],
    rows: &[
        reference(
            "memberId",
            "member",
            ORGANISATIONS,
            &[column("memberId")],
            "Den som är med.",
            "The organisation that belongs.",
        ),
        reference("inId", "in", OWNERS, &[column("inId")], "Vad den är med i.", "What it belongs to."),
        Row::property("inType", OWNER_TYPES, "Vad den är med i för slag.", "What kind it belongs to.")
            .filter("inType", "network")
            .facet()
            .cells(&[column("inType")]),
        Row::property(
            "role",
            Type::Closed(Vocabulary::MembershipRoles, &["member", "chair", "secretariat", "participant", "observer"]),
            "Roll.",
            "Role.",
        )
        .filter("role", "chair,secretariat")
        .facet()
        .cells(&[column("role")]),
        reference(
            "represents",
            "represents",
            ORGANISATIONS,
            &[column("represents")],
            "Organisationen som medlemmen talar för.",
            "The organisation that the member speaks for.",
        ),
        Row::property(
            "contactPointId",
            Type::Reference(CONTACT_POINTS),
            "Vägen in till medlemmen.",
            "The way in to the member.",
        )
        .filter("contactPoint", "demo:cp-samforma-webb")
        .cells(&[column("contactPointId")]),
        Row::property("from", Type::Plain, "Första dagen.", "First day.").cells(&[column("from")]),
        Row::property("to", Type::Plain, "Sista dagen.", "Last day.").cells(&[column("to")]),
        IDENTIFIERS,
        SOURCE,
    ],
    default_status: &[],
    sorts: PLAIN_SORTS,
    located: false,
    timed: false,
    includes: &[
        Include {
            name: "member",
            by: IncludeBy::Property("memberId", ORGANISATIONS),
            sv: "medlemmen",
            en: "the member",
        },
        Include {
            name: "in",
            by: IncludeBy::Property("inId", OWNERS),
            sv: "vad den är med i",
            en: "what it belongs to",
        },
        Include {
            name: "represents",
            by: IncludeBy::Property("represents", ORGANISATIONS),
            sv: "den som medlemmen talar för",
            en: "whom the member speaks for",
        },
        Include {
            name: "contactPoint",
            by: IncludeBy::Property("contactPointId", CONTACT_POINTS),
            sv: "vägen in",
            en: "the way in",
        },
    ],
};
