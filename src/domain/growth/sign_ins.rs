//! Console sessions that belong: federated ones, switched ones, and the owner's own.

use super::Growth;
use crate::domain::lineage::{Certainty, Node, NodeKind, Reach};
use crate::domain::lineage_call::Calls;
use crate::domain::sighted::call;
use crate::domain::standing::SESSION_AGE_MAX;
use crate::domain::trail_row::{Sighting, parse_time};
use jiff::{SignedDuration, Timestamp};

/// How long a sign-in token works.
const SIGN_IN_TOKEN_AGE_MAX: SignedDuration = SignedDuration::from_mins(15);

impl<'a> Growth<'a> {
    /// Console sessions a session of the lineage opened, switched into, or that its owner opened.
    pub(super) fn follow_sign_ins(&mut self) {
        self.follow_federated_sign_ins();
        self.follow_switches();
        self.follow_owner_sign_ins();
    }

    /// A session signs in to the console with a token; the console then has the session's name.
    fn follow_federated_sign_ins(&mut self) {
        for parent in self.nodes.clone() {
            let Some((arn, from, to)) = federation_span(&parent) else {
                continue;
            };
            for start in self.index.console_sessions(arn, from, to) {
                let Some(seen) = self.index.session(arn, start).first().copied() else {
                    continue;
                };
                let mut node = self.console_session(arn, start, seen);
                let certain = self.made_token_before(&parent, node.made);
                node.minted_by = Some(parent.id.clone());
                node.certainty = parent.certainty.max(if certain {
                    Certainty::Certain
                } else {
                    Certainty::Likely
                });
                node.reach = Reach::SecondOrder;
                node.depth = parent.depth + 1;
                node.why = match certain {
                    true => format!("{} made the token that signed in", parent.id),
                    false => format!("a console session under the name of {}", parent.id),
                };
                self.add(node);
            }
        }
    }

    fn made_token_before(&self, parent: &Node, start: Option<Timestamp>) -> bool {
        let Some(start) = start else { return false };
        self.index.edges_of(parent).iter().any(|edge| {
            let time = parse_time(&edge.first_time);
            call(edge) == Calls::SignInToken
                && time.is_some_and(|time| time <= start && start <= time + SIGN_IN_TOKEN_AGE_MAX)
        })
    }

    /// A switch of roles in the console names the caller it came from, and nothing else.
    fn follow_switches(&mut self) {
        for parent in self.nodes.clone() {
            let switches = match parent.kind {
                NodeKind::ConsoleSession | NodeKind::User => parent.arn.as_deref(),
                NodeKind::LongTermKey
                | NodeKind::UserSession
                | NodeKind::RoleSession
                | NodeKind::ServiceSession
                | NodeKind::FederatedUser
                | NodeKind::ForwardedSession
                | NodeKind::ServiceCredential
                | NodeKind::Role => None,
            };
            let Some(arn) =
                switches.filter(|_| parent.kind != NodeKind::User || parent.is_created())
            else {
                continue;
            };
            let mut arns = self.index.arns_of_user(parent.principal_id.as_deref());
            arns.insert(arn);
            for seen in arns.into_iter().flat_map(|arn| self.index.switches_from(arn)) {
                if !is_later(&parent, seen) {
                    continue;
                }
                let Some(mut node) = self.console_node(seen) else {
                    continue;
                };
                let own = parent.is_created();
                node.via = "SwitchRole".to_owned();
                node.minted_by = Some(parent.id.clone());
                node.certainty = if own { Certainty::Certain } else { Certainty::Likely };
                node.certainty = node.certainty.max(parent.certainty);
                node.reach = Reach::SecondOrder;
                node.depth = parent.depth + 1;
                node.why = format!("switched into from {arn}");
                self.add(node);
            }
        }
    }

    /// The key's own user at the console from an address of the key: likely the actor.
    fn follow_owner_sign_ins(&mut self) {
        let Some(owner) = self.lineage.owner_arn.clone() else {
            return;
        };
        let addresses = self.addresses();
        let id = self.lineage.owner_principal_id.clone();
        let mut arns = self.index.arns_of_user(id.as_deref());
        arns.insert(&owner);
        for seen in arns.into_iter().flat_map(|arn| self.index.sign_ins_of(arn)) {
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
}

/// The name under which a session can be at the console, and from when until when.
fn federation_span(node: &Node) -> Option<(&str, Timestamp, Timestamp)> {
    match node.kind {
        NodeKind::RoleSession | NodeKind::FederatedUser => {}
        NodeKind::LongTermKey
        | NodeKind::UserSession
        | NodeKind::ServiceSession
        | NodeKind::ConsoleSession
        | NodeKind::ForwardedSession
        | NodeKind::ServiceCredential
        | NodeKind::User
        | NodeKind::Role => return None,
    }
    let made = node.made.or(node.first)?;
    let end = node.expires.unwrap_or(made + SESSION_AGE_MAX);
    Some((node.arn.as_deref()?, made, end))
}

fn is_later(parent: &Node, seen: &Sighting) -> bool {
    let time = parse_time(&seen.first_time);
    matches!((parent.made, time), (Some(made), Some(time)) if time >= made)
}
