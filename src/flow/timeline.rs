//! What people add to a timeline: taken in before Slack hears 200, read and written down after.
//!
//! Needs: a person who puts a message into the timeline has decided something, and only Slack has
//! the message. So what is durable in the request is that it is to be read, for this person, who
//! was found to be allowed to; the worker reads it, keeps its words by their hash, and appends.
//! Whoever takes that up again after a crash makes the same object of the same words.

pub mod wish;

use crate::domain::capture::{Capture, CaptureChange, CapturedMessage, CapturedWords, written_at};
use crate::domain::captures::{capture_of, captures, changes_of};
use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::ids::{CaseId, ChannelId, MessageTs};
use crate::domain::record::{Actor, Entry, Place};
use crate::domain::refusal::Refusal;
use crate::flow::desk::Desk;
use crate::flow::lane::StepError;
use crate::flow::ledger::{LedgerError, NotAppended};
use crate::flow::spoken::Speaker;
use crate::flow::timeline::wish::{
    Change, Origin, Spot, Wish, is_on_its_way, keep, origin, unreachable,
};
use crate::ports::chat::{ChatError, Heard, Whisper};
use crate::ports::evidence::EvidenceError;
use crate::ports::journal::Kept;
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};

/// After so long a message that Slack does not give is given up.
const PATIENCE: SignedDuration = SignedDuration::from_hours(24);
/// A case holds so many; a channel that is copied whole belongs into the export of Slack.
const CAPTURES_MAX: usize = 500;

/// What became of a message that somebody wants in the timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// It will be there.
    Kept,
    /// The channel is that of no open case.
    NoCase,
    Refused(Refusal),
}

/// Keeps a message for the timeline of the cases in its channel.
pub async fn add(
    desk: &Desk,
    speaker: &Speaker,
    (at, thread): (Spot, Option<MessageTs>),
) -> Result<Taken, LedgerError> {
    desk.bench().meet(&speaker.caller, None).await?;
    if let Err(refusal) = desk.policy().may_act(&speaker.caller) {
        return Ok(Taken::Refused(refusal));
    }
    if open_in(desk, &at.channel).await?.is_empty() {
        return Ok(Taken::NoCase);
    }
    let origin = origin(desk, speaker.delivery.clone(), &at.ts.0);
    let by = Actor::of(&speaker.caller);
    keep(desk, &Wish::Add { by, at, thread, origin }).await?;
    Ok(Taken::Kept)
}

/// Keeps a person's own words for the timeline; says so.
pub async fn note(
    desk: &Desk,
    case: &CaseId,
    speaker: &Speaker,
    text: &str,
) -> Result<String, LedgerError> {
    if let Err(refusal) = desk.policy().may_act(&speaker.caller) {
        return Ok(format!("Not done: {refusal}."));
    }
    let origin = origin(desk, speaker.delivery.clone(), text);
    let words = CapturedWords::new(text, &[], origin.salt.clone());
    let by = Actor::of(&speaker.caller);
    keep(desk, &Wish::Note { by, case: case.clone(), words, origin }).await?;
    Ok(format!("Noted in the timeline of case {case}."))
}

/// An edit of a message, or its deletion, as Slack tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told<'a> {
    Edited { at: Timestamp, text: &'a str, files: &'a [String] },
    Deleted { at: Timestamp },
}

/// Keeps what became of a message, if it is in a timeline or on its way there; whether it is.
pub async fn changed(
    desk: &Desk,
    at: Spot,
    (told, delivery): (Told<'_>, String),
) -> Result<bool, LedgerError> {
    let cases = open_in(desk, &at.channel).await?;
    if cases.is_empty() {
        return Ok(false);
    }
    let captured = cases.iter().any(|case| capture_of(case, (&at.channel, &at.ts)).is_some());
    if !captured && !is_on_its_way(desk, &at).await? {
        return Ok(false);
    }
    let origin = origin(desk, Some(delivery), &at.ts.0);
    let change = match told {
        Told::Deleted { at } => Change::Deleted { at },
        Told::Edited { at, text, files } => {
            Change::Edited { at, words: CapturedWords::new(text, files, origin.salt.clone()) }
        }
    };
    keep(desk, &Wish::Changed { at, change, origin }).await?;
    Ok(true)
}

/// Whether this is something for a timeline, and not a file.
pub fn is_ours(kept: &Kept) -> bool {
    serde_json::from_str::<Wish>(&kept.what).is_ok()
}

/// Does what was kept; an error means that it is to be tried again.
pub async fn work_off(desk: &Desk, kept: &Kept) -> Result<(), StepError> {
    match serde_json::from_str::<Wish>(&kept.what) {
        Ok(Wish::Add { by, at, thread, origin }) => {
            put_in(desk, (&by, &origin), (&at, thread.as_ref())).await?;
        }
        Ok(Wish::Note { by, case, words, origin }) => {
            // Delivered again its words would be kept once more, under a hash that nobody names.
            let known = desk.ledger.find(&case).await?;
            if known.is_some_and(|case| !case.has_seen(&origin.delivery)) {
                let capture = Capture { sha256: store(desk, &words).await?, message: None };
                append(desk, &case, (&by, &origin), (&capture, None)).await?;
            }
        }
        Ok(Wish::Changed { at, change, origin }) => {
            note_change(desk, &at, &change, &origin).await?
        }
        Err(error) => tracing::error!(%error, "what was kept for a timeline cannot be read"),
    }
    Ok(desk.work.forget(&kept.id).await?)
}

/// Reads a message and puts it into the timeline of every open case of its channel.
async fn put_in(
    desk: &Desk,
    (by, origin): (&Actor, &Origin),
    (at, thread): (&Spot, Option<&MessageTs>),
) -> Result<(), StepError> {
    let is_in = |case: &Case| capture_of(case, (&at.channel, &at.ts)).is_some();
    let mut cases = open_in(desk, &at.channel).await?;
    let (known, before) = (cases.len(), cases.clone());
    cases.retain(|case| !is_in(case) && !case.has_seen(&origin.delivery));
    if cases.is_empty() && before.iter().any(|case| case.has_seen(&origin.delivery)) {
        // Slack delivered it again, and the person was told.
        return Ok(());
    }
    if cases.is_empty() {
        let words = if known == 0 { "the case is closed" } else { "it is there already" };
        say(desk, by, at, &format!("Nothing was added to the timeline: {words}.")).await;
        return Ok(());
    }
    let heard = match hear(desk, origin, (at, thread)).await? {
        Ok(heard) => heard,
        Err(why) => {
            say(desk, by, at, &format!("Not added to the timeline: {why}.")).await;
            return Ok(());
        }
    };
    let words = CapturedWords::new(&heard.text, &heard.files, origin.salt.clone());
    let message = CapturedMessage {
        channel: at.channel.clone(),
        ts: at.ts.clone(),
        author: heard.author,
        at: written_at(&at.ts).unwrap_or(origin.asked_at),
        edited_at: heard.edited_at,
        files: u32::try_from(words.files.len()).unwrap_or(u32::MAX),
    };
    let capture = Capture { sha256: store(desk, &words).await?, message: Some(message) };
    let mut added = Vec::new();
    for case in &cases {
        if append(desk, case.id(), (by, origin), (&capture, Some(at))).await? {
            added.push(case.id().0.as_str());
        }
    }
    let words = match added.as_slice() {
        [] => {
            "Nothing was added to the timeline: it is full or closed; the export has the channel."
                .to_owned()
        }
        added => format!("Added to the timeline of case {}.", added.join(", ")),
    };
    say(desk, by, at, &words).await;
    Ok(())
}

/// The message as it stands, or why it is not taken.
async fn hear(
    desk: &Desk,
    origin: &Origin,
    (at, thread): (&Spot, Option<&MessageTs>),
) -> Result<Result<Heard, String>, StepError> {
    match desk.chat.hear(&at.channel, (&at.ts, thread)).await {
        Ok(Some(heard)) if heard.is_own => {
            Ok(Err("it is a message of mine, and the journal has what it says".to_owned()))
        }
        Ok(Some(heard)) => Ok(Ok(heard)),
        Ok(None) => Ok(Err("the message is gone".to_owned())),
        Err(error @ (ChatError::Refused { .. } | ChatError::MissingScope { .. })) => {
            Ok(Err(error.to_string()))
        }
        Err(error) if desk.clock.now() > origin.asked_at + PATIENCE => {
            Ok(Err(format!("{error}, for a day")))
        }
        Err(error) => Err(error.into()),
    }
}

/// Appends it once; whether it is there by this.
async fn append(
    desk: &Desk,
    id: &CaseId,
    (by, origin): (&Actor, &Origin),
    (capture, at): (&Capture, Option<&Spot>),
) -> Result<bool, StepError> {
    let place = at.map(|at| Place { channel: at.channel.clone(), message: Some(at.ts.clone()) });
    let entry = Entry {
        at: desk.clock.now(),
        actor: by.clone(),
        place,
        delivery: Some(origin.delivery.clone()),
        event: Event::Captured { capture: Box::new(capture.clone()) },
    };
    let once = |case: &Case| {
        let is_in = at.is_some_and(|at| capture_of(case, (&at.channel, &at.ts)).is_some());
        let full = captures(case).count() >= CAPTURES_MAX;
        let repeated = case.has_seen(&origin.delivery);
        Ok::<_, StepError>((!is_in && !full && !repeated).then(|| entry.clone()))
    };
    match desk.ledger.append(id, once).await {
        Ok(case) => Ok(case.has_seen(&origin.delivery)),
        // Closed meanwhile, or the same delivery again.
        Err(NotAppended::Illegal(_)) => Ok(false),
        Err(NotAppended::Judged(error)) => Err(error),
        Err(NotAppended::Ledger(error)) => Err(error.into()),
    }
}

/// Writes down that a message of a timeline was edited or deleted; the first words stay.
async fn note_change(
    desk: &Desk,
    at: &Spot,
    change: &Change,
    origin: &Origin,
) -> Result<(), StepError> {
    let place = (&at.channel, &at.ts);
    let mut cases = open_in(desk, &at.channel).await?;
    cases.retain(|case| capture_of(case, place).is_some());
    if cases.is_empty() && is_on_its_way(desk, at).await? {
        // Its words come first; what became of them is written down after.
        return Err(StepError::MovedOn);
    }
    for case in cases {
        let (when, sha256) = match change {
            Change::Deleted { at } => (*at, None),
            Change::Edited { at: when, words } => {
                if says_nothing_new(desk, &case, at, words).await? {
                    continue;
                }
                (*when, Some(store(desk, words).await?))
            }
        };
        let told =
            CaptureChange { channel: at.channel.clone(), ts: at.ts.clone(), at: when, sha256 };
        let entry = Entry {
            delivery: Some(origin.delivery.clone()),
            ..Entry::own(desk.clock.now(), Event::CaptureChanged { change: Box::new(told.clone()) })
        };
        let once = |case: &Case| {
            let known = changes_of(case, place).iter().any(|known| {
                known.at == told.at && known.sha256.is_some() == told.sha256.is_some()
            });
            let repeated = case.has_seen(&origin.delivery);
            Ok::<_, StepError>((!known && !repeated).then(|| entry.clone()))
        };
        match desk.ledger.append(case.id(), once).await {
            Ok(_) | Err(NotAppended::Illegal(_)) => {}
            Err(NotAppended::Judged(error)) => return Err(error),
            Err(NotAppended::Ledger(error)) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Slack calls it an edit, too, when it draws a link's preview under a message.
async fn says_nothing_new(
    desk: &Desk,
    case: &Case,
    at: &Spot,
    words: &CapturedWords,
) -> Result<bool, StepError> {
    let place = (&at.channel, &at.ts);
    let newest = changes_of(case, place).into_iter().rev().find_map(|c| c.sha256.as_deref());
    let newest = newest.or_else(|| capture_of(case, place).map(|one| one.sha256.as_str()));
    let Some(sha256) = newest else { return Ok(false) };
    let known = match desk.evidence.get(sha256).await {
        Ok(object) => serde_json::from_slice::<CapturedWords>(&object).ok(),
        Err(EvidenceError::Missing(_) | EvidenceError::Altered(_)) => None,
        Err(error @ EvidenceError::Unavailable(_)) => return Err(error.into()),
    };
    Ok(known.is_some_and(|known| known.says_as(words)))
}

async fn store(desk: &Desk, words: &CapturedWords) -> Result<String, StepError> {
    Ok(desk.evidence.put(&words.object()).await?)
}

/// Tells the person alone; the timeline does not hang on it.
async fn say(desk: &Desk, by: &Actor, at: &Spot, text: &str) {
    let Some(person) = by.person().cloned() else { return };
    let channel = Some(at.channel.clone());
    let whisper = Whisper { person, channel, response_url: None, text: text.to_owned() };
    if let Err(error) = desk.chat.whisper(&whisper).await {
        tracing::warn!(%error, "what became of a message for the timeline was not told");
    }
}

/// The open cases whose channel this is; the keys of one account can share one.
async fn open_in(desk: &Desk, channel: &ChannelId) -> Result<Vec<Case>, LedgerError> {
    let ids = desk.work.open_cases().await.map_err(|error| unreachable(&error))?;
    let known = join_all(ids.iter().map(|id| desk.ledger.at_hand(id))).await;
    let is_here = |case: &Case| case.room().channel.as_ref() == Some(channel);
    let mut open = Vec::new();
    for (id, case) in ids.iter().zip(known) {
        // What this process knows of a channel stays true; all else is read anew.
        let elsewhere = case?.is_some_and(|case| case.room().channel.is_some() && !is_here(&case));
        if !elsewhere {
            open.extend(desk.ledger.find(id).await?.filter(is_here));
        }
    }
    open.retain(|case| case.closed_at().is_none());
    Ok(open)
}
