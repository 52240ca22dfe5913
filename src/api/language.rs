//! The language that a caller reads: Swedish unless English is preferred.

use crate::error::Message;
use crate::resources::values::TextLanguage;
use actix_web::HttpRequest;
use actix_web::http::header::ACCEPT_LANGUAGE;

/// A language of problems, titles and labels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// Swedish.
    #[default]
    Sv,
    /// English.
    En,
}

impl Language {
    /// The language that a request asks for.
    pub fn of(request: &HttpRequest) -> Language {
        let mut header = String::new();
        for value in request.headers().get_all(ACCEPT_LANGUAGE) {
            if let Ok(text) = value.to_str() {
                header.push_str(text);
                header.push(',');
            }
        }
        Language::from_header(&header)
    }

    /// The better of Swedish and English by an `Accept-Language` header; the first where both are as welcome.
    pub fn from_header(header: &str) -> Language {
        let mut best = (0, Language::Sv);
        for range in header.split(',') {
            let mut parts = range.split(';');
            let tag = parts.next().unwrap_or_default().trim();
            let primary = tag.split('-').next().unwrap_or_default();
            let quality = quality(parts);
            let language = if primary.eq_ignore_ascii_case("en") {
                Language::En
            } else if primary.eq_ignore_ascii_case("sv") || tag == "*" {
                Language::Sv
            } else {
                continue;
            };
            if quality > best.0 {
                best = (quality, language);
            }
        }
        best.1
    }

    /// The code for `Content-Language` and `lang`.
    pub const fn code(self) -> &'static str {
        match self {
            Language::Sv => "sv",
            Language::En => "en",
        }
    }

    /// The same language among those that texts are written in.
    pub const fn text(self) -> TextLanguage {
        match self {
            Language::Sv => TextLanguage::Sv,
            Language::En => TextLanguage::En,
        }
    }

    /// The text of a message in it.
    pub fn pick(self, message: &Message) -> &str {
        match self {
            Language::Sv => &message.sv,
            Language::En => &message.en,
        }
    }
}

/// The weight among the parameters of a header's member, in thousandths: 1000 when there is none or it cannot be read.
pub(crate) fn quality<'a>(parameters: impl Iterator<Item = &'a str>) -> u16 {
    for parameter in parameters {
        let Some((name, value)) = parameter.split_once('=') else { continue };
        if name.trim().eq_ignore_ascii_case("q") {
            return thousandths(value.trim()).unwrap_or(1000);
        }
    }
    1000
}

fn thousandths(text: &str) -> Option<u16> {
    let value: f32 = text.parse().ok()?;
    // The range is checked, so that the conversion cannot lose anything.
    (0.0..=1.0).contains(&value).then_some((value * 1000.0).round() as u16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn swedish_is_the_default() {
        for header in ["", "de", "*", "en;q=0", "sv,en", "en;q=0.5, sv;q=0.8", "fi, *;q=0.1", ";;,,"] {
            assert_eq!(Language::from_header(header), Language::Sv, "{header}");
        }
    }

    #[test]
    fn english_is_spoken_when_preferred() {
        for header in ["en", "en-GB,en;q=0.9", "de, en;q=0.7", "sv;q=0.1, en", "EN", "en, sv"] {
            assert_eq!(Language::from_header(header), Language::En, "{header}");
        }
    }

    proptest! {
        #[test]
        fn no_header_breaks_it(header in ".*") {
            let _ = Language::from_header(&header);
        }
    }
}
