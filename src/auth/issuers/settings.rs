//! The file that tells of outside issuers, as the operator writes it and as it is checked.

use crate::auth::actor::Role;
use crate::identifier::{PathId, parse_path_id};
use jsonwebtoken::Algorithm;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use url::{Host, Url};
use uuid::Uuid;

/// What an issuer may sign with: keys that have a public half.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];
/// The types of access tokens: of RFC 9068, and of issuers from before it.
const TYPES: [&str; 2] = ["at+jwt", "jwt"];
/// Claims that hold several values in one text.
const SPACED: [&str; 2] = ["scope", "scp"];
/// In place of a scheme: the claim holds the id that the registry gave.
const OWN_ID: &str = "id";
/// The longest name of an issuer, in bytes.
const LONGEST_NAME: usize = 32;

/// The configured outside issuers and the file that tells of them.
#[derive(Debug, Clone, Default)]
pub struct Outside {
    path: Option<PathBuf>,
    pub(super) issuers: Vec<Settings>,
}

/// What is configured of an issuer.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    /// Stands before the subject in the logs.
    pub name: String,
    /// What `iss` must be.
    pub url: Arc<str>,
    /// What `aud` must be or hold.
    pub audience: String,
    pub algorithms: Vec<Algorithm>,
    types: Vec<String>,
    pub subject: Claim,
    rules: Vec<Rule>,
}

/// What a claim gives.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    claim: Claim,
    value: String,
    pub role: Role,
    pub organisation: Option<Named>,
    pub protected: bool,
}

/// How the organisation is told that somebody acts for.
#[derive(Debug, Clone)]
pub(super) enum Named {
    /// It is the same for all.
    Fixed(PathId),
    /// A claim holds its key in a scheme.
    Claimed { claim: Claim, scheme: String },
}

/// Where a value stands in a token: a name, or names one within the other.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "WrittenClaim")]
pub(super) struct Claim(Vec<String>);

#[derive(Deserialize)]
#[serde(untagged, expecting = "a claim is a name, or a list of names one within the other")]
enum WrittenClaim {
    Name(String),
    Path(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenFile {
    issuer: Vec<WrittenIssuer>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenIssuer {
    name: String,
    issuer: String,
    audience: String,
    algorithms: Vec<String>,
    types: Option<Vec<String>>,
    subject: Option<Claim>,
    rule: Vec<WrittenRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRule {
    claim: Claim,
    value: String,
    role: String,
    organisation: Option<String>,
    organisation_claim: Option<Claim>,
    organisation_scheme: Option<String>,
    #[serde(default)]
    protected: bool,
}

impl Outside {
    /// Reads the file.
    ///
    /// # Errors
    /// A sentence on what is wrong with it.
    pub(crate) fn read(path: &Path) -> Result<Outside, String> {
        let text = std::fs::read_to_string(path).map_err(|error| error.to_string());
        let issuers = text.and_then(|text| read(&text));
        let issuers = issuers.map_err(|reason| format!("names {}, which cannot be used: {reason}", path.display()))?;
        Ok(Outside { path: Some(path.to_owned()), issuers })
    }

    /// The file.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }
}

fn read(text: &str) -> Result<Vec<Settings>, String> {
    let file: WrittenFile = toml::from_str(text).map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        format!("line {}: {}", before.matches('\n').count() + 1, error.message())
    })?;
    let (mut names, mut urls) = (HashSet::new(), HashSet::new());
    let mut issuers = Vec::new();
    for written in file.issuer {
        let told = |reason: String| format!("issuer {}: {reason}", written.name);
        if !names.insert(written.name.clone()) || !urls.insert(written.issuer.clone()) {
            return Err(told("stands twice".to_owned()));
        }
        issuers.push(Settings::check(&written).map_err(told)?);
    }
    Ok(issuers)
}

impl Settings {
    fn check(written: &WrittenIssuer) -> Result<Settings, String> {
        let name = &written.name;
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty() || name.len() > LONGEST_NAME || !name.bytes().all(plain) {
            return Err(format!("name must be 1 to {LONGEST_NAME} of a–z, 0–9 and -"));
        }
        check_url(&written.issuer)?;
        if written.audience.is_empty() {
            return Err("audience is empty".to_owned());
        }
        let algorithms = written.algorithms.iter().map(|name| algorithm(name)).collect::<Result<Vec<_>, _>>()?;
        if algorithms.is_empty() {
            return Err("algorithms is empty".to_owned());
        }
        let types = match &written.types {
            Some(types) if types.is_empty() => return Err("types is empty".to_owned()),
            Some(types) => types.iter().map(|name| short(name)).collect(),
            None => TYPES.map(str::to_owned).to_vec(),
        };
        if written.rule.is_empty() {
            return Err("has no rule, so that nobody would get in".to_owned());
        }
        let rules = written
            .rule
            .iter()
            .enumerate()
            .map(|(at, rule)| Rule::check(rule).map_err(|reason| format!("rule {}: {reason}", at + 1)));
        Ok(Settings {
            name: name.clone(),
            url: written.issuer.as_str().into(),
            audience: written.audience.clone(),
            algorithms,
            types,
            subject: written.subject.clone().unwrap_or_else(|| Claim(vec!["sub".to_owned()])),
            rules: rules.collect::<Result<_, _>>()?,
        })
    }

    /// Whether tokens of a type are taken.
    pub(super) fn takes(&self, kind: &str) -> bool {
        self.types.contains(&short(kind))
    }

    /// The first rule that these claims meet.
    pub(super) fn rule(&self, claims: &Map<String, Value>) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.is_met(claims))
    }
}

impl Rule {
    fn check(written: &WrittenRule) -> Result<Rule, String> {
        let role = Role::from_name(&written.role)
            .ok_or_else(|| format!("role must be one of {}", Role::ALL.map(Role::name).join(", ")))?;
        let organisation = match (&written.organisation, &written.organisation_claim, &written.organisation_scheme) {
            (None, None, None) => None,
            (Some(text), None, None) => {
                let path = parse_path_id(text).map_err(|_| "organisation is no id and no identifier".to_owned())?;
                Some(Named::Fixed(path))
            }
            (None, Some(claim), Some(scheme)) => Some(Named::Claimed { claim: claim.clone(), scheme: scheme.clone() }),
            _ => return Err("takes organisation, or organisation_claim with organisation_scheme".to_owned()),
        };
        if role.has_organisation() != organisation.is_some() {
            return Err("editors and umbrellas act for an organisation, others do not".to_owned());
        }
        let (claim, value) = (written.claim.clone(), written.value.clone());
        Ok(Rule { claim, value, role, organisation, protected: written.protected })
    }

    /// Whether the claim has the value or holds it among others.
    fn is_met(&self, claims: &Map<String, Value>) -> bool {
        match self.claim.of(claims) {
            Some(Value::String(text)) if self.claim.is_spaced() => text.split(' ').any(|part| part == self.value),
            Some(Value::String(text)) => *text == self.value,
            Some(Value::Array(values)) => values.iter().any(|value| value.as_str() == Some(&self.value)),
            _ => false,
        }
    }
}

impl Named {
    /// What stands for the organisation in these claims; none when they name none, or several.
    pub(super) fn path(&self, claims: &Map<String, Value>) -> Option<PathId> {
        let (claim, scheme) = match self {
            Named::Fixed(path) => return Some(path.clone()),
            Named::Claimed { claim, scheme } => (claim, scheme),
        };
        let text = match claim.of(claims)? {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Array(values) => match values.as_slice() {
                [Value::String(text)] => text.clone(),
                _ => return None,
            },
            _ => return None,
        };
        if scheme == OWN_ID {
            return Uuid::try_parse(&text).ok().map(PathId::Uuid);
        }
        parse_path_id(&format!("{scheme}:{text}")).ok()
    }
}

impl Claim {
    /// Its value.
    pub(super) fn of<'a>(&self, claims: &'a Map<String, Value>) -> Option<&'a Value> {
        let (first, within) = self.0.split_first()?;
        within.iter().try_fold(claims.get(first)?, |value, name| value.as_object()?.get(name))
    }

    fn is_spaced(&self) -> bool {
        matches!(self.0.as_slice(), [name] if SPACED.contains(&name.as_str()))
    }
}

impl From<WrittenClaim> for Claim {
    fn from(written: WrittenClaim) -> Claim {
        match written {
            WrittenClaim::Name(name) => Claim(vec![name]),
            WrittenClaim::Path(names) => Claim(names),
        }
    }
}

/// A type without what may stand before it (RFC 7515), in small letters.
fn short(kind: &str) -> String {
    let kind = kind.to_ascii_lowercase();
    kind.strip_prefix("application/").map(str::to_owned).unwrap_or(kind)
}

fn algorithm(name: &str) -> Result<Algorithm, String> {
    let known = name.parse().ok().filter(|algorithm| ALGORITHMS.contains(algorithm));
    known.ok_or_else(|| {
        let names: Vec<String> = ALGORITHMS.iter().map(|algorithm| format!("{algorithm:?}")).collect();
        format!("algorithms holds {name}; allowed are {}", names.join(", "))
    })
}

/// Whether keys may be fetched from an address: over TLS, or from this very machine.
pub(super) fn may_be_fetched(url: &Url, from_loopback: bool) -> bool {
    url.scheme() == "https" || (from_loopback && url.scheme() == "http" && is_loopback(url))
}

/// Whether an address is one of this machine's own.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(_)) | None => false,
    }
}

fn check_url(text: &str) -> Result<(), String> {
    let url = Url::parse(text).map_err(|_| "issuer is no URL".to_owned())?;
    if !may_be_fetched(&url, true) {
        return Err("issuer must begin with https://".to_owned());
    }
    let bare =
        url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    if bare { Ok(()) } else { Err("issuer must hold no query, fragment, user or password".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const GOOD: &str = r#"
        [[issuer]]
        name = "region"
        issuer = "https://login.example.org/v2.0"
        audience = "api://samverkan"
        algorithms = ["RS256"]
        [[issuer.rule]]
        claim = ["realm_access", "roles"]
        value = "redaktör"
        role = "editor"
        organisation_claim = "org"
        organisation_scheme = "SE-ON"
        [[issuer.rule]]
        claim = "scope"
        value = "partner"
        role = "reader"
        protected = true
    "#;

    fn claims(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn the_first_rule_that_is_met_gives_the_rights() {
        let issuers = read(GOOD).unwrap();
        let role = |value: Value| issuers[0].rule(&claims(&value)).map(|rule| rule.role);
        assert_eq!(role(json!({"realm_access": {"roles": ["x", "redaktör"]}, "scope": "partner"})), Some(Role::Editor));
        assert_eq!(role(json!({"realm_access": {"roles": "redaktör"}})), Some(Role::Editor));
        assert_eq!(role(json!({"realm_access": ["redaktör"], "scope": "openid partner"})), Some(Role::Reader));
        assert_eq!(role(json!({"realm_access": {"roles": ["x redaktör"]}, "scope": "partners"})), None);
        assert_eq!(role(json!({"scope": true, "realm_access": null})), None);
    }

    #[test]
    fn an_organisation_is_named_by_one_value() {
        let issuers = read(GOOD).unwrap();
        let path = |org: Value| {
            let claims = claims(&json!({"realm_access": {"roles": ["redaktör"]}, "org": org}));
            issuers[0].rule(&claims).unwrap().organisation.as_ref().unwrap().path(&claims)
        };
        let number = PathId::Identifier { scheme: "SE-ON".to_owned(), value: "802405-3442".to_owned() };
        for spelling in [json!("8024053442"), json!("802405-3442"), json!(8_024_053_442_u64), json!(["8024053442"])] {
            assert_eq!(path(spelling), Some(number.clone()));
        }
        for wrong in [json!(["8024053442", "8024053459"]), json!([]), json!(null), json!("x"), json!({"a": 1})] {
            assert_eq!(path(wrong), None);
        }
    }

    #[test]
    fn a_bad_file_is_told_in_a_sentence() {
        for (from, to, says) in [
            ("RS256", "HS256", "algorithms holds HS256"),
            ("RS256", "none", "algorithms holds none"),
            ("[\"RS256\"]", "[]", "algorithms is empty"),
            ("audience", "audiance", "line 5: unknown field `audiance`"),
            ("https://", "http://", "must begin with https"),
            ("https://", "https://me@", "user or password"),
            ("/v2.0", "/v2.0?x=1", "no query"),
            ("\"region\"", "\"Region A\"", "name must be"),
            (
                "\"redaktör\"\n        role = \"editor\"",
                "\"x\"\n        role = \"king\"",
                "rule 1: role must be one of",
            ),
            ("organisation_scheme = \"SE-ON\"", "", "organisation_claim with organisation_scheme"),
            ("role = \"reader\"", "role = \"umbrella\"", "rule 2: editors and umbrellas"),
            ("role = \"editor\"", "role = \"steward\"", "rule 1: editors and umbrellas"),
        ] {
            let error = read(&GOOD.replacen(from, to, 1)).unwrap_err();
            assert!(error.contains(says), "{says}: {error}");
        }
        assert!(read(&format!("{GOOD}{GOOD}")).unwrap_err().contains("stands twice"));
        assert!(read("").unwrap_err().contains("missing field `issuer`"));
    }

    #[test]
    fn only_this_machine_is_asked_without_tls() {
        let allowed = |text: &str, loopback| may_be_fetched(&text.parse().unwrap(), loopback);
        assert!(allowed("https://example.org/jwks", false) && allowed("http://127.0.0.1:9/jwks", true));
        assert!(allowed("http://[::1]:9/jwks", true) && !allowed("http://127.0.0.1:9/jwks", false));
        assert!(!allowed("http://localhost/jwks", true) && !allowed("http://10.0.0.1/jwks", true));
        assert!(!allowed("file:///etc/passwd", true));
    }

    #[test]
    fn types_are_compared_as_media_types() {
        let issuers = read(GOOD).unwrap();
        for kind in ["at+jwt", "application/at+jwt", "JWT", "AT+JWT"] {
            assert!(issuers[0].takes(kind), "{kind}");
        }
        assert!(!issuers[0].takes("logout+jwt") && !issuers[0].takes(""));
    }
}
