//! `keyleak verify`: whether a journal, live or exported, is as it was written.

use crate::cli::VerifyArguments;
use crate::commands::CommandError;
use crate::commands::archive::{Archive, Kept, read_key};
use crate::commands::exported_evidence::{ANCHORS, RECORDS};
use crate::domain::anchor::Anchor;
use crate::domain::ids::CaseId;
use crate::domain::record::{Record, Tampering};
use crate::domain::verdict::{Anchored, Intact};
use crate::store::anchor_folder;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;

/// A case has some hundreds of records; a file with more lines than this is no export of ours.
const LINES_MAX: usize = 10_000_000;

/// Checks a case's journal; an error names the first record that is not as it was written.
pub async fn verify(arguments: &VerifyArguments) -> Result<String, CommandError> {
    let (case, kept, key) = match (&arguments.file, &arguments.case) {
        (Some(file), _) => {
            let (case, kept) = exported(file)?;
            let key = arguments.at.anchor_key.as_deref().map(read_key).transpose()?;
            (case, kept, key)
        }
        (None, Some(case)) => {
            let archive = Archive::open(&arguments.at).await?;
            let case = CaseId(case.clone());
            let kept = archive.read(&case).await?;
            (case, kept, archive.key)
        }
        (None, None) => {
            return Err(CommandError::Setup("name a case, or an export with --file".to_owned()));
        }
    };
    match kept.judged(&case, key.as_ref()) {
        Ok(intact)
            if arguments.require_anchors && !matches!(intact.anchored, Anchored::Upto { .. }) =>
        {
            Err(CommandError::Found(good(&case, &intact, arguments.json)))
        }
        Ok(intact) => Ok(good(&case, &intact, arguments.json)),
        Err(problem) => Err(CommandError::Found(bad(&case, &problem, arguments.json))),
    }
}

/// Reads an export: its folder, or the file with its records alone.
pub fn exported(path: &Path) -> Result<(CaseId, Kept), CommandError> {
    let unreadable = |path: &Path, why: &dyn std::fmt::Display| {
        CommandError::Setup(format!("{} cannot be read as an export: {why}", path.display()))
    };
    let records = if path.is_dir() { path.join(RECORDS) } else { path.to_owned() };
    let file = std::fs::File::open(&records).map_err(|error| unreadable(&records, &error))?;
    let mut lines = Vec::new();
    for line in BufReader::new(file).split(b'\n').take(LINES_MAX) {
        let line = line.map_err(|error| unreadable(&records, &error))?;
        // A byte that is no text any more must not hide which record it is in.
        lines.push(String::from_utf8_lossy(&line).into_owned());
    }
    let anchors = anchors_beside(&records).map_err(|error| unreadable(&records, &error))?;
    // Anchors are harder to change than records, so it is they who say whose records these are.
    let named = |line: &String| Some(serde_json::from_str::<Record>(line).ok()?.case);
    let anchored = anchors.first().map(|anchor| anchor.case.clone());
    let case = anchored.or_else(|| lines.iter().find_map(named));
    let case = case.ok_or_else(|| unreadable(&records, &"it holds no record"))?;
    Ok((case, Kept { lines, anchors }))
}

fn anchors_beside(records: &Path) -> std::io::Result<Vec<Anchor>> {
    match std::fs::File::open(records.with_file_name(ANCHORS)) {
        Ok(file) => anchor_folder::lines(file),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn good(case: &CaseId, intact: &Intact, as_json: bool) -> String {
    let head = intact.records.last().map(|record| record.hash.as_str()).unwrap_or_default();
    let records = intact.records.len();
    if as_json {
        let anchored: Value = json!(intact.anchored);
        return json!({
            "case": case, "intact": true, "records": records, "head": head, "anchored": anchored,
        })
        .to_string();
    }
    let words = intact.anchored.words(records as u64);
    format!("{case}: {records} records, {words}\nhead {head}")
}

fn bad(case: &CaseId, problem: &Tampering, as_json: bool) -> String {
    if as_json {
        return json!({ "case": case, "intact": false, "first_bad": problem }).to_string();
    }
    format!("{case}: {problem}")
}
