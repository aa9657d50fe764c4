//! How a record belongs to a subject: what `queries/athena/cut.sql` says, over rows that are there.

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
        if row.access_key_id.as_deref() == Some(self.key) {
            return Some("key");
        }
        if self.is_lineage(row) {
            return Some("lineage");
        }
        if self.is_about(row) {
            return Some("about");
        }
        has(&self.addresses, &row.source_ip).then_some("address")
    }

    fn is_lineage(&self, row: &TrailRow) -> bool {
        let names =
            [&row.identity_arn, &row.principal_id, &row.issuer_arn, &row.issuer_principal_id];
        if has(&self.keys, &row.access_key_id)
            || names.into_iter().any(|name| has(&self.principals, name))
        {
            return true;
        }
        let (false, Some(arn)) = (self.sessions.is_empty(), &row.identity_arn) else {
            return false;
        };
        let start = row.session_start.as_ref().unwrap_or(&row.event_time);
        self.sessions.contains(format!("{arn}@{start}").as_str())
    }

    /// A change of the subject by somebody else, or a sign-in of one of its users.
    fn is_about(&self, row: &TrailRow) -> bool {
        if !has(&self.accounts, &row.recipient_account) {
            return false;
        }
        match row.event_source.as_deref() {
            Some("signin.amazonaws.com") => has(&self.targets, &row.user_name),
            Some("iam.amazonaws.com") if row.read_only != Some(1) => {
                let about = [&row.minted_key, &row.target_key, &row.target_user, &row.target_role];
                about.into_iter().any(|name| has(&self.targets, name))
            }
            Some(_) | None => false,
        }
    }
}

impl std::fmt::Debug for Belonging<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Belonging").finish_non_exhaustive()
    }
}

fn has(set: &HashSet<&str>, text: &Option<String>) -> bool {
    text.as_deref().is_some_and(|text| set.contains(text))
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
