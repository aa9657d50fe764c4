//! Logs beside CloudTrail, each asked one question about the actor, and what it is asked about.

use crate::domain::record_text::{is_address, is_key_id};
use crate::domain::trail_row::{TrailRow, format_time};
use jiff::Timestamp;
use std::borrow::Borrow;
use std::collections::BTreeSet;

/// Names of one kind that a query takes; an actor behind more is asked about as far as this.
pub const NAMES_MAX: usize = 200;

/// A log that AWS keeps beside CloudTrail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OtherLog {
    S3Access,
    VpcFlow,
    LoadBalancer,
    Resolver,
    GuardDuty,
    CloudFront,
}

/// Whom a log is asked about: what the trail proved to be the actor's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Actor {
    pub addresses: Vec<String>,
    pub keys: Vec<String>,
    pub arns: Vec<String>,
    pub users: Vec<String>,
    /// Instances that the actor started, changed or entered.
    pub hosts: Vec<String>,
    /// More of one kind were known than a query takes.
    pub truncated: bool,
    /// The first call of theirs.
    pub first: Option<Timestamp>,
}

impl OtherLog {
    pub const ALL: [Self; 6] = [
        Self::S3Access,
        Self::VpcFlow,
        Self::LoadBalancer,
        Self::Resolver,
        Self::GuardDuty,
        Self::CloudFront,
    ];

    /// Its name in settings and in the headers of questions.
    pub fn slug(self) -> &'static str {
        self.told().0
    }

    /// What AWS calls it.
    pub fn title(self) -> &'static str {
        self.told().1
    }

    /// The question that is asked of it.
    pub fn question(self) -> &'static str {
        self.told().2
    }

    /// The setting that names its table.
    pub fn setting(self) -> String {
        format!("trail.logs.{}.table", self.slug())
    }

    pub fn from_slug(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|log| log.slug() == slug)
    }

    fn told(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::S3Access => ("s3_access", "S3 server access logs", "Q42"),
            Self::VpcFlow => ("vpc_flow", "VPC flow logs", "Q43"),
            Self::LoadBalancer => ("alb", "access logs of load balancers", "Q44"),
            Self::Resolver => ("resolver", "Route 53 Resolver query logs", "Q45"),
            Self::GuardDuty => ("guard_duty", "GuardDuty's exported findings", "Q46"),
            Self::CloudFront => ("cloudfront", "CloudFront standard logs", "Q47"),
        }
    }
}

impl Actor {
    /// What the rows of a cut that the key or its lineage signed name; what is older than the
    /// exposure was the owner's.
    pub fn of<R: Borrow<TrailRow>>(
        rows: impl IntoIterator<Item = R>,
        exposed_since: Option<Timestamp>,
    ) -> Self {
        let since = exposed_since.map(format_time).unwrap_or_default();
        let mut sets: [Names; 5] = Default::default();
        let mut first: Option<String> = None;
        for row in rows {
            let row: &TrailRow = row.borrow();
            let is_actors = matches!(row.reach.as_deref(), Some("key" | "lineage"));
            if !is_actors || row.event_time < since {
                continue;
            }
            let [addresses, keys, arns, users, hosts] = &mut sets;
            addresses.take(row.source_ip.as_deref().filter(|text| is_address(text)));
            keys.take(row.access_key_id.as_deref().filter(|text| is_key_id(text)));
            arns.take(row.identity_arn.as_deref());
            users.take(row.user_name.as_deref());
            let instances = row.hosts.as_deref().unwrap_or_default().split(' ');
            hosts.take(instances.filter(|host| host.starts_with("i-")));
            if first.as_ref().is_none_or(|first| row.event_time < *first) {
                first = Some(row.event_time.clone());
            }
        }
        let truncated = sets.iter().any(|names| names.truncated);
        let [addresses, keys, arns, users, hosts] =
            sets.map(|names| names.all.into_iter().collect());
        let first = first.and_then(|first| first.parse().ok());
        Self { addresses, keys, arns, users, hosts, truncated, first }
    }

    /// Its lists by the names that the questions have for them.
    pub fn lists(&self) -> [(&'static str, &[String]); 5] {
        [
            ("addresses", &self.addresses),
            ("keys", &self.keys),
            ("arns", &self.arns),
            ("users", &self.users),
            ("hosts", &self.hosts),
        ]
    }
}

/// The names of one kind that a query takes, the first in order.
#[derive(Default)]
struct Names {
    all: BTreeSet<String>,
    truncated: bool,
}

impl Names {
    fn take<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) {
        for name in names {
            if !self.all.contains(name) {
                self.all.insert(name.to_owned());
            }
            if self.all.len() > NAMES_MAX {
                self.all.pop_last();
                self.truncated = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(time: &str, reach: &str, ip: &str) -> TrailRow {
        let text = |text: &str| Some(text.to_owned());
        TrailRow {
            event_time: time.to_owned(),
            reach: text(reach),
            source_ip: text(ip),
            access_key_id: text("AKIAQNZGKIQY56JQ7WML"),
            hosts: text("i-0123456789 miner"),
            ..TrailRow::default()
        }
    }

    #[test]
    fn only_what_the_actor_signed_since_the_exposure_is_asked_about() {
        let rows = [
            row("2026-08-01T09:00:00Z", "key", "192.0.2.1"),
            row("2026-08-01T11:00:00Z", "lineage", "192.0.2.2"),
            row("2026-08-01T12:00:00Z", "key", "ec2.amazonaws.com"),
            row("2026-08-01T10:30:00Z", "address", "192.0.2.3"),
            row("2026-08-01T10:30:00Z", "about", "192.0.2.4"),
        ];
        let since: Timestamp = "2026-08-01T10:00:00Z".parse().unwrap();
        let actor = Actor::of(&rows, Some(since));
        assert_eq!(actor.addresses, ["192.0.2.2"]);
        assert_eq!(actor.hosts, ["i-0123456789"], "a function's name is no instance");
        assert_eq!(actor.first, "2026-08-01T11:00:00Z".parse().ok());
        let ever = Actor::of(&rows, None);
        assert_eq!(ever.addresses, ["192.0.2.1", "192.0.2.2"]);
        assert!(!ever.truncated);
    }

    #[test]
    fn what_is_more_than_a_query_takes_is_said_to_be() {
        let at = |n: usize| {
            row("2026-08-01T11:00:00Z", "key", &format!("192.0.{}.{}", n / 250, n % 250 + 1))
        };
        let rows: Vec<TrailRow> = (0..=NAMES_MAX).map(at).collect();
        let actor = Actor::of(&rows, None);
        assert_eq!((actor.addresses.len(), actor.truncated), (NAMES_MAX, true));
        assert!(!Actor::of(&rows[1..], None).truncated);
    }

    #[test]
    fn each_log_is_found_by_the_name_that_settings_and_headers_have_for_it() {
        for log in OtherLog::ALL {
            assert_eq!(OtherLog::from_slug(log.slug()), Some(log));
        }
        assert_eq!(OtherLog::from_slug("case_table"), None);
    }
}
