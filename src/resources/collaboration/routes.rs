//! The operations on collaborations.

use super::{CollaborationInput, Collaborations};
use crate::api::operations::record_operations;
use actix_web::{delete, get, patch, post};

record_operations! {
    resource Collaborations, input CollaborationInput, record Collaboration, page CollaborationPage, tag "collaborations",
    paths "/collaborations" "/collaborations/{id}" "/collaborations/{id}/history",
    operations list_collaborations create_collaboration read_collaboration change_collaboration delete_collaboration collaboration_history,
    ids "listCollaborations" "createCollaboration" "readCollaboration" "changeCollaboration" "deleteCollaboration" "readCollaborationHistory",
    sv "en samverkan" "samverkan", en "collaboration" "collaborations",
}
