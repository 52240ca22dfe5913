//! Marks in names and texts: `<em>` around what matched, everything else escaped.

use crate::search::stored::Stored;
use crate::search::text;
use std::collections::BTreeSet;
use std::ops::Range;

/// A fragment of running text has about so many letters.
const FRAGMENT: usize = 200;
/// So many letters of it stand before the first match.
const BEFORE: usize = 60;

/// What makes a word a match.
#[derive(Debug, Default)]
pub(crate) struct Marks<'a> {
    /// One of these stems.
    pub stems: BTreeSet<&'a str>,
    /// One of these beginnings.
    pub beginnings: Vec<&'a str>,
}

/// The marked names and the marked fragment of the first text that matches.
pub(crate) fn of(stored: &Stored<'_>, marks: &Marks<'_>) -> Vec<(&'static str, String)> {
    let is_match =
        |stem: &str| marks.stems.contains(stem) || marks.beginnings.iter().any(|letters| stem.starts_with(letters));
    let (names, texts) = stored.words();
    let mut highlights = Vec::new();
    for (_, name) in names {
        let ranges = text::matches(name, &is_match);
        if !ranges.is_empty() {
            highlights.push(("names", marked(name, 0..name.len(), &ranges)));
        }
    }
    for text in texts {
        let ranges = text::matches(text, &is_match);
        if let Some(first) = ranges.first() {
            highlights.push(("description", fragment(text, first, &ranges)));
            break;
        }
    }
    highlights
}

fn fragment(text: &str, first: &Range<usize>, ranges: &[Range<usize>]) -> String {
    let start = beginning(text, first.start.min(text.len()));
    let end = ending(text, start, first.end.min(text.len()));
    let mut out = String::new();
    if start > 0 {
        out.push('…');
    }
    out.push_str(&marked(text, start..end, ranges));
    if end < text.len() {
        out.push('…');
    }
    out
}

/// The beginning of a word some letters before a place.
fn beginning(text: &str, at: usize) -> usize {
    let Some(before) = text.get(..at) else { return 0 };
    let Some((start, _)) = before.char_indices().rev().nth(BEFORE) else { return 0 };
    let gap = before.get(start..).and_then(|part| part.char_indices().find(|(_, letter)| letter.is_whitespace()));
    gap.map_or(start, |(gap, space)| start + gap + space.len_utf8())
}

/// The end of a word so many letters after a place, behind the first match in any case.
fn ending(text: &str, start: usize, least: usize) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    let Some((end, _)) = rest.char_indices().nth(FRAGMENT) else { return text.len() };
    let end = (start + end).max(least);
    let kept = text.get(start..end).unwrap_or_default();
    match kept.rfind(char::is_whitespace) {
        Some(gap) if start + gap >= least => start + gap,
        _ => end,
    }
}

/// A part of a text with marks around these ranges.
fn marked(text: &str, part: Range<usize>, ranges: &[Range<usize>]) -> String {
    let mut out = String::with_capacity(part.len() + ranges.len() * 9);
    let mut at = part.start;
    for range in ranges {
        let (start, end) = (range.start.max(at), range.end.min(part.end));
        let (Some(before), Some(hit)) = (text.get(at..start.max(at)), text.get(start..end.max(start))) else {
            continue;
        };
        if start >= end {
            continue;
        }
        escape(&mut out, before);
        out.push_str("<em>");
        escape(&mut out, hit);
        out.push_str("</em>");
        at = end;
    }
    escape(&mut out, text.get(at..part.end).unwrap_or_default());
    out
}

fn escape(out: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_escape_everything_else() {
        assert_eq!(
            marked("<b>Å & ö</b>", 0..14, std::slice::from_ref(&(3..5))),
            "&lt;b&gt;<em>Å</em> &amp; ö&lt;/b&gt;"
        );
    }

    #[test]
    fn marks_that_overlap_or_lie_outside_do_no_harm() {
        assert_eq!(marked("abcdef", 0..6, &[1..3, 2..4, 5..9]), "a<em>bc</em><em>d</em>e<em>f</em>");
    }

    #[test]
    fn a_fragment_begins_and_ends_between_words() {
        let text = format!("{}förening {}", "många ord före ".repeat(20), "många ord efter ".repeat(40));
        let at = text.find("förening").expect("is there");
        let range = at..at + "förening".len();
        let fragment = fragment(&text, &range, std::slice::from_ref(&range));
        assert!(fragment.starts_with('…') && fragment.ends_with('…'), "{fragment}");
        assert!(fragment.contains("<em>förening</em>"), "{fragment}");
        assert!(fragment.chars().count() < FRAGMENT + 20, "{fragment}");
    }
}
