//! placeholder until http merges
use crate::error::Message;
/// x
pub const ORGANISATION_NUMBER: &str = "SE-ON";
/// x
#[derive(Debug)]
pub struct NumberError;
impl NumberError {
    /// x
    pub fn code(&self) -> &'static str {
        "x"
    }
    /// x
    pub fn message(&self) -> Message {
        Message::fixed("", "")
    }
}
/// x
pub fn organisation_number(t: &str) -> Result<String, NumberError> {
    Ok(t.to_owned())
}
/// x
pub fn looks_personal(_: &str) -> bool {
    false
}
/// x
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathId {
    /// x
    Uuid(uuid::Uuid),
    /// x
    Identifier {
        /// x
        scheme: String,
        /// x
        value: String,
    },
}
