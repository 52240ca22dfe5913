//! Memberships: who belongs to what, as what, when.

pub(crate) mod routes;
mod store;

pub(crate) use store::{belongs, by_contact_point, of_member, representing, within};

use crate::db::store::Row;
use crate::db::{AnyConnection, Tx};
use crate::error::{FieldError, Message, Result};
use crate::resources::Audience;
use crate::resources::check::{self, Errors};
use crate::resources::describe::{NamesOf, begin, creations_of};
use crate::resources::owner::Owner;
use crate::resources::{Kind, steps};

use crate::resources::contact_point::OwnerType;
use crate::resources::contact_point::owner_reference;
use crate::resources::describe::pair_titles;
use crate::resources::describe::word;
use crate::resources::resource::repoint;
use crate::resources::resource::{ORGANISATIONS, ReferenceTo, Resource, forward_store, parse};
use crate::resources::values::{Identifier, Period, Source};
use crate::search::document::Document;
use crate::vocabulary::Vocabulary;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a client writes of a membership.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct MembershipInput {
    /// The organisation that belongs.
    pub member_id: Uuid,
    /// The organisation, network or forum it belongs to.
    pub in_id: Uuid,
    /// What that is.
    pub in_type: OwnerType,
    /// As what.
    #[serde(default)]
    pub role: MembershipRole,
    /// The organisation that the member speaks for, when not for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub represents: Option<Uuid>,
    /// The way in to the member in this matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_point_id: Option<Uuid>,
    /// First day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "2024-01-01")]
    pub from: Option<NaiveDate>,
    /// Last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-12-31")]
    pub to: Option<NaiveDate>,
    /// Keys in other registers.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub identifiers: Vec<Identifier>,
    /// Where the content comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// Roles in a membership.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the words are plain")]
pub enum MembershipRole {
    #[default]
    Member,
    Chair,
    Secretariat,
    Participant,
    Observer,
}

/// Lets a membership name no contact point any more.
pub(crate) fn release_contact_point(tx: &mut Tx<'_>, id: Uuid) -> Result<()> {
    Memberships::lock(tx.connection(), id)?;
    let Some(before) = Memberships::reveal(tx.connection(), id)? else { return Ok(()) };
    let content = MembershipInput { contact_point_id: None, ..before.content.clone() };
    steps::replace::<Memberships>(tx, before, content).map(drop)
}

/// The resource.
pub(crate) struct Memberships;

impl MembershipInput {
    fn within(&self) -> Owner {
        Owner { kind: self.in_type, id: self.in_id }
    }
}

fn columns(content: &MembershipInput) -> store::Columns {
    let (organisation_id, network_id, forum_id) = content.within().columns();
    store::Columns {
        member_id: content.member_id.to_string(),
        represents: content.represents.map(|id| id.to_string()),
        organisation_id,
        network_id,
        forum_id,
        contact_point_id: content.contact_point_id.map(|id| id.to_string()),
    }
}

impl Resource for Memberships {
    type Content = MembershipInput;
    const KIND: Kind = Kind::Membership;

    fn check(content: &mut MembershipInput, errors: &mut Errors) {
        check::identifiers(&mut content.identifiers, false, errors);
        check::period("", Period { from: content.from, to: content.to }, errors);
        if content.member_id == content.in_id {
            errors.push(FieldError::at(
                "/inId",
                "self-reference",
                Message::fixed(
                    "En organisation är inte medlem i sig själv.",
                    "An organisation is no member of itself.",
                ),
            ));
        }
    }

    fn references(content: &MembershipInput) -> Vec<ReferenceTo> {
        let mut references = vec![
            ReferenceTo::new("/memberId", ORGANISATIONS, content.member_id),
            owner_reference("/inId", content.within()),
        ];
        references.extend(content.represents.map(|id| ReferenceTo::new("/represents", ORGANISATIONS, id)));
        references
            .extend(content.contact_point_id.map(|id| ReferenceTo::new("/contactPointId", &[Kind::ContactPoint], id)));
        references
    }

    fn identifiers(content: &mut MembershipInput) -> &mut Vec<Identifier> {
        &mut content.identifiers
    }

    fn touched(content: &MembershipInput) -> Vec<(Kind, Uuid)> {
        vec![(Kind::Organisation, content.member_id)]
    }

    fn governors(_id: Uuid, content: &MembershipInput) -> Vec<Uuid> {
        vec![content.member_id]
    }

    fn umbrellas(content: &MembershipInput) -> Vec<Uuid> {
        (content.in_type == OwnerType::Organisation).then_some(content.in_id).into_iter().collect()
    }

    fn repoint(content: &mut MembershipInput, from: Uuid, to: Uuid) {
        repoint(&mut content.member_id, from, to);
        repoint(&mut content.in_id, from, to);
        if let Some(represented) = &mut content.represents {
            repoint(represented, from, to);
        }
    }

    fn sameness(content: &MembershipInput) -> Option<String> {
        let represented = content.represents.unwrap_or_default();
        Some(format!("{} {} {} {represented}", content.member_id, content.in_id, word(&content.role)))
    }

    forward_store!(load, get, after, lock, insert, update, remove);

    fn documents(connection: &mut AnyConnection, rows: Vec<Row>) -> Result<Vec<Document>> {
        let creations = creations_of(connection, &rows)?;
        let mut contents = Vec::with_capacity(rows.len());
        for row in rows {
            let content = parse::<Self>(&row)?;
            contents.push((row, content));
        }
        let named = contents.iter().flat_map(|(_, content)| [content.member_id, content.in_id]).collect();
        let names = NamesOf::load(connection, named)?;
        Ok(contents
            .into_iter()
            .map(|(row, content)| {
                let mut document = begin::<Self>(&row, &creations, Audience::Public);
                document.titles = pair_titles(&names, content.member_id, content.in_id);
                document.related(names.all(content.member_id));
                document.related(names.all(content.in_id));
                document.filter("member", content.member_id.to_string());
                document.filter("in", content.in_id.to_string());
                document.closed("inType", Vocabulary::RecordTypes, &content.in_type);
                document.closed("role", Vocabulary::MembershipRoles, &content.role);
                if let Some(represented) = content.represents {
                    document.filter("represents", represented.to_string());
                }
                if let Some(contact_point) = content.contact_point_id {
                    document.filter("contactPoint", contact_point.to_string());
                }
                // It has no status of its own: searches that ask for what is at work find it.
                document.filter("status", "active");
                document.identified(&content.identifiers);
                document.sourced(content.source.as_ref());
                document
            })
            .collect())
    }
}
