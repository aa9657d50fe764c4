//! Containing what the actor took: the same reversible steps, under the approval that covers them.

use crate::domain::action::Change;
use crate::domain::case::Case;
use crate::domain::plan::{PlanKind, Step};
use crate::domain::principal::PrincipalName;
use crate::domain::remains::{Cleared, Inhabitant};
use crate::domain::revocation::Sessions;
use crate::domain::target::Target;
use crate::flow::desk::Desk;
use crate::flow::lane::StepError;
use crate::flow::photograph::Photographs;
use crate::flow::targets::prepare;
use crate::flow::{propose, readback};
use crate::ports::cloud::Detail;
use std::collections::BTreeSet;

/// A record of the journal holds so many targets' steps; more come in the next record. A step takes
/// about half a kilobyte, and DynamoDB takes 400 KB an item.
const TARGETS_AT_ONCE_MAX: usize = 40;

/// Everybody in the case's account, as IAM lists them now.
pub async fn inhabitants(desk: &Desk, case: &Case) -> Result<Vec<Inhabitant>, StepError> {
    let (mut everybody, roles) = tokio::try_join!(users(desk, case), async {
        desk.lookup(case)?.roles().await.map_err(StepError::from)
    })?;
    everybody.extend(roles.into_iter().map(|role| {
        let name = PrincipalName::role(&role.detail.name);
        inhabitant(name, role.detail)
    }));
    Ok(everybody)
}

/// The users of the case's account: they are what an actor makes to get back in within seconds.
pub async fn users(desk: &Desk, case: &Case) -> Result<Vec<Inhabitant>, StepError> {
    let users = desk.lookup(case)?.users().await?.into_iter();
    Ok(users.map(|user| inhabitant(PrincipalName::user(&user.name), user)).collect())
}

fn inhabitant(name: PrincipalName, detail: Detail) -> Inhabitant {
    Inhabitant { name, id: detail.id, arn: detail.arn, created: detail.created }
}

/// What the actor took gets the same steps under the standing approval while it covers them; else
/// people are asked. Whether there was anything to do.
pub async fn take(
    desk: &Desk,
    case: &Case,
    (targets, made_by_actor): (&[Target], &BTreeSet<PrincipalName>),
) -> Result<bool, StepError> {
    let mut taken = false;
    for some in targets.chunks(TARGETS_AT_ONCE_MAX) {
        let prepared = prepare(desk, case, (some, made_by_actor)).await?;
        if prepared.steps.is_empty() {
            continue;
        }
        taken = true;
        // What can only be ended together with what others hold is for people to decide.
        let narrow = prepared.steps.iter().all(|step| !hits_others(&step.action.change));
        match case.covering_plan() {
            Some(plan) if narrow => {
                let (steps, photographs) = (prepared.steps, &prepared.photographs);
                readback::cover(desk, case, plan, (steps, photographs)).await?;
            }
            Some(_) | None if !case.may_ask() => {}
            Some(_) | None => {
                let who = (PlanKind::FollowUp, case.opened_by().clone());
                propose::propose_prepared(desk, case, prepared, who).await?;
            }
        }
    }
    Ok(taken)
}

fn hits_others(change: &Change) -> bool {
    matches!(change, Change::RevokeSessions { sessions: Sessions::Everyone, .. })
}

/// Takes back what was done on suspicion, now that the trail names another maker.
pub async fn release(desk: &Desk, case: &Case, cleared: &[Cleared]) -> Result<(), StepError> {
    let Some(plan) = case.covering_plan() else {
        return Ok(());
    };
    let state = case.plan(plan).ok_or(StepError::MovedOn)?;
    let mut steps = Vec::new();
    for Cleared { on, by } in cleared {
        let suspected = state.holding_steps().filter(|(_, step, _)| step.provisional);
        let own = suspected.filter(|(_, step, _)| step.action.on == *on);
        steps.extend(own.filter_map(|(_, step, _)| {
            Some(Step {
                action: step.action.taken_back()?,
                blast_radius: vec![on.to_string()],
                because: format!("made by {by}, who is not the actor"),
                provisional: false,
            })
        }));
    }
    readback::cover(desk, case, plan, (steps, &Photographs::new())).await.map(drop)
}
