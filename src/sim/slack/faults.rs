//! Scripted failures of the Web API, so that tests can see what the bot does about them.

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
    /// The next press is a double click.
    pub(super) double_click: bool,
    /// How many calls went wrong so far.
    pub(super) met: u64,
    shares_to_drop: u32,
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
    pub(super) fn next(&mut self, method: &str) -> Option<Fault> {
        let fault = if self.down { Some(Fault::ResetBefore) } else { self.scripted(method) };
        self.met += u64::from(fault.is_some());
        fault
    }

    fn scripted(&mut self, method: &str) -> Option<Fault> {
        let own = self.scripts.get_mut(method).and_then(VecDeque::pop_front);
        own.or_else(|| self.scripts.get_mut(EVERY_METHOD).and_then(VecDeque::pop_front))
    }

    pub(super) fn latency(&self, method: &str) -> Duration {
        let own = self.latencies.get(method);
        own.or_else(|| self.latencies.get(EVERY_METHOD)).copied().unwrap_or_default()
    }
}
