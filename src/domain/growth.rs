//! Grows the lineage of a key: mint edges first, then principals, then sessions without a mint, to
//! a fixed point.
//!
//! Needs: name everything the actor holds, and nothing else. Properties: a link is *certain* only
//! when a record shows it; names alone never link (an immutable id that differs breaks the link);
//! the order of the input does not matter. Design: edges and callers are indexed once; each round
//! adds what the known nodes minted, then what signed as a principal the actor made, until nothing
//! is new.

mod back;
mod hosts;
mod mints;
mod reach;
mod renames;
mod sign_ins;
mod signer;

use crate::domain::growth::mints::caller_name;
use crate::domain::lineage::{Certainty, Lineage, Node, NodeKind, Reach, Standing};
use crate::domain::record_text::is_address;
use crate::domain::sighting_index::SightingIndex;
use crate::domain::trail_row::{Sighting, parse_time};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// A loop of roles that mint each other, or a trail made to exhaust us, ends here.
const NODES_MAX: usize = 5_000;
/// Enough to search for; an actor behind more addresses than this is not found by address.
const ADDRESSES_MAX: usize = 200;
/// What fits into one Athena query beside the rest; the events are counted all the same.
const FORWARDED_MAX: usize = 1_000;
/// Keys shown of one session; their number tells more than their names.
const KEYS_MAX: usize = 200;
/// A service works on a caller's behalf within moments of the call; retries take minutes.
const FORWARD_SLACK: SignedDuration = SignedDuration::from_secs(60);

/// What bounds a lineage.
#[derive(Debug, Clone, Copy)]
pub struct Bounds<'a> {
    /// The exposed key.
    pub key_id: &'a str,
    /// What was made before it is flagged as older.
    pub exposed_since: Option<Timestamp>,
    /// Sessions that expire after it are live.
    pub as_of: Timestamp,
}

/// Computes the lineage of one key from what pass one saw.
pub fn grow(sightings: &[Sighting], bounds: Bounds<'_>) -> Lineage {
    let index = SightingIndex::new(sightings);
    let mut growth = Growth::new(&index, bounds);
    growth.start();
    loop {
        let before = growth.nodes.len();
        growth.follow_mints();
        growth.follow_principals();
        growth.follow_sessions();
        growth.follow_sign_ins();
        growth.follow_hosts();
        if growth.nodes.len() == before {
            growth.follow_take_overs();
        }
        if growth.nodes.len() == before {
            break;
        }
    }
    growth.finish()
}

struct Growth<'a> {
    index: &'a SightingIndex<'a>,
    bounds: Bounds<'a>,
    lineage: Lineage,
    nodes: Vec<Node>,
    known: BTreeSet<String>,
    minted_from: usize,
    /// Starts of the forwarded sessions each forwarded node stands for.
    forwarded: BTreeMap<String, BTreeSet<String>>,
}

impl<'a> Growth<'a> {
    fn new(index: &'a SightingIndex<'a>, bounds: Bounds<'a>) -> Self {
        let lineage = Lineage { key_id: bounds.key_id.to_owned(), ..Lineage::default() };
        Self {
            index,
            bounds,
            lineage,
            nodes: Vec::new(),
            known: BTreeSet::new(),
            minted_from: 0,
            forwarded: BTreeMap::new(),
        }
    }

    /// The exposed key is node nought; it leaves the list at the end.
    fn start(&mut self) {
        let key_id = self.bounds.key_id;
        if let Some(seen) = self.index.signed_by(key_id).first() {
            self.lineage.owner_arn = seen.identity_arn.clone();
            self.lineage.owner_principal_id = seen.principal_id.clone();
            self.lineage.owner_name = seen.user_name.clone();
            self.lineage.account =
                seen.identity_account.clone().or_else(|| seen.recipient_account.clone());
        }
        if let Some(mint) = self.index.mint_of(key_id) {
            self.lineage.minted_by = caller_name(mint);
            if let Some(made) = self.minted(mint).filter(|_| self.lineage.owner_arn.is_none()) {
                self.lineage.owner_arn = made.arn;
                self.lineage.owner_name = made.user_name;
                self.lineage.account = mint.recipient_account.clone();
            }
        }
        self.lineage.behind = self.walk_back();
        self.lineage.signer = self.signer();
        let mut root = self.key_node(key_id, NodeKind::LongTermKey);
        root.arn = self.lineage.owner_arn.clone();
        root.user_name = self.lineage.owner_name.clone();
        self.add(root);
    }

    fn key_node(&self, id: &str, kind: NodeKind) -> Node {
        let uses = self.index.signed_by(id);
        let seen = uses.first();
        let mut node = Node {
            id: id.to_owned(),
            kind,
            arn: seen.and_then(|seen| seen.identity_arn.clone()),
            principal_id: seen.and_then(|seen| seen.principal_id.clone()),
            user_name: seen.and_then(|seen| seen.user_name.clone()),
            role_arn: seen.and_then(|seen| role_of(seen)),
            minted_by: None,
            via: String::new(),
            made: None,
            expires: None,
            certainty: Certainty::Certain,
            reach: Reach::Direct,
            older: false,
            standing: Standing::Unknown,
            events: 0,
            first: None,
            last: None,
            why: String::new(),
            depth: 0,
            keys: Vec::new(),
            reopened: None,
        };
        tally(&mut node, uses);
        node
    }

    fn add(&mut self, mut node: Node) {
        // A principal deleted and made again under the same name is another principal.
        let twin = self.nodes.iter().any(|known| {
            known.id == node.id
                && known.principal_id.is_some()
                && node.principal_id.is_some()
                && known.principal_id != node.principal_id
        });
        if twin && node.kind.is_principal() {
            let id = node.principal_id.as_deref().unwrap_or_default();
            node.id = format!("{} ({id})", node.id);
        }
        if self.known.contains(&node.id) {
            self.known_better(node);
            return;
        }
        if self.nodes.len() >= NODES_MAX {
            self.lineage.truncated = true;
            return;
        }
        node.older |= self.bounds.exposed_since.is_some_and(|since| node.is_made_before(since));
        self.known.insert(node.id.clone());
        self.nodes.push(node);
    }

    /// The key's owner may have opened it lawfully long before the actor did, and a key that was
    /// only switched on may turn out to be of the actor's making.
    fn known_better(&mut self, node: Node) {
        let Some(known) = self.nodes.iter_mut().find(|known| known.id == node.id) else {
            return;
        };
        if known.is_switched_on() && !node.is_switched_on() {
            *known = node;
            self.minted_from = 0;
        } else if known.kind.is_principal() && !known.is_created() {
            let later = node.made.filter(|made| Some(*made) > known.made);
            known.reopened = known.reopened.max(later);
        }
    }

    fn addresses(&self) -> BTreeSet<&'a str> {
        let mut addresses = BTreeSet::new();
        for node in self.nodes.iter().filter(|node| !node.is_switched_on()) {
            let own = match node.kind {
                NodeKind::LongTermKey
                | NodeKind::UserSession
                | NodeKind::RoleSession
                | NodeKind::FederatedUser => self.index.signed_by(&node.id).to_vec(),
                NodeKind::ConsoleSession => self.index.session_named(&node.id),
                NodeKind::ServiceSession
                | NodeKind::ForwardedSession
                | NodeKind::ServiceCredential
                | NodeKind::User
                | NodeKind::Role => Vec::new(),
            };
            for seen in own {
                let texts = seen.addresses.as_deref().unwrap_or_default().split(' ');
                let new = texts.filter(|text| !addresses.contains(text) && is_address(text));
                let new: Vec<&str> = new.collect();
                addresses.extend(new);
            }
        }
        addresses
    }

    fn finish(mut self) -> Lineage {
        let addresses = self.addresses();
        self.lineage.truncated |= addresses.len() > ADDRESSES_MAX;
        self.lineage.addresses =
            addresses.into_iter().take(ADDRESSES_MAX).map(str::to_owned).collect();
        let mut acting: BTreeMap<String, Vec<&Sighting>> = BTreeMap::new();
        for node in self.nodes.iter().filter(|node| node.kind.is_principal()) {
            let uses = self.index.acting_as(node);
            let signed = uses.into_iter().filter(|seen| !self.index.is_issued_by(seen, node));
            acting.insert(node.id.clone(), signed.collect());
        }
        let mut sessions = BTreeSet::new();
        for (id, starts) in &self.forwarded {
            let Some((arn, service)) = id.split_once(" via ") else {
                continue;
            };
            let one = |start| self.index.forwarded_session(arn, start, service);
            acting.insert(id.clone(), starts.iter().flat_map(|start| one(start)).collect());
            sessions.extend(starts.iter().map(|start| format!("{arn}@{start}")));
        }
        self.lineage.truncated |= sessions.len() > FORWARDED_MAX;
        self.lineage.forwarded = sessions.into_iter().take(FORWARDED_MAX).collect();
        let mut nodes = std::mem::take(&mut self.nodes);
        for node in &mut nodes {
            if let Some(uses) = acting.get(&node.id) {
                tally(node, uses);
            }
            node.keys = match node.kind {
                NodeKind::ConsoleSession => keys_of(&self.index.session_named(&node.id)),
                NodeKind::ForwardedSession => {
                    acting.get(&node.id).map_or(Vec::new(), |u| keys_of(u))
                }
                NodeKind::LongTermKey
                | NodeKind::UserSession
                | NodeKind::RoleSession
                | NodeKind::ServiceSession
                | NodeKind::FederatedUser
                | NodeKind::ServiceCredential
                | NodeKind::User
                | NodeKind::Role => Vec::new(),
            };
            node.standing = self.index.standing(node, self.bounds.as_of);
        }
        nodes.retain(|node| node.id != self.bounds.key_id);
        self.lineage.nodes = nodes;
        self.settle_names();
        self.lineage
    }
}

fn tally(node: &mut Node, uses: &[&Sighting]) {
    node.events = uses.iter().map(|s| u64::try_from(s.events.unwrap_or(1)).unwrap_or(0)).sum();
    node.first = uses.iter().filter_map(|seen| parse_time(&seen.first_time)).min();
    node.last = uses.iter().filter_map(|seen| parse_time(&seen.last_time)).max();
}

fn keys_of(uses: &[&Sighting]) -> Vec<String> {
    let keys: BTreeSet<&str> = uses.iter().filter_map(|s| s.access_key_id.as_deref()).collect();
    keys.into_iter().take(KEYS_MAX).map(str::to_owned).collect()
}

fn role_of(seen: &Sighting) -> Option<String> {
    seen.issuer_arn.clone().filter(|arn| arn.contains(":role/"))
}

#[cfg(test)]
mod tests;
