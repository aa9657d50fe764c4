//! The lane that speaks: the channel and every message in it are made from the journal, in order.

use crate::domain::announce::{Announcement, What, announcements, card_key, plan_key};
use crate::domain::case::Case;
use crate::domain::event::{Event, PostKey};
use crate::domain::ids::{ChannelId, MessageTs, PersonId};
use crate::domain::report;
use crate::flow::desk::Desk;
use crate::flow::lane::{StepError, note};
use crate::ports::chat::{ChatError, Post, Scene, Upload, View, Whisper};
use std::collections::BTreeMap;

/// Names that are tried for one channel before a person must help.
const NAMES_MAX: usize = 20;

/// What this process remembers of a case's channel; losing it costs one look and one update each.
#[derive(Debug, Default)]
pub struct Memory {
    /// The last drawing of each message that is kept current.
    drawn: BTreeMap<PostKey, String>,
    /// Messages that were in the channel when this process took over.
    found: Option<BTreeMap<String, MessageTs>>,
}

/// What the lane did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    Something,
    Nothing,
}

/// Does the next thing that the channel is owed.
pub async fn tell(desk: &Desk, case: &Case, memory: &mut Memory) -> Result<Told, StepError> {
    if case.is_archived() || case.room().failed.is_some() {
        return Ok(Told::Nothing);
    }
    let outcome = next(desk, case, memory).await;
    match outcome {
        Err(StepError::Chat(ChatError::Archived)) => {
            lost(desk, case, "the channel was archived; the case goes on in its journal").await
        }
        other => other,
    }
}

async fn next(desk: &Desk, case: &Case, memory: &mut Memory) -> Result<Told, StepError> {
    let Some(channel) = &case.room().channel else {
        return make_channel(desk, case).await;
    };
    if invite(desk, case, channel).await? == Told::Something {
        return Ok(Told::Something);
    }
    if !case.room().dressed {
        return dress(desk, case, channel).await;
    }
    if let Some(owed) = first_owed(case) {
        post(desk, case, channel, (&owed, memory)).await?;
        return Ok(Told::Something);
    }
    if refresh(desk, case, memory).await? == Told::Something {
        return Ok(Told::Something);
    }
    if case.closed_at().is_some() {
        return farewell(desk, case, channel).await;
    }
    Ok(Told::Nothing)
}

fn first_owed(case: &Case) -> Option<Announcement> {
    let room = case.room();
    announcements(case)
        .into_iter()
        .find(|owed| !room.posted.contains_key(&owed.key) && !room.given_up.contains(&owed.key))
}

/// Tries the next name, having written it down first; never takes a channel it did not make.
async fn make_channel(desk: &Desk, case: &Case) -> Result<Told, StepError> {
    if let Some(leader) = &case.opening().shares_channel_of
        && let Some(leader) = desk.ledger.find(leader).await?
    {
        return share_channel(desk, case, &leader).await;
    }
    let tried = case.room().names_tried.len();
    if let Some(name) = case.room().names_tried.last()
        && let Some(channel) = desk.chat.own_channel(name, case.opened_at()).await?
        && !taken_by_another_case(desk, case, &channel).await?
    {
        let name = name.clone();
        note(desk, case, Event::ChannelMade { channel, name }).await?;
        return Ok(Told::Something);
    }
    if tried >= NAMES_MAX {
        return lost(desk, case, "no free channel name was found").await;
    }
    let name = channel_name(case, tried + 1);
    note(desk, case, Event::ChannelTried { name: name.clone() }).await?;
    match desk.chat.create_channel(&name).await {
        Ok(channel) => {
            note(desk, case, Event::ChannelMade { channel, name }).await?;
            Ok(Told::Something)
        }
        Err(ChatError::NameTaken) => Ok(Told::Something),
        Err(error @ (ChatError::Refused { .. } | ChatError::MissingScope { .. })) => {
            lost(desk, case, &format!("the channel could not be made: {error}")).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn share_channel(desk: &Desk, case: &Case, leader: &Case) -> Result<Told, StepError> {
    let room = leader.room();
    if let (Some(channel), Some(name)) = (&room.channel, &room.name) {
        let event = Event::ChannelMade { channel: channel.clone(), name: name.clone() };
        note(desk, case, event).await?;
        return Ok(Told::Something);
    }
    match &room.failed {
        Some(why) => lost(desk, case, why).await,
        None => Ok(Told::Nothing),
    }
}

/// A channel that this bot made for another case is as foreign as anybody's.
async fn taken_by_another_case(
    desk: &Desk,
    case: &Case,
    channel: &ChannelId,
) -> Result<bool, StepError> {
    let all = desk.work.open_cases().await.map_err(|error| {
        StepError::Ledger(crate::flow::ledger::LedgerError::Unreachable(error.0))
    })?;
    for other in all.iter().filter(|other| *other != case.id()) {
        let other = desk.ledger.find(other).await?;
        if other.is_some_and(|other| other.room().channel.as_ref() == Some(channel)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Gives the channel up, and tells the requester directly, since there is no channel to tell.
async fn lost(desk: &Desk, case: &Case, why: &str) -> Result<Told, StepError> {
    note(desk, case, Event::ChannelFailed { why: why.to_owned() }).await?;
    let whisper = Whisper {
        person: case.opened_by().clone(),
        channel: None,
        response_url: None,
        text: format!("Case {}: {why}. Follow it with keyleak status {}.", case.id(), case.id()),
    };
    if let Err(error) = desk.chat.whisper(&whisper).await {
        tracing::warn!(case.id = %case.id(), %error, "the requester could not be told");
    }
    Ok(Told::Something)
}

async fn invite(desk: &Desk, case: &Case, channel: &ChannelId) -> Result<Told, StepError> {
    let room = case.room();
    let wanted = room.wanted.iter().cloned().chain(desk.rules.policy.invited());
    let mut missing: Vec<PersonId> =
        wanted.filter(|person| !room.invited.contains(person)).collect();
    missing.sort();
    missing.dedup();
    if missing.is_empty() {
        return Ok(Told::Nothing);
    }
    let invitation = match desk.chat.invite(channel, &missing).await {
        Ok(invitation) => invitation,
        Err(error @ (ChatError::Refused { .. } | ChatError::MissingScope { .. })) => {
            crate::ports::chat::Invitation { failed: vec![error.to_string()], ..Default::default() }
        }
        Err(error) => return Err(error.into()),
    };
    let event = Event::Invited { people: missing, failed: invitation.failed };
    note(desk, case, event).await?;
    Ok(Told::Something)
}

async fn dress(desk: &Desk, case: &Case, channel: &ChannelId) -> Result<Told, StepError> {
    let drill = if case.opening().drill { "DRILL. " } else { "" };
    let key = &case.opening().key;
    let topic = format!("{drill}Exposed key {key}, case {}", case.id());
    let purpose = format!(
        "{drill}Respond to the exposed AWS access key {key}. Every decision here is journaled."
    );
    for dressed in
        [desk.chat.set_topic(channel, &topic).await, desk.chat.set_purpose(channel, &purpose).await]
    {
        match dressed {
            Ok(()) => {}
            Err(error @ (ChatError::Refused { .. } | ChatError::MissingScope { .. })) => {
                tracing::warn!(case.id = %case.id(), %error, "topic or purpose was not set");
            }
            Err(error) => return Err(error.into()),
        }
    }
    note(desk, case, Event::Dressed).await?;
    Ok(Told::Something)
}

async fn post(
    desk: &Desk,
    case: &Case,
    channel: &ChannelId,
    (owed, memory): (&Announcement, &mut Memory),
) -> Result<(), StepError> {
    let key = owed.key.clone();
    let full_key = format!("{}/{}", case.id(), key.0);
    if memory.found.is_none() {
        memory.found = Some(found(desk, case, channel).await?);
    }
    let there = memory.found.as_ref().and_then(|found| found.get(&full_key)).cloned();
    let outcome = match there {
        Some(message) => Ok(message),
        None => say(desk, case, channel, (owed, full_key, memory)).await,
    };
    match outcome {
        Ok(message) => {
            if owed.what == What::Card
                && let Err(error) = desk.chat.pin(channel, &message).await
            {
                tracing::warn!(case.id = %case.id(), %error, "the card could not be pinned");
            }
            let channel = channel.clone();
            note(desk, case, Event::Posted { post: key, channel, message }).await
        }
        Err(StepError::Chat(
            error @ (ChatError::Refused { .. } | ChatError::MissingScope { .. }),
        )) => note(desk, case, Event::PostFailed { post: key, why: error.to_string() }).await,
        Err(error) => Err(error),
    }
}

/// The keyed messages that are already there; a case whose channel is new has none.
async fn found(
    desk: &Desk,
    case: &Case,
    channel: &ChannelId,
) -> Result<BTreeMap<String, MessageTs>, StepError> {
    match desk.chat.posted(channel).await {
        Ok(found) => Ok(found),
        Err(error @ (ChatError::Refused { .. } | ChatError::MissingScope { .. })) => {
            tracing::warn!(case.id = %case.id(), %error, "history cannot be read: a message cut off by a crash may come twice");
            Ok(BTreeMap::new())
        }
        Err(error) => Err(error.into()),
    }
}

async fn say(
    desk: &Desk,
    case: &Case,
    channel: &ChannelId,
    (owed, key, memory): (&Announcement, String, &mut Memory),
) -> Result<MessageTs, StepError> {
    let scene = scene(desk, case);
    let kept;
    let view = match &owed.what {
        What::Card => View::Card(scene),
        What::Plan(plan) => View::Plan(scene, *plan),
        What::Summary(upto) => View::Summary(scene, *upto),
        What::Checklist(phase) => View::Checklist(scene, *phase),
        What::Notice(text) => View::Notice(scene, text.clone()),
        What::Answer(seq) => {
            kept = stored_answer(desk, case, *seq).await?;
            upload_answer(desk, case, channel, &kept).await?;
            View::Answer(scene, &kept)
        }
        What::Report => {
            upload_report(desk, case, channel).await?;
            View::Notice(scene, format!("The report of case {} is in the file above.", case.id()))
        }
    };
    let digest = desk.chat.drawn(&view);
    let message = desk.chat.post(channel, &Post { key, view, thread: None }).await?;
    memory.drawn.insert(owed.key.clone(), digest);
    Ok(message)
}

async fn stored_answer(
    desk: &Desk,
    case: &Case,
    seq: u64,
) -> Result<crate::ports::trail::Answer, StepError> {
    let note = case.answers().iter().find(|(at, _)| *at == seq).map(|(_, note)| note);
    let note = note.ok_or(StepError::MovedOn)?;
    let content = desk.evidence.get(&note.answer_sha256).await?;
    serde_json::from_slice(&content).map_err(|error| StepError::Broken(error.to_string()))
}

async fn upload_answer(
    desk: &Desk,
    case: &Case,
    channel: &ChannelId,
    answer: &crate::ports::trail::Answer,
) -> Result<(), StepError> {
    if answer.rows.is_empty() {
        return Ok(());
    }
    let upload = Upload {
        name: format!("{}-{}.csv", case.id(), answer.question),
        title: format!("{} ({} rows)", answer.question, answer.rows.len()),
        content: answer.to_csv().into_bytes(),
        thread: None,
    };
    file(desk, case, channel, &upload).await
}

async fn upload_report(desk: &Desk, case: &Case, channel: &ChannelId) -> Result<(), StepError> {
    let content = report::markdown(case).into_bytes();
    let sha256 = desk.evidence.put(&content).await?;
    if case.report_sha256() != Some(sha256.as_str()) {
        note(desk, case, Event::Reported { sha256 }).await?;
    }
    let upload = Upload {
        name: format!("{}-report.md", case.id()),
        title: format!("Report of case {}", case.id()),
        content,
        thread: None,
    };
    file(desk, case, channel, &upload).await
}

/// A file that Slack will not take does not keep the words from being said.
async fn file(
    desk: &Desk,
    case: &Case,
    channel: &ChannelId,
    upload: &Upload,
) -> Result<(), StepError> {
    match desk.chat.upload(channel, upload).await {
        Ok(()) => Ok(()),
        Err(error @ (ChatError::Refused { .. } | ChatError::MissingScope { .. })) => {
            tracing::warn!(case.id = %case.id(), %error, "a file was not uploaded");
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

/// Redraws the card and the plans where they have changed.
async fn refresh(desk: &Desk, case: &Case, memory: &mut Memory) -> Result<Told, StepError> {
    let scene = scene(desk, case);
    let mut views = vec![(card_key(), View::Card(scene))];
    views.extend(case.plans().map(|state| {
        let number = state.plan.number;
        (plan_key(number), View::Plan(scene, number))
    }));
    for (key, view) in views {
        let Some((channel, message)) = case.room().posted.get(&key) else {
            continue;
        };
        let digest = desk.chat.drawn(&view);
        if memory.drawn.get(&key) == Some(&digest) {
            continue;
        }
        match desk.chat.update(channel, message, &view).await {
            Ok(()) => {}
            Err(ChatError::MessageGone) => {
                let full_key = format!("{}/{}/{}", case.id(), key.0, case.seq());
                let post = Post { key: full_key, view, thread: None };
                let message = desk.chat.post(channel, &post).await?;
                let channel = channel.clone();
                note(desk, case, Event::Posted { post: key.clone(), channel, message }).await?;
            }
            Err(error @ (ChatError::Refused { .. } | ChatError::MissingScope { .. })) => {
                tracing::warn!(case.id = %case.id(), %error, "a card could not be updated");
            }
            Err(error) => return Err(error.into()),
        }
        memory.drawn.insert(key, digest);
        return Ok(Told::Something);
    }
    Ok(Told::Nothing)
}

/// Archives the channel of a closed case, unless another open case lives in it.
async fn farewell(desk: &Desk, case: &Case, channel: &ChannelId) -> Result<Told, StepError> {
    if !taken_by_another_case(desk, case, channel).await? {
        match desk.chat.archive(channel).await {
            Ok(()) | Err(ChatError::Archived) => {}
            Err(error @ (ChatError::Refused { .. } | ChatError::MissingScope { .. })) => {
                tracing::warn!(case.id = %case.id(), %error, "the channel was not archived");
            }
            Err(error) => return Err(error.into()),
        }
    }
    note(desk, case, Event::Archived).await?;
    Ok(Told::Something)
}

fn scene<'a>(desk: &'a Desk, case: &'a Case) -> Scene<'a> {
    Scene { case, policy: &desk.rules.policy, now: desk.clock.now() }
}

/// `keyleak-<last four>-<yyyymmdd>[-n]`; never the whole id, which would name the account.
fn channel_name(case: &Case, attempt: usize) -> String {
    let drill = if case.opening().drill { "drill-" } else { "" };
    let date = case.opened_at().strftime("%Y%m%d");
    let four = case.opening().key.last_four().to_lowercase();
    let suffix = if attempt > 1 { format!("-{attempt}") } else { String::new() };
    format!("{drill}keyleak-{four}-{date}{suffix}")
}
