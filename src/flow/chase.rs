//! Running the actor down: what it makes and takes back within seconds is answered within seconds.
//!
//! IAM enforces a deny some seconds after it is made, and the trail tells of a call minutes after
//! it. An actor with a script uses both: it makes users that make users. So right after a
//! containment the inventory is looked at every second, newcomers are stopped on suspicion, what
//! the last survey told of before the approval gets its steps without waiting for the next, and
//! what is taken back meanwhile is put in force again without waiting for the trail to name who
//! did it; only while newcomers keep coming, only what people approved, and not without end.

use crate::domain::agenda::RACED_MAX;
use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::force::no_longer;
use crate::domain::plan::PlanNumber;
use crate::domain::plan_state::PlanState;
use crate::domain::principal::{Principal, PrincipalKind, PrincipalName};
use crate::domain::reading::SurveyNote;
use crate::domain::remains::strangers::{Keys, at_large_since, is_a_guess};
use crate::domain::remains::{Census, Inhabitant, contained, remains};
use crate::domain::revocation::Sessions;
use crate::domain::target::{Part, Target};
use crate::flow::desk::Desk;
use crate::flow::gains::Taken;
use crate::flow::lane::{StepError, conclude};
use crate::flow::photograph::photograph_all;
use crate::flow::{gains, renamed, sweep};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Who takes a containment back faster than the trail tells.
const UNKNOWN_REVERTER: &str = "somebody faster than the trail, while new users keep coming,";

/// One look at the inventory, and at what the approved steps left.
pub async fn look_around(
    desk: &Desk,
    case: &Case,
    (plan, turn): (PlanNumber, u32),
) -> Result<(), StepError> {
    let note = case.survey().map(|(_, note)| note);
    let told_until = sweep::told_until(desk, note.and_then(|note| note.watermark));
    let mut keys = Vec::new();
    let inhabitants = match at_large_since(case, told_until) {
        Some(_) => {
            let inhabitants = gains::inhabitants(desk, case).await?;
            let users = going_on(case, &inhabitants);
            keys = gains::keys_in_turn(desk.lookup(case).await?.as_ref(), users, turn).await;
            inhabitants
        }
        None => gains::users(desk, case).await?,
    };
    let sessions_of_others = note.map_or_else(BTreeSet::new, SurveyNote::sessions_of_others);
    let census = Census {
        nodes: note.map_or(&[], |note| &note.nodes),
        made_by_others: note.map_or(&[], |note| &note.made_by_others),
        keys: Keys { new: &keys, by_others: note.map_or(&[], |note| &note.keys_by_others) },
        sessions_of_others: &sessions_of_others,
        told_until,
        inhabitants: &inhabitants,
        served: &desk.accounts.served(),
    };
    let mut left = remains(case, &census, &desk.rules.plans);
    // What the last survey told is not left alone until the trail answers again.
    left.covered.retain(|target| note.is_none_or(|note| !may_hit_others(note, target)));
    if gains::take(desk, case, (&left.covered, &left.created)).await? == Taken::Some {
        return Ok(());
    }
    let state = case.plan(plan).ok_or(StepError::MovedOn)?;
    if state.is_racing(desk.clock.now()) {
        put_back(desk, case, state).await?;
    }
    Ok(())
}

/// Whether a session has a name that somebody else's may have too: the sweep, which has read them
/// all, tells.
fn may_hit_others(note: &SurveyNote, target: &Target) -> bool {
    let Part::Sessions { sessions: Sessions::Named { user_ids }, .. } = &target.part else {
        return false;
    };
    user_ids.iter().any(|id| note.may_be_shared(id))
}

/// The users that nothing denies; who is denied has its new keys stopped when it is read back.
fn going_on(case: &Case, inhabitants: &[Inhabitant]) -> Vec<PrincipalName> {
    let denied = contained(case);
    let names = inhabitants.iter().map(|one| &one.name);
    let users = names.filter(|name| name.kind == PrincipalKind::User && !denied.contains(*name));
    users.cloned().collect()
}

/// Puts in force again what somebody took back: of the steps that people approved in this plan,
/// and of those that the last reading back found undone, whichever plan they are of. What was
/// stopped on suspicion alone is not fought over.
async fn put_back(desk: &Desk, case: &Case, state: &PlanState) -> Result<(), StepError> {
    let approved = 0..state.plan.steps.len() as u32;
    let approved = approved.map(|index| (state.plan.number, index));
    let drifts = state.reverted().into_iter().flat_map(|check| &check.drifts);
    let drifts = drifts.filter_map(|drift| Some((drift.plan, drift.step?)));
    let watched: BTreeSet<(PlanNumber, u32)> = approved.chain(drifts).collect();
    let plans = || case.standing_plans().filter(|state| state.raced < RACED_MAX);
    let steps = || {
        plans().flat_map(|state| {
            let number = state.plan.number;
            let holding = state.holding_steps().filter(|(_, step, _)| !is_a_guess(case, step));
            let holding = holding.map(move |(index, step, done)| ((number, index), step, done));
            holding.filter(|(at, _, _)| watched.contains(at))
        })
    };
    let principals = steps().map(|(_, step, _)| step.action.on.key()).collect();
    let lookup = desk.lookup(case).await?;
    let now = photograph_all(lookup.as_ref(), principals).await?;
    let wanted: Vec<&Principal> = steps().map(|(_, step, _)| &step.action.on).collect();
    let now = renamed::without_namesakes(lookup.as_ref(), &wanted, now).await?;
    let mut reverted: BTreeMap<PlanNumber, Vec<u32>> = BTreeMap::new();
    for ((plan, index), step, done) in steps() {
        let began = done.began_at.unwrap_or(Timestamp::MIN);
        let found = now.get(&step.action.on.key()).and_then(Option::as_ref);
        if found.is_some_and(|found| no_longer(&step.action, found, began).is_some()) {
            reverted.entry(plan).or_default().push(index);
        }
    }
    let mut case = case.clone();
    for (plan, steps) in reverted {
        let reverter = UNKNOWN_REVERTER.to_owned();
        let event = Event::Reapply { plan, steps, reverter, racing: true };
        case = conclude(desk, &case, event).await?;
    }
    Ok(())
}
