//! A part of a text, and the ways in which a record meets it.

use super::record::{Place, Record};
use crate::search::text::{AlternativeKind, Word};
use crate::search::weights;
use std::collections::BTreeSet;
use std::ops::Range;

/// A way to meet a clause.
pub(super) enum Way {
    Word(String),
    Words(Vec<String>),
    Term(u16),
    Area(u16),
    /// A word of a name begins so.
    Beginning(String),
}

/// A clause that records must meet.
pub(super) struct Clause {
    pub words: Vec<Word>,
    pub range: Range<usize>,
    pub numeric: bool,
    /// Whether a phrase or a field asks for it: it is never left out.
    pub fixed: bool,
    pub rarity: f64,
    /// Its part of the meaning, of 10,000.
    pub share: u32,
    /// Ways to meet it, each with how good it is.
    pub ways: Vec<(Way, u32)>,
    /// How good the best way is in which a record meets it that the asker may see; 0 where none does.
    pub best: u32,
}

impl From<&AlternativeKind> for Way {
    fn from(kind: &AlternativeKind) -> Way {
        match kind {
            AlternativeKind::Stem(stem) => Way::Word(stem.clone()),
            AlternativeKind::Stems(stems) => Way::Words(stems.clone()),
            AlternativeKind::Term(number) => Way::Term(*number),
            AlternativeKind::Area(area) => Way::Area(*area),
        }
    }
}

impl Way {
    pub(super) fn met_by(&self, record: &Record<'_>) -> Option<(u32, BTreeSet<Place>)> {
        match self {
            Way::Word(stem) => record.word(stem),
            Way::Words(stems) => record.all_words(stems),
            Way::Term(number) => record.term(*number),
            Way::Area(area) => record.covers(*area).then(|| (0, BTreeSet::new())),
            Way::Beginning(letters) => {
                let begins = record.name_words().any(|word| word.folded.starts_with(letters));
                begins.then(|| (weights::BEGINNING, BTreeSet::from([Place::Name])))
            }
        }
    }
}

impl Clause {
    pub(super) fn met_by(&self, record: &Record<'_>) -> bool {
        self.ways.iter().any(|(way, _)| way.met_by(record).is_some())
    }

    /// The points of the best way, and the places of all.
    pub(super) fn gain(&self, record: &Record<'_>) -> Option<(u32, BTreeSet<Place>)> {
        let mut best = None;
        let mut places = BTreeSet::new();
        for (way, base) in &self.ways {
            if let Some((worth, stands)) = way.met_by(record) {
                best = best.max(Some(worth * base / 1000 * self.share / 1000));
                places.extend(stands);
            }
        }
        best.map(|points| (points, places))
    }

    /// What its spelling gives where it stands in a name.
    pub(super) fn exact(&self, record: &Record<'_>) -> u32 {
        let [word] = self.words.as_slice() else { return 0 };
        let same = record.name_words().filter(|name| name.folded == word.folded);
        let percent = same.map(|name| if name.exact == word.exact { weights::EXACT } else { weights::FOLDED });
        percent.max().map_or(0, |percent| self.share * percent / 100)
    }
}
