//! What a process knows of a channel: what it last drew, and which messages of ours are there.

use crate::domain::case::Case;
use crate::domain::event::PostKey;
use crate::domain::ids::{ChannelId, MessageTs};
use crate::flow::desk::Desk;
use crate::flow::lane::StepError;
use crate::flow::tell::speaker::Told;
use crate::ports::chat::{ChatError, Found, Spot};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What Slack says of a thread whose first message is gone.
const NO_THREAD: &str = "thread_not_found";

/// What this process remembers of a case's channel; losing it costs one look and one update each.
#[derive(Debug, Default)]
pub struct Memory {
    /// How each message that is kept current was last drawn.
    drawn: BTreeMap<PostKey, Drawing>,
    /// What is in the channel beside what the journal knows; `None` when that has to be looked up.
    there: Option<Found>,
    /// The messages whose threads hold nothing of ours beside what is known.
    threads: BTreeSet<MessageTs>,
    /// The last record at which everything was told that is owed.
    told_up_to: Option<u64>,
    /// When something will be owed that no record brings.
    next: Option<Timestamp>,
    /// What of ours is in the channel for people outside; `None` until it is looked up.
    outside: Option<Found>,
    /// Something may be there unseen, and the channel cannot be read back.
    in_doubt: bool,
}

/// A drawing as it is in the channel: what it shows, and as of when that is known.
#[derive(Debug, Clone)]
pub(super) struct Drawing {
    pub(super) digest: String,
    pub(super) at: Timestamp,
    /// The last record that it was drawn from.
    pub(super) seq: u64,
}

impl Memory {
    pub(super) fn drawn(&self, key: &PostKey) -> Option<&Drawing> {
        self.drawn.get(key)
    }

    pub(super) fn drew(&mut self, key: &PostKey, drawing: Drawing) {
        self.drawn.insert(key.clone(), drawing);
    }

    /// That everything is told, where nothing was added and nothing came due since it was; then
    /// nothing needs to be drawn.
    pub(super) fn up_to_date(&self, case: &Case, now: Timestamp) -> Option<Told> {
        let is_due = self.next.is_some_and(|next| next <= now);
        let same = self.told_up_to == Some(case.seq());
        (same && !is_due).then(|| self.until_next())
    }

    /// Everything is told until `next`, if there is such a time.
    pub(super) fn told_all(&mut self, case: &Case, next: Option<Timestamp>) -> Told {
        self.told_up_to = Some(case.seq());
        self.next = next;
        self.until_next()
    }

    fn until_next(&self) -> Told {
        self.next.map_or(Told::Nothing, Told::Later)
    }

    /// A message was sent and answered: whatever was in doubt before it, it has said so. Its thread
    /// is empty.
    pub(super) fn said(&mut self, (key, message): (&PostKey, &MessageTs), drawing: Drawing) {
        self.in_doubt = false;
        self.threads.insert(message.clone());
        self.drew(key, drawing);
    }

    /// A channel that this very process has just made holds nothing of ours.
    pub(super) fn is_new(&mut self) {
        self.there = Some(Found::default());
    }

    pub(super) fn forget_what_is_there(&mut self) {
        self.there = None;
        self.threads.clear();
    }

    pub(super) fn is_in_doubt(&self) -> bool {
        self.in_doubt
    }

    /// The message of this key that is in the channel.
    pub(super) fn found(&self, key: &str) -> Option<MessageTs> {
        self.there.as_ref()?.messages.get(key)?.first().cloned()
    }

    pub(super) fn has_file(&self, name: &str) -> bool {
        self.there.as_ref().is_some_and(|there| there.files.contains(name))
    }

    pub(super) fn sent_file(&mut self, name: &str) {
        if let Some(there) = &mut self.there {
            there.files.insert(name.to_owned());
        }
    }

    /// Reads back where something may be that the journal does not know: the channel, and the
    /// thread that is to be written into.
    pub(super) async fn look_around(
        &mut self,
        (desk, case): (&Desk, &Case),
        spot: Spot<'_>,
    ) -> Result<(), StepError> {
        if self.there.is_none() {
            let found = self.read_back((desk, case), Spot { thread: None, ..spot }).await?;
            self.there = Some(found);
        }
        if let Some(thread) = spot.thread.filter(|thread| !self.threads.contains(*thread)) {
            let found = self.read_back((desk, case), spot).await?;
            self.there.get_or_insert_default().take_in(found);
            self.threads.insert(thread.clone());
        }
        Ok(())
    }

    /// The message of this key in a channel that other cases use too, where we may read it.
    pub(super) async fn outside(
        &mut self,
        (desk, spot): (&Desk, Spot<'_>),
        key: &str,
    ) -> Result<Option<MessageTs>, StepError> {
        if self.outside.is_none() {
            let found = match desk.chat.posted(spot).await {
                Err(
                    ChatError::Refused { .. }
                    | ChatError::MissingScope { .. }
                    | ChatError::NotInside,
                ) => Found::default(),
                other => other?,
            };
            self.outside = Some(found);
        }
        let there = self.outside.as_ref().and_then(|found| found.messages.get(key)?.first());
        Ok(there.cloned())
    }

    /// What is there; where nobody can look, nothing, and a doubt.
    async fn read_back(
        &mut self,
        (desk, case): (&Desk, &Case),
        spot: Spot<'_>,
    ) -> Result<Found, StepError> {
        let found = match desk.chat.posted(spot).await {
            Ok(found) => found,
            // Somebody deleted the message: in its thread there is nothing.
            Err(ChatError::Refused { code, .. }) if code == NO_THREAD => Found::default(),
            Err(error @ (ChatError::Refused { .. } | ChatError::MissingScope { .. })) => {
                tracing::warn!(case.id = %case.id(), %error, "the channel cannot be read back");
                self.in_doubt = true;
                Found::default()
            }
            Err(error) => return Err(error.into()),
        };
        for messages in found.messages.values() {
            take_back_doubles(desk, case, spot.channel, messages).await;
        }
        Ok(found)
    }
}

/// Of several messages with one key the one that the journal knows stays, else the oldest.
async fn take_back_doubles<'a>(
    desk: &Desk,
    case: &Case,
    channel: &ChannelId,
    messages: impl IntoIterator<Item = &'a MessageTs> + Clone,
) {
    let known = |message: &&MessageTs| {
        case.room().posted.values().any(|(_, standing)| standing == *message)
    };
    let stays = messages.clone().into_iter().find(known);
    let stays = stays.or_else(|| messages.clone().into_iter().next());
    for message in messages.into_iter().filter(|message| Some(*message) != stays) {
        take_back(desk, case, channel, message).await;
    }
}

/// Deletes a message of ours that is there twice; if that fails, a double is no harm.
pub(super) async fn take_back(desk: &Desk, case: &Case, channel: &ChannelId, message: &MessageTs) {
    tracing::warn!(case.id = %case.id(), "a message was sent twice; the double is taken back");
    if let Err(error) = desk.chat.take_back(channel, message).await {
        tracing::warn!(case.id = %case.id(), %error, "the double stays");
    }
}
