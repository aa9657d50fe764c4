//! What belongs without a mint in the trail: by principals, sessions, services and sign-ins.

use super::mints::caller_name;
use super::{FORWARD_SLACK, Growth, role_of, tally};
use crate::domain::lineage::{Certainty, Node, NodeKind, Reach};
use crate::domain::lineage_call::Calls;
use crate::domain::record_text::is_key_id;
use crate::domain::trail_row::{Sighting, parse_time};

impl<'a> Growth<'a> {
    /// What signed as a principal the actor made, or took over, without a mint we know.
    pub(super) fn follow_principals(&mut self) {
        let principals: Vec<Node> =
            self.nodes.iter().filter(|node| node.kind.is_principal()).cloned().collect();
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
            node.why = format!("acts as {} after {} by the actor", principal.id, principal.via);
            node.certainty = Certainty::Likely;
        }
        node.reach = Reach::SecondOrder;
        node.depth = principal.depth + 1;
        node.minted_by = if mints { caller_name(seen) } else { Some(principal.id.clone()) };
        if principal.kind == NodeKind::Role {
            node.role_arn = Some(principal.id.clone());
        } else if node.user_name.is_none() {
            // Records of a federated user name neither its user nor who may stop it.
            node.user_name = principal.user_name.clone();
        }
        Some(node)
    }

    /// A credential that was used and that nobody was seen minting.
    pub(super) fn used(&self, seen: &'a Sighting) -> Option<Node> {
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
        node.made = seen.session_start.as_deref().and_then(parse_time).or(node.first);
        Some(node)
    }

    pub(super) fn console_node(&self, seen: &'a Sighting) -> Option<Node> {
        let arn = seen.identity_arn.as_deref()?;
        let start = self.index.console_start(seen)?;
        Some(self.console_session(arn, start, seen))
    }

    pub(super) fn console_session(&self, arn: &str, start: &str, seen: &Sighting) -> Node {
        let mut node = self.key_node(&format!("{arn}@{start}"), NodeKind::ConsoleSession);
        let uses = self.index.session_named(&node.id);
        node.via = "ConsoleLogin".to_owned();
        node.arn = Some(arn.to_owned());
        node.user_name = seen.user_name.clone();
        node.principal_id = seen.principal_id.clone();
        node.role_arn = role_of(seen);
        node.made = parse_time(start);
        tally(&mut node, &uses);
        node
    }

    /// Sessions that belong without a mint: the same session under other keys, and work a service
    /// did on a caller's behalf.
    pub(super) fn follow_sessions(&mut self) {
        self.follow_same_session();
        self.follow_forwarded();
    }

    pub(super) fn follow_same_session(&mut self) {
        // A console session already stands for all its keys, so only keys are looked at here.
        let nodes = self.nodes.clone();
        for parent in nodes.iter().filter(|node| !node.kind.is_principal()) {
            for seen in self.index.same_session(parent) {
                // Sessions may share a name and a second; a minted key is told by its mint.
                let key = seen.access_key_id.as_deref();
                if key.is_some_and(|key| self.index.mint_of(key).is_some()) {
                    continue;
                }
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
    pub(super) fn follow_forwarded(&mut self) {
        let parents: Vec<Node> =
            self.nodes.iter().filter(|n| n.kind == NodeKind::LongTermKey).cloned().collect();
        for parent in &parents {
            let (Some(first), Some(last), false) =
                (parent.first, parent.last, parent.is_switched_on())
            else {
                continue;
            };
            let mut arns = self.index.arns_of_user(parent.principal_id.as_deref());
            arns.extend(parent.arn.as_deref());
            for seen in arns.into_iter().flat_map(|arn| self.index.forwarded_for(arn)) {
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
        if self.forwarded.get(&id).is_some_and(|starts| starts.contains(start)) {
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
        self.forwarded.entry(id.clone()).or_default().insert(start.to_owned());
        let Some(node) = self.nodes.iter().find(|node| node.id == id).cloned() else {
            return;
        };
        for edge in self.index.forwarded_session(arn, start, service) {
            if let Some(child) = self.child(&node, edge) {
                self.add(child);
            }
        }
    }
}
