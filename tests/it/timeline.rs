//! What people put into a case's timeline: by an emoji, a shortcut or a note, once, and erasable.

use crate::binary;
use crate::people::heard;
use crate::stage::Stage;
use async_trait::async_trait;
use keyleak::domain::announce::card_key;
use keyleak::domain::capture::{CapturedWords, written_at};
use keyleak::domain::captures::captures;
use keyleak::domain::case::Case;
use keyleak::domain::digest::sha256_hex;
use keyleak::domain::event::Event;
use keyleak::domain::ids::{CaseId, MessageTs};
use keyleak::domain::record::Record;
use keyleak::domain::report::{summary, timeline};
use keyleak::drill::people::{APPROVER, OUTSIDER, REPORTER};
use keyleak::drill::players::{load, open, until};
use keyleak::drill::world::World;
use keyleak::ports::journal::{AppendError, Journal, StoreError};
use keyleak::sim::slack::channels::Reach;
use keyleak::slack::shortcut::ADD_TO_TIMELINE;
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tempfile::TempDir;

const EMOJI: &str = "pushpin";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzKEY";

/// A journal that cannot be read while it is away.
struct Away {
    inner: Arc<dyn Journal>,
    away: Arc<AtomicBool>,
}

#[async_trait]
impl Journal for Away {
    async fn append(&self, record: &Record) -> Result<(), AppendError> {
        self.inner.append(record).await
    }

    async fn read(&self, case: &CaseId, after: u64) -> Result<Vec<String>, StoreError> {
        if self.away.load(Ordering::SeqCst) {
            return Err(StoreError("the table does not answer".to_owned()));
        }
        self.inner.read(case, after).await
    }
}

/// An open case with its channel, where everybody is let in and the card hangs.
async fn case_in_a_channel(world: &World) -> (CaseId, String) {
    let id = open(world).await.unwrap();
    let ready = |case: &Case| {
        let room = case.room();
        room.posted.contains_key(&card_key()) && room.invited.iter().any(|p| p.user == APPROVER)
    };
    let case = until(world, &id, "the card", ready).await.unwrap();
    (id, case.room().channel.clone().unwrap().0)
}

async fn captured(world: &World, id: &CaseId, count: usize) -> Case {
    until(world, id, "it is in the timeline", |case| captures(case).count() == count).await.unwrap()
}

/// Waits until nothing that was taken in is left to do.
async fn settled(world: &World) {
    keyleak::drill::players::wait("nothing waits", async || {
        let kept = world.desk().unwrap().work.kept().await.unwrap();
        Ok(kept.is_empty().then_some(()))
    })
    .await
    .unwrap();
}

/// A command about a case, over the journal of this world.
fn keyleak(world: &World, arguments: &[&str]) -> (bool, String) {
    let mut command = binary::keyleak();
    let output = command.args(arguments).arg("--journal").arg(&world.journal).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

fn exported(world: &World, id: &CaseId) -> (TempDir, PathBuf, String) {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("export");
    let (ok, said) = keyleak(world, &["export", &id.0, "--out", out.to_str().unwrap()]);
    assert!(ok, "{said}");
    (folder, out, said)
}

fn journal_holds(world: &World, words: &str) -> bool {
    let names = ["", "-wal"].map(|end| format!("{}{end}", world.journal.display()));
    names
        .iter()
        .filter_map(|name| std::fs::read(name).ok())
        .any(|bytes| bytes.windows(words.len()).any(|window| window == words.as_bytes()))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emoji_puts_a_message_there_once_with_its_author_and_time_and_not_its_words() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let (id, channel) = case_in_a_channel(world).await;
    let text = "Traffic from <!channel> *odd* host & <https://evil.example|aws> \u{202E}since two";
    let place = (channel.as_str(), None);
    let ts = world.slack.say_with(APPROVER, place, (text, &["proxy.log", "graph.png"]));
    let later = world.slack.say(REPORTER, &channel, "and I saw nothing");
    let told = world.slack.react(REPORTER, (&channel, &ts), EMOJI).await.unwrap();
    assert!(told.len() == 1 && told[0].accepted(), "{told:?}");
    let case = captured(world, &id, 1).await;
    heard(world, REPORTER, "Added to the timeline").await;

    let (seq, capture) = captures(&case).next().unwrap();
    let message = capture.message.clone().unwrap();
    assert_eq!((message.author.as_str(), message.files), (APPROVER, 2));
    assert_eq!(Some(message.at), written_at(&MessageTs(ts.clone())));
    let record = &case.records()[usize::try_from(seq).unwrap() - 1];
    assert_eq!(record.person().unwrap().user, REPORTER);
    assert!(record.at > message.at);
    assert!(!journal_holds(world, "odd*") && !journal_holds(world, "proxy.log"));
    assert!(journal_holds(world, &capture.sha256), "what is kept would be found");

    let object = world.desk().unwrap().evidence.get(&capture.sha256).await.unwrap();
    let words: CapturedWords = serde_json::from_slice(&object).unwrap();
    assert_eq!(words.text, text.replace('\u{202E}', ""));
    assert_eq!(words.files, ["proxy.log", "graph.png"]);
    let lines = timeline(&case, 0);
    let at = lines.iter().position(|line| line.seq == seq).unwrap();
    assert!(lines[..at].iter().all(|line| line.at <= message.at || line.words.is_some()));
    assert!(lines[at].why.as_deref().unwrap().contains("added to the timeline by ana"));
    let told = summary(&case, case.seq()).join("\n");
    let clock = message.at.strftime("%H:%M:%S").to_string();
    let line = told.lines().find(|line| line.contains("wrote a message")).unwrap();
    assert!(line.starts_with(&clock) && line.contains("by ana"), "{line}");

    // Slack delivers again, somebody agrees, and another emoji means nothing.
    let first = world.slack.react(REPORTER, (&channel, &ts), EMOJI).await.unwrap();
    for again in [world.slack.duplicate(&first[0]).await, world.slack.repeat(&first[0]).await] {
        assert!(again.accepted());
    }
    world.slack.react(APPROVER, (&channel, &ts), EMOJI).await.unwrap();
    heard(world, APPROVER, "it is there already").await;
    world.slack.react(APPROVER, (&channel, &later), "eyes").await.unwrap();
    settled(world).await;
    assert_eq!(captures(&load(world, &id).await.unwrap()).count(), 1);
    assert_eq!(world.slack.violations(), Vec::<String>::new());
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_and_key_ids_are_gone_before_anything_is_kept_and_any_length_fits() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let (id, channel) = case_in_a_channel(world).await;
    let key = &world.leaked.access_key_id;
    let texts =
        [format!("{key} and {SECRET}, see"), "<@U0BOB00002> é ".repeat(1_000), String::new()];
    for text in &texts {
        let ts = world.slack.say(APPROVER, &channel, text);
        world.slack.react(REPORTER, (&channel, &ts), EMOJI).await.unwrap();
    }
    let case = captured(world, &id, 3).await;
    let mut kept = Vec::new();
    for (_, capture) in captures(&case) {
        kept.push(world.desk().unwrap().evidence.get(&capture.sha256).await.unwrap());
    }
    let kept = String::from_utf8(kept.concat()).unwrap();
    assert!(!kept.contains("wJal") && !kept.contains(key.as_str()), "{kept}");
    assert!(kept.contains("[secret removed], see") && kept.contains("é <@U0BOB"), "{kept}");
    assert!(!journal_holds(world, SECRET));
    let (_folder, out, _) = exported(world, &id);
    let report = std::fs::read_to_string(out.join("report.md")).unwrap();
    let live = report.replace("\\<@U0BOB", "").contains("<@U0BOB");
    assert!(report.contains("secret removed") && !live, "nothing is live");
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_and_deletions_are_written_down_and_the_first_words_stay() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let (id, channel) = case_in_a_channel(world).await;
    let ts = world.slack.say(APPROVER, &channel, "the proxy was open");
    let other = world.slack.say(APPROVER, &channel, "lunch?");
    world.slack.react(REPORTER, (&channel, &ts), EMOJI).await.unwrap();
    captured(world, &id, 1).await;
    let changes = |case: &Case| {
        let of = |event: &Event| {
            let Event::CaptureChanged { change } = event else { return None };
            Some(change.as_ref().clone())
        };
        case.records().iter().filter_map(|record| of(&record.event)).collect::<Vec<_>>()
    };
    let same = world.slack.edit(APPROVER, (&channel, &ts), "the proxy was open").await.unwrap();
    assert!(same[0].accepted());
    let edited = world.slack.edit(APPROVER, (&channel, &ts), "the proxy was SHUT").await.unwrap();
    world.slack.edit(APPROVER, (&channel, &other), "dinner?").await.unwrap();
    until(world, &id, "the edit", |case| changes(case).len() == 1).await.unwrap();
    assert!(world.slack.duplicate(&edited[0]).await.accepted());
    world.slack.unsay(APPROVER, (&channel, &ts)).await.unwrap();
    world.slack.unsay(APPROVER, (&channel, &other)).await.unwrap();
    let case = until(world, &id, "the deletion", |case| changes(case).len() == 2).await.unwrap();
    settled(world).await;
    assert_eq!(changes(&load(world, &id).await.unwrap()).len(), 2, "neither twice nor of others");
    assert!(changes(&case)[0].sha256.is_some() && changes(&case)[1].sha256.is_none());
    let (_, report) = keyleak(world, &["report", &id.0]);
    for words in ["proxy was open", "proxy was SHUT", "deleted in Slack at"] {
        assert!(report.contains(words), "{words}: {report}");
    }
    assert!(!report.contains("dinner"));
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn erased_words_leave_the_chain_whole_and_the_report_says_so() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let (id, channel) = case_in_a_channel(world).await;
    for text in ["call me at home", "the key is in the wiki"] {
        let ts = world.slack.say(APPROVER, &channel, text);
        world.slack.react(REPORTER, (&channel, &ts), EMOJI).await.unwrap();
    }
    let case = captured(world, &id, 2).await;
    let (_folder, out, _) = exported(world, &id);
    let names: Vec<String> = captures(&case).map(|(_, one)| one.sha256.clone()).collect();
    for name in &names {
        let object = std::fs::read(out.join(format!("timeline/{name}.json"))).unwrap();
        assert_eq!(sha256_hex(&object), *name, "a file proves itself by its name");
    }
    let (_, before) = keyleak(world, &["report", &id.0]);
    assert!(before.contains("call me at home") && !before.contains("erased"), "{before}");
    let evidence = world.journal.parent().unwrap().join("evidence");
    let erased = names.iter().find(|name| {
        let object = std::fs::read_to_string(out.join(format!("timeline/{name}.json"))).unwrap();
        object.contains("at home")
    });
    std::fs::remove_file(evidence.join(erased.unwrap())).unwrap();

    let (_, after) = keyleak(world, &["report", &id.0]);
    assert!(!after.contains("at home") && after.contains("its words were erased"), "{after}");
    assert!(after.contains("the key is in the wiki"));
    let (ok, verdict) = keyleak(world, &["verify", &id.0]);
    assert!(ok, "{verdict}");
    let (_folder, out, said) = exported(world, &id);
    assert!(said.contains("were erased"), "{said}");
    assert_eq!(std::fs::read_dir(out.join("timeline")).unwrap().count(), 1);
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shortcut_adds_a_reply_in_a_thread_and_a_note_adds_words_without_a_message() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let (id, channel) = case_in_a_channel(world).await;
    world.slack.revoke("reactions:read");
    let parent = world.slack.say(REPORTER, &channel, "who opened the proxy?");
    let reply = world.slack.say_with(APPROVER, (&channel, Some(&parent)), ("I did", &[]));
    let told = world.slack.react(REPORTER, (&channel, &reply), EMOJI).await.unwrap();
    assert!(told.is_empty(), "without the scope Slack tells of no emoji");
    let chosen = world.slack.point_at(REPORTER, (&channel, &reply), ADD_TO_TIMELINE).await;
    assert!(chosen.unwrap().accepted());
    captured(world, &id, 1).await;
    let note = format!("note the page was *called* at 02:10, {}", "not before");
    let said = world.slack.slash(APPROVER, &channel, "/keyleak", &note).await.unwrap();
    assert!(said.body.contains("Noted in the timeline"), "{}", said.body);
    assert!(world.slack.duplicate(&said).await.accepted());
    let case = captured(world, &id, 2).await;
    settled(world).await;
    assert_eq!(captures(&load(world, &id).await.unwrap()).count(), 2);
    let records = case.records().iter().map(|one| serde_json::to_string(one.as_ref()).unwrap());
    let records: String = records.collect();
    assert!(!records.contains("I did") && !records.contains("*called*"), "{records}");
    let (_, report) = keyleak(world, &["report", &id.0]);
    assert!(report.contains("“I did”") && report.contains("\\*called\\* at 02:10"), "{report}");
    let notes = captures(&case).filter(|(_, one)| one.message.is_none()).count();
    assert_eq!(notes, 1);
    let refused = world.slack.slash(APPROVER, &channel, "/keyleak", "note").await.unwrap();
    assert!(refused.body.contains("say what to note"), "{}", refused.body);
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_cases_or_the_bots_own_or_an_outsiders_adds_nothing() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let (id, channel) = case_in_a_channel(world).await;
    let case = load(world, &id).await.unwrap();
    let card = case.room().posted[&card_key()].1.0.clone();
    world.slack.react(REPORTER, (&channel, &card), EMOJI).await.unwrap();
    heard(world, REPORTER, "it is a message of mine").await;

    let ts = world.slack.say(APPROVER, &world.lobby, "elsewhere");
    let event = |user: &str, channel: &str, ts: &str| {
        let item = json!({ "type": "message", "channel": channel, "ts": ts });
        json!({ "type": "reaction_added", "user": user, "reaction": EMOJI, "item": item })
    };
    let told = world.slack.event(&event(REPORTER, &world.lobby, &ts)).await;
    assert!(told[0].accepted());
    let chosen = world.slack.point_at(REPORTER, (&world.lobby, &ts), ADD_TO_TIMELINE).await;
    assert!(chosen.unwrap().accepted());
    heard(world, REPORTER, "no open case").await;
    let gone = world.slack.event(&event(REPORTER, &channel, "1000000000.000001")).await;
    assert!(gone[0].accepted());
    heard(world, REPORTER, "the message is gone").await;

    let inside = world.slack.say(APPROVER, &channel, "inside");
    let foreign = keyleak::sim::slack::deliver::Twist {
        foreign_team: Some("T0EVIL0001".to_owned()),
        ..Default::default()
    };
    let foreign = world.slack.twisted(foreign);
    assert!(foreign.event(&event(APPROVER, &channel, &inside)).await[0].accepted());
    world.slack.change_channel(&channel, |channel| {
        channel.shared_externally = true;
        channel.members.push(OUTSIDER.to_owned());
    });
    let told = world.slack.react(OUTSIDER, (&channel, &inside), EMOJI).await.unwrap();
    assert!(told[0].accepted());
    settled(world).await;
    assert_eq!(captures(&load(world, &id).await.unwrap()).count(), 0);
    world.slack.change_channel(&channel, |channel| channel.shared_externally = false);
    world.slack.react(REPORTER, (&channel, &inside), EMOJI).await.unwrap();
    captured(world, &id, 1).await;
    assert_eq!(world.slack.channel(&channel).unwrap().reach, Reach::Private);
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emoji_that_cannot_be_kept_is_refused_and_counts_when_slack_delivers_it_again() {
    let away = Arc::new(AtomicBool::new(false));
    let flag = &away;
    let stage = Stage::set_through(&move |inner| {
        Arc::new(Away { inner, away: Arc::clone(flag) }) as Arc<dyn Journal>
    })
    .await;
    let world = &stage.world;
    let (id, channel) = case_in_a_channel(world).await;
    let ts = world.slack.say(APPROVER, &channel, "the proxy was open");
    away.store(true, Ordering::SeqCst);
    let back = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        away.store(false, Ordering::SeqCst);
    };
    let (told, ()) = tokio::join!(world.slack.react(REPORTER, (&channel, &ts), EMOJI), back);
    let told = told.unwrap();
    assert_eq!(told[0].status, Some(503), "{told:?}");
    assert!(told.len() > 1 && told.last().unwrap().accepted(), "{told:?}");
    captured(world, &id, 1).await;
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emoji_that_was_taken_in_counts_after_a_restart_with_slack_away() {
    let mut stage = Stage::set().await;
    let world = &stage.world;
    let (id, channel) = case_in_a_channel(world).await;
    let ts = world.slack.say(APPROVER, &channel, "the proxy was open");
    world.slack.set_down(true);
    let told = world.slack.react(REPORTER, (&channel, &ts), EMOJI).await.unwrap();
    assert!(told.len() == 1 && told[0].accepted(), "{told:?}");
    world.slack.edit(APPROVER, (&channel, &ts), "the proxy was SHUT").await.unwrap();
    assert_eq!(world.desk().unwrap().work.kept().await.unwrap().len(), 2, "both wait for Slack");
    stage.world.restart_bot().await.unwrap();
    let world = &stage.world;
    assert_eq!(captures(&load(world, &id).await.unwrap()).count(), 0);
    world.slack.set_down(false);
    let case = captured(world, &id, 1).await;
    settled(world).await;
    let (_, capture) = captures(&case).next().unwrap();
    let object = world.desk().unwrap().evidence.get(&capture.sha256).await.unwrap();
    assert!(String::from_utf8(object).unwrap().contains("SHUT"), "it is read as it stands then");
    assert!(capture.message.as_ref().unwrap().edited_at.is_some());
    let changed = |event: &Event| matches!(event, Event::CaptureChanged { .. });
    let case = load(world, &id).await.unwrap();
    assert!(!case.records().iter().any(|record| changed(&record.event)), "and not told twice");
    assert_eq!(captures(&case).count(), 1);
    stage.strike().await;
}
