//! How records become documents of the index: what several resources do alike.

use crate::db::AnyConnection;
use crate::db::creations;
use crate::db::store::Row;
use crate::error::Result;
use crate::resources::organisation::OrganisationInput;
use crate::resources::resource::{Resource, canonical, parse};
use crate::resources::structure::StructureInput;
use crate::resources::values::{Exchange, Identifier, LocalizedText, Name, NameKind, Source, TextLanguage};
use crate::resources::{Audience, Kind};
use crate::search::document::{Document, DocumentName};
use crate::search::text::address;
use crate::vocabulary::Vocabulary;
use serde::Serialize;
use std::collections::HashMap;
use uuid::Uuid;

/// The names of records that documents mention, loaded at once for a batch.
#[derive(Debug, Default)]
pub(crate) struct NamesOf(HashMap<Uuid, Vec<Name>>);

impl NamesOf {
    /// Loads the names of these records of all kinds that have names.
    pub(crate) fn load(connection: &mut AnyConnection, mut ids: Vec<Uuid>) -> Result<NamesOf> {
        use crate::resources::{forum::Forums, network::Networks, organisation::Organisations};
        ids.sort_unstable();
        ids.dedup();
        let mut names = HashMap::with_capacity(ids.len());
        if ids.is_empty() {
            return Ok(NamesOf(names));
        }
        for row in Organisations::load(connection, &ids)? {
            let content: OrganisationInput = parse::<Organisations>(&row)?;
            names.insert(row.id, content.names);
        }
        let rest: Vec<Uuid> = ids.into_iter().filter(|id| !names.contains_key(id)).collect();
        if !rest.is_empty() {
            for row in Networks::load(connection, &rest)? {
                let content: StructureInput = parse::<Networks>(&row)?;
                names.insert(row.id, content.names);
            }
            for row in Forums::load(connection, &rest)? {
                let content: StructureInput = parse::<Forums>(&row)?;
                names.insert(row.id, content.names);
            }
        }
        Ok(NamesOf(names))
    }

    /// All names of a record.
    pub(crate) fn all(&self, id: Uuid) -> &[Name] {
        self.0.get(&id).map_or(&[], Vec::as_slice)
    }

    /// The title of a record in a language.
    pub(crate) fn title(&self, id: Uuid, lang: TextLanguage) -> String {
        let titles = titles(self.all(id));
        titles
            .iter()
            .find(|(l, _)| *l == lang)
            .or_else(|| titles.first())
            .map(|(_, title)| title.clone())
            .unwrap_or_default()
    }
}

/// Titles by language: the official name of each, Swedish first.
pub(crate) fn titles(names: &[Name]) -> Vec<(TextLanguage, String)> {
    let mut titles: Vec<(TextLanguage, String)> = Vec::new();
    let official = names.iter().filter(|name| name.kind == NameKind::Official);
    let other = names.iter().filter(|name| name.kind == NameKind::Alias && name.lang != TextLanguage::Sv);
    for name in official.chain(other) {
        if !titles.iter().any(|(lang, _)| *lang == name.lang) {
            titles.push((name.lang, name.value.clone()));
        }
    }
    titles.sort_by_key(|(lang, _)| *lang != TextLanguage::Sv);
    titles
}

/// A document with what all records have; the resource fills in the rest.
pub(crate) fn begin<R: Resource>(row: &Row, creations: &HashMap<Uuid, i64>, audience: Audience) -> Document {
    Document {
        kind: R::KIND,
        id: row.id,
        audience,
        tie: creations.get(&row.id).copied().and_then(|tie| u64::try_from(tie).ok()).unwrap_or(0),
        updated_at: row.updated_at.timestamp_micros(),
        titles: Vec::new(),
        names: Vec::new(),
        topics: Vec::new(),
        areas: Vec::new(),
        seat: None,
        terms: Vec::new(),
        texts: Vec::new(),
        related_names: Vec::new(),
        keys: vec![row.id.to_string()],
        filters: Vec::new(),
        facets: term(Vocabulary::RecordTypes, R::KIND.name()).map(|number| ("type", number)).into_iter().collect(),
        location: None,
        rest: 0,
        span: None,
        record: canonical(row).into_bytes(),
    }
}

/// The creations of a batch of rows.
pub(crate) fn creations_of(connection: &mut AnyConnection, rows: &[Row]) -> Result<HashMap<Uuid, i64>> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    Ok(creations(connection, &ids)?.into_iter().collect())
}

fn term(vocabulary: Vocabulary, key: &str) -> Option<u16> {
    vocabulary.term(key).map(|term| term.number)
}

impl Document {
    /// Adds names and the titles made of them.
    pub(crate) fn with_names(mut self, names: &[Name]) -> Self {
        self.titles = titles(names);
        self.names = names
            .iter()
            .map(|name| DocumentName { value: name.value.clone(), lang: name.lang, kind: name.kind })
            .collect();
        self
    }

    /// Adds a title of its own for records without names.
    pub(crate) fn with_title(mut self, text: &LocalizedText) -> Self {
        self.titles = text.texts().map(|(lang, text)| (lang, text.to_owned())).collect();
        self.names = self
            .titles
            .iter()
            .map(|(lang, value)| DocumentName { value: value.clone(), lang: *lang, kind: NameKind::Official })
            .collect();
        self
    }

    /// Adds running text.
    pub(crate) fn text(&mut self, text: Option<&LocalizedText>) {
        self.texts.extend(text.into_iter().flat_map(LocalizedText::texts).map(|(_, text)| text.to_owned()));
    }

    /// Adds an exact filter.
    pub(crate) fn filter(&mut self, name: &'static str, value: impl Into<String>) {
        self.filters.push((name, value.into()));
    }

    /// Adds a filter and facet for keys of a vocabulary; a broader key finds what a narrower one marks.
    pub(crate) fn keyed(&mut self, name: &'static str, vocabulary: Vocabulary, keys: &[String]) {
        let mut numbers: Vec<u16> = Vec::new();
        for term in keys.iter().filter_map(|key| vocabulary.term(key)) {
            numbers.push(term.number);
            numbers.extend(&term.ancestors);
        }
        numbers.sort_unstable();
        numbers.dedup();
        for number in numbers {
            if let Some(term) = crate::vocabulary::by_number(number) {
                self.filter(name, term.key.clone());
                self.facets.push((name, number));
            }
        }
    }

    /// Adds a filter and facet for a closed set whose labels a vocabulary holds.
    pub(crate) fn closed<T: Serialize>(&mut self, name: &'static str, vocabulary: Vocabulary, value: &T) {
        let key = word(value);
        if let Some(number) = term(vocabulary, &key) {
            self.facets.push((name, number));
        }
        self.filter(name, key);
    }

    /// Adds topics: searched, filtered and counted.
    pub(crate) fn topics(&mut self, keys: &[String]) {
        self.keyed("topic", Vocabulary::Topics, keys);
        self.topics.extend(keys.iter().filter_map(|key| term(Vocabulary::Topics, key)));
    }

    /// Adds other vocabulary terms to what is searched.
    pub(crate) fn searched(&mut self, vocabulary: Vocabulary, keys: &[String]) {
        self.terms.extend(keys.iter().filter_map(|key| term(vocabulary, key)));
    }

    /// Adds the areas it covers.
    pub(crate) fn covers(&mut self, codes: &[String]) {
        self.areas.extend(codes.iter().filter_map(|code| term(Vocabulary::Municipalities, code)));
        for code in codes {
            self.filter("area", code.clone());
        }
    }

    /// Adds identifiers as exact keys and as a filter.
    pub(crate) fn identified(&mut self, identifiers: &[Identifier]) {
        for identifier in identifiers {
            let full = format!("{}:{}", identifier.scheme, identifier.value);
            self.filter("identifier", full.clone());
            self.keys.push(full);
            self.keys.push(identifier.value.clone());
        }
    }

    /// Adds the name of its source as a filter.
    pub(crate) fn sourced(&mut self, source: Option<&Source>) {
        if let Some(source) = source {
            self.filter("source", source.name.clone());
        }
    }

    /// Adds offers or needs. A key that is both a topic and a kind is one value, as the filter has it.
    pub(crate) fn exchanged(&mut self, name: &'static str, exchanges: &[Exchange]) {
        for exchange in exchanges {
            self.keyed(name, Vocabulary::Topics, &exchange.topics);
            self.closed(name, Vocabulary::ExchangeKinds, &exchange.kind);
            self.text(exchange.text.as_ref());
            self.terms.extend(exchange.topics.iter().filter_map(|key| term(Vocabulary::Topics, key)));
        }
        for (_, number) in self.facets.iter_mut().filter(|(facet, _)| *facet == name) {
            let key = crate::vocabulary::by_number(*number).map_or("", |term| &term.key);
            *number = term(Vocabulary::ExchangeKinds, key).unwrap_or(*number);
        }
        self.facets.sort_unstable();
        self.facets.dedup();
    }

    /// Lets the names of a related record lead here.
    pub(crate) fn related(&mut self, names: &[Name]) {
        self.related_names.extend(names.iter().map(|name| name.value.clone()));
    }
}

/// The word that a value of a closed set is in JSON.
pub(crate) fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// The kind and audience that a document of a told record has.
pub(crate) const fn audience(told: crate::db::Told) -> Audience {
    match told {
        crate::db::Told::Public => Audience::Public,
        crate::db::Told::Partners | crate::db::Told::Protected => Audience::Partners,
    }
}

/// How little alive a status is: active 0, wanted but not there yet 1, dormant 2, dissolved or ended 3. What tells too little to be
/// of use counts as wanted.
pub(crate) fn rest(status: &str) -> u8 {
    match status {
        "active" => 0,
        "wanted" => 1,
        "dormant" => 2,
        _ => 3,
    }
}

/// The kinds whose documents show names of organisations, networks and forums.
pub(crate) fn with_kind_of(ids: Vec<Uuid>, kind: Kind) -> impl Iterator<Item = (Kind, Uuid)> {
    ids.into_iter().map(move |id| (kind, id))
}

/// The titles of a record that joins two others: one – other, in Swedish and English.
pub(crate) fn pair_titles(names: &NamesOf, one: Uuid, other: Uuid) -> Vec<(TextLanguage, String)> {
    let swedish = format!("{} – {}", names.title(one, TextLanguage::Sv), names.title(other, TextLanguage::Sv));
    let english = format!("{} – {}", names.title(one, TextLanguage::En), names.title(other, TextLanguage::En));
    if english == swedish {
        vec![(TextLanguage::Sv, swedish)]
    } else {
        vec![(TextLanguage::Sv, swedish), (TextLanguage::En, english)]
    }
}

/// Lets a record be found by a web or e-mail address: by the whole and its host as keys, by its parts as a filter.
fn address(document: &mut Document, filter: &'static str, address: &str) {
    for part in address::parts(address) {
        document.filter(filter, part);
    }
    document.keys.push(address.to_owned());
    document.keys.push(address::host(address).to_owned());
}

/// Lets a record be found by an e-mail address.
pub(crate) fn email(document: &mut Document, text: &str) {
    if let Some(found) = address::email(text) {
        address(document, "email", &found);
    }
}

/// Lets a record be found by a web address.
pub(crate) fn web(document: &mut Document, text: &str) {
    if let Some(found) = address::web(text) {
        address(document, "web", &found);
    }
}

/// Lets a record be found by a telephone number.
pub(crate) fn phone(document: &mut Document, text: &str) {
    if let Some(digits) = address::phone(text) {
        document.keys.push(address::phone_key(&digits));
        document.filter("phone", digits);
    }
}
