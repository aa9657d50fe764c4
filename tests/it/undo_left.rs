//! What an undo says beside its steps: what the actor made, what is gone, AWS's quarantine.

use crate::bureau::{APPROVER, ASKER, Bureau, caller, honest, is_contained, journal};
use crate::ground::{BACKDOOR, Ground, USER};
use crate::roles::{Town, does, town};
use crate::simulated::{self, QUICK, ground};
use crate::story::{self, refused};
use async_trait::async_trait;
use keyleak::domain::action::{Action, Change};
use keyleak::domain::button::ButtonAction;
use keyleak::domain::case::Case;
use keyleak::domain::differences::differences;
use keyleak::domain::event::Event;
use keyleak::domain::ids::CaseId;
use keyleak::domain::lifting::liftable;
use keyleak::domain::plan::{Plan, PlanKind, StepAddress};
use keyleak::domain::plan_state::PlanStatus;
use keyleak::domain::principal::PrincipalName;
use keyleak::domain::report::{waiting, whole_plan};
use keyleak::domain::snapshot::Photograph;
use keyleak::flow::lift;
use keyleak::flow::photograph::photograph;
use keyleak::flow::spoken::Speaker;
use keyleak::ports::cloud::{Applied, CallClass, CallError, Contain};
use keyleak::ports::ticket::Ticket;
use keyleak::sim::attacker::Operation;
use keyleak::sim::cloud::managed::QUARANTINE;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

async fn contained(bureau: &Bureau, ground: &Ground) -> CaseId {
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    story::approve(bureau, &case, PlanKind::Containment).await;
    bureau.wait(&case, "contained", is_contained).await;
    case
}

async fn of(ground: &Ground, user: &str) -> Photograph {
    photograph(ground.lookup.as_ref(), &PrincipalName::user(user)).await.unwrap()
}

/// The steps in force on this user.
async fn steps_on(bureau: &Bureau, case: &CaseId, user: &str) -> Vec<(StepAddress, Action)> {
    let now = bureau.desk.ledger.load(case).await.unwrap();
    let own = liftable(&now).into_iter().filter(|(_, step)| step.action.on.name == user);
    own.map(|(at, step)| (at, step.action.clone())).collect()
}

/// Asks for the undo of these steps, or of everything.
async fn ask(bureau: &Bureau, case: &CaseId, steps: &[StepAddress]) {
    if steps.is_empty() {
        return story::ask_for_undo(bureau, case).await;
    }
    let speaker = Speaker { caller: caller(ASKER), delivery: None };
    let said = lift::say(&bureau.desk.bench(), case, &speaker, steps).await.unwrap();
    assert!(said.contains("is being prepared"), "{said}");
}

/// The same, carried out and read back, with nothing found amiss.
async fn undone(bureau: &Bureau, case: &CaseId, steps: &[StepAddress]) -> Plan {
    ask(bureau, case, steps).await;
    let undo = story::approve(bureau, case, PlanKind::Undo).await;
    let held = |case: &Case| {
        let state = case.plan(undo.plan)?;
        let over = state.status() == PlanStatus::Done && state.held_at.is_some();
        over.then(|| state.plan.clone())
    };
    bureau.wait(case, "undone, and read back", held).await
}

fn sentences(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(|step| step.action.sentence()).collect()
}

/// Whatever a reading back found changed.
fn drifts(case: &Case) -> Vec<String> {
    let found = case.records().iter().filter_map(|record| {
        let Event::ReadBack { drifts, .. } = &record.event else { return None };
        Some(drifts.iter().map(|drift| drift.what.clone()))
    });
    found.flatten().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_quarantine_that_aws_attaches_holds_up_no_undo_and_stays() {
    let Town { ground, office, colleague, .. } = town(101).await;
    let before = of(&ground, USER).await;
    let bureau = Bureau::open(&ground).await;
    let case = contained(&bureau, &ground).await;
    let (to, policy_arn) = (PrincipalName::user(USER), QUARANTINE.to_owned());
    does(&office, &colleague, &Operation::AttachPolicy { to, policy_arn }).await;
    let own = steps_on(&bureau, &case, USER).await;
    let is_key = |change: &Change| matches!(change, Change::DeactivateKey { .. });
    let key = own.iter().find(|(_, action)| is_key(&action.change)).unwrap().0;
    for steps in [&[key][..], &[]] {
        let undo = undone(&bureau, &case, steps).await;
        let told = "AWSCompromisedKeyQuarantineV3 stays on user ci-deploy: AWS put it there";
        assert!(undo.notes.iter().any(|note| note.starts_with(told)), "{:?}", undo.notes);
    }
    let after = of(&ground, USER).await;
    assert!(after.has_policy(QUARANTINE) && !before.has_policy(QUARANTINE), "{after:?}");
    assert_eq!(differences(&before, &after), [""; 0]);
    bureau.close().await;
}

/// Lacks the right to lift the deny of the key's user, for as long as people say.
struct Lacks {
    inner: Arc<dyn Contain>,
    lacks: Arc<AtomicBool>,
}

#[async_trait]
impl Contain for Lacks {
    async fn apply(&self, ticket: &Ticket) -> Result<Applied, CallError> {
        let action = ticket.action();
        let is_it = matches!(action.change, Change::LiftDeny { .. }) && action.on.name == USER;
        if is_it && self.lacks.load(Ordering::SeqCst) {
            return Err(CallError::new(CallClass::Denied, "iam:DetachUserPolicy", "not allowed"));
        }
        self.inner.apply(ticket).await
    }

    fn role(&self) -> Option<String> {
        self.inner.role()
    }

    fn eradicate_role(&self) -> Option<String> {
        self.inner.eradicate_role()
    }

    fn recover_role(&self) -> Option<String> {
        self.inner.recover_role()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_that_failed_half_way_is_no_attack_and_the_next_goes_on_with_what_is_left() {
    let ground = ground(102, QUICK).await;
    let before = of(&ground, USER).await;
    let lacks = Arc::new(AtomicBool::new(true));
    let rights = {
        let lacks = Arc::clone(&lacks);
        move |inner| Arc::new(Lacks { inner, lacks }) as Arc<_>
    };
    let bureau = Bureau::open_with(&ground, rights, honest).await;
    let case = contained(&bureau, &ground).await;
    ask(&bureau, &case, &[]).await;
    let undo = story::approve(&bureau, &case, PlanKind::Undo).await;
    let partly = |case: &Case| {
        let state = case.plan(undo.plan)?;
        (state.status() == PlanStatus::Partly && state.held_at.is_some()).then_some(())
    };
    bureau.wait(&case, "only partly done, and read back", partly).await;
    let now = story::watched_in_vain(&bureau, &case, &ground).await;
    assert_eq!(drifts(&now), [""; 0], "{}", journal(&now));
    assert!(now.pending_plan().is_none(), "nobody is asked to put it back\n{}", journal(&now));
    let waits = waiting(&now).join("\n");
    assert!(waits.contains("press Undo again for the rest"), "{waits}");
    assert_eq!(of(&ground, USER).await.active_keys().count(), 1, "the control: half is undone");
    let [(_, left)] = &steps_on(&bureau, &case, USER).await[..] else { panic!("one is left") };
    assert!(matches!(left.change, Change::Deny { .. }), "{left:?}");

    lacks.store(false, Ordering::SeqCst);
    let rest = undone(&bureau, &case, &[]).await;
    assert_eq!(sentences(&rest), ["Lift the deny from user ci-deploy"]);
    assert_eq!(differences(&before, &of(&ground, USER).await), [""; 0]);
    bureau.checked_chain(&case).await;
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_decides_is_told_first_of_what_the_actor_made_and_can_leave_it_contained() {
    let Town { ground, .. } = town(103).await;
    let before = of(&ground, USER).await;
    let bureau = Bureau::open(&ground).await;
    let case = contained(&bureau, &ground).await;
    let left = of(&ground, BACKDOOR).await;
    ask(&bureau, &case, &[]).await;
    let asked =
        |case: &Case| case.pending_plan().map(|state| (story::address(state), state.plan.clone()));
    let (at, whole) = bureau.wait(&case, "the undo of everything", asked).await;
    let note = "GIVES THE ACTOR BACK WHAT IT MADE: user support-tools; deny this and undo single \
                steps to keep that contained";
    assert_eq!(whole.notes, [note]);
    let warned = "THE ACTOR MADE THIS USER AND HOLDS ITS KEY".to_owned();
    let (actors, others): (Vec<_>, Vec<_>) =
        whole.steps.iter().partition(|step| step.action.on.name == BACKDOOR);
    assert!(!actors.is_empty() && !others.is_empty(), "{:?}", sentences(&whole));
    assert!(actors.iter().all(|step| step.blast_radius.contains(&warned)), "{actors:?}");
    assert!(!others.iter().any(|step| step.blast_radius.contains(&warned)), "{others:?}");
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    let text = whole_plan(&now, now.plan(whole.number).unwrap());
    assert!(text.contains(note), "{text}");
    bureau.press(APPROVER, ButtonAction::Deny(at)).await;

    let own: Vec<_> = steps_on(&bureau, &case, USER).await.into_iter().map(|s| s.0).collect();
    let undo = undone(&bureau, &case, &own).await;
    assert_eq!(undo.notes, [""; 0], "nothing of the actor's is given back");
    let now = story::watched_in_vain(&bureau, &case, &ground).await;
    assert_eq!(differences(&before, &of(&ground, USER).await), [""; 0], "the control: it is back");
    assert_eq!(differences(&left, &of(&ground, BACKDOOR).await), [""; 0]);
    refused(ground.attacker.as_ref(), &ground.backdoor).await.expect("it stays denied");
    assert!(now.pending_plan().is_none(), "nobody is asked about what came back");
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_that_people_deleted_holds_up_no_undo_of_the_others() {
    let (ground, cloud) = simulated::town(104, |_, user| user).await;
    let before = of(&ground, USER).await;
    let bureau = Bureau::open(&ground).await;
    let case = contained(&bureau, &ground).await;
    let own = steps_on(&bureau, &case, BACKDOOR).await;
    let deny = own.into_iter().find_map(|(_, action)| {
        let Change::Deny { policy_arn, inline_name } = action.change else { return None };
        Some((action.on, policy_arn, inline_name))
    });
    let (on, policy_arn, inline_name) = deny.unwrap();
    let delete = Action { on, change: Change::Delete { policy_arn, inline_name } };
    cloud.carry_out(("somebody", "by hand"), &delete, ground.clock.now()).await.unwrap();
    let undo = undone(&bureau, &case, &[]).await;
    assert!(undo.steps.iter().all(|step| step.action.on.name == USER), "{:?}", sentences(&undo));
    assert_eq!(undo.notes, ["gone by now, so left out: user support-tools"]);
    assert_eq!(differences(&before, &of(&ground, USER).await), [""; 0]);
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    assert!(now.standing_containment().is_none(), "nothing is left in force");
    bureau.close().await;
}
