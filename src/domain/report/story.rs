//! The case's own story for the report: who, when, which plans, what holds, what could not be done.

use crate::domain::capture::AllWords;
use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::exposure::Basis;
use crate::domain::names::name_of;
use crate::domain::other_log::OtherLog;
use crate::domain::plan::Step;
use crate::domain::plan_state::{PlanState, StepState};
use crate::domain::record::Press;
use crate::domain::remains::spared::left_out;
use crate::domain::report::shape::{ExposureWindow, Header, TimelineEntry};
use crate::domain::report::shape_parts::{PlanStory, StepStory};
use crate::domain::report::words::kind_word;
use crate::domain::report::{
    Line, Weight, captured, status_words, team, timeline as lines, times_to_contain, words,
};
use crate::domain::resources_left::not_stopped;
use crate::domain::step_result::StepResult;
use crate::domain::time_words::utc;
use jiff::SignedDuration;
use std::collections::BTreeSet;

/// Which case it is, and who worked on it.
pub(super) fn header(case: &Case) -> Header {
    let opening = case.opening();
    let named = |wanted: fn(&Event) -> bool| -> Vec<String> {
        let records = case.records().iter().filter(|record| wanted(&record.event));
        let people = records.filter_map(|record| record.person()).collect::<BTreeSet<_>>();
        people.into_iter().map(|person| name_of(case, person)).collect()
    };
    Header {
        status: status_words(case),
        severity: team::severity(case),
        subject: words::subject(case),
        opened: words::opened(case),
        opened_at: case.opened_at(),
        closed_at: case.closed_at(),
        roles: team::roles(case),
        handlers: named(|event| !event.is_talk()),
        approvers: approvers(case),
        account: case.account().map(ToString::to_string),
        time_to_contain: words::time_to_contain(times_to_contain(case)),
        found_where: opening.found_where.clone(),
        note: opening.note.clone(),
        endpoints: opening.endpoints.clone(),
    }
}

/// Whose approvals stand, and who broke the glass.
fn approvers(case: &Case) -> Vec<String> {
    let standing = case.plans().flat_map(|state| state.approvals.iter().map(|press| &press.by));
    let standing: BTreeSet<_> = standing.collect();
    let alone = case.plans().filter_map(|state| state.glass.as_ref()).map(|(press, _)| &press.by);
    let alone: BTreeSet<_> = alone.collect();
    let alone =
        alone.into_iter().map(|by| format!("{} (alone, breaking the glass)", name_of(case, by)));
    standing.into_iter().map(|by| name_of(case, by)).chain(alone).collect()
}

/// From the exposure to the proven containment.
pub(super) fn exposure(case: &Case) -> ExposureWindow {
    let times = times_to_contain(case);
    let after = |span: Option<SignedDuration>| Some(case.opened_at() + span?);
    let how_known = match &case.exposure().basis {
        Basis::Nothing => "nobody said it, and the trail was not looked at".to_owned(),
        Basis::Trail { why } => format!("as the trail tells: {why}"),
        Basis::Person(press) => format!("said by {} at {}", press.name, utc(press.at)),
    };
    ExposureWindow {
        exposed_since: case.exposed_since(),
        how_known,
        detected_at: case.opened_at(),
        contained_at: after(times.action),
        proven_at: case.plans().filter_map(|state| state.contained).map(|(as_of, _)| as_of).min(),
    }
}

/// The timeline, with the words that people added where they are given.
pub(super) fn timeline(case: &Case, words: Option<&AllWords>) -> Vec<TimelineEntry> {
    let entry = |line: Line| TimelineEntry {
        said: captured::said(&line, words),
        at: line.at,
        actor: line.who,
        event: line.what,
        why: line.why,
        record: line.seq,
        major: line.weight == Weight::Major,
    };
    lines(case, 0).into_iter().map(entry).collect()
}

/// What a person said of a plan, and where the journal has it.
pub(super) fn said(what: &str, press: &Press) -> String {
    let (by, at) = (&press.by.user, utc(press.at));
    format!("{what} by {} ({by}) at {at}, record {}", press.name, press.seq)
}

/// A plan, who decided what about it, and what became of each step.
pub(super) fn plan(case: &Case, state: &PlanState) -> PlanStory {
    let plan = &state.plan;
    PlanStory {
        number: plan.number.0,
        kind: kind_word(plan.kind).to_owned(),
        hash: state.hash.clone(),
        account: plan.account.to_string(),
        snapshot_sha256: plan.snapshot.sha256.clone(),
        asked_for_by: name_of(case, &plan.requested_by),
        became: words::plan_status(state),
        decisions: decisions(state),
        steps: state.all_steps().map(step).collect(),
    }
}

fn decisions(state: &PlanState) -> Vec<String> {
    let plan = &state.plan;
    let mut lines: Vec<String> =
        plan.adjusted.iter().map(|one| format!("Changed: {}", one.words())).collect();
    lines.extend(plan.owners.iter().map(|owner| format!("Needed too: {}", owner.words())));
    lines.extend(state.agreed.iter().map(|word| said("Agreed to as an owner", word)));
    lines.extend(state.approvals.iter().map(|approval| said("Approved", approval)));
    lines.extend(
        state
            .glass
            .iter()
            .map(|(by, reason)| format!("BREAK-GLASS by {} at {}: {reason}", by.name, utc(by.at))),
    );
    lines.extend(
        state
            .glass_reviewed
            .iter()
            .map(|(by, verdict)| format!("Reviewed by {} at {}: {verdict}", by.name, utc(by.at))),
    );
    if let Some((denial, reason)) = &state.denied {
        let reason = reason.as_deref().unwrap_or("no reason given");
        lines.push(format!("Denied by {} at {}: {reason}", denial.name, utc(denial.at)));
    }
    lines
}

fn step((index, step, done): (u32, &Step, &StepState)) -> StepStory {
    let (result, request_id) = match &done.result {
        None => ("not done".to_owned(), None),
        Some(StepResult::Done { changed: true, request_id, .. }) => {
            ("done".to_owned(), request_id.clone())
        }
        Some(StepResult::Done { changed: false, request_id, .. }) => {
            ("was already so".to_owned(), request_id.clone())
        }
        Some(StepResult::Failed { why, request_id, .. }) => {
            (format!("failed: {why}"), request_id.clone())
        }
    };
    StepStory {
        number: index + 1,
        action: step.action.sentence(),
        result,
        done_at: done.ended_at,
        request_id,
        undo: step.action.undo_sentence().to_owned(),
        reversible: step.action.reversible(),
        in_force: done.is_in_force(),
    }
}

/// What is in force now, with how it is undone.
pub(super) fn in_force(case: &Case) -> Vec<String> {
    let steps = case.standing_plans().flat_map(PlanState::done_steps);
    let line = |(_, step, _): (u32, &Step, &StepState)| {
        format!("{} (undo: {})", step.action.sentence(), step.action.undo_sentence())
    };
    steps.map(line).collect()
}

/// What failed, was left out, or was not looked at.
pub(super) fn not_done(case: &Case) -> Vec<String> {
    let mut lines: Vec<String> = failed_steps(case).collect();
    lines.extend(
        left_out(case).iter().map(|(on, by)| format!("Not contained: {on}, left out by {by}")),
    );
    let ends = case.standing_plans().flat_map(|state| &state.open_ends);
    lines.extend(ends.map(|end| format!("Not ended: {end}")));
    lines.extend(not_stopped(case).iter().map(|one| format!("Not stopped: {one}")));
    let room = case.room();
    let roomless = room.failed.iter().chain(room.unmade.iter().map(|unmade| &unmade.why));
    lines.extend(roomless.map(|why| format!("The channel: {why}")));
    lines.extend(room.given_up.iter().map(|post| format!("The message {} was not posted", post.0)));
    lines.extend(case.survey_failed().map(|(_, why)| format!("Reading the trail: {why}")));
    if let Some((_, survey)) = case.survey() {
        lines.extend(survey.gaps.iter().map(|gap| format!("Not looked at: {gap}")));
    }
    lines.extend(logs_not_asked(case));
    let questions = case.questions_failed().iter();
    lines.extend(questions.map(|(_, question, why)| format!("{question}: {why}")));
    lines
}

fn failed_steps(case: &Case) -> impl Iterator<Item = String> {
    case.plans().flat_map(|state| {
        state.all_steps().filter_map(move |(_, step, done)| {
            let Some(StepResult::Failed { why, .. }) = &done.result else {
                return None;
            };
            let number = state.plan.number.0;
            Some(format!("Plan {number}, {}: {why}", step.action.sentence()))
        })
    })
}

/// The other logs that nothing was asked of, whether there is no table or nobody asked.
fn logs_not_asked(case: &Case) -> impl Iterator<Item = String> {
    let is_asked =
        |id: &str| case.answers().iter().any(|(_, answer)| answer.question.as_str() == id);
    let left_out = OtherLog::ALL.into_iter().filter(move |log| !is_asked(log.question()));
    left_out.map(|log| {
        let (title, id, setting) = (log.title(), log.question(), log.setting());
        format!("Not looked at: {title} ({id} was not asked; it needs {setting})")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::plan::PlanKind;
    use crate::domain::record::Actor;
    use crate::domain::sample::{add, opened, person, plan, propose};

    #[test]
    fn an_approval_that_was_taken_back_is_nobodys_and_a_broken_glass_says_so() {
        let mut case = opened();
        let contains = plan(&case, PlanKind::Containment);
        let (number, hash) = propose(&mut case, contains);
        let by = || Actor::Person { person: person("bob"), name: Some("bob".to_owned()) };
        add(&mut case, by(), Event::Approved { plan: number, hash: hash.clone() });
        assert_eq!(header(&case).approvers, ["bob"], "the control");
        add(&mut case, by(), Event::Withdrawn { plan: number });
        assert_eq!(header(&case).approvers, [""; 0]);
        let reason = "nobody answers".to_owned();
        add(&mut case, by(), Event::GlassBroken { plan: number, hash, reason });
        assert_eq!(header(&case).approvers, ["bob (alone, breaking the glass)"]);
    }
}
