//! What goes elsewhere than into the case's channel: news for people outside, a question to one.

use crate::domain::event::{Event, PostKey};
use crate::domain::ids::ChannelId;
use crate::domain::owner_asked;
use crate::domain::stakeholders::digests;
use crate::flow::lane::{StepError, note};
use crate::flow::tell::memory::Memory;
use crate::flow::tell::speaker::{Speaker, Told};
use crate::ports::chat::{ChatError, Post, Spot, View};

/// Says the next thing that people elsewhere are owed.
pub(super) async fn tell(speaker: &Speaker<'_>, memory: &mut Memory) -> Result<Told, StepError> {
    let Speaker { case, policy, .. } = *speaker;
    if let Some(channel) = &policy.conduct.stakeholders {
        for digest in digests(case) {
            let view = View::Digest(speaker.scene(), digest);
            if say(speaker, channel, (digest.key(), view, Some(&mut *memory))).await?.is_some() {
                return Ok(Told::Something);
            }
        }
    }
    if let Some(owner) = owner_asked::to_ask(case, policy) {
        // Slack takes a person for the channel of their conversation with the app.
        let channel = ChannelId(owner.to_owned());
        let view = View::Owner(speaker.scene());
        if say(speaker, &channel, (owner_asked::key(), view, None)).await?.is_some() {
            return Ok(Told::Something);
        }
    }
    Ok(Told::Nothing)
}

/// Posts it, unless it was; a refusal is written down, and is no reason to be silent elsewhere.
/// What is in a channel that we may read is not said again after a crash; a conversation with one
/// person we may not read, so that there it may come twice.
async fn say(
    speaker: &Speaker<'_>,
    channel: &ChannelId,
    (key, view, memory): (PostKey, View<'_>, Option<&mut Memory>),
) -> Result<Option<()>, StepError> {
    let Speaker { desk, case, .. } = *speaker;
    let room = case.room();
    if room.posted.contains_key(&key) || room.given_up.contains(&key) {
        return Ok(None);
    }
    let spot = Spot { channel, thread: None };
    let full_key = format!("{}/{}", case.id(), key.0);
    let there = match memory {
        Some(memory) => memory.outside((desk, spot), &full_key).await?,
        None => None,
    };
    let said = match there {
        Some(message) => Ok(message),
        None => {
            speaker.may_still_speak()?;
            desk.chat.post(spot, &Post { key: full_key, view, repeat_possible: false }).await
        }
    };
    let event = match said {
        Ok(message) => {
            Event::Posted { post: key, channel: channel.clone(), message, repeat_possible: false }
        }
        Err(
            error @ (ChatError::Refused { .. }
            | ChatError::MissingScope { .. }
            | ChatError::NotInside
            | ChatError::Archived),
        ) => Event::PostFailed { post: key, why: error.to_string() },
        Err(error) => return Err(error.into()),
    };
    note(desk, case, event).await?;
    Ok(Some(()))
}
