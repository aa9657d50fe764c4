//! What pass one tells of a part of the trail, and of parts together.

use crate::domain::trail_row::{Sighting, parse_time};
use jiff::Timestamp;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Addresses that the scanner remembers of one caller: enough to search for.
pub const ADDRESSES_MAX: usize = 64;

/// Who was seen in a part of the trail, and what was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Callers {
    pub rows: Vec<Sighting>,
    pub regions: BTreeSet<String>,
    pub data_events_from: Option<Timestamp>,
    /// Duplicates included.
    pub records_read: u64,
    pub truncated: bool,
}

impl Callers {
    /// What parts tell together that have no record in common.
    pub fn joined<'a>(parts: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut whole = Self::default();
        let mut tallies: HashMap<Sighting, Tally> = HashMap::new();
        let mut calls: HashSet<Sighting> = HashSet::new();
        for part in parts {
            whole.regions.extend(part.regions.iter().cloned());
            let times = [whole.data_events_from, part.data_events_from];
            whole.data_events_from = times.into_iter().flatten().min();
            whole.records_read += part.records_read;
            whole.truncated |= part.truncated;
            // A call may be filed twice, under two days; within a part that is told apart.
            let new = part.rows.iter().filter(|row| row.event_name.is_some());
            let new: Vec<&Sighting> = new.filter(|row| !calls.contains(*row)).collect();
            whole.rows.extend(new.iter().copied().cloned());
            calls.extend(new.into_iter().cloned());
            for row in part.rows.iter().filter(|row| row.event_name.is_none()) {
                tallies.entry(caller(row)).or_default().add_row(row);
            }
        }
        whole.rows.extend(tallies.into_iter().map(|(caller, tally)| tally.of(caller)));
        whole.rows.sort_unstable();
        whole
    }

    /// How many records the rows stand for.
    pub fn records(&self) -> u64 {
        let seen = self.rows.iter().filter_map(|row| row.events);
        seen.filter_map(|events| u64::try_from(events).ok()).sum()
    }

    pub fn first(&self) -> Option<Timestamp> {
        self.rows.iter().map(|row| row.first_time.as_str()).min().and_then(parse_time)
    }

    pub fn last(&self) -> Option<Timestamp> {
        self.rows.iter().map(|row| row.last_time.as_str()).max().and_then(parse_time)
    }

    pub fn accounts(&self) -> BTreeSet<&str> {
        self.rows.iter().filter_map(|row| row.recipient_account.as_deref()).collect()
    }
}

/// Who called, whenever and however often.
fn caller(row: &Sighting) -> Sighting {
    Sighting {
        events: None,
        first_time: String::new(),
        last_time: String::new(),
        addresses: None,
        ..row.clone()
    }
}

/// How often one caller was seen, when and from where.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    pub events: i64,
    pub first: String,
    pub last: String,
    pub addresses: BTreeSet<String>,
}

impl Tally {
    /// Takes in so many calls between two times.
    pub fn add(&mut self, (first, last): (&str, &str), events: i64) {
        if self.first.is_empty() || first < self.first.as_str() {
            first.clone_into(&mut self.first);
        }
        if last > self.last.as_str() {
            last.clone_into(&mut self.last);
        }
        self.events = self.events.saturating_add(events);
    }

    fn add_row(&mut self, row: &Sighting) {
        self.add((&row.first_time, &row.last_time), row.events.unwrap_or(1));
        let addresses = row.addresses.iter().flat_map(|all| all.split(' '));
        self.addresses.extend(addresses.map(str::to_owned));
    }

    /// The sighting of this caller.
    pub fn of(self, caller: Sighting) -> Sighting {
        let addresses: Vec<String> = self.addresses.into_iter().collect();
        Sighting {
            events: Some(self.events),
            first_time: self.first,
            last_time: self.last,
            addresses: (!addresses.is_empty()).then(|| addresses.join(" ")),
            ..caller
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(call: Option<&str>, key: &str, (first, last): (&str, &str), events: i64) -> Sighting {
        Sighting {
            event_name: call.map(str::to_owned),
            access_key_id: Some(key.to_owned()),
            addresses: Some(format!("192.0.2.{events}")),
            events: Some(events),
            first_time: first.to_owned(),
            last_time: last.to_owned(),
            ..Sighting::default()
        }
    }

    #[test]
    fn parts_are_told_as_one_and_a_call_that_was_filed_twice_once() {
        let call =
            seen(Some("CreateUser"), "A", ("2026-08-02T00:00:00Z", "2026-08-02T00:00:00Z"), 1);
        let part = |rows: Vec<Sighting>, region: &str| Callers {
            rows,
            regions: BTreeSet::from([region.to_owned()]),
            records_read: 10,
            ..Callers::default()
        };
        let one = seen(None, "A", ("2026-08-01T00:00:00Z", "2026-08-01T09:00:00Z"), 3);
        let two = seen(None, "A", ("2026-08-02T00:00:00Z", "2026-08-02T09:00:00Z"), 4);
        let other = seen(None, "B", ("2026-08-02T00:00:00Z", "2026-08-02T08:00:00Z"), 5);
        let parts = [
            part(vec![one, call.clone()], "eu-west-1"),
            part(vec![two, other.clone(), call.clone()], "us-east-1"),
        ];
        let whole = Callers::joined(&parts);
        let mut both = seen(None, "A", ("2026-08-01T00:00:00Z", "2026-08-02T09:00:00Z"), 7);
        both.addresses = Some("192.0.2.3 192.0.2.4".to_owned());
        let mut expected = vec![both, other, call];
        expected.sort_unstable();
        assert_eq!(whole.rows, expected);
        assert_eq!((whole.records_read, whole.records()), (20, 13));
        assert_eq!(whole.regions.len(), 2);
        assert_eq!(whole.last(), parse_time("2026-08-02T09:00:00Z"));
    }

    #[test]
    fn the_same_call_twice_within_a_part_stays_two() {
        let call =
            seen(Some("CreateUser"), "A", ("2026-08-02T00:00:00Z", "2026-08-02T00:00:00Z"), 1);
        let part = Callers { rows: vec![call.clone(), call], ..Callers::default() };
        assert_eq!(Callers::joined([&part]).rows.len(), 2);
    }
}
