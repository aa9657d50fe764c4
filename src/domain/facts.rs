//! What is known about the key: each fact is known, or unknown with the reason.

use crate::domain::ids::{AccessKeyId, AccountId, UserName};
use crate::domain::membership::{Member, Membership};
use crate::domain::signer::Signer;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The managed policies that AWS attaches to leaked users; matched by prefix: versions come.
pub const QUARANTINE_PREFIX: &str = "AWSCompromisedKeyQuarantine";

/// An answer, or why there is none; a denied call costs one fact and never the card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact<T> {
    Known(T),
    Unknown(String),
}

/// Whose account the key belongs to, and how we know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountFinding {
    pub account: AccountId,
    /// The number that the id itself carries, when it carries one.
    pub from_id: Option<AccountId>,
    /// Whether AWS confirmed the account (`sts:GetAccessKeyInfo`).
    pub confirmed: bool,
    pub ours: bool,
    pub canary: bool,
    /// What people call it, by the settings; only accounts beside the bot's own have a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What the organization says of it; nothing where no organization is configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<Fact<Membership>>,
}

/// Who the key belongs to inside the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnerFinding {
    pub user: UserName,
    pub user_id: String,
    pub arn: String,
    pub created: Option<Timestamp>,
    /// The person the user belongs to, from its owner tag; configuration maps this hint to Slack.
    pub owner_tag: Option<String>,
}

/// One access key of the owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyState {
    pub id: AccessKeyId,
    pub active: bool,
    pub created: Option<Timestamp>,
}

/// When and for what a key was last used; AWS records the first use per 15 minutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastUse {
    pub at: Option<Timestamp>,
    pub service: Option<String>,
    pub region: Option<String>,
}

/// What the owner may do, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permissions {
    pub attached: Vec<String>,
    pub inline: Vec<String>,
    pub groups: Vec<String>,
}

/// An alert of GuardDuty or AWS Health about the key or its user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    pub source: String,
    pub title: String,
    pub severity: Option<String>,
    pub at: Option<Timestamp>,
}

/// One thing that validation found out, or could not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "about", content = "fact", rename_all = "snake_case")]
pub enum Finding {
    Account(Fact<AccountFinding>),
    Owner(Fact<OwnerFinding>),
    LastUse(Fact<LastUse>),
    Keys(Fact<Vec<KeyState>>),
    Permissions(Fact<Permissions>),
    Quarantine(Fact<Option<String>>),
    GuardDuty(Fact<Vec<Alert>>),
    Health(Fact<Vec<Alert>>),
    /// Who signs with the key, by the trail: asked where IAM cannot say whose it is.
    Signer(Fact<Signer>),
    /// Whether the root user has access keys: asked where IAM knows no user of a long-term key.
    RootKeys(Fact<bool>),
}

/// Everything validation found so far; a missing entry was not asked yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    pub account: Option<Fact<AccountFinding>>,
    pub owner: Option<Fact<OwnerFinding>>,
    pub last_use: Option<Fact<LastUse>>,
    pub keys: Option<Fact<Vec<KeyState>>>,
    pub permissions: Option<Fact<Permissions>>,
    pub quarantine: Option<Fact<Option<String>>>,
    pub guard_duty: Option<Fact<Vec<Alert>>>,
    pub health: Option<Fact<Vec<Alert>>>,
    pub signer: Option<Fact<Signer>>,
    pub root_keys: Option<Fact<bool>>,
}

impl<T> Fact<T> {
    /// The answer, when there is one.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown(_) => None,
        }
    }

    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Fact<U> {
        match self {
            Self::Known(value) => Fact::Known(f(value)),
            Self::Unknown(why) => Fact::Unknown(why),
        }
    }
}

impl AccountFinding {
    /// The account as its organization knows it.
    pub fn member(&self) -> Option<&Member> {
        match self.organization.as_ref()?.known()? {
            Membership::Member(member) => Some(member),
            Membership::Outside => None,
        }
    }

    /// What people call it: by the settings, else by its organization.
    pub fn called(&self) -> Option<&str> {
        self.name.as_deref().or_else(|| self.member()?.name.as_deref())
    }

    /// Why it is not known whether the account is of our organization.
    pub fn not_told(&self) -> Option<&str> {
        match &self.organization {
            Some(Fact::Unknown(why)) => Some(why),
            Some(Fact::Known(_)) | None => None,
        }
    }
}

impl Facts {
    /// Takes in one finding; the newest answer to a question stands.
    pub fn note(&mut self, finding: Finding) {
        match finding {
            Finding::Account(fact) => self.account = Some(fact),
            Finding::Owner(fact) => self.owner = Some(fact),
            Finding::LastUse(fact) => self.last_use = Some(fact),
            Finding::Keys(fact) => self.keys = Some(fact),
            Finding::Permissions(fact) => self.permissions = Some(fact),
            Finding::Quarantine(fact) => self.quarantine = Some(fact),
            Finding::GuardDuty(fact) => self.guard_duty = Some(fact),
            Finding::Health(fact) => self.health = Some(fact),
            Finding::Signer(fact) => self.signer = Some(fact),
            Finding::RootKeys(fact) => self.root_keys = Some(fact),
        }
    }

    /// The account, when it is known.
    pub fn account_known(&self) -> Option<&AccountFinding> {
        self.account.as_ref().and_then(Fact::known)
    }

    /// Who signs with the key, when the trail told it.
    pub fn signer_known(&self) -> Option<&Signer> {
        self.signer.as_ref().and_then(Fact::known)
    }

    /// The owner, when it is known.
    pub fn owner_known(&self) -> Option<&OwnerFinding> {
        self.owner.as_ref().and_then(Fact::known)
    }
}
