//! The fields of the index and the version that they, the text analysis and the vocabularies make up.

use crate::resources::Kind;
use crate::resources::values::NameKind;
use crate::search::{evidence, phrase, text};
use crate::vocabulary::Vocabulary;
use std::sync::{Arc, LazyLock};
use tantivy::schema::{
    BytesOptions, FAST, Field, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions,
};
use uuid::Uuid;

/// Counts changes of the fields and of what stands in them.
const LAYOUT: u32 = 6;

/// What a custom field of tantivy is called that our plugin of ready-made records reads.
pub(crate) const READY: &str = "ready";

/// Before a vocabulary number in `all`.
pub(crate) const TERM_MARK: char = '\u{2}';
/// Before a whole folded name in `all`.
pub(crate) const WHOLE_MARK: char = '\u{3}';
/// Between the folded and the exact form of a word in `surface` and `named`.
pub(crate) const SURFACE_MARK: char = '\u{1}';
/// Before a folded word in `named`.
pub(crate) const FOLDED_MARK: char = '\u{6}';
/// Before a stem in `named`.
pub(crate) const STEM_MARK: char = '\u{5}';
/// Before the beginning of a name that is not the official one in `prefix`.
pub(crate) const START_MARK: char = '\u{4}';
/// Before the beginning of an official name in `prefix`.
pub(crate) const OFFICIAL_START_MARK: char = '\u{7}';
/// So many letters of a word or name are in `prefix`.
pub(crate) const PREFIX_LETTERS: usize = 10;

/// The fields. All text fields hold terms that we made ourselves; `evidence` says what their frequencies mean.
#[derive(Debug, Clone)]
pub(crate) struct Fields {
    /// Tantivy's own description.
    pub schema: Schema,
    /// `kind:id` and `#key`: what finds a record exactly.
    pub key: Field,
    /// `name=value` of every filter.
    pub filter: Field,
    /// Stems and compound parts of everything that is searched (plain, and behind `text::MARKED` and `text::PLAIN`),
    /// vocabulary numbers and whole names.
    pub all: Field,
    /// Words as they are written, folded form first: for spelling; those of texts with their positions.
    pub surface: Field,
    /// Words and stems of names alone: short lists for signals that only names give; words with their positions.
    pub named: Field,
    /// Beginnings of the words of names, for search while typing.
    pub prefix: Field,
    /// The header and the canonical JSON.
    pub ready: Field,
    /// Kind, audience, rest and length of the name in one number.
    pub features: Field,
    /// Change number of the creation.
    pub tie: Field,
    /// Last change.
    pub updated: Field,
    /// Sort key of the title.
    pub name: Field,
    /// Latitude.
    pub lat: Field,
    /// Longitude.
    pub lon: Field,
    /// First moment.
    pub start: Field,
    /// Last moment.
    pub end: Field,
    /// Facet values and covered areas, as `facets` encodes them.
    pub facets: Field,
}

impl Fields {
    /// The fields of this version.
    pub(crate) fn new() -> Fields {
        let mut builder = Schema::builder();
        let text = |tokenizer: &str, option: IndexRecordOption| {
            TextOptions::default().set_indexing_options(
                TextFieldIndexing::default().set_tokenizer(tokenizer).set_index_option(option).set_fieldnorms(false),
            )
        };
        let placed = || text(phrase::TOKENIZER, IndexRecordOption::WithFreqsAndPositions);
        let number = || NumericOptions::default().set_fast();
        let key = builder.add_text_field("key", text("raw", IndexRecordOption::Basic));
        let filter = builder.add_text_field("filter", text("raw", IndexRecordOption::Basic));
        let all = builder.add_text_field("all", text(evidence::TOKENIZER, IndexRecordOption::WithFreqs));
        let surface = builder.add_text_field("surface", placed());
        let named = builder.add_text_field("named", placed());
        let prefix = builder.add_text_field("prefix", text(evidence::TOKENIZER, IndexRecordOption::Basic));
        let ready = builder.add_custom_field("ready", READY, serde_json::Value::Null);
        let features = builder.add_u64_field("features", number());
        let tie = builder.add_u64_field("tie", number());
        let updated = builder.add_i64_field("updated", number());
        let name = builder.add_bytes_field("name", BytesOptions::default().set_fast());
        let lat = builder.add_f64_field("lat", FAST);
        let lon = builder.add_f64_field("lon", FAST);
        let start = builder.add_i64_field("start", FAST);
        let end = builder.add_i64_field("end", FAST);
        let facets = builder.add_u64_field("facets", FAST);
        let schema = builder.build();
        Fields {
            schema,
            key,
            filter,
            all,
            surface,
            named,
            prefix,
            ready,
            features,
            tie,
            updated,
            name,
            lat,
            lon,
            start,
            end,
            facets,
        }
    }

    /// The fields, made once.
    pub(crate) fn shared() -> Arc<Fields> {
        static FIELDS: LazyLock<Arc<Fields>> = LazyLock::new(|| Arc::new(Fields::new()));
        Arc::clone(&FIELDS)
    }
}

/// Whether a name is what suggestions go by first.
pub(crate) fn is_official(kind: NameKind) -> bool {
    kind == NameKind::Official
}

/// The term by which a record is found and deleted.
pub(crate) fn record_key(kind: Kind, id: Uuid) -> String {
    format!("{}:{id}", kind.name())
}

/// The term of an exact key.
pub(crate) fn exact_key(key: &str) -> String {
    format!("#{}", key.trim().to_lowercase())
}

/// The term of a filter value.
pub(crate) fn filter_term(name: &str, value: &str) -> String {
    format!("{name}={value}")
}

/// The term of records that state this area itself, after areas that a broader one covers were left out.
pub(crate) fn stated_area(number: u16) -> String {
    format!("\u{1}at={number}")
}

/// The term of records that state this area or one within it.
pub(crate) fn within_area(number: u16) -> String {
    format!("\u{1}in={number}")
}

/// The term of records that state this vocabulary term, whatever as.
pub(crate) fn stated_term(number: u16) -> String {
    format!("\u{1}is={number}")
}

/// The term of a vocabulary number in `all`.
pub(crate) fn vocabulary_term(number: u16) -> String {
    format!("{TERM_MARK}{number}")
}

/// The place of a kind in `Kind::ALL`, which fits three bits.
pub(crate) fn kind_number(kind: Kind) -> u8 {
    Kind::ALL.iter().position(|other| *other == kind).and_then(|at| u8::try_from(at).ok()).unwrap_or(0)
}

/// The version of the index: another one means another layout, another analysis or other vocabularies.
pub fn schema_version() -> u32 {
    static VERSION: LazyLock<u32> = LazyLock::new(|| {
        let mut hash = Fnv::new();
        hash.write(&LAYOUT.to_le_bytes());
        hash.write(&text::VERSION.to_le_bytes());
        for vocabulary in Vocabulary::ALL {
            hash.write(vocabulary.name().as_bytes());
            for term in vocabulary.terms() {
                hash.write(term.key.as_bytes());
                hash.write(&term.number.to_le_bytes());
                for (_, label) in term.label.texts() {
                    hash.write(label.as_bytes());
                }
                for word in term.synonyms.all() {
                    hash.write(word.as_bytes());
                }
                for broader in &term.broader {
                    hash.write(broader.as_bytes());
                }
            }
        }
        hash.finish32()
    });
    *VERSION
}

/// FNV-1a: a hash that is the same on every machine and in every version.
pub(crate) struct Fnv(u64);

impl Fnv {
    /// The start.
    pub(crate) const fn new() -> Self {
        Fnv(0xcbf2_9ce4_8422_2325)
    }

    /// Takes bytes in, with an end mark so that parts do not flow together.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        for byte in bytes.iter().chain(&[0xff]) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    /// The hash in 32 bits.
    pub(crate) const fn finish32(&self) -> u32 {
        let [a, b, c, d, e, f, g, h] = self.0.to_le_bytes();
        u32::from_le_bytes([a ^ e, b ^ f, c ^ g, d ^ h])
    }
}
