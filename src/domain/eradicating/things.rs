//! Which of the actor's policies, providers, instance profiles and groups may be deleted for good.

use super::is_older;
use crate::domain::action::{Action, Change};
use crate::domain::case::Case;
use crate::domain::iam_thing::{IamThing, OfIam};
use crate::domain::made_besides::MadeBesides;
use crate::domain::plan::{Plan, PlanRules, Step, protection};
use crate::domain::principal::PrincipalName;
use crate::domain::resource::{OfResource, ResourceName};
use crate::domain::resources_left::whose;
use crate::domain::snapshot::Photograph;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// The record has the second of the request, and IAM that in which it was carried out.
const MADE_WITHIN: SignedDuration = SignedDuration::from_secs(10);

const BY_AN_API_OF_ITS_OWN: &str = "keyleak has no calls for IAM Roles Anywhere";
const UNNAMED: &str = "the record does not say which it is";

/// Those that may go first, then the doubted, then what can never go: an actor that makes many of
/// these keeps none of the others from being deleted.
pub fn in_turn<'a>(case: &Case, made: &'a [MadeBesides]) -> Vec<&'a MadeBesides> {
    let mut in_turn: Vec<&MadeBesides> = made.iter().collect();
    let is_doubted = |one: &MadeBesides| whose(case, one.sure, one.from.as_deref()).is_some();
    in_turn.sort_by_key(|one| (never(case, one).is_some(), is_doubted(one)));
    in_turn
}

/// Why it cannot go, however it stands; none where it may.
pub fn never(case: &Case, made: &MadeBesides) -> Option<String> {
    if made.resource().is_none() {
        let why = if made.is_anchor() { BY_AN_API_OF_ITS_OWN } else { UNNAMED };
        return Some(why.to_owned());
    }
    elsewhere(case, made)
}

/// The account that it was made in, where that is not the one of the case.
fn elsewhere(case: &Case, made: &MadeBesides) -> Option<String> {
    let other = made.account.as_deref().filter(|made| case.account().is_some_and(|o| o.0 != *made));
    other.map(|account| format!("it is in account {account}"))
}

/// The step that deletes it, as it stands now; or why it is left alone. Those in `going` are
/// deleted by the same plan: nobody else may use it.
pub fn step(
    case: &Case,
    made: &MadeBesides,
    now: &Photograph,
    (going, rules): (&BTreeSet<PrincipalName>, &PlanRules),
) -> Result<Step, String> {
    let Some(thing) = now.resource().and_then(of_iam) else {
        return Err("keyleak cannot read it".to_owned());
    };
    if let Some(why) = whose(case, made.sure, made.from.as_deref()) {
        return Err(why.to_owned());
    }
    let account = case.account().cloned().or(made.resource().map(|name| name.account));
    let Some(account) = account else {
        return Err("the record does not tell its account".to_owned());
    };
    if let Some(why) = protection(&now.arn, &account, rules) {
        return Err(format!("it is not touched: {why}"));
    }
    if now.arn == rules.deny_in(&account.0) {
        return Err("it is not touched: it is the deny that contains the others".to_owned());
    }
    if !is_the_one(made.at, now.created) || is_older(case, now) {
        let since = now.created.map_or("unknown".to_owned(), |created| format!("{created:.0}"));
        return Err(format!("it is another than the actor made: IAM has this one since {since}"));
    }
    let others = used_by_others(thing, going);
    if !others.is_empty() {
        return Err(format!("{} uses it, and stays", others.join(", ")));
    }
    Ok(Step {
        action: Action { on: now.principal(), change: Change::DeleteResource },
        blast_radius: hit(thing),
        because: format!("the actor made it at {:.0}, after the key was exposed", made.at),
        provisional: false,
    })
}

/// Who uses it besides those that are deleted too, in words. An instance profile is nothing to the
/// role in it, which stays as it is.
fn used_by_others(thing: &IamThing, going: &BTreeSet<PrincipalName>) -> Vec<String> {
    let users = match thing.own {
        OfIam::InstanceProfile => &[],
        OfIam::Policy { .. }
        | OfIam::SamlProvider { .. }
        | OfIam::OidcProvider { .. }
        | OfIam::Group { .. } => thing.used_by.as_slice(),
    };
    users.iter().filter(|user| !going.contains(user)).map(ResourceName::words).collect()
}

/// Why it is not deleted any more: somebody whom the plan does not delete came to use it.
pub fn came_to_use(plan: &Plan, action: &Action, now: &OfResource) -> Option<String> {
    let thing = of_iam(now).filter(|_| action.change == Change::DeleteResource)?;
    let going = plan.steps.iter().map(|step| step.action.on.key()).collect();
    let others = used_by_others(thing, &going);
    (!others.is_empty()).then(|| format!("{} uses it since, and stays", others.join(", ")))
}

fn of_iam(now: &OfResource) -> Option<&IamThing> {
    match now {
        OfResource::Iam { thing } => Some(thing),
        OfResource::Bucket { .. }
        | OfResource::Instance { .. }
        | OfResource::Function { .. }
        | OfResource::Switch { .. } => None,
    }
}

fn is_the_one(made: Timestamp, created: Option<Timestamp>) -> bool {
    created.is_some_and(|created| created.duration_since(made).abs() <= MADE_WITHIN)
}

fn hit(thing: &IamThing) -> Vec<String> {
    let used_by = thing.used_by.iter().map(ResourceName::words);
    match thing.own {
        OfIam::InstanceProfile => {
            used_by.map(|role| format!("instances that run as {role} by it")).collect()
        }
        OfIam::Policy { .. }
        | OfIam::SamlProvider { .. }
        | OfIam::OidcProvider { .. }
        | OfIam::Group { .. } => used_by.map(|user| format!("{user}, deleted too")).collect(),
    }
}

#[cfg(test)]
mod tests;
