//! The Slack adapter: what the use cases ask for, as calls of the Web API.

use crate::domain::home::Home;
use crate::domain::ids::{ChannelId, MessageTs, PersonId};
use crate::domain::intake::IntakeStart;
use crate::ports::chat::{
    Brought, Chat, ChatError, Fetched, Form, Found, Heard, Invitation, Line, Post, Spot, Upload,
    View, Whisper,
};
use crate::ports::clock::Clock;
use crate::slack::blocks::{BLOCKS_MAX, clean, context};
use crate::slack::cards::draw;
use crate::slack::failure::{Failure, unreadable};
use crate::slack::intake_modal::{self, FileField};
use crate::slack::links::Links;
use crate::slack::refused_blocks::RefusedBlocks;
use crate::slack::sketch::{Drawn, Means};
use crate::slack::web::{SlackSetUpError, SlackSettings, Web};
use crate::slack::{given_file, history, home_view, inviting, personal, plan_form, upload};
use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

/// The scopes of the bot's token: what the calls below and the events need, and nothing more.
pub const SCOPES: &[&str] = &[
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "groups:write",
    "pins:write",
    "reactions:read",
    "usergroups:read",
    "users:read",
];
/// Slack refuses a longer topic or purpose.
const TOPIC_LENGTH_MAX: usize = 250;
/// Under a message that may be there already.
const REPEAT_POSSIBLE: &str = "The bot was interrupted here and may not read this channel, so \
    this message or its file may be a repeat. To rule that out, add the scope groups:history.";

/// Slack, over its Web API.
#[derive(Debug)]
pub struct SlackChat {
    pub(super) web: Web,
    /// The workspace whose people are ours.
    pub(super) team: String,
    identity: OnceCell<Identity>,
    refused: RefusedBlocks,
}

/// Who the bot is in the workspace, and where that is.
#[derive(Debug)]
struct Identity {
    user: String,
    links: Links,
}

/// What is sent: a view, a mark under it that a message may carry when it is posted, and the way
/// back to the card.
struct Drawing<'a> {
    view: &'a View<'a>,
    mark: Option<&'a str>,
    back: Option<Value>,
}

impl Drawing<'_> {
    fn draw(&self, means: Means) -> Drawn {
        let mut drawn = draw(self.view, means);
        drawn.blocks.extend(self.mark.map(context));
        // Before the last block, which is the mark of a drill or a line about the case.
        if let Some(back) = self.back.as_ref().filter(|_| drawn.blocks.len() < BLOCKS_MAX) {
            let at = drawn.blocks.len().saturating_sub(1).max(1).min(drawn.blocks.len());
            drawn.blocks.insert(at, back.clone());
        }
        drawn
    }
}

impl SlackChat {
    /// A client; nothing is called yet.
    pub fn new(settings: &SlackSettings, clock: Clock) -> Result<Self, SlackSetUpError> {
        Ok(Self {
            web: Web::new(settings, clock)?,
            team: settings.team_id.clone(),
            identity: OnceCell::new(),
            refused: RefusedBlocks::default(),
        })
    }

    /// The bot's own user id, asked once.
    pub async fn bot_user(&self) -> Result<&str, ChatError> {
        self.identity().await.map(|identity| identity.user.as_str())
    }

    async fn identity(&self) -> Result<&Identity, ChatError> {
        let ask = || async {
            let answer = self.call("auth.test", None, &json!({})).await?;
            let user = text(&answer, "user_id").ok_or_else(|| unreadable("auth.test"))?;
            let links = Links::of(answer["url"].as_str().unwrap_or_default());
            Ok(Identity { user, links })
        };
        self.identity.get_or_try_init(ask).await
    }

    /// A message is worth more than its link: where Slack does not say where it is, there is none.
    async fn back_to_card(&self, view: &View<'_>) -> Option<Value> {
        self.identity().await.ok()?.links.back_to_card(view)
    }

    async fn call(
        &self,
        method: &str,
        channel: Option<&ChannelId>,
        body: &Value,
    ) -> Result<Value, ChatError> {
        let answer = self.web.post(method, channel, body).await;
        answer.map_err(|failure| failure.error)
    }

    /// A call whose end is also reached when somebody was there before us.
    async fn call_once(&self, method: &str, body: &Value, done: &str) -> Result<(), ChatError> {
        match self.web.post(method, None, body).await {
            Ok(_) => Ok(()),
            Err(failure) if failure.code == done => Ok(()),
            Err(failure) => Err(failure.error),
        }
    }

    /// Sends a drawing; one that Slack refuses for its blocks is sent again with older ones, and at
    /// last as text, because a plain word is better than none.
    async fn send(
        &self,
        method: &str,
        channel: &ChannelId,
        drawing: &Drawing<'_>,
        more: &Value,
    ) -> Result<Value, ChatError> {
        let mut refused: Option<Drawn> = None;
        for means in self.refused.means(self.web.clock().now()) {
            let drawn = drawing.draw(means);
            // The same blocks again would be refused again.
            if refused.as_ref() == Some(&drawn) {
                continue;
            }
            match self.send_drawn(method, channel, &drawn, more).await {
                Err(failure) if is_about_blocks(&failure.code) => {
                    tracing::warn!(method, code = failure.code, "Slack refused our blocks");
                    refused = Some(drawn);
                }
                Ok(answer) => {
                    if refused.is_some() {
                        self.refused.settled_for(means, self.web.clock().now());
                    }
                    return Ok(answer);
                }
                Err(failure) => return Err(outside(failure)),
            }
        }
        let text = refused.map_or_else(|| drawing.draw(Means::Plain).text, |drawn| drawn.text);
        let bare = Drawn { text, blocks: Vec::new() };
        self.send_drawn(method, channel, &bare, more).await.map_err(outside)
    }

    async fn send_drawn(
        &self,
        method: &str,
        channel: &ChannelId,
        drawn: &Drawn,
        more: &Value,
    ) -> Result<Value, Failure> {
        let mut body = more.clone();
        body["channel"] = json!(channel.0);
        body["text"] = json!(drawn.text);
        body["blocks"] = json!(drawn.blocks);
        self.web.post(method, Some(channel), &body).await
    }
}

#[async_trait]
impl Chat for SlackChat {
    async fn create_channel(&self, name: &str) -> Result<ChannelId, ChatError> {
        let body = json!({ "name": name, "is_private": true });
        let answer = self.call("conversations.create", None, &body).await?;
        let id = text(&answer["channel"], "id");
        id.map(ChannelId).ok_or_else(|| unreadable("conversations.create"))
    }

    async fn own_channel(
        &self,
        name: &str,
        since: Timestamp,
    ) -> Result<Option<ChannelId>, ChatError> {
        let me = self.bot_user().await?;
        history::own_channel(&self.web, me, name, since).await
    }

    async fn invite(
        &self,
        channel: &ChannelId,
        people: &[PersonId],
    ) -> Result<Invitation, ChatError> {
        inviting::invite(&self.web, channel, people).await
    }

    async fn set_topic(&self, channel: &ChannelId, topic: &str) -> Result<(), ChatError> {
        let body = json!({ "channel": channel.0, "topic": heading(topic) });
        self.call("conversations.setTopic", None, &body).await.map(drop)
    }

    async fn set_purpose(&self, channel: &ChannelId, purpose: &str) -> Result<(), ChatError> {
        let body = json!({ "channel": channel.0, "purpose": heading(purpose) });
        self.call("conversations.setPurpose", None, &body).await.map(drop)
    }

    async fn post(&self, spot: Spot<'_>, post: &Post<'_>) -> Result<MessageTs, ChatError> {
        let mut more = json!({
            "unfurl_links": false,
            "unfurl_media": false,
            "metadata": {
                "event_type": history::EVENT_TYPE,
                "event_payload": { "key": post.key },
            },
        });
        if let Some(thread) = spot.thread {
            more["thread_ts"] = json!(thread.0);
        }
        let mark = post.repeat_possible.then_some(REPEAT_POSSIBLE);
        let back = self.back_to_card(&post.view).await;
        let drawing = Drawing { view: &post.view, mark, back };
        let answer = self.send("chat.postMessage", spot.channel, &drawing, &more).await?;
        text(&answer, "ts").map(MessageTs).ok_or_else(|| unreadable("chat.postMessage"))
    }

    async fn update(
        &self,
        channel: &ChannelId,
        message: &MessageTs,
        view: &View<'_>,
    ) -> Result<(), ChatError> {
        let more = json!({ "ts": message.0 });
        let drawing = Drawing { view, mark: None, back: self.back_to_card(view).await };
        self.send("chat.update", channel, &drawing, &more).await.map(drop)
    }

    fn drawn(&self, view: &View<'_>) -> String {
        draw(view, Means::Full).digest()
    }

    async fn pin(&self, channel: &ChannelId, message: &MessageTs) -> Result<(), ChatError> {
        let body = json!({ "channel": channel.0, "timestamp": message.0 });
        self.call_once("pins.add", &body, "already_pinned").await
    }

    async fn posted(&self, spot: Spot<'_>) -> Result<Found, ChatError> {
        let me = self.bot_user().await?;
        history::posted(&self.web, me, spot).await
    }

    async fn take_back(&self, channel: &ChannelId, message: &MessageTs) -> Result<(), ChatError> {
        let body = json!({ "channel": channel.0, "ts": message.0 });
        self.call_once("chat.delete", &body, "message_not_found").await
    }

    async fn bring(&self, upload: &Upload) -> Result<Brought, ChatError> {
        upload::bring(&self.web, upload).await
    }

    async fn share(&self, spot: Spot<'_>, file: &Brought, title: &str) -> Result<(), ChatError> {
        upload::share(&self.web, spot, (file, title)).await
    }

    async fn archive(&self, channel: &ChannelId) -> Result<(), ChatError> {
        let body = json!({ "channel": channel.0 });
        match self.call_once("conversations.archive", &body, "already_archived").await {
            Err(ChatError::Archived) => Ok(()),
            answer => answer,
        }
    }

    async fn whisper(&self, whisper: &Whisper) -> Result<(), ChatError> {
        personal::whisper(&self.web, whisper).await
    }

    async fn say_to(
        &self,
        person: &PersonId,
        before: Option<&Line>,
        text: &str,
    ) -> Result<Line, ChatError> {
        personal::say_to(&self.web, (person, before), text).await
    }

    async fn hear(
        &self,
        channel: &ChannelId,
        message: (&MessageTs, Option<&MessageTs>),
    ) -> Result<Option<Heard>, ChatError> {
        let me = self.bot_user().await?;
        history::hear(&self.web, me, (channel, message)).await
    }

    async fn fetch(&self, file: &str, bytes_max: usize) -> Result<Fetched, ChatError> {
        given_file::fetch(&self.web, file, bytes_max).await
    }

    async fn open_form(&self, trigger_id: &str, form: &Form<'_>) -> Result<(), ChatError> {
        let form = json!({ "trigger_id": trigger_id, "view": plan_form::view(form) });
        self.call("views.open", None, &form).await.map(drop)
    }

    async fn publish_home(&self, person: &PersonId, home: &Home) -> Result<(), ChatError> {
        let view = home_view::view(home, &self.identity().await?.links);
        let body = json!({ "user_id": person.user, "view": view });
        self.call("views.publish", None, &body).await.map(drop)
    }

    async fn open_intake(&self, trigger_id: &str, start: &IntakeStart) -> Result<(), ChatError> {
        let form =
            |file| json!({ "trigger_id": trigger_id, "view": intake_modal::view(file, start) });
        match self.call("views.open", None, &form(FileField::Offered)).await {
            // Slack shows no field for files where the app may not read them.
            Err(ChatError::Refused { .. } | ChatError::MissingScope { .. }) => {
                self.call("views.open", None, &form(FileField::Missing)).await.map(drop)
            }
            answer => answer.map(drop),
        }
    }
}

/// A topic or purpose: nothing live in it, and within Slack's length.
fn heading(said: &str) -> String {
    let plain = clean(said).replace('<', "‹").replace('>', "›").replace('&', "+");
    crate::slack::blocks::cut(&plain, TOPIC_LENGTH_MAX)
}

/// A private channel does not exist for whom it does not hold.
fn outside(failure: Failure) -> ChatError {
    match failure.code.as_str() {
        "not_in_channel" | "channel_not_found" => ChatError::NotInside,
        _ => failure.error,
    }
}

fn is_about_blocks(code: &str) -> bool {
    matches!(
        code,
        "invalid_blocks" | "invalid_blocks_format" | "msg_blocks_too_long" | "msg_too_long"
    )
}

fn text(value: &Value, name: &str) -> Option<String> {
    value[name].as_str().map(str::to_owned)
}
