//! Files for a channel: handed to Slack first, where nobody sees them, and shared afterwards.

use crate::ports::chat::{Brought, ChatError, Spot, Upload};
use crate::slack::blocks::clean;
use crate::slack::failure::{Failure, unreadable};
use crate::slack::web::Web;
use serde_json::{Value, json};

/// Hands a file to Slack.
pub(super) async fn bring(web: &Web, upload: &Upload) -> Result<Brought, ChatError> {
    let failed = |failure: Failure| failure.error;
    let params = vec![
        ("filename", Some(clean(&upload.name))),
        ("length", Some(upload.content.len().to_string())),
    ];
    let method = "files.getUploadURLExternal";
    let place = web.get(method, &params).await.map_err(failed)?;
    let field = |name: &str| place.get(name).and_then(Value::as_str).map(str::to_owned);
    let (Some(id), Some(address)) = (field("file_id"), field("upload_url")) else {
        return Err(unreadable(method));
    };
    web.send_bytes(&address, &upload.content).await.map_err(failed)?;
    Ok(Brought(id))
}

/// Shows a file in a channel, or in a thread of it.
pub(super) async fn share(
    web: &Web,
    spot: Spot<'_>,
    (file, title): (&Brought, &str),
) -> Result<(), ChatError> {
    let mut body = json!({
        "files": [{ "id": file.0, "title": clean(title) }],
        "channel_id": spot.channel.0,
    });
    if let Some(thread) = spot.thread {
        body["thread_ts"] = json!(thread.0);
    }
    let shared = web.post("files.completeUploadExternal", None, &body).await;
    shared.map(drop).map_err(|failure| failure.error)
}
