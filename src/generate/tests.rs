use super::*;
use crate::identifier;
use crate::resources::check::Errors;
use crate::resources::organisation::Organisations;
use crate::resources::resource::Resource;
use std::collections::HashSet;

fn lines(seed: u64, n: u64) -> String {
    let mut out = Vec::new();
    write(&mut out, seed, n).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_larger_file_begins_with_the_smaller() {
    let large = lines(42, 300);
    assert!(large.starts_with(&lines(42, 100)));
    assert_eq!(large, lines(42, 300));
    assert!(!lines(43, 1).starts_with(&lines(42, 1)));
}

#[test]
fn numbers_are_right_and_unique() {
    let mut seen = HashSet::new();
    for index in 0..10_000 {
        let number = organisation_number(index).unwrap();
        assert_eq!(identifier::organisation_number(&number).unwrap(), number);
        assert!(seen.insert(number));
    }
    assert!(organisation_number(NUMBERS - 1).is_some());
    assert!(organisation_number(NUMBERS).is_none());
}

#[test]
fn every_record_is_good() {
    let mut ids = HashSet::new();
    let mut bytes = 0;
    let text = lines(7, 3000);
    for line in text.lines() {
        bytes += line.len() + 1;
        let mut value: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).unwrap();
        assert_eq!(value.shift_remove("type").unwrap(), "organisation");
        assert!(ids.insert(value.shift_remove("id").unwrap().to_string()));
        let mut content: OrganisationInput = serde_json::from_value(value.into()).unwrap();
        let before = content.clone();
        let mut errors = Errors::new();
        Organisations::check(&mut content, &mut errors);
        assert!(errors.is_empty(), "{errors:?} of {line}");
        assert_eq!(content, before, "the record is in the one spelling already");
        let length = content.description.unwrap().sv.unwrap().chars().count();
        assert!((120..=560).contains(&length), "{length}");
    }
    let mean = bytes / 3000;
    assert!((850..=1100).contains(&mean), "{mean}");
}

#[test]
fn queries_are_mixed_and_the_same_again() {
    let first = queries(42, 5000, 400);
    assert_eq!(first, queries(42, 5000, 400));
    assert!(first.iter().all(|query| query.starts_with("q=") && query.is_ascii() && !query.contains(' ')));
    let filtered = first.iter().filter(|query| query.contains('&')).count();
    assert!((30..=90).contains(&filtered), "{filtered}");
    assert!(first.iter().collect::<HashSet<_>>().len() > 300);
}
