//! Meetings: dates of a network, forum or organisation; trainings and conferences too.

pub(crate) mod routes;
mod store;

pub(crate) use store::of;

use crate::db::AnyConnection;
use crate::db::store::Row;
use crate::error::{FieldError, Message, Result};
use crate::resources::Audience;
use crate::resources::Kind;
use crate::resources::check::{self, Errors};
use crate::resources::describe::{NamesOf, begin, creations_of};
use crate::resources::owner::Owner;

use crate::resources::contact_point::OwnerType;
use crate::resources::contact_point::owner_reference;
use crate::resources::resource::repoint;
use crate::resources::resource::{ReferenceTo, Resource, forward_store, parse};
use crate::resources::values::{Identifier, LocalizedText, Source};
use crate::search::document::Document;
use crate::vocabulary::Vocabulary;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a client writes of a meeting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct MeetingInput {
    /// The network, forum or organisation that meets or invites.
    pub of_id: Uuid,
    /// What that is.
    pub of_type: OwnerType,
    /// Its title.
    pub title: LocalizedText,
    /// Keys in other registers.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub identifiers: Vec<Identifier>,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<LocalizedText>,
    /// When it starts.
    #[schema(example = "2027-02-10T08:00:00Z")]
    pub start: DateTime<Utc>,
    /// When it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "2027-02-10T11:00:00Z")]
    pub end: Option<DateTime<Utc>>,
    /// The IANA time zone that its local time follows.
    #[serde(default = "stockholm")]
    #[schema(max_length = 40, example = "Europe/Stockholm")]
    pub time_zone: String,
    /// Where it is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 300)]
    pub place: Option<String>,
    /// Where it can be joined online.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500)]
    pub online_url: Option<String>,
    /// Keys of the vocabulary `topics`.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub topics: Vec<String>,
    /// Where one registers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500)]
    pub registration_url: Option<String>,
    /// What came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<LocalizedText>,
    /// Where the content comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

fn stockholm() -> String {
    "Europe/Stockholm".to_owned()
}

/// The resource.
pub(crate) struct Meetings;

impl MeetingInput {
    fn of(&self) -> Owner {
        Owner { kind: self.of_type, id: self.of_id }
    }
}

fn columns(content: &MeetingInput) -> store::Columns {
    let (organisation_id, network_id, forum_id) = content.of().columns();
    store::Columns { organisation_id, network_id, forum_id }
}

impl Resource for Meetings {
    type Content = MeetingInput;
    const KIND: Kind = Kind::Meeting;

    fn check(content: &mut MeetingInput, errors: &mut Errors) {
        check::required_text("/title", &content.title, errors);
        check::identifiers(&mut content.identifiers, false, errors);
        check::drop_empty_text(&mut content.description);
        check::drop_empty_text(&mut content.outcome);
        check::keys("/topics", Vocabulary::Topics, &content.topics, errors);
        check::web_address("/onlineUrl", &mut content.online_url, errors);
        check::web_address("/registrationUrl", &mut content.registration_url, errors);
        if content.end.is_some_and(|end| end < content.start) {
            errors.push(FieldError::at(
                "/end",
                "order",
                Message::fixed("Slutet ligger före början.", "The end lies before the start."),
            ));
        }
        if content.time_zone.parse::<chrono_tz::Tz>().is_err() {
            errors.push(FieldError::at(
                "/timeZone",
                "unknown-value",
                Message::fixed("Tidszonen är ingen av IANA:s.", "The time zone is none of IANA's."),
            ));
        }
    }

    fn references(content: &MeetingInput) -> Vec<ReferenceTo> {
        vec![owner_reference("/ofId", content.of())]
    }

    fn identifiers(content: &mut MeetingInput) -> &mut Vec<Identifier> {
        &mut content.identifiers
    }

    fn governors(_id: Uuid, content: &MeetingInput) -> Vec<Uuid> {
        (content.of_type == OwnerType::Organisation).then_some(content.of_id).into_iter().collect()
    }

    fn repoint(content: &mut MeetingInput, from: Uuid, to: Uuid) {
        repoint(&mut content.of_id, from, to);
    }

    forward_store!(load, get, after, lock, insert, update, remove);

    fn documents(connection: &mut AnyConnection, rows: Vec<Row>) -> Result<Vec<Document>> {
        let creations = creations_of(connection, &rows)?;
        let mut contents = Vec::with_capacity(rows.len());
        for row in rows {
            let content = parse::<Self>(&row)?;
            contents.push((row, content));
        }
        let names = NamesOf::load(connection, contents.iter().map(|(_, content)| content.of_id).collect())?;
        Ok(contents
            .into_iter()
            .map(|(row, content)| {
                let mut document = begin::<Self>(&row, &creations, Audience::Public).with_title(&content.title);
                document.related(names.all(content.of_id));
                document.filter("of", content.of_id.to_string());
                document.closed("ofType", Vocabulary::RecordTypes, &content.of_type);
                document.topics(&content.topics);
                document.text(content.description.as_ref());
                document.text(content.outcome.as_ref());
                document.texts.extend(content.place.clone());
                let start = content.start.timestamp_micros();
                document.span = Some((start, content.end.map_or(start, |end| end.timestamp_micros())));
                // It has no status of its own: searches that ask for what is at work find it.
                document.filter("status", "active");
                document.identified(&content.identifiers);
                document.sourced(content.source.as_ref());
                document
            })
            .collect())
    }
}
