//! One flipped bit anywhere in a case's journal is found, and the record that it is in is named.

use crate::stage::Stage;
use keyleak::domain::case::Case;
use keyleak::domain::event::Phase;
use keyleak::domain::ids::CaseId;
use keyleak::domain::record::{ChainCheck, Tampering};
use keyleak::domain::verdict::{Intact, judge};
use keyleak::drill::people::REPORTER;
use keyleak::drill::players::{approve, open, press, until};
use keyleak::ports::journal::Journal;
use keyleak::store::sqlite::Sqlite;
use rusqlite::{Connection, params};
use std::path::Path;
use std::process::{Command, Output};

/// Every bit of a byte.
const MASKS: [u8; 8] = [1, 2, 4, 8, 16, 32, 64, 128];
/// Flips that go through the file and the command line, which starts a process each.
const FLIPS_BY_COMMAND: usize = 24;
/// A story from the command to the archived channel leaves about so many records.
const RECORDS_MIN: usize = 30;

/// A whole story's journal, in the file that it was written to.
pub(crate) struct Told {
    pub(crate) stage: Stage,
    pub(crate) case: CaseId,
    pub(crate) lines: Vec<String>,
}

pub(crate) async fn story() -> Told {
    let stage = Stage::set().await;
    let world = &stage.world;
    world.let_the_actor_play();
    let case = open(world).await.unwrap();
    approve(world, &case).await.unwrap();
    let contained = |case: &Case| case.standing_plans().any(|state| state.contained.is_some());
    until(world, &case, "contained", contained).await.unwrap();
    press(world, &case, (REPORTER, "phase.scope")).await.unwrap();
    let answered =
        |case: &Case| case.presses(Phase::Scope).iter().all(|press| case.is_answered(press.seq));
    until(world, &case, "the answers", answered).await.unwrap();
    press(world, &case, (REPORTER, "case.close")).await.unwrap();
    until(world, &case, "the archived channel", Case::is_archived).await.unwrap();
    let lines = read(&world.journal, &case).await;
    assert!(lines.len() >= RECORDS_MIN, "a whole story, not {} records", lines.len());
    Told { case, lines, stage }
}

pub(crate) async fn read(journal: &Path, case: &CaseId) -> Vec<String> {
    Sqlite::open(journal).unwrap().read(case, 0).await.unwrap()
}

/// The line with one bit flipped, as a reader of the store gets it.
pub(crate) fn flipped(line: &str, at: usize, mask: u8) -> String {
    let mut bytes = line.as_bytes().to_vec();
    bytes[at] ^= mask;
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The chain and the story alone, as of a journal that nothing anchors.
fn check(case: &CaseId, lines: &[String]) -> Result<Intact, Tampering> {
    judge(case, lines, &[], None)
}

fn keyleak(arguments: &[&str], case: &CaseId, journal: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyleak"));
    command.args(arguments).arg(&case.0).arg("--journal").arg(journal);
    command.output().unwrap()
}

/// The journal's file, without the triggers that keep it from being changed by accident.
pub(crate) fn unguarded(journal: &Path) -> Connection {
    let file = Connection::open(journal).unwrap();
    let names: Vec<String> = {
        let sql = "SELECT name FROM sqlite_master WHERE type = 'trigger'";
        let mut found = file.prepare(sql).unwrap();
        found.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    assert!(!names.is_empty(), "the file resists a plain change");
    names.iter().for_each(|name| file.execute_batch(&format!("DROP TRIGGER {name}")).unwrap());
    file
}

/// Every byte of every record, by one bit or by all but one in turn, each flip judged after the
/// intact records before it.
fn no_flip_goes_unseen(case: &CaseId, lines: &[String]) -> usize {
    let mut before = ChainCheck::new(case);
    let mut flips = 0;
    for (index, line) in lines.iter().enumerate() {
        let seq = index as u64 + 1;
        for at in 0..line.len() {
            let bit = MASKS[(at / 2 + index) % MASKS.len()];
            let mask = if (at + index) % 2 == 0 { bit } else { !bit };
            let named = before.clone().take(&flipped(line, at, mask)).map_err(|bad| bad.seq());
            assert_eq!(named.map(drop), Err(seq), "byte {at} of record {seq}, mask {mask}");
            flips += 1;
        }
        before.take(line).unwrap();
    }
    flips
}

/// What the command line checks is the same: the whole journal, with the flip in its place.
fn the_whole_check_names_the_record(case: &CaseId, lines: &[String]) {
    for index in 0..lines.len() {
        let seq = index as u64 + 1;
        for (turn, mask) in MASKS.into_iter().enumerate() {
            let at = (turn * 997 + index * 31) % lines[index].len();
            let mut altered = lines.to_vec();
            altered[index] = flipped(&lines[index], at, mask);
            let named = check(case, &altered).map(|_| 0).map_err(|bad| bad.seq());
            assert_eq!(named, Err(seq), "byte {at} of record {seq}, mask {mask}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn any_flipped_bit_of_any_record_is_found_and_its_record_named() {
    let Told { stage, case, lines } = story().await;
    assert!(check(&case, &lines).is_ok(), "the intact journal passes");
    let flips = no_flip_goes_unseen(&case, &lines);
    assert!(flips > RECORDS_MIN * 200, "{flips} flips");
    the_whole_check_names_the_record(&case, &lines);

    let journal = stage.world.journal.clone();
    let intact = keyleak(&["verify"], &case, &journal);
    assert!(intact.status.success(), "{intact:?}");
    let file = unguarded(&journal);
    let store = |seq: usize, record: &[u8]| {
        let sql = "UPDATE journal SET record = CAST(?1 AS TEXT) WHERE case_id = ?2 AND seq = ?3";
        let changed = file.execute(sql, params![record, case.0, seq as i64]).unwrap();
        assert_eq!(changed, 1);
    };
    for turn in 0..FLIPS_BY_COMMAND {
        let index = turn * (lines.len() - 1) / (FLIPS_BY_COMMAND - 1);
        let mut bytes = lines[index].as_bytes().to_vec();
        let at = (turn * 7_919) % bytes.len();
        bytes[at] ^= MASKS[turn % MASKS.len()];
        store(index + 1, &bytes);
        let found = keyleak(&["verify", "--json"], &case, &journal);
        let said = String::from_utf8_lossy(&found.stderr).into_owned();
        assert!(!found.status.success(), "byte {at} of record {}: {found:?}", index + 1);
        let named = format!("\"seq\":{}", index + 1);
        assert!(said.contains(&named), "byte {at} of record {}: {said}", index + 1);
        store(index + 1, lines[index].as_bytes());
    }
    assert!(keyleak(&["verify"], &case, &journal).status.success(), "and is intact again");
    stage.strike().await;
}

/// A number that a record is stored under is no part of the record, and is checked all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_record_under_another_number_and_one_that_plays_with_the_terminal_are_told_plainly() {
    let Told { stage, case, lines } = story().await;
    let journal = stage.world.journal.clone();
    let anchored = keyleak(&["verify", "--require-anchors"], &case, &journal);
    assert!(anchored.status.success(), "{anchored:?}");
    let last = lines.len() as i64;
    let file = unguarded(&journal);
    let moved = |from: i64, to: i64| {
        let sql = "UPDATE journal SET seq = ?1 WHERE case_id = ?2 AND seq = ?3";
        assert_eq!(file.execute(sql, params![to, case.0, from]).unwrap(), 1);
    };
    moved(last, last + 7);
    let found = keyleak(&["verify"], &case, &journal);
    let said = String::from_utf8_lossy(&found.stderr).into_owned();
    assert!(said.contains(&format!("record {last} is out of its place")), "{said}");
    moved(last + 7, last);

    let hostile = lines[1].replacen("\"kind\":\"", "\"kind\":\"\\u001b[2J", 1);
    assert_ne!(hostile, lines[1]);
    let sql = "UPDATE journal SET record = ?1 WHERE case_id = ?2 AND seq = 2";
    file.execute(sql, params![hostile, case.0]).unwrap();
    let found = keyleak(&["verify"], &case, &journal);
    assert!(!found.status.success() && !found.stderr.contains(&0x1b), "{found:?}");
    file.execute(sql, params![lines[1], case.0]).unwrap();

    let anchors = journal.with_file_name("anchors");
    std::fs::rename(&anchors, journal.with_file_name("elsewhere")).unwrap();
    assert!(keyleak(&["verify"], &case, &journal).status.success(), "said, and no failure");
    let bare = keyleak(&["verify", "--require-anchors"], &case, &journal);
    let said = String::from_utf8_lossy(&bare.stderr).into_owned();
    assert!(!bare.status.success() && said.contains("not anchored"), "{said}");
    stage.strike().await;
}

/// The negative control: a check that believed the stored hashes would miss an altered content.
#[tokio::test(flavor = "multi_thread")]
async fn a_record_with_a_hash_of_its_own_making_breaks_the_chain_after_it() {
    let Told { stage, case, lines } = story().await;
    let at = lines.len() / 2;
    let mut record: keyleak::domain::record::Record = serde_json::from_str(&lines[at]).unwrap();
    record.software = "0.0.0".to_owned();
    record.hash = record.computed_hash();
    let mut altered = lines.clone();
    altered[at] = serde_json_canonicalizer::to_string(&record).unwrap();
    let named = check(&case, &altered).map(drop);
    assert_eq!(named, Err(Tampering::Forked { seq: at as u64 + 2 }));
    stage.strike().await;
}
