//! Whose word counts for which tier, and which accounts are one person's.

use crate::domain::ids::PersonId;
use crate::domain::known::{APPROVERS, RESPONDERS};
use crate::domain::plan::PlanRules;
use crate::domain::plan_state::PlanState;
use crate::domain::policy::Policy;
use crate::domain::proof::Caller;
use crate::domain::refusal::Refusal;
use crate::domain::tier::Tier;
use std::collections::BTreeSet;

impl Policy {
    /// Who may approve what is of this tier.
    pub fn approvers_for(&self, tier: Tier) -> &BTreeSet<String> {
        self.approvers_of.get(&tier).unwrap_or(&self.approvers)
    }

    /// The setting that lists them.
    pub fn list_for(&self, tier: Tier) -> &'static str {
        if self.approvers_of.contains_key(&tier) { tier.list() } else { APPROVERS }
    }

    /// Everybody who may approve something.
    pub fn all_approvers(&self) -> BTreeSet<&String> {
        self.approvers_of.values().chain([&self.approvers]).flatten().collect()
    }

    /// Whether a list of those who work on cases names this user.
    pub fn works_here(&self, user: &str) -> bool {
        let lists = self.approvers_of.values().chain([&self.approvers, &self.responders]);
        lists.into_iter().any(|list| list.contains(user))
    }

    /// Whether these two accounts are the same person's.
    pub fn is_one(&self, one: &str, other: &str) -> bool {
        self.person_of(one) == self.person_of(other)
    }

    /// The account that stands for all of a person's.
    pub fn person_of<'a>(&'a self, user: &'a str) -> &'a str {
        self.same_person.get(user).map_or(user, String::as_str)
    }

    /// Whether this is one of the accounts of whoever calls.
    pub(super) fn is_own(&self, caller: &Caller, other: &PersonId) -> bool {
        let own = caller.person();
        own.team == other.team && self.is_one(&own.user, &other.user)
    }

    /// Whether any account of this person is marked.
    pub fn is_suspect(&self, user: &str) -> bool {
        self.suspects.iter().any(|suspect| self.is_one(suspect, user))
    }

    pub(super) fn is_approver(&self, caller: &Caller, tier: Tier) -> Result<(), Refusal> {
        self.is_ours(caller)?;
        self.is_member(caller)?;
        let approvers = self.approvers_for(tier);
        if approvers.contains(&caller.person().user) {
            return Ok(());
        }
        let (list, is_own) = (self.list_for(tier), self.approvers_of.contains_key(&tier));
        let simply = match (is_own, approvers.is_empty()) {
            (false, true) => Refusal::NobodyListed,
            (false, false) => Refusal::NotApprover,
            (true, true) => Refusal::NobodyListedFor(list, tier.words()),
            (true, false) => Refusal::NotApproverOf(list, tier.words()),
        };
        Err(self.not_on(&[list], simply))
    }

    /// Whether approving this plan needs a proof now: no setting lets anybody lift a cap without.
    pub fn wants_proof(&self, state: &PlanState) -> bool {
        state.awaits_step_up().is_some() || self.step_up.tiers.contains(&state.plan.tier())
    }

    /// What somebody lacks who came without a proof.
    pub(super) fn unproven(&self, caller: &Caller) -> Refusal {
        let user = &caller.person().user;
        match self.step_up.enrolled.contains(user) {
            true => Refusal::CodeNeeded,
            false => Refusal::NotEnrolled(user.clone()),
        }
    }

    /// The lists of those who work on cases, by their settings.
    pub(super) fn staff_lists(&self) -> Vec<&'static str> {
        let tiers = self.approvers_of.keys().map(|tier| tier.list());
        [RESPONDERS, APPROVERS].into_iter().chain(tiers).collect()
    }
}

impl PlanRules {
    /// How many people besides the requester have to approve what is of this tier.
    pub fn approvals(&self, tier: Tier) -> u32 {
        let needed = match tier {
            Tier::Read => 1,
            Tier::Contain => self.approvals_reversible,
            Tier::Resources => self.approvals_resources,
            Tier::Irreversible => self.approvals_irreversible,
        };
        needed.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::case::Case;
    use crate::domain::event::Event;
    use crate::domain::plan::{PlanKind, PlanNumber};
    use crate::domain::policy::{Choice, Wish};
    use crate::domain::principal::PrincipalKind;
    use crate::domain::record::Actor;
    use crate::domain::resource_change::ResourceChange;
    use crate::domain::sample::{add, at, caller, opened, own, person, plan, propose, step, user};

    fn set(users: &[&str]) -> BTreeSet<String> {
        users.iter().map(|user| (*user).to_owned()).collect()
    }

    fn policy() -> Policy {
        Policy {
            team: "T1".to_owned(),
            approvers: set(&["ana", "bob", "cyn"]),
            approvers_of: [(Tier::Resources, set(&["rob"])), (Tier::Irreversible, set(&[]))].into(),
            ..Policy::default()
        }
    }

    /// A plan that ana asked for, of this tier.
    fn waiting(tier: Tier) -> Case {
        let mut case = opened();
        let mut plan = plan(&case, PlanKind::FollowUp);
        let mut on = user("f", "f");
        on.kind = PrincipalKind::Resource;
        let change =
            crate::domain::action::Change::Resource { change: ResourceChange::StopFunction };
        match tier {
            Tier::Read | Tier::Contain => {}
            Tier::Resources => plan.steps.push(step(on, change)),
            Tier::Irreversible => {
                plan.steps.push(step(on, crate::domain::action::Change::DeleteResource));
            }
        }
        propose(&mut case, plan);
        case
    }

    fn judged(policy: &Policy, case: &Case, who: &str, choice: Choice) -> Result<(), Refusal> {
        let who = caller(who);
        let wish = Wish { caller: &who, choice, now: at(60) };
        policy.may_decide(&wish, case, case.plan(PlanNumber(1)).unwrap())
    }

    #[test]
    fn each_tier_is_decided_by_its_own_list_and_the_refusal_names_it() {
        let approve = |tier, who: &str| judged(&policy(), &waiting(tier), who, Choice::Approve);
        assert_eq!(approve(Tier::Contain, "bob"), Ok(()));
        assert_eq!(approve(Tier::Contain, "rob"), Err(Refusal::NotApprover));
        assert_eq!(approve(Tier::Resources, "rob"), Ok(()));
        let why = approve(Tier::Resources, "bob").unwrap_err().to_string();
        assert!(why.contains("people.approvers_resources lists them"), "{why}");
        let why = approve(Tier::Irreversible, "bob").unwrap_err().to_string();
        assert!(why.contains("people.approvers_irreversible is empty"), "{why}");
        let deny = judged(&policy(), &waiting(Tier::Resources), "bob", Choice::Deny);
        assert!(matches!(deny, Err(Refusal::NotApproverOf(..))), "a no is guarded like a yes");
        let glass = |who: &str| {
            let case = waiting(Tier::Resources);
            let state = case.plan(PlanNumber(1)).unwrap();
            policy().may_break_glass((&caller(who), at(60)), &case, state)
        };
        assert_eq!(glass("rob"), Ok(()));
        assert!(matches!(glass("bob"), Err(Refusal::NotApproverOf(..))));
    }

    #[test]
    fn what_holds_for_one_account_of_a_person_holds_for_all() {
        let mut policy = policy();
        policy.approvers = set(&["ana", "ana2", "bob", "bob2"]);
        let approve =
            |policy: &Policy, case: &Case, who| judged(policy, case, who, Choice::Approve);
        let mut case = waiting(Tier::Contain);
        assert_eq!(approve(&policy, &case, "ana2"), Ok(()), "the control: another person");
        policy.same_person = [("ana2", "ana"), ("bob2", "bob")]
            .map(|(one, other)| (one.to_owned(), other.to_owned()))
            .into();
        assert_eq!(approve(&policy, &case, "ana2"), Err(Refusal::Requester));
        let mut marked = policy.clone();
        marked.suspects = set(&["bob2"]);
        assert_eq!(approve(&marked, &case, "bob"), Err(Refusal::Suspect));
        let hash = case.plan(PlanNumber(1)).unwrap().hash.clone();
        let by = Actor::Person { person: person("bob"), name: None };
        add(&mut case, by, Event::Approved { plan: PlanNumber(1), hash });
        assert_eq!(approve(&policy, &case, "bob2"), Err(Refusal::AlreadyApproved));
        add(&mut case, Actor::Keyleak, Event::Found { finding: own("ci") });
        policy.key_owners = [("ci".to_owned(), "bob2".to_owned())].into();
        assert_eq!(judged(&policy, &case, "bob", Choice::Deny), Err(Refusal::KeyOwner));
    }
}
