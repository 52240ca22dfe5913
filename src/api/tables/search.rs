//! Search over all kinds. Its filters are those that the kinds share or that api.md names for it.

use super::contact_point::PURPOSES;
use super::organisation::{
    ACTIVITY_AREAS, COLLABORATES, GOALS, KIND, MEMBER_OF, NEEDS, NOT_COLLABORATING, OFFERS, PARENT, SEAT, SECTOR,
    TARGET_GROUPS,
};
use super::shared::{DESCRIPTION, IDENTIFIERS, LANGUAGES, LEVEL, NAMES, PLACE_SORTS, TOPICS, areas, status};
use super::structure::HOSTS;
use crate::api::table::{Cell, CellValue, Row, Table, Type, column};
use crate::search::query::USUAL_STATUSES;

/// Search.
pub static SEARCH: Table = Table {
    name: "search",
    kinds: &[],
    rows: &[
        Row::only_filter(
            "type",
            Type::RecordType,
            "Slag av post. Medlemskap och samarbeten hittas bara när de nämns här.",
            "Kind of record. Memberships and collaborations are found only when named here.",
            "organisation,forum",
        )
        .facet(),
        SECTOR,
        KIND,
        NAMES,
        IDENTIFIERS,
        LEVEL,
        PARENT,
        SEAT,
        areas("activeIn", &[column("activeIn"), column("areas")]),
        ACTIVITY_AREAS,
        TOPICS,
        GOALS,
        TARGET_GROUPS,
        LANGUAGES,
        DESCRIPTION,
        OFFERS,
        NEEDS,
        PURPOSES,
        HOSTS,
        Row::property("channels", Type::Plain, "Sätt att nå en kontaktväg.", "Ways to reach a contact point.").cells(
            &[Cell {
                header: "channels",
                value: CellValue::Pairs { list: "channels", first: "kind", second: "value" },
            }],
        ),
        Row::property("website", Type::Plain, "Webbplats.", "Web site.").cells(&[column("website")]),
        status(&["active", "dormant", "dissolved", "wanted", "ended"]),
        MEMBER_OF,
        COLLABORATES,
        NOT_COLLABORATING,
    ],
    default_status: USUAL_STATUSES,
    sorts: PLACE_SORTS,
    located: true,
    timed: false,
    includes: &[],
};
