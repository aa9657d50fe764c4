//! The story: from a reported key to contained, and back by undo; the same on every ground.

use crate::bureau::{APPROVER, ASKER, Bureau, honest, is_contained, journal};
use crate::ground::{BACKDOOR, Ground, USER};
use crate::partial_trail::PartialTrail;
use crate::skips_the_deny::SkipsTheDeny;
use keyleak::domain::button::{ButtonAction, PlanAddress};
use keyleak::domain::case::Case;
use keyleak::domain::differences::differences;
use keyleak::domain::event::Event;
use keyleak::domain::ids::CaseId;
use keyleak::domain::plan::PlanKind;
use keyleak::domain::plan_state::{PlanState, PlanStatus};
use keyleak::domain::principal::PrincipalName;
use keyleak::domain::reconciliation::Reconciliation;
use keyleak::domain::step_result::StepResult;
use keyleak::flow::photograph::photograph;
use keyleak::ports::cloud::Contain;
use keyleak::sim::attacker::{Attacker, Credential, Operation, Reply};
use keyleak::trail::investigator::Investigator;
use std::sync::Arc;
use std::time::Duration;

/// How often each stolen credential is tried after containment.
const ATTEMPTS: usize = 200;
/// Long enough for a sabotaged case to say "contained", were it to say so: the waits of this many
/// surveys.
const SURVEYS_WATCHED: i32 = 16;
/// A denied caller, and a key that is inactive or gone.
const REFUSALS: [&str; 3] = ["AccessDenied", "InvalidClientTokenId", "InvalidAccessKeyId"];

/// Three credentials work before, none of them in 200 attempts after, all of them after undo.
pub(crate) async fn contained_and_undone(ground: &Ground) {
    let bureau = Bureau::open(ground).await;
    let user = PrincipalName::user(USER);
    let before = photograph(ground.lookup.as_ref(), &user).await.expect("her state");
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    let plan = approve(&bureau, &case, PlanKind::Containment).await;
    bureau.wait(&case, "contained", is_contained).await;
    all_refused(ground).await.unwrap_or_else(|why| panic!("{why}"));
    let now = bureau.desk.ledger.load(&case).await.expect("the case is readable");
    no_backdoor(ground).await.unwrap_or_else(|why| panic!("{why}\n{}", journal(&now)));

    assert_eq!(standing(&bureau, &case).await.case, plan.case);
    undo(&bureau, &case).await;
    all_work_again(ground).await;
    let after = photograph(ground.lookup.as_ref(), &user).await.expect("her state");
    assert_eq!(differences(&before, &after), Vec::<String>::new());
    bureau.checked_chain(&case).await;
    bureau.close().await;
}

pub(crate) async fn ask_for_undo(bureau: &Bureau, case: &CaseId) {
    let standing = standing(bureau, case).await;
    bureau.press(ASKER, ButtonAction::Undo(standing)).await;
}

/// Asks for the undo of what stands, has it approved and waits for its end; whom it says it hits.
pub(crate) async fn undo(bureau: &Bureau, case: &CaseId) -> String {
    ask_for_undo(bureau, case).await;
    approve(bureau, case, PlanKind::Undo).await;
    bureau.wait(case, "undone", |case| done(case, PlanKind::Undo)).await;
    let now = bureau.desk.ledger.load(case).await.expect("the case is readable");
    let undone = now.plans().rfind(|state| state.plan.kind == PlanKind::Undo);
    let steps = undone.into_iter().flat_map(|state| &state.plan.steps);
    steps.flat_map(|step| step.blast_radius.clone()).collect::<Vec<_>>().join("\n")
}

/// Sabotage: the deny is skipped and claimed as done; the bot must notice by itself.
pub(crate) async fn never_contained_without_the_deny(ground: &Ground) {
    let skips = |inner| Arc::new(SkipsTheDeny { inner }) as Arc<dyn Contain>;
    let bureau = Bureau::open_with(ground, skips, honest).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    approve(&bureau, &case, PlanKind::Containment).await;
    let drifted = |case: &Case| {
        let mut records = case.records().iter();
        let found =
            |event: &Event| matches!(event, Event::ReadBack { drifts, .. } if !drifts.is_empty());
        records.any(|record| found(&record.event)).then_some(())
    };
    bureau.wait(&case, "the read-back sees that the deny is missing", drifted).await;
    let now = watched_in_vain(&bureau, &case, ground).await;
    assert!(is_contained(&now).is_none(), "it is not contained:\n{}", journal(&now));
    let check = refused(ground.attacker.as_ref(), &ground.loot[1]).await;
    assert_eq!(check, Err("session token: attempt 1 of 200 was allowed".to_owned()));
    bureau.close().await;
}

/// Sabotage: the trail's record of who made the new user is dropped. The check that nothing of the
/// thief's is left goes red, and the bot does not call the case contained on its own: the
/// inventory shows a user whom no record explains, and people are asked.
pub(crate) async fn a_dropped_lineage_edge_is_noticed(ground: &Ground) {
    // What is newer than the trail is stopped on suspicion; this user is not any more.
    // Twice that long: IAM knows the second of a creation, and no part of it.
    ground.clock.sleep(2 * ground.timing.trail_complete_after.unsigned_abs()).await;
    // It lacks the records that make users and give them keys.
    let is_left_out = |call: &str, _: &str| matches!(call, "CreateUser" | "CreateAccessKey");
    let forgets =
        |inner| Arc::new(Investigator::new(PartialTrail { inner, is_left_out })) as Arc<_>;
    let bureau = Bureau::open_with(ground, |rights| rights, forgets).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    approve(&bureau, &case, PlanKind::Containment).await;
    let asked = |case: &Case| {
        let state = case.pending_plan().filter(|state| state.plan.kind == PlanKind::FollowUp)?;
        let names = |name: &str| state.plan.steps.iter().any(|s| s.action.on.name == name);
        names(BACKDOOR).then_some(())
    };
    bureau.wait(&case, "people are asked about the new user", asked).await;
    let now = watched_in_vain(&bureau, &case, ground).await;
    assert!(is_contained(&now).is_none(), "it is not contained:\n{}", journal(&now));
    assert!(no_backdoor(ground).await.is_err(), "the new user is as it was");
    bureau.close().await;
}

pub(crate) async fn watched_in_vain(bureau: &Bureau, case: &CaseId, ground: &Ground) -> Case {
    let waits = ground.timing.survey_every * SURVEYS_WATCHED;
    ground.clock.sleep(waits.unsigned_abs()).await;
    bureau.desk.ledger.load(case).await.expect("the case is readable")
}

/// Waits for a plan of this kind and approves it with the second person.
pub(crate) async fn approve(bureau: &Bureau, case: &CaseId, kind: PlanKind) -> PlanAddress {
    let proposed = |case: &Case| {
        let state = case.pending_plan().filter(|state| state.plan.kind == kind)?;
        Some(address(state))
    };
    let at = bureau.wait(case, "a plan is proposed", proposed).await;
    bureau.press(APPROVER, ButtonAction::Approve(at.clone())).await;
    at
}

/// Closes the case and waits until AWS's own log was held against it.
pub(crate) async fn closed_and_compared(bureau: &Bureau, case: &CaseId) -> Reconciliation {
    bureau.press(ASKER, ButtonAction::Close { case: case.clone() }).await;
    let compared = |case: &Case| case.reconciled().is_some().then(|| case.clone());
    let case = bureau.wait(case, "compared", compared).await;
    match case.reconciled() {
        Some(Ok(result)) => result.clone(),
        other => panic!("{other:?}\n{}", journal(&case)),
    }
}

pub(crate) async fn standing(bureau: &Bureau, case: &CaseId) -> PlanAddress {
    bureau.wait(case, "a standing plan", |case| case.standing_containment().map(address)).await
}

pub(crate) fn address(state: &PlanState) -> PlanAddress {
    PlanAddress { case: state.plan.case.clone(), plan: state.plan.number, hash: state.hash.clone() }
}

/// Why a step of the case failed.
pub(crate) fn step_failed(case: &Case) -> Option<String> {
    case.records().iter().find_map(|record| {
        let Event::Outcome { result: StepResult::Failed { why, .. }, .. } = &record.event else {
            return None;
        };
        Some(why.clone())
    })
}

pub(crate) fn done(case: &Case, kind: PlanKind) -> Option<()> {
    let mut plans = case.plans();
    let is_done =
        |state: &PlanState| state.plan.kind == kind && matches!(state.status(), PlanStatus::Done);
    plans.any(is_done).then_some(())
}

pub(crate) async fn all_refused(ground: &Ground) -> Result<(), String> {
    for held in ground.loot.iter().chain([&ground.backdoor]) {
        refused(ground.attacker.as_ref(), held).await?;
    }
    Ok(())
}

/// Tries a credential over and over; the first time it works is an error.
pub(crate) async fn refused(attacker: &dyn Attacker, held: &Credential) -> Result<(), String> {
    let name = &held.label;
    for attempt in 1..=ATTEMPTS {
        match attacker.call(held, &Operation::ListBuckets).await {
            Reply::Refused(code) if REFUSALS.contains(&code.as_str()) => {}
            Reply::Refused(code) => return Err(format!("{name}: refused with {code}")),
            Reply::Allowed | Reply::Minted(_) => {
                return Err(format!("{name}: attempt {attempt} of {ATTEMPTS} was allowed"));
            }
        }
    }
    Ok(())
}

/// Each of them works again, as soon as the account enforces it.
async fn all_work_again(ground: &Ground) {
    for held in &ground.loot {
        let mut tries = 0;
        loop {
            let reply = ground.attacker.call(held, &Operation::ListBuckets).await;
            if reply.worked() {
                break;
            }
            tries += 1;
            assert!(tries < 100, "{} is still refused after undo: {reply:?}", held.label);
            ground.clock.sleep(Duration::from_millis(200)).await;
        }
    }
}

/// The user that the thief made holds nothing any more.
async fn no_backdoor(ground: &Ground) -> Result<(), String> {
    let user = PrincipalName::user(BACKDOOR);
    let state = photograph(ground.lookup.as_ref(), &user).await.expect("its state");
    if state.active_keys().next().is_some() {
        return Err(format!("the new user's key is active: {:?}", state.keys()));
    }
    if !state.has_policy(&ground.deny_policy_arn) {
        return Err(format!("the new user is not denied: {:?}", state.attached));
    }
    Ok(())
}
