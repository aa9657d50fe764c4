//! Our own pace towards Slack: a budget for each method and one for each channel.

use crate::domain::ids::ChannelId;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Slack takes one message a second in a channel, and forgives a short burst.
const CHANNEL_INTERVAL_MS: i64 = 1_000;
const CHANNEL_BURST: i64 = 3;
/// Longer waits are given back to the caller, whose work is in the journal and can wait there.
const WAIT_SECONDS_MAX: i64 = 5;
/// Budgets that are full again are forgotten when there are more than so many.
const BUDGETS_MAX: usize = 1_000;

/// When a call may go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Now,
    After(SignedDuration),
    /// Too far away to wait for.
    Later {
        seconds: u64,
    },
}

/// What has been spent, and what Slack has told us to wait for.
#[derive(Debug, Default)]
pub(super) struct Pace {
    state: Mutex<Budgets>,
}

#[derive(Debug, Default)]
struct Budgets {
    /// When each budget is full again.
    full_at: HashMap<String, Timestamp>,
    closed_until: HashMap<String, Timestamp>,
}

impl Pace {
    /// Takes a turn for a call; a turn that is too far away is not taken.
    pub(super) fn take(&self, method: &str, channel: Option<&ChannelId>, now: Timestamp) -> Turn {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (interval, burst) = tier(method);
        let mut wants = vec![(method.to_owned(), interval, burst)];
        let own = channel_budget(method, channel);
        wants.extend(own.map(|key| (key, CHANNEL_INTERVAL_MS, CHANNEL_BURST)));
        let closed = wants.iter().filter_map(|(key, ..)| state.closed_until.get(key));
        let open_at = closed.copied().max().unwrap_or(now);
        let turns = wants.iter().map(|want| state.turn(want, now));
        let at = turns.max().unwrap_or(now).max(open_at);
        let wait = at.duration_since(now);
        if wait > SignedDuration::from_secs(WAIT_SECONDS_MAX) {
            let seconds = u64::try_from(wait.as_secs()).unwrap_or(1).max(1);
            return Turn::Later { seconds };
        }
        for want in &wants {
            state.spend(want, at);
        }
        state.forget(now);
        if wait > SignedDuration::ZERO { Turn::After(wait) } else { Turn::Now }
    }

    /// Slack told us to wait. For a message that closes its channel alone, because Slack says the
    /// same of a busy channel and of a busy workspace; when a second channel is told so meanwhile,
    /// it is the workspace.
    pub(super) fn close(
        &self,
        method: &str,
        channel: Option<&ChannelId>,
        seconds: u64,
        now: Timestamp,
    ) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let span = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
        let until = now.checked_add(span).unwrap_or(Timestamp::MAX);
        let Some(own) = channel_budget(method, channel) else {
            state.closed_until.insert(method.to_owned(), until);
            return;
        };
        let another = |(key, until): (&String, &Timestamp)| {
            key.starts_with(&format!("{method} ")) && *key != own && *until > now
        };
        if state.closed_until.iter().any(another) {
            state.closed_until.insert(method.to_owned(), until);
        }
        state.closed_until.insert(own, until);
    }
}

impl Budgets {
    /// When this call fits into the budget.
    fn turn(&self, (key, interval, burst): &(String, i64, i64), now: Timestamp) -> Timestamp {
        let full_at = self.full_at.get(key).copied().unwrap_or(now).max(now);
        let ahead = SignedDuration::from_millis(interval * (burst - 1));
        full_at.checked_sub(ahead).unwrap_or(now).max(now)
    }

    fn spend(&mut self, (key, interval, _): &(String, i64, i64), at: Timestamp) {
        let full_at = self.full_at.entry(key.clone()).or_insert(at);
        let next = (*full_at).max(at).checked_add(SignedDuration::from_millis(*interval));
        *full_at = next.unwrap_or(Timestamp::MAX);
    }

    fn forget(&mut self, now: Timestamp) {
        if self.full_at.len() > BUDGETS_MAX {
            self.full_at.retain(|_, full_at| *full_at > now);
        }
        self.closed_until.retain(|_, until| *until > now);
    }
}

/// Messages have a budget for each channel too.
fn channel_budget(method: &str, channel: Option<&ChannelId>) -> Option<String> {
    let channel = channel.filter(|_| method == "chat.postMessage")?;
    Some(format!("{method} {}", channel.0))
}

/// The interval and the burst of a method's tier, a little below what Slack documents.
fn tier(method: &str) -> (i64, i64) {
    match method {
        "conversations.create"
        | "conversations.archive"
        | "conversations.setTopic"
        | "conversations.setPurpose"
        | "conversations.list"
        | "pins.add"
        | "usergroups.users.list" => (3_100, 15),
        "conversations.invite"
        | "conversations.history"
        | "conversations.info"
        | "conversations.replies"
        | "chat.update" => (1_250, 40),
        "chat.postMessage" | "auth.test" => (250, 60),
        _ => (650, 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(1_800_000_000_000 + ms).unwrap()
    }

    #[test]
    fn a_burst_goes_out_at_once_and_then_one_message_a_second() {
        let pace = Pace::default();
        let channel = ChannelId("C1".to_owned());
        let turns: Vec<_> =
            (0..6).map(|_| pace.take("chat.postMessage", Some(&channel), at(0))).collect();
        assert_eq!(turns[..3], [Turn::Now; 3]);
        let seconds = |turn| match turn {
            Turn::After(wait) => SignedDuration::as_secs(&wait),
            Turn::Now | Turn::Later { .. } => panic!("{turn:?}"),
        };
        assert_eq!(turns[3..].iter().map(|turn| seconds(*turn)).collect::<Vec<_>>(), [1, 2, 3]);
    }

    #[test]
    fn one_busy_channel_does_not_hold_up_another() {
        let pace = Pace::default();
        let (busy, quiet) = (ChannelId("C1".to_owned()), ChannelId("C2".to_owned()));
        for _ in 0..7 {
            pace.take("chat.postMessage", Some(&busy), at(0));
        }
        assert_eq!(pace.take("chat.postMessage", Some(&quiet), at(0)), Turn::Now);
    }

    #[test]
    fn a_turn_too_far_away_is_given_back_and_costs_nothing() {
        let pace = Pace::default();
        for _ in 0..15 {
            assert_eq!(pace.take("pins.add", None, at(0)), Turn::Now);
        }
        pace.take("pins.add", None, at(0));
        for _ in 0..3 {
            assert_eq!(pace.take("pins.add", None, at(0)), Turn::Later { seconds: 6 });
        }
        assert!(matches!(pace.take("pins.add", None, at(6_200)), Turn::Now));
    }

    #[test]
    fn what_slack_says_is_kept() {
        let pace = Pace::default();
        pace.close("chat.update", None, 30, at(0));
        assert_eq!(pace.take("chat.update", None, at(0)), Turn::Later { seconds: 30 });
        assert_eq!(pace.take("chat.postMessage", None, at(0)), Turn::Now);
        assert_eq!(pace.take("chat.update", None, at(30_000)), Turn::Now);
    }

    #[test]
    fn a_channel_that_slack_holds_up_holds_up_no_other_until_a_second_one_is_held_up_too() {
        let pace = Pace::default();
        let [busy, quiet, third] = ["C1", "C2", "C3"].map(|id| ChannelId(id.to_owned()));
        let post = |channel, ms| pace.take("chat.postMessage", Some(channel), at(ms));
        pace.close("chat.postMessage", Some(&busy), 30, at(0));
        assert_eq!(post(&busy, 0), Turn::Later { seconds: 30 });
        assert_eq!(post(&quiet, 0), Turn::Now);
        pace.close("chat.postMessage", Some(&quiet), 40, at(1_000));
        assert_eq!(post(&third, 1_000), Turn::Later { seconds: 40 }, "it is the workspace");
        assert_eq!(post(&third, 41_000), Turn::Now);
    }
}
