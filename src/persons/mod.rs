//! What is held about a person, wherever it stands: to find it, give it out, correct it and erase it (GDPR articles 15 to 17).

mod scrub;
mod text;

pub use text::{Person, Sought};

use crate::db::audit::{self, Entry};
use crate::db::persons::{kept_answers, versions_after};
use crate::db::webhooks::webhooks_of;
use crate::db::{By, Db, Operation, Tx, clients};
use crate::error::{Error, Result};
use crate::resources::resource::{Resource, with_kind};
use crate::resources::{Kind, contact_point, input, membership, steps};
use scrub::{Change, Scrubbed, in_json, scrub};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

/// So many rows are read at once.
const PAGE: i64 = 500;
/// What others write meanwhile is looked for so often.
const PASSES: usize = 5;

/// A place where something about a person is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"place": "record", "type": "contact-point", "id": "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f", "pointers": ["/person/name"]}))]
pub struct Place {
    /// `record` (as it is now, protected parts too), `version` (an earlier one), `audit-entry`, `kept-answer`, `client` or `webhook`.
    pub place: &'static str,
    /// What kind of record it is in.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The record, client or webhook.
    pub id: String,
    /// Number of the change or of the audit entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<i64>,
    /// Where in its content, as JSON pointers.
    pub pointers: Vec<String>,
    /// The content itself, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub content: Option<Value>,
}

/// What a correction or an erasure did.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"changed": 2, "erased": 1, "places": 9, "left": []}))]
pub struct Outcome {
    /// Records that have other content now.
    pub changed: usize,
    /// Records that are no more: nothing else was in them.
    pub erased: usize,
    /// Places that were cleared in all.
    pub places: usize,
    /// Places that a person has to decide about: names of organisations, keys of other registers.
    pub left: Vec<Place>,
}

/// Everything held about a person; with contents when these are to be given out.
pub fn find(db: &Db, sought: &Sought, contents: bool) -> Result<Vec<Place>> {
    let mut found = Vec::new();
    let mut hold = |place: &'static str, kind: Option<String>, id: String, number: Option<i64>, content: &str| {
        let pointers = in_json(content, sought);
        if !pointers.is_empty() {
            let content = contents.then(|| serde_json::from_str(content).unwrap_or_else(|_| content.into()));
            found.push(Place { place, kind, id, number, pointers, content });
        }
    };
    for kind in Kind::ALL {
        with_kind!(kind, R => each_record::<R>(db, &mut |id, content| {
            hold("record", Some(kind.name().to_owned()), id.to_string(), None, content);
        }))?;
    }
    paged(|after| {
        let versions = db.read(|connection| versions_after(connection, after, PAGE))?;
        for version in &versions {
            let kind = Some(version.kind.name().to_owned());
            hold("version", kind, version.id.to_string(), Some(version.sequence), &version.content);
        }
        Ok(versions.last().map(|version| version.sequence))
    })?;
    paged(|after| {
        let rows = db.read(|connection| audit::entries_after(connection, after, PAGE))?;
        for row in &rows {
            if let Some(content) = &row.content {
                let record = row.record_id.clone().unwrap_or_default();
                hold("audit-entry", row.kind.clone(), record, Some(row.number), content);
            }
        }
        Ok(rows.last().map(|row| row.number))
    })?;
    for (client, _, body) in db.read(kept_answers)? {
        hold("kept-answer", None, client, None, &body);
    }
    for client in db.read(clients::clients)? {
        hold("client", None, client.id, None, &json!({"name": client.name}).to_string());
    }
    for webhook in db.read(|connection| webhooks_of(connection, None))? {
        let content = json!({"description": webhook.description, "url": webhook.url}).to_string();
        hold("webhook", None, webhook.id, None, &content);
    }
    Ok(found)
}

/// Goes through numbered rows page by page.
fn paged(mut page: impl FnMut(i64) -> Result<Option<i64>>) -> Result<()> {
    let mut after = 0;
    while let Some(last) = page(after)? {
        after = last;
    }
    Ok(())
}

/// Every record of a kind with its whole content, protected parts too.
fn each_record<R: Resource>(db: &Db, work: &mut impl FnMut(Uuid, &str)) -> Result<()> {
    let mut after = None;
    loop {
        let rows = db.read(|connection| R::after(connection, after, PAGE))?;
        let Some(last) = rows.last().map(|row| row.id) else { break };
        for row in rows {
            // Only these have a part elsewhere.
            if R::may_have_secret(&row) {
                let whole = db.read(|connection| R::reveal(connection, row.id))?;
                if let Some(stored) = whole {
                    work(row.id, &serde_json::to_string(&stored.content)?);
                    continue;
                }
            }
            work(row.id, &row.content);
        }
        after = Some(last);
    }
    if R::KIND == Kind::ContactPoint {
        for (id, content) in db.read(contact_point::all_protected)? {
            work(id, &content);
        }
    }
    Ok(())
}

/// Puts other words in the place of a person's in the records as they are now: in all of them or in none. Earlier versions
/// stay: they say what was held.
pub fn correct(db: &Db, by: &By, sought: &Sought, to: &str) -> Result<Outcome> {
    let found = find(db, sought, false)?;
    let places: Vec<Place> = found.into_iter().filter(|place| place.place == "record").collect();
    let records: BTreeSet<(Kind, Uuid)> = places.iter().map(record_of).collect::<Result<_>>()?;
    let written = db.write(by.clone(), |tx| {
        let mut outcome = Outcome { places: places.len(), ..Outcome::default() };
        for (kind, id) in &records {
            let written = with_kind!(*kind, R => rewrite::<R>(tx, *id, sought, Change::To(to)))?;
            outcome.count(written);
        }
        tx.note(told("person-corrected", &outcome, 0));
        Ok(outcome)
    })?;
    Ok(written.value)
}

/// Takes a person out of everything that is held: records, their past, the audit log, kept answers, clients and webhooks.
/// All that was found goes at once, or nothing; then it is looked for what others wrote meanwhile.
pub fn erase(db: &Db, by: &By, sought: &Sought) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    for pass in 0..PASSES {
        let found = find(db, sought, false)?;
        let (left, clear): (Vec<Place>, Vec<Place>) = found.into_iter().partition(scrub::is_left);
        outcome.left = left;
        if clear.is_empty() && pass > 0 {
            break;
        }
        let done = erase_found(db, by, sought, &clear, outcome.left.len())?;
        outcome.changed += done.changed;
        outcome.erased += done.erased;
        outcome.places += done.places;
        if clear.is_empty() {
            break;
        }
    }
    db.wipe()?;
    Ok(outcome)
}

fn erase_found(db: &Db, by: &By, sought: &Sought, clear: &[Place], left: usize) -> Result<Outcome> {
    let mut records: BTreeSet<(Kind, Uuid)> = BTreeSet::new();
    let mut rows = Vec::new();
    for place in clear {
        match place.place {
            "record" | "version" => drop(records.insert(record_of(place)?)),
            "audit-entry" => rows.extend(place.number),
            _ => {}
        }
    }
    let written = db.write(by.clone(), |tx| {
        let mut outcome = Outcome { places: clear.len(), ..Outcome::default() };
        tx.erase();
        for (kind, id) in &records {
            outcome.count(with_kind!(*kind, R => erase_record::<R>(tx, *id, sought))?);
        }
        clear_beside(tx, sought)?;
        tx.strike(&rows, "erasure")?;
        tx.note(told("person-erased", &outcome, left));
        Ok(outcome)
    })?;
    Ok(written.value)
}

fn record_of(place: &Place) -> Result<(Kind, Uuid)> {
    let kind = place.kind.as_deref().and_then(Kind::from_name);
    let id = Uuid::parse_str(&place.id).ok();
    kind.zip(id).ok_or_else(|| Error::internal("a place names no record"))
}

impl Outcome {
    fn count(&mut self, written: Option<Operation>) {
        match written {
            Some(Operation::Erased) => self.erased += 1,
            Some(_) => self.changed += 1,
            None => {}
        }
    }
}

/// The row of the audit log that tells of it.
fn told(action: &'static str, outcome: &Outcome, left: usize) -> Entry {
    let content = json!({"changed": outcome.changed, "erased": outcome.erased, "left": left}).to_string();
    Entry { action, content: Some(content), ..Entry::default() }
}

/// Takes a person out of a record as it is and as it was.
fn erase_record<R: Resource>(tx: &mut Tx<'_>, id: Uuid, sought: &Sought) -> Result<Option<Operation>> {
    let written = rewrite::<R>(tx, id, sought, Change::Away)?;
    let past = |version: &str| {
        let mut value: Value = serde_json::from_str(version)?;
        let scrubbed = scrub(R::KIND, &mut value, sought, Change::Away);
        Ok(if scrubbed.is_empty { None } else { Some(value.to_string()) })
    };
    tx.hide_past(id, past, "erasure")?;
    Ok(written)
}

/// Changes a record as it is now; gives what became of it.
fn rewrite<R: Resource>(tx: &mut Tx<'_>, id: Uuid, sought: &Sought, change: Change<'_>) -> Result<Option<Operation>> {
    R::lock(tx.connection(), id)?;
    let Some(stored) = R::reveal(tx.connection(), id)? else { return Ok(None) };
    let mut value = serde_json::to_value(&stored.content)?;
    let Scrubbed { changed, is_empty } = scrub(R::KIND, &mut value, sought, change);
    if is_empty {
        let mut referrers = R::referrers(tx.connection(), id)?;
        referrers.sort_unstable();
        for (kind, referrer) in referrers {
            if kind == Kind::Membership {
                membership::release_contact_point(tx, referrer)?;
            }
        }
        steps::depart::<R>(tx, stored, Operation::Erased, None)?;
        return Ok(Some(Operation::Erased));
    }
    if !changed {
        return Ok(None);
    }
    let content = input::read_again::<R>(value)?;
    steps::replace_checked::<R>(tx, stored, content)?;
    Ok(Some(Operation::Updated))
}

/// Clears what is kept beside the records.
fn clear_beside(tx: &mut Tx<'_>, sought: &Sought) -> Result<()> {
    let answers = kept_answers(tx.connection())?;
    let all = clients::clients(tx.connection())?;
    let webhooks = webhooks_of(tx.connection(), None)?;
    let mut beside = tx.beside();
    for (client, key, body) in &answers {
        if !in_json(body, sought).is_empty() {
            beside.drop_answer(client, key)?;
        }
    }
    for client in all.iter().filter(|client| sought.is_in(&client.name)) {
        beside.rename_client(&client.id, &sought.replaced(&client.name, scrub::GONE))?;
    }
    for webhook in webhooks.iter().filter(|webhook| sought.is_in(&webhook.description)) {
        beside.describe_webhook(&webhook.id, &sought.replaced(&webhook.description, scrub::GONE))?;
    }
    Ok(())
}

/// Takes the names of persons whose day has come out of contact points; gives how many.
pub(crate) fn let_names_expire(db: &Db, now: chrono::DateTime<chrono::Utc>) -> Result<usize> {
    let due = db.read(|connection| contact_point::with_person_until(connection, now))?;
    for id in &due {
        db.write(By::job("retention"), |tx| {
            tx.erase();
            contact_point::forget_person(tx, *id)
        })?;
    }
    if !due.is_empty() {
        db.wipe()?;
    }
    Ok(due.len())
}
