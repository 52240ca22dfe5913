//! Meetings as a list.

use super::shared::{DESCRIPTION, IDENTIFIERS, OWNER_TYPES, OWNERS, SOURCE, TOPICS, reference};
use crate::api::table::{Include, IncludeBy, Row, Table, Type, column};
use crate::resources::Kind;
use crate::search::query::SortBy;

/// Meetings.
pub static MEETINGS: Table = Table {
    name: "meetings",
    kinds: &[Kind::Meeting],
    rows: &[
        reference(
            "ofId",
            "of",
            OWNERS,
            &[column("ofId")],
            "Nätverket, forumet eller organisationen som träffas eller bjuder in.",
            "The network, forum or organisation that meets or invites.",
        ),
        Row::property("ofType", OWNER_TYPES, "Vad som träffas för slag.", "What kind meets.")
            .filter("ofType", "forum")
            .facet()
            .cells(&[column("ofType")]),
        Row::property("title", Type::Plain, "Rubrik.", "Title.").cells(&[column("title.sv"), column("title.en")]),
        IDENTIFIERS,
        DESCRIPTION,
        Row::property("start", Type::Plain, "När det börjar.", "When it starts.").cells(&[column("start")]),
        Row::property("end", Type::Plain, "När det slutar.", "When it ends.").cells(&[column("end")]),
        Row::property("timeZone", Type::Plain, "Tidszon.", "Time zone.").cells(&[column("timeZone")]),
        Row::property("place", Type::Plain, "Plats.", "Place.").cells(&[column("place")]),
        Row::property("onlineUrl", Type::Plain, "Digital plats.", "Where it can be joined online.")
            .cells(&[column("onlineUrl")]),
        TOPICS,
        Row::property("registrationUrl", Type::Plain, "Anmälan.", "Where one registers.")
            .cells(&[column("registrationUrl")]),
        Row::property("outcome", Type::Plain, "Resultat.", "What came of it.")
            .cells(&[column("outcome.sv"), column("outcome.en")]),
        SOURCE,
    ],
    default_status: &[],
    sorts: &[SortBy::Relevance, SortBy::Name, SortBy::UpdatedAt, SortBy::Start],
    located: false,
    timed: true,
    includes: &[Include {
        name: "of",
        by: IncludeBy::Property("ofId", OWNERS),
        sv: "vad som träffas",
        en: "what meets",
    }],
};
