//! Recovery in the drill's workspace: what the actor read and destroyed, worked through by people.

use crate::bureau::caller;
use crate::people::heard;
use crate::stage::Stage;
use jiff::{SignedDuration, Timestamp};
use keyleak::domain::announce::recovery_key;
use keyleak::domain::button::ButtonAction;
use keyleak::domain::case::Case;
use keyleak::domain::event::{Event, Phase, PostKey};
use keyleak::domain::hardening::checklist;
use keyleak::domain::ids::CaseId;
use keyleak::domain::losses::LossKind;
use keyleak::domain::policy::Policy;
use keyleak::domain::recovering::{is_confirmed, open as left_open, silence, tally};
use keyleak::domain::recovery_step::Remedy;
use keyleak::domain::report::{markdown, waiting};
use keyleak::drill::people::{APPROVER, KEY_OWNER, REPORTER, SECOND_APPROVER};
use keyleak::drill::players::{approve, load, open, press, until, wait};
use keyleak::drill::world::World;
use keyleak::flow::decide::{self, Pressed};
use keyleak::flow::desk::Bench;
use keyleak::sim::cloud::setup::Deed;
use keyleak::sim::slack::acts::{Place, Press};
use keyleak::sim::slack::people::Person;
use serde_json::{Value, json};

/// Somebody of the workspace who is on no list.
const MEMBER: &str = "U0FIN00006";
/// A name that would ring everybody and link elsewhere, if anything read it as markup.
const HOSTILE: &str = "<!channel> *rotated* <https://evil.example|ok>\u{202e}\u{1b}[2J";

/// A call of the key at a time, as its trail tells it.
fn deed(world: &World, at: Timestamp, call: (&str, &str), parameters: Value) -> Deed {
    Deed {
        at,
        credential: world.leaked.clone(),
        source_ip: "203.0.113.66".to_owned(),
        user_agent: "Boto3/1.34.1".to_owned(),
        service: call.0.to_owned(),
        call: call.1.to_owned(),
        is_read: call.1.starts_with("Get"),
        parameters,
        response: Value::Null,
        refused: None,
    }
}

fn read(world: &World, at: Timestamp, name: &str) -> Deed {
    deed(world, at, ("secretsmanager", "GetSecretValue"), json!({ "secretId": name }))
}

/// Opens the case, and says since when the key is exposed, so that nothing hangs on the past;
/// gives a time since then.
async fn opened(world: &World) -> (CaseId, Timestamp) {
    // Well before the drill's actor came, so that all that it holds is contained.
    let now = Timestamp::from_second(world.clock.now().as_second()).unwrap();
    let since = now - SignedDuration::from_hours(1);
    let case = open(world).await.unwrap();
    let there = |case: &Case| case.room().channel.is_some() && case.validated();
    until(world, &case, "the channel", there).await.unwrap();
    say(world, &case, REPORTER, &format!("exposed {since}")).await;
    (case, now)
}

/// Lets a person of the workspace into the case's channel.
async fn joined(world: &World, case: &CaseId, who: &str) {
    if who == MEMBER {
        world.slack.welcome(Person::member(MEMBER, "fin", "Fin"), &world.lobby);
    }
    let key = &world.leaked.access_key_id;
    world.slack.slash(who, &world.lobby, "/keyleak", key).await.unwrap();
    let inside = |case: &Case| case.room().invited.iter().any(|person| person.user == who);
    until(world, case, "they are in", inside).await.unwrap();
}

/// What a person is answered to words in the case's channel.
async fn say(world: &World, case: &CaseId, who: &str, words: &str) -> String {
    let channel = load(world, case).await.unwrap().room().channel.clone().unwrap().0;
    world.slack.slash(who, &channel, "/keyleak", words).await.unwrap().body
}

/// Asks for the scope until the case is as wanted: the trail is late.
async fn looked(world: &World, case: &CaseId, what: &str, wanted: impl Fn(&Case) -> bool) -> Case {
    for _ in 0..20 {
        press(world, case, (REPORTER, "phase.scope")).await.unwrap();
        let answered = |case: &Case| {
            case.presses(Phase::Scope).last().is_some_and(|press| case.is_answered(press.seq))
        };
        let now = until(world, case, "the scope", answered).await.unwrap();
        if wanted(&now) {
            return now;
        }
        world.clock.sleep(std::time::Duration::from_secs(30)).await;
    }
    panic!("{what} did not come about: {:#?}", load(world, case).await.unwrap().recovery());
}

/// The card of the recovery, once it shows these words.
async fn card(world: &World, case: &CaseId, words: &str) -> (Place, Value) {
    card_of(world, case, (&recovery_key(), words)).await
}

/// The message of this key, once it shows these words.
pub(crate) async fn card_of(
    world: &World,
    case: &CaseId,
    (key, words): (&PostKey, &str),
) -> (Place, Value) {
    let posted = |case: &Case| case.room().posted.contains_key(key);
    let now = until(world, case, &format!("the card {}", key.0), posted).await.unwrap();
    let (channel, ts) = now.room().posted[key].clone();
    wait(&format!("the card saying {words:?}"), async || {
        let seen = world.slack.message(&channel.0, &ts.0).unwrap();
        let place = Place::Message { channel: channel.0.clone(), ts: ts.0.clone() };
        Ok(seen.to_string().contains(words).then_some((place, seen)))
    })
    .await
    .unwrap()
}

/// Presses the button of a loss as it stands on a card that this person saw.
async fn settle(world: &World, who: &str, card: &(Place, Value), button: &ButtonAction) {
    let press = Press {
        value: Some(button.value()),
        as_seen: Some(card.1.clone()),
        ..Press::new(who, card.0.clone(), &button.id())
    };
    assert!(world.slack.press(press).await.unwrap().accepted());
}

fn remedy(case: &Case, loss: u32, remedy: Remedy) -> ButtonAction {
    let seq = case.recovery().item(loss).unwrap().seq;
    ButtonAction::Settle { case: case.id().clone(), loss, seq, remedy }
}

/// What a responder is answered who has been marked meanwhile.
async fn said_by_a_suspect(world: &World, button: &ButtonAction) -> String {
    let desk = world.desk().unwrap();
    let suspects = [REPORTER.to_owned()].into();
    let policy = Policy { suspects, ..desk.rules.policy.clone() };
    let bench = Bench { written: &policy, ..desk.bench() };
    let (caller, button) = (caller(REPORTER), button.clone());
    let pressed = Pressed { caller, button, place: None, delivery: None, reason: None };
    decide::press(&bench, &pressed).await.unwrap().unwrap_or_default()
}

fn refusals(case: &Case) -> usize {
    let refused = |event: &Event| matches!(event, Event::Refused { .. });
    case.records().iter().filter(|record| refused(&record.event)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_was_read_is_checked_off_once_and_open_again_when_it_is_read_again() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let (case, then) = opened(world).await;
    let refused = Deed {
        refused: Some(("AccessDenied".to_owned(), "no".to_owned())),
        ..read(world, then, "never-read")
    };
    let one = SignedDuration::from_secs(1);
    let deeds = [read(world, then, "db"), read(world, then + one, HOSTILE), refused];
    world.cloud.history(&deeds).unwrap();
    let now = looked(world, &case, "two secrets", |now| tally(now).read == 2).await;
    let names = |now: &Case| -> Vec<String> {
        now.recovery().items(None).map(|item| item.loss.name.clone()).collect()
    };
    assert_eq!(names(&now), ["db", HOSTILE], "what was refused was not read");
    press(world, &case, (REPORTER, "phase.recovery")).await.unwrap();
    let seen = card(world, &case, "0 of 2 rotated").await;
    assert!(!seen.1["blocks"].to_string().contains("mrkdwn"), "nothing of it is live");
    assert!(!seen.1["text"].to_string().contains("<!channel>"));

    // Neither the owner, though an approver elsewhere, nor somebody who is on no list.
    joined(world, &case, KEY_OWNER).await;
    joined(world, &case, MEMBER).await;
    let first = remedy(&now, 1, Remedy::Rotate);
    settle(world, KEY_OWNER, &seen, &first).await;
    heard(world, KEY_OWNER, "the key belongs to you").await;
    settle(world, MEMBER, &seen, &first).await;
    heard(world, MEMBER, "not on the list").await;
    assert!(said_by_a_suspect(world, &first).await.contains("marked as a suspect"));
    let before = load(world, &case).await.unwrap();
    assert_eq!((tally(&before).rotated, refusals(&before)), (0, 3), "refused, and on record");

    settle(world, REPORTER, &seen, &first).await;
    let rotated = |count| move |case: &Case| tally(case).rotated == count;
    until(world, &case, "the check-off", rotated(1)).await.unwrap();
    card(world, &case, "1 of 2 rotated").await;
    settle(world, APPROVER, &seen, &first).await;
    heard(world, APPROVER, "has already said of loss 1: rotated").await;
    let now = load(world, &case).await.unwrap();
    let (by, _) = now.recovery().item(1).unwrap().settled.clone().unwrap();
    assert_eq!((by.by.user.as_str(), tally(&now).rotated), (REPORTER, 1), "the first one counts");

    world.clock.sleep(std::time::Duration::from_secs(2)).await;
    world.cloud.history(&[read(world, world.clock.now(), "db")]).unwrap();
    let now = looked(world, &case, "open again", rotated(0)).await;
    assert!(now.recovery().item(1).unwrap().reopened.is_some());
    card(world, &case, "OPEN AGAIN").await;
    settle(world, APPROVER, &seen, &first).await;
    heard(world, APPROVER, "this card is old").await;
    assert_eq!(tally(&load(world, &case).await.unwrap()).rotated, 0, "an old card settles nothing");

    let said = say(world, &case, REPORTER, "rotate-owner 1 the *payments* team").await;
    assert!(said.contains("who sees to loss 1"), "{said}");
    card(world, &case, "the *payments* team sees to it").await;
    let none = say(world, &case, REPORTER, "rotate-owner 9 nobody").await;
    assert!(none.contains("lists no loss 9"), "{none}");
    stage.strike().await;
}

/// A responder checks the first measure of the checklist off, which a bystander may not.
async fn hardened(world: &World, case: &CaseId) {
    let all = checklist(&load(world, case).await.unwrap());
    let (first, second) = (all[0].measure, all[1].measure);
    press(world, case, (MEMBER, "hardening.done")).await.unwrap();
    heard(world, MEMBER, "not on the list of people").await;
    press(world, case, (REPORTER, "hardening.done")).await.unwrap();
    let in_place = |now: &Case| now.recovery().hardened(first).is_some();
    until(world, case, "a measure in place", in_place).await.unwrap();
    card(world, case, &format!("{}|{}", case, second.slug())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_destroyed_gets_a_choice_and_the_owner_confirms_or_the_case_closes_saying_so() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let (case, then) = opened(world).await;
    let stop = deed(world, then, ("cloudtrail", "StopLogging"), json!({ "name": "audit" }));
    let table = json!({ "tableName": "orders" });
    let one = SignedDuration::from_secs(1);
    let table = deed(world, then + one, ("dynamodb", "DeleteTable"), table);
    let path = json!({ "path": "/prod", "recursive": true, "withDecryption": true });
    let path = deed(world, then + one + one, ("ssm", "GetParametersByPath"), path);
    world.cloud.history(&[stop, table, path]).unwrap();
    press(world, &case, (REPORTER, "phase.recovery")).await.unwrap();
    let now = looked(world, &case, "three losses", |now| {
        let tally = tally(now);
        (tally.read, tally.destroyed) == (1, 2)
    })
    .await;
    let seen = card(world, &case, "0 of 2 destroyed have a choice").await;
    settle(world, APPROVER, &seen, &remedy(&now, 1, Remedy::Restore)).await;
    until(world, &case, "a choice", |case| tally(case).chosen == 1).await.unwrap();

    let early = ButtonAction::Confirm { case: case.clone(), used: 0 };
    assert!(!seen.1.to_string().contains(&early.id()), "there is nothing to confirm yet");
    let which = say(world, &case, REPORTER, "replace key the vendor takes nothing else").await;
    assert!(which.contains("a new key takes the place"), "{which}");
    let commands = card(world, &case, "create-access-key").await.1.to_string();
    assert!(commands.contains("--secret-string file:///dev/stdin"), "{commands}");

    approve(world, &case).await.unwrap();
    let contained = |case: &Case| case.standing_plans().any(|state| state.contained.is_some());
    until(world, &case, "contained", contained).await.unwrap();
    card(world, &case, "the old key is silent").await;
    joined(world, &case, MEMBER).await;
    joined(world, &case, KEY_OWNER).await;
    press(world, &case, (MEMBER, "recovery.confirm")).await.unwrap();
    heard(world, MEMBER, "only the key's owner or an approver").await;
    assert!(!is_confirmed(&load(world, &case).await.unwrap()));
    press(world, &case, (KEY_OWNER, "recovery.confirm")).await.unwrap();
    let now = until(world, &case, "the owner's word", is_confirmed).await.unwrap();
    let (by, used) = now.recovery().confirmed().cloned().unwrap();
    assert_eq!((by.by.user.as_str(), used), (KEY_OWNER, None));
    assert!(silence(&now).unwrap().last_success.is_some(), "the trail tells of earlier uses");

    hardened(world, &case).await;

    let left = left_open(&now);
    assert_eq!(left.len(), 2, "the parameters and one table: {left:?}");
    assert!(left.iter().all(|what| waiting(&now).contains(&format!("recovery: {what}"))));
    press(world, &case, (SECOND_APPROVER, "case.close")).await.unwrap();
    let now = until(world, &case, "closed", |case| case.closed_at().is_some()).await.unwrap();
    let report = markdown(&now);
    for said in [
        "closed the case with open ends: 1 of 1",
        "said to be in place by",
        "cloudtrail StopLogging: audit",
        "restore",
        "all parameters below /prod",
    ] {
        assert!(report.contains(said), "{said}: {report}");
    }
    let channel = now.room().channel.clone().unwrap().0;
    wait("the channel hearing what is open", async || {
        let said = world
            .slack
            .messages(&channel)
            .iter()
            .any(|message| message.to_string().contains("Closed with open ends: 1 of 1"));
        Ok(said.then_some(()))
    })
    .await
    .unwrap();
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_secrets_are_all_in_the_report_and_the_card_is_one_that_slack_takes() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let (case, then) = opened(world).await;
    let long = "é".repeat(480);
    let deeds: Vec<Deed> =
        (0..500).map(|n| read(world, then, &format!("{n:03}-{HOSTILE}-{long}"))).collect();
    world.cloud.history(&deeds).unwrap();
    let now = looked(world, &case, "500 secrets", |now| tally(now).read == 500).await;
    press(world, &case, (REPORTER, "phase.recovery")).await.unwrap();
    let seen = card(world, &case, "0 of 500 rotated").await;
    assert!(seen.1.to_string().contains("490 more are not shown here"));
    for n in [1, 10] {
        let button = remedy(&now, n, Remedy::Rotate);
        assert!(seen.1.to_string().contains(&button.value()), "loss {n} can be checked off");
    }
    let report = markdown(&now);
    for item in now.recovery().items(None) {
        assert_eq!(item.loss.kind, LossKind::Secret);
        assert!(report.contains(&format!("- {}. secret ", item.number)), "{}", item.number);
    }
    let longest = now
        .records()
        .iter()
        .map(|record| serde_json::to_string(record.as_ref()).unwrap_or_default().len());
    assert!(longest.max().unwrap() < 200_000, "an item of DynamoDB holds 400 KB");
    stage.strike().await;
}
