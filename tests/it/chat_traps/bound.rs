//! What a decision is bound to: the plan that was seen, the journal that keeps it, and the person
//! who made it by a button; never words, messages, memory or a link.

use crate::bureau::journal;
use crate::chat_traps::house::{House, MEMBER, approvals, channel, is, member, posted, told};
use crate::chat_traps::limits::get;
use crate::people::heard;
use crate::slack_app::{manifest, methods_called};
use keyleak::config;
use keyleak::domain::announce::beside::details_key;
use keyleak::domain::announce::plan_key;
use keyleak::domain::case::Case;
use keyleak::domain::event::Event;
use keyleak::domain::plan::PlanNumber;
use keyleak::domain::plan_state::PlanStatus;
use keyleak::drill::people::{APPROVER, KEY_OWNER, REPORTER, SECOND_APPROVER};
use keyleak::drill::players::wait;
use keyleak::sim::slack::deliver::Twist;
use serde_json::{Value, json};

/// After the approval another directory was planned and applied under it.
#[tokio::test(flavor = "multi_thread")]
async fn atlantis_1508_an_approval_is_of_the_plan_that_was_seen_and_ends_with_it() {
    let house = House::of_two().await;
    let world = &house.world;
    let case = house.planned().await;
    house.press(&case, APPROVER, "plan.approve").await;
    house.until(&case, "one approval", |case| approvals(case, 1) == 1).await;
    let old = house.seen(&house.load(&case).await, &plan_key(PlanNumber(1)));
    house.press(&case, REPORTER, "plan.change").await;
    let shown = async || Ok(world.slack.views_open(REPORTER).pop());
    wait("the form", shown).await.unwrap();
    let way = json!({ "plan.change.way": "key-and-sessions" });
    assert!(world.slack.submit_view(REPORTER, &way).await.unwrap().accepted());
    let now = house.until(&case, "the new plan", posted(&plan_key(PlanNumber(2)))).await;
    assert_eq!(now.plan(PlanNumber(1)).unwrap().status(), PlanStatus::Voided);
    assert_eq!(approvals(&now, 2), 0, "the approval went with its plan");
    assert_ne!(now.plan(PlanNumber(1)).unwrap().hash, now.plan(PlanNumber(2)).unwrap().hash);
    house.press_as_seen(SECOND_APPROVER, "plan.approve", &old).await;
    heard(world, SECOND_APPROVER, "can no longer be decided").await;
    assert_eq!(approvals(&house.load(&case).await, 2), 0);
    house.press(&case, SECOND_APPROVER, "plan.approve").await;
    house.until(&case, "the control", |case| approvals(case, 2) == 1).await;
    assert_eq!(world.cloud.bot_changes(), 0, "one of two is not enough");
    house.strike().await;
}

/// "CONFIRMED: Deny" was read as a yes.
#[tokio::test(flavor = "multi_thread")]
async fn agentic_soc_91_no_words_are_a_decision() {
    let house = House::open().await;
    let slack = &house.world.slack;
    let case = house.planned().await;
    let place = channel(&house.load(&case).await);
    for words in ["CONFIRMED", "CONFIRMED: Deny", "yes", "approve", "approve 1", "deny 1"] {
        let ts = slack.say(APPROVER, &place, words);
        let event = json!({
            "type": "message", "channel": place, "channel_type": "group",
            "user": APPROVER, "text": words, "ts": ts,
        });
        assert!(slack.event(&event).await[0].accepted());
        house.say(APPROVER, &place, words).await;
    }
    let now = house.load(&case).await;
    assert!(is(1, PlanStatus::Proposed)(&now) && approvals(&now, 1) == 0, "{}", journal(&now));
    house.approve(&case).await;
    house.strike().await;
}

/// Approvals in memory were lost by a restart, and later presses swallowed without a word.
#[tokio::test(flavor = "multi_thread")]
async fn clawpatrol_595_a_restart_loses_no_approval_and_answers_every_press() {
    let mut house = House::of_two().await;
    let case = house.planned().await;
    house.press(&case, APPROVER, "plan.approve").await;
    house.until(&case, "one approval", |case| approvals(case, 1) == 1).await;
    let seen = house.seen(&house.load(&case).await, &plan_key(PlanNumber(1)));
    house.stop().await;
    house.start(&|desk| desk.rules.plans.approvals_reversible = 2).await;
    for (who, words) in [(APPROVER, "already approved"), (KEY_OWNER, "the key belongs to you")] {
        house.press_as_seen(who, "plan.approve", &seen).await;
        heard(&house.world, who, words).await;
    }
    house.press_as_seen(SECOND_APPROVER, "plan.approve", &seen).await;
    house.until(&case, "done", is(1, PlanStatus::Done)).await;
    house.world.slack.reload(SECOND_APPROVER);
    house.press_as_seen(SECOND_APPROVER, "plan.deny", &seen).await;
    heard(&house.world, SECOND_APPROVER, "execution has already begun").await;
    house.strike().await;
}

/// Closed cases kept their buttons, and who pressed them heard nothing.
#[tokio::test(flavor = "multi_thread")]
async fn hermes_agent_100408_a_closed_case_has_no_buttons_and_answers_who_presses_an_old_one() {
    let house = House::open().await;
    let world = &house.world;
    let case = house.planned().await;
    let now = house.until(&case, "the details", posted(&details_key())).await;
    let plan = house.seen(&now, &plan_key(PlanNumber(1)));
    let details = house.seen(&now, &details_key());
    assert!(world.slack.pressable(&channel(&now)).len() > 1, "the control");
    house.press(&case, REPORTER, "case.close").await;
    let now = house.until(&case, "its end", Case::is_archived).await;
    let left: Vec<_> = world.slack.pressable(&channel(&now));
    assert_eq!(left, Vec::<Value>::new(), "buttons that are left");
    for (who, button, seen) in [
        (APPROVER, "plan.approve", &plan),
        (SECOND_APPROVER, "plan.deny", &plan),
        (REPORTER, "case.summary", &details),
    ] {
        assert!(house.press_as_seen(who, button, seen).await.accepted());
        let answered = async || Ok((!world.slack.ephemerals(who).is_empty()).then_some(()));
        wait(&format!("{who} being answered"), answered).await.unwrap();
    }
    assert_eq!(approvals(&house.load(&case).await, 1), 0);
    house.strike().await;
}

/// A link cannot tell who pressed it, and a key within it goes wherever the link goes.
#[tokio::test(flavor = "multi_thread")]
async fn n8n_docs_5036_no_decision_is_a_link_and_none_is_taken_by_one() {
    let house = House::open().await;
    let case = house.planned().await;
    let now = house.load(&case).await;
    let mut buttons = 0;
    for message in house.world.slack.messages(&channel(&now)) {
        for block in message["blocks"].as_array().into_iter().flatten() {
            for element in block["elements"].as_array().into_iter().flatten() {
                let action = element["action_id"].as_str().unwrap_or_default();
                buttons += usize::from(!action.is_empty());
                assert!(element["url"].is_null() || action == "go", "{element}");
            }
        }
    }
    assert!(buttons > 5, "the control: {buttons}");
    let state = now.plan(PlanNumber(1)).unwrap();
    let value = format!("{case}%7C1%7C{}", state.hash);
    for path in ["/slack/interactions", "/slack/commands", "/slack/events", "/approve"] {
        let address = format!("{path}?action_id=plan.approve&value={value}&user={APPROVER}");
        let answer = get(house.address(0), &address).await;
        assert!(answer.starts_with("HTTP/1.1 40"), "{path}: {answer}");
    }
    assert_eq!(approvals(&house.load(&case).await, 1), 0);
    house.strike().await;
}

/// The facts of a request were read back from the words of its message.
#[tokio::test(flavor = "multi_thread")]
async fn sso_elevator_what_stands_in_a_message_decides_nothing() {
    let house = House::of_two().await;
    let case = house.planned().await;
    let now = house.load(&case).await;
    let (place, seen) = house.seen(&now, &plan_key(PlanNumber(1)));
    let mut forged = seen.clone();
    forged["text"] = json!("Approved by bob and cyn. Needs 0 approvals.");
    forged["metadata"] = json!({ "event_payload": { "approved_by": [SECOND_APPROVER] } });
    let forged = forged.to_string().replace("2 approvals", "0 approvals");
    let forged = (place, serde_json::from_str(&forged).unwrap());
    house.press_as_seen(APPROVER, "plan.approve", &forged).await;
    let now = house.until(&case, "one approval", |case| approvals(case, 1) == 1).await;
    assert!(is(1, PlanStatus::Proposed)(&now), "the second is still needed");
    house.press(&case, SECOND_APPROVER, "plan.approve").await;
    house.until(&case, "done", is(1, PlanStatus::Done)).await;
    house.strike().await;
}

/// Requests without a signature or a date were taken, and addresses for timers stood open.
#[tokio::test(flavor = "multi_thread")]
async fn incidental_no_address_takes_what_is_not_signed_now() {
    let house = House::open().await;
    let slack = &house.world.slack;
    let lobby = house.world.lobby.as_str();
    let key = house.world.leaked.access_key_id.as_str();
    let body = slack.compose_command((REPORTER, lobby), ("/keyleak", key)).unwrap().body;
    let twists = [
        Twist { unsigned: true, ..Twist::default() },
        Twist { age_s: 301, ..Twist::default() },
        Twist { signature: Some("v0=00".to_owned()), ..Twist::default() },
        Twist { timestamp: Some(String::new()), ..Twist::default() },
    ];
    let form = "application/x-www-form-urlencoded";
    for twist in twists {
        let forged = slack.twisted(twist.clone());
        for path in ["/slack/commands", "/slack/interactions", "/slack/events"] {
            let answer = forged.send_signed(path, form, body.clone(), &[]).await;
            assert_eq!(answer.status, Some(401), "{path} {twist:?}");
        }
    }
    for path in ["/slack/cron_minute", "/cron", "/slack/retry", "/admin"] {
        assert!(get(house.address(0), path).await.starts_with("HTTP/1.1 404"), "{path}");
    }
    assert!(house.desk().work.all_cases().await.unwrap().is_empty());
    let answer = slack.send_signed("/slack/commands", form, body, &[]).await;
    assert!(answer.body.contains("Opened case"), "the control: {answer:?}");
    house.strike().await;
}

/// A password that everybody knew opened the page.
#[tokio::test(flavor = "multi_thread")]
async fn incidentbot_no_secret_has_a_default_and_none_is_empty() {
    let missing = config::read("keyleak.toml", "", &[]).unwrap_err().to_string();
    for needed in ["slack.signing_secret", "slack.bot_token"] {
        assert!(missing.contains(needed), "{needed}: {missing}");
    }
    let house = House::open().await;
    for secret in ["", "changeme", "secret", "keyleak"] {
        let twist = Twist { signing_secret: Some(secret.to_owned()), ..Twist::default() };
        let guess = house.world.slack.twisted(twist);
        let tried = guess.slash(REPORTER, &house.world.lobby, "/keyleak", "list").await.unwrap();
        assert_eq!(tried.status, Some(401), "{secret:?}");
    }
    assert!(house.say(REPORTER, &house.world.lobby, "list").await.contains("No case"), "control");
    house.strike().await;
}

/// A picture was made public for a moment, so that it could be copied.
#[test]
fn incidentbot_no_file_is_ever_made_public() {
    let called = methods_called();
    assert!(called.iter().any(|method| method.starts_with("files.")), "the control: {called:?}");
    let public = |method: &&String| method.to_lowercase().contains("public");
    assert_eq!(called.iter().find(public), None);
    let scopes = &manifest()["oauth_config"]["scopes"];
    assert!(scopes["bot"].is_array());
    assert!(scopes["user"].is_null(), "a bot token alone, which can make nothing public");
}

/// Two people, a time-out, and no answer is a no.
#[tokio::test(flavor = "multi_thread")]
async fn conductai_1558_silence_is_a_no_also_when_one_of_two_has_said_yes() {
    let house = House::with(1, &|desk| {
        desk.rules.plans.approvals_reversible = 2;
        desk.rules.plans.expires_after = jiff::SignedDuration::from_mins(5);
    })
    .await;
    let case = house.planned().await;
    let seen = house.seen(&house.load(&case).await, &plan_key(PlanNumber(1)));
    house.press(&case, APPROVER, "plan.approve").await;
    house.until(&case, "the expiry", is(1, PlanStatus::Expired)).await;
    house.press_as_seen(SECOND_APPROVER, "plan.approve", &seen).await;
    heard(&house.world, SECOND_APPROVER, "it expired").await;
    let now = house.load(&case).await;
    assert_eq!(approvals(&now, 1), 1, "the control: one had said yes");
    assert_eq!(told(&now, |event| matches!(event, Event::Intent { .. })), 0);
    assert_eq!(house.world.cloud.bot_changes(), 0);
    house.welcome(&now, member());
    assert!(house.say(MEMBER, &channel(&now), "status").await.contains("expired"));
    house.strike().await;
}
