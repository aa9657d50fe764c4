//! Ending sessions that are already open: an inline deny by time of issue, by session, or by
//! source identity.
//!
//! A session cannot be taken back, only denied. By time of issue the deny spares whoever assumes
//! the role afterwards; by session it spares everybody else's sessions too.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// IAM enforces late, and clocks differ: what is minted within this span of the step is ended too.
/// AWS's own console uses the same half minute.
pub const MINTED_AFTER: SignedDuration = SignedDuration::from_secs(30);
/// A role's inline policies share 10,240 characters and a session's id takes up to 90 of them;
/// more sessions than this are ended by their time of issue, all together.
pub const NAMED_MAX: usize = 80;
/// How the ids of roles begin.
const ROLE_ID_PREFIX: &str = "AROA";

/// Which sessions of a principal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "which", rename_all = "snake_case")]
pub enum Sessions {
    /// Every session that is older than the step.
    Everyone,
    /// Only these, by `aws:userid` (`AROA…:name` of a role, `account:name` of a federated user;
    /// never both in one list).
    Named { user_ids: BTreeSet<String> },
    /// Only those with one of these source identities, whatever they call themselves.
    OfSource { identities: BTreeSet<String> },
}

/// A deny of sessions as it stands in an inline policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    pub sessions: Sessions,
    /// Sessions issued before it are denied.
    pub before: Timestamp,
}

impl Sessions {
    /// For the sentence "End … of role x".
    pub fn words(&self) -> String {
        let named = |ids: &BTreeSet<String>| {
            let names: Vec<&str> = ids.iter().map(|id| session_name(id)).collect();
            names.join(", ")
        };
        match self {
            Self::Everyone => "every open session".to_owned(),
            Self::Named { user_ids } => format!("{} ({})", counted(user_ids), named(user_ids)),
            Self::OfSource { identities } => {
                let list: Vec<&str> = identities.iter().map(String::as_str).collect();
                format!("the open sessions with source identity {}", list.join(", "))
            }
        }
    }

    pub fn effect(&self) -> &'static str {
        match self {
            Self::Everyone => {
                "ends every session that is open now; whoever may assume it again goes on"
            }
            Self::Named { .. } => "ends these sessions and no others",
            Self::OfSource { .. } => "ends the sessions of these source identities and no others",
        }
    }

    /// Whether a deny of these leaves none of `other` out.
    pub fn include(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Everyone, _) => true,
            (Self::Named { user_ids: own }, Self::Named { user_ids: other }) => {
                other.is_subset(own)
            }
            (Self::OfSource { identities: own }, Self::OfSource { identities: other }) => {
                other.is_subset(own)
            }
            (Self::Named { .. } | Self::OfSource { .. }, _) => false,
        }
    }

    /// Sessions of federated users are denied whenever they were issued: practitioners report that
    /// the time of issue does not work on them.
    fn whenever_issued(&self) -> bool {
        match self {
            Self::Named { user_ids } => user_ids.iter().all(|id| !id.starts_with(ROLE_ID_PREFIX)),
            Self::Everyone | Self::OfSource { .. } => false,
        }
    }

    /// Both together; what cannot be said as one list is everyone.
    pub fn joined(self, other: &Self) -> Self {
        match (self, other) {
            (Self::Named { user_ids: mut own }, Self::Named { user_ids: other }) => {
                own.extend(other.iter().cloned());
                if own.len() > NAMED_MAX { Self::Everyone } else { Self::Named { user_ids: own } }
            }
            (Self::OfSource { identities: mut own }, Self::OfSource { identities: other }) => {
                own.extend(other.iter().cloned());
                Self::OfSource { identities: own }
            }
            (Self::Everyone, _) | (Self::Named { .. } | Self::OfSource { .. }, _) => Self::Everyone,
        }
    }
}

impl Revocation {
    /// The deny of a step that begins now: half a minute ahead, and never short of `until`.
    pub fn at(sessions: Sessions, until: Timestamp, now: Timestamp) -> Self {
        let before = match sessions.whenever_issued() {
            true => Timestamp::MAX,
            false => until.max(now) + MINTED_AFTER,
        };
        Self { sessions, before }
    }

    /// The inline policy's document.
    pub fn document(&self) -> String {
        let before = self.before.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let mut condition = match self.sessions.whenever_issued() {
            true => json!({}),
            false => json!({ "DateLessThan": { "aws:TokenIssueTime": before } }),
        };
        match &self.sessions {
            Sessions::Everyone => {}
            Sessions::Named { user_ids } => {
                condition["StringEquals"] = json!({ "aws:userid": user_ids });
            }
            Sessions::OfSource { identities } => {
                condition["StringEquals"] = json!({ "aws:SourceIdentity": identities });
            }
        }
        json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition,
            }],
        })
        .to_string()
    }

    /// Reads a document of this form; anything else, an edited one too, is none.
    pub fn read(document: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(document).ok()?;
        let statement = value.get("Statement")?.get(0)?;
        let condition = statement.get("Condition")?;
        let before = match condition.get("DateLessThan") {
            Some(limit) => limit.get("aws:TokenIssueTime")?.as_str()?.parse().ok()?,
            None => Timestamp::MAX,
        };
        let listed = |key: &str| -> Option<BTreeSet<String>> {
            let values = condition.get("StringEquals")?.get(key)?.as_array()?;
            values.iter().map(|value| value.as_str().map(str::to_owned)).collect()
        };
        let sessions = match (listed("aws:userid"), listed("aws:SourceIdentity")) {
            (Some(user_ids), None) => Sessions::Named { user_ids },
            (None, Some(identities)) => Sessions::OfSource { identities },
            (None, None) => Sessions::Everyone,
            (Some(_), Some(_)) => return None,
        };
        let found = Self { sessions, before };
        // Only the very document that we would write is trusted to deny what we think it does.
        let own: Value = serde_json::from_str(&found.document()).ok()?;
        (own == value).then_some(found)
    }

    /// Whether it ends these sessions, as a step that began then meant to.
    pub fn ends(&self, sessions: &Sessions, until: Timestamp, began: Timestamp) -> bool {
        self.sessions.include(sessions) && self.before > until && self.before >= began
    }
}

/// The part of a session's id that its holder chose.
fn session_name(user_id: &str) -> &str {
    user_id.split_once(':').map_or(user_id, |(_, name)| name)
}

fn counted(user_ids: &BTreeSet<String>) -> String {
    match user_ids.len() {
        1 => "one session".to_owned(),
        more => format!("{more} sessions"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn named(ids: &[&str]) -> Sessions {
        Sessions::Named { user_ids: ids.iter().map(|id| (*id).to_owned()).collect() }
    }

    #[test]
    fn a_revocation_reaches_half_a_minute_past_the_step_and_says_so_in_utc() {
        let now = at("2026-11-25T03:00:00.9Z");
        let revocation = Revocation::at(Sessions::Everyone, at("2026-11-25T02:00:00Z"), now);
        let document = revocation.document();
        assert!(document.contains(r#""aws:TokenIssueTime":"2026-11-25T03:00:30Z""#), "{document}");
        assert!(!document.contains("StringEquals"));
    }

    #[test]
    fn what_the_trail_saw_later_than_our_clock_is_ended_all_the_same() {
        let seen = at("2026-11-25T03:05:00Z");
        let revocation = Revocation::at(Sessions::Everyone, seen, at("2026-11-25T03:00:00Z"));
        assert!(revocation.before > seen);
    }

    #[test]
    fn a_document_is_read_back_as_what_it_was_written_for_and_an_edited_one_is_not() {
        let now = at("2026-11-25T03:00:00Z");
        for sessions in [
            Sessions::Everyone,
            named(&["AROAX:evil", "AROAX:worse"]),
            Sessions::OfSource { identities: BTreeSet::from(["dana".to_owned()]) },
        ] {
            let written = Revocation::at(sessions, now, now);
            assert_eq!(Revocation::read(&written.document()), Some(written.clone()));
            let edited = written.document().replace("\"Deny\"", "\"Allow\"");
            assert_eq!(Revocation::read(&edited), None);
        }
    }

    #[test]
    fn a_federated_session_is_denied_whenever_it_was_issued() {
        let now = at("2026-11-25T03:00:00Z");
        let federated = Revocation::at(named(&["123456789012:audit"]), now, now);
        assert!(!federated.document().contains("TokenIssueTime"));
        assert_eq!(Revocation::read(&federated.document()), Some(federated.clone()));
        assert!(federated.ends(&named(&["123456789012:audit"]), now, now));
        let undated = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*",
            "Resource":"*","Condition":{"StringEquals":{"aws:userid":["AROAX:evil"]}}}]}"#;
        assert_eq!(Revocation::read(undated), None, "a role's session needs a time");
    }

    #[test]
    fn a_list_ends_only_what_is_on_it() {
        let now = at("2026-11-25T03:00:00Z");
        let one = Revocation::at(named(&["AROAX:evil"]), now, now);
        assert!(one.ends(&named(&["AROAX:evil"]), now, now));
        assert!(!one.ends(&named(&["AROAX:evil", "AROAX:worse"]), now, now));
        assert!(!one.ends(&Sessions::Everyone, now, now));
        let minute = SignedDuration::from_mins(1);
        assert!(!one.ends(&named(&["AROAX:evil"]), now + minute, now), "minted since");
        assert!(!one.ends(&named(&["AROAX:evil"]), now, now + minute), "an older step's deny");
    }

    #[test]
    fn lists_join_and_too_long_a_list_is_everyone() {
        let joined = named(&["AROAX:a"]).joined(&named(&["AROAX:b"]));
        assert_eq!(joined, named(&["AROAX:a", "AROAX:b"]));
        let many =
            Sessions::Named { user_ids: (0..NAMED_MAX).map(|n| format!("AROAX:{n}")).collect() };
        assert_eq!(many.joined(&named(&["AROAX:b"])), Sessions::Everyone);
        assert_eq!(named(&["AROAX:a"]).joined(&Sessions::Everyone), Sessions::Everyone);
    }
}
