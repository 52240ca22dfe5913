//! Cursors: where a list goes on, as text that callers can keep but neither read nor make.

use crate::error::{Error, Message, Result};
use crate::search::query::Position;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

const VERSION: u8 = 1;
const TAG: usize = 16;
const HEAD: usize = 2 + 8 + 8 + 8;

/// Which way a cursor goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Towards the end.
    Forward,
}

/// Where a list goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// After this hit.
    pub position: Position,
    /// Which way.
    pub direction: Direction,
    /// How many hits had been shown before.
    pub before: u64,
}

/// What a cursor belongs to: another query's cursor is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 8]);

impl Fingerprint {
    /// The fingerprint of what decides which hits there are and in which order.
    pub fn of<'a>(scope: &str, pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Fingerprint {
        let mut pairs: Vec<(&str, &str)> = pairs.collect();
        pairs.sort_unstable();
        let mut hash = Sha256::new();
        for text in std::iter::once(scope).chain(pairs.into_iter().flat_map(|(name, value)| [name, value])) {
            // With the length first, no two lists of texts run together.
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        }
        Fingerprint(first_eight(&hash.finalize()))
    }
}

fn first_eight(bytes: &[u8]) -> [u8; 8] {
    bytes.first_chunk::<8>().copied().unwrap_or_default()
}

/// The key that signs cursors; all nodes share it.
#[derive(Clone)]
pub struct CursorKey(Hmac<Sha256>);

impl CursorKey {
    /// A key made of a secret.
    ///
    /// # Errors
    /// Never in practice: every length of secret is taken.
    pub fn new(secret: &[u8]) -> Result<CursorKey> {
        let mut key = Hmac::<Sha256>::new_from_slice(secret).map_err(Error::internal)?;
        // The same secret may sign other things: what is signed begins with its purpose.
        key.update(b"samverkan cursor\0");
        Ok(CursorKey(key))
    }

    /// The text of a cursor.
    pub fn seal(&self, cursor: &Cursor, query: Fingerprint) -> String {
        let mut bytes = Vec::with_capacity(HEAD + cursor.position.key.len() + TAG);
        bytes.push(VERSION);
        bytes.push(match cursor.direction {
            Direction::Forward => 0,
        });
        bytes.extend(query.0);
        bytes.extend(cursor.before.to_be_bytes());
        bytes.extend(cursor.position.tie.to_be_bytes());
        bytes.extend(&cursor.position.key);
        let tag = self.0.clone().chain_update(&bytes).finalize().into_bytes();
        bytes.extend(tag.iter().take(TAG));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a cursor that this key has sealed for that query.
    ///
    /// # Errors
    /// 400 naming `cursor` for anything else.
    pub fn open(&self, text: &str, query: Fingerprint) -> Result<Cursor> {
        self.read(text, query).ok_or_else(|| {
            Error::parameter(
                "cursor",
                "cursor",
                Message::fixed(
                    "Värdet hör inte till den här sökningen. Följ länkarna i svaret i stället för att bygga dem.",
                    "The value does not belong to this query. Follow the links in the answer instead of making them.",
                ),
            )
        })
    }

    fn read(&self, text: &str, query: Fingerprint) -> Option<Cursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (signed, tag) = bytes.split_at_checked(bytes.len().checked_sub(TAG)?)?;
        self.0.clone().chain_update(signed).verify_truncated_left(tag).ok()?;
        let (head, key) = signed.split_at_checked(HEAD)?;
        let (&[version, direction], head) = head.split_first_chunk::<2>()?;
        let (fingerprint, head) = head.split_first_chunk::<8>()?;
        let (before, tie) = head.split_first_chunk::<8>()?;
        if version != VERSION || direction != 0 || *fingerprint != query.0 {
            return None;
        }
        Some(Cursor {
            position: Position { key: key.to_vec(), tie: u64::from_be_bytes(first_eight(tie)) },
            direction: Direction::Forward,
            before: u64::from_be_bytes(*before),
        })
    }
}

impl std::fmt::Debug for CursorKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("CursorKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fingerprint(text: &str) -> Fingerprint {
        Fingerprint::of("organisations", [("q", text)].into_iter())
    }

    fn cursor(key: Vec<u8>, tie: u64, before: u64) -> Cursor {
        Cursor { position: Position { key, tie }, direction: Direction::Forward, before }
    }

    #[test]
    fn a_cursor_of_another_query_key_or_making_is_refused() {
        let key = CursorKey::new(b"secret").unwrap();
        let sealed = key.seal(&cursor(vec![1, 2], 3, 40), fingerprint("a"));
        assert!(key.open(&sealed, fingerprint("a")).is_ok());
        assert!(key.open(&sealed, fingerprint("b")).is_err());
        assert!(CursorKey::new(b"other").unwrap().open(&sealed, fingerprint("a")).is_err());
        let mut forged = sealed.clone();
        forged.replace_range(3..4, if sealed.as_bytes()[3] == b'A' { "B" } else { "A" });
        assert!(key.open(&forged, fingerprint("a")).is_err());
        assert!(key.open("", fingerprint("a")).is_err());
    }

    #[test]
    fn the_order_of_parameters_does_not_matter_but_where_a_text_ends_does() {
        let pairs = [("a", "1"), ("b", "2")];
        let turned = [("b", "2"), ("a", "1")];
        assert_eq!(Fingerprint::of("x", pairs.into_iter()), Fingerprint::of("x", turned.into_iter()));
        assert_ne!(Fingerprint::of("x", [("a", "bc")].into_iter()), Fingerprint::of("x", [("ab", "c")].into_iter()));
    }

    proptest! {
        #[test]
        fn what_is_sealed_is_read_again(key in prop::collection::vec(any::<u8>(), 0..200), tie: u64, before: u64) {
            let signer = CursorKey::new(b"secret").unwrap();
            let cursor = cursor(key, tie, before);
            prop_assert_eq!(signer.open(&signer.seal(&cursor, fingerprint("a")), fingerprint("a")).unwrap(), cursor);
        }

        #[test]
        fn no_text_breaks_it(text in ".*") {
            prop_assert!(CursorKey::new(b"secret").unwrap().open(&text, fingerprint("a")).is_err());
        }
    }
}
