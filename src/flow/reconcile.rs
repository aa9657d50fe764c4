//! Asking AWS's own log whether it tells the same as the journal of a case.

use crate::domain::case::Case;
use crate::domain::ids::CaseId;
use crate::domain::reconciliation::Looked;
use crate::domain::reconciliation::comparison::{Comparison, Testimony, begins_at, compare};
use crate::flow::sweep::disorder;
use crate::ports::trail::{Coverage, Trail, TrailError, Window};
use jiff::SignedDuration;
use std::collections::BTreeSet;

/// Where the second witness is found.
#[derive(Clone, Copy)]
pub struct Witness<'a> {
    pub trail: &'a dyn Trail,
    /// The role whose sessions change the account.
    pub role: &'a str,
    /// After this long a trail is taken to be complete.
    pub complete_after: SignedDuration,
}

/// Reads what the role did since the case was opened, and holds the journal against it.
pub async fn held_against(
    witness: Witness<'_>,
    case: &Case,
    cases: &BTreeSet<CaseId>,
) -> Result<Comparison, TrailError> {
    let from = begins_at(case);
    let window = Window { from: Some(from), to: None };
    let calls = witness.trail.role_calls(witness.role, window).await?;
    let Coverage { last, records_unique, regions, skipped_objects, .. } = calls.coverage;
    let looked = Looked {
        role: witness.role.to_owned(),
        from,
        watermark: last,
        // Not the time after which CloudTrail has usually delivered: a trail that delivers no more
        // must not become an alarm about calls.
        told_until: last.map(|last| last - disorder(witness.complete_after)),
        records: records_unique,
        regions,
        unread: skipped_objects.iter().map(|skipped| skipped.count).sum(),
        truncated: calls.truncated,
    };
    Ok(compare(case, &Testimony { looked, rows: &calls.rows, cases }))
}

impl std::fmt::Debug for Witness<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Witness").field("role", &self.role).finish_non_exhaustive()
    }
}
