//! Taking a closed case up again: the same journal, a new channel, and still one open case per key.

use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::ids::CaseId;
use crate::flow::desk::Desk;
use crate::flow::intake::key_digest;
use crate::flow::ledger::LedgerError;
use crate::flow::spoken::{self, Speaker};
use crate::ports::journal::StoreError;

/// A claim can be found to belong to a closed case, released, and lost to somebody else again.
const CLAIMS_MAX: usize = 3;

/// Takes the case up again; what was said about it.
pub async fn say(
    desk: &Desk,
    case: &CaseId,
    speaker: &Speaker,
    reason: &str,
) -> Result<String, LedgerError> {
    let Some(closed) = desk.ledger.find(case).await? else {
        return Ok(format!("There is no case {case}; `keyleak cases` lists all of them."));
    };
    let bench = desk.bench();
    bench.meet(&speaker.caller, Some(case)).await?;
    if bench.policy().may_reopen(&speaker.caller, &closed).is_ok() {
        if let Some(other) =
            claimed_by_another(desk, case, &key_digest(&closed.opening().key)).await?
        {
            return Ok(format!(
                "Not done: the key has the open case {other} by now, so go on in that one. It can \
                 say in its journal what it has to do with {case}."
            ));
        }
        // Listed first: a case that nobody would find is worse than an empty entry.
        let now = desk.clock.now();
        desk.work.list_open(case, now).await.map_err(unreachable)?;
    }
    let judge = |case: &Case| {
        bench.policy().may_reopen(&speaker.caller, case)?;
        Ok(Event::Reopened { reason: reason.to_owned() })
    };
    let said = |case: &Case| {
        format!(
            "Case {} for {} is open again. A new private channel is being made; its people are \
             invited.",
            case.id(),
            case.opening().key
        )
    };
    spoken::decide(&bench, case, (speaker, "reopen"), judge, said).await
}

/// The open case that the key has instead; none once it is this one's.
async fn claimed_by_another(
    desk: &Desk,
    case: &CaseId,
    digest: &str,
) -> Result<Option<CaseId>, LedgerError> {
    for _ in 0..CLAIMS_MAX {
        let holder = desk.work.claim_key(digest, case).await.map_err(unreachable)?;
        if holder == *case {
            return Ok(None);
        }
        match desk.ledger.find(&holder).await? {
            Some(other) if other.closed_at().is_some() => {
                desk.work.release_key(digest, &holder).await.map_err(unreachable)?;
            }
            // Claimed by a process that died before it could write: whoever asks next begins it.
            Some(_) | None => return Ok(Some(holder)),
        }
    }
    Err(LedgerError::Contended)
}

fn unreachable(error: StoreError) -> LedgerError {
    LedgerError::Unreachable(error.0)
}
