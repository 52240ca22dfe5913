//! Organisations: any actor, from a village association to a unit of a public body.

pub(crate) mod merge;
pub(crate) mod relations;
pub(crate) mod routes;
mod store;

use crate::db::store::Row;
use crate::db::{AnyConnection, Lock, Tx};
use crate::error::{Error, FieldError, Message, Result};
use crate::resources::check::{self, Errors};
use crate::resources::describe::{self, NamesOf, begin, creations_of, rest, with_kind_of, word};
use crate::resources::owner::Owner;
use crate::resources::resource::repoint;
use crate::resources::resource::{ORGANISATIONS, ReferenceTo, Resource, Stored, forward_store, parse};
use crate::resources::values::{Address, Exchange, Identifier, Level, LocalizedText, Location, Name, Source};
use crate::resources::{Audience, Kind, collaboration, contact_point, forum, meeting, membership, network};
use crate::search::document::Document;
use crate::vocabulary::Vocabulary;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use utoipa::ToSchema;
use uuid::Uuid;

/// What a client writes of an organisation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct OrganisationInput {
    /// The sector of society it belongs to.
    pub sector: Sector,
    /// Key of the vocabulary `organisation-kinds`.
    #[schema(max_length = 60, example = "association")]
    pub kind: String,
    /// Names; at least one is official.
    #[schema(min_items = 1, max_items = 50)]
    pub names: Vec<Name>,
    /// Keys in other registers.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub identifiers: Vec<Identifier>,
    /// The organisation whose organisation number this branch uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses_number_of: Option<Uuid>,
    /// Key of the vocabulary `legal-forms`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 10, example = "61")]
    pub legal_form: Option<String>,
    /// Levels it works on.
    #[serde(default)]
    #[schema(max_items = 4)]
    pub levels: Vec<Level>,
    /// The organisation this one is a unit or branch of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<Uuid>,
    /// Municipality of its seat (four digits).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4, example = "2580")]
    pub seat_municipality: Option<String>,
    /// Municipality (2580), county (25) and country (SE) codes where it is active.
    #[serde(default)]
    #[schema(max_items = 300, example = json!(["25"]))]
    pub active_in: Vec<String>,
    /// Keys of the vocabulary `activity-areas`.
    #[serde(default)]
    #[schema(max_items = 30)]
    pub activity_areas: Vec<String>,
    /// Keys of the vocabulary `topics`.
    #[serde(default)]
    #[schema(max_items = 50, example = json!(["civil-beredskap"]))]
    pub topics: Vec<String>,
    /// Numbers of the sustainability goals, 1 to 17, as keys of the vocabulary.
    #[serde(default)]
    #[schema(max_items = 17, example = json!(["3"]))]
    pub sustainability_goals: Vec<String>,
    /// Keys of the vocabulary `target-groups`.
    #[serde(default)]
    #[schema(max_items = 30)]
    pub target_groups: Vec<String>,
    /// Languages it works in, keys of the vocabulary `languages`.
    #[serde(default)]
    #[schema(max_items = 50, example = json!(["sv"]))]
    pub languages: Vec<String>,
    /// What it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<LocalizedText>,
    /// Its web site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500, example = "https://www.samforma.se")]
    pub website: Option<String>,
    /// Its address. Absent where the address is protected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// Where it is. Absent where the address is protected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// Whether address and location are kept from everyone but its editors.
    #[serde(default)]
    pub address_protected: bool,
    /// What it can give others.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub offers: Vec<Exchange>,
    /// What it looks for.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub needs: Vec<Exchange>,
    /// How it wants to be contacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_preference: Option<ContactPreference>,
    /// Whether it rests on a democratic ground: statutes, open membership, elected board.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub democratic_basis: Option<bool>,
    /// Whether it is at work.
    #[serde(default)]
    pub status: OrganisationStatus,
    /// Where the content comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// The sector an organisation belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the words are plain")]
pub enum Sector {
    CivilSociety,
    Public,
    Private,
    Academia,
}

/// How an organisation wants to be contacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ContactPreference {
    /// By its own contact points.
    Direct,
    /// By the umbrella it is a member of.
    ViaUmbrella,
}

/// Whether an organisation is at work. `merged` is set by a merge only.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the words are plain")]
pub enum OrganisationStatus {
    #[default]
    Active,
    Dormant,
    Dissolved,
}

/// The kind whose addresses are protected unless it is said otherwise.
const SHELTER: &str = "shelter";

/// The resource.
pub(crate) struct Organisations;

/// What a protected table holds of an organisation.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Whereabouts {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<Address>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    location: Option<Location>,
}

fn columns(content: &OrganisationInput) -> store::Columns {
    store::Columns {
        status: word(&content.status),
        parent_id: content.parent_id.map(|id| id.to_string()),
        uses_number_of: content.uses_number_of.map(|id| id.to_string()),
    }
}

impl Resource for Organisations {
    type Content = OrganisationInput;
    const KIND: Kind = Kind::Organisation;
    const SECRET: bool = true;

    fn check(content: &mut OrganisationInput, errors: &mut Errors) {
        check::key("/kind", Vocabulary::OrganisationKinds, &content.kind, errors);
        check::names(&content.names, errors);
        check::identifiers(&mut content.identifiers, true, errors);
        let own_number = content.identifiers.iter().any(|i| i.scheme == crate::identifier::ORGANISATION_NUMBER);
        if own_number && content.uses_number_of.is_some() {
            errors.push(FieldError::at(
                "/usesNumberOf",
                "conflict",
                Message::fixed(
                    "En gren som använder en annans nummer har inget eget.",
                    "A branch that uses another's number holds none itself.",
                ),
            ));
        }
        if let Some(form) = &content.legal_form {
            check::key("/legalForm", Vocabulary::LegalForms, form, errors);
        }
        check::unique("/levels", &content.levels, errors);
        if let Some(code) = &content.seat_municipality {
            check::municipality("/seatMunicipality", code, errors);
        }
        check::areas("/activeIn", &content.active_in, errors);
        check::keys("/activityAreas", Vocabulary::ActivityAreas, &content.activity_areas, errors);
        check::keys("/topics", Vocabulary::Topics, &content.topics, errors);
        check::keys("/sustainabilityGoals", Vocabulary::SustainabilityGoals, &content.sustainability_goals, errors);
        check::keys("/targetGroups", Vocabulary::TargetGroups, &content.target_groups, errors);
        check::keys("/languages", Vocabulary::Languages, &content.languages, errors);
        check::drop_empty_text(&mut content.description);
        check::web_address("/website", &mut content.website, errors);
        check::address("/address", &mut content.address, errors);
        check::exchanges("/offers", &content.offers, errors);
        check::exchanges("/needs", &content.needs, errors);
    }

    fn references(content: &OrganisationInput) -> Vec<ReferenceTo> {
        let parent = content.parent_id.map(|id| ReferenceTo::new("/parentId", ORGANISATIONS, id));
        let number = content.uses_number_of.map(|id| ReferenceTo::new("/usesNumberOf", ORGANISATIONS, id));
        parent.into_iter().chain(number).collect()
    }

    fn identifiers(content: &mut OrganisationInput) -> &mut Vec<Identifier> {
        &mut content.identifiers
    }

    fn shown(content: &OrganisationInput) -> Vec<String> {
        let names = content.names.iter();
        let names = names.map(|name| format!("{} {} {}", word(&name.kind), word(&name.lang), name.value));
        // What lies below shows the names of all above: it has others when this one hangs elsewhere.
        names.chain(content.parent_id.map(|parent| parent.to_string())).collect()
    }

    fn governors(id: Uuid, content: &OrganisationInput) -> Vec<Uuid> {
        std::iter::once(id).chain(content.parent_id).collect()
    }

    fn repoint(content: &mut OrganisationInput, from: Uuid, to: Uuid) {
        for reference in [&mut content.parent_id, &mut content.uses_number_of].into_iter().flatten() {
            repoint(reference, from, to);
        }
    }

    fn keep_secret(before: &OrganisationInput, after: &mut OrganisationInput) -> bool {
        let secret = before.address_protected && (before.address.is_some() || before.location.is_some());
        if secret && after.address_protected {
            after.address = after.address.take().or_else(|| before.address.clone());
            after.location = after.location.or(before.location);
        }
        !secret || after.address_protected
    }

    fn hides(before: &OrganisationInput, after: &OrganisationInput) -> bool {
        !before.address_protected && after.address_protected
    }

    fn hide(version: &str) -> Result<Option<String>> {
        let mut version: Map<String, Value> = serde_json::from_str(version)?;
        version.shift_remove("address");
        version.shift_remove("location");
        Ok(Some(serde_json::to_string(&version)?))
    }

    fn preset(content: &mut Value, said: &Value) {
        // Those who shelter others are not to be found by their address unless they say so themselves.
        if said.get("kind").is_some_and(|kind| kind == SHELTER) && said.get("addressProtected").is_none() {
            content["addressProtected"] = Value::Bool(true);
        }
    }

    fn may_have_secret(row: &Row) -> bool {
        row.content.contains("\"addressProtected\":true")
    }

    fn split(content: &OrganisationInput) -> Result<(OrganisationInput, Option<String>)> {
        let mut open = content.clone();
        if !content.address_protected || (content.address.is_none() && content.location.is_none()) {
            return Ok((open, None));
        }
        let secret = Whereabouts { address: open.address.take(), location: open.location.take() };
        Ok((open, Some(serde_json::to_string(&secret)?)))
    }

    fn write_secret(tx: &mut Tx<'_>, id: Uuid, secret: Option<String>) -> Result<bool> {
        store::set_protected(tx, id, secret)
    }

    fn reveal(connection: &mut AnyConnection, id: Uuid) -> Result<Option<Stored<OrganisationInput>>> {
        let Some(row) = store::get(connection, id)? else {
            return Ok(None);
        };
        let mut content = parse::<Self>(&row)?;
        let mut secret_version = None;
        if content.address_protected
            && let Some((version, secret)) = store::protected(connection, id)?
        {
            let secret: Whereabouts =
                serde_json::from_str(&secret).map_err(|_| Error::internal("a protected address does not parse"))?;
            (content.address, content.location) = (secret.address, secret.location);
            secret_version = Some(version);
        }
        Ok(Some(Stored { row, content, secret_version }))
    }

    forward_store!(load, get, after, lock, insert, update, remove);

    fn check_within(
        connection: &mut AnyConnection,
        id: Uuid,
        content: &OrganisationInput,
        errors: &mut Errors,
    ) -> Result<()> {
        let Some(parent) = content.parent_id else { return Ok(()) };
        // A new record has nothing below it that others could know of: only moves wait for each other.
        match store::place(connection, id)? {
            Some(held) if held == Some(parent) => return Ok(()),
            Some(_) => Lock::Trees.hold(connection)?,
            None => {}
        }
        if above(connection, parent)?.contains(&id) {
            errors.push(FieldError::at(
                "/parentId",
                "cycle",
                Message::fixed("Posten ligger redan över den.", "The record already lies above it."),
            ));
        }
        Ok(())
    }

    fn documents(connection: &mut AnyConnection, rows: Vec<Row>) -> Result<Vec<Document>> {
        let creations = creations_of(connection, &rows)?;
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let mut belongs: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
        for (member, within) in membership::belongs(connection, &ids)? {
            belongs.entry(member).or_default().push(within);
        }
        let mut partners: HashMap<Uuid, Vec<(Uuid, bool)>> = HashMap::new();
        for (one, other, yes) in collaboration::partners(connection, &ids)? {
            partners.entry(one).or_default().push((other, yes));
        }
        let rows: Vec<(Row, OrganisationInput)> = rows
            .into_iter()
            .map(|row| Ok((parse::<Self>(&row)?, row)))
            .map(|r: Result<_>| r.map(|(c, r)| (r, c)))
            .collect::<Result<_>>()?;
        // A unit is found by the names of all that it lies below: who asks for the body's unit names the body.
        let mut lines: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
        for parent in rows.iter().filter_map(|(_, content)| content.parent_id) {
            if let Entry::Vacant(line) = lines.entry(parent) {
                let mut ids = vec![parent];
                ids.extend(above(connection, parent)?);
                line.insert(ids);
            }
        }
        let parents = NamesOf::load(connection, lines.values().flatten().copied().collect())?;
        Ok(rows
            .into_iter()
            .map(|(row, content)| {
                let mut document = document(&row, &content, &creations);
                if let Some(parent) = content.parent_id {
                    document.filter("parent", parent.to_string());
                    for ancestor in lines.get(&parent).into_iter().flatten() {
                        document.related(parents.all(*ancestor));
                    }
                }
                for within in belongs.get(&row.id).into_iter().flatten() {
                    document.filter("memberOf", within.to_string());
                }
                for (other, yes) in partners.get(&row.id).into_iter().flatten() {
                    let name = if *yes { "collaboratesWith" } else { "notCollaboratingWith" };
                    document.filter(name, other.to_string());
                }
                document.filters.sort_unstable();
                document.filters.dedup();
                document
            })
            .collect())
    }

    fn dependants(connection: &mut AnyConnection, id: Uuid) -> Result<Vec<(Kind, Uuid)>> {
        let below = relations::below(connection, id)?.into_values().flatten().collect();
        let mut dependants: Vec<_> = with_kind_of(below, Kind::Organisation).collect();
        dependants.extend(owned_by(connection, id)?);
        let within = membership::within(connection, Owner { kind: contact_point::OwnerType::Organisation, id })?;
        dependants.extend(with_kind_of(within, Kind::Membership));
        dependants.extend(with_kind_of(network::hosted(connection, id)?, Kind::Network));
        dependants.extend(with_kind_of(forum::hosted(connection, id)?, Kind::Forum));
        dependants.extend(with_kind_of(collaboration::with(connection, id)?, Kind::Collaboration));
        Ok(dependants)
    }

    fn referrers(connection: &mut AnyConnection, id: Uuid) -> Result<Vec<(Kind, Uuid)>> {
        let mut referrers: Vec<_> = with_kind_of(store::children(connection, id)?, Kind::Organisation).collect();
        referrers.extend(with_kind_of(store::number_users(connection, id)?, Kind::Organisation));
        referrers.extend(with_kind_of(network::hosted(connection, id)?, Kind::Network));
        referrers.extend(with_kind_of(forum::hosted(connection, id)?, Kind::Forum));
        referrers.extend(with_kind_of(collaboration::with(connection, id)?, Kind::Collaboration));
        referrers.extend(with_kind_of(membership::representing(connection, id)?, Kind::Membership));
        let within = membership::within(connection, Owner { kind: contact_point::OwnerType::Organisation, id })?;
        referrers.extend(with_kind_of(within, Kind::Membership));
        Ok(referrers)
    }

    fn owned(connection: &mut AnyConnection, id: Uuid) -> Result<Vec<(Kind, Uuid)>> {
        owned_by(connection, id)
    }
}

/// Kinds and activity areas of organisations that tell something of those who act for them that is nobody's business: belief,
/// health, origin, union, opinion.
const TELLING_KINDS: &[&str] = &[
    "congregation",
    "patient-organisation",
    "minority-organisation",
    "ethnic-association",
    "rights-organisation",
    "trade-union",
    "political-party",
];
const TELLING_AREAS: &[&str] = &["10", "10100", "11300", "7300"];

/// Whether it tells something sensitive of a person that they act for this organisation.
pub(crate) fn tells_of_its_people(connection: &mut AnyConnection, id: Uuid) -> Result<bool> {
    let Some(row) = store::get(connection, id)? else { return Ok(false) };
    let content = parse::<Organisations>(&row)?;
    let telling = |area: &String| TELLING_AREAS.contains(&area.as_str());
    Ok(TELLING_KINDS.contains(&content.kind.as_str()) || content.activity_areas.iter().any(telling))
}

/// The organisations above this one, nearest first. No tree is a hundred levels deep.
pub(crate) fn above(connection: &mut AnyConnection, id: Uuid) -> Result<Vec<Uuid>> {
    let mut above = Vec::new();
    let mut next = store::place(connection, id)?.flatten();
    while let Some(parent) = next
        && above.len() < 100
    {
        above.push(parent);
        next = store::place(connection, parent)?.flatten();
    }
    Ok(above)
}

/// What goes with an organisation: its memberships first (they may name its contact points), contact points, meetings.
fn owned_by(connection: &mut AnyConnection, id: Uuid) -> Result<Vec<(Kind, Uuid)>> {
    let owner = Owner { kind: contact_point::OwnerType::Organisation, id };
    let mut owned: Vec<_> = with_kind_of(membership::of_member(connection, id)?, Kind::Membership).collect();
    owned.extend(with_kind_of(contact_point::of(connection, owner)?, Kind::ContactPoint));
    owned.extend(with_kind_of(contact_point::protected_of(connection, owner)?, Kind::ContactPoint));
    owned.extend(with_kind_of(meeting::of(connection, owner)?, Kind::Meeting));
    Ok(owned)
}

/// Whether there is nothing but a name: no one can tell from the record what the organisation does or how to reach it.
fn tells_little(content: &OrganisationInput) -> bool {
    content.description.is_none()
        && content.topics.is_empty()
        && content.activity_areas.is_empty()
        && content.website.is_none()
        && content.address.is_none()
        && content.offers.is_empty()
}

fn document(row: &Row, content: &OrganisationInput, creations: &HashMap<Uuid, i64>) -> Document {
    let mut document = begin::<Organisations>(row, creations, Audience::Public).with_names(&content.names);
    document.closed("sector", Vocabulary::Sectors, &content.sector);
    document.keyed("kind", Vocabulary::OrganisationKinds, std::slice::from_ref(&content.kind));
    document.searched(Vocabulary::OrganisationKinds, std::slice::from_ref(&content.kind));
    for level in &content.levels {
        document.closed("level", Vocabulary::Levels, level);
    }
    if let Some(form) = &content.legal_form {
        document.keyed("legalForm", Vocabulary::LegalForms, std::slice::from_ref(form));
    }
    if let Some(code) = &content.seat_municipality {
        document.filter("seatMunicipality", code.clone());
        document.seat = Vocabulary::Municipalities.term(code).map(|term| term.number);
    }
    document.covers(&content.active_in);
    document.topics(&content.topics);
    document.keyed("activityArea", Vocabulary::ActivityAreas, &content.activity_areas);
    document.searched(Vocabulary::ActivityAreas, &content.activity_areas);
    document.keyed("sustainabilityGoal", Vocabulary::SustainabilityGoals, &content.sustainability_goals);
    document.searched(Vocabulary::SustainabilityGoals, &content.sustainability_goals);
    document.keyed("targetGroup", Vocabulary::TargetGroups, &content.target_groups);
    document.searched(Vocabulary::TargetGroups, &content.target_groups);
    document.keyed("language", Vocabulary::Languages, &content.languages);
    document.text(content.description.as_ref());
    document.exchanged("offer", &content.offers);
    document.exchanged("need", &content.needs);
    document.closed("status", Vocabulary::Statuses, &content.status);
    document.rest = rest(&word(&content.status)).max(u8::from(tells_little(content)));
    document.identified(&content.identifiers);
    document.sourced(content.source.as_ref());
    if let Some(number_of) = content.uses_number_of {
        document.filter("usesNumberOf", number_of.to_string());
    }
    if !content.address_protected {
        document.location = content.location.map(|location| (location.lat, location.lon));
    }
    content.website.iter().for_each(|website| describe::web(&mut document, website));
    document
}
