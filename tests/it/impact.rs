//! The nine impact questions in the drill's workspace: asked, answered by people, and reported.

use crate::people::heard;
use crate::recovery::card_of;
use crate::stage::Stage;
use jiff::{SignedDuration, Timestamp};
use keyleak::domain::announce::impact_key;
use keyleak::domain::case::Case;
use keyleak::domain::event::{Event, Phase};
use keyleak::domain::ids::CaseId;
use keyleak::domain::impact::{ImpactQuestion, ImpactVerdict};
use keyleak::domain::impact_state::{open as still_open, state};
use keyleak::domain::report::markdown;
use keyleak::drill::people::{APPROVER, KEY_OWNER, REPORTER};
use keyleak::drill::players::{load, open, press, until};
use keyleak::drill::world::World;
use keyleak::sim::cloud::setup::Deed;
use keyleak::sim::slack::acts::{Place, Press};
use serde_json::{Value, json};

/// What a person is answered to words in the case's channel.
async fn say(world: &World, case: &CaseId, who: &str, words: &str) -> String {
    let channel = load(world, case).await.unwrap().room().channel.clone().unwrap().0;
    world.slack.slash(who, &channel, "/keyleak", words).await.unwrap().body
}

/// A change that the actor made with the key.
fn deed(world: &World, call: (&str, &str, Value)) -> Deed {
    Deed {
        at: Timestamp::from_second(world.clock.now().as_second()).unwrap(),
        credential: world.leaked.clone(),
        source_ip: "203.0.113.66".to_owned(),
        user_agent: "Boto3/1.34.1".to_owned(),
        service: call.0.to_owned(),
        call: call.1.to_owned(),
        is_read: false,
        parameters: call.2,
        response: Value::Null,
        refused: None,
    }
}

/// Presses a phase, and waits until each of its questions has an answer.
async fn asked(world: &World, case: &CaseId, phase: Phase) -> Case {
    press(world, case, (REPORTER, &format!("phase.{}", phase.slug()))).await.unwrap();
    let answered =
        |case: &Case| case.presses(phase).last().is_some_and(|press| case.is_answered(press.seq));
    until(world, case, "the answers", answered).await.unwrap()
}

/// Asks for the impact until the trail, which is late, shows what the actor changed.
async fn until_changes_show(world: &World, case: &CaseId) -> Case {
    for _ in 0..20 {
        let now = asked(world, case, Phase::Impact).await;
        let evidence = state(&now, ImpactQuestion::Configuration).evidence;
        if evidence.iter().any(|evidence| evidence.finds() > 0) {
            return now;
        }
        world.clock.sleep(std::time::Duration::from_secs(30)).await;
    }
    panic!("nothing that the actor changed ever shows");
}

/// The card of the impact, once it shows these words.
async fn card(world: &World, case: &CaseId, words: &str) -> (Place, Value) {
    card_of(world, case, (&impact_key(), words)).await
}

/// Presses a button about a question as it stands on a card that this person saw.
async fn button(world: &World, who: &str, card: &(Place, Value), (id, value): (&str, String)) {
    let press = Press {
        value: Some(value),
        as_seen: Some(card.1.clone()),
        ..Press::new(who, card.0.clone(), id)
    };
    assert!(world.slack.press(press).await.unwrap().accepted());
}

fn value(case: &Case, question: ImpactQuestion) -> String {
    format!("{}|{}|{}", case.id(), question.slug(), state(case, question).seq)
}

fn refusals(case: &Case) -> usize {
    let refused = |event: &Event| matches!(event, Event::Refused { .. });
    case.records().iter().filter(|record| refused(&record.event)).count()
}

/// The case is open, the actor has changed something, and nobody can say no before anybody asked.
async fn begun(world: &World, case: &CaseId) {
    let there = |case: &Case| case.room().channel.is_some() && case.validated();
    until(world, case, "the channel", there).await.unwrap();
    let since = world.clock.now() - SignedDuration::from_hours(1);
    say(world, case, REPORTER, &format!("exposed {since}")).await;

    let call = ("sqs", "CreateQueue", json!({ "queueName": "loot" }));
    world.cloud.history(&[deed(world, call)]).unwrap();

    // Nobody has asked anything yet, so nobody can say no.
    let none = say(world, case, REPORTER, "impact guardrails no").await;
    assert!(none.contains("Q40 has no answer in this case. Press Impact first"), "{none}");
    assert!(load(world, case).await.unwrap().impact_answers().is_empty());
}

/// Scope and Impact are asked, and the card proposes; what it showed, and the case then.
async fn proposed(world: &World, case: &CaseId) -> (Case, (Place, Value)) {
    asked(world, case, Phase::Scope).await;
    let now = until_changes_show(world, case).await;
    let seen = card(world, case, "Proposed: no (Q40 found nothing, and would have)").await;
    assert!(!seen.1["blocks"].to_string().contains("mrkdwn"), "nothing of it is live");
    let list = say(world, case, REPORTER, "impact").await;
    for question in ImpactQuestion::ALL {
        assert!(list.contains(question.words()), "{}: {list}", question.slug());
    }
    (now, seen)
}

/// Whether so many answers are written down.
fn count(count: usize) -> impl Fn(&Case) -> bool {
    move |case| case.impact_answers().len() == count
}

/// A no that counts, by a responder and not by the owner; gives the card after it.
async fn said_no(world: &World, case: &CaseId) -> (Case, (Place, Value)) {
    let (now, seen) = proposed(world, case).await;
    // Who owns the key says nothing about it; a responder's press counts.
    let guardrails = ("impact.no", value(&now, ImpactQuestion::Guardrails));
    world
        .slack
        .slash(KEY_OWNER, &world.lobby, "/keyleak", &world.leaked.access_key_id)
        .await
        .unwrap();
    let inside = |case: &Case| case.room().invited.iter().any(|one| one.user == KEY_OWNER);
    until(world, case, "the owner is in", inside).await.unwrap();
    button(world, KEY_OWNER, &seen, guardrails.clone()).await;
    heard(world, KEY_OWNER, "the key belongs to you").await;
    button(world, REPORTER, &seen, guardrails.clone()).await;
    let now = until(world, case, "the first answer", count(1)).await.unwrap();
    let (by, answer) = &now.impact_answers()[0];
    assert_eq!((by.by.user.as_str(), answer.verdict), (REPORTER, ImpactVerdict::No));
    assert_eq!(answer.proposed, ImpactVerdict::No);
    let seen = card(world, case, "1 of 9 answered").await;
    assert!(!seen.1.to_string().contains(&guardrails.1), "it has no buttons any more");
    (now, seen)
}

/// A no that the trail could not have shown is refused, and not known is taken in its place.
async fn said_not_known(world: &World, case: &CaseId) {
    let (now, seen) = said_no(world, case).await;
    // The simulated trail records no data events: a no about reads of objects is no answer.
    let before = refusals(&now);
    let exfiltration = value(&now, ImpactQuestion::Exfiltration);
    button(world, REPORTER, &seen, ("impact.no", exfiltration.clone())).await;
    heard(world, REPORTER, "no data events were recorded, which Q31 rests on").await;
    let now = load(world, case).await.unwrap();
    assert_eq!((refusals(&now), now.impact_answers().len()), (before + 1, 1), "and on record");
    button(world, REPORTER, &seen, ("impact.not_known", exfiltration)).await;
    until(world, case, "the second answer", count(2)).await.unwrap();
    card(world, case, "NOT KNOWN, said").await;
}

/// Answers in words: where they are needed, where they are not, and in the place of another.
async fn said_in_words(world: &World, case: &CaseId) {
    // Whether it was an insider takes words, and they are shown and do nothing.
    let bare = say(world, case, APPROVER, "impact insider no").await;
    assert!(bare.contains("it needs your words"), "{bare}");
    let why = "all calls came from <!channel> *abroad*, and Dan was on leave";
    let told = say(world, case, APPROVER, &format!("impact insider no {why}")).await;
    assert!(told.contains("Written down about insider: no"), "{told}");
    let seen = card(world, case, "Dan was on leave").await;
    assert!(!seen.1["text"].to_string().contains("<!channel>"));

    // What the actor changed is found, so that yes needs no words; a later answer takes its place.
    let why = "its queue may take the customers' orders";
    for words in ["impact configuration yes", &format!("impact business yes {why}")] {
        let told = say(world, case, REPORTER, words).await;
        assert!(told.contains("Written down about"), "{words}: {told}");
    }
    let told = say(world, case, APPROVER, "impact business unknown nobody asked them yet").await;
    assert!(told.contains("not known"), "{told}");
}

/// The case closes with questions open, and the report says which, and who said what.
async fn closed(world: &World, case: &CaseId) {
    let now = load(world, case).await.unwrap();
    let left = [
        ImpactQuestion::Alerts,
        ImpactQuestion::Classification,
        ImpactQuestion::Services,
        ImpactQuestion::Evidence,
    ];
    assert_eq!(still_open(&now), left);
    press(world, case, (APPROVER, "case.close")).await.unwrap();
    let now = until(world, case, "closed", |now| now.closed_at().is_some()).await.unwrap();
    let report = markdown(&now);
    for said in [
        "guardrails: Were guardrails switched off or changed? NO, said",
        "Rests on Q40: 0 rows (answer SHA-256 ",
        "NOT KNOWN, said",
        "Dan was on leave",
        "Before: business: YES, said",
        "Open: alerts, classification, services, evidence",
        "answered the impact question insider: no",
    ] {
        assert!(report.contains(said), "{said}: {report}");
    }
    // Its channel is archived by now.
    let words = format!("impact {case} alerts unknown");
    let late = world.slack.slash(REPORTER, &world.lobby, "/keyleak", &words).await.unwrap().body;
    assert!(late.contains("Nothing was done: the case is closed"), "{late}");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_answer_the_nine_on_evidence_and_the_report_says_who_and_what_is_open() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let case = open(world).await.unwrap();
    begun(world, &case).await;
    said_not_known(world, &case).await;
    said_in_words(world, &case).await;
    closed(world, &case).await;
    stage.strike().await;
}
