//! The address that a request came from, also through proxies of one's own.

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderMap, HeaderName};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

/// The address of the caller: the peer's, or, when the peer is a trusted proxy, the last that it tells of and that is none.
///
/// Of `Forwarded` and `X-Forwarded-For` a proxy writes one and may let the other through as the caller sent it: where both are there and
/// differ, neither is believed.
pub(crate) fn of(request: &HttpRequest, trusted: &[IpNet]) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip().to_canonical();
    if !is_trusted(peer, trusted) {
        return Some(peer);
    }
    let headers = request.headers();
    let forwarded = lines(headers, &header::FORWARDED).map(|line| last(peer, trusted, &forwarded_for(&line)));
    let listed = lines(headers, &header::X_FORWARDED_FOR).map(|line| last(peer, trusted, &listed(&line)));
    Some(match (forwarded, listed) {
        (Some(one), Some(other)) if one != other => peer,
        (Some(address), _) | (None, Some(address)) => address,
        (None, None) => peer,
    })
}

fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|network| network.contains(&address))
}

/// Goes back from the peer as long as proxies are trusted and what they tell can be read.
fn last(peer: IpAddr, trusted: &[IpNet], hops: &[Option<IpAddr>]) -> IpAddr {
    let mut address = peer;
    for hop in hops.iter().rev() {
        let Some(hop) = hop else { break };
        address = *hop;
        if !is_trusted(address, trusted) {
            break;
        }
    }
    address
}

/// All lines of a header as one; what is no text cannot be read.
fn lines(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let lines: Vec<&str> = headers.get_all(name).map(|line| line.to_str().unwrap_or("unreadable")).collect();
    (!lines.is_empty()).then(|| lines.join(","))
}

/// The addresses of `X-Forwarded-For`.
fn listed(line: &str) -> Vec<Option<IpAddr>> {
    line.split(',').map(|part| node(part.trim())).collect()
}

/// The values of `for` in `Forwarded` (RFC 7239), one of each element.
fn forwarded_for(line: &str) -> Vec<Option<IpAddr>> {
    let (Some(elements), true) = (split(line, ','), line.is_ascii()) else { return vec![None] };
    let of_element = |element: &str| {
        let pairs = split(element, ';')?;
        let mut values = pairs.iter().filter_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            name.trim().eq_ignore_ascii_case("for").then(|| value.trim())
        });
        let value = values.next().filter(|_| values.next().is_none())?;
        match value.strip_prefix('"') {
            Some(quoted) => node(quoted.strip_suffix('"')?),
            None => node(value),
        }
    };
    elements.iter().map(|element| of_element(element)).collect()
}

/// Splits at a sign outside of quotes; nothing when a quote is not closed.
fn split(line: &str, sign: char) -> Option<Vec<&str>> {
    let (mut quoted, mut escaped) = (false, false);
    let parts = line.split(|letter: char| {
        if escaped {
            escaped = false;
        } else if quoted && letter == '\\' {
            escaped = true;
        } else if letter == '"' {
            quoted = !quoted;
        } else {
            return letter == sign && !quoted;
        }
        false
    });
    let parts = parts.collect();
    (!quoted).then_some(parts)
}

/// An address with or without a port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
fn node(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse::<IpAddr>().ok().or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;
    use proptest::prelude::*;

    const PROXIES: [&str; 2] = ["10.0.0.0/8", "2001:db8:ffff::/48"];

    fn address(peer: &str, headers: &[(&str, &str)]) -> String {
        let trusted: Vec<IpNet> = PROXIES.iter().map(|network| network.parse().unwrap()).collect();
        let mut request = TestRequest::get().peer_addr(SocketAddr::new(peer.parse().unwrap(), 1234));
        for header in headers {
            request = request.append_header(*header);
        }
        of(&request.to_http_request(), &trusted).unwrap().to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let told = [("x-forwarded-for", "192.0.2.7"), ("forwarded", "for=192.0.2.7")];
        for header in told {
            assert_eq!(address("198.51.100.1", &[header]), "198.51.100.1", "{header:?}");
            assert_eq!(address("10.0.0.1", &[header]), "192.0.2.7", "{header:?}");
            assert_eq!(address("::ffff:10.0.0.1", &[header]), "192.0.2.7", "{header:?}");
        }
        assert_eq!(address("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn the_last_address_that_is_no_proxy_counts() {
        let told = |line| address("10.0.0.1", &[("x-forwarded-for", line)]);
        assert_eq!(told("203.0.113.9, 192.0.2.7, 10.1.1.1"), "192.0.2.7");
        assert_eq!(told("10.9.9.9, 10.1.1.1"), "10.9.9.9");
        assert_eq!(told("192.0.2.7:4711"), "192.0.2.7");
        assert_eq!(told("[2001:db8::7]:4711"), "2001:db8::7");
        assert_eq!(told("2001:db8::7"), "2001:db8::7");
        let lines = [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-for", "192.0.2.7")];
        assert_eq!(address("10.0.0.1", &lines), "192.0.2.7");
        let told = |line| address("10.0.0.1", &[("forwarded", line)]);
        assert_eq!(told("for=203.0.113.9, For=\"[2001:db8::7]:4711\";proto=https;by=10.0.0.1"), "2001:db8::7");
        assert_eq!(told("for=192.0.2.7;host=\"a, for=198.51.100.3;b=\""), "192.0.2.7");
        assert_eq!(told("for=203.0.113.9;host=\"a,for=198.51.100.3;b\", for=192.0.2.7, for=10.2.2.2"), "192.0.2.7");
    }

    #[test]
    fn what_cannot_be_read_ends_the_way_back() {
        for line in ["unknown", "", ",", "192.0.2.7, _hidden", "192.0.2.7, 999.1.1.1", "192.0.2.7,", "å"] {
            assert_eq!(address("10.0.0.1", &[("x-forwarded-for", line)]), "10.0.0.1", "{line}");
        }
        assert_eq!(address("10.0.0.1", &[("x-forwarded-for", "x, 10.1.1.1")]), "10.1.1.1");
        for line in [
            "for=192.0.2.7;for=192.0.2.8",
            "for=\"192.0.2.7",
            "proto=https",
            "for=\"192.0.2.7\"\"",
            "for=192.0.2.7, host=\"x,for=198.51.100.3;y=\\\"\"",
        ] {
            assert_eq!(address("10.0.0.1", &[("forwarded", line)]), "10.0.0.1", "{line}");
        }
    }

    #[test]
    fn two_headers_that_differ_are_not_believed() {
        let told = |one, other| address("10.0.0.1", &[("forwarded", one), ("x-forwarded-for", other)]);
        assert_eq!(told("for=192.0.2.7", "192.0.2.7"), "192.0.2.7");
        assert_eq!(told("for=203.0.113.9", "192.0.2.7"), "10.0.0.1");
        assert_eq!(told("rubbish", "192.0.2.7"), "10.0.0.1");
    }

    proptest! {
        #[test]
        fn no_header_breaks_the_reader(line in "[ -~]*|[a-z=;,\"\\\\:.0-9\\[\\]]*") {
            forwarded_for(&line);
            listed(&line);
        }
    }
}
