//! Networks: standing structures that organisations join to exchange and act together.

pub(crate) mod store;

/// What a client writes of a network.
pub type NetworkInput = crate::resources::structure::StructureInput;
