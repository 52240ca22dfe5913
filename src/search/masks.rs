//! The documents of a segment that an asker is shown, as bits: what words match is put together with these and needs no other
//! look at a document. A mask holds for a segment with its deletions; what columns keep of it they keep by its number.

use crate::error::Result;
use crate::resources::Audience;
use crate::search::counting::Tally;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// So many kinds and filters have masks, those that came first: each takes a bit a document.
const MOST: usize = 16;

/// Documents as bits.
#[derive(Debug)]
pub(crate) struct Mask {
    /// A number that no other mask of this process has; later ones have greater ones.
    pub number: u64,
    /// A bit for every document.
    pub bits: Arc<[u64]>,
    /// What was counted of all these documents.
    pub tally: Arc<Tally>,
}

impl Mask {
    fn new(bits: Arc<[u64]>) -> Arc<Mask> {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Arc::new(Mask { number: LAST.fetch_add(1, Ordering::Relaxed) + 1, bits, tally: Arc::default() })
    }
}

/// Who is shown what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown<K> {
    /// Who asks.
    pub asker: Audience,
    /// Kinds as bits.
    pub kinds: u8,
    /// The terms of a filter; empty without one.
    pub filter: Vec<K>,
}

/// The masks of a segment with its deletions.
#[derive(Debug)]
pub(crate) struct Masks<K> {
    usual: [OnceLock<Arc<Mask>>; 2],
    others: Mutex<Vec<(Shown<K>, Arc<Mask>)>>,
}

impl<K> Default for Masks<K> {
    fn default() -> Masks<K> {
        Masks { usual: Default::default(), others: Mutex::default() }
    }
}

impl<K: PartialEq> Masks<K> {
    /// What an asker is shown who asks for nothing special.
    pub(crate) fn usual(&self, asker: Audience, make: impl FnOnce() -> Arc<[u64]>) -> &Arc<Mask> {
        asker.own(&self.usual).get_or_init(|| Mask::new(make()))
    }

    /// Others; `None` where there is no room for that.
    pub(crate) fn other(
        &self,
        shown: Shown<K>,
        make: impl FnOnce() -> Result<Arc<[u64]>>,
    ) -> Result<Option<Arc<Mask>>> {
        let known = |others: &[(Shown<K>, Arc<Mask>)]| {
            others.iter().find(|(known, _)| *known == shown).map(|(_, mask)| Arc::clone(mask))
        };
        {
            let others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
            let known = known(&others);
            if known.is_some() || others.len() >= MOST {
                return Ok(known);
            }
        }
        let bits = make()?;
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have made it too.
        if let Some(mask) = known(&others) {
            return Ok(Some(mask));
        }
        let mask = Mask::new(bits);
        others.push((shown, Arc::clone(&mask)));
        Ok(Some(mask))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_are_made_once_for_each_asker_kinds_and_filter() {
        let masks: Masks<u32> = Masks::default();
        let bits = |bits: u64| -> Arc<[u64]> { Arc::new([bits]) };
        let usual = masks.usual(Audience::Public, || bits(1));
        assert_eq!(masks.usual(Audience::Public, || bits(2)).bits[0], 1);
        assert_eq!(masks.usual(Audience::Partners, || bits(3)).bits[0], 3);
        let of = |asker, kinds, filter: u32, made| {
            masks.other(Shown { asker, kinds, filter: vec![filter] }, || Ok(bits(made))).unwrap()
        };
        let first = of(Audience::Public, 1, 0, 4).unwrap();
        assert!(first.number > usual.number);
        assert_eq!(of(Audience::Public, 1, 0, 5).unwrap().number, first.number);
        assert_eq!(of(Audience::Partners, 1, 0, 6).unwrap().bits[0], 6);
        assert_eq!(of(Audience::Public, 2, 0, 7).unwrap().bits[0], 7);
        assert_eq!((1..40).filter_map(|filter| of(Audience::Public, 1, filter, 8)).count(), MOST - 3);
        assert_eq!(of(Audience::Public, 1, 0, 9).unwrap().bits[0], 4);
    }
}
