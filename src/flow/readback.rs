//! Reading back what was done: IAM settles late, and an actor may undo it in between.

use crate::domain::action::{Action, UserRef};
use crate::domain::case::Case;
use crate::domain::event::{Drift, Event};
use crate::domain::ids::UserName;
use crate::domain::plan::{PlanKind, PlanNumber, Step};
use crate::domain::plan_state::PlanState;
use crate::domain::record::Entry;
use crate::domain::remains::stopped_keys;
use crate::domain::snapshot::{UserSnapshot, differences};
use crate::flow::desk::Desk;
use crate::flow::lane::{StepError, conclude};
use crate::flow::propose;
use crate::ports::cloud::CallClass;
use std::collections::BTreeMap;

type Photographs = BTreeMap<UserName, Option<UserSnapshot>>;

/// Reads every user of the standing plans and writes down what no longer holds.
pub async fn read_back(
    desk: &Desk,
    case: &Case,
    plan: PlanNumber,
    check: u32,
) -> Result<(), StepError> {
    let state = case.plan(plan).ok_or(StepError::MovedOn)?;
    if state.plan.kind == PlanKind::Undo {
        return read_back_undo(desk, case, state, check).await;
    }
    let plans: Vec<_> = case.standing_plans().collect();
    let now = photograph_all(desk, &plans).await?;
    let mut drifts = Vec::new();
    for state in &plans {
        drifts.extend(state.holding_steps().filter_map(|(index, step, _)| {
            let user = now.get(&step.action.user().name)?.as_ref()?;
            let what = no_longer(&step.action, user)?;
            Some(Drift { plan: state.plan.number, step: Some(index), what, by: None })
        }));
    }
    let fresh = fresh_keys(case, &now);
    let mut drawn_from = case.clone();
    match case.covering_plan() {
        Some(covering) if !fresh.is_empty() => {
            drawn_from = cover(desk, case, covering, (fresh, &now)).await?;
        }
        _ => drifts.extend(fresh.into_iter().map(|step| Drift {
            plan,
            step: None,
            what: format!("a new active key: {}", step.action.sentence()),
            by: None,
        })),
    }
    conclude(desk, &drawn_from, Event::ReadBack { plan, check, drifts }).await.map(drop)
}

/// After an undo every user must be exactly as in the snapshot.
async fn read_back_undo(
    desk: &Desk,
    case: &Case,
    state: &PlanState,
    check: u32,
) -> Result<(), StepError> {
    let plan = state.plan.number;
    let before = propose::read_snapshot(desk, &state.plan.snapshot).await?;
    let now = photograph_all(desk, &[state]).await?;
    let mut drifts = Vec::new();
    for (name, user) in now.iter().filter_map(|(name, user)| Some((name, user.as_ref()?))) {
        let Some(before) = before.user(name) else {
            continue;
        };
        let known = without_later_keys(user, before);
        drifts.extend(differences(before, &known).into_iter().map(|what| Drift {
            plan,
            step: None,
            what: format!("{name}: {what}"),
            by: None,
        }));
    }
    conclude(desk, case, Event::ReadBack { plan, check, drifts }).await.map(drop)
}

/// Adds steps for what the actor took after the approval, which covers them; people are told.
/// Steps that the plan has by now, because another process was quicker, are not added again.
pub async fn cover(
    desk: &Desk,
    case: &Case,
    plan: PlanNumber,
    (steps, now): (Vec<Step>, &Photographs),
) -> Result<Case, StepError> {
    let users: Vec<_> = now.values().flatten().cloned().collect();
    let snapshot = propose::keep(desk, case, users).await?;
    let at = desk.clock.now();
    let still_missing = |case: &Case| {
        let state = case.plan(plan).ok_or(StepError::MovedOn)?;
        let known =
            |step: &Step| state.all_steps().any(|(_, known, _)| known.action == step.action);
        let steps: Vec<Step> = steps.iter().filter(|step| !known(step)).cloned().collect();
        let event = Event::Covered { plan, steps: steps.clone(), snapshot: snapshot.clone() };
        Ok::<_, StepError>((!steps.is_empty()).then(|| Entry::own(at, event)))
    };
    Ok(desk.ledger.append(case.id(), still_missing).await?)
}

/// Every user that the plans' steps name, as IAM has it now; `None` when it is gone.
pub async fn photograph_all(desk: &Desk, plans: &[&PlanState]) -> Result<Photographs, StepError> {
    let mut users = Photographs::new();
    for state in plans {
        for (_, step, _) in state.all_steps() {
            let name = &step.action.user().name;
            if users.contains_key(name) {
                continue;
            }
            let user = match propose::photograph(desk.lookup.as_ref(), name).await {
                Ok(user) => Some(user),
                Err(error) if error.class == CallClass::NotFound => None,
                Err(error) => return Err(error.into()),
            };
            users.insert(name.clone(), user);
        }
    }
    Ok(users)
}

/// Whether the account is already as the action would leave it.
pub async fn is_in_force(desk: &Desk, action: &Action) -> Result<bool, StepError> {
    let user = match propose::photograph(desk.lookup.as_ref(), &action.user().name).await {
        Ok(user) => user,
        // What cannot be looked at is done again: every action may be repeated.
        Err(_) => return Ok(false),
    };
    Ok(match action {
        Action::DenyUser { .. } | Action::DeactivateKey { .. } => {
            no_longer(action, &user).is_none()
        }
        Action::LiftDeny { policy_arn, inline_name, .. } => {
            !user.has_policy(policy_arn) && !user.inline.contains_key(inline_name)
        }
        Action::ActivateKey { key, .. } => user.key(key).is_some_and(|key| key.active),
    })
}

/// What is no longer as the step left it, in words; `None` when it holds.
pub fn no_longer(action: &Action, user: &UserSnapshot) -> Option<String> {
    match action {
        Action::DenyUser { policy_arn, inline_name, .. } => {
            let held = user.has_policy(policy_arn) || user.denies_inline(inline_name);
            (!held).then(|| format!("the deny on user {} is gone", user.name))
        }
        Action::DeactivateKey { key, .. } => {
            let active = user.key(key).is_some_and(|key| key.active);
            active.then(|| format!("key {key} of {} is active again", user.name))
        }
        Action::LiftDeny { .. } | Action::ActivateKey { .. } => None,
    }
}

/// Steps for active keys of denied users that no step stops yet.
fn fresh_keys(case: &Case, now: &Photographs) -> Vec<Step> {
    let stopped = stopped_keys(case);
    let users = now.values().flatten();
    users
        .flat_map(|user| user.active_keys().map(move |key| (user, key)))
        .filter(|(_, key)| !stopped.contains(&key.id))
        .map(|(user, key)| Step {
            action: Action::DeactivateKey {
                user: UserRef { name: user.name.clone(), id: user.id.clone() },
                key: key.id.clone(),
            },
            blast_radius: vec![format!("whoever holds this new key of {}", user.name)],
            because: "made on a contained user after the plan".to_owned(),
            provisional: false,
        })
        .collect()
}

/// The user without the keys that were made after the snapshot; undo leaves those stopped.
fn without_later_keys(user: &UserSnapshot, before: &UserSnapshot) -> UserSnapshot {
    let mut known = user.clone();
    known.keys.retain(|key| key.active || before.key(&key.id).is_some());
    known
}
