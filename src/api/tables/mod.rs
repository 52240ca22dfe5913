//! The tables of the seven kinds and of search.

mod collaboration;
mod contact_point;
mod meeting;
mod membership;
mod organisation;
mod search;
mod shared;
mod structure;

use crate::api::table::Table;
use crate::resources::Kind;

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
