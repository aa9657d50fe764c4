//! Faults for the bot's calls, by the call's name and its turn.

use crate::sim::cloud::calls::Origin;
use crate::sim::cloud::refusal::Refusal;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Denied,
    Throttled,
    Conflict,
    /// No answer, and nothing happened.
    Unavailable,
    /// No answer, although it happened.
    TimeoutAfterEffect,
}

/// Which calls go wrong, and how slow each is.
#[derive(Debug, Default)]
pub(super) struct Faults {
    /// The access key ids whose calls meet them.
    pub bot_keys: BTreeSet<String>,
    planned: Vec<(String, u64, Fault)>,
    /// So many of their next changes are throttled, whatever they are called.
    pub changes_throttled: u32,
    made: BTreeMap<&'static str, u64>,
    latency: BTreeMap<String, Duration>,
    latency_of_all: Duration,
}

impl Faults {
    pub(super) fn plan(&mut self, call: &str, nth: u64, fault: Fault) {
        let so_far = self.made.get(call).copied().unwrap_or_default();
        self.planned.push((call.to_owned(), so_far + nth, fault));
    }

    pub(super) fn delay(&mut self, call: Option<&str>, latency: Duration) {
        match call {
            Some(call) => {
                self.latency.insert(call.to_owned(), latency);
            }
            None => self.latency_of_all = latency,
        }
    }

    /// Counts a call and says how long it takes and what goes wrong with it.
    pub(super) fn meet(
        &mut self,
        origin: &Origin,
        (call, changes): (&'static str, bool),
    ) -> (Duration, Option<Fault>) {
        let latency = self.latency.get(call).copied();
        let latency = latency.unwrap_or(self.latency_of_all);
        if !self.bot_keys.contains(&origin.credential.access_key_id) {
            return (latency, None);
        }
        let made = self.made.entry(call).or_default();
        *made += 1;
        let is_now = |(name, nth, _): &(String, u64, Fault)| name == call && nth == made;
        let at = self.planned.iter().position(is_now);
        let planned = at.map(|at| self.planned.swap_remove(at).2);
        if planned.is_none() && changes && self.changes_throttled > 0 {
            self.changes_throttled -= 1;
            return (latency, Some(Fault::Throttled));
        }
        (latency, planned)
    }
}

impl Fault {
    /// The refusal that comes before anything happened.
    pub(super) fn before(&self) -> Option<Refusal> {
        let (code, message) = match self {
            Self::Denied => ("AccessDenied", "denied by an injected fault"),
            Self::Throttled => ("Throttling", "Rate exceeded"),
            Self::Conflict => ("ConcurrentModification", "somebody else is changing it; try again"),
            Self::Unavailable => ("ServiceUnavailable", "the service did not answer"),
            Self::TimeoutAfterEffect => return None,
        };
        Some(Refusal::new(code, message))
    }

    /// The failure that comes after it happened.
    pub(super) fn after(&self) -> Option<Refusal> {
        match self {
            Self::TimeoutAfterEffect => {
                Some(Refusal::new("RequestTimeout", "no answer came in time"))
            }
            Self::Denied | Self::Throttled | Self::Conflict | Self::Unavailable => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::attacker::Credential;

    fn from(key: &str) -> Origin {
        let credential = Credential {
            label: key.to_owned(),
            access_key_id: key.to_owned(),
            secret_access_key: String::new(),
            session_token: None,
        };
        Origin { credential, source_ip: String::new(), user_agent: String::new() }
    }

    #[test]
    fn changes_of_the_bot_are_throttled_and_nothing_else() {
        let bot_keys = BTreeSet::from(["bot".to_owned()]);
        let mut faults = Faults { bot_keys, changes_throttled: 2, ..Faults::default() };
        let mut met = |who, call, changes| faults.meet(&from(who), (call, changes)).1;
        assert_eq!(met("bot", "GetUser", false), None);
        assert_eq!(met("actor", "CreateUser", true), None);
        assert_eq!(met("bot", "AttachUserPolicy", true), Some(Fault::Throttled));
        assert_eq!(met("bot", "UpdateAccessKey", true), Some(Fault::Throttled));
        assert_eq!(met("bot", "AttachUserPolicy", true), None, "two were to be");
    }
}
