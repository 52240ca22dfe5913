//! Networks and forums as lists.

use super::shared::{
    DESCRIPTION, IDENTIFIERS, LEVEL, NAMES, ORGANISATIONS, PLAIN_SORTS, SOURCE, TOPICS, areas, status,
};
use crate::api::table::{Include, IncludeBy, Row, Table, Type, column};
use crate::resources::Kind;
use crate::vocabulary::Vocabulary;

pub(super) const HOSTS: Row = Row::property(
    "hosts",
    Type::Reference(ORGANISATIONS),
    "Organisationer eller enheter som är värdar.",
    "Organisations or units that host it.",
)
.filter("host", "demo:pub-region-norrbotten")
.cells(&[column("hosts")]);

const ROWS: &[Row] = &[
    NAMES,
    IDENTIFIERS,
    DESCRIPTION,
    HOSTS,
    TOPICS,
    areas("areas", &[column("areas")]),
    LEVEL,
    Row::property(
        "participationLevel",
        Type::Closed(Vocabulary::ParticipationLevels, &["information", "consultation", "dialogue", "partnership"]),
        "Hur långt deltagandet går.",
        "How far participation goes.",
    )
    .filter("participationLevel", "dialogue")
    .facet()
    .cells(&[column("participationLevel")]),
    Row::property(
        "openness",
        Type::Closed(Vocabulary::Openness, &["open", "by-invitation", "closed"]),
        "Om man kan vara med.",
        "Whether one can join.",
    )
    .filter("openness", "open")
    .facet()
    .cells(&[column("openness")]),
    Row::property(
        "mode",
        Type::Closed(Vocabulary::Modes, &["digital", "physical", "both"]),
        "Hur den träffas.",
        "How it meets.",
    )
    .filter("mode", "digital,both")
    .facet()
    .cells(&[column("mode")]),
    Row::property("meetingFrequency", Type::Plain, "Hur ofta den träffas.", "How often it meets.")
        .cells(&[column("meetingFrequency.sv"), column("meetingFrequency.en")]),
    Row::property("compensation", Type::Plain, "Ersättning till deltagare.", "What participants are paid.")
        .cells(&[column("compensation.sv"), column("compensation.en")]),
    status(&["active", "wanted", "ended"]),
    SOURCE,
];

const INCLUDES: &[Include] = &[
    Include { name: "hosts", by: IncludeBy::Property("hosts", ORGANISATIONS), sv: "värdarna", en: "the hosts" },
    Include {
        name: "contactPoints",
        by: IncludeBy::Reverse(Kind::ContactPoint, "owner"),
        sv: "kontaktvägar",
        en: "contact points",
    },
    Include { name: "meetings", by: IncludeBy::Reverse(Kind::Meeting, "of"), sv: "möten", en: "meetings" },
    Include {
        name: "memberships",
        by: IncludeBy::Reverse(Kind::Membership, "in"),
        sv: "deltagare",
        en: "participants",
    },
];

/// Networks.
pub static NETWORKS: Table = Table {
    name: "networks",
    kinds: &[Kind::Network],
    rows: ROWS,
    default_status: &["active", "wanted"],
    sorts: PLAIN_SORTS,
    located: false,
    timed: false,
    includes: INCLUDES,
};

/// Forums.
pub static FORUMS: Table = Table {
    name: "forums",
    kinds: &[Kind::Forum],
    rows: ROWS,
    default_status: &["active", "wanted"],
    sorts: PLAIN_SORTS,
    located: false,
    timed: false,
    includes: INCLUDES,
};
