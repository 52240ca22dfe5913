//! The operations on organisations.

use crate::api::operations::record_operations;
use crate::api::operations::part_operation;
use super::{OrganisationInput, Organisations};

record_operations! {
    resource Organisations, input OrganisationInput, record Organisation, page OrganisationPage, tag "organisations",
    paths "/organisations" "/organisations/{id}" "/organisations/{id}/history",
    operations list_organisations create_organisation read_organisation change_organisation delete_organisation organisation_history,
    ids "listOrganisations" "createOrganisation" "readOrganisation" "changeOrganisation" "deleteOrganisation" "readOrganisationHistory",
    sv "en organisation" "organisationer", en "organisation" "organisations",
}

part_operation! {
    organisation_members, id "listOrganisationMembers", tag "organisations", path "/organisations/{id}/members", of Organisations, list Organisations,
    filter "memberOf", page OrganisationPage, sv "Medlemmar", en "Members",
}

part_operation! {
    organisation_contact_points, id "listOrganisationContactPoints", tag "organisations", path "/organisations/{id}/contact-points", of Organisations, list crate::resources::contact_point::ContactPoints,
    filter "owner", page crate::resources::contact_point::routes::ContactPointPage, sv "Kontaktpunkter", en "Contact points",
}

part_operation! {
    organisation_collaborations, id "listOrganisationCollaborations", tag "organisations", path "/organisations/{id}/collaborations", of Organisations, list crate::resources::collaboration::Collaborations,
    filter "with", page crate::resources::collaboration::routes::CollaborationPage, sv "Samverkan, från vilken sida som helst", en "Collaborations, from either side",
}

part_operation! {
    organisation_meetings, id "listOrganisationMeetings", tag "organisations", path "/organisations/{id}/meetings", of Organisations, list crate::resources::meeting::Meetings,
    filter "of", page crate::resources::meeting::routes::MeetingPage, sv "Möten", en "Meetings",
}
