//! What people say about working together: judged and written down like a press.

use crate::domain::case::Case;
use crate::domain::cause::Cause;
use crate::domain::command::task::TaskWord;
use crate::domain::event::Event;
use crate::domain::ids::CaseId;
use crate::domain::regime::Regime;
use crate::domain::report::severity_words;
use crate::domain::severity::Severity;
use crate::domain::task::Task;
use crate::domain::tasks;
use crate::domain::team_step::{Role, TeamStep};
use crate::flow::desk::Bench;
use crate::flow::ledger::LedgerError;
use crate::flow::spoken::{self, Speaker};
use jiff::Timestamp;

/// Says how severe the case is, or leaves it to the facts.
pub async fn grade(
    bench: &Bench<'_>,
    case: &CaseId,
    speaker: &Speaker,
    (severity, reason): (Option<Severity>, &str),
) -> Result<String, LedgerError> {
    let judge = |case: &Case| {
        bench.policy().may_grade(&speaker.caller, case)?;
        Ok(step(TeamStep::Graded { severity, reason: reason.to_owned() }))
    };
    let said = |case: &Case| format!("The severity is {}.", severity_words(case));
    spoken::decide(bench, case, (speaker, "severity"), judge, said).await
}

/// Says what let the key out.
pub async fn name_cause(
    bench: &Bench<'_>,
    case: &CaseId,
    speaker: &Speaker,
    (cause, reason): (Cause, &str),
) -> Result<String, LedgerError> {
    let judge = |case: &Case| {
        bench.policy().may_grade(&speaker.caller, case)?;
        Ok(step(TeamStep::CauseNamed { cause, reason: reason.to_owned() }))
    };
    let said = |_: &Case| format!("The report names the root cause: {}.", cause.word());
    spoken::decide(bench, case, (speaker, "cause"), judge, said).await
}

/// Takes a role, or gives it to somebody.
pub async fn take(
    bench: &Bench<'_>,
    case: &CaseId,
    speaker: &Speaker,
    (role, person): (Role, Option<&str>),
) -> Result<String, LedgerError> {
    let judge =
        |case: &Case| Ok(step(bench.policy().may_take(&speaker.caller, case, (role, person))?));
    let said = |_: &Case| format!("It is on the card who is the {}.", role.word());
    spoken::decide(bench, case, (speaker, role.word()), judge, said).await
}

/// Takes a task, gives it to somebody, or says that it is done.
pub async fn task(
    bench: &Bench<'_>,
    case: &CaseId,
    speaker: &Speaker,
    (task, word): (Task, &TaskWord),
) -> Result<String, LedgerError> {
    let caller = &speaker.caller;
    let judge = |case: &Case| {
        let policy = bench.policy();
        let give =
            |other| policy.may_give_task((caller, bench.clock.now()), case, (task, other, None));
        Ok(step(match word {
            TaskWord::Take => give(None)?,
            TaskWord::Give { person } => give(Some(person.as_str()))?,
            TaskWord::Done => policy.may_finish_task(caller, case, (task, None))?,
        }))
    };
    let said = |case: &Case| {
        let how = tasks::words(case, task, None).unwrap_or_default();
        format!(
            "Task {} ({}): {how}. Its phase's tasks stand in the channel.",
            task.number(),
            task.title()
        )
    };
    spoken::decide(bench, case, (speaker, "task"), judge, said).await
}

/// Starts the clock of a reporting duty.
pub async fn start_clock(
    bench: &Bench<'_>,
    case: &CaseId,
    speaker: &Speaker,
    (regime, since, reason): (Regime, Option<Timestamp>, &str),
) -> Result<String, LedgerError> {
    let now = bench.clock.now();
    let since = since.unwrap_or(now);
    let judge = |case: &Case| {
        bench.policy().may_start_clock((&speaker.caller, now), case, (regime, since))?;
        Ok(step(TeamStep::ClockStarted { regime, since, reason: reason.to_owned() }))
    };
    let told = told_legal(bench);
    let said = |_: &Case| format!("The clock {} runs; {told}. It decides nothing.", regime.word());
    spoken::decide(bench, case, (speaker, "clock"), judge, said).await
}

/// Stops it.
pub async fn stop_clock(
    bench: &Bench<'_>,
    case: &CaseId,
    speaker: &Speaker,
    (regime, reason): (Regime, &str),
) -> Result<String, LedgerError> {
    let judge = |case: &Case| {
        bench.policy().may_stop_clock(&speaker.caller, case, regime)?;
        Ok(step(TeamStep::ClockStopped { regime, reason: reason.to_owned() }))
    };
    let told = told_legal(bench);
    let said = |_: &Case| format!("The clock {} is stopped; {told}.", regime.word());
    spoken::decide(bench, case, (speaker, "clock"), judge, said).await
}

/// Whether anybody is told of a clock.
fn told_legal(bench: &Bench<'_>) -> &'static str {
    match bench.policy().conduct.legal.is_empty() {
        true => "NOBODY IS TOLD, because people.legal is empty: tell them yourself",
        false => "Legal is told",
    }
}

fn step(step: TeamStep) -> Event {
    Event::Team { step: Box::new(step) }
}
