//! The filters of the change feed: those of the lists that a record decides by itself.

use super::contact_point::PURPOSES;
use super::organisation::{ACTIVITY_AREAS, GOALS, KIND, NEEDS, OFFERS, SEAT, SECTOR, TARGET_GROUPS};
use super::shared::{LANGUAGES, LEVEL, SOURCE, TOPICS, areas, status};
use crate::api::table::{Row, Table, Type};

/// The change feed.
pub static CHANGES: Table = Table {
    name: "changes",
    kinds: &[],
    rows: &[
        Row::only_filter("type", Type::RecordType, "Slag av post.", "Kind of record.", "organisation,forum"),
        SECTOR,
        KIND,
        LEVEL,
        SEAT,
        areas("activeIn", &[]),
        ACTIVITY_AREAS,
        TOPICS,
        GOALS,
        TARGET_GROUPS,
        LANGUAGES,
        OFFERS,
        NEEDS,
        PURPOSES,
        SOURCE,
        status(&["active", "dormant", "dissolved", "wanted", "ended"]),
    ],
    default_status: &[],
    sorts: &[],
    located: false,
    timed: false,
    includes: &[],
};
