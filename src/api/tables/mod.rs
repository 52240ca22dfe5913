//! The tables of the seven kinds and of search.

mod changes;
mod collaboration;
mod contact_point;
mod meeting;
mod membership;
mod organisation;
mod search;
mod shared;
mod structure;

use crate::api::language::Language;
use crate::api::table::Table;
use crate::resources::Kind;

pub use changes::CHANGES;
pub use collaboration::COLLABORATIONS;
pub use contact_point::CONTACT_POINTS;
pub use meeting::MEETINGS;
pub use membership::MEMBERSHIPS;
pub use organisation::ORGANISATIONS;
pub use search::SEARCH;
pub use structure::{FORUMS, NETWORKS};

/// All tables.
pub static ALL: &[&Table] =
    &[&SEARCH, &ORGANISATIONS, &CONTACT_POINTS, &NETWORKS, &FORUMS, &MEETINGS, &MEMBERSHIPS, &COLLABORATIONS];

/// The table of a kind.
pub fn of(kind: Kind) -> &'static Table {
    match kind {
        Kind::Organisation => &ORGANISATIONS,
        Kind::ContactPoint => &CONTACT_POINTS,
        Kind::Network => &NETWORKS,
        Kind::Forum => &FORUMS,
        Kind::Meeting => &MEETINGS,
        Kind::Membership => &MEMBERSHIPS,
        Kind::Collaboration => &COLLABORATIONS,
    }
}

/// The title of a facet; its name when it has none.
pub fn facet_title(name: &'static str, language: Language) -> &'static str {
    let title = FACET_TITLES.iter().find(|(facet, ..)| *facet == name);
    title.map_or(name, |(_, sv, en)| match language {
        Language::Sv => sv,
        Language::En => en,
    })
}

const FACET_TITLES: &[(&str, &str, &str)] = &[
    ("type", "Slag av post", "Type"),
    ("sector", "Sektor", "Sector"),
    ("kind", "Slag av organisation", "Kind of organisation"),
    ("level", "Nivå", "Level"),
    ("legalForm", "Juridisk form", "Legal form"),
    ("municipality", "Kommun", "Municipality"),
    ("topic", "Ämne", "Topic"),
    ("activityArea", "Verksamhetsområde", "Activity area"),
    ("sustainabilityGoal", "Globalt mål", "Sustainability goal"),
    ("targetGroup", "Målgrupp", "Target group"),
    ("language", "Språk", "Language"),
    ("offer", "Erbjuder", "Offers"),
    ("need", "Behöver", "Needs"),
    ("purpose", "Ärende", "Purpose"),
    ("status", "Status", "Status"),
    ("ownerType", "Leder till", "Leads to"),
    ("ofType", "Vad som träffas", "What meets"),
    ("inType", "Med i", "Belongs to"),
    ("role", "Roll", "Role"),
    ("participationLevel", "Grad av deltagande", "Level of participation"),
    ("openness", "Öppenhet", "Openness"),
    ("mode", "Form för möten", "Mode"),
    ("stated", "Samarbetar", "Works together"),
    ("form", "Samarbetsform", "Form of collaboration"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_facet_has_a_title() {
        for name in ALL.iter().flat_map(|table| table.facets()) {
            assert!(FACET_TITLES.iter().any(|(facet, ..)| *facet == name), "{name}");
        }
    }
}
