//! The recovery of a case as its journal tells it: losses with numbers, and what became of each.

use crate::domain::facts::{Fact, LastUse};
use crate::domain::ids::UserName;
use crate::domain::losses::{LOSSES_MAX, Loss, LossKey, Losses};
use crate::domain::measure::Measure;
use crate::domain::record::Press;
use crate::domain::recovery_step::{Again, KeyUse, RecoveryStep, Remedy, Replacement};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Losses in one record; it stays far below what a table takes for an item.
const LOSSES_IN_RECORD_MAX: usize = 40;

/// A loss, by the number that people know it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub number: u32,
    pub loss: Loss,
    pub owner: Option<String>,
    pub settled: Option<(Press, Remedy)>,
    /// Up to when the trail was told then: what was done later nobody could know of.
    pub told: Option<Timestamp>,
    /// It was settled, and the actor came back to it at that time.
    pub reopened: Option<Timestamp>,
    /// The last record about it; a button that was drawn before it is old.
    pub seq: u64,
}

/// What IAM told of the uses of both keys, when, and for which press.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    pub at: Timestamp,
    pub asked: u64,
    pub new: Fact<KeyUse>,
    pub old: Fact<LastUse>,
}

/// The recovery so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovery {
    pub(super) items: Vec<Item>,
    pub(super) more: bool,
    pub(super) replacement: Option<(Press, Replacement, String)>,
    pub(super) replacement_for: Option<UserName>,
    pub(super) not_made: Option<(u64, String)>,
    pub(super) rotation: Option<Rotation>,
    pub(super) hardened: BTreeMap<Measure, Press>,
    pub(super) confirmed: Option<(Press, Option<Timestamp>)>,
}

impl Item {
    /// Whether the actor did it after the key was exposed, as far as that is known by now.
    pub fn counts(&self, since: Option<Timestamp>) -> bool {
        since.is_none_or(|since| self.loss.last.as_second() >= since.as_second())
    }
}

impl Recovery {
    /// The losses since the exposure, by their numbers.
    pub fn items(&self, since: Option<Timestamp>) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(move |item| item.counts(since))
    }

    pub fn item(&self, number: u32) -> Option<&Item> {
        self.items.get(usize::try_from(number).ok()?.checked_sub(1)?)
    }

    /// Whether the trail shows more losses than are kept here.
    pub fn has_more(&self) -> bool {
        self.more
    }

    /// What takes the place of the key, by whom that was said, and why.
    pub fn replacement(&self) -> Option<&(Press, Replacement, String)> {
        self.replacement.as_ref()
    }

    /// Whose key takes the place of the leaked one, where that is another user.
    pub fn replacement_for(&self) -> Option<&UserName> {
        self.replacement_for.as_ref()
    }

    /// Why keyleak last made no key, and the record that says so.
    pub fn not_made(&self) -> Option<(u64, &str)> {
        self.not_made.as_ref().map(|(seq, why)| (*seq, why.as_str()))
    }

    /// What IAM last told of the uses of the new key and the old.
    pub fn rotation(&self) -> Option<&Rotation> {
        self.rotation.as_ref()
    }

    /// Who said that a measure is in place.
    pub fn hardened(&self, measure: Measure) -> Option<&Press> {
        self.hardened.get(&measure)
    }

    /// Who confirmed that all is well, and the use of the key after the containment, if there was
    /// one then.
    pub fn confirmed(&self) -> Option<&(Press, Option<Timestamp>)> {
        self.confirmed.as_ref()
    }

    /// The next record of what a reading found beyond what is known; none when there is nothing.
    pub fn news(
        &self,
        losses: &Losses,
        (since, cut_sha256): (Option<Timestamp>, &str),
    ) -> Option<RecoveryStep> {
        let known: BTreeMap<LossKey<'_>, &Item> =
            self.items.iter().map(|item| (item.loss.key(), item)).collect();
        let is_new = |loss: &&Loss| !known.contains_key(&loss.key());
        let room = LOSSES_MAX.saturating_sub(self.items.len());
        let new: Vec<&Loss> = losses.all.iter().filter(is_new).collect();
        let again = |loss: &Loss| {
            let item = known.get(&loss.key())?;
            let done = item.settled.as_ref().map(|(press, _)| press.at);
            let known = done.map(|done| item.told.map_or(done, |told| told.min(done)));
            let unknown = known.is_some_and(|at| loss.last.as_second() >= at.as_second());
            let after = unknown || !item.counts(since);
            let is_later = loss.last > item.loss.last;
            (after && is_later).then_some(Again { loss: item.number, at: loss.last })
        };
        let again: Vec<Again> =
            losses.all.iter().filter_map(again).take(LOSSES_IN_RECORD_MAX).collect();
        let more = losses.more || new.len() > room;
        let part = new.iter().take(room.min(LOSSES_IN_RECORD_MAX));
        let part: Vec<Loss> = part.map(|loss| Loss::clone(loss)).collect();
        if part.is_empty() && again.is_empty() && (self.more || !more) {
            return None;
        }
        let in_all = new.len().min(room) as u32;
        let cut_sha256 = cut_sha256.to_owned();
        Some(RecoveryStep::Found { cut_sha256, losses: part, again, in_all, more })
    }
}
