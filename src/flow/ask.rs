//! The lane that only reads: validation, the trail and the questions of people.

use crate::domain::agenda::Ask;
use crate::domain::case::Case;
use crate::domain::event::{Event, Phase};
use crate::domain::exposure::ExposureFinding;
use crate::domain::free_sql;
use crate::domain::ids::PersonId;
use crate::domain::inquiry::Inquiry;
use crate::domain::progress;
use crate::domain::question::Times;
use crate::domain::reading::{AnswerNote, TrailView};
use crate::domain::record::Entry;
use crate::domain::recovering::silence;
use crate::domain::spending::Waiting;
use crate::flow::desk::Desk;
use crate::flow::lane::{StepError, note};
use crate::flow::{allowance, exposure, reconcile, rotation, signer, sweep, validate};
use crate::ports::trail::planned::Planned;
use crate::ports::trail::{Answer, CutReference, Survey, Trail};
use std::time::Duration;

/// Another replica's records wake nobody here, and a query costs money until it is stopped.
const LOOK_FOR_CANCEL: Duration = Duration::from_secs(2);

/// Does one piece of the lane's work; what is asked for a case that is closed meanwhile is given
/// up, since nobody waits for it any more and each query goes on to cost money.
pub async fn ask(desk: &Desk, case: &Case, task: &Ask) -> Result<(), StepError> {
    // What a sweep and the comparison scan is told in the case's sum, and is a day or two.
    let is_given_up = matches!(
        task,
        Ask::Question { .. } | Ask::AllowedQuestion { .. } | Ask::FirstLook | Ask::Allowed
    );
    // Boxed: reading the trail goes deep, and a worker's stack is small in a debug build.
    let work = Box::pin(work(desk, case, task));
    tokio::select! {
        done = work => done,
        () = closed(desk, case), if is_given_up => Ok(()),
    }
}

async fn work(desk: &Desk, case: &Case, task: &Ask) -> Result<(), StepError> {
    match task {
        Ask::Validate => validate::validate(desk, case).await,
        Ask::FirstLook | Ask::FindSigner | Ask::Allowed => {
            first_look(desk, case, matches!(task, Ask::Allowed)).await
        }
        // Boxed: it calls AWS from deep inside, and a worker's stack is small in a debug build.
        Ask::Reconcile => Box::pin(reconcile::at_closing(desk, case)).await,
        Ask::Sweep(plan) => sweep::sweep(desk, case, *plan).await,
        Ask::Rotation { asked } => rotation::look(desk, case, *asked).await,
        Ask::AllowedQuestion { question } => allowed(desk, case, question).await,
        Ask::Question { asked, inquiry } => questions(desk, case, *asked, inquiry).await,
    }
}

/// Reads the trail before a plan is made, so that the plan knows what is older than the exposure,
/// and whose session it is about. What somebody allowed is read whole: a quicker source has told
/// what it knows by then.
async fn first_look(desk: &Desk, case: &Case, is_allowed: bool) -> Result<(), StepError> {
    let Some(trail) = &desk.trail else {
        return Ok(());
    };
    let read = if is_allowed {
        sweep::survey(desk, case, (trail.as_ref(), None)).await
    } else {
        sweep::look(desk, case, trail.as_ref()).await
    };
    let mut survey = match read {
        Ok(survey) => survey,
        Err(StepError::Trail(error)) => {
            let case = &signer::unread(desk, case, &error).await?;
            sweep::survey_failed(desk, case, &error).await?;
            let unread = ExposureFinding::unknown(format!("the trail could not be read: {error}"));
            return exposure::settle(desk, case, &unread).await.map(drop);
        }
        Err(error) => return Err(error),
    };
    sweep::remember(desk, case, trail.as_ref(), &mut survey).await.map(drop)
}

/// Reads the trail afresh and asks it every question of the phase, or those that somebody named,
/// each answer a record of its own.
async fn questions(
    desk: &Desk,
    case: &Case,
    asked: u64,
    inquiry: &Inquiry,
) -> Result<(), StepError> {
    let Some(trail) = &desk.trail else {
        return Ok(());
    };
    let asker = case.records().iter().find(|record| record.seq == asked);
    let asker = asker.and_then(|record| record.person()).unwrap_or(case.opened_by());
    let read = tokio::select! {
        read = sweep::survey(desk, case, (trail.as_ref(), Some(asker))) => read,
        // A query that nobody waits for any more is stopped by its source.
        () = cancelled(desk, case, asked) => {
            return note(desk, case, Event::QuestionsDone { asked }).await;
        }
    };
    let mut survey = match read {
        Ok(survey) => survey,
        Err(StepError::Trail(error)) => {
            let failed = Event::QuestionFailed {
                asked,
                question: "trail".to_owned(),
                why: error.to_string(),
            };
            note(desk, case, failed).await?;
            return note(desk, case, Event::QuestionsDone { asked }).await;
        }
        Err(error) => return Err(error),
    };
    sweep::remember(desk, case, trail.as_ref(), &mut survey).await?;
    let repeated = presses_since(&desk.ledger.load(case.id()).await?, asked, inquiry);
    for question in wanted(trail.as_ref(), inquiry, &times(case)) {
        let case = desk.ledger.load(case.id()).await?;
        if case.is_cancelled(asked) {
            break;
        }
        if is_told(&case, asked, &question) {
            continue;
        }
        tokio::select! {
            done = answer(desk, &case, (asked, &question, asker), &survey) => done?,
            // Making a table of all rows may take minutes, and is stopped by its source.
            () = cancelled(desk, &case, asked), if survey.cut.truncated => break,
        }
    }
    for asked in std::iter::once(asked).chain(repeated) {
        note(desk, case, Event::QuestionsDone { asked }).await?;
    }
    Ok(())
}

/// Asks the question about another log that somebody has allowed, or of the whole cut; their record
/// is what asks it.
async fn allowed(desk: &Desk, case: &Case, question: &str) -> Result<(), StepError> {
    let waiting = case.spending().waits_for(Some(question));
    let Some((trail, waiting)) = desk.trail.as_deref().zip(waiting) else {
        return Ok(());
    };
    let Some(press) = &waiting.allowed else {
        return Ok(());
    };
    let mut survey = match sweep::survey(desk, case, (trail, Some(&waiting.requester))).await {
        Ok(survey) => survey,
        Err(StepError::Trail(error)) => return sweep::survey_failed(desk, case, &error).await,
        Err(error) => return Err(error),
    };
    let now = sweep::remember(desk, case, trail, &mut survey).await?;
    answer(desk, &now, (press.seq, question, &waiting.requester), &survey).await?;
    allowance::used_up(desk, case, waiting).await?;
    for question in of_part_since(&now, waiting) {
        let now = desk.ledger.load(case.id()).await?;
        if !is_told(&now, press.seq, &question) {
            answer(desk, &now, (press.seq, &question, &waiting.requester), &survey).await?;
        }
    }
    note(desk, case, Event::QuestionsDone { asked: press.seq }).await
}

/// The questions that were answered of a part of the cut since all of it waits to be allowed.
fn of_part_since(case: &Case, waiting: &Waiting) -> Vec<String> {
    let mut questions: Vec<String> = Vec::new();
    let answers = case.answers().iter().filter(|(seq, answer)| {
        let is_of_part = answer.view.as_ref().is_some_and(|view| view.truncated);
        waiting.scan.whole_cut && *seq > waiting.seq && is_of_part
    });
    for (_, answer) in answers {
        if !questions.contains(&answer.question) {
            questions.push(answer.question.clone());
        }
    }
    questions
}

/// Presses of the same phase that came while the trail was being read for this one: they have the
/// same answers, and who clicks twice pays once.
fn presses_since(case: &Case, asked: u64, inquiry: &Inquiry) -> Vec<u64> {
    match inquiry {
        Inquiry::Phase(phase) => {
            let later = case.presses(*phase).iter().filter(|press| press.seq > asked);
            later.map(|press| press.seq).collect()
        }
        Inquiry::Named(_) => Vec::new(),
    }
}

/// The questions that a record asks, as long as they wait; none where no trail would answer.
pub(super) fn waiting_of(desk: &Desk, case: &Case, asked: u64) -> Vec<String> {
    let waits = desk.trail.as_deref().zip(progress::waits(case, asked));
    waits.map_or_else(Vec::new, |(trail, inquiry)| wanted(trail, &inquiry, &times(case)))
}

/// The ids of the questions, in the order in which they are answered.
fn wanted(trail: &dyn Trail, inquiry: &Inquiry, times: &Times) -> Vec<String> {
    match inquiry {
        Inquiry::Named(questions) => questions.clone(),
        // What validation asks of the trail is answered with the first look at it.
        Inquiry::Phase(Phase::Scope) => {
            let mut all = trail.questions(Phase::Validation, times);
            all.extend(trail.questions(Phase::Scope, times));
            all
        }
        Inquiry::Phase(phase) => trail.questions(*phase, times),
    }
}

/// Comes back once the case is closed. The other lanes read the journal, so that it is seen here
/// wherever that was decided.
async fn closed(desk: &Desk, case: &Case) {
    let mut growth = desk.ledger.growth(case.id());
    loop {
        if let Ok(Some(case)) = desk.ledger.at_hand(case.id()).await
            && case.closed_at().is_some()
        {
            return;
        }
        if growth.changed().await.is_err() {
            // Nobody tells any more; the lane itself is given up then.
            std::future::pending::<()>().await;
        }
    }
}

/// Comes back once somebody, at whatever replica, has cancelled the questions.
async fn cancelled(desk: &Desk, case: &Case, asked: u64) {
    let mut growth = desk.ledger.growth(case.id());
    loop {
        match desk.ledger.find(case.id()).await {
            Ok(Some(case)) if case.is_cancelled(asked) => return,
            // The journal is asked again; meanwhile the trail is being read.
            Ok(_) | Err(_) => {}
        }
        tokio::select! {
            _ = growth.changed() => {}
            () = desk.clock.sleep(LOOK_FOR_CANCEL) => {}
        }
    }
}

async fn answer(
    desk: &Desk,
    case: &Case,
    (asked, question, asker): (u64, &str, &PersonId),
    survey: &Survey,
) -> Result<(), StepError> {
    let Some(trail) = &desk.trail else {
        return Ok(());
    };
    let answer = match found(desk, case, (trail.as_ref(), question, asker), &survey.cut).await {
        Ok(answer) => answer,
        Err(StepError::Trail(error)) => {
            let why = error.to_string();
            let question = question.to_owned();
            return tell_once(desk, case, Event::QuestionFailed { asked, question, why }).await;
        }
        Err(error) => return Err(error),
    };
    desk.purse.add(case.id(), &answer.cost);
    let content =
        serde_json::to_vec(&answer).map_err(|error| StepError::Broken(error.to_string()))?;
    let answer_sha256 = desk.evidence.put(&content).await?;
    let answer = AnswerNote {
        asked,
        question: answer.question,
        sentence: answer.sentence,
        rows: answer.rows.len() as u64,
        cut_sha256: survey.cut.sha256.clone(),
        answer_sha256,
        sql_sha256: answer.sql_sha256,
        watermark: survey.watermark,
        attack: answer.attack,
        view: Some(TrailView {
            bytes_scanned: survey.cost.bytes_scanned.saturating_add(answer.cost.bytes_scanned),
            first: survey.coverage.first,
            data_events_from: survey.coverage.data_events_from,
            truncated: answer.truncated || is_partial(survey, answer.whole_cut.is_some()),
            lacking: answer.lacking,
        }),
    };
    tell_once(desk, case, Event::Answered { answer: Box::new(answer) }).await
}

/// Asks one question, as far as it may be asked.
async fn found(
    desk: &Desk,
    case: &Case,
    (trail, question, asker): (&dyn Trail, &str, &PersonId),
    cut: &CutReference,
) -> Result<Answer, StepError> {
    // Somebody's own SQL is asked of the rows that were read, so that it costs nothing.
    if let Some(sql) = free_sql::asked(case, question) {
        return Ok(trail.ask_in_sql(cut, (question, sql)).await?);
    }
    let times = &times(case);
    let planned = Planned::Question { cut, question, times };
    match allowance::pass(desk, case, (trail, planned, asker)).await {
        Ok(()) => Ok(trail.ask(cut, question, times).await?),
        // What was read here is here all the same.
        Err(StepError::Trail(error)) if allowance::other_log(trail, planned).is_none() => {
            let answer = trail.ask_rows(cut, question, times).await?;
            Ok(answer.of_part(&error.to_string()))
        }
        Err(error) => Err(error),
    }
}

/// Whether a survey shows a part of the truth: where all of its cut was asked, only because its
/// lineage was cut short.
fn is_partial(survey: &Survey, asked_whole: bool) -> bool {
    if asked_whole { survey.lineage.truncated } else { survey.truncated }
}

/// Writes an answer down, or the reason why there is none, unless another process just did.
async fn tell_once(desk: &Desk, case: &Case, event: Event) -> Result<(), StepError> {
    let Some((asked, question)) = about(&event) else {
        return Ok(());
    };
    let entry = Entry::own(desk.clock.now(), event.clone());
    let still_open = |case: &Case| {
        let told = is_told(case, asked, question);
        Ok::<_, StepError>((!told).then(|| entry.clone()))
    };
    desk.ledger.append(case.id(), still_open).await?;
    Ok(())
}

/// Whether a question of this press has its answer, or the reason why not.
fn is_told(case: &Case, asked: u64, question: &str) -> bool {
    case.records().iter().any(|record| about(&record.event) == Some((asked, question)))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "two kinds of record are about a question")]
fn about(event: &Event) -> Option<(u64, &str)> {
    match event {
        Event::Answered { answer } => Some((answer.asked, &answer.question)),
        Event::QuestionFailed { asked, question, .. } => Some((*asked, question)),
        _ => None,
    }
}

/// The times that questions about this case are about.
pub fn times(case: &Case) -> Times {
    let contained_at = silence(case).map(|silence| silence.contained_at);
    Times { exposed_since: case.exposed_since(), contained_at }
}
