//! Making plans: photograph the users, keep the snapshot, and journal the exact steps.

use crate::domain::action::{Action, Change};
use crate::domain::by_hand::commands;
use crate::domain::case::Case;
use crate::domain::containing::revoke_name;
use crate::domain::event::{Event, Phase};
use crate::domain::first_target::first_target;
use crate::domain::force::no_longer;
use crate::domain::ids::{KeyKind, PersonId};
use crate::domain::joining::united;
use crate::domain::lifting::stays_lifted;
use crate::domain::owners_asked::{asked_first, owners_of};
use crate::domain::plan::{NoPlan, PlanFrame, PlanKind, PlanNumber, Step, assemble};
use crate::domain::plan_state::PlanState;
use crate::domain::principal::{Principal, PrincipalKind, PrincipalName};
use crate::domain::remains::contained;
use crate::domain::remains::foreseen::foreseen;
use crate::domain::snapshot::SnapshotRef;
use crate::domain::target::{Part, Target};
use crate::flow::adjusted;
use crate::flow::desk::Desk;
use crate::flow::lane::{StepError, conclude};
use crate::flow::photograph::{account_of, keep, photograph_if_there};
use crate::flow::targets::{Prepared, prepare};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// Proposes to contain the principal that signs with the key, or says why not.
pub async fn containment(desk: &Desk, case: &Case) -> Result<(), StepError> {
    let requested_by = requester(case);
    let target = match first_target(case) {
        Ok(target) => target,
        Err(why) => return not_proposed(desk, case, why).await,
    };
    let by_hand = by_hand(desk, case, &target);
    let kind = if case.standing_containment().is_some() {
        PlanKind::FollowUp
    } else {
        PlanKind::Containment
    };
    match adjusted::prepare_adjusted(desk, case, target).await {
        Ok(prepared) => propose_prepared(desk, case, prepared, (kind, requested_by)).await,
        Err(error) if error.class.retryable() => Err(StepError::Call(error)),
        Err(error) => {
            let why = format!("no snapshot, no plan: {error}; by hand: {by_hand}");
            not_proposed(desk, case, why).await
        }
    }
}

/// Who shaped the plan last does not approve it: by asking for it, by saying since when the key is
/// exposed, or by changing what it holds.
fn requester(case: &Case) -> PersonId {
    let corrected = case.exposure().said_by();
    let presses = case.presses(Phase::Containment).last().into_iter().chain(corrected);
    let presses = presses.chain(case.adjustments().last());
    let last = presses.max_by_key(|press| press.seq);
    last.map_or_else(|| case.opened_by().clone(), |press| press.by.clone())
}

/// Proposes to put back what was found reverted, and whatever else is active on those principals.
pub async fn again(desk: &Desk, case: &Case, plan: PlanNumber) -> Result<(), StepError> {
    let Some(state) = case.plan(plan) else {
        return Ok(());
    };
    let because = "it was contained before, and no longer is";
    let whole = |on: PrincipalName| Target::new(on, Part::Whole, because);
    let mut prepared =
        prepare(desk, case, (&contained(case).into_iter().map(whole).collect::<Vec<_>>(), &none()))
            .await?;
    for (_, step, done) in case.standing_plans().flat_map(PlanState::holding_steps) {
        let key = step.action.on.key();
        if !prepared.photographs.contains_key(&key) {
            let found = photograph_if_there(desk.lookup(case).await?.as_ref(), &key).await;
            if found.is_err() && key.kind == PrincipalKind::Resource {
                // What cannot be looked at does not keep the others from being put back.
                continue;
            }
            prepared.photographs.insert(key.clone(), found?);
        }
        let Some(Some(now)) = prepared.photographs.get(&key) else {
            continue;
        };
        let began = done.began_at.unwrap_or(Timestamp::MIN);
        let is_new = !prepared.steps.iter().any(|known| known.action == step.action);
        if is_new && no_longer(&step.action, now, began).is_some() {
            prepared.steps.push(Step { because: because.to_owned(), ..step.clone() });
        }
    }
    // What people took back stays so, whatever else has to be put back on its principal.
    prepared.steps.retain(|step| !stays_lifted(case, &step.action));
    prepared.steps = united(case, prepared.steps);
    let who = (PlanKind::FollowUp, state.plan.requested_by.clone());
    propose_prepared(desk, case, prepared, who).await
}

/// Proposes steps that are ready.
pub async fn propose_prepared(
    desk: &Desk,
    case: &Case,
    prepared: Prepared,
    who: (PlanKind, PersonId),
) -> Result<(), StepError> {
    if prepared.steps.is_empty() && !prepared.left_out.is_empty() {
        return not_proposed(desk, case, prepared.left_out.join("; ")).await;
    }
    let people = (&desk.rules.policy, desk.rules.owner_tag.as_str());
    let owners = owners_of(case, people, &prepared.steps, &prepared.photographs);
    let (steps, owners) = asked_first(prepared.steps, owners);
    let photographs: Vec<_> = prepared.photographs.into_values().flatten().collect();
    let snapshot = keep(desk, case, photographs).await?;
    let mut frame = frame(desk, case, who, snapshot);
    frame.owners = owners;
    if frame.kind == PlanKind::Containment {
        let covered = foreseen(case, &steps, &desk.rules.plans);
        let said = covered.iter().map(|one| format!("{}: {}", one.words(), one.because));
        frame.covers = said.collect();
    }
    frame.adjusted = adjusted::said(case, &prepared.left_out);
    // The same plan, for people to read and to do by hand.
    frame.dry_run = desk.contain(case).await?.is_none();
    propose(desk, case, frame, steps).await
}

pub(super) async fn propose(
    desk: &Desk,
    case: &Case,
    frame: PlanFrame,
    steps: Vec<Step>,
) -> Result<(), StepError> {
    let account = account_of(case, &[]);
    let plan = match assemble(frame, account, steps, &desk.rules.plans) {
        Ok(plan) => plan,
        Err(why @ (NoPlan::Nothing(_) | NoPlan::Protected { .. } | NoPlan::TooLong(_))) => {
            return not_proposed(desk, case, why.to_string()).await;
        }
    };
    let hash = plan.hash();
    conclude(desk, case, Event::Proposed { plan: Box::new(plan), hash }).await.map(drop)
}

pub(super) async fn not_proposed(desk: &Desk, case: &Case, why: String) -> Result<(), StepError> {
    // The trail is read every half minute; what is still so need not be said each time.
    let asked = case.presses(Phase::Containment).last().map(|press| press.seq);
    let asked = asked.max(case.wanted_undo().map(|press| press.seq)).max(case.outdated());
    let asked = asked.max(case.signer_told());
    let reverted = case.standing_containment().and_then(PlanState::reverted);
    let found_reverted = reverted.map(|check| check.at);
    let said = case.not_proposed().is_some_and(|(seq, before)| {
        before == why && Some(seq) > asked && case.not_proposed_at() >= found_reverted
    });
    if said {
        return Ok(());
    }
    conclude(desk, case, Event::NotProposed { why, eradication: false }).await.map(drop)
}

/// The first commands, for where not even a plan can be made.
fn by_hand(desk: &Desk, case: &Case, target: &Target) -> String {
    let name = &target.on.name;
    if let Part::Sessions { sessions, until } = &target.part {
        let inline_name = revoke_name(case.id());
        let change =
            Change::RevokeSessions { sessions: sessions.clone(), until: *until, inline_name };
        let (kind, id) = (target.on.kind, target.id.clone().unwrap_or_default());
        let on = Principal { kind, name: name.clone(), id, arn: String::new() };
        return commands(&Action { on, change }, desk.clock.now()).join("\n");
    }
    let deny = format!(
        "aws iam attach-user-policy --user-name {name} --policy-arn {}",
        desk.rules.plans.deny_in(&account_of(case, &[]).0)
    );
    let leaked = &case.opening().key;
    let key = match leaked.kind() {
        KeyKind::LongTerm => format!("<the one ending in {}>", leaked.last_four()),
        KeyKind::Session => "<each of its keys>".to_owned(),
    };
    format!(
        "{deny}; then aws iam update-access-key --user-name {name} --access-key-id {key} \
         --status Inactive"
    )
}

pub(super) fn frame(
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
        adjusted: Vec::new(),
        lifts: Vec::new(),
        owners: Vec::new(),
        dry_run: false,
        covers: Vec::new(),
        notes: Vec::new(),
    }
}

fn none() -> BTreeSet<PrincipalName> {
    BTreeSet::new()
}
