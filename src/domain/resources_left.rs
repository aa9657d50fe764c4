//! What of the actor's resources is stopped, what is to be, and what only people can stop.

use crate::domain::case::Case;
use crate::domain::key_use::network;
use crate::domain::made_resources::{MadeResource, MadeResources};
use crate::domain::plan::PlanKind;
use crate::domain::plan_state::{PlanState, PlanStatus};
use crate::domain::principal::PrincipalName;
use crate::domain::resource::{ResourceName, ResourceType};
use crate::domain::resource_change::ResourceChange;
use crate::domain::step_result::StepResult;

/// How one resource of the actor's stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    Stopped,
    /// A step for it is planned, waits, or failed; the plan's card says which.
    InPlan,
    /// People were asked, and decided to leave it.
    Left,
    /// keyleak has a change for it, and has not proposed it yet.
    Due,
    /// keyleak has no change for it.
    ByHand,
}

/// What is to be stopped now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DueResources {
    /// The actor made it: the standing approval covers it.
    pub covered: Vec<(ResourceName, MadeResource)>,
    /// It was there before, or a regular user of the key may have made it: people decide.
    pub asked: Vec<(ResourceName, MadeResource)>,
}

/// What the last reading of the trail shows that no plan has a step for yet.
pub fn due(case: &Case) -> DueResources {
    let mut due = DueResources::default();
    for one in found(case) {
        let Some(name) = one.containable().filter(|_| stands(case, one) == Stands::Due) else {
            continue;
        };
        let whose = if is_actors(case, one) { &mut due.covered } else { &mut due.asked };
        whose.push((name, one.clone()));
    }
    due
}

/// Every resource that the actor made or changed, and how it stands.
pub fn standing(case: &Case) -> Vec<(&MadeResource, Stands)> {
    found(case).map(|one| (one, stands(case, one))).collect()
}

/// What is not stopped, one line each, with why; none where all is.
pub fn not_stopped(case: &Case) -> Vec<String> {
    let lines = standing(case).into_iter().filter_map(|(one, stands)| {
        let why = match stands {
            Stands::Stopped => return None,
            Stands::InPlan => "see the plan's step".to_owned(),
            Stands::Left => "people decided to leave it".to_owned(),
            Stands::Due => format!("still as the actor left it; {}", by_hand(one)),
            Stands::ByHand => "not contained by keyleak: by hand".to_owned(),
        };
        Some(format!("{}: {why}", one.words()))
    });
    let more = case.survey().is_some_and(|(_, survey)| survey.resources.more);
    let more = more.then(|| "more than a list holds: the rest is in the cut".to_owned());
    lines.chain(more).collect()
}

/// The command, where no plan has a step for it: no snapshot, or no isolation group.
fn by_hand(one: &MadeResource) -> String {
    let Some(name) = one.containable() else { return "by hand".to_owned() };
    let change = match name.of {
        ResourceType::Bucket => {
            return "by hand: a deny in its policy to everybody but the responders".to_owned();
        }
        ResourceType::Instance => {
            ResourceChange::Isolate { group: "<a group of its VPC without rules>".to_owned() }
        }
        ResourceType::Function => ResourceChange::StopFunction,
    };
    format!("by hand: {}", change.commands(&name).join("; "))
}

fn found(case: &Case) -> impl Iterator<Item = &MadeResource> {
    let own = case.account().map(|account| account.0.as_str());
    let none = const { &MadeResources { all: Vec::new(), more: false } };
    let found = case.survey().map_or(none, |(_, survey)| &survey.resources);
    // What lies in another account is that account's to stop.
    let is_here = move |one: &&MadeResource| {
        own.is_none() || one.account.is_none() || one.account.as_deref() == own
    };
    found.all.iter().filter(is_here)
}

fn stands(case: &Case, one: &MadeResource) -> Stands {
    let Some(name) = one.containable() else { return Stands::ByHand };
    let key = name.key();
    let is_on = |on: &PrincipalName| *on == key;
    let steps = || case.standing_plans().flat_map(PlanState::all_steps);
    let mut own = steps().filter(|(_, step, _)| is_on(&step.action.on.key())).peekable();
    if own.peek().is_some() {
        let done = |result: &Option<StepResult>| matches!(result, Some(StepResult::Done { .. }));
        return match own.any(|(_, _, state)| done(&state.result)) {
            true => Stands::Stopped,
            false => Stands::InPlan,
        };
    }
    let asked = case.plans().rev().find(|state| {
        let is_gone = matches!(state.status(), PlanStatus::Expired | PlanStatus::Voided);
        let names = state.plan.steps.iter().any(|step| is_on(&step.action.on.key()));
        state.plan.kind == PlanKind::FollowUp && !is_gone && names
    });
    match asked.map(PlanState::status) {
        Some(PlanStatus::Denied) => Stands::Left,
        Some(_) => Stands::InPlan,
        None => Stands::Due,
    }
}

/// Whether nobody but the actor can have made it. Who uses the key day after day makes things with
/// it too: what comes from such an address is left to people, and so is all where not every such
/// address is remembered.
fn is_actors(case: &Case, one: &MadeResource) -> bool {
    let regular = case.survey().and_then(|(_, survey)| survey.regular.as_ref());
    let (Some(regular), Some(from)) = (regular, one.from.as_deref()) else { return false };
    let from = network(from);
    one.made && regular.more == 0 && !regular.sources.iter().any(|known| known.address == from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::Event;
    use crate::domain::record::Entry;
    use crate::domain::regular::{RegularSource, RegularUse};
    use crate::domain::sample::{at, opened, survey};

    fn bucket(made: bool, from: &str) -> MadeResource {
        MadeResource {
            type_name: Some(ResourceType::Bucket.type_name().to_owned()),
            name: "loot".to_owned(),
            region: "eu-west-1".to_owned(),
            made,
            service: "s3.amazonaws.com".to_owned(),
            call: "CreateBucket".to_owned(),
            by: "arn:aws:iam::029608264753:user/ci".to_owned(),
            from: Some(from.to_owned()),
            at: at(3),
            account: Some("029608264753".to_owned()),
            asked_for: None,
        }
    }

    fn case(one: MadeResource, more: u64) -> Case {
        let mut case = opened();
        let source = RegularSource {
            address: "192.0.2.7".to_owned(),
            agent: "terraform".to_owned(),
            services: Vec::new(),
            calls: 9,
            days: 5,
            last: at(0),
        };
        let mut survey = survey(Vec::new());
        survey.regular = Some(RegularUse { sources: vec![source], more, stray_calls: 0 });
        survey.resources = MadeResources { all: vec![one], more: false };
        let event = Event::Surveyed { survey: Box::new(survey) };
        let record = Entry::own(at(9), event).chained(case.id().clone(), case.last_record());
        case.apply(&record).unwrap();
        case
    }

    #[test]
    fn what_the_actor_made_is_covered_and_what_was_there_before_is_asked_about() {
        let made = due(&case(bucket(true, "203.0.113.66"), 0));
        assert_eq!((made.covered.len(), made.asked.len()), (1, 0));
        let changed = due(&case(bucket(false, "203.0.113.66"), 0));
        assert_eq!((changed.covered.len(), changed.asked.len()), (0, 1));
    }

    #[test]
    fn what_comes_from_where_the_key_is_used_regularly_is_nobodys_to_stop_unasked() {
        let usual = due(&case(bucket(true, "192.0.2.7"), 0));
        assert_eq!((usual.covered.len(), usual.asked.len()), (0, 1));
        let unknown = due(&case(bucket(true, "203.0.113.66"), 1));
        assert_eq!((unknown.covered.len(), unknown.asked.len()), (0, 1), "not all are known");
    }

    #[test]
    fn what_keyleak_has_no_change_for_is_said_and_never_due() {
        let queue = MadeResource { type_name: None, ..bucket(true, "203.0.113.66") };
        let case = case(queue, 0);
        assert_eq!(due(&case), DueResources::default());
        let said = not_stopped(&case);
        assert!(said[0].ends_with("not contained by keyleak: by hand"), "{said:?}");
    }
}
