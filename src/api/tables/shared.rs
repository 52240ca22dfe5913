//! Rows that several tables have.

use crate::api::table::{Cell, CellValue, Row, Type, column};
use crate::resources::Kind;
use crate::search::query::SortBy;
use crate::vocabulary::Vocabulary;

pub(super) const OWNERS: &[Kind] = &[Kind::Organisation, Kind::Network, Kind::Forum];
pub(super) const ORGANISATIONS: &[Kind] = &[Kind::Organisation];
pub(super) const OWNER_TYPES: Type = Type::Closed(Vocabulary::RecordTypes, &["organisation", "network", "forum"]);
pub(super) const LEVELS: Type = Type::Closed(Vocabulary::Levels, &["local", "regional", "national", "international"]);

pub(super) const PLAIN_SORTS: &[SortBy] = &[SortBy::Relevance, SortBy::Name, SortBy::UpdatedAt];
pub(super) const PLACE_SORTS: &[SortBy] = &[SortBy::Relevance, SortBy::Name, SortBy::UpdatedAt, SortBy::Distance];

const fn named(header: &'static str, is: &'static str) -> Cell {
    Cell { header, value: CellValue::Where { list: "names", key: "kind", is, give: "value" } }
}

pub(super) const NAMES: Row = Row::property(
    "names",
    Type::Plain,
    "Namn: officiella, korta, alias, tidigare.",
    "Names: official, short, alias, former.",
)
.cells(&[
    named("name", "official"),
    named("names.short", "short"),
    named("names.alias", "alias"),
    named("names.former", "former"),
]);

pub(super) const IDENTIFIERS: Row =
    Row::property("identifiers", Type::Plain, "Nycklar i andra register.", "Keys in other registers.").cells(&[Cell {
        header: "identifiers",
        value: CellValue::Pairs { list: "identifiers", first: "scheme", second: "value" },
    }]);

pub(super) const DESCRIPTION: Row = Row::property("description", Type::Plain, "Beskrivning.", "Description.")
    .cells(&[column("description.sv"), column("description.en")]);

pub(super) const TOPICS: Row = Row::property(
    "topics",
    Type::Keys(Vocabulary::Topics),
    "Ämnen, nycklar i /topics; ett bredare ämne hittar de smalare.",
    "Topics, keys of /topics; a broader topic finds the narrower ones.",
)
.filter("topic", "integration,asyl-migration")
.facet()
.cells(&[column("topics")]);

pub(super) const LANGUAGES: Row = Row::property(
    "languages",
    Type::Keys(Vocabulary::Languages),
    "Språk, nycklar i /languages.",
    "Languages, keys of /languages.",
)
.filter("language", "se,fi")
.facet()
.cells(&[column("languages")]);

pub(super) const LEVEL: Row = Row::property("levels", LEVELS, "Nivåer.", "Levels.")
    .filter("level", "local,regional")
    .facet()
    .cells(&[column("levels")]);

/// Areas, under the name that the resource gives them.
pub(super) const fn areas(property: &'static str, cells: &'static [Cell]) -> Row {
    Row::property(
        property,
        Type::Area,
        "Kommun, län eller land: kod, eller namn på något av ortens språk. Hittar det som är verksamt där, i länet eller i hela landet.",
        "Municipality, county or country: code, or name in any of its languages. Finds what is active there, in the county or nationally.",
    )
    .filter("municipality", "2580")
    .facet()
    .cells(cells)
}

pub(super) const SOURCE: Row = Row::property("source", Type::Word, "Källans korta namn.", "Short name of the source.")
    .filter("source", "survey-2020")
    .cells(&[column("source.name"), column("source.reference"), column("source.assuredAt")]);

const STATUS_CELLS: &[Cell] = &[column("status")];

/// A status among those that records of the kind can have.
pub(super) const fn status(values: &'static [&'static str]) -> Row {
    Row::property(
        "status",
        Type::Closed(Vocabulary::Statuses, values),
        "Status. Utan parametern visas de som lever; any visar alla.",
        "Status. Without the parameter those that are alive are shown; any shows all.",
    )
    .filter("status", "any")
    .facet()
    .cells(STATUS_CELLS)
}

/// One reference to another record.
pub(super) const fn reference(
    property: &'static str,
    parameter: &'static str,
    kinds: &'static [Kind],
    cells: &'static [Cell],
    sv: &'static str,
    en: &'static str,
) -> Row {
    Row::property(property, Type::Reference(kinds), sv, en).filter(parameter, "demo:org-samforma").cells(cells)
}
