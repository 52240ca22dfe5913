//! A record as the reference reads it: for every word the places where it stands.

use crate::resources::Audience;
use crate::resources::values::NameKind;
use crate::search::document::Document;
use crate::search::text::{self, Word};
use crate::search::weights;
use crate::vocabulary;
use std::collections::{BTreeMap, BTreeSet, HashMap};

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

/// Words of labels, taken apart once for all records.
#[derive(Default)]
pub(super) struct Labels(HashMap<u16, Vec<Word>>);

impl Labels {
    fn words(&mut self, number: u16) -> Vec<Word> {
        let read = || {
            let term = vocabulary::by_number(number).expect("a term");
            let labels = term.label.texts().map(|(_, label)| label).chain(term.synonyms.all());
            labels.flat_map(text::words).collect()
        };
        self.0.entry(number).or_insert_with(read).clone()
    }
}

pub(super) struct Record<'a> {
    pub document: &'a Document,
    /// Stems of words and of parts of compounds.
    pub words: BTreeMap<String, BTreeSet<Place>>,
    /// Vocabulary terms: whether stated, else implied by a narrower one; and whether as a topic.
    pub terms: BTreeMap<u16, (bool, bool)>,
    /// All words as they are written: folded and exact.
    pub spellings: BTreeSet<(String, String)>,
    /// Words of its names.
    pub name_words: Vec<Word>,
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
            name_words: Vec::new(),
            names: Vec::new(),
            areas: stated.iter().copied().filter(|area| !covered(area)).collect(),
            words_of_name: name.split_whitespace().count(),
        };
        for name in &document.names {
            let own = matches!(name.kind, NameKind::Official | NameKind::Short);
            let words = text::words(&name.value);
            record.names.push((folded(&words), own));
            record.stand(&words, if own { Place::Name } else { Place::Alias }, Place::Part);
            record.name_words.extend(words);
        }
        for topic in &document.topics {
            record.stand(&labels.words(*topic), Place::Topic, Place::Topic);
            record.state(*topic, true);
        }
        for term in &document.terms {
            record.stand(&labels.words(*term), Place::Kind, Place::Kind);
            record.state(*term, false);
        }
        if let Some(term) = text::named_type(document.kind) {
            record.terms.entry(term.number).or_insert((false, false));
        }
        for area in document.areas.iter().chain(&document.seat) {
            record.stand(&labels.words(*area), Place::Area, Place::Area);
        }
        for name in &document.related_names {
            record.stand(&text::words(name), Place::Related, Place::Related);
        }
        for running in &document.texts {
            record.stand(&text::words(running), Place::Text, Place::Text);
        }
        record
    }

    fn stand(&mut self, words: &[Word], place: Place, of_parts: Place) {
        for word in words {
            self.words.entry(word.stem.clone()).or_default().insert(place);
            for part in &word.parts {
                self.words.entry(part.clone()).or_default().insert(of_parts);
            }
            self.spellings.insert((word.folded.clone(), word.exact.clone()));
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
        let worths: Vec<u32> = places.iter().map(|place| place.worth(self.words_of_name)).collect();
        let best = worths.iter().max().copied().unwrap_or(0);
        let further: u32 = worths.iter().sum::<u32>() - best;
        Some((best + further * weights::FURTHER / 100, places.clone()))
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

    /// What being asked for in an area is worth.
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
        self.areas.iter().map(worth).max().unwrap_or(0).into()
    }
}
