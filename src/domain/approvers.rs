//! Whose approval of a plan would still count, and whether these people are enough.

use crate::domain::case::Case;
use crate::domain::ids::PersonId;
use crate::domain::plan::PlanRules;
use crate::domain::plan_state::PlanState;
use crate::domain::policy::Policy;
use crate::domain::roster::is_group;
use crate::domain::tier::Tier;
use std::collections::BTreeSet;

/// The listed people whose approval would count now; of one person's accounts each is named.
pub fn still_to_approve<'a>(policy: &'a Policy, case: &Case, state: &PlanState) -> Vec<&'a str> {
    let person = |user: &str| PersonId { team: policy.team.clone(), user: user.to_owned() };
    let may = |user: &&str| {
        !policy.is_one(&state.plan.requested_by.user, user)
            && !policy.shaped(case, state, &person(user))
            && !state.approvals.iter().any(|press| policy.is_one(&press.by.user, user))
    };
    disinterested(policy, case, state.plan.tier()).filter(may).collect()
}

/// Why the plan cannot get its approvals from the people who are listed, and what to do.
pub fn short_of(policy: &Policy, case: &Case, state: &PlanState) -> Option<String> {
    let needed = state.plan.approvals_needed.saturating_sub(state.approvals.len() as u32);
    let left = people(policy, still_to_approve(policy, case, state).into_iter());
    let glass = state.plan.may_break_glass().then_some(state.plan.number.0);
    too_few((needed, left), policy.list_for(state.plan.tier()), glass)
}

/// The same of the plan that comes after a change by this person, who does not approve it either.
pub fn short_of_next(
    policy: &Policy,
    case: &Case,
    (by, rules): (&PersonId, &PlanRules),
) -> Option<String> {
    let said = case.adjustments();
    let changed = said.adjusted();
    let mut out: BTreeSet<&str> = changed.iter().map(|one| one.by.user.as_str()).collect();
    out.extend(case.exposure().said_by().map(|press| press.by.user.as_str()));
    out.insert(&by.user);
    let waits = case.pending_plan().map_or(Tier::Contain, |state| state.plan.tier());
    // What is taken in is of others.
    let takes = said.all_taken_in().next().map_or(Tier::Contain, |_| Tier::Resources);
    let tier = waits.max(takes);
    let is_out = |user: &&str| out.iter().any(|other| policy.is_one(other, user));
    let left = disinterested(policy, case, tier).filter(|user| !is_out(user));
    let left = people(policy, left);
    too_few((rules.approvals(tier), left), policy.list_for(tier), None)
}

/// Why these settings let no plan of this tier be approved at all.
pub fn impossible(policy: &Policy, rules: &PlanRules, tier: Tier) -> Option<String> {
    if has_groups(policy, tier) {
        return None;
    }
    let (listed, needed) = (people(policy, listed(policy, tier)), rules.approvals(tier));
    (listed > 0 && listed < needed).then(|| {
        format!(
            "asks for {needed} approvals, and {} lists {listed} who may give one: list at least \
             {}, because whoever asks for a plan or changes it does not approve it",
            policy.list_for(tier),
            needed + 1
        )
    })
}

/// What these settings let come to nothing as soon as an approver asks for a plan or changes it.
pub fn warnings(policy: &Policy, rules: &PlanRules) -> Vec<String> {
    let warning = |tier: &Tier| {
        let (listed, needed) = (people(policy, listed(policy, *tier)), rules.approvals(*tier));
        (!has_groups(policy, *tier) && listed <= needed).then(|| {
            format!(
                "{} lists {listed} who may approve, and {} needs {needed} besides whoever asks \
                 for it or changes it: list at least {}",
                policy.list_for(*tier),
                tier.words(),
                needed + 1
            )
        })
    };
    let own = |tier: &&Tier| match tier {
        Tier::Contain | Tier::Irreversible => true,
        // Said of containments already, where neither list nor number is its own.
        Tier::Read => policy.approvers_of.contains_key(tier),
        Tier::Resources => {
            policy.approvers_of.contains_key(tier)
                || rules.approvals_resources != rules.approvals_reversible
        }
    };
    Tier::ALL.iter().filter(own).filter_map(warning).collect()
}

/// How many a group has is known only once Slack is asked, and the card says it then.
fn has_groups(policy: &Policy, tier: Tier) -> bool {
    policy.approvers_for(tier).iter().any(|id| is_group(id))
}

fn listed(policy: &Policy, tier: Tier) -> impl Iterator<Item = &str> {
    let users = policy.approvers_for(tier).iter().map(String::as_str);
    users.filter(|user| !policy.is_suspect(user))
}

/// How many people these accounts are.
fn people<'a>(policy: &'a Policy, users: impl Iterator<Item = &'a str>) -> u32 {
    users.map(|user| policy.person_of(user)).collect::<BTreeSet<_>>().len() as u32
}

/// The listed people who are neither the key's owner nor marked.
fn disinterested<'a>(policy: &'a Policy, case: &Case, tier: Tier) -> impl Iterator<Item = &'a str> {
    let owner = policy.key_owner(case).map(|owner| policy.person_of(owner).to_owned());
    listed(policy, tier).filter(move |user| owner.as_deref() != Some(policy.person_of(user)))
}

fn too_few((needed, left): (u32, u32), list: &str, glass: Option<u32>) -> Option<String> {
    if left >= needed {
        return None;
    }
    let who = match left {
        0 => format!("nobody of {list} is left who may give one"),
        1 => format!("only one person of {list} is left who may give one"),
        more => format!("only {more} people of {list} are left who may give one"),
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
         key does not count. List {lacking} more in {list} and start keyleak again{now}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::adjustment::Adjustment;
    use crate::domain::event::Event;
    use crate::domain::plan::{PlanKind, PlanNumber};
    use crate::domain::principal::PrincipalName;
    use crate::domain::record::Actor;
    use crate::domain::sample::{add, adjust, opened, person, plan, propose};

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
            short_of_next(&policy(listed), case, (&person(by), &rules(1)))
        };
        assert_eq!(short(&case, "eve", &["bob", "eve"]), None);
        let why = short(&case, "eve", &["eve"]).unwrap();
        assert!(why.contains("nobody of people.approvers is left"), "{why}");
        // Who changed it before does not approve it either: that was bob.
        adjust(&mut case, vec![Adjustment::LeaveOut { on: PrincipalName::user("other") }]);
        assert!(short(&case, "eve", &["bob", "eve"]).is_some());
        assert_eq!(short(&case, "eve", &["bob", "eve", "zoe"]), None);
    }

    fn rules(approvals_irreversible: u32) -> PlanRules {
        PlanRules {
            deny_policy_arn: String::new(),
            protected_arns: Vec::new(),
            protected_roles: Vec::new(),
            approvals_reversible: 1,
            approvals_resources: 1,
            approvals_irreversible,
            expires_after: jiff::SignedDuration::from_hours(1),
            isolation_groups: [].into(),
        }
    }

    #[test]
    fn two_accounts_of_one_person_are_one_approver() {
        let mut policy = policy(&["bob", "bob2", "cyn"]);
        assert_eq!(impossible(&policy, &rules(3), Tier::Irreversible), None);
        let mut case = needing(1);
        assert_eq!(still_to_approve(&policy, &case, case.pending_plan().unwrap()).len(), 3);
        policy.same_person = [("bob2".to_owned(), "bob".to_owned())].into();
        let why = impossible(&policy, &rules(3), Tier::Irreversible).unwrap();
        assert!(why.contains("people.approvers lists 2 who may give one"), "{why}");
        let hash = case.pending_plan().unwrap().hash.clone();
        let approved = Event::Approved { plan: PlanNumber(1), hash };
        let bob2 = Actor::Person { person: person("bob2"), name: None };
        add(&mut case, bob2, approved);
        let state = case.plan(PlanNumber(1)).unwrap();
        assert_eq!(still_to_approve(&policy, &case, state), ["cyn"]);
        policy.suspects.insert("bob".to_owned());
        assert!(impossible(&policy, &rules(2), Tier::Irreversible).is_some(), "both are marked");
    }

    #[test]
    fn each_tier_is_warned_of_by_its_own_list() {
        let mut policy = policy(&["bob", "cyn", "dan"]);
        assert_eq!(warnings(&policy, &rules(2)), [""; 0]);
        let few = ["bob".to_owned()].into();
        policy.approvers_of = [(Tier::Irreversible, few)].into();
        let said = warnings(&policy, &rules(2)).join("\n");
        assert!(said.starts_with("people.approvers_irreversible lists 1"), "{said}");
        let why = impossible(&policy, &rules(2), Tier::Irreversible).unwrap();
        assert!(why.contains("people.approvers_irreversible lists 1"), "{why}");
        policy.approvers_of = [(Tier::Resources, [].into())].into();
        let said = warnings(&policy, &rules(2)).join("\n");
        assert!(said.starts_with("people.approvers_resources lists 0"), "{said}");
        assert_eq!(impossible(&policy, &rules(2), Tier::Resources), None, "nobody is a choice");
    }
}
