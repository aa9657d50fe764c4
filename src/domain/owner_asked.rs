//! What the key's owner is asked directly, once: "was this you?"; and what the answers are worth.

use crate::domain::case::Case;
use crate::domain::event::PostKey;
use crate::domain::facts::Fact;
use crate::domain::outside_key::OWNER;
use crate::domain::policy::Policy;
use crate::domain::proof::Caller;
use crate::domain::record::Press;
use crate::domain::refusal::Refusal;
use crate::domain::team_step::{OwnerAnswer, TeamStep};
use crate::domain::time_words::utc;

/// What the answer is not: nobody must take a yes for an all-clear.
pub const WORTH: &str = "Your answer is written down as evidence. It approves nothing, stops \
    nothing and closes nothing; other people decide about the key.";

/// The key of the question to the owner.
pub fn key() -> PostKey {
    PostKey(OWNER.to_owned())
}

/// The person to ask, where configuration knows the owner, who is no suspect.
pub fn to_ask<'a>(case: &Case, policy: &'a Policy) -> Option<&'a str> {
    let on = policy.conduct.ask_owner && case.closed_at().is_none() && case.validated();
    let owner = policy.key_owner(case).filter(|_| on)?;
    (!policy.is_suspect(owner)).then_some(owner)
}

/// What the owner is told of the key, line by line; the first is the question.
pub fn lines(case: &Case) -> Vec<String> {
    let key = &case.opening().key;
    let mut lines =
        vec![format!("Was this you? AWS access key {key}, which is yours, is reported as exposed")];
    let facts = case.facts();
    if let Some(used) = facts.last_use.as_ref().and_then(Fact::known) {
        let of = |what: &Option<String>| what.clone().unwrap_or_else(|| "not known".to_owned());
        lines.push(match used.at {
            Some(at) => format!(
                "AWS saw it last at {}: service {}, region {}",
                utc(at),
                of(&used.service),
                of(&used.region)
            ),
            None => "AWS knows no use of it".to_owned(),
        });
    }
    let grown = case.survey().map_or(0, |(_, survey)| {
        survey.nodes.iter().filter(|node| node.depth > 0 && !node.older).count()
    });
    if grown > 0 {
        lines.push(format!("Credentials and principals that grew from it since: {grown}"));
    }
    lines.push(WORTH.to_owned());
    lines
}

/// What the owner's press means: only the owner's counts, and a later one stays beside the first.
pub fn answer(
    policy: &Policy,
    caller: &Caller,
    (case, answer): (&Case, OwnerAnswer),
) -> Result<TeamStep, Refusal> {
    policy.is_ours(caller)?;
    match policy.key_owner(case) {
        Some(owner) if owner == caller.person().user => Ok(TeamStep::OwnerSaid { answer }),
        Some(_) | None => {
            Err(Refusal::NotNamed("only the key's owner can answer whether that was them"))
        }
    }
}

/// The answers in words, oldest first; the first counts, and what came late says so.
pub fn answers(case: &Case) -> Vec<String> {
    let began = case
        .plans()
        .filter_map(|state| state.steps.iter().filter_map(|step| step.first_began_at).min());
    let began = began.min();
    let said = |(index, (press, answer)): (usize, &(Press, OwnerAnswer))| {
        let late = began.is_some_and(|began| press.at > began);
        let late = if late { ", after the containment had begun" } else { "" };
        let again = if index > 0 { ", a later answer that takes no other's place" } else { "" };
        let (who, words) = (&press.name, answer.words());
        format!("{who}, the key's owner, says at {}: {words}{late}{again}", utc(press.at))
    };
    case.team().owner_said().iter().enumerate().map(said).collect()
}

/// How it stands with the question, in a few words.
pub fn standing(case: &Case) -> Option<String> {
    let asked = case.room().posted.contains_key(&key());
    let failed = case.room().given_up.contains(&key());
    match (case.team().owner_said(), asked) {
        ([], true) => Some("asked, no answer yet".to_owned()),
        ([], false) => failed.then(|| "could not be asked directly".to_owned()),
        ([(press, first)], _) => Some(format!("says at {}: {}", utc(press.at), first.words())),
        ([(press, first), more @ ..], _) => Some(format!(
            "said at {}: {}; and {} more later, see the report",
            utc(press.at),
            first.words(),
            more.len()
        )),
    }
}

#[cfg(test)]
mod tests;
