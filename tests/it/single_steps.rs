//! Containment is lifted step by step: exactly what was chosen comes back, and the rest holds.

use crate::bureau::{ASKER, Bureau, caller, is_contained, journal};
use crate::exposure::{LAWFUL, past};
use crate::ground::{Ground, USER};
use crate::roles::{Town, does, town};
use crate::simulated::{QUICK, ground, ground_with_past};
use crate::story::{self, refused};
use keyleak::domain::action::Change;
use keyleak::domain::case::Case;
use keyleak::domain::differences::differences;
use keyleak::domain::ids::CaseId;
use keyleak::domain::lifting::liftable;
use keyleak::domain::plan::{PlanKind, StepAddress};
use keyleak::domain::plan_state::PlanStatus;
use keyleak::domain::principal::PrincipalName;
use keyleak::domain::report::status_words;
use keyleak::domain::snapshot::Photograph;
use keyleak::domain::wanted::Wanted;
use keyleak::domain::way::Way;
use keyleak::flow::photograph::photograph;
use keyleak::flow::spoken::Speaker;
use keyleak::flow::{adjust, lift};
use keyleak::sim::attacker::Operation;
use std::time::Duration;

async fn contained(ground: &Ground) -> (Bureau, CaseId) {
    let bureau = Bureau::open(ground).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    story::approve(&bureau, &case, PlanKind::Containment).await;
    bureau.wait(&case, "contained", is_contained).await;
    (bureau, case)
}

async fn of_user(ground: &Ground) -> Photograph {
    photograph(ground.lookup.as_ref(), &PrincipalName::user(USER)).await.unwrap()
}

/// The step on the user whose key leaked that does this.
async fn step(bureau: &Bureau, case: &CaseId, is_it: fn(&Change) -> bool) -> StepAddress {
    let now = bureau.desk.ledger.load(case).await.unwrap();
    let steps = liftable(&now);
    let mut own = steps.iter().filter(|(_, step)| step.action.on.name == USER);
    own.find(|(_, step)| is_it(&step.action.change)).unwrap().0
}

async fn say(bureau: &Bureau, case: &CaseId, steps: &[StepAddress]) -> String {
    let speaker = Speaker { caller: caller(ASKER), delivery: None };
    lift::say(&bureau.desk.bench(), case, &speaker, steps).await.unwrap()
}

/// Takes these steps back; the case afterwards, and whom the undo said it hits.
async fn taken_back(bureau: &Bureau, case: &CaseId, steps: &[StepAddress]) -> (Case, String) {
    let said = say(bureau, case, steps).await;
    assert!(said.contains("is being prepared"), "{said}");
    let undo = story::approve(bureau, case, PlanKind::Undo).await;
    let done = |case: &Case| {
        let state = case.plan(undo.plan)?;
        (state.status() == PlanStatus::Done && state.held_at.is_some()).then_some(())
    };
    bureau.wait(case, "taken back, and read back", done).await;
    let now = bureau.desk.ledger.load(case).await.unwrap();
    let plan = &now.plan(undo.plan).unwrap().plan;
    let hits = plan.steps.iter().flat_map(|step| step.blast_radius.clone());
    let hits = hits.collect::<Vec<_>>().join("; ");
    (now, hits)
}

fn is_deny(change: &Change) -> bool {
    matches!(change, Change::Deny { .. })
}

fn is_key(change: &Change) -> bool {
    matches!(change, Change::DeactivateKey { .. })
}

/// The control is `story::contained_and_undone`, where all of it comes back at once.
#[tokio::test(flavor = "multi_thread")]
async fn one_step_gives_back_exactly_what_it_took_and_a_later_undo_the_rest() {
    let ground = ground(64, QUICK).await;
    let before = of_user(&ground).await;
    let (bureau, case) = contained(&ground).await;
    let left = of_user(&ground).await;
    let key = step(&bureau, &case, is_key).await;
    let nowhere = StepAddress { step: 77, ..key };
    assert!(say(&bureau, &case, &[nowhere]).await.contains("is not in force"));

    let (now, hits) = taken_back(&bureau, &case, &[key]).await;
    assert!(hits.contains("replace it instead"), "the leaked key is warned of: {hits}");
    let after = of_user(&ground).await;
    let gained = differences(&left, &after);
    assert_eq!(gained.len(), 1, "the key and nothing else: {gained:?}\n{}", journal(&now));
    assert!(gained[0].contains("active"), "{gained:?}");
    refused(ground.attacker.as_ref(), ground.key()).await.expect("the deny holds");
    let said = status_words(&now);
    assert!(said.contains("TAKEN BACK") && said.contains("contained as of"), "{said}");
    assert!(now.standing_containment().is_some(), "the rest is still watched");

    story::ask_for_undo(&bureau, &case).await;
    story::approve(&bureau, &case, PlanKind::Undo).await;
    let over = |case: &Case| case.standing_containment().is_none().then_some(());
    bureau.wait(&case, "nothing stands any more", over).await;
    assert_eq!(differences(&before, &of_user(&ground).await), [""; 0]);
    bureau.checked_chain(&case).await;
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_deny_alone_wakes_sessions_and_says_so_while_the_key_stays_inactive() {
    let ground = ground(65, QUICK).await;
    let thief = ground.attacker.as_ref();
    let (bureau, case) = contained(&ground).await;
    let deny = step(&bureau, &case, is_deny).await;
    let (now, hits) = taken_back(&bureau, &case, &[deny]).await;
    assert!(hits.contains("may live until"), "sessions are warned of: {hits}");
    ground.clock.sleep(Duration::from_secs(10)).await;
    refused(thief, ground.key()).await.expect("the key is inactive");
    refused(thief, &ground.backdoor).await.expect("what the actor made is denied");
    let session = thief.call(&ground.loot[1], &Operation::ListBuckets).await;
    assert!(session.worked(), "its sessions live on: {session:?}\n{}", journal(&now));
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_step_is_not_taken_back_from_a_user_that_somebody_changed() {
    let Town { ground, office, colleague, .. } = town(66).await;
    let (bureau, case) = contained(&ground).await;
    let deny = step(&bureau, &case, is_deny).await;
    let put = Operation::PutPolicy {
        on: PrincipalName::user(USER),
        name: "colleague".to_owned(),
        document: "{\"Version\":\"2012-10-17\",\"Statement\":[]}".to_owned(),
    };
    does(&office, &colleague, &put).await;
    say(&bureau, &case, &[deny]).await;
    let refused = |case: &Case| case.not_proposed().map(|(_, why)| why.to_owned());
    let why = bureau.wait(&case, "the refusal", refused).await;
    assert!(why.contains("no longer as the plan left it") && why.contains("colleague"), "{why}");
    bureau.close().await;
}

/// The control is in the same case: the deny, which nobody took back, is proposed again.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_back_is_not_proposed_again_when_somebody_takes_off_the_rest() {
    let Town { ground, office, colleague, .. } = town(67).await;
    let (bureau, case) = contained(&ground).await;
    let key = step(&bureau, &case, is_key).await;
    taken_back(&bureau, &case, &[key]).await;
    let policy_arn = ground.deny_policy_arn.clone();
    let off = Operation::DetachPolicy { from: PrincipalName::user(USER), policy_arn };
    does(&office, &colleague, &off).await;
    let again = |case: &Case| {
        let state = case.pending_plan().filter(|state| state.plan.kind == PlanKind::FollowUp)?;
        let steps = state.plan.steps.iter().map(|step| &step.action);
        let own = steps.filter(|action| action.on.name == USER).map(|one| one.change.clone());
        Some(own.collect::<Vec<_>>())
    };
    let steps = bureau.wait(&case, "the deny is proposed again", again).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    assert!(steps.iter().any(is_deny), "{steps:?}\n{}", journal(&now));
    assert!(!steps.iter().any(is_key), "people gave the key back: {steps:?}");
    bureau.close().await;
}

/// Changes the plans, as soon as nothing is under way, and whom the next plan touches and how.
async fn next_plan(bureau: &Bureau, case: &CaseId, wanted: Wanted) -> Vec<(String, bool)> {
    let speaker = Speaker { caller: caller(ASKER), delivery: None };
    let mut said = String::new();
    for _ in 0..60 {
        let bench = bureau.desk.bench();
        said = adjust::say(&bench, case, &speaker, std::slice::from_ref(&wanted)).await.unwrap();
        if !said.contains("under way") {
            break;
        }
        bureau.desk.clock.sleep(Duration::from_secs(5)).await;
    }
    assert!(said.contains("is written down"), "{said}");
    let proposed = |case: &Case| {
        let state = case.pending_plan().filter(|state| state.plan.kind == PlanKind::FollowUp)?;
        let steps = state.plan.steps.iter().map(|step| &step.action);
        Some(steps.map(|one| (one.on.name.clone(), is_deny(&one.change))).collect())
    };
    bureau.wait(case, "the next plan", proposed).await
}

/// The control is in the same case: the deny comes back as soon as somebody asks for it.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_back_does_not_come_back_with_a_user_that_is_taken_in() {
    let ground = ground_with_past(86, QUICK, past).await;
    let (bureau, case) = contained(&ground).await;
    let deny = step(&bureau, &case, is_deny).await;
    taken_back(&bureau, &case, &[deny]).await;
    let steps = next_plan(&bureau, &case, Wanted::TakeIn(format!("user/{LAWFUL}"))).await;
    assert!(steps.contains(&(LAWFUL.to_owned(), true)), "{steps:?}");
    assert!(steps.iter().all(|(name, _)| name != USER), "nobody asked for it: {steps:?}");

    let steps = next_plan(&bureau, &case, Wanted::Choose(Way::KeyAndSessions)).await;
    let own = |steps: &[(String, bool)]| steps.iter().any(|(name, deny)| name == USER && *deny);
    assert!(!own(&steps), "{steps:?}");
    let steps = next_plan(&bureau, &case, Wanted::Choose(Way::DenyAll)).await;
    assert!(own(&steps) && steps.contains(&(LAWFUL.to_owned(), true)), "{steps:?}");
    bureau.close().await;
}
