//! The one error type of the crate, free of transport, and the table of problem codes that clients rely on.

use crate::resources::Kind;
use chrono::{DateTime, Utc};
use std::borrow::Cow;
use uuid::Uuid;

/// A text for people, in both languages that problems are told in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Swedish.
    pub sv: Cow<'static, str>,
    /// English.
    pub en: Cow<'static, str>,
}

impl Message {
    /// A message of fixed texts.
    pub const fn fixed(sv: &'static str, en: &'static str) -> Self {
        Message { sv: Cow::Borrowed(sv), en: Cow::Borrowed(en) }
    }

    /// A message of composed texts. Never put personal data or a caller's secret in one.
    pub fn new(sv: impl Into<String>, en: impl Into<String>) -> Self {
        Message { sv: Cow::Owned(sv.into()), en: Cow::Owned(en.into()) }
    }
}

macro_rules! codes {
    ($($variant:ident $name:literal $status:literal $sv:literal $en:literal,)*) => {
        /// What went wrong, as clients tell problems apart. The name ends the problem's `type`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "the table of titles below says what each is")]
        pub enum Code { $($variant,)* }

        impl Code {
            /// All codes.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// The last part of the problem's `type`.
            pub const fn name(self) -> &'static str { match self { $(Code::$variant => $name,)* } }

            /// The HTTP status.
            pub const fn status(self) -> u16 { match self { $(Code::$variant => $status,)* } }

            /// The title.
            pub const fn title(self) -> Message {
                match self { $(Code::$variant => Message::fixed($sv, $en),)* }
            }
        }
    };
}

codes! {
    Malformed "malformed" 400 "Anropet går inte att läsa" "The request cannot be read",
    InvalidParameter "invalid-parameter" 400 "En parameter är fel" "A parameter is wrong",
    PageTooDeep "page-too-deep" 400 "Sidan ligger för djupt; följ cursor" "The page is too deep; follow a cursor",
    Unauthorized "unauthorized" 401 "Anropet behöver en giltig token" "The request needs a valid token",
    Forbidden "forbidden" 403 "Klienten får inte göra detta" "The client may not do this",
    NotFound "not-found" 404 "Det finns inget här" "There is nothing here",
    MethodNotAllowed "method-not-allowed" 405 "Metoden används inte här" "The method is not used here",
    NotAcceptable "not-acceptable" 406 "Formatet finns inte" "The format is not offered",
    Conflict "conflict" 409 "Anropet krockar med det som finns" "The request conflicts with what is there",
    IdentifierTaken "identifier-taken" 409 "Identifieraren finns redan på en annan post" "The identifier already belongs to another record",
    Referenced "referenced" 409 "Andra poster pekar på posten" "Other records point to the record",
    Merged "merged" 409 "Posten har slagits samman med en annan" "The record was merged into another",
    RequestInProgress "request-in-progress" 409 "Ett anrop med samma nyckel pågår" "A request with the same key is in progress",
    Gone "gone" 410 "Posten är borttagen" "The record was deleted",
    FeedRestart "feed-restart" 410 "Kopian måste börja om från exporten" "The copy must start again from the export",
    PreconditionFailed "precondition-failed" 412 "Posten har ändrats sedan den lästes" "The record has changed since it was read",
    TooLarge "too-large" 413 "Anropet är för stort" "The request is too large",
    UriTooLong "uri-too-long" 414 "Adressen är för lång" "The address is too long",
    UnsupportedMediaType "unsupported-media-type" 415 "Innehållets format stöds inte" "The content's format is not supported",
    RangeNotSatisfiable "range-not-satisfiable" 416 "Den delen finns inte" "There is no such range",
    Invalid "invalid" 422 "Innehållet är inte giltigt" "The content is not valid",
    KeyReused "idempotency-key-reused" 422 "Nyckeln har använts till ett annat anrop" "The key was used for another request",
    PreconditionRequired "precondition-required" 428 "Anropet behöver If-Match" "The request needs If-Match",
    TooManyRequests "too-many-requests" 429 "För många anrop" "Too many requests",
    HeadersTooLarge "headers-too-large" 431 "Anropets huvud är för stort" "The request's headers are too large",
    Internal "internal" 500 "Ett fel hos tjänsten" "A fault in the service",
    Unavailable "unavailable" 503 "Tjänsten kan inte svara just nu" "The service cannot answer now",
    NotYetIndexed "not-yet-indexed" 503 "Ändringen är inte sökbar än" "The change is not searchable yet",
    Timeout "timeout" 503 "Svaret tog för lång tid" "The answer took too long",
}

/// Where in a request an error stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// JSON pointer into the body.
    Pointer(String),
    /// Name of a query or path parameter.
    Parameter(String),
    /// Name of a header.
    Header(String),
    /// Line of a file, from 1.
    Line(u64),
}

/// One error of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Where.
    pub place: Place,
    /// A short machine-readable word: required, type, unknown-property, unknown-value, too-long …
    pub code: &'static str,
    /// What is wrong.
    pub detail: Message,
}

impl FieldError {
    /// An error in the body.
    pub fn at(pointer: impl Into<String>, code: &'static str, detail: Message) -> Self {
        FieldError { place: Place::Pointer(pointer.into()), code, detail }
    }

    /// An error in a parameter.
    pub fn parameter(name: impl Into<String>, code: &'static str, detail: Message) -> Self {
        FieldError { place: Place::Parameter(name.into()), code, detail }
    }
}

/// A failure. What a caller may read stands in the variants; `Internal` is for the log only.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A problem of a code with a detail.
    #[error("{}: {}", .code.name(), .detail.en)]
    Problem {
        /// Which.
        code: Code,
        /// What exactly.
        detail: Message,
        /// Every single error, when there are several.
        errors: Vec<FieldError>,
    },
    /// The record was merged into another.
    #[error("merged into {0} {1}")]
    Merged(&'static str, Uuid),
    /// The record was deleted.
    #[error("deleted at {0}")]
    Gone(DateTime<Utc>),
    /// Other records point to this one.
    #[error("referenced by {} records", .0.len())]
    Referenced(Vec<(Kind, Uuid)>),
    /// Another write came between, and trying again did not help; the text is for the log.
    #[error("clash: {0}")]
    Clash(String),
    /// The database cannot be reached; the text is for the log.
    #[error("no database: {0}")]
    Lost(String),
    /// Something that clients are told nothing about.
    #[error("internal: {0}")]
    Internal(String),
}

/// The result of everything that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A problem without single errors.
    pub fn problem(code: Code, detail: Message) -> Self {
        Error::Problem { code, detail, errors: Vec::new() }
    }

    /// Nothing found.
    pub fn not_found() -> Self {
        Error::problem(Code::NotFound, Message::fixed("Ingen sådan post finns.", "There is no such record."))
    }

    /// One wrong parameter.
    pub fn parameter(name: impl Into<String>, code: &'static str, detail: Message) -> Self {
        Error::Problem {
            code: Code::InvalidParameter,
            detail: detail.clone(),
            errors: vec![FieldError::parameter(name, code, detail)],
        }
    }

    /// The body breaks rules.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        Error::Problem {
            code: Code::Invalid,
            detail: Message::new(
                format!("{} fel i innehållet.", errors.len()),
                format!("{} errors in the content.", errors.len()),
            ),
            errors,
        }
    }

    /// A fault of ours, for the log.
    pub fn internal(text: impl std::fmt::Display) -> Self {
        Error::Internal(text.to_string())
    }

    /// The problem code.
    pub fn code(&self) -> Code {
        match self {
            Error::Problem { code, .. } => *code,
            Error::Merged(..) => Code::Merged,
            Error::Gone(_) => Code::Gone,
            Error::Referenced(_) => Code::Referenced,
            Error::Clash(_) | Error::Lost(_) => Code::Unavailable,
            Error::Internal(_) => Code::Internal,
        }
    }
}

macro_rules! internal_from {
    ($($error:ty),*) => { $(impl From<$error> for Error {
        fn from(error: $error) -> Self { Error::Internal(error.to_string()) }
    })* };
}

internal_from!(std::io::Error, serde_json::Error, tantivy::TantivyError, std::fmt::Error);

impl From<diesel::r2d2::PoolError> for Error {
    fn from(_: diesel::r2d2::PoolError) -> Self {
        // The pool's text may quote the address of the database.
        Error::Lost("no connection could be had".to_owned())
    }
}

/// What the databases say of a wait that ended without its lock; diesel tells no code of it. The words stand in
/// PostgreSQL's translations too.
const LOCKED: &[&str] = &["deadlock", "lock timeout", "låstimeout", "database is locked"];

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        // The text of a database error may quote values: only its kind is kept.
        use diesel::result::DatabaseErrorKind as Kind;
        use diesel::result::Error as Diesel;
        match error {
            Diesel::DatabaseError(kind, information) => {
                let constraint = information.constraint_name().unwrap_or("no constraint named");
                let text = format!("database: {kind:?} ({constraint})");
                match kind {
                    Kind::ClosedConnection | Kind::UnableToSendCommand => Error::Lost(text),
                    // Writes check first what constraints hold: these break only when another write came between.
                    Kind::UniqueViolation | Kind::ForeignKeyViolation | Kind::SerializationFailure => {
                        Error::Clash(text)
                    }
                    _ if LOCKED.iter().any(|word| information.message().contains(word)) => {
                        Error::Clash("database: a lock was not given".to_owned())
                    }
                    _ => Error::Internal(text),
                }
            }
            Diesel::BrokenTransactionManager => Error::Lost("database: a transaction was left broken".to_owned()),
            Diesel::RollbackErrorOnCommit { commit_error, .. } => Error::from(*commit_error),
            Diesel::DeserializationError(_) | Diesel::SerializationError(_) => {
                Error::Internal("database: a value has another form than expected".to_owned())
            }
            other => Error::Internal(format!("database: {other}")),
        }
    }
}
