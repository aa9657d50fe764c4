//! What an approval covers at once, because the trail has told of it already: named in the plan,
//! so that people know what they approve.

use super::nodes::principal_of;
use super::strangers::Keys;
use super::{Census, Served, protected, search};
use crate::domain::action::Change;
use crate::domain::case::Case;
use crate::domain::lineage::Node;
use crate::domain::plan::{PlanRules, Step};
use crate::domain::principal::PrincipalName;
use crate::domain::target::Target;
use jiff::Timestamp;

/// What is surely the actor's by the recorded survey, beside what the steps of the plan deny.
pub fn foreseen(case: &Case, steps: &[Step], rules: &PlanRules) -> Vec<Target> {
    let Some((_, note)) = case.survey() else {
        return Vec::new();
    };
    let (sessions, served) = (note.sessions_of_others(), Served::new());
    let census = Census {
        nodes: &note.nodes,
        made_by_others: &note.made_by_others,
        keys: Keys { new: &[], by_others: &note.keys_by_others },
        sessions_of_others: &sessions,
        // Nobody of the inventory is looked at, so nothing is suspected.
        told_until: Timestamp::MAX,
        inhabitants: &[],
        served: &served,
    };
    let covered = search(case, &census).left.covered;
    let in_plan = |target: &Target| {
        let mut denied =
            steps.iter().filter(|step| matches!(step.action.change, Change::Deny { .. }));
        denied.any(|step| step.action.on.key() == target.on)
    };
    let is_protected = |target: &Target| {
        let mut arns = note.nodes.iter().filter_map(|node| arn_of(node, &target.on));
        arns.any(|arn| protected::is_spared(arn, rules))
    };
    let open = covered.into_iter().filter(|target| !in_plan(target) && !is_protected(target));
    open.collect()
}

/// The ARN of this principal, where the node is of it and tells it.
fn arn_of<'a>(node: &'a Node, on: &PrincipalName) -> Option<&'a str> {
    principal_of(node).filter(|of| of == on)?;
    let mut arns = [node.role_arn.as_deref(), node.arn.as_deref()].into_iter().flatten();
    arns.find(|arn| PrincipalName::of_arn(arn).as_ref() == Some(on))
}
