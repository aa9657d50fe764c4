//! How an object was when it was read, and which callers and addresses it names.
//!
//! A mark is 32 bits of a hash, four bytes for each distinct caller or address of an object: hardly
//! an object is opened for nothing, and none that is needed is passed over.

use crate::domain::unsettled::How;
use crate::trail::canon::Canon;
use crate::trail::stamp::{ObjectState, Stamp};
use std::path::Path;

/// By so many bits most marks are told from those that are wanted.
const BEGINNING_BITS: u32 = 16;

/// 32 bits of a text's hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark(pub(super) u32);

impl Mark {
    pub(super) fn of(canon: &Canon, text: &str) -> Self {
        Self::of_hash(canon.text(text))
    }

    pub(super) fn of_hash(hash: u64) -> Self {
        Self(hash as u32)
    }
}

/// What one object names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    pub(super) all: Vec<Mark>,
    /// Whether it holds a change to IAM, or a sign-in, which may be about anybody.
    pub(super) has_changes: bool,
}

/// What is looked for in objects.
#[derive(Debug)]
pub(super) struct WantedMarks {
    /// Those that begin like a wanted one: most of an object's marks end here.
    begun: Vec<bool>,
    sorted: Vec<Mark>,
    /// Whether changes are looked for, whoever made them.
    wants_changes: bool,
}

impl WantedMarks {
    pub(super) fn new(marks: impl Iterator<Item = Mark>, wants_changes: bool) -> Self {
        let mut sorted: Vec<Mark> = marks.collect();
        sorted.sort_unstable();
        let mut begun = vec![false; 1 << BEGINNING_BITS];
        sorted.iter().for_each(|mark| begun[beginning(*mark)] = true);
        Self { begun, sorted, wants_changes }
    }

    /// Whether an object with these marks may hold what is looked for.
    pub(super) fn may_be_in(&self, marks: &Marks) -> bool {
        let is_wanted =
            |mark: &Mark| self.begun[beginning(*mark)] && self.sorted.binary_search(mark).is_ok();
        (self.wants_changes && marks.has_changes) || marks.all.iter().any(is_wanted)
    }
}

fn beginning(mark: Mark) -> usize {
    (mark.0 >> (u32::BITS - BEGINNING_BITS)) as usize
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
    pub(super) fn is_needed(&self, object: &Path, wanted: &WantedMarks) -> bool {
        let is_as_it_was = self.stamp.is_some() && self.stamp == Stamp::of(object);
        !is_as_it_was || wanted.may_be_in(&self.marks)
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
