//! Contact points: one functional way in to an organisation, network or forum.

pub(crate) mod routes;
mod store;

pub(crate) use store::of;
pub(crate) use store::protected::of as protected_of;

use crate::db::store::Row;
use crate::db::{AnyConnection, Told, Tx};
use crate::error::{FieldError, Message, Result};
use crate::resources::check::{self, Errors};
use crate::resources::describe::{self, NamesOf, audience, begin, creations_of, rest, with_kind_of, word};
use crate::resources::owner::Owner;
use crate::resources::resource::repoint;
use crate::resources::resource::{OWNERS, ReferenceTo, Resource, Stored, parse};
use crate::resources::values::{Identifier, LocalizedText, Source};
use crate::resources::{Kind, membership, organisation, steps};
use crate::search::document::Document;
use crate::vocabulary::Vocabulary;
use chrono::{DateTime, Months, NaiveDate, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a client writes of a contact point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ContactPointInput {
    /// The organisation, network or forum that it leads to.
    pub owner_id: Uuid,
    /// What the owner is.
    pub owner_type: OwnerType,
    /// The function that answers, never a person.
    pub function: LocalizedText,
    /// Keys in other registers.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub identifiers: Vec<Identifier>,
    /// What it helps with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<LocalizedText>,
    /// Keys of the vocabulary `contact-purposes`.
    #[serde(default)]
    #[schema(max_items = 20, example = json!(["general"]))]
    pub purposes: Vec<String>,
    /// Keys of the vocabulary `topics`.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub topics: Vec<String>,
    /// Municipality, county or country codes that it serves.
    #[serde(default)]
    #[schema(max_items = 300)]
    pub areas: Vec<String>,
    /// Ways to reach it.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub channels: Vec<Channel>,
    /// When it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<LocalizedText>,
    /// Keys of the vocabulary `languages`.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub languages: Vec<String>,
    /// Who may see it.
    #[serde(default)]
    pub visibility: Visibility,
    /// A named person, only with a recorded basis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<Person>,
    /// Whether it exists or is only wished for.
    #[serde(default)]
    pub status: ContactPointStatus,
    /// Where the content comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// One way to reach a contact point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "email", "value": "info@samforma.example.org"}))]
pub struct Channel {
    /// What kind of way.
    pub kind: ChannelKind,
    /// E-mail address, telephone number, web address or text, by kind.
    #[schema(min_length = 1, max_length = 500)]
    pub value: String,
}

/// Kinds of ways to reach a contact point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the words are plain")]
pub enum ChannelKind {
    Email,
    Phone,
    Web,
    Post,
    Visit,
    Form,
}

/// What a contact point belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the words are plain")]
pub enum OwnerType {
    Organisation,
    Network,
    Forum,
}

/// Who may see a contact point.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Visibility {
    /// Everyone.
    #[default]
    Public,
    /// Public bodies' systems and editors.
    Partners,
    /// The owner's editors only; never indexed.
    Protected,
}

/// Whether a contact point exists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ContactPointStatus {
    /// It exists.
    #[default]
    Active,
    /// Someone has asked for it.
    Wanted,
}

/// A named person behind a function, kept only with a recorded legal basis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(example = json!({
    "name": "Anna Exempel", "basis": "consent", "purpose": "Tar emot förfrågningar från kommunen",
    "recordedAt": "2026-11-24", "expiresAt": "2028-11-24"
}))]
pub struct Person {
    /// The person's name.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// The legal basis for publishing the name.
    pub basis: PersonBasis,
    /// What the name is published for.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 500, required = true)]
    pub purpose: String,
    /// The day the basis was recorded.
    #[schema(example = "2026-11-24")]
    pub recorded_at: NaiveDate,
    /// The last day of the name, at most five years after it was recorded; it then goes by itself. Two years when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "2028-11-24")]
    pub expires_at: Option<NaiveDate>,
}

/// A name stays for so many months unless another day is given, and never for longer than so many.
const USUAL_MONTHS: Months = Months::new(24);
const MOST_MONTHS: Months = Months::new(60);

impl Person {
    fn check(&mut self, errors: &mut Errors) {
        let after = |months| self.recorded_at.checked_add_months(months).unwrap_or(NaiveDate::MAX);
        let (usual, most) = (after(USUAL_MONTHS), after(MOST_MONTHS));
        let expires_at = *self.expires_at.get_or_insert(usual);
        if expires_at < self.recorded_at || expires_at > most {
            errors.push(FieldError::at(
                "/person/expiresAt",
                "range",
                Message::fixed(
                    "Dagen ska ligga efter recordedAt och högst fem år senare.",
                    "The day must lie after recordedAt, and at most five years later.",
                ),
            ));
        }
    }

    /// The moment at which the name has to be gone.
    fn until(&self) -> Option<NaiveDateTime> {
        self.expires_at?.succ_opt()?.and_hms_opt(0, 0, 0)
    }
}

/// Legal bases for a named person (GDPR article 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the words are the regulation's")]
pub enum PersonBasis {
    Consent,
    Contract,
    LegalObligation,
    PublicTask,
    LegitimateInterest,
}

/// The resource.
pub(crate) struct ContactPoints;

impl ContactPointInput {
    fn owner(&self) -> Owner {
        Owner { kind: self.owner_type, id: self.owner_id }
    }

    fn is_protected(&self) -> bool {
        self.visibility == Visibility::Protected
    }
}

impl Resource for ContactPoints {
    type Content = ContactPointInput;
    const KIND: Kind = Kind::ContactPoint;
    const GUARDED: bool = true;

    fn check(content: &mut ContactPointInput, errors: &mut Errors) {
        check::required_text("/function", &content.function, errors);
        check::identifiers(&mut content.identifiers, false, errors);
        check::drop_empty_text(&mut content.description);
        check::drop_empty_text(&mut content.hours);
        check::keys("/purposes", Vocabulary::ContactPurposes, &content.purposes, errors);
        check::keys("/topics", Vocabulary::Topics, &content.topics, errors);
        check::areas("/areas", &content.areas, errors);
        check::keys("/languages", Vocabulary::Languages, &content.languages, errors);
        for (index, channel) in content.channels.iter_mut().enumerate() {
            channel.check(&format!("/channels/{index}/value"), errors);
        }
        if let Some(person) = &mut content.person {
            person.check(errors);
        }
    }

    fn check_within(
        connection: &mut AnyConnection,
        _id: Uuid,
        content: &ContactPointInput,
        errors: &mut Errors,
    ) -> Result<()> {
        // Who answers for a congregation or a party shows a belief: only their own consent allows that (GDPR article 9).
        if let Some(person) = &content.person
            && person.basis != PersonBasis::Consent
            && content.owner_type == OwnerType::Organisation
            && organisation::tells_of_its_people(connection, content.owner_id)?
        {
            errors.push(FieldError::at(
                "/person/basis",
                "consent-required",
                Message::fixed(
                    "Ett namn hos en sådan organisation visar tro, hälsa, ursprung eller åsikt och kräver personens samtycke.",
                    "A name at such an organisation shows belief, health, origin or opinion and needs the person's consent.",
                ),
            ));
        }
        Ok(())
    }

    fn references(content: &ContactPointInput) -> Vec<ReferenceTo> {
        vec![owner_reference("/ownerId", content.owner())]
    }

    fn identifiers(content: &mut ContactPointInput) -> &mut Vec<Identifier> {
        &mut content.identifiers
    }

    fn governors(_id: Uuid, content: &ContactPointInput) -> Vec<Uuid> {
        (content.owner_type == OwnerType::Organisation).then_some(content.owner_id).into_iter().collect()
    }

    fn repoint(content: &mut ContactPointInput, from: Uuid, to: Uuid) {
        repoint(&mut content.owner_id, from, to);
    }

    fn told(content: &ContactPointInput) -> Told {
        match content.visibility {
            Visibility::Public => Told::Public,
            Visibility::Partners => Told::Partners,
            Visibility::Protected => Told::Protected,
        }
    }

    fn withdraws(before: &ContactPointInput, after: &ContactPointInput) -> bool {
        let fewer = |visibility: Visibility| match visibility {
            Visibility::Public => 0,
            Visibility::Partners => 1,
            Visibility::Protected => 2,
        };
        fewer(after.visibility) > fewer(before.visibility)
            || before.person.is_some() && before.person != after.person
            || before.channels.iter().any(|channel| !after.channels.contains(channel))
    }

    fn hides(before: &ContactPointInput, after: &ContactPointInput) -> bool {
        !before.is_protected() && after.is_protected()
    }

    fn load(connection: &mut AnyConnection, ids: &[Uuid]) -> Result<Vec<Row>> {
        store::load(connection, ids)
    }

    fn get(connection: &mut AnyConnection, id: Uuid) -> Result<Option<Row>> {
        store::get(connection, id)
    }

    fn after(connection: &mut AnyConnection, id: Option<Uuid>, limit: i64) -> Result<Vec<Row>> {
        store::after(connection, id, limit)
    }

    fn reveal(connection: &mut AnyConnection, id: Uuid) -> Result<Option<Stored<ContactPointInput>>> {
        let row = match store::get(connection, id)? {
            Some(row) => Some(row),
            None => store::protected::get(connection, id)?,
        };
        row.map(|row| Ok(Stored { content: parse::<Self>(&row)?, row, secret_version: None })).transpose()
    }

    fn lock(connection: &mut AnyConnection, id: Uuid) -> Result<()> {
        store::lock(connection, id)?;
        store::protected::lock(connection, id)
    }

    fn insert(tx: &mut Tx<'_>, row: &Row, content: &ContactPointInput) -> Result<()> {
        let (organisation_id, network_id, forum_id) = content.owner().columns();
        let visibility = word(&content.visibility);
        let person_until = content.person.as_ref().and_then(Person::until);
        if content.is_protected() {
            store::protected::insert(
                tx,
                row,
                store::protected::Columns { organisation_id, network_id, forum_id, visibility, person_until },
            )
        } else {
            store::insert(tx, row, store::Columns { organisation_id, network_id, forum_id, visibility, person_until })
        }
    }

    fn update(tx: &mut Tx<'_>, row: &Row, content: &ContactPointInput) -> Result<bool> {
        let (organisation_id, network_id, forum_id) = content.owner().columns();
        let visibility = word(&content.visibility);
        let person_until = content.person.as_ref().and_then(Person::until);
        if content.is_protected() {
            store::protected::update(
                tx,
                row,
                store::protected::Columns { organisation_id, network_id, forum_id, visibility, person_until },
            )
        } else {
            store::update(tx, row, store::Columns { organisation_id, network_id, forum_id, visibility, person_until })
        }
    }

    fn remove(tx: &mut Tx<'_>, id: Uuid, content: &ContactPointInput) -> Result<()> {
        if content.is_protected() { store::protected::remove(tx, id) } else { store::remove(tx, id) }
    }

    fn documents(connection: &mut AnyConnection, rows: Vec<Row>) -> Result<Vec<Document>> {
        let creations = creations_of(connection, &rows)?;
        let mut contents = Vec::with_capacity(rows.len());
        for row in rows {
            let content = parse::<Self>(&row)?;
            contents.push((row, content));
        }
        let owners = NamesOf::load(connection, contents.iter().map(|(_, content)| content.owner_id).collect())?;
        Ok(contents
            .into_iter()
            .map(|(row, content)| {
                let mut document =
                    begin::<Self>(&row, &creations, audience(Self::told(&content))).with_title(&content.function);
                document.related(owners.all(content.owner_id));
                document.filter("owner", content.owner_id.to_string());
                document.closed("ownerType", Vocabulary::RecordTypes, &content.owner_type);
                document.keyed("purpose", Vocabulary::ContactPurposes, &content.purposes);
                document.searched(Vocabulary::ContactPurposes, &content.purposes);
                document.topics(&content.topics);
                document.covers(&content.areas);
                document.keyed("language", Vocabulary::Languages, &content.languages);
                document.text(content.description.as_ref());
                for channel in &content.channels {
                    match channel.kind {
                        ChannelKind::Email => describe::email(&mut document, &channel.value),
                        ChannelKind::Phone => describe::phone(&mut document, &channel.value),
                        ChannelKind::Web | ChannelKind::Form => describe::web(&mut document, &channel.value),
                        ChannelKind::Post | ChannelKind::Visit => {}
                    }
                }
                document.filter("visibility", word(&content.visibility));
                document.closed("status", Vocabulary::Statuses, &content.status);
                document.rest = rest(&word(&content.status));
                document.identified(&content.identifiers);
                document.sourced(content.source.as_ref());
                document
            })
            .collect())
    }

    fn referrers(connection: &mut AnyConnection, id: Uuid) -> Result<Vec<(Kind, Uuid)>> {
        Ok(with_kind_of(membership::by_contact_point(connection, id)?, Kind::Membership).collect())
    }
}

/// Takes the person out of a contact point and of its past.
pub(crate) fn forget_person(tx: &mut Tx<'_>, id: Uuid) -> Result<()> {
    ContactPoints::lock(tx.connection(), id)?;
    let Some(before) = ContactPoints::reveal(tx.connection(), id)? else { return Ok(()) };
    let content = ContactPointInput { person: None, ..before.content.clone() };
    steps::replace::<ContactPoints>(tx, before, content)?;
    let without = |version: &str| {
        let mut version: Map<String, Value> = serde_json::from_str(version)?;
        version.shift_remove("person");
        Ok(Some(serde_json::to_string(&version)?))
    };
    tx.hide_past(id, without, "retention")
}

/// Every protected contact point with its content.
pub(crate) fn all_protected(connection: &mut AnyConnection) -> Result<Vec<(Uuid, String)>> {
    store::protected::all(connection)
}

/// Contact points whose person is to be gone by a moment.
pub(crate) fn with_person_until(connection: &mut AnyConnection, moment: DateTime<Utc>) -> Result<Vec<Uuid>> {
    store::with_person_until(connection, moment.naive_utc())
}

/// A reference to an owner, which must be of the kind it says.
pub(crate) fn owner_reference(pointer: &str, owner: Owner) -> ReferenceTo {
    const EACH: &[Kind] = OWNERS;
    let index = EACH.iter().position(|kind| *kind == owner.kind.record_kind()).unwrap_or(0);
    ReferenceTo::new(pointer, EACH.get(index..=index).unwrap_or(EACH), owner.id)
}

impl Channel {
    fn check(&mut self, pointer: &str, errors: &mut Errors) {
        let (good, sv, en) = match self.kind {
            ChannelKind::Email => (
                is_email(&self.value),
                "Det är ingen e-postadress. Skriv flera adresser som flera kanaler.",
                "It is no e-mail address. Write several addresses as several channels.",
            ),
            ChannelKind::Phone => (
                self.value.bytes().filter(u8::is_ascii_digit).count() >= 5
                    && self.value.chars().all(|c| c.is_ascii_digit() || " +-()/".contains(c)),
                "Det är inget telefonnummer.",
                "It is no telephone number.",
            ),
            ChannelKind::Web | ChannelKind::Form => match check::canonical_web_address(&self.value) {
                Some(address) => {
                    self.value = address;
                    (true, "", "")
                }
                None => (false, "Det är ingen webbadress.", "It is no web address."),
            },
            ChannelKind::Post | ChannelKind::Visit => (true, "", ""),
        };
        if !good {
            errors.push(FieldError::at(pointer, "format", Message::fixed(sv, en)));
        }
    }
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    !local.is_empty()
        && domain.contains('.')
        && !domain.starts_with('.')
        && !domain.ends_with('.')
        && !text.chars().any(|c| c.is_whitespace() || ",;<>()[]\\\"".contains(c))
        && !domain.contains('@')
}
