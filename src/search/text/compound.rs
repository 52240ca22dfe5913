//! Compounds: the parts that a Swedish word is joined from.

use super::lexicon::{Lexicon, lexicon};
use super::stem::stem;

/// No part is shorter.
const SHORTEST: usize = 3;
const MOST_PARTS: usize = 4;
/// Longer words are no words: nobody waits for their splits.
const LONGEST: usize = 60;

/// The stems of a folded word's parts, the head last; empty when it is no compound that the lexicon knows.
pub(super) fn parts(word: &str) -> Vec<String> {
    let lexicon = lexicon();
    if word.len() < 2 * SHORTEST
        || word.len() > LONGEST
        || !word.is_ascii()
        || lexicon.whole.contains(word)
        || lexicon.heads.contains(&stem(word))
    {
        return Vec::new();
    }
    best(lexicon, word, MOST_PARTS).map(|split| split.stems).unwrap_or_default()
}

struct Split {
    stems: Vec<String>,
    /// The shortest part: of two splits with as many parts, the one whose parts are longer is likelier.
    shortest: usize,
}

fn best(lexicon: &Lexicon, word: &str, parts: usize) -> Option<Split> {
    if parts == 0 {
        return None;
    }
    let own = stem(word);
    if word.len() >= SHORTEST && lexicon.heads.contains(&own) {
        return Some(Split { stems: vec![own], shortest: word.len() });
    }
    let mut found: Option<Split> = None;
    for cut in (SHORTEST..=word.len().saturating_sub(SHORTEST)).rev() {
        let (front, back) = word.split_at(cut);
        let Some(first) = lexicon.before.get(front) else { continue };
        let Some(rest) = best(lexicon, back, parts - 1) else { continue };
        let shortest = rest.shortest.min(front.len());
        let better = found.as_ref().is_none_or(|held| {
            (rest.stems.len() + 1, usize::MAX - shortest) < (held.stems.len(), usize::MAX - held.shortest)
        });
        if better {
            let mut stems = vec![first.clone()];
            stems.extend(rest.stems);
            found = Some(Split { stems, shortest });
        }
    }
    found
}

/// The stems of the tails that are compounds themselves: `länspensionärsråd` ends in `pensionärsråd`.
pub(super) fn tails(word: &str, parts: usize) -> Vec<String> {
    let lexicon = lexicon();
    let mut tails = Vec::new();
    if parts < 3 {
        return tails;
    }
    for cut in SHORTEST..word.len().saturating_sub(SHORTEST) {
        let Some((front, back)) = word.split_at_checked(cut) else { continue };
        let is_start = lexicon.before.contains_key(front) || best_is_start(lexicon, front);
        if is_start && best(lexicon, back, MOST_PARTS).is_some_and(|split| split.stems.len() >= 2) {
            tails.push(stem(back));
        }
    }
    tails
}

/// Whether several forms that stand before others make up the front.
fn best_is_start(lexicon: &Lexicon, front: &str) -> bool {
    (SHORTEST..front.len().saturating_sub(SHORTEST) + 1).any(|cut| {
        front
            .split_at_checked(cut)
            .is_some_and(|(one, other)| lexicon.before.contains_key(one) && lexicon.before.contains_key(other))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compounds_come_apart_with_their_links() {
        for (word, expected) in [
            ("pensionarsrad", &["pensionar", "rad"][..]),
            ("hembygdsforening", &["hembyg", "forening"]),
            ("kvinnojour", &["kvin", "jour"]),
            ("lanspensionarsradet", &["lan", "pensionar", "rad"]),
            ("resursgrupper", &["resur", "grup"]),
        ] {
            let found = parts(word);
            assert_eq!(found.len(), expected.len(), "{word} {found:?}");
            assert!(found.last().is_some_and(|head| *head == stem(head)), "{word} {found:?}");
        }
    }

    #[test]
    fn a_tail_of_a_longer_compound_is_found() {
        assert!(tails("lanspensionarsradet", 3).contains(&stem("pensionarsrad")));
    }

    #[test]
    fn words_of_the_lexicon_are_not_split() {
        for word in ["forening", "landsbygd", "folkhogskola", "samverkan"] {
            assert!(parts(word).is_empty(), "{word}: {:?}", parts(word));
        }
    }
}
