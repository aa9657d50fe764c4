//! What stands beside a file: how to see that it is the right one, or how else to have it.

use crate::domain::case::Case;
use crate::domain::digest::sha256_hex;
use crate::domain::question::export_name;
use crate::ports::chat::ChatError;
use crate::ports::trail::Answer;

/// Beside all rows of the answer that a record holds, or in place of them where Slack took none.
pub fn rows((case, seq): (&Case, u64), answer: &Answer, refused: Option<&ChatError>) -> String {
    let (id, rows) = (case.id(), answer.rows.len());
    let what = format!("{}: all {rows} {}", answer.question, counted(rows));
    let what = if answer.truncated { format!("{what} that a limit let in") } else { what };
    let note = case.answers().iter().find(|(at, _)| *at == seq).map(|(_, note)| note);
    let kept = note.map_or_else(String::new, |note| {
        format!("\nSHA-256 of the answer in the evidence: {}", note.answer_sha256)
    });
    let sums = format!("SHA-256 of the file: {}{kept}", sha256_hex(answer.to_csv().as_bytes()));
    let name = export_name(seq, &answer.question);
    match refused {
        None => format!(
            "{what}, in the file above.\n{sums}\nkeyleak export {id} --out FOLDER writes the same \
             file, as {name}.csv"
        ),
        Some(why) => format!(
            "{what} cannot be shown as a file here: {why}.\nkeyleak export {id} --out FOLDER \
             writes it, as {name}.csv\n{sums}"
        ),
    }
}

/// Beside the report of a case, or in its place.
pub(super) fn report(case: &Case, refused: Option<&ChatError>) -> String {
    let id = case.id();
    match refused {
        None => format!(
            "The report of case {id} is in the files above: Markdown, one page to open in a browser \
             or to print, and JSON."
        ),
        Some(why) => format!(
            "The report of case {id} cannot be shown as a file here: {why}.\nkeyleak report {id} \
             prints it."
        ),
    }
}

pub(super) fn counted(rows: usize) -> &'static str {
    if rows == 1 { "row" } else { "rows" }
}
