//! The three seconds that Slack gives, deliveries that come twice, and messages that must not.

use crate::acknowledge::Rehearsal;
use crate::chat_traps::house::{ACKNOWLEDGED_IN, FOR_EVER, House, channel, is, posted, told};
use crate::people::heard;
use crate::slack_away::{keys, told_all, wrong};
use keyleak::domain::announce::beside::details_key;
use keyleak::domain::announce::plan_key;
use keyleak::domain::event::Event;
use keyleak::domain::plan::PlanNumber;
use keyleak::domain::plan_state::PlanStatus;
use keyleak::drill::people::{APPROVER, REPORTER};
use keyleak::drill::players::{open, until, wait};
use keyleak::sim::slack::acts::Press;
use keyleak::sim::slack::faults::{EVERY_METHOD, Fault};
use std::collections::BTreeSet;

fn summaries(case: &keyleak::domain::case::Case) -> usize {
    told(case, |event| matches!(event, Event::SummaryAsked))
}

/// Work before the acknowledgement ended commands in a time-out.
#[tokio::test(flavor = "multi_thread")]
async fn dispatch_2848_a_command_is_answered_before_anything_is_called() {
    let house = House::open().await;
    let world = &house.world;
    let case = house.planned().await;
    let place = channel(&house.load(&case).await);
    world.slack.delay(EVERY_METHOD, FOR_EVER);
    world.cloud.slow_down(None, FOR_EVER);
    let key = world.leaked.access_key_id.as_str();
    for words in ["", "help", "list", "status", "summary", "ask", "impact", key] {
        let answer = world.slack.slash(REPORTER, &place, "/keyleak", words).await.unwrap();
        assert!(answer.accepted() && answer.elapsed < ACKNOWLEDGED_IN, "{words}: {answer:?}");
        assert!(words.is_empty() || !answer.body.is_empty(), "{words} is answered");
    }
    for (who, button) in [(REPORTER, "phase.scope"), (APPROVER, "plan.approve")] {
        let pressed = house.press(&case, who, button).await;
        assert!(pressed.accepted() && pressed.elapsed < ACKNOWLEDGED_IN, "{button}: {pressed:?}");
    }
    assert!(world.slack.toasts().is_empty(), "{:?}", world.slack.toasts());
    // The control: what does need Slack is not there.
    assert!(world.slack.views_open(REPORTER).is_empty());
    house.abandon();
}

/// A cold start took longer than Slack waits, so that people saw an error for what had worked.
#[tokio::test(flavor = "multi_thread")]
async fn sso_elevator_213_the_first_press_after_a_start_is_answered_in_time() {
    let mut house = House::open().await;
    let case = house.planned().await;
    let seen = house.seen(&house.load(&case).await, &plan_key(PlanNumber(1)));
    house.stop().await;
    let lost = house.press_as_seen(APPROVER, "plan.approve", &seen).await;
    assert!(!lost.accepted());
    let toasts = house.world.slack.toasts().len();
    assert_eq!(toasts, 1, "the control: who presses while nobody is there sees it");
    house.start(&|_| ()).await;
    let first = house.press_as_seen(APPROVER, "plan.approve", &seen).await;
    assert!(first.accepted() && first.elapsed < ACKNOWLEDGED_IN, "{first:?}");
    house.until(&case, "the approval", |case| case.plans().any(|plan| plan.is_approved())).await;
    assert_eq!(house.world.slack.toasts().len(), toasts);
    house.strike().await;
}

/// Forms came after other work, when the trigger for them had expired.
#[tokio::test(flavor = "multi_thread")]
async fn bolt_434_a_form_is_opened_first_and_whoever_gets_none_hears_of_it() {
    let house = House::open().await;
    let world = &house.world;
    let case = house.planned().await;
    world.cloud.slow_down(None, FOR_EVER);
    house.say(REPORTER, &world.lobby, "").await;
    let form = async |title: &str| {
        let shown = async || Ok(world.slack.views_open(REPORTER).pop());
        let shown = wait("the form", shown).await.unwrap().object.to_string();
        assert!(shown.contains(title), "{shown}");
        world.slack.close_view(REPORTER).await.unwrap();
    };
    form("Exposed AWS key").await;
    house.press(&case, REPORTER, "plan.change").await;
    form("plan.change").await;
    let late = Fault::Error("expired_trigger_id".to_owned());
    world.slack.script("views.open", &late, 1);
    house.press(&case, REPORTER, "plan.change").await;
    heard(world, REPORTER, "did not open").await;
    assert!(world.slack.views_open(REPORTER).is_empty());
    house.abandon();
}

/// A race against the clock, and the slower answer by the response url.
#[tokio::test(flavor = "multi_thread")]
async fn opsknight_256_what_takes_too_long_is_answered_in_time_and_settled_afterwards() {
    let rehearsal = Rehearsal::set().await;
    let world = rehearsal.world();
    let case = open(world).await.unwrap();
    let plan = plan_key(PlanNumber(1));
    let now = until(world, &case, "the plan", posted(&plan)).await.unwrap();
    let (place, ts) = now.room().posted[&plan].clone();
    let press = || world.slack.click(APPROVER, &place.0, &ts.0, "plan.approve");
    rehearsal.free.send(false).unwrap();
    let late = press().await.unwrap();
    assert!(late.accepted(), "{late:?}");
    heard(world, APPROVER, "as far as I can see").await;
    heard(world, APPROVER, "was not recorded. Press again").await;
    rehearsal.free.send(true).unwrap();
    press().await.unwrap();
    until(world, &case, "the approval", |case| case.plans().any(|plan| plan.is_approved()))
        .await
        .unwrap();
    rehearsal.stage.strike().await;
}

/// Whatever Slack sent again was done again.
#[tokio::test(flavor = "multi_thread")]
async fn bolt_js_2112_what_is_delivered_again_counts_once_even_after_a_restart() {
    let mut house = House::open().await;
    let case = house.planned().await;
    let place = channel(&house.load(&case).await);
    let pressed = house.press(&case, REPORTER, "case.summary").await;
    let slack = house.world.slack.clone();
    let typed = slack.slash(REPORTER, &place, "/keyleak", "summary").await.unwrap();
    house.until(&case, "both", |case| summaries(case) == 2).await;
    for _ in 0..2 {
        for delivery in [&pressed, &typed] {
            assert!(slack.duplicate(delivery).await.accepted());
        }
        house.stop().await;
        house.start(&|_| ()).await;
    }
    assert_eq!(summaries(&house.load(&case).await), 2);
    // The control: the same person may want it again.
    house.press(&case, REPORTER, "case.summary").await;
    house.until(&case, "the third", |case| summaries(case) == 3).await;
    house.strike().await;
}

/// Whatever came with the header of a retry was dropped, and with it what had never arrived.
#[tokio::test(flavor = "multi_thread")]
async fn agno_10073_a_retry_of_what_never_arrived_counts() {
    let house = House::open().await;
    let slack = &house.world.slack;
    let case = house.planned().await;
    let now = house.until(&case, "the details", posted(&details_key())).await;
    let (place, _) = house.seen(&now, &details_key());
    let sent = slack.compose_press(&Press::new(REPORTER, place, "case.summary")).unwrap();
    let header = |name, value: &str| (name, value.to_owned());
    let retry =
        [header("X-Slack-Retry-Num", "1"), header("X-Slack-Retry-Reason", "connection_failed")];
    let again = || slack.send_signed(sent.path, sent.content_type, sent.body.clone(), &retry);
    assert!(again().await.accepted());
    house.until(&case, "the press", |case| summaries(case) == 1).await;
    assert!(again().await.accepted());
    assert_eq!(summaries(&house.load(&case).await), 1);
    house.strike().await;
}

/// Two workers took one event.
#[tokio::test(flavor = "multi_thread")]
async fn open_swe_1934_two_replicas_take_one_delivery_once_and_carry_it_out_once() {
    let house = House::with(2, &|_| ()).await;
    let case = house.planned().await;
    let (place, _) = house.seen(&house.load(&case).await, &plan_key(PlanNumber(1)));
    let press = Press::new(APPROVER, place, "plan.approve");
    let sent = house.world.slack.compose_press(&press).unwrap();
    let (here, there) = (house.slack_to(0), house.slack_to(1));
    let (one, other) = tokio::join!(here.send(sent.clone()), there.send(sent));
    assert!(one.accepted() && other.accepted(), "{one:?}\n{other:?}");
    let now = house.until(&case, "done", is(1, PlanStatus::Done)).await;
    assert_eq!(told(&now, |event| matches!(event, Event::Approved { .. })), 1);
    let intents = now.records().iter().filter_map(|record| {
        let Event::Intent { plan, step, attempt, .. } = &record.event else { return None };
        Some((plan.0, *step, *attempt))
    });
    let intents: Vec<_> = intents.collect();
    let different: BTreeSet<_> = intents.iter().copied().collect();
    assert_eq!(intents.len(), different.len(), "{intents:?}");
    assert!(different.len() > 1, "the control: something was done");
    house.strike().await;
}

/// Every replica had timers of its own, and each of them rang.
#[tokio::test(flavor = "multi_thread")]
async fn oncall_5179_what_is_due_by_the_clock_happens_once_whatever_runs_beside() {
    let house = House::with(3, &|desk| {
        desk.rules.plans.expires_after = jiff::SignedDuration::from_mins(3);
    })
    .await;
    let case = house.planned().await;
    house.until(&case, "the expiry", is(1, PlanStatus::Expired)).await;
    let now = house.until(&case, "all messages", told_all).await;
    assert_eq!(told(&now, |event| matches!(event, Event::Expired { .. })), 1);
    assert_eq!(wrong(&now, &keys(&house.world, &now)), None);
    house.strike().await;
}

/// With more than one process each message came from each of them.
#[tokio::test(flavor = "multi_thread")]
async fn teleport_plugins_361_two_replicas_say_each_thing_once() {
    let house = House::with(2, &|_| ()).await;
    let case = house.planned().await;
    house.approve(&case).await;
    house.until(&case, "done", is(1, PlanStatus::Done)).await;
    house.press(&case, REPORTER, "case.summary").await;
    house.until(&case, "the press", |case| summaries(case) == 1).await;
    let now = house.until(&case, "all messages", told_all).await;
    assert_eq!(wrong(&now, &keys(&house.world, &now)), None);
    house.strike().await;
}
