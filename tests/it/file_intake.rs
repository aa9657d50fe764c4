//! Ids in a file and in one command: a case per key, a channel per account, and clear answers.

use crate::no_channel::told_directly;
use crate::stage::Stage;
use keyleak::domain::case::Case;
use keyleak::domain::ids::CaseId;
use keyleak::drill::people::{APPROVER, REPORTER};
use keyleak::drill::players::{load, open, until, wait};
use keyleak::drill::world::World;
use keyleak::sim::slack::deliver::Delivery;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzKEY";

/// Key ids that carry these accounts, as AWS has made them since 2019.
fn keys_of(account: u64, count: u8) -> Vec<String> {
    let bits = (1 << 44) | (account << 4);
    let letter = |place: u32| {
        let value = (bits >> (5 * place)) & 31;
        char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[value as usize])
    };
    let carried: String = (0..9).rev().map(letter).collect();
    (0..count).map(|n| format!("AKIA{carried}2345WX{}", char::from(b'A' + n))).collect()
}

/// Opens the form that asks for keys; its blocks as the person sees them.
async fn form(world: &World) -> Value {
    let asked = world.slack.slash(REPORTER, &world.lobby, "/keyleak", "").await.unwrap();
    assert!(asked.accepted(), "{asked:?}");
    let shown = async || Ok(world.slack.views_open(REPORTER).pop());
    wait("the form", shown).await.unwrap().object["blocks"].clone()
}

async fn send(world: &World, values: &Value) -> Delivery {
    world.slack.submit_view(REPORTER, values).await.unwrap()
}

/// Sends a file through the form, and waits until its line says how it ended.
async fn send_file(world: &World, (name, content): (&str, &[u8]), words: &str) {
    form(world).await;
    let file = world.slack.give(REPORTER, name, content);
    let sent = send(world, &json!({ "intake.file": [file] })).await;
    assert!(sent.body.contains("clear"), "{sent:?}");
    told(world, name, words).await;
}

async fn told(world: &World, name: &str, words: &str) {
    let says = |line: &String| line.contains(name) && line.contains(words);
    let said = async || Ok(told_directly(world, REPORTER).into_iter().find(says));
    let what = format!("{name}: {words} in {:?}", told_directly(world, REPORTER));
    wait(&what, said).await.unwrap();
}

async fn all_cases(world: &World) -> Vec<CaseId> {
    world.desk().unwrap().work.all_cases().await.unwrap()
}

/// The channels of all cases, once each case has one.
async fn channels(world: &World) -> BTreeSet<String> {
    let mut channels = BTreeSet::new();
    for id in all_cases(world).await {
        let has = |case: &Case| case.room().channel.is_some();
        let case = until(world, &id, "a channel", has).await.unwrap();
        channels.extend(case.room().channel.clone().map(|channel| channel.0));
    }
    channels
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_ids_opens_a_case_per_key_and_a_channel_per_account() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let standing = open(world).await.unwrap();
    let (some, others) = (keys_of(111_122_223_333, 12), keys_of(222_233_334_444, 8));
    let mut lines = vec!["User,Access key ID".to_owned()];
    lines.extend(some.iter().chain(&others).map(|key| format!("ci,{key}")));
    lines.push(format!("known,{}", world.leaked.access_key_id));
    lines.extend([format!("again,{}", some[0]), format!("again,{}", others[7])]);
    lines.extend(["cut,AKIA123".to_owned(), "docs,AKIAIOSFODNN7EXAMPLE".to_owned()]);
    let words = "20 of 21 opened, 1 joined an open case, 2 refused";
    send_file(world, ("leaked.csv", lines.join("\r\n").as_bytes()), words).await;

    let line = told_directly(world, REPORTER).into_iter().find(|l| l.contains("leaked.csv"));
    let line = line.unwrap();
    assert!(line.contains("Line 25: ") && line.contains("Line 26: "), "{line}");
    assert!(line.contains("documentation example"), "{line}");
    assert!(!line.contains("AKIA123"), "nothing of what was refused is repeated: {line}");
    assert_eq!(told_directly(world, REPORTER).len(), 1, "one line, kept current");
    let updates = world.slack.calls().into_iter().filter(|call| call.method == "chat.update");
    let progress = updates.filter(|call| call.args.to_string().contains("10 of 21 opened"));
    assert_eq!(progress.count(), 1, "how it goes is told on the way");
    assert_eq!(all_cases(world).await.len(), 21);
    assert_eq!(channels(world).await.len(), 3, "one for each account");
    let known = load(world, &standing).await.unwrap();
    assert_eq!(known.room().wanted.len(), 1, "who opened it is not invited twice");
    // It is forgotten once its last line is told.
    let kept = async || {
        let kept = world.desk().unwrap().work.kept().await.unwrap();
        Ok(kept.is_empty().then_some(()))
    };
    wait("nothing of the file kept", kept).await.unwrap();
    assert_eq!(world.slack.violations(), Vec::<String>::new());
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_taken_is_refused_whole_with_the_reason() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let key = &world.leaked.access_key_id;
    let large = vec![b'\n'; (1 << 20) + 1];
    let many = keys_of(111_122_223_333, 26).into_iter().chain(keys_of(222_233_334_444, 25));
    let many = many.collect::<Vec<_>>().join("\n");
    let with_secret = format!("Access key ID,Secret access key\n{key},{SECRET}\n");
    for (name, content, words) in [
        ("large.csv", large.as_slice(), "larger than 1024 KiB"),
        ("picture.csv", b"\x89PNG\r\n\x1a\n\0\0", "no plain text"),
        ("words.txt", b"nothing to see", "found no access key id"),
        ("many.txt", many.as_bytes(), "it names 51 keys; send 50 at a time"),
        ("secret.csv", with_secret.as_bytes(), "leaked twice"),
    ] {
        send_file(world, (name, content), words).await;
    }
    assert_eq!(all_cases(world).await, []);
    assert!(!told_directly(world, REPORTER).concat().contains(SECRET));
    let file = std::fs::read(&world.journal).unwrap();
    assert!(!file.windows(SECRET.len()).any(|window| window == SECRET.as_bytes()));
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_scope_for_files_the_form_says_so_and_takes_ids_as_text() {
    let stage = Stage::set().await;
    let world = &stage.world;
    world.slack.revoke("files:read");
    let blocks = form(world).await.to_string();
    assert!(!blocks.contains("file_input") && blocks.contains("the scope files:read"), "{blocks}");
    let nothing = send(world, &json!({})).await;
    assert!(nothing.body.contains("intake.keys"), "{}", nothing.body);
    let typed = send(world, &json!({ "intake.keys": world.leaked.access_key_id })).await;
    assert!(typed.body.contains("clear"), "{}", typed.body);
    assert_eq!(all_cases(world).await.len(), 1);

    world.slack.grant("files:read");
    assert!(form(world).await.to_string().contains("file_input"));
    let key = keys_of(111_122_223_333, 1).remove(0);
    let file = world.slack.give(REPORTER, "late.txt", key.as_bytes());
    world.slack.revoke("files:read");
    send(world, &json!({ "intake.file": [file] })).await;
    told(world, "late.txt", "lacks the scope files:read").await;
    assert_eq!(all_cases(world).await.len(), 1);
    world.slack.grant("files:read");
    send_file(world, ("late.txt", key.as_bytes()), "1 of 1 opened").await;
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_taken_in_is_read_after_a_restart_with_slack_away() {
    let mut stage = Stage::set().await;
    let world = &stage.world;
    form(world).await;
    let keys = keys_of(111_122_223_333, 3);
    let file = world.slack.give(REPORTER, "leaked.txt", keys.join(" ").as_bytes());
    world.slack.set_down(true);
    let sent = send(world, &json!({ "intake.file": [file] })).await;
    assert!(sent.body.contains("clear"), "{sent:?}");
    let tried = async || {
        let tried = world.slack.calls().iter().any(|call| call.outcome.starts_with("fault"));
        Ok(tried.then_some(()))
    };
    wait("a try in vain", tried).await.unwrap();
    stage.world.restart_bot().await.unwrap();
    let world = &stage.world;
    assert_eq!(all_cases(world).await, [], "nobody could read it yet");
    world.slack.set_down(false);
    told(world, "leaked.txt", "3 of 3 opened, 0 joined").await;
    assert_eq!(told_directly(world, REPORTER).len(), 1);
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_come_with_one_that_has_a_case_share_its_channel() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let keys = keys_of(111_122_223_333, 3);
    for (who, text) in [(APPROVER, keys[0].clone()), (REPORTER, keys.join(" "))] {
        let said = world.slack.slash(who, &world.lobby, "/keyleak", &text).await.unwrap();
        assert!(said.accepted(), "{said:?}");
    }
    assert_eq!(all_cases(world).await.len(), 3);
    assert_eq!(channels(world).await.len(), 1);
    stage.strike().await;
}
