//! The scenario's expectations, against what the case found, said and contained.

use crate::domain::action::Change;
use crate::domain::case::Case;
use crate::domain::event::Phase;
use crate::domain::facts::Fact;
use crate::domain::lineage::Node;
use crate::domain::plan_state::PlanState;
use crate::domain::principal::PrincipalName;
use crate::domain::remains::contained;
use crate::domain::report::exhibit::{CALLS, Exhibit};
use crate::domain::resources_left::{Stands, standing};
use crate::drill::expected::{Expected, ExpectedAnswer, Moment, Outcome, Uses};
use crate::drill::players::{DrillFailure, desk};
use crate::drill::scenario::{LEAKED_KEY, Scenario};
use crate::drill::world::World;
use crate::ports::trail::Answer;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// The actor notes a call when it comes back; on a fast clock that is seconds later.
const NEAR_SECONDS: u64 = 60;
/// What begins a value that a cell must hold somewhere in it.
const SOMEWHERE: char = '~';
/// The roles in whose sessions the bot changes the account.
const OUR_ROLES: &str = ":assumed-role/keyleak-";

type Checked = Result<(), DrillFailure>;

/// A case as it was when it was called contained, if it was, and as it was closed.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    pub contained: Option<&'a Case>,
    pub closed: &'a Case,
}

/// The phases whose questions the expectations are about, and Scope, which everybody asks.
pub(super) fn phases(world: &World, expected: &Expected) -> Result<BTreeSet<Phase>, DrillFailure> {
    let desk = desk(world)?;
    let catalogue = desk.trail.as_ref().map(|trail| trail.catalogue()).unwrap_or_default();
    let mut phases = BTreeSet::from([Phase::Scope]);
    for answer in &expected.answers {
        let asked = catalogue.iter().find(|question| question.id == answer.question);
        let phase = asked.and_then(|question| Phase::from_slug(question.phase.as_str()));
        let phase = phase
            .ok_or_else(|| failed(format!("the catalogue has no question {}", answer.question)))?;
        // What validation asks of the trail is answered with what Scope asks.
        phases.insert(if phase == Phase::Validation { Phase::Scope } else { phase });
    }
    Ok(phases)
}

/// Everything that the scenario expects; the first difference fails.
pub async fn compare(world: &World, scenario: &Scenario, played: Found<'_>) -> Checked {
    let expected = &scenario.expected;
    outcome(world, expected.outcome, played)?;
    if let Some(case) = played.contained {
        first_use(world, scenario, played.closed)?;
        containment(expected, case)?;
        lineage(world, expected, case)?;
    }
    untouched(world, expected)?;
    said(world, expected, played.closed)?;
    if let Some(uses) = &expected.uses {
        let exhibit = rows(world, played.closed, CALLS).await?;
        used(world, uses, &exhibit)?;
    }
    for answer in &expected.answers {
        let exhibit = rows(world, played.closed, &answer.question).await?;
        answered(world, answer, &exhibit)?;
    }
    Ok(())
}

fn failed(why: String) -> DrillFailure {
    DrillFailure::Findings(why)
}

fn outcome(world: &World, expected: Outcome, Found { contained, closed }: Found<'_>) -> Checked {
    let unlike = closed.exposure().told_by_trail();
    let account = closed.facts().account.as_ref().and_then(Fact::known);
    let is_ours = account.is_some_and(|found| found.ours);
    let owner = closed.facts().owner.as_ref().and_then(Fact::known);
    let is_so = match expected {
        Outcome::Contained => contained.is_some(),
        Outcome::NoUseSeen => contained.is_some() && !unlike,
        Outcome::NotOurs => account.is_some() && !is_ours,
        Outcome::Unknown => is_ours && owner.is_none(),
    };
    if !is_so {
        return Err(failed(format!(
            "the outcome is not {expected:?}: the account is {}ours, an owner is {}known, a use \
             by somebody else was {}seen, and it was {}contained",
            not(is_ours),
            not(owner.is_some()),
            not(unlike),
            not(contained.is_some())
        )));
    }
    if expected == Outcome::NoUseSeen && closed.survey().and_then(|(_, s)| s.watermark).is_none() {
        return Err(failed("nobody can say up to when no use was seen".to_owned()));
    }
    let changes = world.cloud.bot_changes();
    if !expected.contains() && (closed.plans().count() > 0 || changes > 0) {
        return Err(failed(format!("{changes} changes were made where nothing is to be changed")));
    }
    Ok(())
}

fn not(is_so: bool) -> &'static str {
    if is_so { "" } else { "not " }
}

/// Only against its habits can a first unlike use be told.
fn first_use(world: &World, scenario: &Scenario, case: &Case) -> Checked {
    let leaked = scenario.leaked_user().map(|user| user.name.as_str());
    let has_habits = scenario.habits.iter().any(|habit| Some(habit.user.as_str()) == leaked);
    let of_key = |label: &str| label == LEAKED_KEY;
    let attempts = world.actor.attempts();
    let first = attempts.iter().find(|attempt| of_key(&attempt.credential));
    let Some(first) = first.filter(|_| has_habits) else { return Ok(()) };
    let told = case.exposed_since().map(Timestamp::as_second);
    if told.is_some_and(|told| told.abs_diff(first.at.as_second()) <= NEAR_SECONDS) {
        return Ok(());
    }
    Err(failed(format!("the actor's first use was not found: {:?}", case.exposure())))
}

/// A user, or a role as `role/NAME`.
fn principal(written: &str) -> PrincipalName {
    written.strip_prefix("role/").map_or_else(|| PrincipalName::user(written), PrincipalName::role)
}

fn containment(expected: &Expected, case: &Case) -> Checked {
    let ended: Vec<PrincipalName> = contained(case).into_iter().chain(revoked(case)).collect();
    for wanted in &expected.contained {
        let wanted = principal(wanted);
        if !ended.contains(&wanted) {
            return Err(failed(format!(
                "{} {} was not contained",
                wanted.kind.word(),
                wanted.name
            )));
        }
    }
    let is_stopped = |of: &str| {
        standing(case)
            .iter()
            .any(|(one, stands)| one.type_name.as_deref() == Some(of) && *stands == Stands::Stopped)
    };
    if let Some(of) = expected.stopped.iter().find(|of| !is_stopped(of)) {
        return Err(failed(format!("no {of} was stopped")));
    }
    Ok(())
}

/// Those whose open sessions were ended, while others may go on with new ones.
fn revoked(case: &Case) -> impl Iterator<Item = PrincipalName> {
    let done = case.standing_plans().flat_map(PlanState::done_steps);
    let revoking =
        done.filter(|(_, step, _)| matches!(step.action.change, Change::RevokeSessions { .. }));
    revoking.map(|(_, step, _)| step.action.on.key())
}

/// By AWS's own account of the bot's calls, not by the bot's.
fn untouched(world: &World, expected: &Expected) -> Checked {
    let calls = world.cloud.calls();
    let ours: Vec<_> =
        calls.iter().filter(|call| call.is_change && call.by.contains(OUR_ROLES)).collect();
    for left in &expected.untouched {
        let name = principal(left).name;
        let mut about =
            ours.iter().filter(|call| call.arguments.iter().any(|(_, value)| *value == name));
        if let Some(call) = about.next() {
            return Err(failed(format!("{left} was changed by {}", call.name)));
        }
    }
    Ok(())
}

fn lineage(world: &World, expected: &Expected, case: &Case) -> Checked {
    let nodes = case.survey().map(|(_, survey)| survey.nodes.as_slice()).unwrap_or_default();
    for wanted in &expected.credentials {
        let id = key_id(world, wanted)
            .ok_or_else(|| failed(format!("the actor never got its {wanted}")))?;
        if !nodes.iter().any(|node| node.id == id) {
            return Err(failed(format!("the lineage does not hold the {wanted}")));
        }
    }
    for wanted in &expected.created {
        if !nodes.iter().any(|node| made(node) == Some(principal(wanted))) {
            return Err(failed(format!("it was not found that the actor made {wanted}")));
        }
    }
    Ok(())
}

/// The principal that the node's own call made.
fn made(node: &Node) -> Option<PrincipalName> {
    match node.via.as_str() {
        "CreateUser" => node.user_name.as_deref().map(PrincipalName::user),
        "CreateRole" => Some(PrincipalName::role(node.role_arn.as_ref()?.rsplit('/').next()?)),
        _ => None,
    }
}

/// The key id of what the actor calls so, or what is written where it is a key id itself.
fn key_id(world: &World, written: &str) -> Option<String> {
    let held = world.actor.loot().into_iter().find(|held| held.label == written);
    let is_id = ["AKIA", "ASIA", "ACCA"].iter().any(|prefix| written.starts_with(prefix));
    held.map(|held| held.access_key_id).or_else(|| is_id.then(|| written.to_owned()))
}

/// Whatever stands in the channel, as people read it.
fn said(world: &World, expected: &Expected, case: &Case) -> Checked {
    let channel = case.room().channel.as_ref().map(|channel| channel.0.as_str());
    let messages = world.slack.messages(channel.unwrap_or_default());
    let all: String = messages.iter().map(ToString::to_string).collect();
    match expected.says.iter().find(|words| !all.contains(words.as_str())) {
        Some(words) => Err(failed(format!("nothing in the channel says {words:?}"))),
        None => Ok(()),
    }
}

/// The rows of the newest answer to a question.
async fn rows(world: &World, case: &Case, question: &str) -> Result<Exhibit, DrillFailure> {
    let newest = case.answers().iter().rev().find(|(_, note)| note.question == question);
    let (_, note) = newest.ok_or_else(|| failed(format!("{question} has no answer")))?;
    let gone = |why: &dyn std::fmt::Display| failed(format!("the answer to {question}: {why}"));
    let content = desk(world)?.evidence.get(&note.answer_sha256).await;
    let content = content.map_err(|error| gone(&error))?;
    let answer: Answer = serde_json::from_slice(&content).map_err(|error| gone(&error))?;
    Ok(answer.to_exhibit())
}

/// The calls of the key itself from before the drill began.
fn used(world: &World, expected: &Uses, calls: &Exhibit) -> Checked {
    let leaked = world.leaked.access_key_id.as_str();
    let rows = calls.columns_of(["event_time", "credential", "outcome"]);
    let mut own: Vec<(Timestamp, bool)> = rows
        .iter()
        .filter(|[_, credential, _]| *credential == leaked)
        .filter_map(|[at, _, outcome]| Some((at.parse().ok()?, *outcome == "ok")))
        .filter(|(at, _)| *at < world.began)
        .collect();
    own.sort();
    let (calls, bad) = (own.len() as u64, own.iter().filter(|(_, ok)| !ok).count() as u64);
    if (calls, bad) != (expected.calls, expected.failed) {
        return Err(failed(format!(
            "{calls} calls of the key before the drill, {bad} of them failed, and not {} and {}",
            expected.calls, expected.failed
        )));
    }
    let ends = [(expected.first, own.first()), (expected.last, own.last())];
    for ((moment, found), which) in ends.into_iter().zip(["first", "last"]) {
        let Some((found, _)) = found else { continue };
        if !is_then(moment, *found, world.began) {
            return Err(failed(format!("the key's {which} use was at {found}, not {moment:?}")));
        }
    }
    Ok(())
}

fn is_then(moment: Moment, found: Timestamp, began: Timestamp) -> bool {
    match moment {
        Moment::At(at) => at == found,
        Moment::HoursBefore { hours_before } => {
            let at = began - SignedDuration::from_hours(hours_before.into());
            at.as_second().abs_diff(found.as_second()) <= NEAR_SECONDS
        }
    }
}

fn answered(world: &World, expected: &ExpectedAnswer, found: &Exhibit) -> Checked {
    let question = &expected.question;
    if let Some(wanted) = expected.rows.filter(|wanted| *wanted != found.rows.len()) {
        let rows = found.rows.len();
        return Err(failed(format!("{question} has {rows} rows and not {wanted}")));
    }
    let cells = |values: &[String], row: &[String]| {
        values.iter().filter(|value| row.iter().any(|cell| is_in(world, value, cell))).count()
    };
    let nearest = |values: &[String]| found.rows.iter().max_by_key(|row| cells(values, row));
    let holds =
        |values: &[String]| nearest(values).is_some_and(|row| cells(values, row) == values.len());
    if let Some(values) = expected.holds.iter().find(|values| !holds(values)) {
        let nearest = nearest(values).map_or("none".to_owned(), |row| row.join(", "));
        let values = values.join(", ");
        return Err(failed(format!("no row of {question} holds {values}; the nearest: {nearest}")));
    }
    if let Some(values) = expected.lacks.iter().find(|values| holds(values)) {
        return Err(failed(format!("a row of {question} holds {}", values.join(", "))));
    }
    Ok(())
}

/// A value is the whole cell, or somewhere in it where it begins so; a credential is its id.
fn is_in(world: &World, value: &str, cell: &str) -> bool {
    match value.strip_prefix(SOMEWHERE) {
        Some(part) => cell.contains(part),
        None => cell == value || key_id(world, value).is_some_and(|id| id == cell),
    }
}
