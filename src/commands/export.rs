//! `keyleak export`: everything that was kept of a case, in a folder that proves itself.

use crate::cli::ExportArguments;
use crate::commands::archive::{Archive, Kept};
use crate::commands::exported_evidence::{ANCHORS, RECORDS};
use crate::commands::messages::messages;
use crate::commands::{CommandError, captured, report};
use crate::domain::capture::{AllWords, Words};
use crate::domain::captures::hashes;
use crate::domain::case::Case;
use crate::domain::digest::{canonical, sha256_hex};
use crate::domain::ids::CaseId;
use crate::domain::question::export_name;
use crate::domain::snapshot::{Snapshot, SnapshotRef};
use crate::paper::form::Form;
use crate::ports::evidence::Evidence;
use crate::ports::trail::Answer;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

const MESSAGES: &str = "messages.jsonl";
const REPORT: &str = "report";
const SUMS: &str = "SHA256SUMS";
/// Which snapshot was taken when, and who is in it; the
/// first with a principal is before any change.
const SNAPSHOTS: &str = "snapshots/index.txt";
const NOTES: &str = "NOTES.txt";

/// The files of an export, by their names.
type Files = BTreeMap<String, Vec<u8>>;

/// Writes the export and says what is in it.
pub async fn export(arguments: &ExportArguments) -> Result<String, CommandError> {
    let out = &arguments.out;
    if out.exists() {
        return Err(CommandError::Setup(format!(
            "{} is there already; give --out the name of a new folder",
            out.display()
        )));
    }
    let archive = Archive::open(&arguments.at).await?;
    let id = CaseId(arguments.case.clone());
    let kept = archive.read(&id).await?;
    let mut files = Files::new();
    let mut notes = Vec::new();
    files.insert(RECORDS.to_owned(), joined(&kept.lines));
    files.insert(ANCHORS.to_owned(), anchors(&kept));
    // Of a journal that is not as it was written nothing is told: its report would look like one.
    let tampered = kept.judged(&id, archive.key.as_ref()).err();
    if let Some(problem) = &tampered {
        notes.push(format!("THE JOURNAL IS NOT AS IT WAS WRITTEN: {problem}; no report of it"));
    }
    match report::folded(&kept.lines) {
        _ if tampered.is_some() => {}
        Ok(case) => {
            if case.opening().drill {
                notes.push("this was a drill: nothing in here happened to a real account".into());
            }
            let said = messages(&case, archive.evidence.as_deref()).await;
            files.insert(MESSAGES.to_owned(), joined(&said));
            let words = captured::words(&case, archive.evidence.as_deref()).await;
            let drawn = report::drawn(&case, archive.evidence.as_deref(), &words).await;
            for form in Form::ALL {
                let name = format!("{REPORT}.{}", form.ending());
                files.insert(name, form.of(&drawn).into_bytes());
            }
            timeline(&case, &words, (&mut files, &mut notes));
            collect(&archive, &case, arguments.with_snapshots, (&mut files, &mut notes)).await;
        }
        Err(why) => notes.push(format!("the records do not tell a case ({why}); see verify")),
    }
    if !notes.is_empty() {
        files.insert(NOTES.to_owned(), joined(&notes));
    }
    write(out, &files).map_err(|error| {
        CommandError::Setup(format!("{} cannot be written: {error}", out.display()))
    })?;
    let said = said(out, &files, &notes);
    if tampered.is_some() { Err(CommandError::Found(said)) } else { Ok(said) }
}

fn joined(lines: &[String]) -> Vec<u8> {
    lines.iter().flat_map(|line| [line.as_bytes(), b"\n"].concat()).collect()
}

fn anchors(kept: &Kept) -> Vec<u8> {
    kept.anchors.iter().flat_map(|anchor| [canonical(anchor), b"\n".to_vec()].concat()).collect()
}

/// The words that people added, each in the file that its hash names.
fn timeline(case: &Case, words: &AllWords, (files, notes): (&mut Files, &mut Vec<String>)) {
    for (seq, sha256) in hashes(case) {
        match words.get(sha256) {
            Some(Words::Kept(words)) => {
                files.insert(format!("timeline/{sha256}.json"), words.object());
            }
            Some(Words::Erased) => notes.push(format!("the words of record {seq} were erased")),
            Some(Words::NotRead(why)) => {
                notes.push(format!("the words of record {seq} are missing: {why}"));
            }
            None => {}
        }
    }
}

/// Answers, and snapshots where they are wanted; what cannot be read is said and not passed over.
async fn collect(
    archive: &Archive,
    case: &Case,
    with_snapshots: bool,
    (files, notes): (&mut Files, &mut Vec<String>),
) {
    let Some(evidence) = archive.evidence.as_deref() else {
        notes.push("there is no evidence store, so answers and snapshots are missing".to_owned());
        return;
    };
    for (seq, note) in case.answers() {
        let name = export_name(*seq, &note.question);
        match answer(evidence, &note.answer_sha256).await {
            Ok((content, csv)) => {
                files.insert(format!("{name}.json"), content);
                files.insert(format!("{name}.csv"), csv.into_bytes());
            }
            Err(why) => notes.push(format!("the answer of record {seq} is missing: {why}")),
        }
    }
    let mut taken: Vec<&SnapshotRef> = case.plans().flat_map(|state| &state.snapshots).collect();
    taken.sort_by_key(|snapshot| (snapshot.taken_at, &snapshot.sha256));
    let mut seen = BTreeSet::new();
    taken.retain(|snapshot| seen.insert(&snapshot.sha256));
    if !with_snapshots {
        let words = format!("{} snapshots left out: they can hold secrets", taken.len());
        notes.push(format!("{words}; --with-snapshots brings them along"));
        return;
    }
    let mut index = Vec::new();
    for SnapshotRef { sha256, taken_at } in taken {
        match evidence.get(sha256).await {
            Ok(content) => {
                index.push(format!("{taken_at:.0} {sha256}.json: {}", who_is_in(&content)));
                files.insert(format!("snapshots/{sha256}.json"), content);
            }
            Err(why) => notes.push(format!("the snapshot {sha256} is missing: {why}")),
        }
    }
    files.insert(SNAPSHOTS.to_owned(), joined(&index));
}

/// The principals of a snapshot, as `keyleak restore` wants them named.
fn who_is_in(snapshot: &[u8]) -> String {
    match serde_json::from_slice::<Snapshot>(snapshot) {
        Ok(snapshot) => {
            let names = snapshot.principals.iter().map(|one| one.key().to_string());
            names.collect::<Vec<_>>().join(", ")
        }
        Err(error) => format!("not read ({error})"),
    }
}

async fn answer(evidence: &dyn Evidence, sha256: &str) -> Result<(Vec<u8>, String), String> {
    let content = evidence.get(sha256).await.map_err(|error| error.to_string())?;
    let read: Answer = serde_json::from_slice(&content).map_err(|error| error.to_string())?;
    Ok((content, read.to_csv()))
}

/// Writes beside the target and moves into place, so that a half-written export has no name.
fn write(out: &Path, files: &Files) -> std::io::Result<()> {
    let parent = out.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or_else(|| Path::new("."));
    std::fs::create_dir_all(parent)?;
    let draft = tempfile::Builder::new().prefix(".keyleak-export").tempdir_in(parent)?;
    let mut sums = String::new();
    for (name, content) in files {
        let path: PathBuf = draft.path().join(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&path, content)?;
        let _ = writeln!(sums, "{}  {name}", sha256_hex(content));
    }
    std::fs::write(draft.path().join(SUMS), sums)?;
    std::fs::rename(draft.keep(), out)
}

fn said(out: &Path, files: &Files, notes: &[String]) -> String {
    let (count, out) = (files.len() + 1, out.display());
    let mut text = format!(
        "{count} files in {out}; check them with `sha256sum -c {SUMS}` there and with \
         `keyleak verify --file {out}`"
    );
    for note in notes {
        let _ = write!(text, "\nnote: {note}");
    }
    text
}
