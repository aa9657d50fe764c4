//! Whom the lists of people mean now: asked of Slack beforehand, kept, and asked again.

use crate::domain::ids::ChannelId;
use crate::domain::policy::Policy;
use crate::domain::proof::Caller;
use crate::domain::roster::{NoAnswer, Roster};
use crate::ports::clock::Clock;
use crate::ports::directory::Directory;
use futures_util::StreamExt;
use futures_util::stream;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What Slack said counts for so long unless the settings say otherwise.
pub const VALID_FOR_DEFAULT: &str = "15m";
/// A press asks again for what is as old as this part of it, which is a minute by default: who was
/// deactivated before decides nothing.
const PRESS_ASKS_AT: i32 = 15;
/// A press waits no longer for Slack; a command may wait twice, and has to be
/// judged and written within three seconds.
const PRESS_WAITS: Duration = Duration::from_millis(800);
/// Whoever is invited by a group waits for Slack so long; the next invitation has the rest.
const SETTLES_WITHIN: Duration = Duration::from_secs(5);
/// So many questions are under way at once.
const AT_ONCE: usize = 8;

/// What Slack said of people, and the way to ask it.
pub struct People {
    /// None at the command line, where nobody is asked.
    directory: Option<Arc<dyn Directory>>,
    roster: Mutex<Arc<Roster>>,
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum About {
    Person(String),
    Group(String),
    Channel(ChannelId),
}

impl People {
    /// Asks this directory; what it says counts for so long.
    pub fn asking(directory: Arc<dyn Directory>, valid_for: SignedDuration) -> Self {
        Self { directory: Some(directory), roster: Mutex::new(Arc::new(Roster::new(valid_for))) }
    }

    /// Asks nobody, so that no user group has anybody in it.
    pub fn nobody_to_ask() -> Self {
        Self { directory: None, roster: Mutex::default() }
    }

    /// The rules by what is known now.
    pub fn policy(&self, written: &Policy, now: Timestamp) -> Policy {
        written.as_of(&self.roster(), now)
    }

    fn roster(&self) -> Arc<Roster> {
        Arc::clone(&self.roster.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Sees to it that a decision of this person can be judged: who they are, who is in the groups,
    /// and whether the channel is ours. What Slack does not say in time is as it was known.
    pub async fn ready(
        &self,
        (written, clock): (&Policy, &Clock),
        (caller, channel): (&Caller, Option<&ChannelId>),
    ) {
        // Whoever AWS named is judged without Slack.
        if caller.identity().is_some() || caller.person().team != written.team {
            return;
        }
        // Slack tells an app of no direct conversation that it is not in, and nobody shares one.
        let channel = channel.filter(|channel| !channel.0.starts_with('D')).cloned();
        let mut wanted: BTreeSet<About> = channel.into_iter().map(About::Channel).collect();
        wanted.extend(written.groups().into_iter().map(About::Group));
        wanted.insert(About::Person(caller.person().user.clone()));
        let asking = self.ask(wanted, clock, self.valid_for() / PRESS_ASKS_AT);
        if tokio::time::timeout(PRESS_WAITS, asking).await.is_err() {
            tracing::warn!("Slack does not say in time who somebody is");
        }
    }

    /// How long what Slack said counts.
    pub fn valid_for(&self) -> SignedDuration {
        self.roster().valid_for()
    }

    /// Sees to it that the groups and this channel are known, before people are invited by them.
    pub async fn settle(&self, written: &Policy, clock: &Clock, channel: &ChannelId) {
        let asking = self.refresh((written, clock), self.valid_for(), [channel.clone()].into());
        if tokio::time::timeout(SETTLES_WITHIN, asking).await.is_err() {
            tracing::warn!("Slack does not say in time who is in the user groups");
        }
    }

    /// Asks for the groups of the lists and these channels, then for everybody who is on a list.
    pub async fn refresh(
        &self,
        (written, clock): (&Policy, &Clock),
        older_than: SignedDuration,
        channels: BTreeSet<ChannelId>,
    ) {
        let groups = written.groups();
        let first = groups.iter().cloned().map(About::Group);
        let first = first.chain(channels.into_iter().map(About::Channel)).collect();
        self.ask(first, clock, older_than).await;
        let (roster, now) = (self.roster(), clock.now());
        let found = groups.iter().filter_map(|group| roster.group(group, now).ok());
        let members = found.flat_map(|(members, _)| members.iter().cloned());
        let people = members.chain(written.named()).map(About::Person).collect();
        self.ask(people, clock, older_than).await;
    }

    async fn ask(&self, wanted: BTreeSet<About>, clock: &Clock, older_than: SignedDuration) {
        let Some(directory) = &self.directory else {
            return;
        };
        let (roster, since) = (self.roster(), clock.now() - older_than);
        let due = wanted.into_iter().filter(|about| !is_known(&roster, about, since));
        let asking = due.map(|about| self.ask_one(directory.as_ref(), about, clock));
        stream::iter(asking).buffer_unordered(AT_ONCE).collect::<()>().await;
    }

    /// What comes in is kept at once: whoever waits may give up in the middle.
    async fn ask_one(&self, directory: &dyn Directory, about: About, clock: &Clock) {
        match about {
            About::Person(user) => {
                let answer = directory.standing(&user).await;
                warn_of(&user, answer.as_ref().err());
                self.take(|roster| roster.told_person(&user, answer, clock.now()));
            }
            About::Group(group) => {
                let answer = directory.members(&group).await;
                warn_of(&group, answer.as_ref().err());
                self.take(|roster| roster.told_group(&group, answer, clock.now()));
            }
            About::Channel(channel) => {
                let answer = directory.is_shared(&channel).await;
                warn_of(&channel.0, answer.as_ref().err());
                self.take(|roster| roster.told_channel(&channel, answer, clock.now()));
            }
        }
    }

    fn take(&self, change: impl FnOnce(&mut Roster)) {
        let mut roster = self.roster.lock().unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(&mut roster));
    }
}

fn is_known(roster: &Roster, about: &About, since: Timestamp) -> bool {
    match about {
        About::Person(user) => roster.has_person(user, since),
        About::Group(group) => roster.has_group(group, since),
        About::Channel(channel) => roster.has_channel(channel, since),
    }
}

fn warn_of(whom: &str, none: Option<&NoAnswer>) {
    if let Some(none) = none {
        tracing::warn!(whom, why = none.why, "Slack does not say who this is");
    }
}

impl std::fmt::Debug for People {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("People").field("asks", &self.directory.is_some()).finish_non_exhaustive()
    }
}
