//! How an object was when it was read, and which callers and addresses it names.
//!
//! A mark is 16 bits of a hash, two bytes for each distinct caller or address of an object: one
//! object in a thousand is opened for nothing, and none that is needed is passed over.

use crate::domain::unsettled::How;
use crate::trail::canon::Canon;
use crate::trail::stamp::{ObjectState, Stamp};
use std::path::Path;

/// 16 bits of a text's hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark(pub(super) u16);

impl Mark {
    pub(super) fn of(canon: &Canon, text: &str) -> Self {
        Self(canon.text(text) as u16)
    }
}

/// What one object names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    pub(super) sorted: Vec<Mark>,
    /// Whether it holds a change to IAM, or a sign-in, which may be about anybody.
    pub(super) has_changes: bool,
}

impl Marks {
    /// Whether the object may name this.
    pub(super) fn hold(&self, canon: &Canon, text: &str) -> bool {
        self.sorted.binary_search(&Mark::of(canon, text)).is_ok()
    }
}

/// An object as pass one saw it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Known {
    pub(super) stamp: Option<Stamp>,
    pub(super) checksum: Option<u64>,
    pub(super) marks: Marks,
}

impl Known {
    /// Whether the object has to be opened: it is not as it was, or its marks say so.
    pub(super) fn is_needed(&self, object: &Path, may_be_in: impl FnOnce(&Marks) -> bool) -> bool {
        let is_as_it_was = self.stamp.is_some() && self.stamp == Stamp::of(object);
        !is_as_it_was || may_be_in(&self.marks)
    }

    /// What became of an object that was opened again, where it is not what pass one read.
    pub(super) fn changed(&self, object: &Path, now: ObjectState) -> Option<How> {
        match (self.stamp, now.stamp) {
            // It could not be opened before either; what was listed and is gone went meanwhile.
            (None, None) => matches!(object.try_exists(), Ok(false)).then_some(How::Deleted),
            (Some(_), None) => Some(How::Deleted),
            // Whoever writes to it may have left it as it was for a moment, so that the same bytes
            // prove nothing; where it was only touched, the next reading finds it at rest.
            (then_stamp, now_stamp) => {
                let is_same = then_stamp == now_stamp && self.checksum == now.checksum;
                (!is_same).then_some(How::Rewritten)
            }
        }
    }
}
