//! Networks in the database.

use crate::db::schema::network_hosts;
use crate::db::store::{ids, record_store};
use crate::db::{AnyConnection, Tx};
use crate::error::Result;
use diesel::prelude::*;
use uuid::Uuid;

record_store!(networks { status: String });

/// Makes the hosts those given.
pub(crate) fn set_hosts(tx: &mut Tx<'_>, id: Uuid, hosts: &[Uuid]) -> Result<()> {
    diesel::delete(network_hosts::table.filter(network_hosts::network_id.eq(id.to_string())))
        .execute(tx.connection())?;
    for host in hosts {
        diesel::insert_into(network_hosts::table)
            .values((network_hosts::network_id.eq(id.to_string()), network_hosts::organisation_id.eq(host.to_string())))
            .execute(tx.connection())?;
    }
    Ok(())
}

/// The networks that an organisation hosts.
pub(crate) fn hosted(connection: &mut AnyConnection, organisation: Uuid) -> Result<Vec<Uuid>> {
    ids(network_hosts::table
        .filter(network_hosts::organisation_id.eq(organisation.to_string()))
        .select(network_hosts::network_id)
        .load(connection)?)
}
