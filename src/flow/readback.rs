//! Reading back what was done: IAM settles late, and an actor may undo it in between.

use crate::domain::action::{Action, Change, SideKind};
use crate::domain::case::Case;
use crate::domain::differences::differences;
use crate::domain::drift::Drift;
use crate::domain::event::Event;
use crate::domain::facts::Fact;
use crate::domain::force::{as_left, given_back, holds, no_longer};
use crate::domain::key_making;
use crate::domain::lifting::stays_lifted;
use crate::domain::plan::{PlanKind, PlanNumber, Step};
use crate::domain::plan_state::PlanState;
use crate::domain::record::Entry;
use crate::domain::remains::{contained, is_under_way};
use crate::domain::snapshot::{Own, Photograph};
use crate::flow::desk::Desk;
use crate::flow::eradicate;
use crate::flow::lane::{StepError, conclude};
use crate::flow::photograph::{self, Photographs, keep, photograph, photograph_plans};
use crate::flow::replace;
use crate::ports::cloud::{CallClass, Lookup};
use jiff::Timestamp;

/// Reads every principal of the standing plans and writes down what no longer holds.
pub async fn read_back(
    desk: &Desk,
    case: &Case,
    plan: PlanNumber,
    check: u32,
) -> Result<(), StepError> {
    let state = case.plan(plan).ok_or(StepError::MovedOn)?;
    match state.plan.kind {
        PlanKind::Undo => return read_back_undo(desk, case, state, check).await,
        PlanKind::Eradication => return eradicate::read_back(desk, case, state, check).await,
        PlanKind::Replacement => return replace::read_back(desk, case, state, check).await,
        PlanKind::Containment | PlanKind::FollowUp => {}
    }
    let plans: Vec<_> = case.standing_plans().collect();
    let now = photograph_plans(desk, case, &plans).await?;
    let mut drifts = Vec::new();
    for state in &plans {
        drifts.extend(state.holding_steps().filter_map(|(index, step, done)| {
            let photograph = now.get(&step.action.on.key())?.as_ref()?;
            let began = done.began_at.unwrap_or(Timestamp::MIN);
            let what = no_longer(&step.action, photograph, began)?;
            Some(Drift { plan: state.plan.number, step: Some(index), what, by: None })
        }));
    }
    let fresh = fresh_credentials(case, &now);
    let mut drawn_from = case.clone();
    match case.covering_plan() {
        Some(covering) if !fresh.is_empty() => {
            let covered = cover(desk, case, covering, (fresh, &now)).await?;
            drawn_from = covered.unwrap_or(drawn_from);
        }
        _ => drifts.extend(fresh.into_iter().map(|step| Drift {
            plan,
            step: None,
            what: format!("a new active credential: {}", step.action.sentence()),
            by: None,
        })),
    }
    conclude(desk, &drawn_from, Event::ReadBack { plan, check, drifts }).await.map(drop)
}

/// After an undo every principal must be exactly as in the snapshot, but for what was not undone.
async fn read_back_undo(
    desk: &Desk,
    case: &Case,
    state: &PlanState,
    check: u32,
) -> Result<(), StepError> {
    let plan = state.plan.number;
    let before = photograph::read(desk, &state.plan.snapshot).await?;
    let now = photograph_plans(desk, case, &[state]).await?;
    let holding = case.standing_plans().flat_map(PlanState::holding_steps);
    let holding: Vec<&Action> = holding.map(|(_, step, _)| &step.action).collect();
    let made: Vec<&Action> = key_making::made(case).collect();
    let done: Vec<&Action> = state.done_steps().map(|(_, step, _)| &step.action).collect();
    let mut drifts = Vec::new();
    for photograph in now.values().flatten() {
        let name = photograph.key();
        let Some(before) = before.of(&name) else {
            continue;
        };
        let before = &given_back(before, &done);
        let known = without_later_keys(photograph, before);
        // What it did not take back, by choice or because it failed, is to hold on.
        let expected = as_left(before, &known, &[holding.as_slice(), &made].concat());
        drifts.extend(differences(&expected, &known).into_iter().map(|what| Drift {
            plan,
            step: None,
            what: format!("{name}: {what}"),
            by: None,
        }));
    }
    conclude(desk, case, Event::ReadBack { plan, check, drifts }).await.map(drop)
}

/// Adds steps for what the actor took after the approval, which covers them; people are told.
/// Steps that the plan has by now, because another process was quicker or because they failed for
/// good, are not added again; none where nothing is left to add.
pub async fn cover(
    desk: &Desk,
    case: &Case,
    plan: PlanNumber,
    (steps, now): (Vec<Step>, &Photographs),
) -> Result<Option<Case>, StepError> {
    let state = case.plan(plan).ok_or(StepError::MovedOn)?;
    let has = |state: &PlanState, step: &Step| {
        state.stands_for(&step.action) || state.ends_more(&step.action)
    };
    if steps.iter().all(|step| has(state, step)) {
        return Ok(None);
    }
    let principals: Vec<_> = now.values().flatten().cloned().collect();
    let snapshot = keep(desk, case, principals).await?;
    let at = desk.clock.now();
    let still_missing = |case: &Case| {
        let state = case.plan(plan).ok_or(StepError::MovedOn)?;
        let missing = steps.iter().filter(|step| !has(state, step));
        let steps: Vec<Step> = missing.cloned().collect();
        let event = Event::Covered { plan, steps: steps.clone(), snapshot: snapshot.clone() };
        Ok::<_, StepError>((!steps.is_empty()).then(|| Entry::own(at, event)))
    };
    Ok(Some(desk.ledger.append(case.id(), still_missing).await?))
}

/// Whether the account is already as the action would leave it; the attempt began then.
pub async fn is_in_force(lookup: &dyn Lookup, action: &Action, began: Timestamp) -> bool {
    // What cannot be looked at is done again: every action may be repeated.
    match photograph(lookup, &action.on.key()).await {
        Ok(now) => holds(action, &now, began),
        Err(error) if error.class == CallClass::NotFound => !action.reversible(),
        Err(_) => false,
    }
}

/// Steps for active credentials of denied users that no step stops yet.
fn fresh_credentials(case: &Case, now: &Photographs) -> Vec<Step> {
    let contained = contained(case);
    let denied = now.values().flatten().filter(|photograph| contained.contains(&photograph.key()));
    let mut steps = Vec::new();
    for photograph in denied {
        let keys =
            photograph.active_keys().map(|key| Change::DeactivateKey { key: key.id.clone() });
        let others = photograph.side_states().filter(|state| state.active);
        let others = others
            .map(|state| Change::DeactivateCredential { credential: state.credential.clone() });
        steps.extend(keys.chain(others).map(|change| Step {
            action: Action { on: photograph.principal(), change },
            blast_radius: vec![format!("whoever holds this new credential of {}", photograph.name)],
            because: "made on a contained user after the plan".to_owned(),
            provisional: false,
        }));
    }
    // What people gave back is theirs to decide, also while the deny still stands.
    steps.retain(|step| !is_under_way(case, &step.action) && !stays_lifted(case, &step.action));
    steps
}

/// The principal without the keys that were made after the snapshot; undo leaves those stopped.
fn without_later_keys(photograph: &Photograph, before: &Photograph) -> Photograph {
    let mut known = photograph.clone();
    if let Own::User(user) = &mut known.own {
        user.keys.retain(|key| key.active || before.key_state(&key.id).is_some());
        for kind in SideKind::ALL {
            if let Fact::Known(states) = user.side_list(kind) {
                states
                    .retain(|state| state.active || before.side_state(&state.credential).is_some());
            }
        }
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::facts::KeyState;
    use crate::domain::ids::AccessKeyId;
    use crate::domain::plan::{Plan, StepAddress};
    use crate::domain::sample::{KEY, opened, photograph, plan, run, user};
    use crate::domain::snapshot::OfUser;

    fn now() -> Photographs {
        let none = || Fact::Known(Vec::new());
        let own = Own::User(OfUser {
            keys: vec![KeyState {
                id: AccessKeyId::parse(KEY).unwrap(),
                active: true,
                created: None,
            }],
            groups: Vec::new(),
            login_profile: Fact::Known(None),
            mfa_devices: Fact::Known(Vec::new()),
            service_credentials: none(),
            ssh_keys: none(),
            signing_certificates: none(),
        });
        let on = photograph(&user("ci", "AIDA1"), own);
        Photographs::from([(on.key(), Some(on))])
    }

    #[test]
    fn a_key_that_people_gave_back_is_no_new_one_though_the_deny_still_stands() {
        let mut case = opened();
        let mut contain = plan(&case, PlanKind::Containment);
        let key = contain.steps.split_off(1);
        run(&mut case, contain);
        assert_eq!(fresh_credentials(&case, &now()).len(), 1, "the control: nothing stopped it");
        let follow_up = Plan { steps: key, ..plan(&case, PlanKind::FollowUp) };
        run(&mut case, follow_up);
        let lifts = vec![StepAddress { plan: PlanNumber(2), step: 0 }];
        let mut undo = Plan { lifts, ..plan(&case, PlanKind::Undo) };
        undo.steps.remove(0);
        undo.steps[0].action = undo.steps[0].action.taken_back().unwrap();
        run(&mut case, undo);
        assert_eq!(fresh_credentials(&case, &now()), []);
    }
}
