//! Since when each lane has had work that is not done: what operators watch, in one number.

use crate::domain::ids::CaseId;
use crate::worker::places::Lane;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// The lanes that have not come to rest: they wait for a place, for an answer, or for another try.
#[derive(Debug, Default)]
pub(super) struct Waits {
    since: Mutex<BTreeMap<(CaseId, Lane), Timestamp>>,
}

/// One lane's entry, which ends with it.
pub(super) struct Wait<'a> {
    waits: &'a Waits,
    lane: (CaseId, Lane),
}

impl Waits {
    pub(super) fn of(&self, case: &CaseId, lane: Lane) -> Wait<'_> {
        Wait { waits: self, lane: (case.clone(), lane) }
    }

    /// How long the oldest of them has waited.
    pub(super) fn oldest(&self, now: Timestamp) -> Option<SignedDuration> {
        let since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        since.values().min().map(|since| now.duration_since(*since))
    }
}

impl Wait<'_> {
    /// There is work, or it may be so; what was begun before goes on counting.
    pub(super) fn begin(&self, now: Timestamp) {
        let mut since = self.waits.since.lock().unwrap_or_else(PoisonError::into_inner);
        since.entry(self.lane.clone()).or_insert(now);
    }

    /// All that was due is done.
    pub(super) fn end(&self) {
        let mut since = self.waits.since.lock().unwrap_or_else(PoisonError::into_inner);
        since.remove(&self.lane);
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::Waits;
    use crate::domain::ids::CaseId;
    use crate::worker::places::Lane;
    use jiff::{SignedDuration, Timestamp};

    #[test]
    fn the_oldest_work_counts_until_its_lane_rests_or_is_given_up() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let waits = Waits::default();
        let case = CaseId("a".to_owned());
        let (act, tell) = (waits.of(&case, Lane::Act), waits.of(&case, Lane::Tell));
        assert_eq!(waits.oldest(at(9)), None);
        act.begin(at(10));
        tell.begin(at(20));
        act.begin(at(30));
        assert_eq!(waits.oldest(at(50)), Some(SignedDuration::from_secs(40)));
        act.end();
        assert_eq!(waits.oldest(at(50)), Some(SignedDuration::from_secs(30)));
        drop(tell);
        assert_eq!(waits.oldest(at(50)), None);
    }
}
