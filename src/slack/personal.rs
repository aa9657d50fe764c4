//! What one person is told alone: short answers, and a line of theirs that is kept current.

use crate::domain::ids::{ChannelId, MessageTs, PersonId};
use crate::ports::chat::{ChatError, Line, Whisper};
use crate::slack::telling;
use crate::slack::web::Web;
use serde_json::{Value, json};

/// A short answer: where it was asked for, else in the channel, else directly.
pub(super) async fn whisper(web: &Web, whisper: &Whisper) -> Result<(), ChatError> {
    let drawn = telling::whisper(&whisper.text);
    let mut body = json!({ "text": drawn.text, "blocks": drawn.blocks });
    if let Some(address) = &whisper.response_url {
        body["response_type"] = json!("ephemeral");
        body["replace_original"] = json!(false);
        if web.respond(address, &body).await.is_ok() {
            return Ok(());
        }
    }
    let person = &whisper.person.user;
    body = json!({ "text": drawn.text, "blocks": drawn.blocks });
    if let Some(channel) = &whisper.channel {
        body["channel"] = json!(channel.0);
        body["user"] = json!(person);
        match post(web, "chat.postEphemeral", &body).await {
            Ok(_) => return Ok(()),
            // Nobody is whispered to in a channel that the bot or the person is not in.
            Err(ChatError::Refused { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    let body = json!({ "channel": person, "text": drawn.text, "blocks": drawn.blocks });
    post(web, "chat.postMessage", &body).await.map(drop)
}

/// A line in the person's conversation with the app; one that is gone is said again.
pub(super) async fn say_to(
    web: &Web,
    (person, before): (&PersonId, Option<&Line>),
    text: &str,
) -> Result<Line, ChatError> {
    let drawn = telling::whisper(text);
    let mut body = json!({ "text": drawn.text, "blocks": drawn.blocks });
    if let Some(line) = before {
        body["channel"] = json!(line.channel.0);
        body["ts"] = json!(line.message.0);
        match post(web, "chat.update", &body).await {
            Ok(_) => return Ok(line.clone()),
            Err(ChatError::MessageGone) => {}
            Err(error) => return Err(error),
        }
    }
    // Slack takes a person for the channel of their conversation with the app.
    let body = json!({ "channel": person.user, "text": drawn.text, "blocks": drawn.blocks });
    let answer = post(web, "chat.postMessage", &body).await?;
    let named = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
    Ok(Line { channel: ChannelId(named("channel")), message: MessageTs(named("ts")) })
}

async fn post(web: &Web, method: &str, body: &Value) -> Result<Value, ChatError> {
    web.post(method, None, body).await.map_err(|failure| failure.error)
}
