//! Addresses as keys: e-mail, web and telephone, each in one spelling, and the parts that people remember of them.

/// Numbers have so many digits with their country's code.
const DIGITS: std::ops::RangeInclusive<usize> = 8..=15;
/// The code of numbers that are written as within the country.
const SWEDEN: &str = "46";
/// Longer texts are no addresses.
const LONGEST: usize = 300;

/// An e-mail address in lower case.
pub fn email(text: &str) -> Option<String> {
    let text = bare(text);
    let text = text.strip_prefix("mailto:").unwrap_or(text);
    let (local, domain) = text.split_once('@')?;
    let plain = |c: char| c.is_alphanumeric() || "._%+-".contains(c);
    (!local.is_empty() && local.chars().all(plain) && is_host(domain)).then(|| text.to_lowercase())
}

/// A web address without scheme and `www`: the host, then the path where there is one.
pub fn web(text: &str) -> Option<String> {
    let text = bare(text).to_lowercase();
    let text = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest);
    let text = text.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let (host, path) = text.split_once('/').unwrap_or((text, ""));
    let host = host.strip_prefix("www.").unwrap_or(host);
    if !is_host(host) || path.chars().any(char::is_whitespace) {
        return None;
    }
    Some(if path.is_empty() { host.to_owned() } else { format!("{host}/{path}") })
}

/// The host of what `web` or `email` gave.
pub fn host(address: &str) -> &str {
    let address = address.split_once('@').map_or(address, |(_, domain)| domain);
    address.split('/').next().unwrap_or_default()
}

/// The digits of a telephone number with its country's code.
pub fn phone(text: &str) -> Option<String> {
    if text.len() > LONGEST || !text.chars().all(|c| c.is_ascii_digit() || c.is_whitespace() || "+-–/().".contains(c))
    {
        return None;
    }
    // The nought of the area is not dialled behind a country's code.
    let text = text.replace("(0)", "");
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let number = if text.trim_start().starts_with('+') {
        digits
    } else if let Some(abroad) = digits.strip_prefix("00") {
        abroad.to_owned()
    } else {
        format!("{SWEDEN}{}", digits.strip_prefix('0')?)
    };
    DIGITS.contains(&number.len()).then_some(number)
}

/// The key of a telephone number: digits alone could be another register's.
pub fn phone_key(digits: &str) -> String {
    format!("tel:{digits}")
}

/// What an address is found by in part: the whole, the name before the sign, each domain that it lies in, and each word
/// between dots and strokes but the last of the domain.
pub fn parts(address: &str) -> Vec<String> {
    let mut parts = vec![address.to_owned()];
    if let Some((local, _)) = address.split_once('@') {
        parts.push(local.to_owned());
        parts.extend(local.split('.').map(str::to_owned));
    }
    let mut domain = host(address);
    while let Some((label, rest)) = domain.split_once('.') {
        parts.push(domain.to_owned());
        parts.push(label.to_owned());
        domain = rest;
    }
    parts.extend(address.split('/').skip(1).map(str::to_owned));
    parts.retain(|part| !part.is_empty());
    parts.sort_unstable();
    parts.dedup();
    parts
}

/// A part of an address as someone types it.
pub fn part(text: &str) -> String {
    email(text).or_else(|| web(text)).unwrap_or_else(|| bare(text).trim_matches(['@', '/', '.']).to_lowercase())
}

/// The keys that a text may be as an address: itself, then the host that it lies at.
pub fn keys(text: &str) -> Vec<String> {
    // Most words are neither: they cost no more than this look.
    if !text.contains('.') && !text.starts_with(|first: char| first.is_ascii_digit() || "+(".contains(first)) {
        return Vec::new();
    }
    if let Some(digits) = phone(text) {
        return vec![phone_key(&digits)];
    }
    let Some(address) = email(text).or_else(|| web(text)) else { return Vec::new() };
    let host = host(&address).to_owned();
    if host == address { vec![address] } else { vec![address, host] }
}

/// Without the signs that surround an address in a sentence.
fn bare(text: &str) -> &str {
    text.trim().trim_matches(['<', '>', '(', ')', '[', ']', ',', ';', '"', '\'']).trim_end_matches(['.', ':', '!', '?'])
}

fn is_host(text: &str) -> bool {
    let good = |label: &str| {
        !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-') && !label.starts_with('-')
    };
    let Some((_, last)) = text.rsplit_once('.') else { return false };
    text.len() <= LONGEST && text.split('.').all(good) && last.len() >= 2 && last.chars().all(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_have_one_spelling() {
        assert_eq!(email(" <Info@Foreningen.SE>, ").as_deref(), Some("info@foreningen.se"));
        for text in ["foreningen.se/kontakt", "https://www.Foreningen.se/kontakt/?a=1", "www.foreningen.se/kontakt"] {
            assert_eq!(web(text).as_deref(), Some("foreningen.se/kontakt"), "{text}");
        }
        for text in ["070-123 45 67", "+46 70 123 45 67", "0046701234567", "+46 (0)70-1234567", "0701234567"] {
            assert_eq!(phone(text).as_deref(), Some("46701234567"), "{text}");
        }
        for text in ["Luleå", "a@b", "@x.se", "12.5", "2024-2026", "802405-3442", "http://", "röda korset"] {
            assert_eq!((email(text), web(text), phone(text)), (None, None, None), "{text}");
        }
    }

    #[test]
    fn addresses_are_found_in_part() {
        let of = parts("anna.info@kansli.foreningen.se");
        for part in ["anna.info", "info", "kansli.foreningen.se", "foreningen.se", "foreningen", "kansli"] {
            assert!(of.contains(&part.to_owned()), "{part} in {of:?}");
        }
        assert!(!of.contains(&"se".to_owned()));
        assert!(parts("foreningen.se/om/kontakt").contains(&"kontakt".to_owned()));
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC{0,60}") {
            let _ = (keys(&text), parts(&text), part(&text));
        }
    }
}
