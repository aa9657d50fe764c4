//! The closing report: everything somebody needs who was not there, as Markdown.

use crate::domain::attack;
use crate::domain::capture::AllWords;
use crate::domain::case::Case;
use crate::domain::duties;
use crate::domain::hardening::{self, Hardening};
use crate::domain::other_log::OtherLog;
use crate::domain::owner_asked::answers;
use crate::domain::plan_state::PlanState;
use crate::domain::query_cost::QueryRun;
use crate::domain::record::Press;
use crate::domain::remains::spared::left_out;
use crate::domain::report::words::kind_word;
use crate::domain::report::{
    Line, captured, cost, impact, name_of, phases, recovering, second_witness, status_words, team,
    timeline, times_to_contain, waiting, words,
};
use crate::domain::resources_left::not_stopped;
use crate::domain::step_result::StepResult;
use crate::domain::time_words::utc;
use std::fmt::Write as _;

/// The whole report.
pub(super) fn markdown(case: &Case, words: Option<&AllWords>) -> String {
    let mut out = String::new();
    let drill = if case.opening().drill { "DRILL: " } else { "" };
    let _ = writeln!(out, "# {drill}Exposed key {}\n", case.opening().key);
    head(&mut out, case);
    section(
        &mut out,
        "Severity over time",
        team::history(case).iter().map(|line| md(line)).collect(),
    );
    section(&mut out, "The key's owner", answers(case).iter().map(|line| md(line)).collect());
    let clocks = duties::lines(case, None);
    section(&mut out, "Clocks of reporting duties", clocks.iter().map(|line| md(line)).collect());
    section(&mut out, "Phases", phase_lines(case));
    section(&mut out, "Timeline (UTC)", timeline_lines(case, words));
    for state in case.plans() {
        plan(&mut out, case, state);
    }
    section(&mut out, "What was found", found(case));
    section(&mut out, "Impact", impact::lines(case).iter().map(|line| md(line)).collect());
    section(&mut out, "Recovery", recovery(case));
    section(&mut out, "So that it cannot happen like this again", hardened(case));
    section(&mut out, "Still in force", in_force(case));
    section(&mut out, "What could not be done", not_done(case));
    section(&mut out, "AWS as the second witness", witnessed(case));
    section(&mut out, "Still waiting", waiting(case).iter().map(|what| md(what)).collect());
    chain(&mut out, case);
    out
}

/// Foreign text as Markdown that shows it and does nothing else.
fn md(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '!' | '~' | '&' => {
                out.push('\\');
                out.push(character);
            }
            blank if blank.is_whitespace() => out.push(' '),
            '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' => {}
            control if control.is_control() => {}
            other => out.push(other),
        }
    }
    out
}

fn section(out: &mut String, title: &str, lines: Vec<String>) {
    let _ = writeln!(out, "## {title}\n");
    if lines.is_empty() {
        out.push_str("Nothing.\n");
    }
    for line in lines {
        let _ = writeln!(out, "- {line}");
    }
    out.push('\n');
}

fn head(out: &mut String, case: &Case) {
    let mut lines = vec![
        format!("Case: {}", md(&case.id().0)),
        format!("Status: {}", md(&status_words(case))),
        format!("Severity: {}", md(&team::severity(case))),
        md(&words::subject(case)),
        md(&words::opened(case)),
    ];
    lines.extend(team::roles(case).iter().map(|role| md(role)));
    if let Some(closed) = case.closed_at() {
        lines.push(format!("Closed at {}", utc(closed)));
    }
    lines.extend(words::time_to_contain(times_to_contain(case)));
    let opening = case.opening();
    lines.extend(opening.found_where.iter().map(|at| format!("Found: {}", md(at))));
    lines.extend(opening.note.iter().map(|note| format!("Note: {}", md(note))));
    lines.extend(opening.endpoints.iter().map(|at| {
        format!("Worked against an endpoint that is not the provider's own: {}", md(at))
    }));
    for line in lines {
        let _ = writeln!(out, "- {line}");
    }
    out.push('\n');
}

fn phase_lines(case: &Case) -> Vec<String> {
    let line = |row: phases::PhaseRow<'_>| {
        let found =
            if row.found.is_empty() { String::new() } else { format!(": {}", md(&row.found)) };
        let pressed: Vec<String> = row
            .pressed
            .iter()
            .map(|press| format!("{} at {}", md(&press.name), utc(press.at)))
            .collect();
        let pressed = match pressed.is_empty() {
            true => String::new(),
            false => format!(" (pressed by {})", pressed.join(", ")),
        };
        format!("{}, {}{found}{pressed}", row.phase.title(), row.progress.words())
    };
    phases::rows(case).into_iter().map(line).collect()
}

fn timeline_lines(case: &Case, words: Option<&AllWords>) -> Vec<String> {
    let told = |line: &Line| {
        let said = captured::said(line, words).map(|said| format!(": {}", md(&said)));
        let (sentence, said) = (md(&line.sentence()), said.unwrap_or_default());
        format!("{} {sentence}{said} (record {})", utc(line.at), line.seq)
    };
    timeline(case, 0).iter().map(told).collect()
}

/// The hardening checklist, and what of it is in place.
fn hardened(case: &Case) -> Vec<String> {
    let line = |item: &Hardening| {
        let done = item.done.as_ref().map(|press| said("said to be in place", press));
        format!("{}: {}", md(&hardening::line(item)), done.as_deref().unwrap_or("open"))
    };
    hardening::checklist(case).iter().map(line).collect()
}

/// What a person said of a plan, and where the journal has it.
fn said(what: &str, press: &Press) -> String {
    let (by, at) = (&press.by.user, utc(press.at));
    format!("{what} by {} ({}) at {at}, record {}", md(&press.name), md(by), press.seq)
}

fn plan(out: &mut String, case: &Case, state: &PlanState) {
    let plan = &state.plan;
    let _ = writeln!(out, "## Plan {} ({})\n", plan.number.0, kind_word(plan.kind));
    let mut lines = vec![
        format!("Hash: {}", state.hash),
        format!("Account: {}", plan.account),
        format!("Snapshot before it: {}", plan.snapshot.sha256),
        format!("Asked for by {}", md(&name_of(case, &plan.requested_by))),
        format!("Became: {}", md(&words::plan_status(state))),
    ];
    lines.extend(plan.adjusted.iter().map(|one| format!("Changed: {}", md(&one.words()))));
    lines.extend(plan.owners.iter().map(|owner| format!("Needed too: {}", md(&owner.words()))));
    lines.extend(state.agreed.iter().map(|word| said("Agreed to as an owner", word)));
    lines.extend(state.approvals.iter().map(|approval| said("Approved", approval)));
    lines.extend(state.glass.iter().map(|(by, reason)| {
        format!("BREAK-GLASS by {} at {}: {}", md(&by.name), utc(by.at), md(reason))
    }));
    lines.extend(state.glass_reviewed.iter().map(|(by, verdict)| {
        format!("Reviewed by {} at {}: {}", md(&by.name), utc(by.at), md(verdict))
    }));
    if let Some((denial, reason)) = &state.denied {
        let reason = reason.as_deref().unwrap_or("no reason given");
        lines.push(format!("Denied by {} at {}: {}", md(&denial.name), utc(denial.at), md(reason)));
    }
    lines.extend(state.all_steps().map(|(index, step, done)| {
        let result = match &done.result {
            None => "not done".to_owned(),
            Some(StepResult::Done { changed: true, .. }) => "done".to_owned(),
            Some(StepResult::Done { changed: false, .. }) => "was already so".to_owned(),
            Some(StepResult::Failed { why, .. }) => format!("failed: {why}"),
        };
        format!(
            "Step {}: {} — {}. Undo: {}",
            index + 1,
            md(&step.action.sentence()),
            md(&result),
            step.action.undo_sentence()
        )
    }));
    for line in lines {
        let _ = writeln!(out, "- {line}");
    }
    out.push('\n');
}

fn found(case: &Case) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some((_, survey)) = case.survey() {
        lines.push(format!(
            "The trail from {} to {}: {} records read{}, {} rows kept (SHA-256 {})",
            utc(survey.from),
            utc(survey.to),
            survey.records_read,
            cost::words(&survey.cost),
            survey.rows,
            survey.cut_sha256
        ));
        lines.extend(survey.cost.executions.iter().map(query));
        lines.extend(cost::spent(case).map(|spent| format!("Reading the trail: {spent}")));
        lines.extend(survey.nodes.iter().map(|node| {
            format!("{} {}: {}", md(node.kind.word()), md(&masked(&node.id)), md(&node.why))
        }));
    }
    lines.extend(case.answers().iter().map(|(_, answer)| {
        let attack = attack::line(&answer.attack).filter(|_| answer.rows > 0);
        let attack = attack.map(|line| format!("; {}", md(&line))).unwrap_or_default();
        format!(
            "{}: {} ({} rows; answer SHA-256 {}; SQL SHA-256 {}{attack})",
            md(&answer.question),
            md(&answer.sentence),
            answer.rows,
            answer.answer_sha256,
            answer.sql_sha256
        )
    }));
    lines
}

/// A query, so that anybody can look it up in Athena's own history.
fn query(run: &QueryRun) -> String {
    let (id, sql) = (md(&run.id), md(&run.sql_sha256));
    let days = run.days.as_deref().map(|days| format!(" over {}", md(days)));
    let bytes = run.bytes_scanned.map(|bytes| format!(", {bytes} bytes"));
    let (days, bytes) = (days.unwrap_or_default(), bytes.unwrap_or_default());
    format!("Query {id}{days}, for {}{bytes} (SQL SHA-256 {sql})", run.reading.words())
}

fn recovery(case: &Case) -> Vec<String> {
    recovering::lines(case).iter().map(|line| md(line)).collect()
}

fn in_force(case: &Case) -> Vec<String> {
    let steps = case.standing_plans().flat_map(PlanState::done_steps);
    steps
        .map(|(_, step, _)| {
            let action = &step.action;
            format!("{} (undo: {})", md(&action.sentence()), action.undo_sentence())
        })
        .collect()
}

fn not_done(case: &Case) -> Vec<String> {
    let failed_steps = case.plans().flat_map(|state| {
        state.all_steps().filter_map(move |(_, step, done)| {
            let Some(StepResult::Failed { why, .. }) = &done.result else {
                return None;
            };
            let number = state.plan.number.0;
            Some(format!("Plan {number}, {}: {}", md(&step.action.sentence()), md(why)))
        })
    });
    let mut lines: Vec<String> = failed_steps.collect();
    lines.extend(
        left_out(case).iter().map(|(on, by)| md(&format!("Not contained: {on}, left out by {by}"))),
    );
    let ends = case.standing_plans().flat_map(|state| &state.open_ends);
    lines.extend(ends.map(|end| format!("Not ended: {}", md(end))));
    lines.extend(not_stopped(case).iter().map(|one| format!("Not stopped: {}", md(one))));
    let room = case.room();
    let roomless = room.failed.iter().chain(room.unmade.iter().map(|unmade| &unmade.why));
    lines.extend(roomless.map(|why| format!("The channel: {}", md(why))));
    lines.extend(
        room.given_up.iter().map(|post| format!("The message {} was not posted", md(&post.0))),
    );
    lines.extend(case.survey_failed().map(|(_, why)| format!("Reading the trail: {}", md(why))));
    if let Some((_, survey)) = case.survey() {
        lines.extend(survey.gaps.iter().map(|gap| format!("Not looked at: {}", md(gap))));
    }
    lines.extend(logs_not_asked(case));
    let questions = case.questions_failed().iter();
    lines.extend(questions.map(|(_, question, why)| format!("{}: {}", md(question), md(why))));
    lines
}

/// The other logs that nothing was asked of, whether there is no table or nobody asked.
fn logs_not_asked(case: &Case) -> impl Iterator<Item = String> {
    let is_asked =
        |id: &str| case.answers().iter().any(|(_, answer)| answer.question.as_str() == id);
    let left_out = OtherLog::ALL.into_iter().filter(move |log| !is_asked(log.question()));
    left_out.map(|log| {
        let (title, id, setting) = (log.title(), log.question(), log.setting());
        md(&format!("Not looked at: {title} ({id} was not asked; it needs {setting})"))
    })
}

fn witnessed(case: &Case) -> Vec<String> {
    match case.reconciled() {
        Some(Ok(result)) => second_witness::lines(result).iter().map(|line| md(line)).collect(),
        Some(Err(why)) => vec![format!("Not compared: {}", md(why))],
        None => vec![format!("Not compared yet; keyleak reconcile {} does", md(&case.id().0))],
    }
}

fn chain(out: &mut String, case: &Case) {
    out.push_str("## Journal\n\n");
    if let Some(last) = case.last_record() {
        let _ = writeln!(
            out,
            "- {} records; the last one, {}, has the hash {}\n- Check it with: keyleak verify {}",
            case.seq(),
            last.seq,
            last.hash,
            case.id()
        );
    }
}

/// Access key ids are masked in every text that leaves the journal.
fn masked(id: &str) -> String {
    crate::domain::ids::AccessKeyId::from_record(id)
        .map_or_else(|| id.to_owned(), |key| key.to_string())
}
