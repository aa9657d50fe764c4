//! What each phase found so far, for the card and the report.

use crate::domain::case::Case;
use crate::domain::event::Phase;
use crate::domain::lineage::Standing;
use crate::domain::plan::PlanKind;
use crate::domain::plan_state::PlanStatus;
use crate::domain::record::Press;
use crate::domain::recovering;
use crate::domain::report::{impact, standing, words};

/// How far a phase has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    NotStarted,
    Running,
    Done,
    /// Something needs a person.
    Attention,
}

/// A phase of one case.
#[derive(Debug, Clone)]
pub struct PhaseRow<'a> {
    pub phase: Phase,
    pub progress: Progress,
    /// What it found, in one sentence; empty before it found anything.
    pub found: String,
    /// Who pressed it, oldest first.
    pub pressed: &'a [Press],
}

impl Progress {
    pub fn words(self) -> &'static str {
        match self {
            Self::NotStarted => "not started",
            Self::Running => "in progress",
            Self::Done => "done",
            Self::Attention => "needs attention",
        }
    }
}

/// All seven phases, in the playbook's order.
pub fn rows(case: &Case) -> Vec<PhaseRow<'_>> {
    Phase::ALL.map(|phase| row(case, phase)).into()
}

fn row(case: &Case, phase: Phase) -> PhaseRow<'_> {
    let (progress, found) = match phase {
        Phase::Validation => validation(case),
        Phase::Scope => scope(case),
        Phase::Impact => impact(case),
        Phase::Containment => containment(case),
        Phase::Eradication => eradication(case),
        Phase::Recovery => recovery(case),
        Phase::PostIncident => post_incident(case),
    };
    PhaseRow { phase, progress, found, pressed: case.presses(phase) }
}

fn validation(case: &Case) -> (Progress, String) {
    let facts = case.facts();
    let known = [
        facts.account.as_ref().map(|fact| fact.known().is_some()),
        facts.owner.as_ref().map(|fact| fact.known().is_some()),
        facts.last_use.as_ref().map(|fact| fact.known().is_some()),
        facts.keys.as_ref().map(|fact| fact.known().is_some()),
        facts.permissions.as_ref().map(|fact| fact.known().is_some()),
        facts.quarantine.as_ref().map(|fact| fact.known().is_some()),
        facts.guard_duty.as_ref().map(|fact| fact.known().is_some()),
        facts.health.as_ref().map(|fact| fact.known().is_some()),
    ];
    let answered = known.iter().flatten().count();
    let unknown = known.iter().flatten().filter(|known| !**known).count();
    let found = match (answered, unknown) {
        (0, _) => String::new(),
        (_, 0) => format!("{} known", words::count(answered, "fact")),
        (_, _) => format!("{} known, {unknown} unknown (see the thread)", answered - unknown),
    };
    let progress = if case.validated() { Progress::Done } else { Progress::Running };
    (progress, found)
}

fn scope(case: &Case) -> (Progress, String) {
    let pressed = last_press(case, Phase::Scope);
    let failed = case.survey_failed();
    if let Some((_, why)) = failed.filter(|(seq, _)| Some(*seq) > pressed) {
        return (Progress::Attention, format!("the trail was not read: {why}"));
    }
    let Some((seq, survey)) = case.survey() else {
        return (started(pressed.is_some()), String::new());
    };
    let live =
        survey.nodes.iter().filter(|node| node.standing == Standing::Live && !node.older).count();
    let partial = if survey.truncated { ", more in the evidence" } else { "" };
    let found = format!(
        "{} read; {} grew from the key, {live} live{partial}",
        words::count(usize::try_from(survey.records_read).unwrap_or(usize::MAX), "record"),
        words::count(survey.nodes.len(), "credential or principal"),
    );
    let ended = |asked| case.is_cancelled(asked) || case.is_answered(asked);
    let again = pressed.is_some_and(|asked| asked > seq && !ended(asked));
    (if again { Progress::Running } else { Progress::Done }, found)
}

fn impact(case: &Case) -> (Progress, String) {
    let pressed = last_press(case, Phase::Impact);
    let failed = case.questions_failed().iter().map(|(seq, _, _)| *seq).max();
    let answered = case.answers().last();
    let last = answered.map(|(_, last)| {
        let count = words::count(case.answers().len(), "question");
        format!("{count} asked of the trail; last {}: {}", last.question, last.sentence)
    });
    let told: Vec<String> = Some(impact::tally(case))
        .filter(|tally| !tally.is_empty())
        .into_iter()
        .chain(last)
        .collect();
    let found = told.join("; ");
    let newest = answered.map(|(seq, _)| *seq);
    let progress = match pressed {
        _ if failed > newest && failed > pressed => Progress::Attention,
        Some(asked) if case.is_cancelled(asked) => Progress::Attention,
        Some(asked) if !case.is_answered(asked) => Progress::Running,
        Some(_) => Progress::Done,
        None => started(newest.is_some()),
    };
    (progress, found)
}

fn containment(case: &Case) -> (Progress, String) {
    let Some(state) = case.standing_containment().or(case.pending_plan()) else {
        let asked = !case.presses(Phase::Containment).is_empty();
        return match (case.not_proposed(), case.plans().next_back()) {
            (Some((_, why)), _) => (Progress::Attention, words::first_line(why).to_owned()),
            (None, Some(last)) => (Progress::Attention, words::plan_status(last)),
            (None, None) => (started(asked), String::new()),
        };
    };
    let progress = match state.status() {
        PlanStatus::Done if words::reverted(state) => Progress::Attention,
        PlanStatus::Done if state.contained.is_some() => Progress::Done,
        PlanStatus::Partly => Progress::Attention,
        PlanStatus::Proposed
        | PlanStatus::Approved
        | PlanStatus::Executing
        | PlanStatus::Done
        | PlanStatus::Denied
        | PlanStatus::Expired
        | PlanStatus::Voided => Progress::Running,
    };
    (progress, standing::standing_status(case, state))
}

fn eradication(case: &Case) -> (Progress, String) {
    let last = case.plans().rfind(|state| state.plan.kind == PlanKind::Eradication);
    match (last, case.not_eradicated()) {
        (Some(state), _) if state.status() == PlanStatus::Done && state.held_at.is_some() => {
            (Progress::Done, words::plan_status(state))
        }
        (Some(state), _) if state.dead_because().is_some() => {
            (Progress::Attention, words::plan_status(state))
        }
        (Some(state), _) if state.status() == PlanStatus::Partly => {
            (Progress::Attention, words::plan_status(state))
        }
        (Some(state), _) => (Progress::Running, words::plan_status(state)),
        (None, Some((_, why))) => (Progress::Attention, why.to_owned()),
        (None, None) => checklist(case, Phase::Eradication),
    }
}

fn recovery(case: &Case) -> (Progress, String) {
    let undo = case.plans().rfind(|state| state.plan.kind == PlanKind::Undo);
    let Some(state) = undo else {
        return losses(case).unwrap_or_else(|| checklist(case, Phase::Recovery));
    };
    let mut found = vec![words::plan_status(state)];
    found.extend(recovering::tally(case).words());
    let done = state.status() == PlanStatus::Done && !recovering::tally(case).is_open();
    (if done { Progress::Done } else { Progress::Running }, found.join("; "))
}

/// How far the losses are worked through, and whether somebody confirmed that all is well.
fn losses(case: &Case) -> Option<(Progress, String)> {
    let mut found = recovering::tally(case).words();
    let confirmed = case.recovery().confirmed().is_some() && recovering::is_confirmed(case);
    if confirmed {
        found.push("confirmed".to_owned());
    }
    let progress = match confirmed && recovering::open(case).is_empty() {
        true => Progress::Done,
        false => started(!case.presses(Phase::Recovery).is_empty()),
    };
    (!found.is_empty()).then(|| (progress, found.join("; ")))
}

fn post_incident(case: &Case) -> (Progress, String) {
    match (case.closed_at(), case.report_sha256()) {
        (Some(_), Some(hash)) => {
            let hash = crate::domain::plan::Plan::short_hash(hash);
            (Progress::Done, format!("closed; report {hash}"))
        }
        (Some(_), None) => (Progress::Running, "closed; writing the report".to_owned()),
        (None, _) => checklist(case, Phase::PostIncident),
    }
}

fn checklist(case: &Case, phase: Phase) -> (Progress, String) {
    let pressed = !case.presses(phase).is_empty();
    let found = if pressed { "checklist posted" } else { "" };
    (started(pressed), found.to_owned())
}

fn started(pressed: bool) -> Progress {
    if pressed { Progress::Running } else { Progress::NotStarted }
}

fn last_press(case: &Case, phase: Phase) -> Option<u64> {
    case.presses(phase).last().map(|press| press.seq)
}
