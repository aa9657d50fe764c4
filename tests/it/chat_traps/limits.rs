//! Slack's limits: errors of four kinds, queues that nobody sees, and presses without an answer.

use crate::chat_traps::house::{House, MEMBER, channel, is, member, posted, told};
use crate::people::heard;
use crate::slack_away::{keys, told_all, wrong};
use keyleak::domain::announce::{card_key, plan_key};
use keyleak::domain::case::Case;
use keyleak::domain::event::Event;
use keyleak::domain::plan::PlanNumber;
use keyleak::domain::plan_state::PlanStatus;
use keyleak::drill::people::{APPROVER, REPORTER};
use keyleak::drill::players::wait;
use keyleak::sim::slack::faults::Fault;
use keyleak::sim::slack::state::CallRecord;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A key of no account of ours; it gets its case and its channel all the same.
const OTHER_KEY: &str = "AKIAQNZGKIQY56JQAAA2";
/// What Slack asks to wait for, on the clock of the test.
const LONG: u64 = 600;

fn error(code: &str) -> Fault {
    Fault::Error(code.to_owned())
}

fn with_outcome(calls: &[CallRecord], words: &str) -> usize {
    calls.iter().filter(|call| call.outcome.contains(words)).count()
}

/// Every error was tried again five times, also the one that could only come again.
#[tokio::test(flavor = "multi_thread")]
async fn dispatch_an_error_is_mended_waited_out_given_up_or_taken_as_done_by_its_kind() {
    let house = House::open().await;
    let slack = &house.world.slack;
    slack.script("conversations.create", &error("name_taken"), 1);
    slack.script("pins.add", &error("already_pinned"), 1);
    slack.script("chat.postMessage", &error("internal_error"), 2);
    let case = house.planned().await;
    let now = house.until(&case, "all messages", told_all).await;
    assert!(now.room().name.as_ref().unwrap().ends_with("-2"), "another name: {:?}", now.room());
    assert_eq!(wrong(&now, &keys(&house.world, &now)), None, "waited out");
    slack.script("chat.postMessage", &error("restricted_action"), 1);
    house.press(&case, APPROVER, "plan.deny").await;
    let given_up = |case: &Case| !case.room().given_up.is_empty();
    house.until(&case, "what cannot be said given up", given_up).await;
    slack.script("conversations.archive", &error("already_archived"), 1);
    house.press(&case, REPORTER, "case.close").await;
    house.until(&case, "its end", Case::is_archived).await;
    let calls = slack.calls();
    for (code, times) in [
        ("name_taken", 1),
        ("already_pinned", 1),
        ("internal_error", 2),
        ("restricted_action", 1),
        ("already_archived", 1),
    ] {
        assert_eq!(with_outcome(&calls, code), times, "{code}");
    }
    house.strike().await;
}

/// One 429 held up every alert.
#[tokio::test(flavor = "multi_thread")]
async fn oncall_4087_a_limit_in_one_channel_holds_up_no_other_and_no_containment() {
    let house = House::open().await;
    let slack = &house.world.slack;
    let case = house.planned().await;
    house.until(&case, "all messages", told_all).await;
    slack.script("chat.postMessage", &Fault::RateLimited(LONG), 1);
    house.press(&case, REPORTER, "case.summary").await;
    let limited = async || {
        let found = slack.calls().into_iter().find(|call| call.outcome.contains("RateLimited"));
        Ok(found)
    };
    let limited = wait("the limit", limited).await.unwrap();
    house.say(REPORTER, &house.world.lobby, OTHER_KEY).await;
    let other = async || {
        let open = house.desk().work.open_cases().await.unwrap();
        Ok(open.into_iter().find(|other| *other != case))
    };
    let other = wait("the other case", other).await.unwrap();
    house.approve(&case).await;
    let done = house.until(&case, "done", is(1, PlanStatus::Done)).await;
    house.until(&other, "the card of the other", posted(&card_key())).await;
    let until = limited.at + jiff::SignedDuration::from_secs(LONG.cast_signed());
    assert!(house.world.clock.now() < until, "both came before Slack took the first message");
    assert!(!told_all(&done), "the control: that one waits");
    house.until(&case, "all messages", told_all).await;
    let now = house.load(&case).await;
    assert_eq!(wrong(&now, &keys(&house.world, &now)), None);
    house.strike().await;
}

/// Messages waited for a quarter of an hour, and nobody could see it.
#[tokio::test(flavor = "multi_thread")]
async fn goalert_4188_how_long_words_wait_for_slack_is_told_to_whoever_watches() {
    // Of a drill nothing is counted.
    let house = House::with(1, &|desk| desk.rules.drill = false).await;
    let case = house.planned().await;
    house.until(&case, "all messages", told_all).await;
    let address = house.address(0).to_owned();
    let quiet = async || Ok((waited(&address).await < 30).then_some(()));
    wait("the control: nothing waits", quiet).await.unwrap();
    house.world.slack.script("chat.postMessage", &Fault::RateLimited(LONG), 1);
    house.press(&case, REPORTER, "case.summary").await;
    let late = async || Ok((waited(&address).await > 60).then_some(()));
    wait("the waiting to show", late).await.unwrap();
    let ready = get(&address, "/readyz").await;
    assert!(ready.contains("the oldest work that is due has waited"), "{ready}");
    house.strike().await;
}

/// The age of the oldest work in the counters.
async fn waited(address: &str) -> u64 {
    let counters = get(address, "/metrics").await;
    let age = counters.lines().find_map(|line| line.strip_prefix("keyleak_oldest_wait_seconds "));
    age.unwrap().trim().parse().unwrap()
}

pub(crate) async fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// Presses came to nothing without a word.
#[tokio::test(flavor = "multi_thread")]
async fn oncall_2439_no_press_and_no_command_ends_without_an_answer() {
    let house = House::open().await;
    let world = &house.world;
    let case = house.planned().await;
    let now = house.load(&case).await;
    house.welcome(&now, member());
    let plan = house.seen(&now, &plan_key(PlanNumber(1)));
    let altered = |from: &str, to: &str| {
        let text = plan.1.to_string();
        assert!(text.contains(from), "{from}");
        (plan.0.clone(), serde_json::from_str::<Value>(&text.replace(from, to)).unwrap())
    };
    let hash = now.plan(PlanNumber(1)).unwrap().hash.clone();
    let other_case = format!("zzzz-{}", "20200101");
    for (what, action, seen, words) in [
        ("an unknown button", "plan.retire", altered("plan.approve", "plan.retire"), "no longer"),
        ("another plan", "plan.approve", altered(&hash, &"0".repeat(64)), "this card is old"),
        ("another case", "plan.approve", altered(&case.0, &other_case), "There is no case"),
        ("nobody's right", "plan.deny", plan.clone(), "you are not an approver"),
    ] {
        world.slack.reload(MEMBER);
        assert!(house.press_as_seen(MEMBER, action, &seen).await.accepted(), "{what}");
        heard(world, MEMBER, words).await;
    }
    for words in ["bananas", "status zzzz", "break-glass 9 nobody is awake", "undo 1.1", "allow 3"]
    {
        let said = house.say(MEMBER, &channel(&now), words).await;
        assert!(said.contains("ephemeral") && said.len() > 40, "{words}: {said}");
    }
    assert!(world.slack.toasts().is_empty());
    house.strike().await;
}

/// What was too long for a message was lost.
#[tokio::test(flavor = "multi_thread")]
async fn nautobot_chatops_132_what_is_too_long_is_said_shorter_and_never_lost() {
    let house = House::open().await;
    let world = &house.world;
    house.say(REPORTER, &world.lobby, "").await;
    let shown = async || Ok(world.slack.views_open(REPORTER).pop());
    wait("the form", shown).await.unwrap();
    let long = "<!channel> *a* \u{202e}".repeat(200);
    let long: String = long.chars().take(300).collect();
    let fields = json!({
        "intake.keys": world.leaked.access_key_id,
        "intake.found_where": long,
        "intake.note": long,
    });
    // Slack itself may still find it too long.
    world.slack.script("chat.postMessage", &error("msg_blocks_too_long"), 1);
    let sent = world.slack.submit_view(REPORTER, &fields).await.unwrap();
    assert!(sent.accepted() && sent.body.contains("clear"), "{sent:?}");
    let case = house.desk().work.all_cases().await.unwrap().remove(0);
    house.until(&case, "the plan", posted(&plan_key(PlanNumber(1)))).await;
    let now = house.until(&case, "all messages", told_all).await;
    assert_eq!(wrong(&now, &keys(world, &now)), None);
    assert!(now.room().given_up.is_empty());
    assert_eq!(told(&now, |event| matches!(event, Event::PostFailed { .. })), 0);
    assert_eq!(world.slack.violations(), Vec::<String>::new(), "no limit was exceeded");
    let refused = with_outcome(&world.slack.calls(), "msg_blocks_too_long");
    assert_eq!(refused, 1, "the control: Slack found it too long");
    house.strike().await;
}
