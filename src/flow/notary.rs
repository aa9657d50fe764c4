//! Anchoring: what the journal holds is signed and put in a second place, soon after it is written.

use crate::domain::anchor::{Anchor, due};
use crate::domain::case::Case;
use crate::flow::desk::Desk;
use crate::flow::lane::StepError;
use secrecy::ExposeSecret;

/// Anchors what is due; whether there was anything. `anchored` is what this process knows to be
/// anchored, so that the second place is read once and not each time.
pub async fn anchor(
    desk: &Desk,
    case: &Case,
    anchored: &mut Option<u64>,
) -> Result<bool, StepError> {
    let Some(notary) = &desk.notary else { return Ok(false) };
    let known = match *anchored {
        Some(known) => known,
        None => {
            let there = notary.anchors.read(case.id()).await?;
            let upto = there.iter().map(Anchor::upto).max().unwrap_or(0);
            *anchored = Some(upto);
            upto
        }
    };
    let Some((from, hashes)) = due(case, known, notary.every) else { return Ok(false) };
    let key = notary.key.expose_secret().as_bytes();
    let anchor = Anchor::sign(case.id().clone(), from, hashes, desk.clock.now(), key);
    notary.anchors.keep(&anchor).await?;
    *anchored = Some(anchor.upto());
    Ok(true)
}
