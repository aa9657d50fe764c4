//! Eradication: proposing to delete what the actor made, and looking that it is gone.

mod resources;
mod things;

use crate::domain::by_hand::commands;
use crate::domain::case::Case;
use crate::domain::drift::Drift;
use crate::domain::eradicating::{made_by_actor, not_yet, step};
use crate::domain::event::{Event, Phase};
use crate::domain::ids::PersonId;
use crate::domain::plan::{PlanKind, STEPS_MAX, Step, assemble};
use crate::domain::plan_state::PlanState;
use crate::domain::resource::ResourceName;
use crate::domain::snapshot::Photograph;
use crate::flow::desk::Desk;
use crate::flow::lane::{StepError, conclude};
use crate::flow::photograph::{account_of, keep, photograph_all, photograph_plans};
use crate::flow::propose::frame;

/// A notice has room for the commands of so many principals; the others go the same way.
const BY_HAND_MAX: usize = 2;
/// What is left alone is named up to here.
const LEFT_OUT_MAX: usize = 10;

/// What may be deleted, photographed; and what may not, with the reason.
#[derive(Debug, Default)]
struct Prepared {
    steps: Vec<Step>,
    photographs: Vec<Photograph>,
    left_out: Vec<String>,
}

/// Proposes to delete what the actor made, or says why nothing is deleted.
pub async fn propose(desk: &Desk, case: &Case) -> Result<(), StepError> {
    if let Some(why) = not_yet(case) {
        return not_proposed(desk, case, why.to_owned()).await;
    }
    if case.survey().is_some_and(|(_, survey)| survey.truncated) {
        let why = "the lineage is too long to be told whole, so what is older cannot be ruled out";
        return not_proposed(desk, case, why.to_owned()).await;
    }
    let Prepared { steps, photographs, left_out } = match prepare(desk, case).await {
        Ok(prepared) => prepared,
        Err(StepError::Call(error)) if !error.class.retryable() => {
            return not_proposed(desk, case, format!("no snapshot, no plan: {error}")).await;
        }
        Err(error) => return Err(error),
    };
    if steps.is_empty() {
        return not_proposed(desk, case, nothing(&left_out)).await;
    }
    let role = desk.contain(case).await?.and_then(|contain| contain.eradicate_role());
    if role.is_none() {
        let mut why = by_hand(desk, case, &steps);
        if !left_out.is_empty() {
            why.push_str(&format!("\nand left alone: {}", nothing(&left_out)));
        }
        return not_proposed(desk, case, why).await;
    }
    let account = account_of(case, &photographs);
    let snapshot = keep(desk, case, photographs).await?;
    let frame = frame(desk, case, (PlanKind::Eradication, requester(case)), snapshot);
    match assemble(frame, account, steps, &desk.rules.plans) {
        Ok(plan) => {
            let hash = plan.hash();
            let event = Event::Proposed { plan: Box::new(plan), hash };
            let case = conclude(desk, case, event).await?;
            if left_out.is_empty() {
                return Ok(());
            }
            not_proposed(desk, &case, nothing(&left_out)).await
        }
        Err(why) => not_proposed(desk, case, why.to_string()).await,
    }
}

/// Why an approved eradication may not begin any more: the containment that it rests on is gone.
pub(super) fn no_longer_safe(case: &Case, state: &PlanState) -> Option<&'static str> {
    let eradicates = state.plan.kind == PlanKind::Eradication && !state.has_begun();
    eradicates.then(|| not_yet(case)).flatten()
}

/// What was deleted must not be there any more, nor anything of the same name.
pub(super) async fn read_back(
    desk: &Desk,
    case: &Case,
    state: &PlanState,
    check: u32,
) -> Result<(), StepError> {
    let plan = state.plan.number;
    let now = photograph_plans(desk, case, &[state]).await?;
    let there = state.done_steps().filter_map(|(index, step, _)| {
        let on = &step.action.on;
        let found = now.get(&on.key())?.as_ref()?;
        let name = ResourceName::words(&on.key());
        let what = match found.id == on.id {
            true => format!("{name} is still there"),
            false => format!("somebody made another {name}, with the id {}", found.id),
        };
        Some(Drift { plan, step: Some(index), what, by: None })
    });
    let drifts = there.collect();
    conclude(desk, case, Event::ReadBack { plan, check, drifts }).await.map(drop)
}

/// Looks at each of them as it stands: what of it may be deleted, and what is lost by that.
async fn prepare(desk: &Desk, case: &Case) -> Result<Prepared, StepError> {
    let made = made_by_actor(case);
    let names = made.iter().map(|made| made.name.clone()).collect();
    let now = photograph_all(desk.lookup(case).await?.as_ref(), names).await?;
    let mut prepared = Prepared::default();
    for made in &made {
        let Some(Some(photograph)) = now.get(&made.name) else {
            continue;
        };
        match step(case, made, photograph, &desk.rules.plans) {
            Ok(step) if prepared.steps.len() < STEPS_MAX => {
                prepared.steps.push(step);
                prepared.photographs.push(photograph.clone());
            }
            Ok(_) => prepared.left_out.push(format!("{} waits for the next plan", made.name)),
            Err(why) => prepared.left_out.push(why),
        }
    }
    things::add(desk, case, &mut prepared).await?;
    resources::add(desk, case, &mut prepared).await?;
    Ok(prepared)
}

fn requester(case: &Case) -> PersonId {
    let pressed = case.presses(Phase::Eradication).last();
    pressed.map_or_else(|| case.opened_by().clone(), |press| press.by.clone())
}

fn nothing(left_out: &[String]) -> String {
    if left_out.is_empty() {
        return "the trail shows nothing that the actor made and that is still there".to_owned();
    }
    let shown = left_out.iter().take(LEFT_OUT_MAX).map(String::as_str).collect::<Vec<_>>();
    let more = left_out.len().saturating_sub(LEFT_OUT_MAX);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    format!("{}{more}", shown.join("; "))
}

fn by_hand(desk: &Desk, case: &Case, steps: &[Step]) -> String {
    let now = desk.clock.now();
    let shown = steps.iter().take(BY_HAND_MAX);
    let commands: Vec<String> = shown.flat_map(|step| commands(&step.action, now)).collect();
    let others: Vec<String> = steps
        .iter()
        .skip(BY_HAND_MAX)
        .map(|step| ResourceName::words(&step.action.on.key()))
        .collect();
    let others = match others.as_slice() {
        [] => String::new(),
        others => format!("\nand likewise {}", others.join(", ")),
    };
    format!(
        "no role that deletes is configured ({}, with the policy `eradicate` of `keyleak manifest \
         iam`); by hand:\n{}{others}",
        desk.accounts.setting(&account_of(case, &[]), "eradicate_role"),
        commands.join("\n")
    )
}

async fn not_proposed(desk: &Desk, case: &Case, why: String) -> Result<(), StepError> {
    conclude(desk, case, Event::NotProposed { why, eradication: true }).await.map(drop)
}
