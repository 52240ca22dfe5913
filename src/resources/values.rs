//! Value types that several resources share, in the form the API shows them.

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, Timelike, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Text that a person reads, by language. Northern (`se`), Lule (`smj`), Southern (`sma`), Pite
/// (`sje`) and Ume Sami (`sju`), Finnish (`fi`) and Meänkieli (`fit`) stand beside Swedish and English.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"sv": "Stöd till föreningar", "en": "Support for associations"}))]
pub struct LocalizedText {
    /// Swedish.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 10000)]
    pub sv: Option<String>,
    /// English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 10000)]
    pub en: Option<String>,
    /// Finnish.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 10000)]
    pub fi: Option<String>,
    /// Meänkieli.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 10000)]
    pub fit: Option<String>,
    /// Northern Sami.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 10000)]
    pub se: Option<String>,
    /// Lule Sami.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 10000)]
    pub smj: Option<String>,
    /// Southern Sami.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 10000)]
    pub sma: Option<String>,
    /// Pite Sami.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 10000)]
    pub sje: Option<String>,
    /// Ume Sami.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 10000)]
    pub sju: Option<String>,
}

impl LocalizedText {
    /// Every language's text, in the fixed order of the properties.
    pub fn texts(&self) -> impl Iterator<Item = (TextLanguage, &str)> {
        use TextLanguage as L;
        [
            (L::Sv, &self.sv),
            (L::En, &self.en),
            (L::Fi, &self.fi),
            (L::Fit, &self.fit),
            (L::Se, &self.se),
            (L::Smj, &self.smj),
            (L::Sma, &self.sma),
            (L::Sje, &self.sje),
            (L::Sju, &self.sju),
        ]
        .into_iter()
        .filter_map(|(lang, text)| text.as_deref().map(|text| (lang, text)))
    }

    /// The text in the wanted language, else in Swedish, else in any.
    pub fn best(&self, lang: TextLanguage) -> Option<&str> {
        self.texts().find(|(l, _)| *l == lang).or_else(|| self.texts().next()).map(|(_, text)| text)
    }
}

/// A language that names and texts are written in (ISO 639; `fit` is Meänkieli).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the variants are the codes that LocalizedText explains")]
pub enum TextLanguage {
    Sv,
    En,
    Fi,
    Fit,
    Se,
    Smj,
    Sma,
    Sje,
    Sju,
}

/// What a name is to its bearer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NameKind {
    /// The name in the statutes; every record has at least one.
    Official,
    /// An abbreviation or short form.
    Short,
    /// Another name in use.
    Alias,
    /// A name no longer in use.
    Former,
}

/// One name of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"value": "Svenska Röda Korset", "lang": "sv", "kind": "official"}))]
pub struct Name {
    /// The name as it is written.
    #[schema(min_length = 1, max_length = 300)]
    pub value: String,
    /// The language of the name.
    pub lang: TextLanguage,
    /// What the name is.
    pub kind: NameKind,
}

/// A key that some register or system has given the record. An organisation number has the
/// scheme `SE-ON` and the form `802412-3450`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"scheme": "SE-ON", "value": "802412-3450"}))]
pub struct Identifier {
    /// The register or system that the value belongs to.
    #[schema(min_length = 1, max_length = 40, pattern = "^[A-Za-z][A-Za-z0-9-]*$")]
    pub scheme: String,
    /// The key within that scheme.
    #[schema(min_length = 1, max_length = 200)]
    pub value: String,
}

/// Where a record comes from and when its content was last confirmed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(example = json!({"name": "survey-2020", "reference": "fråga 1", "assuredAt": "2020-10-31"}))]
pub struct Source {
    /// Short name of the source, usable as a filter.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// Where in the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500)]
    pub reference: Option<String>,
    /// The day the content was last confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-11-24")]
    pub assured_at: Option<NaiveDate>,
}

/// A postal address of a place of business. Home addresses have no place here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(example = json!({"street": "Köpmangatan 40", "postalCode": "972 38", "locality": "Luleå", "country": "SE"}))]
pub struct Address {
    /// Street and number, or box.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub street: Option<String>,
    /// Swedish postal codes are five digits, shown `NNN NN`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 20)]
    pub postal_code: Option<String>,
    /// Post town.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 100)]
    pub locality: Option<String>,
    /// ISO 3166-1 alpha-2 code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[A-Z]{2}$")]
    pub country: Option<String>,
}

/// A point in WGS 84, in degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"lat": 65.5842, "lon": 22.1547}))]
pub struct Location {
    /// Latitude.
    #[schema(minimum = -90.0, maximum = 90.0)]
    pub lat: f64,
    /// Longitude.
    #[schema(minimum = -180.0, maximum = 180.0)]
    pub lon: f64,
}

/// Something that an organisation offers or needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "training", "topics": ["civil-beredskap"], "text": {"sv": "Utbildar frivilliga resursgrupper"}, "areas": ["25"]}))]
pub struct Exchange {
    /// What kind of thing.
    pub kind: ExchangeKind,
    /// Topics it concerns.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub topics: Vec<String>,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<LocalizedText>,
    /// Municipality, county or country codes where it applies.
    #[serde(default)]
    #[schema(max_items = 300)]
    pub areas: Vec<String>,
}

/// Kinds of offers and needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the words are plain")]
pub enum ExchangeKind {
    Service,
    Training,
    Expertise,
    Volunteers,
    Premises,
    Equipment,
    Transport,
    Members,
    Funding,
    Partner,
    Other,
}

/// The level that an actor works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the words are plain")]
pub enum Level {
    Local,
    Regional,
    National,
    International,
}

/// A span of days, either end open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"from": "2019-04-01", "to": "2021-02-28"}))]
pub struct Period {
    /// First day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "2019-04-01")]
    pub from: Option<NaiveDate>,
    /// Last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "2021-02-28")]
    pub to: Option<NaiveDate>,
}

/// A moment as the API writes it: UTC, microseconds at most, `Z`.
pub fn rfc3339(at: DateTime<Utc>) -> String {
    let (year, nanos) = (at.year(), at.nanosecond());
    let micros = nanos / 1_000;
    if !(0..=9_999).contains(&year) || nanos >= 1_000_000_000 || nanos % 1_000 != 0 {
        return at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    }
    // Digit by digit: every record has two of these, and the general way takes as long as looking the record up.
    let mut text = Vec::with_capacity(27);
    let mut put = |number: u32, digits: u32, after: u8| {
        for place in (0..digits).rev() {
            text.push(b'0' + (number / 10_u32.pow(place) % 10) as u8);
        }
        text.push(after);
    };
    put(year.unsigned_abs(), 4, b'-');
    put(at.month(), 2, b'-');
    put(at.day(), 2, b'T');
    put(at.hour(), 2, b':');
    put(at.minute(), 2, b':');
    match micros {
        0 => put(at.second(), 2, b'Z'),
        _ => {
            put(at.second(), 2, b'.');
            if micros % 1_000 == 0 { put(micros / 1_000, 3, b'Z') } else { put(micros, 6, b'Z') }
        }
    }
    String::from_utf8(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_moment_is_written_as_the_standard_has_it(seconds in -62_135_596_800_i64..=253_402_300_799, nanos in 0_u32..2_000_000_000) {
            for nanos in [nanos, nanos / 1_000 * 1_000, nanos / 1_000_000 * 1_000_000, 0] {
                if let Some(at) = DateTime::from_timestamp(seconds, nanos) {
                    prop_assert_eq!(rfc3339(at), at.to_rfc3339_opts(SecondsFormat::AutoSi, true));
                }
            }
        }
    }
}
