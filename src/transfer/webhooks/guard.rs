//! Where webhooks may be sent: to the open internet over TLS, and to the networks that the operator names. A name that
//! leads anywhere else is refused when it is looked up, so that no record in the DNS gets behind the wall.

use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// What may be reached.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    /// Networks that may be reached although they are not public, also without TLS.
    pub networks: Vec<IpNet>,
}

impl Reach {
    /// Whether an address may be reached.
    pub fn allows(&self, address: IpAddr, tls: bool) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.contains(&address)) || (tls && is_public(address))
    }

    /// Whether anything may be reached without TLS.
    pub fn allows_plain(&self) -> bool {
        !self.networks.is_empty()
    }
}

/// Whether an address belongs to the open internet, by the registries of special addresses (RFC 6890 and later).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_4(address),
        IpAddr::V6(address) => is_public_6(address),
    }
}

fn is_public_4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = matches!(
        (a, b, c),
        (0 | 10 | 127 | 224.., ..)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18..=19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    );
    !special
}

fn is_public_6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // Translated and tunnelled addresses lead to the address within.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
            is_public_4(Ipv4Addr::new(a, b, c, d))
        }
        // Teredo and other protocols' own, documentation.
        [0x2001, 0..=0x01ff, ..] | [0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => false,
        // Only this part of the space is given out.
        [first, ..] => (0x2000..0x4000).contains(&first),
    }
}

/// Looks names up and refuses them when any of their addresses is out of reach.
#[derive(Debug)]
pub(super) struct Guarded(pub Reach);

/// A name led to an address that may not be reached.
#[derive(Debug, thiserror::Error)]
#[error("the address may not be reached")]
pub(super) struct OutOfReach;

impl Resolver for Guarded {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let tls = uri.scheme_str() == Some("https");
        let found = DefaultResolver::default().resolve(uri, config, timeout).map_err(|error| match error {
            // A look-up that fails is no connection that broke.
            ureq::Error::Io(_) => ureq::Error::HostNotFound,
            error => error,
        })?;
        if found.iter().all(|address| self.0.allows(address.ip(), tls)) {
            Ok(found)
        } else {
            Err(ureq::Error::Other(Box::new(OutOfReach)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_open_internet_is_public() {
        for public in
            ["1.1.1.1", "193.10.1.1", "172.32.0.1", "100.128.0.1", "2a00:801::1", "2001:6b0::1", "64:ff9b::101:101"]
        {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for special in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "100::1",
            "fec0::1",
            "::127.0.0.1",
            "4000::1",
        ] {
            assert!(!is_public(special.parse().unwrap()), "{special}");
        }
    }

    #[test]
    fn an_address_in_disguise_is_known() {
        let reach = Reach::default();
        assert!(!reach.allows("::ffff:127.0.0.1".parse().unwrap(), true));
        assert!(!reach.allows("::ffff:10.0.0.1".parse().unwrap(), true));
        assert!(reach.allows("::ffff:1.1.1.1".parse().unwrap(), true));
    }

    #[test]
    fn named_networks_are_reached_also_without_tls_and_nothing_else_is() {
        let reach = Reach { networks: vec!["10.20.0.0/16".parse().unwrap()] };
        assert!(reach.allows("10.20.3.4".parse().unwrap(), false));
        assert!(!reach.allows("10.21.3.4".parse().unwrap(), true));
        assert!(!reach.allows("1.1.1.1".parse().unwrap(), false));
        assert!(reach.allows("1.1.1.1".parse().unwrap(), true));
    }
}
