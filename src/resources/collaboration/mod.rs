//! Collaborations: who works with whom, how, and who says not to.

pub(crate) mod routes;
mod store;

pub(crate) use store::{partners, with};

use crate::db::AnyConnection;
use crate::db::store::Row;
use crate::error::{FieldError, Message, Result};
use crate::resources::Audience;
use crate::resources::Kind;
use crate::resources::check::{self, Errors};
use crate::resources::describe::{NamesOf, begin, creations_of};

use crate::resources::describe::pair_titles;
use crate::resources::describe::word;
use crate::resources::resource::repoint;
use crate::resources::resource::{ORGANISATIONS, ReferenceTo, Resource, forward_store, parse};
use crate::resources::values::{Identifier, LocalizedText, Period, Source};
use crate::search::document::Document;
use crate::vocabulary::Vocabulary;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a client writes of a collaboration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct CollaborationInput {
    /// The organisation of civil society.
    pub organisation_id: Uuid,
    /// The public body.
    pub public_body_id: Uuid,
    /// Whether they say that they work together. `no` is a statement, not a missing answer.
    pub stated: Stated,
    /// Keys of the vocabulary `collaboration-forms`; empty when `stated` is `no`.
    #[serde(default)]
    #[schema(max_items = 10, example = json!(["dialogue"]))]
    pub forms: Vec<String>,
    /// Keys of the vocabulary `topics`.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub topics: Vec<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<LocalizedText>,
    /// Keys in other registers.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub identifiers: Vec<Identifier>,
    /// Where the content comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// A stated yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the words are plain")]
pub enum Stated {
    Yes,
    No,
}

/// The resource.
pub(crate) struct Collaborations;

fn columns(content: &CollaborationInput) -> store::Columns {
    store::Columns {
        organisation_id: content.organisation_id.to_string(),
        public_body_id: content.public_body_id.to_string(),
        stated: word(&content.stated),
    }
}

impl Resource for Collaborations {
    type Content = CollaborationInput;
    const KIND: Kind = Kind::Collaboration;

    fn check(content: &mut CollaborationInput, errors: &mut Errors) {
        check::keys("/forms", Vocabulary::CollaborationForms, &content.forms, errors);
        if content.stated == Stated::No && !content.forms.is_empty() {
            errors.push(FieldError::at(
                "/forms",
                "conflict",
                Message::fixed("Ett uttalat nej har inga former.", "A stated no has no forms."),
            ));
        }
        check::keys("/topics", Vocabulary::Topics, &content.topics, errors);
        check::period("/period", content.period.unwrap_or_default(), errors);
        check::drop_empty_text(&mut content.description);
        check::identifiers(&mut content.identifiers, false, errors);
        if content.organisation_id == content.public_body_id {
            errors.push(FieldError::at(
                "/publicBodyId",
                "self-reference",
                Message::fixed("Ingen samverkar med sig själv.", "Nobody works together with itself."),
            ));
        }
    }

    fn references(content: &CollaborationInput) -> Vec<ReferenceTo> {
        vec![
            ReferenceTo::new("/organisationId", ORGANISATIONS, content.organisation_id),
            ReferenceTo::new("/publicBodyId", ORGANISATIONS, content.public_body_id),
        ]
    }

    fn identifiers(content: &mut CollaborationInput) -> &mut Vec<Identifier> {
        &mut content.identifiers
    }

    fn touched(content: &CollaborationInput) -> Vec<(Kind, Uuid)> {
        vec![(Kind::Organisation, content.organisation_id), (Kind::Organisation, content.public_body_id)]
    }

    fn repoint(content: &mut CollaborationInput, from: Uuid, to: Uuid) {
        repoint(&mut content.organisation_id, from, to);
        repoint(&mut content.public_body_id, from, to);
    }

    fn sameness(content: &CollaborationInput) -> Option<String> {
        let source = content.source.as_ref().map(|source| source.name.as_str()).unwrap_or_default();
        Some(format!("{} {} {} {source}", content.organisation_id, content.public_body_id, word(&content.stated)))
    }

    forward_store!(load, get, after, lock, insert, update, remove);

    fn documents(connection: &mut AnyConnection, rows: Vec<Row>) -> Result<Vec<Document>> {
        let creations = creations_of(connection, &rows)?;
        let mut contents = Vec::with_capacity(rows.len());
        for row in rows {
            let content = parse::<Self>(&row)?;
            contents.push((row, content));
        }
        let named =
            contents.iter().flat_map(|(_, content)| [content.organisation_id, content.public_body_id]).collect();
        let names = NamesOf::load(connection, named)?;
        Ok(contents
            .into_iter()
            .map(|(row, content)| {
                let mut document = begin::<Self>(&row, &creations, Audience::Public);
                document.titles = pair_titles(&names, content.organisation_id, content.public_body_id);
                document.related(names.all(content.organisation_id));
                document.related(names.all(content.public_body_id));
                document.filter("organisation", content.organisation_id.to_string());
                document.filter("publicBody", content.public_body_id.to_string());
                document.filter("with", content.organisation_id.to_string());
                document.filter("with", content.public_body_id.to_string());
                document.closed("stated", Vocabulary::Stated, &content.stated);
                document.keyed("form", Vocabulary::CollaborationForms, &content.forms);
                document.searched(Vocabulary::CollaborationForms, &content.forms);
                document.topics(&content.topics);
                document.text(content.description.as_ref());
                // It has no status of its own: searches that ask for what is at work find it.
                document.filter("status", "active");
                document.identified(&content.identifiers);
                document.sourced(content.source.as_ref());
                document
            })
            .collect())
    }
}
