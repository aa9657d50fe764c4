//! The story of a case, told from its journal alone: equal journals give equal words, in UTC.

mod after;
mod alarms;
mod build;
mod calls;
mod captured;
pub mod charts;
mod cost;
pub mod exhibit;
mod five;
mod impact;
mod looked;
mod markdown;
mod metrics;
pub mod phases;
mod recovering;
mod root_cause;
mod second_witness;
pub mod sections;
pub mod shape;
pub mod shape_parts;
mod standing;
mod story;
mod team;
mod telling;
mod update;
mod whole_plan;
mod words;

use crate::domain::capture::AllWords;
use crate::domain::case::Case;
use crate::domain::milestones::Point;
use crate::domain::report::exhibit::Exhibits;
use crate::domain::report::shape::Report;
use crate::domain::team_step::TeamStep;
use jiff::{SignedDuration, Timestamp};

/// A summary is read on a phone; what does not fit is in the report.
pub const SUMMARY_LINES_MAX: usize = 15;

/// How much a line matters to somebody who was not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// For the report only.
    Minor,
    /// What changed the case.
    Major,
}

/// One line of the timeline: who did what, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub seq: u64,
    pub at: Timestamp,
    pub who: String,
    pub what: String,
    pub why: Option<String>,
    pub weight: Weight,
    /// The hash of the words that a person added here; they are kept beside the journal.
    pub words: Option<String>,
}

/// How long containment took, from the opening of the case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TimesToContain {
    /// Until the last change of the first containment was made.
    pub action: Option<SignedDuration>,
    /// Until it was read back and held.
    pub held: Option<SignedDuration>,
    /// Until the trail showed that nothing more is out there.
    pub contained: Option<SignedDuration>,
}

/// The records after `since_seq` as a story; what only keeps the books is left out. What people
/// added stands where it was written.
pub fn timeline(case: &Case, since_seq: u64) -> Vec<Line> {
    let records = case.records().iter();
    let newer = records.filter(|record| record.seq > since_seq);
    captured::in_order(newer.filter_map(|record| telling::line(case, record)).collect())
}

/// The story up to a record, in at most fifteen lines.
pub fn summary(case: &Case, upto: u64) -> Vec<String> {
    let records = case.records().iter().take_while(|record| record.seq <= upto);
    match Case::fold(records.map(|record| record.as_ref().clone())) {
        Ok(then) => summary_of(&then),
        Err(_) => summary_of(case),
    }
}

/// What changed since people were told last before this point, in at most fifteen lines.
pub fn update(case: &Case, upto: Point) -> Vec<String> {
    update::lines(case, upto)
}

/// How severe the case is, and why.
pub fn severity_words(case: &Case) -> String {
    team::severity(case)
}

/// What a step of working together says, and why; nothing where it only keeps the books.
pub fn team_words(case: &Case, step: &TeamStep) -> Option<(String, Option<String>)> {
    team::told(case, step)
}

/// The report as one structure. Without the words that people added to the timeline it can be kept
/// for good: they must be such that they can be erased.
pub fn whole(case: &Case, exhibits: &Exhibits, words: Option<&AllWords>) -> Report {
    build::build(case, exhibits, words)
}

/// A report as Markdown.
pub fn to_markdown(report: &Report) -> String {
    markdown::text(report)
}

/// A report as JSON, in which nothing is hidden: such characters are written as escapes.
pub fn to_json(report: &Report) -> String {
    markdown::json(report)
}

/// The report as Markdown, without rows of answers and without the words that people added.
pub fn markdown(case: &Case) -> String {
    to_markdown(&whole(case, &Exhibits::new(), None))
}

/// Where the case stands, in one sentence.
pub fn status_words(case: &Case) -> String {
    standing::status(case)
}

/// What people can do where no plan could be made, line by line.
pub fn instructions(case: &Case) -> impl Iterator<Item = &str> {
    words::instructions(case)
}

/// Where a plan stands, in one sentence.
pub fn plan_words(state: &crate::domain::plan_state::PlanState) -> String {
    words::plan_status(state)
}

/// A plan in full, for whoever decides without Slack.
pub fn whole_plan(case: &Case, state: &crate::domain::plan_state::PlanState) -> String {
    whole_plan::text(case, state)
}

/// What AWS's own log said of a case, one sentence a line.
pub fn witness_lines(result: &crate::domain::reconciliation::Reconciliation) -> Vec<String> {
    second_witness::lines(result)
}

/// The whole recovery, one line each: every loss, the replacement, the key, what is open.
pub fn recovery_lines(case: &Case) -> Vec<String> {
    recovering::lines(case)
}

/// The nine impact questions, one line each, with every answer that a later one took the place of.
pub fn impact_lines(case: &Case) -> Vec<String> {
    impact::lines(case)
}

/// What is known of the new key and of the old since the containment, and who confirmed that all
/// is well.
pub fn recovery_of(case: &Case) -> Vec<String> {
    [recovering::rotation(case), recovering::key(case)].concat()
}

/// What reading the trail has cost so far, and why it was read.
pub fn spent_words(case: &Case) -> Option<String> {
    cost::spent(case)
}

/// What waits, and for whom.
pub fn waiting(case: &Case) -> Vec<String> {
    words::waiting(case)
}

/// How long containment took, as far as it has come.
pub fn times_to_contain(case: &Case) -> TimesToContain {
    let since = |at: Timestamp| at.duration_since(case.opened_at());
    let first = case.plans().find(|state| state.plan.kind.contains() && state.has_begun());
    let Some(first) = first else {
        return TimesToContain::default();
    };
    TimesToContain {
        action: first.ended_at().map(since),
        held: first.held_at.map(since),
        contained: first.contained.map(|(_, said_at)| since(said_at)),
    }
}

impl Line {
    /// The line as one sentence after its time of day.
    pub fn sentence(&self) -> String {
        match &self.why {
            Some(why) => format!("{} {} ({why})", self.who, self.what),
            None => format!("{} {}", self.who, self.what),
        }
    }
}

fn summary_of(case: &Case) -> Vec<String> {
    let status = format!("Status: {}, {}", case.team().severity().word(), status_words(case));
    let mut lines = vec![status, words::subject(case), words::opened(case)];
    lines.extend(words::time_to_contain(times_to_contain(case)));
    let waiting: Vec<String> =
        waiting(case).into_iter().take(2).map(|what| format!("Waiting: {what}")).collect();
    let told: Vec<String> = timeline(case, 1)
        .iter()
        .filter(|line| line.weight == Weight::Major)
        .map(|line| format!("{}  {}", line.at.strftime("%H:%M:%S"), line.sentence()))
        .collect();
    let room = SUMMARY_LINES_MAX - lines.len() - waiting.len();
    if told.len() > room {
        let left_out = told.len() - (room - 1);
        lines.push(format!("… {left_out} earlier steps are in the report"));
        lines.extend(told.into_iter().skip(left_out));
    } else {
        lines.extend(told);
    }
    lines.extend(waiting);
    lines
}

#[cfg(test)]
mod tests;
