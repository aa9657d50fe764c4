//! Scripted failures of the Web API, so that tests can see what the bot does about them.

use jiff::Timestamp;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// Every method at once, as a name for scripts.
pub const EVERY_METHOD: &str = "*";

/// One way in which a call goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// `ok: false` with this code; nothing happens.
    Error(String),
    /// HTTP 429 with `Retry-After` in seconds; nothing happens.
    RateLimited(u64),
    /// This HTTP status with a page of HTML; nothing happens.
    Page(u16),
    /// The connection breaks before anything happens.
    ResetBefore,
    /// The call takes effect, and then the connection breaks.
    ResetAfter,
    /// The call takes effect, and half of the answer arrives.
    Truncated,
}

/// What is scripted to go wrong.
#[derive(Debug, Default)]
pub(super) struct Faults {
    scripts: BTreeMap<String, VecDeque<Fault>>,
    latencies: BTreeMap<String, Duration>,
    pub(super) down: bool,
    /// Every method answers 429 until then.
    pub(super) limited_until: Option<Timestamp>,
    /// What people do next is delivered once more.
    pub(super) repeats_next: bool,
    /// Every press is two.
    pub(super) clicks_twice: bool,
    /// Calls that met one of the first two since it was last switched on.
    pub(super) turned_away: u32,
    shares_to_drop: u32,
}

/// What goes wrong until somebody sets it right, as a page shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub down: bool,
    pub limited_until: Option<Timestamp>,
    pub repeats_next: bool,
    pub clicks_twice: bool,
    /// Calls that were limited, or broken while it was down, since that was last switched on.
    pub turned_away: u32,
}

impl Faults {
    pub(super) fn script(&mut self, method: &str, fault: &Fault, times: usize) {
        let queue = self.scripts.entry(method.to_owned()).or_default();
        queue.extend(std::iter::repeat_n(fault.clone(), times));
    }

    pub(super) fn drop_shares(&mut self, times: u32) {
        self.shares_to_drop = times;
    }

    pub(super) fn take_dropped_share(&mut self) -> bool {
        let dropping = self.shares_to_drop > 0;
        self.shares_to_drop = self.shares_to_drop.saturating_sub(1);
        dropping
    }

    pub(super) fn delay(&mut self, method: &str, latency: Duration) {
        self.latencies.insert(method.to_owned(), latency);
    }

    /// The next fault of this method, used up by asking.
    pub(super) fn next(&mut self, method: &str, now: Timestamp) -> Option<Fault> {
        if self.down {
            self.turned_away = self.turned_away.saturating_add(1);
            return Some(Fault::ResetBefore);
        }
        if let Some(seconds) = self.limited_for(now) {
            self.turned_away = self.turned_away.saturating_add(1);
            return Some(Fault::RateLimited(seconds));
        }
        let own = self.scripts.get_mut(method).and_then(VecDeque::pop_front);
        own.or_else(|| self.scripts.get_mut(EVERY_METHOD).and_then(VecDeque::pop_front))
    }

    /// The whole seconds until calls are taken again, at least one.
    fn limited_for(&self, now: Timestamp) -> Option<u64> {
        let until = self.limited_until.filter(|until| *until > now)?;
        u64::try_from(until.duration_since(now).as_secs()).ok().map(|whole| whole + 1)
    }

    pub(super) fn standing(&self, now: Timestamp) -> Standing {
        Standing {
            down: self.down,
            limited_until: self.limited_until.filter(|until| *until > now),
            repeats_next: self.repeats_next,
            clicks_twice: self.clicks_twice,
            turned_away: self.turned_away,
        }
    }

    pub(super) fn latency(&self, method: &str) -> Duration {
        let own = self.latencies.get(method);
        own.or_else(|| self.latencies.get(EVERY_METHOD)).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    #[test]
    fn a_limit_tells_how_long_it_lasts_and_ends_by_itself() {
        let now = Timestamp::UNIX_EPOCH;
        let after = |seconds| now + SignedDuration::from_secs(seconds);
        let mut faults = Faults { limited_until: Some(after(60)), ..Faults::default() };
        assert_eq!(faults.next("chat.update", now), Some(Fault::RateLimited(61)));
        assert_eq!(faults.next("auth.test", after(59)), Some(Fault::RateLimited(2)));
        assert_eq!(faults.next("chat.update", after(60)), None, "who waited is served");
        let standing = faults.standing(after(60));
        assert_eq!((standing.limited_until, standing.turned_away), (None, 2));
    }

    #[test]
    fn a_workspace_that_is_down_keeps_what_is_scripted_for_later() {
        let now = Timestamp::UNIX_EPOCH;
        let mut faults = Faults { down: true, ..Faults::default() };
        faults.script("auth.test", &Fault::Page(502), 1);
        assert_eq!(faults.next("auth.test", now), Some(Fault::ResetBefore));
        faults.down = false;
        assert_eq!(faults.next("auth.test", now), Some(Fault::Page(502)));
        assert_eq!(faults.next("auth.test", now), None);
    }
}
