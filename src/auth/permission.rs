//! Who may do what: the one place that decides it, below everything that asks.

use crate::auth::actor::{Actor, Role};
use crate::db::clients::keeper;
use crate::db::{AnyConnection, Told, Tx};
use crate::error::{Code, Error, Message, Result};
use crate::resources::organisation::above;
use crate::resources::{Audience, Kind};
use uuid::Uuid;

/// Which organisations' clients may write a record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Writers {
    /// Editors of these, and of what lies above them.
    pub governors: Vec<Uuid>,
    /// Umbrellas that are these.
    pub umbrellas: Vec<Uuid>,
}

/// Whether the actor may write a record of these writers.
pub(crate) fn may_write(connection: &mut AnyConnection, actor: &Actor, writers: &Writers) -> Result<()> {
    let Writers { governors, umbrellas } = writers;
    let allowed = match actor {
        Actor::Operator | Actor::Client { role: Role::Steward | Role::Administrator, .. } => true,
        Actor::Client { role: Role::Editor, organisation: Some(own), .. } => governs(connection, *own, governors)?,
        Actor::Client { role: Role::Umbrella, organisation: Some(own), .. } => {
            governs(connection, *own, governors)?
                || governs(connection, *own, umbrellas)?
                || keeps(connection, *own, governors)?
        }
        Actor::Client { .. } | Actor::Anyone => return may_ever_write(actor).and(Err(forbidden())),
    };
    if allowed { Ok(()) } else { Err(forbidden()) }
}

/// Whether the actor may make a record of these writers. An umbrella may make organisations that nobody
/// governs yet: it is then their source.
pub(crate) fn may_create(
    connection: &mut AnyConnection,
    actor: &Actor,
    kind: Kind,
    id: Uuid,
    writers: &Writers,
) -> Result<()> {
    if let Actor::Client { role: Role::Umbrella, organisation: Some(_), .. } = actor
        && kind == Kind::Organisation
        && writers.governors == [id]
    {
        return Ok(());
    }
    may_write(connection, actor, writers)
}

/// Notes what follows from a write for who may write next: an umbrella keeps the organisations that it made, until an editor
/// of theirs writes something of theirs. What an organisation has assured is then not overwritten.
pub(crate) fn wrote(tx: &mut Tx<'_>, actor: &Actor, made: Option<(Kind, Uuid)>, governors: &[Uuid]) -> Result<()> {
    match (actor, made) {
        (
            Actor::Client { role: Role::Umbrella, organisation: Some(own), .. },
            Some((Kind::Organisation, organisation)),
        ) => tx.keep(organisation, *own),
        (Actor::Client { role: Role::Editor, organisation: Some(own), .. }, _) => {
            for governor in governors {
                // What lies above is not theirs, although it governs the record too.
                if governs(tx.connection(), *own, &[*governor])? {
                    tx.take_over(*governor)?;
                }
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Whether the actor may write anything at all.
pub(crate) fn may_ever_write(actor: &Actor) -> Result<()> {
    match actor {
        Actor::Anyone => Err(unauthorized("Att skriva kräver en token.", "Writing needs a token.")),
        Actor::Client { role: Role::Reader, .. } => Err(forbidden()),
        Actor::Client { .. } | Actor::Operator => Ok(()),
    }
}

/// Whether the actor is a steward.
pub(crate) fn must_be_steward(actor: &Actor) -> Result<()> {
    may_ever_write(actor)?;
    match actor {
        Actor::Operator | Actor::Client { role: Role::Steward | Role::Administrator, .. } => Ok(()),
        Actor::Client { .. } | Actor::Anyone => Err(forbidden()),
    }
}

/// Whether the actor is an administrator: clients, keys, the audit log, what is held about persons.
pub(crate) fn must_be_administrator(actor: &Actor) -> Result<()> {
    match actor {
        Actor::Anyone => Err(unauthorized("Det här kräver en token.", "This needs a token.")),
        Actor::Operator | Actor::Client { role: Role::Administrator, .. } => Ok(()),
        Actor::Client { .. } => Err(forbidden()),
    }
}

/// The client that an actor is: it has things of its own, such as webhooks. Administrators see those of all.
pub(crate) fn must_be_client(actor: &Actor) -> Result<(&str, bool)> {
    match actor {
        Actor::Client { id, role, .. } => Ok((id, *role == Role::Administrator)),
        Actor::Anyone | Actor::Operator => Err(unauthorized("Det här kräver en token.", "This needs a token.")),
    }
}

/// Whether a client has shown a token, which holds until some time. An API key has no end: it reads, and no more.
pub(crate) fn must_show_token(until: Option<i64>) -> Result<()> {
    until.map(drop).ok_or_else(|| {
        Error::problem(Code::Forbidden, Message::fixed("En API-nyckel läser bara.", "An API key only reads."))
    })
}

/// Whether the actor may see protected parts of a record that these organisations govern.
pub(crate) fn may_see_protected(connection: &mut AnyConnection, actor: &Actor, governors: &[Uuid]) -> Result<bool> {
    match actor {
        Actor::Operator | Actor::Client { protected: true, .. } => Ok(true),
        Actor::Client { role: Role::Editor, organisation: Some(own), .. } => governs(connection, *own, governors),
        Actor::Client { .. } | Actor::Anyone => Ok(false),
    }
}

/// Whether the actor may know that there was a record, of which so many were told.
pub(crate) fn may_know_of(actor: &Actor, told: Told) -> bool {
    match told {
        Told::Public => true,
        Told::Partners => actor.audience() == Audience::Partners,
        Told::Protected => matches!(actor, Actor::Operator | Actor::Client { protected: true, .. }),
    }
}

/// Whether one of the governors is the organisation itself or lies below it.
fn governs(connection: &mut AnyConnection, own: Uuid, governors: &[Uuid]) -> Result<bool> {
    for governor in governors {
        if *governor == own || above(connection, *governor)?.contains(&own) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether the umbrella keeps one of the governors up to date.
fn keeps(connection: &mut AnyConnection, umbrella: Uuid, governors: &[Uuid]) -> Result<bool> {
    for governor in governors {
        if keeper(connection, *governor)? == Some(umbrella) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn unauthorized(sv: &'static str, en: &'static str) -> Error {
    Error::problem(Code::Unauthorized, Message::fixed(sv, en))
}

fn forbidden() -> Error {
    Error::problem(
        Code::Forbidden,
        Message::fixed("Klientens roll räcker inte för detta.", "The client's role does not allow this."),
    )
}
