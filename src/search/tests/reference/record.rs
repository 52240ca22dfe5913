//! A record as the reference reads it: for every word the places where it stands.

use crate::resources::Audience;
use crate::resources::values::NameKind;
use crate::search::document::Document;
use crate::search::text::syntax::Meaning;
use crate::search::text::{self, AlternativeKind, Word};
use crate::search::weights;
use crate::vocabulary;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

/// Where a word stands, in the order in which answers tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Name,
    Alias,
    Part,
    Topic,
    Kind,
    Text,
    Related,
    Area,
}

impl Place {
    fn worth(self, words_of_name: usize) -> u32 {
        let shortened = |worth: u32| {
            let class = [2, 4, 7].iter().filter(|most| words_of_name > **most).count();
            worth * weights::LENGTH[class] / 100
        };
        match self {
            Place::Name => shortened(weights::NAME),
            Place::Alias => weights::ALIAS,
            Place::Part => shortened(weights::PART),
            Place::Topic => weights::TOPIC,
            Place::Kind => weights::KIND,
            Place::Text => weights::TEXT,
            Place::Related => weights::RELATED,
            Place::Area => weights::PLACE,
        }
    }

    pub(super) const fn shown(self) -> &'static str {
        match self {
            Place::Name | Place::Part => "name",
            Place::Alias => "alias",
            Place::Topic => "topic",
            Place::Kind => "kind",
            Place::Text => "text",
            Place::Related => "related",
            Place::Area => "place",
        }
    }
}

/// The words of each label and synonym of a term.
type Labelled = Rc<Vec<Vec<Word>>>;

/// Words of labels, taken apart once for all records.
#[derive(Default)]
pub(super) struct Labels(HashMap<u16, Labelled>);

impl Labels {
    fn words(&mut self, number: u16) -> Labelled {
        let read = || {
            let term = vocabulary::by_number(number).expect("a term");
            let labels = term.label.texts().map(|(_, label)| label).chain(term.synonyms.all());
            Rc::new(labels.map(text::words).collect())
        };
        Rc::clone(self.0.entry(number).or_insert_with(read))
    }
}

pub(super) struct Record<'a> {
    pub document: &'a Document,
    /// What words and parts of compounds are found by: stems, plain and marked.
    pub words: BTreeMap<String, BTreeSet<Place>>,
    /// Vocabulary terms: whether stated, else implied by a narrower one; and whether as a topic.
    pub terms: BTreeMap<u16, (bool, bool)>,
    /// All words as they are written: folded and exact.
    pub spellings: BTreeSet<(String, String)>,
    /// The words of each name.
    named: Vec<Vec<Word>>,
    /// The words of each text and of the name of each related record.
    said: Vec<Vec<Word>>,
    /// The labels of terms that it states.
    labelled: Vec<Labelled>,
    /// Its names, folded, and whether each is its official or short one.
    pub names: Vec<(String, bool)>,
    /// Areas that it states, without those that a broader one of them covers.
    pub areas: BTreeSet<u16>,
    words_of_name: usize,
}

pub(super) fn folded(words: &[Word]) -> String {
    words.iter().map(|word| word.folded.as_str()).collect::<Vec<_>>().join(" ")
}

pub(super) fn broader(number: u16) -> &'static [u16] {
    vocabulary::by_number(number).map_or(&[], |term| &term.ancestors)
}

impl<'a> Record<'a> {
    pub(super) fn new(document: &'a Document, labels: &mut Labels) -> Record<'a> {
        let official = document.names.iter().find(|name| name.kind == NameKind::Official);
        let name = official.or(document.names.first()).map_or("", |name| name.value.as_str());
        let stated: BTreeSet<u16> = document.areas.iter().copied().collect();
        let covered = |area: &u16| broader(*area).iter().any(|above| stated.contains(above));
        let mut record = Record {
            document,
            words: BTreeMap::new(),
            terms: BTreeMap::new(),
            spellings: BTreeSet::new(),
            named: Vec::new(),
            said: Vec::new(),
            labelled: Vec::new(),
            names: Vec::new(),
            areas: stated.iter().copied().filter(|area| !covered(area)).collect(),
            words_of_name: name.split_whitespace().count(),
        };
        for name in &document.names {
            let own = matches!(name.kind, NameKind::Official | NameKind::Short);
            let place = if own { Place::Name } else { Place::Alias };
            let words = text::words(&name.value);
            record.names.push((folded(&words), own));
            record.stand(&words, place, Place::Part);
            if !text::has_marks(&name.value) {
                record.may_lack_marks(&words, place, Place::Part);
            }
            record.named.push(words);
        }
        for topic in &document.topics {
            record.label(labels.words(*topic), Place::Topic);
            record.state(*topic, true);
        }
        for term in &document.terms {
            record.label(labels.words(*term), Place::Kind);
            record.state(*term, false);
        }
        if let Some(term) = text::named_type(document.kind) {
            record.terms.entry(term.number).or_insert((false, false));
        }
        for area in document.areas.iter().chain(&document.seat) {
            record.label(labels.words(*area), Place::Area);
        }
        for name in &document.related_names {
            record.say(name, Place::Related);
        }
        let names = document.names.iter().map(|name| &name.value);
        let has_marks = document.texts.iter().chain(names).any(|text| text::has_marks(text));
        for running in &document.texts {
            let words = record.say(running, Place::Text);
            if !has_marks {
                record.may_lack_marks(&words, Place::Text, Place::Text);
            }
        }
        record
    }

    fn say(&mut self, text: &str, place: Place) -> Vec<Word> {
        let words = text::words(text);
        self.stand(&words, place, place);
        self.said.push(words.clone());
        words
    }

    fn label(&mut self, labels: Labelled, place: Place) {
        labels.iter().for_each(|words| self.stand(words, place, place));
        self.labelled.push(labels);
    }

    fn stand(&mut self, words: &[Word], place: Place, of_parts: Place) {
        for word in words {
            for stem in std::iter::once(&word.stem).chain(&word.marked) {
                self.words.entry(stem.clone()).or_default().insert(place);
            }
            for part in word.parts.iter().chain(&word.marked_parts) {
                self.words.entry(part.clone()).or_default().insert(of_parts);
            }
            self.spellings.insert((word.folded.clone(), word.exact.clone()));
        }
    }

    /// Words that someone wrote who has no å, ä and ö: they may be meant with them.
    fn may_lack_marks(&mut self, words: &[Word], place: Place, of_parts: Place) {
        for word in words {
            for term in word.plain_terms() {
                let is_whole = term.trim_start_matches(text::PLAIN) == word.stem;
                self.words.entry(term).or_default().insert(if is_whole { place } else { of_parts });
            }
        }
    }

    /// The words of its names.
    pub(super) fn name_words(&self) -> impl Iterator<Item = &Word> {
        self.named.iter().flatten()
    }

    /// Whether a name has a word with this stem, plain or marked.
    pub(super) fn is_named(&self, stem: &str) -> bool {
        self.name_words().any(|word| word.stem == stem || word.marked.as_deref() == Some(stem))
    }

    /// Whether words stand next to each other, spelled as they were typed; marks may lack where none were typed.
    fn says(&self, words: &[Word], in_names: bool) -> bool {
        let same = |asked: &Word, folded: &str, exact: &str| {
            asked.exact == exact || asked.exact == asked.folded && asked.folded == folded
        };
        if let ([word], false) = (words, in_names) {
            return self.spellings.iter().any(|(folded, exact)| same(word, folded, exact));
        }
        let is_here =
            |some: &[Word]| words.iter().zip(some).all(|(asked, word)| same(asked, &word.folded, &word.exact));
        let holds = |run: &Vec<Word>| run.windows(words.len()).any(is_here);
        let labels = || self.labelled.iter().flat_map(|labels| labels.iter());
        self.named.iter().any(holds) || !in_names && self.said.iter().chain(labels()).any(holds)
    }

    /// Whether it has what an operator asks for.
    pub(super) fn has(&self, meaning: &Meaning) -> bool {
        let holds =
            |name: &str, value: &String| self.document.filters.iter().any(|held| held.0 == name && held.1 == *value);
        match meaning {
            Meaning::Phrase(words) => self.says(words, false),
            Meaning::Name(words, true) => self.says(words, true),
            Meaning::Name(words, false) => words.iter().all(|word| self.is_named(word.own_stem())),
            Meaning::Word(word) => word.ways().iter().any(|way| match &way.what {
                AlternativeKind::Stem(stem) => self.words.contains_key(stem),
                _ => false,
            }),
            Meaning::Filter(name, values) => values.iter().any(|value| holds(name, value)),
            Meaning::Areas(areas) => areas.iter().any(|area| self.covers(*area)),
            Meaning::Kinds(kinds) => kinds.contains(&self.document.kind),
            Meaning::Keys(keys) => keys.iter().any(|key| self.has_key(key)),
            Meaning::AnyStatus => true,
        }
    }

    fn state(&mut self, number: u16, topic: bool) {
        let mut put = |number: u16, how: (bool, bool)| {
            let known = self.terms.entry(number).or_insert(how);
            *known = how.max(*known);
        };
        put(number, (true, topic));
        broader(number).iter().for_each(|above| put(*above, (false, topic)));
    }

    pub(super) fn visible_to(&self, asker: Audience) -> bool {
        asker == Audience::Partners || self.document.audience == Audience::Public
    }

    pub(super) fn has_key(&self, key: &str) -> bool {
        let key = key.trim().to_lowercase();
        self.document.keys.iter().any(|known| known.trim().to_lowercase() == key)
    }

    /// What a word counts by the places where it stands, of 1000, and these.
    pub(super) fn word(&self, stem: &str) -> Option<(u32, BTreeSet<Place>)> {
        let places = self.words.get(stem)?;
        let of_names = [Place::Name, Place::Alias, Place::Part];
        let worth = |place: &Place| place.worth(self.words_of_name);
        // That several names have it says nothing.
        let named = places.iter().filter(|place| of_names.contains(place)).max_by_key(|place| worth(place));
        let counted: Vec<&Place> = places.iter().filter(|place| !of_names.contains(place)).chain(named).collect();
        let further = |place: &Place| {
            let percent = if *place == Place::Text { weights::FURTHER_TEXT } else { weights::FURTHER };
            worth(place) * percent / 100
        };
        let best = *counted.iter().max_by_key(|place| worth(place))?;
        let others = counted.iter().filter(|place| **place != best);
        Some((worth(best) + others.map(|place| further(place)).sum::<u32>(), places.clone()))
    }

    /// The same of words that must all be there: the least counts.
    pub(super) fn all_words(&self, stems: &[String]) -> Option<(u32, BTreeSet<Place>)> {
        let mut least = u32::MAX;
        let mut places = BTreeSet::new();
        for stem in stems {
            let (worth, of_word) = self.word(stem)?;
            least = least.min(worth);
            places.extend(of_word);
        }
        (!stems.is_empty()).then_some((least, places))
    }

    /// The same of a vocabulary term.
    pub(super) fn term(&self, number: u16) -> Option<(u32, BTreeSet<Place>)> {
        let (stated, topic) = *self.terms.get(&number)?;
        let worth = weights::TERM[usize::from(stated) * 2 + usize::from(topic)];
        Some((worth, BTreeSet::from([if topic { Place::Topic } else { Place::Kind }])))
    }

    /// Whether it is active in an area, within it or in one that covers it.
    pub(super) fn covers(&self, area: u16) -> bool {
        self.areas
            .iter()
            .any(|stated| *stated == area || broader(*stated).contains(&area) || broader(area).contains(stated))
    }

    /// What being asked for in an area is worth, by the best of all areas that it states, also beside broader ones.
    pub(super) fn area_worth(&self, area: u16) -> u32 {
        let worth = |stated: &u16| {
            if *stated == area || broader(*stated).contains(&area) {
                weights::AREA_NAMED
            } else if !broader(area).contains(stated) {
                0
            } else if broader(*stated).is_empty() {
                weights::AREA_COUNTRY
            } else {
                weights::AREA_COUNTY
            }
        };
        self.document.areas.iter().map(worth).max().unwrap_or(0).into()
    }
}
