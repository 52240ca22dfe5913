//! Outside issuers: tokens of other organisations' identity providers, accepted by configuration.

use crate::auth::authority::Bearer;
use crate::error::Result;
use chrono::{DateTime, Utc};

/// What is to be thought of a token.
pub(crate) enum Verdict {
    /// It is good.
    Known(Bearer),
    /// It is not.
    Refused,
    /// Its key is not known, or nothing is yet.
    Unknown,
}

/// The configured issuers.
#[derive(Debug, Default)]
pub(crate) struct Issuers {
    issuers: Vec<Issuer>,
}

/// One outside issuer.
#[derive(Debug)]
pub(crate) struct Issuer {
    url: String,
}

impl Issuers {
    /// The issuer of that name.
    pub(crate) fn of(&self, url: &str) -> Option<&Issuer> {
        self.issuers.iter().find(|issuer| issuer.url == url)
    }
}

impl Issuer {
    /// Checks a token by the keys that are known.
    pub(crate) fn verify(&self, _token: &str, _now: DateTime<Utc>) -> Verdict {
        Verdict::Refused
    }

    /// Asks the issuer for its keys, when that is due. It waits.
    pub(crate) fn refresh(&self, _now: DateTime<Utc>) -> Result<()> {
        Ok(())
    }
}
