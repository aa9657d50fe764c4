//! What stands between a bot and its ports, so that it dies, stalls or errs at a given place.

use crate::bot::{Heard, say, stand_still};
use crate::labels::label;
use crate::orders::{CONFLICT, DYING, Mishap, Moment, Orders, Sabotage};
use async_trait::async_trait;
use jiff::Timestamp;
use keyleak::domain::digest::canonical;
use keyleak::domain::event::Event;
use keyleak::domain::home::Home;
use keyleak::domain::ids::{CaseId, ChannelId, MessageTs, PersonId};
use keyleak::domain::intake::IntakeStart;
use keyleak::domain::record::Record;
use keyleak::drill::bot::journal_path;
use keyleak::ports::chat::{
    Brought, Chat, ChatError, Fetched, Form, Found, Invitation, Line, Post, Spot, Upload, View,
    Whisper,
};
use keyleak::ports::cloud::{Applied, CallError, Contain};
use keyleak::ports::journal::{AppendError, Journal, StoreError};
use keyleak::ports::ticket::Ticket;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::task::TaskTracker;

/// So long an intent is not there that was said to be: more than a call to the account takes.
const LATE: Duration = Duration::from_millis(300);

/// A journal that goes silent for ever, as it does for a process that is gone; the parent kills
/// the process when it hears of it.
pub(crate) struct Mortal {
    inner: Arc<dyn Journal>,
    mishap: Mishap,
    sabotage: Option<Sabotage>,
    file: PathBuf,
    heard: Heard,
    /// What it said yes to first, and writes when the next record comes.
    unwritten: Mutex<Vec<Record>>,
    busy: Arc<tokio::sync::Mutex<()>>,
    tasks: TaskTracker,
    seen: Mutex<BTreeMap<String, u32>>,
    dead: AtomicBool,
}

impl Mortal {
    pub(crate) fn new(inner: Arc<dyn Journal>, orders: &Orders, heard: Heard) -> Self {
        Self {
            inner,
            mishap: orders.mishap.clone(),
            sabotage: orders.sabotage,
            file: journal_path(&orders.folder),
            heard,
            unwritten: Mutex::default(),
            busy: Arc::default(),
            tasks: TaskTracker::new(),
            seen: Mutex::default(),
            dead: AtomicBool::new(false),
        }
    }

    async fn or_silence(&self) {
        if self.dead.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
    }

    async fn die(&self) {
        self.dead.store(true, Ordering::SeqCst);
        say(DYING);
        std::future::pending::<()>().await;
    }

    /// Whether a record with this label, the `more`th after those that are stored, is the moment.
    fn is(&self, moment: &Moment, label: &str, more: u32) -> bool {
        let seen = self.seen.lock().unwrap().get(label).copied().unwrap_or_default();
        moment.label == label && moment.nth == seen + more
    }

    /// The sabotages that say yes to a record before it is written: to a press until the bot's
    /// next own record, to an intent for a moment, in which nobody reads or writes.
    async fn store(&self, record: &Record) -> Result<(), AppendError> {
        let early = self.sabotage == Some(Sabotage::AckBeforeAppend);
        if early && record.person().is_some() && record.seq > 1 {
            self.unwritten.lock().unwrap().push(record.clone());
            return Ok(());
        }
        let late = self.sabotage == Some(Sabotage::ActBeforeIntent);
        if late && matches!(record.event, Event::Intent { .. }) {
            let busy = Arc::clone(&self.busy).lock_owned().await;
            let (inner, record) = (Arc::clone(&self.inner), record.clone());
            self.tasks.spawn(async move {
                tokio::time::sleep(LATE).await;
                inner.append(&record).await.unwrap();
                drop(busy);
            });
            return Ok(());
        }
        if self.sabotage == Some(Sabotage::LastWriteWins) {
            return self.put(record);
        }
        drop(self.busy.lock().await);
        let waiting: Vec<Record> = std::mem::take(&mut *self.unwritten.lock().unwrap());
        for waiting in waiting {
            self.inner.append(&waiting).await?;
        }
        self.inner.append(record).await
    }

    /// A put that asks for nothing, as any journal takes it that is not told to look first.
    fn put(&self, record: &Record) -> Result<(), AppendError> {
        let text = String::from_utf8_lossy(&canonical(record)).into_owned();
        let put = rusqlite::Connection::open(&self.file).and_then(|file| {
            file.busy_timeout(Duration::from_secs(5))?;
            let put = "INSERT OR REPLACE INTO journal (case_id, seq, record) VALUES (?1, ?2, ?3)";
            file.execute(put, rusqlite::params![record.case.0, record.seq as i64, text])
        });
        put.map(drop).map_err(|error| AppendError::Unavailable(error.to_string()))
    }
}

#[async_trait]
impl Journal for Mortal {
    async fn append(&self, record: &Record) -> Result<(), AppendError> {
        self.or_silence().await;
        let label = label(&record.event);
        if let Mishap::DiesBefore(moment) = &self.mishap
            && self.is(moment, &label, 1)
        {
            self.die().await;
        }
        if let Mishap::StallsBefore(moment) = &self.mishap
            && self.is(moment, &label, 1)
        {
            stand_still(&self.heard).await;
        }
        let stored = self.store(record).await;
        if stored == Err(AppendError::Conflict) {
            say(CONFLICT);
        }
        stored?;
        *self.seen.lock().unwrap().entry(label.clone()).or_default() += 1;
        if let Mishap::DiesAfter(moment) = &self.mishap
            && self.is(moment, &label, 0)
        {
            self.die().await;
        }
        if let Mishap::StallsAfter(moment) = &self.mishap
            && self.is(moment, &label, 0)
        {
            stand_still(&self.heard).await;
        }
        Ok(())
    }

    async fn read(&self, case: &CaseId, after: u64) -> Result<Vec<String>, StoreError> {
        self.or_silence().await;
        drop(self.busy.lock().await);
        self.inner.read(case, after).await
    }
}

/// The account, asked twice where that is ordered, and before which the process may stand still.
pub(crate) struct Hasty {
    inner: Arc<dyn Contain>,
    sabotage: Option<Sabotage>,
    stalls: AtomicBool,
    heard: Heard,
}

impl Hasty {
    pub(crate) fn new(inner: Arc<dyn Contain>, orders: &Orders, heard: Heard) -> Self {
        let stalls = AtomicBool::new(orders.mishap == Mishap::StallsBeforeTheCall);
        Self { inner, sabotage: orders.sabotage, stalls, heard }
    }
}

#[async_trait]
impl Contain for Hasty {
    async fn apply(&self, ticket: &Ticket) -> Result<Applied, CallError> {
        if self.stalls.swap(false, Ordering::SeqCst) {
            stand_still(&self.heard).await;
        }
        if self.sabotage == Some(Sabotage::ActTwice) {
            self.inner.apply(ticket).await?;
        }
        self.inner.apply(ticket).await
    }

    fn role(&self) -> Option<String> {
        self.inner.role()
    }

    fn eradicate_role(&self) -> Option<String> {
        self.inner.eradicate_role()
    }

    fn recover_role(&self) -> Option<String> {
        self.inner.recover_role()
    }
}

/// Slack, used without care where that is ordered, and before which the process may stand still.
pub(crate) struct Careless {
    inner: Arc<dyn Chat>,
    sabotage: Option<Sabotage>,
    posts: AtomicU64,
    /// The end of the key before whose message it stands still, once.
    stalls_before: Mutex<Option<String>>,
    heard: Heard,
}

impl Careless {
    pub(crate) fn new(inner: Arc<dyn Chat>, orders: &Orders, heard: Heard) -> Self {
        let stalls_before = match &orders.mishap {
            Mishap::StallsBeforeThePost(key) => Some(key.clone()),
            Mishap::Nothing
            | Mishap::DiesAfter(_)
            | Mishap::DiesBefore(_)
            | Mishap::StallsBefore(_)
            | Mishap::StallsAfter(_)
            | Mishap::StallsBeforeTheCall => None,
        };
        let (posts, stalls_before) = (AtomicU64::new(0), Mutex::new(stalls_before));
        Self { inner, sabotage: orders.sabotage, posts, stalls_before, heard }
    }
}

#[async_trait]
impl Chat for Careless {
    async fn create_channel(&self, name: &str) -> Result<ChannelId, ChatError> {
        self.inner.create_channel(name).await
    }

    async fn own_channel(
        &self,
        name: &str,
        since: Timestamp,
    ) -> Result<Option<ChannelId>, ChatError> {
        self.inner.own_channel(name, since).await
    }

    async fn invite(
        &self,
        channel: &ChannelId,
        people: &[PersonId],
    ) -> Result<Invitation, ChatError> {
        self.inner.invite(channel, people).await
    }

    async fn set_topic(&self, channel: &ChannelId, topic: &str) -> Result<(), ChatError> {
        self.inner.set_topic(channel, topic).await
    }

    async fn set_purpose(&self, channel: &ChannelId, purpose: &str) -> Result<(), ChatError> {
        self.inner.set_purpose(channel, purpose).await
    }

    async fn post(&self, spot: Spot<'_>, post: &Post<'_>) -> Result<MessageTs, ChatError> {
        let here = |end: &mut String| post.key.ends_with(end.as_str());
        let stalls = self.stalls_before.lock().unwrap().take_if(here).is_some();
        if stalls {
            stand_still(&self.heard).await;
        }
        if self.sabotage != Some(Sabotage::NoKey) {
            return self.inner.post(spot, post).await;
        }
        let number = self.posts.fetch_add(1, Ordering::SeqCst);
        let key = format!("{}-{number}", std::process::id());
        self.inner.post(spot, &Post { key, ..post.clone() }).await
    }

    async fn update(
        &self,
        channel: &ChannelId,
        message: &MessageTs,
        view: &View<'_>,
    ) -> Result<(), ChatError> {
        self.inner.update(channel, message, view).await
    }

    fn drawn(&self, view: &View<'_>) -> String {
        self.inner.drawn(view)
    }

    async fn pin(&self, channel: &ChannelId, message: &MessageTs) -> Result<(), ChatError> {
        self.inner.pin(channel, message).await
    }

    async fn posted(&self, spot: Spot<'_>) -> Result<Found, ChatError> {
        if self.sabotage == Some(Sabotage::NoLook) {
            return Ok(Found::default());
        }
        self.inner.posted(spot).await
    }

    async fn take_back(&self, channel: &ChannelId, message: &MessageTs) -> Result<(), ChatError> {
        self.inner.take_back(channel, message).await
    }

    async fn bring(&self, upload: &Upload) -> Result<Brought, ChatError> {
        self.inner.bring(upload).await
    }

    async fn share(&self, spot: Spot<'_>, file: &Brought, title: &str) -> Result<(), ChatError> {
        self.inner.share(spot, file, title).await
    }

    async fn archive(&self, channel: &ChannelId) -> Result<(), ChatError> {
        self.inner.archive(channel).await
    }

    async fn whisper(&self, whisper: &Whisper) -> Result<(), ChatError> {
        self.inner.whisper(whisper).await
    }

    async fn say_to(
        &self,
        person: &PersonId,
        before: Option<&Line>,
        text: &str,
    ) -> Result<Line, ChatError> {
        self.inner.say_to(person, before, text).await
    }

    async fn hear(
        &self,
        channel: &ChannelId,
        message: (&MessageTs, Option<&MessageTs>),
    ) -> Result<Option<keyleak::ports::chat::Heard>, ChatError> {
        self.inner.hear(channel, message).await
    }

    async fn fetch(&self, file: &str, bytes_max: usize) -> Result<Fetched, ChatError> {
        self.inner.fetch(file, bytes_max).await
    }

    async fn open_form(&self, trigger_id: &str, form: &Form<'_>) -> Result<(), ChatError> {
        self.inner.open_form(trigger_id, form).await
    }

    async fn publish_home(&self, person: &PersonId, home: &Home) -> Result<(), ChatError> {
        self.inner.publish_home(person, home).await
    }

    async fn open_intake(&self, trigger_id: &str, start: &IntakeStart) -> Result<(), ChatError> {
        self.inner.open_intake(trigger_id, start).await
    }
}
