//! What was looked up before: the watch asks only for what has come since.

use crate::ports::clock::Clock;
use crate::ports::event_history::{EventHistory, Found, Search};
use crate::ports::trail::{TrailError, Window};
use jiff::{SignedDuration, Timestamp};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Events come into the history some minutes late, and not in the order in which they happened.
const LATE: SignedDuration = SignedDuration::from_mins(20);
/// Records held of all searches, at one or two kilobytes each.
const RECORDS_MAX: usize = 60_000;

/// A history with a memory.
pub(super) struct LookedUp {
    history: Arc<dyn EventHistory>,
    clock: Clock,
    held: Mutex<HashMap<Search, Held>>,
}

/// What a search found that saw all of its window up to a time.
#[derive(Clone)]
struct Held {
    from: Option<Timestamp>,
    until: Timestamp,
    found: Arc<Found>,
}

impl LookedUp {
    pub(super) fn new(history: Arc<dyn EventHistory>, clock: Clock) -> Self {
        Self { history, clock, held: Mutex::default() }
    }

    /// Looks this up, as far as it is not known.
    pub(super) async fn find(&self, search: &Search, window: Window) -> Result<Found, TrailError> {
        let asked = self.clock.now();
        let held = self.held().get(search).cloned();
        let held = held.filter(|held| window.to.is_none() && held.from <= window.from);
        let Some(held) = held else {
            let found = self.history.look_up(search, window).await?;
            self.keep(search, window, (asked, &found));
            return Ok(found);
        };
        let since = held.until.checked_sub(LATE).unwrap_or(held.until);
        let from = window.from.max(Some(since));
        let new = self.history.look_up(search, Window { from, ..window }).await?;
        let found = joined(&held.found, new);
        self.keep(search, Window { from: held.from, ..window }, (asked, &found));
        Ok(found)
    }

    /// A search that did not see everything is made again from the beginning.
    fn keep(&self, search: &Search, window: Window, (until, found): (Timestamp, &Found)) {
        let mut held = self.held();
        let is_whole = found.unread.is_empty() && !found.truncated && window.to.is_none();
        if !is_whole {
            held.remove(search);
            return;
        }
        let others = held.iter().filter(|(known, _)| *known != search);
        let records: usize = others.map(|(_, held)| held.found.records.len()).sum();
        if records + found.records.len() > RECORDS_MAX {
            held.clear();
        }
        let found = Arc::new(found.clone());
        held.insert(search.clone(), Held { from: window.from, until, found });
    }

    fn held(&self) -> MutexGuard<'_, HashMap<Search, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Both, each record once.
fn joined(before: &Found, new: Found) -> Found {
    let known: HashSet<&str> = before.records.iter().map(String::as_str).collect();
    let added = new.records.iter().filter(|record| !known.contains(record.as_str()));
    let records = before.records.iter().chain(added).cloned().collect();
    Found { records, ..new }
}
