//! Measures search on labelled cases: who finds what in the first place and the first five.

use crate::error::{Error, Result};
use crate::search::text::fold;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// One case: a query and the records that an officer expects.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The words.
    pub q: String,
    /// Parameters of `GET /search`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub filters: BTreeMap<String, String>,
    /// Identifiers (`demo:org-samforma`) of all the records that must be found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expect: Vec<String>,
    /// Instead of records: folded words that a name of a hit must all have, where many records are right.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
    /// The ability that the case tests.
    pub ability: String,
    /// The resource that the case waits for; it is listed and not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<String>,
}

/// What an evaluation found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Evaluation {
    /// All counted cases.
    pub all: Figures,
    /// The same by ability.
    pub abilities: BTreeMap<String, Figures>,
    /// Cases that wait, by what they wait for.
    pub pending: BTreeMap<String, Vec<String>>,
    /// Cases whose records are not all among the first five.
    pub failed: Vec<Failed>,
    /// Cases that are found but have another record first.
    pub not_first: Vec<Failed>,
}

/// Figures over a set of cases; shares are from 0 to 1.
#[derive(Debug, Default, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// How many cases.
    pub cases: usize,
    /// Share of cases whose first hit is an expected record.
    pub first: f64,
    /// Share of cases whose expected records are all among the first five hits.
    pub all_in_first_five: f64,
    /// Mean of one through the rank of the first expected record (0 beyond the twentieth).
    pub mean_reciprocal_rank: f64,
}

/// A case that failed.
#[derive(Debug, Serialize)]
pub struct Failed {
    /// The words.
    pub q: String,
    /// What was expected.
    pub expect: Vec<String>,
    /// The first five that came.
    pub got: Vec<String>,
}

/// Asks the registry: the query string of `GET /search` in, the answer's JSON out.
pub type Ask<'a> = &'a dyn Fn(&str) -> Result<Value>;

/// Reads cases.
pub fn cases(json: &str) -> Result<Vec<Case>> {
    serde_json::from_str(json).map_err(|error| Error::internal(format!("the cases do not parse: {error}")))
}

/// Runs all cases.
pub fn evaluate(cases: &[Case], ask: Ask<'_>) -> Result<Evaluation> {
    let mut abilities: BTreeMap<String, Figures> = BTreeMap::new();
    let mut all = Figures::default();
    let mut pending: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let (mut failed, mut not_first) = (Vec::new(), Vec::new());
    for case in cases {
        if let Some(resource) = &case.pending {
            pending.entry(resource.clone()).or_default().push(case.q.clone());
            continue;
        }
        let got = found(&ask(&query_string(case))?);
        let rank = got.iter().position(|hit| hit.is_expected(case));
        let five = &got[..got.len().min(5)];
        let complete = if case.words.is_empty() {
            case.expect.iter().all(|expected| five.iter().any(|hit| hit.keys.contains(expected)))
        } else {
            rank.is_some_and(|rank| rank < 5)
        };
        for figures in [&mut all, abilities.entry(case.ability.clone()).or_default()] {
            figures.cases += 1;
            figures.first += f64::from(u8::from(rank == Some(0)));
            figures.all_in_first_five += f64::from(u8::from(complete));
            figures.mean_reciprocal_rank += rank.map_or(0.0, |rank| 1.0 / (rank as f64 + 1.0));
        }
        if !complete || rank != Some(0) {
            let list = if complete { &mut not_first } else { &mut failed };
            list.push(Failed {
                q: case.q.clone(),
                expect: case.expect.iter().chain(&case.words).cloned().collect(),
                got: five.iter().map(Hit::shown).collect(),
            });
        }
    }
    all.finish();
    abilities.values_mut().for_each(Figures::finish);
    Ok(Evaluation { all, abilities, pending, failed, not_first })
}

impl Figures {
    fn finish(&mut self) {
        let cases = self.cases.max(1) as f64;
        for sum in [&mut self.first, &mut self.all_in_first_five, &mut self.mean_reciprocal_rank] {
            *sum = (*sum / cases * 10_000.0).round() / 10_000.0;
        }
    }
}

fn query_string(case: &Case) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("q", &case.q);
    for (name, value) in &case.filters {
        query.append_pair(name, value);
    }
    query.finish()
}

/// What is looked at of a hit.
struct Hit {
    /// Its identifiers.
    keys: Vec<String>,
    /// Its names, folded.
    names: Vec<String>,
}

impl Hit {
    fn is_expected(&self, case: &Case) -> bool {
        let has_words = |name: &String| case.words.iter().all(|word| name.contains(word.as_str()));
        case.expect.iter().any(|expected| self.keys.contains(expected))
            || !case.words.is_empty() && self.names.iter().any(has_words)
    }

    fn shown(&self) -> String {
        self.keys.first().or(self.names.first()).cloned().unwrap_or_default()
    }
}

fn found(answer: &Value) -> Vec<Hit> {
    let list =
        |value: &Value, pointer: &str| value.pointer(pointer).and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let key = |identifier: &Value| format!("{}:{}", text(identifier, "scheme"), text(identifier, "value"));
    list(answer, "/items")
        .iter()
        .map(|item| Hit {
            keys: list(item, "/record/identifiers").iter().map(key).collect(),
            names: list(item, "/record/names").iter().map(|name| fold(&text(name, "value"))).collect(),
        })
        .collect()
}
