//! Files: the upload url, the completion, and the share that appears later.

use crate::sim::slack::call::{Call, Refusal, Reply, refuse};
use crate::sim::slack::content::{Content, read};
use crate::sim::slack::state::State;
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// Far above what a table of answers needs; a bound for the memory of the simulation.
pub(super) const FILE_BYTES_MAX: usize = 16 * 1024 * 1024;
const SNIPPET_BYTES_MAX: i64 = 1024 * 1024;
const ALT_TEXT_MAX: usize = 1000;
/// Files kept; older ones are forgotten.
const FILES_MAX: usize = 1000;

/// An uploaded file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct File {
    pub id: String,
    pub name: String,
    pub title: String,
    pub length: usize,
    #[serde(skip)]
    pub content: Vec<u8>,
    /// The message it was shared in, once the share has appeared.
    pub shared_ts: Option<String>,
    pub channel: Option<String>,
    /// The thread it is to appear in.
    pub thread_ts: Option<String>,
    /// Who put it there, when it was not the bot.
    pub owner: Option<String>,
    #[serde(skip)]
    pub(super) url_secret: String,
    pub(super) uploaded: bool,
    #[serde(skip)]
    pub(super) pending: Option<Pending>,
}

/// A completed upload whose share has not appeared yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pending {
    pub(super) ready_at: Timestamp,
    comment: Option<String>,
    blocks: Option<Value>,
}

pub(super) fn upload_url(state: &mut State, call: &Call) -> Reply {
    let name = call.text("filename").ok_or_else(|| refuse("missing_argument"))?.to_owned();
    let length = call.number("length").filter(|length| *length > 0);
    let length = length.ok_or_else(|| refuse("missing_argument"))?;
    if call.text("snippet_type").is_some() && length > SNIPPET_BYTES_MAX {
        return Err(refuse("snippet_too_large"));
    }
    if call.text("alt_txt").is_some_and(|text| text.chars().count() > ALT_TEXT_MAX) {
        return Err(refuse("alt_txt_too_large"));
    }
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > FILE_BYTES_MAX {
        return Err(refuse("file_upload_size_restricted"));
    }
    let (id, url_secret) = (state.mint_id("F"), state.mint_secret());
    let upload_url = format!("{}/upload/v1/{url_secret}", state.base_url);
    if state.files.len() >= FILES_MAX {
        state.files.remove(0);
    }
    state.files.push(File {
        id: id.clone(),
        title: name.clone(),
        name,
        length,
        content: Vec::new(),
        shared_ts: None,
        channel: None,
        thread_ts: None,
        owner: None,
        url_secret,
        uploaded: false,
        pending: None,
    });
    Ok(json!({"upload_url": upload_url, "file_id": id}))
}

/// Takes the bytes of an upload; the answer is what the upload url says in plain text.
pub(super) fn upload(state: &mut State, secret: &str, content: &[u8]) -> Option<String> {
    let file = state.files.iter_mut().find(|file| file.url_secret == secret)?;
    let (id, announced) = (file.id.clone(), file.length);
    file.content = content.to_vec();
    file.uploaded = true;
    if announced != content.len() {
        let sent = content.len();
        state.violate(format!("upload of {id}: {announced} bytes announced, {sent} sent"));
    }
    Some(format!("OK - {}", content.len()))
}

pub(super) fn complete(state: &mut State, call: &Call) -> Reply {
    let listed = call.structure("files", "invalid_arguments")?;
    let listed = listed.as_ref().and_then(Value::as_array).cloned().unwrap_or_default();
    if listed.is_empty() {
        call.needed("files")?;
        return Err(refuse("invalid_arguments"));
    }
    let channel = match call.text("channel_id").or_else(|| call.text("channels")) {
        Some(id) => Some(state.joined(id)?.id.clone()),
        None => None,
    };
    let blocks = match call.has("blocks") {
        true => read(state, call, false)?.blocks,
        false => None,
    };
    for entry in &listed {
        let id = entry["id"].as_str().unwrap_or_default();
        let known = state.files.iter().find(|file| file.id == id);
        let file = known.ok_or_else(|| refuse("file_not_found"))?;
        if !file.uploaded || file.pending.is_some() || file.shared_ts.is_some() {
            return Err(refuse("file_update_failed"));
        }
    }
    let delay = SignedDuration::try_from(state.config.file_delay).unwrap_or(SignedDuration::ZERO);
    let ready_at = call.now.checked_add(delay).unwrap_or(call.now);
    let dropped = state.faults.take_dropped_share();
    for entry in &listed {
        let file = state.files.iter_mut().find(|file| entry["id"] == file.id);
        let Some(file) = file else { continue };
        if let Some(title) = entry["title"].as_str() {
            title.clone_into(&mut file.title);
        }
        file.channel.clone_from(&channel);
        file.thread_ts = call.text("thread_ts").map(str::to_owned);
        let comment = call.text("initial_comment").map(str::to_owned);
        // A dropped share is what Slack sometimes does: it says ok, and nothing appears.
        let pending = Pending { ready_at, comment, blocks: blocks.clone() };
        file.pending = (!dropped).then_some(pending);
    }
    let named = listed.iter().map(|entry| json!({"id": entry["id"], "title": entry["title"]}));
    Ok(json!({"files": named.collect::<Vec<_>>()}))
}

pub(super) fn info(state: &mut State, call: &Call) -> Reply {
    let id = call.needed("file")?;
    let file = state.files.iter().find(|file| file.id == id && file.uploaded);
    let file = file.ok_or_else(|| refuse("file_not_found"))?;
    Ok(json!({"file": object(state, file), "comments": []}))
}

/// Puts a file there as a person does who chooses it in a form; the file as Slack describes it.
pub(super) fn give(state: &mut State, user: &str, (name, content): (&str, &[u8])) -> Value {
    let (id, url_secret) = (state.mint_id("F"), state.mint_secret());
    let file = File {
        id: id.clone(),
        name: name.to_owned(),
        title: name.to_owned(),
        length: content.len(),
        content: content.to_vec(),
        shared_ts: None,
        channel: None,
        thread_ts: None,
        owner: Some(user.to_owned()),
        url_secret,
        uploaded: true,
        pending: None,
    };
    state.capabilities.files_ready.insert(id);
    let object = object(state, &file);
    state.files.push(file);
    object
}

/// The content of a file, for a token that may read it.
pub(super) fn content(state: &State, id: &str, token: Option<&str>) -> Option<Vec<u8>> {
    let known = token.is_some_and(|token| token == state.config.bot_token.expose_secret());
    let may_read = state.config.scopes.iter().any(|scope| scope == "files:read");
    let file = state.files.iter().find(|file| file.id == id && file.uploaded);
    file.filter(|_| known && may_read).map(|file| file.content.clone())
}

/// Lets the shares appear whose time has come; true if any did.
pub(super) fn settle(state: &mut State, now: Timestamp) -> bool {
    let due = |file: &File| file.pending.as_ref().is_some_and(|pending| pending.ready_at <= now);
    let ids: Vec<_> = state.files.iter().filter(|f| due(f)).map(|file| file.id.clone()).collect();
    for id in &ids {
        // A share into a channel that is gone by now is dropped, as Slack drops it.
        let _shared: Result<(), Refusal> = share(state, id, now);
    }
    !ids.is_empty()
}

fn share(state: &mut State, id: &str, now: Timestamp) -> Result<(), Refusal> {
    let file = state.files.iter_mut().find(|file| file.id == id);
    let file = file.ok_or_else(|| refuse("file_not_found"))?;
    let pending = file.pending.take().ok_or_else(|| refuse("file_not_found"))?;
    state.capabilities.files_ready.insert(id.to_owned());
    let (channel, thread) = (file.channel.clone(), file.thread_ts.clone());
    let Some(channel) = channel else {
        return Ok(());
    };
    state.joined(&channel)?;
    let file = state.files.iter().find(|file| file.id == id);
    let object = file.map(|file| object(state, file));
    let content = Content {
        text: Some(pending.comment.unwrap_or_default()),
        blocks: pending.blocks,
        attachments: None,
        metadata: None,
    };
    let mut more = Map::new();
    more.insert("files".to_owned(), json!([object]));
    more.insert("subtype".to_owned(), json!("file_share"));
    if let Some(thread) = thread {
        more.insert("thread_ts".to_owned(), json!(thread));
    }
    let message = crate::sim::slack::messages::publish(state, &channel, content, (more, now));
    if let Some(file) = state.files.iter_mut().find(|file| file.id == id) {
        file.shared_ts = message["ts"].as_str().map(str::to_owned);
    }
    Ok(())
}

fn object(state: &State, file: &File) -> Value {
    let ready = state.capabilities.files_ready.contains(&file.id);
    let ending = file.name.rsplit_once('.').map_or("text", |(_, ending)| ending);
    let kind = match ending {
        "csv" => "text/csv",
        "md" => "text/markdown",
        "png" => "image/png",
        "json" => "application/json",
        _ => "text/plain",
    };
    let address = format!("{}/files/{}", state.base_url, file.id);
    let mut object = json!({
        "id": file.id,
        "name": file.name,
        "title": file.title,
        "size": file.length,
        "mode": "hosted",
        "user": file.owner.as_ref().unwrap_or(&state.config.bot_user_id),
        "filetype": ending,
        "mimetype": if ready { kind } else { "" },
        "url_private": address,
        "url_private_download": address,
        "shares": {},
    });
    if let (Some(channel), Some(ts)) = (&file.channel, &file.shared_ts) {
        object["shares"] = json!({"private": {channel: [{"ts": ts, "thread_ts": file.thread_ts}]}});
    }
    object
}
