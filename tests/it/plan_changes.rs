//! People change a plan before it is approved: whom it leaves out, whom it takes in, which way.

use crate::bureau::{APPROVER, ASKER, Bureau, SECOND_APPROVER, caller, is_contained, journal};
use crate::exposure::{LAWFUL, past};
use crate::ground::USER;
use crate::roles::{SHARED, Town, assume, does, minted, town};
use crate::simulated::{QUICK, ground, ground_with_past};
use crate::story::{self, address, refused, watched_in_vain};
use keyleak::domain::action::Change;
use keyleak::domain::approvers::short_of;
use keyleak::domain::button::{ButtonAction, PlanAddress};
use keyleak::domain::candidates::{Extent, candidates, meant};
use keyleak::domain::case::Case;
use keyleak::domain::event::Phase;
use keyleak::domain::ids::CaseId;
use keyleak::domain::plan::{Plan, PlanKind, PlanNumber};
use keyleak::domain::plan_state::PlanStatus;
use keyleak::domain::policy::Policy;
use keyleak::domain::principal::PrincipalName;
use keyleak::domain::remains::contained;
use keyleak::domain::report::{markdown, status_words};
use keyleak::domain::wanted::Wanted;
use keyleak::domain::way::Way;
use keyleak::flow::adjust;
use keyleak::flow::decide::{Pressed, press};
use keyleak::flow::spoken::{self, Speaker};
use keyleak::sim::attacker::Operation;
use std::time::Duration;

async fn say(bureau: &Bureau, case: &CaseId, (user, wanted): (&str, Wanted)) -> String {
    let speaker = Speaker { caller: caller(user), delivery: None };
    adjust::say(&bureau.desk.bench(), case, &speaker, &[wanted]).await.unwrap()
}

/// What a person hears who presses this.
async fn heard(bureau: &Bureau, user: &str, button: ButtonAction) -> String {
    let caller = caller(user);
    let pressed = Pressed { caller, button, place: None, delivery: None, reason: None };
    press(&bureau.desk.bench(), &pressed).await.unwrap().unwrap_or_default()
}

async fn waiting(bureau: &Bureau, case: &CaseId, number: u32) -> (PlanAddress, Plan) {
    let wanted = |case: &Case| {
        let state = case.pending_plan().filter(|state| state.plan.number.0 == number)?;
        Some((address(state), state.plan.clone()))
    };
    bureau.wait(case, "the plan", wanted).await
}

/// Asks for the scope until the trail tells of the principal, and it is listed.
async fn listed(bureau: &Bureau, case: &CaseId, (slug, beside): (&str, &str)) -> Case {
    for _ in 0..10 {
        let now = bureau.desk.ledger.load(case).await.unwrap();
        if meant(&candidates(&now), slug).is_some_and(|one| one.others.contains(beside)) {
            return now;
        }
        let phase = ButtonAction::Phase { case: case.clone(), phase: Phase::Scope };
        bureau.press(ASKER, phase).await;
        let asked = |now: &Case| now.presses(Phase::Scope).last().map(|press| press.seq);
        let answered = |now: &Case| asked(now).filter(|seq| now.is_answered(*seq));
        bureau.wait(case, "the scope is answered", answered).await;
        bureau.desk.clock.sleep(Duration::from_secs(60)).await;
    }
    let now = bureau.desk.ledger.load(case).await.unwrap();
    panic!("{slug} is not listed: {:?}\n{}", candidates(&now), journal(&now));
}

fn principals(plan: &Plan) -> Vec<&str> {
    let mut names: Vec<&str> = plan.steps.iter().map(|s| s.action.on.name.as_str()).collect();
    names.dedup();
    names
}

/// The control is `roles::the_actors_sessions_of_a_shared_role_end_and_a_colleagues_goes_on`: the
/// same town, where nobody says anything.
#[tokio::test(flavor = "multi_thread")]
async fn a_shared_role_that_is_left_out_goes_on_and_the_case_is_not_called_contained() {
    let Town { ground, office, colleague, .. } = town(61).await;
    let thief = ground.attacker.as_ref();
    let good = minted(&office, &colleague, &assume(SHARED, "release")).await;
    let evil = minted(thief, ground.key(), &assume(SHARED, "boto")).await;
    does(thief, &evil, &Operation::ListBuckets).await;

    let bureau = Bureau::open(&ground).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    let (first, before) = waiting(&bureau, &case, 1).await;
    let slug = format!("role/{SHARED}");
    let now = listed(&bureau, &case, (&slug, "release")).await;
    let all = candidates(&now);
    let role = meant(&all, &slug).unwrap();
    assert_eq!(role.now, Extent::AsProposed, "its sessions are covered by the approval");
    assert!(role.others.contains("release"), "who else uses it: {role:?}");

    let eve = say(&bureau, &case, ("U0EVE00009", Wanted::LeaveOut(slug.clone()))).await;
    assert!(eve.contains("not on the list"), "{eve}");
    let unknown = Wanted::LeaveOut("role/nobody".to_owned());
    assert!(say(&bureau, &case, (ASKER, unknown)).await.contains("lists nobody by that name"));
    let said = say(&bureau, &case, (ASKER, Wanted::LeaveOut(slug.clone()))).await;
    assert!(said.contains("you do not approve that one"), "{said}");
    let (second, after) = waiting(&bureau, &case, 2).await;
    assert_ne!(first.hash, second.hash);
    assert_eq!(before.steps.len(), after.steps.len(), "the rest is as it was");
    assert_eq!(after.adjusted.len(), 1, "{:?}", after.adjusted);
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    assert_eq!(now.plan(first.plan).unwrap().status(), PlanStatus::Voided);
    let old = heard(&bureau, APPROVER, ButtonAction::Approve(first)).await;
    assert!(old.contains("left role deploy out"), "{old}");

    bureau.press(APPROVER, ButtonAction::Approve(second)).await;
    let open = |case: &Case| {
        let state = case.standing_containment()?;
        state.open_ends.iter().find(|end| end.contains("left out by")).cloned()
    };
    let end = bureau.wait(&case, "the open end", open).await;
    assert!(end.contains(SHARED) && end.contains(ASKER), "{end}");
    let now = watched_in_vain(&bureau, &case, &ground).await;
    for held in &ground.loot {
        refused(thief, held).await.unwrap_or_else(|why| panic!("{why}\n{}", journal(&now)));
    }
    does(thief, &evil, &Operation::ListBuckets).await;
    does(&office, &good, &Operation::ListBuckets).await;
    assert!(is_contained(&now).is_none(), "a credential of the actor works\n{}", journal(&now));
    let steps = now.plans().flat_map(|state| state.all_steps());
    assert_eq!(steps.filter(|(_, step, _)| step.action.on.name == SHARED).count(), 0);
    for said in [status_words(&now), markdown(&now)] {
        assert!(said.contains(SHARED) && said.contains(ASKER), "{said}");
    }

    let back = say(&bureau, &case, (ASKER, Wanted::TakeIn(slug))).await;
    assert!(back.contains("is written down"), "{back}");
    bureau.wait(&case, "contained, once it is no longer left out", is_contained).await;
    refused(thief, &evil).await.unwrap();
    does(&office, &good, &Operation::ListBuckets).await;
    bureau.close().await;
}

/// The control is the first plan itself, and `exposure::what_the_owner_made…`.
#[tokio::test(flavor = "multi_thread")]
async fn an_older_user_that_is_taken_in_is_denied_and_who_said_so_does_not_approve_it() {
    let ground = ground_with_past(62, QUICK, past).await;
    let bureau = Bureau::open(&ground).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    let (_, before) = waiting(&bureau, &case, 1).await;
    assert_eq!(principals(&before), [USER]);
    let slug = format!("user/{LAWFUL}");
    let now = listed(&bureau, &case, (&slug, "")).await;
    let all = candidates(&now);
    assert_eq!(meant(&all, &slug).unwrap().now, Extent::Nothing, "it is older");

    say(&bureau, &case, (APPROVER, Wanted::TakeIn(slug))).await;
    let (second, after) = waiting(&bureau, &case, 2).await;
    assert!(principals(&after).contains(&LAWFUL), "{after:?}");
    let own = heard(&bureau, APPROVER, ButtonAction::Approve(second.clone())).await;
    assert!(own.contains("somebody else has to approve it"), "{own}");
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    let state = now.plan(second.plan).unwrap();
    assert!(Policy::default().shaped(&now, state, caller(APPROVER).person()));
    assert!(!Policy::default().shaped(&now, state, caller(SECOND_APPROVER).person()));
    bureau.press(SECOND_APPROVER, ButtonAction::Approve(second)).await;
    bureau.wait(&case, "contained", is_contained).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    assert!(contained(&now).contains(&PrincipalName::user(LAWFUL)), "{}", journal(&now));
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_alone_is_made_inactive_where_somebody_chose_that_and_the_deny_comes_later() {
    let ground = ground(63, QUICK).await;
    let thief = ground.attacker.as_ref();
    let bureau = Bureau::open(&ground).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    let (_, before) = waiting(&bureau, &case, 1).await;
    assert!(matches!(before.steps[0].action.change, Change::Deny { .. }), "the default");
    let no = say(&bureau, &case, (ASKER, Wanted::Choose(Way::OneSession))).await;
    assert!(no.contains("it can be key, key-and-sessions, deny"), "{no}");
    assert!(say(&bureau, &case, (ASKER, Wanted::Choose(Way::DenyAll))).await.contains("already"));

    say(&bureau, &case, (ASKER, Wanted::Choose(Way::KeyAlone))).await;
    let (second, after) = waiting(&bureau, &case, 2).await;
    let [step] = after.steps.as_slice() else { panic!("one step: {after:?}") };
    assert!(matches!(step.action.change, Change::DeactivateKey { .. }), "{step:?}");
    assert!(step.blast_radius.iter().any(|hit| hit.contains("up to 36 hours")), "{step:?}");
    bureau.press(APPROVER, ButtonAction::Approve(second)).await;
    let done = |case: &Case| {
        case.plan(PlanNumber(2)).filter(|s| s.status() == PlanStatus::Done).map(|_| ())
    };
    bureau.wait(&case, "the key is inactive", done).await;
    ground.clock.sleep(Duration::from_secs(10)).await;
    refused(thief, ground.key()).await.unwrap();
    does(thief, &ground.loot[1], &Operation::ListBuckets).await;

    // What the approval covers is being carried out meanwhile, and then nothing is changed.
    let mut said = String::new();
    for _ in 0..60 {
        said = say(&bureau, &case, (ASKER, Wanted::Choose(Way::DenyAll))).await;
        if !said.contains("under way") {
            break;
        }
        ground.clock.sleep(Duration::from_secs(5)).await;
    }
    assert!(said.contains("is written down"), "{said}");
    let denies = |case: &Case| {
        let state = case.pending_plan().filter(|state| state.plan.kind == PlanKind::FollowUp)?;
        let deny = |change: &Change| matches!(change, Change::Deny { .. });
        let of_user = state
            .plan
            .steps
            .iter()
            .any(|step| step.action.on.name == USER && deny(&step.action.change));
        of_user.then(|| address(state))
    };
    let harder = bureau.wait(&case, "a follow-up that denies", denies).await;
    bureau.press(APPROVER, ButtonAction::Approve(harder)).await;
    bureau.wait(&case, "contained", is_contained).await;
    story::all_refused(&ground).await.unwrap();
    bureau.close().await;
}

/// The control is in the same case: while somebody is left, nothing of it is said.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_leaves_nobody_to_approve_hears_so_at_once_and_the_plan_says_so() {
    let ground = ground(68, QUICK).await;
    let bureau = Bureau::open(&ground).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    let short = async |number| {
        waiting(&bureau, &case, number).await;
        let now = bureau.desk.ledger.load(&case).await.unwrap();
        short_of(&bureau.desk.rules.policy, &now, now.pending_plan().unwrap())
    };
    assert_eq!(short(1).await, None);
    let first = Speaker { caller: caller(SECOND_APPROVER), delivery: None };
    let since = Some(ground.since - Duration::from_secs(60));
    spoken::correct_exposure(&bureau.desk.bench(), &case, &first, since).await.unwrap();
    assert_eq!(short(2).await, None, "one of two approvers is left");
    let said = say(&bureau, &case, (APPROVER, Wanted::Choose(Way::KeyAndSessions))).await;
    let why = "1 approval still needed, and nobody of people.approvers is left who may give one";
    assert!(said.contains(why) && said.contains("List 1 more in people.approvers"), "{said}");
    let told = short(3).await.unwrap();
    assert!(told.contains(why) && told.contains("/keyleak break-glass 3 reason"), "{told}");
    bureau.close().await;
}
