//! The same answer everywhere: by the reference's naive search, by an index, and by indexes with other histories.

use super::random::{FACETS, id};
use super::reference::{Expected, Reference, Whole};
use super::*;
use crate::search::query::{Filter, Hit, Start};
use crate::search::statistics::Statistics;
use crate::search::{Searcher, fields};
use crate::vocabulary;
use std::collections::BTreeMap;

const ASKERS: [Audience; 2] = [Audience::Public, Audience::Partners];

/// Seeds of a test: so many, or as many times more as `TEST_ROUNDS` says.
fn seeds(usual: u64) -> std::ops::RangeInclusive<u64> {
    let rounds = std::env::var("TEST_ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    1..=usual * rounds.unwrap_or(1)
}

fn records(seed: u64, count: u64) -> (Dice, Vec<Document>) {
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let documents = (1..=count).map(|tie| dice.record(tie)).collect();
    (dice, documents)
}

/// A hit as the reference tells it.
fn told(hit: &Hit) -> Expected {
    let explanation = hit.explanation.as_ref().expect("an explanation");
    let points = |value: &serde_json::Value| (value.as_f64().expect("a number") * 100.0).round() as i64;
    let names = "key word condition everyWord wholeName placeWord fillerWord joinedWord exact area status";
    let part = |part: &serde_json::Value| {
        let name = names.split(' ').find(|name| part["signal"] == *name).expect("a known signal");
        (name, points(&part["value"]))
    };
    let mut parts: Vec<(&'static str, i64)> =
        explanation["parts"].as_array().expect("parts").iter().map(part).collect();
    parts.sort_unstable();
    let score = (f64::from(hit.score) * 100.0).round() as u32;
    assert_eq!(points(&explanation["score"]), i64::from(score));
    Expected { kind: hit.kind, id: hit.id, score, matched_on: hit.matched_on.clone(), parts }
}

/// Compares an answer with the page of the whole that begins at a place.
#[track_caller]
fn assert_is_page(answer: &Answer, whole: &Whole, from: usize, limit: usize, about: &str) {
    assert_eq!(answer.did_you_mean, whole.did_you_mean, "{about}");
    assert_eq!(answer.total, whole.hits.len(), "{about}");
    let page: Vec<&Expected> = whole.hits.iter().skip(from).take(limit).collect();
    let hits: Vec<Expected> = answer.hits.iter().map(told).collect();
    assert_eq!(hits.len(), page.len(), "{about}");
    for (at, (hit, expected)) in hits.iter().zip(page).enumerate() {
        assert_eq!(hit, expected, "hit {at}, {about}");
    }
    assert_eq!(answer.next.is_some(), from + answer.hits.len() < answer.total && limit > 0, "{about}");
    assert_eq!(answer.facets, whole.facets, "{about}");
}

/// Asks an index and the reference, page by page: the first, one by its number, and some by cursors.
fn assert_agrees(searcher: &Searcher, reference: &Reference<'_>, query: &Query, about: &str) -> usize {
    let mut found = 0;
    for asker in ASKERS {
        let about = format!("{about}, {asker:?} asks {query:?}");
        let find = |start| searcher.find(asker, &Query { start, ..query.clone() }).expect("answers");
        let whole = reference.answer(asker, query);
        let first = find(Start::Offset(0));
        assert_is_page(&first, &whole, 0, query.limit, &about);
        let middle = whole.hits.len() / 2;
        for from in [middle, whole.hits.len() + 3] {
            assert_is_page(&find(Start::Offset(from)), &whole, from, query.limit, &format!("from {from}, {about}"));
        }
        let (mut next, mut from) = (first.next, query.limit);
        for _ in 0..3 {
            let Some(position) = next else { break };
            let page = find(Start::After(position));
            assert_is_page(&page, &whole, from, query.limit, &format!("after {from}, {about}"));
            (next, from) = (page.next, from + query.limit);
        }
        found += whole.hits.len();
    }
    found
}

#[test]
fn statistics_count_what_records_hold() {
    let (_, documents) = records(5, 200);
    let registry = Registry::of(documents.clone());
    let bytes = registry.index.compute_statistics().expect("statistics");
    let statistics = Statistics::from_bytes(&bytes).expect("reads");
    let reference = Reference::new(&documents);
    let (words, terms) = reference.snapshot().counts();
    assert_eq!(statistics.documents, 200);
    assert!(words.len() > 300 && terms.len() > 15, "{} {}", words.len(), terms.len());
    for (word, count) in words {
        assert_eq!(statistics.frequency(word.as_bytes()), *count, "{word}");
    }
    for (term, count) in terms {
        assert_eq!(statistics.frequency(fields::vocabulary_term(*term).as_bytes()), *count, "{term}");
    }
}

#[test]
fn random_queries_are_answered_as_the_reference_answers() {
    for seed in seeds(6) {
        let count = [40, 150, 150, 300][seed as usize % 4];
        let (mut dice, mut documents) = records(seed, count);
        if seed % 3 == 0 {
            // Numbers of changes that lie far apart, as in a registry of many years.
            documents.iter_mut().for_each(|document| document.tie <<= 34);
        }
        // Statistics of an earlier time.
        let counted = &documents[..documents.len() * 2 / 3];
        let statistics = Registry::of(counted.to_vec()).index.compute_statistics().expect("statistics");
        let registry = if seed % 2 == 0 {
            by_detours(&mut dice, &documents)
        } else {
            let mut registry = Registry::new();
            documents.chunks(61).for_each(|part| registry.add(part.to_vec()));
            registry
        };
        registry.index.set_statistics(1, &statistics).expect("sets");
        let reference = Reference::with_statistics_of(&documents, counted);
        let searcher = registry.index.searcher();
        let mut found = 0;
        for number in 0..60 {
            let query = dice.query(count);
            found += assert_agrees(&searcher, &reference, &query, &format!("seed {seed}, query {number}"));
        }
        assert!(found > 100, "seed {seed} finds next to nothing");
    }
}

#[test]
fn many_records_are_answered_as_the_reference_answers() {
    // Several windows in a segment, words that become columns, and records that went.
    const MANY: u64 = 9_000;
    for seed in seeds(1) {
        let (mut dice, mut documents) = records(3_000 + seed, MANY);
        for document in &mut documents {
            document.names.truncate(1);
            document.related_names.clear();
            // In the last windows words count less and areas more: these must not be passed over for their words.
            if document.tie > MANY / 2 {
                document.names.iter_mut().for_each(|name| name.kind = NameKind::Alias);
            } else {
                document.areas.clear();
            }
        }
        let mut registry = Registry::new();
        registry.index.rebuild(&mut documents.iter().cloned().map(Ok), position(1)).expect("rebuilds");
        let statistics = registry.index.compute_statistics().expect("statistics");
        registry.index.set_statistics(1, &statistics).expect("sets");
        let counted = documents.clone();
        let (mut changed, mut gone) = (Vec::new(), Vec::new());
        documents.retain_mut(|document| match dice.roll(300) {
            0 => {
                gone.push((document.kind, document.id));
                false
            }
            1 => {
                *document = Document { kind: document.kind, ..dice.record(document.tie) };
                changed.push(document.clone());
                true
            }
            _ => true,
        });
        registry.apply(changed, &gone);
        let reference = Reference::with_statistics_of(&documents, &counted);
        let searcher = registry.index.searcher();
        for number in 0..16 {
            let mut query = dice.query(MANY);
            query.facets = vec![FACETS[dice.roll(FACETS.len())]];
            if number % 2 == 0 {
                let words = [dice.common(), dice.common(), "Luleå"][..2 + dice.roll(2)].join(" ");
                let (text, limit) = (Some(words), query.limit / 2 + 1);
                query = Query { text, limit, facets: query.facets, explain: true, ..Query::default() };
            }
            assert_agrees(&searcher, &reference, &query, &format!("seed {seed}, query {number}"));
        }
    }
}

/// An index of these documents, made by detours: other contents, other records, deletions, commits of any size.
fn by_detours(dice: &mut Dice, documents: &[Document]) -> Registry {
    let mut registry = Registry::new();
    let mut final_ones: BTreeMap<usize, bool> = BTreeMap::new();
    let strangers = documents.len() as u64 + 1..documents.len() as u64 + 40;
    for _ in 0..20 {
        let (mut added, mut gone) = (Vec::new(), Vec::new());
        for _ in 0..dice.roll(1 + documents.len() / 8) {
            let at = dice.roll(documents.len());
            let document = &documents[at];
            match dice.roll(3) {
                0 => {
                    gone.push((document.kind, document.id));
                    final_ones.remove(&at);
                    added.retain(|known: &Document| known.id != document.id);
                }
                1 => {
                    added.push(Document { kind: document.kind, id: document.id, ..dice.record(document.tie) });
                    final_ones.insert(at, false);
                }
                _ => {
                    added.push(document.clone());
                    final_ones.insert(at, true);
                }
            }
        }
        if dice.once_in(3) {
            added.extend(strangers.clone().map(|tie| dice.record(tie)));
        }
        registry.apply(added, &gone);
        if dice.once_in(9) {
            registry.index.expunge(position(registry.sequence)).expect("expunges");
        }
    }
    let mut left: Vec<usize> = (0..documents.len()).filter(|at| final_ones.get(at) != Some(&true)).collect();
    while !left.is_empty() {
        let count = left.len().min(1 + dice.roll(40));
        let some: Vec<Document> =
            (0..count).map(|_| documents[left.swap_remove(dice.roll(left.len()))].clone()).collect();
        registry.add(some);
    }
    let strangers: Vec<_> = strangers.flat_map(|tie| Kind::ALL.map(|kind| (kind, id(tie)))).collect();
    registry.apply(documents[..3].to_vec(), &strangers);
    registry
}

/// All that an answer says, but how far its index has come.
fn said(answer: &Answer) -> impl PartialEq + std::fmt::Debug {
    let Answer { total, hits, facets, did_you_mean, sequence: _, next } = answer;
    let hit = |hit: &Hit| {
        let shown = (hit.kind, hit.id, hit.title.clone(), hit.score.to_bits(), hit.matched_on.clone());
        (shown, hit.highlights.clone(), hit.explanation.clone(), hit.record.clone())
    };
    (*total, hits.iter().map(hit).collect::<Vec<_>>(), facets.clone(), did_you_mean.clone(), next.clone())
}

#[test]
fn whatever_the_history_all_answers_are_the_same_on_every_page() {
    for seed in seeds(2) {
        let (mut dice, documents) = records(1_000 + seed, 250);
        let mut registries =
            vec![Registry::new(), by_detours(&mut dice, &documents), by_detours(&mut dice, &documents)];
        let straight = &registries[0].index;
        straight.rebuild(&mut documents.iter().cloned().map(Ok), position(1)).expect("rebuilds");
        let statistics = straight.compute_statistics().expect("statistics");
        registries.push(by_detours(&mut dice, &documents));
        let last = &registries[3].index;
        last.expunge(position(1_000)).expect("expunges");
        registries[2].index.refresh().expect("refreshes");
        for registry in &registries {
            assert_eq!(registry.index.searcher().records(), 250);
            registry.index.set_statistics(1, &statistics).expect("sets");
        }
        let searchers: Vec<Searcher> = registries.iter().map(|registry| registry.index.searcher()).collect();
        assert!(searchers.iter().any(|searcher| searcher.segments() > 1));
        for number in 0..25 {
            let query = Query { highlight: true, limit: 9 + dice.roll(30), ..dice.query(250) };
            for asker in ASKERS {
                let mut start = Start::default();
                for page in 0..12 {
                    let query = Query { start: start.clone(), ..query.clone() };
                    let answers = searchers.iter().map(|searcher| searcher.find(asker, &query).expect("answers"));
                    let answers: Vec<Answer> = answers.collect();
                    for (which, answer) in answers.iter().enumerate().skip(1) {
                        assert_eq!(
                            said(&answers[0]),
                            said(answer),
                            "seed {seed}, query {number}, page {page}, index {which}, {asker:?}: {query:?}"
                        );
                    }
                    match answers.into_iter().next().and_then(|answer| answer.next) {
                        Some(position) => start = Start::After(position),
                        None => break,
                    }
                }
            }
        }
    }
}

#[test]
fn all_pages_together_are_one_large_page_and_count_the_same() {
    let (mut dice, documents) = records(31, 300);
    let registry = by_detours(&mut dice, &documents);
    let searcher = registry.index.searcher();
    for number in 0..40 {
        let query = dice.query(300);
        for asker in ASKERS {
            let about = format!("query {number}, {asker:?}: {query:?}");
            let find = |query: Query| searcher.find(asker, &query).expect("answers");
            let whole = find(Query { limit: 1_000, ..query.clone() });
            let ids = |answer: &Answer| answer.hits.iter().map(|hit| (hit.kind, hit.id)).collect::<Vec<_>>();
            let all = ids(&whole);
            assert_eq!(all.len(), whole.total, "{about}");
            assert_eq!(all.iter().collect::<std::collections::BTreeSet<_>>().len(), all.len(), "{about}");
            let limit = 5 + dice.roll(40);
            let (mut by_cursor, mut by_offset) = (Vec::new(), Vec::new());
            let (mut start, mut offset) = (Some(Start::default()), 0);
            while let Some(from) = start.take() {
                let page = |from| find(Query { start: from, limit, ..query.clone() });
                let pages = [page(from), page(Start::Offset(offset))];
                for page in &pages {
                    assert_eq!((page.total, &page.facets), (whole.total, &whole.facets), "{about}");
                    assert_eq!(page.next.is_some(), offset + limit < whole.total, "{about}");
                }
                by_cursor.extend(ids(&pages[0]));
                by_offset.extend(ids(&pages[1]));
                let [page, same] = pages;
                assert_eq!(page.next, same.next, "{about}");
                start = page.next.map(Start::After);
                offset += limit;
            }
            assert_eq!(by_cursor, all, "{about}");
            assert_eq!(by_offset, all, "{about}");
        }
    }
}

#[test]
fn every_value_of_every_facet_finds_as_many_as_it_counts() {
    for seed in seeds(2) {
        let (mut dice, documents) = records(2_000 + seed, 200);
        let registry = by_detours(&mut dice, &documents);
        let searcher = registry.index.searcher();
        let mut tried = 0;
        for number in 0..12 {
            // A field stays beside the value that is chosen, where a parameter gives way to it.
            let has_field = |query: &Query| query.text.as_ref().is_some_and(|text| text.contains(':'));
            let query = std::iter::repeat_with(|| dice.query(200)).find(|query| !has_field(query)).expect("a query");
            for asker in ASKERS {
                let answer = searcher.find(asker, &query).expect("answers");
                for (name, values) in &answer.facets {
                    for (value, count) in values {
                        let term = vocabulary::by_number(*value).expect("a term");
                        let mut with = query.clone();
                        match *name {
                            "municipality" => with.areas = vec![vec![*value]],
                            "type" => with.kinds = vec![Kind::from_name(&term.key).expect("a kind")],
                            name => {
                                with.filters.retain(|filter| filter.name != name);
                                with.filters.push(Filter { name, any: vec![term.key.clone()] });
                            }
                        }
                        let total = searcher.count(asker, &with).expect("counts");
                        assert_eq!(
                            total, *count,
                            "seed {seed}, query {number}, {asker:?}, {name}={}: {query:?}",
                            term.key
                        );
                        tried += 1;
                    }
                }
            }
        }
        assert!(tried > 400, "{tried}");
    }
}

#[test]
fn which_spelling_is_commonest_does_not_depend_on_deletions() {
    // Both are so common that they count alike; then the first by its letters is taken.
    let name = |tie| if tie <= 1_100 { "Roda Korset" } else { "Röda Korset" };
    let documents: Vec<Document> = (1..=2_300).map(|tie| organisation(tie, name(tie))).collect();
    let whole = Registry::of(documents.clone());
    let mut one_went = Registry::of(documents.into_iter().chain([organisation(2_301, "Borta")]).collect());
    one_went.apply(Vec::new(), &[(Kind::Organisation, id(2_301))]);
    for registry in [whole, one_went] {
        let answer = registry.find(&text("rodakorset"));
        assert_eq!((answer.did_you_mean.as_deref(), answer.total), (Some("roda korset"), 2_300));
    }
}

#[test]
fn a_hidden_or_deleted_word_is_not_taken_for_what_someone_begins_to_type() {
    let mut hidden = organisation(1, "Andra").says("Sällskap");
    hidden.audience = Audience::Partners;
    let mut registry = Registry::of(vec![hidden, organisation(2, "Tredje").says("Simsällskap")]);
    assert_eq!(registry.titles("säll"), [""; 0]);
    assert_eq!(registry.find(&text("säll")).total, 2);
    registry.apply(Vec::new(), &[(Kind::Organisation, id(1))]);
    assert_eq!(registry.find(&text("säll")).total, 0);
}

#[test]
fn a_hidden_or_deleted_name_does_not_keep_a_word_from_being_read_as_a_beginning() {
    let mut hidden = organisation(1, "Jour");
    hidden.audience = Audience::Partners;
    let mut registry =
        Registry::of(vec![hidden, organisation(2, "Andra").says("Jouren"), organisation(3, "Journalisterna")]);
    assert_eq!(registry.titles("jour"), ["Journalisterna", "Andra"]);
    assert_eq!(registry.find(&text("jour")).total, 2);
    registry.apply(Vec::new(), &[(Kind::Organisation, id(1))]);
    assert_eq!(registry.find(&text("jour")).total, 2);
    assert_eq!(registry.titles("jour").len(), 2);
    // Someone has a name with that very word: then nobody is taken for what begins so.
    registry.add(vec![organisation(4, "Jour")]);
    assert_eq!(registry.titles("jour"), ["Jour", "Andra"]);
}
