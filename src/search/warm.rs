//! What a large new segment is asked before anyone sees it: the words that are in most of its names, as they will be asked for.
//! So who comes first finds columns, masks and few matches made and the files in memory.

use crate::error::{Error, Result};
use crate::resources::Audience;
use crate::search::query::{Filter, Query};
use crate::search::searcher::Searcher;
use crate::search::stored::Stored;
use crate::search::text;
use crate::search::view::{Segment, View};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tantivy::DocId;

/// Of so many names, from all over the segment, words are counted.
const NAMES: DocId = 16_000;
/// So many words are asked for, the commonest first.
const WORDS: usize = 8_000;
/// It is left off after so long: where files have to be read from a slow disk it must not hold up what was written.
const LONGEST: Duration = Duration::from_secs(2);

/// Asks what is new in a view of segments with so many documents. What goes wrong is told but keeps nobody from being shown it.
pub(crate) fn warm(view: &Arc<View>, least: DocId) {
    let is_new = |segment: &&Segment| segment.data.documents >= least && segment.data.is_first_time();
    let new: Vec<&Segment> = view.segments.iter().filter(is_new).collect();
    if new.is_empty() {
        return;
    }
    // In a thread of its own: memory that it needs for a while goes with it.
    let asked = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("warm".to_owned()).spawn_scoped(scope, || ask(view, &new))?;
        thread.join().unwrap_or_else(|_| Err(Error::internal("it panicked")))
    });
    if let Err(error) = asked {
        tracing::warn!(%error, "a new part of the index could not be asked beforehand");
    }
}

fn ask(view: &Arc<View>, new: &[&Segment]) -> Result<()> {
    let begun = Instant::now();
    let searcher = Searcher::new(Arc::clone(view));
    for segment in new {
        for (word, count) in words(segment) {
            // Only what is asked for again gets a column.
            for _ in 0..count.min(2) {
                if begun.elapsed() > LONGEST {
                    return Ok(());
                }
                searcher.find(Audience::Public, &query(&word))?;
            }
        }
    }
    Ok(())
}

fn query(word: &str) -> Query {
    Query { text: Some(word.to_owned()), filters: vec![Filter::usual_statuses()], limit: 20, ..Query::default() }
}

/// The commonest words in titles of documents that everyone is shown, and how often they come in a sample.
fn words(segment: &Segment) -> Vec<(String, u32)> {
    let step = (segment.data.documents / NAMES).max(1);
    let docs = (0..segment.data.documents).step_by(step as usize).filter(|doc| segment.shows(*doc, Audience::Public));
    let titles = docs.filter_map(|doc| Stored::read(segment.data.ready.get(doc)?)).map(|stored| stored.title(None));
    let mut counts: HashMap<String, u32> = HashMap::new();
    for word in titles.flat_map(text::words) {
        *counts.entry(word.exact.clone()).or_default() += 1;
    }
    let mut words: Vec<(String, u32)> = counts.into_iter().collect();
    words.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    words.truncate(WORDS);
    words
}
