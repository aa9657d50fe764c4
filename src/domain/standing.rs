//! Whether a node of a lineage still works, as far as the trail tells.

use crate::domain::lineage::{Node, NodeKind, Standing};
use crate::domain::sighting_index::SightingIndex;
use crate::domain::trail_row::{Sighting, parse_time};
use jiff::{SignedDuration, Timestamp};

/// The longest any temporary credential lives (`GetSessionToken`, `GetFederationToken`).
pub(super) const SESSION_AGE_MAX: SignedDuration = SignedDuration::from_hours(36);

impl SightingIndex<'_> {
    /// Whether a node still works, as far as the trail tells.
    pub fn standing(&self, node: &Node, as_of: Timestamp) -> Standing {
        match node.kind {
            NodeKind::LongTermKey
            | NodeKind::ServiceCredential
            | NodeKind::User
            | NodeKind::Role => self.ended(node),
            NodeKind::UserSession
            | NodeKind::RoleSession
            | NodeKind::ServiceSession
            | NodeKind::FederatedUser
            | NodeKind::ConsoleSession
            | NodeKind::ForwardedSession => {
                let last = node.made.and_then(|made| made.checked_add(SESSION_AGE_MAX).ok());
                match (node.expires, last) {
                    (Some(end), _) if end > as_of => Standing::Live,
                    (None, Some(end)) if end > as_of => Standing::Unknown,
                    (None, None) => Standing::Unknown,
                    (Some(_), _) | (None, Some(_)) => Standing::Expired,
                }
            }
        }
    }

    fn ended(&self, node: &Node) -> Standing {
        let made = node.made;
        let mut standing = Standing::Live;
        let later = self.ends().iter().filter(|end| match (made, parse_time(&end.first_time)) {
            (Some(made), Some(time)) => time >= made,
            _ => true,
        });
        for end in later {
            let is_user = self.names().is_user_of(node, &end.target_user, &end.first_time);
            if let Some(after) = ending(node, end, is_user) {
                standing = after;
            }
            if standing == Standing::Deleted {
                break;
            }
        }
        standing
    }
}

fn ending(node: &Node, end: &Sighting, about_user: bool) -> Option<Standing> {
    let name = end.event_name.as_deref().unwrap_or_default();
    let account = node.arn.as_deref().and_then(|arn| arn.split(':').nth(4));
    let elsewhere = matches!((account, end.recipient_account.as_deref()),
        (Some(own), Some(other)) if own != other);
    if elsewhere {
        return None;
    }
    let about_key = end.target_key.as_deref() == Some(node.id.as_str());
    let role = node.role_arn.as_deref().and_then(|arn| arn.rsplit('/').next());
    let target_role = end.target_role.as_deref().and_then(|arn| arn.rsplit('/').next());
    let about_role = role.is_some() && role == target_role;
    let inactive = end.target_status.as_deref() == Some("Inactive");
    match name {
        "DeleteAccessKey"
        | "DeleteServiceSpecificCredential"
        | "DeleteSSHPublicKey"
        | "DeleteSigningCertificate"
            if about_key =>
        {
            Some(Standing::Deleted)
        }
        "UpdateAccessKey"
        | "UpdateServiceSpecificCredential"
        | "UpdateSSHPublicKey"
        | "UpdateSigningCertificate"
            if about_key =>
        {
            Some(if inactive { Standing::Inactive } else { Standing::Live })
        }
        "DeleteUser" if about_user => Some(Standing::Deleted),
        "DeleteRole" if about_role && node.kind == NodeKind::Role => Some(Standing::Deleted),
        _ => None,
    }
}
