//! Uses of a key as the trail shows them: when, from where, and with which program.

use crate::domain::trail_row::{TrailRow, parse_time};
use jiff::Timestamp;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// A source that used the key on so many days is a regular one.
const REGULAR_DAYS_MIN: usize = 3;
/// Sources that are told apart, at some three hundred bytes each.
const SOURCES_MAX: usize = 50_000;
/// Services that are told of each.
const SERVICES_MAX: usize = 4;
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

/// How one source used the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceUses {
    pub calls: u64,
    pub first: FirstUse,
    pub last: Timestamp,
    /// The services that were called, the first few by name.
    pub services: BTreeSet<String>,
    /// The first use of each day, in UTC, by the day.
    days: Vec<(i64, Timestamp)>,
}

/// The first use of one source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FirstUse {
    pub at: Timestamp,
    /// Which of all uses it is: records tell whole seconds.
    number: u64,
    pub call: Option<String>,
    pub event_id: Option<String>,
}

/// What the holder of a key did, source by source, whatever the number of its calls.
#[derive(Debug, Default)]
pub struct KeyUses {
    /// Uses from then on are another's.
    until: Option<Timestamp>,
    pub sources: BTreeMap<Source, SourceUses>,
    uses: u64,
    /// Calls from sources that came when there were as many as are told apart.
    pub elsewhere: u64,
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
}

impl KeyUses {
    /// Takes only what was before this time, where it is known.
    pub fn before(until: Option<Timestamp>) -> Self {
        Self { until, ..Self::default() }
    }

    /// Takes a call that the holder of the key made; what a service did on its behalf is not one.
    pub fn see(&mut self, row: &TrailRow) {
        let signed = row.reach.as_deref() == Some("key") && row.invoked_by.is_none();
        let at = signed.then(|| parse_time(&row.event_time)).flatten();
        let Some(at) = at.filter(|at| self.until.is_none_or(|until| *at < until)) else { return };
        self.uses += 1;
        self.first = Some(self.first.map_or(at, |first| first.min(at)));
        self.last = self.last.max(Some(at));
        let source = Source {
            address: network(row.source_ip.as_deref().unwrap_or("an unknown address")),
            agent: family(row.user_agent.as_deref().unwrap_or("an unknown program")),
        };
        let is_full = self.sources.len() >= SOURCES_MAX;
        match self.sources.entry(source) {
            Entry::Occupied(known) => known.into_mut().see((at, self.uses), row),
            Entry::Vacant(_) if is_full => self.elsewhere += 1,
            Entry::Vacant(new) => {
                let first = FirstUse {
                    at,
                    number: self.uses,
                    call: row.event_name.clone(),
                    event_id: row.event_id.clone(),
                };
                let nothing = SourceUses {
                    calls: 0,
                    first,
                    last: at,
                    services: BTreeSet::new(),
                    days: vec![],
                };
                new.insert(nothing).see((at, self.uses), row);
            }
        }
    }
}

impl SourceUses {
    fn see(&mut self, (at, number): (Timestamp, u64), row: &TrailRow) {
        self.calls += 1;
        self.last = self.last.max(at);
        if (at, number) < (self.first.at, self.first.number) {
            let (call, event_id) = (row.event_name.clone(), row.event_id.clone());
            self.first = FirstUse { at, number, call, event_id };
        }
        let day = at.as_second().div_euclid(24 * 60 * 60);
        match self.days.binary_search_by_key(&day, |(day, _)| *day) {
            Ok(place) => self.days[place].1 = self.days[place].1.min(at),
            Err(place) => self.days.insert(place, (day, at)),
        }
        if let Some(service) = row.event_source.as_deref() {
            let service = service.trim_end_matches(".amazonaws.com");
            if !self.services.contains(service) {
                self.services.insert(service.to_owned());
            }
            if self.services.len() > SERVICES_MAX {
                self.services.pop_last();
            }
        }
    }

    /// On how many days it was used.
    pub fn days(&self) -> usize {
        self.days.len()
    }

    /// Whether it is that of something that runs, day after day.
    pub fn is_regular(&self) -> bool {
        self.days() >= REGULAR_DAYS_MIN
    }

    /// Whether it was so before this time already.
    pub fn is_regular_before(&self, until: Timestamp) -> bool {
        self.days.iter().filter(|(_, first)| *first < until).count() >= REGULAR_DAYS_MIN
    }
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
