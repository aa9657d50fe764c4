//! Whose approval of a plan would still count, and whether these people are enough.

use crate::domain::case::Case;
use crate::domain::ids::PersonId;
use crate::domain::plan::PlanRules;
use crate::domain::plan_state::PlanState;
use crate::domain::policy::{Policy, shaped};
use crate::domain::roster::is_group;
use std::collections::BTreeSet;

/// The listed people whose approval would count now.
pub fn still_to_approve<'a>(policy: &'a Policy, case: &Case, state: &PlanState) -> Vec<&'a str> {
    let person = |user: &str| PersonId { team: policy.team.clone(), user: user.to_owned() };
    let may = |user: &&str| {
        state.plan.requested_by.user != **user
            && !shaped(case, state, &person(user))
            && !state.approvals.iter().any(|press| press.by.user == **user)
    };
    disinterested(policy, case).filter(may).collect()
}

/// Why the plan cannot get its approvals from the people who are listed, and what to do.
pub fn short_of(policy: &Policy, case: &Case, state: &PlanState) -> Option<String> {
    let needed = state.plan.approvals_needed.saturating_sub(state.approvals.len() as u32);
    let left = still_to_approve(policy, case, state).len() as u32;
    let glass = state.plan.may_break_glass().then_some(state.plan.number.0);
    too_few((needed, left), glass)
}

/// The same of the plan that comes after a change by this person, who does not approve it either.
pub fn short_of_next(
    policy: &Policy,
    case: &Case,
    (by, needed): (&PersonId, u32),
) -> Option<String> {
    let changed = case.adjustments().adjusted();
    let mut out: BTreeSet<&str> = changed.iter().map(|one| one.by.user.as_str()).collect();
    out.extend(case.exposure().said_by().map(|press| press.by.user.as_str()));
    out.insert(&by.user);
    let left = disinterested(policy, case).filter(|user| !out.contains(user)).count() as u32;
    too_few((needed.max(1), left), None)
}

/// Why these settings let no plan be approved at all.
pub fn impossible(policy: &Policy, rules: &PlanRules) -> Option<String> {
    if has_groups(policy) {
        return None;
    }
    let (listed, needed) = (listed(policy).count() as u32, rules.approvals_reversible);
    (listed > 0 && listed < needed).then(|| {
        format!(
            "asks for {needed} approvals, and people.approvers lists {listed} who may give one: \
             list at least {}, because whoever asks for a plan or changes it does not approve it",
            needed + 1
        )
    })
}

/// What these settings let come to nothing as soon as an approver asks for a plan or changes it.
pub fn warnings(policy: &Policy, rules: &PlanRules) -> Vec<String> {
    if has_groups(policy) {
        return Vec::new();
    }
    let listed = listed(policy).count() as u32;
    let mut found = Vec::new();
    for (needed, of) in [
        (rules.approvals_reversible, "a containment"),
        (rules.approvals_irreversible, "an eradication"),
    ] {
        if listed <= needed {
            found.push(format!(
                "people.approvers lists {listed} who may approve, and {of} needs {needed} besides \
                 whoever asks for it or changes it: list at least {}",
                needed + 1
            ));
        }
    }
    found
}

/// How many a group has is known only once Slack is asked, and the card says it then.
fn has_groups(policy: &Policy) -> bool {
    policy.approvers.iter().any(|id| is_group(id))
}

fn listed(policy: &Policy) -> impl Iterator<Item = &String> {
    policy.approvers.iter().filter(|user| !policy.suspects.contains(*user))
}

/// The listed people who are neither the key's owner nor marked.
fn disinterested<'a>(policy: &'a Policy, case: &Case) -> impl Iterator<Item = &'a str> {
    let owner = policy.key_owner(case).map(str::to_owned);
    listed(policy).map(String::as_str).filter(move |user| owner.as_deref() != Some(*user))
}

fn too_few((needed, left): (u32, u32), glass: Option<u32>) -> Option<String> {
    if left >= needed {
        return None;
    }
    let who = match left {
        0 => "nobody of people.approvers is left who may give one".to_owned(),
        1 => "only one person of people.approvers is left who may give one".to_owned(),
        more => format!("only {more} people of people.approvers are left who may give one"),
    };
    let now = glass.map_or_else(String::new, |plan| {
        format!(
            "; if it cannot wait, an approver lets it run with `/keyleak break-glass {plan} reason`"
        )
    });
    let lacking = needed - left;
    let approvals = if needed == 1 { "1 approval" } else { &format!("{needed} approvals") };
    Some(format!(
        "{approvals} still needed, and {who}: whoever asked for the plan, changed it or owns the \
         key does not count. List {lacking} more in people.approvers and start keyleak again{now}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::adjustment::Adjustment;
    use crate::domain::plan::PlanKind;
    use crate::domain::principal::PrincipalName;
    use crate::domain::sample::{adjust, opened, person, plan, propose};

    fn policy(approvers: &[&str]) -> Policy {
        let approvers = approvers.iter().map(|user| (*user).to_owned()).collect();
        Policy { team: "T1".to_owned(), approvers, ..Policy::default() }
    }

    fn needing(approvals: u32) -> Case {
        let mut case = opened();
        let mut plan = plan(&case, PlanKind::Containment);
        plan.approvals_needed = approvals;
        propose(&mut case, plan);
        case
    }

    fn short(case: &Case, approvers: &[&str]) -> Option<String> {
        short_of(&policy(approvers), case, case.pending_plan().unwrap())
    }

    #[test]
    fn a_plan_that_too_few_people_can_approve_says_who_must_be_listed() {
        let case = needing(2);
        let asker = case.pending_plan().unwrap().plan.requested_by.user.clone();
        let why = short(&case, &[&asker, "bob"]).unwrap();
        for words in [
            "2 approvals still needed, and only one person of people.approvers is left",
            "List 1 more in people.approvers",
            "/keyleak break-glass 1 reason",
        ] {
            assert!(why.contains(words), "{words}: {why}");
        }
        assert!(short(&case, &[&asker]).unwrap().contains("List 2 more"));
        assert_eq!(short(&case, &[&asker, "bob", "eve"]), None);
        assert_eq!(short(&needing(1), &[&asker, "bob"]), None);
        let mut marked = policy(&["bob", "eve"]);
        marked.suspects.insert("eve".to_owned());
        let state = case.pending_plan().unwrap();
        assert_eq!(still_to_approve(&marked, &case, state), ["bob"]);
        assert!(short_of(&marked, &case, state).is_some());
    }

    #[test]
    fn whoever_changes_a_plan_hears_at_once_that_nobody_is_left_to_approve_the_next() {
        let mut case = needing(1);
        let short = |case: &Case, by: &str, listed: &[&str]| {
            short_of_next(&policy(listed), case, (&person(by), 1))
        };
        assert_eq!(short(&case, "eve", &["bob", "eve"]), None);
        let why = short(&case, "eve", &["eve"]).unwrap();
        assert!(why.contains("nobody of people.approvers is left"), "{why}");
        // Who changed it before does not approve it either: that was bob.
        adjust(&mut case, vec![Adjustment::LeaveOut { on: PrincipalName::user("other") }]);
        assert!(short(&case, "eve", &["bob", "eve"]).is_some());
        assert_eq!(short(&case, "eve", &["bob", "eve", "zoe"]), None);
    }
}
