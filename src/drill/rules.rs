//! The rules that the drill's bot is configured with: production's, with the drill's people.

use crate::domain::agenda::Timing;
use crate::domain::plan::PlanRules;
use crate::domain::policy::Policy;
use crate::drill::people;
use crate::flow::desk::Rules;
use jiff::SignedDuration;
use std::collections::{BTreeMap, BTreeSet};

/// The simulated workspace.
pub const TEAM: &str = "T0SIM00001";
/// The policy that a containment attaches.
pub const DENY_ALL: &str = "arn:aws:iam::aws:policy/AWSDenyAll";

/// What the bot is told, with some people marked as suspects.
pub fn rules(timing: Timing, suspects: &BTreeSet<String>) -> Rules {
    let set = |users: &[&str]| -> BTreeSet<String> {
        users.iter().map(|user| (*user).to_owned()).collect()
    };
    Rules {
        policy: Policy {
            team: TEAM.to_owned(),
            openers: None,
            responders: set(&[people::REPORTER]),
            approvers: set(&[
                people::REPORTER,
                people::APPROVER,
                people::SECOND_APPROVER,
                people::KEY_OWNER,
            ]),
            key_owners: BTreeMap::from([("dan".to_owned(), people::KEY_OWNER.to_owned())]),
            suspects: suspects.clone(),
        },
        plans: PlanRules {
            deny_policy_arn: DENY_ALL.to_owned(),
            protected_arns: Vec::new(),
            approvals_reversible: 1,
            approvals_irreversible: 2,
            expires_after: SignedDuration::from_hours(1),
        },
        timing,
        owner_tag: "owner".to_owned(),
        trail_window: SignedDuration::from_hours(24 * 15),
        drill: true,
        endpoints: Vec::new(),
    }
}
