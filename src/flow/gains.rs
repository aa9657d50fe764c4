//! Containing what the actor took: the same reversible steps, under the approval that covers them.

use crate::domain::action::{Action, UserRef};
use crate::domain::case::Case;
use crate::domain::ids::UserName;
use crate::domain::plan::{PlanKind, Step, containing_steps};
use crate::domain::remains::{Cleared, Gain, Inhabitant};
use crate::domain::snapshot::UserSnapshot;
use crate::flow::desk::Desk;
use crate::flow::lane::StepError;
use crate::flow::{propose, readback};
use crate::ports::cloud::{CallClass, UserDetail};
use futures_util::StreamExt;
use futures_util::stream;
use std::collections::{BTreeMap, BTreeSet};

/// A record of the journal holds so many users' steps; more come in the next record. A step takes
/// about half a kilobyte, and DynamoDB takes 400 KB an item.
const USERS_AT_ONCE_MAX: usize = 40;
/// Users that are photographed at the same time, seven calls each; IAM throttles at more.
const PHOTOGRAPHED_AT_ONCE: usize = 6;

/// Everybody in the account, as IAM lists them now.
pub async fn inhabitants(desk: &Desk) -> Result<Vec<Inhabitant>, StepError> {
    let users = desk.lookup.users().await?;
    let inhabitant = |user: UserDetail| Inhabitant {
        name: user.name,
        id: user.id,
        arn: user.arn,
        created: user.created,
    };
    Ok(users.into_iter().map(inhabitant).collect())
}

/// What the actor took gets the same steps under the standing approval while it covers them; else
/// people are asked.
pub async fn take(desk: &Desk, case: &Case, gains: BTreeSet<Gain>) -> Result<(), StepError> {
    let gains: Vec<Gain> = gains.into_iter().collect();
    for some in gains.chunks(USERS_AT_ONCE_MAX) {
        take_some(desk, case, some).await?;
    }
    Ok(())
}

/// Takes back what was done on suspicion, now that the trail names another maker.
pub async fn release(desk: &Desk, case: &Case, cleared: &[Cleared]) -> Result<(), StepError> {
    let Some(plan) = case.covering_plan() else {
        return Ok(());
    };
    let state = case.plan(plan).ok_or(StepError::MovedOn)?;
    let mut steps = Vec::new();
    for Cleared { user, by } in cleared {
        let suspected = state.holding_steps().filter(|(_, step, _)| step.provisional);
        let own = suspected.filter(|(_, step, _)| step.action.user() == user);
        steps.extend(own.filter_map(|(_, step, _)| {
            Some(Step {
                action: taken_back(&step.action)?,
                blast_radius: vec![format!("user {}", user.name)],
                because: format!("made by {by}, who is not the actor"),
                provisional: false,
            })
        }));
    }
    readback::cover(desk, case, plan, (steps, &BTreeMap::new())).await.map(drop)
}

async fn take_some(desk: &Desk, case: &Case, gains: &[Gain]) -> Result<(), StepError> {
    let users: BTreeSet<UserName> = gains.iter().map(user_of).cloned().collect();
    let photographs = photograph_all(desk, users).await?;
    let mut steps: Vec<Step> = Vec::new();
    for gain in gains {
        if let Some(user) = photographs.get(user_of(gain)).and_then(Option::as_ref) {
            steps.extend(steps_for(desk, case, gain, user));
        }
    }
    // Denies first: each of them ends more than the deactivation of a key.
    steps.sort_by_key(|step| !step.action.runs_unchecked());
    match case.covering_plan() {
        _ if steps.is_empty() => Ok(()),
        Some(plan) => readback::cover(desk, case, plan, (steps, &photographs)).await.map(drop),
        None if case.pending_plan().is_some() => Ok(()),
        None => {
            let users: Vec<_> = photographs.into_keys().collect();
            let requester = case.opened_by().clone();
            propose::for_users(desk, case, &users, (PlanKind::FollowUp, requester)).await
        }
    }
}

async fn photograph_all(
    desk: &Desk,
    users: BTreeSet<UserName>,
) -> Result<BTreeMap<UserName, Option<UserSnapshot>>, StepError> {
    let photographing = stream::iter(users).map(|name| async move {
        match propose::photograph(desk.lookup.as_ref(), &name).await {
            Ok(user) => Ok((name, Some(user))),
            // Gone again, and with it whatever it held.
            Err(error) if error.class == CallClass::NotFound => Ok((name, None)),
            Err(error) => Err(StepError::from(error)),
        }
    });
    let photographs: Vec<_> = photographing.buffer_unordered(PHOTOGRAPHED_AT_ONCE).collect().await;
    photographs.into_iter().collect()
}

fn user_of(gain: &Gain) -> &UserName {
    match gain {
        Gain::User(user) | Gain::Newcomer(user) | Gain::Key { user, .. } => user,
    }
}

fn steps_for(desk: &Desk, case: &Case, gain: &Gain, user: &UserSnapshot) -> Vec<Step> {
    let whole = |because: &str, provisional: bool| {
        let leaked = Some(&case.opening().key);
        let steps = containing_steps(user, case.id(), leaked, &desk.rules.plans);
        let because = because.to_owned();
        let reason = |step| Step { because: because.clone(), provisional, ..step };
        // A protected user never comes here: it is left to people before.
        steps.unwrap_or_default().into_iter().map(reason).collect()
    };
    match gain {
        Gain::User(_) => whole("the trail shows that the actor made this user", false),
        Gain::Newcomer(_) => whole(
            "made while the actor is at work, and the trail does not tell yet by whom; lifted when \
             it was somebody else",
            true,
        ),
        Gain::Key { key, .. } if user.key(key).is_some_and(|key| key.active) => vec![Step {
            action: Action::DeactivateKey {
                user: UserRef { name: user.name.clone(), id: user.id.clone() },
                key: key.clone(),
            },
            blast_radius: vec![format!("whoever holds the new key of {}", user.name)],
            because: "the trail shows that the actor minted it".to_owned(),
            provisional: false,
        }],
        Gain::Key { .. } => Vec::new(),
    }
}

fn taken_back(action: &Action) -> Option<Action> {
    match action.clone() {
        Action::DenyUser { user, policy_arn, inline_name } => {
            Some(Action::LiftDeny { user, policy_arn, inline_name })
        }
        Action::DeactivateKey { user, key } => Some(Action::ActivateKey { user, key }),
        Action::LiftDeny { .. } | Action::ActivateKey { .. } => None,
    }
}
