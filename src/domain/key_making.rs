//! A new key in the place of the leaked one: who may get one, and where its secret goes.

use crate::domain::action::{Action, Change};
use crate::domain::case::Case;
use crate::domain::eradicating::made_by_actor;
use crate::domain::ids::{CaseId, UserName};
use crate::domain::plan::{PlanKind, PlanNumber, PlanRules, Step};
use crate::domain::plan_state::PlanState;
use crate::domain::principal::account_in;
use crate::domain::record::Press;
use crate::domain::recovery_step::Replacement;
use crate::domain::replacing::{KEYS_MAX, denied};
use crate::domain::snapshot::Photograph;

/// The secrets that keyleak makes, and the only ones that its role may write.
const SECRETS: &str = "keyleak/";

/// The word of a person for a new key that has neither a plan nor a reason against one yet.
pub fn wanted(case: &Case) -> Option<&Press> {
    let (press, with, _) = case.recovery().replacement()?;
    let plans = case.plans().filter(|state| state.plan.kind == PlanKind::Replacement);
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

/// Why this user gets no key, and what to do about that; none where it may have one.
pub fn refusal(case: &Case, now: &Photograph, rules: &PlanRules) -> Option<String> {
    let (name, on) = (&now.name, now.key());
    let other = "or name another user: /keyleak replace key for user, its name, and why";
    if made_by_actor(case).iter().any(|made| made.name == on) {
        return Some(format!("the actor made {on}; name a user that your own people made"));
    }
    if denied(case).any(|step| step.action.on.key() == on) {
        return Some(format!(
            "the containment denies {on} everything, and a new key of it would be dead; take the \
             deny back first (the containment's card has the button), {other}"
        ));
    }
    let deny = rules.deny_in(account_in(&now.arn).unwrap_or_default());
    if now.has_policy(&deny) || now.boundary.as_deref() == Some(deny.as_str()) {
        return Some(format!(
            "{deny} is on {on}, so a new key would be dead; take it off, {other}"
        ));
    }
    let leaked = now.key_state(&case.opening().key);
    if leaked.is_some_and(|key| key.active) {
        return Some(format!(
            "the leaked key of {name} is still active; contain it first, {other}"
        ));
    }
    if now.keys().len() >= KEYS_MAX {
        return Some(format!(
            "{name} has {} keys, and {KEYS_MAX} are the most that AWS allows, inactive ones too; \
             delete one that nobody uses and whose id nobody searches for (aws iam \
             delete-access-key), {other}",
            now.keys().len()
        ));
    }
    None
}

/// The step that makes the key, for the plan of this number.
pub fn step(case: &Case, number: PlanNumber, now: &Photograph) -> Step {
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
