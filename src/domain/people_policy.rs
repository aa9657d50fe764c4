//! The rules about people as they stand now: user groups expanded, and who each person is.

use crate::domain::case::Case;
use crate::domain::ids::ChannelId;
use crate::domain::known::{APPROVERS, Known, OPENERS, RESPONDERS, SQL_ASKERS};
use crate::domain::policy::Policy;
use crate::domain::proof::Caller;
use crate::domain::refusal::Refusal;
use crate::domain::roster::{Roster, Standing, is_group};
use crate::domain::vouching::Vouched;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;

impl Policy {
    /// Every user group that a list names.
    pub fn groups(&self) -> BTreeSet<String> {
        self.lists().flat_map(|(_, list)| list).filter(|id| is_group(id)).cloned().collect()
    }

    /// Everybody whom a list names by their own id.
    pub fn named(&self) -> BTreeSet<String> {
        self.lists().flat_map(|(_, list)| list).filter(|id| !is_group(id)).cloned().collect()
    }

    /// The rules as they stand by what Slack said: groups are their people, and whoever is no full
    /// member of the workspace is on no list.
    pub fn as_of(&self, roster: &Arc<Roster>, now: Timestamp) -> Self {
        let mut known = Known::new(roster, now);
        let mut policy = self.clone();
        if let Some(openers) = &self.openers {
            policy.openers = Some(known.expanded((OPENERS, openers)));
        }
        policy.responders = known.expanded((RESPONDERS, &self.responders));
        policy.approvers = known.expanded((APPROVERS, &self.approvers));
        for (tier, list) in &self.approvers_of {
            policy.approvers_of.insert(*tier, known.expanded((tier.list(), list)));
        }
        policy.sql_askers = known.expanded((SQL_ASKERS, &self.sql_askers));
        policy.known = Some(known);
        policy
    }

    /// What Slack said of this person, to be written down beside what they decide.
    pub fn vouch(&self, caller: &Caller) -> Option<Vouched> {
        let known = self.asked_about(caller)?;
        let user = &caller.person().user;
        let (_, told_at) = known.standing(user).ok()?;
        let of: Vec<(String, Timestamp)> =
            known.groups_of(user).map(|(group, at)| (group.clone(), at)).collect();
        let as_of = of.iter().map(|(_, at)| *at).chain([told_at]).min().unwrap_or(told_at);
        Some(Vouched { groups: of.into_iter().map(|(group, _)| group).collect(), as_of })
    }

    /// Whether Slack says that this is a full member of the workspace.
    pub(super) fn is_member(&self, caller: &Caller) -> Result<(), Refusal> {
        let Some(known) = self.asked_about(caller) else {
            return Ok(());
        };
        match known.standing(&caller.person().user) {
            Ok((Standing::Member, _)) => Ok(()),
            Ok((other, _)) => Err(Refusal::NotMember(other.words())),
            Err(why) => Err(Refusal::NotLookedUp(format!("who you are ({why})"))),
        }
    }

    /// Whether this is one of ours, as far as that is known: nobody is kept from reporting a key
    /// because Slack does not answer.
    pub(super) fn may_report(&self, caller: &Caller) -> Result<(), Refusal> {
        let known = self.asked_about(caller);
        let standing = known.and_then(|known| known.standing(&caller.person().user).ok());
        match standing.map(|(standing, _)| standing) {
            None | Some(Standing::Member) => Ok(()),
            Some(other) => Err(Refusal::NotMember(other.words())),
        }
    }

    /// Whether this person may be told how keyleak is asked without being looked up: anybody of the
    /// workspace, unless a list says who may ask at all.
    pub fn may_be_helped(&self, caller: &Caller) -> bool {
        self.openers.is_none() && self.is_ours(caller).is_ok()
    }

    /// Whether this person may act as [`Policy::may_act`] says, and from this channel: not where
    /// others read along. A channel that Slack does not tell of is no hindrance, because the answer
    /// is private.
    pub fn may_act_in(&self, caller: &Caller, channel: Option<&ChannelId>) -> Result<(), Refusal> {
        self.may_act(caller)?;
        let known = self.known.as_ref().zip(channel);
        match known.map(|(known, channel)| known.is_shared(channel)) {
            Some(Ok(true)) => Err(Refusal::SharedPlace),
            Some(Ok(false) | Err(_)) | None => Ok(()),
        }
    }

    /// Whether what is decided is decided among ourselves: the case's channel is not shared.
    pub(super) fn is_among_us(&self, caller: &Caller, case: &Case) -> Result<(), Refusal> {
        let (Some(known), Some(channel)) = (self.asked_about(caller), &case.room().channel) else {
            return Ok(());
        };
        match known.is_shared(channel) {
            Ok(false) => Ok(()),
            Ok(true) => Err(Refusal::SharedChannel),
            Err(why) => Err(Refusal::NotLookedUp(format!("this case's channel ({why})"))),
        }
    }

    /// Why somebody is not on these lists: a group of them could not be looked up, or simply so.
    pub(super) fn not_on(&self, lists: &[&str], simply: Refusal) -> Refusal {
        let lapsed = self.known.as_ref().and_then(|known| known.lapsed_of(lists));
        match lapsed {
            Some((group, why)) => Refusal::GroupLapsed(group.to_owned(), why.to_owned()),
            None => simply,
        }
    }

    /// What is known of people, where it counts: whoever AWS named is who they are without Slack,
    /// which may be away.
    fn asked_about(&self, caller: &Caller) -> Option<&Known> {
        self.known.as_ref().filter(|_| caller.identity().is_none())
    }

    fn lists(&self) -> impl Iterator<Item = (&'static str, &BTreeSet<String>)> {
        let openers = self.openers.iter().map(|list| (OPENERS, list));
        let tiers = self.approvers_of.iter().map(|(tier, list)| (tier.list(), list));
        openers.chain(tiers).chain([
            (RESPONDERS, &self.responders),
            (APPROVERS, &self.approvers),
            (SQL_ASKERS, &self.sql_askers),
        ])
    }
}
