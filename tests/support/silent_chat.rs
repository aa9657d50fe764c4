//! A chat that takes everything and shows nothing, for stories that are about the account.

use async_trait::async_trait;
use jiff::Timestamp;
use keyleak::domain::home::Home;
use keyleak::domain::ids::{ChannelId, MessageTs, PersonId};
use keyleak::domain::intake::IntakeStart;
use keyleak::domain::roster::{NoAnswer, Standing};
use keyleak::ports::chat::{
    Brought, Chat, ChatError, Fetched, Form, Found, Heard, Invitation, Line, Post, Spot, Upload,
    View, Whisper,
};
use keyleak::ports::directory::Directory;
use keyleak::slack::cards::draw;
use keyleak::slack::sketch::Means;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

/// Remembers keys of posts, as Slack would, so that nothing is posted twice.
#[derive(Debug, Default)]
pub(crate) struct SilentChat {
    posted: Mutex<BTreeMap<String, MessageTs>>,
}

#[async_trait]
impl Chat for SilentChat {
    async fn create_channel(&self, name: &str) -> Result<ChannelId, ChatError> {
        Ok(ChannelId(format!("C-{name}")))
    }

    async fn own_channel(&self, _: &str, _: Timestamp) -> Result<Option<ChannelId>, ChatError> {
        Ok(None)
    }

    async fn invite(&self, _: &ChannelId, people: &[PersonId]) -> Result<Invitation, ChatError> {
        Ok(Invitation { invited: people.to_vec(), failed: Vec::new() })
    }

    async fn set_topic(&self, _: &ChannelId, _: &str) -> Result<(), ChatError> {
        Ok(())
    }

    async fn set_purpose(&self, _: &ChannelId, _: &str) -> Result<(), ChatError> {
        Ok(())
    }

    async fn post(&self, _: Spot<'_>, post: &Post<'_>) -> Result<MessageTs, ChatError> {
        let mut posted = self.posted.lock().expect("nobody panicked");
        let next = MessageTs(format!("{}.000000", 1_000 + posted.len()));
        Ok(posted.entry(post.key.clone()).or_insert(next).clone())
    }

    async fn update(&self, _: &ChannelId, _: &MessageTs, _: &View<'_>) -> Result<(), ChatError> {
        Ok(())
    }

    fn drawn(&self, view: &View<'_>) -> String {
        draw(view, Means::Full).digest()
    }

    async fn pin(&self, _: &ChannelId, _: &MessageTs) -> Result<(), ChatError> {
        Ok(())
    }

    async fn posted(&self, _: Spot<'_>) -> Result<Found, ChatError> {
        let posted = self.posted.lock().expect("nobody panicked").clone();
        let messages = posted.into_iter().map(|(key, message)| (key, BTreeSet::from([message])));
        Ok(Found { messages: messages.collect(), files: BTreeSet::new() })
    }

    async fn take_back(&self, _: &ChannelId, _: &MessageTs) -> Result<(), ChatError> {
        Ok(())
    }

    async fn bring(&self, upload: &Upload) -> Result<Brought, ChatError> {
        Ok(Brought(upload.name.clone()))
    }

    async fn share(&self, _: Spot<'_>, _: &Brought, _: &str) -> Result<(), ChatError> {
        Ok(())
    }

    async fn archive(&self, _: &ChannelId) -> Result<(), ChatError> {
        Ok(())
    }

    async fn whisper(&self, _: &Whisper) -> Result<(), ChatError> {
        Ok(())
    }

    async fn say_to(
        &self,
        person: &PersonId,
        _: Option<&Line>,
        _: &str,
    ) -> Result<Line, ChatError> {
        let message = MessageTs("1.000000".to_owned());
        Ok(Line { channel: ChannelId(person.user.clone()), message })
    }

    async fn hear(
        &self,
        _: &ChannelId,
        _: (&MessageTs, Option<&MessageTs>),
    ) -> Result<Option<Heard>, ChatError> {
        Ok(None)
    }

    async fn fetch(&self, _: &str, _: usize) -> Result<Fetched, ChatError> {
        Ok(Fetched::TooLarge)
    }

    async fn open_form(&self, _: &str, _: &Form<'_>) -> Result<(), ChatError> {
        Ok(())
    }

    async fn publish_home(&self, _: &PersonId, _: &Home) -> Result<(), ChatError> {
        Ok(())
    }

    async fn open_intake(&self, _: &str, _: &IntakeStart) -> Result<(), ChatError> {
        Ok(())
    }
}

/// A workspace in which everybody is a full member, without groups or shared channels.
#[derive(Debug)]
pub(crate) struct AllMembers;

#[async_trait]
impl Directory for AllMembers {
    async fn standing(&self, _: &str) -> Result<Standing, NoAnswer> {
        Ok(Standing::Member)
    }

    async fn members(&self, _: &str) -> Result<Vec<String>, NoAnswer> {
        Ok(Vec::new())
    }

    async fn is_shared(&self, _: &ChannelId) -> Result<bool, NoAnswer> {
        Ok(false)
    }
}
