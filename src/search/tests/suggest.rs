use super::*;
use crate::search::query::{Suggestion, SuggestionKind};
use crate::search::text::{self as language, folded};

const KINDS: [Kind; 4] = [Kind::Organisation, Kind::Network, Kind::Forum, Kind::Meeting];

fn suggest(registry: &Registry, asker: Audience, text: &str, kinds: &[Kind], limit: usize) -> Vec<Suggestion> {
    registry.index.searcher().suggest(asker, text, kinds, TextLanguage::Sv, limit).expect("suggests")
}

fn titles(registry: &Registry, text: &str) -> Vec<String> {
    suggest(registry, Audience::Public, text, &[], 10).into_iter().map(|one| one.title).collect()
}

#[test]
fn the_official_name_comes_before_others_and_those_before_words_within() {
    let mut dormant = organisation(4, "Luleå arkiv");
    dormant.rest = 2;
    let registry = Registry::of(vec![
        organisation(1, "Kvinnojouren i Luleå"),
        organisation(2, "Sunderby folkhögskola").alias("Lule folkhögskola"),
        organisation(3, "Luleå teaterförening"),
        dormant,
        organisation(5, "Luleå stift").marked("level", "national"),
        organisation(6, "Boden"),
    ]);
    let expected =
        ["Luleå stift", "Luleå teaterförening", "Luleå arkiv", "Sunderby folkhögskola", "Kvinnojouren i Luleå"];
    for text in ["l", "lu", "lul", "LULE", "  lule"] {
        assert_eq!(titles(&registry, text), expected, "{text}");
    }
    assert_eq!(titles(&registry, "luleå t"), ["Luleå teaterförening"]);
    assert_eq!(titles(&registry, "i lul"), ["Kvinnojouren i Luleå"]);
    assert_eq!(titles(&registry, "teater luleå"), ["Luleå teaterförening"]);
    let found = suggest(&registry, Audience::Public, "lule f", &[], 10);
    assert_eq!(found[0].matched.as_deref(), Some("Lule folkhögskola"));
}

#[test]
fn letters_with_marks_are_found_with_and_without_them() {
    let registry = Registry::of(vec![organisation(1, "Älvsbyns råd"), organisation(2, "Övertorneå IF")]);
    for text in ["ä", "a", "älv", "alv", "ALVSBYNS RÅ", "rad"] {
        assert_eq!(titles(&registry, text), ["Älvsbyns råd"], "{text}");
    }
    assert_eq!(titles(&registry, "ö"), ["Övertorneå IF"]);
}

#[test]
fn one_letter_may_be_wrong_from_four_letters_on() {
    let registry = Registry::of(vec![
        organisation(1, "Hembygdsföreningen i Kalix"),
        organisation(2, "Kalix 2024"),
        organisation(3, "Scouterna").about("integration").active_in("2580"),
    ]);
    for text in ["henby", "hembgd", "hemmbyg", "hmeby", "hembygdsfoerning", "hembygdsförennigen", "kalix hembyyg"] {
        assert_eq!(titles(&registry, text), ["Hembygdsföreningen i Kalix"], "{text}");
    }
    assert_eq!(titles(&registry, "scuoter"), ["Scouterna"]);
    assert_eq!(titles(&registry, "intgra"), ["Integration"]);
    assert_eq!(titles(&registry, "luelå"), ["Luleå"]);
    for text in ["hen", "xembygd", "2025", "20224", "hxmbxgd", "kalix 2025"] {
        assert!(titles(&registry, text).is_empty(), "{text}: {:?}", titles(&registry, text));
    }
    // Whatever begins so as it was typed stays alone.
    assert_eq!(titles(&registry, "kali").len(), 2);
}

#[test]
fn places_are_named_in_all_their_languages() {
    let registry = Registry::of(vec![organisation(1, "Ett").active_in("2584"), organisation(2, "Två").active_in("25")]);
    let kiruna = area("2584");
    for text in ["kir", "giron", "Kiruna"] {
        let found = suggest(&registry, Audience::Public, text, &[], 10);
        assert_eq!(found[0].kind, SuggestionKind::Place(kiruna), "{text}");
        assert_eq!(found[0].title, "Kiruna", "{text}");
    }
    assert_eq!(suggest(&registry, Audience::Public, "giron", &[], 10)[0].matched.as_deref(), Some("Giron"));
    // Only where someone is, and not where records are asked for.
    assert!(suggest(&registry, Audience::Public, "malmö", &[], 10).is_empty());
    assert!(suggest(&registry, Audience::Public, "kiruna", &[Kind::Forum], 10).is_empty());
}

#[test]
fn places_and_topics_leave_half_of_the_room_to_records() {
    let mut documents: Vec<Document> = (1..30).map(|tie| organisation(tie, &format!("Integration {tie}"))).collect();
    documents.push(organisation(30, "Annat").about("integration"));
    let registry = Registry::of(documents);
    let places = |limit| {
        let found = suggest(&registry, Audience::Public, "inte", &[], limit);
        assert_eq!(found.len(), limit);
        found.iter().filter(|one| !matches!(one.kind, SuggestionKind::Record(..))).count()
    };
    assert_eq!((places(1), places(2), places(10)), (0, 1, 1));
}

#[test]
fn what_is_hidden_or_deleted_is_never_suggested() {
    let hide = |mut document: Document| {
        document.audience = Audience::Partners;
        document
    };
    // So many that the first of their list are kept.
    let documents = (1..=90).map(|tie| {
        let document = organisation(tie, &format!("Namn {tie}")).about("integration").active_in("2580");
        if tie % 3 == 0 { document } else { hide(document) }
    });
    let mut registry = Registry::of(documents.collect());
    for _ in 0..2 {
        assert_eq!(suggest(&registry, Audience::Public, "n", &KINDS, 50).len(), 30);
        assert_eq!(suggest(&registry, Audience::Partners, "n", &KINDS, 100).len(), 90);
    }
    let gone: Vec<_> = (1..=60).map(|tie| (Kind::Organisation, Uuid::from_u128(tie))).collect();
    registry.apply(Vec::new(), &gone);
    assert_eq!(suggest(&registry, Audience::Public, "n", &KINDS, 50).len(), 10);
    let hidden = Registry::of(vec![hide(organisation(1, "Hemlig").about("integration").active_in("2580"))]);
    for text in ["h", "hemli", "hemmlig", "integr", "lul"] {
        assert!(suggest(&hidden, Audience::Public, text, &[], 10).is_empty(), "{text}");
        assert!(!suggest(&hidden, Audience::Partners, text, &[], 10).is_empty(), "{text}");
    }
}

/// Whether the words differ in one letter that is wrong, missing, too much, or has changed places with the next.
fn is_near(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let (short, long) = if one.len() <= other.len() { (&one, &other) } else { (&other, &one) };
    let same = short.iter().zip(long).take_while(|(one, other)| one == other).count();
    match long.len() - short.len() {
        0 => {
            let rest = |from: usize| short.get(from..) == long.get(from..);
            let swapped = short.get(same) == long.get(same + 1) && short.get(same + 1) == long.get(same);
            rest(same) || rest(same + 1) || swapped && rest(same + 2)
        }
        1 => short.get(same..) == long.get(same + 1..),
        _ => false,
    }
}

fn may_be_wrong(word: &str) -> bool {
    word.chars().count() >= 4 && !word.chars().any(char::is_numeric)
}

/// Whether a beginning of a text is near letters; of long texts so many letters are known unless all are.
fn begins_nearly(text: &str, letters: &str, known: usize) -> bool {
    let ends = text.char_indices().map(|(at, letter)| at + letter.len_utf8()).take(known);
    may_be_wrong(letters)
        && text.chars().next() == letters.chars().next()
        && ends.map(|end| &text[..end]).any(|beginning| is_near(beginning, letters))
}

/// What a look at every record suggests.
fn by_every_record(documents: &[Document], asker: Audience, text: &str, kinds: &[Kind], limit: usize) -> Vec<Uuid> {
    let typed: Vec<String> = language::words(text).into_iter().map(|word| word.folded.clone()).collect();
    let whole = folded(text);
    let seen: Vec<&Document> = documents
        .iter()
        .filter(|document| asker == Audience::Partners || document.audience == Audience::Public)
        .collect();
    let words = |document: &Document| -> Vec<String> {
        let names = document.names.iter().map(|name| folded(&name.value));
        names.flat_map(|name| name.split(' ').map(str::to_owned).collect::<Vec<_>>()).collect()
    };
    let begun = |document: &Document, word: &str| words(document).iter().any(|one| one.starts_with(word));
    for nearly in [false, true] {
        let mut ranked = Vec::new();
        for document in seen.iter().filter(|document| kinds.contains(&document.kind)) {
            let start = |name: &DocumentName| {
                let name = folded(&name.value);
                match nearly {
                    false => name.starts_with(&whole),
                    true => typed.len() == 1 && whole.chars().count() <= 10 && begins_nearly(&name, &whole, 10),
                }
            };
            let official = |name: &&DocumentName| name.kind == NameKind::Official;
            let meets = |word: &String| {
                if !nearly || seen.iter().any(|other| begun(other, word)) {
                    return begun(document, word);
                }
                let known = if word.chars().count() > 10 { usize::MAX } else { 10 };
                words(document).iter().any(|one| begins_nearly(one, word, known))
            };
            let class = if document.names.iter().filter(official).any(start) {
                0
            } else if document.names.iter().any(|name| !official(&name) && start(name)) {
                1
            } else if typed.iter().all(meets) {
                2
            } else {
                continue;
            };
            let known = document.filters.contains(&("level", "national".to_owned()));
            let title = language::sort_key(&document.titles[0].1);
            ranked.push((class, document.rest, !known, title, document.tie, document.id));
        }
        ranked.sort();
        if !ranked.is_empty() {
            return ranked.into_iter().take(limit).map(|(.., id)| id).collect();
        }
    }
    Vec::new()
}

#[test]
fn suggestions_are_those_of_a_look_at_every_record_in_whatever_segments() {
    let words = ["Luleå", "lulea", "Hembygdsföreningen", "Hembygdsförbundet", "Röda", "Korset", "i", "Iris", "12", "Ö"];
    for seed in [5, 6] {
        let mut dice = Dice(seed);
        let name = |dice: &mut Dice| (0..=dice.roll(3)).map(|_| *dice.one(&words)).collect::<Vec<_>>().join(" ");
        let mut documents = Vec::new();
        for tie in 1..=110 {
            let mut document = dice.document(tie);
            let title = name(&mut dice);
            document.names[0].value.clone_from(&title);
            document.titles[0].1 = title;
            for _ in 0..dice.roll(3) {
                let alias = name(&mut dice);
                document = document.alias(&alias);
            }
            documents.push(if dice.roll(5) == 0 { document.marked("level", "national") } else { document });
        }
        let straight = Registry::of(documents.clone());
        let mut winding = Registry::new();
        for part in documents.iter().rev().cloned().collect::<Vec<_>>().chunks(19) {
            winding.add(part.iter().map(|one| Document { rest: 0, ..one.clone() }.alias("Annat namn")).collect());
            winding.add(part.to_vec());
        }
        for _ in 0..120 {
            let mut typed: Vec<char> = name(&mut dice).chars().collect();
            typed.truncate(1 + dice.roll(22));
            if dice.roll(2) == 0 {
                let at = dice.roll(typed.len());
                match dice.roll(3) {
                    0 => typed[at] = 'x',
                    1 => typed.insert(at, 'r'),
                    _ => typed.swap(at, at / 2),
                }
            }
            let typed: String = typed.into_iter().collect();
            let asker = *dice.one(&[Audience::Public, Audience::Partners]);
            let kinds = if dice.roll(3) == 0 { &KINDS[..1] } else { &KINDS[..] };
            let limit = 1 + dice.roll(30);
            let expected = by_every_record(&documents, asker, &typed, kinds, limit);
            for (registry, is) in [(&straight, "straight"), (&winding, "winding")] {
                let found = suggest(registry, asker, &typed, kinds, limit);
                let ids: Vec<Uuid> = found
                    .iter()
                    .map(|one| match one.kind {
                        SuggestionKind::Record(_, id) => id,
                        other => panic!("{other:?} was not asked for"),
                    })
                    .collect();
                assert_eq!(ids, expected, "{typed:?}, {limit}, {is}");
            }
        }
    }
}
