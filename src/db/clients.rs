//! Clients and what they show to be known. Every change of these has a number in the counter, which nodes look at often.

use super::operations::Operations;
use super::schema::{assertions, clients, counter, credentials, keepers};
use super::{AnyConnection, Tx};
use crate::error::Result;
use chrono::NaiveDateTime;
use diesel::prelude::*;
use uuid::Uuid;

/// A stored client.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = clients)]
pub struct ClientRow {
    /// Its id.
    pub id: String,
    /// A name for people.
    pub name: String,
    /// What it may do.
    pub role: String,
    /// The organisation that it acts for.
    pub organisation_id: Option<String>,
    /// Scopes beside those of its role, separated by spaces.
    pub scopes: String,
    /// When it was made.
    pub created_at: NaiveDateTime,
    /// Since when it may do nothing.
    pub revoked_at: Option<NaiveDateTime>,
}

/// What a client shows to be known.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = credentials)]
pub struct CredentialRow {
    /// Its id.
    pub id: String,
    /// Whose it is.
    pub client_id: String,
    /// `secret`, `api-key` or `public-key`.
    pub kind: String,
    /// How its text begins: for looking it up, and for people to tell it by.
    pub prefix: String,
    /// SHA-256 of its text; of a public key its thumbprint (RFC 7638).
    pub hash: String,
    /// A public key as JWK (RFC 7517).
    pub public_key: Option<String>,
    /// When it was made.
    pub created_at: NaiveDateTime,
    /// When it ends.
    pub expires_at: Option<NaiveDateTime>,
}

impl Operations<'_> {
    /// Stores a client.
    pub(crate) fn insert_client(&mut self, client: &ClientRow) -> Result<()> {
        diesel::insert_into(clients::table).values(client.clone()).execute(self.connection)?;
        self.rights_changed()
    }

    /// The client of that id.
    pub(crate) fn client(&mut self, id: &str) -> Result<Option<ClientRow>> {
        client(self.connection, id)
    }

    /// Takes a client's rights away; false when it had none.
    pub(crate) fn revoke_client(&mut self, id: &str) -> Result<bool> {
        let live = clients::table.filter(clients::id.eq(id)).filter(clients::revoked_at.is_null());
        let changed = diesel::update(live).set(clients::revoked_at.eq(self.at.naive_utc())).execute(self.connection)?;
        self.rights_changed()?;
        Ok(changed > 0)
    }

    /// Stores what a client shows.
    pub(crate) fn insert_credential(&mut self, credential: &CredentialRow) -> Result<()> {
        diesel::insert_into(credentials::table).values(credential.clone()).execute(self.connection)?;
        self.rights_changed()
    }

    /// What a client shows that has not ended, oldest first.
    pub(crate) fn credentials(&mut self, client: &str) -> Result<Vec<CredentialRow>> {
        credentials_of(self.connection, client, self.at.naive_utc())
    }

    /// Lets the secrets of a client end at a moment, where they do not end sooner.
    pub(crate) fn end_secrets(&mut self, client: &str, at: NaiveDateTime) -> Result<()> {
        let ending = credentials::table
            .filter(credentials::client_id.eq(client))
            .filter(credentials::kind.eq("secret"))
            .filter(credentials::expires_at.is_null().or(credentials::expires_at.gt(at)));
        diesel::update(ending).set(credentials::expires_at.eq(at)).execute(self.connection)?;
        self.rights_changed()
    }

    /// Takes away something that a client shows; false when there is no such thing.
    pub(crate) fn delete_credential(&mut self, client: &str, id: &str) -> Result<bool> {
        let it = credentials::table.filter(credentials::id.eq(id)).filter(credentials::client_id.eq(client));
        let deleted = diesel::delete(it).execute(self.connection)?;
        self.rights_changed()?;
        Ok(deleted > 0)
    }

    /// Takes a signed assertion; false when it was taken before. Those that have expired go.
    pub(crate) fn take_assertion(&mut self, client: &str, jti: &str, expires_at: NaiveDateTime) -> Result<bool> {
        diesel::delete(assertions::table.filter(assertions::expires_at.lt(self.at.naive_utc())))
            .execute(self.connection)?;
        let taken: i64 = assertions::table
            .filter(assertions::client_id.eq(client))
            .filter(assertions::jti.eq(jti))
            .count()
            .get_result(self.connection)?;
        if taken > 0 {
            return Ok(false);
        }
        // Of two that come at once one breaks the key: it is done again, and finds it taken.
        diesel::insert_into(assertions::table)
            .values((assertions::client_id.eq(client), assertions::jti.eq(jti), assertions::expires_at.eq(expires_at)))
            .execute(self.connection)?;
        Ok(true)
    }

    fn rights_changed(&mut self) -> Result<()> {
        rights_changed(self.connection)
    }
}

fn rights_changed(connection: &mut AnyConnection) -> Result<()> {
    diesel::update(counter::table).set(counter::rights.eq(counter::rights + 1)).execute(connection)?;
    Ok(())
}

/// The epoch and the number of the last change of rights.
pub(crate) fn rights(connection: &mut AnyConnection) -> Result<(String, i64)> {
    Ok(counter::table.select((counter::epoch, counter::rights)).first(connection)?)
}

/// The client of that id.
pub(crate) fn client(connection: &mut AnyConnection, id: &str) -> Result<Option<ClientRow>> {
    Ok(clients::table.filter(clients::id.eq(id)).get_result(connection).optional()?)
}

/// All clients, oldest first.
pub(crate) fn clients(connection: &mut AnyConnection) -> Result<Vec<ClientRow>> {
    Ok(clients::table.order((clients::created_at, clients::id)).load(connection)?)
}

/// What a client shows that has not ended at a moment, oldest first.
pub(crate) fn credentials_of(
    connection: &mut AnyConnection,
    client: &str,
    now: NaiveDateTime,
) -> Result<Vec<CredentialRow>> {
    Ok(credentials::table
        .filter(credentials::client_id.eq(client))
        .filter(credentials::expires_at.is_null().or(credentials::expires_at.gt(now)))
        .order((credentials::created_at, credentials::id))
        .load(connection)?)
}

/// All API keys.
pub(crate) fn api_keys(connection: &mut AnyConnection) -> Result<Vec<CredentialRow>> {
    Ok(credentials::table.filter(credentials::kind.eq("api-key")).load(connection)?)
}

/// The umbrella that keeps an organisation up to date.
pub(crate) fn keeper(connection: &mut AnyConnection, organisation: Uuid) -> Result<Option<Uuid>> {
    let found: Option<String> = keepers::table
        .filter(keepers::record_id.eq(organisation.to_string()))
        .select(keepers::umbrella_id)
        .get_result(connection)
        .optional()?;
    found.as_deref().map(super::id).transpose()
}

impl Tx<'_> {
    /// Notes which umbrella keeps an organisation up to date.
    pub(crate) fn keep(&mut self, organisation: Uuid, umbrella: Uuid) -> Result<()> {
        diesel::insert_into(keepers::table)
            .values((keepers::record_id.eq(organisation.to_string()), keepers::umbrella_id.eq(umbrella.to_string())))
            .execute(self.connection())?;
        Ok(())
    }

    /// The organisation keeps itself up to date from now on.
    pub(crate) fn take_over(&mut self, organisation: Uuid) -> Result<()> {
        diesel::delete(keepers::table.filter(keepers::record_id.eq(organisation.to_string())))
            .execute(self.connection())?;
        Ok(())
    }

    /// Clients that acted for one organisation act for another, as does an umbrella that kept others.
    pub(crate) fn hand_over(&mut self, from: Uuid, to: Uuid) -> Result<()> {
        let (from, to) = (from.to_string(), to.to_string());
        diesel::update(keepers::table.filter(keepers::umbrella_id.eq(&from)))
            .set(keepers::umbrella_id.eq(&to))
            .execute(self.connection())?;
        let changed = diesel::update(clients::table.filter(clients::organisation_id.eq(&from)))
            .set(clients::organisation_id.eq(&to))
            .execute(self.connection())?;
        if changed > 0 { rights_changed(self.connection()) } else { Ok(()) }
    }
}
