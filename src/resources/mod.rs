//! The resources of the registry: one folder per kind of record.

pub(crate) mod check;
pub mod collaboration;
pub mod contact_point;
pub(crate) mod describe;
pub mod forum;
pub(crate) mod input;
pub mod meeting;
pub mod membership;
pub mod network;
pub mod organisation;
pub(crate) mod owner;
pub(crate) mod resource;
pub mod service;
pub(crate) mod steps;
pub mod structure;
pub mod values;

/// A kind of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the modules of the same names say what they are")]
pub enum Kind {
    Organisation,
    ContactPoint,
    Network,
    Forum,
    Meeting,
    Membership,
    Collaboration,
}

impl Kind {
    /// All kinds, in the order in which records can be loaded into an empty registry.
    pub const ALL: [Kind; 7] = [
        Kind::Organisation,
        Kind::Network,
        Kind::Forum,
        Kind::ContactPoint,
        Kind::Meeting,
        Kind::Membership,
        Kind::Collaboration,
    ];

    /// The name in the singular, as `type` in NDJSON lines and search hits.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Organisation => "organisation",
            Kind::ContactPoint => "contact-point",
            Kind::Network => "network",
            Kind::Forum => "forum",
            Kind::Meeting => "meeting",
            Kind::Membership => "membership",
            Kind::Collaboration => "collaboration",
        }
    }

    /// The collection's name, as in paths.
    pub const fn plural(self) -> &'static str {
        match self {
            Kind::Organisation => "organisations",
            Kind::ContactPoint => "contact-points",
            Kind::Network => "networks",
            Kind::Forum => "forums",
            Kind::Meeting => "meetings",
            Kind::Membership => "memberships",
            Kind::Collaboration => "collaborations",
        }
    }

    /// The kind of that singular name.
    pub fn from_name(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Who may read a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Audience {
    /// Everyone.
    Public,
    /// Public bodies' systems and editors.
    Partners,
}

impl Audience {
    /// Of what is kept for everyone and for partners: its own.
    pub(crate) fn own<T>(self, [everyone, partners]: &[T; 2]) -> &T {
        match self {
            Audience::Public => everyone,
            Audience::Partners => partners,
        }
    }
}
