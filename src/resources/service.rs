//! What can be done with a record, free of transport: find, read, create, change, replace, delete, its history.

use crate::api::patch::merge_patch;
use crate::api::validate::{Validator, clean};
use crate::auth::actor::Actor;
use crate::auth::permission::{self, Writers, may_see_protected, may_write, must_be_steward};
use crate::db::audit::Entry;
use crate::db::store::{Row, any_holder, holder};
use crate::db::{AnyConnection, Change, Operation, Tx, of_record, tombstone};
use crate::error::{Code, Error, FieldError, Message, Result};
use crate::identifier::PathId;
use crate::resources::organisation::{self, Organisations};
use crate::resources::resource::{Resource, Stored, canonical, parse, partner, public, with_kind};
use crate::resources::steps::{self, Effect, Known};
use crate::resources::values::Identifier;
use crate::resources::{Audience, Kind, input};
use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

/// A record as one caller may see it.
#[derive(Debug, Clone)]
pub(crate) struct Representation {
    /// Its id.
    pub id: Uuid,
    /// Its version.
    pub version: i64,
    /// Version of the protected part, when the caller sees one.
    pub secret_version: Option<i64>,
    /// Canonical JSON; with protected parts where the caller may see them.
    pub json: String,
    /// Whether `json` holds something protected.
    pub holds_protected: bool,
}

/// A record after a write.
#[derive(Debug, Clone)]
pub(crate) struct Wrote {
    /// As the writer may see it.
    pub record: Representation,
    /// What happened.
    pub effect: Effect,
}

/// The id of a record from what stands in a path: an id, an identifier or an organisation number.
pub(crate) fn locate(connection: &mut AnyConnection, kind: Kind, path: &PathId) -> Result<Uuid> {
    match path {
        PathId::Uuid(id) => Ok(*id),
        PathId::Identifier { scheme, value } => match any_holder(connection, scheme, value)? {
            Some((held_by, id)) if held_by == kind => Ok(id),
            _ => Err(Error::not_found()),
        },
    }
}

/// The record that this stands for and that is there, where it was merged the one it became.
pub(crate) fn living(connection: &mut AnyConnection, kind: Kind, path: &PathId) -> Result<Option<Uuid>> {
    let outcome = locate(connection, kind, path).and_then(|id| {
        if steps::exists(connection, kind, id)? { Ok(id) } else { Err(absent(connection, &Actor::Operator, kind, id)) }
    });
    match outcome {
        Ok(id) | Err(Error::Merged(_, id)) => Ok(Some(id)),
        Err(error) if matches!(error.code(), Code::NotFound | Code::Gone) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Why there is no record of that id: deleted, merged, or never there.
pub(crate) fn absent(connection: &mut AnyConnection, actor: &Actor, kind: Kind, id: Uuid) -> Error {
    match tombstone(connection, id) {
        // Who could not know of it while it was there is not told that it is gone.
        Ok(Some(stone)) if stone.kind == kind && permission::may_know_of(actor, stone.told) => {
            match stone.merged_into {
                Some(into) => survivor(connection, kind, into),
                None => Error::Gone(stone.at),
            }
        }
        Ok(_) => Error::not_found(),
        Err(error) => error,
    }
}

/// Follows a chain of merges to what is left.
fn survivor(connection: &mut AnyConnection, kind: Kind, mut into: Uuid) -> Error {
    for _ in 0..1_000 {
        match tombstone(connection, into) {
            Ok(None) => return Error::Merged(kind.plural(), into),
            Ok(Some(stone)) => match stone.merged_into {
                Some(next) => into = next,
                None => return Error::Gone(stone.at),
            },
            Err(error) => return error,
        }
    }
    Error::internal("merges go round in a ring")
}

/// Reads a record as the actor may see it.
pub(crate) fn read<R: Resource>(connection: &mut AnyConnection, actor: &Actor, id: Uuid) -> Result<Representation> {
    let Some(row) = R::get(connection, id)? else {
        if R::GUARDED
            && let Some(stored) = R::reveal(connection, id)?
            && may_see_protected(connection, actor, &R::governors(id, &stored.content))?
        {
            return Ok(represent_protected(&stored));
        }
        return Err(absent(connection, actor, R::KIND, id));
    };
    // Only callers with a token can see more than the open row; the others are spared the second look.
    if *actor != Actor::Anyone
        && R::may_have_secret(&row)
        && let Some(stored) = R::reveal(connection, id)?
        && stored.secret_version.is_some()
        && may_see_protected(connection, actor, &R::governors(id, &stored.content))?
    {
        return represent_whole::<R>(stored);
    }
    let json = match actor.audience() {
        Audience::Public => public::<R>(&row)?,
        Audience::Partners => partner::<R>(&row)?,
    };
    let json = json.ok_or_else(Error::not_found)?;
    Ok(Representation { id, version: row.version, secret_version: None, json, holds_protected: false })
}

fn represent_protected<C>(stored: &Stored<C>) -> Representation {
    let row = &stored.row;
    Representation {
        id: row.id,
        version: row.version,
        secret_version: None,
        json: canonical(row),
        holds_protected: true,
    }
}

fn represent_whole<R: Resource>(stored: Stored<R::Content>) -> Result<Representation> {
    let whole = Row { content: serde_json::to_string(&stored.content)?, ..stored.row };
    Ok(Representation {
        id: whole.id,
        version: whole.version,
        secret_version: stored.secret_version,
        json: canonical(&whole),
        holds_protected: true,
    })
}

/// What the writer sees of what was written.
fn represent<R: Resource>(tx: &mut Tx<'_>, actor: &Actor, stored: Stored<R::Content>) -> Result<Representation> {
    let protected = R::told(&stored.content) == crate::db::Told::Protected;
    if protected {
        return Ok(represent_protected(&stored));
    }
    if stored.secret_version.is_some()
        && may_see_protected(tx.connection(), actor, &R::governors(stored.row.id, &stored.content))?
    {
        return represent_whole::<R>(stored);
    }
    let row = stored.row;
    Ok(Representation {
        id: row.id,
        version: row.version,
        secret_version: None,
        json: canonical(&row),
        holds_protected: false,
    })
}

/// Makes a record from what a client sent.
pub(crate) fn create<R: Resource>(tx: &mut Tx<'_>, actor: &Actor, body: Value) -> Result<Wrote> {
    let content = input::read::<R>(body)?;
    create_with::<R>(tx, actor, content)
}

fn writers<R: Resource>(id: Uuid, content: &R::Content) -> Writers {
    Writers { governors: R::governors(id, content), umbrellas: R::umbrellas(content) }
}

fn create_with<R: Resource>(tx: &mut Tx<'_>, actor: &Actor, content: R::Content) -> Result<Wrote> {
    let id = Uuid::now_v7();
    let writers = writers::<R>(id, &content);
    permission::may_create(tx.connection(), actor, R::KIND, id, &writers)?;
    let outcome = steps::create::<R>(tx, id, content, &mut Known::default())?;
    permission::wrote(tx, actor, Some((R::KIND, id)), &writers.governors)?;
    Ok(Wrote { record: represent::<R>(tx, actor, outcome.stored)?, effect: outcome.effect })
}

/// The record that a write is about, when the actor may know of it.
fn for_writing<R: Resource>(tx: &mut Tx<'_>, actor: &Actor, id: Uuid) -> Result<(Stored<R::Content>, bool)> {
    R::lock(tx.connection(), id)?;
    let Some(stored) = R::reveal(tx.connection(), id)? else {
        return Err(absent(tx.connection(), actor, R::KIND, id));
    };
    let governors = R::governors(id, &stored.content);
    let sees_protected = may_see_protected(tx.connection(), actor, &governors)?;
    if !sees_protected && R::told(&stored.content) == crate::db::Told::Protected {
        return Err(absent(tx.connection(), actor, R::KIND, id));
    }
    may_write(tx.connection(), actor, &writers::<R>(id, &stored.content))?;
    Ok((stored, sees_protected))
}

/// A condition on the version that a write starts from.
pub(crate) type Precondition<'a> = &'a dyn Fn(i64) -> Result<()>;

/// Changes a record by a JSON Merge Patch.
pub(crate) fn patch<R: Resource>(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: Uuid,
    precondition: Precondition<'_>,
    patch: &Value,
) -> Result<Wrote> {
    let (before, sees_protected) = for_writing::<R>(tx, actor, id)?;
    precondition(before.row.version)?;
    let base = if sees_protected { before.content.clone() } else { parse::<R>(&before.row)? };
    let mut value = serde_json::to_value(&base)?;
    merge_patch(&mut value, patch);
    let content = input::read_patched::<R>(value, patch)?;
    store::<R>(tx, actor, before, sees_protected, content)
}

/// Makes the content of a record what a client sent.
fn replace<R: Resource>(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: Uuid,
    precondition: Precondition<'_>,
    content: R::Content,
) -> Result<Wrote> {
    let (before, sees_protected) = for_writing::<R>(tx, actor, id)?;
    precondition(before.row.version)?;
    store::<R>(tx, actor, before, sees_protected, content)
}

fn store<R: Resource>(
    tx: &mut Tx<'_>,
    actor: &Actor,
    before: Stored<R::Content>,
    sees_protected: bool,
    mut content: R::Content,
) -> Result<Wrote> {
    if !sees_protected && !R::keep_secret(&before.content, &mut content) {
        return Err(Error::problem(
            Code::Forbidden,
            Message::fixed(
                "Bara den som får se det skyddade får ta bort skyddet.",
                "Only those who may see what is protected may lift the protection.",
            ),
        ));
    }
    // Nobody hangs a record under an organisation that is not its own to write.
    let id = before.row.id;
    let (was, is) = (writers::<R>(id, &before.content), writers::<R>(id, &content));
    for governor in is.governors.iter().filter(|governor| !was.governors.contains(governor)) {
        let alone = Writers { governors: vec![*governor], umbrellas: is.umbrellas.clone() };
        may_write(tx.connection(), actor, &alone)?;
    }
    if was != is {
        may_write(tx.connection(), actor, &is)?;
    }
    let outcome = steps::update::<R>(tx, before, content, &mut Known::default())?;
    if outcome.effect != Effect::Unchanged {
        permission::wrote(tx, actor, None, &is.governors)?;
    }
    Ok(Wrote { record: represent::<R>(tx, actor, outcome.stored)?, effect: outcome.effect })
}

/// Creates or replaces a record by a key of the caller's.
pub(crate) fn put<R: Resource>(
    tx: &mut Tx<'_>,
    actor: &Actor,
    path: &PathId,
    precondition: Precondition<'_>,
    body: Value,
) -> Result<Wrote> {
    let mut content = input::read::<R>(body)?;
    let PathId::Identifier { scheme, value } = path else {
        let PathId::Uuid(id) = path else { return Err(Error::not_found()) };
        return replace::<R>(tx, actor, *id, precondition, content);
    };
    let key = Identifier { scheme: scheme.clone(), value: value.clone() };
    if !R::identifiers(&mut content).contains(&key) {
        R::identifiers(&mut content).insert(0, key);
        content = steps::checked::<R>(content)?;
    }
    match holder(tx.connection(), scheme, value)? {
        Some((kind, id)) if kind == R::KIND => replace::<R>(tx, actor, id, precondition, content),
        Some(_) => Err(Error::Problem {
            code: Code::IdentifierTaken,
            detail: Message::fixed(
                "En post av ett annat slag har redan den identifieraren.",
                "A record of another kind already holds that identifier.",
            ),
            errors: vec![FieldError::parameter(
                "id",
                "taken",
                Message::fixed("Identifieraren är upptagen.", "The identifier is taken."),
            )],
        }),
        None => {
            precondition(0)?;
            let outcome = create_with::<R>(tx, actor, content);
            if let Err(error) = &outcome
                && error.code() == Code::IdentifierTaken
                && holder(tx.connection(), scheme, value)?.is_some()
            {
                // Someone took the key since it was looked up: done again, this replaces what is there.
                return Err(Error::Clash(error.to_string()));
            }
            outcome
        }
    }
}

/// Deletes a record with what it owns; gives its last version.
pub(crate) fn delete<R: Resource>(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: Uuid,
    precondition: Precondition<'_>,
) -> Result<i64> {
    let (before, _) = for_writing::<R>(tx, actor, id)?;
    precondition(before.row.version)?;
    let version = before.row.version + 1;
    steps::delete::<R>(tx, before)?;
    Ok(version)
}

/// The versions of a record, newest first, as far as the actor may see them.
pub(crate) fn history<R: Resource>(connection: &mut AnyConnection, actor: &Actor, id: Uuid) -> Result<Vec<Change>> {
    // Who may not read the record may not read its past.
    read::<R>(connection, actor, id)?;
    let partners = actor.audience() == Audience::Partners;
    let mut changes = of_record(connection, id)?;
    changes.retain(|change| {
        change.content.is_some() && (partners || !change.partners_only) && change.operation != Operation::Erased
    });
    Ok(changes)
}

/// The version of a record that stood at a moment.
pub(crate) fn as_of<R: Resource>(
    connection: &mut AnyConnection,
    actor: &Actor,
    id: Uuid,
    at: DateTime<Utc>,
) -> Result<Option<Change>> {
    Ok(history::<R>(connection, actor, id)?.into_iter().find(|change| change.at <= at))
}

/// Whether the actor may change a record; never a fault where it may not see it.
pub(crate) fn may_change<R: Resource>(connection: &mut AnyConnection, actor: &Actor, id: Uuid) -> Result<bool> {
    if permission::may_ever_write(actor).is_err() {
        return Ok(false);
    }
    let Some(stored) = R::reveal(connection, id)? else { return Ok(false) };
    match may_write(connection, actor, &writers::<R>(id, &stored.content)) {
        Ok(()) => Ok(true),
        Err(Error::Problem { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The canonical JSON of these records, as far as the actor may see them.
pub(crate) fn load_visible(
    connection: &mut AnyConnection,
    actor: &Actor,
    kind: Kind,
    ids: &[Uuid],
) -> Result<Vec<(Uuid, String)>> {
    with_kind!(kind, R => {
        let mut found = Vec::new();
        // SQLite binds at most some thousand values in a statement.
        for ids in ids.chunks(500) {
            for row in R::load(connection, ids)? {
                let json = match actor.audience() {
                    Audience::Public => public::<R>(&row)?,
                    Audience::Partners => partner::<R>(&row)?,
                };
                found.extend(json.map(|json| (row.id, json)));
            }
        }
        Ok(found)
    })
}

/// What a merge is told.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(example = json!({"absorbedId": "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f", "reason": "Samma förening, registrerad två gånger"}))]
pub struct MergeInput {
    /// The organisation that goes.
    pub absorbed_id: Uuid,
    /// Why the two are one.
    #[schema(max_length = 500)]
    pub reason: String,
}

/// Lets one organisation absorb another.
pub(crate) fn merge(tx: &mut Tx<'_>, actor: &Actor, survivor: Uuid, mut body: Value) -> Result<Wrote> {
    must_be_steward(actor)?;
    let mut errors = Vec::new();
    clean(&mut body, &mut errors);
    errors.extend(Validator::for_merges()?.check(&mut body));
    if !errors.is_empty() {
        return Err(Error::invalid(errors));
    }
    let input: MergeInput =
        serde_json::from_value(body).map_err(|_| Error::internal("a checked merge does not parse"))?;
    // Of two merges of the same two, either way round, one waits for the other.
    for id in [survivor.min(input.absorbed_id), survivor.max(input.absorbed_id)] {
        Organisations::lock(tx.connection(), id)?;
    }
    let (survivor, _) = for_writing::<Organisations>(tx, actor, survivor)?;
    let Some(absorbed) = Organisations::reveal(tx.connection(), input.absorbed_id)? else {
        return Err(Error::invalid(vec![FieldError::at(
            "/absorbedId",
            "unknown-reference",
            Message::fixed("Ingen sådan organisation finns.", "There is no such organisation."),
        )]));
    };
    let (from, to) = (absorbed.row.id, survivor.row.id);
    let outcome = organisation::merge::merge(tx, survivor, absorbed)?;
    tx.hand_over(from, to)?;
    tx.note(Entry {
        action: "merge-reason",
        kind: Some(Kind::Organisation.name()),
        record: Some(to.to_string()),
        change: None,
        content: Some(serde_json::json!({"absorbed": from, "reason": input.reason}).to_string()),
    });
    Ok(Wrote { record: represent::<Organisations>(tx, actor, outcome.stored)?, effect: Effect::Updated })
}
