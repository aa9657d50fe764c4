//! One-time codes in Slack: what counts, what does not, and that no code or secret is kept.

use crate::bureau::caller_of;
use crate::caps::{fill, held_up};
use crate::chat_traps::house::House;
use crate::council::{ANA, BOB, CYN, Council, TEAM, plan};
use jiff::SignedDuration;
use keyleak::domain::button::{ButtonAction, PlanAddress};
use keyleak::domain::case::Case;
use keyleak::domain::event::Event;
use keyleak::domain::one_time_code::{CodeSecret, OneTimeCodes, WRONG_MAX};
use keyleak::domain::plan::PlanNumber;
use keyleak::domain::policy::Policy;
use keyleak::domain::record::Actor;
use keyleak::domain::tier::Tier;
use keyleak::drill::people::APPROVER;
use keyleak::drill::players::wait;
use keyleak::flow::decide::Pressed;
use keyleak::flow::step_up::{self, Booth};
use keyleak::ports::clock::Clock;
use keyleak::store::sqlite::Sqlite;
use serde_json::json;

const LONG: SignedDuration = SignedDuration::from_mins(15);

fn secret(of: &str) -> CodeSecret {
    CodeSecret::new(format!("{of}-{of}-secret").as_bytes()).unwrap()
}

/// Bob and cyn have a code, and approving anything takes one; dan approves too and has none.
const DAN: &str = "U0DAN00004";

fn codes() -> OneTimeCodes {
    OneTimeCodes::of([BOB, CYN].map(|user| (user.to_owned(), secret(user))).into())
}

async fn council() -> Council {
    let mut policy =
        Policy { approvers: [BOB, CYN, DAN].map(str::to_owned).into(), ..Policy::default() };
    policy.step_up.tiers = [Tier::Contain].into();
    policy.step_up.enrolled = codes().enrolled();
    let dan = keyleak::sim::slack::people::Person::member(DAN, "dan", "Dan");
    Council::sit(policy, vec![dan], LONG).await
}

/// The code that this person's app shows, so many seconds from now.
fn code(of: &str, seconds: i64) -> String {
    secret(of).code(Clock::real().now() + SignedDuration::from_secs(seconds))
}

async fn give(
    council: &Council,
    books: &Sqlite,
    (who, at, code): (&str, &PlanAddress, &str),
) -> Option<String> {
    let codes = codes();
    let booth = Booth { bench: council.bench(), books, codes: &codes };
    let button = ButtonAction::Approve(at.clone());
    let caller = caller_of(TEAM, who);
    let pressed = Pressed { caller, button, place: None, delivery: None, reason: None };
    step_up::approve(&booth, pressed, (at, code)).await.unwrap()
}

async fn told(council: &Council, given: (&str, &PlanAddress, &str)) -> String {
    give(council, &council.store, given).await.unwrap_or_else(|| "approved".to_owned())
}

fn approvals(case: &Case) -> usize {
    case.plan(PlanNumber(1)).unwrap().approvals.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_code_approves_and_the_journal_says_how_and_holds_no_code() {
    let council = council().await;
    let (case, at) = council.case("kl-right", plan(council.clock.now())).await;
    let bare = council.press(BOB, ButtonAction::Approve(at.clone())).await.unwrap();
    assert!(bare.contains("this needs a one-time code"), "the control: {bare}");
    let right = code(BOB, 0);
    assert_eq!(told(&council, (BOB, &at, &right)).await, "approved");
    let now = council.load(case.id()).await;
    assert_eq!(approvals(&now), 1);
    let approved = now.records().iter().find(|r| matches!(r.event, Event::Approved { .. }));
    let approved = approved.unwrap();
    let Actor::Proven { code_step, vouched, .. } = &approved.actor else {
        panic!("it is written down that they proved who they are: {:?}", approved.actor);
    };
    assert!(council.clock.now().as_second() / 30 - i64::try_from(*code_step).unwrap() <= 2);
    assert!(vouched.is_some(), "and what Slack said of them");
    assert_eq!(approved.proof().as_deref(), Some("proven by a one-time code"));
    let kept = serde_json::to_string(&now.records().iter().map(|r| &**r).collect::<Vec<_>>());
    let kept = kept.unwrap();
    assert!(!kept.contains(&right) && !kept.contains(&secret(BOB).base32()), "{kept}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_an_old_and_somebody_elses_code_are_told_written_down_and_approve_nothing() {
    let council = council().await;
    let (case, at) = council.case("kl-wrong", plan(council.clock.now())).await;
    let wrong = if code(BOB, 0) == "123456" { "654321" } else { "123456" };
    for (given, left) in [(wrong.to_owned(), 4), (code(BOB, -90), 3), (code(CYN, 0), 2)] {
        let said = told(&council, (BOB, &at, &given)).await;
        assert!(
            said.contains(&format!("not your code of now; after {left} more")),
            "{given}: {said}"
        );
    }
    let now = council.load(case.id()).await;
    assert_eq!(approvals(&now), 0);
    let refused = now.records().iter().filter(|r| matches!(r.event, Event::Refused { .. }));
    assert_eq!(refused.count(), 3);
    assert_eq!(told(&council, (BOB, &at, &code(BOB, -30))).await, "approved", "one step late");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_counts_once_in_all_cases_also_after_a_restart() {
    let council = council().await;
    let (_, first) = council.case("kl-once", plan(council.clock.now())).await;
    let (other, second) = council.case("kl-twice", plan(council.clock.now())).await;
    let right = code(BOB, 0);
    assert_eq!(told(&council, (BOB, &first, &right)).await, "approved");
    let restarted = Sqlite::open(&council.file()).unwrap();
    let said = give(&council, &restarted, (BOB, &second, &right)).await.unwrap();
    assert!(said.contains("was used already"), "{said}");
    assert_eq!(approvals(&council.load(other.id()).await), 0);
    let next = code(BOB, 30);
    assert_eq!(give(&council, &restarted, (BOB, &second, &next)).await, None, "the control");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_replicas_that_are_given_one_code_at_once_one_takes_it() {
    let council = council().await;
    let (one, first) = council.case("kl-here", plan(council.clock.now())).await;
    let (two, second) = council.case("kl-there", plan(council.clock.now())).await;
    let elsewhere = Sqlite::open(&council.file()).unwrap();
    let right = code(CYN, 0);
    let (here, there) = tokio::join!(
        give(&council, &council.store, (CYN, &first, &right)),
        give(&council, &elsewhere, (CYN, &second, &right)),
    );
    assert_eq!(
        [&here, &there].iter().filter(|said| said.is_none()).count(),
        1,
        "{here:?} {there:?}"
    );
    let counted =
        approvals(&council.load(one.id()).await) + approvals(&council.load(two.id()).await);
    assert_eq!(counted, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_guesses_is_stopped_over_all_replicas_and_nobody_else_is() {
    let council = council().await;
    let (case, at) = council.case("kl-guess", plan(council.clock.now())).await;
    let elsewhere = Sqlite::open(&council.file()).unwrap();
    let guesses = (0..40).map(|guess| format!("{:06}", 900_000 + guess)).collect::<Vec<_>>();
    let stores = [council.store.as_ref(), &elsewhere];
    let tries = guesses
        .iter()
        .enumerate()
        .map(|(at_once, guess)| give(&council, stores[at_once % 2], (BOB, &at, guess.as_str())));
    let said: Vec<_> = futures_util::future::join_all(tries).await;
    let judged = said.iter().flatten().filter(|said| said.contains("not your code of now")).count();
    assert!(judged <= WRONG_MAX, "{judged} guesses were judged");
    let right = told(&council, (BOB, &at, &code(BOB, 0))).await;
    assert!(right.contains("too many wrong codes"), "not even the right one: {right}");
    assert_eq!(approvals(&council.load(case.id()).await), 0);
    assert_eq!(told(&council, (CYN, &at, &code(CYN, 0))).await, "approved", "the control");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_no_code_or_may_not_approve_is_told_so_and_spends_none() {
    let council = council().await;
    let (_, at) = council.case("kl-none", plan(council.clock.now())).await;
    for said in [
        council.press(DAN, ButtonAction::Approve(at.clone())).await.unwrap(),
        told(&council, (DAN, &at, "123456")).await,
    ] {
        assert!(said.contains(&format!("`keyleak one-time-code {DAN}`")), "{said}");
    }
    for _ in 0..2 * WRONG_MAX {
        let said = told(&council, (ANA, &at, "123456")).await;
        assert!(said.contains("you are not an approver"), "{said}");
    }
    let stale = PlanAddress { hash: "0".repeat(64), ..at.clone() };
    assert!(told(&council, (BOB, &stale, "123456")).await.contains("this card is old"));
    assert_eq!(told(&council, (BOB, &at, &code(BOB, 0))).await, "approved");
}

/// What a cap holds up goes on by a code in Slack, and not by a press.
#[tokio::test(flavor = "multi_thread")]
async fn above_a_cap_an_approver_goes_on_with_a_code_in_the_form() {
    let enrolled = OneTimeCodes::of([(APPROVER.to_owned(), secret(APPROVER))].into());
    let house = House::at_ease(&|desk| {
        desk.rules.policy.step_up.enrolled = enrolled.enrolled();
        desk.rules.codes = enrolled.clone();
    })
    .await;
    let world = &house.world;
    let id = house.planned().await;
    fill(world, SignedDuration::ZERO).await;
    house.approve(&id).await;
    house.until(&id, "the cap", held_up).await;
    let shown = async |wanted: bool| {
        let card = house.plan_card(&house.load(&id).await, 1);
        Ok((card.contains("Go on with a code") == wanted).then_some(()))
    };
    wait("the button", async || shown(true).await).await.unwrap();
    house.press(&id, APPROVER, "plan.approve").await;
    let form = wait("the form", async || Ok(world.slack.views_open(APPROVER).pop())).await.unwrap();
    let drawn = form.object.to_string();
    let hash = house.load(&id).await.plan(PlanNumber(1)).unwrap().hash.clone();
    assert!(drawn.contains(&hash) && drawn.contains("Deny everything"), "{drawn}");
    let send = async |code: &str| {
        let values = json!({ "plan.code.code": code });
        world.slack.submit_view(APPROVER, &values).await.unwrap().body
    };
    let wrong = send("000000").await;
    assert!(wrong.contains("errors") && wrong.contains("not your code of now"), "{wrong}");
    assert!(held_up(&house.load(&id).await), "the control");
    let right = secret(APPROVER).code(world.clock.now());
    let sent = send(&right).await;
    assert!(sent.contains("clear"), "{sent}");
    let contained = |case: &Case| case.standing_plans().any(|state| state.contained.is_some());
    let after = house.until(&id, "\"contained\"", contained).await;
    let state = after.standing_plans().next().unwrap();
    assert_eq!(state.approvals.len(), 1, "who approved and then proved it is one person");
    wait("the button gone", async || shown(false).await).await.unwrap();
    let channel = after.room().channel.clone().unwrap().0;
    let heard = async || {
        let said: String = world.slack.messages(&channel).iter().map(ToString::to_string).collect();
        Ok(said.contains("proven by a one-time code").then_some(said))
    };
    let said = wait("the channel hearing how", heard).await.unwrap();
    assert!(!said.contains(&right), "and no code");
    assert_eq!(world.slack.violations(), Vec::<String>::new());
    house.strike().await;
}
