//! Whole answers of lists and searches, kept for those who ask the same again.
//!
//! An answer holds for one state of the index, one address and one kind of caller, so what is kept is what would be computed:
//! with another state everything is forgotten.

use crate::api::language::Language;
use crate::api::negotiate::Format;
use crate::resources::Audience;
use actix_web::web::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::sync::atomic::{AtomicU64, Ordering};

/// About what an answer takes beside its body.
const OVERHEAD: usize = 256;
/// About what an answer takes, to guess how many there will be.
const USUAL: u64 = 16 << 10;

/// What an answer depends on beside the state of the index.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    /// Path and parameters, in their one spelling.
    pub address: String,
    /// The caller's language.
    pub language: Language,
    /// The form of the answer.
    pub format: Format,
    /// What the caller may see.
    pub audience: Audience,
}

/// A kept answer.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    state: u64,
    /// Its ETag.
    pub tag: String,
    /// Its body.
    pub body: Bytes,
}

#[derive(Clone)]
struct Size;

impl Weighter<Key, Kept> for Size {
    fn weight(&self, key: &Key, kept: &Kept) -> u64 {
        (OVERHEAD + key.address.len() + kept.body.len()) as u64
    }
}

/// The kept answers of a node.
pub struct Answers {
    cache: Option<Cache<Key, Kept, Size>>,
    /// The latest state that an answer was kept for.
    state: AtomicU64,
}

impl Answers {
    /// Room for so many megabytes; nothing is kept in none.
    pub fn new(megabytes: u32) -> Answers {
        let bytes = u64::from(megabytes) << 20;
        let usual = usize::try_from(bytes / USUAL).unwrap_or(usize::MAX);
        let cache = (bytes > 0).then(|| Cache::with_weighter(usual, bytes, Size));
        Answers { cache, state: AtomicU64::new(0) }
    }

    /// Whether anything is ever kept.
    pub(crate) fn is_on(&self) -> bool {
        self.cache.is_some()
    }

    /// The answer that was computed in this state of the index.
    pub(crate) fn get(&self, key: &Key, state: u64) -> Option<Kept> {
        self.cache.as_ref()?.get(key).filter(|kept| kept.state == state)
    }

    /// Keeps an answer that was computed in this state of the index.
    pub(crate) fn keep(&self, key: Key, state: u64, tag: String, body: Bytes) {
        let Some(cache) = &self.cache else { return };
        // What is withdrawn is not to lie about in memory either: neither from before, nor from an answer that took long.
        let last = self.state.fetch_max(state, Ordering::Relaxed);
        if last > state {
            return;
        }
        if last < state {
            cache.clear();
        }
        cache.insert(key, Kept { state, tag, body });
    }
}

impl std::fmt::Debug for Answers {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Answers").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(address: &str, audience: Audience) -> Key {
        Key { address: address.to_owned(), language: Language::Sv, format: Format::Json, audience }
    }

    #[test]
    fn an_answer_is_for_its_caller_and_its_state() {
        let answers = Answers::new(1);
        let asked = key("/search?q=x", Audience::Public);
        answers.keep(asked.clone(), 7, "W/\"1\"".to_owned(), Bytes::from_static(b"{}"));
        assert_eq!(answers.get(&asked, 7).map(|kept| kept.body), Some(Bytes::from_static(b"{}")));
        assert!(answers.get(&asked, 8).is_none());
        assert!(answers.get(&key("/search?q=x", Audience::Partners), 7).is_none());
        assert!(answers.get(&key("/search?q=y", Audience::Public), 7).is_none());
        answers.keep(key("/search?q=y", Audience::Public), 8, String::new(), Bytes::new());
        assert!(answers.get(&asked, 7).is_none(), "another state forgets all");
        answers.keep(asked.clone(), 7, String::new(), Bytes::new());
        assert!(answers.get(&asked, 7).is_none(), "a state that has passed keeps nothing");
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let answers = Answers::new(1);
        let body = Bytes::from(vec![b'x'; 100 << 10]);
        for number in 0..100 {
            answers.keep(key(&number.to_string(), Audience::Public), 1, String::new(), body.clone());
        }
        let kept = (0..100).filter(|number| answers.get(&key(&number.to_string(), Audience::Public), 1).is_some());
        assert!((1..=10).contains(&kept.count()));
        assert!(!Answers::new(0).is_on());
    }
}
