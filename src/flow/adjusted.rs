//! Plans with what people said of them: the way they chose, without some, with others.

use crate::domain::action::Action;
use crate::domain::adjustment::{Adjusted, Adjustment};
use crate::domain::case::Case;
use crate::domain::force::holds;
use crate::domain::joining::joined;
use crate::domain::plan::{PlanNumber, Step};
use crate::domain::principal::PrincipalName;
use crate::domain::target::{Part, Target};
use crate::domain::ways;
use crate::flow::desk::Desk;
use crate::flow::photograph::photograph_all;
use crate::flow::targets::{Prepared, prepare};
use crate::ports::cloud::CallError;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// The steps on the key's own principal, and on whom people took in; or where a follow-up was
/// changed, its steps as far as they still count, and on whom people took in.
pub(super) async fn prepare_adjusted(
    desk: &Desk,
    case: &Case,
    first: Target,
) -> Result<Prepared, CallError> {
    let said = case.adjustments();
    let reshaped = said.reshaped();
    let way_is_new = said.way().is_some_and(|(_, by)| said.last().is_some_and(|last| by == last));
    let mut targets = match reshaped.is_some() && !way_is_new {
        true => Vec::new(),
        false => ways::targets(case, first),
    };
    for (on, by) in said.all_taken_in() {
        let because = format!("{} took it in, whole", by.name);
        // What is contained whole needs no second way.
        targets.retain(|target| target.on != *on);
        targets.push(Target::new(on.clone(), Part::Whole, &because));
    }
    targets.retain(|target| said.left_out(&target.on).is_none());
    let mut prepared = prepare(desk, case, (&targets, &BTreeSet::new())).await?;
    if let Some(number) = reshaped {
        take_over(desk, case, (number, &mut prepared)).await?;
    }
    Ok(prepared)
}

/// The steps of a plan that was changed, except on whom people left out; what holds meanwhile, and
/// who is another one by now, needs none.
async fn take_over(
    desk: &Desk,
    case: &Case,
    (number, prepared): (PlanNumber, &mut Prepared),
) -> Result<(), CallError> {
    let Some(state) = case.plan(number) else {
        return Ok(());
    };
    let said = case.adjustments();
    let was_taken_in =
        |on: &PrincipalName| {
            state.plan.adjusted.iter().any(
                |one| matches!(&one.adjustment, Adjustment::TakeIn { on: before } if before == on),
            )
        };
    let counts = |step: &&Step| {
        let on = step.action.on.key();
        said.left_out(&on).is_none() && (!was_taken_in(&on) || said.is_taken_in(&on))
    };
    let steps: Vec<&Step> = state.plan.steps.iter().filter(counts).collect();
    let missing = steps.iter().map(|step| step.action.on.key());
    let missing = missing.filter(|on| !prepared.photographs.contains_key(on)).collect();
    prepared.photographs.extend(photograph_all(desk.lookup(case)?, missing).await?);
    for step in steps {
        let Action { on, .. } = &step.action;
        let Some(Some(now)) = prepared.photographs.get(&on.key()) else {
            continue;
        };
        let is_known = prepared.steps.iter().any(|known| known.action == step.action);
        if !is_known && now.id == on.id && !holds(&step.action, now, Timestamp::MIN) {
            prepared.steps.push(step.clone());
        }
    }
    // What is taken over may end sessions of a role that a new step ends too, in one policy.
    prepared.steps = joined(std::mem::take(&mut prepared.steps));
    prepared.steps.sort_by_key(|step| !step.action.runs_unchecked());
    Ok(())
}

/// What people said, as the plan carries it, and of whom they took in and keyleak does not touch,
/// why.
pub(super) fn said(case: &Case, untouched: &[String]) -> Vec<Adjusted> {
    let mut all = case.adjustments().adjusted();
    for one in &mut all {
        if let Adjustment::TakeIn { on } = &one.adjustment {
            let whose = format!("{on} is ");
            one.but = untouched.iter().find(|why| why.starts_with(&whose)).cloned();
        }
    }
    all
}
