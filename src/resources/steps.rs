//! The steps of every write: check everything, write row, identifiers, protected part and change together.

use crate::db::store::{Row, any_holder, set_identifiers};
use crate::db::{AnyConnection, Operation, PendingChange, Told, Tx, tombstone};
use crate::error::{Code, Error, FieldError, Message, Result};
use crate::resources::Kind;
use crate::resources::resource::{ReferenceTo, Resource, Stored, canonical, with_kind};
use std::collections::HashMap;
use uuid::Uuid;

/// What became of a write.
#[derive(Debug, Clone)]
pub(crate) struct Outcome<C> {
    /// The record as it is now.
    pub stored: Stored<C>,
    /// Whether it was made, changed or already so.
    pub effect: Effect,
}

/// The effect of a write on one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    Created,
    Updated,
    Unchanged,
}

/// Records known to exist, so that an import asks the database once for each.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Records that the same import brings, checked already.
    coming: HashMap<Uuid, Kind>,
    found: HashMap<Uuid, Kind>,
}

impl Known {
    /// With records that the same import brings.
    pub(crate) fn expecting(coming: HashMap<Uuid, Kind>) -> Self {
        Known { coming, found: HashMap::new() }
    }

    fn has(&mut self, connection: &mut AnyConnection, kinds: &[Kind], id: Uuid) -> Result<bool> {
        if let Some(kind) = self.coming.get(&id).or_else(|| self.found.get(&id)) {
            return Ok(kinds.contains(kind));
        }
        for &kind in kinds {
            if exists(connection, kind, id)? {
                self.found.insert(id, kind);
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Whether an open record of that kind exists.
pub(crate) fn exists(connection: &mut AnyConnection, kind: Kind, id: Uuid) -> Result<bool> {
    with_kind!(kind, R => Ok(R::get(connection, id)?.is_some()))
}

/// Checks content against everything but the database.
pub(crate) fn checked<R: Resource>(mut content: R::Content) -> Result<R::Content> {
    let mut errors = Vec::new();
    R::check(&mut content, &mut errors);
    if errors.is_empty() { Ok(content) } else { Err(Error::invalid(errors)) }
}

/// Checks content against the database: what it names must be there.
pub(crate) fn check_references<R: Resource>(
    connection: &mut AnyConnection,
    id: Uuid,
    content: &R::Content,
    known: &mut Known,
) -> Result<()> {
    let mut errors = unresolved(connection, id, &R::references(content), known)?;
    R::check_within(connection, id, content, &mut errors)?;
    if errors.is_empty() { Ok(()) } else { Err(Error::invalid(errors)) }
}

/// An error for each reference that leads nowhere.
pub(crate) fn unresolved(
    connection: &mut AnyConnection,
    id: Uuid,
    references: &[ReferenceTo],
    known: &mut Known,
) -> Result<Vec<FieldError>> {
    let mut errors = Vec::new();
    for reference in references {
        if reference.id == id {
            errors.push(FieldError::at(
                reference.pointer.clone(),
                "self-reference",
                Message::fixed("Posten kan inte peka på sig själv.", "The record cannot point to itself."),
            ));
        } else if !known.has(connection, reference.kinds, reference.id)? {
            errors.push(FieldError::at(
                reference.pointer.clone(),
                "unknown-reference",
                Message::fixed(
                    "Ingen sådan post finns av ett slag som får stå här.",
                    "There is no such record of a kind that may stand here.",
                ),
            ));
        }
    }
    Ok(errors)
}

/// Makes a record. The content has passed `checked`.
pub(crate) fn create<R: Resource>(
    tx: &mut Tx<'_>,
    id: Uuid,
    content: R::Content,
    known: &mut Known,
) -> Result<Outcome<R::Content>> {
    check_references::<R>(tx.connection(), id, &content, known)?;
    insert::<R>(tx, id, content)
}

/// Makes a record whose references have been checked.
pub(crate) fn insert<R: Resource>(tx: &mut Tx<'_>, id: Uuid, mut content: R::Content) -> Result<Outcome<R::Content>> {
    write_identifiers::<R>(tx, id, &mut content)?;
    let (open, secret) = R::split(&content)?;
    let row = Row { id, version: 1, created_at: tx.at, updated_at: tx.at, content: serde_json::to_string(&open)? };
    R::insert(tx, &row, &open)?;
    let told = R::told(&content);
    let touched = R::touched(&content);
    log::<R>(tx, &row, Telling { operation: Operation::Created, told, touched, fans_out: false, before: None });
    let secret_version = write_secret::<R>(tx, &row, secret)?;
    Ok(Outcome { stored: Stored { row, content, secret_version }, effect: Effect::Created })
}

fn write_identifiers<R: Resource>(tx: &mut Tx<'_>, id: Uuid, content: &mut R::Content) -> Result<()> {
    let hidden = R::told(content) == Told::Protected;
    set_identifiers(tx, R::KIND, id, R::identifiers(content), hidden)
}

/// Gives a record new content. The content has passed `checked`.
pub(crate) fn update<R: Resource>(
    tx: &mut Tx<'_>,
    before: Stored<R::Content>,
    content: R::Content,
    known: &mut Known,
) -> Result<Outcome<R::Content>> {
    if before.content == content {
        return Ok(Outcome { stored: before, effect: Effect::Unchanged });
    }
    check_references::<R>(tx.connection(), before.row.id, &content, known)?;
    replace::<R>(tx, before, content)
}

/// Gives a record new content whose references have been checked.
pub(crate) fn replace<R: Resource>(
    tx: &mut Tx<'_>,
    before: Stored<R::Content>,
    mut content: R::Content,
) -> Result<Outcome<R::Content>> {
    if before.content == content {
        return Ok(Outcome { stored: before, effect: Effect::Unchanged });
    }
    let id = before.row.id;
    write_identifiers::<R>(tx, id, &mut content)?;
    let (open, secret) = R::split(&content)?;
    if (secret.is_some() && before.secret_version.is_none()) || R::withdraws(&before.content, &content) {
        tx.narrow();
    }
    let hides = R::hides(&before.content, &content);
    if hides {
        tx.hide_past(id, R::hide, "protection")?;
    }
    let text = serde_json::to_string(&open)?;
    let mut row = before.row.clone();
    if text != row.content {
        row = Row { version: row.version + 1, updated_at: tx.at, content: text, ..row };
        let (was, is) = (R::told(&before.content), R::told(&content));
        if (was == Told::Protected) == (is == Told::Protected) {
            if !R::update(tx, &row, &open)? {
                return Err(stale());
            }
        } else {
            // What is protected lives in a table of its own: the record moves.
            if is == Told::Protected {
                refuse_if_referred::<R>(tx.connection(), id)?;
            }
            R::remove(tx, id, &before.content)?;
            R::insert(tx, &row, &open)?;
        }
        let mut touched = R::touched(&before.content);
        touched.extend(R::touched(&content));
        touched.sort_unstable();
        touched.dedup();
        let fans_out = R::shown(&before.content) != R::shown(&content);
        let before = (was != Told::Protected && !hides).then(|| canonical(&before.row));
        tell_update::<R>(
            tx,
            &row,
            was,
            is,
            Telling { operation: Operation::Updated, told: is, touched, fans_out, before },
        );
    }
    let secret_version = write_secret::<R>(tx, &row, secret)?;
    Ok(Outcome { stored: Stored { row, content, secret_version }, effect: Effect::Updated })
}

/// What the logs are told of a change.
struct Telling {
    operation: Operation,
    told: Told,
    touched: Vec<(Kind, Uuid)>,
    fans_out: bool,
    before: Option<String>,
}

/// Tells each audience what an update is to it: a record that leaves its sight is deleted, one that comes is created.
fn tell_update<R: Resource>(tx: &mut Tx<'_>, row: &Row, was: Told, is: Told, telling: Telling) {
    match (was, is) {
        (Told::Protected, Told::Protected) => log::<R>(tx, row, telling),
        (Told::Protected, _) => log::<R>(tx, row, Telling { operation: Operation::Created, ..telling }),
        (_, Told::Protected) => log::<R>(tx, row, Telling { operation: Operation::Deleted, told: was, ..telling }),
        (Told::Public, Told::Partners) => {
            let before = telling.before.clone();
            log::<R>(tx, row, Telling { operation: Operation::Deleted, told: was, ..telling });
            let operation = Operation::Updated;
            log::<R>(tx, row, Telling { operation, told: is, touched: Vec::new(), fans_out: false, before });
        }
        _ => log::<R>(tx, row, telling),
    }
}

/// `insert` for content whose references have been checked by the caller, but not what needs the database otherwise.
pub(crate) fn insert_checked<R: Resource>(
    tx: &mut Tx<'_>,
    id: Uuid,
    content: R::Content,
) -> Result<Outcome<R::Content>> {
    check_within::<R>(tx, id, &content)?;
    insert::<R>(tx, id, content)
}

/// `replace`, likewise.
pub(crate) fn replace_checked<R: Resource>(
    tx: &mut Tx<'_>,
    before: Stored<R::Content>,
    content: R::Content,
) -> Result<Outcome<R::Content>> {
    check_within::<R>(tx, before.row.id, &content)?;
    replace::<R>(tx, before, content)
}

fn check_within<R: Resource>(tx: &mut Tx<'_>, id: Uuid, content: &R::Content) -> Result<()> {
    let mut errors = Vec::new();
    R::check_within(tx.connection(), id, content, &mut errors)?;
    if errors.is_empty() { Ok(()) } else { Err(Error::invalid(errors)) }
}

/// An id whose record was deleted or merged does not come back.
pub(crate) fn refuse_departed(connection: &mut AnyConnection, id: Uuid) -> Result<()> {
    match tombstone(connection, id)? {
        None => Ok(()),
        Some(stone) => Err(match stone.merged_into {
            Some(into) => Error::Merged(stone.kind.plural(), into),
            None => Error::Gone(stone.at),
        }),
    }
}

/// Deletes a record with what it owns. Other records that point to any of these forbid it.
pub(crate) fn delete<R: Resource>(tx: &mut Tx<'_>, stored: Stored<R::Content>) -> Result<()> {
    let id = stored.row.id;
    refuse_if_referred::<R>(tx.connection(), id)?;
    for (kind, owned) in R::owned(tx.connection(), id)? {
        with_kind!(kind, O => O::lock(tx.connection(), owned))?;
        // Those that name it and go too are gone by now.
        with_kind!(kind, O => refuse_if_referred::<O>(tx.connection(), owned))?;
        with_kind!(kind, O => if let Some(owned) = O::reveal(tx.connection(), owned)? {
            depart::<O>(tx, owned, Operation::Deleted, None)?;
        });
    }
    depart::<R>(tx, stored, Operation::Deleted, None)
}

/// Takes a record out of the registry and leaves a tombstone.
pub(crate) fn depart<R: Resource>(
    tx: &mut Tx<'_>,
    stored: Stored<R::Content>,
    operation: Operation,
    into: Option<Uuid>,
) -> Result<()> {
    let id = stored.row.id;
    set_identifiers(tx, R::KIND, id, &[], false)?;
    R::write_secret(tx, id, None)?;
    R::remove(tx, id, &stored.content)?;
    let version = stored.row.version + 1;
    let told = R::told(&stored.content);
    tx.bury(R::KIND, id, operation, version, into)?;
    tx.log(PendingChange {
        kind: R::KIND,
        id,
        operation,
        version,
        told,
        merged_into: into,
        touched: R::touched(&stored.content),
        fans_out: false,
        before: (told != Told::Protected).then(|| canonical(&stored.row)),
        content: None,
    });
    Ok(())
}

fn refuse_if_referred<R: Resource>(connection: &mut AnyConnection, id: Uuid) -> Result<()> {
    let mut referrers = R::referrers(connection, id)?;
    referrers.sort_unstable();
    referrers.dedup();
    if referrers.is_empty() { Ok(()) } else { Err(Error::Referenced(referrers)) }
}

fn write_secret<R: Resource>(tx: &mut Tx<'_>, row: &Row, secret: Option<String>) -> Result<Option<i64>> {
    if !R::SECRET {
        return Ok(None);
    }
    if R::write_secret(tx, row.id, secret)? {
        let (operation, told) = (Operation::Updated, Told::Protected);
        log::<R>(tx, row, Telling { operation, told, touched: Vec::new(), fans_out: false, before: None });
    }
    Ok(R::reveal(tx.connection(), row.id)?.and_then(|stored| stored.secret_version))
}

fn log<R: Resource>(tx: &mut Tx<'_>, row: &Row, telling: Telling) {
    let Telling { operation, told, touched, fans_out, before } = telling;
    let hidden = told == Told::Protected || operation == Operation::Deleted;
    tx.log(PendingChange {
        kind: R::KIND,
        id: row.id,
        operation,
        version: row.version,
        told,
        merged_into: None,
        touched,
        fans_out,
        before,
        content: (!hidden).then(|| canonical(row)),
    });
}

/// The record has another version than the caller thinks.
pub(crate) fn stale() -> Error {
    Error::problem(
        Code::PreconditionFailed,
        Message::fixed(
            "Posten har ändrats sedan den lästes. Läs den på nytt och gör om ändringen.",
            "The record has changed since it was read. Read it again and repeat the change.",
        ),
    )
}

/// The id that content should be stored under: that of a live record which holds one of its identifiers, when there is one.
pub(crate) fn holder_of_any(
    connection: &mut AnyConnection,
    kind: Kind,
    identifiers: &[crate::resources::values::Identifier],
) -> Result<Option<Uuid>> {
    for identifier in identifiers {
        if let Some((held_by, id)) = any_holder(connection, &identifier.scheme, &identifier.value)?
            && held_by == kind
        {
            return Ok(Some(id));
        }
    }
    Ok(None)
}
