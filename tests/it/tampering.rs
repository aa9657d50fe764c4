//! A journal that somebody with all rights to it has changed: found, and the right record named.

use crate::verify::{Told, flipped, read, story, unguarded};
use keyleak::commands::archive::Kept;
use keyleak::commands::verify::exported;
use keyleak::domain::anchor::Anchor;
use keyleak::domain::ids::CaseId;
use keyleak::domain::record::{Record, Tampering};
use keyleak::domain::verdict::{Anchored, judge};
use keyleak::drill::bot::ANCHOR_KEY;
use keyleak::drill::players::wait;
use keyleak::drill::world::World;
use rusqlite::{Connection, params};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

/// How many journals are tampered with.
const TAMPERINGS: u64 = 100;
/// The same tamperings every time; another seed gives others.
const SEED: u64 = 2026;
const KEY: Option<&[u8]> = Some(ANCHOR_KEY.as_bytes());

/// Numbers by chance, the same for the same seed (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % limit as u64).unwrap()
    }
}

/// A tampered journal, what was done, and the first record that is not as it was written.
struct Tampered {
    lines: Vec<String>,
    how: String,
    first_bad: u64,
}

fn tampered(lines: &[String], kind: u64, dice: &mut Dice) -> Tampered {
    let mut lines = lines.to_vec();
    let at = dice.below(lines.len() - 1);
    let (how, first_bad) = match kind {
        0 => {
            let byte = dice.below(lines[at].len());
            lines[at] = flipped(&lines[at], byte, 1 << dice.below(8));
            ("one bit flipped", at)
        }
        1 => {
            lines.remove(at);
            ("removed", at)
        }
        2 => {
            let other = at + 1 + dice.below(lines.len() - at - 1);
            lines.swap(at, other);
            ("swapped", at)
        }
        3 => {
            lines[at] = rewritten(&lines[at], None);
            ("replaced, with a hash that fits", at)
        }
        4 => {
            lines.truncate(at + 1);
            ("the tail cut", at + 1)
        }
        _ => {
            recompute(&mut lines, at);
            ("the chain recomputed", at)
        }
    };
    Tampered { lines, how: format!("{how} at record {}", at + 1), first_bad: first_bad as u64 + 1 }
}

/// A record that says something else, with the hash that its content gives.
fn rewritten(line: &str, previous: Option<String>) -> String {
    let mut record: Record = serde_json::from_str(line).unwrap();
    match previous {
        Some(previous) => record.previous = previous,
        None => record.software = "9.9.9".to_owned(),
    }
    record.hash = record.computed_hash();
    serde_json_canonicalizer::to_string(&record).unwrap()
}

fn recompute(lines: &mut [String], from: usize) {
    lines[from] = rewritten(&lines[from], None);
    for index in from + 1..lines.len() {
        let before: Record = serde_json::from_str(&lines[index - 1]).unwrap();
        lines[index] = rewritten(&lines[index], Some(before.hash));
    }
}

async fn anchors(world: &World, case: &CaseId, records: usize) -> Vec<Anchor> {
    let notary = world.desk().unwrap().notary.as_ref().unwrap();
    wait("the last anchor", async || {
        let anchors = notary.anchors.read(case).await.unwrap();
        let whole = anchors.iter().any(|anchor| anchor.upto() == records as u64);
        Ok(whole.then_some(anchors))
    })
    .await
    .unwrap()
}

/// The lines as a reader gets them from a journal's file in which they were put.
async fn through_the_file(
    (file, store): (&Path, &mut Connection),
    case: &CaseId,
    lines: &[String],
) -> Vec<String> {
    let change = store.transaction().unwrap();
    change.execute("DELETE FROM journal WHERE case_id = ?1", [&case.0]).unwrap();
    for (index, line) in lines.iter().enumerate() {
        let sql = "INSERT INTO journal (case_id, seq, record) VALUES (?1, ?2, CAST(?3 AS TEXT))";
        change.execute(sql, params![case.0, index as i64 + 1, line.as_bytes()]).unwrap();
    }
    change.commit().unwrap();
    read(file, case).await
}

fn keyleak(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_keyleak")).args(arguments).output().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_tamperings_of_journals_and_exports_are_found_and_the_right_record_named() {
    let Told { stage, case, lines } = story().await;
    let anchors = anchors(&stage.world, &case, lines.len()).await;
    let intact = judge(&case, &lines, &anchors, KEY).unwrap();
    assert_eq!(intact.anchored, Anchored::Upto { upto: lines.len() as u64 });

    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("export");
    let journal = stage.world.journal.to_str().unwrap();
    let exporting = keyleak(&["export", &case.0, "--journal", journal, "--out", path(&out)]);
    assert!(exporting.status.success(), "{exporting:?}");
    let copy = folder.path().join("copy.sqlite");
    let source = Connection::open(journal).unwrap();
    source.execute("VACUUM INTO ?1", [path(&copy)]).unwrap();

    let mut store = unguarded(&copy);
    let mut dice = Dice(SEED);
    for turn in 0..TAMPERINGS {
        let done = tampered(&lines, turn % 6, &mut dice);
        let found = if turn % 2 == 0 {
            std::fs::write(out.join("records.jsonl"), done.lines.join("\n") + "\n").unwrap();
            let (case, Kept { lines, anchors }) = exported(&out).unwrap();
            judge(&case, &lines, &anchors, KEY)
        } else {
            let held = through_the_file((&copy, &mut store), &case, &done.lines).await;
            judge(&case, &held, &anchors, KEY)
        };
        let named = found.map(drop).map_err(|bad| bad.seq());
        assert_eq!(named, Err(done.first_bad), "seed {SEED}, turn {turn}: {}", done.how);
    }
    let held = through_the_file((&copy, &mut store), &case, &lines).await;
    assert!(judge(&case, &held, &anchors, KEY).is_ok(), "the intact journal is no false alarm");
    stage.strike().await;
}

/// The negative control: what only anchors can show is not found without them, and this is said.
#[tokio::test(flavor = "multi_thread")]
async fn without_anchors_a_recomputed_chain_passes_and_is_called_not_anchored() {
    let Told { stage, case, lines } = story().await;
    let mut forged = lines.clone();
    recompute(&mut forged, 5);
    let believed = judge(&case, &forged, &[], KEY).unwrap();
    assert_eq!(believed.anchored, Anchored::Not);
    assert!(believed.anchored.words(1).contains("not anchored"));
    let mut anchors = anchors(&stage.world, &case, lines.len()).await;
    let found = judge(&case, &forged, &anchors, KEY).unwrap_err();
    assert_eq!(found, Tampering::Rewritten { seq: 6 });
    let unsigned = judge(&case, &lines, &anchors, None).unwrap();
    assert_eq!(unsigned.anchored, Anchored::Unsigned { upto: lines.len() as u64 });
    let hash = &mut anchors[0].hashes[0];
    *hash = hash.replace(hash.chars().next().unwrap(), "x");
    let found = judge(&case, &lines, &anchors, KEY).unwrap_err();
    assert_eq!(found, Tampering::AnchorForged { seq: 1 });
    for from in [0, u64::MAX] {
        anchors[0].from = from;
        let found = judge(&case, &lines, &anchors, None).unwrap_err();
        assert_eq!(found, Tampering::AnchorForged { seq: from }, "and no panic");
    }
    stage.strike().await;
}

/// Slack's history is one more place that the journal's writer cannot change.
#[tokio::test(flavor = "multi_thread")]
async fn every_summary_in_the_channel_names_the_head_of_the_chain_that_it_was_made_from() {
    let Told { stage, case, lines } = story().await;
    let slack = &stage.world.slack;
    let rooms = slack.channels().into_iter().filter(|room| room.name.contains("keyleak-"));
    let mut heads = Vec::new();
    for message in rooms.flat_map(|room| slack.messages(&room.id)) {
        let said = message["blocks"].to_string();
        let head = said.split_once("the chain's head is ").map(|(_, rest)| rest[..64].to_owned());
        heads.extend(head);
    }
    assert!(heads.len() >= 3, "one at each phase change and at the end: {heads:?}");
    for head in &heads {
        let hash = format!("\"hash\":\"{head}\"");
        assert!(lines.iter().any(|line| line.contains(&hash)), "{head} of {}", case.0);
    }
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_proves_itself_to_tools_that_are_not_ours() {
    let Told { stage, case, lines } = story().await;
    anchors(&stage.world, &case, lines.len()).await;
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("export");
    let journal = stage.world.journal.to_str().unwrap();
    let arguments = ["export", &case.0, "--journal", journal, "--out", path(&out)];
    assert!(keyleak(&arguments).status.success());
    let again = keyleak(&arguments);
    assert!(!again.status.success(), "an export is never written over");
    let mut sums = Command::new("sha256sum");
    sums.args(["-c", "--strict", "SHA256SUMS"]).current_dir(&out);
    assert!(sums.output().unwrap().status.success());
    let key = stage.world.journal.with_file_name("anchors.key");
    let verify = ["verify", "--file", path(&out), "--anchor-key", path(&key)];
    let verified = keyleak(&verify);
    let said = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert!(verified.status.success() && said.contains("anchored to its end"), "{verified:?}");
    for name in ["records.jsonl", "anchors.jsonl", "messages.jsonl", "report.md", "NOTES.txt"] {
        assert!(out.join(name).is_file(), "{name}");
    }
    assert!(exported_messages(&stage.world, &out) >= 8, "all that the channel was told");
    assert!(out.join("queries").read_dir().unwrap().count() >= 2, "each answer as JSON and CSV");
    assert!(!out.join("snapshots").exists(), "snapshots only by permission");
    let with = folder.path().join("with");
    let arguments = ["export", &case.0, "--journal", journal, "--out", path(&with)];
    assert!(keyleak(&[&arguments[..], &["--with-snapshots"]].concat()).status.success());
    let index = std::fs::read_to_string(with.join("snapshots/index.txt")).unwrap();
    let named = |line: &str| with.join("snapshots").join(&line[21..90]).is_file();
    assert!(!index.is_empty() && index.lines().all(named), "{index}");
    stage.strike().await;
}

/// Of a journal that is not as it was written the records are exported, and no report is.
#[tokio::test(flavor = "multi_thread")]
async fn an_export_of_a_tampered_journal_says_so_and_tells_no_story_of_it() {
    let Told { stage, case, lines } = story().await;
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("journal.sqlite");
    let mut forged = lines.clone();
    forged[4] = forged[4].replace("\"software\":\"0", "\"software\":\"9");
    assert_ne!(forged[4], lines[4]);
    drop(keyleak::store::sqlite::Sqlite::open(&copy).unwrap());
    let mut store = unguarded(&copy);
    through_the_file((&copy, &mut store), &case, &forged).await;
    let out = folder.path().join("export");
    let journal = copy.to_str().unwrap();
    let exported = keyleak(&["export", &case.0, "--journal", journal, "--out", path(&out)]);
    let said = String::from_utf8_lossy(&exported.stderr).into_owned();
    assert!(!exported.status.success() && said.contains("record 5 was altered"), "{exported:?}");
    assert!(out.join("records.jsonl").is_file() && !out.join("report.md").exists());
    stage.strike().await;
}

/// Each exported message says what stands in the channel; how many there are.
fn exported_messages(world: &World, out: &Path) -> usize {
    let text = std::fs::read_to_string(out.join("messages.jsonl")).unwrap();
    for line in text.lines() {
        let message: Value = serde_json::from_str(line).unwrap();
        let (channel, ts) = (message["channel"].as_str().unwrap(), message["ts"].as_str().unwrap());
        let post = message["post"].as_str().unwrap();
        // Asked of one person directly, whose conversation an export does not repeat.
        if post == keyleak::domain::owner_asked::key().0 {
            continue;
        }
        let shown = world.slack.message(channel, ts).expect("it is in the channel");
        // The report is a file; the card's channel was archived after it was drawn last.
        if !post.starts_with("report-") && post != "card" {
            assert_eq!(message["text"], shown["text"], "{post}");
        }
        let blocks = message["blocks"].as_array().unwrap();
        assert_eq!(blocks.is_empty(), post.starts_with("report-"), "{post}");
    }
    text.lines().count()
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}
