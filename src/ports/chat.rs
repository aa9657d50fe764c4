//! What the bot asks of Slack; messages are views of a case: the adapter draws, the case knows.

use crate::domain::announce::What;
use crate::domain::case::Case;
use crate::domain::chart::Chart;
use crate::domain::home::Home;
use crate::domain::ids::{ChannelId, MessageTs, PersonId};
use crate::domain::intake::IntakeStart;
use crate::domain::milestones::Point;
use crate::domain::offering::Offers;
use crate::domain::plan::{PlanNumber, PlanRules};
use crate::domain::plan_state::PlanState;
use crate::domain::policy::Policy;
use crate::domain::rung::Call;
use crate::domain::stakeholders::Digest;
use crate::domain::task_call::TaskCall;
use crate::ports::trail::Answer;
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What a failed call to Slack means for what happens next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChatError {
    /// Slack asks to wait this long.
    #[error("Slack asks for patience ({seconds} s)")]
    Limited { seconds: u64 },
    /// No answer; a post may or may not be there.
    #[error("Slack did not answer: {0}")]
    Unavailable(String),
    #[error("the channel name is taken")]
    NameTaken,
    #[error("the channel is archived; the case goes on in its journal")]
    Archived,
    /// Somebody has taken the bot out, and can let it in again.
    #[error("the bot is no longer in the channel; invite it again")]
    NotInside,
    /// The message to update is gone: post a new one.
    #[error("the message is gone")]
    MessageGone,
    #[error("the bot lacks the scope {needed}; add it to the app and install the app again")]
    MissingScope { needed: String },
    /// Repeating cannot help.
    #[error("Slack refused {method}: {code}")]
    Refused { method: String, code: String },
}

/// Everything a view of a case is drawn from.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    pub case: &'a Case,
    pub policy: &'a Policy,
    pub now: Timestamp,
}

/// What stands around the table of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Margin {
    /// How its rows are drawn, where they make a chart.
    pub chart: Option<Chart>,
    /// What of it can be contained.
    pub offers: Offers,
}

/// A message to draw.
#[derive(Debug, Clone)]
pub enum View<'a> {
    /// The one status card, kept current in place.
    Card(Scene<'a>),
    /// All that is known of the key, in the card's thread; kept current in place.
    Details(Scene<'a>),
    /// A plan with its steps, what breaks, undo, hash, who approved; kept current in place.
    Plan(Scene<'a>, PlanNumber),
    /// Why a plan goes its way, and which others there are, milder ones first.
    Ways(Scene<'a>, PlanNumber),
    /// A timeline summary of the records up to `upto`.
    Summary(Scene<'a>, u64),
    /// What changed since people were told last, as of a point.
    Update(Scene<'a>, Point),
    /// People are called to a plan that waits.
    Rung(Scene<'a>, Call),
    /// Words about a reporting duty, for the eyes of Legal.
    Legal(Scene<'a>, String),
    /// News for people outside the case.
    Digest(Scene<'a>, Digest),
    /// The question to the key's owner.
    Owner(Scene<'a>),
    /// What people do in a phase beside what the bot does: its tasks, kept current.
    Checklist(Scene<'a>, crate::domain::event::Phase),
    /// Somebody is told of a task.
    Task(Scene<'a>, TaskCall),
    /// What to write to AWS about a key that is somebody else's.
    Letter(Scene<'a>),
    /// The losses, what becomes of each, and the key; kept current in place.
    Recovery(Scene<'a>),
    /// The nine impact questions, each with its evidence and a person's answer.
    Impact(Scene<'a>),
    /// How far the questions are that a record asks, kept current; which they are, as far as is
    /// known.
    Progress(Scene<'a>, u64, Vec<String>),
    /// A question's answer as a short table.
    Answer(Scene<'a>, &'a Answer, &'a Margin),
    /// Plain words beside a message, in its thread.
    Reply(Scene<'a>, String),
    /// Something that must be noticed, in plain words.
    Notice(Scene<'a>, String),
    /// The same, for the eyes of every approver.
    Alarm(Scene<'a>, String),
}

/// What takes more to be drawn than the case alone, by its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    Progress(u64),
    Answer(u64),
    Rows(u64),
    Report(u64),
}

impl<'a> View<'a> {
    /// The view of what a case owes its channel, where the case has all that it is drawn from.
    pub fn of(scene: Scene<'a>, what: &What) -> Result<Self, Kept> {
        Ok(match what {
            What::Card => Self::Card(scene),
            What::Details => Self::Details(scene),
            What::Plan(plan) => Self::Plan(scene, *plan),
            What::Ways(plan) => Self::Ways(scene, *plan),
            What::Summary(upto) => Self::Summary(scene, *upto),
            What::Update(upto) => Self::Update(scene, *upto),
            What::Rung(call) => Self::Rung(scene, *call),
            What::Legal(text) => Self::Legal(scene, text.clone()),
            What::Checklist(phase) => Self::Checklist(scene, *phase),
            What::Task(call) => Self::Task(scene, *call),
            What::Letter => Self::Letter(scene),
            What::Recovery => Self::Recovery(scene),
            What::Impact => Self::Impact(scene),
            What::Notice(text) => Self::Notice(scene, text.clone()),
            What::Alarm(text) => Self::Alarm(scene, text.clone()),
            What::Progress(asked) => return Err(Kept::Progress(*asked)),
            What::Answer(seq) => return Err(Kept::Answer(*seq)),
            What::Rows(seq) => return Err(Kept::Rows(*seq)),
            What::Report(seq) => return Err(Kept::Report(*seq)),
        })
    }
}

/// A form about a plan.
#[derive(Debug, Clone, Copy)]
pub enum Form<'a> {
    /// What it leaves out, takes in, and which way it goes; by the rules of what is never touched.
    Change(Scene<'a>, &'a PlanState, &'a PlanRules),
    /// Which of its steps are taken back.
    UndoSteps(Scene<'a>, &'a PlanState),
    /// Asks whoever approves it for a one-time code.
    Code(Scene<'a>, &'a PlanState),
}

/// Where in Slack: at the end of a channel, or in the thread of one of its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot<'a> {
    pub channel: &'a ChannelId,
    pub thread: Option<&'a MessageTs>,
}

/// A message that is posted once, by its key.
#[derive(Debug, Clone)]
pub struct Post<'a> {
    /// Unique within the workspace; sent as message metadata so that a crash does not post twice.
    pub key: String,
    pub view: View<'a>,
    /// It may be there already, where nobody can look; the message says so.
    pub repeat_possible: bool,
}

/// A file to put into a channel.
#[derive(Debug, Clone)]
pub struct Upload {
    pub name: String,
    pub title: String,
    pub content: Vec<u8>,
}

/// A file that Slack has and nobody sees, by Slack's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brought(pub String);

/// What the bot itself has put into a channel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Messages by their key, the oldest first; more than one is one too many.
    pub messages: BTreeMap<String, BTreeSet<MessageTs>>,
    /// Files by their name.
    pub files: BTreeSet<String>,
}

impl Found {
    /// Takes in what was found in another place.
    pub fn take_in(&mut self, other: Self) {
        for (key, messages) in other.messages {
            self.messages.entry(key).or_default().extend(messages);
        }
        self.files.extend(other.files);
    }
}

/// Who could be invited, and who not and why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Invitation {
    pub invited: Vec<PersonId>,
    pub failed: Vec<String>,
}

/// A short private answer to one person; never anything that matters later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whisper {
    pub person: PersonId,
    pub channel: Option<ChannelId>,
    /// Slack's one-time address for answering this very request, when there is one.
    pub response_url: Option<String>,
    pub text: String,
}

/// A message to one person, where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub channel: ChannelId,
    pub message: MessageTs,
}

/// A message of a channel as it stands, by whoever wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// Slack's id of the person or bot.
    pub author: String,
    pub text: String,
    /// The names of its files.
    pub files: Vec<String>,
    pub edited_at: Option<Timestamp>,
    /// The bot itself wrote it.
    pub is_own: bool,
}

/// What came of fetching a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched {
    Content(Vec<u8>),
    /// It has more bytes than were wanted; nothing of it is here.
    TooLarge,
}

/// Slack, as the use cases need it.
#[async_trait]
pub trait Chat: Send + Sync {
    async fn create_channel(&self, name: &str) -> Result<ChannelId, ChatError>;
    /// A channel of this name that the bot itself made at or after `since`; never somebody else's.
    async fn own_channel(
        &self,
        name: &str,
        since: Timestamp,
    ) -> Result<Option<ChannelId>, ChatError>;
    async fn invite(
        &self,
        channel: &ChannelId,
        people: &[PersonId],
    ) -> Result<Invitation, ChatError>;
    async fn set_topic(&self, channel: &ChannelId, topic: &str) -> Result<(), ChatError>;
    async fn set_purpose(&self, channel: &ChannelId, purpose: &str) -> Result<(), ChatError>;
    async fn post(&self, spot: Spot<'_>, post: &Post<'_>) -> Result<MessageTs, ChatError>;
    async fn update(
        &self,
        channel: &ChannelId,
        message: &MessageTs,
        view: &View<'_>,
    ) -> Result<(), ChatError>;
    /// A digest of the view as it would be drawn now; equal digests need no update.
    fn drawn(&self, view: &View<'_>) -> String;
    async fn pin(&self, channel: &ChannelId, message: &MessageTs) -> Result<(), ChatError>;
    /// What the bot itself has put there so far; of a channel without what is in its threads.
    async fn posted(&self, spot: Spot<'_>) -> Result<Found, ChatError>;
    /// Deletes a message of the bot's own.
    async fn take_back(&self, channel: &ChannelId, message: &MessageTs) -> Result<(), ChatError>;
    /// Hands a file to Slack; nobody sees it before it is shared.
    async fn bring(&self, upload: &Upload) -> Result<Brought, ChatError>;
    /// Shows a file.
    async fn share(&self, spot: Spot<'_>, file: &Brought, title: &str) -> Result<(), ChatError>;
    async fn archive(&self, channel: &ChannelId) -> Result<(), ChatError>;
    async fn whisper(&self, whisper: &Whisper) -> Result<(), ChatError>;
    /// Says words of ours to one person, in the place of a line that was said before.
    async fn say_to(
        &self,
        person: &PersonId,
        before: Option<&Line>,
        text: &str,
    ) -> Result<Line, ChatError>;
    /// A message of a channel, also one in a thread; `None` when it is not there.
    async fn hear(
        &self,
        channel: &ChannelId,
        message: (&MessageTs, Option<&MessageTs>),
    ) -> Result<Option<Heard>, ChatError>;
    /// The content of a file that somebody gave.
    async fn fetch(&self, file: &str, bytes_max: usize) -> Result<Fetched, ChatError>;
    /// Opens a form about a plan; the trigger lives three seconds.
    async fn open_form(&self, trigger_id: &str, form: &Form<'_>) -> Result<(), ChatError>;
    /// Draws the app's home of one person.
    async fn publish_home(&self, person: &PersonId, home: &Home) -> Result<(), ChatError>;
    /// Opens the modal that asks for a key; the trigger lives three seconds.
    async fn open_intake(&self, trigger_id: &str, start: &IntakeStart) -> Result<(), ChatError>;
}
