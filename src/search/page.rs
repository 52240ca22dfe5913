//! The hits of a page: stored records, what matched, marks and explanations.

use crate::error::{Error, Result};
use crate::search::build_query::{Plan, open_signal};
use crate::search::collect::{Found, area_points, rest_points};
use crate::search::cursor::{Clause, Node};
use crate::search::evidence::{self, Places};
use crate::search::highlight;
use crate::search::query::{Hit, Query};
use crate::search::stored::Stored;
use crate::search::view::View;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A page to render.
pub(crate) struct Page<'a> {
    /// Where the hits lie.
    pub view: &'a View,
    /// What was asked.
    pub query: &'a Query,
    /// The text as terms.
    pub plan: Option<&'a Plan>,
    /// What areas are worth, by slot.
    pub area_worth: &'a [u16],
    /// Whether hits have scores.
    pub scored: bool,
}

/// Where a hit matched and how that adds up.
#[derive(Default)]
struct Reasons {
    places: Places,
    key: bool,
    area: bool,
    parts: Vec<Value>,
}

/// Points as scores are shown: a full hit in a name is 100.
fn shown(points: u32) -> f64 {
    f64::from(points) / 100.0
}

impl Page<'_> {
    /// Renders hits in their order.
    pub(crate) fn hits(&self, found: &[Found]) -> Result<Vec<Hit>> {
        let reasons = self.reasons(found)?;
        let stems: BTreeSet<&str> = self.plan.filter(|_| self.query.highlight).map(Plan::stems).unwrap_or_default();
        found.iter().zip(reasons).map(|(found, reasons)| self.hit(found, reasons, &stems)).collect()
    }

    fn hit(&self, found: &Found, reasons: Reasons, stems: &BTreeSet<&str>) -> Result<Hit> {
        let segment = self.view.segment(found.segment)?;
        let bytes = segment.data.ready.get(found.doc).ok_or_else(|| Error::internal("a stored record is missing"))?;
        let stored = Stored::read(bytes).ok_or_else(|| Error::internal("a stored record is damaged"))?;
        let mut matched_on: Vec<&'static str> = Vec::new();
        if reasons.key {
            matched_on.push("key");
        }
        for name in evidence::names(reasons.places) {
            if !matched_on.contains(&name) {
                matched_on.push(name);
            }
        }
        if reasons.area && !matched_on.contains(&"place") {
            matched_on.push("place");
        }
        Ok(Hit {
            kind: stored.kind,
            id: stored.id,
            title: stored.title(self.query.lang).to_owned(),
            score: if self.scored { shown(found.score) as f32 } else { 0.0 },
            matched_on,
            highlights: if stems.is_empty() { Vec::new() } else { highlight::of(&stored, stems) },
            explanation: self
                .query
                .explain
                .then(|| json!({ "score": shown(if self.scored { found.score } else { 0 }), "parts": reasons.parts })),
            record: stored.record.to_vec(),
        })
    }

    /// Looks every hit up again in the posting lists: they are few and tell both where and how much.
    fn reasons(&self, found: &[Found]) -> Result<Vec<Reasons>> {
        let mut reasons: Vec<Reasons> = found.iter().map(|_| Reasons::default()).collect();
        if !self.scored {
            return Ok(reasons);
        }
        for segment in 0..self.view.segments.len() {
            let mut here: Vec<usize> = (0..found.len()).filter(|at| found[*at].segment == segment).collect();
            here.sort_unstable_by_key(|at| found[*at].doc);
            if here.is_empty() {
                continue;
            }
            if let Some(plan) = self.plan {
                self.words(plan, segment, &here, found, &mut reasons)?;
                self.signals(plan, segment, &here, found, &mut reasons)?;
            }
            for at in here {
                self.columns(&found[at], &mut reasons[at])?;
            }
        }
        Ok(reasons)
    }

    fn words(
        &self,
        plan: &Plan,
        segment: usize,
        here: &[usize],
        found: &[Found],
        reasons: &mut [Reasons],
    ) -> Result<()> {
        let data = &self.view.segment(segment)?.data;
        if let Some(leaf) = plan.keys.as_ref().map(|keys| keys.open(self.view, segment)).transpose()?.flatten() {
            let mut clause = Clause::new(vec![leaf]);
            for at in here {
                if clause.seek(found[*at].doc) == found[*at].doc {
                    reasons[*at].key = true;
                    self.part(&mut reasons[*at], "key", &plan.text, 0, clause.most(), clause.points(0));
                }
            }
        }
        for planned in &plan.required {
            let Node::Clause(mut clause) = planned.open(self.view, segment)? else { continue };
            for at in here {
                let doc = found[*at].doc;
                if clause.seek(doc) == doc {
                    let places = clause.places();
                    reasons[*at].places |= places;
                    let points = clause.points(data.features(doc).name_length());
                    self.part(&mut reasons[*at], "word", &planned.shown(), places, planned.share, points);
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
        reasons: &mut [Reasons],
    ) -> Result<()> {
        let data = &self.view.segment(segment)?.data;
        for signal in &plan.signals {
            let mut open = open_signal(signal, self.view, segment)?;
            for at in here {
                let doc = found[*at].doc;
                let points = open.points(doc, data.features(doc).name_length());
                if points > 0 {
                    let places = open.places(doc);
                    if signal.name != "fillerWord" {
                        reasons[*at].places |= places;
                    }
                    self.part(&mut reasons[*at], signal.name, &signal.words, places, open.most(), points);
                }
            }
        }
        Ok(())
    }

    fn columns(&self, found: &Found, reasons: &mut Reasons) -> Result<()> {
        let segment = self.view.segment(found.segment)?;
        let area = area_points(segment, found.doc, self.area_worth);
        if area > 0 {
            reasons.area = true;
            let most = self.area_worth.iter().max().map_or(0, |worth| u32::from(*worth));
            self.part(reasons, "area", "", evidence::PLACE, most, area);
        }
        let rest = rest_points(segment.data.features(found.doc).rest());
        if rest > 0 && self.query.explain {
            reasons.parts.push(json!({ "signal": "status", "weight": shown(rest), "value": -shown(rest) }));
        }
        Ok(())
    }

    /// Notes a part of the score. `weight` is the most that the signal can give.
    fn part(&self, reasons: &mut Reasons, signal: &str, words: &str, places: Places, weight: u32, points: u32) {
        if !self.query.explain {
            return;
        }
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
        reasons.parts.push(part);
    }
}
