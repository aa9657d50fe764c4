//! An IAM user or role, or a resource: what a plan changes.

use crate::domain::ids::UserName;
use serde::{Deserialize, Serialize};
use std::fmt;

/// IAM's limit for the name of a user or a role.
const NAME_LENGTH_MAX: usize = 64;

/// What a principal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrincipalKind {
    User,
    Role,
    /// No principal, but what a step may be about as well; see `domain::resource`.
    Resource,
}

/// A user or role of the account, by what IAM calls it now.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PrincipalName {
    pub kind: PrincipalKind,
    pub name: String,
}

/// A user or role by name, by ARN, and by the id that is never used again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Principal {
    pub kind: PrincipalKind,
    pub name: String,
    pub id: String,
    pub arn: String,
}

impl PrincipalKind {
    pub fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Role => "role",
            Self::Resource => "resource",
        }
    }
}

impl PrincipalName {
    pub fn user(name: &str) -> Self {
        Self { kind: PrincipalKind::User, name: name.to_owned() }
    }

    pub fn role(name: &str) -> Self {
        Self { kind: PrincipalKind::Role, name: name.to_owned() }
    }

    /// The user's name, when it is a user.
    pub fn as_user(&self) -> Option<UserName> {
        (self.kind == PrincipalKind::User).then(|| UserName(self.name.clone()))
    }

    /// How people type it, and how forms and buttons carry it.
    pub fn slug(&self) -> String {
        format!("{}/{}", self.kind.word(), self.name)
    }

    /// Reads the slug of a user or a role, by the characters that IAM lets a name have.
    pub fn of_slug(text: &str) -> Option<Self> {
        let (kind, name) = text.split_once('/')?;
        let kind = match kind {
            "user" => PrincipalKind::User,
            "role" => PrincipalKind::Role,
            _ => return None,
        };
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b);
        let is_name = (1..=NAME_LENGTH_MAX).contains(&name.len()) && name.bytes().all(plain);
        is_name.then(|| Self { kind, name: name.to_owned() })
    }

    /// The role of a session, from `arn:aws:sts::<account>:assumed-role/<role>/<session>`.
    pub fn of_session(arn: &str) -> Option<Self> {
        let resource =
            arn.splitn(6, ':').nth(5).filter(|_| arn.split(':').nth(2) == Some("sts"))?;
        let (role, _) = resource.strip_prefix("assumed-role/")?.split_once('/')?;
        (!role.is_empty()).then(|| Self::role(role))
    }

    /// Reads `arn:aws:iam::<account>:user/<path>/<name>` and its like for roles.
    pub fn of_arn(arn: &str) -> Option<Self> {
        let resource = arn.splitn(6, ':').nth(5)?;
        let (kind, path) = resource.split_once('/')?;
        let kind = match kind {
            "user" => PrincipalKind::User,
            "role" => PrincipalKind::Role,
            _ => return None,
        };
        let name = path.rsplit('/').next().filter(|name| !name.is_empty())?;
        Some(Self { kind, name: name.to_owned() })
    }
}

impl Principal {
    /// By the id, where there is one: a user may have another name by now.
    pub fn is_same(&self, other: &Self) -> bool {
        let by_id = self.kind == PrincipalKind::User && !self.id.is_empty();
        self == other || (by_id && self.kind == other.kind && self.id == other.id)
    }

    pub fn key(&self) -> PrincipalName {
        PrincipalName { kind: self.kind, name: self.name.clone() }
    }
}

/// The account in an ARN.
pub fn account_in(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| !account.is_empty())
}

impl fmt::Display for PrincipalName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.word(), self.name)
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.word(), self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_comes_back_and_nothing_else_is_one() {
        for on in [PrincipalName::user("ci.deploy@x+=,-_"), PrincipalName::role("deploy")] {
            assert_eq!(PrincipalName::of_slug(&on.slug()), Some(on));
        }
        let long = format!("role/{}", "a".repeat(65));
        for odd in ["", "role/", "role", "group/a", "resource/a", "role/a b", "role/a|b", &long] {
            assert_eq!(PrincipalName::of_slug(odd), None, "{odd}");
        }
    }

    #[test]
    fn a_session_is_of_the_role_in_its_arn() {
        let role = PrincipalName::of_session("arn:aws:sts::1:assumed-role/deploy/role/x");
        assert_eq!(role, Some(PrincipalName::role("deploy")));
        for other in
            ["arn:aws:iam::1:role/deploy", "arn:aws:sts::1:federated-user/x", "assumed-role/a/b"]
        {
            assert_eq!(PrincipalName::of_session(other), None, "{other}");
        }
    }

    #[test]
    fn a_name_is_read_from_an_arn_whatever_the_path() {
        let user = PrincipalName::of_arn("arn:aws:iam::123456789012:user/a/b/ci");
        assert_eq!(user, Some(PrincipalName::user("ci")));
        let role = PrincipalName::of_arn("arn:aws-cn:iam::123456789012:role/deploy");
        assert_eq!(role, Some(PrincipalName::role("deploy")));
        for other in ["", "arn:aws:iam::1:root", "arn:aws:sts::1:assumed-role/a/b", "role/x"] {
            assert_eq!(PrincipalName::of_arn(other), None, "{other}");
        }
    }
}
