//! Plans with what people said of them: the way they chose, without some, with others.

use crate::domain::adjustment::{Adjusted, Adjustment};
use crate::domain::case::Case;
use crate::domain::joining::joined;
use crate::domain::lifting::stays_lifted;
use crate::domain::principal::{PrincipalKind, PrincipalName};
use crate::domain::reshaping::{is_needed, taken_over, way_is_new};
use crate::domain::target::{Part, Target};
use crate::domain::ways;
use crate::flow::desk::Desk;
use crate::flow::photograph::photograph_all;
use crate::flow::targets::{Prepared, prepare};
use crate::ports::cloud::CallError;
use std::collections::BTreeSet;

/// The steps on the key's own principal, and on whom people took in; or where a follow-up was
/// changed, its steps as far as they still count, and on whom people took in. What people lifted
/// comes back with what is said of it, not with what is said of others.
pub(super) async fn prepare_adjusted(
    desk: &Desk,
    case: &Case,
    first: Target,
) -> Result<Prepared, CallError> {
    let said = case.adjustments();
    let own = first.on.clone();
    let mut targets = match said.reshaped().is_some() && !way_is_new(case) {
        true => Vec::new(),
        false => ways::targets(case, first),
    };
    let taken_in = said.all_taken_in().filter(|(on, _)| on.kind != PrincipalKind::Resource);
    for (on, by) in taken_in {
        let because = format!("{} took it in, whole", by.name);
        // What is contained whole needs no second way.
        targets.retain(|target| target.on != *on);
        targets.push(Target::new(on.clone(), Part::Whole, &because));
    }
    targets.retain(|target| said.left_out(&target.on).is_none());
    let mut prepared = prepare(desk, case, (&targets, &BTreeSet::new())).await?;
    prepared.steps.retain(|step| !stays_lifted(case, &step.action));
    take_over(desk, case, (&own, &mut prepared)).await?;
    Ok(prepared)
}

/// The steps of a plan that was changed, except on whom people left out; what holds meanwhile, and
/// who is another one by now, needs none.
async fn take_over(
    desk: &Desk,
    case: &Case,
    (own, prepared): (&PrincipalName, &mut Prepared),
) -> Result<(), CallError> {
    let steps = taken_over(case, own);
    if steps.is_empty() {
        return Ok(());
    }
    let missing = steps.iter().map(|step| step.action.on.key());
    let missing = missing.filter(|on| !prepared.photographs.contains_key(on)).collect();
    prepared.photographs.extend(photograph_all(desk.lookup(case).await?.as_ref(), missing).await?);
    for step in steps {
        let Some(Some(now)) = prepared.photographs.get(&step.action.on.key()) else {
            continue;
        };
        if is_needed(step, (&prepared.steps, now)) {
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
