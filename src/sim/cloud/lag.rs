//! A value with two faces: what a read shows now, and what is enforced now.

use jiff::Timestamp;
use std::collections::VecDeque;
use std::sync::Arc;

/// The versions of a thing that are not wholly past; none stands for a thing that is deleted.
#[derive(Debug)]
pub(super) struct Lagged<T> {
    versions: VecDeque<(Timestamp, Option<Arc<T>>)>,
}

impl<T> Lagged<T> {
    /// A thing that is enforced from `effective_at` on.
    pub(super) fn new(value: T, effective_at: Timestamp) -> Self {
        Self { versions: VecDeque::from([(effective_at, Some(Arc::new(value)))]) }
    }

    /// The control plane's view: the last write.
    pub(super) fn current(&self) -> Option<&Arc<T>> {
        self.versions.back()?.1.as_ref()
    }

    /// The enforcement plane's view: the last write whose time has come.
    pub(super) fn enforced(&self, now: Timestamp) -> Option<&Arc<T>> {
        let mut newest_first = self.versions.iter().rev();
        newest_first.find(|(from, _)| *from <= now)?.1.as_ref()
    }

    /// Adds a version; writes become effective in the order in which they were made.
    pub(super) fn write(&mut self, value: Option<Arc<T>>, effective_at: Timestamp, now: Timestamp) {
        let not_before = self.versions.back().map_or(effective_at, |last| last.0);
        self.versions.push_back((effective_at.max(not_before), value));
        while self.versions.get(1).is_some_and(|next| next.0 <= now) {
            self.versions.pop_front();
        }
    }
}
