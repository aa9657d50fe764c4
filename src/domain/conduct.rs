//! How people are kept at it, from configuration; nothing of it is on unless it is set.

use crate::domain::severity::Severity;
use jiff::SignedDuration;
use std::collections::BTreeMap;

/// The rules of how a case keeps people informed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conduct {
    /// How often an open case of a severity is summed up; one that is not here is not.
    pub updates: BTreeMap<Severity, SignedDuration>,
}
