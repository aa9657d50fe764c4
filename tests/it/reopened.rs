//! A closed case that is taken up again: the same journal, a new channel, and one case per key.

use crate::stage::Stage;
use keyleak::domain::case::Case;
use keyleak::domain::event::{Event, PostKey};
use keyleak::domain::ids::{CaseId, ChannelId};
use keyleak::domain::owner_asked;
use keyleak::drill::people::{KEY_OWNER, REPORTER};
use keyleak::drill::players::{approve, desk, load, open, press, until};
use keyleak::drill::world::World;
use keyleak::flow::desk::Desk;
use keyleak::flow::intake::key_digest;
use keyleak::sim::slack::channels::Reach;

/// The bot, as the simulated workspace calls it.
const BOT: &str = "U0BOT00000";

async fn typed(world: &World, who: &str, text: &str) -> String {
    let delivery = world.slack.slash(who, &world.lobby, "/keyleak", text).await.unwrap();
    assert!(delivery.accepted(), "{text}: {}", delivery.body);
    delivery.body
}

fn reopen(case: &CaseId) -> String {
    format!("reopen {case} the old key was used again")
}

async fn closed(world: &World, case: &CaseId) -> Case {
    press(world, case, (REPORTER, "case.close")).await.unwrap();
    until(world, case, "the end", Case::is_archived).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_that_is_taken_up_again_gets_a_new_channel_and_goes_on_in_its_journal() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let case = open(world).await.unwrap();
    approve(world, &case).await.unwrap();
    let begun = |case: &Case| case.plans().any(|state| state.held_at.is_some());
    until(world, &case, "held", begun).await.unwrap();
    let early = typed(world, REPORTER, &reopen(&case)).await;
    assert!(early.contains("it goes on in its channel"), "{early}");

    let before = closed(world, &case).await;
    let first = before.room().channel.clone().unwrap();
    for (who, text, why) in [
        (REPORTER, format!("reopen {case} soon"), "name the closed case and why"),
        (REPORTER, "reopen kl-20200101-aaaa-00000000 it goes on".to_owned(), "There is no case"),
        (KEY_OWNER, reopen(&case), "the key belongs to you"),
    ] {
        let said = typed(world, who, &text).await;
        assert!(said.contains(why), "{text}: {said}");
    }
    assert!(load(world, &case).await.unwrap().closed_at().is_some(), "nothing of that counted");

    let said = typed(world, REPORTER, &reopen(&case)).await;
    assert!(said.contains("is open again"), "{said}");
    let there = |case: &Case| {
        case.room().posted.contains_key(&keyleak::domain::announce::card_key())
            && case.room().posted.keys().any(|post| post.0.starts_with("summary-"))
    };
    let now = until(world, &case, "the new channel", there).await.unwrap();
    let second = now.room().channel.clone().unwrap();
    assert_ne!(first, second);
    assert_eq!(now.room().name, before.room().name.as_ref().map(|name| format!("{name}-2")));
    assert!(now.closed_at().is_none() && !now.is_archived());
    let (old, new) = (before.records(), now.records());
    assert!(old.iter().zip(new).all(|(old, new)| old.hash == new.hash), "one chain");
    let told: String = world.slack.messages(&second.0).iter().map(ToString::to_string).collect();
    assert!(told.contains("the old key was used again"), "{told}");
    let anew = now.records().iter().find(|record| matches!(record.event, Event::Reopened { .. }));
    let anew = anew.unwrap().seq;
    let old = |key: &&PostKey| {
        let (kind, at) = key.0.split_once('-').unwrap_or_default();
        let is_news = ["notice", "alarm", "summary", "answer", "digest"].contains(&kind);
        is_news && at.parse().is_ok_and(|at: u64| at < anew)
    };
    let told_again: Vec<_> = now.room().posted.keys().filter(old).collect();
    assert!(told_again.is_empty(), "what is no news is not told again: {told_again:?}");
    let posted = before.room().posted.keys().filter(old).count();
    assert!(posted > 3, "the control: {posted} in the old channel");
    listed_once(world, &case).await;

    let again = closed(world, &case).await;
    assert!(again.room().channel == now.room().channel, "and it can be closed again");
    stage.strike().await;
}

/// It is found by whoever looks for work, and its key can have no second case.
async fn listed_once(world: &World, case: &CaseId) {
    let work = &desk(world).unwrap().work;
    assert_eq!(work.open_cases().await.unwrap(), std::slice::from_ref(case));
    let key = world.leaked.access_key_id.clone();
    let said = typed(world, REPORTER, &key).await;
    assert!(said.contains(&format!("already has the open case {case}")), "{said}");
}

/// People outside hear of it, and of nothing twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_case_that_is_taken_up_again_is_told_outside_once_and_what_was_told_is_not_repeated() {
    let mut stage = Stage::set().await;
    let news = stage.world.slack.make_channel("news", Reach::Private, &[REPORTER, BOT]);
    let to = ChannelId(news.clone());
    let stakeholders = |desk: &mut Desk| desk.rules.policy.conduct.stakeholders = Some(to);
    stage.world.restart_bot_with(stakeholders).await.unwrap();
    let world = &stage.world;
    let case = open(world).await.unwrap();
    let asked = |case: &Case| case.room().posted.contains_key(&owner_asked::key());
    until(world, &case, "the question to the owner", asked).await.unwrap();
    closed(world, &case).await;
    let titles = || -> Vec<String> {
        let title = |message: &serde_json::Value| {
            message["blocks"][1]["text"]["text"].as_str().map(str::to_owned)
        };
        world.slack.messages(&news).iter().filter_map(title).collect()
    };
    let before = titles();
    assert!(before.last().unwrap().ends_with("the case is closed"), "the control: {before:?}");
    typed(world, REPORTER, &reopen(&case)).await;
    let again = |case: &Case| case.room().posted.keys().any(|key| key.0.ends_with("-reopened"));
    let now = until(world, &case, "the news", again).await.unwrap();
    let after = titles();
    assert_eq!(after[..before.len()], before[..]);
    assert_eq!(after.len(), before.len() + 1, "{after:?}");
    assert!(after.last().unwrap().ends_with("the case is open again"), "{after:?}");
    let shown: String = world.slack.messages(&news).iter().map(ToString::to_string).collect();
    assert!(!shown.contains("the old key was used again"), "not what somebody typed: {shown}");
    let questions =
        |one: &Event| matches!(one, Event::Posted { post, .. } if *post == owner_asked::key());
    assert_eq!(now.records().iter().filter(|one| questions(&one.event)).count(), 1);
    exported(world, &case);
    stage.strike().await;
}

/// What was said outside stands in the export, as it was said.
fn exported(world: &World, case: &CaseId) {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("export");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_keyleak"));
    command.args(["export", &case.0, "--journal"]).arg(&world.journal).arg("--out").arg(&out);
    let said = command.output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let lines = std::fs::read_to_string(out.join("messages.jsonl")).unwrap();
    let lines: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let text = |post: &str| {
        let found = lines.iter().filter(|line| line["post"].as_str().unwrap().contains(post));
        found.map(|line| line["text"].as_str().unwrap_or("nothing").to_owned()).collect::<Vec<_>>()
    };
    assert!(text("owner-asked")[0].contains("Was this you?"), "{:?}", text("owner-asked"));
    let news = text("digest-");
    assert!(news.first().unwrap().contains("a case is open"), "{news:?}");
    assert!(news.last().unwrap().contains("the case is open again"), "{news:?}");
    assert!(news.iter().all(|said| !said.is_empty() && said != "nothing"), "{news:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_has_another_open_case_by_now_keeps_that_one() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let first = open(world).await.unwrap();
    let roomed = |case: &Case| case.room().dressed;
    until(world, &first, "a channel", roomed).await.unwrap();
    closed(world, &first).await;
    let work = &desk(world).unwrap().work;
    let mut left = work.open_cases().await.unwrap();
    while left.contains(&first) {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        left = work.open_cases().await.unwrap();
    }
    let second = open(world).await.unwrap();
    assert_ne!(first, second);
    let said = typed(world, REPORTER, &reopen(&first)).await;
    assert!(said.contains(&format!("has the open case {second} by now")), "{said}");
    let now = load(world, &first).await.unwrap();
    assert!(!now.records().iter().any(|record| matches!(record.event, Event::Reopened { .. })));
    let digest = key_digest(&now.opening().key);
    assert_eq!(work.claim_key(&digest, &first).await.unwrap(), second, "the claim is as it was");
    stage.strike().await;
}
