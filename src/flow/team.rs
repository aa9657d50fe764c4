//! What people say about working together: judged and written down like a press.

use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::ids::CaseId;
use crate::domain::report::severity_words;
use crate::domain::severity::Severity;
use crate::domain::team_step::{Role, TeamStep};
use crate::flow::desk::Bench;
use crate::flow::ledger::LedgerError;
use crate::flow::spoken::{self, Speaker};

/// Says how severe the case is, or leaves it to the facts.
pub async fn grade(
    bench: &Bench<'_>,
    case: &CaseId,
    speaker: &Speaker,
    (severity, reason): (Option<Severity>, &str),
) -> Result<String, LedgerError> {
    let judge = |case: &Case| {
        bench.policy.may_grade(&speaker.caller, case)?;
        Ok(step(TeamStep::Graded { severity, reason: reason.to_owned() }))
    };
    let said = |case: &Case| format!("The severity is {}.", severity_words(case));
    spoken::decide(bench, case, (speaker, "severity"), judge, said).await
}

/// Takes a role, or gives it to somebody.
pub async fn take(
    bench: &Bench<'_>,
    case: &CaseId,
    speaker: &Speaker,
    (role, person): (Role, Option<&str>),
) -> Result<String, LedgerError> {
    let judge =
        |case: &Case| Ok(step(bench.policy.may_take(&speaker.caller, case, (role, person))?));
    let said = |_: &Case| format!("It is on the card who is the {}.", role.word());
    spoken::decide(bench, case, (speaker, role.word()), judge, said).await
}

fn step(step: TeamStep) -> Event {
    Event::Team { step: Box::new(step) }
}
