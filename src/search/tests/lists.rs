//! Queries that few records match, which are had as lists.

use super::*;
use crate::search::query::Hit;

/// These among so many others that a word of theirs is rare.
fn among_others(documents: Vec<Document>) -> Registry {
    let others = (1_000..1_400).map(|tie| organisation(tie, "Annat"));
    Registry::of(documents.into_iter().chain(others).collect())
}

/// A part of a compound in a long name with a place: what the place adds makes up for the rest.
fn with_place(tie: u64) -> Document {
    organisation(tie, "Barnteatern i Luleå för alla som vill vara med")
}

#[test]
fn signals_bring_those_before_that_had_less_without_them() {
    let dissolved = |tie| Document { rest: 3, ..organisation(tie, "Teatern") };
    let registry = among_others((1..=6).map(dissolved).chain([with_place(7)]).collect());
    let answer = registry.find(&Query { limit: 3, ..text("teater luleå") });
    let first: Vec<Uuid> = answer.hits.iter().map(|hit| hit.id).collect();
    assert_eq!((answer.total, first), (7, [7, 1, 2].map(Uuid::from_u128).to_vec()));
}

#[test]
fn areas_bring_those_before_that_had_less_without_them() {
    let registry = among_others(
        (1..=6).map(|tie| organisation(tie, "Teatern")).chain([with_place(7).active_in("2580")]).collect(),
    );
    let answer = registry.find(&Query { limit: 3, ..text("teater luleå") });
    let first: Vec<Uuid> = answer.hits.iter().map(|hit| hit.id).collect();
    assert_eq!((answer.total, first), (7, [7, 1, 2].map(Uuid::from_u128).to_vec()));
}

#[test]
fn the_best_of_a_words_ways_counts_wherever_each_stands() {
    // By the word, by the topic that it is a synonym of, and by both.
    let registry = among_others(vec![
        organisation(1, "Andra").about("scenkonst"),
        organisation(2, "Teater").about("scenkonst"),
        organisation(3, "Teater"),
        organisation(4, "Tredje").about("scenkonst").says("Vi spelar teater"),
        organisation(5, "Teatergruppen i byn").about("scenkonst"),
    ]);
    for words in ["teater", "teater andra", "teater byn"] {
        let answer = registry.find(&Query { explain: true, ..text(words) });
        assert!(answer.total > 0, "{words}");
        for Hit { title, score, explanation, .. } in &answer.hits {
            let parts = explanation.as_ref().expect("explained")["parts"].as_array().expect("parts").clone();
            let sum: f64 = parts.iter().filter_map(|part| part["value"].as_f64()).sum();
            assert!((sum - f64::from(*score)).abs() < 0.01, "{words}: {title} {score} {parts:?}");
        }
    }
    let all = registry.find(&text("teater"));
    assert_eq!(all.total, 5);
    assert_eq!(all.hits.iter().take(2).map(|hit| &*hit.title).collect::<Vec<_>>(), ["Teater", "Teater"]);
}

#[test]
fn what_a_word_is_known_to_find_is_known_for_each_audience() {
    for askers in [[Audience::Partners, Audience::Public], [Audience::Public, Audience::Partners]] {
        let hidden = Document { audience: Audience::Partners, ..organisation(1, "Hemligt sällskap") };
        let registry = Registry::of(vec![hidden, organisation(2, "Bodens stora bollklubb")]);
        let searcher = registry.index.searcher();
        let seen = |asker, words: &str| {
            let answer = searcher.find(asker, &text(words)).expect("answers");
            answer.hits.into_iter().map(|hit| (hit.title, hit.score.to_bits())).collect::<Vec<_>>()
        };
        for asker in askers.into_iter().chain(askers) {
            let both = seen(asker, "hemligt bollklubb");
            match asker {
                Audience::Partners => assert_eq!(both.len(), 2, "{askers:?}"),
                // Nobody may see what has the other word: it is left out, and the word that stays is the whole meaning.
                Audience::Public => assert_eq!(both, seen(asker, "bollklubb"), "{askers:?}"),
            }
        }
    }
}
