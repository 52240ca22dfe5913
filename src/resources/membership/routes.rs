//! The operations on memberships.

use super::{MembershipInput, Memberships};
use crate::api::operations::record_operations;
use actix_web::{delete, get, patch, post};

record_operations! {
    resource Memberships, input MembershipInput, record Membership, page MembershipPage, tag "memberships",
    paths "/memberships" "/memberships/{id}" "/memberships/{id}/history",
    operations list_memberships create_membership read_membership change_membership delete_membership membership_history,
    ids "listMemberships" "createMembership" "readMembership" "changeMembership" "deleteMembership" "readMembershipHistory",
    sv "ett medlemskap" "medlemskap", en "membership" "memberships",
}
