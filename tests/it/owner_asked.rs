//! The key's owner is asked directly whether that was them, and people outside hear how it stands.

use crate::people::heard;
use crate::stage::Stage;
use keyleak::domain::case::Case;
use keyleak::domain::event::{Event, PostKey};
use keyleak::domain::ids::ChannelId;
use keyleak::domain::owner_asked;
use keyleak::domain::report::markdown;
use keyleak::domain::severity::Severity;
use keyleak::domain::team_step::OwnerAnswer;
use keyleak::drill::people::{APPROVER, KEY_OWNER, REPORTER};
use keyleak::drill::players::{approve, load, open, press, until, wait};
use keyleak::drill::world::World;
use keyleak::sim::slack::channels::Reach;
use serde_json::Value;

/// What somebody types, and nobody outside reads.
const TYPED: &str = "ci-deploy reads the payroll";
/// The bot, as the simulated workspace calls it.
const BOT: &str = "U0BOT00000";

/// The owner's conversation with the app, and the question in it.
async fn question(world: &World) -> (String, Value) {
    wait("the question to the owner", async || {
        let with = |members: &[String]| members.iter().any(|member| member == KEY_OWNER);
        let mut direct = world.slack.channels().into_iter();
        let direct = direct.find(|c| c.reach == Reach::Direct && with(&c.members));
        Ok(direct.and_then(|channel| {
            let said = world.slack.messages(&channel.id).into_iter();
            let mut said = said.filter(|message| message.to_string().contains("Was this you?"));
            said.next().map(|message| (channel.id, message))
        }))
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_is_asked_once_and_the_answer_is_evidence_and_no_approval() {
    let mut stage = Stage::set().await;
    let id = open(&stage.world).await.unwrap();
    let (direct, message) = question(&stage.world).await;
    let shown = message.to_string();
    assert!(!shown.contains(&stage.world.leaked.access_key_id), "{shown}");
    assert!(shown.contains("approves nothing"), "{shown}");
    let asked = |case: &Case| case.room().posted.contains_key(&owner_asked::key());
    until(&stage.world, &id, "the question on record", asked).await.unwrap();
    stage.world.restart_bot().await.unwrap();
    let world = &stage.world;
    let ts = message["ts"].as_str().unwrap();
    world.slack.click(KEY_OWNER, &direct, ts, "owner.no").await.unwrap();
    heard(world, KEY_OWNER, "Written down: it was not me").await;
    let said = |case: &Case| !case.team().owner_said().is_empty();
    let now = until(world, &id, "the answer", said).await.unwrap();
    assert!(now.team().severity() <= Severity::P2, "{:?}", now.team().grades());
    assert!(now.plans().all(|state| state.approvals.is_empty()), "no approval");
    approve(world, &id).await.unwrap();
    let began = |case: &Case| case.plans().any(|state| state.has_begun());
    until(world, &id, "the containment", began).await.unwrap();
    world.slack.click(KEY_OWNER, &direct, ts, "owner.yes").await.unwrap();
    let twice = |case: &Case| case.team().owner_said().len() == 2;
    let now = until(world, &id, "the second answer", twice).await.unwrap();
    assert_eq!(now.team().owner_said()[0].1, OwnerAnswer::No, "the first counts");
    let report = markdown(&now);
    assert!(report.contains("it was me, after the containment had begun, a later"), "{report}");
    let questions = world.slack.messages(&direct).into_iter();
    let questions = questions.filter(|said| said.to_string().contains("Was this you?"));
    assert_eq!(questions.count(), 1, "asked once, also by the bot that came after");
    stage.strike().await;
}

fn digests(world: &World, channel: &str) -> Vec<String> {
    let title = |message: &Value| message["blocks"][1]["text"]["text"].as_str().map(str::to_owned);
    world.slack.messages(channel).iter().filter_map(title).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn people_outside_hear_how_it_stands_and_nothing_that_anybody_typed() {
    let mut stage = Stage::set().await;
    let world = &stage.world;
    let news = world.slack.make_channel("news", Reach::Private, &[REPORTER, BOT]);
    let to = ChannelId(news.clone());
    let stakeholders = |desk: &mut keyleak::flow::desk::Desk| {
        desk.rules.policy.conduct.stakeholders = Some(to);
    };
    stage.world.restart_bot_with(stakeholders).await.unwrap();
    let world = &stage.world;
    let id = open(world).await.unwrap();
    let made = |case: &Case| case.room().dressed;
    let case = until(world, &id, "the channel and its people", made).await.unwrap();
    let channel = case.room().channel.clone().unwrap().0;
    let words = format!("severity P1 {TYPED}");
    world.slack.slash(APPROVER, &channel, "/keyleak", &words).await.unwrap();
    approve(world, &id).await.unwrap();
    let contained = |case: &Case| case.standing_plans().any(|state| state.contained.is_some());
    until(world, &id, "contained", contained).await.unwrap();
    press(world, &id, (APPROVER, "case.close")).await.unwrap();
    until(world, &id, "its end", Case::is_archived).await.unwrap();
    let told = digests(world, &news);
    assert!(told[0].ends_with("a case is open"), "{told:?}");
    assert!(told.iter().any(|title| title.contains("severity P1")), "{told:?}");
    assert!(told.iter().any(|title| title.ends_with("contained")), "{told:?}");
    assert!(told.last().unwrap().ends_with("the case is closed"), "{told:?}");
    let shown = format!("{:?}", world.slack.messages(&news));
    for secret in [world.leaked.access_key_id.as_str(), "AKIA", "203.0.113", TYPED] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_bot_is_not_in_that_channel_the_case_says_so_once_with_what_helps() {
    let mut stage = Stage::set().await;
    let news = stage.world.slack.make_channel("news", Reach::Private, &[REPORTER]);
    let to = ChannelId(news.clone());
    let stakeholders = |desk: &mut keyleak::flow::desk::Desk| {
        desk.rules.policy.conduct.stakeholders = Some(to);
    };
    stage.world.restart_bot_with(stakeholders).await.unwrap();
    let world = &stage.world;
    let id = open(world).await.unwrap();
    let told = |case: &Case| case.room().posted.keys().any(|key| key.0.starts_with("unreached-"));
    until(world, &id, "what helps", told).await.unwrap();
    approve(world, &id).await.unwrap();
    let contained = |case: &Case| case.standing_plans().any(|state| state.contained.is_some());
    let now = until(world, &id, "contained", contained).await.unwrap();
    let failed = |event: &Event| {
        let Event::PostFailed { post, .. } = event else { return false };
        post.0.starts_with("digest-")
    };
    until(world, &id, "further tries", |case| {
        case.records().iter().filter(|record| failed(&record.event)).count() > 1
    })
    .await
    .unwrap();
    let now_keys = load(world, &id).await.unwrap();
    let said: Vec<&PostKey> =
        now_keys.room().posted.keys().filter(|key| key.0.starts_with("unreached-")).collect();
    assert_eq!(said.len(), 1, "{said:?}");
    let channel = now.room().channel.clone().unwrap().0;
    let shown = format!("{:?}", world.slack.messages(&channel));
    assert!(shown.contains("/invite"), "{shown}");
    assert_eq!(digests(world, &news), [""; 0]);
    stage.strike().await;
}
