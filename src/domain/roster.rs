//! What Slack said of people, user groups and channels, when, and how long that counts.

use crate::domain::ids::ChannelId;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// A larger group decides nothing: nobody can say who is in it.
pub const GROUP_MEMBERS_MAX: usize = 300;
/// People whom no list names are forgotten beyond so many.
const PEOPLE_MAX: usize = 2_000;

/// What somebody is in the workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// A full member of our workspace, who can sign in.
    Member,
    /// A guest of one channel or of several.
    Guest,
    Bot,
    Deactivated,
    /// Of another workspace, met through Slack Connect.
    Elsewhere,
}

impl Standing {
    /// What somebody is, for a sentence that says why they do not count.
    pub fn words(self) -> &'static str {
        match self {
            Self::Member => "a full member",
            Self::Guest => "a guest",
            Self::Bot => "a bot",
            Self::Deactivated => "deactivated",
            Self::Elsewhere => "of another workspace",
        }
    }
}

/// Why Slack told nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoAnswer {
    pub why: String,
    /// It may pass by itself: what was told before counts until it is too old.
    pub for_now: bool,
}

/// What was told last, and why it was not told again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told<T> {
    last: Option<(T, Timestamp)>,
    failed: Option<String>,
}

impl<T> Default for Told<T> {
    fn default() -> Self {
        Self { last: None, failed: None }
    }
}

/// Why something that was told does not count; nobody is given the benefit of the doubt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Lapse {
    #[error("Slack was not asked yet")]
    NotAsked,
    #[error("{0}")]
    Refused(String),
    #[error("what Slack said last is {minutes} min old, and then: {why}")]
    Stale { minutes: i64, why: String },
}

impl<T> Told<T> {
    fn take(&mut self, answer: Result<T, NoAnswer>, now: Timestamp) {
        match answer {
            Ok(told) => *self = Self { last: Some((told, now)), failed: None },
            Err(none) if none.for_now => self.failed = Some(none.why),
            Err(none) => *self = Self { last: None, failed: Some(none.why) },
        }
    }

    fn at(&self, now: Timestamp, valid_for: SignedDuration) -> Result<(&T, Timestamp), Lapse> {
        let failed = || self.failed.clone();
        match &self.last {
            Some((told, at)) if now.duration_since(*at) <= valid_for => Ok((told, *at)),
            Some((_, at)) => Err(Lapse::Stale {
                minutes: now.duration_since(*at).as_mins(),
                why: failed().unwrap_or_else(|| "it was not asked again".to_owned()),
            }),
            None => Err(failed().map_or(Lapse::NotAsked, Lapse::Refused)),
        }
    }

    fn is_older(&self, than: Timestamp) -> bool {
        self.last.as_ref().is_none_or(|(_, at)| *at < than)
    }
}

/// What Slack said, kept by a process for as long as it counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roster {
    valid_for: SignedDuration,
    people: BTreeMap<String, Told<Standing>>,
    groups: BTreeMap<String, Told<BTreeSet<String>>>,
    channels: BTreeMap<ChannelId, Told<bool>>,
}

impl Roster {
    /// Knows nothing yet; what it is told counts for so long.
    pub fn new(valid_for: SignedDuration) -> Self {
        Self { valid_for, ..Self::default() }
    }

    pub fn valid_for(&self) -> SignedDuration {
        self.valid_for
    }

    /// What somebody is, and as of when.
    pub fn standing(&self, user: &str, now: Timestamp) -> Result<(Standing, Timestamp), Lapse> {
        let told = self.people.get(user).ok_or(Lapse::NotAsked)?;
        told.at(now, self.valid_for).map(|(standing, at)| (*standing, at))
    }

    /// Who is in a group, and as of when.
    pub fn group(
        &self,
        group: &str,
        now: Timestamp,
    ) -> Result<(&BTreeSet<String>, Timestamp), Lapse> {
        self.groups.get(group).ok_or(Lapse::NotAsked)?.at(now, self.valid_for)
    }

    /// Whether a channel is shared with another organisation.
    pub fn is_shared(&self, channel: &ChannelId, now: Timestamp) -> Result<bool, Lapse> {
        let told = self.channels.get(channel).ok_or(Lapse::NotAsked)?;
        told.at(now, self.valid_for).map(|(shared, _)| *shared)
    }

    pub fn told_person(&mut self, user: &str, answer: Result<Standing, NoAnswer>, now: Timestamp) {
        if self.people.len() >= PEOPLE_MAX && !self.people.contains_key(user) {
            let oldest = now - self.valid_for;
            self.people.retain(|_, told| !told.is_older(oldest));
        }
        self.people.entry(user.to_owned()).or_default().take(answer, now);
    }

    pub fn told_group(
        &mut self,
        group: &str,
        answer: Result<Vec<String>, NoAnswer>,
        now: Timestamp,
    ) {
        let answer = answer.and_then(|members| match members.len() > GROUP_MEMBERS_MAX {
            true => Err(NoAnswer {
                why: format!("it has more than {GROUP_MEMBERS_MAX} people; name a smaller one"),
                for_now: false,
            }),
            false => Ok(members.into_iter().collect()),
        });
        self.groups.entry(group.to_owned()).or_default().take(answer, now);
    }

    pub fn told_channel(
        &mut self,
        channel: &ChannelId,
        answer: Result<bool, NoAnswer>,
        now: Timestamp,
    ) {
        let oldest = now - self.valid_for;
        self.channels.retain(|known, told| known == channel || !told.is_older(oldest));
        self.channels.entry(channel.clone()).or_default().take(answer, now);
    }

    /// Whether this was told since then, so that it need not be asked again.
    pub fn has_person(&self, user: &str, since: Timestamp) -> bool {
        self.people.get(user).is_some_and(|told| !told.is_older(since))
    }

    pub fn has_group(&self, group: &str, since: Timestamp) -> bool {
        self.groups.get(group).is_some_and(|told| !told.is_older(since))
    }

    pub fn has_channel(&self, channel: &ChannelId, since: Timestamp) -> bool {
        self.channels.get(channel).is_some_and(|told| !told.is_older(since))
    }
}

/// Whether a listed id is that of a user group.
pub fn is_group(id: &str) -> bool {
    id.starts_with('S')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample::at;

    fn lost(why: &str, for_now: bool) -> NoAnswer {
        NoAnswer { why: why.to_owned(), for_now }
    }

    #[test]
    fn what_was_told_counts_until_it_is_too_old_however_often_slack_is_away_meanwhile() {
        let mut roster = Roster::new(SignedDuration::from_mins(15));
        assert_eq!(roster.group("S1", at(0)), Err(Lapse::NotAsked));
        roster.told_group("S1", Ok(vec!["U1".to_owned()]), at(0));
        roster.told_group("S1", Err(lost("away", true)), at(60));
        assert_eq!(roster.group("S1", at(900)).unwrap().1, at(0));
        let stale = Lapse::Stale { minutes: 15, why: "away".to_owned() };
        assert_eq!(roster.group("S1", at(901)), Err(stale));
        assert!(roster.has_group("S1", at(0)) && !roster.has_group("S1", at(1)));
    }

    #[test]
    fn a_group_that_slack_refuses_to_name_counts_no_longer_at_once() {
        let mut roster = Roster::new(SignedDuration::from_mins(15));
        roster.told_group("S1", Ok(vec!["U1".to_owned()]), at(0));
        roster.told_group("S1", Err(lost("no such group", false)), at(1));
        assert_eq!(roster.group("S1", at(2)), Err(Lapse::Refused("no such group".to_owned())));
        let many = (0..=GROUP_MEMBERS_MAX).map(|number| format!("U{number}")).collect();
        roster.told_group("S1", Ok(many), at(3));
        assert!(roster.group("S1", at(3)).is_err(), "nobody can say who is in it");
    }
}
