//! The tier of what is decided: how far it reaches, and whether it can be taken back.

use crate::domain::action::Action;
use crate::domain::adjustment::{Adjusted, Adjustment};
use crate::domain::principal::PrincipalKind;

/// From the mildest to the gravest. It follows from what the steps are and is kept nowhere, so that
/// nothing can say another tier than the hash of the plan covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tier {
    /// A reading of the trail that costs money, and waits to be allowed.
    Read,
    /// What can be given back, of the key and of what grew out of it.
    Contain,
    /// Resources, and what was there before and others use.
    Resources,
    /// What cannot be undone.
    Irreversible,
}

impl Tier {
    pub const ALL: [Self; 4] = [Self::Read, Self::Contain, Self::Resources, Self::Irreversible];

    /// The tier of a step of a plan that was made with these changes.
    pub fn of(action: &Action, adjusted: &[Adjusted]) -> Self {
        // Somebody took it in whole, although it existed before or others use it.
        let of_others = || {
            let on = action.on.key();
            adjusted.iter().any(|one| match &one.adjustment {
                Adjustment::TakeIn { on: taken } => one.but.is_none() && *taken == on,
                Adjustment::LeaveOut { .. }
                | Adjustment::AsProposed { .. }
                | Adjustment::Choose { .. } => false,
            })
        };
        if !action.reversible() {
            Self::Irreversible
        } else if action.on.kind == PrincipalKind::Resource || of_others() {
            Self::Resources
        } else {
            Self::Contain
        }
    }

    /// How the settings call it.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Contain => "contain",
            Self::Resources => "resources",
            Self::Irreversible => "irreversible",
        }
    }

    pub fn from_slug(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| tier.slug() == slug)
    }

    /// The setting that lists its approvers.
    pub fn list(self) -> &'static str {
        match self {
            Self::Read => "people.approvers_read",
            Self::Contain => "people.approvers_contain",
            Self::Resources => "people.approvers_resources",
            Self::Irreversible => "people.approvers_irreversible",
        }
    }

    /// The setting that says how many have to approve; one allows a reading.
    pub fn quorum(self) -> Option<&'static str> {
        match self {
            Self::Read => None,
            Self::Contain => Some("people.approvals_reversible"),
            Self::Resources => Some("people.approvals_resources"),
            Self::Irreversible => Some("people.approvals_irreversible"),
        }
    }

    /// What is approved, for a sentence.
    pub fn words(self) -> &'static str {
        match self {
            Self::Read => "a paid reading",
            Self::Contain => "a containment",
            Self::Resources => "stopping resources or what others use",
            Self::Irreversible => "an eradication",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::action::Change;
    use crate::domain::plan::{Plan, PlanKind};
    use crate::domain::principal::PrincipalName;
    use crate::domain::resource_change::ResourceChange;
    use crate::domain::sample::{deny, opened, person, plan, step, user};

    fn of(plan: &Plan) -> Tier {
        plan.tier()
    }

    #[test]
    fn a_plan_has_the_tier_of_its_gravest_step() {
        let mut plan = plan(&opened(), PlanKind::Containment);
        assert_eq!(of(&plan), Tier::Contain);
        let mut resource = user("f", "f");
        resource.kind = PrincipalKind::Resource;
        let stop = Change::Resource { change: ResourceChange::StopFunction };
        plan.steps.insert(0, step(resource, stop));
        assert_eq!(of(&plan), Tier::Resources);
        let Change::Deny { policy_arn, inline_name } = deny() else { panic!("a deny") };
        plan.steps
            .insert(1, step(user("mona", "AIDA8"), Change::Delete { policy_arn, inline_name }));
        assert_eq!(of(&plan), Tier::Irreversible);
    }

    #[test]
    fn what_somebody_took_in_is_of_others_and_what_came_to_nothing_is_not() {
        let mut plan = plan(&opened(), PlanKind::Containment);
        let take_in = |name: &str, but: Option<&str>| Adjusted {
            adjustment: Adjustment::TakeIn { on: PrincipalName::user(name) },
            by: person("eve"),
            name: "eve".to_owned(),
            but: but.map(str::to_owned),
        };
        for (adjusted, tier) in [
            (take_in("ci", None), Tier::Resources),
            (take_in("ci", Some("it is gone")), Tier::Contain),
            (take_in("other", None), Tier::Contain),
        ] {
            plan.adjusted = vec![adjusted];
            assert_eq!(of(&plan), tier, "{:?}", plan.adjusted);
        }
    }

    #[test]
    fn each_has_a_name_and_a_list_of_its_own() {
        for tier in Tier::ALL {
            assert_eq!(Tier::from_slug(tier.slug()), Some(tier));
            assert_eq!(tier.list(), format!("people.approvers_{}", tier.slug()));
        }
        assert_eq!(Tier::from_slug("all"), None);
    }
}
