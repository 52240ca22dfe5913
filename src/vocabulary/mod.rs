//! The controlled vocabularies: compiled in from `data/vocabularies`, read only.
//!
//! Every term of every vocabulary has a number of its own in one `u16` space, which facets use.

pub mod names;

use crate::resources::values::{LocalizedText, Location, TextLanguage};
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::OnceLock;

macro_rules! vocabularies {
    ($($variant:ident $name:literal $published:literal,)*) => {
        /// A controlled vocabulary.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each is explained in its file in data/vocabularies")]
        pub enum Vocabulary { $($variant,)* }

        impl Vocabulary {
            /// All vocabularies.
            pub const ALL: &'static [Vocabulary] = &[$(Vocabulary::$variant,)*];

            /// The name in paths.
            pub const fn name(self) -> &'static str {
                match self { $(Vocabulary::$variant => $name,)* }
            }

            /// Whether the API serves it as a list of its own; the others only label closed sets of values.
            pub const fn published(self) -> bool {
                match self { $(Vocabulary::$variant => $published,)* }
            }

            fn source(self) -> &'static str {
                match self {
                    $(Vocabulary::$variant => include_str!(concat!("../../data/vocabularies/", $name, ".json")),)*
                }
            }
        }
    };
}

vocabularies! {
    Topics "topics" true,
    Municipalities "municipalities" true,
    ActivityAreas "activity-areas" true,
    LegalForms "legal-forms" true,
    SustainabilityGoals "sustainability-goals" true,
    OrganisationKinds "organisation-kinds" true,
    TargetGroups "target-groups" true,
    ContactPurposes "contact-purposes" true,
    Languages "languages" true,
    CollaborationForms "collaboration-forms" true,
    PartnershipForms "partnership-forms" true,
    RecordTypes "record-types" false,
    Sectors "sectors" false,
    Levels "levels" false,
    Statuses "statuses" false,
    ParticipationLevels "participation-levels" false,
    Openness "openness" false,
    Modes "modes" false,
    ExchangeKinds "exchange-kinds" false,
    MembershipRoles "membership-roles" false,
    Stated "stated" false,
}

/// One term of a vocabulary, as its file states it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Term {
    /// Key, unique in its vocabulary.
    pub key: String,
    /// Labels.
    pub label: LocalizedText,
    /// Explanation.
    #[serde(default)]
    pub description: Option<LocalizedText>,
    /// Other words for the same, by language; abbreviations and everyday words too.
    #[serde(default)]
    pub synonyms: Synonyms,
    /// Keys of broader terms.
    #[serde(default)]
    pub broader: Vec<String>,
    /// Keys of related terms.
    #[serde(default)]
    pub related: Vec<String>,
    /// For areas: the point of the main town, else the centre.
    #[serde(default)]
    pub location: Option<Location>,
    /// For areas: `municipality`, `county` or `country`.
    #[serde(default)]
    pub area: Option<Area>,
    /// Set when the vocabularies are loaded: number in the common space.
    #[serde(skip)]
    pub number: u16,
    /// Set when the vocabularies are loaded: numbers of all broader terms, at any distance.
    #[serde(skip)]
    pub ancestors: Vec<u16>,
    /// Set when the vocabularies are loaded: numbers of the terms directly below.
    #[serde(skip)]
    pub narrower: Vec<u16>,
}

/// Other words for a term, by language.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are language codes")]
pub struct Synonyms {
    #[serde(default)]
    pub sv: Vec<String>,
    #[serde(default)]
    pub en: Vec<String>,
    #[serde(default)]
    pub fi: Vec<String>,
    #[serde(default)]
    pub fit: Vec<String>,
    #[serde(default)]
    pub se: Vec<String>,
    #[serde(default)]
    pub smj: Vec<String>,
    #[serde(default)]
    pub sma: Vec<String>,
    #[serde(default)]
    pub sje: Vec<String>,
    #[serde(default)]
    pub sju: Vec<String>,
}

impl Synonyms {
    /// All synonyms of all languages.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        [&self.sv, &self.en, &self.fi, &self.fit, &self.se, &self.smj, &self.sma, &self.sje, &self.sju]
            .into_iter()
            .flatten()
            .map(String::as_str)
    }
}

/// What an area code stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the words are plain")]
pub enum Area {
    Municipality,
    County,
    Country,
}

impl Term {
    /// The label in that language, else in Swedish, else the key.
    pub fn title(&self, lang: TextLanguage) -> &str {
        self.label.best(lang).unwrap_or(&self.key)
    }
}

struct Tables {
    terms: Vec<Term>,
    by_vocabulary: HashMap<Vocabulary, std::ops::Range<usize>>,
    by_key: HashMap<(Vocabulary, &'static str), u16>,
}

fn tables() -> &'static Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(|| {
        load().unwrap_or_else(|error| {
            // The files are compiled in and a test loads every one: this cannot happen in a built binary.
            unreachable!("a compiled-in vocabulary does not load: {error}")
        })
    })
}

fn load() -> Result<Tables, String> {
    let mut terms: Vec<Term> = Vec::new();
    let mut by_vocabulary = HashMap::new();
    let mut by_key = HashMap::new();
    let mut next: u16 = 0;
    for &vocabulary in Vocabulary::ALL {
        let start = terms.len();
        let mut read: Vec<Term> =
            serde_json::from_str(vocabulary.source()).map_err(|error| format!("{}: {error}", vocabulary.name()))?;
        for term in &mut read {
            term.number = next;
            next = next.checked_add(1).ok_or("too many terms")?;
            let key: &'static str = Box::leak(term.key.clone().into_boxed_str());
            if by_key.insert((vocabulary, key), term.number).is_some() {
                return Err(format!("{}: {key} stands twice", vocabulary.name()));
            }
        }
        terms.append(&mut read);
        by_vocabulary.insert(vocabulary, start..terms.len());
    }
    connect(&mut terms, &by_vocabulary, &by_key)?;
    Ok(Tables { terms, by_vocabulary, by_key })
}

fn connect(
    terms: &mut [Term],
    by_vocabulary: &HashMap<Vocabulary, std::ops::Range<usize>>,
    by_key: &HashMap<(Vocabulary, &'static str), u16>,
) -> Result<(), String> {
    for (&vocabulary, range) in by_vocabulary {
        let number = |key: &str| {
            by_key.get(&(vocabulary, key)).copied().ok_or_else(|| format!("{}: unknown key {key}", vocabulary.name()))
        };
        for index in range.clone() {
            let mut ancestors = Vec::new();
            let mut open = terms[index].broader.clone();
            while let Some(key) = open.pop() {
                let broader = number(&key)?;
                if broader == terms[index].number {
                    return Err(format!("{}: {key} is broader than itself", vocabulary.name()));
                }
                if !ancestors.contains(&broader) {
                    ancestors.push(broader);
                    open.extend(terms[usize::from(broader)].broader.iter().cloned());
                }
            }
            for key in terms[index].related.clone() {
                number(&key)?;
            }
            for key in terms[index].broader.clone() {
                let own = terms[index].number;
                terms[usize::from(number(&key)?)].narrower.push(own);
            }
            terms[index].ancestors = ancestors;
        }
    }
    Ok(())
}

impl Vocabulary {
    /// Its terms, in the order of its file.
    pub fn terms(self) -> &'static [Term] {
        let tables = tables();
        tables.by_vocabulary.get(&self).map_or(&[], |range| &tables.terms[range.clone()])
    }

    /// The term of that key.
    pub fn term(self, key: &str) -> Option<&'static Term> {
        let tables = tables();
        // The map's keys live as long as the program; a shorter borrow is enough to look one up.
        tables.by_key.get(&(self, key)).map(|number| &tables.terms[usize::from(*number)])
    }

    /// Whether the key is one of its.
    pub fn contains(self, key: &str) -> bool {
        self.term(key).is_some()
    }
}

/// The term of a number in the common space.
pub fn by_number(number: u16) -> Option<&'static Term> {
    tables().terms.get(usize::from(number))
}
