pub mod patch;
pub mod validate;
