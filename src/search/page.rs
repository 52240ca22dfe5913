//! The hits of a page: stored records, what matched, marks and explanations.

use crate::error::{Error, Result};
use crate::search::best::rest_points;
use crate::search::build_query::Plan;
use crate::search::collect::Found;
use crate::search::evidence::{self, Places};
use crate::search::highlight::{self, Marks};
use crate::search::known::Areas;
use crate::search::query::{Hit, Query};
use crate::search::stored::Stored;
use crate::search::terms::Lookup;
use crate::search::view::View;
use crate::search::weights::{AREA_NAMED, EVERYTHING, KEY};
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
    /// What areas are worth.
    pub areas: &'a Areas,
    /// Whether hits have scores.
    pub scored: bool,
}

/// What posting lists tell of a hit.
#[derive(Default)]
struct Evidence {
    /// Where words stand in it.
    places: Places,
    /// How many required words it has.
    words: usize,
    /// Parts of its score, when they were asked for.
    parts: Vec<Value>,
}

/// Points as scores are shown: a full hit in a name is 100.
fn shown(points: u32) -> f64 {
    f64::from(points) / 100.0
}

impl Page<'_> {
    /// Renders hits in their order.
    pub(crate) fn hits(&self, found: &[Found]) -> Result<Vec<Hit>> {
        let marks = self.plan.filter(|_| self.query.highlight).map(Plan::marks);
        let evidence = self.evidence(found)?;
        self.fetch(found);
        found.iter().zip(evidence).map(|(found, evidence)| self.hit(found, evidence, marks.as_ref())).collect()
    }

    /// Touches all records first: their memory comes together then, and not one after the other.
    fn fetch(&self, found: &[Found]) {
        let first = |found: &Found| {
            let segment = self.view.segments.get(found.segment)?;
            segment.data.ready.get(found.doc)?.first().copied()
        };
        std::hint::black_box(found.iter().filter_map(first).fold(0, |all: u8, byte| all ^ byte));
    }

    fn hit(&self, found: &Found, evidence: Evidence, marks: Option<&Marks<'_>>) -> Result<Hit> {
        let segment = self.view.segment(found.segment)?;
        let bytes = segment.data.ready.get(found.doc).ok_or_else(|| Error::internal("a stored record is missing"))?;
        let stored = Stored::read(bytes).ok_or_else(|| Error::internal("a stored record is damaged"))?;
        let mut matched_on: Vec<&'static str> = Vec::new();
        if found.score >= LEAST_OF_KEYS {
            matched_on.push("key");
        }
        let in_area = self.areas.within(&segment.data.packed, found.segment).of(found.doc) > 0;
        let places = if self.scored && in_area { evidence.places | evidence::PLACE } else { evidence.places };
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
            explanation: self
                .query
                .explain
                .then(|| json!({ "score": shown(if self.scored { found.score } else { 0 }), "parts": evidence.parts })),
            record: segment
                .data
                .ready
                .keep(stored.record)
                .ok_or_else(|| Error::internal("a stored record lies elsewhere"))?,
        })
    }

    /// Looks every hit up again in the posting lists: where words stand in it and, when that was asked for, the parts of
    /// its score.
    fn evidence(&self, found: &[Found]) -> Result<Vec<Evidence>> {
        let mut evidence: Vec<Evidence> = found.iter().map(|_| Evidence::default()).collect();
        if !self.scored {
            return Ok(evidence);
        }
        for segment in 0..self.view.segments.len() {
            let mut here: Vec<usize> = (0..found.len()).filter(|at| found[*at].segment == segment).collect();
            here.sort_unstable_by_key(|at| found[*at].doc);
            if let Some(plan) = self.plan.filter(|_| !here.is_empty()) {
                self.words(plan, segment, &here, found, &mut evidence)?;
                self.signals(plan, segment, &here, found, &mut evidence)?;
            }
            if self.query.explain {
                for at in here {
                    self.columns(&found[at], &mut evidence[at].parts)?;
                }
            }
        }
        Ok(evidence)
    }

    fn words(
        &self,
        plan: &Plan,
        segment: usize,
        here: &[usize],
        found: &[Found],
        evidence: &mut [Evidence],
    ) -> Result<()> {
        let data = &self.view.segment(segment)?.data;
        let explain = self.query.explain;
        if let Some(mut leaf) = plan.keys.as_ref().map(|keys| keys.open(self.view, segment)).transpose()?.flatten() {
            for at in here.iter().filter(|_| explain) {
                if leaf.seek(found[*at].doc) == found[*at].doc {
                    evidence[*at].parts.push(part("key", plan.typed.spoken.trim(), 0, leaf.most(), leaf.points(0)));
                }
            }
        }
        for planned in &plan.required {
            let word = Lookup::new(&planned.leaves, planned.share, self.view, segment)?;
            let Some(mut word) = word else { continue };
            for at in here {
                let Some((points, places)) = word.look_up(found[*at].doc, data) else { continue };
                evidence[*at].places |= places;
                evidence[*at].words += 1;
                if explain {
                    evidence[*at].parts.push(part("word", &planned.shown(), places, planned.share, points));
                }
            }
        }
        // Found by its key, a record need not have the phrase that the key is.
        let met = match plan.conditions.as_slice() {
            [phrase] if explain && plan.key_is_phrase => {
                phrase.met(self.view, segment, here.iter().map(|at| found[*at].doc))?
            }
            _ => vec![true; here.len()],
        };
        for (at, _) in here.iter().zip(&met).filter(|(_, met)| explain && **met) {
            let parts = plan.conditions.iter().map(|condition| part("condition", &condition.shown, 0, 0, 0));
            evidence[*at].parts.extend(parts);
        }
        for at in here.iter().filter(|_| explain && self.relaxed) {
            if evidence[*at].words == plan.required.len() {
                evidence[*at].parts.push(part("everyWord", "", 0, EVERYTHING, EVERYTHING));
            }
        }
        for (at, met) in here.iter().zip(&met).filter(|_| explain && !self.relaxed) {
            if evidence[*at].words < plan.required.len() || !met {
                // Found by its key alone: the words that it has do not count.
                evidence[*at].parts.retain(|part| part["signal"] != "word");
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
        evidence: &mut [Evidence],
    ) -> Result<()> {
        let data = &self.view.segment(segment)?.data;
        for signal in plan.signals.iter().filter(|signal| self.query.explain || signal.is_telling()) {
            let lookup = Lookup::new(&signal.leaves, signal.weight, self.view, segment)?;
            let Some(mut lookup) = lookup else { continue };
            for at in here {
                let Some((points, places)) = lookup.look_up(found[*at].doc, data) else { continue };
                if signal.is_telling() {
                    evidence[*at].places |= places;
                }
                if self.query.explain && points > 0 {
                    evidence[*at].parts.push(part(signal.name, &signal.words, places, signal.most, points));
                }
            }
        }
        Ok(())
    }

    fn columns(&self, found: &Found, parts: &mut Vec<Value>) -> Result<()> {
        let data = &self.view.segment(found.segment)?.data;
        let area = self.areas.within(&data.packed, found.segment).of(found.doc);
        if area > 0 {
            parts.push(part("area", "", evidence::PLACE, AREA_NAMED.into(), area));
        }
        let rest = rest_points(data.features(found.doc));
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
