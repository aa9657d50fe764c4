//! A report is built of the case alone and of the rows of its answers: equal ones give equal bytes.

use crate::domain::capture::AllWords;
use crate::domain::case::Case;
use crate::domain::duties;
use crate::domain::owner_asked::answers;
use crate::domain::report::calls::Calls;
use crate::domain::report::exhibit::Exhibits;
use crate::domain::report::shape::{FORMAT, Report};
use crate::domain::report::{
    after, alarms, charts, five, impact, looked, metrics, recovering, root_cause, second_witness,
    story, team,
};
use crate::domain::tasks;

/// Everything that a case tells; the words that people added only where they are given.
pub(super) fn build(case: &Case, exhibits: &Exhibits, words: Option<&AllWords>) -> Report {
    let calls = Calls::of(case, exhibits);
    Report {
        format: FORMAT,
        drill: case.opening().drill,
        case: case.id().0.clone(),
        key: case.opening().key.to_string(),
        header: story::header(case),
        summary: five::summary(case),
        root_cause: root_cause::of(case),
        exposure: story::exposure(case),
        findings: five::findings(case, exhibits),
        metrics: metrics::metrics(case, calls.as_ref()),
        figures: metrics::figures(case),
        charts: charts::all(case, (exhibits, calls.as_ref())),
        severity_over_time: team::history(case),
        owner: answers(case),
        reporting_duties: duties::lines(case, None),
        tasks: tasks::lines(case, None),
        timeline: story::timeline(case, words),
        phases: looked::phases(case),
        trail: looked::trail(case),
        lineage: looked::lineage(case),
        indicators: looked::indicators(case, (exhibits, calls.as_ref())),
        attack: looked::attack(case),
        plans: case.plans().map(|state| story::plan(case, state)).collect(),
        impact: impact::whole(case),
        rotation: after::rotation(case),
        recovery: recovering::lines(case),
        hardening: after::gaps(case),
        in_force: story::in_force(case),
        not_known: story::not_done(case),
        second_witness: second_witness::of(case),
        open_items: after::open_items(case),
        lessons: after::lessons(),
        inventory: after::inventory(case),
        alerts: alarms::alerts(case),
        review: after::review(case),
        journal: after::chain(case),
    }
}
