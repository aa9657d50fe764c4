//! Making plans: photograph the users, keep the snapshot, and journal the exact steps.

use crate::domain::action::Action;
use crate::domain::case::Case;
use crate::domain::digest::canonical;
use crate::domain::event::{Event, Phase};
use crate::domain::facts::Fact;
use crate::domain::ids::{KeyKind, PersonId, UserName};
use crate::domain::plan::{
    NoPlan, PlanFrame, PlanKind, PlanNumber, Step, assemble, containing_steps, undoing_steps,
};
use crate::domain::plan_state::PlanState;
use crate::domain::snapshot::{Snapshot, SnapshotRef, UserSnapshot, differences};
use crate::flow::desk::Desk;
use crate::flow::lane::{StepError, conclude};
use crate::ports::cloud::{CallClass, CallError, Lookup};
use std::collections::BTreeMap;

const READ_ONLY: &str = "no contain role is configured, so keyleak changes nothing; by hand:";

/// Proposes to contain the key's user, or says why not.
pub async fn containment(desk: &Desk, case: &Case) -> Result<(), StepError> {
    let requested_by = requester(case);
    let user = match containable(desk, case) {
        Ok(user) => user,
        Err(why) => return not_proposed(desk, case, why).await,
    };
    let kind = if case.standing_containment().is_some() {
        PlanKind::FollowUp
    } else {
        PlanKind::Containment
    };
    for_users(desk, case, &[user], (kind, requested_by)).await
}

/// Who shaped the plan last does not approve it: by asking for it, or by saying since when the key
/// is exposed.
fn requester(case: &Case) -> PersonId {
    let corrected = case.exposure().said_by();
    let presses = case.presses(Phase::Containment).last().into_iter().chain(corrected);
    let last = presses.max_by_key(|press| press.seq);
    last.map_or_else(|| case.opened_by().clone(), |press| press.by.clone())
}

/// Proposes to put back what was found reverted, and whatever else is active on those users.
pub async fn again(desk: &Desk, case: &Case, plan: PlanNumber) -> Result<(), StepError> {
    let Some(state) = case.plan(plan) else {
        return Ok(());
    };
    let users: Vec<_> = crate::domain::remains::contained_users(case).into_iter().collect();
    for_users(desk, case, &users, (PlanKind::FollowUp, state.plan.requested_by.clone())).await
}

/// Proposes to contain these users: photographs them, and leaves out what is already so.
pub async fn for_users(
    desk: &Desk,
    case: &Case,
    users: &[UserName],
    (kind, requested_by): (PlanKind, PersonId),
) -> Result<(), StepError> {
    let mut photographs = Vec::new();
    for user in users {
        match photograph(desk.lookup.as_ref(), user).await {
            Ok(photograph) => photographs.push(photograph),
            Err(error) if error.class.retryable() => return Err(StepError::Call(error)),
            Err(error) => {
                let why = format!("no snapshot, no plan: {error}");
                return not_proposed(desk, case, why).await;
            }
        }
    }
    let mut steps = Vec::new();
    let contained = crate::domain::remains::contained_users(case);
    for photograph in &photographs {
        let leaked = Some(&case.opening().key);
        match containing_steps(photograph, case.id(), leaked, &desk.rules.plans) {
            Ok(more) => {
                let wanted = more.into_iter().filter(|step| {
                    // A deny that somebody else put there is made ours, so that it is read back.
                    let foreign = matches!(step.action, Action::DenyUser { .. })
                        && !contained.contains(&photograph.name);
                    foreign || !in_force(step, photograph)
                });
                steps.extend(wanted);
            }
            Err(why) => return not_proposed(desk, case, why.to_string()).await,
        }
    }
    let snapshot = keep(desk, case, photographs).await?;
    let frame = frame(desk, case, (kind, requested_by), snapshot);
    propose(desk, case, frame, steps).await
}

/// Proposes to take the standing plans back, only if the state is still the one we left.
pub async fn undo(desk: &Desk, case: &Case) -> Result<(), StepError> {
    let Some(standing) = case.standing_containment() else {
        return Ok(());
    };
    let requested_by =
        case.wanted_undo().map_or_else(|| case.opened_by().clone(), |press| press.by.clone());
    let done: Vec<Action> = case
        .standing_plans()
        .flat_map(|state| state.holding_steps())
        .map(|(_, step, _)| step.action.clone())
        .collect();
    let before = first_snapshot(desk, case).await?;
    let steps = undoing_steps(&done, &before);
    let mut moved = Vec::new();
    for user in &before.users {
        if !steps.iter().any(|step| step.action.user().name == user.name) {
            continue;
        }
        let now = photograph(desk.lookup.as_ref(), &user.name).await?;
        moved.extend(
            differences(&as_left(user, &now, &done), &now)
                .into_iter()
                .map(|difference| format!("{}: {difference}", user.name)),
        );
    }
    if !moved.is_empty() {
        let why = format!(
            "the account is no longer as the plan left it, so undo could restore the wrong \
             state: {}",
            moved.join("; ")
        );
        return not_proposed(desk, case, why).await;
    }
    let snapshot = keep(desk, case, before.users).await?;
    let mut frame = frame(desk, case, (PlanKind::Undo, requested_by), snapshot);
    frame.about = Some(standing.plan.number);
    propose(desk, case, frame, steps).await
}

/// The user as IAM has it now, whole enough to be restored.
pub async fn photograph(lookup: &dyn Lookup, user: &UserName) -> Result<UserSnapshot, CallError> {
    let (detail, keys, attached, inline, groups) = tokio::try_join!(
        lookup.user(user),
        lookup.access_keys(user),
        lookup.attached_policies(user),
        lookup.inline_policies(user),
        lookup.groups(user),
    )?;
    let (login_profile, mfa_devices) =
        tokio::join!(lookup.login_profile(user), lookup.mfa_devices(user));
    let snapshot = UserSnapshot {
        name: detail.name,
        id: detail.id,
        arn: detail.arn,
        path: detail.path,
        created: detail.created,
        boundary: detail.boundary,
        tags: detail.tags,
        keys,
        attached,
        inline,
        groups,
        login_profile: optional(login_profile)?,
        mfa_devices: optional(mfa_devices)?,
    };
    Ok(snapshot.sorted())
}

/// Stores photographs as evidence, by their hash.
pub async fn keep(
    desk: &Desk,
    case: &Case,
    users: Vec<UserSnapshot>,
) -> Result<SnapshotRef, StepError> {
    let account = account_of(case, &users);
    let snapshot = Snapshot { account, users };
    let sha256 = desk.evidence.put(&canonical(&snapshot)).await?;
    Ok(SnapshotRef { sha256, taken_at: desk.clock.now() })
}

/// The earliest photograph of every user that the standing plans touched.
pub async fn first_snapshot(desk: &Desk, case: &Case) -> Result<Snapshot, StepError> {
    let mut users: BTreeMap<UserName, UserSnapshot> = BTreeMap::new();
    let mut account = None;
    for reference in case.standing_plans().flat_map(|state| &state.snapshots) {
        let snapshot = read_snapshot(desk, reference).await?;
        account.get_or_insert(snapshot.account);
        for user in snapshot.users {
            users.entry(user.name.clone()).or_insert(user);
        }
    }
    let account = account.unwrap_or_else(|| account_of(case, &[]));
    Ok(Snapshot { account, users: users.into_values().collect() })
}

/// A snapshot from the evidence store, checked against its hash.
pub async fn read_snapshot(desk: &Desk, which: &SnapshotRef) -> Result<Snapshot, StepError> {
    let content = desk.evidence.get(&which.sha256).await?;
    serde_json::from_slice(&content).map_err(|error| StepError::Broken(error.to_string()))
}

async fn propose(
    desk: &Desk,
    case: &Case,
    frame: PlanFrame,
    steps: Vec<Step>,
) -> Result<(), StepError> {
    let account = account_of(case, &[]);
    let plan = match assemble(frame, account, steps, &desk.rules.plans) {
        Ok(plan) => plan,
        Err(why @ (NoPlan::Nothing(_) | NoPlan::Protected(_) | NoPlan::TooLong(_))) => {
            return not_proposed(desk, case, why.to_string()).await;
        }
    };
    let hash = plan.hash();
    conclude(desk, case, Event::Proposed { plan: Box::new(plan), hash }).await.map(drop)
}

async fn not_proposed(desk: &Desk, case: &Case, why: String) -> Result<(), StepError> {
    // The trail is read every half minute; what is still so need not be said each time.
    let asked = case.presses(Phase::Containment).last().map(|press| press.seq);
    let asked = asked.max(case.wanted_undo().map(|press| press.seq)).max(case.outdated());
    let reverted = case.standing_containment().and_then(PlanState::reverted);
    let found_reverted = reverted.map(|check| check.at);
    let said = case.not_proposed().is_some_and(|(seq, before)| {
        before == why && Some(seq) > asked && case.not_proposed_at() >= found_reverted
    });
    if said {
        return Ok(());
    }
    conclude(desk, case, Event::NotProposed { why }).await.map(drop)
}

/// The user whose containment can be proposed, or why there is none.
fn containable(desk: &Desk, case: &Case) -> Result<UserName, String> {
    if let Some(account) = case.facts().account_known() {
        if account.canary {
            return Err(format!(
                "account {} belongs to a canary-token service: somebody touched a tripwire. \
                 Find out who; there is nothing to contain",
                account.account
            ));
        }
        if !account.ours {
            return Err(format!(
                "the key belongs to account {}, which is not ours. Tell its owner, or AWS Trust & \
                 Safety (trustandsafety@support.aws.com) with the id and where it was found",
                account.account
            ));
        }
    }
    if case.opening().key.kind() == KeyKind::Session {
        return Err("a session key cannot be deactivated; open a case for the long-term key \
                    behind it, whose containment ends the session too"
            .to_owned());
    }
    let owner = match &case.facts().owner {
        Some(Fact::Known(owner)) => owner,
        Some(Fact::Unknown(why)) => return Err(format!("the key's owner is unknown: {why}")),
        None => return Err("the key's owner is not known yet".to_owned()),
    };
    if desk.contain.is_none() {
        return Err(format!("{READ_ONLY} {}", by_hand(desk, case, &owner.user)));
    }
    Ok(owner.user.clone())
}

fn by_hand(desk: &Desk, case: &Case, user: &UserName) -> String {
    format!(
        "aws iam attach-user-policy --user-name {user} --policy-arn {}; then aws iam \
         update-access-key --user-name {user} --access-key-id <the one ending in {}> \
         --status Inactive",
        desk.rules.plans.deny_policy_arn,
        case.opening().key.last_four()
    )
}

fn frame(
    desk: &Desk,
    case: &Case,
    (kind, requested_by): (PlanKind, PersonId),
    snapshot: SnapshotRef,
) -> PlanFrame {
    PlanFrame {
        case: case.id().clone(),
        number: case.next_plan_number(),
        kind,
        about: case.standing_containment().map(|state| state.plan.number),
        requested_by,
        exposed_since: case.exposed_since(),
        snapshot,
        now: desk.clock.now(),
    }
}

/// The account by the facts, else by the photographed user's own ARN.
fn account_of(case: &Case, users: &[UserSnapshot]) -> crate::domain::ids::AccountId {
    let by_facts = case.facts().account_known().map(|finding| finding.account.clone());
    let arn = users.first().map(|user| user.arn.as_str());
    let arn = arn.or_else(|| case.facts().owner_known().map(|owner| owner.arn.as_str()));
    let by_arn = arn.and_then(|arn| arn.split(':').nth(4)).unwrap_or_default();
    by_facts.unwrap_or_else(|| crate::domain::ids::AccountId(by_arn.to_owned()))
}

/// Whether a step would change nothing.
fn in_force(step: &Step, user: &UserSnapshot) -> bool {
    match &step.action {
        Action::DenyUser { policy_arn, inline_name, .. } => {
            user.has_policy(policy_arn) || user.denies_inline(inline_name)
        }
        Action::DeactivateKey { key, .. } => user.key(key).is_none_or(|key| !key.active),
        Action::LiftDeny { .. } | Action::ActivateKey { .. } => false,
    }
}

/// The user as the plans left it: the snapshot with every done step applied. Keys that came after
/// the snapshot and were stopped too are the actor's, and stay stopped.
fn as_left(before: &UserSnapshot, now: &UserSnapshot, done: &[Action]) -> UserSnapshot {
    let mut left = before.clone();
    for action in done.iter().filter(|action| action.user().name == before.name) {
        match action {
            Action::DenyUser { policy_arn, inline_name: name, .. } => {
                if let Some(document) = now.inline.get(name) {
                    left.inline.insert(name.clone(), document.clone());
                } else if !left.has_policy(policy_arn) {
                    let policy_name = policy_arn.rsplit('/').next().unwrap_or_default().to_owned();
                    let arn = policy_arn.clone();
                    left.attached
                        .push(crate::domain::snapshot::AttachedPolicy { name: policy_name, arn });
                }
            }
            Action::DeactivateKey { key, .. } => {
                match left.keys.iter_mut().find(|state| state.id == *key) {
                    Some(state) => state.active = false,
                    None => left.keys.extend(now.key(key).filter(|key| !key.active).cloned()),
                }
            }
            Action::LiftDeny { .. } | Action::ActivateKey { .. } => {}
        }
    }
    left.sorted()
}

/// What cannot be read for want of permission is said to be unknown; any other failure counts.
fn optional<T>(answer: Result<T, CallError>) -> Result<Fact<T>, CallError> {
    match answer {
        Ok(value) => Ok(Fact::Known(value)),
        Err(error) if error.class.retryable() => Err(error),
        Err(error) if error.class == CallClass::NotFound => Err(error),
        Err(error) => Ok(Fact::Unknown(error.to_string())),
    }
}
