//! Uses of a key as the trail shows them: when, from where, and with which program.

use crate::domain::trail_row::{TrailRow, parse_time};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// A source that used the key on so many days is a regular one.
const REGULAR_DAYS_MIN: usize = 3;
/// Longer names of programs are cut: a caller may say anything of itself.
const AGENT_LENGTH_MAX: usize = 40;
/// Providers give a whole network of this many bits to one IPv6 customer, who changes within it.
const V6_NETWORK_BITS: u32 = 64;

/// Where a use of the key came from, and with which program.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    pub address: String,
    pub agent: String,
}

/// One use of the key.
#[derive(Debug)]
pub struct Use<'a> {
    pub at: Timestamp,
    pub source: Source,
    pub row: &'a TrailRow,
}

impl Use<'_> {
    /// The day it was on, UTC.
    fn day(&self) -> i64 {
        self.at.as_second().div_euclid(24 * 60 * 60)
    }
}

/// What the holder of the key did, in time order.
pub fn uses_in_order(rows: &[TrailRow]) -> Vec<Use<'_>> {
    let mut uses: Vec<Use<'_>> = rows.iter().filter_map(use_of).collect();
    uses.sort_by_key(|used| used.at);
    uses
}

/// The uses by where they came from, each in the order given.
pub fn by_source<'a>(
    uses: impl IntoIterator<Item = &'a Use<'a>>,
) -> BTreeMap<&'a Source, Vec<&'a Use<'a>>> {
    let mut by_source: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for used in uses {
        by_source.entry(&used.source).or_default().push(used);
    }
    by_source
}

/// On how many days they were.
pub fn days(uses: &[&Use<'_>]) -> usize {
    uses.iter().map(|used| used.day()).collect::<BTreeSet<_>>().len()
}

/// Whether the uses of one source are those of something that runs, day after day.
pub fn is_regular(uses: &[&Use<'_>]) -> bool {
    days(uses) >= REGULAR_DAYS_MIN
}

/// A call that the holder of the key made; what a service did on its behalf is not one.
fn use_of(row: &TrailRow) -> Option<Use<'_>> {
    let signed = row.reach.as_deref() == Some("key") && row.invoked_by.is_none();
    let at = parse_time(&row.event_time).filter(|_| signed)?;
    let source = Source {
        address: network(row.source_ip.as_deref().unwrap_or("an unknown address")),
        agent: family(row.user_agent.as_deref().unwrap_or("an unknown program")),
    };
    Some(Use { at, source, row })
}

/// An address, or the network that an IPv6 address changes within.
pub(super) fn network(address: &str) -> String {
    match address.parse::<IpAddr>() {
        Ok(IpAddr::V6(v6)) => {
            let kept = u128::MAX << (128 - V6_NETWORK_BITS);
            format!("{}/{V6_NETWORK_BITS}", std::net::Ipv6Addr::from_bits(v6.to_bits() & kept))
        }
        Ok(IpAddr::V4(_)) | Err(_) => plain(address),
    }
}

/// The program without its version: `aws-cli`, `Boto3`, `Mozilla`.
fn family(agent: &str) -> String {
    let name = agent.trim_start_matches('[').split(['/', ' ', ']']).next().unwrap_or_default();
    plain(if name.is_empty() { "an unknown program" } else { name })
}

fn plain(text: &str) -> String {
    text.chars().filter(|shown| !shown.is_control()).take(AGENT_LENGTH_MAX).collect()
}
