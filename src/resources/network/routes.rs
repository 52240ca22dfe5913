//! The operations on networks.

use super::{NetworkInput, Networks};
use crate::api::operations::part_operation;
use crate::api::operations::record_operations;
use actix_web::{delete, get, patch, post};

record_operations! {
    resource Networks, input NetworkInput, record Network, page NetworkPage, tag "networks",
    paths "/networks" "/networks/{id}" "/networks/{id}/history",
    operations list_networks create_network read_network change_network delete_network network_history,
    ids "listNetworks" "createNetwork" "readNetwork" "changeNetwork" "deleteNetwork" "readNetworkHistory",
    sv "ett nätverk" "nätverk", en "network" "networks",
}

part_operation! {
    network_participants, id "listNetworkParticipants", tag "networks", path "/networks/{id}/participants", of Networks, list crate::resources::membership::Memberships,
    filter "in", page crate::resources::membership::routes::MembershipPage, sv "Deltagare", en "Participants",
}

part_operation! {
    network_meetings, id "listNetworkMeetings", tag "networks", path "/networks/{id}/meetings", of Networks, list crate::resources::meeting::Meetings,
    filter "of", page crate::resources::meeting::routes::MeetingPage, sv "Möten", en "Meetings",
}

part_operation! {
    network_contact_points, id "listNetworkContactPoints", tag "networks", path "/networks/{id}/contact-points", of Networks, list crate::resources::contact_point::ContactPoints,
    filter "owner", page crate::resources::contact_point::routes::ContactPointPage, sv "Kontaktpunkter", en "Contact points",
}
