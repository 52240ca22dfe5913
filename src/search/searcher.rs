//! The reading side: answers to queries from one committed state.

use crate::error::Result;
use crate::resources::{Audience, Kind};
use crate::search::build_query::{Need, Plan, bounded};
use crate::search::collect::{Collected, Conditions, Found, Matches, Pass};
use crate::search::cursor::Worth;
use crate::search::facets::{MUNICIPALITY, TYPE};
use crate::search::intake::{default_kinds, kinds_mask};
use crate::search::known::{Areas, NO_AREAS};
use crate::search::order::{After, Order};
use crate::search::page::Page;
use crate::search::query::{Answer, Filter, Position, Query, Start};
use crate::search::source::Source;
use crate::search::terms::{self, In, TermsLeaf};
use crate::search::text::syntax::{self, Meaning, Typed};
use crate::search::view::View;
use crate::search::weights::{ENOUGH, ENOUGH_OF_TWO, RELAXED};
use crate::search::{correct, fields};
use crate::vocabulary::Vocabulary;
use std::borrow::Cow;
use std::sync::Arc;
use uuid::Uuid;

/// A page holds at most so many hits.
const LARGEST_PAGE: usize = 10_000;
/// Any word, where nothing else is found.
const ANY: u32 = 1;

/// Searches in what was committed when it was made; cheap to clone.
#[derive(Clone)]
pub struct Searcher {
    pub(crate) view: Arc<View>,
}

impl std::fmt::Debug for Searcher {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Searcher").field("sequence", &self.sequence()).finish_non_exhaustive()
    }
}

/// Filters as terms, each with the facet that it belongs to.
struct Restrictions(Vec<(&'static str, Arc<Vec<TermsLeaf>>)>);

/// A text with how much of it must match.
struct Decided {
    plan: Plan,
    need: Need,
}

impl Searcher {
    pub(crate) fn new(view: Arc<View>) -> Searcher {
        Searcher { view }
    }

    /// Change number up to which everything is taken in.
    pub fn sequence(&self) -> u64 {
        self.view.sequence()
    }

    /// A number that no other state of the index has had since the program began.
    pub(crate) fn state(&self) -> u64 {
        self.view.state
    }

    /// How many records there are, of all kinds and for all audiences.
    pub fn records(&self) -> u64 {
        self.view.living
    }

    /// How many segments the index has: more than a few slow every search down.
    pub fn segments(&self) -> usize {
        self.view.segments.len()
    }

    /// Whether an answer is likely to touch many records, so that it is better computed off the server's threads.
    pub fn is_heavy(&self, query: &Query) -> bool {
        if self.view.living <= 50_000 {
            return false;
        }
        let deep = matches!(query.start, Start::Offset(offset) if offset > 1_000);
        let typed = query.text.as_deref().map(|text| syntax::read(bounded(text), &query.without, &|_| false));
        // Phrases are looked for in whole lists of positions.
        let plain = typed.is_some_and(|typed| typed.has_words() && typed.parts.is_empty());
        deep || !plain && query.ids.is_empty()
    }

    /// Whether a record that the asker may see has this key.
    fn knows_key(&self, asker: Audience, key: &str) -> bool {
        let leaf = TermsLeaf::find(&self.view, In::Key, &[&fields::exact_key(key)], Worth::NOTHING);
        leaf.and_then(|leaf| leaf.shows(&self.view, asker)).unwrap_or(false)
    }

    /// How many hits a query has.
    pub fn count(&self, asker: Audience, query: &Query) -> Result<usize> {
        let query = Query { limit: 0, facets: Vec::new(), ..query.clone() };
        self.find(asker, &query).map(|answer| answer.total)
    }

    /// Answers a query. Only what the asker may see takes part in anything: hits, totals, facets, spelling.
    pub fn find(&self, asker: Audience, query: &Query) -> Result<Answer> {
        let view = &*self.view;
        let text = query.text.as_deref().map(bounded).filter(|text| !text.is_empty());
        let typed = text.map(|text| syntax::read(text, &query.without, &|key| self.knows_key(asker, key)));
        let query = &*typed.as_ref().map_or(Cow::Borrowed(query), |typed| narrowed(query, typed));
        let has_words = typed.as_ref().is_some_and(Typed::has_words);
        let order = Order::new(&query.sort, query.near, has_words);
        let after = match &query.start {
            Start::After(position) => Some(order.after(position)?),
            Start::Offset(_) => None,
        };
        let restrictions = Restrictions::find(view, query)?;
        let mut decided = match typed.filter(|typed| !typed.only_filters()) {
            Some(typed) => Some(Decided {
                plan: correct::settle(view, asker, Plan::new(view, asker, typed)?)?,
                need: Need::Everything,
            }),
            None => None,
        };
        let request = Request {
            view,
            asker,
            query,
            order: &order,
            after: after.as_ref(),
            restrictions: &restrictions,
            text: has_words,
        };
        let mut collected = request.collect(decided.as_ref())?;
        if let Some(first) = decided.take() {
            let (again, settled) = request.decide(first, collected.total)?;
            if again {
                collected = request.collect(Some(&settled))?;
            }
            decided = Some(settled);
        }
        request.answer(decided.as_ref(), collected)
    }
}

/// The query with the fields of its text as filters, as if they had been asked for by parameters.
fn narrowed<'a>(query: &'a Query, typed: &Typed) -> Cow<'a, Query> {
    let mut query = Cow::Borrowed(query);
    for part in typed.parts.iter().filter(|part| !part.excluded) {
        match &part.meaning {
            Meaning::Filter(name, any) => query.to_mut().filters.push(Filter { name, any: any.clone() }),
            Meaning::Areas(areas) => query.to_mut().areas.push(areas.clone()),
            Meaning::Kinds(kinds) if query.kinds.is_empty() => query.to_mut().kinds.clone_from(kinds),
            Meaning::Kinds(kinds) => {
                let query = query.to_mut();
                query.kinds.retain(|kind| kinds.contains(kind));
                if query.kinds.is_empty() {
                    // Two demands exclude each other: the empty id belongs to nobody.
                    query.kinds.clone_from(kinds);
                    query.ids = vec![Uuid::nil()];
                }
            }
            _ => {}
        }
    }
    query
}

struct Request<'a> {
    view: &'a View,
    asker: Audience,
    query: &'a Query,
    order: &'a Order,
    after: Option<&'a After>,
    restrictions: &'a Restrictions,
    /// Whether there is a text.
    text: bool,
}

impl Request<'_> {
    fn kinds(&self) -> u8 {
        if self.query.kinds.is_empty() { default_kinds() } else { kinds_mask(&self.query.kinds) }
    }

    fn conditions(&self, decided: Option<&Decided>) -> Conditions<'_> {
        let hidden = decided.map_or(0, |decided| decided.plan.hidden_kinds);
        Conditions::new(self.asker, self.kinds(), self.query).hiding(hidden)
    }

    fn offset(&self) -> usize {
        match self.query.start {
            Start::Offset(offset) => offset.min(usize::try_from(self.view.living).unwrap_or(usize::MAX)),
            Start::After(_) => 0,
        }
    }

    fn limit(&self) -> usize {
        self.query.limit.min(LARGEST_PAGE)
    }

    /// What the areas are worth that the query and its text name, where that counts.
    fn areas(&self, decided: Option<&Decided>) -> Result<Option<Arc<Areas>>> {
        let named = decided.map_or(&[][..], |decided| &decided.plan.areas);
        let areas: Vec<u16> = self.query.areas.iter().flatten().chain(named).copied().collect();
        let counts = self.scored() && !areas.is_empty();
        counts.then(|| self.view.known.areas(self.view, &areas)).transpose()
    }

    /// Whether hits have scores: with text, and in lists that are asked for what names an area first.
    fn scored(&self) -> bool {
        self.text || self.order.by_relevance() && !self.query.areas.is_empty()
    }

    fn collect(&self, decided: Option<&Decided>) -> Result<Collected> {
        // One more than the page holds tells whether there is a next one.
        let keep = if self.limit() == 0 { 0 } else { self.offset() + self.limit() + 1 };
        let scored = self.scored();
        let areas = self.areas(decided)?;
        let pass = Pass {
            view: self.view,
            conditions: self.conditions(decided),
            order: Some(self.order),
            keep,
            after: self.after,
            facets: &self.query.facets,
            count_kinds: self.query.facets.contains(&TYPE),
            areas: areas.as_deref().unwrap_or(&NO_AREAS),
            scored,
            enough: usize::MAX,
        };
        pass.run(&|segment, masked| self.open(segment, masked, decided, None))
    }

    /// What matches in a segment, without the filters of one facet; `None` when nothing does. Where it may be `masked`, a filter
    /// that most documents meet is met by a mask.
    fn open(
        &self,
        segment: usize,
        masked: bool,
        decided: Option<&Decided>,
        without: Option<&str>,
    ) -> Result<Option<Matches>> {
        let kinds = self.conditions(decided).found_kinds();
        let mut shown = None;
        let mut sources = Vec::with_capacity(self.restrictions.0.len() + 1);
        let mut signals = Vec::new();
        if let Some(Decided { plan, need }) = decided {
            sources.push(plan.open(self.view, segment, *need)?);
            if without.is_none() {
                signals = plan.open_signals(self.view, segment)?;
            }
        }
        for (_, leaves) in self.restrictions.0.iter().filter(|(name, _)| without != Some(*name)) {
            if masked && shown.is_none() {
                shown = terms::mask(leaves, self.asker, kinds, self.view, segment)?;
                if shown.is_some() {
                    continue;
                }
            }
            sources.push(terms::word(leaves, 0, self.view, segment)?);
        }
        let source = if sources.is_empty() { Some(Source::Everything) } else { Source::all(sources) };
        Ok(source.map(|source| Matches { source, signals, shown }))
    }

    /// How many visible records match a text, up to a bound, whatever else the query asks for. What is decided by it
    /// does not depend on filters, so that facet counts stay true when one is added.
    fn count(&self, plan: &Plan, need: Need, enough: usize) -> Result<usize> {
        let open = Query::default();
        let pass = Pass {
            view: self.view,
            conditions: Conditions::new(self.asker, default_kinds(), &open).hiding(plan.hidden_kinds),
            order: None,
            keep: 0,
            after: None,
            facets: &[],
            count_kinds: false,
            areas: &NO_AREAS,
            scored: false,
            enough,
        };
        let collected = pass.run(&|segment, _| {
            let source = plan.open(self.view, segment, need)?;
            Ok(source.map(|source| Matches { source, signals: Vec::new(), shown: None }))
        })?;
        Ok(collected.total.min(enough))
    }

    /// Whether the query asks for less than all that its text finds.
    fn narrows(&self) -> bool {
        let conditions = Conditions::new(self.asker, self.kinds(), self.query);
        !self.restrictions.0.is_empty() || self.kinds() != default_kinds() || conditions.has_ranges()
    }

    /// Decides how much of a text must match, once a strict search has found so many; true when that changed.
    fn decide(&self, strict: Decided, total: usize) -> Result<(bool, Decided)> {
        let words = strict.plan.free().count();
        let enough = match words {
            0 | 1 => 1,
            2 => ENOUGH_OF_TWO,
            _ => ENOUGH,
        };
        let shown_by_default = self.kinds() & !default_kinds() == 0;
        if strict.plan.keys.is_some() || words == 0 || shown_by_default && total >= enough {
            return Ok((false, strict));
        }
        let found = if self.narrows() { self.count(&strict.plan, Need::Everything, enough)? } else { total };
        if found >= enough {
            return Ok((false, strict));
        }
        if found == 0
            && strict.plan.did_you_mean.is_none()
            && let Some(plan) = self.corrected(&strict.plan)?
        {
            return Ok((true, Decided { plan, need: Need::Everything }));
        }
        if words < 2 {
            return Ok((false, strict));
        }
        let need = self.relaxed(&strict.plan)?;
        Ok((true, Decided { need, ..strict }))
    }

    /// How much of a text must match so that enough is found, or at least something.
    fn relaxed(&self, plan: &Plan) -> Result<Need> {
        let mut best = None;
        for need in RELAXED.map(Need::Share) {
            let found = self.count(plan, need, ENOUGH)?;
            if found > 0 {
                best = Some(need);
            }
            if found >= ENOUGH {
                break;
            }
        }
        Ok(best.unwrap_or(Need::Share(ANY)))
    }

    /// The plan of a text with one known word put right, if that finds something.
    fn corrected(&self, plan: &Plan) -> Result<Option<Plan>> {
        for typed in correct::alternatives(self.view, self.asker, plan)? {
            let mut better = Plan::new(self.view, self.asker, typed)?;
            better.take_guessed(self.view)?;
            if better.unknown.is_empty() && self.count(&better, Need::Everything, 1)? > 0 {
                better.did_you_mean = Some(better.typed.text.clone());
                return Ok(Some(better));
            }
        }
        Ok(None)
    }

    fn answer(&self, decided: Option<&Decided>, mut collected: Collected) -> Result<Answer> {
        let facets = self.facets(decided, &collected)?;
        let mut found = std::mem::take(&mut collected.found);
        self.sort(&mut found)?;
        let (offset, limit) = (self.offset(), self.limit());
        let more = found.len() > offset.saturating_add(limit);
        let found: Vec<Found> = found.into_iter().skip(offset).take(limit).collect();
        let next = match found.last().filter(|_| more) {
            Some(last) => {
                let segment = &self.view.segment(last.segment)?.data;
                Some(Position { key: self.order.encode(segment, last.doc, &last.keys)?, tie: last.tie })
            }
            None => None,
        };
        let areas = self.areas(decided)?;
        let page = Page {
            view: self.view,
            query: self.query,
            plan: decided.map(|decided| &decided.plan),
            relaxed: decided.is_some_and(|decided| matches!(decided.need, Need::Share(_))),
            areas: areas.as_deref().unwrap_or(&NO_AREAS),
            scored: self.scored(),
        };
        Ok(Answer {
            total: collected.total,
            hits: page.hits(&found)?,
            facets,
            did_you_mean: decided.and_then(|decided| decided.plan.did_you_mean.clone()),
            sequence: self.view.sequence(),
            next,
        })
    }

    /// Puts the first hits of all segments in one order.
    fn sort(&self, found: &mut Vec<Found>) -> Result<()> {
        if self.view.segments.len() < 2 || !self.order.by_name() {
            found.sort_unstable();
            return Ok(());
        }
        let mut keyed = Vec::with_capacity(found.len());
        for hit in found.drain(..) {
            let key = self.order.encode(&self.view.segment(hit.segment)?.data, hit.doc, &hit.keys)?;
            keyed.push((key, hit.tie, hit));
        }
        keyed.sort_unstable_by(|one, other| (&one.0, one.1).cmp(&(&other.0, other.1)));
        found.extend(keyed.into_iter().map(|(.., hit)| hit));
        Ok(())
    }

    fn facets(
        &self,
        decided: Option<&Decided>,
        collected: &Collected,
    ) -> Result<Vec<(&'static str, Vec<(u16, usize)>)>> {
        let mut facets = Vec::with_capacity(self.query.facets.len());
        for name in &self.query.facets {
            let counts = if *name == TYPE {
                kinds_counted(&collected.kinds)
            } else if self.restrictions.0.iter().any(|(filter, _)| filter == name) {
                self.view.slots.counted(name, &self.without(decided, name)?.counts)
            } else {
                self.view.slots.counted(name, &collected.counts)
            };
            facets.push((*name, counts));
        }
        Ok(facets)
    }

    /// A pass without a facet's own filters, for its counts.
    fn without(&self, decided: Option<&Decided>, name: &'static str) -> Result<Collected> {
        let pass = Pass {
            view: self.view,
            conditions: self.conditions(decided),
            order: None,
            keep: 0,
            after: None,
            facets: &[name],
            count_kinds: false,
            areas: &NO_AREAS,
            scored: false,
            enough: usize::MAX,
        };
        pass.run(&|segment, masked| self.open(segment, masked, decided, Some(name)))
    }
}

fn kinds_counted(counts: &[u32; 8]) -> Vec<(u16, usize)> {
    let mut counted: Vec<(u16, usize)> = Kind::ALL
        .iter()
        .zip(counts)
        .filter(|(_, count)| **count > 0)
        .filter_map(|(kind, count)| Some((Vocabulary::RecordTypes.term(kind.name())?.number, *count as usize)))
        .collect();
    counted.sort_unstable_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(&other.0)));
    counted
}

impl Restrictions {
    fn find(view: &View, query: &Query) -> Result<Restrictions> {
        let mut restrictions = Vec::new();
        for filter in &query.filters {
            restrictions.push((filter.name, view.known.filter(view, filter)?));
        }
        for areas in &query.areas {
            restrictions.push((MUNICIPALITY, view.known.covering(view, areas)?));
        }
        if !query.ids.is_empty() {
            // The facet of kinds counts them all, whichever are asked for.
            let all = query.kinds.is_empty() || query.facets.contains(&TYPE);
            let kinds = if all { &Kind::ALL[..] } else { &query.kinds };
            let keys = query.ids.iter().flat_map(|id| kinds.iter().map(|kind| fields::record_key(*kind, *id)));
            let leaves = keys.map(|key| TermsLeaf::find(view, In::Key, &[&key], Worth::NOTHING));
            restrictions.push(("id", Arc::new(leaves.collect::<Result<_>>()?)));
        }
        Ok(Restrictions(restrictions))
    }
}
