//! The operations on contact points.

use super::{ContactPointInput, ContactPoints};
use crate::api::operations::record_operations;
use actix_web::{delete, get, patch, post};

record_operations! {
    resource ContactPoints, input ContactPointInput, record ContactPoint, page ContactPointPage, tag "contact-points",
    paths "/contact-points" "/contact-points/{id}" "/contact-points/{id}/history",
    operations list_contact_points create_contact_point read_contact_point change_contact_point delete_contact_point contact_point_history,
    ids "listContactPoints" "createContactPoint" "readContactPoint" "changeContactPoint" "deleteContactPoint" "readContactPointHistory",
    sv "en kontaktpunkt" "kontaktpunkter", en "contact point" "contact points",
}
