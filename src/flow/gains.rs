//! Containing what the actor took: the same reversible steps, under the approval that covers them.

use crate::domain::action::Change;
use crate::domain::case::Case;
use crate::domain::facts::KeyState;
use crate::domain::ids::UserName;
use crate::domain::plan::{PlanKind, Step};
use crate::domain::plan_state::PlanState;
use crate::domain::principal::PrincipalName;
use crate::domain::remains::strangers::HeldKey;
use crate::domain::remains::{Cleared, Inhabitant};
use crate::domain::revocation::Sessions;
use crate::domain::target::Target;
use crate::flow::desk::Desk;
use crate::flow::lane::StepError;
use crate::flow::photograph::Photographs;
use crate::flow::targets::prepare;
use crate::flow::{propose, readback};
use crate::ports::cloud::{Detail, Lookup};
use futures_util::{StreamExt, stream};
use std::collections::BTreeSet;

/// A record of the journal holds so many targets' steps; more come in the next record. A step takes
/// about half a kilobyte, and DynamoDB takes 400 KB an item.
const TARGETS_AT_ONCE_MAX: usize = 40;

/// Users whose keys are read in one look around, and how many at the same time. At a look a second
/// fifty users take five; an account of a thousand waits for the trail instead.
const USERS_A_TURN: usize = 10;
const USERS_AT_ONCE: usize = 5;

/// Everybody in the case's account, as IAM lists them now.
pub async fn inhabitants(desk: &Desk, case: &Case) -> Result<Vec<Inhabitant>, StepError> {
    let (mut everybody, roles) = tokio::try_join!(users(desk, case), async {
        desk.lookup(case).await?.roles().await.map_err(StepError::from)
    })?;
    everybody.extend(roles.into_iter().map(|role| {
        let name = PrincipalName::role(&role.detail.name);
        inhabitant(name, role.detail)
    }));
    Ok(everybody)
}

/// The users of the case's account: they are what an actor makes to get back in within seconds.
pub async fn users(desk: &Desk, case: &Case) -> Result<Vec<Inhabitant>, StepError> {
    let users = desk.lookup(case).await?.users().await?.into_iter();
    Ok(users.map(|user| inhabitant(PrincipalName::user(&user.name), user)).collect())
}

/// The active keys of some of these users, a few at a turn: IAM tells them one user at a time.
/// Where they cannot be read the trail will tell of them.
pub async fn keys_in_turn(
    lookup: &dyn Lookup,
    users: Vec<PrincipalName>,
    turn: u32,
) -> Vec<HeldKey> {
    let (all, first) = (users.len(), (turn as usize).wrapping_mul(USERS_A_TURN));
    let some = users.into_iter().cycle().skip(first % all.max(1)).take(USERS_A_TURN.min(all));
    let looking = stream::iter(some).map(|of| active_keys(lookup, of));
    let found: Vec<_> = looking.buffer_unordered(USERS_AT_ONCE).collect().await;
    found.into_iter().flatten().collect()
}

async fn active_keys(lookup: &dyn Lookup, of: PrincipalName) -> Vec<HeldKey> {
    let keys = match lookup.access_keys(&UserName(of.name.clone())).await {
        Ok(keys) => keys,
        Err(error) => {
            tracing::warn!(%error, "the keys of a user cannot be read");
            Vec::new()
        }
    };
    let active = keys.into_iter().filter(|key| key.active);
    let held = active.filter_map(|KeyState { id: key, created, .. }| {
        Some(HeldKey { of: of.clone(), key, created: created? })
    });
    held.collect()
}

fn inhabitant(name: PrincipalName, detail: Detail) -> Inhabitant {
    Inhabitant { name, id: detail.id, arn: detail.arn, created: detail.created }
}

/// What became of what the actor took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Taken {
    /// There was nothing.
    Nothing,
    /// The plan has the steps already, and they failed: nothing is contained, and people were told.
    InVain,
    /// Steps were added, or people asked or about to be.
    Some,
}

/// What the actor took gets the same steps under the standing approval while it covers them; else
/// people are asked.
pub async fn take(
    desk: &Desk,
    case: &Case,
    (targets, made_by_actor): (&[Target], &BTreeSet<PrincipalName>),
) -> Result<Taken, StepError> {
    let mut taken = Taken::Nothing;
    for some in targets.chunks(TARGETS_AT_ONCE_MAX) {
        let prepared = prepare(desk, case, (some, made_by_actor)).await?;
        if prepared.steps.is_empty() {
            continue;
        }
        // What can only be ended together with what others hold is for people to decide.
        let narrow = prepared.steps.iter().all(|step| !hits_others(&step.action.change));
        match case.covering_plan() {
            Some(plan) if narrow => {
                let (steps, photographs) = (prepared.steps, &prepared.photographs);
                let covered = readback::cover(desk, case, plan, (steps, photographs)).await?;
                taken = taken.max(covered.map_or(Taken::InVain, |_| Taken::Some));
            }
            Some(_) | None if !case.may_ask() => taken = Taken::Some,
            Some(_) | None => {
                taken = Taken::Some;
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

/// Takes back what was done on suspicion, in the plan that did it, now that the trail names another
/// maker. Whether anything was added to a plan.
pub async fn release(desk: &Desk, case: &Case, cleared: &[Cleared]) -> Result<bool, StepError> {
    let mut released = false;
    for state in case.standing_plans().filter(|state| state.contained.is_none()) {
        let steps = given_back(state, cleared);
        let (plan, none) = (state.plan.number, Photographs::new());
        released |= readback::cover(desk, case, plan, (steps, &none)).await?.is_some();
    }
    Ok(released)
}

/// The step that takes each of them back; a key may be cleared by itself and with its user.
fn given_back(state: &PlanState, cleared: &[Cleared]) -> Vec<Step> {
    let is_about = |step: &Step, Cleared { on, key, .. }: &Cleared| {
        step.action.on == *on && key.as_ref().is_none_or(|key| step.action.stops(key))
    };
    let suspected = state.holding_steps().filter(|(_, step, _)| step.provisional);
    let back = suspected.filter_map(|(_, step, _)| {
        let Cleared { on, by, .. } = cleared.iter().find(|cleared| is_about(step, cleared))?;
        Some(Step {
            action: step.action.taken_back()?,
            blast_radius: vec![on.to_string()],
            because: format!("made by {by}, who is not the actor"),
            provisional: false,
        })
    });
    back.collect()
}
