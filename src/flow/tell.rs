//! The lane that speaks: the channel and every message in it are made from the journal, in order.
//!
//! Needs: a message that was sent and not yet written down when the process died must not come
//! again, and Slack has no key of its own for that. So each message carries ours as metadata, and
//! whoever takes a case over, or got no answer, first looks what is in the channel. A channel that
//! cannot be read back leaves a doubt, which the next message and its record then say.

pub mod beside;
pub mod memory;
pub mod speaker;

mod direct;
mod file;
mod outside;
mod room;

use crate::domain::announce::beside::details_key;
use crate::domain::announce::{
    Announcement, What, announcements, answer_key, asked_key, card_key, impact_key, plan_key,
    recovery_key,
};
use crate::domain::case::Case;
use crate::domain::event::{Event, Phase, PostKey};
use crate::domain::ids::{ChannelId, MessageTs};
use crate::domain::offering::offers;
use crate::domain::progress;
use crate::domain::record::Entry;
use crate::domain::round::Round;
use crate::domain::rounds;
use crate::domain::tasks::tasks_key;
use crate::flow::ask::waiting_of;
use crate::flow::desk::Desk;
use crate::flow::hold::Hold;
use crate::flow::lane::{StepError, note};
use crate::flow::tell::file::Enclosed;
use crate::flow::tell::memory::{Drawing, Memory};
use crate::flow::tell::room::Hope;
use crate::flow::tell::speaker::{Speaker, Told};
use crate::ports::chat::{ChatError, Kept, Margin, Post, Spot, View};
use crate::ports::trail::Answer;
use jiff::{SignedDuration, Timestamp};

/// A message is drawn at most so often: a card that many records change is drawn once for all of
/// them, and an outage is followed by one update a message.
const REDRAWN_EVERY: SignedDuration = SignedDuration::from_secs(2);

/// Does the next thing that the channel is owed.
pub async fn tell(
    desk: &Desk,
    case: &Case,
    (memory, hold): (&mut Memory, &Hold),
) -> Result<Told, StepError> {
    if case.is_archived() {
        return Ok(Told::Nothing);
    }
    let policy = desk.policy();
    let speaker = Speaker { desk, case, policy: &policy, hold };
    if let Some(why) = &case.room().failed {
        return direct::tell(&speaker, why).await;
    }
    if let Some(told) = memory.up_to_date(case, desk.clock.now()) {
        return Ok(told);
    }
    match next(&speaker, memory).await {
        Err(StepError::Chat(ChatError::Archived)) => {
            let why = "the channel was archived; the case goes on in its journal";
            room::lost(desk, case, why, Hope::Gone).await
        }
        Err(StepError::Chat(ChatError::NotInside)) => outside(&speaker).await,
        // What was sent without an answer may be in the channel.
        Err(error @ StepError::Chat(ChatError::Unavailable(_))) => {
            memory.forget_what_is_there();
            Err(error)
        }
        other => other,
    }
}

/// What the channel is owed waits until somebody lets the bot in again, whom its requester is told
/// to ask for. A case that is closed does not wait.
async fn outside(speaker: &Speaker<'_>) -> Result<Told, StepError> {
    let Speaker { desk, case, .. } = *speaker;
    if case.closed_at().is_some() && !case.awaits_reconciliation() {
        return room::put_away(desk, case).await;
    }
    let why = "somebody has taken me out of the case's channel, so nothing is told there; invite \
               me again, and I catch up";
    match direct::tell(speaker, why).await? {
        Told::Something => Ok(Told::Something),
        Told::Nothing | Told::Later(_) => Err(StepError::Chat(ChatError::NotInside)),
    }
}

async fn next(speaker: &Speaker<'_>, memory: &mut Memory) -> Result<Told, StepError> {
    let Speaker { desk, case, .. } = *speaker;
    let Some(channel) = &case.room().channel else {
        return room::make_channel(speaker, memory).await;
    };
    if room::invite(desk, case, channel).await? == Told::Something {
        return Ok(Told::Something);
    }
    if !case.room().dressed {
        return room::dress(desk, case, channel).await;
    }
    let (owed, next) = owed(speaker);
    let (files, words): (Vec<_>, Vec<_>) =
        owed.into_iter().partition(|owed| matches!(owed.what, What::Rows(_)));
    if let Some(owed) = words.first() {
        return post(speaker, channel, (owed, memory)).await;
    }
    if outside::tell(speaker, memory).await? == Told::Something {
        return Ok(Told::Something);
    }
    // Files come last: nothing that people wait for stands behind the rows of thirty answers.
    let refreshed = refresh(speaker, memory).await?;
    if let Some(owed) = files.first().filter(|_| refreshed != Told::Something) {
        return post(speaker, channel, (owed, memory)).await;
    }
    match refreshed {
        Told::Nothing if case.closed_at().is_some() && !case.awaits_reconciliation() => {
            match file::on_its_way(case, desk.clock.now()) {
                Some(until) => Ok(Told::Later(until)),
                None => room::farewell(desk, case, channel).await,
            }
        }
        Told::Nothing => Ok(memory.told_all(case, next)),
        told @ (Told::Something | Told::Later(_)) => Ok(told),
    }
}

/// What the channel is owed and has not got.
fn owed(speaker: &Speaker<'_>) -> (Vec<Announcement>, Option<Timestamp>) {
    let Speaker { desk, case, policy, .. } = *speaker;
    let room = case.room();
    let mut owed = announcements(case);
    let Round { due, next } = rounds::due(case, policy, desk.clock.now());
    owed.extend(due);
    owed.retain(|owed| !room.posted.contains_key(&owed.key) && !room.given_up.contains(&owed.key));
    if desk.trail.is_none() {
        // Nobody asks then, and nothing is under way.
        owed.retain(|owed| !matches!(owed.what, What::Progress(_)));
    }
    (owed, next)
}

/// Where it is said: in the thread of what it belongs to, where that is in the channel.
fn spot<'a>(case: &'a Case, channel: &'a ChannelId, what: &What) -> Spot<'a> {
    let parent = match what {
        What::Rows(seq) => case.room().posted.get(&answer_key(*seq)),
        What::Details => case.room().posted.get(&card_key()),
        What::Ways(plan) => case.room().posted.get(&plan_key(*plan)),
        What::Task(call) => case.room().posted.get(&tasks_key(call.task.phase())),
        What::Card
        | What::Plan(_)
        | What::Summary(_)
        | What::Update(_)
        | What::Rung(_)
        | What::Legal(_)
        | What::Checklist(_)
        | What::Letter
        | What::Recovery
        | What::Impact
        | What::Progress(_)
        | What::Answer(_)
        | What::Notice(_)
        | What::Alarm(_)
        | What::Report(_) => None,
    };
    let thread = parent.filter(|(place, _)| place == channel).map(|(_, message)| message);
    Spot { channel, thread }
}

async fn post(
    speaker: &Speaker<'_>,
    channel: &ChannelId,
    (owed, memory): (&Announcement, &mut Memory),
) -> Result<Told, StepError> {
    let Speaker { desk, case, .. } = *speaker;
    let spot = spot(case, channel, &owed.what);
    memory.look_around((desk, case), spot).await?;
    let full_key = format!("{}/{}", case.id(), owed.key.0);
    let said = match memory.found(&full_key) {
        Some(message) => Ok(Said::Words { message, repeat_possible: false }),
        None => say(speaker, spot, (owed, full_key, memory)).await,
    };
    match said {
        Ok(Said::Words { message, repeat_possible }) => {
            if owed.what == What::Card
                && let Err(error) = desk.chat.pin(channel, &message).await
            {
                tracing::warn!(case.id = %case.id(), %error, "the card could not be pinned");
            }
            let sent = Sent { channel, message, repeat_possible };
            posted(speaker, (&owed.key, None), sent).await?;
            Ok(Told::Something)
        }
        Ok(Said::Later(at)) => Ok(Told::Later(at)),
        Err(StepError::Chat(
            error @ (ChatError::Refused { .. }
            | ChatError::MissingScope { .. }
            | ChatError::MessageGone),
        )) => {
            let failed = Event::PostFailed { post: owed.key.clone(), why: error.to_string() };
            note(desk, case, failed).await?;
            Ok(Told::Something)
        }
        Err(error) => Err(error),
    }
}

/// A message that Slack has taken.
struct Sent<'a> {
    channel: &'a ChannelId,
    message: MessageTs,
    repeat_possible: bool,
}

enum Said {
    Words { message: MessageTs, repeat_possible: bool },
    Later(Timestamp),
}

/// Writes down where a message is, in the place of the one it `replaces`. One that a process sent
/// which had lost the case meanwhile is a double, and is taken back.
async fn posted(
    speaker: &Speaker<'_>,
    (post, replaces): (&PostKey, Option<&MessageTs>),
    sent: Sent<'_>,
) -> Result<(), StepError> {
    let Speaker { desk, case, .. } = *speaker;
    let event = Event::Posted {
        post: post.clone(),
        channel: sent.channel.clone(),
        message: sent.message.clone(),
        repeat_possible: sent.repeat_possible,
    };
    let entry = Entry::own(desk.clock.now(), event);
    let expected = |case: &Case| {
        let standing = case.room().posted.get(post).map(|(_, message)| message);
        Ok::<_, StepError>((standing == replaces).then(|| entry.clone()))
    };
    let after = desk.ledger.append(case.id(), expected).await?;
    let standing = after.room().posted.get(post).map(|(_, message)| message);
    if standing != Some(&sent.message) {
        memory::take_back(desk, case, sent.channel, &sent.message).await;
    }
    Ok(())
}

async fn say(
    speaker: &Speaker<'_>,
    spot: Spot<'_>,
    (owed, key, memory): (&Announcement, String, &mut Memory),
) -> Result<Said, StepError> {
    let Speaker { desk, case, .. } = *speaker;
    let scene = speaker.scene();
    let (kept, margin);
    let mut repeat_possible = memory.is_in_doubt();
    let view = match View::of(scene, &owed.what) {
        Ok(view) => view,
        Err(Kept::Progress(asked)) => View::Progress(scene, asked, waiting_of(desk, case, asked)),
        Err(Kept::Answer(seq)) => {
            kept = file::stored_answer(desk, case, seq).await?;
            margin = around(desk, case, &kept);
            View::Answer(scene, &kept, &margin)
        }
        Err(Kept::Rows(seq)) => {
            let rows = (&owed.key, seq);
            match file::rows(speaker, spot, rows, memory).await? {
                Enclosed::Beside { words, perhaps_twice } => {
                    repeat_possible |= perhaps_twice;
                    View::Reply(scene, words)
                }
                Enclosed::Later(at) => return Ok(Said::Later(at)),
            }
        }
        Err(Kept::Report(seq)) => {
            let report = (&owed.key, seq);
            match file::report(speaker, spot, report, memory).await? {
                Enclosed::Beside { words, perhaps_twice } => {
                    repeat_possible |= perhaps_twice;
                    View::Notice(scene, words)
                }
                Enclosed::Later(at) => return Ok(Said::Later(at)),
            }
        }
    };
    let digest = desk.chat.drawn(&view);
    speaker.may_still_speak()?;
    let post = Post { key, view, repeat_possible };
    let message = desk.chat.post(spot, &post).await?;
    let drawing = Drawing { digest, at: desk.clock.now(), seq: case.seq() };
    memory.said((&owed.key, &message), drawing);
    Ok(Said::Words { message, repeat_possible })
}

/// How an answer is drawn and what of it can be contained, as its question's header says.
fn around(desk: &Desk, case: &Case, answer: &Answer) -> Margin {
    let catalogue = desk.trail.as_deref().map_or(&[][..], |trail| trail.catalogue());
    let question = catalogue.iter().find(|question| question.id == answer.question);
    let named = question.map_or(&[][..], |question| question.contain.as_slice());
    let is_named = |at: usize| answer.columns.get(at).is_some_and(|name| named.contains(name));
    let cells = answer.rows.iter().flat_map(|row| row.iter().enumerate());
    let cells = cells.filter(|(at, _)| is_named(*at)).filter_map(|(_, cell)| cell.text());
    Margin {
        chart: question.and_then(|question| question.chart.clone()),
        offers: offers(case, &desk.rules.plans, cells),
    }
}

/// Redraws the card, recovery, impact, plans and what is asked, where they have changed.
async fn refresh(speaker: &Speaker<'_>, memory: &mut Memory) -> Result<Told, StepError> {
    let Speaker { desk, case, .. } = *speaker;
    let scene = speaker.scene();
    let mut views = vec![
        (card_key(), View::Card(scene)),
        (details_key(), View::Details(scene)),
        (recovery_key(), View::Recovery(scene)),
        (impact_key(), View::Impact(scene)),
    ];
    views.extend(Phase::ALL.map(|phase| (tasks_key(phase), View::Checklist(scene, phase))));
    views.extend(case.plans().map(|state| {
        let number = state.plan.number;
        (plan_key(number), View::Plan(scene, number))
    }));
    views.extend(progress::kept(case).into_iter().map(|asked| {
        (asked_key(asked), View::Progress(scene, asked, waiting_of(desk, case, asked)))
    }));
    let mut later: Option<Timestamp> = None;
    for (key, view) in views {
        let Some((channel, message)) = case.room().posted.get(&key) else {
            continue;
        };
        let now = desk.clock.now();
        let last = memory.drawn(&key);
        if last.is_some_and(|last| last.seq == case.seq()) {
            continue;
        }
        // Drawing costs more than all else: a case with many plans and records must not be drawn
        // whole after each record, only to find that little of it has changed.
        if let Some(due) = last.map(|last| last.at + REDRAWN_EVERY).filter(|due| *due > now) {
            later = Some(later.map_or(due, |other| other.min(due)));
            continue;
        }
        let digest = desk.chat.drawn(&view);
        let same = last.is_some_and(|last| last.digest == digest);
        let drawing = Drawing { digest, at: now, seq: case.seq() };
        if same {
            memory.drew(&key, drawing);
            continue;
        }
        redraw(speaker, (channel, message), (&key, view), memory).await?;
        memory.drew(&key, Drawing { at: desk.clock.now(), ..drawing });
        return Ok(Told::Something);
    }
    Ok(later.map_or(Told::Nothing, Told::Later))
}

async fn redraw(
    speaker: &Speaker<'_>,
    (channel, message): (&ChannelId, &MessageTs),
    (key, view): (&PostKey, View<'_>),
    memory: &mut Memory,
) -> Result<(), StepError> {
    let Speaker { desk, case, .. } = *speaker;
    match desk.chat.update(channel, message, &view).await {
        Ok(()) => Ok(()),
        Err(ChatError::MessageGone) => {
            // Of what is kept current only the details stand in a thread.
            let spot = match *key == details_key() {
                true => spot(case, channel, &What::Details),
                false => Spot { channel, thread: None },
            };
            memory.look_around((desk, case), spot).await?;
            let full_key = format!("{}/{}/after-{}", case.id(), key.0, message.0);
            let (again, repeat_possible) = match memory.found(&full_key) {
                Some(again) => (again, false),
                None => {
                    speaker.may_still_speak()?;
                    let repeat_possible = memory.is_in_doubt();
                    let post = Post { key: full_key, view, repeat_possible };
                    (desk.chat.post(spot, &post).await?, repeat_possible)
                }
            };
            let sent = Sent { channel, message: again, repeat_possible };
            posted(speaker, (key, Some(message)), sent).await
        }
        Err(error @ (ChatError::Refused { .. } | ChatError::MissingScope { .. })) => {
            tracing::warn!(case.id = %case.id(), %error, "a card could not be updated");
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}
