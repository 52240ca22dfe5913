//! Networks: standing structures that organisations join to exchange and act together.

/// What a client writes of a network.
pub type NetworkInput = crate::resources::structure::StructureInput;
