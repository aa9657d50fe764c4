//! Revocations of one principal's sessions share one inline policy: none may narrow another.

use crate::domain::action::{Action, Change};
use crate::domain::case::Case;
use crate::domain::plan::{PlanNumber, Step};
use crate::domain::plan_state::PlanState;
use crate::domain::revocation::Sessions;
use crate::domain::step_result::StepResult;
use jiff::Timestamp;

/// The steps with one revocation for each inline policy, which ends what all of them were to end;
/// it stands where the first of them stood.
pub fn joined(steps: Vec<Step>) -> Vec<Step> {
    let mut kept: Vec<Step> = Vec::with_capacity(steps.len());
    for step in steps {
        match kept.iter_mut().find(|other| share_a_policy(other, &step)) {
            Some(other) => join(other, step),
            None => kept.push(step),
        }
    }
    kept
}

/// Which done step of the case has ended these sessions and more, since this step was planned.
/// Carried out, this one would write the narrower deny over it.
pub fn ended_wider(case: &Case, plan: PlanNumber, index: u32) -> Option<String> {
    let state = case.plan(plan)?;
    let own = state.step(index)?;
    let (sessions, until, _) = revocation(own)?;
    let plans = case.standing_plans();
    let done = plans.flat_map(|state| state.holding_steps().map(move |found| (state, found)));
    let mut others = done.filter(|(other, (at, _, _))| (other.plan.number, *at) != (plan, index));
    let wider = others.find(|(_, (_, step, done))| {
        let covers = |(ended, upto, _): (&Sessions, Timestamp, &str)| {
            let began = done.began_at.unwrap_or(upto);
            ended != sessions && ended.include(sessions) && began.max(upto) >= until
        };
        share_a_policy(own, step) && revocation(step).is_some_and(covers)
    });
    wider.map(|(other, (at, _, _))| {
        format!("step {} of plan {} ends these and more", at + 1, other.plan.number.0)
    })
}

/// Whether the one change, in force, leaves nothing of what the other was to end: the same change,
/// a wider revocation, or a deny of everything where the other ends sessions or sets the tag.
pub fn makes_good(done: &Action, wanted: &Action) -> bool {
    if done == wanted {
        return true;
    }
    let wider = || {
        let ((ended, upto, name), (sessions, until, named)) = (revoked(done)?, revoked(wanted)?);
        Some(name == named && ended.include(sessions) && upto >= until)
    };
    let covered =
        matches!(wanted.change, Change::RevokeSessions { .. } | Change::Quarantine { .. });
    let denies = matches!(done.change, Change::Deny { .. });
    done.on == wanted.on && (wider() == Some(true) || denies && covered)
}

/// The steps with, in each revocation, what the case has ended or begun to end of the same sessions
/// meanwhile: one inline policy holds all of it, and who plans from an older look would narrow it.
pub fn united(case: &Case, steps: Vec<Step>) -> Vec<Step> {
    let standing = case.standing_plans().flat_map(PlanState::all_steps);
    let alive = standing.filter(|(_, _, state)| {
        let failed = matches!(state.result, Some(StepResult::Failed { retryable: false, .. }));
        !failed && state.lifted.is_none()
    });
    let alive: Vec<&Step> = alive.map(|(_, step, _)| step).collect();
    let mut all = joined(steps);
    for step in &mut all {
        for other in &alive {
            if let (true, Some((more, later, _))) = (share_a_policy(other, step), revocation(other))
            {
                widen(step, more, later);
            }
        }
    }
    all
}

fn share_a_policy(one: &Step, other: &Step) -> bool {
    let (Some((_, _, name)), Some((_, _, named))) = (revocation(one), revocation(other)) else {
        return false;
    };
    name == named && one.action.on == other.action.on
}

fn join(kept: &mut Step, other: Step) {
    if let Some((more, later, _)) = revocation(&other) {
        widen(kept, more, later);
    }
    let new = other.blast_radius.into_iter().filter(|who| !kept.blast_radius.contains(who));
    let new: Vec<String> = new.collect();
    kept.blast_radius.extend(new);
    if !kept.because.contains(&other.because) {
        kept.because = format!("{}; {}", kept.because, other.because);
    }
    kept.provisional &= other.provisional;
}

fn widen(step: &mut Step, more: &Sessions, later: Timestamp) {
    if let Change::RevokeSessions { sessions, until, .. } = &mut step.action.change {
        *sessions = sessions.clone().joined(more);
        *until = (*until).max(later);
    }
}

fn revocation(step: &Step) -> Option<(&Sessions, Timestamp, &str)> {
    revoked(&step.action)
}

fn revoked(action: &Action) -> Option<(&Sessions, Timestamp, &str)> {
    let Change::RevokeSessions { sessions, until, inline_name } = &action.change else {
        return None;
    };
    Some((sessions, *until, inline_name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::Event;
    use crate::domain::plan::{Plan, PlanKind};
    use crate::domain::record::{Actor, Entry};
    use crate::domain::sample::{at, opened, person, plan, role};
    use std::collections::BTreeSet;

    fn step(name: &str, sessions: Sessions, second: i64) -> Step {
        let inline_name = "KeyleakRevoke-1".to_owned();
        let change = Change::RevokeSessions { sessions, until: at(second), inline_name };
        Step {
            action: Action { on: role(name, &format!("AROA{name}")), change },
            blast_radius: vec![format!("sessions of second {second}")],
            because: format!("second {second}"),
            provisional: false,
        }
    }

    fn named(id: &str) -> Sessions {
        Sessions::Named { user_ids: BTreeSet::from([id.to_owned()]) }
    }

    #[test]
    fn two_revocations_of_one_role_are_one_that_ends_what_both_do() {
        let steps = vec![
            step("deploy", Sessions::Everyone, 1),
            step("other", named("AROAother:x"), 1),
            step("deploy", named("AROAdeploy:boto"), 2),
        ];
        let joined = joined(steps);
        let [deploy, other] = joined.as_slice() else { panic!("{joined:?}") };
        let (sessions, until, _) = revocation(deploy).unwrap();
        assert_eq!((sessions, until), (&Sessions::Everyone, at(2)));
        assert_eq!(deploy.blast_radius, ["sessions of second 1", "sessions of second 2"]);
        assert_eq!(deploy.because, "second 1; second 2");
        assert_eq!(revocation(other).unwrap().0, &named("AROAother:x"));
    }

    #[test]
    fn what_the_case_has_ended_meanwhile_stays_ended_by_the_next_revocation() {
        let case = done(vec![vec![step("r", named("AROAr:a"), 2)]]);
        let united =
            united(&case, vec![step("r", named("AROAr:b"), 1), step("o", named("o:b"), 1)]);
        let both = BTreeSet::from(["AROAr:a".to_owned(), "AROAr:b".to_owned()]);
        let (sessions, until, _) = revocation(&united[0]).unwrap();
        assert_eq!((sessions, until), (&Sessions::Named { user_ids: both }, at(2)));
        assert_eq!(revocation(&united[1]).unwrap().0, &named("o:b"), "of another role");
    }

    #[test]
    fn a_wider_end_or_a_deny_makes_a_narrow_one_good_and_nothing_else() {
        let narrow = step("r", named("AROAr:a"), 2).action;
        let wide = step("r", Sessions::Everyone, 3).action;
        let deny = Change::Deny { policy_arn: "arn".to_owned(), inline_name: "d".to_owned() };
        let deny = |name: &str| Action { change: deny.clone(), ..step(name, named(""), 0).action };
        assert!(makes_good(&wide, &narrow) && !makes_good(&narrow, &wide));
        assert!(makes_good(&deny("r"), &narrow) && !makes_good(&deny("other"), &narrow));
        assert!(!makes_good(&narrow, &deny("r")));
    }

    #[test]
    fn names_are_joined_to_a_list() {
        let steps = vec![step("r", named("AROAr:a"), 2), step("r", named("AROAr:b"), 1)];
        let joined = joined(steps);
        let [one] = joined.as_slice() else { panic!("{joined:?}") };
        let both = BTreeSet::from(["AROAr:a".to_owned(), "AROAr:b".to_owned()]);
        assert_eq!(
            revocation(one).unwrap(),
            (&Sessions::Named { user_ids: both }, at(2), "KeyleakRevoke-1")
        );
    }

    /// A case in which the first step of a plan of these was done, in the order given.
    fn done(plans: Vec<Vec<Step>>) -> Case {
        let mut case = opened();
        for steps in plans {
            let plan = Plan { steps, ..plan(&case, PlanKind::FollowUp) };
            let (number, hash) = (plan.number, plan.hash());
            let result = StepResult::Done { changed: true, how: None, request_id: None };
            let (plan_hash, approved) = (hash.clone(), hash.clone());
            for event in [
                Event::Proposed { plan: Box::new(plan), hash },
                Event::Approved { plan: number, hash: approved },
                Event::Intent { plan: number, step: 0, attempt: 1, plan_hash },
                Event::Outcome { plan: number, step: 0, attempt: 1, result },
            ] {
                let actor = match matches!(event, Event::Approved { .. }) {
                    true => Actor::Person { person: person("bob"), name: None },
                    false => Entry::own(at(5), event.clone()).actor,
                };
                let entry = Entry { actor, ..Entry::own(at(5), event) };
                let record = entry.chained(case.id().clone(), case.last_record());
                case.apply(&record).unwrap();
            }
        }
        case
    }

    #[test]
    fn a_narrower_deny_is_not_written_over_a_wider_one() {
        let narrow = || step("deploy", named("AROAdeploy:boto"), 2);
        let wide = || step("deploy", Sessions::Everyone, 3);
        let case = done(vec![vec![narrow()], vec![wide()]]);
        let why = ended_wider(&case, PlanNumber(1), 0);
        assert_eq!(why.as_deref(), Some("step 1 of plan 2 ends these and more"));
        assert_eq!(ended_wider(&case, PlanNumber(2), 0), None, "the wider one itself");
        let elsewhere = done(vec![vec![narrow()], vec![step("other", Sessions::Everyone, 3)]]);
        assert_eq!(ended_wider(&elsewhere, PlanNumber(1), 0), None);
        let late = step("deploy", named("AROAdeploy:boto"), 60);
        let later = done(vec![vec![late], vec![wide()]]);
        assert_eq!(ended_wider(&later, PlanNumber(1), 0), None, "minted after the wider deny");
    }
}
