//! All rows of an answer: a file in the thread of its table, once, with its hash; or the way to it.

use crate::stage::Stage;
use keyleak::domain::announce::{What, announcements, answer_key};
use keyleak::domain::case::Case;
use keyleak::domain::digest::sha256_hex;
use keyleak::domain::event::{Event, Phase, PostKey};
use keyleak::domain::ids::CaseId;
use keyleak::domain::record::Entry;
use keyleak::drill::people::REPORTER;
use keyleak::drill::players::{load, open, press, until};
use keyleak::drill::world::World;
use keyleak::ports::trail::Answer;
use keyleak::sim::slack::faults::Fault;
use keyleak::sim::slack::files::File;
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

const SCOPE: &str = "files:write";

pub(crate) fn told_all(case: &Case) -> bool {
    let room = case.room();
    let told = |key: &PostKey| room.posted.contains_key(key) || room.given_up.contains(key);
    announcements(case).iter().all(|owed| told(&owed.key))
}

/// Ana presses Scope; the case once all of its answers are told.
async fn scope_told(world: &World, id: &CaseId) -> Case {
    until(world, id, "validation", |case| case.validated() && told_all(case)).await.unwrap();
    press(world, id, (REPORTER, "phase.scope")).await.unwrap();
    let answered = |case: &Case| {
        let press = case.presses(Phase::Scope).last().map(|press| press.seq);
        press.is_some_and(|seq| case.is_answered(seq)) && told_all(case)
    };
    until(world, id, "the answers with their files", answered).await.unwrap()
}

/// The records of the answers that have rows.
fn with_rows(case: &Case) -> Vec<u64> {
    let answers = case.answers().iter().filter(|(_, answer)| answer.rows > 0);
    answers.map(|(seq, _)| *seq).collect()
}

/// What the bot said in the thread of an answer.
fn thread(world: &World, case: &Case, seq: u64) -> Vec<Value> {
    let (channel, parent) = &case.room().posted[&answer_key(seq)];
    let messages = world.slack.messages(&channel.0).into_iter();
    let replies = messages.filter(|message| message["thread_ts"] == parent.0.as_str());
    replies.filter(|message| message["ts"] != parent.0.as_str()).collect()
}

async fn stored(world: &World, case: &Case, seq: u64) -> Answer {
    let note = case.answers().iter().find(|(at, _)| *at == seq).map(|(_, note)| note).unwrap();
    let content = world.desk().unwrap().evidence.get(&note.answer_sha256).await.unwrap();
    serde_json::from_slice(&content).unwrap()
}

/// The folder that the command line writes of a case.
fn exported(world: &World, case: &CaseId) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("export");
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyleak"));
    command.args(["export", &case.0, "--journal"]).arg(&world.journal).arg("--out").arg(&out);
    let done = command.output().unwrap();
    assert!(done.status.success(), "{done:?}");
    (folder, out)
}

/// What is wrong with the files in the channel; each answer with rows has its own, once.
async fn odd(world: &World, case: &Case, files: &[File]) -> Vec<String> {
    let mut odd = Vec::new();
    for seq in with_rows(case) {
        let answer = stored(world, case, seq).await;
        let name = format!("{}-{seq}-{}.csv", case.id(), answer.question);
        let (_, parent) = &case.room().posted[&answer_key(seq)];
        let shared = |file: &&File| file.name == name && file.shared_ts.is_some();
        let shared: Vec<&File> = files.iter().filter(shared).collect();
        let [file] = shared.as_slice() else {
            odd.push(format!("{name} is there {} times", shared.len()));
            continue;
        };
        if file.thread_ts.as_ref() != Some(&parent.0) {
            odd.push(format!("{name} is not in the thread of its table"));
        }
        if file.content != answer.to_csv().into_bytes() {
            odd.push(format!("{name} is not the answer"));
        }
        let sum = sha256_hex(&file.content);
        let said = thread(world, case, seq).iter().filter(|reply| reply["files"].is_null()).count();
        let named = thread(world, case, seq).iter().any(|reply| reply.to_string().contains(&sum));
        if said != 1 || !named {
            odd.push(format!("{said} replies beside {name}, and its hash: {named}"));
        }
    }
    odd
}

#[tokio::test(flavor = "multi_thread")]
async fn each_answer_with_rows_has_one_file_in_its_thread_with_the_hash_beside_it() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let id = open(world).await.unwrap();
    let case = scope_told(world, &id).await;
    assert!(with_rows(&case).len() > 3, "{:?}", with_rows(&case));
    let files = world.slack.files();
    assert_eq!(odd(world, &case, &files).await, [""; 0]);
    assert!(case.room().given_up.is_empty(), "{:?}", case.room().given_up);

    // The checks must be able to fail.
    let mut twice = files.clone();
    // Others may have been told since the case was looked at.
    let first = format!("{}-{}-", case.id(), with_rows(&case)[0]);
    twice.extend(files.iter().find(|file| file.name.starts_with(&first)).cloned());
    assert!(odd(world, &case, &twice).await[0].ends_with("2 times"));
    let spoils: [fn(&mut File); 2] = [|file| file.thread_ts = None, |file| file.content.push(b'!')];
    for spoil in spoils {
        let mut spoilt = files.clone();
        spoilt.iter_mut().for_each(spoil);
        assert!(odd(world, &case, &spoilt).await.len() >= with_rows(&case).len());
    }

    // The command that the thread names writes the very same file.
    let seq = with_rows(&case)[0];
    let said: String = thread(world, &case, seq).iter().map(Value::to_string).collect();
    let name = format!("queries/{seq:06}-{}.csv", stored(world, &case, seq).await.question);
    assert!(said.contains(&name) && said.contains(&format!("keyleak export {id}")), "{said}");
    let evidence = case.answers().iter().find(|(at, _)| *at == seq).map(|(_, note)| note).unwrap();
    assert!(said.contains(&evidence.answer_sha256), "{said}");
    let (_folder, out) = exported(world, &id);
    let file = files.iter().find(|file| file.name.contains(&format!("-{seq}-"))).unwrap();
    assert_eq!(std::fs::read(out.join(&name)).unwrap(), file.content);
    stage.strike().await;
}

/// The control is the test above: there nothing breaks, and the same is found.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_whose_sending_broke_off_or_whose_bot_was_started_again_comes_once() {
    let mut stage = Stage::set().await;
    let id = open(&stage.world).await.unwrap();
    let validated = |case: &Case| case.validated() && told_all(case);
    until(&stage.world, &id, "validation", validated).await.unwrap();
    for method in ["files.completeUploadExternal", "chat.postMessage"] {
        stage.world.slack.script(method, &Fault::ResetAfter, 3);
        stage.world.slack.script(method, &Fault::ResetBefore, 1);
    }
    press(&stage.world, &id, (REPORTER, "phase.scope")).await.unwrap();
    let begun =
        |case: &Case| case.room().uploads_tried.keys().any(|key| key.0.starts_with("rows-"));
    until(&stage.world, &id, "the first file", begun).await.unwrap();
    stage.world.restart_bot().await.unwrap();
    let world = &stage.world;
    let answered = |case: &Case| {
        let press = case.presses(Phase::Scope).last().map(|press| press.seq);
        press.is_some_and(|seq| case.is_answered(seq)) && told_all(case)
    };
    let case = until(world, &id, "the answers with their files", answered).await.unwrap();
    assert_eq!(odd(world, &case, &world.slack.files()).await, [""; 0]);
    // The last of the faults shows in the record, so that those before it came to pass as well.
    for method in ["files.completeUploadExternal", "chat.postMessage"] {
        let calls = world.slack.calls().into_iter();
        let mut broken = calls.filter(|call| call.outcome.contains("ResetBefore"));
        assert!(broken.any(|call| call.method == method), "{method}");
    }
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_scope_for_files_the_thread_says_so_and_names_the_command() {
    let stage = Stage::set().await;
    let world = &stage.world;
    world.slack.revoke(SCOPE);
    let id = open(world).await.unwrap();
    let case = scope_told(world, &id).await;
    let csv = world.slack.files().into_iter().filter(|file| file.name.ends_with(".csv"));
    assert_eq!(csv.filter(|file| file.shared_ts.is_some()).count(), 0);
    let (_folder, out) = exported(world, &id);
    for seq in with_rows(&case) {
        let replies = thread(world, &case, seq);
        let said: String = replies.iter().map(Value::to_string).collect();
        let answer = stored(world, &case, seq).await;
        let name = format!("queries/{seq:06}-{}.csv", answer.question);
        let sum = sha256_hex(answer.to_csv().as_bytes());
        let command = format!("keyleak export {id} --out FOLDER");
        for words in [SCOPE, &name, &sum, &command, "cannot be shown as a file here"] {
            assert!(said.contains(words), "{words}: {said}");
        }
        assert_eq!(replies.len(), 1, "said once");
        assert_eq!(sha256_hex(&std::fs::read(out.join(&name)).unwrap()), sum, "and it is so");
    }
    assert!(!case.room().uploads_tried.keys().any(|key| key.0.starts_with("rows-")));
    stage.strike().await;
}

/// What an older keyleak sent before the table is not sent again after an update.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_an_older_keyleak_sent_is_not_owed_again() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let id = open(world).await.unwrap();
    let case = scope_told(world, &id).await;
    let owed =
        |case: &Case, seq: u64| announcements(case).iter().any(|owed| owed.what == What::Rows(seq));
    let seq = with_rows(&case)[0];
    assert!(owed(&case, seq));
    let mut older = load(world, &id).await.unwrap();
    let post = answer_key(seq);
    let event = Event::UploadTried { post };
    let entry = Entry::own(world.clock.now(), event);
    older.apply(&entry.chained(id.clone(), older.last_record())).unwrap();
    assert!(!owed(&older, seq), "its file went out before the table");
    stage.strike().await;
}
