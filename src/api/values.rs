//! Values of parameters: what was meant, moments, numbers, points.

use crate::api::parameters::nearest;
use crate::vocabulary::Vocabulary;
use crate::vocabulary::names::{fold, named};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

/// The term that a caller who gave no key may have meant: by its label or a synonym, else by a similar key or label.
pub(super) fn meant(vocabulary: Vocabulary, text: &str) -> Option<&'static str> {
    let folded = fold(text);
    if let Some(term) = named(vocabulary, text).first() {
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
            let _ = (moment(&text, true), numbers::<4>(&text), whole(&text));
        }
    }
}
