//! Collaborations as a list.

use super::shared::{DESCRIPTION, IDENTIFIERS, ORGANISATIONS, PLAIN_SORTS, SOURCE, TOPICS, reference};
use crate::api::table::{Include, IncludeBy, Row, Table, Type, column};
use crate::resources::Kind;
use crate::vocabulary::Vocabulary;

/// Collaborations.
pub static COLLABORATIONS: Table = Table {
    name: "collaborations",
    kinds: &[Kind::Collaboration],
    rows: &[
        reference(
            "organisationId",
            "organisation",
            ORGANISATIONS,
            &[column("organisationId")],
            "Organisationen i civilsamhället.",
            "The organisation of civil society.",
        ),
        reference(
            "publicBodyId",
            "publicBody",
            ORGANISATIONS,
            &[column("publicBodyId")],
            "Den offentliga parten.",
            "The public body.",
        ),
        Row::property(
            "stated",
            Type::Closed(Vocabulary::Stated, &["yes", "no"]),
            "Om de uppger att de samarbetar.",
            "Whether they state that they work together.",
        )
        .filter("stated", "yes")
        .facet()
        .cells(&[column("stated")]),
        Row::property(
            "forms",
            Type::Keys(Vocabulary::CollaborationForms),
            "Former, nycklar i /collaboration-forms.",
            "Forms, keys of /collaboration-forms.",
        )
        .filter("form", "dialogue")
        .facet()
        .cells(&[column("forms")]),
        TOPICS,
        Row::property("period", Type::Plain, "När.", "When.").cells(&[column("period.from"), column("period.to")]),
        DESCRIPTION,
        IDENTIFIERS,
        SOURCE,
    ],
    default_status: &[],
    sorts: PLAIN_SORTS,
    located: false,
    timed: false,
    includes: &[
        Include {
            name: "organisation",
            by: IncludeBy::Property("organisationId", ORGANISATIONS),
            sv: "organisationen",
            en: "the organisation",
        },
        Include {
            name: "publicBody",
            by: IncludeBy::Property("publicBodyId", ORGANISATIONS),
            sv: "den offentliga parten",
            en: "the public body",
        },
    ],
};
