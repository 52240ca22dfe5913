//! Registries and queries by chance, of few words, so that these meet often.

use super::{Dice, area, organisation};
use crate::resources::values::{NameKind, TextLanguage};
use crate::resources::{Audience, Kind};
use crate::search::document::{Document, DocumentName};
use crate::search::query::{Filter, Near, Query, Sort, SortBy};
use crate::vocabulary::{self, Vocabulary};
use uuid::Uuid;

/// All facets that random records have.
pub(super) const FACETS: [&str; 6] = ["topic", "level", "kind", "status", "type", "municipality"];

const WORDS: &str = "\
Luleå Boden Kalix Haparanda Norrbotten Sverige kvinnojour kvinnojouren jour jouren hembygdsförening hembygd \
förening föreningen pensionärsråd länspensionärsrådet rådet råd bollklubb BK IF idrottsförening PRO pensionärer \
Röda Korset vår var väg vag öppna integration flyktingar kultur teaterförening teater autism stöd äldre unga \
folkhögskola 12 2580 och";
const TEXTS: [&str; 6] = [
    "Vi möts varje vecka och stödjer unga och äldre i kommunen",
    "Stöd till flyktingar, integration och teater",
    "Hembygdens vänner i Luleå och Boden",
    "En jour för kvinnor; ring 0920 12 34 56",
    "Handikapp och kultur för barn",
    "Övrigt: simsällskap, organisationsnummer 802405-3442",
];
/// A word that others are part of, and that only partners may see.
const HIDDEN: &str = "Sällskap";
const CODES: &str = "2580 2582 2514 2583 25 SE 0180 01 2482";
const TOPICS: &str =
    "folkhalsa integration autism funktionsnedsattning barnratt scenkonst kultur civil-beredskap radiosamband";
const KINDS: &str =
    "association heritage-association sports-club pensioners-organisation county-board folk-high-school";
const STATUSES: &str = "active dormant dissolved wanted";
const LEVELS: &str = "local regional national";
/// Beside words of records: what makes sentences, means the same, or is written in another way.
const ASKED: &str = "\
säll simsäl vem hjälper med handikapp asperger bygd hembygds bollklubbar rådets giron lulea foreningar \
organisationer barn pensionär kvinno county länet sport okänt 0920 idrott";

/// Values of fields, known and not.
const FIELDS: &str = "\
topic:integration ämne:Kultur,autism topic:okänt kommun:Luleå kommun:luleå,25 ort:SE status:active status:any nivå:local \
kind:sports-club type:forum typ:network,forum type:organisation orgnr:802405-3442 nummer:8024053442 namn:jour name:råd \
namn:vag namn:förening demo:sjuk tel:0920-123456";
/// What stands next to each other in names, texts and labels, or only looks so.
const PHRASES: [&str; 16] = [
    "röda korset",
    "roda korset",
    "vår väg",
    "BK IF",
    "unga och äldre",
    "integration teater",
    "ring 0920",
    "civil beredskap",
    "norrbottens län",
    "kalix",
    "jouren",
    "väg",
    "råd",
    "802405-3442",
    "i luleå och",
    "ung",
];

pub(super) fn id(tie: u64) -> Uuid {
    Uuid::from_u128(tie.into())
}

impl Dice {
    /// Whether something happens that does once in so many times.
    pub(super) fn once_in(&mut self, times: usize) -> bool {
        self.roll(times) == 0
    }

    /// One of some words.
    fn of(&mut self, words: &'static str) -> &'static str {
        let count = words.split_whitespace().count();
        words.split_whitespace().nth(self.roll(count)).expect("a word")
    }

    fn number(&mut self, below: usize) -> i64 {
        i64::try_from(self.roll(below)).expect("small")
    }

    fn name(&mut self) -> String {
        let count = [1, 2, 2, 3, 3, 4, 5, 8][self.roll(8)];
        (0..count).map(|_| self.of(WORDS)).collect::<Vec<_>>().join(" ")
    }

    fn keyed(&mut self, document: &mut Document, name: &'static str, vocabulary: Vocabulary, key: &str) -> u16 {
        let term = vocabulary.term(key).expect("a term");
        for number in term.ancestors.iter().chain([&term.number]) {
            document.facets.push((name, *number));
            document.filters.push((name, vocabulary::by_number(*number).expect("a term").key.clone()));
        }
        term.number
    }

    /// A record of any kind; its id is its tie.
    pub(super) fn record(&mut self, tie: u64) -> Document {
        let mut document = organisation(tie, &self.name());
        let name = |value, kind| DocumentName { value, lang: TextLanguage::Sv, kind };
        match self.roll(12) {
            0 => document.titles.clear(),
            1 => document.names.clear(),
            2 => document.names.insert(0, name(self.name(), NameKind::Former)),
            _ => {}
        }
        for _ in 0..self.roll(3) {
            let kind = *self.one(&[NameKind::Short, NameKind::Alias, NameKind::Former]);
            document.names.push(name(self.name(), kind));
        }
        document.kind = *self.one(&Kind::ALL);
        document.audience = if self.once_in(5) { Audience::Partners } else { Audience::Public };
        document.rest = u8::try_from(self.roll(4)).expect("small");
        document.updated_at = self.number(40);
        for _ in 0..self.roll(3) {
            document.areas.push(area(self.of(CODES)));
        }
        document.seat = self.once_in(4).then(|| area(self.of("2580 2582 2514 2583")));
        for _ in 0..[0, 0, 1, 2][self.roll(4)] {
            let topic = self.of(TOPICS);
            let number = self.keyed(&mut document, "topic", Vocabulary::Topics, topic);
            document.topics.push(number);
        }
        if self.once_in(2) {
            let kind = self.of(KINDS);
            let number = self.keyed(&mut document, "kind", Vocabulary::OrganisationKinds, kind);
            document.terms.push(number);
        }
        let (status, level) = (self.of(STATUSES), self.of(LEVELS));
        self.keyed(&mut document, "status", Vocabulary::Statuses, status);
        if self.once_in(2) {
            self.keyed(&mut document, "level", Vocabulary::Levels, level);
        }
        for _ in 0..[0, 0, 0, 1, 2][self.roll(5)] {
            document.texts.push((*self.one(&TEXTS)).to_owned());
        }
        if document.audience == Audience::Partners && self.once_in(2) {
            document.texts.push(HIDDEN.to_owned());
        }
        if self.once_in(4) {
            document.related_names.push(self.name());
        }
        if self.once_in(3) {
            document.location = Some((64.0 + self.number(300) as f64 / 100.0, 18.0 + self.number(600) as f64 / 100.0));
        }
        if self.once_in(3) {
            let start = self.number(50);
            document.span = Some((start, start + self.number(9)));
        }
        if self.once_in(6) {
            document.keys.push(["802405-3442", "SE-ON:802405-3442", "demo:sjuk", "Kalix"][self.roll(4)].to_owned());
        }
        document
    }

    /// A word that many records have.
    pub(super) fn common(&mut self) -> &'static str {
        self.of(WORDS)
    }

    fn word(&mut self) -> String {
        let mut word = if self.once_in(4) { self.of(ASKED) } else { self.of(WORDS) }.to_owned();
        let letters: Vec<char> = word.chars().collect();
        let at = self.roll(letters.len());
        let changed = |letters: Vec<char>| letters.into_iter().collect::<String>();
        match self.roll(16) {
            // Typing errors: a letter lacks, is another, comes twice, or two changed places.
            0 => word = changed([&letters[..at], &letters[at + 1..]].concat()),
            1 => word = changed([&letters[..at], &['x'], &letters[at + 1..]].concat()),
            2 => word = changed([&letters[..=at], &letters[at..]].concat()),
            3 if at > 0 => {
                let mut letters = letters;
                letters.swap(at - 1, at);
                word = changed(letters);
            }
            // The beginning of a word.
            4 | 5 => word = changed(letters[..=at].to_vec()),
            6 => word = crate::search::text::fold(&word),
            7 => word = word.to_uppercase(),
            _ => {}
        }
        word
    }

    /// What someone types.
    pub(super) fn text(&mut self) -> String {
        match self.roll(24) {
            0 => {
                return (*self.one(&[
                    "802405-3442",
                    "8024053442",
                    "SE-ON:802405-3442 Röda",
                    "demo:sjuk",
                    "kalix",
                    "?!",
                ]))
                .to_owned();
            }
            1 => return self.name(),
            2 => return "ord ".repeat(30) + &self.name(),
            _ => {}
        }
        let count = [1, 1, 1, 2, 2, 2, 3, 3, 4, 6][self.roll(10)];
        let words: Vec<String> = (0..count).map(|_| self.word()).collect();
        words.join([" ", " ", " ", " ", ", ", ""][self.roll(6)])
    }

    /// A phrase, an exclusion or a field.
    fn operator(&mut self) -> String {
        let phrase = match self.roll(3) {
            0 => (0..=self.roll(2)).map(|_| self.of(WORDS)).collect::<Vec<_>>().join(" "),
            _ => (*self.one(&PHRASES)).to_owned(),
        };
        match self.roll(8) {
            0 | 1 => format!("\"{phrase}\""),
            2 => format!("-\"{phrase}\""),
            3 => format!("{}name:\"{phrase}\"", ["", "-"][self.roll(2)]),
            4 | 5 => format!("-{}", self.word()),
            6 => format!("-{}", self.of(FIELDS)),
            _ => self.of(FIELDS).to_owned(),
        }
    }

    /// A text with operators, or nothing but these.
    fn operators(&mut self) -> String {
        let mut parts: Vec<String> = (0..1 + self.roll(2)).map(|_| self.operator()).collect();
        for _ in 0..[0, 0, 1, 1, 2, 3][self.roll(6)] {
            let at = self.roll(parts.len() + 1);
            let word = self.word();
            parts.insert(at, word);
        }
        parts.join(" ")
    }

    fn order(&mut self) -> Vec<Sort> {
        let by = [SortBy::Relevance, SortBy::Name, SortBy::UpdatedAt, SortBy::Distance, SortBy::Start];
        let mut sorts: Vec<Sort> = Vec::new();
        for _ in 0..[0, 0, 0, 1, 1, 2, 3][self.roll(7)] {
            let sort = Sort { by: *self.one(&by), descending: self.once_in(2) };
            if sorts.iter().all(|known| known.by != sort.by) {
                sorts.push(sort);
            }
        }
        sorts
    }

    fn filter(&mut self) -> Filter {
        let (name, values) = *self.one(&[
            ("topic", TOPICS),
            ("kind", KINDS),
            ("status", STATUSES),
            ("status", STATUSES),
            ("level", LEVELS),
        ]);
        let count = 1 + self.roll(3);
        Filter { name, any: (0..count).map(|_| self.of(values).to_owned()).collect() }
    }

    /// A query on records whose ids are up to a number.
    pub(super) fn query(&mut self, records: u64) -> Query {
        let mut query = Query { explain: true, facets: FACETS.to_vec(), limit: self.roll(30), ..Query::default() };
        if !self.once_in(5) {
            query.text = Some(if self.once_in(3) { self.operators() } else { self.text() });
            query.without = if self.once_in(8) { vec!["topic", "type"] } else { Vec::new() };
        }
        for _ in 0..[0, 0, 0, 1, 1, 2][self.roll(6)] {
            query.filters.push(self.filter());
        }
        for _ in 0..[0, 0, 0, 1, 2][self.roll(5)] {
            let any = 1 + self.roll(2);
            query.areas.push((0..any).map(|_| area(self.of(CODES))).collect());
        }
        for _ in 0..[0, 0, 0, 1, 3][self.roll(5)] {
            query.kinds.push(*self.one(&Kind::ALL));
        }
        if self.once_in(12) {
            let most = usize::try_from(records).expect("few");
            query.ids = (0..40).map(|_| id(self.roll(most) as u64 + 1)).collect();
        }
        if self.once_in(4) {
            let radius_km = self.once_in(2).then(|| 20.0 + self.number(150) as f64);
            query.near = Some(Near { lat: 65.6, lon: 22.1, radius_km });
        }
        if self.once_in(12) {
            query.bbox = Some(*self.one(&[[20.0, 65.0, 23.0, 66.5], [23.0, 64.0, 19.0, 67.0]]));
        }
        query.updated_after = self.once_in(12).then(|| self.number(30));
        if self.once_in(12) {
            query.between = (self.once_in(2).then(|| self.number(40)), self.once_in(2).then(|| self.number(50)));
        }
        query.sort = self.order();
        query
    }
}
