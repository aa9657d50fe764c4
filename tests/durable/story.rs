//! The whole story of a case, from a typed command to an archived channel, with people who press
//! again where nothing came of their press.

use crate::orders::{Mishap, Sabotage, Weather};
use crate::people::{Acknowledged, button, press, type_command};
use crate::town::{Replica, State, Town};
use keyleak::domain::announce::plan_key;
use keyleak::domain::case::Case;
use keyleak::domain::event::{Event, Phase};
use keyleak::domain::plan::PlanKind;
use keyleak::domain::plan_state::PlanStatus;
use keyleak::domain::record::Record;
use keyleak::domain::report;
use keyleak::domain::snapshot::Photograph;
use keyleak::drill::people::{APPROVER, REPORTER};
use std::time::{Duration, Instant};

/// Five minutes of read-back become one and a half seconds.
pub(crate) const SPEED: u32 = 200;
/// A story takes a few seconds; a machine under load takes many times that.
pub(crate) const PATIENCE: Duration = Duration::from_secs(150);
pub(crate) const GLANCE: Duration = Duration::from_millis(15);
/// After the end everything that was begun has come to its own end.
pub(crate) const QUIET: Duration = Duration::from_millis(150);
/// Whose key leaked.
pub(crate) const USER: &str = "ci-deployer";

/// How a story ended.
pub(crate) struct Told {
    pub(crate) town: Town,
    pub(crate) case: Case,
    pub(crate) acknowledged: Vec<Acknowledged>,
    /// The user as it was before anything happened.
    pub(crate) before: Photograph,
    /// Whether the mishap came to pass.
    pub(crate) happened: bool,
    /// What a process that had lost the case did, where one stalled.
    pub(crate) late: Option<Late>,
}

/// What is sure to come from a process that has lost the case meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Late {
    Nothing,
    /// A change that had been made already, once more.
    Call,
    /// A message that was there already, which was taken back.
    Post,
}

/// Why a story has no end.
#[derive(Debug)]
pub(crate) struct Unfinished(pub(crate) String);

/// Plays the story with so many bots at first; when the first one dies another one takes its place,
/// which does not die and is built no better.
pub(crate) async fn play(
    crew: usize,
    mishap: Mishap,
    sabotage: Option<Sabotage>,
) -> Result<Told, Unfinished> {
    let town = Town::found(SPEED, Weather::Story).await;
    let before = town.world.cloud.user_state(USER).unwrap();
    town.let_the_actor_strike().await;
    let mut bots: Vec<Replica> = vec![town.start(mishap, sabotage).await];
    for _ in 1..crew {
        bots.push(town.start_unknown(Mishap::Nothing, sabotage).await);
    }
    let mut acknowledged = Vec::new();
    let deadline = Instant::now() + PATIENCE;
    let case = loop {
        if bots.len() == crew && bots[0].state() == State::Killed {
            bots.push(town.start(Mishap::Nothing, sabotage).await);
        }
        let case = town.case().await.map_err(|error| Unfinished(error.to_string()))?;
        if let Some(case) = case.as_ref().filter(|case| case.is_archived()) {
            break case.clone();
        }
        acknowledged.extend(next_move(&town, case.as_ref()).await);
        if Instant::now() > deadline {
            let state = case.map(|case| told(&case)).unwrap_or_default();
            return Err(Unfinished(format!("not archived after {PATIENCE:?}: {state}")));
        }
        tokio::time::sleep(GLANCE).await;
    };
    tokio::time::sleep(QUIET).await;
    let happened = bots.len() > crew;
    drop(bots);
    Ok(Told { town, case, acknowledged, before, happened, late: None })
}

/// What people do next, seeing the case as it is.
pub(crate) async fn next_move(town: &Town, case: Option<&Case>) -> Option<Acknowledged> {
    let Some(case) = case else {
        return type_command(town, REPORTER, &town.world.leaked.access_key_id).await;
    };
    let (who, action) = wanted(case)?;
    button(town, case, action)?;
    press(town, case, (who, action)).await
}

fn wanted(case: &Case) -> Option<(&'static str, &'static str)> {
    if case.closed_at().is_some() {
        return None;
    }
    if let Some(pending) = case.pending_plan() {
        let shown = case.room().posted.contains_key(&plan_key(pending.plan.number));
        return shown.then_some((APPROVER, "plan.approve"));
    }
    let undo = case.plans().find(|state| state.plan.kind == PlanKind::Undo);
    if let Some(undo) = undo {
        let undone = undo.status() == PlanStatus::Done && undo.held_at.is_some();
        return undone.then_some((REPORTER, "case.close"));
    }
    let contained = case.standing_plans().any(|state| state.contained.is_some());
    let scope = case.presses(Phase::Scope).last();
    match scope {
        _ if !contained => None,
        None => Some((REPORTER, "phase.scope")),
        Some(press) if !case.is_answered(press.seq) => None,
        Some(_) if case.wanted_undo().is_some() => None,
        Some(_) => Some((REPORTER, "plan.undo")),
    }
}

/// Where a case stands, and its last records, for a story that failed.
pub(crate) fn told(case: &Case) -> String {
    let last = case.records().iter().rev().take(6).rev();
    let lines: Vec<String> = last.map(|record| in_short(record, 160)).collect();
    format!("{}; {}", report::status_words(case), lines.join("; "))
}

/// Every record of a story that failed, as far as it fits: what came late shows in their times.
pub(crate) fn all_told(case: &Case) -> String {
    let lines = case.records().iter().map(|record| in_short(record, 2_000));
    lines.collect::<Vec<_>>().join("\n")
}

fn in_short(record: &Record, length: usize) -> String {
    let text = serde_json::to_string(&record.event).unwrap_or_default();
    format!("{} {} {}", record.seq, record.at, text.chars().take(length).collect::<String>())
}

/// Whether a record of the case is such.
pub(crate) fn count(case: &Case, is: impl Fn(&Event) -> bool) -> usize {
    case.records().iter().filter(|record| is(&record.event)).count()
}
