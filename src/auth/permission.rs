//! Who may write what, and who may see what is protected.

use crate::auth::actor::{Actor, Role};
use crate::db::AnyConnection;
use crate::error::{Code, Error, Message, Result};
use crate::resources::organisation::above;
use uuid::Uuid;

/// Whether the actor may write a record that these organisations govern.
pub(crate) fn may_write(connection: &mut AnyConnection, actor: &Actor, governors: &[Uuid]) -> Result<()> {
    match actor {
        Actor::Operator | Actor::Client { role: Role::Steward | Role::Administrator, .. } => Ok(()),
        Actor::Client { role: Role::Editor | Role::Umbrella, organisation: Some(own), .. } => {
            if governs(connection, *own, governors)? { Ok(()) } else { Err(forbidden()) }
        }
        Actor::Client { .. } | Actor::Anyone => may_ever_write(actor).and(Err(forbidden())),
    }
}

/// Whether the actor may write anything at all.
pub(crate) fn may_ever_write(actor: &Actor) -> Result<()> {
    match actor {
        Actor::Anyone => Err(Error::problem(
            Code::Unauthorized,
            Message::fixed("Att skriva kräver en token.", "Writing needs a token."),
        )),
        Actor::Client { role: Role::Reader, .. } => Err(forbidden()),
        Actor::Client { .. } | Actor::Operator => Ok(()),
    }
}

/// Whether the actor is a steward.
pub(crate) fn must_be_steward(connection: &mut AnyConnection, actor: &Actor) -> Result<()> {
    // Editors are let through by governors only, and here there are none.
    may_write(connection, actor, &[])
}

/// Whether the actor may see protected parts of a record that these organisations govern.
pub(crate) fn may_see_protected(connection: &mut AnyConnection, actor: &Actor, governors: &[Uuid]) -> Result<bool> {
    match actor {
        Actor::Operator | Actor::Client { protected: true, .. } => Ok(true),
        Actor::Client { role: Role::Editor, organisation: Some(own), .. } => governs(connection, *own, governors),
        Actor::Client { .. } | Actor::Anyone => Ok(false),
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

fn forbidden() -> Error {
    Error::problem(
        Code::Forbidden,
        Message::fixed("Klientens roll räcker inte för detta.", "The client's role does not allow this."),
    )
}
