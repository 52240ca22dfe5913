//! The operations on forums.

use super::{ForumInput, Forums};
use crate::api::operations::part_operation;
use crate::api::operations::record_operations;
use actix_web::{delete, get, patch, post};

record_operations! {
    resource Forums, input ForumInput, record Forum, page ForumPage, tag "forums",
    paths "/forums" "/forums/{id}" "/forums/{id}/history",
    operations list_forums create_forum read_forum change_forum delete_forum forum_history,
    ids "listForums" "createForum" "readForum" "changeForum" "deleteForum" "readForumHistory",
    sv "ett forum" "forum", en "forum" "forums",
}

part_operation! {
    forum_participants, id "listForumParticipants", tag "forums", path "/forums/{id}/participants", of Forums, list crate::resources::membership::Memberships,
    filter "in", page crate::resources::membership::routes::MembershipPage, sv "Deltagare", en "Participants",
}

part_operation! {
    forum_meetings, id "listForumMeetings", tag "forums", path "/forums/{id}/meetings", of Forums, list crate::resources::meeting::Meetings,
    filter "of", page crate::resources::meeting::routes::MeetingPage, sv "Möten", en "Meetings",
}

part_operation! {
    forum_contact_points, id "listForumContactPoints", tag "forums", path "/forums/{id}/contact-points", of Forums, list crate::resources::contact_point::ContactPoints,
    filter "owner", page crate::resources::contact_point::routes::ContactPointPage, sv "Kontaktpunkter", en "Contact points",
}
