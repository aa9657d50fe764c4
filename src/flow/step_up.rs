//! An approval with a one-time code: spent once over all replicas, then judged like a press.

use crate::domain::button::{ButtonAction, PlanAddress};
use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::one_time_code::{BadCode, OneTimeCodes, StepUp};
use crate::domain::policy::{Choice, Wish};
use crate::domain::proof::Caller;
use crate::domain::refusal::Refusal;
use crate::flow::decide::{self, Pressed, entry, keep_refusal};
use crate::flow::desk::Bench;
use crate::flow::ledger::LedgerError;
use crate::ports::journal::{Codes, StoreError};

/// Replicas that write at the same moment look again; more often than this is a fault.
const WRITES_MAX: u32 = 32;

/// What a code is judged with.
#[derive(Clone, Copy)]
pub struct Booth<'a> {
    pub bench: Bench<'a>,
    pub books: &'a dyn Codes,
    pub codes: &'a OneTimeCodes,
}

/// Whether this person may approve the plan and lacks a code alone.
pub fn lacks_code(bench: &Bench<'_>, caller: &Caller, (case, at): (&Case, &PlanAddress)) -> bool {
    judge(bench, caller, (case, at)) == Err(Refusal::CodeNeeded)
}

/// Approves a plan with a code; why not, where it is not done.
pub async fn approve(
    booth: &Booth<'_>,
    pressed: Pressed,
    (at, code): (&PlanAddress, &str),
) -> Result<Option<String>, LedgerError> {
    let bench = &booth.bench;
    bench.meet(&pressed.caller, Some(&at.case)).await?;
    let case = bench.ledger.load(&at.case).await?;
    if pressed.delivery.as_ref().is_some_and(|delivery| case.has_seen(delivery)) {
        return Ok(None);
    }
    // Whoever may not approve it anyway spends no code, and learns nothing about one.
    match judge(bench, &pressed.caller, (&case, at)) {
        Ok(()) | Err(Refusal::CodeNeeded) => {}
        Err(refusal) => return not_done(bench, &pressed, (at, &refusal.to_string())).await,
    }
    match spend(booth, &pressed.caller, code).await? {
        Err(bad) => not_done(bench, &pressed, (at, &bad.to_string())).await,
        Ok(proof) => {
            let caller = pressed.caller.clone().stepped_up(proof);
            decide::press(bench, &Pressed { caller, ..pressed }).await
        }
    }
}

fn judge(
    bench: &Bench<'_>,
    caller: &Caller,
    (case, at): (&Case, &PlanAddress),
) -> Result<(), Refusal> {
    let state = case.plan(at.plan).filter(|state| state.hash == at.hash);
    let wish = Wish { caller, choice: Choice::Approve, now: bench.clock.now() };
    bench.policy().may_decide(&wish, case, state.ok_or(Refusal::OldCard)?)
}

/// Keeps what the code came to, before anybody hears of it: so no replica takes it again, and
/// nobody guesses faster by asking several at once.
async fn spend(
    booth: &Booth<'_>,
    caller: &Caller,
    code: &str,
) -> Result<Result<StepUp, BadCode>, LedgerError> {
    let user = &caller.person().user;
    let Some(secret) = booth.codes.secret(user) else {
        return Err(LedgerError::Unreachable(format!("no one-time code of {user} is configured")));
    };
    let policy = booth.bench.policy();
    let person = policy.person_of(user);
    for _ in 0..WRITES_MAX {
        let book = booth.books.code_book(person).await.map_err(unreachable)?;
        let verdict = book.judge(secret, code, booth.bench.clock.now());
        let kept = match verdict.to_keep() {
            None => true,
            Some(next) => booth.books.keep_codes(person, next).await.map_err(unreachable)?,
        };
        if kept {
            return Ok(verdict.kept());
        }
    }
    Err(LedgerError::Contended)
}

/// Writes down why not; the same form counts when it is sent again with another code.
async fn not_done(
    bench: &Bench<'_>,
    pressed: &Pressed,
    (at, why): (&PlanAddress, &str),
) -> Result<Option<String>, LedgerError> {
    let what = ButtonAction::Approve(at.clone()).id();
    let refused = Event::Refused { what, why: why.to_owned() };
    let mut refused = entry(bench, pressed, refused);
    refused.delivery = None;
    keep_refusal(bench, &at.case, refused).await?;
    Ok(Some(format!("Not done: {why}.")))
}

fn unreachable(error: StoreError) -> LedgerError {
    LedgerError::Unreachable(error.0)
}

impl std::fmt::Debug for Booth<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Booth")
    }
}
