//! From what the trail saw being minted to every key, session and principal the actor reached.

use crate::domain::ids::AccessKeyId;
use crate::domain::principal::PrincipalName;
use crate::domain::renamed_user::Renamed;
use crate::domain::signer::Signer;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a node of the lineage is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeKind {
    /// A long-term access key of a user or of root.
    LongTermKey,
    /// Temporary credentials of a user (`GetSessionToken`).
    UserSession,
    /// Temporary credentials of a role.
    RoleSession,
    /// Temporary credentials an AWS service got for a role.
    ServiceSession,
    /// Temporary credentials of a federated user (`GetFederationToken`).
    FederatedUser,
    /// A console session; its keys change without being minted in the trail.
    ConsoleSession,
    /// A key a service used on behalf of a caller (forward access session).
    ForwardedSession,
    /// A service-specific credential (`CodeCommit`, Keyspaces, Bedrock), an SSH key or a signing
    /// certificate.
    ServiceCredential,
    /// An IAM user.
    User,
    /// An IAM role.
    Role,
}

impl NodeKind {
    /// The word machines read.
    pub fn word(self) -> &'static str {
        match self {
            Self::LongTermKey => "long_term_key",
            Self::UserSession => "user_session",
            Self::RoleSession => "role_session",
            Self::ServiceSession => "service_session",
            Self::FederatedUser => "federated_user",
            Self::ConsoleSession => "console_session",
            Self::ForwardedSession => "forwarded_session",
            Self::ServiceCredential => "service_credential",
            Self::User => "user",
            Self::Role => "role",
        }
    }

    /// A key that lasts until somebody ends it.
    pub fn is_long_term(self) -> bool {
        self == Self::LongTermKey
    }

    /// A user or a role: what policies attach to.
    pub fn is_principal(self) -> bool {
        matches!(self, Self::User | Self::Role)
    }
}

/// How sure the link is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// The trail shows the link itself.
    Certain,
    /// The trail fits the link, and nothing in it proves it.
    Likely,
}

/// How the actor came to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Minted or created by the key, or by what it minted.
    Direct,
    /// Only through a principal the actor created or took over.
    SecondOrder,
}

/// Whether it still works, as far as the trail tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Nothing in the trail ended it.
    Live,
    /// Its time is over.
    Expired,
    /// It was switched off.
    Inactive,
    /// It was deleted.
    Deleted,
    /// The trail does not say when it ends.
    Unknown,
}

impl Standing {
    /// The word machines read.
    pub fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Expired => "expired",
            Self::Inactive => "inactive",
            Self::Deleted => "deleted",
            Self::Unknown => "unknown",
        }
    }
}

/// One credential, session or principal that grew out of the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// The key id, the ARN of a principal, `ARN@start` of a console session, or `ARN via service`.
    pub id: String,
    pub kind: NodeKind,
    /// The ARN it acts as.
    pub arn: Option<String>,
    /// The immutable id of the principal (`AIDA…`, `AROA…`).
    pub principal_id: Option<String>,
    /// The IAM user it is or belongs to.
    pub user_name: Option<String>,
    /// The role it is or belongs to.
    pub role_arn: Option<String>,
    /// The node it came from; for a service session the service.
    pub minted_by: Option<String>,
    /// The call that made it.
    pub via: String,
    /// When it was made, or first seen.
    pub made: Option<Timestamp>,
    pub expires: Option<Timestamp>,
    pub certainty: Certainty,
    pub reach: Reach,
    /// It existed before the key was exposed: listed, never ticked by itself.
    pub older: bool,
    pub standing: Standing,
    /// Records signed by it (for a principal: signed as it).
    pub events: u64,
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
    /// Why it belongs, in words.
    pub why: String,
    /// Links between it and the key.
    pub depth: u32,
    /// The keys a session signed with that has no lasting one.
    #[serde(default)]
    pub keys: Vec<String>,
    /// When a principal that was there before was last opened, where that was more than once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reopened: Option<Timestamp>,
}

/// One step back from a credential to what it came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// A key id, a service, `ARN@start` of a console session, or the ARN of a caller.
    pub id: String,
    /// The call that made the credential one step nearer.
    pub via: String,
    /// When that was.
    pub made: Option<Timestamp>,
    pub certainty: Certainty,
}

/// A user or role that the trail shows somebody else making.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadePrincipal {
    pub name: PrincipalName,
    /// The immutable id, when the record shows it.
    pub id: Option<String>,
    /// Who made it.
    pub by: String,
}

/// An access key that the trail shows somebody else making.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeKey {
    pub key: AccessKeyId,
    /// Who made it.
    pub by: String,
}

/// Everything that grew out of one key.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Lineage {
    /// The exposed key.
    pub key_id: String,
    /// The ARN the key signs as, when the trail saw it.
    pub owner_arn: Option<String>,
    /// The immutable id of the key's owner.
    pub owner_principal_id: Option<String>,
    /// The user name of the key's owner; none for root and for roles.
    pub owner_name: Option<String>,
    /// The account of the key's owner.
    pub account: Option<String>,
    /// The key that minted this one, when the exposed key is itself a session.
    pub minted_by: Option<String>,
    /// From the exposed key back to the first credential behind it, the nearest first.
    #[serde(default)]
    pub behind: Vec<Origin>,
    /// Who signs with the key, when a record names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<Signer>,
    /// Nodes in the order they were reached.
    pub nodes: Vec<Node>,
    /// Users of it that were renamed, in time order; names above are the last ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub renamed: Vec<Renamed>,
    /// The sessions forwarded nodes stand for, as `ARN@start`.
    pub forwarded: Vec<String>,
    /// Addresses the key and its sessions called from; services and non-addresses left out.
    pub addresses: Vec<String>,
    /// More nodes or addresses existed than the limits allow.
    pub truncated: bool,
}

/// What a second pass must pick from the trail: the subject and its addresses.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Subject {
    /// The exposed key; rows it signed have the reach `key`.
    pub key_id: String,
    /// Keys of the lineage; rows they signed have the reach `lineage`.
    pub keys: Vec<String>,
    /// Users and roles of the lineage, by immutable id or else by ARN: rows they signed, or whose
    /// session they issued.
    pub principals: Vec<String>,
    /// Sessions without a lasting key id, as `ARN@start`.
    pub sessions: Vec<String>,
    /// Rows from here have the reach `address`.
    pub addresses: Vec<String>,
    /// Long-term keys, users and roles, by id, name or ARN: changes of them by somebody else, and
    /// sign-ins of the users, have the reach `about`.
    #[serde(default)]
    pub targets: Vec<String>,
    /// The accounts in which those names mean these targets.
    #[serde(default)]
    pub accounts: Vec<String>,
}

impl Lineage {
    /// Credentials something in the lineage was seen making.
    pub fn credentials(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|node| !node.kind.is_principal() && self.is_minted(node))
    }

    /// Users and roles the actor created.
    pub fn principals(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|node| node.is_created())
    }

    /// What is reached only through something else: principals the actor opened, what acts as a
    /// principal the actor made, and sessions nobody was seen minting.
    pub fn second_order(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|node| match node.kind.is_principal() {
            true => !node.is_created(),
            false => !self.is_minted(node),
        })
    }

    /// Adds to the signer the source identity that only the cut tells, and whether others go by
    /// the same name.
    pub fn complete_signer(&mut self, identity: Option<String>, of_others: &BTreeSet<String>) {
        let Some(signer) = &mut self.signer else {
            return;
        };
        signer.source_identity = identity;
        signer.alike = signer.user_id.as_ref().is_some_and(|id| of_others.contains(id));
    }

    /// Marks what was made before the key was exposed.
    pub fn flag_older_than(&mut self, since: Timestamp) {
        self.nodes.iter_mut().for_each(|node| node.older |= node.is_made_before(since));
    }

    fn is_minted(&self, node: &Node) -> bool {
        let seen_made = !matches!(node.via.as_str(), "use" | "forwarded" | "ConsoleLogin");
        let seen_made = seen_made && !node.is_switched_on();
        let parent = node.minted_by.as_deref();
        let by_key = parent == Some(self.key_id.as_str());
        let by_node = || {
            let mut nodes = self.nodes.iter();
            nodes.any(|known| Some(known.id.as_str()) == parent && !known.kind.is_principal())
        };
        seen_made && (by_key || by_node())
    }
}

impl Node {
    /// The trail tells whole seconds, so what was made in that very second is not older.
    pub fn is_made_before(&self, since: Timestamp) -> bool {
        self.made.is_some_and(|made| made.as_second() < since.as_second())
    }

    /// A key that was there before and that the actor switched on again. Who has its secret no
    /// record tells, so nothing that it signs is the actor's by that alone.
    pub fn is_switched_on(&self) -> bool {
        self.kind == NodeKind::LongTermKey && self.via == "UpdateAccessKey"
    }

    /// A principal the actor made, rather than one the actor opened.
    pub fn is_created(&self) -> bool {
        self.kind.is_principal() && matches!(self.via.as_str(), "CreateUser" | "CreateRole")
    }
}

impl Subject {
    /// Takes from a lineage what its records can be told by.
    pub fn of(lineage: &Lineage) -> Self {
        let mut subject = Self {
            key_id: lineage.key_id.clone(),
            addresses: lineage.addresses.clone(),
            sessions: lineage.forwarded.clone(),
            ..Self::default()
        };
        lineage.nodes.iter().for_each(|node| subject.add(node));
        subject.aim(lineage);
        subject
    }

    /// Its lists by the names that `queries/athena/cut.sql` has for them.
    pub fn lists(&self) -> [(&'static str, &[String]); 7] {
        [
            ("key", std::slice::from_ref(&self.key_id)),
            ("keys", &self.keys),
            ("principals", &self.principals),
            ("sessions", &self.sessions),
            ("addresses", &self.addresses),
            ("targets", &self.targets),
            ("accounts", &self.accounts),
        ]
    }

    /// Names whose change by anybody matters: the key, its owner, what the actor made or opened.
    fn aim(&mut self, lineage: &Lineage) {
        let mut targets = BTreeSet::from([lineage.key_id.clone()]);
        let mut accounts: BTreeSet<String> = lineage.account.iter().cloned().collect();
        targets.extend(lineage.owner_name.clone());
        targets.extend(lineage.renamed.iter().flat_map(|one| [one.old.clone(), one.new.clone()]));
        targets.extend(lineage.owner_arn.as_deref().and_then(role_of_session));
        for node in &lineage.nodes {
            match node.kind {
                NodeKind::LongTermKey | NodeKind::ServiceCredential => {
                    targets.insert(node.id.clone());
                }
                NodeKind::User => targets.extend(node.user_name.clone()),
                NodeKind::Role => {
                    let name = node.arn.as_deref().and_then(|arn| arn.rsplit('/').next());
                    targets.extend(name.map(str::to_owned));
                    targets.extend(node.arn.clone());
                }
                NodeKind::UserSession
                | NodeKind::RoleSession
                | NodeKind::ServiceSession
                | NodeKind::FederatedUser
                | NodeKind::ConsoleSession
                | NodeKind::ForwardedSession => continue,
            }
            let account = node.arn.as_deref().and_then(|arn| arn.split(':').nth(4));
            accounts.extend(account.map(str::to_owned));
        }
        self.targets = targets.into_iter().collect();
        self.accounts = accounts.into_iter().collect();
    }

    fn add(&mut self, node: &Node) {
        match node.kind {
            NodeKind::User | NodeKind::Role if node.is_created() => {
                self.principals.extend(node.principal_id.clone().or_else(|| node.arn.clone()));
            }
            NodeKind::User | NodeKind::Role => {}
            NodeKind::ForwardedSession => {}
            NodeKind::LongTermKey if node.is_switched_on() => {}
            NodeKind::ConsoleSession => {
                self.sessions.push(node.id.clone());
                // The sign-in itself carries no session; it is told by its own time.
                if let (Some(arn), Some(made)) = (&node.arn, node.made) {
                    let sign_in = format!("{arn}@{}", crate::domain::trail_row::format_time(made));
                    self.sessions.extend((sign_in != node.id).then_some(sign_in));
                }
            }
            NodeKind::LongTermKey
            | NodeKind::UserSession
            | NodeKind::RoleSession
            | NodeKind::ServiceSession
            | NodeKind::FederatedUser
            | NodeKind::ServiceCredential => self.keys.push(node.id.clone()),
        }
    }
}

fn role_of_session(arn: &str) -> Option<String> {
    let (_, session) = arn.split_once(":assumed-role/")?;
    session.split('/').next().map(str::to_owned)
}
