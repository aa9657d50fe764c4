//! The story played by a script: the same requests that people's clients would send.

use crate::commands::cases::check;
use crate::domain::case::Case;
use crate::domain::event::{Event, Phase};
use crate::domain::ids::{CaseId, UserName};
use crate::domain::remains::contained_users;
use crate::domain::report;
use crate::drill::people::{APPROVER, REPORTER};
use crate::drill::scenario::Scenario;
use crate::drill::world::World;
use crate::flow::desk::Desk;
use crate::sim::actor::Attempt;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

/// How long the script waits for the bot's next move, in real time, before it calls it a failure.
const PATIENCE: Duration = Duration::from_secs(90);
/// How often it looks, in real time.
const GLANCE: Duration = Duration::from_millis(50);
/// How long the actor goes on after "contained", on the drill's clock.
const AFTERMATH: Duration = Duration::from_secs(300);
/// The one call that nothing can deny.
const UNDENIABLE: &str = "GetCallerIdentity";

/// Why the drill is not a success.
#[derive(Debug, thiserror::Error)]
pub enum DrillFailure {
    #[error("{waiting_for} did not happen in time; the case said: {state}")]
    TooLong { waiting_for: String, state: String },
    #[error("the bot refused what a person did: {0}")]
    Refused(String),
    #[error("after \"contained\" the actor's {0} still worked")]
    NotContained(String),
    #[error("the journal does not verify: {0}")]
    Journal(String),
    #[error("the findings are not what the scenario expects: {0}")]
    Findings(String),
}

/// Plays the story and returns what it printed; the first failure ends it.
pub async fn play(world: &World, scenario: &Scenario) -> Result<String, DrillFailure> {
    let mut told = String::new();
    say(&mut told, &format!("DRILL {}: {}\n", scenario.name, scenario.title));
    world.let_the_actor_play();
    let moves = scenario.moves.len();
    wait("the actor's first moves", async || {
        Ok((world.actor.attempts().len() > moves).then_some(()))
    })
    .await?;
    let case = open(world).await?;
    approve(world, &case).await?;
    press(world, &case, (REPORTER, "phase.scope")).await?;
    let ready = |case: &Case| case.standing_plans().any(|state| state.contained.is_some());
    let contained = until(world, &case, "\"contained\"", ready).await?;
    world.clock.sleep(AFTERMATH).await;
    press(world, &case, (REPORTER, "case.close")).await?;
    let closed = until(world, &case, "the archived channel", Case::is_archived).await?;
    say(&mut told, &timeline(&closed));
    say(&mut told, &before_and_after(world, &contained)?);
    expectations(world, scenario, &contained)?;
    say(&mut told, &journal(world, &case).await?);
    Ok(told)
}

/// Ana types the command, and waits for the card and the plan.
async fn open(world: &World) -> Result<CaseId, DrillFailure> {
    let key = &world.leaked.access_key_id;
    let delivery = world.slack.slash(REPORTER, &world.lobby, "/keyleak", key).await;
    let delivery = delivery.map_err(|error| DrillFailure::Refused(error.to_string()))?;
    if !delivery.accepted() {
        return Err(DrillFailure::Refused(format!("{:?} {}", delivery.status, delivery.body)));
    }
    wait("the case", async || {
        let cases = desk(world)?.work.open_cases().await.unwrap_or_default();
        Ok(cases.into_iter().next())
    })
    .await
}

/// Bob reads the plan and approves it.
async fn approve(world: &World, case: &CaseId) -> Result<(), DrillFailure> {
    let posted = |case: &Case| {
        let plan = case.pending_plan().map(|state| state.plan.number);
        plan.is_some_and(|plan| {
            case.room().posted.contains_key(&crate::domain::announce::plan_key(plan))
        })
    };
    until(world, case, "the plan", posted).await?;
    press(world, case, (APPROVER, "plan.approve")).await?;
    until(world, case, "the approval", |case| case.plans().any(|s| s.is_approved())).await?;
    Ok(())
}

/// Presses a button on the newest message that has it.
async fn press(
    world: &World,
    case: &CaseId,
    (who, action): (&str, &str),
) -> Result<(), DrillFailure> {
    let channel = load(world, case).await?.room().channel.clone();
    let channel = channel.ok_or_else(|| DrillFailure::Refused("there is no channel".to_owned()))?;
    let message = wait(&format!("the button {action}"), async || {
        let messages = world.slack.messages(&channel.0);
        let with_button = |message: &&serde_json::Value| {
            message.to_string().contains(&format!("\"{action}\""))
        };
        let newest = messages.iter().rev().find(with_button);
        Ok(newest.and_then(|message| message["ts"].as_str()).map(str::to_owned))
    })
    .await?;
    let pressed = world.slack.click(who, &channel.0, &message, action).await;
    let pressed = pressed.map_err(|error| DrillFailure::Refused(error.to_string()))?;
    if pressed.accepted() {
        return Ok(());
    }
    Err(DrillFailure::Refused(format!("{:?} {}", pressed.status, pressed.body)))
}

async fn load(world: &World, case: &CaseId) -> Result<Case, DrillFailure> {
    let loaded = desk(world)?.ledger.load(case).await;
    loaded.map_err(|error| DrillFailure::Journal(error.to_string()))
}

fn desk(world: &World) -> Result<&Desk, DrillFailure> {
    let desk = world.desk().ok_or_else(|| DrillFailure::Refused("there is no bot".to_owned()))?;
    Ok(desk.as_ref())
}

/// Waits until the case is as `ready` wants it.
async fn until(
    world: &World,
    id: &CaseId,
    waiting_for: &str,
    ready: impl Fn(&Case) -> bool,
) -> Result<Case, DrillFailure> {
    let seen = wait(waiting_for, async || {
        let case = load(world, id).await?;
        Ok(ready(&case).then_some(case))
    });
    match seen.await {
        Err(DrillFailure::TooLong { waiting_for, .. }) => {
            let state = report::status_words(&load(world, id).await?);
            Err(DrillFailure::TooLong { waiting_for, state })
        }
        other => other,
    }
}

/// Looks again and again until there is something to see.
async fn wait<T>(
    waiting_for: &str,
    mut look: impl AsyncFnMut() -> Result<Option<T>, DrillFailure>,
) -> Result<T, DrillFailure> {
    let mut waited = Duration::ZERO;
    loop {
        if let Some(seen) = look().await? {
            return Ok(seen);
        }
        if waited > PATIENCE {
            let state = "nothing yet".to_owned();
            return Err(DrillFailure::TooLong { waiting_for: waiting_for.to_owned(), state });
        }
        tokio::time::sleep(GLANCE).await;
        waited += GLANCE;
    }
}

fn timeline(case: &Case) -> String {
    let mut text = format!("Timeline of {} (UTC)\n", case.id());
    for line in report::timeline(case, 0) {
        if line.weight == report::Weight::Major {
            let _ = writeln!(text, "  {}", line.sentence());
        }
    }
    text
}

/// What the actor could do before and after, and a failure if anything worked after.
fn before_and_after(world: &World, case: &Case) -> Result<String, DrillFailure> {
    let begun = case.standing_plans().filter_map(|state| state.started_at()).min();
    let said = case.standing_plans().filter_map(|state| state.contained).map(|(_, at)| at).min();
    let (Some(begun), Some(said)) = (begun, said) else {
        return Err(DrillFailure::NotContained("everything".to_owned()));
    };
    let mut rows: BTreeMap<String, [Count; 3]> = BTreeMap::new();
    for attempt in world.actor.attempts() {
        let period = period(&attempt, begun, said);
        let counts = rows.entry(attempt.credential.clone()).or_default();
        if let Some(count) = counts.get_mut(period) {
            count.add(&attempt);
        }
    }
    let mut text = String::from(
        "What the actor could do            before      while containing      after \"contained\"\n",
    );
    for (credential, counts) in &rows {
        let _ = writeln!(
            text,
            "  {credential:<28} {:>12} {:>21} {:>22}",
            counts[0].words(),
            counts[1].words(),
            counts[2].words()
        );
    }
    match rows.iter().find(|(_, counts)| counts[2].worked > 0) {
        Some((credential, _)) => Err(DrillFailure::NotContained(credential.clone())),
        None => Ok(text),
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct Count {
    worked: u32,
    refused: u32,
}

impl Count {
    fn add(&mut self, attempt: &Attempt) {
        if attempt.allowed {
            self.worked += 1;
        } else {
            self.refused += 1;
        }
    }

    fn words(self) -> String {
        format!("{} ok {} refused", self.worked, self.refused)
    }
}

fn period(attempt: &Attempt, begun: Timestamp, said: Timestamp) -> usize {
    let harmless = attempt.operation == UNDENIABLE;
    match attempt.at {
        at if at <= begun || harmless => 0,
        at if at <= said => 1,
        _ => 2,
    }
}

/// The scenario's expectations against what the case found and contained.
fn expectations(world: &World, scenario: &Scenario, case: &Case) -> Result<(), DrillFailure> {
    let contained = contained_users(case);
    for user in &scenario.expected.contained {
        if !contained.contains(&UserName(user.clone())) {
            return Err(DrillFailure::Findings(format!("user {user} was not contained")));
        }
    }
    let nodes = case.survey().map(|(_, survey)| survey.nodes.as_slice()).unwrap_or_default();
    let loot = world.actor.loot();
    for label in &scenario.expected.credentials {
        let held = loot.iter().find(|held| held.label == *label);
        let held = held.ok_or_else(|| {
            DrillFailure::Findings(format!("the actor never got its {label}"))
        })?;
        if !nodes.iter().any(|node| node.id == held.access_key_id) {
            return Err(DrillFailure::Findings(format!("the lineage does not hold the {label}")));
        }
    }
    Ok(())
}

async fn journal(world: &World, id: &CaseId) -> Result<String, DrillFailure> {
    let failed = |error: &dyn std::fmt::Display| DrillFailure::Journal(error.to_string());
    let lines = desk(world)?.ledger.journal().read(id, 0).await.map_err(|error| failed(&error))?;
    let records = check(id, &lines).map_err(|error| failed(&error))?;
    let head = records.last().map(|record| record.hash.as_str()).unwrap_or_default();
    let decisions = records
        .iter()
        .filter(|record| matches!(record.event, Event::Approved { .. } | Event::Denied { .. }))
        .count();
    let asked = records
        .iter()
        .filter(|record| matches!(record.event, Event::PhasePressed { phase: Phase::Scope }))
        .count();
    Ok(format!(
        "Journal of {id}: {} records, {decisions} decision, {asked} look at the trail; internally \
         consistent, not anchored\n  head {head}\n",
        records.len()
    ))
}

fn say(told: &mut String, text: &str) {
    told.push_str(text);
    told.push('\n');
}
