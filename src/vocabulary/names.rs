//! Terms by their names: labels and synonyms in every language, however they are spelled.

use super::{Area, Term, Vocabulary};
use std::collections::HashMap;
use std::sync::OnceLock;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A text in lower case without marks: what two spellings of a name have in common.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.nfd().filter(|letter| !is_combining_mark(*letter)).flat_map(char::to_lowercase) {
        match letter {
            'đ' => folded.push('d'),
            'ŋ' => folded.push('n'),
            'ŧ' => folded.push('t'),
            'ø' => folded.push('o'),
            'æ' => folded.push_str("ae"),
            letter if letter.is_alphanumeric() => folded.push(letter),
            // Hyphens and spaces part words alike.
            _ if folded.ends_with(' ') || folded.is_empty() => {}
            _ => folded.push(' '),
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

#[derive(Default)]
struct Places {
    exact: HashMap<String, Vec<&'static Term>>,
    folded: HashMap<String, Vec<&'static Term>>,
}

impl Places {
    fn add(&mut self, name: &str, term: &'static Term) {
        for (map, key) in [(&mut self.exact, name.to_lowercase()), (&mut self.folded, fold(name))] {
            let terms = map.entry(key).or_default();
            if !terms.iter().any(|other| other.number == term.number) {
                terms.push(term);
            }
        }
    }
}

/// Labels of municipalities and counties, then their other names: a label is closer than a synonym.
fn places() -> &'static [Places; 2] {
    static PLACES: OnceLock<[Places; 2]> = OnceLock::new();
    PLACES.get_or_init(|| {
        let (mut labels, mut synonyms) = (Places::default(), Places::default());
        for term in Vocabulary::Municipalities.terms() {
            for (_, name) in term.label.texts() {
                labels.add(name, term);
            }
            for name in term.synonyms.all() {
                synonyms.add(name, term);
            }
        }
        [labels, synonyms]
    })
}

/// The municipalities, counties or the country that a code or a name in any language stands for; several where places
/// share a name, none where there is no such place. An exact spelling comes before one without marks: Habo is not Håbo.
pub fn areas(text: &str) -> Vec<&'static Term> {
    let text = text.trim();
    if let Some(term) =
        Vocabulary::Municipalities.term(text).or_else(|| Vocabulary::Municipalities.term(&text.to_uppercase()))
    {
        return vec![term];
    }
    let (exact, folded) = (text.to_lowercase(), fold(text));
    let short = |name: &str| name.strip_suffix(" kommun").or_else(|| name.strip_suffix("s kommun")).map(str::to_owned);
    for name in [Some((exact.clone(), folded.clone())), short(&exact).zip(short(&folded))].into_iter().flatten() {
        let by_exact = places().iter().find_map(|places| places.exact.get(&name.0));
        let by_folded = || places().iter().find_map(|places| places.folded.get(&name.1));
        if let Some(found) = by_exact.or_else(by_folded) {
            return preferred(found);
        }
    }
    Vec::new()
}

/// Municipalities before counties that bear the same name.
fn preferred(found: &[&'static Term]) -> Vec<&'static Term> {
    let municipalities: Vec<&Term> =
        found.iter().copied().filter(|term| term.area == Some(Area::Municipality)).collect();
    if municipalities.is_empty() { found.to_vec() } else { municipalities }
}

/// The municipalities of an area.
pub fn municipalities(area: &'static Term) -> Vec<&'static Term> {
    if area.area == Some(Area::Municipality) {
        return vec![area];
    }
    let all = Vocabulary::Municipalities.terms().iter();
    all.filter(|term| term.area == Some(Area::Municipality) && term.ancestors.contains(&area.number)).collect()
}

/// Terms by folded label, and by folded synonym.
type Named = [HashMap<String, Vec<&'static Term>>; 2];

/// The terms that bear a name: by a label, else by a synonym.
pub fn named(vocabulary: Vocabulary, text: &str) -> &'static [&'static Term] {
    static NAMED: OnceLock<HashMap<Vocabulary, Named>> = OnceLock::new();
    let all =
        NAMED.get_or_init(|| Vocabulary::ALL.iter().map(|vocabulary| (*vocabulary, names(*vocabulary))).collect());
    let folded = fold(text);
    let found = all.get(&vocabulary).and_then(|named| named.iter().find_map(|names| names.get(&folded)));
    found.map_or(&[], Vec::as_slice)
}

fn names(vocabulary: Vocabulary) -> Named {
    let mut named = Named::default();
    let [labels, synonyms] = &mut named;
    for term in vocabulary.terms() {
        let each = |names: &mut HashMap<String, Vec<&'static Term>>, name: &str| {
            let terms = names.entry(fold(name)).or_default();
            if terms.last().is_none_or(|last| last.number != term.number) {
                terms.push(term);
            }
        };
        term.label.texts().for_each(|(_, label)| each(labels, label));
        term.synonyms.all().for_each(|name| each(synonyms, name));
    }
    for names in &mut named {
        names.remove("");
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn codes(text: &str) -> Vec<&'static str> {
        areas(text).into_iter().map(|term| term.key.as_str()).collect()
    }

    #[test]
    fn a_place_is_found_by_code_and_by_name_in_any_language() {
        for text in ["2580", "Luleå", "lulea", "LULEÅ", "Luleju", " luleå ", "Luleå kommun"] {
            assert_eq!(codes(text), ["2580"], "{text}");
        }
        assert_eq!(codes("Giron"), ["2584"]);
        assert_eq!(codes("Haaparanta"), ["2583"]);
        assert_eq!(codes("25"), ["25"]);
        assert_eq!(codes("se"), ["SE"]);
        assert_eq!(codes("Atlantis"), [""; 0]);
    }

    #[test]
    fn an_exact_spelling_parts_places_that_fold_alike() {
        assert_eq!(codes("Habo"), ["0643"]);
        assert_eq!(codes("Håbo"), ["0305"]);
    }

    #[test]
    fn a_county_has_municipalities() {
        let county = Vocabulary::Municipalities.term("25").unwrap();
        assert_eq!(municipalities(county).len(), 14);
    }

    #[test]
    fn a_term_is_found_by_what_it_is_called() {
        let keys = |vocabulary, text| named(vocabulary, text).iter().map(|term| &*term.key).collect::<Vec<_>>();
        assert_eq!(keys(Vocabulary::Topics, "FOLKHALSA"), ["folkhalsa"]);
        assert_eq!(keys(Vocabulary::Topics, "boazodoallu"), ["rennaring"]);
        assert!(keys(Vocabulary::Topics, " - ").is_empty());
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_readers(text in ".*") {
            let _ = (areas(&text), named(Vocabulary::Sectors, &text));
        }
    }
}
