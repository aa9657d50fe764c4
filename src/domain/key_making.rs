//! A new key in the place of the leaked one: who may get one, and where its secret goes.

use crate::domain::action::{Action, Change};
use crate::domain::case::Case;
use crate::domain::eradicating::made_by_actor;
use crate::domain::ids::{AccessKeyId, CaseId, UserName};
use crate::domain::made_key::REACH;
use crate::domain::plan::{PlanKind, PlanNumber, PlanRules, Step};
use crate::domain::plan_state::{PlanState, PlanStatus, StepState};
use crate::domain::principal::{PrincipalName, account_in};
use crate::domain::record::Press;
use crate::domain::recovery_step::Replacement;
use crate::domain::replacing::{KEYS_MAX, denied};
use crate::domain::resting::{Shaky, shaky};
use crate::domain::snapshot::Photograph;
use jiff::Timestamp;

/// The secrets that keyleak makes, and the only ones that its role may write.
const SECRETS: &str = "keyleak/";
/// What helps where it is the user that gets no key.
const OTHER: &str = "or name another user: /keyleak replace key for user, its name, and why";

/// The word of a person for a new key that has neither a plan nor a reason against one yet. A plan
/// that something else voided is no answer: it is judged anew, and made again or refused.
pub fn wanted(case: &Case) -> Option<&Press> {
    let (press, with, _) = case.recovery().replacement()?;
    let plans = case.plans().filter(|state| state.plan.kind == PlanKind::Replacement);
    let plans = plans.filter(|state| state.status() != PlanStatus::Voided);
    let proposed = plans.map(|state| state.proposed.seq).max();
    let answered = proposed.max(case.recovery().not_made().map(|(seq, _)| seq));
    (*with == Replacement::Key && Some(press.seq) > answered).then_some(press)
}

/// The newest plan that makes a key, if the last word about the key asked for it.
pub fn newest(case: &Case) -> Option<&PlanState> {
    let (press, with, _) = case.recovery().replacement()?;
    let last = case.plans().rfind(|state| state.plan.kind == PlanKind::Replacement)?;
    (*with == Replacement::Key && last.proposed.seq > press.seq).then_some(last)
}

/// Whose key it is to be: whom people named, else the user of the leaked one.
pub fn user(case: &Case) -> Option<UserName> {
    let own = || case.facts().owner_known().map(|owner| owner.user.clone());
    case.recovery().replacement_for().cloned().or_else(own)
}

/// Why no key is made for this user while the case is as it is, and what to do about that; asked
/// before people are, and again right before the step begins.
pub fn not_now(case: &Case, on: &PrincipalName, leaked_is_active: bool) -> Option<String> {
    if made_by_actor(case).iter().any(|made| made.name == *on) {
        return Some(format!("the actor made {on}; name a user that your own people made"));
    }
    if let Some(why) = shaky(case) {
        let why = match why {
            Shaky::NotContained => {
                "the case does not say \"contained\", and whoever still acts may get at a new key \
                 too; once it does"
            }
            Shaky::Reverted => "the containment was found reverted; once it is put back",
            Shaky::BeingUndone => "the containment is being undone; once the case is contained",
        };
        return Some(format!(
            "{why}, say /keyleak replace key again; where nothing is left to contain, the commands \
             are on the card of Recovery"
        ));
    }
    if leaked_is_active {
        return Some(format!(
            "the leaked key {} is active; make it inactive, then say /keyleak replace key again",
            case.opening().key
        ));
    }
    denied(case).any(|step| step.action.on.key() == *on).then(|| {
        format!(
            "the containment denies {on} everything, and a new key of it would be dead; take the \
             deny back first (the containment's card has the button), {OTHER}"
        )
    })
}

/// Why this user gets no key, and what to do about that; none where it may have one.
pub fn refusal(
    case: &Case,
    (now, leaked_is_active): (&Photograph, bool),
    rules: &PlanRules,
) -> Option<String> {
    let (name, on) = (&now.name, now.key());
    if let Some(why) = not_now(case, &on, leaked_is_active) {
        return Some(why);
    }
    let deny = rules.deny_in(account_in(&now.arn).unwrap_or_default());
    if now.has_policy(&deny) || now.boundary.as_deref() == Some(deny.as_str()) {
        return Some(format!(
            "{deny} is on {on}, so a new key would be dead; take it off, {OTHER}"
        ));
    }
    if now.keys().len() >= KEYS_MAX {
        return Some(format!(
            "{name} has {} keys, and {KEYS_MAX} are the most that AWS allows, inactive ones too; \
             delete one that nobody uses and whose id nobody searches for (aws iam \
             delete-access-key), {OTHER}",
            now.keys().len()
        ));
    }
    None
}

/// The step that makes the key, for the plan of this number; the secret goes into this region.
pub fn step(case: &Case, number: PlanNumber, (now, region): (&Photograph, Option<String>)) -> Step {
    let secret = secret_name(case.id(), number, &now.name);
    let account = account_in(&now.arn).unwrap_or_default();
    let said = case.recovery().replacement().map(|(press, _, _)| press.name.as_str());
    Step {
        blast_radius: vec![format!(
            "whoever may read secret {secret} in account {account} can sign as {}",
            now.key()
        )],
        because: format!(
            "{} decided that a new key takes the place of the leaked one",
            said.unwrap_or("somebody")
        ),
        action: Action {
            on: now.principal(),
            change: Change::MakeKey {
                secret,
                region,
                beside: now.keys().iter().map(|key| key.id.clone()).collect(),
            },
        },
        provisional: false,
    }
}

/// One secret for one plan, so that none that somebody put there beforehand is ever written to.
/// IAM lets names have a comma, Secrets Manager does not.
fn secret_name(case: &CaseId, number: PlanNumber, user: &str) -> String {
    format!("{SECRETS}{case}/{}/{}", number.0, user.replace(',', "_"))
}

/// The steps that made a key which is still meant to be there.
pub fn made(case: &Case) -> impl Iterator<Item = &Action> {
    let plans = case.plans().filter(|state| state.plan.kind == PlanKind::Replacement);
    plans.flat_map(PlanState::done_steps).map(|(_, step, _)| &step.action)
}

/// Whether a step of ours that is done, or on its way, explains this key of a user, made then.
pub fn explains(
    case: &Case,
    of: &PrincipalName,
    (key, created): (&AccessKeyId, Timestamp),
) -> bool {
    let is_it = |action: &Action, done: &StepState| {
        let Change::MakeKey { beside, .. } = &action.change else { return false };
        let alive = done.is_in_force() || done.open_attempt.is_some() || done.awaits_retry();
        let from = done.first_began_at.filter(|_| alive && action.on.key() == *of);
        let to = done.began_at.max(done.ended_at);
        let near =
            from.zip(to).is_some_and(|(from, to)| created >= from - REACH && created <= to + REACH);
        near && !beside.contains(key)
    };
    let plans = case.plans().filter(|state| state.plan.kind == PlanKind::Replacement);
    plans.flat_map(PlanState::all_steps).any(|(_, step, done)| is_it(&step.action, done))
}

#[cfg(test)]
mod tests;
