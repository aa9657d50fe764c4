//! How a record belongs to a subject: what `queries/athena/cut.sql` says, in Rust.

use crate::domain::lineage::Subject;
use crate::domain::trail_row::TrailRow;
use std::collections::HashSet;

/// A subject as sets, for many rows.
pub struct Belonging<'a> {
    key: &'a str,
    keys: HashSet<&'a str>,
    principals: HashSet<&'a str>,
    sessions: HashSet<&'a str>,
    addresses: HashSet<&'a str>,
    targets: HashSet<&'a str>,
    accounts: HashSet<&'a str>,
}

/// What a record tells of its call, as far as belonging rests on it.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    pub key: Option<&'a str>,
    /// The caller's ARN and immutable id, and those of whoever issued its session.
    pub names: [Option<&'a str>; 4],
    /// When its session began, or else when it called. A call that is signed with a key and names
    /// no session belongs to none: somebody's other key may call in the second of a sign-in.
    pub began: Option<&'a str>,
    pub user_name: Option<&'a str>,
    pub account: Option<&'a str>,
    pub source: Option<&'a str>,
    pub reads: bool,
    pub address: Option<&'a str>,
}

impl<'a> Belonging<'a> {
    pub fn new(subject: &'a Subject) -> Self {
        let set = |texts: &'a [String]| texts.iter().map(String::as_str).collect();
        Self {
            key: &subject.key_id,
            keys: set(&subject.keys),
            principals: set(&subject.principals),
            sessions: set(&subject.sessions),
            addresses: set(&subject.addresses),
            targets: set(&subject.targets),
            accounts: set(&subject.accounts),
        }
    }

    /// The row's reach, or none where it is somebody else's business.
    pub fn reach(&self, row: &TrailRow) -> Option<&'static str> {
        let about = [&row.minted_key, &row.target_key, &row.target_user, &row.target_role];
        self.reach_of(&Told::of(row), |is_target| {
            about.into_iter().flatten().any(|name| is_target(name))
        })
    }

    /// The same of what a record tells. Whom it is about is asked last and only of changes, because
    /// a record that is no row yet has to be read further for that.
    pub fn reach_of(
        &self,
        told: &Told<'_>,
        is_about: impl FnOnce(&dyn Fn(&str) -> bool) -> bool,
    ) -> Option<&'static str> {
        if told.key == Some(self.key) {
            return Some("key");
        }
        if self.is_lineage(told) {
            return Some("lineage");
        }
        if self.is_aimed_at(told, is_about) {
            return Some("about");
        }
        has(&self.addresses, told.address).then_some("address")
    }

    fn is_lineage(&self, told: &Told<'_>) -> bool {
        if has(&self.keys, told.key)
            || told.names.into_iter().any(|name| has(&self.principals, name))
        {
            return true;
        }
        let (false, [Some(arn), ..], Some(began)) =
            (self.sessions.is_empty(), told.names, told.began)
        else {
            return false;
        };
        self.sessions.contains(format!("{arn}@{began}").as_str())
    }

    /// A change of the subject by somebody else, or a sign-in of one of its users.
    fn is_aimed_at(
        &self,
        told: &Told<'_>,
        is_about: impl FnOnce(&dyn Fn(&str) -> bool) -> bool,
    ) -> bool {
        if !has(&self.accounts, told.account) {
            return false;
        }
        match told.source {
            Some("signin.amazonaws.com") => has(&self.targets, told.user_name),
            Some("iam.amazonaws.com") if !told.reads => {
                is_about(&|text| self.targets.contains(text))
            }
            Some(_) | None => false,
        }
    }

    /// Who has to be named by a record that belongs, unless it is aimed at the subject.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let sessions = self.sessions.iter().map(|one| one.rsplit_once('@').map_or(*one, |of| of.0));
        let sets = [&self.keys, &self.principals, &self.addresses];
        sets.into_iter().flatten().copied().chain(sessions).chain([self.key])
    }

    pub fn has_targets(&self) -> bool {
        !self.targets.is_empty()
    }
}

/// When the session of a call began, as far as the call tells.
pub fn began<'a>(
    session_start: Option<&'a str>,
    key: Option<&str>,
    event_time: &'a str,
) -> Option<&'a str> {
    session_start.or_else(|| key.is_none().then_some(event_time))
}

impl<'a> Told<'a> {
    fn of(row: &'a TrailRow) -> Self {
        let text = Option::<String>::as_deref;
        Self {
            key: text(&row.access_key_id),
            names: [
                &row.identity_arn,
                &row.principal_id,
                &row.issuer_arn,
                &row.issuer_principal_id,
            ]
            .map(text),
            began: began(text(&row.session_start), text(&row.access_key_id), &row.event_time),
            user_name: text(&row.user_name),
            account: text(&row.recipient_account),
            source: text(&row.event_source),
            reads: row.read_only == Some(1),
            address: text(&row.source_ip),
        }
    }
}

impl std::fmt::Debug for Belonging<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Belonging").finish_non_exhaustive()
    }
}

fn has(set: &HashSet<&str>, text: Option<&str>) -> bool {
    text.is_some_and(|text| set.contains(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn each_way_of_belonging_is_told_and_the_nearest_comes_first() {
        let one = |text: &str| vec![text.to_owned()];
        let subject = Subject {
            key_id: "AKIA".to_owned(),
            keys: one("ASIA"),
            principals: one("AIDA"),
            sessions: one("arn:s@2026-08-01T10:00:00Z"),
            addresses: one("192.0.2.1"),
            targets: one("ci"),
            accounts: one("123456789012"),
        };
        let belonging = Belonging::new(&subject);
        let row = || TrailRow {
            event_time: "2026-08-01T10:00:00Z".to_owned(),
            recipient_account: text("123456789012"),
            event_source: text("iam.amazonaws.com"),
            ..TrailRow::default()
        };
        let own = TrailRow { access_key_id: text("AKIA"), source_ip: text("192.0.2.1"), ..row() };
        assert_eq!(belonging.reach(&own), Some("key"));
        for lineage in [
            TrailRow { access_key_id: text("ASIA"), ..row() },
            TrailRow { principal_id: text("AIDA"), ..row() },
            TrailRow { issuer_principal_id: text("AIDA"), ..row() },
            TrailRow { identity_arn: text("arn:s"), ..row() },
        ] {
            assert_eq!(belonging.reach(&lineage), Some("lineage"), "{lineage:?}");
        }
        let other_key = TrailRow { access_key_id: text("AKIA2"), ..row() };
        let other_key = TrailRow { identity_arn: text("arn:s"), ..other_key };
        assert_eq!(belonging.reach(&other_key), None, "another key in the second of a sign-in");
        let about = TrailRow { target_user: text("ci"), ..row() };
        assert_eq!(belonging.reach(&about), Some("about"));
        let elsewhere = TrailRow { recipient_account: text("210987654321"), ..about.clone() };
        assert_eq!(belonging.reach(&elsewhere), None, "a namesake in another account");
        let looked_at = TrailRow { read_only: Some(1), ..about };
        assert_eq!(belonging.reach(&looked_at), None, "reading changes nothing");
        let sign_in =
            TrailRow { event_source: text("signin.amazonaws.com"), user_name: text("ci"), ..row() };
        assert_eq!(belonging.reach(&sign_in), Some("about"));
        let near = TrailRow { source_ip: text("192.0.2.1"), ..row() };
        assert_eq!(belonging.reach(&near), Some("address"));
        assert_eq!(belonging.reach(&row()), None);
    }
}
