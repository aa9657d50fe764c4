//! What an answer names and a plan can take in: offered with a button each, or why it is not.
//!
//! The trail is the actor's to write: a name in it gives no right. Offered is only what the case
//! lists already, as the form that changes a plan lists it, and the press is judged like that form.

use crate::domain::candidates::{Candidate, Extent, candidates, meant};
use crate::domain::case::Case;
use crate::domain::first_target::first_target;
use crate::domain::ids::{AccessKeyId, KeyKind};
use crate::domain::plan::PlanRules;
use crate::domain::principal::{PrincipalName, account_in};
use crate::domain::remains::nodes::principal_of;
use std::collections::BTreeSet;

/// Buttons under one answer; the form that changes the plan lists all.
pub const OFFERED_MAX: usize = 5;
/// Names in one sentence about what is not offered.
const NAMED_MAX: usize = 3;
/// Different cells of one answer that are looked at.
const CELLS_MAX: usize = 2_000;

/// What stands under an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offers {
    /// Each with a button.
    pub offered: Vec<Candidate>,
    /// What is said of the others, a line each.
    pub said: Vec<String>,
}

/// What one cell is to a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Named {
    /// Nothing that a plan could hold, or what it begins with anyhow.
    Nothing,
    Offered(Box<Candidate>),
    /// Contained whole without another word.
    Held(PrincipalName),
    /// A session's key, which ends with whose session it is.
    Session(AccessKeyId),
    /// Why it is not offered.
    Not(String),
}

/// What of these cells people can have contained.
pub fn offers<'a>(
    case: &Case,
    rules: &PlanRules,
    cells: impl IntoIterator<Item = &'a str>,
) -> Offers {
    let all = candidates(case);
    let mut seen = BTreeSet::new();
    let mut found: Vec<Named> = Vec::new();
    for cell in cells {
        if seen.len() == CELLS_MAX {
            break;
        }
        if !seen.insert(cell) {
            continue;
        }
        let named = named(case, rules, (&all, cell));
        if named != Named::Nothing && !found.contains(&named) {
            found.push(named);
        }
    }
    told(found)
}

fn told(found: Vec<Named>) -> Offers {
    let (mut offers, mut more) = (Offers::default(), Vec::new());
    let (mut held, mut sessions, mut not) = (Vec::new(), Vec::new(), Vec::new());
    for named in found {
        match named {
            Named::Nothing => {}
            Named::Offered(one) if offers.offered.len() < OFFERED_MAX => offers.offered.push(*one),
            Named::Offered(one) => more.push(one.slug()),
            Named::Held(on) => held.push(on.to_string()),
            Named::Session(key) => sessions.push(key.to_string()),
            Named::Not(why) => not.push(why),
        }
    }
    for (names, between, words) in [
        (more, ", ", "More to contain, with /keyleak take-in"),
        (held, ", ", "Contained whole by the plans of the case, or once they are approved"),
        (sessions, ", ", "Keys of sessions, which end with their role or user and never alone"),
        (not, "; ", "Not offered"),
    ] {
        if !names.is_empty() {
            offers.said.push(format!("{words}: {}", few(&names, between)));
        }
    }
    offers
}

fn few(names: &[String], between: &str) -> String {
    let shown = names.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>().join(between);
    match names.len().saturating_sub(NAMED_MAX) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn named(case: &Case, rules: &PlanRules, (all, cell): (&[Candidate], &str)) -> Named {
    if let Some(key) = AccessKeyId::from_record(cell) {
        if key == case.opening().key {
            return Named::Nothing;
        }
        return match key.kind() {
            KeyKind::Session => Named::Session(key),
            KeyKind::LongTerm => of_key(case, rules, (all, &key)),
        };
    }
    if !cell.starts_with("arn:") {
        // A name alone is whose the case lists under it, if it lists one.
        let one = meant(all, cell).filter(|one| one.on.name == cell && !one.is_resource());
        return one.map_or(Named::Nothing, |one| judged(case, rules, one));
    }
    let service = cell.split(':').nth(2);
    let of_iam = || PrincipalName::of_arn(cell).filter(|_| service == Some("iam"));
    match of_iam().or_else(|| PrincipalName::of_session(cell)) {
        Some(on) => of_principal(case, rules, (all, on, account_in(cell))),
        None if cell.ends_with(":root") => {
            Named::Not("root, whom no policy of IAM binds: the card has what people can do".into())
        }
        None => Named::Nothing,
    }
}

/// Whose key it is, as the lineage tells.
fn of_key(case: &Case, rules: &PlanRules, (all, key): (&[Candidate], &AccessKeyId)) -> Named {
    let nodes = case.survey().map_or(&[][..], |(_, survey)| survey.nodes.as_slice());
    let node = nodes.iter().find(|node| node.id == key.reveal());
    let on = node.and_then(|node| Some((principal_of(node)?, node.arn.as_deref())));
    match on {
        Some((on, arn)) => of_principal(case, rules, (all, on, arn.and_then(account_in))),
        None => Named::Not(format!("key {key}, of which the case does not tell whose it is")),
    }
}

fn of_principal(
    case: &Case,
    rules: &PlanRules,
    (all, on, account): (&[Candidate], PrincipalName, Option<&str>),
) -> Named {
    let elsewhere = account.zip(case.account()).is_some_and(|(place, own)| place != own.0);
    if elsewhere {
        let account = account.unwrap_or_default();
        return Named::Not(format!("{on} of account {account}, which is another than the key's"));
    }
    if first_target(case).is_ok_and(|first| first.on == on) {
        return Named::Nothing;
    }
    match all.iter().find(|one| one.on == on) {
        Some(one) => judged(case, rules, one),
        None => Named::Not(format!(
            "{on}, which is not listed: it is not known to be the actor's, or no longer works"
        )),
    }
}

fn judged(case: &Case, rules: &PlanRules, one: &Candidate) -> Named {
    if one.is_own {
        return Named::Nothing;
    }
    if let Some(why) = one.protection(case, rules) {
        return Named::Not(format!("{}, which is not touched: {why}", one.on));
    }
    if one.now == Extent::Whole {
        return Named::Held(one.on.clone());
    }
    // A button must carry exactly this name, or it would ask for another.
    match PrincipalName::of_slug(&one.slug()).as_ref() == Some(&one.on) {
        true => Named::Offered(Box::new(one.clone())),
        false => Named::Not(format!("{}, which is no name that IAM gives", one.on)),
    }
}

#[cfg(test)]
mod tests;
