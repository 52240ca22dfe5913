//! The operations on organisations.

use super::{OrganisationInput, Organisations, relations};
use crate::api::call::{Answer, Call};
use crate::api::operations::part_operation;
use crate::api::operations::record_operations;
use crate::api::schemas::{Linked, UnitTree};
use crate::api::{lists, records, trees};
use crate::resources::forum::Forums;
use crate::resources::forum::routes::ForumPage;
use crate::resources::network::Networks;
use crate::resources::network::routes::NetworkPage;
use crate::resources::service::MergeInput;
use actix_web::web;
use actix_web::{delete, get, patch, post, put};

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

#[utoipa::path(
    tag = "organisations",
    operation_id = "putOrganisation",
    summary = "Skapa eller ersätt en organisation med egen nyckel / Create or replace an organisation by your own key",
    description = "För system som synkar: identifieraren i sökvägen pekar ut posten, och skapar den när den inte finns. \
        Hela innehållet ersätts. Anropet kan göras om utan skada.\n\n\
        For systems that sync: the identifier in the path names the record, and makes it when there is none. \
        The whole content is replaced. The call can be repeated without harm.",
    params(("id" = String, Path, description = "Identifierare (schema:värde), organisationsnummer eller UUID / Identifier (scheme:value), organisation number or UUID", example = "ibgo:4711")),
    request_body(content = OrganisationInput, description = "Innehållet / The content"),
    responses(
        (status = 200, description = "Ersatt / Replaced", body = Organisation),
        (status = 201, description = "Skapad / Created", body = Organisation),
    ),
    security(("oauth" = ["write"])),
)]
#[put("/organisations/{id}")]
pub(crate) async fn put_organisation(call: Call, id: web::Path<String>, payload: web::Payload) -> Answer {
    records::put::<Organisations>(call, id.into_inner(), payload).await
}

#[utoipa::path(
    tag = "organisations",
    operation_id = "mergeOrganisations",
    summary = "Slå samman två organisationer / Merge two organisations",
    description = "Organisationen i sökvägen tar över den andras namn, identifierare och alla samband; den andras adress leder hit för alltid. \
        Bara för förvaltare.\n\n\
        The organisation in the path takes over the other's names, identifiers and all relations; the other's address leads here for ever. \
        For stewards only.",
    params(("id" = String, Path, description = "Den som blir kvar / The one that stays", example = "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f")),
    request_body(content = MergeInput, description = "Den som går upp i den andra / The one that is absorbed"),
    responses((status = 200, description = "Den som blev kvar / The one that stayed", body = Organisation)),
    security(("oauth" = ["write"])),
)]
#[post("/organisations/{id}/merges")]
pub(crate) async fn merge_organisations(call: Call, id: web::Path<String>, payload: web::Payload) -> Answer {
    records::merge(call, id.into_inner(), payload).await
}

/// Describes and registers a list of records that the database names for an organisation.
macro_rules! related_operation {
    ($name:ident $id:literal $path:literal $resource:ty, $page:ty, $related:expr, $sv:literal $en:literal) => {
        #[utoipa::path(
            tag = "organisations",
            operation_id = $id,
            summary = concat!($sv, " / ", $en),
            description = concat!($sv, ".\n\n", $en, "."),
            params(("id" = String, Path, description = "UUID, identifierare (schema:värde) eller organisationsnummer / UUID, identifier (scheme:value) or organisation number", example = "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f")),
            responses((status = 200, description = concat!($sv, " / ", $en), body = $page)),
        )]
        #[get($path)]
        pub(crate) async fn $name(call: Call, id: web::Path<String>) -> Answer {
            lists::list_related::<Organisations, $resource>(call, id.into_inner(), $related).await
        }
    };
}

related_operation!(organisation_umbrellas "listOrganisationUmbrellas" "/organisations/{id}/umbrellas" Organisations, OrganisationPage, relations::umbrellas, "Paraplyer och andra som den är medlem i" "Umbrellas and others that it is a member of");
related_operation!(organisation_networks "listOrganisationNetworks" "/organisations/{id}/networks" Networks, NetworkPage, relations::networks, "Nätverk som den är värd för eller deltar i" "Networks that it hosts or takes part in");
related_operation!(organisation_forums "listOrganisationForums" "/organisations/{id}/forums" Forums, ForumPage, relations::forums, "Forum som den är värd för eller deltar i" "Forums that it hosts or takes part in");

#[utoipa::path(
    tag = "organisations",
    operation_id = "readOrganisationUnits",
    summary = "Enheternas träd / The tree of units",
    description = "Alla enheter och grenar under organisationen, som ett träd i bokstavsordning.\n\n\
        All units and branches below the organisation, as a tree in alphabetical order.",
    params(("id" = String, Path, description = "UUID, identifierare (schema:värde) eller organisationsnummer / UUID, identifier (scheme:value) or organisation number", example = "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f")),
    responses((status = 200, description = "Trädet / The tree", body = UnitTree)),
)]
#[get("/organisations/{id}/units")]
pub(crate) async fn organisation_units(call: Call, id: web::Path<String>) -> Answer {
    trees::units(call, id.into_inner()).await
}

#[utoipa::path(
    tag = "organisations",
    operation_id = "readOrganisationLinks",
    summary = "Samma organisation i andra register / The same body in other registers",
    description = "Nycklar i andra register, och grenar som delar organisationsnummer.\n\n\
        Keys in other registers, and branches that share an organisation number.",
    params(("id" = String, Path, description = "UUID, identifierare (schema:värde) eller organisationsnummer / UUID, identifier (scheme:value) or organisation number", example = "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f")),
    responses((status = 200, description = "Sambanden / The links", body = Linked)),
)]
#[get("/organisations/{id}/linked")]
pub(crate) async fn organisation_linked(call: Call, id: web::Path<String>) -> Answer {
    trees::linked(call, id.into_inner()).await
}
