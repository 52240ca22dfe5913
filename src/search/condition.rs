//! What a record must have beside words, or must not have: what phrases, fields and exclusions ask for.

use crate::error::Result;
use crate::search::cursor::Worth;
use crate::search::few::{Few, FewReader};
use crate::search::fields::{self, STEM_MARK};
use crate::search::phrase;
use crate::search::source::Source;
use crate::search::terms::{self, In, TermsLeaf, covering};
use crate::search::text::Word;
use crate::search::text::syntax::Meaning;
use crate::search::view::View;
use std::sync::Arc;
use tantivy::DocId;

/// What an operator asks for.
#[derive(Debug)]
pub(crate) struct Condition {
    /// The operator, for explanations.
    pub shown: String,
    how: How,
}

#[derive(Debug)]
enum How {
    /// Any of these terms.
    Terms(Vec<TermsLeaf>),
    /// These documents of each segment.
    Documents(Vec<Arc<Few>>),
}

impl How {
    fn phrase(view: &View, words: &[Word], in_names: bool) -> Result<How> {
        match words {
            [word] => phrase::single(view, word, in_names).map(How::Terms),
            words => phrase::documents(view, words, in_names).map(How::Documents),
        }
    }
}

impl Condition {
    /// What a record meets that has what an operator asks for; `None` for what no posting list tells.
    pub(crate) fn new(view: &View, meaning: &Meaning) -> Result<Option<Condition>> {
        let spelled = |words: &[Word]| words.iter().map(|word| word.exact.as_str()).collect::<Vec<_>>().join(" ");
        let each = |field, terms: Vec<String>| -> Result<Vec<TermsLeaf>> {
            terms.iter().map(|term| TermsLeaf::find(view, field, &[term], Worth::NOTHING)).collect()
        };
        Ok(Some(match meaning {
            Meaning::Phrase(words) => Condition { shown: spelled(words), how: How::phrase(view, words, false)? },
            Meaning::Name(words, true) => Condition { shown: spelled(words), how: How::phrase(view, words, true)? },
            Meaning::Name(words, false) => {
                let terms: Vec<String> = words.iter().map(|word| format!("{STEM_MARK}{}", word.own_stem())).collect();
                let terms: Vec<&str> = terms.iter().map(String::as_str).collect();
                let leaf = TermsLeaf::find(view, In::Named, &terms, Worth::NOTHING)?;
                Condition { shown: spelled(words), how: How::Terms(vec![leaf]) }
            }
            Meaning::Word(word) => {
                let ways = view.known.ways(view, &word.ways().into())?;
                let leaves = ways.leaves.iter().map(TermsLeaf::uncounted).collect();
                Condition { shown: word.exact.clone(), how: How::Terms(leaves) }
            }
            Meaning::Filter(name, values) => {
                let terms = values.iter().map(|value| fields::filter_term(name, value)).collect();
                Condition { shown: values.join(", "), how: How::Terms(each(In::Filter, terms)?) }
            }
            Meaning::Areas(areas) => {
                let mut leaves = Vec::new();
                for area in areas {
                    leaves.append(&mut covering(view, *area)?);
                }
                Condition { shown: String::new(), how: How::Terms(leaves) }
            }
            Meaning::Keys(keys) => {
                let terms = keys.iter().map(|key| fields::exact_key(key)).collect();
                Condition { shown: keys.join(", "), how: How::Terms(each(In::Key, terms)?) }
            }
            Meaning::Kinds(_) | Meaning::AnyStatus => return Ok(None),
        }))
    }

    /// What meets it in a segment; `None` when nothing does.
    pub(crate) fn open(&self, view: &View, segment: usize) -> Result<Option<Source>> {
        match &self.how {
            How::Terms(leaves) => terms::word(leaves, 0, view, segment),
            How::Documents(documents) => {
                let here = documents.get(segment).filter(|here| here.count() > 0);
                Ok(here.map(|here| Source::Few(FewReader::new(Arc::clone(here), 0))))
            }
        }
    }
    /// Which of these documents of a segment, in their order, meet it.
    pub(crate) fn met(&self, view: &View, segment: usize, docs: impl Iterator<Item = DocId>) -> Result<Vec<bool>> {
        Ok(match &self.how {
            How::Terms(leaves) => {
                let mut clause = terms::clause(leaves, view, segment)?;
                docs.map(|doc| clause.as_mut().is_some_and(|clause| clause.seek(doc) == doc)).collect()
            }
            How::Documents(documents) => {
                let here = documents.get(segment);
                docs.map(|doc| here.is_some_and(|here| here.has(doc))).collect()
            }
        })
    }
}
