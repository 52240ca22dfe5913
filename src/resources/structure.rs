//! What networks and forums have in common: standing structures for collaboration.

use crate::db::AnyConnection;
use crate::db::store::Row;
use crate::error::Result;
use crate::resources::check::{self, Errors};
use crate::resources::describe::{NamesOf, begin, creations_of, rest, with_kind_of, word};
use crate::resources::owner::Owner;
use crate::resources::resource::{ORGANISATIONS, ReferenceTo, Resource, parse};
use crate::resources::values::{Identifier, Level, LocalizedText, Name, Source};
use crate::resources::{Audience, Kind, contact_point, meeting, membership};
use crate::search::document::Document;
use crate::vocabulary::Vocabulary;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a client writes of a network or a forum.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct StructureInput {
    /// Names; at least one is official.
    #[schema(min_items = 1, max_items = 50)]
    pub names: Vec<Name>,
    /// Keys in other registers.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub identifiers: Vec<Identifier>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<LocalizedText>,
    /// Organisations or units that host it.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub hosts: Vec<Uuid>,
    /// Keys of the vocabulary `topics`.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub topics: Vec<String>,
    /// Municipality, county or country codes that it covers.
    #[serde(default)]
    #[schema(max_items = 300)]
    pub areas: Vec<String>,
    /// Levels it works on.
    #[serde(default)]
    #[schema(max_items = 4)]
    pub levels: Vec<Level>,
    /// How far participants take part, by the European code of good practice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participation_level: Option<ParticipationLevel>,
    /// Whether one can join.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub openness: Option<Openness>,
    /// How it meets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// How often it meets, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meeting_frequency: Option<LocalizedText>,
    /// What participants are paid, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compensation: Option<LocalizedText>,
    /// Whether it exists.
    #[serde(default)]
    pub status: StructureStatus,
    /// Where the content comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// Levels of participation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the words are the code's")]
pub enum ParticipationLevel {
    Information,
    Consultation,
    Dialogue,
    Partnership,
}

/// Whether one can join.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the words are plain")]
pub enum Openness {
    Open,
    ByInvitation,
    Closed,
}

/// How a structure meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the words are plain")]
pub enum Mode {
    Digital,
    Physical,
    Both,
}

/// Whether a structure exists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StructureStatus {
    /// It meets.
    #[default]
    Active,
    /// Someone has asked for it.
    Wanted,
    /// It has ended.
    Ended,
}

/// Rules that a network or forum obeys by itself.
pub(crate) fn check(content: &mut StructureInput, errors: &mut Errors) {
    check::names(&content.names, errors);
    check::identifiers(&mut content.identifiers, false, errors);
    check::references("/hosts", &content.hosts, errors);
    check::keys("/topics", Vocabulary::Topics, &content.topics, errors);
    check::areas("/areas", &content.areas, errors);
    check::unique("/levels", &content.levels, errors);
    for text in [&mut content.description, &mut content.meeting_frequency, &mut content.compensation] {
        check::drop_empty_text(text);
    }
}

/// The hosts.
pub(crate) fn references(content: &StructureInput) -> Vec<ReferenceTo> {
    content
        .hosts
        .iter()
        .enumerate()
        .map(|(index, host)| ReferenceTo::new(format!("/hosts/{index}"), ORGANISATIONS, *host))
        .collect()
}

/// Makes a host another one; a host that stands twice then stands once.
pub(crate) fn repoint(content: &mut StructureInput, from: Uuid, to: Uuid) {
    let mut hosts: Vec<Uuid> = Vec::with_capacity(content.hosts.len());
    for host in &content.hosts {
        let host = if *host == from { to } else { *host };
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    content.hosts = hosts;
}

/// The names, as other documents show them.
pub(crate) fn shown(content: &StructureInput) -> Vec<String> {
    content.names.iter().map(|name| format!("{} {} {}", word(&name.kind), word(&name.lang), name.value)).collect()
}

/// The documents of networks or forums.
pub(crate) fn documents<R: Resource<Content = StructureInput>>(
    connection: &mut AnyConnection,
    rows: Vec<Row>,
) -> Result<Vec<Document>> {
    let creations = creations_of(connection, &rows)?;
    let mut contents = Vec::with_capacity(rows.len());
    for row in rows {
        let content = parse::<R>(&row)?;
        contents.push((row, content));
    }
    let hosts = NamesOf::load(connection, contents.iter().flat_map(|(_, content)| content.hosts.clone()).collect())?;
    Ok(contents
        .into_iter()
        .map(|(row, content)| {
            let mut document = begin::<R>(&row, &creations, Audience::Public).with_names(&content.names);
            for host in &content.hosts {
                document.filter("host", host.to_string());
                document.related(hosts.all(*host));
            }
            document.topics(&content.topics);
            document.covers(&content.areas);
            for level in &content.levels {
                document.closed("level", Vocabulary::Levels, level);
            }
            if let Some(level) = &content.participation_level {
                document.closed("participationLevel", Vocabulary::ParticipationLevels, level);
            }
            if let Some(openness) = &content.openness {
                document.closed("openness", Vocabulary::Openness, openness);
            }
            if let Some(mode) = &content.mode {
                document.closed("mode", Vocabulary::Modes, mode);
            }
            document.text(content.description.as_ref());
            document.text(content.meeting_frequency.as_ref());
            document.text(content.compensation.as_ref());
            document.closed("status", Vocabulary::Statuses, &content.status);
            document.rest = rest(&word(&content.status));
            document.identified(&content.identifiers);
            document.sourced(content.source.as_ref());
            document
        })
        .collect())
}

/// Records whose documents show the name of a network or forum.
pub(crate) fn dependants(connection: &mut AnyConnection, structure: Owner) -> Result<Vec<(Kind, Uuid)>> {
    owned(connection, structure)
}

/// What goes with a network or forum: memberships first (they may name its contact points), contact points, meetings.
pub(crate) fn owned(connection: &mut AnyConnection, structure: Owner) -> Result<Vec<(Kind, Uuid)>> {
    let mut owned: Vec<_> = with_kind_of(membership::within(connection, structure)?, Kind::Membership).collect();
    owned.extend(with_kind_of(contact_point::of(connection, structure)?, Kind::ContactPoint));
    owned.extend(with_kind_of(contact_point::protected_of(connection, structure)?, Kind::ContactPoint));
    owned.extend(with_kind_of(meeting::of(connection, structure)?, Kind::Meeting));
    Ok(owned)
}
