//! Forums: standing structures where civil society and public bodies meet.

pub(crate) mod store;

/// What a client writes of a forum.
pub type ForumInput = crate::resources::structure::StructureInput;
