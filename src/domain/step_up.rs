//! When a person proves once more who they are: above the caps always, for tiers as it is set.

use crate::domain::tier::Tier;
use std::collections::BTreeSet;

/// Who can prove it in Slack, and what for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StepUpRules {
    /// Approving a plan of these tiers needs a proof.
    pub tiers: BTreeSet<Tier>,
    /// Slack users who have a one-time code.
    pub enrolled: BTreeSet<String>,
}
