//! One table per list: properties, filters, facets, CSV columns and their texts. Parser, OpenAPI parameters, CSV and
//! field selection are all made from it, so that they cannot say different things.

use crate::api::parameters::nearest;
use crate::resources::Kind;
use crate::search::query::SortBy;
use crate::vocabulary::Vocabulary;

/// What a list is: its rows and the rules that hold for all of it.
#[derive(Debug)]
pub struct Table {
    /// The last segment of its path.
    pub name: &'static str,
    /// The kinds it finds; none for search, which asks by `type`.
    pub kinds: &'static [Kind],
    /// Its properties and filters, in the order of documentation and CSV.
    pub rows: &'static [Row],
    /// The statuses shown when `status` is not given; none where records have no status.
    pub default_status: &'static [&'static str],
    /// What it can be sorted by.
    pub sorts: &'static [SortBy],
    /// Whether records have a place: `near`, `radiusKm`, `bbox`.
    pub located: bool,
    /// Whether records have a time of their own: `from` and `to`.
    pub timed: bool,
    /// Related records that can be embedded.
    pub includes: &'static [Include],
}

/// One property of the records, one filter, or both.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The JSON property; empty for a filter that is no property.
    pub property: &'static str,
    /// The parameter that filters by it; empty where there is none.
    pub parameter: &'static str,
    /// What its values are.
    pub value: Type,
    /// Whether its values can be counted.
    pub facet: bool,
    /// How it stands in CSV.
    pub cells: &'static [Cell],
    /// What it is, in Swedish.
    pub sv: &'static str,
    /// What it is, in English.
    pub en: &'static str,
    /// A value for the documentation of the parameter.
    pub example: &'static str,
}

/// What the values of a row are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// Keys of a vocabulary.
    Keys(Vocabulary),
    /// Some of the keys of a vocabulary that labels a closed set.
    Closed(Vocabulary, &'static [&'static str]),
    /// Other records of these kinds.
    Reference(&'static [Kind]),
    /// Offers or needs: by topic or by kind of exchange.
    Exchange,
    /// Where it is active: a code, or a name in any of its languages; what covers the place is found too.
    Area,
    /// One municipality; a county or the country stands for all of its municipalities.
    Seat,
    /// A word that is compared as it is.
    Word,
    /// The kind of record (search only).
    RecordType,
    /// Anything that cannot be filtered by.
    Plain,
}

/// A column of a CSV answer.
#[derive(Debug, Clone, Copy)]
pub struct Cell {
    /// Its header.
    pub header: &'static str,
    /// What stands in it.
    pub value: CellValue,
}

/// What stands in a cell.
#[derive(Debug, Clone, Copy)]
pub enum CellValue {
    /// The values at a path of property names parted by dots; lists are walked through.
    Path(&'static str),
    /// Of a list of objects, those whose property has a value: the value of another property of theirs.
    Where {
        /// The list.
        list: &'static str,
        /// The property that is compared.
        key: &'static str,
        /// Its value.
        is: &'static str,
        /// The property that is given.
        give: &'static str,
    },
    /// Of a list of objects, two properties joined by a colon.
    Pairs {
        /// The list.
        list: &'static str,
        /// The first property.
        first: &'static str,
        /// The second property.
        second: &'static str,
    },
    /// A property of the search hit around the record.
    Hit(&'static str),
}

/// Related records that `include` embeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Include {
    /// The name in the parameter and in the answer.
    pub name: &'static str,
    /// How they are found.
    pub by: IncludeBy,
    /// What they are, in Swedish.
    pub sv: &'static str,
    /// What they are, in English.
    pub en: &'static str,
}

/// How included records are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IncludeBy {
    /// The record names one or several in this property.
    Property(&'static str, &'static [Kind]),
    /// They are of this kind and name the record in this filter.
    Reverse(Kind, &'static str),
}

impl Row {
    /// A property that is neither filter nor facet.
    pub const fn property(property: &'static str, value: Type, sv: &'static str, en: &'static str) -> Row {
        Row { property, parameter: "", value, facet: false, cells: &[], sv, en, example: "" }
    }

    /// A filter that is no property.
    pub const fn only_filter(
        parameter: &'static str,
        value: Type,
        sv: &'static str,
        en: &'static str,
        example: &'static str,
    ) -> Row {
        Row { property: "", parameter, value, facet: false, cells: &[], sv, en, example }
    }

    /// The same with a filter.
    pub const fn filter(mut self, parameter: &'static str, example: &'static str) -> Row {
        self.parameter = parameter;
        self.example = example;
        self
    }

    /// The same with its values counted on demand, under the filter's name.
    pub const fn facet(mut self) -> Row {
        self.facet = true;
        self
    }

    /// The same with columns in CSV.
    pub const fn cells(mut self, cells: &'static [Cell]) -> Row {
        self.cells = cells;
        self
    }

    /// The vocabularies whose keys are its values.
    pub fn vocabularies(&self) -> &'static [Vocabulary] {
        match self.value {
            Type::Keys(vocabulary) | Type::Closed(vocabulary, _) => one(vocabulary),
            Type::Exchange => &[Vocabulary::Topics, Vocabulary::ExchangeKinds],
            Type::Area | Type::Seat => &[Vocabulary::Municipalities],
            Type::RecordType => &[Vocabulary::RecordTypes],
            Type::Reference(_) | Type::Word | Type::Plain => &[],
        }
    }
}

/// A vocabulary as a slice that lives as long as the program.
fn one(vocabulary: Vocabulary) -> &'static [Vocabulary] {
    let at = Vocabulary::ALL.iter().position(|other| *other == vocabulary).unwrap_or_default();
    Vocabulary::ALL.get(at..=at).unwrap_or_default()
}

/// A column that holds one property.
pub const fn column(path: &'static str) -> Cell {
    Cell { header: path, value: CellValue::Path(path) }
}

/// Properties that every record has beside its own.
pub const COMMON: &[&str] = &["id", "version", "createdAt", "updatedAt"];

/// Parameters that every list has beside the filters of its table.
pub const CONTROLS: &[&str] = &[
    "q",
    "id",
    "status",
    "updatedAfter",
    "sort",
    "page",
    "limit",
    "cursor",
    "fields",
    "include",
    "facets",
    "minChange",
];
/// Parameters of lists whose records have a place.
pub const PLACE: &[&str] = &["near", "radiusKm", "bbox"];
/// Parameters of lists whose records have a time.
pub const TIME: &[&str] = &["from", "to"];
/// Parameters of search alone.
pub const WRAPPED: &[&str] = &["highlight", "explain"];

impl Table {
    /// Whether it is the search over all kinds, whose hits are wrapped.
    pub const fn is_search(&self) -> bool {
        self.kinds.is_empty()
    }

    /// All parameters that it takes.
    pub fn parameters(&self) -> impl Iterator<Item = &'static str> {
        let filters = self.rows.iter().map(|row| row.parameter).filter(|name| !name.is_empty());
        let common = CONTROLS.iter().copied().filter(|name| match *name {
            "status" => !self.default_status.is_empty(),
            "include" => !self.includes.is_empty(),
            _ => true,
        });
        let place = PLACE.iter().copied().filter(|_| self.located);
        let time = TIME.iter().copied().filter(|_| self.timed);
        let wrapped = WRAPPED.iter().copied().filter(|_| self.is_search());
        // `status` is both a row and a control: it is told once.
        let filters = filters.filter(|name| *name != "status");
        common.chain(filters).chain(place).chain(time).chain(wrapped)
    }

    /// The row that a parameter filters by.
    pub fn by_parameter(&self, name: &str) -> Option<&'static Row> {
        self.rows.iter().find(|row| row.parameter == name && !name.is_empty())
    }

    /// The names of the facets.
    pub fn facets(&self) -> impl Iterator<Item = &'static str> {
        self.rows.iter().filter(|row| row.facet).map(|row| row.parameter)
    }

    /// The names that `fields` may hold.
    pub fn fields(&self) -> impl Iterator<Item = &'static str> {
        let own = self.rows.iter().map(|row| row.property).filter(|name| !name.is_empty());
        COMMON.iter().copied().chain(own)
    }

    /// The columns of a CSV answer, with `fields` only those of the named properties.
    pub fn columns<'a>(&'a self, fields: &'a [&'static str]) -> impl Iterator<Item = Cell> + 'a {
        const FIRST: &[Cell] = &[column("id")];
        const HIT: &[Cell] = &[
            Cell { header: "type", value: CellValue::Hit("type") },
            column("id"),
            Cell { header: "title", value: CellValue::Hit("title") },
            Cell { header: "score", value: CellValue::Hit("score") },
        ];
        const LAST: &[Cell] = &[column("version"), column("createdAt"), column("updatedAt")];
        let named = |name: &str| fields.is_empty() || fields.contains(&name);
        let first = if self.is_search() { HIT } else { FIRST };
        let first = first.iter().filter(move |cell| matches!(cell.value, CellValue::Hit(_)) || named(cell.header));
        let own = self.rows.iter().filter(move |row| named(row.property)).flat_map(|row| row.cells);
        let last = LAST.iter().filter(move |cell| named(cell.header));
        first.chain(own).chain(last).copied()
    }

    /// The known parameter nearest to an unknown one.
    pub fn nearest_parameter(&self, name: &str) -> Option<&'static str> {
        nearest(name, self.parameters())
    }
}

/// The name of a sort key in the parameter.
pub const fn sort_name(by: SortBy) -> &'static str {
    match by {
        SortBy::Relevance => "relevance",
        SortBy::Name => "name",
        SortBy::UpdatedAt => "updatedAt",
        SortBy::Distance => "distance",
        SortBy::Start => "start",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::tables;
    use std::collections::HashSet;

    #[test]
    fn every_kind_has_a_table_of_its_own() {
        for kind in Kind::ALL {
            let table = tables::of(kind);
            assert_eq!(table.kinds, [kind]);
            assert_eq!(table.name, kind.plural());
        }
        assert!(tables::SEARCH.is_search());
    }

    #[test]
    fn no_name_stands_twice() {
        for table in tables::ALL {
            let mut seen = HashSet::new();
            assert!(table.parameters().all(|name| seen.insert(name)), "{}: {seen:?}", table.name);
            let mut seen = HashSet::new();
            assert!(table.fields().all(|name| seen.insert(name)), "{}", table.name);
            let mut seen = HashSet::new();
            assert!(table.columns(&[]).all(|cell| seen.insert(cell.header)), "{}", table.name);
        }
    }

    #[test]
    fn every_row_says_what_it_is_in_both_languages() {
        for row in tables::ALL.iter().flat_map(|table| table.rows) {
            let name = if row.property.is_empty() { row.parameter } else { row.property };
            assert!(!row.sv.is_empty() && !row.en.is_empty(), "{name}");
            assert!(row.parameter.is_empty() || !row.example.is_empty(), "{name} has no example");
            assert!(!row.facet || !row.vocabularies().is_empty(), "{name} is counted without labels");
        }
    }

    #[test]
    fn names_are_letters_in_camel_case() {
        for table in tables::ALL {
            for name in table.parameters().chain(table.fields()).chain(table.facets()) {
                assert!(name.bytes().all(|byte| byte.is_ascii_alphabetic()), "{name}");
                assert!(name.starts_with(|c: char| c.is_ascii_lowercase()), "{name}");
            }
        }
    }

    #[test]
    fn closed_sets_are_labelled() {
        for row in tables::ALL.iter().flat_map(|table| table.rows) {
            if let Type::Closed(vocabulary, values) = row.value {
                assert!(values.iter().all(|value| vocabulary.contains(value)), "{}", row.parameter);
            }
        }
    }
}
