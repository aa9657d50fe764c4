//! The nine impact questions in words: each answer with author and evidence, or that it is open.

use crate::domain::case::Case;
use crate::domain::impact::{ImpactAnswer, ImpactQuestion};
use crate::domain::impact_evidence::at;
use crate::domain::impact_state::{ImpactState, open, states};
use crate::domain::record::Press;
use crate::domain::report::shape_parts::{Impact, ImpactRow};
use crate::domain::report::whole_plan::plain;
use crate::domain::time_words::utc;

/// How far they are answered, in one phrase; empty before anybody answered one.
pub(super) fn tally(case: &Case) -> String {
    let all = ImpactQuestion::ALL.len();
    match case.impact_answers().is_empty() {
        true => String::new(),
        false => format!("{} of {all} impact questions answered", all - open(case).len()),
    }
}

/// All nine for the report.
pub(super) fn whole(case: &Case) -> Impact {
    let row = |state: ImpactState<'_>| ImpactRow {
        question: state.question.slug().to_owned(),
        asked: state.question.words().to_owned(),
        answer: state.answer.map(|(_, answer)| answer.verdict.words().to_owned()),
        by: state.answer.map(|(press, _)| format!("{} at {}", press.name, utc(press.at))),
        rests_on: state.answer.map(|(_, answer)| answer.rests_on.clone()).unwrap_or_default(),
        proposed: state.proposal.verdict.words().to_owned(),
        look_again: !state.news.is_empty(),
    };
    Impact { answers: states(case).into_iter().map(row).collect(), lines: lines(case) }
}

/// All nine, and every answer that a later one took the place of.
pub(super) fn lines(case: &Case) -> Vec<String> {
    let mut lines = Vec::new();
    for state in states(case) {
        lines.push(line(case, &state));
        let of = |(_, answer): &&(Press, ImpactAnswer)| answer.question == state.question;
        let before = case.impact_answers().iter().filter(of).take(state.earlier);
        lines.extend(before.map(|(press, answer)| {
            format!("Before: {}: {}", state.question.slug(), said(press, answer))
        }));
    }
    let open: Vec<&str> = open(case).into_iter().map(ImpactQuestion::slug).collect();
    if !open.is_empty() {
        lines.push(format!("Open: {}", open.join(", ")));
    }
    lines.iter().map(|line| plain(line)).collect()
}

fn line(case: &Case, state: &ImpactState<'_>) -> String {
    let (name, asked) = (state.question.slug(), state.question.words());
    let Some((press, answer)) = state.answer else {
        let proposal = &state.proposal;
        let (verdict, because) = (proposal.verdict.words(), &proposal.because);
        return format!("{name}: {asked} OPEN; keyleak proposes: {verdict} ({because})");
    };
    let rests_on = answer.rests_on.iter().filter_map(|seq| at(case, *seq));
    let proofs: Vec<String> = rests_on.map(|evidence| evidence.proof(true)).collect();
    let proofs = if proofs.is_empty() { "no record".to_owned() } else { proofs.join("; ") };
    let news = match state.news.is_empty() {
        true => String::new(),
        false => format!(" LOOK AGAIN, since then: {}.", state.news.join(", ")),
    };
    format!("{name}: {asked} {}. Rests on {proofs}.{news}", said(press, answer))
}

/// The answer, who gave it when and why, and what was proposed.
fn said(press: &Press, answer: &ImpactAnswer) -> String {
    let why = answer.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    let proposed = (answer.proposed.words(), &answer.because);
    format!(
        "{}, said {} ({}) at {}, record {}{why}; keyleak proposed {} ({})",
        answer.verdict.words().to_uppercase(),
        press.name,
        press.by.user,
        utc(press.at),
        press.seq,
        proposed.0,
        proposed.1
    )
}

/// What an answer says in the timeline.
pub(super) fn told(answer: &ImpactAnswer) -> (String, Option<String>) {
    let (question, verdict) = (answer.question.slug(), answer.verdict.words());
    (format!("answered the impact question {question}: {verdict}"), answer.why.clone())
}
