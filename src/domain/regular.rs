//! What a containment breaks: from where the key was used regularly before it was exposed.
//!
//! Needs: an approver at night decides about somebody else's production. The trail tells which
//! machines use the key day after day, for what, and when last; those stop with it.

use crate::domain::key_use::{KeyUses, Source, SourceUses};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The busiest sources are told one by one.
const SOURCES_MAX: usize = 5;

/// Regular uses of a key, as far as the trail shows them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegularUse {
    /// The busiest sources, the one with the most calls first.
    pub sources: Vec<RegularSource>,
    /// How many more regular sources there are.
    pub more: u64,
    /// How many calls came from sources seen on fewer days.
    pub stray_calls: u64,
}

/// A source that uses the key day after day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegularSource {
    /// The address, or the network of an IPv6 address.
    pub address: String,
    /// The program without its version.
    pub agent: String,
    /// What it called: `s3`, `sts`; the first few by name.
    pub services: Vec<String>,
    pub calls: u64,
    pub days: u64,
    pub last: Timestamp,
}

/// Finds the sources that used the key on several days, among uses before it was exposed, if that
/// is known.
pub fn regular_use(uses: &KeyUses) -> RegularUse {
    let (regular, stray): (Vec<_>, Vec<_>) =
        uses.sources.iter().partition(|(_, uses)| uses.is_regular());
    let mut sources: Vec<RegularSource> =
        regular.into_iter().map(|(source, uses)| told(source, uses)).collect();
    sources.sort_by_key(|source| std::cmp::Reverse(source.calls));
    let more = sources.len().saturating_sub(SOURCES_MAX) as u64;
    sources.truncate(SOURCES_MAX);
    let stray_calls: u64 = stray.iter().map(|(_, uses)| uses.calls).sum();
    RegularUse { sources, more, stray_calls: stray_calls + uses.elsewhere }
}

impl RegularUse {
    /// What stops with the key, one line a source; never empty, since silence would say "nothing".
    pub fn words(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.sources.iter().map(RegularSource::words).collect();
        if lines.is_empty() {
            lines.push("no regular use of the key that the trail shows".to_owned());
        }
        if self.more > 0 {
            lines.push(format!("{} more regular sources", self.more));
        }
        if self.stray_calls > 0 {
            lines.push(format!("{} calls from sources seen on a day or two", self.stray_calls));
        }
        lines
    }
}

impl RegularSource {
    fn words(&self) -> String {
        format!(
            "{} at {}, a regular user of the key ({}; {} calls on {} days, last {})",
            self.agent,
            self.address,
            self.services.join(", "),
            self.calls,
            self.days,
            self.last.strftime("%Y-%m-%d %H:%M UTC")
        )
    }
}

fn told(source: &Source, uses: &SourceUses) -> RegularSource {
    RegularSource {
        address: source.address.clone(),
        agent: source.agent.clone(),
        services: uses.services.iter().cloned().collect(),
        calls: uses.calls,
        days: uses.days() as u64,
        last: uses.last,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::trail_row::{TrailRow, format_time};

    const DAY: i64 = 24 * 60 * 60;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    fn used(second: i64, address: &str, service: &str) -> TrailRow {
        TrailRow {
            event_time: format_time(at(second)),
            event_source: Some(format!("{service}.amazonaws.com")),
            event_name: Some("Get".to_owned()),
            source_ip: Some(address.to_owned()),
            user_agent: Some("aws-cli/2.15 Python/3.11".to_owned()),
            reach: Some("key".to_owned()),
            ..TrailRow::default()
        }
    }

    /// A build server on five mornings, somebody's laptop once, and a thief on four later days.
    fn rows() -> Vec<TrailRow> {
        let mut rows: Vec<_> = (0..5).map(|day| used(day * DAY, "198.51.100.7", "s3")).collect();
        rows.push(used(2 * DAY + 9, "198.51.100.7", "ecr"));
        rows.push(used(DAY, "192.0.2.14", "iam"));
        rows.extend((6..10).map(|day| used(day * DAY, "203.0.113.9", "iam")));
        rows
    }

    fn before(rows: &[TrailRow], exposed_since: Option<Timestamp>) -> RegularUse {
        let mut uses = KeyUses::before(exposed_since);
        rows.iter().for_each(|row| uses.see(row));
        regular_use(&uses)
    }

    #[test]
    fn who_used_the_key_day_after_day_before_the_exposure_is_told_with_what_for() {
        let found = before(&rows(), Some(at(6 * DAY)));
        let [server] = &found.sources[..] else { panic!("{found:?}") };
        assert_eq!((server.calls, server.days, server.last), (6, 5, at(4 * DAY)));
        assert_eq!(server.services, ["ecr", "s3"]);
        assert_eq!((found.more, found.stray_calls), (0, 1));
        assert!(found.words()[0].starts_with("aws-cli at 198.51.100.7"), "{:?}", found.words());
    }

    #[test]
    fn without_a_time_of_exposure_every_regular_source_is_told() {
        let found = before(&rows(), None);
        let addresses: Vec<_> = found.sources.iter().map(|one| one.address.as_str()).collect();
        assert_eq!(addresses, ["198.51.100.7", "203.0.113.9"]);
    }

    #[test]
    fn no_regular_use_is_said_as_such_and_many_are_counted() {
        let words = before(&[], None).words();
        assert_eq!(words, ["no regular use of the key that the trail shows"]);
        let many: Vec<_> = (0..9)
            .flat_map(|host| (0..3).map(move |day| (host, day)))
            .map(|(host, day)| used(day * DAY, &format!("192.0.2.{host}"), "s3"))
            .collect();
        let found = before(&many, None);
        assert_eq!((found.sources.len(), found.more), (SOURCES_MAX, 4));
        assert_eq!(found.words().last().unwrap(), "4 more regular sources");
    }
}
