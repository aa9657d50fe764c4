//! Proposing an undo: what goes back to the snapshot, what stays as it is, and why.

use crate::domain::action::Action;
use crate::domain::case::Case;
use crate::domain::differences::three_way;
use crate::domain::eradicating::{Made, deleted, made_by_actor};
use crate::domain::force::as_left_so;
use crate::domain::key_making;
use crate::domain::lifting::together;
use crate::domain::plan::{PlanKind, Step, StepAddress};
use crate::domain::plan_state::PlanState;
use crate::domain::principal::{Principal, PrincipalKind, PrincipalName};
use crate::domain::sharing::handed_over;
use crate::domain::snapshot::{Photograph, Snapshot};
use crate::domain::step_result::StepResult;
use crate::domain::undo_notes;
use crate::domain::undoing::{Undoing, is_the_actors, undoing_steps};
use crate::flow::desk::Desk;
use crate::flow::lane::StepError;
use crate::flow::photograph::{Photographs, first_snapshot, keep, photograph_all};
use crate::flow::propose::{frame, not_proposed, propose};
use crate::flow::{renamed, sharing};
use crate::ports::cloud::Lookup;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What is to be taken back, and since when each of it holds.
type Held<'a> = Vec<(&'a Action, Timestamp)>;

/// Users that have another name by now.
type Moved = BTreeMap<Principal, Principal>;

/// Proposes to take the standing plans back, only if the state is still the one we left. Whoever
/// decides is told first of what the actor made.
pub async fn propose_undo(desk: &Desk, case: &Case) -> Result<(), StepError> {
    let Some(standing) = case.standing_containment() else {
        return Ok(());
    };
    let requested_by =
        case.wanted_undo().map_or_else(|| case.opened_by().clone(), |press| press.by.clone());
    let is_whole = case.wanted_steps().is_empty();
    let named = together(case, case.wanted_steps());
    if named.is_empty() && !is_whole {
        // None would mean all.
        let why = "these steps are no longer in force".to_owned();
        return not_proposed(desk, case, why).await;
    }
    let at = desk.clock.now();
    let mut before = first_snapshot(desk, case).await?;
    let made = made_by_actor(case);
    let lookup = desk.lookup(case).await?;
    let done = held_by(case, &named, at);
    let moved_to = moved_to(lookup.as_ref(), &done).await?;
    rename_in(&mut before, &moved_to);
    let actions = under_names_now(case, &moved_to);
    let mut held: Held<'_> =
        done.into_iter().map(|(action, at)| (of_now(action, &actions), at)).collect();
    let handed_over = if is_whole { handed_over(case) } else { Vec::new() };
    let all = held.iter().map(|(action, _)| *action);
    let names = all.chain(handed_over.iter().map(|(_, action)| *action));
    let names = names.map(|action| action.on.key()).collect();
    let mut found = photograph_all(lookup.as_ref(), names).await?;
    let gone = leave_the_gone(&mut held, &found);
    let actors = actors_among(&held, &made);
    let mut now: Vec<Photograph> = held_ones(&mut found, &held);
    let moved = moved(&before, &now, &left_by(case, &held, &actions));
    if !moved.is_empty() {
        let why = format!(
            "the account is no longer as the plan left it, so undo could restore the wrong \
             state: {}",
            moved.join("; ")
        );
        return not_proposed(desk, case, why).await;
    }
    // What others left to this case need not be what it held itself.
    now.extend(found.into_values().flatten());
    let undoing = Undoing {
        before: &before,
        now: &now,
        handed_over: &handed_over,
        leaked: &case.opening().key,
        made: &made,
        at,
    };
    let mut steps = undoing_steps(&held, undoing);
    let mut notes = undo_notes::notes(&actors, &gone, &now);
    if steps.is_empty() && !notes.is_empty() {
        notes.insert(0, "nothing else is left to undo".to_owned());
        return not_proposed(desk, case, notes.join("; ")).await;
    }
    tell_what_stays(desk, case, &mut steps).await?;
    let snapshot = keep(desk, case, before.principals).await?;
    let mut frame = frame(desk, case, (PlanKind::Undo, requested_by), snapshot);
    frame.about = Some(standing.plan.number);
    frame.lifts = named;
    frame.notes = notes;
    propose(desk, case, frame, steps).await
}

/// What of the case holds, as far as it is named, or all of it where nothing is. What was deleted
/// since has nothing left that could be undone, and what was given back already is nobody's drift.
fn held_by<'a>(case: &'a Case, named: &[StepAddress], at: Timestamp) -> Held<'a> {
    let deleted = deleted(case);
    let standing = case.standing_plans().flat_map(|state| {
        let plan = state.plan.number;
        state
            .holding_steps()
            .map(move |(step, what, done)| (StepAddress { plan, step }, what, done))
    });
    let these = standing.filter(|(step, what, _)| {
        let is_meant = named.is_empty() || named.contains(step);
        is_meant && what.action.contains() && !deleted.contains(&what.action.on)
    });
    these.map(|(_, step, done)| (&step.action, done.ended_at.unwrap_or(at))).collect()
}

/// The users of it that have another name by now, as they were and as they are.
async fn moved_to(lookup: &dyn Lookup, done: &Held<'_>) -> Result<Moved, StepError> {
    let names = done.iter().map(|(action, _)| action.on.key());
    let users = names.filter(|name| name.kind == PrincipalKind::User).collect();
    let found = photograph_all(lookup, users).await?;
    let actions: Vec<&Action> = done.iter().map(|(action, _)| *action).collect();
    Ok(renamed::moved(lookup, &actions, &found).await?)
}

/// How they were before the plan, under the names that they have now.
fn rename_in(before: &mut Snapshot, moved: &Moved) {
    for (was, is) in moved {
        let own = before.of(&was.key()).filter(|own| own.id == was.id).cloned();
        if let (Some(own), None) = (own, before.of(&is.key())) {
            let (name, arn) = (is.name.clone(), is.arn.clone());
            before.principals.push(Photograph { name, arn, ..own });
        }
    }
}

/// The same under the name of now.
fn of_now<'a>(action: &'a Action, moved: &'a [(Action, Action)]) -> &'a Action {
    moved.iter().find(|(own, _)| own == action).map_or(action, |(_, now)| now)
}

/// What holds of them, each as it was done and as it is under the name of now.
fn under_names_now(case: &Case, moved: &Moved) -> Vec<(Action, Action)> {
    let all = case.standing_plans().flat_map(PlanState::holding_steps);
    let renamed = all.filter_map(|(_, step, _)| {
        let on = moved.get(&step.action.on)?.clone();
        Some((step.action.clone(), Action { on, ..step.action.clone() }))
    });
    renamed.collect()
}

/// The users and roles that the actor made among what is to be given back.
fn actors_among(held: &Held<'_>, made: &[Made]) -> BTreeSet<PrincipalName> {
    let actors = held.iter().filter(|(action, _)| is_the_actors(made, &action.on));
    actors.map(|(action, _)| action.on.key()).collect()
}

/// Takes the users and roles that are there no more out of it: they hold nobody else up. Whoever
/// misses a resource is not helped by its undo.
fn leave_the_gone(held: &mut Held<'_>, found: &Photographs) -> BTreeSet<PrincipalName> {
    let is_gone = |on: &PrincipalName| found.get(on).is_none_or(Option::is_none);
    let gone = held.extract_if(.., |(action, _)| is_gone(&action.on.key()));
    let gone = gone.map(|(action, _)| action.on.key());
    gone.filter(|on| on.kind != PrincipalKind::Resource).collect()
}

fn held_ones(found: &mut Photographs, held: &Held<'_>) -> Vec<Photograph> {
    let names: BTreeSet<_> = held.iter().map(|(action, _)| action.on.key()).collect();
    names.iter().filter_map(|name| found.remove(name).flatten()).collect()
}

/// How a principal was left is told by all that holds of it, however much is taken back.
fn left_by<'a>(
    case: &'a Case,
    held: &Held<'_>,
    moved: &'a [(Action, Action)],
) -> Vec<(&'a Action, Option<&'a str>)> {
    let touched: BTreeSet<_> = held.iter().map(|(action, _)| action.on.key()).collect();
    let all = case.standing_plans().flat_map(PlanState::holding_steps);
    let all = all.map(|(_, step, state)| {
        (of_now(&step.action, moved), state.result.as_ref().and_then(StepResult::how))
    });
    let all = all.chain(key_making::made(case).map(|action| (action, None)));
    all.filter(|(action, _)| touched.contains(&action.on.key())).collect()
}

/// Where they are not as these steps left them.
fn moved(before: &Snapshot, now: &[Photograph], done: &[(&Action, Option<&str>)]) -> Vec<String> {
    let pairs = now.iter().filter_map(|found| Some((before.of(&found.key())?, found)));
    let moves = pairs.flat_map(|(was, found)| {
        let moves = three_way(was, &as_left_so(was, found, done), found);
        let key = found.key();
        moves.into_iter().map(move |difference| format!("{key}: {difference}"))
    });
    moves.collect()
}

/// Who approves is told which of it stays as it is, because another case needs it.
async fn tell_what_stays(desk: &Desk, case: &Case, steps: &mut [Step]) -> Result<(), StepError> {
    let actions: Vec<&Action> = steps.iter().map(|step| &step.action).collect();
    for (id, index) in sharing::who_needs(desk, case, &actions).await? {
        if let Some(step) = steps.get_mut(index) {
            step.blast_radius.push(format!("nobody yet: case {id} needs it too, so it stays"));
        }
    }
    Ok(())
}
