//! From JSON that a client or a file brings to content that has passed every check of its own.

use crate::api::validate::{Validator, clean};
use crate::error::{Error, FieldError, Message, Result};
use crate::resources::resource::Resource;
use crate::resources::steps::checked;
use serde_json::Value;

/// Reads content: strings cleaned, read-only properties dropped, shape and rules checked, every error told at once.
pub(crate) fn read<R: Resource>(mut value: Value) -> Result<R::Content> {
    let said = value.clone();
    R::preset(&mut value, &said);
    read_as_it_is::<R>(value)
}

/// The same of content that a patch has changed.
pub(crate) fn read_patched<R: Resource>(mut value: Value, patch: &Value) -> Result<R::Content> {
    R::preset(&mut value, patch);
    read_as_it_is::<R>(value)
}

fn read_as_it_is<R: Resource>(mut value: Value) -> Result<R::Content> {
    let mut errors: Vec<FieldError> = Vec::new();
    clean(&mut value, &mut errors);
    errors.extend(Validator::for_kind(R::KIND)?.check(&mut value));
    if !errors.is_empty() {
        return Err(Error::invalid(errors));
    }
    checked::<R>(typed::<R>(value)?)
}

/// Reads content that has passed `read` before.
pub(crate) fn read_again<R: Resource>(mut value: Value) -> Result<R::Content> {
    let said = value.clone();
    R::preset(&mut value, &said);
    clean(&mut value, &mut Vec::new());
    crate::api::validate::drop_read_only(&mut value);
    checked::<R>(typed::<R>(value)?)
}

fn typed<R: Resource>(value: Value) -> Result<R::Content> {
    serde_json::from_value(value).map_err(|_| {
        // The schema has been checked: what is left is what it cannot say, such as the 31st of February.
        Error::invalid(vec![FieldError::at(
            "",
            "format",
            Message::fixed(
                "Ett värde har en form som inte går att läsa, till exempel ett datum som inte finns.",
                "A value has a form that cannot be read, for example a date that does not exist.",
            ),
        )])
    })
}
