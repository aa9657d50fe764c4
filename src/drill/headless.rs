//! The story played by a script: the same requests that people's clients would send.

use crate::domain::case::Case;
use crate::domain::event::Phase;
use crate::domain::ids::CaseId;
use crate::domain::principal::PrincipalName;
use crate::domain::reconciliation::Verdict;
use crate::domain::remains::contained;
use crate::domain::report::{self, witness_lines};
use crate::domain::resources_left::{Stands, standing};
use crate::domain::time_words;
use crate::domain::verdict::{Anchored, Intact, judge};
use crate::drill::people::REPORTER;
use crate::drill::players::{DrillFailure, approve, desk, open, press, until, wait};
use crate::drill::scenario::Scenario;
use crate::drill::world::World;
use crate::sim::actor::Attempt;
use jiff::Timestamp;
use secrecy::ExposeSecret;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

/// How long the actor goes on after "contained", on the drill's clock.
const AFTERMATH: Duration = Duration::from_secs(300);
/// So long after the actor's first moves the leak is reported.
const HEARD_AFTER: Duration = Duration::from_secs(180);
/// The actor notes a call when it comes back; on a fast clock that is seconds later.
const NEAR_SECONDS: u64 = 60;
/// The one call that nothing can deny.
const UNDENIABLE: &str = "GetCallerIdentity";

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
    // By the time somebody hears of a leak, the trail usually has its first uses.
    world.clock.sleep(HEARD_AFTER).await;
    let case = open(world).await?;
    approve(world, &case).await?;
    let ready = |case: &Case| case.standing_plans().any(|state| state.contained.is_some());
    let contained = until(world, &case, "\"contained\"", ready).await?;
    press(world, &case, (REPORTER, "phase.scope")).await?;
    let answered =
        |case: &Case| case.presses(Phase::Scope).iter().all(|press| case.is_answered(press.seq));
    until(world, &case, "the answers of the trail", answered).await?;
    world.clock.sleep(AFTERMATH).await;
    press(world, &case, (REPORTER, "case.close")).await?;
    let closed = until(world, &case, "the archived channel", Case::is_archived).await?;
    say(&mut told, &timeline(&closed));
    say(&mut told, &before_and_after(world, &contained)?);
    if !scenario.builds.is_empty() {
        say(&mut told, &built(&contained));
    }
    expectations(world, scenario, &contained)?;
    say(&mut told, &second_witness(&closed)?);
    say(&mut told, &journal(world, &case).await?);
    Ok(told)
}

fn timeline(case: &Case) -> String {
    let mut text = format!("Timeline of {} (UTC)\n", case.id());
    for line in report::timeline(case, 0) {
        if line.weight == report::Weight::Major {
            let _ = writeln!(text, "  {}  {}", time_words::utc(line.at), line.sentence());
        }
    }
    text
}

/// What AWS's own log says of the case, and a failure unless it says the same.
fn second_witness(case: &Case) -> Result<String, DrillFailure> {
    match case.reconciled() {
        Some(Ok(result)) if result.verdict() == Verdict::Agrees => Ok(format!(
            "CloudTrail as the second witness\n  {}\n",
            witness_lines(result).join("\n  ")
        )),
        Some(Ok(result)) => Err(DrillFailure::SecondWitness(witness_lines(result).join("; "))),
        Some(Err(why)) => Err(DrillFailure::SecondWitness(why.clone())),
        None => Err(DrillFailure::SecondWitness("AWS's own log was not asked".to_owned())),
    }
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
        "What the actor could do            before      while containing      \
         after \"contained\"\n",
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

/// What the actor built, and whether it is stopped.
fn built(case: &Case) -> String {
    let mut text = String::from("What the actor built\n");
    for (one, stands) in standing(case) {
        let word = match stands {
            Stands::Stopped => "stopped",
            Stands::Deleted => "deleted",
            Stands::InPlan | Stands::Left | Stands::Due | Stands::ByHand => "NOT STOPPED",
        };
        let _ = writeln!(text, "  {word:<12} {}", one.words());
    }
    text
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
    let first = world.actor.attempts().first().map(|attempt| attempt.at.as_second());
    // Only against its habits can a first unlike use be told.
    let told = case.exposed_since().map(Timestamp::as_second);
    let near = told.zip(first).is_some_and(|(told, first)| told.abs_diff(first) <= NEAR_SECONDS);
    if !scenario.habits.is_empty() && !near {
        let told = format!("the actor's first use was not found: {:?}", case.exposure());
        return Err(DrillFailure::Findings(told));
    }
    let contained = contained(case);
    for user in &scenario.expected.contained {
        if !contained.contains(&PrincipalName::user(user)) {
            return Err(DrillFailure::Findings(format!("user {user} was not contained")));
        }
    }
    let is_stopped = |of: &str| {
        standing(case)
            .iter()
            .any(|(one, stands)| one.type_name.as_deref() == Some(of) && *stands == Stands::Stopped)
    };
    if let Some(of) = scenario.expected.stopped.iter().find(|of| !is_stopped(of)) {
        return Err(DrillFailure::Findings(format!("no {of} was stopped")));
    }
    let nodes = case.survey().map(|(_, survey)| survey.nodes.as_slice()).unwrap_or_default();
    let loot = world.actor.loot();
    for label in &scenario.expected.credentials {
        let held = loot.iter().find(|held| held.label == *label);
        let held =
            held.ok_or_else(|| DrillFailure::Findings(format!("the actor never got its {label}")))?;
        if !nodes.iter().any(|node| node.id == held.access_key_id) {
            return Err(DrillFailure::Findings(format!("the lineage does not hold the {label}")));
        }
    }
    Ok(())
}

async fn journal(world: &World, id: &CaseId) -> Result<String, DrillFailure> {
    let intact = wait("the last anchor", async || {
        let intact = judged(world, id).await?;
        let records = intact.records.len() as u64;
        Ok((intact.anchored == Anchored::Upto { upto: records }).then_some(intact))
    })
    .await?;
    let records = &intact.records;
    let head = records.last().map(|record| record.hash.as_str()).unwrap_or_default();
    let decisions = records.iter().filter(|record| record.person().is_some()).count();
    Ok(format!(
        "Journal of {id}: {} records, {decisions} of them by people; {}\n  head {head}\n",
        records.len(),
        intact.anchored.words(records.len() as u64)
    ))
}

async fn judged(world: &World, id: &CaseId) -> Result<Intact, DrillFailure> {
    let failed = |error: &dyn std::fmt::Display| DrillFailure::Journal(error.to_string());
    let desk = desk(world)?;
    let notary = desk.notary.as_ref().ok_or_else(|| failed(&"nothing anchors it"))?;
    let anchors = notary.anchors.read(id).await.map_err(|error| failed(&error))?;
    let lines = desk.ledger.journal().read(id, 0).await.map_err(|error| failed(&error))?;
    let key = notary.key.expose_secret().as_bytes();
    judge(id, &lines, &anchors, Some(key)).map_err(|error| failed(&error))
}

fn say(told: &mut String, text: &str) {
    told.push_str(text);
    told.push('\n');
}
