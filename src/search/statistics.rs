//! Statistics for scoring, taken once and kept: how many records there are and how many hold each term.
//!
//! Live segments count deleted records and differ from node to node, so scores would too. All nodes search with the
//! same snapshot; the document frequency of a term that it does not know is one.

use crate::error::{Error, Result};
use crate::search::fields::WHOLE_MARK;
use crate::search::view::View;
use std::collections::BTreeMap;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, TERMINATED};

const MAGIC: &[u8; 4] = b"SVS1";

/// A snapshot: sorted terms with their document frequencies. Terms of a single record are left out.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Statistics {
    /// How many records there were.
    pub documents: u64,
    terms: Box<[u8]>,
    /// End of each term in `terms`.
    ends: Box<[u32]>,
    frequencies: Box<[u32]>,
}

/// Collects a snapshot; terms must come in order.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    terms: Vec<u8>,
    ends: Vec<u32>,
    frequencies: Vec<u32>,
}

impl Builder {
    /// Adds a term.
    pub(crate) fn add(&mut self, term: &[u8], frequency: u32) -> Result<()> {
        if frequency > 1 {
            self.terms.extend_from_slice(term);
            self.ends.push(u32::try_from(self.terms.len()).map_err(|_| Error::internal("too many terms"))?);
            self.frequencies.push(frequency);
        }
        Ok(())
    }

    /// The snapshot.
    pub(crate) fn finish(self, documents: u64) -> Statistics {
        Statistics { documents, terms: self.terms.into(), ends: self.ends.into(), frequencies: self.frequencies.into() }
    }
}

impl Statistics {
    fn term(&self, at: usize) -> &[u8] {
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |end| *end as usize);
        let end = self.ends.get(at).map_or(start, |end| *end as usize);
        self.terms.get(start..end).unwrap_or(&[])
    }

    /// How many records hold a term.
    pub(crate) fn frequency(&self, term: &[u8]) -> u64 {
        let (mut low, mut high) = (0, self.ends.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.term(middle).cmp(term) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return self.frequencies.get(middle).map_or(1, |f| u64::from(*f)),
            }
        }
        1
    }

    /// The snapshot as bytes: each term told by what it shares with the one before.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.terms.len() / 2 + 16);
        out.extend_from_slice(MAGIC);
        varint(&mut out, self.documents);
        varint(&mut out, self.ends.len() as u64);
        let mut before: &[u8] = &[];
        for at in 0..self.ends.len() {
            let term = self.term(at);
            let shared = before.iter().zip(term).take_while(|(one, other)| one == other).count();
            varint(&mut out, shared as u64);
            varint(&mut out, (term.len() - shared) as u64);
            out.extend_from_slice(&term[shared..]);
            varint(&mut out, self.frequencies.get(at).map_or(1, |f| u64::from(*f)));
            before = term;
        }
        out
    }

    /// Reads a snapshot.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Statistics> {
        Self::parse(bytes).ok_or_else(|| Error::internal("these are no statistics of an index"))?
    }

    fn parse(bytes: &[u8]) -> Option<Result<Statistics>> {
        let mut rest = bytes.strip_prefix(MAGIC)?;
        let documents = read_varint(&mut rest)?;
        let count = read_varint(&mut rest)?;
        let mut builder = Builder::default();
        let mut term: Vec<u8> = Vec::new();
        for _ in 0..count {
            let shared = usize::try_from(read_varint(&mut rest)?).ok()?;
            let more = usize::try_from(read_varint(&mut rest)?).ok()?;
            if shared > term.len() {
                return None;
            }
            let (new, after) = rest.split_at_checked(more)?;
            term.truncate(shared);
            term.extend_from_slice(new);
            rest = after;
            let frequency = u32::try_from(read_varint(&mut rest)?).ok()?;
            if let Err(error) = builder.add(&term, frequency) {
                return Some(Err(error));
            }
        }
        Some(Ok(builder.finish(documents)))
    }
}

/// Takes statistics of a view; deleted records do not count.
pub(crate) fn of(view: &View) -> Result<Statistics> {
    let mut frequencies: BTreeMap<Vec<u8>, u32> = BTreeMap::new();
    let mut mark = [0; 4];
    let mark = WHOLE_MARK.encode_utf8(&mut mark).as_bytes();
    for segment in &view.segments {
        let all = &segment.data.all;
        let mut terms = all.terms().stream()?;
        while terms.advance() {
            if terms.key().starts_with(mark) {
                continue;
            }
            let mut frequency = terms.value().doc_freq;
            if segment.living < segment.data.documents {
                let mut postings = all.read_postings_from_terminfo(terms.value(), IndexRecordOption::Basic)?;
                frequency = 0;
                while postings.doc() != TERMINATED {
                    frequency += u32::from(segment.lives(postings.doc()));
                    postings.advance();
                }
            }
            match frequencies.get_mut(terms.key()) {
                Some(known) => *known += frequency,
                None => {
                    frequencies.insert(terms.key().to_vec(), frequency);
                }
            }
        }
    }
    let mut builder = Builder::default();
    for (term, frequency) in &frequencies {
        builder.add(term, *frequency)?;
    }
    Ok(builder.finish(view.living))
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(u8::try_from(value & 0x7f).unwrap_or(0) | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap_or(0));
}

fn read_varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_survives_being_written_and_read() {
        let mut builder = Builder::default();
        for (term, frequency) in [("förening", 300), ("föreningsliv", 2), ("kalix", 1), ("luleå", 70_000)] {
            builder.add(term.as_bytes(), frequency).expect("fits");
        }
        let statistics = builder.finish(100_000);
        let read = Statistics::from_bytes(&statistics.to_bytes()).expect("reads");
        assert_eq!(read, statistics);
        assert_eq!(read.documents, 100_000);
        assert_eq!(read.frequency("förening".as_bytes()), 300);
        assert_eq!(read.frequency("luleå".as_bytes()), 70_000);
        assert_eq!(read.frequency(b"kalix"), 1);
        assert_eq!(read.frequency(b"unknown"), 1);
    }

    #[test]
    fn broken_bytes_are_refused() {
        assert!(Statistics::from_bytes(b"").is_err());
        assert!(Statistics::from_bytes(b"SVS1\xff").is_err());
        assert!(Statistics::from_bytes(b"SVS1\x01\x01\x05\x01a\x01").is_err());
    }
}
