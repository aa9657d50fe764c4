//! The rows of answers that a report draws, read from the evidence.

use crate::domain::case::Case;
use crate::domain::reading::AnswerNote;
use crate::domain::report::exhibit::{DRAWN, Exhibit, Exhibits};
use crate::ports::evidence::{Evidence, EvidenceError};
use crate::ports::trail::Answer;

/// The newest rows of each question that a report draws. What is gone or altered is told by the
/// report; a store that does not answer is an error, since it may answer later.
pub async fn exhibits(case: &Case, evidence: &dyn Evidence) -> Result<Exhibits, EvidenceError> {
    let mut all = Exhibits::new();
    for (seq, note) in drawn(case) {
        let rows = match evidence.get(&note.answer_sha256).await {
            Ok(content) => read(&content),
            Err(error @ EvidenceError::Unavailable(_)) => return Err(error),
            Err(error @ (EvidenceError::Missing(_) | EvidenceError::Altered(_))) => {
                Err(error.to_string())
            }
        };
        all.insert(seq, rows);
    }
    Ok(all)
}

/// The same where the evidence cannot be read, and why.
pub fn none(case: &Case, why: &str) -> Exhibits {
    drawn(case).map(|(seq, _)| (seq, Err(why.to_owned()))).collect()
}

fn drawn(case: &Case) -> impl Iterator<Item = (u64, &AnswerNote)> {
    let newest = |id: &str| case.answers().iter().rev().find(|(_, note)| note.question == id);
    DRAWN.into_iter().filter_map(newest).map(|(seq, note)| (*seq, note))
}

fn read(content: &[u8]) -> Result<Exhibit, String> {
    let answer: Answer = serde_json::from_slice(content).map_err(|error| error.to_string())?;
    Ok(answer.to_exhibit())
}
