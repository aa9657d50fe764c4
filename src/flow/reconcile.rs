//! Asking AWS's own log whether it tells the same as the journal of a case.

use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::ids::CaseId;
use crate::domain::reconciliation::comparison::{
    Comparison, Testimony, begins_at, compare, is_told, session, waited_for_until,
};
use crate::domain::reconciliation::{Looked, Verdict, session_name};
use crate::domain::record::Entry;
use crate::domain::trail_row::TrailRow;
use crate::flow::allowance;
use crate::flow::desk::Desk;
use crate::flow::lane::StepError;
use crate::flow::photograph::photograph_if_there;
use crate::flow::purse::Purse;
use crate::flow::spending;
use crate::flow::sweep::disorder;
use crate::ports::cloud::Contain;
use crate::ports::journal::Journal;
use crate::ports::trail::planned::Planned;
use crate::ports::trail::{Coverage, Trail, TrailError, Window};
use jiff::SignedDuration;
use std::collections::BTreeSet;

/// Where the second witness is found.
#[derive(Clone, Copy)]
pub struct Witness<'a> {
    pub trail: &'a dyn Trail,
    pub journal: &'a dyn Journal,
    /// The roles whose sessions change the account: the one that contains, the one that deletes.
    pub roles: &'a [String],
    /// After this long a trail is taken to be complete.
    pub complete_after: SignedDuration,
    /// Takes what reading the trail costs.
    pub purse: &'a Purse,
}

/// Reads what the role did since the case was opened, and holds the journal against it.
pub async fn held_against(
    witness: Witness<'_>,
    case: &Case,
    listed: Vec<CaseId>,
) -> Result<Comparison, TrailError> {
    let from = begins_at(case);
    let window = Window { from: Some(from), to: None };
    let (mut rows, mut truncated) = (Vec::new(), false);
    let mut coverage: Option<Coverage> = None;
    for role in witness.roles {
        let calls = witness.trail.role_calls(role, window).await?;
        witness.purse.add(case.id(), &calls.cost);
        rows.extend(calls.rows);
        truncated |= calls.truncated;
        // The trail grows between two reads: only up to the earlier one's end is all told.
        coverage = Some(match coverage {
            Some(before) => {
                Coverage { last: before.last.min(calls.coverage.last), ..calls.coverage }
            }
            None => calls.coverage,
        });
    }
    let coverage = coverage.unwrap_or_default();
    let unread = coverage.unread();
    let Coverage { last, records_unique, regions, .. } = coverage;
    let looked = Looked {
        role: witness.roles.join(", "),
        from,
        watermark: last,
        // Not the time after which CloudTrail has usually delivered: a trail that delivers no more
        // must not become an alarm about calls.
        told_until: last.map(|last| last - disorder(witness.complete_after)),
        records: records_unique,
        regions,
        unread,
        truncated,
    };
    // Its own journal is the one that is held against the trail.
    let others = listed.into_iter().filter(|other| other != case.id());
    let cases = with_a_journal(witness.journal, others, &rows).await?;
    Ok(compare(case, &Testimony { looked, rows: &rows, cases: &cases }))
}

/// The cases in whose names something was called, as far as they have a journal: the list of cases
/// is an index, and who can only write that one must not be able to explain a session.
async fn with_a_journal(
    journal: &dyn Journal,
    listed: impl Iterator<Item = CaseId>,
    rows: &[TrailRow],
) -> Result<BTreeSet<CaseId>, TrailError> {
    let sessions: BTreeSet<&str> = rows.iter().map(session).collect();
    let mut cases = BTreeSet::new();
    for case in listed {
        if !sessions.contains(session_name(&case).as_str()) {
            continue;
        }
        let lines = journal.read(&case, 0).await;
        let lines = lines.map_err(|error| TrailError::Unavailable { reason: error.to_string() })?;
        if !lines.is_empty() {
            cases.insert(case);
        }
    }
    Ok(cases)
}

/// The roles in whose sessions the account is changed, where calls can name case and plan.
fn changing(contain: &dyn Contain) -> Vec<String> {
    let beside = contain.eradicate_role().into_iter().chain(contain.recover_role());
    contain.role().into_iter().chain(beside).collect()
}

/// Compares a closed case, and writes down what came of it or why it could not be: once the trail
/// has come past the last change, once something differs, or once it makes no sense to wait.
pub async fn at_closing(desk: &Desk, case: &Case) -> Result<(), StepError> {
    let closed = case.closed_at().ok_or(StepError::MovedOn)?;
    let Some(trail) = &desk.trail else {
        return not_compared(desk, case, "no trail is configured").await;
    };
    if let Err(error) = trail.let_go(case.opening().key.reveal()).await {
        tracing::warn!(case.id = %case.id(), %error, "a table of its cut is left in Athena");
    }
    let roles: Vec<String> =
        desk.contain(case).await?.as_deref().into_iter().flat_map(changing).collect();
    if roles.is_empty() {
        let why = "without a contain role no call names the case that it is made for";
        return not_compared(desk, case, why).await;
    }
    leave_a_mark(desk, case).await;
    let complete_after = desk.rules.timing.trail_complete_after;
    let journal = desk.ledger.journal();
    let (trail, purse) = (trail.as_ref(), &desk.purse);
    let witness = Witness { trail, journal, roles: &roles, complete_after, purse };
    let listed = desk.work.all_cases().await?;
    let late = desk.clock.now() >= waited_for_until(closed, complete_after);
    let window = Window { from: Some(begins_at(case)), to: None };
    for role in &roles {
        let planned = Planned::RoleCalls { role, window };
        // What the source does not answer now it does not answer below, where that is seen to.
        if let Ok(Some(why)) = allowance::refused(desk, case, (trail, planned)).await {
            let why = format!("{why}; `keyleak reconcile {}` compares it all the same", case.id());
            return not_compared(desk, case, &why).await;
        }
    }
    let compared = held_against(witness, case, listed).await;
    // Before the comparison: after it nobody comes back to the case.
    spending::tell_now(desk, case).await?;
    match compared {
        Ok(Comparison { result, .. }) => {
            let differs = result.verdict() == Verdict::Differs;
            if differs {
                tracing::error!(case.id = %case.id(), "AWS's own log and the journal differ");
            }
            if !late && !differs && !is_told(case, &result.looked) {
                return Ok(());
            }
            let result = Box::new(result.bounded());
            once(desk, case, Event::Reconciled { result }).await
        }
        Err(error @ TrailError::Unavailable { .. }) if !late => Err(error.into()),
        Err(error) => not_compared(desk, case, &error.to_string()).await,
    }
}

/// A read of the bot's own, in the trail that the changes are in: where nobody else calls
/// anything, no other record would show that the trail has come past them.
async fn leave_a_mark(desk: &Desk, case: &Case) {
    let Some(step) = case.plans().flat_map(|state| state.plan.steps.first()).next() else {
        return;
    };
    // A refused or unanswered call is a mark too, or none; then the trail is waited for.
    if let Ok(lookup) = desk.lookup(case).await {
        let _ = photograph_if_there(lookup.as_ref(), &step.action.on.key()).await;
    }
}

async fn not_compared(desk: &Desk, case: &Case, why: &str) -> Result<(), StepError> {
    once(desk, case, Event::NotReconciled { why: why.to_owned() }).await
}

async fn once(desk: &Desk, case: &Case, event: Event) -> Result<(), StepError> {
    let entry = Entry::own(desk.clock.now(), event);
    let still =
        |case: &Case| Ok::<_, StepError>(case.awaits_reconciliation().then(|| entry.clone()));
    desk.ledger.append(case.id(), still).await?;
    Ok(())
}

impl std::fmt::Debug for Witness<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Witness").field("roles", &self.roles).finish_non_exhaustive()
    }
}
