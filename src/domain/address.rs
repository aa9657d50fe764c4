//! Internet addresses that an answer names: which of them can be looked up, and where.
//!
//! Nothing is asked by keyleak itself: whoever is asked about an address learns that somebody
//! watches it. A person opens a link, or the people who run keyleak keep a database.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Addresses of one answer that are told of.
pub const ADDRESSES_MAX: usize = 20;

/// What the people's own databases know of an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressNote {
    pub address: IpAddr,
    /// One line for each database that knows it, with the database's name.
    pub known: Vec<String>,
}

/// A page about one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookUp {
    /// Whose page it is.
    pub name: &'static str,
    pub url: String,
}

/// The address in a text, where it is one of the Internet: names of services are none, and nobody
/// else knows what a private address is.
pub fn public(text: &str) -> Option<IpAddr> {
    let address: IpAddr = text.parse().ok()?;
    let elsewhere = match address.to_canonical() {
        IpAddr::V4(v4) => is_special_v4(v4),
        IpAddr::V6(v6) => is_special_v6(v6),
    };
    (!elsewhere).then_some(address)
}

/// Where an address that was last seen on a day can be looked up, by a person.
pub fn look_ups(address: IpAddr, seen: Option<Timestamp>) -> [LookUp; 4] {
    let day = seen.map(|at| format!("&timestamp={}", day(at))).unwrap_or_default();
    let to = |name, url| LookUp { name, url };
    [
        to("AbuseIPDB", format!("https://www.abuseipdb.com/check/{address}")),
        to("GreyNoise", format!("https://viz.greynoise.io/ip/{address}")),
        to(
            "ExoneraTor",
            format!("https://metrics.torproject.org/exonerator.html?ip={address}{day}&lang=en"),
        ),
        to("RDAP", format!("https://rdap.org/ip/{address}")),
    ]
}

fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

/// Addresses of documentation are no exception here: exercises use them, and a look-up is harmless.
fn is_special_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    let shared = first == 100 && (64..128).contains(&second);
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || first == 0
        || first >= 240
        || shared
}

fn is_special_v6(address: Ipv6Addr) -> bool {
    address.is_loopback()
        || address.is_unspecified()
        || address.is_multicast()
        || address.is_unique_local()
        || address.is_unicast_link_local()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_internet_can_be_looked_up() {
        for address in ["198.51.100.7", "8.8.8.8", "2001:4860:4860::8888", "100.63.0.1"] {
            assert!(public(address).is_some(), "{address}");
        }
        for other in [
            "10.1.2.3",
            "172.31.0.1",
            "192.168.1.1",
            "127.0.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "::ffff:10.0.0.1",
            "ff02::1",
            "AWS Internal",
            "ec2.amazonaws.com",
            "",
            "8.8.8.8 ",
            "8.8.8.8/32",
            "010.8.8.8",
        ] {
            assert_eq!(public(other), None, "{other}");
        }
    }

    #[test]
    fn the_links_carry_the_address_and_the_day_and_nothing_else() {
        let address = public("198.51.100.7").unwrap();
        let urls = look_ups(address, Some("2026-11-20T23:59:00Z".parse().unwrap()));
        let urls: Vec<&str> = urls.iter().map(|page| page.url.as_str()).collect();
        assert_eq!(
            urls,
            [
                "https://www.abuseipdb.com/check/198.51.100.7",
                "https://viz.greynoise.io/ip/198.51.100.7",
                "https://metrics.torproject.org/exonerator.html?ip=198.51.100.7\
                 &timestamp=2026-11-20&lang=en",
                "https://rdap.org/ip/198.51.100.7",
            ]
        );
        let [.., tor, _] = look_ups(address, None);
        assert!(!tor.url.contains("timestamp"), "{}", tor.url);
    }
}
