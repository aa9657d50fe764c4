//! Files beside messages: an answer as CSV, the report; each sent once, known by its name.

use crate::domain::case::Case;
use crate::domain::event::{Event, PostKey};
use crate::domain::record::Entry;
use crate::domain::report::whole;
use crate::flow::desk::Desk;
use crate::flow::exhibits::exhibits;
use crate::flow::lane::{StepError, note};
use crate::flow::tell::beside::{self, counted};
use crate::flow::tell::memory::Memory;
use crate::flow::tell::speaker::Speaker;
use crate::paper::form::Form;
use crate::paper::image::activity;
use crate::ports::chat::{ChatError, Spot, Upload};
use crate::ports::trail::Answer;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// Slack answers before a file appears in the channel; by then it has.
const APPEARS_WITHIN: SignedDuration = SignedDuration::from_secs(60);
/// A channel is archived only after the last file has had so long to appear in it.
const ARRIVES_WITHIN: SignedDuration = SignedDuration::from_secs(30);
/// How the name of the report's picture ends.
const PICTURE: &str = "png";
/// How often a file that may be on its way is looked for.
const LOOK_EVERY: SignedDuration = SignedDuration::from_secs(5);

/// What stands beside a file, once the file has been sent or refused.
pub(super) enum Enclosed {
    Beside {
        words: String,
        /// The file is there, and because the channel cannot be read back nobody knows how often.
        perhaps_twice: bool,
    },
    /// It may be on its way.
    Later(Timestamp),
}

/// Whether a file is in the channel now.
enum Attached {
    Surely,
    PerhapsTwice,
    Later(Timestamp),
    /// Slack will not take it, and why.
    Refused(ChatError),
}

/// The whole answer that a record holds.
pub(super) async fn rows(
    speaker: &Speaker<'_>,
    spot: Spot<'_>,
    (post, seq): (&PostKey, u64),
    memory: &mut Memory,
) -> Result<Enclosed, StepError> {
    let answer = stored_answer(speaker.desk, speaker.case, seq).await?;
    let upload = of_answer(speaker.case, seq, &answer);
    let attached = attach(speaker, spot, (post, &upload), memory).await?;
    Ok(attached.beside(|why| beside::rows((speaker.case, seq), &answer, why)))
}

/// The report as of a record, in each of its forms, and its chart as a picture; the words beside it
/// come after the last.
pub(super) async fn report(
    speaker: &Speaker<'_>,
    spot: Spot<'_>,
    (post, seq): (&PostKey, u64),
    memory: &mut Memory,
) -> Result<Enclosed, StepError> {
    let mut perhaps_twice = false;
    for (ending, upload) in of_report(speaker.desk, speaker.case, seq).await? {
        let own = match ending == Form::Markdown.ending() {
            true => post.clone(),
            false => PostKey(format!("{}.{ending}", post.0)),
        };
        match attach(speaker, spot, (&own, &upload), memory).await? {
            Attached::Surely => {}
            Attached::PerhapsTwice => perhaps_twice = true,
            Attached::Later(at) => return Ok(Enclosed::Later(at)),
            Attached::Refused(why) => {
                let words = beside::report(speaker.case, Some(&why));
                return Ok(Enclosed::Beside { words, perhaps_twice });
            }
        }
    }
    Ok(Enclosed::Beside { words: beside::report(speaker.case, None), perhaps_twice })
}

impl Attached {
    fn beside(self, words: impl Fn(Option<&ChatError>) -> String) -> Enclosed {
        match self {
            Self::Surely => Enclosed::Beside { words: words(None), perhaps_twice: false },
            Self::PerhapsTwice => Enclosed::Beside { words: words(None), perhaps_twice: true },
            Self::Refused(why) => {
                Enclosed::Beside { words: words(Some(&why)), perhaps_twice: false }
            }
            Self::Later(at) => Enclosed::Later(at),
        }
    }
}

/// Sends a file, unless an earlier try already did; a file that Slack will not take does not keep
/// the words from being said.
async fn attach(
    speaker: &Speaker<'_>,
    spot: Spot<'_>,
    (post, upload): (&PostKey, &Upload),
    memory: &mut Memory,
) -> Result<Attached, StepError> {
    let Speaker { desk, case, .. } = *speaker;
    let tried_at = case.room().uploads_tried.get(post).copied();
    if let Some(tried_at) = tried_at {
        if memory.has_file(&upload.name) {
            return Ok(Attached::Surely);
        }
        let now = desk.clock.now();
        let appeared_by = tried_at + APPEARS_WITHIN;
        if now < appeared_by && !memory.is_in_doubt() {
            memory.forget_what_is_there();
            return Ok(Attached::Later(appeared_by.min(now + LOOK_EVERY)));
        }
    }
    let sent = async {
        let file = desk.chat.bring(upload).await?;
        note(desk, case, Event::UploadTried { post: post.clone() }).await?;
        speaker.may_still_speak()?;
        let drill = if case.opening().drill { "DRILL: " } else { "" };
        Ok(desk.chat.share(spot, &file, &format!("{drill}{}", upload.title)).await?)
    };
    match sent.await {
        Ok(()) => {}
        Err(StepError::Chat(
            error @ (ChatError::Refused { .. } | ChatError::MissingScope { .. }),
        )) => {
            tracing::warn!(case.id = %case.id(), %error, "a file was not uploaded");
            return Ok(Attached::Refused(error));
        }
        Err(error) => return Err(error),
    }
    memory.sent_file(&upload.name);
    let in_doubt = tried_at.is_some() && memory.is_in_doubt();
    Ok(if in_doubt { Attached::PerhapsTwice } else { Attached::Surely })
}

/// Until when the last file may still be on its way; into an archived channel Slack lets none.
pub(super) fn on_its_way(case: &Case, now: Timestamp) -> Option<Timestamp> {
    let last = case.room().uploads_tried.values().max()?;
    let until = last.checked_add(ARRIVES_WITHIN).ok()?;
    (until > now).then_some(until)
}

/// The answer that a record holds, from the evidence store.
pub(super) async fn stored_answer(desk: &Desk, case: &Case, seq: u64) -> Result<Answer, StepError> {
    let note = case.answers().iter().find(|(at, _)| *at == seq).map(|(_, note)| note);
    let note = note.ok_or(StepError::MovedOn)?;
    let content = desk.evidence.get(&note.answer_sha256).await?;
    serde_json::from_slice(&content).map_err(|error| StepError::Broken(error.to_string()))
}

/// All rows of an answer.
fn of_answer(case: &Case, seq: u64, answer: &Answer) -> Upload {
    let rows = answer.rows.len();
    Upload {
        name: format!("{}-{seq}-{}.csv", case.id(), answer.question),
        title: format!("{} ({rows} {})", answer.question, counted(rows)),
        content: answer.to_csv().into_bytes(),
    }
}

/// The report as of the record that asked for it, so that a repeat sends the same one.
async fn of_report(
    desk: &Desk,
    case: &Case,
    seq: u64,
) -> Result<Vec<(&'static str, Upload)>, StepError> {
    let then = case.as_of(seq).map_err(|error| StepError::Broken(error.to_string()))?;
    let rows = exhibits(&then, desk.evidence.as_ref()).await?;
    // It is kept for good, so the words that people added are not in it.
    let report = whole(&then, &rows, None);
    let id = case.id();
    let text = |form: Form| {
        let title = format!("Report of case {id} ({})", form.words());
        (form.ending(), title, form.of(&report).into_bytes())
    };
    let mut drawn = Form::ALL.map(text).to_vec();
    drawn.extend(activity(&report).map(|image| (PICTURE, image.words, image.png)));
    let mut kept = BTreeMap::new();
    for (ending, _, content) in &drawn {
        kept.insert((*ending).to_owned(), desk.evidence.put(content).await?);
    }
    let sha256 = kept.remove(Form::Markdown.ending()).unwrap_or_default();
    let is_known =
        |event: &Event| matches!(event, Event::Reported { sha256: known, .. } if *known == sha256);
    // Judged where it is written: another process may have the case, and the report, by now.
    let event = Event::Reported { sha256: sha256.clone(), others: kept };
    let entry = Entry::own(desk.clock.now(), event);
    let once = |case: &Case| {
        let known = case.records().iter().any(|record| is_known(&record.event));
        Ok::<_, StepError>((!known).then(|| entry.clone()))
    };
    desk.ledger.append(case.id(), once).await?;
    let upload = |(ending, title, content)| {
        (ending, Upload { name: format!("{id}-{seq}-report.{ending}"), title, content })
    };
    Ok(drawn.into_iter().map(upload).collect())
}
