//! What a user was called when: a rename changes the name of a user, and nothing else of it.
//!
//! A record of a rename names the user by its old name and tells no immutable id. So a user is told
//! by its first name and by when that began to be its own: going back from a name at a time, over
//! the renames, to where it was made, or to the window's begin. Somebody else may have the old name
//! later, and that is another user.

use crate::domain::lineage::{Node, NodeKind};
use crate::domain::lineage_call::Calls;
use crate::domain::principal::account_in;
use crate::domain::trail_row::{Sighting, parse_time};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// An account and what one of its users is called.
type Name<'a> = (&'a str, &'a str);

/// A user: its account, its first name, and since when that was its own, where the trail tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User<'a> {
    first: Name<'a>,
    since: Option<Timestamp>,
}

/// A name at a time.
#[derive(Debug, Clone, Copy)]
pub struct NamedAt<'t> {
    pub account: &'t str,
    pub name: &'t str,
    pub at: Timestamp,
}

/// Everything that the trail tells of the names of users, where any was renamed.
#[derive(Debug, Default)]
pub struct UserNames<'a> {
    renames: Vec<&'a Sighting>,
    turns: HashMap<Name<'a>, Vec<Turn<'a>>>,
    /// Who called under a name, by immutable id, and when first.
    callers: HashMap<Name<'a>, BTreeMap<&'a str, Timestamp>>,
    /// The name under which each immutable id was seen first the latest.
    newest: HashMap<&'a str, (Timestamp, Name<'a>)>,
}

#[derive(Debug, Clone, Copy)]
struct Turn<'a> {
    at: Timestamp,
    to: Became<'a>,
}

/// What became of a name; the number is that of the rename.
#[derive(Debug, Clone, Copy)]
enum Became<'a> {
    Gone,
    GivenUp { new: &'a str, rename: usize },
    Made,
    Taken { old: &'a str, rename: usize },
}

impl<'a> UserNames<'a> {
    /// Reads the renames; without any there is nothing to know.
    pub fn new(sightings: &[&'a Sighting]) -> Self {
        let renames = sightings.iter().copied().filter(|seen| new_name(seen).is_some());
        let mut names = Self { renames: renames.collect(), ..Self::default() };
        if names.renames.is_empty() {
            return names;
        }
        for (rename, seen) in names.renames.clone().into_iter().enumerate() {
            if let (Some(old), Some(new)) = (target(seen), new_name(seen)) {
                names.turn((old.0, new), seen, Became::Taken { old: old.1, rename });
                names.turn(old, seen, Became::GivenUp { new, rename });
            }
        }
        for seen in sightings.iter().copied() {
            match (seen.event_name.as_deref(), target(seen)) {
                (Some("CreateUser"), Some(name)) => names.turn(name, seen, Became::Made),
                (Some("DeleteUser"), Some(name)) => names.turn(name, seen, Became::Gone),
                (Some(_), _) | (None, _) => {}
            }
            names.note_caller(seen);
        }
        for (name, ids) in &names.callers {
            for (id, first) in ids {
                let newest = names.newest.entry(*id).or_insert((*first, *name));
                *newest = (*first, *name).max(*newest);
            }
        }
        names
    }

    fn turn(&mut self, name: Name<'a>, seen: &Sighting, to: Became<'a>) {
        if let Some(at) = parse_time(&seen.first_time) {
            self.turns.entry(name).or_default().push(Turn { at, to });
        }
    }

    fn note_caller(&mut self, seen: &'a Sighting) {
        let id = seen.principal_id.as_deref().filter(|_| is_user(seen));
        let name = seen.identity_account.as_deref().zip(seen.user_name.as_deref());
        if let (Some(id), Some(name), Some(at)) = (id, name, parse_time(&seen.first_time)) {
            let first = self.callers.entry(name).or_default().entry(id).or_insert(at);
            *first = at.min(*first);
        }
    }

    /// The calls that renamed somebody, in time order.
    pub fn renames(&self) -> &[&'a Sighting] {
        &self.renames
    }

    /// Whether two names at two times are one user's.
    pub fn is_same<'t>(&'t self, one: NamedAt<'t>, other: NamedAt<'t>) -> bool {
        if self.renames.is_empty() {
            return (one.account, one.name) == (other.account, other.name);
        }
        self.user(one) == self.user(other)
    }

    /// Whether a call at a time is about the user that a node is or belongs to, by that name.
    pub fn is_user_of(&self, node: &Node, called: &Option<String>, at: &str) -> bool {
        let (Some(own), Some(called)) = (node.user_name.as_deref(), called.as_deref()) else {
            return false;
        };
        match (named_in(node, own), parse_time(at)) {
            (Some(named), Some(at)) if !self.renames.is_empty() => {
                self.is_same(named, NamedAt { name: called, at, ..named })
            }
            (Some(_) | None, Some(_) | None) => own == called,
        }
    }

    /// Of a user whose immutable id no record shows there is only the name, and when it had it.
    pub fn is_named_then(&self, principal: &Node, seen: &Sighting) -> bool {
        let is_told = principal.principal_id.is_some() || seen.user_name.is_none();
        let is_free = self.renames.is_empty() || principal.kind != NodeKind::User;
        is_told || is_free || self.is_user_of(principal, &seen.user_name, &seen.first_time)
    }

    /// Whose a name was at a time. What happened in one second happened in the order that fits.
    pub fn user<'t>(&'t self, named: NamedAt<'t>) -> User<'t> {
        let (mut name, mut at) = ((named.account, named.name), named.at);
        let mut passed = BTreeSet::new();
        loop {
            let came_by_rename = !passed.is_empty();
            let before = |turn: &&Turn<'t>| match turn.to {
                Became::Taken { rename, .. } => turn.at <= at && !passed.contains(&rename),
                Became::Made => {
                    let is_next = came_by_rename && turn.at == at && self.is_held(name, at);
                    turn.at <= at && !is_next
                }
                Became::Gone | Became::GivenUp { .. } => turn.at < at,
            };
            let turns = self.turns_of(name).iter().filter(before);
            match turns.max_by_key(|turn| (turn.at, turn.rank())) {
                Some(Turn { at: then, to: Became::Taken { old, rename } }) => {
                    passed.insert(*rename);
                    (name, at) = ((name.0, *old), *then);
                }
                Some(turn) => return User { first: name, since: Some(turn.at) },
                None => return User { first: name, since: None },
            }
        }
    }

    /// What a user is called at last who had a name at a time, and whether it was made then.
    pub fn last<'t>(&'t self, named: NamedAt<'t>, made_then: bool) -> &'t str {
        let (mut name, mut at) = ((named.account, named.name), named.at);
        let mut passed = BTreeSet::new();
        loop {
            let only_later = made_then && passed.is_empty() && self.is_held(name, at);
            let after = |turn: &&Turn<'t>| match turn.to {
                Became::GivenUp { rename, .. } => {
                    let is_later = turn.at > at || turn.at == at && !only_later;
                    is_later && !passed.contains(&rename)
                }
                Became::Gone | Became::Made | Became::Taken { .. } => turn.at > at,
            };
            let turns = self.turns_of(name).iter().filter(after);
            match turns.min_by_key(|turn| (turn.at, turn.rank())) {
                Some(Turn { at: then, to: Became::GivenUp { new, rename } }) => {
                    passed.insert(*rename);
                    (name, at) = ((name.0, *new), *then);
                }
                Some(_) | None => return name.1,
            }
        }
    }

    /// The immutable id of who had a name at a time, where anything was signed by them.
    pub fn id_of<'t>(&'t self, named: NamedAt<'t>) -> Option<&'t str> {
        if self.renames.is_empty() {
            return None;
        }
        let user = self.user(named);
        let all = self.callers.iter().flat_map(|(name, ids)| ids.iter().map(move |id| (name, id)));
        let own = all.filter(|((account, name), (_, at))| {
            *account == named.account && self.user(NamedAt { account, name, at: **at }) == user
        });
        own.map(|(_, (id, at))| (*at, *id)).min().map(|(_, id)| id)
    }

    /// What the user with an immutable id is called at last.
    pub fn last_of(&self, id: &str) -> Option<&str> {
        let (at, (account, name)) = *self.newest.get(id)?;
        Some(self.last(NamedAt { account, name, at }, false))
    }

    /// Whether somebody had the name before a time.
    fn is_held(&self, name: Name<'_>, at: Timestamp) -> bool {
        let turns = self.turns_of(name).iter().filter(|turn| turn.at < at);
        match turns.max_by_key(|turn| (turn.at, turn.rank())).map(|turn| turn.to) {
            Some(Became::Taken { .. } | Became::Made) => true,
            Some(Became::Gone | Became::GivenUp { .. }) => false,
            None => {
                let mut callers = self.callers.get(&name).into_iter().flatten();
                callers.any(|(_, first)| *first < at)
            }
        }
    }

    fn turns_of<'t>(&'t self, name: Name<'t>) -> &'t [Turn<'t>] {
        self.turns.get(&name).map_or(&[], Vec::as_slice)
    }
}

impl Turn<'_> {
    fn rank(&self) -> u8 {
        match self.to {
            Became::Gone | Became::GivenUp { .. } => 0,
            Became::Made => 1,
            Became::Taken { .. } => 2,
        }
    }
}

/// The name that a node has for its user, and when that was its name.
pub(super) fn named_in<'t>(node: &'t Node, name: &'t str) -> Option<NamedAt<'t>> {
    let account = node.arn.as_deref().and_then(account_in)?;
    Some(NamedAt { account, name, at: node.made.or(node.first)? })
}

/// The user that a call is about.
fn target(seen: &Sighting) -> Option<Name<'_>> {
    let account = seen.recipient_account.as_deref().or(seen.identity_account.as_deref())?;
    Some((account, seen.target_user.as_deref()?))
}

/// The new name that a call gives to a user; a call may also only move it to another path.
fn new_name(seen: &Sighting) -> Option<&str> {
    let renames = Calls::of(seen.event_name.as_deref()?) == Calls::Rename;
    let new = seen.new_name.as_deref().filter(|_| renames)?;
    (Some(new) != seen.target_user.as_deref()).then_some(new)
}

fn is_user(seen: &Sighting) -> bool {
    seen.identity_type.as_deref() == Some("IAMUser")
}
