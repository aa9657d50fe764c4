//! What stands between a bot and its ports, so that it dies or errs at a given place.

use crate::bot::say;
use crate::labels::label;
use crate::orders::{DYING, Mishap, Moment, Sabotage};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use keyleak::domain::brake::Brake;
use keyleak::domain::caps::Tally;
use keyleak::domain::event::Event;
use keyleak::domain::ids::{CaseId, ChannelId, MessageTs, PersonId};
use keyleak::domain::record::Record;
use keyleak::ports::chat::{
    Brought, Chat, ChatError, Fetched, Found, Invitation, Line, Post, Upload, View, Whisper,
};
use keyleak::ports::cloud::{Applied, CallError, Contain};
use keyleak::ports::journal::{
    AppendError, Brakes, Claim, Inbox, Journal, Kept, Lease, Listed, StoreError, Work,
};
use keyleak::ports::ticket::Ticket;
use std::collections::BTreeMap;
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
    /// What it said yes to first, and writes when the next record comes.
    unwritten: Mutex<Vec<Record>>,
    busy: Arc<tokio::sync::Mutex<()>>,
    tasks: TaskTracker,
    seen: Mutex<BTreeMap<String, u32>>,
    dead: AtomicBool,
}

impl Mortal {
    pub(crate) fn new(inner: Arc<dyn Journal>, mishap: Mishap, sabotage: Option<Sabotage>) -> Self {
        Self {
            inner,
            mishap,
            sabotage,
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
        drop(self.busy.lock().await);
        let waiting: Vec<Record> = std::mem::take(&mut *self.unwritten.lock().unwrap());
        for waiting in waiting {
            self.inner.append(&waiting).await?;
        }
        self.inner.append(record).await
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
        self.store(record).await?;
        *self.seen.lock().unwrap().entry(label.clone()).or_default() += 1;
        if let Mishap::DiesAfter(moment) = &self.mishap
            && self.is(moment, &label, 0)
        {
            self.die().await;
        }
        Ok(())
    }

    async fn read(&self, case: &CaseId, after: u64) -> Result<Vec<String>, StoreError> {
        self.or_silence().await;
        drop(self.busy.lock().await);
        self.inner.read(case, after).await
    }
}

/// The account, asked twice where that is ordered.
pub(crate) struct Hasty {
    pub(crate) inner: Arc<dyn Contain>,
    pub(crate) sabotage: Option<Sabotage>,
}

#[async_trait]
impl Contain for Hasty {
    async fn apply(&self, ticket: &Ticket) -> Result<Applied, CallError> {
        if self.sabotage == Some(Sabotage::ActTwice) {
            self.inner.apply(ticket).await?;
        }
        self.inner.apply(ticket).await
    }

    fn role(&self) -> Option<String> {
        self.inner.role()
    }
}

/// Slack, used without care where that is ordered.
pub(crate) struct Careless {
    inner: Arc<dyn Chat>,
    sabotage: Option<Sabotage>,
    posts: AtomicU64,
}

impl Careless {
    pub(crate) fn new(inner: Arc<dyn Chat>, sabotage: Option<Sabotage>) -> Self {
        Self { inner, sabotage, posts: AtomicU64::new(0) }
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

    async fn post(&self, channel: &ChannelId, post: &Post<'_>) -> Result<MessageTs, ChatError> {
        if self.sabotage != Some(Sabotage::NoKey) {
            return self.inner.post(channel, post).await;
        }
        let number = self.posts.fetch_add(1, Ordering::SeqCst);
        let key = format!("{}-{number}", std::process::id());
        self.inner.post(channel, &Post { key, ..post.clone() }).await
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

    async fn posted(&self, channel: &ChannelId) -> Result<Found, ChatError> {
        if self.sabotage == Some(Sabotage::NoLook) {
            return Ok(Found::default());
        }
        self.inner.posted(channel).await
    }

    async fn take_back(&self, channel: &ChannelId, message: &MessageTs) -> Result<(), ChatError> {
        self.inner.take_back(channel, message).await
    }

    async fn bring(&self, upload: &Upload) -> Result<Brought, ChatError> {
        self.inner.bring(upload).await
    }

    async fn share(
        &self,
        channel: &ChannelId,
        file: &Brought,
        title: &str,
    ) -> Result<(), ChatError> {
        self.inner.share(channel, file, title).await
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

    async fn fetch(&self, file: &str, bytes_max: usize) -> Result<Fetched, ChatError> {
        self.inner.fetch(file, bytes_max).await
    }

    async fn open_intake(&self, trigger_id: &str) -> Result<(), ChatError> {
        self.inner.open_intake(trigger_id).await
    }
}

/// Claims and leases as they should be, except that everybody gets every lease.
pub(crate) struct Generous(pub(crate) Arc<dyn Work>);

#[async_trait]
impl Brakes for Generous {
    async fn brake(&self) -> Result<Option<Brake>, StoreError> {
        self.0.brake().await
    }

    async fn move_brake(&self, brake: &Brake) -> Result<bool, StoreError> {
        self.0.move_brake(brake).await
    }

    async fn tally(&self) -> Result<Tally, StoreError> {
        self.0.tally().await
    }

    async fn count(&self, tally: &Tally) -> Result<bool, StoreError> {
        self.0.count(tally).await
    }
}

#[async_trait]
impl Inbox for Generous {
    async fn keep(&self, kept: &Kept) -> Result<(), StoreError> {
        self.0.keep(kept).await
    }

    async fn kept(&self) -> Result<Vec<Kept>, StoreError> {
        self.0.kept().await
    }

    async fn forget(&self, id: &str) -> Result<(), StoreError> {
        self.0.forget(id).await
    }
}

#[async_trait]
impl Work for Generous {
    async fn claim_key(&self, key_digest: &str, case: &CaseId) -> Result<CaseId, StoreError> {
        self.0.claim_key(key_digest, case).await
    }

    async fn release_key(&self, key_digest: &str, case: &CaseId) -> Result<(), StoreError> {
        self.0.release_key(key_digest, case).await
    }

    async fn list_open(&self, case: &CaseId, now: Timestamp) -> Result<(), StoreError> {
        self.0.list_open(case, now).await
    }

    async fn unlist(&self, case: &CaseId, now: Timestamp) -> Result<(), StoreError> {
        self.0.unlist(case, now).await
    }

    async fn open_cases(&self) -> Result<Vec<CaseId>, StoreError> {
        self.0.open_cases().await
    }

    async fn cases_since(&self, since: Timestamp) -> Result<Vec<Listed>, StoreError> {
        self.0.cases_since(since).await
    }

    async fn all_cases(&self) -> Result<Vec<CaseId>, StoreError> {
        self.0.all_cases().await
    }

    async fn lease(
        &self,
        case: &CaseId,
        holder: &str,
        _: Timestamp,
        until: Timestamp,
    ) -> Result<Claim, StoreError> {
        Ok(Claim::Mine(Lease { case: case.clone(), holder: holder.to_owned(), until }))
    }

    async fn take_over(
        &self,
        seen: &Lease,
        holder: &str,
        until: Timestamp,
    ) -> Result<Option<Lease>, StoreError> {
        self.lease(&seen.case, holder, until - SignedDuration::from_secs(1), until).await?;
        Ok(None)
    }

    async fn release(&self, _: &Lease) -> Result<(), StoreError> {
        Ok(())
    }
}
