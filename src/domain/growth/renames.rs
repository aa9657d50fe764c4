//! Users that were renamed, and keys that were switched on again: both were there before.

use super::Growth;
use super::mints::{caller_name, own_arn};
use crate::domain::ids::AccessKeyId;
use crate::domain::lineage::{Certainty, Node, NodeKind};
use crate::domain::principal::account_in;
use crate::domain::renamed_user::Renamed;
use crate::domain::trail_row::{Sighting, format_time, parse_time};
use crate::domain::user_names::{NamedAt, UserNames, named_in};
use std::collections::HashMap;

impl Growth<'_> {
    /// A key that the actor switched on: it may know the secret, found elsewhere, or may not.
    pub(super) fn switched_on(&self, edge: &Sighting) -> Option<Node> {
        let is_on = edge.event_name.as_deref() == Some("UpdateAccessKey")
            && edge.target_status.as_deref() == Some("Active");
        let key =
            edge.target_key.as_deref().filter(|_| is_on).and_then(AccessKeyId::from_record)?;
        let mut node = self.key_node(key.reveal(), NodeKind::LongTermKey);
        node.via = "UpdateAccessKey".to_owned();
        node.made = parse_time(&edge.first_time);
        node.user_name = edge.target_user.clone().or_else(|| edge.user_name.clone());
        node.arn = node.arn.or_else(|| own_arn(edge));
        node.certainty = Certainty::Likely;
        node.why = "switched on again by the actor; who has its secret no record tells".to_owned();
        Some(node)
    }

    /// Whether a call that names a principal without its path means this one. Another account may
    /// have one of the same name, and the same account at another time.
    pub(super) fn is_named(&self, known: &Node, arn: &str, edge: &Sighting) -> bool {
        let own = known.arn.as_deref().unwrap_or_default();
        if account_in(own) != account_in(arn) {
            return false;
        }
        let name = arn.rsplit('/').next().map(str::to_owned);
        match known.kind == NodeKind::User {
            true => self.index.names().is_user_of(known, &name, &edge.first_time),
            false => own.rsplit('/').next() == name.as_deref(),
        }
    }

    /// Gives a user that was there before the immutable id that its calls tell, and tells it from
    /// the one that had its name before.
    pub(super) fn tell_user(&self, node: &mut Node) {
        let named = node.user_name.as_deref().and_then(|name| named_in(node, name));
        let Some(named) = named.filter(|_| node.kind == NodeKind::User) else {
            return;
        };
        node.principal_id = self.index.names().id_of(named).map(str::to_owned);
        let is_namesake = |known: &Node| {
            known.id == node.id
                && !self.index.names().is_user_of(known, &node.user_name, &node_time(node))
        };
        if node.principal_id.is_none() && self.nodes.iter().any(is_namesake) {
            node.id = format!("{} (from {})", node.id, node_time(node));
        }
    }

    /// Names and ARNs as they are at last, since only these can be stopped.
    pub(super) fn settle_names(&mut self) {
        let names = self.index.names();
        if names.renames().is_empty() {
            return;
        }
        self.lineage.renamed = self.renamed();
        let nodes = self.lineage.nodes.iter();
        let users = nodes.filter(|node| node.kind == NodeKind::User);
        let users: HashMap<String, String> =
            users.filter_map(|user| Some((user.id.clone(), last_name(names, user)?))).collect();
        for node in self.lineage.nodes.iter_mut().filter(|node| node.user_name.is_some()) {
            // A federated user's records do not name its user; the node has it from the user.
            let parent = node.minted_by.as_ref().filter(|_| node.kind == NodeKind::FederatedUser);
            let of_parent = parent.and_then(|parent| users.get(parent)).cloned();
            if let Some(last) = of_parent.or_else(|| last_name(names, node)) {
                rename(node, last);
            }
        }
        let owner = self.lineage.owner_principal_id.as_deref().and_then(|id| names.last_of(id));
        let owner = owner.or_else(|| Some(names.last(self.owner_named()?, false)));
        if let Some(last) = owner.map(str::to_owned) {
            self.lineage.owner_arn =
                self.lineage.owner_arn.take().map(|arn| arn_named(&arn, &last));
            self.lineage.owner_name = Some(last);
        }
    }

    /// What the key's user was called when the key was first seen.
    fn owner_named(&self) -> Option<NamedAt<'_>> {
        let first = self.index.signed_by(self.bounds.key_id).first().copied();
        let at = first.or_else(|| self.index.mint_of(self.bounds.key_id))?;
        Some(NamedAt {
            account: self.lineage.account.as_deref()?,
            name: self.lineage.owner_name.as_deref()?,
            at: parse_time(&at.first_time)?,
        })
    }

    /// Who of the lineage was renamed, and by whom.
    fn renamed(&self) -> Vec<Renamed> {
        let names = self.index.names();
        let nodes = self.lineage.nodes.iter();
        let mut own: Vec<_> = nodes
            .filter_map(|node| Some(names.user(named_in(node, node.user_name.as_deref()?)?)))
            .collect();
        own.extend(self.owner_named().map(|owner| names.user(owner)));
        let told = names.renames().iter().filter_map(|seen| {
            let account = seen.recipient_account.as_deref().or(seen.identity_account.as_deref())?;
            let (old, new) = (seen.target_user.as_deref()?, seen.new_name.as_deref()?);
            let at = parse_time(&seen.first_time)?;
            let user = names.user(NamedAt { account, name: new, at });
            let (account, old, new) = (account.to_owned(), old.to_owned(), new.to_owned());
            own.contains(&user).then(|| Renamed { account, old, new, at, by: caller_name(seen) })
        });
        told.collect()
    }
}

fn node_time(node: &Node) -> String {
    node.made.map(format_time).unwrap_or_default()
}

/// What the user of a node is called at last.
fn last_name(names: &UserNames<'_>, node: &Node) -> Option<String> {
    let by_id = node.principal_id.as_deref().and_then(|id| names.last_of(id));
    let named = || named_in(node, node.user_name.as_deref()?);
    let last = by_id.or_else(|| Some(names.last(named()?, node.via == "CreateUser")));
    last.map(str::to_owned)
}

fn rename(node: &mut Node, last: String) {
    if node.user_name.as_ref() == Some(&last) {
        return;
    }
    let is_the_users =
        matches!(node.kind, NodeKind::User | NodeKind::LongTermKey | NodeKind::ServiceCredential);
    if is_the_users {
        node.arn = node.arn.take().map(|arn| arn_named(&arn, &last));
    }
    if node.kind == NodeKind::User {
        node.why = format!("{}; it is called {last} now", node.why);
    }
    node.user_name = Some(last);
}

/// The ARN of the same user under another name.
fn arn_named(arn: &str, name: &str) -> String {
    arn.rsplit_once('/').map_or_else(|| arn.to_owned(), |(path, _)| format!("{path}/{name}"))
}
