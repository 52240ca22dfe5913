//! Content against the schemas that the OpenAPI document shows, every error at once and in our own words.

use crate::api::body::push_segment;
use crate::api::parameters::{nfc, shortened};
use crate::error::{Error, FieldError, Message, Result};
use crate::identifier::mask_personal;
use crate::resources::Kind;
use crate::resources::collaboration::CollaborationInput;
use crate::resources::contact_point::ContactPointInput;
use crate::resources::meeting::MeetingInput;
use crate::resources::membership::MembershipInput;
use crate::resources::organisation::OrganisationInput;
use crate::resources::structure::StructureInput;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::{Value, json};
use std::sync::OnceLock;
use utoipa::ToSchema;

/// Properties that the service sets: ignored in what clients send, so that what was read can be sent back.
pub const READ_ONLY: &[&str] =
    &["id", "type", "version", "createdAt", "updatedAt", "mergedInto", "changeSequence", "_links", "_embedded"];

/// More errors than this are not told.
const MOST_ERRORS: usize = 100;

/// Checks contents of one kind.
#[derive(Debug)]
pub struct Validator(jsonschema::Validator);

impl Validator {
    /// The validator of a kind, made once.
    ///
    /// # Errors
    /// A fault of ours when the schema does not compile; a test compiles every one.
    pub fn for_kind(kind: Kind) -> Result<&'static Validator> {
        static VALIDATORS: [OnceLock<Validator>; Kind::ALL.len()] = [const { OnceLock::new() }; Kind::ALL.len()];
        let index = Kind::ALL.iter().position(|other| *other == kind).unwrap_or_default();
        let cell = VALIDATORS.get(index).ok_or_else(|| Error::internal("a kind without a validator"))?;
        if let Some(validator) = cell.get() {
            return Ok(validator);
        }
        let made = match kind {
            Kind::Organisation => Validator::of::<OrganisationInput>(),
            Kind::ContactPoint => Validator::of::<ContactPointInput>(),
            Kind::Network | Kind::Forum => Validator::of::<StructureInput>(),
            Kind::Meeting => Validator::of::<MeetingInput>(),
            Kind::Membership => Validator::of::<MembershipInput>(),
            Kind::Collaboration => Validator::of::<CollaborationInput>(),
        }?;
        Ok(cell.get_or_init(|| made))
    }

    /// The validator of webhooks.
    ///
    /// # Errors
    /// A fault of ours when the schema does not compile.
    pub(crate) fn for_webhooks() -> Result<Validator> {
        Validator::of::<crate::api::webhook_shapes::WebhookInput>()
    }

    /// The validator of what a merge is told.
    ///
    /// # Errors
    /// A fault of ours when the schema does not compile.
    pub fn for_merges() -> Result<Validator> {
        Validator::of::<crate::resources::service::MergeInput>()
    }

    /// A validator for any type with a schema.
    ///
    /// # Errors
    /// A fault of ours when the schema does not compile.
    pub fn of<T: ToSchema>() -> Result<Validator> {
        let mut schemas = Vec::new();
        T::schemas(&mut schemas);
        schemas.push((T::name().into_owned(), T::schema()));
        let components: serde_json::Map<String, Value> = schemas
            .into_iter()
            .map(|(name, schema)| {
                let mut schema = serde_json::to_value(schema)?;
                bound(&mut schema);
                Ok((name, schema))
            })
            .collect::<Result<_>>()?;
        let document = json!({
            "$ref": format!("#/components/schemas/{}", T::name()),
            "components": { "schemas": components },
        });
        jsonschema::options()
            .with_draft(jsonschema::Draft::Draft202012)
            .should_validate_formats(true)
            .build(&document)
            .map(Validator)
            .map_err(|error| Error::internal(format!("the schema of {} does not compile: {error}", T::name())))
    }

    /// Drops what the service sets and gives every error of the rest.
    pub fn check(&self, value: &mut Value) -> Vec<FieldError> {
        drop_read_only(value);
        let mut errors = Vec::new();
        for error in self.0.iter_errors(value) {
            tell(&error, &mut errors);
            if errors.len() >= MOST_ERRORS {
                break;
            }
        }
        errors.truncate(MOST_ERRORS);
        errors
    }
}

/// Gives every text of a schema of bodies that names no longest length the one of its form: keys, ids and moments are short.
pub(crate) fn bound(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            let kind = members.get("type");
            let text = kind.is_some_and(|kind| {
                kind == "string" || kind.as_array().is_some_and(|kinds| kinds.contains(&json!("string")))
            });
            if text && !["maxLength", "enum", "const"].iter().any(|name| members.contains_key(*name)) {
                let longest = match members.get("format").and_then(Value::as_str) {
                    Some("uuid") => 36,
                    Some("date") => 10,
                    _ => 100,
                };
                members.insert("maxLength".to_owned(), json!(longest));
            }
            members.iter_mut().filter(|(name, _)| *name != "example").for_each(|(_, member)| bound(member));
        }
        Value::Array(items) => items.iter_mut().for_each(bound),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Drops the properties that the service sets.
pub fn drop_read_only(value: &mut Value) {
    if let Value::Object(properties) = value {
        properties.retain(|name, _| !READ_ONLY.contains(&name.as_str()));
    }
}

/// Brings all texts to their one form: NFC, trimmed, lines ended by a line feed; says where control characters stand.
pub fn clean(value: &mut Value, errors: &mut Vec<FieldError>) {
    clean_at(value, &mut String::new(), errors);
}

fn clean_at(value: &mut Value, pointer: &mut String, errors: &mut Vec<FieldError>) {
    let length = pointer.len();
    match value {
        Value::String(text) => clean_text(text, pointer, errors),
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                push_segment(pointer, &index.to_string());
                clean_at(item, pointer, errors);
                pointer.truncate(length);
            }
        }
        Value::Object(properties) => {
            for (name, item) in properties.iter_mut() {
                push_segment(pointer, name);
                clean_at(item, pointer, errors);
                pointer.truncate(length);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn clean_text(text: &mut String, pointer: &str, errors: &mut Vec<FieldError>) {
    if text.contains('\r') {
        *text = text.replace("\r\n", "\n").replace('\r', "\n");
    }
    if text.chars().any(|letter| letter.is_control() && letter != '\n' && letter != '\t') {
        errors.push(FieldError::at(
            pointer,
            "control-character",
            Message::fixed("Texten innehåller styrtecken.", "The text contains control characters."),
        ));
    }
    let trimmed = text.trim();
    let normal = nfc(trimmed);
    if normal != text.as_str() {
        *text = normal.into_owned();
    }
}

/// Tells one error of the schema as errors of fields.
fn tell(error: &jsonschema::ValidationError<'_>, errors: &mut Vec<FieldError>) {
    let pointer = error.instance_path().as_str();
    match error.kind() {
        ValidationErrorKind::AnyOf { context }
        | ValidationErrorKind::OneOfNotValid { context }
        | ValidationErrorKind::OneOfMultipleValid { context } => {
            // An optional value is "null or this": what is wrong with "this" is what helps.
            let helpful = context.iter().rfind(|branch| !branch.iter().all(wants_null));
            match helpful {
                Some(branch) => branch.iter().for_each(|error| tell(error, errors)),
                None => errors.push(at(pointer, "type", "Värdet har fel form.", "The value has the wrong form.")),
            }
        }
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            for name in unexpected {
                let mut place = pointer.to_owned();
                push_segment(&mut place, &shortened(&mask_personal(name)));
                errors.push(at(&place, "unknown-property", "Egenskapen finns inte.", "There is no such property."));
            }
        }
        ValidationErrorKind::Required { property } => {
            let mut place = pointer.to_owned();
            push_segment(&mut place, property.as_str().unwrap_or_default());
            errors.push(at(&place, "required", "Värdet måste finnas.", "The value is required."));
        }
        kind => errors.push(single(pointer, kind)),
    }
}

fn wants_null(error: &jsonschema::ValidationError<'_>) -> bool {
    matches!(error.kind(), ValidationErrorKind::Type { kind: TypeKind::Single(jsonschema::JsonType::Null) })
}

fn single(pointer: &str, kind: &ValidationErrorKind) -> FieldError {
    use ValidationErrorKind as K;
    match kind {
        K::Type { kind } => wrong_type(pointer, kind),
        K::Enum { options } => {
            let values: Vec<&str> = options.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            let values = values.join(", ");
            composed(pointer, "unknown-value", format!("Ett av: {values}."), format!("One of: {values}."))
        }
        K::MaxLength { limit } => {
            composed(pointer, "too-long", format!("Högst {limit} tecken."), format!("At most {limit} characters."))
        }
        K::MinLength { limit } => {
            composed(pointer, "too-short", format!("Minst {limit} tecken."), format!("At least {limit} characters."))
        }
        K::MaxItems { limit } => {
            composed(pointer, "too-many", format!("Högst {limit} värden."), format!("At most {limit} values."))
        }
        K::MinItems { limit } => {
            composed(pointer, "too-few", format!("Minst {limit} värden."), format!("At least {limit} values."))
        }
        K::Maximum { limit } | K::ExclusiveMaximum { limit } => {
            composed(pointer, "too-large", format!("Högst {limit}."), format!("At most {limit}."))
        }
        K::Minimum { limit } | K::ExclusiveMinimum { limit } => {
            composed(pointer, "too-small", format!("Minst {limit}."), format!("At least {limit}."))
        }
        K::Format { format } => {
            let (sv, en) = match format.as_str() {
                "date-time" => (
                    "Tid enligt RFC 3339, till exempel 2026-11-24T10:00:00Z.",
                    "A time by RFC 3339, such as 2026-11-24T10:00:00Z.",
                ),
                "date" => ("En dag, till exempel 2026-11-24.", "A day, such as 2026-11-24."),
                "uuid" => ("Ett UUID.", "A UUID."),
                _ => ("Värdet har fel form.", "The value has the wrong form."),
            };
            at(pointer, "format", sv, en)
        }
        K::Pattern { pattern } => composed(
            pointer,
            "pattern",
            format!("Måste följa mönstret {pattern}."),
            format!("Must follow the pattern {pattern}."),
        ),
        K::UniqueItems => at(pointer, "duplicate", "Ett värde står två gånger.", "A value stands twice."),
        _ => at(pointer, "invalid", "Värdet är inte tillåtet.", "The value is not allowed."),
    }
}

fn wrong_type(pointer: &str, kind: &TypeKind) -> FieldError {
    use jsonschema::JsonType;
    let named = |kind: JsonType| match kind {
        JsonType::Array => ("en lista", "a list"),
        JsonType::Boolean => ("true eller false", "true or false"),
        JsonType::Integer => ("ett heltal", "a whole number"),
        JsonType::Null => ("null", "null"),
        JsonType::Number => ("ett tal", "a number"),
        JsonType::Object => ("ett objekt", "an object"),
        JsonType::String => ("en text", "a text"),
    };
    let wanted = match kind {
        TypeKind::Single(one) => Some(*one),
        TypeKind::Multiple(several) => several.iter().find(|kind| *kind != JsonType::Null),
    };
    let (sv, en) = wanted.map_or(("ett annat slag av värde", "another type of value"), named);
    composed(pointer, "type", format!("Ska vara {sv}."), format!("Must be {en}."))
}

fn at(pointer: &str, code: &'static str, sv: &'static str, en: &'static str) -> FieldError {
    FieldError::at(pointer, code, Message::fixed(sv, en))
}

fn composed(pointer: &str, code: &'static str, sv: String, en: String) -> FieldError {
    FieldError::at(pointer, code, Message::new(sv, en))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Place;
    use proptest::prelude::*;

    fn check(kind: Kind, mut value: Value) -> Vec<(String, &'static str)> {
        let errors = Validator::for_kind(kind).unwrap().check(&mut value);
        let named = |error: FieldError| match error.place {
            Place::Pointer(pointer) => (pointer, error.code),
            other => panic!("{other:?}"),
        };
        let mut errors: Vec<_> = errors.into_iter().map(named).collect();
        errors.sort();
        errors
    }

    fn organisation() -> Value {
        json!({
            "sector": "civil-society",
            "kind": "association",
            "names": [{"value": "Byaföreningen", "lang": "sv", "kind": "official"}],
        })
    }

    fn with(name: &str, value: Value) -> Value {
        let mut content = organisation();
        content[name] = value;
        content
    }

    #[test]
    fn every_schema_compiles() {
        for kind in Kind::ALL {
            assert!(Validator::for_kind(kind).is_ok(), "{kind:?}");
        }
    }

    #[test]
    fn right_content_passes_with_what_the_service_sets() {
        assert_eq!(check(Kind::Organisation, organisation()), []);
        for name in READ_ONLY {
            assert_eq!(check(Kind::Organisation, with(name, json!({"any": "thing"}))), [], "{name}");
        }
        assert_eq!(check(Kind::Organisation, with("website", json!(null))), []);
        assert_eq!(check(Kind::Organisation, with("location", json!(null))), []);
    }

    #[test]
    fn every_error_is_told_at_once_where_it_stands() {
        let content = json!({
            "sector": "x", "names": [{"value": "", "lang": "sv", "kind": "official", "extra": 1}], "unknown": 1,
            "topics": "a", "location": {"lat": 100, "lon": 0}, "address": {"country": "sweden"}, "parentId": "abc",
            "source": {"name": "x", "assuredAt": "yesterday"}, "contactPreference": "mail",
        });
        let errors = check(Kind::Organisation, content);
        let expected = [
            ("/address/country", "pattern"),
            ("/contactPreference", "unknown-value"),
            ("/kind", "required"),
            ("/location/lat", "too-large"),
            ("/names/0/extra", "unknown-property"),
            ("/names/0/value", "too-short"),
            ("/parentId", "format"),
            ("/sector", "unknown-value"),
            ("/source/assuredAt", "format"),
            ("/topics", "type"),
            ("/unknown", "unknown-property"),
        ];
        let expected: Vec<_> = expected.into_iter().map(|(pointer, code)| (pointer.to_owned(), code)).collect();
        assert_eq!(errors, expected);
    }

    #[test]
    fn content_that_is_no_object_is_told() {
        for value in [json!(1), json!([]), json!(null), json!("x")] {
            assert_eq!(check(Kind::Forum, value), [(String::new(), "type")]);
        }
    }

    #[test]
    fn times_are_taken_in_every_zone() {
        let meeting = |start: &str| json!({"ofId": "01932f4a-7b1c-7000-8000-000000000001", "ofType": "forum", "title": {"sv": "Möte"}, "start": start});
        assert_eq!(check(Kind::Meeting, meeting("2027-02-10T09:00:00+01:00")), []);
        assert_eq!(check(Kind::Meeting, meeting("2027-02-10T08:00:00Z")), []);
        assert_eq!(check(Kind::Meeting, meeting("2027-02-30T08:00:00Z")), [("/start".to_owned(), "format")]);
        assert_eq!(check(Kind::Meeting, meeting("2027-02-10")), [("/start".to_owned(), "format")]);
    }

    #[test]
    fn texts_get_their_one_form() {
        let mut value = json!({"a": ["  a\u{30a}\r\nb  ", "ok"], "b": {"c": "x\u{0}y", "d": "tab\tline\n"}});
        let mut errors = Vec::new();
        clean(&mut value, &mut errors);
        assert_eq!(value, json!({"a": ["å\nb", "ok"], "b": {"c": "x\u{0}y", "d": "tab\tline"}}));
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0].place, Place::Pointer("/b/c".into()));
    }

    #[test]
    fn a_value_is_never_quoted() {
        let errors = Validator::for_kind(Kind::Organisation).unwrap().check(&mut with("sector", json!("811218-9876")));
        assert!(!format!("{errors:?}").contains("9876"));
        let errors = Validator::for_kind(Kind::Organisation).unwrap().check(&mut with("811218-9876", json!(1)));
        assert!(!format!("{errors:?}").contains("9876"));
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing_more(text in ".*") {
            let mut once = Value::String(text);
            clean(&mut once, &mut Vec::new());
            let mut twice = once.clone();
            clean(&mut twice, &mut Vec::new());
            prop_assert_eq!(once, twice);
        }
    }
}
