//! Abilities of the index on small, hand-made and generated registries.

mod abilities;
mod agreement;
mod facets;
mod find;
mod lists;
mod operators;
mod paging;
mod random;
mod ranking;
pub(super) mod reference;
mod suggest;
mod updates;
mod windows;

use crate::resources::values::{NameKind, TextLanguage};
use crate::resources::{Audience, Kind};
use crate::search::document::{Document, DocumentName};
use crate::search::query::{Answer, Query};
use crate::search::{Index, Options, Position, schema_version};
use crate::vocabulary::Vocabulary;
use tempfile::TempDir;
use uuid::Uuid;

/// An index in a folder of its own.
struct Registry {
    _folder: TempDir,
    index: Index,
    sequence: u64,
}

impl Registry {
    fn new() -> Registry {
        let folder = tempfile::tempdir().expect("a folder");
        let index = Index::open(folder.path(), Options::default()).expect("opens");
        Registry { _folder: folder, index, sequence: 0 }
    }

    fn of(documents: Vec<Document>) -> Registry {
        let mut registry = Registry::new();
        registry.add(documents);
        registry
    }

    fn add(&mut self, documents: Vec<Document>) {
        self.apply(documents, &[]);
    }

    fn apply(&mut self, documents: Vec<Document>, gone: &[(Kind, Uuid)]) {
        self.sequence += 1;
        self.index.apply(documents, gone, position(self.sequence)).expect("applies");
    }

    fn find(&self, query: &Query) -> Answer {
        self.index.searcher().find(Audience::Partners, query).expect("answers")
    }

    /// Titles of what a text finds, as anyone.
    fn titles(&self, text: &str) -> Vec<String> {
        let query = Query { text: Some(text.to_owned()), limit: 20, ..Query::default() };
        let answer = self.index.searcher().find(Audience::Public, &query).expect("answers");
        answer.hits.into_iter().map(|hit| hit.title).collect()
    }
}

fn position(sequence: u64) -> Position {
    Position { epoch: "test".to_owned(), sequence, schema: schema_version(), statistics: 0, expunged: 0 }
}

/// An active, public organisation of that name; `tie` makes its id.
fn organisation(tie: u64, name: &str) -> Document {
    let id = Uuid::from_u128(u128::from(tie));
    Document {
        kind: Kind::Organisation,
        id,
        audience: Audience::Public,
        tie,
        updated_at: i64::try_from(tie).expect("small") * 1_000_000,
        titles: vec![(TextLanguage::Sv, name.to_owned())],
        names: vec![DocumentName { value: name.to_owned(), lang: TextLanguage::Sv, kind: NameKind::Official }],
        topics: Vec::new(),
        areas: Vec::new(),
        seat: None,
        terms: Vec::new(),
        texts: Vec::new(),
        related_names: Vec::new(),
        keys: vec![id.to_string()],
        filters: Vec::new(),
        facets: Vec::new(),
        location: None,
        rest: 0,
        span: None,
        record: format!("{{\"id\":\"{id}\"}}").into_bytes(),
    }
}

impl Document {
    fn alias(mut self, name: &str) -> Self {
        self.names.push(DocumentName { value: name.to_owned(), lang: TextLanguage::Sv, kind: NameKind::Alias });
        self
    }

    fn says(mut self, text: &str) -> Self {
        self.texts.push(text.to_owned());
        self
    }

    fn about(mut self, topic: &str) -> Self {
        let term = Vocabulary::Topics.term(topic).expect("a topic");
        self.topics.push(term.number);
        for number in term.ancestors.iter().chain([&term.number]) {
            self.facets.push(("topic", *number));
            let key = &crate::vocabulary::by_number(*number).expect("a term").key;
            self.filters.push(("topic", key.clone()));
        }
        self
    }

    fn active_in(mut self, code: &str) -> Self {
        self.areas.push(area(code));
        self
    }

    fn kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    fn marked(mut self, name: &'static str, value: &str) -> Self {
        self.filters.push((name, value.to_owned()));
        self
    }
}

fn area(code: &str) -> u16 {
    Vocabulary::Municipalities.term(code).expect("an area").number
}

fn text(text: &str) -> Query {
    Query { text: Some(text.to_owned()), limit: 20, ..Query::default() }
}

/// A small generator, the same on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).expect("fits") % sides
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.roll(of.len())]
    }

    /// A made-up record.
    fn document(&mut self, tie: u64) -> Document {
        let what = ["Hembygdsförening", "Röda Korset", "Kvinnojour", "Bollklubb", "Pensionärsråd", "Folkhögskola"];
        let places = ["Luleå", "Kalix", "Boden", "Älvsbyn", "Örnsköldsvik", "Årjäng"];
        let codes = ["2580", "2514", "2582", "25", "SE", "2284", "0180", "01"];
        let topics = ["folkhalsa", "integration", "civil-beredskap", "barn-unga"];
        let name = format!("{} {} {}", self.one(&places), self.one(&what), self.roll(30));
        let mut document = organisation(tie, &name);
        for _ in 0..self.roll(3) {
            document = document.active_in(codes[self.roll(codes.len())]);
        }
        for _ in 0..self.roll(3) {
            document = document.about(topics[self.roll(topics.len())]);
        }
        if self.roll(3) == 0 {
            document = document.says("Vi möts varje vecka och stödjer unga och äldre i kommunen");
        }
        if self.roll(4) == 0 {
            document.location = Some((60.0 + self.roll(800) as f64 / 100.0, 14.0 + self.roll(900) as f64 / 100.0));
        }
        let kinds = [Kind::Organisation, Kind::Network, Kind::Forum, Kind::Meeting, Kind::Membership];
        document.kind = *self.one(&kinds);
        if document.kind == Kind::Meeting {
            let start = i64::try_from(self.roll(50)).expect("small");
            document.span = Some((start, start + 5));
        }
        document.rest = u8::try_from(self.roll(4)).expect("small");
        document.audience = if self.roll(5) == 0 { Audience::Partners } else { Audience::Public };
        document.updated_at = i64::try_from(self.roll(40)).expect("small");
        document.marked("level", ["local", "regional"][self.roll(2)])
    }
}
