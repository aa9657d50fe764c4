//! Grows the lineage of a key: mint edges first, then principals, then sessions without a mint, to a
//! fixed point.
//!
//! Needs: name everything the actor holds, and nothing else. Properties: a link is *certain* only when
//! a record shows it; names alone never link (an immutable id that differs breaks the link); the
//! order of the input does not matter. Design: edges and callers are indexed once; each round adds
//! what the known nodes minted, then what signed as a principal the actor made, until nothing is new.

use crate::domain::lineage::{Certainty, Lineage, Node, NodeKind, Reach, Standing};
use crate::domain::sighting_index::{Calls, SightingIndex};
use crate::domain::trail_row::{Sighting, parse_time};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// A loop of roles that mint each other, or a trail made to exhaust us, ends here.
const NODES_MAX: usize = 5_000;
/// Enough to search for; an actor behind more addresses than this is not found by address.
const ADDRESSES_MAX: usize = 200;
/// What fits into one Athena query beside the rest; the events are counted all the same.
const FORWARDED_MAX: usize = 1_000;
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
        let lineage = Lineage {
            key_id: bounds.key_id.to_owned(),
            ..Lineage::default()
        };
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
            self.lineage.account = seen
                .identity_account
                .clone()
                .or_else(|| seen.recipient_account.clone());
        }
        if let Some(mint) = self.index.mint_of(key_id) {
            self.lineage.minted_by = caller_name(mint);
            if let Some(made) = self
                .minted(mint)
                .filter(|_| self.lineage.owner_arn.is_none())
            {
                self.lineage.owner_arn = made.arn;
                self.lineage.owner_name = made.user_name;
                self.lineage.account = mint.recipient_account.clone();
            }
        }
        let mut root = self.key_node(key_id, NodeKind::LongTermKey);
        root.arn = self.lineage.owner_arn.clone();
        root.user_name = self.lineage.owner_name.clone();
        self.add(root);
    }

    fn follow_mints(&mut self) {
        while self.minted_from < self.nodes.len() {
            let parent = self.nodes[self.minted_from].clone();
            self.minted_from += 1;
            if parent.kind.is_principal() {
                continue;
            }
            for edge in self.index.edges_of(&parent) {
                if let Some(child) = self.child(&parent, edge) {
                    self.add(child);
                }
            }
        }
    }

    fn child(&self, parent: &Node, edge: &'a Sighting) -> Option<Node> {
        let call = edge.event_name.as_deref().unwrap_or_default();
        let mut node = match Calls::of(call) {
            Calls::Mint => self.minted(edge)?,
            Calls::Create => self.created(edge)?,
            Calls::TakeOver => self.taken_over(edge)?,
            Calls::SignIn | Calls::End | Calls::Other => return None,
        };
        node.minted_by = Some(parent.id.clone());
        node.certainty = parent.certainty;
        node.reach = parent.reach;
        node.depth = parent.depth + 1;
        if node.why.is_empty() {
            node.why = format!("{call} by {}", parent.id);
        }
        Some(node)
    }

    fn minted(&self, edge: &Sighting) -> Option<Node> {
        let id = edge.minted_key.as_deref().filter(|id| is_key_id(id))?;
        let kind = match edge.event_name.as_deref() {
            Some("CreateAccessKey") => NodeKind::LongTermKey,
            Some("CreateServiceSpecificCredential") => NodeKind::ServiceCredential,
            Some("GetSessionToken") => NodeKind::UserSession,
            Some("GetFederationToken") => NodeKind::FederatedUser,
            _ if edge.identity_type.as_deref() == Some("AWSService") => NodeKind::ServiceSession,
            _ => NodeKind::RoleSession,
        };
        let mut node = self.key_node(id, kind);
        node.via = edge.event_name.clone().unwrap_or_default();
        node.made = parse_time(&edge.first_time);
        node.expires = edge.minted_expires.as_deref().and_then(parse_time);
        node.arn = edge.minted_arn.clone().or(node.arn);
        match kind {
            NodeKind::RoleSession | NodeKind::ServiceSession => {
                node.role_arn = edge.target_role.clone().or(node.role_arn);
                node.principal_id = edge.minted_principal_id.clone().or(node.principal_id);
            }
            NodeKind::LongTermKey | NodeKind::ServiceCredential => {
                node.user_name = edge.target_user.clone().or_else(|| edge.user_name.clone());
                node.arn = node.arn.or_else(|| own_arn(edge));
            }
            NodeKind::UserSession | NodeKind::FederatedUser => {
                node.user_name = edge.user_name.clone();
                node.principal_id = edge.principal_id.clone();
                node.arn = node.arn.or_else(|| edge.identity_arn.clone());
            }
            NodeKind::ConsoleSession
            | NodeKind::ForwardedSession
            | NodeKind::User
            | NodeKind::Role => {}
        }
        Some(node)
    }

    fn created(&self, edge: &Sighting) -> Option<Node> {
        let kind = match edge.event_name.as_deref() {
            Some("CreateUser") => NodeKind::User,
            _ => NodeKind::Role,
        };
        let name = match kind {
            NodeKind::User => edge.target_user.as_deref(),
            _ => edge.target_role.as_deref(),
        };
        let arn = edge
            .minted_arn
            .clone()
            .or_else(|| principal_arn(edge, kind, name?))?;
        let mut node = self.principal_node(edge, kind, arn);
        node.principal_id = edge.minted_principal_id.clone();
        Some(node)
    }

    /// A principal that was there before: the actor can now act as it, and so can its owners.
    fn taken_over(&self, edge: &Sighting) -> Option<Node> {
        let call = edge.event_name.as_deref()?;
        let (kind, name) = match call {
            "UpdateAssumeRolePolicy" => (NodeKind::Role, edge.target_role.as_deref()?),
            _ => (NodeKind::User, edge.target_user.as_deref()?),
        };
        let same_name = |node: &&Node| node.id.rsplit('/').next() == name.rsplit('/').next();
        if self
            .nodes
            .iter()
            .filter(|node| node.kind == kind)
            .any(|node| same_name(&node))
        {
            return None; // the actor made it: it is already listed
        }
        let arn = match name.starts_with("arn:") {
            true => name.to_owned(),
            false => principal_arn(edge, kind, name)?,
        };
        let mut node = self.principal_node(edge, kind, arn);
        node.older = true;
        node.why = format!("{call} opened it to the actor; it existed before");
        Some(node)
    }

    fn principal_node(&self, edge: &Sighting, kind: NodeKind, arn: String) -> Node {
        let mut node = self.key_node(&arn, kind);
        node.via = edge.event_name.clone().unwrap_or_default();
        node.made = parse_time(&edge.first_time);
        let name = arn.rsplit('/').next().map(str::to_owned);
        match kind {
            NodeKind::User => node.user_name = name,
            _ => node.role_arn = Some(arn.clone()),
        }
        node.arn = Some(arn);
        node.events = 0;
        (node.first, node.last) = (None, None);
        node
    }

    /// What signed as a principal the actor made, or took over, without a mint we know.
    fn follow_principals(&mut self) {
        let principals: Vec<Node> = self
            .nodes
            .iter()
            .filter(|node| node.kind.is_principal())
            .cloned()
            .collect();
        for principal in &principals {
            for seen in self.index.acting_as(principal) {
                if let Some(node) = self.second_order(principal, seen) {
                    self.add(node);
                }
            }
        }
    }

    fn second_order(&self, principal: &Node, seen: &'a Sighting) -> Option<Node> {
        let call = seen.event_name.as_deref().unwrap_or_default();
        let mints = Calls::of(call) == Calls::Mint && self.index.is_issued_by(seen, principal);
        let mut node = match (mints, Calls::of(call)) {
            (true, _) => self.minted(seen)?,
            (false, Calls::SignIn) => self.console_node(seen)?,
            (false, _) => self.used(seen)?,
        };
        if principal.via.starts_with("Create") && principal.via != "CreateLoginProfile" {
            node.why = format!("acts as {}, which the actor created", principal.id);
        } else if !self.index.is_outsider_of(principal, seen) {
            return None;
        } else {
            node.why = format!(
                "acts as {} after {} by the actor",
                principal.id, principal.via
            );
            node.certainty = Certainty::Likely;
        }
        node.reach = Reach::SecondOrder;
        node.depth = principal.depth + 1;
        node.minted_by = if mints {
            caller_name(seen)
        } else {
            Some(principal.id.clone())
        };
        node.role_arn = match principal.kind {
            NodeKind::Role => Some(principal.id.clone()),
            _ => node.role_arn,
        };
        Some(node)
    }

    /// A credential that was used and that nobody was seen minting.
    fn used(&self, seen: &'a Sighting) -> Option<Node> {
        if seen.invoked_by.is_none() && self.index.console_start(seen).is_some() {
            return self.console_node(seen);
        }
        let id = seen.access_key_id.as_deref().filter(|id| is_key_id(id))?;
        let kind = match seen.identity_type.as_deref() {
            _ if seen.invoked_by.is_some() => NodeKind::ForwardedSession,
            Some("FederatedUser") => NodeKind::FederatedUser,
            Some("IAMUser") if seen.session_start.is_none() => NodeKind::LongTermKey,
            Some("IAMUser") => NodeKind::UserSession,
            _ => NodeKind::RoleSession,
        };
        let mut node = self.key_node(id, kind);
        node.via = "use".to_owned();
        node.made = seen
            .session_start
            .as_deref()
            .and_then(parse_time)
            .or(node.first);
        Some(node)
    }

    fn console_node(&self, seen: &'a Sighting) -> Option<Node> {
        if seen.event_name.as_deref() == Some("ConsoleLogin")
            && seen.console_result.as_deref() != Some("Success")
        {
            return None;
        }
        let arn = seen.identity_arn.as_deref()?;
        let start = self.index.console_start(seen)?;
        let mut node = self.key_node(&format!("{arn}@{start}"), NodeKind::ConsoleSession);
        let uses = self.index.session_named(&node.id);
        node.via = "ConsoleLogin".to_owned();
        node.arn = Some(arn.to_owned());
        node.user_name = seen.user_name.clone();
        node.principal_id = seen.principal_id.clone();
        node.made = parse_time(start);
        tally(&mut node, &uses);
        Some(node)
    }

    /// Sessions that belong without a mint: the same session under other keys, work a service did
    /// on a caller's behalf, and sign-ins of the key's own user from the actor's addresses.
    fn follow_sessions(&mut self) {
        self.follow_same_session();
        self.follow_forwarded();
        self.follow_owner_sign_ins();
    }

    fn follow_same_session(&mut self) {
        // A console session already stands for all its keys, so only keys are looked at here.
        let nodes = self.nodes.clone();
        for parent in nodes.iter().filter(|node| !node.kind.is_principal()) {
            for seen in self.index.same_session(parent) {
                if seen.invoked_by.is_some() {
                    self.forward(parent, seen, parent.certainty);
                    continue;
                }
                let Some(mut node) = self.used(seen) else {
                    continue;
                };
                node.minted_by = Some(parent.id.clone());
                node.certainty = parent.certainty;
                node.reach = Reach::SecondOrder;
                node.depth = parent.depth + 1;
                node.why = format!("the same session as {}", parent.id);
                self.add(node);
            }
        }
    }

    /// A service acting on a long-term key's behalf opens a session of its own within moments.
    fn follow_forwarded(&mut self) {
        let parents: Vec<Node> = self
            .nodes
            .iter()
            .filter(|n| n.kind == NodeKind::LongTermKey)
            .cloned()
            .collect();
        for parent in &parents {
            let (Some(first), Some(last), Some(arn)) = (parent.first, parent.last, &parent.arn)
            else {
                continue;
            };
            for seen in self.index.forwarded_for(arn) {
                let start = seen.session_start.as_deref().and_then(parse_time);
                let near = start.is_some_and(|start| {
                    start >= first - FORWARD_SLACK && start <= last + FORWARD_SLACK
                });
                if near && self.index.console_start(seen).is_none() {
                    self.forward(parent, seen, Certainty::Likely);
                }
            }
        }
    }

    /// One node a caller and service: the keys change with every call, and none can be contained.
    fn forward(&mut self, parent: &Node, seen: &'a Sighting, certainty: Certainty) {
        let (Some(arn), Some(service), Some(start)) = (
            seen.identity_arn.as_deref(),
            seen.invoked_by.as_deref(),
            seen.session_start.as_deref(),
        ) else {
            return;
        };
        let id = format!("{arn} via {service}");
        if self
            .forwarded
            .get(&id)
            .is_some_and(|starts| starts.contains(start))
        {
            return;
        }
        if !self.known.contains(&id) {
            let mut node = self.key_node(&id, NodeKind::ForwardedSession);
            node.arn = Some(arn.to_owned());
            node.user_name = seen.user_name.clone();
            node.role_arn = role_of(seen);
            node.via = "forwarded".to_owned();
            node.made = parse_time(start);
            node.minted_by = Some(parent.id.clone());
            node.certainty = certainty;
            node.reach = Reach::SecondOrder;
            node.depth = parent.depth + 1;
            node.why = format!("{service} acting on behalf of {}", parent.id);
            self.add(node);
        }
        self.forwarded
            .entry(id.clone())
            .or_default()
            .insert(start.to_owned());
        let Some(node) = self.nodes.iter().find(|node| node.id == id).cloned() else {
            return;
        };
        for edge in self.index.forwarded_session(arn, start, service) {
            if let Some(child) = self.child(&node, edge) {
                self.add(child);
            }
        }
    }

    fn follow_owner_sign_ins(&mut self) {
        let Some(owner) = self.lineage.owner_arn.clone() else {
            return;
        };
        let addresses = self.addresses();
        for seen in self.index.sign_ins_of(&owner) {
            let from = seen.addresses.as_deref().unwrap_or_default();
            if !from.split(' ').any(|address| addresses.contains(address)) {
                continue;
            }
            if let Some(mut node) = self.console_node(seen) {
                node.minted_by = Some(owner.clone());
                node.certainty = Certainty::Likely;
                node.reach = Reach::SecondOrder;
                node.depth = 1;
                node.why = "the key's own user signed in from an address of the key".to_owned();
                self.add(node);
            }
        }
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
            return;
        }
        if self.nodes.len() >= NODES_MAX {
            self.lineage.truncated = true;
            return;
        }
        let exposed = self.bounds.exposed_since;
        node.older |= matches!((node.made, exposed), (Some(made), Some(since)) if made < since);
        self.known.insert(node.id.clone());
        self.nodes.push(node);
    }

    fn addresses(&self) -> BTreeSet<String> {
        let mut addresses = BTreeSet::new();
        for node in &self.nodes {
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
                addresses.extend(texts.filter(|text| is_address(text)).map(str::to_owned));
            }
        }
        addresses
    }

    fn finish(mut self) -> Lineage {
        let addresses = self.addresses();
        self.lineage.truncated |= addresses.len() > ADDRESSES_MAX;
        self.lineage.addresses = addresses.into_iter().take(ADDRESSES_MAX).collect();
        let mut acting: BTreeMap<String, Vec<&Sighting>> = BTreeMap::new();
        for node in self.nodes.iter().filter(|node| node.kind.is_principal()) {
            let uses = self.index.acting_as(node);
            let signed = uses
                .into_iter()
                .filter(|seen| !self.index.is_issued_by(seen, node));
            acting.insert(node.id.clone(), signed.collect());
        }
        let mut sessions = BTreeSet::new();
        for (id, starts) in &self.forwarded {
            let Some((arn, service)) = id.split_once(" via ") else {
                continue;
            };
            let one = |start| self.index.forwarded_session(arn, start, service);
            acting.insert(
                id.clone(),
                starts.iter().flat_map(|start| one(start)).collect(),
            );
            sessions.extend(starts.iter().map(|start| format!("{arn}@{start}")));
        }
        self.lineage.truncated |= sessions.len() > FORWARDED_MAX;
        self.lineage.forwarded = sessions.into_iter().take(FORWARDED_MAX).collect();
        let mut nodes = std::mem::take(&mut self.nodes);
        for node in &mut nodes {
            if let Some(uses) = acting.get(&node.id) {
                tally(node, uses);
            }
            node.standing = self.index.standing(node, self.bounds.as_of);
        }
        nodes.retain(|node| node.id != self.bounds.key_id);
        self.lineage.nodes = nodes;
        self.lineage
    }
}

/// Whether text can be the id of a credential; masked and hidden ids cannot, and would link
/// everything to everything.
pub fn is_key_id(text: &str) -> bool {
    (16..=128).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        && text.bytes().skip(4).any(|b| Some(b) != text.bytes().nth(4))
}

/// Whether a source is worth showing as where a caller was: AWS writes a service's name when a
/// service called, and some sources anonymise addresses into numbers that are none.
pub fn is_outside(text: &str) -> bool {
    let service = text.ends_with(".amazonaws.com") || text.ends_with(".amazonaws.com.cn");
    !service && text.contains(|c: char| c.is_ascii_digit() || c == ':')
}

/// Whether a source address is one; services write their name there.
pub fn is_address(text: &str) -> bool {
    text.parse::<std::net::IpAddr>().is_ok()
}

fn tally(node: &mut Node, uses: &[&Sighting]) {
    node.events = uses
        .iter()
        .map(|s| u64::try_from(s.events.unwrap_or(1)).unwrap_or(0))
        .sum();
    node.first = uses
        .iter()
        .filter_map(|seen| parse_time(&seen.first_time))
        .min();
    node.last = uses
        .iter()
        .filter_map(|seen| parse_time(&seen.last_time))
        .max();
}

fn role_of(seen: &Sighting) -> Option<String> {
    seen.issuer_arn.clone().filter(|arn| arn.contains(":role/"))
}

fn own_arn(edge: &Sighting) -> Option<String> {
    let target = edge.target_user.as_deref();
    if target.is_none() || target == edge.user_name.as_deref() {
        return edge.identity_arn.clone();
    }
    principal_arn(edge, NodeKind::User, target?)
}

fn principal_arn(edge: &Sighting, kind: NodeKind, name: &str) -> Option<String> {
    let account = edge
        .recipient_account
        .as_deref()
        .or(edge.identity_account.as_deref())?;
    let partition = edge
        .identity_arn
        .as_deref()
        .and_then(|arn| arn.split(':').nth(1))
        .unwrap_or("aws");
    let word = if kind == NodeKind::User {
        "user"
    } else {
        "role"
    };
    Some(format!("arn:{partition}:iam::{account}:{word}/{name}"))
}

fn caller_name(seen: &Sighting) -> Option<String> {
    seen.access_key_id
        .clone()
        .or_else(|| seen.invoked_by.clone())
        .or_else(|| seen.identity_arn.clone())
        .or_else(|| seen.principal_id.clone())
}
