//! What a credential of the lineage was seen making: credentials, principals, ways in.

use super::Growth;
use crate::domain::lineage::{Certainty, Node, NodeKind};
use crate::domain::lineage_call::Calls;
use crate::domain::record_text::is_key_id;
use crate::domain::sighted::{call, session_arn};
use crate::domain::trail_row::{Sighting, parse_time};

impl<'a> Growth<'a> {
    pub(super) fn follow_mints(&mut self) {
        while self.minted_from < self.nodes.len() {
            let parent = self.nodes[self.minted_from].clone();
            self.minted_from += 1;
            if parent.kind.is_principal() {
                continue;
            }
            for edge in self.index.edges_of(&parent) {
                if !is_of_what_was_there(edge)
                    && let Some(child) = self.child(&parent, edge)
                {
                    self.add(child);
                }
            }
        }
    }

    /// What was there before and was opened. It comes last: whether the actor made it itself is
    /// known once nothing more is found that may have.
    pub(super) fn follow_take_overs(&mut self) {
        let parents = self.nodes.iter().filter(|node| !node.kind.is_principal());
        for parent in parents.cloned().collect::<Vec<_>>() {
            for edge in self.index.edges_of(&parent) {
                if is_of_what_was_there(edge)
                    && let Some(child) = self.child(&parent, edge)
                {
                    self.add(child);
                }
            }
        }
    }

    pub(super) fn child(&self, parent: &Node, edge: &'a Sighting) -> Option<Node> {
        let name = edge.event_name.as_deref().unwrap_or_default();
        let mut node = match call(edge) {
            Calls::Mint if edge.minted_key.as_deref().is_some_and(is_key_id) => {
                self.minted(edge)?
            }
            Calls::Mint => self.unnamed(edge)?,
            Calls::SignInToken => self.minted(edge)?,
            Calls::Create => self.created(edge)?,
            Calls::TakeOver => self.taken_over(edge)?,
            Calls::End => self.switched_on(edge)?,
            Calls::SignIn
            | Calls::Provide
            | Calls::Launch
            | Calls::Alter
            | Calls::Enter
            | Calls::Rename
            | Calls::Other => return None,
        };
        node.minted_by = Some(parent.id.clone());
        node.certainty = parent.certainty.max(node.certainty);
        node.reach = parent.reach;
        node.depth = parent.depth + 1;
        if node.why.is_empty() {
            node.why = format!("{name} by {}", parent.id);
        }
        Some(node)
    }

    pub(super) fn minted(&self, edge: &Sighting) -> Option<Node> {
        let id = edge.minted_key.as_deref().filter(|id| is_key_id(id))?;
        let kind = match edge.event_name.as_deref() {
            Some("CreateAccessKey") => NodeKind::LongTermKey,
            Some(
                "CreateServiceSpecificCredential"
                | "UploadSSHPublicKey"
                | "UploadSigningCertificate",
            ) => NodeKind::ServiceCredential,
            Some("GetSessionToken") => NodeKind::UserSession,
            Some("GetFederationToken") => NodeKind::FederatedUser,
            Some("GetSigninToken") if edge.identity_type.as_deref() == Some("FederatedUser") => {
                NodeKind::FederatedUser
            }
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
                let own = edge.minted_principal_id.clone();
                node.principal_id = own.or_else(|| edge.principal_id.clone());
                node.arn = node.arn.or_else(|| edge.identity_arn.clone());
            }
            NodeKind::ConsoleSession
            | NodeKind::ForwardedSession
            | NodeKind::User
            | NodeKind::Role => {}
        }
        Some(node)
    }

    /// A session whose key the record hides: it is told by who it is and when it began.
    fn unnamed(&self, edge: &Sighting) -> Option<Node> {
        let arn = session_arn(edge)?;
        let mut uses = self.index.session(&arn, &edge.first_time).into_iter();
        let seen = uses.find(|seen| seen.access_key_id.as_deref().is_some_and(is_key_id))?;
        let id = seen.access_key_id.as_deref()?;
        if self.index.mint_of(id).is_some() {
            return None;
        }
        let mut node = self.key_node(id, NodeKind::RoleSession);
        node.via = edge.event_name.clone().unwrap_or_default();
        node.made = parse_time(&edge.first_time);
        node.expires = edge.minted_expires.as_deref().and_then(parse_time);
        if edge.minted_arn.is_none() {
            node.certainty = Certainty::Likely;
        }
        node.why = format!("{} opened {arn} then; the record hides the key", node.via);
        Some(node)
    }

    pub(super) fn created(&self, edge: &Sighting) -> Option<Node> {
        let kind = match edge.event_name.as_deref() {
            Some("CreateUser") => NodeKind::User,
            _ => NodeKind::Role,
        };
        let name = if kind == NodeKind::User { &edge.target_user } else { &edge.target_role };
        let name = name.as_deref();
        let arn = edge.minted_arn.clone().or_else(|| principal_arn(edge, kind, name?))?;
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
        let arn = match name.starts_with("arn:") {
            true => name.to_owned(),
            false => principal_arn(edge, kind, name)?,
        };
        let known = self.nodes.iter().filter(|node| node.kind == kind);
        let known = known.clone().find(|node| self.is_named(node, &arn, edge));
        if known.is_some_and(Node::is_created) {
            return None; // the actor made it: it is already listed
        }
        let mut node = self.principal_node(edge, kind, arn);
        match known {
            Some(known) => (node.id, node.arn) = (known.id.clone(), known.arn.clone()),
            None => self.tell_user(&mut node),
        }
        node.older = true;
        node.why = format!("{call} opened it to the actor; it existed before");
        Some(node)
    }

    fn principal_node(&self, edge: &Sighting, kind: NodeKind, arn: String) -> Node {
        let mut node = self.key_node(&arn, kind);
        node.via = edge.event_name.clone().unwrap_or_default();
        node.made = parse_time(&edge.first_time);
        let name = arn.rsplit('/').next().map(str::to_owned);
        if kind == NodeKind::User {
            node.user_name = name;
        } else {
            node.role_arn = Some(arn.clone());
        }
        node.arn = Some(arn);
        node.events = 0;
        (node.first, node.last) = (None, None);
        node
    }
}

fn is_of_what_was_there(edge: &Sighting) -> bool {
    matches!(call(edge), Calls::TakeOver | Calls::End)
}

pub(super) fn own_arn(edge: &Sighting) -> Option<String> {
    let target = edge.target_user.as_deref();
    if target.is_none() || target == edge.user_name.as_deref() {
        return edge.identity_arn.clone();
    }
    principal_arn(edge, NodeKind::User, target?)
}

fn principal_arn(edge: &Sighting, kind: NodeKind, name: &str) -> Option<String> {
    let account = edge.recipient_account.as_deref().or(edge.identity_account.as_deref())?;
    let partition =
        edge.identity_arn.as_deref().and_then(|arn| arn.split(':').nth(1)).unwrap_or("aws");
    let word = if kind == NodeKind::User { "user" } else { "role" };
    Some(format!("arn:{partition}:iam::{account}:{word}/{name}"))
}

pub(super) fn caller_name(seen: &Sighting) -> Option<String> {
    seen.access_key_id
        .clone()
        .or_else(|| seen.invoked_by.clone())
        .or_else(|| seen.identity_arn.clone())
        .or_else(|| seen.principal_id.clone())
}
