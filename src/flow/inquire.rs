//! Questions that people name: judged and written down in the request, asked by the worker.

use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::ids::CaseId;
use crate::domain::inquiry::{WAITING_MAX, is_full};
use crate::domain::question::Question;
use crate::domain::refusal::Refusal;
use crate::flow::ask;
use crate::flow::desk::Desk;
use crate::flow::ledger::LedgerError;
use crate::flow::spoken::{self, Speaker};
use crate::ports::trail::Trail;

/// What is said where there is nothing to ask.
pub const NO_TRAIL: &str = "No trail is configured, so there is nothing to ask: whoever runs \
    keyleak sets trail.paths, trail.athena or trail.event_history.";

/// Asks the trail these questions, by id or name, for a case; what was said about it.
pub async fn say(
    desk: &Desk,
    case: &CaseId,
    speaker: &Speaker,
    named: &[String],
) -> Result<String, LedgerError> {
    let Some(trail) = &desk.trail else {
        return Ok(NO_TRAIL.to_owned());
    };
    let wanted = match known(trail.as_ref(), named) {
        Ok(wanted) => wanted,
        Err(unknown) => {
            return Ok(format!(
                "Nothing was asked: there is no question {}. `/keyleak ask` lists them.",
                unknown.join(", ")
            ));
        }
    };
    let ids: Vec<String> = wanted.iter().map(|question| question.id.clone()).collect();
    let bench = desk.bench();
    let judge = |case: &Case| {
        bench.policy.may_act(&speaker.caller)?;
        may_ask(case, trail.as_ref(), &wanted)?;
        Ok(Event::QuestionsAsked { questions: ids.clone() })
    };
    let said = |case: &Case| {
        let (asked, id) = (ids.join(", "), case.id());
        format!("Asked of case {id}: {asked}. What the trail answers comes into its channel.")
    };
    spoken::decide(&bench, case, (speaker, "ask"), judge, said).await
}

/// The questions, each once and in the order in which they were named, or the words that name none.
fn known<'a>(trail: &'a dyn Trail, named: &[String]) -> Result<Vec<&'a Question>, Vec<String>> {
    let mut wanted: Vec<&Question> = Vec::new();
    let mut unknown = Vec::new();
    for word in named {
        match trail.catalogue().iter().find(|question| question.is_called(word)) {
            Some(question) if !wanted.contains(&question) => wanted.push(question),
            Some(_) => {}
            None => unknown.push(word.clone()),
        }
    }
    if unknown.is_empty() { Ok(wanted) } else { Err(unknown) }
}

/// Whether all of them can be asked now.
fn may_ask(case: &Case, trail: &dyn Trail, wanted: &[&Question]) -> Result<(), Refusal> {
    let times = ask::times(case);
    for question in wanted {
        if let Some(needs) = trail.lacks(question) {
            let why = format!("{} is not available: {needs}", question.id);
            return Err(Refusal::NotAsked(why));
        }
        if let Err(missing) = question.at(&times) {
            let why = match missing {
                "contained_at" => "nothing is contained yet",
                _ => "it is not known since when the key is exposed; `/keyleak exposed` says it",
            };
            return Err(Refusal::NotAsked(format!("{} cannot be asked: {why}", question.id)));
        }
    }
    match is_full(case) {
        true => Err(Refusal::NotAsked(format!(
            "{WAITING_MAX} commands wait for their answers already; ask again once the channel \
             has them, or press Cancel the questions on the card"
        ))),
        false => Ok(()),
    }
}
