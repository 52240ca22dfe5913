use super::*;
use crate::search::query::{Near, Sort, SortBy, Start};

fn generated(documents: u64) -> Registry {
    let mut dice = Dice(3);
    let mut registry = Registry::new();
    for from in (0..documents).step_by(50) {
        registry.add((from..from + 50).map(|tie| dice.document(tie + 1)).collect());
    }
    registry
}

fn orders() -> Vec<Vec<Sort>> {
    let by = [SortBy::Relevance, SortBy::Name, SortBy::UpdatedAt, SortBy::Distance, SortBy::Start];
    let mut orders = vec![vec![]];
    for descending in [false, true] {
        for first in by {
            orders.push(vec![Sort { by: first, descending }]);
            for second in by {
                orders.push(vec![Sort { by: first, descending }, Sort { by: second, descending: !descending }]);
            }
        }
    }
    orders
}

#[test]
fn pages_and_cursors_walk_the_whole_list_in_every_order() {
    let registry = generated(200);
    let near = Some(Near { lat: 65.0, lon: 20.0, radius_km: None });
    for sort in orders() {
        for words in [None, Some("bollklubb luleå"), Some("kvinnojour")] {
            let query = Query { text: words.map(str::to_owned), sort: sort.clone(), near, ..Query::default() };
            let whole = registry.find(&Query { limit: 1_000, ..query.clone() });
            assert_eq!(whole.hits.len(), whole.total);
            assert!(whole.next.is_none());
            let ids: Vec<Uuid> = whole.hits.iter().map(|hit| hit.id).collect();
            let mut paged = Vec::new();
            for page in 0.. {
                let answer = registry.find(&Query { start: Start::Offset(page * 13), limit: 13, ..query.clone() });
                assert_eq!(answer.total, whole.total);
                if answer.hits.is_empty() {
                    break;
                }
                paged.extend(answer.hits.iter().map(|hit| hit.id));
            }
            assert_eq!(paged, ids, "{sort:?} {words:?}");
            let mut walked = Vec::new();
            let mut start = Start::default();
            loop {
                let answer = registry.find(&Query { start, limit: 7, ..query.clone() });
                assert_eq!(answer.total, whole.total);
                walked.extend(answer.hits.iter().map(|hit| hit.id));
                match answer.next {
                    Some(position) => start = Start::After(position),
                    None => break,
                }
            }
            assert_eq!(walked, ids, "{sort:?} {words:?}");
        }
    }
}

#[test]
fn a_list_is_in_the_order_of_names() {
    let registry = generated(100);
    let answer = registry.find(&Query { limit: 1_000, ..Query::default() });
    let keys: Vec<Vec<u8>> = answer.hits.iter().map(|hit| crate::search::text::sort_key(&hit.title)).collect();
    assert!(keys.is_sorted());
    let sort = vec![Sort { by: SortBy::Name, descending: true }];
    let backwards = registry.find(&Query { limit: 1_000, sort, ..Query::default() });
    let keys: Vec<Vec<u8>> = backwards.hits.iter().map(|hit| crate::search::text::sort_key(&hit.title)).collect();
    assert!(keys.is_sorted_by(|one, other| one >= other));
}

#[test]
fn a_cursor_goes_on_where_its_hit_was_even_when_that_is_gone() {
    let mut registry = generated(100);
    let query = Query { limit: 10, ..Query::default() };
    let first = registry.find(&query);
    let rest = registry.find(&Query { start: Start::Offset(10), limit: 1_000, ..Query::default() });
    let last = first.hits.last().expect("a page");
    registry.apply(vec![], &[(last.kind, last.id)]);
    let position = first.next.expect("more");
    let after = registry.find(&Query { start: Start::After(position), limit: 1_000, ..Query::default() });
    let ids = |answer: &Answer| answer.hits.iter().map(|hit| hit.id).collect::<Vec<_>>();
    assert_eq!(ids(&after), ids(&rest));
}

#[test]
fn a_broken_cursor_is_refused() {
    let registry = generated(50);
    for key in [vec![], vec![7], vec![0, 1, 2], vec![1, 1], vec![0; 40]] {
        let position = crate::search::query::Position { key, tie: 0 };
        let query = Query { start: Start::After(position), limit: 5, ..Query::default() };
        assert!(registry.index.searcher().find(Audience::Public, &query).is_err());
    }
}

#[test]
fn huge_offsets_and_limits_are_clamped() {
    let registry = generated(50);
    for (offset, limit) in [(usize::MAX, 20), (0, usize::MAX), (usize::MAX, usize::MAX), (49, 1), (0, 0)] {
        let answer = registry.find(&Query { start: Start::Offset(offset), limit, ..Query::default() });
        assert!(answer.total > 0 && answer.hits.len() <= answer.total);
    }
}

#[test]
fn relevance_without_text_puts_what_names_the_area_first() {
    let registry = Registry::of(vec![
        organisation(1, "Alla i Sverige").active_in("SE"),
        organisation(2, "Bara länet").active_in("25"),
        organisation(3, "Centrum Luleå").active_in("2580"),
        organisation(4, "Den andra i Luleå").active_in("2580"),
    ]);
    let sort = |by| Sort { by, descending: false };
    let query = |sort| Query { areas: vec![vec![area("2580")]], sort, limit: 10, ..Query::default() };
    let titles = |query: Query| registry.find(&query).hits.into_iter().map(|hit| hit.title).collect::<Vec<_>>();
    assert_eq!(
        titles(query(vec![sort(SortBy::Relevance), sort(SortBy::Name)])),
        ["Centrum Luleå", "Den andra i Luleå", "Bara länet", "Alla i Sverige"]
    );
    assert_eq!(titles(query(vec![]))[0], "Alla i Sverige");
}
