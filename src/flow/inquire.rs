//! Questions that people name: judged and written down in the request, asked by the worker.

use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::free_sql;
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
        bench.policy().may_act(&speaker.caller)?;
        may_ask(case, trail.as_ref(), &wanted)?;
        Ok(Event::QuestionsAsked { questions: ids.clone(), sql: None })
    };
    let said = |case: &Case| {
        let (asked, id) = (ids.join(", "), case.id());
        format!("Asked of case {id}: {asked}. What the trail answers comes into its channel.")
    };
    spoken::decide(&bench, case, (speaker, "ask"), judge, said).await
}

/// Asks the case table in the person's own SQL, for those whom the policy lets.
pub async fn say_sql(
    desk: &Desk,
    case: &CaseId,
    speaker: &Speaker,
    sql: &str,
) -> Result<String, LedgerError> {
    let Some(trail) = &desk.trail else {
        return Ok(NO_TRAIL.to_owned());
    };
    let bench = desk.bench();
    let id = free_sql::id(sql);
    // Who may not ask at all is told that, and not what is wrong with the SQL.
    bench.meet(&speaker.caller, Some(case)).await?;
    let wrong = match bench.policy().may_ask_in_sql(&speaker.caller) {
        Ok(()) => trail.check_sql(sql).err(),
        Err(_) => None,
    };
    if let Some(why) = wrong {
        return Ok(format!("Nothing was asked: {why}"));
    }
    let judge = |case: &Case| {
        bench.policy().may_ask_in_sql(&speaker.caller)?;
        not_too_many(case)?;
        Ok(Event::QuestionsAsked { questions: vec![id.clone()], sql: Some(sql.to_owned()) })
    };
    let said = |case: &Case| {
        format!(
            "Asked of case {}, as {id}. The SQL and what it finds come into its channel.",
            case.id()
        )
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
    not_too_many(case)
}

fn not_too_many(case: &Case) -> Result<(), Refusal> {
    match is_full(case) {
        true => Err(Refusal::NotAsked(format!(
            "{WAITING_MAX} commands wait for their answers already; ask again once the channel \
             has them, or press Cancel the questions on the card"
        ))),
        false => Ok(()),
    }
}
