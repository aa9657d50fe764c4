//! What the requester is told directly, because their case has no channel to be told in.

use crate::domain::digest::sha256_hex;
use crate::domain::event::{Event, PostKey};
use crate::domain::ids::ChannelId;
use crate::flow::lane::{StepError, note};
use crate::flow::tell::speaker::{Speaker, Told};
use crate::ports::chat::{ChatError, Post, Spot, View};

/// Tells the requester why there is no channel, once for each reason. Nothing that we may read
/// shows whether it got through when the process dies right then, so that it may come twice.
pub(super) async fn tell(speaker: &Speaker<'_>, why: &str) -> Result<Told, StepError> {
    let Speaker { desk, case, .. } = *speaker;
    let digest = sha256_hex(why.as_bytes());
    let key = PostKey(format!("direct-{}", digest.get(..8).unwrap_or_default()));
    let room = case.room();
    if room.posted.contains_key(&key) || room.given_up.contains(&key) {
        return Ok(Told::Nothing);
    }
    let next = if room.unmade.is_some() {
        "I try again by myself, more and more rarely, and at once when somebody gives /keyleak \
         this key again. "
    } else {
        ""
    };
    let words = format!("Case {}: {why}.\n{next}Follow it with keyleak status {0}.", case.id());
    let post = Post {
        key: format!("{}/{}", case.id(), key.0),
        view: View::Notice(speaker.scene(), words),
        repeat_possible: false,
    };
    // Slack takes a person for the channel of their conversation with the app.
    let channel = ChannelId(case.opened_by().user.clone());
    speaker.may_still_speak()?;
    let event = match desk.chat.post(Spot { channel: &channel, thread: None }, &post).await {
        Ok(message) => Event::Posted { post: key, channel, message, repeat_possible: false },
        Err(
            error @ (ChatError::Refused { .. }
            | ChatError::NotInside
            | ChatError::MissingScope { .. }),
        ) => Event::PostFailed { post: key, why: error.to_string() },
        Err(error) => return Err(error.into()),
    };
    note(desk, case, event).await?;
    Ok(Told::Something)
}
