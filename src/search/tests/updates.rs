use super::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn rebuilt(documents: impl Iterator<Item = Document>) -> Registry {
    let registry = Registry::new();
    registry.index.rebuild(&mut documents.map(Ok), position(1)).expect("rebuilds");
    registry
}

#[test]
fn updates_give_what_a_rebuild_gives() {
    for seed in [11, 12, 13] {
        let mut dice = Dice(seed);
        let mut model: BTreeMap<(Kind, Uuid), Document> = BTreeMap::new();
        let mut registry = Registry::new();
        let mut tie = 0;
        for _ in 0..40 {
            let mut documents = Vec::new();
            let mut gone = Vec::new();
            for _ in 0..dice.roll(8) {
                let known: Vec<(Kind, Uuid)> = model.keys().copied().collect();
                if known.is_empty() || dice.roll(2) == 0 {
                    tie += 1;
                    documents.push(dice.document(tie));
                } else {
                    let key = *dice.one(&known);
                    if dice.roll(2) == 0 {
                        gone.push(key);
                    } else {
                        let old = &model[&key];
                        documents.push(Document { kind: key.0, id: key.1, tie: old.tie, ..dice.document(old.tie) });
                    }
                }
            }
            gone.retain(|key| !documents.iter().any(|document| (document.kind, document.id) == *key));
            for key in &gone {
                model.remove(key);
            }
            for document in &documents {
                model.insert((document.kind, document.id), document.clone());
            }
            registry.apply(documents, &gone);
        }
        let other = rebuilt(model.values().cloned());
        assert_eq!(registry.index.searcher().records(), model.len() as u64);
        assert_eq!(other.index.searcher().segments(), 1);
        let dump = registry.index.searcher().dump().expect("dumps");
        assert_eq!(dump.len(), model.len());
        assert_eq!(dump, other.index.searcher().dump().expect("dumps"));
        assert_eq!(
            registry.index.compute_statistics().expect("statistics"),
            other.index.compute_statistics().expect("statistics")
        );
    }
}

#[test]
fn the_last_of_several_documents_of_one_record_stays() {
    let mut registry = Registry::of(vec![organisation(1, "Första"), organisation(1, "Andra")]);
    assert_eq!(registry.find(&Query { limit: 9, ..Query::default() }).hits[0].title, "Andra");
    registry.apply(vec![organisation(1, "Tredje")], &[(Kind::Organisation, Uuid::from_u128(1))]);
    let answer = registry.find(&Query { limit: 9, ..Query::default() });
    assert_eq!((answer.total, answer.hits[0].title.as_str()), (1, "Tredje"));
}

#[test]
fn order_and_scores_do_not_depend_on_history_with_the_same_statistics() {
    let mut dice = Dice(21);
    let documents: Vec<Document> = (1..=300).map(|tie| dice.document(tie)).collect();
    let straight = rebuilt(documents.iter().cloned());
    let mut winding = Registry::new();
    for part in documents.chunks(23) {
        let first: Vec<Document> =
            part.iter().map(|document| Document { tie: document.tie, ..dice.document(document.tie) }).collect();
        let wrong: Vec<(Kind, Uuid)> = first.iter().map(|document| (document.kind, document.id)).collect();
        winding.add(first);
        winding.apply(part.to_vec(), &wrong);
    }
    let statistics = straight.index.compute_statistics().expect("statistics");
    for registry in [&straight, &winding] {
        registry.index.set_statistics(7, &statistics).expect("sets");
        assert_eq!(registry.index.statistics_number(), 7);
    }
    for words in ["bollklubb luleå", "röda korset", "unga äldre", "pensionärsråd kalix 12", "kvino jour", "hem"] {
        let hits = |registry: &Registry| -> Vec<(Uuid, u32, Vec<&'static str>)> {
            let answer = registry.find(&Query { limit: 500, ..text(words) });
            answer.hits.into_iter().map(|hit| (hit.id, hit.score.to_bits(), hit.matched_on)).collect()
        };
        assert_eq!(hits(&straight), hits(&winding), "{words}");
    }
}

#[test]
fn explanations_do_not_tell_of_segments_or_of_what_was_deleted() {
    let (exact, plain) = (organisation(1, "Vår").active_in("2580"), organisation(2, "Var").active_in("25"));
    let together = Registry::of(vec![exact.clone(), plain.clone()]);
    let mut apart = Registry::of(vec![exact.clone()]);
    apart.add(vec![plain.clone()]);
    let mut left = Registry::of(vec![exact.clone(), plain.clone()]);
    left.apply(Vec::new(), &[(exact.kind, exact.id)]);
    let alone = Registry::of(vec![plain]);
    let statistics = together.index.compute_statistics().expect("statistics");
    for registry in [&together, &apart, &left, &alone] {
        registry.index.set_statistics(7, &statistics).expect("sets");
    }
    let explained = |registry: &Registry| {
        let answer = registry.find(&Query { explain: true, ..text("vår luleå") });
        let hit = answer.hits.into_iter().find(|hit| hit.title == "Var").expect("is found");
        hit.explanation.expect("an explanation")
    };
    for registry in [&together, &apart, &left] {
        assert_eq!(explained(registry), explained(&alone));
    }
}

#[test]
fn suggestions_do_not_depend_on_segments() {
    let document = |tie: u64| {
        let mut document = organisation(tie, &format!("Alfa {tie}"));
        document.rest = if tie < 6 { 3 } else { 0 };
        document
    };
    let together = Registry::of((1..=9).map(document).collect());
    let mut apart = Registry::new();
    for tie in [7, 2, 9, 1, 5, 3, 8, 6, 4] {
        apart.add(vec![document(tie)]);
    }
    assert!(apart.index.searcher().segments() > 1);
    for limit in 1..=9 {
        let suggested = |registry: &Registry| {
            let suggested = registry.index.searcher().suggest(Audience::Public, "alf", &[], TextLanguage::Sv, limit);
            suggested.expect("suggests").into_iter().map(|suggestion| suggestion.title).collect::<Vec<_>>()
        };
        assert_eq!(suggested(&together), suggested(&apart), "{limit}");
        assert_eq!(suggested(&together).len(), limit);
    }
}

#[test]
fn the_position_is_that_of_the_last_commit_and_survives_reopening() {
    let folder = tempfile::tempdir().expect("a folder");
    let open = || Index::open(folder.path(), Options { verify: true, ..Options::default() }).expect("opens");
    let index = open();
    assert_eq!(index.position(), None);
    assert!(!index.is_stale());
    index.apply(vec![organisation(1, "Ett")], &[], position(5)).expect("applies");
    assert_eq!(index.position(), Some(position(5)));
    drop(index);
    let index = open();
    assert_eq!(index.position(), Some(position(5)));
    assert_eq!(index.searcher().sequence(), 5);
    index.rebuild(&mut (1..2_000).map(|tie| Ok(organisation(tie, "Namn"))), position(9)).expect("rebuilds");
    assert_eq!((index.position(), index.searcher().records()), (Some(position(9)), 1_999));
    index.apply(vec![organisation(1, "Två")], &[], position(10)).expect("applies");
    drop(index);
    assert_eq!(open().position(), Some(position(10)));
    // Of the version's folders only the last is left, beside the lock and the file that names it.
    assert_eq!(names(&version_folder(folder.path(), schema_version())), ["2", "current", "lock"]);
}

fn version_folder(folder: &Path, version: u32) -> PathBuf {
    folder.join(format!("v{version:08x}"))
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("lists");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("Unicode")).collect();
    names.sort();
    names
}

#[test]
fn a_failed_rebuild_leaves_the_old_index() {
    let registry = Registry::of(vec![organisation(1, "Ett")]);
    let mut broken =
        [Ok(organisation(2, "Två")), Err(crate::error::Error::internal("the database went away"))].into_iter();
    assert!(registry.index.rebuild(&mut broken, position(8)).is_err());
    assert_eq!(registry.index.position(), Some(position(1)));
    assert_eq!(registry.titles("ett"), ["Ett"]);
}

#[test]
fn a_searcher_keeps_its_state_while_the_index_moves_on() {
    let mut registry = Registry::of(vec![organisation(1, "Ett")]);
    let before = registry.index.searcher();
    registry.apply(vec![organisation(2, "Två")], &[(Kind::Organisation, Uuid::from_u128(1))]);
    registry.index.rebuild(&mut std::iter::once(Ok(organisation(3, "Tre"))), position(9)).expect("rebuilds");
    let hits = before.find(Audience::Public, &Query { limit: 9, ..Query::default() }).expect("answers").hits;
    assert_eq!(hits.len(), 1);
    assert_eq!(hits[0].title, "Ett");
    assert_eq!(*hits[0].record, *organisation(1, "Ett").record);
}

#[test]
fn what_is_damaged_is_made_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let open = || Index::open(folder.path(), Options::default()).expect("opens");
    open().apply(vec![organisation(1, "Ett")], &[], position(5)).expect("applies");
    for file in std::fs::read_dir(version_folder(folder.path(), schema_version()).join("1")).expect("lists") {
        let path = file.expect("a file").path();
        if path.extension().is_some_and(|extension| extension == "ready") {
            std::fs::write(path, b"broken").expect("writes");
        }
    }
    let index = open();
    assert!(index.is_stale() && index.position().is_none());
    index.rebuild(&mut std::iter::once(Ok(organisation(1, "Ett"))), position(6)).expect("rebuilds");
    assert!(!index.is_stale());
    assert_eq!(index.searcher().records(), 1);
}

#[test]
fn another_version_is_made_beside_the_one_that_serves() {
    let folder = tempfile::tempdir().expect("a folder");
    let open = |version| Index::open_version(folder.path(), Options::default(), version);
    let found = |index: &Index| {
        let answer = index.searcher().find(Audience::Public, &Query { limit: 9, ..Query::default() }).expect("answers");
        answer.hits.into_iter().map(|hit| hit.title).collect::<Vec<_>>()
    };
    let old = open(1).expect("opens");
    old.apply(vec![organisation(1, "Ett")], &[], position(1)).expect("applies");
    // A version is open once.
    let told = open(1).expect_err("it is in use").to_string();
    assert!(told.contains("in use"), "{told}");
    let new = open(2).expect("opens");
    assert_eq!((new.position(), new.is_stale()), (None, false));
    new.rebuild(&mut std::iter::once(Ok(organisation(2, "Två"))), position(2)).expect("rebuilds");
    // The old one goes on to serve and to follow.
    old.apply(vec![organisation(3, "Tre")], &[], position(3)).expect("applies");
    assert_eq!((found(&old), found(&new)), (vec!["Ett".to_owned(), "Tre".to_owned()], vec!["Två".to_owned()]));
    drop((old, new));
    // It goes when the new one is opened and nobody has the old one open any more; nothing else in the folder does.
    std::fs::create_dir(folder.path().join("verbatim")).expect("makes");
    let new = open(2).expect("opens");
    assert_eq!(found(&new), ["Två"]);
    assert_eq!(names(folder.path()), ["v00000002", "verbatim"]);
}

#[test]
fn a_large_new_segment_is_asked_for_words_of_names_that_everyone_is_shown_before_it_is_seen() {
    let columns = |of: usize, audience: Audience| {
        let folder = tempfile::tempdir().expect("a folder");
        let options = Options { warmed_from: 300, ..Options::default() };
        let index = Index::open(folder.path(), options).expect("opens");
        let named = |tie: u64| organisation(tie, "Hembygdsförening").marked("status", "active");
        let documents = (1..=of as u64).map(|tie| Document { audience, ..named(tie) }).collect();
        index.apply(documents, &[], position(1)).expect("applies");
        index.searcher().view.segments.iter().map(|segment| segment.data.columns.count()).sum::<usize>()
    };
    assert!(columns(300, Audience::Public) > 0);
    assert_eq!((columns(299, Audience::Public), columns(300, Audience::Partners)), (0, 0));
}
