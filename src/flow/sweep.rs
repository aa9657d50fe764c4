//! The sweep after a containment: what the trail and IAM's inventory still show, until nothing.

use crate::domain::agenda::REAPPLIED_MAX;
use crate::domain::case::Case;
use crate::domain::drift::Drift;
use crate::domain::event::Event;
use crate::domain::ids::PersonId;
use crate::domain::lineage::{Lineage, MadeKey, MadePrincipal, Node};
use crate::domain::losses::Bounds;
use crate::domain::made_resources::MadeResources;
use crate::domain::makers::{ByOther, is_others};
use crate::domain::plan::{PlanKind, PlanNumber, Step};
use crate::domain::plan_state::PlanState;
use crate::domain::reading::{OTHERS_MAX, SurveyNote};
use crate::domain::remains::strangers::Keys;
use crate::domain::remains::{Census, Remains, all_made_good, places, remains};
use crate::domain::reverting::{can_revert, reverting_calls};
use crate::domain::trail_row::TrailRow;
use crate::flow::desk::Desk;
use crate::flow::gains::Taken;
use crate::flow::lane::{self, StepError, note};
use crate::flow::resources::Outlook;
use crate::flow::targets::{Prepared, prepare};
use crate::flow::{allowance, exposure, gains, losses, propose, resources, signer, spending};
use crate::ports::trail::planned::Planned;
use crate::ports::trail::{Deeds, Survey, SurveyRequest, Trail, TrailError, Window};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Nodes that the journal remembers; all of them are in the cut.
const NODES_MAX: usize = 150;
/// Records come out of order by about this part of the time after which the trail is complete:
/// CloudTrail delivers within some five minutes, and hardly ever after twenty.
const DISORDER_PARTS: i32 = 4;
/// Reads the trail once more for a standing containment, and acts on what it shows.
pub async fn sweep(desk: &Desk, case: &Case, plan: PlanNumber) -> Result<(), StepError> {
    let Some(trail) = &desk.trail else {
        return Ok(());
    };
    let mut survey = match survey(desk, case, (trail.as_ref(), None)).await {
        Ok(survey) => survey,
        Err(StepError::Trail(error)) => return survey_failed(desk, case, &error).await,
        Err(error) => return Err(error),
    };
    let case = remember(desk, case, trail.as_ref(), &mut survey).await?;
    trace_reverter(desk, &case, plan, &survey.lineage).await?;
    let case = desk.ledger.load(case.id()).await?;
    let inhabitants = gains::inhabitants(desk, &case).await?;
    let (made_by_others, keys_by_others) = of_others(desk, &survey);
    let served = desk.accounts.served_among(places(&survey.lineage.nodes)).await;
    let census = Census {
        nodes: &survey.lineage.nodes,
        made_by_others: &made_by_others,
        keys: Keys { new: &[], by_others: &keys_by_others },
        sessions_of_others: &survey.sessions_of_others,
        told_until: told_until(desk, survey.watermark),
        inhabitants: &inhabitants,
        served: &served,
    };
    let left = remains(&case, &census, &desk.rules.plans);
    conclude(desk, &case, plan, (left, survey.watermark)).await
}

/// Reads the trail for the case's key, in its window. What is older is flagged by `remember`: the
/// reading itself may tell that the key is exposed for longer than was known. What is above the
/// limit of one reading waits for somebody else than whoever asks, or opened the case.
pub async fn survey(
    desk: &Desk,
    case: &Case,
    (trail, asker): (&dyn Trail, Option<&PersonId>),
) -> Result<Survey, StepError> {
    let request = request(desk, case);
    let asker = asker.unwrap_or(case.opened_by());
    let planned = Planned::Survey { window: request.window, key_id: &request.key_id };
    Box::pin(allowance::pass(desk, case, (trail, planned, asker))).await?;
    let survey = trail.survey(&request).await?;
    desk.purse.add(case.id(), &survey.cost);
    Ok(survey)
}

/// The same, before there is a plan.
pub async fn look(desk: &Desk, case: &Case, trail: &dyn Trail) -> Result<Survey, StepError> {
    match trail.first_look(&request(desk, case)).await {
        Some(survey) => {
            desk.purse.add(case.id(), &survey.cost);
            Ok(survey)
        }
        None => survey(desk, case, (trail, None)).await,
    }
}

fn request(desk: &Desk, case: &Case) -> SurveyRequest {
    let key_id = case.opening().key.reveal().to_owned();
    let (window, as_of) = (window(desk, case), desk.clock.now());
    SurveyRequest { key_id, window, exposed_since: None, as_of }
}

/// Takes over what the survey tells of the exposure, keeps the cut as evidence and writes the
/// survey down, unless the last one said the same.
pub async fn remember(
    desk: &Desk,
    case: &Case,
    trail: &dyn Trail,
    survey: &mut Survey,
) -> Result<Case, StepError> {
    // Whose key it is comes first: once the time of exposure is known, a plan is made.
    let case = &signer::settle(desk, case, survey).await?;
    let case = &exposure::settle_by(desk, case, survey).await?;
    let (made, keys) = of_others(desk, survey);
    let known = case.survey().is_some_and(|(_, note)| {
        note.cut_sha256 == survey.cut.sha256
            && note.exposed_since == case.exposed_since()
            && note.used_by_others == used_by_others(survey)
            && !clears_more(case, (&made, &keys), note)
    });
    if known {
        spending::tell(desk, case).await?;
        return Ok(case.clone());
    }
    let content = trail.evidence(&survey.cut).await?;
    let cut_sha256 = desk.evidence.put(&content).await?;
    // Before the survey: whoever takes over after a crash in between reads it all again.
    losses::note(desk, case, trail, survey).await?;
    let bounds = Bounds::new(&survey.lineage, case.exposed_since());
    let resources = trail.resources(&survey.cut, bounds).await?;
    // As of the time of exposure that the losses were looked for with.
    let note = survey_note(desk, case, survey, cut_sha256);
    let (made_by_others, keys_by_others) = (newest(made), newest(keys));
    let note = SurveyNote { resources, made_by_others, keys_by_others, ..note };
    let entry = crate::domain::record::Entry::own(
        desk.clock.now(),
        Event::Surveyed { survey: Box::new(note) },
    );
    let case = desk.ledger.note(case.id(), entry).await?;
    desk.purse.told(case.id());
    Ok(case)
}

/// What others surely made, as far as the trail tells.
fn of_others(desk: &Desk, survey: &Survey) -> (Vec<MadePrincipal>, Vec<MadeKey>) {
    let until = told_until(desk, survey.watermark);
    let told = (&survey.made_by_others, &survey.keys_by_others);
    (ByOther::told(told.0, until), ByOther::told(told.1, until))
}

/// Whether the trail tells of a maker of something suspected that the last note did not name: other
/// cases read there what this one needs no more.
fn clears_more(case: &Case, now: (&[MadePrincipal], &[MadeKey]), before: &SurveyNote) -> bool {
    let steps = case.standing_plans().flat_map(PlanState::holding_steps);
    let mut suspected = steps.filter(|(_, step, _)| step.provisional);
    suspected.any(|(_, Step { action, .. }, _)| {
        is_others(action, now) && !is_others(action, before.of_others())
    })
}

/// Writes down that the trail could not be read, once per reason.
pub async fn survey_failed(desk: &Desk, case: &Case, error: &TrailError) -> Result<(), StepError> {
    let why = error.to_string();
    if case.survey_failed().is_some_and(|(_, before)| before == why) {
        return Ok(());
    }
    note(desk, case, Event::SurveyFailed { why }).await
}

fn window(desk: &Desk, case: &Case) -> Window {
    Window::of_case(case, desk.rules.trail_window)
}

fn survey_note(desk: &Desk, case: &Case, survey: &Survey, cut_sha256: String) -> SurveyNote {
    let nodes: Vec<Node> = survey.lineage.nodes.iter().take(NODES_MAX).cloned().collect();
    SurveyNote {
        cut_sha256,
        rows: survey.cut.rows,
        records_read: survey.coverage.records_read,
        from: window(desk, case).from.unwrap_or(case.opened_at()),
        to: desk.clock.now(),
        exposed_since: case.exposed_since(),
        regular: Some(survey.regular.clone()),
        watermark: survey.watermark,
        last_success: survey.activity.last_success,
        unlike_use: survey.exposure.since,
        truncated: survey.truncated || survey.lineage.nodes.len() > nodes.len(),
        used_by_others: used_by_others(survey),
        nodes,
        cost: desk.purse.untold(case.id()).unwrap_or_else(|| survey.cost.clone()),
        gaps: survey.coverage.gaps(),
        made_by_others: Vec::new(),
        keys_by_others: Vec::new(),
        resources: MadeResources::default(),
    }
}

/// The last of what the trail tells in the order of time: nobody suspects what is older.
fn newest<T>(mut told: Vec<T>) -> Vec<T> {
    told.split_off(told.len().saturating_sub(NODES_MAX))
}

/// Who else opened sessions of the roles that the actor reached, by the role's immutable id.
fn used_by_others(survey: &Survey) -> BTreeMap<String, Vec<String>> {
    let sessions = &survey.sessions_of_others;
    let nodes = survey.lineage.nodes.iter().take(NODES_MAX);
    let ids = nodes.filter_map(|node| node.principal_id.as_deref()?.split(':').next());
    let reached: BTreeSet<&str> = ids.collect();
    let mut used: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (id, name) in sessions.iter().filter_map(|session| session.split_once(':')) {
        if reached.contains(id) {
            let names = used.entry(id.to_owned()).or_default();
            if names.len() < OTHERS_MAX {
                names.push(name.to_owned());
            }
        }
    }
    used
}

/// Puts reverted steps back without asking, if the trail names a reverter of the lineage.
async fn trace_reverter(
    desk: &Desk,
    case: &Case,
    plan: PlanNumber,
    lineage: &Lineage,
) -> Result<(), StepError> {
    let (Some(trail), Some(state)) = (&desk.trail, case.plan(plan)) else {
        return Ok(());
    };
    let mut steps: BTreeMap<PlanNumber, Vec<u32>> = BTreeMap::new();
    let mut reverter = None;
    for (state, index) in revertible(case, open_drifts(state)) {
        let Some((_, step, done)) = state.all_steps().find(|(at, _, _)| *at == index) else {
            continue;
        };
        let change = &step.action.change;
        let deeds = Deeds {
            event_names: reverting_calls(change).iter().map(|name| (*name).to_owned()).collect(),
            target: step.action.on.name.clone(),
            window: Window { from: done.began_at.map(to_the_second), to: None },
        };
        let rows = Box::pin(allowance::who_did(desk, case, trail.as_ref(), &deeds)).await?;
        let account = &state.plan.account.0;
        let mut reverting =
            rows.iter().filter(|row| is_in(account, row) && can_revert(change, row));
        if let Some(row) = reverting.find(|row| in_lineage(lineage, row)) {
            reverter = row.identity_arn.clone();
            steps.entry(state.plan.number).or_default().push(index);
        }
    }
    let Some(reverter) = reverter else {
        return Ok(());
    };
    let mut case = void_follow_up(desk, case, plan).await?;
    for (plan, steps) in steps {
        let event = Event::Reapply { plan, steps, reverter: reverter.clone(), racing: false };
        case = lane::conclude(desk, &case, event).await?;
    }
    Ok(())
}

/// Another account may have a principal of the same name.
fn is_in(account: &str, row: &TrailRow) -> bool {
    row.recipient_account.as_deref().is_none_or(|place| place == account)
}

fn open_drifts(state: &PlanState) -> Vec<&Drift> {
    state.reverted().map_or(Vec::new(), |check| check.drifts.iter().collect())
}

/// The steps among these drifts that may be put back once more without asking.
fn revertible<'a>(case: &'a Case, drifts: Vec<&Drift>) -> Vec<(&'a PlanState, u32)> {
    let step = |drift: &Drift| Some((case.plan(drift.plan)?, drift.step?));
    let steps = drifts.into_iter().filter_map(step);
    steps.filter(|(state, _)| state.reapplied < REAPPLIED_MAX).collect()
}

/// CloudTrail tells the second of a call and no more.
fn to_the_second(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

fn in_lineage(lineage: &Lineage, row: &TrailRow) -> bool {
    let key = row.access_key_id.as_deref().unwrap_or_default();
    let arn = row.identity_arn.as_deref().unwrap_or_default();
    let id = row.principal_id.as_deref().filter(|id| !id.is_empty());
    // A user that was renamed has called under another ARN.
    let is = |other: &Option<String>, other_id: &Option<String>| {
        let same_arn = other.as_deref() == Some(arn) && !arn.is_empty();
        same_arn || (id.is_some() && other_id.as_deref() == id)
    };
    let owner = is(&lineage.owner_arn, &lineage.owner_principal_id);
    let node = |node: &Node| {
        let is_it = node.id == key || is(&node.arn, &node.principal_id);
        !node.older && !node.is_switched_on() && is_it
    };
    key == lineage.key_id || owner || lineage.nodes.iter().any(node)
}

/// A question to people that the trail has answered meanwhile.
async fn void_follow_up(desk: &Desk, case: &Case, plan: PlanNumber) -> Result<Case, StepError> {
    let pending = case.pending_plan().filter(|pending| {
        pending.plan.kind == PlanKind::FollowUp && pending.plan.about == Some(plan)
    });
    let Some(pending) = pending else {
        return Ok(case.clone());
    };
    let why = "the trail names the actor as the reverter; re-applied under the first approval";
    let event = Event::Voided { plan: pending.plan.number, why: why.to_owned() };
    lane::conclude(desk, case, event).await
}

/// Contains what is covered, asks about what is not, and says "contained" when nothing is left.
async fn conclude(
    desk: &Desk,
    case: &Case,
    plan: PlanNumber,
    (left, watermark): (Remains, Option<Timestamp>),
) -> Result<(), StepError> {
    let mut case = case.clone();
    // What cannot be looked at now must not keep what is covered from its steps.
    let asked = prepare(desk, &case, (&left.asked, &left.created)).await;
    if let Ok(asked) = &asked {
        case = tell_open_ends(desk, &case, plan, (&left, asked)).await?;
    }
    let state = case.plan(plan).ok_or(StepError::MovedOn)?;
    if gains::release(desk, &case, &left.cleared).await? {
        return Ok(());
    }
    let taken = gains::take(desk, &case, (&left.covered, &left.created)).await?;
    if taken == Taken::Some {
        return Ok(());
    }
    let asked = asked?;
    if !asked.steps.is_empty() && case.may_ask() {
        let who = (PlanKind::FollowUp, state.plan.requested_by.clone());
        return propose::propose_prepared(desk, &case, asked, who).await;
    }
    let outlook = resources::take(desk, &case, plan).await?;
    if outlook == Outlook::Taken {
        return Ok(());
    }
    let told_until = told_until(desk, watermark);
    let ended = case.standing_plans().filter_map(PlanState::ended_at).max();
    let passed = ended.is_some_and(|ended| told_until > ended);
    // What waits for people to decide is not contained, whatever the trail says.
    let settled = state.open_ends.is_empty()
        && taken == Taken::Nothing
        && asked.steps.is_empty()
        && outlook == Outlook::Settled
        && case.pending_plan().is_none_or(|pending| !pending.plan.kind.contains());
    if passed
        && settled
        && all_made_good(&case)
        && state.held_at.is_some()
        && state.contained.is_none()
    {
        lane::conclude(desk, &case, Event::Contained { plan, as_of: told_until }).await?;
    }
    Ok(())
}

/// Writes down what no step ends, where that has changed: also what was asked about and is surely
/// the actor's, where no step is an answer to it.
async fn tell_open_ends(
    desk: &Desk,
    case: &Case,
    plan: PlanNumber,
    (left, asked): (&Remains, &Prepared),
) -> Result<Case, StepError> {
    let sure = asked.stepless.iter().filter(|(on, _)| left.sure.contains(on));
    let ends: Vec<String> =
        left.open_ends.iter().chain(sure.map(|(_, why)| why)).cloned().collect();
    let state = case.plan(plan).ok_or(StepError::MovedOn)?;
    if state.open_ends == ends {
        return Ok(case.clone());
    }
    lane::conclude(desk, case, Event::OpenEnds { plan, ends }).await
}

/// Up to when the trail tells everything: its newest record less the disorder in which records
/// come, or where no newer one shows it, the time after which CloudTrail has delivered.
pub fn told_until(desk: &Desk, watermark: Option<Timestamp>) -> Timestamp {
    let complete_after = desk.rules.timing.trail_complete_after;
    let delivered = desk.clock.now() - complete_after;
    watermark.map_or(delivered, |watermark| delivered.max(watermark - disorder(complete_after)))
}

/// By about how much records come out of order.
pub fn disorder(complete_after: SignedDuration) -> SignedDuration {
    complete_after / DISORDER_PARTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_about_a_namesake_in_another_account_takes_nothing_back() {
        let in_account = |account: Option<&str>| {
            let recipient_account = account.map(str::to_owned);
            is_in("029608264753", &TrailRow { recipient_account, ..TrailRow::default() })
        };
        assert!(in_account(Some("029608264753")) && !in_account(Some("210987654321")));
        assert!(in_account(None), "old records name none");
    }
}
