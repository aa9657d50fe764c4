//! The words that people added to a timeline, as far as they are still there.

use crate::domain::capture::{AllWords, CapturedWords, Words};
use crate::domain::captures::hashes;
use crate::domain::case::Case;
use crate::ports::evidence::{Evidence, EvidenceError};

/// The words of a case by their hash.
pub(super) async fn words(case: &Case, evidence: Option<&dyn Evidence>) -> AllWords {
    let mut all = AllWords::new();
    for (_, sha256) in hashes(case) {
        let words = match evidence {
            None => Words::NotRead("there is no evidence store here".to_owned()),
            Some(evidence) => read(evidence, sha256).await,
        };
        all.insert(sha256.to_owned(), words);
    }
    all
}

async fn read(evidence: &dyn Evidence, sha256: &str) -> Words {
    match evidence.get(sha256).await {
        Ok(object) => match serde_json::from_slice::<CapturedWords>(&object) {
            Ok(words) => Words::Kept(words),
            Err(error) => Words::NotRead(error.to_string()),
        },
        // Nothing rests on evidence that was not stored first, so what is gone was taken away.
        Err(EvidenceError::Missing(_)) => Words::Erased,
        Err(error @ (EvidenceError::Unavailable(_) | EvidenceError::Altered(_))) => {
            Words::NotRead(error.to_string())
        }
    }
}
