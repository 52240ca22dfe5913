//! From parameters to a query: everything wrong is collected and told at once.

use crate::api::cursor::{Cursor, CursorKey, Fingerprint};
use crate::api::language::Language;
use crate::api::parameters::{Params, shortened, unknown_parameter, wrong_parameters};
use crate::api::table::{Include, Row, Table, Type};
use crate::api::values::meant;
use crate::error::{Code, Error, FieldError, Message, Result};
use crate::identifier::{PathId, parse_path_id};
use crate::resources::Kind;
use crate::search::query::{Filter, Query};
use crate::search::text::syntax::{self, FIELDS, Typed};
use crate::vocabulary::names::{areas, municipalities};
use uuid::Uuid;

/// The last record that a page number reaches.
pub const DEEPEST: u64 = 10_000;
/// How many records a page has when `limit` is not given.
pub const DEFAULT_LIMIT: usize = 20;
/// The most records that a page has.
pub const MOST: usize = 100;
const MOST_IDS: usize = 100;
const MOST_VALUES: usize = 200;
const LONGEST_TEXT: usize = 500;

/// Finds the records that references in parameters name.
pub trait Resolve {
    /// The id of the record of one of these kinds (any, when there are none) that a UUID, `scheme:value` or organisation
    /// number names.
    ///
    /// # Errors
    /// Faults of ours only: a record that is not there is `None`.
    fn resolve(&self, kinds: &[Kind], text: &str) -> Result<Option<Uuid>>;
}

/// What parsing needs beside table and parameters.
pub struct Context<'a> {
    /// Finds records by their keys.
    pub resolve: &'a dyn Resolve,
    /// The caller's language.
    pub language: Language,
    /// Reads cursors, where there are pages.
    pub cursors: Option<&'a CursorKey>,
    /// What the path adds to the query, such as the organisation of a sub-resource; empty for plain lists.
    pub scope: &'a str,
}

/// What a caller asks a list or search for.
#[derive(Debug, Clone, PartialEq)]
pub struct ListRequest {
    /// The query for the index.
    pub query: Query,
    /// The page from 1, as asked for; 0 lies before the first. With a cursor the page that it begins.
    pub page: u64,
    /// How many records a page has.
    pub limit: usize,
    /// The cursor that was followed.
    pub cursor: Option<Cursor>,
    /// The only properties to give; none means all.
    pub fields: Vec<&'static str>,
    /// Related records to embed.
    pub include: Vec<&'static Include>,
    /// The change that must be searchable before the answer.
    pub min_change: Option<u64>,
    /// What cursors of this query are bound to.
    pub fingerprint: Fingerprint,
}

impl ListRequest {
    /// Refuses a page beyond record 10,000 that lies inside the answer; one past its end is empty.
    ///
    /// # Errors
    /// 400 `page-too-deep`, naming `cursor`.
    pub fn check_depth(&self, total: u64) -> Result<()> {
        let before = self.page.saturating_sub(1).saturating_mul(self.limit as u64);
        let beyond = self.page.saturating_mul(self.limit as u64).min(total) > DEEPEST;
        if self.cursor.is_some() || !beyond || before >= total {
            return Ok(());
        }
        let detail = Message::fixed(
            "Sidnummer når till post 10 000. Följ länken next, som har cursor, för att nå längre.",
            "Page numbers reach record 10,000. Follow the link next, which has a cursor, to go further.",
        );
        Err(Error::Problem {
            code: Code::PageTooDeep,
            detail: detail.clone(),
            errors: vec![FieldError::parameter("page", "too-deep", detail)],
        })
    }

    /// How many hits come before the first of this page.
    pub fn before(&self) -> u64 {
        match &self.cursor {
            Some(cursor) => cursor.before,
            None => self.page.saturating_sub(1).saturating_mul(self.limit as u64),
        }
    }
}

/// Reads the parameters of a list or search.
///
/// # Errors
/// 400 that names every wrong parameter; faults of `Resolve`.
pub fn parse(table: &'static Table, params: &Params, context: &Context<'_>) -> Result<ListRequest> {
    let mut reader =
        Reader { table, params, context, errors: Vec::new(), query: Query::default(), typed: Typed::default() };
    reader.query.kinds = table.kinds.to_vec();
    reader.query.lang = Some(context.language.text());
    reader.unknown();
    reader.text();
    reader.filters()?;
    reader.status();
    reader.ids()?;
    reader.place();
    reader.times();
    reader.sort();
    reader.wrapped();
    let fields = reader.names("fields", |table, name| table_fields(table).find(|field| *field == name));
    let include = reader.names("include", |table, name| table.includes.iter().find(|include| include.name == name));
    reader.query.facets = reader.names("facets", |table, name| table.facets().find(|facet| *facet == name));
    let min_change = reader.number("minChange", u64::MAX);
    let fingerprint = fingerprint(table, params, context.scope);
    let (page, limit, cursor) = reader.paging(fingerprint);
    if !reader.errors.is_empty() {
        return Err(wrong_parameters(reader.errors));
    }
    Ok(ListRequest { query: reader.query, page, limit, cursor, fields, include, min_change, fingerprint })
}

/// Reads the filters of a table and nothing else: for operations that have their own other parameters. Without `status`
/// records of every status are meant. Gives what is wrong beside the query.
///
/// # Errors
/// Faults of `Resolve`.
pub(crate) fn parse_filters(
    table: &'static Table,
    params: &Params,
    context: &Context<'_>,
) -> Result<(Query, Vec<FieldError>)> {
    let mut reader =
        Reader { table, params, context, errors: Vec::new(), query: Query::default(), typed: Typed::default() };
    reader.filters()?;
    if params.all("status").next().is_some() {
        reader.status();
    }
    Ok((reader.query, reader.errors))
}

/// What decides which hits there are and in which order, from the parameters as they were sent.
fn fingerprint(table: &Table, params: &Params, scope: &str) -> Fingerprint {
    const SHAPE: &[&str] =
        &["page", "limit", "cursor", "fields", "include", "facets", "minChange", "highlight", "explain"];
    let scope = format!("{}\0{scope}", table.name);
    Fingerprint::of(&scope, params.pairs().filter(|(name, _)| !SHAPE.contains(name)))
}

/// The names that `fields` may hold: in a search those of every kind.
fn table_fields(table: &'static Table) -> Box<dyn Iterator<Item = &'static str>> {
    if table.is_search() {
        Box::new(crate::api::tables::ALL.iter().flat_map(|table| table.fields()))
    } else {
        Box::new(table.fields())
    }
}

struct Reader<'a> {
    table: &'static Table,
    params: &'a Params,
    context: &'a Context<'a>,
    errors: Vec<FieldError>,
    query: Query,
    /// The words and operators of `q`.
    typed: Typed,
}

impl Reader<'_> {
    fn wrong(&mut self, name: &str, code: &'static str, sv: impl Into<String>, en: impl Into<String>) {
        self.errors.push(FieldError::parameter(name, code, Message::new(sv, en)));
    }

    fn single(&mut self, name: &'static str) -> Option<String> {
        match self.params.single(name) {
            Ok(value) => value.map(str::to_owned),
            Err(error) => {
                self.errors.push(error);
                None
            }
        }
    }

    fn unknown(&mut self) {
        let mut told: Vec<&str> = Vec::new();
        for (name, _) in self.params.pairs() {
            if !told.contains(&name) && !self.table.parameters().any(|known| known == name) {
                told.push(name);
                self.errors.push(unknown_parameter(name, self.table.parameters()));
            }
        }
    }

    fn text(&mut self) {
        let Some(text) = self.single("q") else { return };
        let text = text.trim();
        if text.chars().count() > LONGEST_TEXT {
            let most = LONGEST_TEXT;
            self.wrong("q", "too-long", format!("Högst {most} tecken."), format!("At most {most} characters."));
        } else if !text.is_empty() {
            // Where nothing is a field it does not matter which there are.
            if text.contains(':') {
                let fields = FIELDS.iter().map(|field| field.parameter).filter(|name| !name.is_empty());
                self.query.without = fields.filter(|name| self.table.by_parameter(name).is_none()).collect();
            }
            self.typed = syntax::read(text, &self.query.without, &|_| false);
            self.query.text = Some(text.to_owned());
        }
    }

    fn filters(&mut self) -> Result<()> {
        for row in self.table.rows.iter().filter(|row| !row.parameter.is_empty() && row.parameter != "status") {
            let values: Vec<String> = self.params.all(row.parameter).map(str::to_owned).collect();
            for value in values {
                self.filter(row, &value)?;
            }
        }
        Ok(())
    }

    /// Adds one filter: the values that commas part are alternatives.
    fn filter(&mut self, row: &'static Row, value: &str) -> Result<()> {
        let Some(parts) = self.parts(row.parameter, value) else { return Ok(()) };
        match row.value {
            Type::Area => {
                let found: Vec<u16> = self.places(row.parameter, &parts).iter().map(|area| area.number).collect();
                self.query.areas.push(found);
            }
            Type::Seat => {
                let found = self.places(row.parameter, &parts);
                let seats = found.into_iter().flat_map(municipalities).map(|term| term.key.clone());
                let any = seats.collect();
                self.query.filters.push(Filter { name: row.parameter, any });
            }
            Type::Reference(kinds) => {
                let mut any = Vec::with_capacity(parts.len());
                for part in parts {
                    any.extend(self.reference(row.parameter, kinds, &part)?.map(|id| id.to_string()));
                }
                self.query.filters.push(Filter { name: row.parameter, any });
            }
            Type::RecordType => self.kinds(row, &parts),
            _ => {
                let any = parts.into_iter().filter(|part| self.known_key(row, part)).collect();
                self.query.filters.push(Filter { name: row.parameter, any });
            }
        }
        Ok(())
    }

    /// The values that commas part; nothing, with an error noted, when there are none or too many.
    fn parts(&mut self, name: &'static str, value: &str) -> Option<Vec<String>> {
        let parts: Vec<String> =
            value.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect();
        if parts.is_empty() {
            self.wrong(name, "empty", "Parametern saknar värde.", "The parameter has no value.");
            return None;
        }
        if parts.len() > MOST_VALUES {
            let most = MOST_VALUES;
            self.wrong(name, "too-many", format!("Högst {most} värden."), format!("At most {most} values."));
            return None;
        }
        Some(parts)
    }

    fn places(&mut self, name: &'static str, parts: &[String]) -> Vec<&'static crate::vocabulary::Term> {
        let mut found = Vec::new();
        for part in parts {
            let places = areas(part);
            if places.is_empty() {
                self.unknown_value(name, part, meant(crate::vocabulary::Vocabulary::Municipalities, part));
            }
            found.extend(places);
        }
        found
    }

    /// Search by type: what is asked for several times must hold each time.
    fn kinds(&mut self, row: &'static Row, parts: &[String]) {
        let known: Vec<Kind> =
            parts.iter().filter(|part| self.known_key(row, part)).filter_map(|part| Kind::from_name(part)).collect();
        if self.query.kinds.is_empty() {
            self.query.kinds = known;
        } else {
            self.query.kinds.retain(|kind| known.contains(kind));
            if self.query.kinds.is_empty() {
                self.nothing();
            }
        }
    }

    /// Makes the query find nothing: two demands exclude each other.
    fn nothing(&mut self) {
        self.query.ids = vec![Uuid::nil()];
    }

    fn known_key(&mut self, row: &'static Row, key: &str) -> bool {
        let known = match row.value {
            Type::Closed(_, values) => values.contains(&key),
            Type::Word => key.chars().count() <= MOST_VALUES,
            _ => row.vocabularies().iter().any(|vocabulary| vocabulary.contains(key)),
        };
        if !known {
            let near = row.vocabularies().iter().find_map(|vocabulary| meant(*vocabulary, key));
            let near = near.filter(|near| match row.value {
                Type::Closed(_, values) => values.contains(near),
                _ => true,
            });
            self.unknown_value(row.parameter, key, near);
        }
        known
    }

    fn unknown_value(&mut self, name: &str, value: &str, near: Option<&str>) {
        let value = shortened(&crate::identifier::mask_personal(value));
        let (sv, en) = match near {
            Some(near) => (
                format!("Värdet \"{value}\" finns inte. Menade du {near}?"),
                format!("There is no value \"{value}\". Did you mean {near}?"),
            ),
            None => (format!("Värdet \"{value}\" finns inte."), format!("There is no value \"{value}\".")),
        };
        self.wrong(name, "unknown-value", sv, en);
    }

    fn reference(&mut self, name: &'static str, kinds: &[Kind], text: &str) -> Result<Option<Uuid>> {
        match parse_path_id(text) {
            Ok(_) => {}
            Err(error) if error.code() == Code::NotFound => {
                self.unknown_value(name, text, None);
                return Ok(None);
            }
            Err(Error::Problem { detail, errors, .. }) => {
                let code = errors.first().map_or("format", |error| error.code);
                self.errors.push(FieldError::parameter(name, code, detail));
                return Ok(None);
            }
            Err(error) => return Err(error),
        }
        let found = self.context.resolve.resolve(kinds, text)?;
        if found.is_none() {
            self.unknown_value(name, text, None);
        }
        Ok(found)
    }

    fn status(&mut self) {
        let Some(row) = self.table.by_parameter("status") else { return };
        let values: Vec<String> = self.params.all("status").map(str::to_owned).collect();
        if values.is_empty() && !self.typed.names_status() {
            let any = self.table.default_status.iter().map(|status| (*status).to_owned()).collect();
            self.query.filters.push(Filter { name: "status", any });
        }
        for value in values.iter().filter(|value| *value != "any") {
            let Some(parts) = self.parts("status", value) else { continue };
            let any = parts.into_iter().filter(|part| self.known_key(row, part)).collect();
            self.query.filters.push(Filter { name: "status", any });
        }
    }

    fn ids(&mut self) -> Result<()> {
        let values: Vec<String> = self.params.all("id").map(str::to_owned).collect();
        for (index, value) in values.iter().enumerate() {
            let Some(parts) = self.parts("id", value) else { continue };
            if parts.len() > MOST_IDS {
                let most = MOST_IDS;
                self.wrong("id", "too-many", format!("Högst {most} id."), format!("At most {most} ids."));
                continue;
            }
            let mut ids = Vec::with_capacity(parts.len());
            for part in &parts {
                // An id needs no look-up: what is not there is not found.
                match parse_path_id(part) {
                    Ok(PathId::Uuid(id)) => ids.push(id),
                    _ => ids.extend(self.reference("id", self.table.kinds, part)?),
                }
            }
            if index > 0 || self.query.ids == [Uuid::nil()] {
                self.query.ids.retain(|id| ids.contains(id));
            } else {
                self.query.ids = ids;
            }
            if self.query.ids.is_empty() {
                self.nothing();
            }
        }
        Ok(())
    }
}

mod controls;

#[cfg(test)]
mod tests;
