//! What of a trail became another while it was read, so that figures may be of two states of it.

use serde::{Deserialize, Serialize};

/// Objects that are named; of more than these the number is told.
const NAMED_MAX: usize = 20;

/// What became of an object between the first look at it and the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    Rewritten,
    Deleted,
    /// It was there at the last look alone, and is in no figure.
    Added,
}

/// An object that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Changed {
    pub how: How,
    pub object: String,
}

/// All of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Unsettled {
    /// Objects that changed.
    pub objects: u64,
    /// The first of them, those that were rewritten before all others.
    pub changed: Vec<Changed>,
}

impl How {
    fn word(self) -> &'static str {
        match self {
            Self::Rewritten => "rewritten",
            Self::Deleted => "deleted",
            Self::Added => "added",
        }
    }
}

impl Unsettled {
    pub fn of(mut changed: Vec<Changed>) -> Self {
        changed.sort_unstable();
        changed.dedup();
        let objects = changed.len() as u64;
        changed.truncate(NAMED_MAX);
        Self { objects, changed }
    }

    /// Nothing changed.
    pub fn is_settled(&self) -> bool {
        self.objects == 0
    }

    /// Whether figures are of two states: what was added only is in none of them.
    pub fn mixes(&self) -> bool {
        self.changed.iter().any(|one| one.how != How::Added)
    }

    /// Which they are, for people.
    pub fn words(&self) -> String {
        let name = |one: &Changed| format!("{} ({})", one.object, one.how.word());
        let names: Vec<String> = self.changed.iter().map(name).collect();
        let more = match self.objects.saturating_sub(names.len() as u64) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let objects = if self.objects == 1 { "object" } else { "objects" };
        let (count, names) = (self.objects, names.join(", "));
        format!("{count} {objects} of the trail changed while it was read: {names}{more}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(how: How, object: &str) -> Changed {
        Changed { how, object: object.to_owned() }
    }

    #[test]
    fn the_first_are_named_and_the_others_counted() {
        let one = Unsettled::of(vec![changed(How::Added, "b"), changed(How::Deleted, "c")]);
        let words = "2 objects of the trail changed while it was read: c (deleted), b (added)";
        assert_eq!(one.words(), words);
        let many = (0..30).map(|number| changed(How::Rewritten, &format!("{number:02}")));
        let many = Unsettled::of(many.chain([changed(How::Rewritten, "00")]).collect());
        assert_eq!(many.objects, 30, "one that is told twice counts once");
        assert!(many.words().ends_with("19 (rewritten) and 10 more"), "{}", many.words());
    }

    #[test]
    fn what_is_only_new_mixes_nothing() {
        assert!(Unsettled::default().is_settled() && !Unsettled::default().mixes());
        let added = Unsettled::of(vec![changed(How::Added, "a")]);
        assert!(!added.is_settled() && !added.mixes());
        let both = Unsettled::of(vec![changed(How::Added, "a"), changed(How::Deleted, "b")]);
        assert!(both.mixes());
    }
}
