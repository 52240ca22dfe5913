use super::*;
use crate::search::query::{Filter, Hit, Sort, SortBy};
use crate::search::text::{self as language, Word};
use std::collections::BTreeMap;

#[test]
fn a_phrase_stands_in_one_name_or_one_text() {
    let registry = Registry::of(vec![
        organisation(1, "Svenska Röda Korset"),
        organisation(2, "Korset och de röda"),
        organisation(3, "Den röda").alias("Korset"),
        organisation(4, "Hjälpen").says("Vi stödjer Röda Korset i länet"),
        organisation(5, "Hjälparna").says("Huset är det röda").says("korset står bredvid"),
        organisation(6, "Roda korset"),
    ]);
    assert_eq!(registry.titles("röda korset").len(), 6);
    assert_eq!(registry.titles("\"röda korset\""), ["Svenska Röda Korset", "Hjälpen"]);
    assert_eq!(registry.titles("\"roda korset\""), ["Roda korset", "Svenska Röda Korset", "Hjälpen"]);
    assert_eq!(registry.titles("”svenska röda korset”"), ["Svenska Röda Korset"]);
    assert_eq!(registry.titles("name:\"röda korset\""), ["Svenska Röda Korset"]);
    assert!(registry.titles("\"korset röda\"").is_empty());
    assert_eq!(registry.titles("\"korset\" bredvid"), ["Hjälparna"]);
}

#[test]
fn labels_of_stated_terms_are_texts() {
    let registry = Registry::of(vec![
        organisation(1, "Ett").about("civil-beredskap"),
        organisation(2, "Två").active_in("25"),
        organisation(3, "Beredskapen är inte civil"),
    ]);
    let label = |term: &crate::vocabulary::Term| term.label.sv.clone().expect("a label");
    let area = label(Vocabulary::Municipalities.term("25").expect("a county"));
    assert_eq!(registry.titles("\"civil beredskap\""), ["Ett"]);
    assert_eq!(registry.titles(&format!("\"{area}\"")), ["Två"]);
    assert_eq!(registry.titles("-\"civil beredskap\""), ["Beredskapen är inte civil", "Två"]);
}

#[test]
fn quoted_words_are_neither_corrected_nor_left_out() {
    let registry = Registry::of(vec![
        organisation(1, "Svenska Röda Korset"),
        organisation(2, "Röda Korset ungdom"),
        organisation(3, "Bodens bollklubb"),
    ]);
    let answer = registry.find(&text("\"röda korsett\""));
    assert_eq!((answer.total, answer.did_you_mean), (0, None));
    let answer = registry.find(&text("\"röda korset\" ungdon -boden"));
    assert_eq!(answer.did_you_mean.as_deref(), Some("\"röda korset\" ungdom -boden"));
    assert_eq!(answer.hits.iter().map(|hit| &*hit.title).collect::<Vec<_>>(), ["Röda Korset ungdom"]);
    let answer = registry.find(&text("\"röda korset\" bollklubb ungdom"));
    assert!(answer.hits.iter().all(|hit| hit.title.contains("Röda Korset")), "{:?}", answer.hits);
}

#[test]
fn excluded_words_and_phrases_take_records_out() {
    let registry = Registry::of(vec![
        organisation(1, "Bodens bollklubb"),
        organisation(2, "Bodens hembygdsförening"),
        organisation(3, "Kalix bollklubb").says("Vi spelar i Boden"),
        organisation(4, "Kalix bollklubb ungdom").active_in("2582"),
        organisation(5, "Svenska Röda Korset"),
    ]);
    // What is active in Boden has the word as the name of its area.
    assert!(registry.titles("bollklubb -bodens").is_empty());
    assert_eq!(registry.titles("bollklubb -ungdom").len(), 2);
    assert_eq!(registry.titles("bollklubb -name:bodens"), ["Kalix bollklubb", "Kalix bollklubb ungdom"]);
    assert_eq!(registry.titles("-bollklubb"), ["Bodens hembygdsförening", "Svenska Röda Korset"]);
    assert_eq!(registry.titles("-kalix -förening -\"röda korset\""), ["Bodens bollklubb"]);
    assert!(registry.titles("bollklubb -bollklubbar").is_empty());
    assert!(registry.titles("???").is_empty());
    // A minus within a word or alone is no operator.
    let plain = registry.titles("kalix bollklubb");
    assert_eq!(plain.len(), 3);
    assert_eq!(registry.titles("Kalix-bollklubb"), plain);
    assert_eq!(registry.titles("Kalix - bollklubb"), plain);
}

#[test]
fn addresses_and_numbers_find_their_record_in_any_spelling() {
    use crate::search::text::address;
    let mut owner = organisation(1, "Föreningen");
    for found in ["foreningen.se", "info@foreningen.se"] {
        owner.keys.push(found.to_owned());
        let name = if found.contains('@') { "email" } else { "web" };
        owner.filters.extend(address::parts(found).into_iter().map(|part| (name, part)));
    }
    owner.keys.extend([address::phone_key("46920123456"), "SE-ON:802405-3442".to_owned(), "802405-3442".to_owned()]);
    owner.filters.push(("phone", "46920123456".to_owned()));
    let registry = Registry::of(vec![owner, organisation(2, "Annan förening")]);
    for query in [
        "info@foreningen.se",
        "INFO@Foreningen.se",
        "foreningen.se",
        "www.foreningen.se/kontakt",
        "https://www.foreningen.se/",
        "0920-12 34 56",
        "+46 920 123456",
        "8024053442",
        "SE-ON:8024053442",
        "orgnr:802405-3442",
        "number:8024053442",
        "\"802405-3442\"",
        "email:info",
        "email:foreningen.se",
        "web:foreningen",
        "tel:0920-123456",
    ] {
        assert_eq!(registry.titles(query).first().map(String::as_str), Some("Föreningen"), "{query}");
    }
    for query in ["email:annan", "0920-12 34 57", "tel:0920-123457", "orgnr:802405-3443"] {
        assert!(registry.titles(query).is_empty(), "{query}");
    }
    assert_eq!(registry.titles("förening -web:foreningen"), ["Annan förening"]);
    assert_eq!(registry.titles("förening -orgnr:8024053442"), ["Annan förening"]);
}

#[test]
fn phrases_are_explained_and_marked_and_parts_sum_up() {
    let registry = Registry::of(vec![organisation(1, "Svenska Röda Korset"), organisation(2, "Korset")]);
    let query = Query { explain: true, highlight: true, ..text("\"röda korset\"") };
    let answer = registry.find(&query);
    let hit = &answer.hits[0];
    assert_eq!((answer.total, &*hit.matched_on), (1, &["name"][..]));
    assert!(hit.highlights.contains(&("names", "Svenska <em>Röda</em> <em>Korset</em>".to_owned())));
    let explanation = hit.explanation.as_ref().expect("explained");
    let parts = explanation["parts"].as_array().expect("parts");
    let sum: f64 = parts.iter().filter_map(|part| part["value"].as_f64()).sum();
    assert!((sum - f64::from(hit.score)).abs() < 0.01, "{explanation}");
    assert!(parts.iter().any(|part| part["words"] == "röda korset"), "{explanation}");
}

#[test]
fn a_key_that_is_a_phrase_is_explained_without_the_phrase_where_words_are_others() {
    let mut keyed = organisation(1, "Korsets vänner");
    keyed.keys.push("Korset".to_owned());
    let registry = Registry::of(vec![keyed, organisation(2, "Röda korset")]);
    let answer = registry.find(&Query { explain: true, ..text("\"korset\"") });
    assert_eq!(answer.hits.iter().map(|hit| &*hit.title).collect::<Vec<_>>(), ["Korsets vänner", "Röda korset"]);
    let signals = |hit: &Hit| -> Vec<String> {
        let parts = hit.explanation.as_ref().expect("explained")["parts"].as_array().expect("parts").clone();
        let sum: f64 = parts.iter().filter_map(|part| part["value"].as_f64()).sum();
        assert!((sum - f64::from(hit.score)).abs() < 0.01, "{parts:?}");
        parts.iter().filter_map(|part| part["signal"].as_str().map(str::to_owned)).collect()
    };
    assert_eq!(signals(&answer.hits[0]), ["key"]);
    assert_eq!(signals(&answer.hits[1]), ["word", "condition", "exact"]);
}

const WORDS: [&str; 8] = ["röda", "roda", "korset", "i", "Luleå", "lulea", "förening", "föreningen"];

fn sentence(dice: &mut Dice) -> String {
    (0..=dice.roll(5)).map(|_| *dice.one(&WORDS)).collect::<Vec<_>>().join(" ")
}

fn holds(text: &str, phrase: &[Word]) -> bool {
    let is_same = |asked: &Word, there: &Word| {
        asked.exact == there.exact || asked.exact == asked.folded && asked.folded == there.folded
    };
    language::words(text)
        .windows(phrase.len())
        .any(|some| phrase.iter().zip(some).all(|(asked, there)| is_same(asked, there)))
}

/// Made-up records over several segments, some of them deleted and changed.
fn sentences(dice: &mut Dice, shuffled: bool) -> (Registry, BTreeMap<u64, Document>) {
    let mut documents = BTreeMap::new();
    for tie in 1..=120 {
        let mut document = organisation(tie, &sentence(dice));
        for _ in 0..dice.roll(3) {
            document = document.alias(&sentence(dice));
        }
        for _ in 0..dice.roll(3) {
            document = document.says(&sentence(dice));
        }
        document.related_names.extend((dice.roll(3) == 0).then(|| sentence(dice)));
        documents.insert(tie, document.marked("level", ["local", "regional"][dice.roll(2)]));
    }
    let mut registry = Registry::new();
    if shuffled {
        for part in documents.values().rev().cloned().collect::<Vec<_>>().chunks(17) {
            registry.add(part.iter().cloned().map(|document| document.says("något annat")).collect());
            registry.add(part.to_vec());
        }
    } else {
        registry.add(documents.values().cloned().collect());
    }
    (registry, documents)
}

#[test]
fn phrases_and_exclusions_find_what_a_look_at_every_record_finds() {
    for seed in [3, 4] {
        let mut dice = Dice(seed);
        let (straight, documents) = sentences(&mut dice, false);
        let (winding, _) = sentences(&mut Dice(seed), true);
        let statistics = straight.index.compute_statistics().expect("statistics");
        straight.index.set_statistics(1, &statistics).expect("sets");
        winding.index.set_statistics(1, &statistics).expect("sets");
        for _ in 0..150 {
            let phrase = language::words(&(0..=dice.roll(3)).map(|_| *dice.one(&WORDS)).collect::<Vec<_>>().join(" "));
            let shown = phrase.iter().map(|word| word.exact.clone()).collect::<Vec<_>>().join(" ");
            let (excluded, named) = (dice.roll(3) == 0, dice.roll(3) == 0);
            let more = ["", "korset", "-roda", "level:local"][dice.roll(4)];
            let sign = if excluded { "-" } else { "" };
            let field = if named { "name:" } else { "" };
            let asked = format!("{more} {sign}{field}\"{shown}\"");
            let meets = |document: &Document| {
                let names = document.names.iter().map(|name| &name.value);
                let texts = document.texts.iter().chain(&document.related_names).filter(|_| !named);
                let all = || {
                    document.names.iter().map(|name| &name.value).chain(&document.texts).chain(&document.related_names)
                };
                let stem = |stem: &str| all().any(|text| language::words(text).iter().any(|word| word.stem == stem));
                let found = names.chain(texts).any(|text| holds(text, &phrase));
                found != excluded
                    && match more {
                        "korset" => stem(&language::words("korset")[0].stem),
                        "-roda" => !stem(&language::words("roda")[0].stem),
                        "level:local" => document.filters.contains(&("level", "local".to_owned())),
                        _ => true,
                    }
            };
            let expected: Vec<u64> = documents.iter().filter(|(_, one)| meets(one)).map(|(tie, _)| *tie).collect();
            let query = Query { limit: 200, ..text(&asked) };
            let seen = |registry: &Registry| -> Vec<(Uuid, u32)> {
                registry.find(&query).hits.iter().map(|hit: &Hit| (hit.id, hit.score.to_bits())).collect()
            };
            let mut found: Vec<u64> =
                seen(&straight).iter().map(|(id, _)| u64::try_from(id.as_u128()).expect("small")).collect();
            found.sort_unstable();
            assert_eq!(found, expected, "{asked}");
            assert_eq!(seen(&straight), seen(&winding), "{asked}");
            assert_eq!(straight.find(&Query { limit: 0, ..query.clone() }).total, expected.len(), "{asked}");
        }
    }
}

#[test]
fn a_field_is_the_parameter_of_its_name() {
    let mut dice = Dice(77);
    let registry = Registry::of((1..=200).map(|tie| dice.document(tie)).collect());
    let facets = || vec!["topic", "type", "municipality"];
    let topic = |key: &str| Filter { name: "topic", any: vec![key.to_owned()] };
    let seen = |answer: Answer| {
        let ids: Vec<Uuid> = answer.hits.iter().map(|hit| hit.id).collect();
        (answer.total, ids, answer.facets)
    };
    let base = || Query { facets: facets(), limit: 50, ..Query::default() };
    for words in ["", "bollklubb ", "röda korset -kalix "] {
        let with = |more: &str| Query { text: Some(format!("{words}{more}")), ..base() };
        let plain = || Query { text: (!words.is_empty()).then(|| words.to_owned()), ..base() };
        for (field, parameter) in [
            ("topic:integration", Query { filters: vec![topic("integration")], ..plain() }),
            ("ämne:Folkhälsa", Query { filters: vec![topic("folkhalsa")], ..plain() }),
            ("type:forum,network", Query { kinds: vec![Kind::Forum, Kind::Network], ..plain() }),
            ("kommun:luleå", Query { areas: vec![vec![area("2580")]], ..plain() }),
            (
                "kommun:luleå topic:integration",
                Query { areas: vec![vec![area("2580")]], filters: vec![topic("integration")], ..plain() },
            ),
        ] {
            assert_eq!(seen(registry.find(&with(field))), seen(registry.find(&parameter)), "{words}{field}");
        }
    }
    // In any order of its own too.
    let sort = vec![Sort { by: SortBy::UpdatedAt, descending: true }];
    let by_field = registry.find(&Query { sort: sort.clone(), text: Some("topic:integration".to_owned()), ..base() });
    let by_parameter = registry.find(&Query { sort, filters: vec![topic("integration")], ..base() });
    assert_eq!(seen(by_field), seen(by_parameter));
    // What the list has no filter for is text, and so is what names a record.
    let without = Query { without: vec!["topic"], facets: facets(), limit: 50, ..text("topic:integration") };
    let words = Query { facets: facets(), limit: 50, ..text("topic integration") };
    assert_eq!(seen(registry.find(&without)), seen(registry.find(&words)));
    let mut named = organisation(900, "Namn");
    named.keys.push("web:x".to_owned());
    let registry = Registry::of(vec![named]);
    assert_eq!(registry.titles("web:x"), ["Namn"]);
}

#[test]
fn what_is_left_out_by_kind_counts_nowhere() {
    let mut dice = Dice(78);
    let registry = Registry::of((1..=100).map(|tie| dice.document(tie)).collect());
    let count = |query: &str, kinds: Vec<Kind>| {
        let text = (!query.is_empty()).then(|| query.to_owned());
        registry.find(&Query { text, kinds, facets: vec!["type"], limit: 5, ..Query::default() })
    };
    let all = count("", vec![]);
    let without = count("-type:forum", vec![]);
    assert_eq!(without.total + count("", vec![Kind::Forum]).total, all.total);
    let forum = Vocabulary::RecordTypes.term("forum").expect("a type").number;
    assert!(all.facets[0].1.iter().any(|(number, _)| *number == forum));
    assert!(without.facets[0].1.iter().all(|(number, _)| *number != forum));
    assert_eq!(count("type:forum -type:forum", vec![]).total, 0);
    assert_eq!(count("type:forum", vec![Kind::Network]).total, 0);
}

#[test]
fn hidden_records_show_through_no_operator() {
    let mut hidden = organisation(1, "Hemliga huset").marked("email", "hemlig");
    hidden.audience = Audience::Partners;
    hidden.keys.push("hemlig@x.se".to_owned());
    let registry = Registry::of(vec![hidden, organisation(2, "Öppna huset")]);
    for query in ["\"hemliga huset\"", "email:hemlig", "hemlig@x.se", "name:hemliga", "-öppna"] {
        assert!(registry.titles(query).is_empty(), "{query}");
        assert_eq!(registry.find(&text(query)).total, 1, "{query}");
    }
}
