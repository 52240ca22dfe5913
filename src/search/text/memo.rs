//! What was made of words, kept for the next query with the same word: it never depends on anything but the word.

use quick_cache::sync::Cache;
use std::sync::LazyLock;

/// So many words are kept: some megabytes.
const MOST_KNOWN: usize = 8_192;
/// Longer ones are not: they are no words.
const LONGEST_KNOWN: usize = 64;

/// What was made of words; cheap to clone.
pub(super) struct Memo<T>(LazyLock<Cache<String, T>>);

impl<T: Clone> Memo<T> {
    /// Nothing yet.
    pub(super) const fn new() -> Memo<T> {
        Memo(LazyLock::new(|| Cache::new(MOST_KNOWN)))
    }

    /// What `make` makes of a word.
    pub(super) fn get(&self, word: &str, make: impl FnOnce() -> T) -> T {
        if word.len() > LONGEST_KNOWN {
            return make();
        }
        if let Some(known) = self.0.get(word) {
            return known;
        }
        let made = make();
        self.0.insert(word.to_owned(), made.clone());
        made
    }
}
