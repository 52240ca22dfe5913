//! Orders of hits: sort keys as numbers inside a segment, as bytes that compare alike everywhere else.

use crate::error::{Error, Message, Result};
use crate::search::query::{Near, Position, Sort, SortBy};
use crate::search::stored::Stored;
use crate::search::view::{NO_NAME, SegmentData};
use std::ops::Bound;
use tantivy::DocId;

/// So many keys an order has at most: one of each kind.
pub(crate) const MOST_KEYS: usize = 5;

/// Nothing to sort by: last, whichever the direction.
const MISSING: u64 = u64::MAX;

/// Sort keys of a document in its segment; smaller comes first.
pub(crate) type Keys = [u64; MOST_KEYS];

/// An order.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    first: Sort,
    sorts: Vec<Sort>,
    near: Option<Near>,
}

/// Where an order is to go on.
#[derive(Debug, Clone)]
pub(crate) struct After {
    parts: Vec<Part>,
    tie: u64,
}

#[derive(Debug, Clone)]
enum Part {
    Number(u64),
    Name(Option<Vec<u8>>),
}

impl Order {
    /// The order of a query; relevance with text, else name.
    pub(crate) fn new(sorts: &[Sort], near: Option<Near>, text: bool) -> Order {
        let mut unique: Vec<Sort> = Vec::new();
        for sort in sorts {
            if !unique.iter().any(|known| known.by == sort.by) {
                unique.push(*sort);
            }
        }
        let usual = Sort { by: if text { SortBy::Relevance } else { SortBy::Name }, descending: false };
        let first = unique.first().copied().unwrap_or(usual);
        if unique.is_empty() {
            unique.push(usual);
        }
        Order { first, sorts: unique, near }
    }

    /// Whether it has more than one key.
    pub(crate) fn has_several_keys(&self) -> bool {
        self.sorts.len() > 1
    }

    /// Whether scores matter to it.
    pub(crate) fn by_relevance(&self) -> bool {
        self.sorts.iter().any(|sort| sort.by == SortBy::Relevance)
    }

    /// Whether names matter to it.
    pub(crate) fn by_name(&self) -> bool {
        self.sorts.iter().any(|sort| sort.by == SortBy::Name)
    }

    /// Whether the best score comes first of all: then a score alone may rule a document out.
    pub(crate) fn best_first(&self) -> bool {
        self.first == Sort { by: SortBy::Relevance, descending: false }
    }

    /// The first key of a document: it settles most comparisons.
    #[inline]
    pub(crate) fn first(&self, segment: &SegmentData, doc: DocId, score: u32) -> u64 {
        self.key(self.first, segment, doc, score)
    }

    /// All keys of a document whose first is known.
    #[inline]
    pub(crate) fn keys(&self, first: u64, segment: &SegmentData, doc: DocId, score: u32) -> Keys {
        let mut keys = [0; MOST_KEYS];
        keys[0] = first;
        for (key, sort) in keys.iter_mut().zip(&self.sorts).skip(1) {
            *key = self.key(*sort, segment, doc, score);
        }
        keys
    }

    #[inline]
    fn key(&self, sort: Sort, segment: &SegmentData, doc: DocId, score: u32) -> u64 {
        match sort.by {
            SortBy::Relevance => directed(u64::from(u32::MAX - score), sort.descending),
            SortBy::Name => match segment.name(doc) {
                NO_NAME => MISSING,
                // Room between the names, for where a page starts after a name that this segment does not have.
                place => directed(u64::from(place) * 2 + 2, sort.descending),
            },
            SortBy::UpdatedAt => segment.updated.first(doc).map_or(MISSING, |at| moment(at, sort.descending)),
            SortBy::Start => segment.start.first(doc).map_or(MISSING, |at| moment(at, sort.descending)),
            SortBy::Distance => self.distance(segment, doc, sort.descending),
        }
    }

    /// Apart from the others: its arithmetic would be done for every document of every order.
    #[inline(never)]
    fn distance(&self, segment: &SegmentData, doc: DocId, descending: bool) -> u64 {
        match (self.near, segment.lat.first(doc), segment.lon.first(doc)) {
            (Some(near), Some(lat), Some(lon)) => directed(metres(near, lat, lon) + 1, descending),
            _ => MISSING,
        }
    }

    /// Keys as bytes that compare as the order does, in every segment.
    pub(crate) fn encode(&self, segment: &SegmentData, doc: DocId, keys: &Keys) -> Result<Vec<u8>> {
        let mut out = Vec::with_capacity(16);
        for (key, sort) in keys.iter().zip(&self.sorts) {
            if sort.by != SortBy::Name {
                out.extend_from_slice(&key.to_be_bytes());
                continue;
            }
            // The stored record has the key too: reading it there is far quicker than from the column's dictionary.
            let stored = segment.ready.get(doc).and_then(Stored::read);
            let stored = stored.ok_or_else(|| Error::internal("a stored record is damaged"))?;
            out.push(u8::from(stored.sort_key.is_empty()));
            if !stored.sort_key.is_empty() {
                let start = out.len();
                escape(&mut out, stored.sort_key);
                if sort.descending {
                    out[start..].iter_mut().for_each(|byte| *byte = !*byte);
                }
            }
        }
        Ok(out)
    }

    /// Reads a position of this order.
    pub(crate) fn after(&self, position: &Position) -> Result<After> {
        self.parse(&position.key).map(|parts| After { parts, tie: position.tie }).ok_or_else(|| {
            Error::parameter(
                "cursor",
                "invalid",
                Message::fixed("Markören hör till en annan sökning.", "The cursor belongs to another search."),
            )
        })
    }

    fn parse(&self, mut key: &[u8]) -> Option<Vec<Part>> {
        let mut parts = Vec::new();
        for sort in &self.sorts {
            if sort.by == SortBy::Name {
                let (missing, rest) = key.split_first()?;
                key = rest;
                parts.push(Part::Name(match *missing {
                    0 => Some(unescape(&mut key, sort.descending)?),
                    1 => None,
                    _ => return None,
                }));
            } else {
                let (number, rest) = key.split_first_chunk::<8>()?;
                key = rest;
                parts.push(Part::Number(u64::from_be_bytes(*number)));
            }
        }
        key.is_empty().then_some(parts)
    }

    /// The position as keys of a segment: what comes after has greater keys, or the same and a greater tie.
    pub(crate) fn bound(&self, segment: &SegmentData, after: &After) -> Result<(Keys, u64)> {
        let mut keys = [0; MOST_KEYS];
        for ((key, sort), part) in keys.iter_mut().zip(&self.sorts).zip(&after.parts) {
            *key = match part {
                Part::Number(number) => *number,
                Part::Name(None) => MISSING,
                Part::Name(Some(name)) => directed(place_of(segment, name)?, sort.descending),
            };
        }
        Ok((keys, after.tie))
    }
}

/// The doubled place of a name in a segment, between those of its neighbours when the segment does not have it.
fn place_of(segment: &SegmentData, name: &[u8]) -> Result<u64> {
    let Some(column) = &segment.name_column else { return Ok(1) };
    let (lower, _) = column.dictionary().term_bounds_to_ord(Bound::Included(name), Bound::Unbounded)?;
    let place = match lower {
        Bound::Included(place) => place,
        Bound::Excluded(place) => place.saturating_add(1),
        Bound::Unbounded => 0,
    };
    let place = place.min(column.num_terms() as u64);
    let mut there = Vec::new();
    let exact = column.ord_to_bytes(place, &mut there)? && there == name;
    Ok(if exact { place * 2 + 2 } else { place * 2 + 1 })
}

#[inline]
fn directed(value: u64, descending: bool) -> u64 {
    // Neither end meets `MISSING`.
    if descending { !value.max(1) } else { value.min(MISSING - 1) }
}

#[inline]
fn moment(at: i64, descending: bool) -> u64 {
    directed(at.cast_unsigned() ^ (1 << 63), descending)
}

/// Bytes with an end that sorts before every continuation.
fn escape(out: &mut Vec<u8>, bytes: &[u8]) {
    for byte in bytes {
        out.push(*byte);
        if *byte == 0 {
            out.push(0xff);
        }
    }
    out.extend_from_slice(&[0, 0]);
}

fn unescape(key: &mut &[u8], inverted: bool) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut take = || {
        let (byte, rest) = key.split_first()?;
        *key = rest;
        Some(if inverted { !*byte } else { *byte })
    };
    loop {
        match take()? {
            0 => match take()? {
                0 => return Some(out),
                0xff => out.push(0),
                _ => return None,
            },
            byte => out.push(byte),
        }
    }
}

/// The distance from a point, in whole metres, on a sphere.
pub(crate) fn metres(near: Near, lat: f64, lon: f64) -> u64 {
    const RADIUS: f64 = 6_371_008.8;
    let (from, to) = (near.lat.to_radians(), lat.to_radians());
    let half_lat = ((to - from) / 2.0).sin();
    let half_lon = ((lon - near.lon).to_radians() / 2.0).sin();
    let square = half_lat * half_lat + from.cos() * to.cos() * half_lon * half_lon;
    let metres = 2.0 * RADIUS * square.sqrt().min(1.0).asin();
    // At most 20,016 km and never negative; not a number becomes 0.
    metres.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_names_compare_as_the_names_do() {
        let names: [&[u8]; 6] = [b"", b"\0", b"\0a", b"a", b"a\0", b"b"];
        let escaped: Vec<Vec<u8>> = names
            .iter()
            .map(|name| {
                let mut out = Vec::new();
                escape(&mut out, name);
                out
            })
            .collect();
        assert!(escaped.is_sorted());
        for (name, escaped) in names.iter().zip(&escaped) {
            let mut rest = escaped.as_slice();
            assert_eq!(unescape(&mut rest, false).as_deref(), Some(*name));
            assert!(rest.is_empty());
        }
    }

    #[test]
    fn luleå_lies_some_fifty_kilometres_from_piteå() {
        let luleå = Near { lat: 65.5842, lon: 22.1547, radius_km: None };
        let metres = metres(luleå, 65.3172, 21.4794);
        assert!((42_000..45_000).contains(&metres), "{metres}");
    }
}
