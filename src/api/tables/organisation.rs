//! Organisations as a list.

use super::shared::{
    DESCRIPTION, IDENTIFIERS, LANGUAGES, LEVEL, NAMES, ORGANISATIONS as ORGANISATION, OWNERS, PLACE_SORTS, SOURCE,
    TOPICS, areas, reference, status,
};
use crate::api::table::{Cell, CellValue, Include, IncludeBy, Row, Table, Type, column};
use crate::resources::Kind;
use crate::vocabulary::Vocabulary;

pub(super) const SECTOR: Row = Row::property(
    "sector",
    Type::Closed(Vocabulary::Sectors, &["civil-society", "public", "private", "academia"]),
    "Samhällssektor.",
    "Sector of society.",
)
.filter("sector", "civil-society")
.facet()
.cells(&[column("sector")]);

pub(super) const KIND: Row = Row::property(
    "kind",
    Type::Keys(Vocabulary::OrganisationKinds),
    "Slag av organisation, nyckel i /organisation-kinds.",
    "Kind of organisation, key of /organisation-kinds.",
)
.filter("kind", "association,foundation")
.facet()
.cells(&[column("kind")]);

pub(super) const SEAT: Row = Row::property(
    "seatMunicipality",
    Type::Seat,
    "Sätets kommun: kod eller namn; ett län står för alla sina kommuner.",
    "Municipality of the seat: code or name; a county stands for all of its municipalities.",
)
.filter("seatMunicipality", "2580")
.cells(&[column("seatMunicipality")]);

pub(super) const ACTIVITY_AREAS: Row = Row::property(
    "activityAreas",
    Type::Keys(Vocabulary::ActivityAreas),
    "Verksamhetsområden (ICNPO), nycklar i /activity-areas.",
    "Activity areas (ICNPO), keys of /activity-areas.",
)
.filter("activityArea", "4")
.facet()
.cells(&[column("activityAreas")]);

pub(super) const GOALS: Row = Row::property(
    "sustainabilityGoals",
    Type::Keys(Vocabulary::SustainabilityGoals),
    "Globala mål, 1 till 17.",
    "Sustainability goals, 1 to 17.",
)
.filter("sustainabilityGoal", "3,10")
.facet()
.cells(&[column("sustainabilityGoals")]);

pub(super) const TARGET_GROUPS: Row = Row::property(
    "targetGroups",
    Type::Keys(Vocabulary::TargetGroups),
    "Målgrupper, nycklar i /target-groups.",
    "Target groups, keys of /target-groups.",
)
.filter("targetGroup", "children")
.facet()
.cells(&[column("targetGroups")]);

const fn pairs(list: &'static str) -> [Cell; 1] {
    [Cell { header: list, value: CellValue::Pairs { list, first: "kind", second: "topics" } }]
}

pub(super) const OFFERS: Row = Row::property(
    "offers",
    Type::Exchange,
    "Vad den erbjuder: ämne eller slag (training, premises …).",
    "What it offers: topic or kind (training, premises …).",
)
.filter("offer", "training")
.facet()
.cells(&pairs("offers"));

pub(super) const NEEDS: Row = Row::property(
    "needs",
    Type::Exchange,
    "Vad den behöver: ämne eller slag (premises, volunteers …).",
    "What it needs: topic or kind (premises, volunteers …).",
)
.filter("need", "premises")
.facet()
.cells(&pairs("needs"));

pub(super) const PARENT: Row = reference(
    "parentId",
    "parent",
    ORGANISATION,
    &[column("parentId")],
    "Organisationen som den är en enhet eller gren av.",
    "The organisation that it is a unit or branch of.",
);

pub(super) const MEMBER_OF: Row = Row::only_filter(
    "memberOf",
    Type::Reference(OWNERS),
    "Organisation, nätverk eller forum som den hör till nu.",
    "Organisation, network or forum that it belongs to now.",
    "demo:org-samforma",
);

pub(super) const COLLABORATES: Row = Row::only_filter(
    "collaboratesWith",
    Type::Reference(ORGANISATION),
    "Har uppgett att de samarbetar.",
    "Has stated that they work together.",
    "demo:pub-region-norrbotten",
);

pub(super) const NOT_COLLABORATING: Row = Row::only_filter(
    "notCollaboratingWith",
    Type::Reference(ORGANISATION),
    "Har uppgett att de inte samarbetar (inte bara okänt).",
    "Has stated that they do not work together (not merely unknown).",
    "demo:pub-region-norrbotten",
);

pub(super) const STATUSES: &[&str] = &["active", "dormant", "dissolved"];

/// Organisations.
pub static ORGANISATIONS: Table = Table {
    name: "organisations",
    kinds: &[Kind::Organisation],
    rows: &[
        SECTOR,
        KIND,
        NAMES,
        IDENTIFIERS,
        reference(
            "usesNumberOf",
            "usesNumberOf",
            ORGANISATION,
            &[column("usesNumberOf")],
            "Organisationen vars organisationsnummer grenen använder.",
            "The organisation whose organisation number the branch uses.",
        ),
        Row::property(
            "legalForm",
            Type::Keys(Vocabulary::LegalForms),
            "Juridisk form, nyckel i /legal-forms.",
            "Legal form, key of /legal-forms.",
        )
        .filter("legalForm", "61")
        .facet()
        .cells(&[column("legalForm")]),
        LEVEL,
        PARENT,
        SEAT,
        areas("activeIn", &[column("activeIn")]),
        ACTIVITY_AREAS,
        TOPICS,
        GOALS,
        TARGET_GROUPS,
        LANGUAGES,
        DESCRIPTION,
        Row::property("website", Type::Plain, "Webbplats.", "Web site.").cells(&[column("website")]),
        Row::property("address", Type::Plain, "Besöks- eller postadress.", "Address.").cells(&[
            column("address.street"),
            column("address.postalCode"),
            column("address.locality"),
            column("address.country"),
        ]),
        Row::property("location", Type::Plain, "Plats i WGS 84.", "Place in WGS 84.")
            .cells(&[column("location.lat"), column("location.lon")]),
        Row::property(
            "addressProtected",
            Type::Plain,
            "Om adress och plats är skyddade.",
            "Whether address and place are protected.",
        )
        .cells(&[column("addressProtected")]),
        OFFERS,
        NEEDS,
        Row::property("contactPreference", Type::Plain, "Hur den vill kontaktas.", "How it wants to be contacted.")
            .cells(&[column("contactPreference")]),
        Row::property(
            "democraticBasis",
            Type::Plain,
            "Om den vilar på demokratisk grund.",
            "Whether it rests on a democratic ground.",
        )
        .cells(&[column("democraticBasis")]),
        status(STATUSES),
        SOURCE,
        MEMBER_OF,
        COLLABORATES,
        NOT_COLLABORATING,
    ],
    default_status: &["active", "dormant"],
    sorts: PLACE_SORTS,
    located: true,
    timed: false,
    includes: &[
        Include {
            name: "parent",
            by: IncludeBy::Property("parentId", ORGANISATION),
            sv: "organisationen ovanför",
            en: "the organisation above",
        },
        Include {
            name: "contactPoints",
            by: IncludeBy::Reverse(Kind::ContactPoint, "owner"),
            sv: "kontaktvägar",
            en: "contact points",
        },
        Include {
            name: "memberships",
            by: IncludeBy::Reverse(Kind::Membership, "member"),
            sv: "vad den är med i",
            en: "what it belongs to",
        },
        Include {
            name: "units",
            by: IncludeBy::Reverse(Kind::Organisation, "parent"),
            sv: "enheter och grenar",
            en: "units and branches",
        },
    ],
};
