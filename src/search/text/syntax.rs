//! The operators of a query: phrases in quotes, what a minus leaves out, and fields. Whatever is not one of them, as it
//! stands, is text: nothing that is typed is wrong.

use super::understand::numbers;
use super::{Word, address, words};
use crate::resources::Kind;
use crate::vocabulary::names::{areas, fold, municipalities, named};
use crate::vocabulary::{Term, Vocabulary};
use std::ops::Range;

/// Quotes that open and those that close each.
const QUOTES: [(char, &str); 6] = [('"', "\""), ('“', "”“\""), ('”', "”\""), ('„', "”“"), ('»', "«»"), ('«', "»")];

/// Further phrases are text: each may be looked for in long lists of positions.
const MOST_PHRASES: usize = 8;

/// A field of a query.
#[derive(Debug)]
pub struct Field {
    /// What it is called, folded; the first is told in the documentation.
    pub names: &'static [&'static str],
    /// The parameter of lists that filters by the same; empty where there is none.
    pub parameter: &'static str,
    /// The filter that it reads in documents.
    filter: &'static str,
    value: Value,
}

/// What a field's values are.
#[derive(Debug, Clone, Copy)]
enum Value {
    Keys(&'static [Vocabulary]),
    Area,
    Seat,
    Kind,
    Name,
    Number,
    Address,
    Phone,
    Word,
}

const fn field(names: &'static [&'static str], parameter: &'static str, value: Value) -> Field {
    Field { names, parameter, filter: parameter, value }
}

/// The fields.
pub static FIELDS: &[Field] = &[
    field(&["name", "namn"], "", Value::Name),
    field(&["topic", "amne"], "topic", Value::Keys(&[Vocabulary::Topics])),
    field(&["type", "typ"], "type", Value::Kind),
    field(&["kind", "slag"], "kind", Value::Keys(&[Vocabulary::OrganisationKinds])),
    field(&["level", "niva"], "level", Value::Keys(&[Vocabulary::Levels])),
    field(&["sector", "sektor"], "sector", Value::Keys(&[Vocabulary::Sectors])),
    field(&["municipality", "kommun", "place", "plats", "ort"], "municipality", Value::Area),
    field(&["seat", "sate", "seatmunicipality"], "seatMunicipality", Value::Seat),
    field(&["status"], "status", Value::Keys(&[Vocabulary::Statuses])),
    field(&["activity", "verksamhet", "activityarea"], "activityArea", Value::Keys(&[Vocabulary::ActivityAreas])),
    field(&["target", "malgrupp", "targetgroup"], "targetGroup", Value::Keys(&[Vocabulary::TargetGroups])),
    field(
        &["goal", "mal", "sustainabilitygoal"],
        "sustainabilityGoal",
        Value::Keys(&[Vocabulary::SustainabilityGoals]),
    ),
    field(&["language", "sprak"], "language", Value::Keys(&[Vocabulary::Languages])),
    field(&["offer", "erbjuder"], "offer", Value::Keys(&[Vocabulary::Topics, Vocabulary::ExchangeKinds])),
    field(&["need", "behover"], "need", Value::Keys(&[Vocabulary::Topics, Vocabulary::ExchangeKinds])),
    field(&["purpose", "syfte"], "purpose", Value::Keys(&[Vocabulary::ContactPurposes])),
    field(&["legalform", "juridiskform"], "legalForm", Value::Keys(&[Vocabulary::LegalForms])),
    field(&["source", "kalla"], "source", Value::Word),
    field(&["number", "nummer", "orgnr"], "", Value::Number),
    Field { names: &["email", "epost", "e-post", "mail"], parameter: "", filter: "email", value: Value::Address },
    Field { names: &["web", "webb", "website", "webbplats"], parameter: "", filter: "web", value: Value::Address },
    Field { names: &["phone", "telefon", "tel"], parameter: "", filter: "phone", value: Value::Phone },
];

/// What an operator asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Meaning {
    /// These words next to each other, in one name or one text.
    Phrase(Vec<Word>),
    /// The stem of a word.
    Word(Word),
    /// These words in names; next to each other in one name when they were quoted.
    Name(Vec<Word>, bool),
    /// Any value of a filter.
    Filter(&'static str, Vec<String>),
    /// What covers any of these areas.
    Areas(Vec<u16>),
    /// Records of these kinds.
    Kinds(Vec<Kind>),
    /// Records that have any of these keys.
    Keys(Vec<String>),
    /// Whatever the status.
    AnyStatus,
}

impl Meaning {
    /// Whether positions of words have to be read.
    fn is_phrase(&self) -> bool {
        match self {
            Meaning::Phrase(words) | Meaning::Name(words, true) => words.len() > 1,
            _ => false,
        }
    }
}

/// An operator.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// What it asks for.
    pub meaning: Meaning,
    /// Whether that is to be left out.
    pub excluded: bool,
}

/// A query taken apart.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Typed {
    /// As it was typed.
    pub text: String,
    /// The same with blanks in the place of operators: every word stands where it stood.
    pub plain: String,
    /// The same with the words of phrases that must be there.
    pub spoken: String,
    /// The operators.
    pub parts: Vec<Part>,
}

/// Takes a query apart. Fields that filter by one of the parameters `without` are none, and neither is what `is_key`
/// knows as the key of a record.
pub fn read(text: &str, without: &[&str], is_key: &dyn Fn(&str) -> bool) -> Typed {
    let mut reader = Reader { text, without, is_key, parts: Vec::new(), taken: Vec::new() };
    if text.contains(begins_operators) {
        reader.read();
    }
    let (parts, taken) = (reader.parts, reader.taken);
    let blanked = |keep_phrases: bool| {
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for (range, phrase) in &taken {
            out.push_str(text.get(at..range.start).unwrap_or_default());
            at = range.end;
            match phrase.as_ref().filter(|_| keep_phrases) {
                Some(inner) => {
                    blank(&mut out, inner.start - range.start);
                    out.push_str(text.get(inner.clone()).unwrap_or_default());
                    blank(&mut out, range.end - inner.end);
                }
                None => blank(&mut out, range.end - range.start),
            }
        }
        out.push_str(text.get(at..).unwrap_or_default());
        out
    };
    Typed { text: text.to_owned(), plain: blanked(false), spoken: blanked(true), parts }
}

/// Whether no operator is without this: most texts have none, and are not gone through for any.
fn begins_operators(letter: char) -> bool {
    letter == '-' || letter == ':' || QUOTES.iter().any(|(open, _)| *open == letter)
}

fn blank(out: &mut String, bytes: usize) {
    out.extend(std::iter::repeat_n(' ', bytes));
}

impl Typed {
    /// Puts another word in the place of one that is no operator's.
    pub fn replace(&mut self, range: Range<usize>, word: &str) -> bool {
        let there = |text: &str| text.get(range.clone()).is_some();
        if !there(&self.text) || !there(&self.plain) || !there(&self.spoken) {
            return false;
        }
        for text in [&mut self.text, &mut self.plain, &mut self.spoken] {
            text.replace_range(range.clone(), word);
        }
        true
    }

    /// Whether there are words to look for, not only conditions.
    pub fn has_words(&self) -> bool {
        let wanted = |part: &Part| !part.excluded && matches!(part.meaning, Meaning::Phrase(_) | Meaning::Name(..));
        self.plain.chars().any(char::is_alphanumeric) || self.parts.iter().any(wanted)
    }

    /// Whether it is nothing but filters.
    pub fn only_filters(&self) -> bool {
        let filters = |part: &Part| {
            use Meaning::{AnyStatus, Areas, Filter, Kinds};
            !part.excluded && matches!(part.meaning, Filter(..) | Areas(_) | Kinds(_) | AnyStatus)
        };
        !self.has_words() && !self.parts.is_empty() && self.parts.iter().all(filters)
    }

    /// Whether it says which statuses it means.
    pub fn names_status(&self) -> bool {
        let of_status = |part: &Part| match &part.meaning {
            Meaning::Filter(name, _) => *name == "status" && !part.excluded,
            meaning => *meaning == Meaning::AnyStatus,
        };
        self.parts.iter().any(of_status)
    }
}

struct Reader<'a> {
    text: &'a str,
    without: &'a [&'a str],
    is_key: &'a dyn Fn(&str) -> bool,
    parts: Vec<Part>,
    /// Where operators stand; for a phrase that must be there also where its words do.
    taken: Vec<(Range<usize>, Option<Range<usize>>)>,
}

impl<'a> Reader<'a> {
    fn rest(&self, at: usize) -> &'a str {
        self.text.get(at..).unwrap_or_default()
    }

    fn read(&mut self) {
        let mut at = 0;
        // Whether blanks or nothing stand before.
        let mut fresh = true;
        while let Some(letter) = self.rest(at).chars().next() {
            if letter.is_whitespace() || "([".contains(letter) {
                fresh = letter.is_whitespace();
                at += letter.len_utf8();
            } else if let Some(end) = self.operator(at, fresh) {
                at = end;
                fresh = false;
            } else {
                at = self.token_end(at);
            }
        }
    }

    /// Where the blank behind a place is.
    fn token_end(&self, at: usize) -> usize {
        self.rest(at).find(char::is_whitespace).map_or(self.text.len(), |length| at + length)
    }

    /// Takes the operator that begins here; gives where it ends.
    fn operator(&mut self, start: usize, fresh: bool) -> Option<usize> {
        let minus = self.rest(start).strip_prefix('-').filter(|_| fresh);
        let next = minus.and_then(|rest| rest.chars().next());
        let excluded = next.is_some_and(|next| next.is_alphanumeric() || QUOTES.iter().any(|(open, _)| *open == next));
        let at = start + usize::from(excluded);
        if let Some((inner, end)) = self.quoted(at) {
            let words = self.words(inner.clone());
            return self.take(start..end, excluded, Some(inner), Meaning::Phrase(words));
        }
        if (fresh || excluded)
            && let Some(end) = self.field(start, at, excluded)
        {
            return Some(end);
        }
        if !excluded {
            return None;
        }
        let end = self.token_end(at);
        let mut words = self.words(at..end);
        let keys = numbers(self.rest(at).get(..end - at)?);
        let meaning = match words.len() {
            0 => return None,
            1 => Meaning::Word(words.remove(0)),
            _ => Meaning::Phrase(words),
        };
        let end = self.take(start..end, excluded, None, meaning)?;
        if !keys.is_empty() {
            self.parts.push(Part { meaning: Meaning::Keys(keys), excluded });
        }
        Some(end)
    }

    /// Takes an operator, unless it is a phrase too many; gives where it ends.
    fn take(
        &mut self,
        range: Range<usize>,
        excluded: bool,
        inner: Option<Range<usize>>,
        meaning: Meaning,
    ) -> Option<usize> {
        let phrases = self.parts.iter().filter(|part| part.meaning.is_phrase()).count();
        if meaning.is_phrase() && phrases == MOST_PHRASES {
            return None;
        }
        let end = range.end;
        self.taken.push((range, inner.filter(|_| !excluded)));
        self.parts.push(Part { meaning, excluded });
        Some(end)
    }

    /// The words of a part of the text, with their places in the whole.
    fn words(&self, range: Range<usize>) -> Vec<Word> {
        let mut words = words(self.text.get(range.clone()).unwrap_or_default());
        for word in &mut words {
            word.range = word.range.start + range.start..word.range.end + range.start;
        }
        words
    }

    /// What stands between quotes that begin here and holds a word, and where they end.
    fn quoted(&self, at: usize) -> Option<(Range<usize>, usize)> {
        let rest = self.rest(at);
        let open = rest.chars().next()?;
        let (_, closing) = QUOTES.iter().find(|(quote, _)| *quote == open)?;
        let inner = rest.get(open.len_utf8()..)?;
        let (length, close) = inner.char_indices().find(|(_, letter)| closing.contains(*letter))?;
        let start = at + open.len_utf8();
        let spoken = inner.get(..length)?.chars().any(char::is_alphanumeric);
        spoken.then(|| (start..start + length, start + length + close.len_utf8()))
    }

    /// Takes a field with its value; gives where it ends.
    fn field(&mut self, start: usize, at: usize, excluded: bool) -> Option<usize> {
        let (name, _) = self.rest(at).split_once(':')?;
        // No name is longer; to fold more would be work for nothing.
        if name.len() > 30 || !name.chars().all(|letter| letter.is_alphabetic() || letter == '-') {
            return None;
        }
        let folded = super::fold(name);
        let field = FIELDS.iter().find(|field| field.names.contains(&folded.as_str()))?;
        if self.without.contains(&field.parameter) && !field.parameter.is_empty() {
            return None;
        }
        let value_at = at + name.len() + 1;
        let (value, end) = match self.quoted(value_at) {
            Some(quoted) => quoted,
            None => (value_at..self.token_end(value_at), self.token_end(value_at)),
        };
        let is_quoted = value.end != end;
        let text = self.text.get(value.clone())?.trim();
        let whole = self.text.get(at..end)?;
        if text.is_empty() || (self.is_key)(whole) {
            return None;
        }
        let meaning = match field.value {
            Value::Name => {
                let words = self.words(value.clone());
                (!words.is_empty()).then_some(Meaning::Name(words, is_quoted))
            }
            _ => field.meaning(text, is_quoted),
        }?;
        if excluded && meaning == Meaning::AnyStatus {
            return None;
        }
        let inner = matches!(meaning, Meaning::Name(..)).then_some(value);
        self.take(start..end, excluded, inner, meaning)
    }
}

impl Field {
    /// What a value asks for; `None` when there is no such value.
    fn meaning(&self, text: &str, is_quoted: bool) -> Option<Meaning> {
        let separators: &[char] = if is_quoted { &[] } else { &[','] };
        let values: Vec<&str> = text.split(separators).map(str::trim).filter(|value| !value.is_empty()).collect();
        let places = || known(&values, areas);
        match self.value {
            Value::Keys(_) if self.filter == "status" && ["any", "alla"].contains(&text) => Some(Meaning::AnyStatus),
            Value::Keys(vocabularies) => {
                let terms = known(&values, |value| terms(vocabularies, value))?;
                Some(Meaning::Filter(self.filter, terms.into_iter().map(|term| term.key.clone()).collect()))
            }
            Value::Area => Some(Meaning::Areas(places()?.into_iter().map(|term| term.number).collect())),
            Value::Seat => {
                let seats = places()?.into_iter().flat_map(municipalities);
                Some(Meaning::Filter(self.filter, seats.map(|term| term.key.clone()).collect()))
            }
            Value::Kind => {
                let terms = known(&values, |value| terms(&[Vocabulary::RecordTypes], value))?;
                let kinds: Option<Vec<Kind>> = terms.into_iter().map(|term| Kind::from_name(&term.key)).collect();
                kinds.map(Meaning::Kinds)
            }
            Value::Word => Some(Meaning::Filter(self.filter, values.into_iter().map(str::to_owned).collect())),
            Value::Address => {
                let parts = values.into_iter().map(address::part).filter(|part| !part.is_empty());
                Some(Meaning::Filter(self.filter, parts.collect()))
            }
            Value::Phone => address::phone(text).map(|digits| Meaning::Filter(self.filter, vec![digits])),
            Value::Number => {
                let mut keys = numbers(text);
                keys.push(text.to_owned());
                Some(Meaning::Keys(keys))
            }
            Value::Name => None,
        }
        .filter(|meaning| !matches!(meaning, Meaning::Filter(_, any) if any.is_empty()))
    }
}

/// The terms that all of these values name; `None` when one names none.
fn known(values: &[&str], find: impl Fn(&str) -> Vec<&'static Term>) -> Option<Vec<&'static Term>> {
    let mut found = Vec::new();
    for value in values {
        let terms = find(value);
        if terms.is_empty() {
            return None;
        }
        found.extend(terms);
    }
    (!found.is_empty()).then_some(found)
}

/// The terms of a key, a label or a synonym.
fn terms(vocabularies: &[Vocabulary], value: &str) -> Vec<&'static Term> {
    let by_key =
        vocabularies.iter().filter_map(|vocabulary| vocabulary.term(value).or_else(|| folded_key(*vocabulary, value)));
    let by_key: Vec<&Term> = by_key.collect();
    if by_key.is_empty() {
        return vocabularies.iter().flat_map(|vocabulary| named(*vocabulary, value)).copied().collect();
    }
    by_key
}

/// The term whose key someone typed in capitals or with marks.
fn folded_key(vocabulary: Vocabulary, value: &str) -> Option<&'static Term> {
    vocabulary.term(&fold(value).replace(' ', "-"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn typed(text: &str) -> Typed {
        read(text, &[], &|_| false)
    }

    fn shown(text: &str) -> Vec<String> {
        let joined = |words: &[Word]| words.iter().map(|word| word.exact.as_str()).collect::<Vec<_>>().join(" ");
        let meaning = |meaning: &Meaning| match meaning {
            Meaning::Phrase(words) => format!("phrase {}", joined(words)),
            Meaning::Word(word) => format!("word {}", word.exact),
            Meaning::Name(words, quoted) => format!("name {} {quoted}", joined(words)),
            Meaning::Filter(name, any) => format!("{name}={}", any.join(",")),
            Meaning::Areas(areas) => format!("areas {}", areas.len()),
            Meaning::Kinds(kinds) => format!("kinds {}", kinds.len()),
            Meaning::Keys(keys) => format!("keys {}", keys.join(",")),
            Meaning::AnyStatus => "any status".to_owned(),
        };
        let sign = |part: &Part| if part.excluded { "-" } else { "" };
        typed(text).parts.iter().map(|part| format!("{}{}", sign(part), meaning(&part.meaning))).collect()
    }

    #[test]
    fn operators_are_taken_out_of_the_text() {
        let typed = typed("kvinnojour \"Röda Korset\" -boden ämne:Integration luleå");
        assert_eq!(typed.plain.split_whitespace().collect::<Vec<_>>(), ["kvinnojour", "luleå"]);
        assert_eq!(typed.spoken.split_whitespace().collect::<Vec<_>>(), ["kvinnojour", "Röda", "Korset", "luleå"]);
        assert_eq!((typed.plain.len(), typed.spoken.len()), (typed.text.len(), typed.text.len()));
        assert_eq!(
            shown("kvinnojour \"Röda Korset\" -boden ämne:Integration luleå"),
            ["phrase röda korset", "-word boden", "topic=integration"]
        );
    }

    #[test]
    fn every_kind_of_quotes_makes_a_phrase() {
        for text in ["\"a b\"", "“a b”", "”a b”", "„a b”", "»a b«", "»a b»", "«a b»", "(\"a b\")"] {
            assert_eq!(shown(text), ["phrase a b"], "{text}");
        }
        assert_eq!(shown("\"a\"\"b c\""), ["phrase a", "phrase b c"]);
        assert_eq!(shown("-\"a b\" -a-b"), ["-phrase a b", "-phrase a b"]);
    }

    #[test]
    fn what_is_no_operator_is_text() {
        for text in [
            "Malmberget-Södra",
            "2024 - 2026",
            "-",
            "--a",
            "\"",
            "\"a b",
            "\"\"",
            "\" - \"",
            "5\" 6\"",
            "a:b",
            "topic:",
            "topic: integration",
            "topic:qqqq",
            "municipality:Atlantis",
            "https://www.foreningen.se/om",
            "demo:org-samforma",
            ":x",
            "topic:\"",
            "name:-",
        ] {
            let typed = typed(text);
            assert_eq!((typed.parts.len(), typed.plain.as_str()), (0, text), "{text}");
        }
    }

    #[test]
    fn fields_take_keys_and_names_in_any_language() {
        assert_eq!(shown("topic:folkhalsa,Integration"), ["topic=folkhalsa,integration"]);
        assert_eq!(shown("TOPIC:FOLKHÄLSA ämne:\"civil beredskap\""), ["topic=folkhalsa", "topic=civil-beredskap"]);
        assert_eq!(shown("kommun:Giron ort:2580,Boden"), ["areas 1", "areas 2"]);
        assert_eq!(shown("-type:forum typ:nätverk"), ["-kinds 1", "kinds 1"]);
        assert_eq!(shown("status:any sektor:myndighet"), ["any status", "sector=public"]);
        assert_eq!(shown("orgnr:8024053442"), ["keys 802405-3442,8024053442"]);
        assert_eq!(shown("namn:korset name:\"röda korset\""), ["name korset false", "name röda korset true"]);
        assert_eq!(
            shown("e-post:Info@X.se web:https://www.x.se/a tel:070-1234567"),
            ["email=info@x.se", "web=x.se/a", "phone=46701234567"]
        );
        assert!(read("topic:integration", &["topic"], &|_| false).parts.is_empty());
        assert!(read("web:x", &[], &|key| key == "web:x").parts.is_empty());
    }

    #[test]
    fn there_are_so_many_phrases_and_no_more() {
        let text = "\"a b\" ".repeat(MOST_PHRASES + 3);
        let typed = typed(&text);
        assert_eq!(typed.parts.len(), MOST_PHRASES);
        assert_eq!(words(&typed.plain).len(), 6);
        assert_eq!(read(&format!("{text} type:forum -a-b -c"), &[], &|_| false).parts.len(), MOST_PHRASES + 2);
    }

    #[test]
    fn a_word_is_replaced_beside_operators() {
        let mut typed = typed("-boden röda \"a b\"");
        assert!(typed.replace(7..12, "korset"));
        assert_eq!(typed.text, "-boden korset \"a b\"");
        assert_eq!(typed.plain.trim(), "korset");
        assert!(!typed.replace(90..99, "x"));
    }

    proptest! {
        #[test]
        fn any_text_is_taken_apart(text in "([a-zåäö\"”“»«:, -]|topic|name|kommun|\\PC){0,40}") {
            let typed = typed(&text);
            prop_assert_eq!(&typed.text, &text);
            prop_assert_eq!(typed.plain.len(), text.len());
            prop_assert_eq!(typed.spoken.len(), text.len());
            for word in words(&typed.plain) {
                prop_assert_eq!(typed.plain.get(word.range.clone()), text.get(word.range));
            }
        }
    }
}
