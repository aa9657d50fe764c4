//! Changing what the plans hold: judged and written down like a press, answered to one person.

use crate::domain::adjusting::{PlanForm, adjustable, asked, picked};
use crate::domain::approvers::short_of_next;
use crate::domain::button::PlanAddress;
use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::ids::CaseId;
use crate::domain::plan::StepAddress;
use crate::domain::plan_state::PlanState;
use crate::domain::refusal::Refusal;
use crate::domain::wanted::Wanted;
use crate::flow::decide::keep_refusal;
use crate::flow::desk::Bench;
use crate::flow::ledger::{LedgerError, NotAppended};
use crate::flow::lift;
use crate::flow::spoken::{self, Speaker};

/// A change that names the plan it was decided on.
#[derive(Debug, Clone, Copy)]
pub enum Ordered<'a> {
    Form(&'a PlanForm),
    Words(&'a [Wanted]),
    Undo(&'a [StepAddress]),
}

/// What was said about a change that was asked for in words.
pub async fn say(
    bench: &Bench<'_>,
    case: &CaseId,
    speaker: &Speaker,
    wanted: &[Wanted],
) -> Result<String, LedgerError> {
    let judge = |case: &Case| {
        bench.policy().may_adjust(&speaker.caller, case)?;
        let adjustments = asked(case, bench.plans, wanted)?;
        Ok(Event::Adjusted { adjustments })
    };
    let said = |case: &Case| match case.outdated() {
        Some(_) => {
            let short =
                short_of_next(&bench.policy(), case, (speaker.caller.person(), bench.plans));
            let short = short.map_or_else(String::new, |why| format!(" {why}."));
            format!(
                "It is written down. What waited for approval is void, and the next plan comes \
                 with it; you do not approve that one.{short}"
            )
        }
        None => "It is written down, and what is found from now on keeps to it.".to_owned(),
    };
    spoken::decide(bench, case, (speaker, "change a plan"), judge, said).await
}

/// Takes a form in, or an order that names its plan; the refusal where it is not done.
pub async fn order(
    bench: &Bench<'_>,
    speaker: &Speaker,
    (at, ordered): (&PlanAddress, Ordered<'_>),
) -> Result<Option<Refusal>, LedgerError> {
    let repeated =
        |case: &Case| speaker.delivery.as_ref().is_some_and(|delivery| case.has_seen(delivery));
    bench.meet(&speaker.caller, Some(&at.case)).await?;
    let entry = |event| spoken::entry(bench, speaker, event);
    let once = |case: &Case| match repeated(case) {
        true => Ok(None),
        false => judge(bench, speaker, (case, at, ordered)).map(|event| Some(entry(event))),
    };
    match bench.ledger.append(&at.case, once).await {
        Ok(_) => Ok(None),
        Err(NotAppended::Illegal(illegal)) => Ok(Some(Refusal::NotAdjusted(illegal.to_string()))),
        Err(NotAppended::Ledger(error)) => Err(error),
        Err(NotAppended::Judged(refusal)) => {
            let (what, why) = (what(ordered).to_owned(), refusal.to_string());
            let mut refused = entry(Event::Refused { what, why });
            // The same form is sent again once it is put right, and counts then.
            if matches!(ordered, Ordered::Form(_)) {
                refused.delivery = None;
            }
            keep_refusal(bench, &at.case, refused).await?;
            Ok(Some(refusal))
        }
    }
}

fn what(ordered: Ordered<'_>) -> &'static str {
    match ordered {
        Ordered::Form(PlanForm::Change(_)) | Ordered::Words(_) => "plan.change",
        Ordered::Form(PlanForm::UndoSteps { .. }) | Ordered::Undo(_) => "plan.undo_steps",
    }
}

fn judge(
    bench: &Bench<'_>,
    speaker: &Speaker,
    (case, at, ordered): (&Case, &PlanAddress, Ordered<'_>),
) -> Result<Event, Refusal> {
    let caller = &speaker.caller;
    let is_this = |state: Option<&PlanState>| {
        let is_this = state.is_some_and(|s| s.plan.number == at.plan && s.hash == at.hash);
        if is_this { Ok(()) } else { Err(Refusal::OldCard) }
    };
    let adjustments = match ordered {
        Ordered::Form(PlanForm::UndoSteps { steps, .. }) => {
            is_this(case.standing_containment())?;
            return lift::wanted(&bench.policy(), caller, (case, steps));
        }
        Ordered::Undo(steps) => {
            is_this(case.standing_containment())?;
            return lift::wanted(&bench.policy(), caller, (case, steps));
        }
        Ordered::Form(PlanForm::Change(form)) => {
            bench.policy().may_adjust(caller, case)?;
            is_this(adjustable(case))?;
            picked(case, bench.plans, form)?
        }
        Ordered::Words(wanted) => {
            bench.policy().may_adjust(caller, case)?;
            is_this(adjustable(case))?;
            asked(case, bench.plans, wanted)?
        }
    };
    Ok(Event::Adjusted { adjustments })
}
