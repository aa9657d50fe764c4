//! Who else made what is new: told only once it cannot turn out to be the actor after all.
//!
//! Records come out of order by minutes. The record of what the actor made may come before the one
//! of the session that it was made with, and until then it looks like somebody else's.

use crate::domain::action::Action;
use crate::domain::ids::AccessKeyId;
use crate::domain::lineage::{Lineage, MadeKey, MadePrincipal};
use crate::domain::principal::PrincipalName;
use crate::domain::trail_row::{Sighting, parse_time};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};

/// A credential that was at work for so long before is older than what the trail still owes.
const ESTABLISHED: SignedDuration = SignedDuration::from_mins(20);
/// So many credentials are followed back, each to the one that minted it.
const DEPTH_MAX: usize = 10;

/// Something that a record shows a credential outside the lineage making.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByOther<T> {
    #[serde(flatten)]
    pub what: T,
    pub at: Timestamp,
    /// Where the maker's credential comes from is known, so that no later record can change whose
    /// it is.
    pub sure: bool,
}

impl<T: Clone> ByOther<T> {
    /// What can be said of others while the trail is complete up to a time.
    pub fn told(all: &[Self], until: Timestamp) -> Vec<T> {
        let told = all.iter().filter(|one| one.sure || one.at < until);
        told.map(|one| one.what.clone()).collect()
    }
}

/// Whether these name somebody else as the maker of what an action stopped.
pub fn is_others(stopping: &Action, (made, keys): (&[MadePrincipal], &[MadeKey])) -> bool {
    let id = Some(stopping.on.id.as_str());
    made.iter().any(|made| made.id.as_deref() == id)
        || keys.iter().any(|made| stopping.stops(&made.key))
}

/// Everything that pass one saw others make.
#[derive(Debug)]
pub struct Makers<'a> {
    sightings: &'a [Sighting],
    /// The credentials and the principals of the lineage.
    grown: BTreeSet<&'a str>,
    principals: BTreeSet<&'a str>,
    /// The call that minted a credential, and when a credential was first at work.
    mints: HashMap<&'a str, &'a Sighting>,
    first: HashMap<&'a str, Timestamp>,
}

impl<'a> Makers<'a> {
    pub fn new(sightings: &'a [Sighting], lineage: &'a Lineage) -> Self {
        let own = std::iter::once(lineage.key_id.as_str());
        let grown = own.chain(lineage.nodes.iter().map(|node| node.id.as_str())).collect();
        let principals = lineage.nodes.iter().filter_map(|node| node.principal_id.as_deref());
        let principals = principals.collect();
        let (mut mints, mut first) = (HashMap::new(), HashMap::new());
        for seen in sightings {
            if let Some(key) = seen.minted_key.as_deref() {
                mints.insert(key, seen);
            }
            if let (Some(key), Some(at)) =
                (seen.access_key_id.as_deref(), parse_time(&seen.first_time))
            {
                let first = first.entry(key).or_insert(at);
                *first = at.min(*first);
            }
        }
        Self { sightings, grown, principals, mints, first }
    }

    /// Users and roles that are not in the lineage.
    pub fn principals(&self) -> Vec<ByOther<MadePrincipal>> {
        let made = self.sightings.iter().filter_map(|seen| {
            let name = match seen.event_name.as_deref()? {
                "CreateUser" => PrincipalName::user(seen.target_user.as_deref()?),
                "CreateRole" => PrincipalName::role(seen.target_role.as_deref()?),
                _ => return None,
            };
            let id = seen.minted_principal_id.clone();
            let id = id.filter(|id| !self.principals.contains(id.as_str()))?;
            self.by_other(seen, |by| MadePrincipal { name, id: Some(id), by })
        });
        made.collect()
    }

    /// Access keys of users that are not in the lineage.
    pub fn keys(&self) -> Vec<ByOther<MadeKey>> {
        let made = self.sightings.iter().filter_map(|seen| {
            let is_made = seen.event_name.as_deref() == Some("CreateAccessKey");
            let key = seen.minted_key.as_deref().filter(|key| is_made && !self.grown.contains(key));
            let key = AccessKeyId::from_record(key?)?;
            self.by_other(seen, |by| MadeKey { key, by })
        });
        made.collect()
    }

    /// Sessions of roles that are not in the lineage, as `aws:userid`.
    pub fn sessions(&self) -> BTreeSet<String> {
        let is_others = |key: &str| !self.grown.contains(key);
        let sightings = self.sightings.iter();
        let others = sightings.filter(|seen| seen.minted_key.as_deref().is_some_and(is_others));
        let ids = others.filter_map(|seen| seen.minted_principal_id.clone());
        ids.filter(|id| id.contains(':')).collect()
    }

    fn by_other<T>(&self, seen: &Sighting, what: impl FnOnce(String) -> T) -> Option<ByOther<T>> {
        let by = seen.identity_arn.as_ref().or(seen.invoked_by.as_ref())?;
        // Who used a key that the actor switched on is not known: then nobody is named.
        let by_grown = seen.access_key_id.as_deref().is_some_and(|key| self.grown.contains(key));
        let at = parse_time(&seen.first_time).filter(|_| !by_grown)?;
        Some(ByOther { what: what(by.clone()), at, sure: self.is_explained(seen, at) })
    }

    /// Whether the credential behind a call was at work long before, or goes back to one that was.
    fn is_explained(&self, seen: &Sighting, at: Timestamp) -> bool {
        let (mut key, mut at) = (seen.access_key_id.as_deref(), at);
        for _ in 0..DEPTH_MAX {
            let Some(signer) = key else { return false };
            if self.first.get(signer).is_some_and(|first| *first + ESTABLISHED <= at) {
                return true;
            }
            let Some(mint) = self.mints.get(signer) else { return false };
            (key, at) = (mint.access_key_id.as_deref(), parse_time(&mint.first_time).unwrap_or(at));
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPS: &str = "AKIAQQQQQQQQQQQQOPS2";
    const SESSION: &str = "ASIAQQQQQQQQQQQQSES2";
    const NEW: &str = "AKIAQQQQQQQQQQQQNEW2";

    fn seen(minute: u32, key: &str, call: Option<&str>) -> Sighting {
        Sighting {
            event_name: call.map(str::to_owned),
            identity_arn: Some("arn:aws:iam::029608264753:user/ops".to_owned()),
            access_key_id: Some(key.to_owned()),
            first_time: format!("2026-11-20T10:{minute:02}:00Z"),
            ..Sighting::default()
        }
    }

    fn mint(minute: u32, by: &str, call: &str, minted: &str) -> Sighting {
        Sighting { minted_key: Some(minted.to_owned()), ..seen(minute, by, Some(call)) }
    }

    fn made(sightings: &[Sighting]) -> Vec<bool> {
        let lineage = Lineage::default();
        Makers::new(sightings, &lineage).keys().iter().map(|made| made.sure).collect()
    }

    #[test]
    fn a_maker_that_was_at_work_long_before_is_somebody_else_for_sure() {
        let new = mint(40, OPS, "CreateAccessKey", NEW);
        assert_eq!(made(&[seen(20, OPS, None), new.clone()]), [true]);
        assert_eq!(made(&[seen(21, OPS, None), new.clone()]), [false], "its own making may come");
        assert_eq!(made(&[new]), [false]);
    }

    #[test]
    fn so_is_a_session_that_such_a_one_opened_and_one_of_which_no_record_came_yet_is_not() {
        let new = mint(45, SESSION, "CreateAccessKey", NEW);
        let opened = mint(40, OPS, "AssumeRole", SESSION);
        assert_eq!(made(&[seen(20, OPS, None), opened.clone(), new.clone()]), [true]);
        assert_eq!(made(&[opened.clone(), new.clone()]), [false]);
        assert_eq!(made(&[seen(20, OPS, None), new.clone()]), [false]);
        let circle = mint(40, SESSION, "AssumeRole", SESSION);
        assert_eq!(made(&[circle, new]), [false]);
    }

    #[test]
    fn what_is_not_sure_is_told_once_the_trail_is_complete_past_it() {
        let sightings = [mint(40, OPS, "CreateAccessKey", NEW)];
        let lineage = Lineage::default();
        let keys = Makers::new(&sightings, &lineage).keys();
        let told = |until: &str| ByOther::told(&keys, until.parse().unwrap()).len();
        assert_eq!(told("2026-11-20T10:40:00Z"), 0);
        assert_eq!(told("2026-11-20T10:40:01Z"), 1);
        let sure = [ByOther { sure: true, ..keys[0].clone() }];
        assert_eq!(ByOther::told(&sure, Timestamp::MIN).len(), 1);
    }

    #[test]
    fn what_grew_from_the_leaked_key_is_nobody_elses() {
        let sightings = [mint(40, OPS, "CreateAccessKey", NEW)];
        let lineage = Lineage { key_id: NEW.to_owned(), ..Lineage::default() };
        assert_eq!(Makers::new(&sightings, &lineage).keys(), []);
    }
}
