//! The operations on meetings.

use super::{MeetingInput, Meetings};
use crate::api::operations::record_operations;
use actix_web::{delete, get, patch, post};

record_operations! {
    resource Meetings, input MeetingInput, record Meeting, page MeetingPage, tag "meetings",
    paths "/meetings" "/meetings/{id}" "/meetings/{id}/history",
    operations list_meetings create_meeting read_meeting change_meeting delete_meeting meeting_history,
    ids "listMeetings" "createMeeting" "readMeeting" "changeMeeting" "deleteMeeting" "readMeetingHistory",
    sv "ett möte" "möten", en "meeting" "meetings",
}
