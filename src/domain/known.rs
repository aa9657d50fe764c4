//! What the lists of people came to when Slack was asked about them.

use crate::domain::ids::ChannelId;
use crate::domain::roster::{Lapse, Roster, Standing, is_group};
use crate::domain::time_words::utc;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The lists that name people or groups, as the settings call them.
pub(super) const OPENERS: &str = "people.openers";
pub(super) const RESPONDERS: &str = "people.responders";
pub(super) const APPROVERS: &str = "people.approvers";
pub(super) const SQL_ASKERS: &str = "people.sql_askers";

/// What was known of people, groups and channels at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    roster: Arc<Roster>,
    now: Timestamp,
    /// The list, and the group of it of which nobody counts now; and why.
    lapsed: BTreeMap<(&'static str, String), String>,
    /// Groups that count, and as of when.
    read_at: BTreeMap<String, Timestamp>,
    /// Who is listed and does not count, and why.
    skipped: BTreeMap<String, String>,
}

impl Known {
    pub(super) fn new(roster: &Arc<Roster>, now: Timestamp) -> Self {
        Self {
            roster: Arc::clone(roster),
            now,
            lapsed: BTreeMap::new(),
            read_at: BTreeMap::new(),
            skipped: BTreeMap::new(),
        }
    }

    pub(super) fn standing(&self, user: &str) -> Result<(Standing, Timestamp), Lapse> {
        self.roster.standing(user, self.now)
    }

    pub(super) fn is_shared(&self, channel: &ChannelId) -> Result<bool, Lapse> {
        self.roster.is_shared(channel, self.now)
    }

    /// A group of one of these lists of which nobody counts, and why.
    pub(super) fn lapsed_of(&self, lists: &[&str]) -> Option<(&str, &str)> {
        let mut lapsed = self.lapsed.iter();
        let found = lapsed.find(|((list, _), _)| lists.contains(list));
        found.map(|((_, group), why)| (group.as_str(), why.as_str()))
    }

    /// The groups that count and have this person in them, each with its age.
    pub(super) fn groups_of(&self, user: &str) -> impl Iterator<Item = (&String, Timestamp)> {
        let has = move |group: &str| {
            let members = self.roster.group(group, self.now);
            members.is_ok_and(|(members, _)| members.contains(user))
        };
        let read = self.read_at.iter().filter(move |(group, _)| has(group));
        read.map(|(group, at)| (group, *at))
    }

    /// The people of a list, those of its groups among them. Of a group that cannot be looked up
    /// nobody is, and neither is whoever is no full member.
    pub(super) fn expanded(
        &mut self,
        (name, list): (&'static str, &BTreeSet<String>),
    ) -> BTreeSet<String> {
        let roster = Arc::clone(&self.roster);
        let mut people = BTreeSet::new();
        for id in list {
            if !is_group(id) {
                // Whoever is not looked up yet may be named here; their press is refused then.
                let known = roster.standing(id, self.now).map(|(standing, _)| standing);
                match known.unwrap_or(Standing::Member) {
                    Standing::Member => people.extend([id.clone()]),
                    other @ (Standing::Guest
                    | Standing::Bot
                    | Standing::Deactivated
                    | Standing::Elsewhere) => self.skip(id, other.words()),
                }
                continue;
            }
            match roster.group(id, self.now) {
                Ok((members, at)) => {
                    self.read_at.insert(id.clone(), at);
                    people.extend(members.iter().filter(|user| self.counts(user)).cloned());
                }
                Err(why) => {
                    self.lapsed.insert((name, id.clone()), why.to_string());
                }
            }
        }
        people
    }

    fn counts(&mut self, user: &str) -> bool {
        match self.standing(user) {
            Ok((Standing::Member, _)) => true,
            Ok((other, _)) => {
                self.skip(user, other.words());
                false
            }
            Err(why) => {
                self.skip(user, &why.to_string());
                false
            }
        }
    }

    fn skip(&mut self, user: &str, why: &str) {
        self.skipped.insert(user.to_owned(), why.to_owned());
    }

    /// What people are told of the groups: how old each is, which fail, and who does not count.
    pub fn told(&self) -> Vec<String> {
        let read =
            self.read_at.iter().map(|(group, at)| format!("group {group} as of {}", utc(*at)));
        let lapsed: BTreeMap<_, _> =
            self.lapsed.iter().map(|((_, group), why)| (group, why)).collect();
        let lapsed = lapsed.into_iter().map(|(group, why)| {
            format!("group {group} could not be looked up, so nobody of it counts ({why})")
        });
        let skipped = self.skipped.iter().map(|(user, why)| format!("{user} is skipped ({why})"));
        read.chain(lapsed).chain(skipped).collect()
    }

    /// The same without what is in order: for whoever has to put it right.
    pub fn faults(&self) -> Vec<String> {
        self.told().into_iter().skip(self.read_at.len()).collect()
    }
}
