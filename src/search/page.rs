//! The hits of a page: stored records, what matched, marks and explanations.

use crate::error::{Error, Result};
use crate::search::build_query::{KEY, Plan, open_signal};
use crate::search::collect::{Found, rest_points};
use crate::search::cursor::Clause;
use crate::search::evidence::{self, Places};
use crate::search::highlight::{self, Marks};
use crate::search::query::{Hit, Query};
use crate::search::stored::Stored;
use crate::search::tree::{EVERYTHING, Node};
use crate::search::view::View;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Only a record found by its key has so many points, whatever it loses for its rest.
const LEAST_OF_KEYS: u32 = KEY - 1_000;

/// A page to render.
pub(crate) struct Page<'a> {
    /// Where the hits lie.
    pub view: &'a View,
    /// What was asked.
    pub query: &'a Query,
    /// The text as terms.
    pub plan: Option<&'a Plan>,
    /// Whether some of the words do.
    pub relaxed: bool,
    /// What areas are worth, by slot.
    pub area_worth: &'a [u16],
    /// Whether hits have scores.
    pub scored: bool,
}

/// Points as scores are shown: a full hit in a name is 100.
fn shown(points: u32) -> f64 {
    f64::from(points) / 100.0
}

impl Page<'_> {
    /// Renders hits in their order.
    pub(crate) fn hits(&self, found: &[Found]) -> Result<Vec<Hit>> {
        let marks = self.plan.filter(|_| self.query.highlight).map(Plan::marks);
        let explanations = if self.query.explain { self.explanations(found)? } else { Vec::new() };
        let mut explanations = explanations.into_iter();
        found.iter().map(|found| self.hit(found, explanations.next(), marks.as_ref())).collect()
    }

    fn hit(&self, found: &Found, explanation: Option<Vec<Value>>, marks: Option<&Marks<'_>>) -> Result<Hit> {
        let segment = self.view.segment(found.segment)?;
        let bytes = segment.data.ready.get(found.doc).ok_or_else(|| Error::internal("a stored record is missing"))?;
        let stored = Stored::read(bytes).ok_or_else(|| Error::internal("a stored record is damaged"))?;
        let mut matched_on: Vec<&'static str> = Vec::new();
        if found.score >= LEAST_OF_KEYS {
            matched_on.push("key");
        }
        let in_area = segment.data.packed.area_worth(found.doc, self.area_worth) > 0;
        let places = if self.scored && in_area { found.places | evidence::PLACE } else { found.places };
        for name in evidence::names(places) {
            if !matched_on.contains(&name) {
                matched_on.push(name);
            }
        }
        Ok(Hit {
            kind: stored.kind,
            id: stored.id,
            title: stored.title(self.query.lang).to_owned(),
            score: if self.scored { shown(found.score) as f32 } else { 0.0 },
            matched_on,
            highlights: marks.map(|marks| highlight::of(&stored, marks)).unwrap_or_default(),
            explanation: explanation
                .map(|parts| json!({ "score": shown(if self.scored { found.score } else { 0 }), "parts": parts })),
            record: stored.record.to_vec(),
        })
    }

    /// Looks every hit up again in the posting lists, for the parts of its score.
    fn explanations(&self, found: &[Found]) -> Result<Vec<Vec<Value>>> {
        let mut parts: Vec<Vec<Value>> = vec![Vec::new(); found.len()];
        if !self.scored {
            return Ok(parts);
        }
        for segment in 0..self.view.segments.len() {
            let mut here: Vec<usize> = (0..found.len()).filter(|at| found[*at].segment == segment).collect();
            here.sort_unstable_by_key(|at| found[*at].doc);
            if let Some(plan) = self.plan.filter(|_| !here.is_empty()) {
                self.words(plan, segment, &here, found, &mut parts)?;
                for at in &here {
                    let words = parts[*at].iter().filter(|part| part["signal"] == "word").count();
                    if self.relaxed && words == plan.required.len() {
                        parts[*at].push(part("everyWord", "", 0, EVERYTHING, EVERYTHING));
                    }
                }
                self.signals(plan, segment, &here, found, &mut parts)?;
            }
            for at in here {
                self.columns(&found[at], &mut parts[at])?;
            }
        }
        Ok(parts)
    }

    fn words(
        &self,
        plan: &Plan,
        segment: usize,
        here: &[usize],
        found: &[Found],
        parts: &mut [Vec<Value>],
    ) -> Result<()> {
        let data = &self.view.segment(segment)?.data;
        if let Some(leaf) = plan.keys.as_ref().map(|keys| keys.open(self.view, segment)).transpose()?.flatten() {
            let mut clause = Clause::new(vec![leaf]);
            for at in here {
                if clause.seek(found[*at].doc) == found[*at].doc {
                    parts[*at].push(part("key", &plan.text, 0, clause.most(), clause.points(0)));
                }
            }
        }
        for planned in &plan.required {
            let Node::Clause(mut clause) = planned.open(self.view, segment)? else { continue };
            for at in here {
                let doc = found[*at].doc;
                if clause.seek(doc) == doc {
                    let points = clause.points(data.features(doc).name_length());
                    parts[*at].push(part("word", &planned.shown(), clause.places(), planned.share, points));
                }
            }
        }
        Ok(())
    }

    fn signals(
        &self,
        plan: &Plan,
        segment: usize,
        here: &[usize],
        found: &[Found],
        parts: &mut [Vec<Value>],
    ) -> Result<()> {
        let data = &self.view.segment(segment)?.data;
        for signal in &plan.signals {
            let mut open = open_signal(signal, self.view, segment)?;
            for at in here {
                let doc = found[*at].doc;
                let points = open.points(doc, data.features(doc).name_length());
                if points > 0 {
                    parts[*at].push(part(signal.name, &signal.words, open.places(doc), open.most(), points));
                }
            }
        }
        Ok(())
    }

    fn columns(&self, found: &Found, parts: &mut Vec<Value>) -> Result<()> {
        let data = &self.view.segment(found.segment)?.data;
        let area = data.packed.area_worth(found.doc, self.area_worth);
        if area > 0 {
            let most = self.area_worth.iter().max().map_or(0, |worth| u32::from(*worth));
            parts.push(part("area", "", evidence::PLACE, most, area));
        }
        let rest = rest_points(data.features(found.doc).rest());
        if rest > 0 {
            parts.push(json!({ "signal": "status", "weight": shown(rest), "value": -shown(rest) }));
        }
        Ok(())
    }
}

/// A part of a score. `weight` is the most that the signal can give.
fn part(signal: &str, words: &str, places: Places, weight: u32, points: u32) -> Value {
    let mut part = json!({ "signal": signal });
    if !words.is_empty() {
        part["words"] = json!(words);
    }
    let places: BTreeSet<&str> = evidence::names(places).collect();
    if !places.is_empty() {
        part["in"] = json!(places);
    }
    part["weight"] = json!(shown(weight));
    part["value"] = json!(shown(points));
    part
}
