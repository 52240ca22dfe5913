//! Bodies of requests, read strictly.

use crate::error::{Code, Error, FieldError, Message, Result};
use actix_web::http::Method;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::{HttpRequest, web};
use futures_util::StreamExt;
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// How deep a body may be nested.
const DEEPEST: usize = 32;

/// The bytes of a JSON body: media type and size checked.
///
/// # Errors
/// 415 or 413; 400 when the connection breaks off.
pub async fn json_bytes(payload: web::Payload, request: &HttpRequest, limit: usize) -> Result<Vec<u8>> {
    check_media_type(request)?;
    read(payload, request, limit).await
}

fn check_media_type(request: &HttpRequest) -> Result<()> {
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = header(CONTENT_TYPE).split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let patch = request.method() == Method::PATCH;
    let known = media_type == "application/json" || (patch && media_type == "application/merge-patch+json");
    let coding = header(CONTENT_ENCODING);
    if known && (coding.is_empty() || coding.eq_ignore_ascii_case("identity")) {
        return Ok(());
    }
    let types = if patch { "application/merge-patch+json, application/json" } else { "application/json" };
    Err(Error::problem(
        Code::UnsupportedMediaType,
        Message::new(
            format!("Skicka {types}, utan Content-Encoding."),
            format!("Send {types}, without Content-Encoding."),
        ),
    ))
}

/// The bytes of a body.
///
/// # Errors
/// 413 when there are too many; 400 when the connection breaks off.
pub async fn read(mut payload: web::Payload, request: &HttpRequest, limit: usize) -> Result<Vec<u8>> {
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let announced = announced.and_then(|text| text.parse::<u64>().ok()).unwrap_or_default();
    if announced > limit as u64 {
        return Err(too_large(limit));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(announced).unwrap_or_default());
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| {
            malformed(Message::fixed("Innehållet kom inte fram helt.", "The content did not arrive in full."))
        })?;
        if bytes.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn too_large(limit: usize) -> Error {
    Error::problem(
        Code::TooLarge,
        Message::new(
            format!("Innehållet får vara högst {limit} byte."),
            format!("The content may be at most {limit} bytes."),
        ),
    )
}

fn malformed(detail: Message) -> Error {
    Error::problem(Code::Malformed, detail)
}

/// Reads JSON: no property twice in an object, not nested deeper than 32, no NUL.
///
/// # Errors
/// 400 that says where.
pub fn parse(bytes: &[u8]) -> Result<Value> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err(malformed(Message::fixed("Innehållet är inte UTF-8.", "The content is not UTF-8.")));
    };
    if text.trim().is_empty() {
        return Err(malformed(Message::fixed("Innehållet är tomt.", "The content is empty.")));
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Strict(DEEPEST).deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    let value = value.map_err(|error| unreadable(&error))?;
    let mut errors = Vec::new();
    find_nul(&value, &mut String::new(), &mut errors);
    if errors.is_empty() {
        return Ok(value);
    }
    let detail = Message::fixed("Texten innehåller NUL.", "The text contains NUL.");
    Err(Error::Problem { code: Code::Malformed, detail, errors })
}

/// Says where JSON breaks off, and why in our own words: the parser's may quote the content.
fn unreadable(error: &serde_json::Error) -> Error {
    let (line, column) = (error.line(), error.column());
    let (sv, en) = match error.to_string() {
        text if text.starts_with(REPEATED) => ("en egenskap står två gånger", "a property stands twice"),
        text if text.starts_with(TOO_DEEP) => ("för djupt nästlat", "nested too deep"),
        _ => ("inte rätt JSON", "not correct JSON"),
    };
    malformed(Message::new(
        format!("Rad {line}, kolumn {column}: {sv}."),
        format!("Line {line}, column {column}: {en}."),
    ))
}

const REPEATED: &str = "repeated property";
const TOO_DEEP: &str = "nested too deep";

fn find_nul(value: &Value, pointer: &mut String, errors: &mut Vec<FieldError>) {
    let mut told = |pointer: &str| {
        let detail = Message::fixed("Texten innehåller NUL.", "The text contains NUL.");
        errors.push(FieldError::at(pointer, "control-character", detail));
    };
    let length = pointer.len();
    match value {
        Value::String(text) if text.contains('\0') => told(pointer),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                pointer.push_str(&format!("/{index}"));
                find_nul(item, pointer, errors);
                pointer.truncate(length);
            }
        }
        Value::Object(properties) => {
            for (name, item) in properties {
                if name.contains('\0') {
                    let detail = Message::fixed("Ett namn innehåller NUL.", "A name contains NUL.");
                    errors.push(FieldError::at(pointer.as_str(), "control-character", detail));
                }
                push_segment(pointer, name);
                find_nul(item, pointer, errors);
                pointer.truncate(length);
            }
        }
        _ => {}
    }
}

/// Adds a property name to a JSON pointer.
pub(crate) fn push_segment(pointer: &mut String, name: &str) {
    pointer.push('/');
    for letter in name.chars().take(100) {
        match letter {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            letter => pointer.push(letter),
        }
    }
}

/// Reads a value of so many levels at most.
struct Strict(usize);

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> std::result::Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> std::result::Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> std::result::Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> std::result::Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> std::result::Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> std::result::Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> std::result::Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> std::result::Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<Value, A::Error> {
        let below = self.0.checked_sub(1).ok_or_else(|| serde::de::Error::custom(TOO_DEEP))?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Strict(below))? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut properties: A) -> std::result::Result<Value, A::Error> {
        let below = self.0.checked_sub(1).ok_or_else(|| serde::de::Error::custom(TOO_DEEP))?;
        let mut object = Map::new();
        while let Some(name) = properties.next_key::<String>()? {
            if object.contains_key(&name) {
                return Err(serde::de::Error::custom(REPEATED));
            }
            object.insert(name, properties.next_value_seed(Strict(below))?);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Place;
    use actix_web::FromRequest;
    use actix_web::test::TestRequest;
    use proptest::prelude::*;
    use serde_json::json;

    async fn read_body(request: TestRequest, limit: usize) -> Result<Value> {
        let (request, mut payload) = request.to_http_parts();
        let payload = web::Payload::from_request(&request, &mut payload).await.unwrap();
        json_body(payload, &request, limit).await
    }

    fn post(media_type: &str, body: &'static str) -> TestRequest {
        TestRequest::post().insert_header(("content-type", media_type)).set_payload(body)
    }

    #[actix_web::test]
    async fn json_is_read_by_its_media_type() {
        assert_eq!(read_body(post("application/json", "{\"a\":1}"), 100).await.unwrap(), json!({"a": 1}));
        assert!(read_body(post("application/json; charset=utf-8", "{}"), 100).await.is_ok());
        let patch = TestRequest::patch().insert_header(("content-type", "application/merge-patch+json"));
        assert!(read_body(patch.set_payload("{}"), 100).await.is_ok());
        for media_type in ["text/plain", "application/merge-patch+json", "application/x-www-form-urlencoded", ""] {
            let error = read_body(post(media_type, "{}"), 100).await.unwrap_err();
            assert_eq!(error.code(), Code::UnsupportedMediaType, "{media_type}");
        }
        let coded = post("application/json", "{}").insert_header(("content-encoding", "gzip"));
        assert_eq!(read_body(coded, 100).await.unwrap_err().code(), Code::UnsupportedMediaType);
    }

    #[actix_web::test]
    async fn a_body_has_a_limit() {
        let error = read_body(post("application/json", "{\"a\":\"bbbbbbbbbbbb\"}"), 10).await.unwrap_err();
        assert_eq!(error.code(), Code::TooLarge);
        let announced = post("application/json", "{}").insert_header(("content-length", "99999999"));
        assert_eq!(read_body(announced, 10).await.unwrap_err().code(), Code::TooLarge);
    }

    #[test]
    fn what_cannot_be_read_is_a_400() {
        let deep = format!("{}{}", "[".repeat(40), "]".repeat(40));
        for text in
            ["", "  ", "{", "{} x", "{\"a\":1,\"a\":2}", deep.as_str(), "\"\\ud800\"", "1e999", "nul", "{'a':1}"]
        {
            assert_eq!(parse(text.as_bytes()).unwrap_err().code(), Code::Malformed, "{text}");
        }
        assert_eq!(parse(&"[".repeat(100_000).into_bytes()).unwrap_err().code(), Code::Malformed);
        assert_eq!(parse(b"\"\xff\"").unwrap_err().code(), Code::Malformed);
    }

    #[test]
    fn nul_is_refused_where_it_stands() {
        let Err(Error::Problem { errors, .. }) = parse(br#"{"names":[{"va/lue":"a\u0000b"}]}"#) else { panic!() };
        assert_eq!(errors[0].place, Place::Pointer("/names/0/va~1lue".into()));
    }

    #[test]
    fn what_is_read_is_what_was_sent() {
        let text = r#"{"b":[1,-2,3.5,true,null,"å"],"a":{"c":""}}"#;
        assert_eq!(parse(text.as_bytes()).unwrap().to_string(), text);
        assert!(parse("\u{feff}{}".as_bytes()).is_ok());
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes);
        }
    }
}
