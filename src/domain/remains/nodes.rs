//! What a node of the lineage is to a containment: whose it is, and whether it still works.

use crate::domain::action::SideKind;
use crate::domain::case::Case;
use crate::domain::lineage::{Certainty, Node, NodeKind, Standing};
use crate::domain::principal::{PrincipalName, account_in};
use std::collections::BTreeSet;

/// Which of IAM's calls switches a credential off, by the call that made it.
pub(super) fn side_kind(node: &Node) -> SideKind {
    match node.via.as_str() {
        "UploadSSHPublicKey" => SideKind::SshKey,
        "UploadSigningCertificate" => SideKind::SigningCertificate,
        _ => SideKind::ServiceSpecific,
    }
}

/// The user or role whose policies a node obeys.
pub fn principal_of(node: &Node) -> Option<PrincipalName> {
    let role = || node.role_arn.as_deref().and_then(PrincipalName::of_arn);
    let user = || node.user_name.as_deref().map(PrincipalName::user);
    match node.kind {
        NodeKind::User | NodeKind::Role => node.arn.as_deref().and_then(PrincipalName::of_arn),
        NodeKind::RoleSession | NodeKind::ServiceSession => role(),
        NodeKind::ConsoleSession | NodeKind::ForwardedSession => role().or_else(user),
        NodeKind::LongTermKey
        | NodeKind::UserSession
        | NodeKind::FederatedUser
        | NodeKind::ServiceCredential => user(),
    }
}

/// The principals of the case's account that the actor created; another account may have some of
/// the same name.
pub(super) fn created(case: &Case, nodes: &[Node]) -> BTreeSet<PrincipalName> {
    let own = case.account().map(|account| account.0.as_str());
    let is_here = |arn: &&str| own.is_none() || account_in(arn) == own;
    let created = nodes.iter().filter(|node| is_held(node) && node.is_created());
    let arns = created.filter_map(|node| node.arn.as_deref()).filter(is_here);
    arns.filter_map(PrincipalName::of_arn).collect()
}

/// Whether the actor surely holds it and it still works.
pub(super) fn is_held(node: &Node) -> bool {
    works(node) && node.certainty == Certainty::Certain
}

/// Whether it works, and grew from what is only likely the actor's.
pub(super) fn is_likely_held(node: &Node) -> bool {
    works(node) && node.certainty == Certainty::Likely
}

/// Whether it works and is of the time since the exposure. A principal that the actor opened
/// counts although it existed before.
pub fn works(node: &Node) -> bool {
    let opened = node.kind.is_principal() && !node.is_created();
    let works = matches!(node.standing, Standing::Live | Standing::Unknown);
    works && (!node.older || opened)
}

/// Whether the actor took or opened it since the exposure, as far as is known.
pub(super) fn is_since(case: &Case, node: &Node) -> bool {
    let last = node.reopened.max(node.made);
    let since = case.exposed_since().zip(last);
    since.is_none_or(|(since, last)| last.as_second() >= since.as_second())
}

/// Whether only an AWS service can have opened it: nobody else may assume such a role.
pub(super) fn is_services_own(node: &Node) -> bool {
    let role = node.role_arn.as_deref().unwrap_or_default();
    node.kind == NodeKind::ServiceSession && role.contains(":role/aws-service-role/")
}

/// Whether nothing can be done with it any more.
pub fn is_dead(node: &Node) -> bool {
    !matches!(node.standing, Standing::Live | Standing::Unknown)
}

/// What is left open, and why.
pub(super) fn named(node: &Node, why: &str) -> String {
    let name = node.arn.as_deref().unwrap_or(&node.id);
    format!("{} {name} ({}), still {}: {why}", node.kind.word(), node.why, node.standing.word())
}
