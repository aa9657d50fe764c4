//! What belongs through a host the actor started, changed or entered, or a provider it made.

use super::mints::caller_name;
use super::{FORWARD_SLACK, Growth};
use crate::domain::lineage::{Certainty, Node, NodeKind, Reach};
use crate::domain::lineage_call::Calls;
use crate::domain::record_text::is_key_id;
use crate::domain::sighted::{call, hosts};
use crate::domain::trail_row::{Sighting, parse_time};
use std::collections::BTreeSet;

impl<'a> Growth<'a> {
    /// Sessions of hosts and through providers that calls of the lineage were about.
    pub(super) fn follow_hosts(&mut self) {
        for parent in self.nodes.clone().iter().filter(|node| !node.kind.is_principal()) {
            for edge in self.calls_of(parent) {
                match call(edge) {
                    Calls::Launch | Calls::Alter | Calls::Enter => self.follow_host(parent, edge),
                    Calls::Provide => self.follow_provider(parent, edge),
                    Calls::Mint
                    | Calls::Create
                    | Calls::TakeOver
                    | Calls::SignIn
                    | Calls::SignInToken
                    | Calls::End
                    | Calls::Rename
                    | Calls::Other => {}
                }
            }
            self.follow_foreign_mints(parent);
        }
    }

    /// The lineage calls of a node, those a service made on its behalf among them.
    fn calls_of(&self, node: &Node) -> Vec<&'a Sighting> {
        let Some((arn, service)) = node.id.split_once(" via ") else {
            return self.index.edges_of(node);
        };
        let starts = self.forwarded.get(&node.id).into_iter().flatten();
        let calls = starts.flat_map(|start| self.index.forwarded_session(arn, start, service));
        calls.filter(|seen| seen.event_name.is_some()).collect()
    }

    fn follow_host(&mut self, parent: &Node, edge: &'a Sighting) {
        let actors = self.addresses();
        for host in hosts(edge) {
            for seen in self.index.sessions_of_host(host) {
                let certainty = self.host_certainty(edge, seen, host, &actors);
                let found =
                    certainty.and_then(|certainty| Some((certainty, self.hosted(seen, host)?)));
                let Some((certainty, mut node)) = found else {
                    continue;
                };
                node.certainty = certainty.max(parent.certainty);
                node.depth = parent.depth + 1;
                node.why = host_reason(edge, host, &parent.id);
                self.add(node);
            }
        }
    }

    /// How sure it is that a host's session is the actor's; none when nothing says so.
    fn host_certainty(
        &self,
        edge: &Sighting,
        seen: &Sighting,
        host: &str,
        actors: &BTreeSet<&str>,
    ) -> Option<Certainty> {
        if !is_later_there(edge, seen) {
            return None;
        }
        if call(edge) == Calls::Launch && self.is_hosts_own(host, seen) {
            return Some(Certainty::Certain);
        }
        let entered = call(edge) == Calls::Enter;
        (!entered || is_from(actors, seen)).then_some(Certainty::Likely)
    }

    /// An instance's id is its own; a function's name may be anybody's session name too, so only
    /// the service's own mint proves it.
    fn is_hosts_own(&self, host: &str, seen: &Sighting) -> bool {
        let key = seen.access_key_id.as_deref();
        let mint = if call(seen) == Calls::Mint { Some(seen) } else { None };
        let mint = mint.or_else(|| key.and_then(|key| self.index.mint_of(key)));
        let by_service = mint.is_some_and(|m| m.identity_type.as_deref() == Some("AWSService"));
        by_service || (host.starts_with("i-") && mint.is_none())
    }

    fn hosted(&self, seen: &'a Sighting, host: &str) -> Option<Node> {
        let by_service = seen.identity_type.as_deref() == Some("AWSService");
        let minted = by_service && call(seen) == Calls::Mint;
        let mut node = if minted { self.minted(seen)? } else { self.used(seen)? };
        if node.kind == NodeKind::RoleSession {
            node.kind = NodeKind::ServiceSession;
        }
        node.minted_by = match by_service {
            true => caller_name(seen),
            false => Some(host.to_owned()),
        };
        node.reach = Reach::SecondOrder;
        Some(node)
    }

    /// Whoever the actor's provider vouches for, gets in.
    fn follow_provider(&mut self, parent: &Node, edge: &'a Sighting) {
        let Some(provider) = edge.origin_arn.as_deref() else {
            return;
        };
        let name = edge.event_name.as_deref().unwrap_or_default();
        let made = name.starts_with("Create");
        for mint in self.index.mints_by_provider(provider) {
            if mint.first_time < edge.first_time {
                continue;
            }
            let Some(mut node) = self.minted(mint) else {
                continue;
            };
            let certainty = if made { Certainty::Certain } else { Certainty::Likely };
            node.certainty = certainty.max(parent.certainty);
            node.minted_by = Some(provider.to_owned());
            node.reach = Reach::SecondOrder;
            node.depth = parent.depth + 1;
            node.why = format!("{} through {provider}, {name} by {}", node.via, parent.id);
            self.add(node);
        }
    }

    /// In another account's trail a caller is only its immutable id: it is likely this session.
    fn follow_foreign_mints(&mut self, parent: &Node) {
        let Some(id) = parent.principal_id.as_deref() else {
            return;
        };
        for mint in self.index.mints_by_principal_id(id) {
            let key = mint.minted_key.as_deref().filter(|key| is_key_id(key));
            if key.is_none() || !is_within(parent, mint) {
                continue;
            }
            let Some(mut node) = self.minted(mint) else {
                continue;
            };
            node.certainty = Certainty::Likely;
            node.minted_by = Some(parent.id.clone());
            node.reach = parent.reach;
            node.depth = parent.depth + 1;
            node.why = format!("{} from another account by {id}, whom {} is", node.via, parent.id);
            self.add(node);
        }
    }
}

fn host_reason(edge: &Sighting, host: &str, parent: &str) -> String {
    let name = edge.event_name.as_deref().unwrap_or_default();
    if call(edge) == Calls::Enter {
        return format!(
            "{host}'s credentials, from an address of the actor after {name} by {parent}"
        );
    }
    let deed = if call(edge) == Calls::Launch { "started" } else { "changed" };
    format!("runs on {host}, which {parent} {deed} ({name})")
}

fn is_from(actors: &BTreeSet<&str>, seen: &Sighting) -> bool {
    let from = seen.addresses.as_deref().unwrap_or_default();
    from.split(' ').any(|address| actors.contains(address))
}

/// A session of the host after the call, in the account of the call.
fn is_later_there(edge: &Sighting, seen: &Sighting) -> bool {
    let account = seen.recipient_account.as_ref().or(seen.identity_account.as_ref());
    let same = account.is_none() || account == edge.recipient_account.as_ref();
    let start = parse_time(&edge.first_time);
    let last = parse_time(&seen.last_time);
    same && matches!((start, last), (Some(start), Some(last)) if last >= start)
}

fn is_within(parent: &Node, mint: &Sighting) -> bool {
    let Some(time) = parse_time(&mint.first_time) else {
        return false;
    };
    let begun = parent.made.or(parent.first).is_none_or(|made| time >= made - FORWARD_SLACK);
    let over = parent.expires.is_some_and(|end| time > end);
    begun && !over
}
