//! Forums in the database.

use crate::db::schema::forum_hosts;
use crate::db::store::{ids, record_store};
use crate::db::{AnyConnection, Tx};
use crate::error::Result;
use diesel::prelude::*;
use uuid::Uuid;

record_store!(forums { status: String });

/// Makes the hosts those given.
pub(crate) fn set_hosts(tx: &mut Tx<'_>, id: Uuid, hosts: &[Uuid]) -> Result<()> {
    diesel::delete(forum_hosts::table.filter(forum_hosts::forum_id.eq(id.to_string()))).execute(tx.connection())?;
    for host in hosts {
        diesel::insert_into(forum_hosts::table)
            .values((forum_hosts::forum_id.eq(id.to_string()), forum_hosts::organisation_id.eq(host.to_string())))
            .execute(tx.connection())?;
    }
    Ok(())
}

/// The forums that an organisation hosts.
pub(crate) fn hosted(connection: &mut AnyConnection, organisation: Uuid) -> Result<Vec<Uuid>> {
    ids(forum_hosts::table
        .filter(forum_hosts::organisation_id.eq(organisation.to_string()))
        .select(forum_hosts::forum_id)
        .load(connection)?)
}
