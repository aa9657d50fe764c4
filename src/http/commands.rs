//! The slash command: what it asks is decided in the request, and answered to the person alone.

use crate::domain::case::Case;
use crate::domain::command::{CaseName, Command};
use crate::domain::ids::{CaseId, ChannelId};
use crate::domain::refusal::Refusal;
use crate::domain::report;
use crate::flow::intake::{self, NotOpened, OpenRequest, Opened, key_digest, may_be_about};
use crate::flow::ledger::LedgerError;
use crate::flow::spoken::{self, Speaker};
use crate::flow::{adjust, allowance, inquire, lift, reopen, team, timeline};
use crate::http::errands::{Errand, NOT_OPENED};
use crate::http::help::HELP;
use crate::http::{
    DECISION_TIME_MAX, NOT_RECORDED, NOT_SURE, Service, ephemeral, ephemeral_lines, opened,
    questions,
};
use crate::ports::chat::Whisper;
use crate::slack::impact_card;
use crate::slack::inbound::Slash;
use crate::slack::{blocks, checklist};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures_util::future::{BoxFuture, join_all};
use futures_util::{FutureExt, TryFutureExt};
use jiff::Timestamp;
use serde_json::Value;

/// More open cases than this are counted, not listed.
const LISTED_MAX: usize = 20;

/// What a command is answered with.
enum Said {
    Nothing,
    Words(String),
    /// What became of each key.
    Opened(Vec<Opened>),
    /// Why this person may command nothing.
    Refused(Refusal),
    /// Where these cases stand.
    Cases(Vec<Case>),
    /// Where the impact questions of this case stand.
    Impact(Box<Case>),
    /// Who has which task of this case.
    Tasks(Box<Case>),
    /// What can be asked of the trail.
    Questions,
}

/// Answers a slash command; the flag says whether the answer rests on something durable.
pub async fn answer(service: &Service, slash: Slash) -> (Response, bool) {
    let command = match Command::parse(slash.text.reveal()) {
        Ok(command) => command,
        Err(error) => return (ephemeral(&error.to_string()), false),
    };
    let answering = answer_whoever_may(service, &slash, command);
    match tokio::time::timeout(DECISION_TIME_MAX, answering).await {
        Ok(Ok(Said::Words(text))) => (ephemeral(&text), true),
        Ok(Ok(Said::Opened(opened))) => (opened::answer(&opened), true),
        Ok(Ok(Said::Refused(refusal))) => (ephemeral(&format!("Not done: {refusal}.")), false),
        Ok(Ok(Said::Cases(cases))) => (told(&cases), true),
        Ok(Ok(Said::Impact(case))) => (impact(&case), true),
        Ok(Ok(Said::Tasks(case))) => (tasks(&case, service.desk.clock.now()), true),
        Ok(Ok(Said::Questions)) => (questions::list(service.desk.trail.as_deref()), true),
        Ok(Ok(Said::Nothing)) => (StatusCode::OK.into_response(), true),
        Ok(Err(error @ LedgerError::Unsure(_))) => {
            tracing::error!(%error, "whether a command was recorded is not known");
            (ephemeral(NOT_SURE), false)
        }
        Ok(Err(error)) => {
            tracing::error!(%error, "a command was not recorded");
            (ephemeral(NOT_RECORDED), false)
        }
        Err(_) => {
            tracing::error!("a command was not recorded in time");
            (ephemeral(NOT_SURE), false)
        }
    }
}

async fn answer_whoever_may(
    service: &Service,
    slash: &Slash,
    command: Command,
) -> Result<Said, LedgerError> {
    let bench = service.desk.bench();
    // Where everybody may report, nobody has to be known to be told how it goes.
    if command == Command::Help && bench.policy().may_be_helped(&slash.caller) {
        return carry_out(service, slash, command).await;
    }
    let channel = slash.channel.as_ref();
    bench.meet_in(&slash.caller, channel).await;
    match bench.policy().may_act_in(&slash.caller, channel) {
        Ok(()) => carry_out(service, slash, command).await,
        Err(refusal) => Ok(Said::Refused(refusal)),
    }
}

async fn carry_out(
    service: &Service,
    slash: &Slash,
    command: Command,
) -> Result<Said, LedgerError> {
    match command {
        Command::Help => Ok(Said::Words(HELP.to_owned())),
        Command::Ask => Ok(open_form(service, slash).map_or(Said::Nothing, Said::Words)),
        Command::Open { keys } => {
            let request = OpenRequest {
                keys,
                found_where: None,
                exposed_since: None,
                note: None,
                delivery: Some(slash.delivery.clone()),
                place: None,
            };
            match intake::open(&service.desk, &slash.caller, &request).await {
                Ok(opened) => Ok(Said::Opened(opened)),
                Err(NotOpened::Refused(refusal)) => {
                    Ok(Said::Words(format!("Not done: {refusal}.")))
                }
                Err(NotOpened::Ledger(error)) => Err(error),
            }
        }
        Command::List => list(service).await,
        Command::Status { of } => {
            let cases = named(service, slash, of).await?;
            Ok(if cases.is_empty() { no_such_case() } else { Said::Cases(cases) })
        }
        Command::AskTrail { ref questions, .. } if questions.is_empty() => Ok(Said::Questions),
        Command::Reopen { of, reason } => {
            let caller = slash.caller.clone();
            let speaker = Speaker { caller, delivery: Some(slash.delivery.clone()) };
            let said = Box::pin(reopen::say(&service.desk, &of, &speaker, &reason)).await?;
            service.worker.wake();
            Ok(Said::Words(said))
        }
        Command::Exposed { ref of, .. }
        | Command::AskTrail { ref of, .. }
        | Command::AskInSql { ref of, .. }
        | Command::Summary { ref of }
        | Command::Note { ref of, .. }
        | Command::Grade { ref of, .. }
        | Command::StartClock { ref of, .. }
        | Command::StopClock { ref of, .. }
        | Command::NameCause { ref of, .. }
        | Command::TakeRole { ref of, .. }
        | Command::Task { ref of, .. }
        | Command::Tasks { ref of }
        | Command::Allow { ref of, .. }
        | Command::BreakGlass { ref of, .. }
        | Command::RotateOwner { ref of, .. }
        | Command::Adjust { ref of, .. }
        | Command::Undo { ref of, .. }
        | Command::Replace { ref of, .. }
        | Command::Impact { ref of, .. }
        | Command::Review { ref of, .. } => {
            let heard = match of {
                Some(CaseName::Key(key)) => {
                    intake::seen_before(&service.desk, key, Some(&slash.delivery)).await?
                }
                Some(CaseName::Case(_)) | None => None,
            };
            let cases = match heard {
                Some(case) => vec![case],
                None => named(service, slash, of.clone()).await?,
            };
            Box::pin(speak(service, slash, &cases, &command)).await
        }
    }
}

fn open_form(service: &Service, slash: &Slash) -> Option<String> {
    match &slash.trigger_id {
        Some(trigger) => {
            let trigger_id = trigger.reveal().to_owned();
            let or_say = Whisper {
                person: slash.caller.person().clone(),
                channel: slash.channel.clone(),
                response_url: slash.response_url.as_ref().map(|url| url.reveal().to_owned()),
                text: NOT_OPENED.to_owned(),
            };
            let start = Box::default();
            service.errands.send(Errand::OpenForm { trigger_id, start, or_say });
            None
        }
        None => Some("Give the key's id: `/keyleak AKIA…`".to_owned()),
    }
}

async fn list(service: &Service) -> Result<Said, LedgerError> {
    let open = open_cases(service, |_| true).await?;
    let none = || Said::Words("No case is open.".to_owned());
    Ok(if open.is_empty() { none() } else { Said::Cases(open) })
}

/// The open cases, of which only the `wanted` ones are read.
async fn open_cases(
    service: &Service,
    wanted: impl Fn(&CaseId) -> bool,
) -> Result<Vec<Case>, LedgerError> {
    let ids = service.desk.work.open_cases().await;
    let ids = ids.map_err(|error| LedgerError::Unreachable(error.0))?;
    let ids = ids.iter().filter(|id| wanted(id));
    let found = join_all(ids.map(|id| service.desk.ledger.find(id))).await;
    let mut open = Vec::new();
    for case in found {
        open.extend(case?.filter(|case| case.closed_at().is_none()));
    }
    Ok(open)
}

/// The case that the words name, or those whose channel the command was typed in: the keys of one
/// account can share a channel.
async fn named(
    service: &Service,
    slash: &Slash,
    of: Option<CaseName>,
) -> Result<Vec<Case>, LedgerError> {
    let mut cases = match &of {
        Some(CaseName::Case(id)) => return Ok(Vec::from_iter(service.desk.ledger.find(id).await?)),
        Some(CaseName::Key(key)) => open_cases(service, |id| may_be_about(id, key)).await?,
        None => open_cases(service, |_| true).await?,
    };
    let digest = match &of {
        Some(CaseName::Key(key)) => Some(key_digest(key)),
        Some(CaseName::Case(_)) | None => None,
    };
    let here = slash.channel.as_ref();
    cases.retain(|case| match &digest {
        Some(digest) => key_digest(&case.opening().key) == *digest,
        None => in_channel(case, here),
    });
    Ok(cases)
}

fn in_channel(case: &Case, here: Option<&ChannelId>) -> bool {
    here.is_some() && case.room().channel.as_ref() == here
}

/// Where cases stand, one line each, as far as a message holds them.
fn told(cases: &[Case]) -> Response {
    let shown = || cases.iter().take(LISTED_MAX);
    let mut lines: Vec<_> = shown().map(status_line).collect();
    let left_out = cases.len().saturating_sub(LISTED_MAX);
    if left_out > 0 {
        let more = format!("… and {left_out} more; `keyleak cases` lists all.");
        lines.push(vec![blocks::text(&more)]);
    }
    let texts: Vec<_> = shown().map(status_words).collect();
    ephemeral_lines(&texts.join("; "), lines)
}

/// The nine impact questions, one line each; people's words in them are not read as mrkdwn.
fn impact(case: &Case) -> Response {
    let lines = impact_card::lines(case);
    let text = format!("{}: the impact questions", case.id());
    ephemeral_lines(&text, lines.iter().map(|line| vec![blocks::text(line)]).collect())
}

/// All tasks of people, one line each, with who has them.
fn tasks(case: &Case, now: Timestamp) -> Response {
    let text = format!("{}: the tasks of people", case.id());
    ephemeral_lines(&text, checklist::lines(case, now))
}

/// It names users and quotes what AWS said, so none of it may be read as mrkdwn.
fn status_line(case: &Case) -> Vec<Value> {
    let room = case.room().channel.as_ref();
    let room = room.map_or_else(|| blocks::text("no channel yet"), blocks::channel);
    vec![blocks::text(&format!("{} · ", status_words(case))), room]
}

fn status_words(case: &Case) -> String {
    let (key, severity) = (&case.opening().key, case.team().severity().word());
    format!("{} · {key} · {severity} · {}", case.id(), report::status_words(case))
}

/// Nothing is decided about a case that was not meant.
fn which_case(cases: &[Case]) -> Said {
    let line = |case: &Case| format!("{} for {}", case.id(), case.opening().key);
    let lines: Vec<_> = cases.iter().take(LISTED_MAX).map(line).collect();
    Said::Words(format!(
        "Nothing was done: this channel has more than one open case ({}). Say which, by its name or \
         key, right after the first word.",
        lines.join("; ")
    ))
}

fn no_such_case() -> Said {
    let words = "There is no such open case. `/keyleak list` lists them; in a case's channel, \
                 `/keyleak status` means that case.";
    Said::Words(words.to_owned())
}

fn none_meant(words: &Command) -> Said {
    match matches!(words, Command::AskTrail { .. } | Command::AskInSql { .. }) {
        true => Said::Words(questions::NO_CASE.to_owned()),
        false => no_such_case(),
    }
}

/// Says what a person decides in words about a case, and what became of it.
async fn speak(
    service: &Service,
    slash: &Slash,
    cases: &[Case],
    words: &Command,
) -> Result<Said, LedgerError> {
    let case = match cases {
        [] => return Ok(none_meant(words)),
        [case] => case,
        [_, _, ..] => return Ok(which_case(cases)),
    };
    let (bench, id) = (service.desk.bench(), case.id());
    let speaker = Speaker { caller: slash.caller.clone(), delivery: Some(slash.delivery.clone()) };
    // Boxed: a command goes deep, and a thread's stack is small in a debug build.
    let saying: BoxFuture<'_, Result<String, LedgerError>> = match words {
        Command::Exposed { since, .. } => {
            spoken::correct_exposure(&bench, id, &speaker, *since).boxed()
        }
        Command::BreakGlass { plan, reason, .. } => {
            spoken::break_glass(&bench, id, &speaker, (*plan, reason)).boxed()
        }
        Command::Review { plan, verdict, .. } => {
            spoken::review(&bench, id, &speaker, (*plan, verdict)).boxed()
        }
        Command::RotateOwner { loss, owner, .. } => {
            spoken::name_owner(&bench, id, &speaker, (*loss, owner)).boxed()
        }
        Command::Replace { with, user, reason, .. } => {
            spoken::replace(&bench, id, &speaker, (*with, user.as_ref(), reason)).boxed()
        }
        Command::Adjust { wanted, .. } => {
            adjust::say(&bench, id, &speaker, std::slice::from_ref(wanted)).boxed()
        }
        Command::Impact { word: None, .. } => return Ok(Said::Impact(Box::new(case.clone()))),
        Command::Impact { word: Some(word), .. } => {
            spoken::answer_impact(&bench, id, &speaker, word).boxed()
        }
        Command::Undo { steps, .. } => lift::say(&bench, id, &speaker, steps).boxed(),
        Command::AskTrail { questions, .. } => {
            inquire::say(&service.desk, id, &speaker, questions).boxed()
        }
        Command::AskInSql { sql, .. } => inquire::say_sql(&service.desk, id, &speaker, sql).boxed(),
        Command::Allow { reading, .. } => allowance::say(&bench, id, &speaker, *reading).boxed(),
        Command::Summary { .. } => spoken::ask_summary(&bench, id, &speaker).boxed(),
        Command::Grade { severity, reason, .. } => {
            team::grade(&bench, id, &speaker, (*severity, reason)).boxed()
        }
        Command::StartClock { regime, since, reason, .. } => {
            team::start_clock(&bench, id, &speaker, (*regime, *since, reason)).boxed()
        }
        Command::StopClock { regime, reason, .. } => {
            team::stop_clock(&bench, id, &speaker, (*regime, reason)).boxed()
        }
        Command::NameCause { cause, reason, .. } => {
            team::name_cause(&bench, id, &speaker, (*cause, reason)).boxed()
        }
        Command::TakeRole { role, person, .. } => {
            team::take(&bench, id, &speaker, (*role, person.as_deref())).boxed()
        }
        Command::Task { task, word, .. } => team::task(&bench, id, &speaker, (*task, word)).boxed(),
        Command::Tasks { .. } => return Ok(Said::Tasks(Box::new(case.clone()))),
        Command::Note { text, .. } => {
            let noted = timeline::note(&service.desk, id, &speaker, text);
            noted.inspect_ok(|_| service.worker.wake()).boxed()
        }
        Command::Open { .. }
        | Command::Ask
        | Command::Help
        | Command::List
        | Command::Reopen { .. }
        | Command::Status { .. } => return Ok(Said::Nothing),
    };
    Ok(Said::Words(saying.await?))
}

#[cfg(test)]
mod tests {
    use super::status_line;
    use crate::domain::event::Event;
    use crate::domain::record::Entry;
    use crate::domain::sample;
    use jiff::Timestamp;

    #[test]
    fn what_others_have_named_is_not_live_in_a_private_answer() {
        let mut case = sample::opened();
        let hostile = "<!channel> *all clear* <https://evil.example|here>";
        let event = Event::NotProposed { why: hostile.to_owned(), eradication: false };
        let entry = Entry::own(Timestamp::from_second(1_800_000_000).unwrap(), event);
        case.apply(&entry.chained(case.id().clone(), case.last_record())).unwrap();
        let line = status_line(&case);
        let said = line[0]["text"].as_str().unwrap();
        assert!(said.contains(hostile), "{said}");
        assert!(
            line.iter().all(|part| part["type"] == "text"),
            "nothing of it is parsed: {line:?}"
        );
    }
}
