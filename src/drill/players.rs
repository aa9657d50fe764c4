//! What people do in the drill, as their clients send it, and how they wait for the bot.

use crate::domain::announce::plan_key;
use crate::domain::case::Case;
use crate::domain::ids::CaseId;
use crate::domain::report;
use crate::drill::people::{APPROVER, REPORTER, SECOND_APPROVER};
use crate::drill::world::World;
use crate::flow::desk::Desk;
use std::time::Duration;

/// How long somebody waits for the bot's next move, in real time, before it is a failure.
const PATIENCE: Duration = Duration::from_secs(90);
/// How often they look, in real time.
const GLANCE: Duration = Duration::from_millis(20);

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
    #[error("AWS's own log, as the second witness: {0}")]
    SecondWitness(String),
    #[error("the findings are not what the scenario expects: {0}")]
    Findings(String),
}

/// Ana types the command, and waits for the card and the plan.
pub async fn open(world: &World) -> Result<CaseId, DrillFailure> {
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
pub async fn approve(world: &World, case: &CaseId) -> Result<(), DrillFailure> {
    until(world, case, "the plan", is_posted).await?;
    press(world, case, (APPROVER, "plan.approve")).await?;
    until(world, case, "the approval", |case| case.plans().any(|s| s.is_approved())).await?;
    Ok(())
}

/// Whether the channel has a plan that waits for people.
pub fn is_posted(case: &Case) -> bool {
    let plan = case.pending_plan().map(|state| state.plan.number);
    plan.is_some_and(|plan| case.room().posted.contains_key(&plan_key(plan)))
}

/// Bob, and where it takes two Cyn as well, approve the plan that waits for people.
pub async fn decide(world: &World, case: &Case) -> Result<(), DrillFailure> {
    let Some(number) = case.pending_plan().map(|state| state.plan.number) else { return Ok(()) };
    for who in [APPROVER, SECOND_APPROVER] {
        let waits = |case: &Case| case.pending_plan().is_some_and(|it| it.plan.number == number);
        if !waits(&load(world, case.id()).await?) {
            break;
        }
        press(world, case.id(), (who, "plan.approve")).await?;
        let approved = |case: &Case| {
            !waits(case) || case.pending_plan().is_some_and(|it| !it.approvals.is_empty())
        };
        until(world, case.id(), "the approval", approved).await?;
    }
    Ok(())
}

/// Presses a button on the newest message that has it.
pub async fn press(
    world: &World,
    case: &CaseId,
    (who, action): (&str, &str),
) -> Result<(), DrillFailure> {
    let channel = load(world, case).await?.room().channel.clone();
    let channel = channel.ok_or_else(|| DrillFailure::Refused("there is no channel".to_owned()))?;
    let message = wait(&format!("the button {action}"), async || {
        let messages = world.slack.messages(&channel.0);
        let with_button =
            |message: &&serde_json::Value| message.to_string().contains(&format!("\"{action}\""));
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

/// The case as the journal has it.
pub async fn load(world: &World, case: &CaseId) -> Result<Case, DrillFailure> {
    let loaded = desk(world)?.ledger.load(case).await;
    loaded.map_err(|error| DrillFailure::Journal(error.to_string()))
}

/// The bot's desk.
pub fn desk(world: &World) -> Result<&Desk, DrillFailure> {
    let desk = world.desk().ok_or_else(|| DrillFailure::Refused("there is no bot".to_owned()))?;
    Ok(desk.as_ref())
}

/// Waits until the case is as `ready` wants it.
pub async fn until(
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
pub async fn wait<T>(
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
