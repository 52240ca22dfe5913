//! From a document to what tantivy writes: terms with their places, filters, columns and the stored record.

use crate::resources::values::NameKind;
use crate::resources::{Audience, Kind};
use crate::search::document::Document;
use crate::search::evidence::{self, Places};
use crate::search::fields::{
    self, FOLDED_MARK, Fields, OFFICIAL_START_MARK, PREFIX_LETTERS, START_MARK, STEM_MARK, SURFACE_MARK, WHOLE_MARK,
};
use crate::search::phrase::Positions;
use crate::search::query::Query;
use crate::search::text::{self, Word};
use crate::search::{facets, stored};
use crate::vocabulary::{self, Term, Vocabulary};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{LazyLock, OnceLock};
use tantivy::TantivyDocument;

/// Words of texts beyond so many letters are left out: no one looks for what stands there, and it keeps bounds.
const LONGEST_TEXT: usize = 200_000;

/// Terms of a document, each with the places where it stands.
#[derive(Default)]
struct Terms {
    all: HashMap<String, Places>,
    surface: HashSet<String>,
    named: HashSet<String>,
    /// The words of names, and those of texts, one after the other.
    names: Positions,
    texts: Positions,
    /// Frequencies of vocabulary numbers.
    numbers: HashMap<u16, u8>,
}

/// The words of a label or text as terms.
struct Prepared {
    stems: Vec<String>,
    surfaces: Vec<String>,
}

/// Takes labels apart.
fn prepare<'a>(texts: impl Iterator<Item = &'a str>) -> Prepared {
    let mut stems = BTreeSet::new();
    let mut surfaces = BTreeSet::new();
    for text in texts {
        for word in text::words(text) {
            surfaces.insert(surface(&word));
            stems.extend(word.terms().map(str::to_owned));
        }
    }
    Prepared { stems: stems.into_iter().collect(), surfaces: surfaces.into_iter().collect() }
}

fn surface(word: &Word) -> String {
    format!("{}{SURFACE_MARK}{}", word.folded, word.exact)
}

/// The words of a vocabulary term's labels and synonyms, taken apart once.
fn prepared(number: u16) -> Option<&'static Prepared> {
    static ALL: LazyLock<Vec<OnceLock<Prepared>>> = LazyLock::new(|| {
        let count: usize = Vocabulary::ALL.iter().map(|vocabulary| vocabulary.terms().len()).sum();
        (0..count).map(|_| OnceLock::new()).collect()
    });
    let term = vocabulary::by_number(number)?;
    Some(ALL.get(usize::from(number))?.get_or_init(|| prepare(labels(term))))
}

fn labels(term: &'static Term) -> impl Iterator<Item = &'static str> {
    term.label.texts().map(|(_, label)| label).chain(term.synonyms.all())
}

impl Terms {
    fn name(&mut self, words: Vec<Word>, places: Places) {
        self.names.add(words.iter().map(surface));
        let old = !words.iter().any(|word| text::has_marks(&word.exact));
        for word in words {
            for stem in std::iter::once(&word.stem).chain(&word.marked) {
                self.named.insert(format!("{STEM_MARK}{stem}"));
                self.place(stem, places);
            }
            self.named.insert(format!("{FOLDED_MARK}{}", word.folded));
            self.surface.insert(surface(&word));
            for part in word.parts.iter().chain(&word.marked_parts) {
                self.place(part, evidence::PART);
            }
            if old {
                for term in word.plain_terms() {
                    let own = term.strip_prefix(text::PLAIN) == Some(word.stem.as_str());
                    self.place(&term, if own { places } else { evidence::PART });
                }
            }
        }
    }

    fn place(&mut self, term: &str, places: Places) {
        match self.all.get_mut(term) {
            Some(known) => *known |= places,
            None => {
                self.all.insert(term.to_owned(), places);
            }
        }
    }

    fn prepared(&mut self, prepared: &Prepared, places: Places) {
        for stem in &prepared.stems {
            self.place(stem, places);
        }
        for surface in &prepared.surfaces {
            if !self.surface.contains(surface) {
                self.surface.insert(surface.clone());
            }
        }
    }

    /// Running text, of which the order of words is kept; `old` where a system has written it that lacks å, ä and ö.
    fn text(&mut self, text: &str, places: Places, old: bool) {
        let words = text::words(text);
        self.texts.add(words.iter().map(surface));
        for word in words {
            word.terms().for_each(|term| self.place(term, places));
            if old {
                word.plain_terms().for_each(|term| self.place(&term, places));
            }
        }
    }

    fn vocabulary(&mut self, number: u16, topic: bool) {
        let places = if topic { evidence::TOPIC } else { evidence::KIND };
        if let Some(prepared) = prepared(number) {
            self.prepared(prepared, places);
        }
        self.number(number, evidence::term_frequency(topic, true));
        for broader in vocabulary::by_number(number).map_or(&[][..], |term| &term.ancestors) {
            self.number(*broader, evidence::term_frequency(topic, false));
        }
    }

    fn number(&mut self, number: u16, frequency: u8) {
        let known = self.numbers.entry(number).or_default();
        *known = frequency.max(*known);
    }
}

/// The folded words of a name, joined: what a whole name is compared by.
pub(crate) fn whole<'a>(words: impl IntoIterator<Item = &'a Word>) -> String {
    let mut whole = String::new();
    for word in words {
        if !whole.is_empty() {
            whole.push(' ');
        }
        whole.push_str(&word.folded);
    }
    whole
}

/// The beginnings of a word, one letter to `PREFIX_LETTERS`.
fn beginnings(word: &str) -> impl Iterator<Item = &str> {
    word.char_indices().map(|(at, letter)| &word[..at + letter.len_utf8()]).take(PREFIX_LETTERS)
}

/// The document as tantivy takes it in.
pub(crate) fn document(fields: &Fields, document: &Document) -> TantivyDocument {
    let mut out = TantivyDocument::default();
    out.add_text(fields.key, fields::record_key(document.kind, document.id));
    for key in document.keys.iter().map(|key| fields::exact_key(key)).collect::<BTreeSet<_>>() {
        out.add_text(fields.key, key);
    }
    let areas = facets::reduced(&document.areas);
    for term in filters(document, &areas) {
        out.add_text(fields.filter, term);
    }
    words(fields, document, &mut out);
    let sort_key = document.titles.first().map(|(_, title)| text::sort_key(title)).unwrap_or_default();
    out.add_custom(fields.ready, &stored::write(document, &sort_key));
    out.add_u64(fields.features, features(document));
    out.add_u64(fields.tie, document.tie);
    out.add_i64(fields.updated, document.updated_at);
    if !sort_key.is_empty() {
        out.add_bytes(fields.name, &sort_key);
    }
    if let Some((lat, lon)) = document.location {
        out.add_f64(fields.lat, lat);
        out.add_f64(fields.lon, lon);
    }
    if let Some((start, end)) = document.span {
        out.add_i64(fields.start, start);
        out.add_i64(fields.end, end);
    }
    for value in facets::values(document, &areas) {
        out.add_u64(fields.facets, value);
    }
    out
}

fn filters(document: &Document, areas: &[u16]) -> BTreeSet<String> {
    let mut filters: BTreeSet<String> =
        document.filters.iter().map(|(name, value)| fields::filter_term(name, value)).collect();
    filters.extend(areas.iter().map(|area| fields::stated_area(*area)));
    let stated = document.topics.iter().chain(&document.terms).chain(&document.areas).chain(&document.seat);
    filters.extend(stated.map(|number| fields::stated_term(*number)));
    filters.extend(facets::within(areas).into_iter().map(fields::within_area));
    filters
}

/// Whether a document meets the filters, areas, kinds and ids of a query, as the index would say: for those who follow
/// records one by one.
pub(crate) fn meets(document: &Document, query: &Query) -> bool {
    let held = filters(document, &facets::reduced(&document.areas));
    let filtered = query
        .filters
        .iter()
        .all(|filter| filter.any.iter().any(|value| held.contains(&fields::filter_term(filter.name, value))));
    let placed = query.areas.iter().all(|areas| {
        areas.iter().any(|area| {
            held.contains(&fields::within_area(*area))
                || facets::ancestors(*area).iter().any(|broader| held.contains(&fields::stated_area(*broader)))
        })
    });
    let of_kind = query.kinds.is_empty() || query.kinds.contains(&document.kind);
    let named = query.ids.is_empty() || query.ids.contains(&document.id);
    filtered && placed && of_kind && named
}

fn words(fields: &Fields, document: &Document, out: &mut TantivyDocument) {
    let mut terms = Terms::default();
    let mut wholes: HashMap<String, u8> = HashMap::new();
    let mut prefixes: BTreeSet<String> = BTreeSet::new();
    for name in &document.names {
        let words = text::words(&name.value);
        let whole = whole(&words);
        for word in &words {
            prefixes.extend(beginnings(&word.folded).map(str::to_owned));
        }
        let mark = if fields::is_official(name.kind) { OFFICIAL_START_MARK } else { START_MARK };
        prefixes.extend(beginnings(&whole).map(|beginning| format!("{mark}{beginning}")));
        let own = matches!(name.kind, NameKind::Official | NameKind::Short);
        let frequency = wholes.entry(whole).or_default();
        *frequency = (*frequency).max(if own { 2 } else { 1 });
        terms.name(words, if own { evidence::NAME } else { evidence::ALIAS });
    }
    for topic in &document.topics {
        terms.vocabulary(*topic, true);
    }
    for term in &document.terms {
        terms.vocabulary(*term, false);
    }
    if let Some(term) = text::named_type(document.kind) {
        terms.number(term.number, evidence::term_frequency(false, false));
    }
    for area in document.areas.iter().chain(&document.seat) {
        if let Some(prepared) = prepared(*area) {
            terms.prepared(prepared, evidence::PLACE);
        }
    }
    // English texts have no å, ä and ö either: a text is taken for an old system's only where nothing in the record has them.
    let texts = || document.texts.iter().map(|text| bounded(text));
    let names = document.names.iter().map(|name| name.value.as_str());
    let old = !texts().chain(names).any(text::has_marks);
    document.related_names.iter().for_each(|name| terms.text(name, evidence::RELATED, false));
    texts().for_each(|text| terms.text(text, evidence::TEXT, old));

    let mut all = String::new();
    for (term, places) in &terms.all {
        evidence::push(&mut all, evidence::code(*places), term);
    }
    for (number, frequency) in &terms.numbers {
        evidence::push(&mut all, *frequency, &fields::vocabulary_term(*number));
    }
    for (whole, frequency) in wholes.iter().filter(|(whole, _)| !whole.is_empty()) {
        evidence::push(&mut all, *frequency, &format!("{WHOLE_MARK}{whole}"));
    }
    out.add_text(fields.all, all);
    out.add_text(fields.surface, terms.texts.write(terms.surface.iter()));
    out.add_text(fields.named, terms.names.write(terms.named.iter()));
    out.add_text(fields.prefix, once(&prefixes));
}

/// Terms that occur once each.
fn once<'a>(terms: impl IntoIterator<Item = &'a String>) -> String {
    let mut text = String::new();
    for term in terms {
        evidence::push(&mut text, 1, term);
    }
    text
}

fn bounded(text: &str) -> &str {
    if text.len() <= LONGEST_TEXT {
        return text;
    }
    let end = (0..=LONGEST_TEXT).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    &text[..end]
}

/// Kind in three bits, audience in one, rest in two, length of the name in two.
fn features(document: &Document) -> u64 {
    let name = document.names.iter().find(|name| name.kind == NameKind::Official).or(document.names.first());
    let length = evidence::name_length(name.map_or(0, |name| name.value.split_whitespace().count()));
    u64::from(fields::kind_number(document.kind))
        | u64::from(document.audience == Audience::Partners) << 3
        | u64::from(document.rest.min(3)) << 4
        | u64::from(length) << 6
}

/// The parts of a document's features.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Features(pub u8);

impl Features {
    /// Place of the kind in `Kind::ALL`.
    #[inline]
    pub(crate) const fn kind(self) -> u8 {
        self.0 & 7
    }

    /// Whether only partners may find it.
    #[inline]
    pub(crate) const fn partners_only(self) -> bool {
        self.0 & 8 != 0
    }

    /// Whether this asker may find it: the one rule of who sees what in the index.
    #[inline]
    pub(crate) fn visible_to(self, asker: Audience) -> bool {
        asker == Audience::Partners || !self.partners_only()
    }

    /// How little alive it is.
    #[inline]
    pub(crate) const fn rest(self) -> u8 {
        self.0 >> 4 & 3
    }

    /// The class of its name's length.
    #[inline]
    pub(crate) const fn name_length(self) -> u8 {
        self.0 >> 6
    }
}

/// The kinds that a search shows without being asked for a type, as bits by place in `Kind::ALL`.
pub(crate) fn default_kinds() -> u8 {
    kinds_mask(
        &Kind::ALL
            .into_iter()
            .filter(|kind| !matches!(kind, Kind::Membership | Kind::Collaboration))
            .collect::<Vec<_>>(),
    )
}

/// Kinds as bits by place in `Kind::ALL`.
pub(crate) fn kinds_mask(kinds: &[Kind]) -> u8 {
    kinds.iter().fold(0, |mask, kind| mask | 1 << fields::kind_number(*kind))
}
