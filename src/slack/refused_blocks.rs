//! Which of Slack's newer blocks this workspace has refused, and how long that is remembered.

use crate::slack::sketch::Means;
use jiff::{SignedDuration, Timestamp};
use std::sync::atomic::{AtomicI64, Ordering};

/// After a refusal of a newer block, so long only the older ones are sent.
const REMEMBERED_FOR: SignedDuration = SignedDuration::from_hours(24);
const NEVER: i64 = i64::MIN;

/// What was refused, until when it is not tried again, in Unix seconds.
#[derive(Debug)]
pub(super) struct RefusedBlocks {
    charts: AtomicI64,
    tables: AtomicI64,
}

impl Default for RefusedBlocks {
    fn default() -> Self {
        Self { charts: AtomicI64::new(NEVER), tables: AtomicI64::new(NEVER) }
    }
}

impl RefusedBlocks {
    /// What can be tried now, the richest first.
    pub(super) fn means(&self, now: Timestamp) -> Vec<Means> {
        let is_past = |until: &AtomicI64| until.load(Ordering::Relaxed) <= now.as_second();
        let mut means = Vec::new();
        if is_past(&self.tables) {
            means.extend(is_past(&self.charts).then_some(Means::Full));
            means.push(Means::Tables);
        }
        means.push(Means::Plain);
        means
    }

    /// Slack took a drawing by these means, having refused every richer one of the same message.
    pub(super) fn settled_for(&self, taken: Means, now: Timestamp) {
        let until = now.checked_add(REMEMBERED_FOR).unwrap_or(now).as_second();
        match taken {
            Means::Full => {}
            Means::Tables => self.charts.store(until, Ordering::Relaxed),
            Means::Plain => self.tables.store(until, Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_refused_is_not_tried_for_a_day_and_what_is_older_is() {
        let now = Timestamp::from_second(1_790_000_000).unwrap();
        let refused = RefusedBlocks::default();
        assert_eq!(refused.means(now), [Means::Full, Means::Tables, Means::Plain]);
        refused.settled_for(Means::Full, now);
        assert_eq!(refused.means(now).len(), 3, "nothing was refused");
        refused.settled_for(Means::Tables, now);
        assert_eq!(refused.means(now), [Means::Tables, Means::Plain]);
        refused.settled_for(Means::Plain, now);
        assert_eq!(refused.means(now), [Means::Plain]);
        let hours = |hours| now + SignedDuration::from_hours(hours);
        assert_eq!(refused.means(hours(23)), [Means::Plain]);
        assert_eq!(refused.means(hours(24)).len(), 3, "then it is tried again");
    }
}
