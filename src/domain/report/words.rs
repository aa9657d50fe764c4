//! What a case waits for and where its plans stand, in words.

use crate::domain::brake::Brake;
use crate::domain::case::Case;
use crate::domain::event::Phase;
use crate::domain::exposure::Basis;
use crate::domain::free_sql;
use crate::domain::ids::KeyKind;
use crate::domain::names::name_of;
use crate::domain::plan::PlanKind;
use crate::domain::plan_state::{PlanState, PlanStatus};
use crate::domain::recovering;
use crate::domain::report::TimesToContain;
use crate::domain::resource_owner::owners_shown;
use crate::domain::spending::Waiting;
use crate::domain::step_result::StepResult;
use crate::domain::time_words::{span, utc};

/// What somebody asked the trail.
pub(super) fn asked(questions: &[String], sql: Option<&str>) -> String {
    format!("asked {}", free_sql::shown(questions, sql))
}

/// What people call a kind of plan.
pub(super) fn kind_word(kind: PlanKind) -> &'static str {
    match kind {
        PlanKind::Containment => "containment",
        PlanKind::FollowUp => "follow-up",
        PlanKind::Undo => "undo",
        PlanKind::Eradication => "eradication",
        PlanKind::Replacement => "replacement",
    }
}

/// A number and its noun.
pub(super) fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// So much that grew from the key.
pub(super) fn grown(number: usize, more: &str) -> String {
    if number == 1 {
        format!("1 {more}credential or principal")
    } else {
        format!("{number} {more}credentials and principals")
    }
}

/// Where a plan stands.
pub(super) fn plan_status(state: &PlanState) -> String {
    let plan = format!("{} (plan {})", kind_word(state.plan.kind), state.plan.number.0);
    let ended = |what: &str| match (&state.plan.kind, state.held_at, state.contained) {
        (PlanKind::Undo, _, _) if !state.plan.lifts.is_empty() => {
            format!("{plan} {what}: these steps are taken back, and the others stay in force")
        }
        (PlanKind::Undo, _, _) => format!("{plan} {what}: the account is as it was before"),
        (PlanKind::Eradication, Some(_), _) => {
            format!("{plan} {what}: what it names of the actor's is gone for good")
        }
        (PlanKind::Replacement, Some(_), _) => {
            format!("{plan} {what}: the new key is there, its secret in Secrets Manager")
        }
        (_, _, Some((as_of, _))) => format!("contained as of {}", utc(as_of)),
        (_, Some(_), None) => {
            format!("{plan} {what} and held; not yet proven contained by the trail")
        }
        (_, None, None) => format!("{plan} {what}; being read back"),
    };
    match state.status() {
        PlanStatus::Proposed if state.plan.dry_run => {
            format!("{plan} is a DRY RUN: nothing is changed; its card has the commands")
        }
        PlanStatus::Proposed => format!(
            "{plan} proposed: {} of {}",
            state.approvals.len(),
            count(state.plan.approvals_needed as usize, "approval") + &owners(state)
        ),
        PlanStatus::Approved | PlanStatus::Executing if state.awaits_step_up().is_some() => {
            format!("{plan} held up by a cap per hour: {}", progress(state))
        }
        PlanStatus::Approved if state.glass.is_some() => {
            format!("{plan} runs on one person's word; about to begin")
        }
        PlanStatus::Approved => format!("{plan} approved; about to run"),
        PlanStatus::Executing => format!("{plan} running: {}", progress(state)),
        PlanStatus::Done if reverted(state) && state.plan.kind == PlanKind::Undo => {
            format!("{plan} done, and then found changed; look who did it")
        }
        PlanStatus::Done if reverted(state) => format!("{plan} was reverted; act now"),
        PlanStatus::Done => ended("done"),
        PlanStatus::Partly => format!("{plan} only partly done: {}", progress(state)),
        PlanStatus::Denied => format!("{plan} denied; {}", undone(state.plan.kind)),
        PlanStatus::Expired => {
            let kind = state.plan.kind;
            format!("{plan}: {}; {}", kind.expired(), undone(kind))
        }
        PlanStatus::Voided => format!(
            "{plan} voided ({}); {}",
            state.voided.as_deref().unwrap_or("no reason"),
            undone(state.plan.kind)
        ),
    }
}

/// What is not so because a plan of this kind did not come about.
fn undone(kind: PlanKind) -> &'static str {
    match kind {
        PlanKind::Containment => "not contained",
        PlanKind::FollowUp => "what it names is not contained",
        PlanKind::Undo => "nothing was undone",
        PlanKind::Eradication => "nothing was deleted",
        PlanKind::Replacement => "no key was made",
    }
}

/// What waits, and for whom; empty when nothing does.
pub(super) fn waiting(case: &Case) -> Vec<String> {
    if case.awaits_reconciliation() {
        let words = "keyleak holds the journal against AWS's own log, which may take until that is \
                     delivered; then the report follows";
        return vec![words.to_owned()];
    }
    if case.closed_at().is_some() {
        return Vec::new();
    }
    let mut waits = Vec::new();
    waits.extend(case.brake().filter(|brake| brake.frozen).map(thaw));
    waits.extend(case.pending_plan().map(|state| approvals(case, state)));
    waits.extend(case.plans().filter_map(glass_review));
    waits.extend(case.plans().filter_map(|state| step_up(case, state)));
    if case.wanted_undo().is_some() {
        waits.push("keyleak prepares the undo".to_owned());
    }
    waits.extend(case.standing_containment().and_then(standing));
    waits.extend(case.plans().next_back().filter(|state| is_half_undone(state)).map(|state| {
        format!(
            "responders: undo (plan {}) is only partly done; mend what its card says failed, then \
             press Undo again for the rest",
            state.plan.number.0
        )
    }));
    waits.extend(case.spending().not_allowed().map(|waiting| unread(case, waiting)));
    if waits.is_empty() && case.plans().next().is_none() {
        waits.push(beginning(case));
    }
    if waits.is_empty() {
        waits.push(
            "responders: walk the open phases, then close the case to have its report".to_owned(),
        );
    }
    waits.extend(recovering::open(case).into_iter().map(|what| format!("recovery: {what}")));
    waits
}

/// A reading that would scan too much.
fn unread(case: &Case, waiting: &Waiting) -> String {
    let Waiting { seq, scan, requester, .. } = waiting;
    let (what, until) = match &scan.question {
        Some(_) if scan.whole_cut => {
            (format!("{} to be asked", scan.what()), "answers are of the rows that were read")
        }
        Some(_) => (format!("{} to be asked", scan.what()), "it has no answer"),
        None => ("the trail to be read".to_owned(), "it is NOT LOOKED AT"),
    };
    format!(
        "an approver other than {}: allow {what} (reading {seq}), which would scan {}; until then \
         {until}",
        name_of(case, requester),
        scan.words()
    )
}

/// The review that a break-glass leaves behind.
fn glass_review(state: &PlanState) -> Option<String> {
    let (breaker, _) = state.glass.as_ref().filter(|_| state.awaits_review())?;
    let number = state.plan.number.0;
    Some(format!(
        "an approver other than {}: review the break-glass of plan {number}, with /keyleak review \
         {number} and what came of it",
        breaker.name
    ))
}

/// The proof that lets a plan go on above a cap.
fn step_up(case: &Case, state: &PlanState) -> Option<String> {
    let (why, until) = state.awaits_step_up()?;
    let number = state.plan.number.0;
    Some(format!(
        "an approver: let plan {number} go on with `keyleak approve {} {number}`, or it waits \
         until {} ({why})",
        case.id(),
        utc(*until)
    ))
}

/// Whether the last reading back found something undone.
pub(super) fn reverted(state: &PlanState) -> bool {
    state.reverted().is_some()
}

/// How far the steps have come.
pub(super) fn progress(state: &PlanState) -> String {
    let total = state.steps.len();
    let done = state.done_steps().count();
    let failed = state
        .steps
        .iter()
        .filter(|step| matches!(step.result, Some(StepResult::Failed { .. })))
        .count();
    match failed {
        0 => format!("{done} of {} done", count(total, "step")),
        _ => format!("{done} of {} done, {failed} failed", count(total, "step")),
    }
}

/// Which key, whose, where.
pub(super) fn subject(case: &Case) -> String {
    let owner = match (case.facts().owner_known(), case.facts().signer_known()) {
        (Some(owner), None) => format!("user {}", owner.user),
        (Some(owner), Some(signer)) => format!("user {} ({})", owner.user, signer.kind.words()),
        (None, Some(signer)) => format!("{} ({})", signer.kind.words(), signer.arn),
        (None, None) => "owner not known".to_owned(),
    };
    let account = match case.facts().account_known() {
        Some(found) => {
            let name = found.called().map_or_else(String::new, |name| format!(" ({name})"));
            format!("account {}{name}", found.account)
        }
        None => "account not known".to_owned(),
    };
    let drill = if case.opening().drill { "DRILL. " } else { "" };
    let is_session = case.opening().key.kind() == KeyKind::Session;
    let signer = case.facts().signer_known().filter(|_| is_session);
    let behind = signer.map_or_else(String::new, |s| format!(", behind it: {}", s.behind.words()));
    format!("{drill}Key {}, {owner}, {account}{behind}", case.opening().key)
}

/// Who opened the case, when, and since when the key is exposed.
pub(super) fn opened(case: &Case) -> String {
    let since = match case.exposed_since() {
        Some(since) => format!("exposed since {}", utc(since)),
        None => "exposed since an unknown time".to_owned(),
    };
    let since = match &case.exposure().basis {
        Basis::Trail { why } => match case.unlike_use_sought_upto() {
            Some(watermark) => format!("{since} ({why}; looked for up to {})", utc(watermark)),
            None => match case.unlike_use_told_late() {
                Some(at) => format!(
                    "{since}; the trail told after the approval of an unlike use since {}",
                    utc(at)
                ),
                None => format!("{since} ({why})"),
            },
        },
        Basis::Nothing | Basis::Person(_) => since,
    };
    let by = name_of(case, case.opened_by());
    format!("Opened by {by} at {}; {since}", utc(case.opened_at()))
}

/// How long containment took, when it has begun to be done.
pub(super) fn time_to_contain(times: TimesToContain) -> Option<String> {
    let action = times.action?;
    let mut text = format!("Time to contain: {} to the last change", span(action));
    text.push_str(&match times.held {
        Some(held) => format!(", {} to read back and held", span(held)),
        None => ", not yet held".to_owned(),
    });
    text.push_str(&match times.contained {
        Some(contained) => format!(", {} to proven by the trail", span(contained)),
        None => ", not yet proven by the trail".to_owned(),
    });
    Some(text)
}

/// The reason; the lines after it say in the channel what people can do.
pub(super) fn first_line(why: &str) -> &str {
    why.lines().next().unwrap_or_default()
}

/// What people can do where no plan could be made, line by line.
pub(super) fn instructions(case: &Case) -> impl Iterator<Item = &str> {
    let why = case.not_proposed().filter(|_| case.plans().next().is_none());
    why.into_iter().flat_map(|(_, why)| why.lines().skip(1))
}

fn thaw(brake: &Brake) -> String {
    format!(
        "an approver to lift the freeze with `keyleak thaw` ({} froze every change at {}: {})",
        brake.name,
        utc(brake.at),
        brake.why
    )
}

fn approvals(case: &Case, state: &PlanState) -> String {
    let needed = state.plan.approvals_needed as usize;
    let missing = needed.saturating_sub(state.approvals.len());
    format!(
        "plan {} needs {} from somebody other than {}{}, before {}",
        state.plan.number.0,
        count(missing, "more approval"),
        name_of(case, &state.plan.requested_by),
        owners(state),
        utc(state.plan.expires_at)
    )
}

/// Which owners have yet to agree to the plan.
fn owners(state: &PlanState) -> String {
    let missing = owners_shown(state.owners_missing()).into_iter();
    missing.map(|said| format!(", and {said}")).collect::<Vec<_>>().concat()
}

/// What a containment that was carried out waits for.
fn standing(state: &PlanState) -> Option<String> {
    let number = state.plan.number.0;
    match state.status() {
        PlanStatus::Approved | PlanStatus::Executing => {
            Some(format!("keyleak carries out plan {number}"))
        }
        PlanStatus::Partly => Some(format!(
            "responders: plan {number} is only partly done; see its card, then press Containment \
             again or finish by hand"
        )),
        PlanStatus::Done if reverted(state) => Some(format!(
            "responders: plan {number} was reverted; find out by whom, then press Containment again"
        )),
        PlanStatus::Done if state.held_at.is_none() => {
            Some(format!("keyleak reads plan {number} back for five minutes"))
        }
        PlanStatus::Done if state.contained.is_none() => {
            Some("the trail must pass the last change before keyleak can say contained".to_owned())
        }
        PlanStatus::Done
        | PlanStatus::Proposed
        | PlanStatus::Denied
        | PlanStatus::Expired
        | PlanStatus::Voided => None,
    }
}

fn beginning(case: &Case) -> String {
    let asked = !case.presses(Phase::Containment).is_empty();
    if !case.validated() {
        "keyleak validates the key".to_owned()
    } else if let Some((_, why)) = case.not_proposed() {
        format!("responders: no plan could be made ({})", first_line(why))
    } else if asked {
        "keyleak prepares the plan".to_owned()
    } else {
        "responders: press Containment to have a plan proposed".to_owned()
    }
}

/// Whether an undo ended before it took everything back.
pub(super) fn is_half_undone(state: &PlanState) -> bool {
    state.plan.kind == PlanKind::Undo && state.status() == PlanStatus::Partly
}
