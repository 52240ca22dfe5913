use super::*;
use crate::search::query::Filter;
use std::collections::BTreeMap;

/// Every value of every facet, added as a filter, finds as many hits as its count said.
fn assert_counts_come_true(registry: &Registry, query: &Query) {
    let names = ["topic", "level", "type", "municipality"];
    let answer = registry.find(&Query { facets: names.to_vec(), ..query.clone() });
    assert_eq!(answer.facets.len(), names.len());
    for (name, counts) in &answer.facets {
        assert!(counts.is_sorted_by_key(|(number, count)| (std::cmp::Reverse(*count), *number)));
        let counts: BTreeMap<u16, usize> = counts.iter().copied().collect();
        let mut with = query.clone();
        let numbers: Vec<u16> = match *name {
            "topic" => Vocabulary::Topics.terms().iter().map(|term| term.number).collect(),
            "municipality" => Vocabulary::Municipalities.terms().iter().map(|term| term.number).collect(),
            "type" => Vocabulary::RecordTypes.terms().iter().map(|term| term.number).collect(),
            _ => Vocabulary::Levels.terms().iter().map(|term| term.number).collect(),
        };
        for number in numbers {
            let term = crate::vocabulary::by_number(number).expect("a term");
            match *name {
                "municipality" => with.areas = vec![vec![number]],
                "type" => with.kinds = vec![Kind::from_name(&term.key).expect("a kind")],
                name => {
                    with.filters = query.filters.iter().filter(|filter| filter.name != name).cloned().collect();
                    with.filters.push(Filter { name, any: vec![term.key.clone()] });
                }
            }
            let total = registry.find(&with).total;
            assert_eq!(counts.get(&number).copied().unwrap_or(0), total, "{name}={} of {query:?}", term.key);
        }
    }
}

fn generated(seed: u64, documents: u64) -> Registry {
    let mut dice = Dice(seed);
    let mut registry = Registry::new();
    for batch in 0..4 {
        let from = batch * documents / 4;
        let documents = (from..from + documents / 4).map(|tie| with_facets(dice.document(tie + 1))).collect();
        registry.add(documents);
    }
    registry
}

fn with_facets(mut document: Document) -> Document {
    let levels: Vec<String> =
        document.filters.iter().filter(|(name, _)| *name == "level").map(|(_, value)| value.clone()).collect();
    for level in levels {
        let term = Vocabulary::Levels.term(&level).expect("a level");
        document.facets.push(("level", term.number));
    }
    document
}

#[test]
fn counts_are_the_hits_that_each_value_would_give() {
    let mut registry = generated(7, 200);
    let gone: Vec<_> = (1..40).flat_map(|tie| Kind::ALL.map(|kind| (kind, Uuid::from_u128(tie)))).collect();
    registry.apply(vec![], &gone);
    let topic = |any: &[&str]| Filter { name: "topic", any: any.iter().map(|key| (*key).to_owned()).collect() };
    let list = Query { limit: 5, ..Query::default() };
    for query in [
        list.clone(),
        Query { areas: vec![vec![area("2580")]], ..list.clone() },
        Query { areas: vec![vec![area("25"), area("0180")]], filters: vec![topic(&["integration"])], ..list.clone() },
        Query { filters: vec![topic(&["integration", "folkhalsa"])], kinds: vec![Kind::Forum], ..list.clone() },
        text("bollklubb"),
        text("hembygdsförening kalix"),
        text("stödjer unga varje vecka"),
        text("stödjer unga bollklubb varje onsdag"),
        text("bolklubb"),
    ] {
        assert_counts_come_true(&registry, &query);
    }
}

#[test]
fn areas_cover_what_is_active_there_in_its_county_or_nationally() {
    let registry = Registry::of(vec![
        organisation(1, "Luleå").active_in("2580"),
        organisation(2, "Norrbotten").active_in("25").active_in("2580"),
        organisation(3, "Sverige").active_in("SE"),
        organisation(4, "Kalix och Luleå").active_in("2514").active_in("2580"),
        organisation(5, "Stockholm").active_in("0180"),
        organisation(6, "Utan"),
    ]);
    let total = |codes: &[&[&str]]| {
        let areas = codes.iter().map(|codes| codes.iter().map(|code| area(code)).collect()).collect();
        registry.find(&Query { areas, limit: 10, ..Query::default() }).total
    };
    assert_eq!(total(&[&["2580"]]), 4);
    assert_eq!(total(&[&["2514"]]), 3);
    assert_eq!(total(&[&["25"]]), 4);
    assert_eq!(total(&[&["SE"]]), 5);
    assert_eq!(total(&[&["2514", "0180"]]), 4);
    assert_eq!(total(&[&["2514"], &["2580"]]), 3);
}

#[test]
fn hidden_records_count_nowhere() {
    let mut hidden = organisation(1, "Hemlig").about("integration").active_in("2580");
    hidden.audience = Audience::Partners;
    let registry = Registry::of(vec![hidden, organisation(2, "Öppen").about("folkhalsa")]);
    let query = Query { facets: vec!["topic", "municipality", "type"], limit: 10, ..Query::default() };
    let searcher = registry.index.searcher();
    let open = searcher.find(Audience::Public, &query).expect("answers");
    assert_eq!(open.total, 1);
    assert_eq!(open.facets[0].1.len(), 1);
    assert!(open.facets[1].1.is_empty());
    assert_eq!(open.facets[2].1.iter().map(|(_, count)| count).sum::<usize>(), 1);
    assert_eq!(searcher.find(Audience::Partners, &query).expect("answers").total, 2);
}

#[test]
fn the_asker_sees_as_much_as_an_index_without_hidden_records_would_show() {
    let mut dice = Dice(99);
    let documents: Vec<Document> = (1..=120).map(|tie| with_facets(dice.document(tie))).collect();
    let open: Vec<Document> =
        documents.iter().filter(|document| document.audience == Audience::Public).cloned().collect();
    let (all, open) = (Registry::of(documents), Registry::of(open));
    let statistics = open.index.compute_statistics().expect("statistics");
    all.index.set_statistics(1, &statistics).expect("sets");
    open.index.set_statistics(1, &statistics).expect("sets");
    for words in ["bollklubb", "röda korset", "kalix", "hembigdsförening", "unga äldre bollklubb", "folk", ""] {
        let query = Query {
            text: (!words.is_empty()).then(|| words.to_owned()),
            facets: vec!["topic", "municipality", "type", "level"],
            limit: 50,
            ..Query::default()
        };
        let one = all.index.searcher().find(Audience::Public, &query).expect("answers");
        let other = open.index.searcher().find(Audience::Public, &query).expect("answers");
        let shown = |answer: &Answer| {
            let hits: Vec<_> = answer.hits.iter().map(|hit| (hit.id, hit.score.to_bits())).collect();
            (answer.total, hits, answer.facets.clone(), answer.did_you_mean.clone())
        };
        assert_eq!(shown(&one), shown(&other), "{words}");
    }
}

#[test]
fn counts_of_a_common_word_stay_the_same_when_they_are_kept() {
    let mut dice = Dice(11);
    let documents: Vec<Document> = (1..=1_500)
        .map(|tie| {
            let mut document = with_facets(dice.document(tie));
            document.kind = Kind::Organisation;
            document.names[0].value = format!("{} {tie}", ["Bollklubb", "Kvinnojour"][dice.roll(2)]);
            document
        })
        .collect();
    let counted = |asker: Audience, word: &str, facet: &str| {
        let shown = |document: &&Document| asker == Audience::Partners || document.audience == Audience::Public;
        let named = |document: &&Document| document.names[0].value.starts_with(word);
        let mut counts: BTreeMap<u16, usize> = BTreeMap::new();
        for document in documents.iter().filter(shown).filter(named) {
            let values = document.facets.iter().filter(|(name, _)| *name == facet).map(|(_, number)| *number);
            values.collect::<std::collections::BTreeSet<u16>>().into_iter().for_each(|value| {
                *counts.entry(value).or_default() += 1;
            });
        }
        counts
    };
    let registry = Registry::of(documents.clone());
    let searcher = registry.index.searcher();
    assert_eq!(searcher.segments(), 1);
    let asked = [&["level"][..], &["topic", "municipality"], &["municipality", "level", "topic"]];
    let mut areas: BTreeMap<(bool, &str), Vec<(u16, usize)>> = BTreeMap::new();
    // The second time the word becomes a column, from then on counts are kept.
    for time in 1..=4 {
        for (asker, word, facets) in [Audience::Public, Audience::Partners]
            .into_iter()
            .flat_map(|asker| ["Bollklubb", "Kvinnojour"].map(|word| (asker, word)))
            .flat_map(|(asker, word)| asked.map(|facets| (asker, word, facets)))
        {
            let answer = searcher.find(asker, &Query { facets: facets.to_vec(), ..text(word) }).expect("answers");
            for (name, counts) in answer.facets {
                let told = format!("{asker:?} {word} {name}, time {time}");
                if name == "municipality" {
                    let first = areas.entry((asker == Audience::Public, word)).or_insert_with(|| counts.clone());
                    assert_eq!(*first, counts, "{told}");
                } else {
                    assert_eq!(counts.into_iter().collect::<BTreeMap<_, _>>(), counted(asker, word, name), "{told}");
                }
            }
        }
    }
    assert_eq!(areas.len(), 4);
    assert_ne!(areas[&(true, "Bollklubb")], areas[&(false, "Bollklubb")]);
}

#[test]
fn facets_that_are_counted_together_have_the_values_of_each() {
    let (mut together, mut alone) = (0, 0);
    for registry in [generated(3, 40), generated(4, 800)] {
        let searcher = registry.index.searcher();
        for segment in &searcher.view.segments {
            let packed = &segment.data.packed;
            let names = ["topic", "municipality", "level"];
            let groups = packed.groups(&names);
            for doc in 0..segment.data.documents {
                let slots = |names: &[&'static str]| -> Vec<u16> {
                    let groups = packed.groups(names);
                    let mut slots: Vec<u16> = groups.iter().flat_map(|group| group.facet.of(doc)).copied().collect();
                    slots.sort_unstable();
                    slots
                };
                let mut each: Vec<u16> = names.iter().flat_map(|name| slots(&[name])).collect();
                each.sort_unstable();
                assert_eq!(slots(&names), each);
                assert!(!each.is_empty());
            }
            together += groups.iter().filter(|group| group.names.len() > 1).count();
            alone += groups.iter().filter(|group| group.names.len() == 1).count();
        }
    }
    assert!(together > 0 && alone > 0, "{together} {alone}");
}

#[test]
fn what_is_kept_is_counted_anew_when_records_go() {
    let mut dice = Dice(9);
    let documents: Vec<Document> = (1..=1_600).map(|tie| with_facets(dice.document(tie))).collect();
    let mut registry = Registry::new();
    documents.chunks(400).for_each(|some| registry.add(some.to_vec()));
    let level = |key: &str| Filter { name: "level", any: vec![key.to_owned()] };
    let levels: Vec<&str> = Vocabulary::Levels.terms().iter().map(|term| term.key.as_str()).collect();
    let common = levels
        .iter()
        .max_by_key(|key| registry.find(&Query { filters: vec![level(key)], limit: 1, ..Query::default() }).total);
    let common = common.expect("a level");
    let all = Query { limit: 5_000, ..Query::default() };
    let mut before = usize::MAX;
    for gone in [0..0, 1..300_u128, 300..900] {
        let gone: Vec<_> = gone.flat_map(|tie| Kind::ALL.map(|kind| (kind, Uuid::from_u128(tie)))).collect();
        registry.apply(vec![], &gone);
        let left = registry.find(&all).total;
        assert!(left < before);
        before = left;
        for query in [
            all.clone(),
            Query { filters: vec![level(common)], ..all.clone() },
            Query { kinds: vec![Kind::Organisation], ..all.clone() },
            Query { limit: 5_000, ..text("bollklubb") },
            Query { limit: 5_000, filters: vec![level(common)], ..text("bollklubb") },
            Query { limit: 5_000, kinds: vec![Kind::Organisation, Kind::Forum], ..text("kvinnojour") },
        ] {
            // The second time a word becomes a column, the third time what was counted is at hand.
            for time in 1..=3 {
                let answer = registry.find(&Query { facets: vec!["level", "topic"], ..query.clone() });
                assert_eq!(answer.total, answer.hits.len(), "{time}: {query:?}");
                let mut counts: BTreeMap<(&str, u16), usize> = BTreeMap::new();
                let is_hit = |document: &&Document| answer.hits.iter().any(|hit| hit.id == document.id);
                for document in documents.iter().filter(is_hit) {
                    let values: std::collections::BTreeSet<_> = document.facets.iter().copied().collect();
                    values.into_iter().for_each(|value| *counts.entry(value).or_default() += 1);
                }
                for (name, values) in &answer.facets {
                    for (number, count) in values.iter().filter(|_| query.filters.is_empty() || *name != "level") {
                        assert_eq!(counts.get(&(*name, *number)), Some(count), "{time}: {name} of {query:?}");
                    }
                }
            }
        }
    }
}
