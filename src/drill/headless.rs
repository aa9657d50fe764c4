//! The story played by a script: the same requests that people's clients would send.

use crate::domain::case::Case;
use crate::domain::ids::CaseId;
use crate::domain::reconciliation::Verdict;
use crate::domain::report::{self, witness_lines};
use crate::domain::resources_left::{Stands, standing};
use crate::domain::time_words;
use crate::domain::verdict::{Anchored, Intact, judge};
use crate::drill::findings::{Found, compare, phases};
use crate::drill::people::REPORTER;
use crate::drill::players::{
    DrillFailure, approve, decide, desk, is_posted, open, press, until, wait,
};
use crate::drill::scenario::Scenario;
use crate::drill::score::{Score, UNDENIABLE, Watched, score};
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

/// A story that was played to its end.
#[derive(Debug)]
pub struct Performance {
    /// When it was called contained, where there was anything to contain.
    pub contained: Option<Case>,
    /// When its channel was archived.
    pub closed: Case,
    /// When somebody in the workspace heard of the leak.
    pub heard_at: Timestamp,
}

/// What came of a drill.
#[derive(Debug)]
pub struct Played {
    /// What happened, for a terminal.
    pub told: String,
    pub score: Score,
}

/// Plays the story and says what came of it; the first failure ends it.
pub async fn play(world: &World, scenario: &Scenario) -> Result<Played, DrillFailure> {
    let mut told = String::new();
    say(&mut told, &format!("DRILL {}: {}\n", scenario.name, scenario.title));
    let Performance { contained, closed, heard_at } = perform(world, scenario).await?;
    say(&mut told, &timeline(&closed));
    if let Some(contained) = &contained {
        say(&mut told, &before_and_after(world, contained)?);
        if !scenario.builds.is_empty() {
            say(&mut told, &built(contained));
        }
    }
    let found = Found { contained: contained.as_ref(), closed: &closed };
    compare(world, scenario, found).await?;
    if contained.is_some() {
        say(&mut told, &second_witness(&closed)?);
    }
    say(&mut told, &journal(world, closed.id()).await?);
    let scenario = &scenario.name;
    let score = world
        .actor
        .review(|attempts| score(&Watched { scenario, heard_at, case: Some(&closed), attempts }));
    say(&mut told, &score.words());
    Ok(Played { told, score })
}

/// The scripted people play it, from the report of the key to the closed case.
pub async fn perform(world: &World, scenario: &Scenario) -> Result<Performance, DrillFailure> {
    world.let_the_actor_play();
    moved(world, scenario).await?;
    // By the time somebody hears of a leak, the trail usually has its first uses.
    world.clock.sleep(HEARD_AFTER).await;
    let heard_at = world.clock.now();
    let case = open(world).await?;
    let contained = if scenario.expected.outcome.contains() {
        Some(contain(world, scenario, &case).await?)
    } else {
        until(world, &case, "the reason why there is no plan", explained).await?;
        None
    };
    world.clock.sleep(AFTERMATH).await;
    press(world, &case, (REPORTER, "case.close")).await?;
    let closed = until(world, &case, "the archived channel", Case::is_archived).await?;
    Ok(Performance { contained, closed, heard_at })
}

/// Waits for the actor's first moves.
async fn moved(world: &World, scenario: &Scenario) -> Result<(), DrillFailure> {
    let asks: u32 = scenario.asks.iter().map(|made| made.times).sum();
    let first = scenario.moves.len() + scenario.builds.len() + asks as usize;
    let all = first + usize::from(!scenario.rests);
    wait(
        "the actor's first moves",
        async || Ok((world.actor.attempts().len() >= all).then_some(())),
    )
    .await
}

fn explained(case: &Case) -> bool {
    case.not_proposed().is_some()
}

/// Waits for "contained", and approves what has to be decided on the way there.
async fn follow_up(world: &World, id: &CaseId) -> Result<Case, DrillFailure> {
    let is_contained = |case: &Case| case.standing_plans().any(|state| state.contained.is_some());
    let asks = |case: &Case| is_posted(case) || is_contained(case);
    loop {
        let case = until(world, id, "\"contained\"", asks).await?;
        if is_contained(&case) {
            return Ok(case);
        }
        decide(world, &case).await?;
    }
}

/// From the plan to "contained", and the questions that the scenario expects something of.
async fn contain(world: &World, scenario: &Scenario, case: &CaseId) -> Result<Case, DrillFailure> {
    approve(world, case).await?;
    let contained = follow_up(world, case).await?;
    for phase in phases(world, &scenario.expected)? {
        press(world, case, (REPORTER, &format!("phase.{}", phase.slug()))).await?;
        let answered = |case: &Case| {
            let mut presses = case.presses(phase).iter();
            presses.len() > 0 && presses.all(|press| case.is_answered(press.seq))
        };
        until(world, case, "the answers of the trail", answered).await?;
    }
    Ok(contained)
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
