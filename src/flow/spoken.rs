//! What people decide in words: judged and written down like a press, answered to them alone.

use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::ids::{CaseId, UserName};
use crate::domain::impact::ImpactWord;
use crate::domain::plan::PlanNumber;
use crate::domain::plan_state::PlanState;
use crate::domain::proof::Caller;
use crate::domain::record::Entry;
use crate::domain::recovery_step::{RecoveryStep, Replacement};
use crate::domain::refusal::Refusal;
use crate::flow::decide::keep_refusal;
use crate::flow::desk::Bench;
use crate::flow::ledger::{LedgerError, NotAppended};
use jiff::{SignedDuration, Timestamp};

/// CloudTrail's event history is kept for 90 days; nobody remembers an exposure of years ago.
const AGE_MAX: SignedDuration = SignedDuration::from_hours(24 * 366 * 2);

/// Who said it, and the delivery by which it is known again.
#[derive(Debug, Clone)]
pub struct Speaker {
    pub caller: Caller,
    pub delivery: Option<String>,
}

/// Says since when the key is exposed; none says that it is not known.
pub async fn correct_exposure(
    bench: &Bench<'_>,
    case: &CaseId,
    speaker: &Speaker,
    since: Option<Timestamp>,
) -> Result<String, LedgerError> {
    let now = bench.clock.now();
    if let Some(wrong) = since.and_then(|since| out_of_range(since, now)) {
        return Ok(format!("Not done: {wrong}."));
    }
    let judge = |case: &Case| {
        bench.policy().may_correct(&speaker.caller, case)?;
        Ok(Event::Exposed { since, why: None, event_id: None })
    };
    decide(bench, case, (speaker, "exposed"), judge, exposed).await
}

/// Lets the plan that waits for approval run on one person's word.
pub async fn break_glass(
    bench: &Bench<'_>,
    case: &CaseId,
    speaker: &Speaker,
    (plan, reason): (PlanNumber, &str),
) -> Result<String, LedgerError> {
    let judge = |case: &Case| {
        let state = known(case, plan)?;
        bench.policy().may_break_glass((&speaker.caller, bench.clock.now()), case, state)?;
        let (hash, reason) = (state.hash.clone(), reason.to_owned());
        Ok(Event::GlassBroken { plan, hash, reason })
    };
    let said = |case: &Case| {
        let first = case.plan(plan).and_then(|state| state.plan.steps.first());
        let first = first.map(|step| step.action.sentence()).unwrap_or_default();
        format!(
            "Plan {} of case {} for {} runs now, on your word alone, beginning with: {first}. All \
             approvers are told, and another of them has to review it.",
            plan.0,
            case.id(),
            case.opening().key
        )
    };
    decide(bench, case, (speaker, "break-glass"), judge, said).await
}

/// Says what came of looking at a break-glass.
pub async fn review(
    bench: &Bench<'_>,
    case: &CaseId,
    speaker: &Speaker,
    (plan, verdict): (PlanNumber, &str),
) -> Result<String, LedgerError> {
    let judge = |case: &Case| {
        bench.policy().may_review(&speaker.caller, case, known(case, plan)?)?;
        Ok(Event::GlassReviewed { plan, verdict: verdict.to_owned() })
    };
    let said = |_: &Case| format!("The break-glass of plan {} is reviewed.", plan.0);
    decide(bench, case, (speaker, "review"), judge, said).await
}

/// Says who sees to a loss.
pub async fn name_owner(
    bench: &Bench<'_>,
    case: &CaseId,
    speaker: &Speaker,
    (loss, owner): (u32, &str),
) -> Result<String, LedgerError> {
    let judge = |case: &Case| {
        bench.policy().may_name_owner(&speaker.caller, case, loss)?;
        Ok(recovery(RecoveryStep::Owned { loss, owner: owner.to_owned() }))
    };
    let said = |_: &Case| format!("It is on the card who sees to loss {loss}.");
    decide(bench, case, (speaker, "rotate-owner"), judge, said).await
}

/// Says what takes the place of the key.
pub async fn replace(
    bench: &Bench<'_>,
    case: &CaseId,
    speaker: &Speaker,
    (with, user, reason): (Replacement, Option<&UserName>, &str),
) -> Result<String, LedgerError> {
    let judge = |case: &Case| {
        bench.policy().may_recover(&speaker.caller, case)?;
        let (user, reason) = (user.cloned(), reason.to_owned());
        Ok(recovery(RecoveryStep::Replaced { with, reason, user }))
    };
    let said = |_: &Case| {
        format!("{} takes the place of the key; how is on the card of Recovery.", with.words())
    };
    decide(bench, case, (speaker, "replace"), judge, said).await
}

/// Answers one of the impact questions.
pub async fn answer_impact(
    bench: &Bench<'_>,
    case: &CaseId,
    speaker: &Speaker,
    word: &ImpactWord,
) -> Result<String, LedgerError> {
    let judge = |case: &Case| {
        let answer = bench.policy().may_answer(&speaker.caller, case, (word, None))?;
        Ok(Event::Impact { answer: Box::new(answer) })
    };
    let said = |_: &Case| {
        let (question, verdict) = (word.question.slug(), word.verdict.words());
        format!("Written down about {question}: {verdict}. It is on the card of Impact.")
    };
    decide(bench, case, (speaker, "impact"), judge, said).await
}

/// Asks for a summary in the case's channel.
pub async fn ask_summary(
    bench: &Bench<'_>,
    case: &CaseId,
    speaker: &Speaker,
) -> Result<String, LedgerError> {
    let said = |_: &Case| "The summary comes into the case's channel.".to_owned();
    decide(bench, case, (speaker, "summary"), |_| Ok(Event::SummaryAsked), said).await
}

pub(super) async fn decide(
    bench: &Bench<'_>,
    case: &CaseId,
    (speaker, what): (&Speaker, &str),
    judge: impl Fn(&Case) -> Result<Event, Refusal>,
    said: impl FnOnce(&Case) -> String,
) -> Result<String, LedgerError> {
    bench.meet(&speaker.caller, Some(case)).await?;
    let entry = |event| entry(bench, speaker, event);
    let repeated =
        |case: &Case| speaker.delivery.as_ref().is_some_and(|delivery| case.has_seen(delivery));
    let once = |case: &Case| match repeated(case) {
        true => Ok(None),
        false => judge(case).map(|event| Some(entry(event))),
    };
    match bench.ledger.append(case, once).await {
        Ok(case) => Ok(said(&case)),
        Err(NotAppended::Illegal(illegal)) => Ok(format!("Nothing was done: {illegal}.")),
        Err(NotAppended::Ledger(error)) => Err(error),
        Err(NotAppended::Judged(refusal)) => {
            let refused = Event::Refused { what: what.to_owned(), why: refusal.to_string() };
            keep_refusal(bench, case, entry(refused)).await?;
            Ok(format!("Not done: {refusal}."))
        }
    }
}

/// What a person said, as it is written down.
pub(super) fn entry(bench: &Bench<'_>, speaker: &Speaker, event: Event) -> Entry {
    Entry {
        at: bench.clock.now(),
        actor: bench.actor(&speaker.caller),
        place: None,
        delivery: speaker.delivery.clone(),
        event,
    }
}

fn recovery(step: RecoveryStep) -> Event {
    Event::Recovery { step: Box::new(step) }
}

fn known(case: &Case, plan: PlanNumber) -> Result<&PlanState, Refusal> {
    case.plan(plan).ok_or(Refusal::NoSuchPlan(plan.0))
}

fn out_of_range(since: Timestamp, now: Timestamp) -> Option<&'static str> {
    if since > now {
        return Some("that time is still to come; times are UTC unless they say otherwise");
    }
    (since < now - AGE_MAX).then_some("that is more than two years ago; is the year right?")
}

fn exposed(case: &Case) -> String {
    let since = case.exposed_since().map_or_else(
        || "is not known, so all that grew from the key counts".to_owned(),
        |since| format!("is {since}; what was made before it is listed and left alone"),
    );
    let plan = if case.outdated().is_some() { " The plan is being made again." } else { "" };
    format!("The time of exposure of case {} {since}.{plan}", case.id())
}
