//! Values of parameters: places by name, moments, numbers, points.

use crate::api::parameters::nearest;
use crate::vocabulary::{Area, Term, Vocabulary};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use std::collections::HashMap;
use std::sync::OnceLock;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A text in lower case without marks: what two spellings of a name have in common.
pub(super) fn fold(text: &str) -> String {
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
pub(super) fn areas(text: &str) -> Vec<&'static Term> {
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
pub(super) fn municipalities(area: &'static Term) -> Vec<&'static Term> {
    if area.area == Some(Area::Municipality) {
        return vec![area];
    }
    let all = Vocabulary::Municipalities.terms().iter();
    all.filter(|term| term.area == Some(Area::Municipality) && term.ancestors.contains(&area.number)).collect()
}

/// The term that a caller who gave no key may have meant: by its label or a synonym, else by a similar key or label.
pub(super) fn meant(vocabulary: Vocabulary, text: &str) -> Option<&'static str> {
    let folded = fold(text);
    let named = |term: &&Term| {
        term.label.texts().map(|(_, label)| label).chain(term.synonyms.all()).any(|name| fold(name) == folded)
    };
    if let Some(term) = vocabulary.terms().iter().find(named) {
        return Some(&term.key);
    }
    if let Some(key) = nearest(text, vocabulary.terms().iter().map(|term| term.key.as_str())) {
        return Some(key);
    }
    let labels: Vec<(String, &'static str)> = vocabulary
        .terms()
        .iter()
        .flat_map(|term| term.label.texts().map(|(_, label)| (fold(label), term.key.as_str())))
        .collect();
    let near = nearest(&folded, labels.iter().map(|(label, _)| label.as_str()))?;
    labels.iter().find(|(label, _)| label == near).map(|(_, key)| *key)
}

/// A moment in any zone, or a day; a day counts from its beginning, or to its end, in UTC.
pub(super) fn moment(text: &str, end_of_day: bool) -> Option<DateTime<Utc>> {
    // In a query the plus of a zone is easily sent as it is, which means a space.
    let text = match text.rsplit_once(' ') {
        Some((time, zone)) if time.contains(['T', 't']) => format!("{time}+{zone}"),
        _ => text.to_owned(),
    };
    if let Ok(moment) = DateTime::parse_from_rfc3339(&text) {
        return Some(moment.with_timezone(&Utc)).filter(within_reason);
    }
    let day = (text.len() == 10).then(|| NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok()).flatten()?;
    let day = if end_of_day { day.succ_opt()? } else { day };
    Some(day.and_time(NaiveTime::MIN).and_utc()).filter(within_reason)
}

fn within_reason(moment: &DateTime<Utc>) -> bool {
    use chrono::Datelike;
    (1..=9999).contains(&moment.year())
}

/// Numbers parted by commas, all finite.
pub(super) fn numbers<const N: usize>(text: &str) -> Option<[f64; N]> {
    let mut numbers = [0.0; N];
    let mut parts = text.split(',');
    for number in &mut numbers {
        *number = parts.next()?.trim().parse().ok().filter(|value: &f64| value.is_finite())?;
    }
    parts.next().is_none().then_some(numbers)
}

/// A whole number; one too large to hold is as large as can be.
pub(super) fn whole(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.len() <= 100 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
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
    fn moments_are_read_in_every_zone() {
        let noon = moment("2026-11-24T12:00:00Z", false);
        assert!(noon.is_some());
        assert_eq!(moment("2026-11-24T13:00:00+01:00", false), noon);
        assert_eq!(moment("2026-11-24T13:00:00 01:00", false), noon);
        assert_eq!(moment("2026-11-24", true), moment("2026-11-25", false));
        for text in ["", "2026-13-01", "2026-02-30", "2026-11-24T25:00:00Z", "26-11-24", "igår", "+99999-01-01"] {
            assert_eq!(moment(text, false), None, "{text}");
        }
    }

    #[test]
    fn someone_who_gives_a_label_is_told_the_key() {
        assert_eq!(meant(Vocabulary::Topics, "Folkhälsa"), Some("folkhalsa"));
        assert_eq!(meant(Vocabulary::Topics, "folkhalsaa"), Some("folkhalsa"));
        assert_eq!(meant(Vocabulary::Topics, "qqqqqqqqqq"), None);
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_readers(text in ".*") {
            let _ = (areas(&text), moment(&text, true), numbers::<4>(&text), whole(&text));
        }
    }
}
