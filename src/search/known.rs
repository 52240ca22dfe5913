//! What words of queries were found to be in a view, kept for the next query with the same word: terms are looked up in
//! dictionaries once and not for each query. It holds for one state of the index and one snapshot of statistics.

use crate::error::Result;
use crate::resources::Audience;
use crate::search::coded_docs::CodedDocs;
use crate::search::correct::Correction;
use crate::search::cursor::Worth;
use crate::search::evidence;
use crate::search::fields::{self, FOLDED_MARK, STEM_MARK, SURFACE_MARK};
use crate::search::packed::{AreaWorth, Packed};
use crate::search::query::Filter;
use crate::search::terms::{In, TermsLeaf, covering};
use crate::search::text::{Alternative, AlternativeKind, Alternatives, Word};
use crate::search::view::View;
use crate::search::weights;
use quick_cache::sync::Cache;
use std::sync::{Arc, OnceLock};

/// So many words are kept of each kind: some megabytes.
const KEPT: usize = 12_288;
/// So many sets of areas are kept at most, which is each of the country and those of words that several are called by, and so
/// many that bits of their documents would take no more bytes than this.
const KEPT_AREAS: usize = 1_024;
const MOST_AREA_BYTES: usize = 64 << 20;
/// So many filters are kept, and of these only such as have so many values at most: who names many seldom asks again.
const KEPT_FILTERS: usize = 256;
const MOST_VALUES: usize = 8;
/// A word's alternatives beyond these are left out.
const MOST_ALTERNATIVES: usize = 12;

/// Ways of a word to match.
#[derive(Debug)]
pub(crate) struct Ways {
    /// As terms, without weights.
    pub leaves: Vec<TermsLeaf>,
    /// The stems among them.
    pub stems: Vec<String>,
    /// How much the word tells.
    pub rarity: f64,
    /// What `best` says for everyone and for partners.
    best: [OnceLock<u32>; 2],
}

impl Ways {
    fn find(view: &View, alternatives: &[Alternative]) -> Result<Ways> {
        let mut leaves = Vec::new();
        let mut stems = Vec::new();
        for alternative in alternatives.iter().take(MOST_ALTERNATIVES) {
            let mut add = |leaf: TermsLeaf| leaves.push(TermsLeaf { base: alternative.weight, ..leaf });
            match &alternative.what {
                AlternativeKind::Stem(stem) => {
                    stems.push(stem.clone());
                    add(TermsLeaf::find(view, In::All, &[stem], Worth::Places)?);
                }
                AlternativeKind::Stems(all) => {
                    stems.extend(all.iter().cloned());
                    let terms: Vec<&str> = all.iter().map(String::as_str).collect();
                    add(TermsLeaf::find(view, In::All, &terms, Worth::Places)?);
                }
                AlternativeKind::Term(number) => {
                    add(TermsLeaf::find(view, In::All, &[&fields::vocabulary_term(*number)], Worth::Vocabulary)?);
                }
                AlternativeKind::Area(area) => covering(view, *area)?.into_iter().for_each(&mut add),
            }
        }
        // A way that leads nowhere would be opened in every segment for nothing.
        let frequency = frequency(view, alternatives, &leaves);
        leaves.retain(|leaf| leaf.frequency > 0);
        Ok(Ways { leaves, stems, rarity: rarity(view.documents(), frequency), best: Default::default() })
    }

    /// The base of the best way in which a visible record matches; 0 where none does.
    pub(crate) fn best(&self, view: &View, asker: Audience) -> Result<u32> {
        let known = asker.own(&self.best);
        if let Some(best) = known.get() {
            return Ok(*best);
        }
        let mut best = 0;
        for leaf in &self.leaves {
            if leaf.base > best && leaf.shows(view, asker)? {
                best = leaf.base;
            }
        }
        Ok(*known.get_or_init(|| best))
    }
}

/// In how many records the commonest way to match is.
fn frequency(view: &View, alternatives: &[Alternative], leaves: &[TermsLeaf]) -> u64 {
    let Some(statistics) = &view.statistics else {
        return leaves.iter().map(|leaf| leaf.frequency).max().unwrap_or(0);
    };
    let of = |term: &str| statistics.frequency(term.as_bytes());
    let frequencies = alternatives.iter().take(MOST_ALTERNATIVES).map(|alternative| match &alternative.what {
        AlternativeKind::Stem(stem) => of(stem),
        AlternativeKind::Stems(stems) => stems.iter().map(|stem| of(stem)).min().unwrap_or(1),
        AlternativeKind::Term(number) => of(&fields::vocabulary_term(*number)),
        AlternativeKind::Area(_) => 1,
    });
    frequencies.max().unwrap_or(1)
}

/// How much a word tells: much when few records hold it, always something.
pub(crate) fn rarity(documents: u64, frequency: u64) -> f64 {
    let frequency = frequency.max(1) as f64;
    let documents = (documents as f64).max(frequency);
    (1.0 + (documents - frequency + 0.5) / (frequency + 0.5)).ln().max(weights::LEAST_RARITY)
}

/// Stems of alternatives in names, each as good as its alternative.
fn named(view: &View, alternatives: &[Alternative]) -> Result<Vec<TermsLeaf>> {
    let mut leaves = Vec::new();
    for alternative in alternatives.iter().take(MOST_ALTERNATIVES) {
        let stems = match &alternative.what {
            AlternativeKind::Stem(stem) => std::slice::from_ref(stem),
            AlternativeKind::Stems(stems) => stems.as_slice(),
            AlternativeKind::Term(_) | AlternativeKind::Area(_) => continue,
        };
        let terms: Vec<String> = stems.iter().map(|stem| format!("{STEM_MARK}{stem}")).collect();
        let terms: Vec<&str> = terms.iter().map(String::as_str).collect();
        let leaf = TermsLeaf::find(view, In::Named, &terms, Worth::Same(1000, evidence::NAME))?;
        leaves.push(TermsLeaf { base: alternative.weight, ..leaf });
    }
    leaves.retain(|leaf| leaf.frequency > 0);
    Ok(leaves)
}

/// The best weight of any stem of alternatives, whatever names hold.
pub(crate) fn most_named(alternatives: &[Alternative]) -> u32 {
    let named =
        |alternative: &&Alternative| matches!(alternative.what, AlternativeKind::Stem(_) | AlternativeKind::Stems(_));
    alternatives.iter().take(MOST_ALTERNATIVES).filter(named).map(|alternative| alternative.weight).max().unwrap_or(0)
}

/// A word in names, spelled just so and with other marks.
fn spelled(view: &View, word: &Word) -> Result<Vec<TermsLeaf>> {
    let mut leaves = Vec::with_capacity(2);
    for (term, percent) in [
        (format!("{}{SURFACE_MARK}{}", word.folded, word.exact), weights::EXACT),
        (format!("{FOLDED_MARK}{}", word.folded), weights::FOLDED),
    ] {
        let leaf = TermsLeaf::find(view, In::Named, &[&term], Worth::Same(1000, 0))?;
        leaves.push(TermsLeaf { base: percent * 10, ..leaf });
    }
    leaves.retain(|leaf| leaf.frequency > 0);
    Ok(leaves)
}

/// What the areas that a query names are worth.
pub(crate) struct Areas {
    by_slot: Vec<u16>,
    /// The same for each segment; made when it is first asked for.
    segments: Vec<OnceLock<AreasOfSegment>>,
}

struct AreasOfSegment {
    /// The most that they are worth to any document.
    most: u16,
    /// The documents for which they are worth anything; made when a pass over columns asks for them.
    worthy: OnceLock<CodedDocs>,
}

/// No area.
pub(crate) static NO_AREAS: Areas = Areas { by_slot: Vec::new(), segments: Vec::new() };

impl Areas {
    fn new(view: &View, areas: &[u16]) -> Areas {
        let segments = view.segments.iter().map(|_| OnceLock::new()).collect();
        Areas { by_slot: view.slots.area_worth(areas), segments }
    }

    /// In a segment.
    pub(crate) fn within<'a>(&'a self, packed: &'a Packed, segment: usize) -> AreaWorth<'a> {
        let known = self.segments.get(segment).map(|known| {
            let make = || AreasOfSegment { most: packed.most_worth(&self.by_slot), worthy: OnceLock::new() };
            known.get_or_init(make)
        });
        AreaWorth::new(packed, &self.by_slot, known.map(|known| (known.most, &known.worthy)))
    }
}

type Kept<K, V> = OnceLock<Cache<K, Arc<V>>>;

/// What is known of words in a view; made when it is first asked.
#[derive(Default)]
pub(crate) struct Known {
    ways: Kept<Alternatives, Ways>,
    named: Kept<Alternatives, Vec<TermsLeaf>>,
    spelled: Kept<String, Vec<TermsLeaf>>,
    areas: Kept<Vec<u16>, Areas>,
    filters: Kept<Filter, Vec<TermsLeaf>>,
    covering: Kept<Vec<u16>, Vec<TermsLeaf>>,
    /// By who asks, the word as typed and how many are wanted.
    corrections: Kept<(Audience, String, usize), Vec<Correction>>,
}

impl Known {
    /// A word's ways to match.
    pub(crate) fn ways(&self, view: &View, alternatives: &Alternatives) -> Result<Arc<Ways>> {
        let kept = self.ways.get_or_init(|| Cache::new(KEPT));
        kept.get_or_insert_with(alternatives, || Ways::find(view, alternatives).map(Arc::new))
    }

    /// What areas are worth.
    pub(crate) fn areas(&self, view: &View, areas: &Vec<u16>) -> Result<Arc<Areas>> {
        let kept = self.areas.get_or_init(|| {
            let bytes: usize = view.segments.iter().map(|segment| segment.data.documents as usize / 8).sum();
            Cache::new((MOST_AREA_BYTES / bytes.max(1)).clamp(1, KEPT_AREAS))
        });
        kept.get_or_insert_with(areas, || Ok(Arc::new(Areas::new(view, areas))))
    }

    /// A filter's values.
    pub(crate) fn filter(&self, view: &View, filter: &Filter) -> Result<Arc<Vec<TermsLeaf>>> {
        let leaf = |value: &String| {
            TermsLeaf::find(view, In::Filter, &[&fields::filter_term(filter.name, value)], Worth::NOTHING)
        };
        let find = || Ok(Arc::new(filter.any.iter().map(leaf).collect::<Result<_>>()?));
        if filter.any.len() > MOST_VALUES {
            return find();
        }
        self.filters.get_or_init(|| Cache::new(KEPT_FILTERS)).get_or_insert_with(filter, find)
    }

    /// What covers any of these areas.
    pub(crate) fn covering(&self, view: &View, areas: &Vec<u16>) -> Result<Arc<Vec<TermsLeaf>>> {
        let find = || {
            let covering: Vec<Vec<TermsLeaf>> =
                areas.iter().map(|area| covering(view, *area)).collect::<Result<_>>()?;
            Ok(Arc::new(covering.concat()))
        };
        if areas.len() > MOST_VALUES {
            return find();
        }
        self.covering.get_or_init(|| Cache::new(KEPT_AREAS)).get_or_insert_with(areas, find)
    }

    /// The best corrections of a word.
    pub(crate) fn corrections(
        &self,
        asker: Audience,
        word: &Word,
        wanted: usize,
        find: impl FnOnce() -> Result<Vec<Correction>>,
    ) -> Result<Arc<Vec<Correction>>> {
        let kept = self.corrections.get_or_init(|| Cache::new(KEPT));
        kept.get_or_insert_with(&(asker, word.exact.clone(), wanted), || find().map(Arc::new))
    }

    /// A word's stems in names.
    pub(crate) fn named(&self, view: &View, alternatives: &Alternatives) -> Result<Arc<Vec<TermsLeaf>>> {
        let kept = self.named.get_or_init(|| Cache::new(KEPT));
        kept.get_or_insert_with(alternatives, || named(view, alternatives).map(Arc::new))
    }

    /// A word's spellings in names.
    pub(crate) fn spelled(&self, view: &View, word: &Word) -> Result<Arc<Vec<TermsLeaf>>> {
        let kept = self.spelled.get_or_init(|| Cache::new(KEPT));
        kept.get_or_insert_with(&word.exact, || spelled(view, word).map(Arc::new))
    }
}
