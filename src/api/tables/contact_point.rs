//! Contact points as a list.

use super::shared::{
    DESCRIPTION, IDENTIFIERS, LANGUAGES, OWNER_TYPES, OWNERS, PLAIN_SORTS, SOURCE, TOPICS, areas, reference, status,
};
use crate::api::table::{Cell, CellValue, Include, IncludeBy, Row, Table, Type, column};
use crate::resources::Kind;
use crate::vocabulary::Vocabulary;

pub(super) const PURPOSES: Row = Row::property(
    "purposes",
    Type::Keys(Vocabulary::ContactPurposes),
    "Vad den hjälper till med, nycklar i /contact-purposes.",
    "What it helps with, keys of /contact-purposes.",
)
.filter("purpose", "general,funding")
.facet()
.cells(&[column("purposes")]);

/// Contact points.
pub static CONTACT_POINTS: Table = Table {
    name: "contact-points",
    kinds: &[Kind::ContactPoint],
    rows: &[
        reference(
            "ownerId",
            "owner",
            OWNERS,
            &[column("ownerId")],
            "Organisationen, nätverket eller forumet den leder till.",
            "The organisation, network or forum that it leads to.",
        ),
        Row::property("ownerType", OWNER_TYPES, "Vad den leder till för slag.", "What kind it leads to.")
            .filter("ownerType", "organisation")
            .facet()
            .cells(&[column("ownerType")]),
        Row::property("function", Type::Plain, "Funktionen som svarar.", "The function that answers.")
            .cells(&[column("function.sv"), column("function.en")]),
        IDENTIFIERS,
        DESCRIPTION,
        PURPOSES,
        TOPICS,
        areas("areas", &[column("areas")]),
        Row::property("channels", Type::Plain, "Sätt att nå den.", "Ways to reach it.").cells(&[Cell {
            header: "channels",
            value: CellValue::Pairs { list: "channels", first: "kind", second: "value" },
        }]),
        Row::property("hours", Type::Plain, "När den svarar.", "When it answers.")
            .cells(&[column("hours.sv"), column("hours.en")]),
        LANGUAGES,
        Row::property("visibility", Type::Plain, "Vem som får se den.", "Who may see it.")
            .cells(&[column("visibility")]),
        Row::property(
            "person",
            Type::Plain,
            "En namngiven person, med noterad grund.",
            "A named person, with a recorded basis.",
        )
        .cells(&[column("person.name")]),
        status(&["active", "wanted"]),
        SOURCE,
    ],
    default_status: &["active"],
    sorts: PLAIN_SORTS,
    located: false,
    timed: false,
    includes: &[Include {
        name: "owner",
        by: IncludeBy::Property("ownerId", OWNERS),
        sv: "vad den leder till",
        en: "what it leads to",
    }],
};
