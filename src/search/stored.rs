//! What the index keeps of a record beside what is searched: a small header for titles and orders, the canonical JSON
//! as it is sent, and at the end what only highlights and suggestions read.

use crate::resources::Kind;
use crate::resources::values::{NameKind, TextLanguage};
use crate::search::document::Document;
use crate::search::fields::kind_number;
use uuid::Uuid;

const LANGUAGES: [TextLanguage; 9] = [
    TextLanguage::Sv,
    TextLanguage::En,
    TextLanguage::Fi,
    TextLanguage::Fit,
    TextLanguage::Se,
    TextLanguage::Smj,
    TextLanguage::Sma,
    TextLanguage::Sje,
    TextLanguage::Sju,
];
const NAME_KINDS: [NameKind; 4] = [NameKind::Official, NameKind::Short, NameKind::Alias, NameKind::Former];

/// A stored record, read where it lies.
#[derive(Debug)]
pub(crate) struct Stored<'a> {
    /// What it is.
    pub kind: Kind,
    /// Its id.
    pub id: Uuid,
    /// What its title is sorted by; empty without one.
    pub sort_key: &'a [u8],
    header: Reader<'a>,
    words: Reader<'a>,
    /// The canonical JSON.
    pub record: &'a [u8],
}

/// Writes a record as it is stored.
pub(crate) fn write(document: &Document, sort_key: &[u8]) -> Vec<u8> {
    let mut header = Vec::with_capacity(256);
    header.push(kind_number(document.kind));
    header.extend_from_slice(document.id.as_bytes());
    number(&mut header, sort_key.len());
    header.extend_from_slice(sort_key);
    number(&mut header, document.titles.len());
    for (lang, title) in &document.titles {
        header.push(place(&LANGUAGES, lang));
        string(&mut header, title);
    }
    let mut words = Vec::with_capacity(256);
    number(&mut words, document.names.len());
    for name in &document.names {
        words.push(place(&NAME_KINDS, &name.kind));
        string(&mut words, &name.value);
    }
    number(&mut words, document.texts.len());
    for text in &document.texts {
        string(&mut words, text);
    }
    let mut stored = Vec::with_capacity(header.len() + document.record.len() + words.len() + 8);
    number(&mut stored, header.len());
    number(&mut stored, document.record.len());
    stored.append(&mut header);
    stored.extend_from_slice(&document.record);
    stored.append(&mut words);
    stored
}

fn place<T: PartialEq>(all: &[T], one: &T) -> u8 {
    all.iter().position(|other| other == one).and_then(|at| u8::try_from(at).ok()).unwrap_or(0)
}

fn number(out: &mut Vec<u8>, value: usize) {
    out.extend_from_slice(&u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes());
}

fn string(out: &mut Vec<u8>, text: &str) {
    number(out, text.len());
    out.extend_from_slice(text.as_bytes());
}

impl<'a> Stored<'a> {
    /// Reads a stored record; `None` when the bytes are not one.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Stored<'a>> {
        let mut outer = Reader(bytes);
        let (header, record) = (outer.number()?, outer.number()?);
        let mut header = Reader(outer.take(header)?);
        let record = outer.take(record)?;
        let kind = Kind::ALL.get(usize::from(header.byte()?)).copied()?;
        let id = Uuid::from_slice(header.take(16)?).ok()?;
        let length = header.number()?;
        let sort_key = header.take(length)?;
        Some(Stored { kind, id, sort_key, header, words: outer, record })
    }

    /// The title in a language, else the first.
    pub(crate) fn title(&self, lang: Option<TextLanguage>) -> &'a str {
        let mut first = None;
        let mut reader = self.header;
        let count = reader.number().unwrap_or(0);
        for _ in 0..count {
            let (Some(code), Some(text)) = (reader.byte(), reader.string()) else { break };
            if lang.is_some() && LANGUAGES.get(usize::from(code)).copied() == lang {
                return text;
            }
            first.get_or_insert(text);
        }
        first.unwrap_or_default()
    }

    /// Its names and its texts.
    pub(crate) fn words(&self) -> (Vec<(NameKind, &'a str)>, Vec<&'a str>) {
        let mut reader = self.words;
        let mut names = Vec::new();
        let mut texts = Vec::new();
        for _ in 0..reader.number().unwrap_or(0) {
            let (Some(kind), Some(name)) = (reader.byte(), reader.string()) else { return (names, texts) };
            names.push((NAME_KINDS.get(usize::from(kind)).copied().unwrap_or(NameKind::Official), name));
        }
        for _ in 0..reader.number().unwrap_or(0) {
            let Some(text) = reader.string() else { break };
            texts.push(text);
        }
        (names, texts)
    }
}

#[derive(Debug, Clone, Copy)]
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn number(&mut self) -> Option<usize> {
        let bytes: [u8; 4] = self.take(4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(bytes)).ok()
    }

    fn string(&mut self) -> Option<&'a str> {
        let length = self.number()?;
        std::str::from_utf8(self.take(length)?).ok()
    }
}
