//! Finds, among what pass one saw, the calls of a key, a session or a principal.

use crate::domain::lineage::{Node, NodeKind};
use crate::domain::trail_row::{Sighting, parse_time};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;

/// A console session says it began within moments of the sign-in it came from.
const SIGN_IN_SLACK: SignedDuration = SignedDuration::from_secs(10);

/// The calls pass one keeps one by one, as (event source, event names): everything else is only
/// counted per caller. The same name means other things elsewhere (`CreateUser` in ten services).
pub const LINEAGE_CALLS: &[(&str, &[&str])] = &[
    (
        "iam.amazonaws.com",
        &[
            "CreateAccessKey",
            "CreateLoginProfile",
            "CreateRole",
            "CreateServiceSpecificCredential",
            "CreateUser",
            "DeleteAccessKey",
            "DeleteRole",
            "DeleteServiceSpecificCredential",
            "DeleteUser",
            "UpdateAccessKey",
            "UpdateAssumeRolePolicy",
            "UpdateLoginProfile",
            "UpdateServiceSpecificCredential",
        ],
    ),
    (
        "sts.amazonaws.com",
        &[
            "AssumeRole",
            "AssumeRoleWithSAML",
            "AssumeRoleWithWebIdentity",
            "AssumeRoot",
            "GetFederationToken",
            "GetSessionToken",
        ],
    ),
    ("signin.amazonaws.com", &["ConsoleLogin", "GetSigninToken"]),
    ("rolesanywhere.amazonaws.com", &["CreateSession"]),
    ("eks-auth.amazonaws.com", &["AssumeRoleForPodIdentity"]),
    ("cognito-identity.amazonaws.com", &["GetCredentialsForIdentity"]),
    ("sso.amazonaws.com", &["GetRoleCredentials"]),
];

/// What a call does to a lineage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calls {
    /// Makes a credential.
    Mint,
    /// Makes a principal.
    Create,
    /// Opens a principal that exists.
    TakeOver,
    /// Opens a console session.
    SignIn,
    /// Ends, or switches, a credential or principal.
    End,
    /// Nothing.
    Other,
}

impl Calls {
    /// Classifies a call that is in `LINEAGE_CALLS`; the empty name is a summary row.
    pub fn of(event_name: &str) -> Self {
        match event_name {
            "CreateUser" | "CreateRole" => Self::Create,
            "CreateLoginProfile" | "UpdateLoginProfile" | "UpdateAssumeRolePolicy" => {
                Self::TakeOver
            }
            "ConsoleLogin" => Self::SignIn,
            "DeleteAccessKey"
            | "DeleteRole"
            | "DeleteServiceSpecificCredential"
            | "DeleteUser"
            | "UpdateAccessKey"
            | "UpdateServiceSpecificCredential" => Self::End,
            "" | "GetSigninToken" => Self::Other,
            _ => Self::Mint,
        }
    }
}

/// Sightings in time order, by key, by session, by principal.
#[derive(Debug)]
pub struct SightingIndex<'a> {
    all: Vec<&'a Sighting>,
    by_key: HashMap<&'a str, Vec<&'a Sighting>>,
    by_session: HashMap<(&'a str, &'a str), Vec<&'a Sighting>>,
    by_arn: HashMap<&'a str, Vec<&'a Sighting>>,
    mints: HashMap<&'a str, &'a Sighting>,
    ends: Vec<&'a Sighting>,
}

impl<'a> SightingIndex<'a> {
    /// Orders and indexes; the order of the input does not matter.
    pub fn new(sightings: &'a [Sighting]) -> Self {
        let mut all: Vec<&Sighting> = sightings.iter().collect();
        all.sort_by(|a, b| (&a.first_time, a).cmp(&(&b.first_time, b)));
        let mut index = Self {
            all,
            by_key: HashMap::new(),
            by_session: HashMap::new(),
            by_arn: HashMap::new(),
            mints: HashMap::new(),
            ends: Vec::new(),
        };
        for seen in index.all.clone() {
            index.insert(seen);
        }
        index.join_sign_ins();
        index
    }

    /// A sign-in carries no session start; it belongs to the session that began with it.
    fn join_sign_ins(&mut self) {
        for login in self.all.clone().into_iter().filter(|seen| call(seen) == Calls::SignIn) {
            let (Some(arn), Some(start)) = (&login.identity_arn, self.console_start(login)) else {
                continue;
            };
            if start != login.first_time {
                self.by_session.entry((arn, start)).or_default().push(login);
            }
        }
    }

    fn insert(&mut self, seen: &'a Sighting) {
        if let Some(key) = seen.access_key_id.as_deref() {
            self.by_key.entry(key).or_default().push(seen);
        }
        if let Some(arn) = seen.identity_arn.as_deref() {
            let login = call(seen) == Calls::SignIn;
            let start = seen.session_start.as_deref();
            if let Some(start) = start.or(login.then_some(seen.first_time.as_str())) {
                self.by_session.entry((arn, start)).or_default().push(seen);
            }
        }
        let issuer = seen.issuer_arn.as_deref();
        let target = seen.target_role.as_deref().filter(|_| call(seen) == Calls::Mint);
        let own = seen.identity_arn.as_deref();
        let mut arns = vec![own, issuer.filter(|arn| own != Some(arn))];
        arns.push(target.filter(|arn| own != Some(arn) && issuer != Some(arn)));
        for arn in arns.into_iter().flatten() {
            self.by_arn.entry(arn).or_default().push(seen);
        }
        if let (Calls::Mint, Some(key)) = (call(seen), seen.minted_key.as_deref()) {
            self.mints.entry(key).or_insert(seen);
        }
        if call(seen) == Calls::End {
            self.ends.push(seen);
        }
    }

    /// Everything a key signed.
    pub fn signed_by(&self, key_id: &str) -> &[&'a Sighting] {
        self.by_key.get(key_id).map_or(&[], Vec::as_slice)
    }

    /// The call that made a credential.
    pub fn mint_of(&self, key_id: &str) -> Option<&'a Sighting> {
        self.mints.get(key_id).copied()
    }

    /// The lineage calls a node made.
    pub fn edges_of(&self, node: &Node) -> Vec<&'a Sighting> {
        let calls = match node.kind {
            NodeKind::ConsoleSession => self.session_named(&node.id),
            NodeKind::LongTermKey
            | NodeKind::UserSession
            | NodeKind::RoleSession
            | NodeKind::ServiceSession
            | NodeKind::FederatedUser
            | NodeKind::ServiceCredential => self.signed_by(&node.id).to_vec(),
            // Forwarded sessions are followed one by one where they are found.
            NodeKind::ForwardedSession | NodeKind::User | NodeKind::Role => Vec::new(),
        };
        calls.into_iter().filter(|seen| seen.event_name.is_some()).collect()
    }

    /// Everything one session did, under whatever keys.
    pub fn session(&self, arn: &str, start: &str) -> Vec<&'a Sighting> {
        self.by_session.get(&(arn, start)).cloned().unwrap_or_default()
    }

    /// The console session an id of the form `ARN@start` names.
    pub fn session_named(&self, id: &str) -> Vec<&'a Sighting> {
        id.rsplit_once('@').map_or_else(Vec::new, |(arn, start)| self.session(arn, start))
    }

    /// What one service did for a caller in one forwarded session.
    pub fn forwarded_session(&self, arn: &str, start: &str, service: &str) -> Vec<&'a Sighting> {
        let mut seen = self.session(arn, start);
        seen.retain(|seen| seen.invoked_by.as_deref() == Some(service));
        seen
    }

    /// Calls of the sessions a node's key belongs to, made under other keys.
    pub fn same_session(&self, node: &Node) -> Vec<&'a Sighting> {
        let mut seen: Vec<&Sighting> = Vec::new();
        for own in self.signed_by(&node.id) {
            if let (Some(arn), Some(start)) = (&own.identity_arn, &own.session_start) {
                seen.extend(self.session(arn, start));
            }
        }
        seen.retain(|seen| seen.access_key_id.as_deref() != Some(node.id.as_str()));
        seen
    }

    /// What a principal signed, and what was minted for it; another principal that has the same
    /// name at another time has another immutable id.
    pub fn acting_as(&self, principal: &Node) -> Vec<&'a Sighting> {
        let Some(arn) = principal.arn.as_deref() else {
            return Vec::new();
        };
        let seen = self.by_arn.get(arn).cloned().unwrap_or_default();
        seen.into_iter().filter(|seen| same_identity(principal, seen)).collect()
    }

    /// Whether a mint gave out a session of this role.
    pub fn is_issued_by(&self, seen: &Sighting, principal: &Node) -> bool {
        call(seen) == Calls::Mint
            && seen.minted_key.is_some()
            && seen.target_role.is_some()
            && seen.target_role == principal.arn
    }

    /// Calls that end something, in time order.
    pub(super) fn ends(&self) -> &[&'a Sighting] {
        &self.ends
    }

    /// Whether a call on a principal that was there before can only be explained by what the actor
    /// changed: a console session after a new password, a session for another account after a new
    /// trust policy.
    pub fn is_outsider_of(&self, principal: &Node, seen: &Sighting) -> bool {
        let later = match (principal.made, parse_time(&seen.first_time)) {
            (Some(made), Some(time)) => time >= made,
            _ => false,
        };
        let outside = if principal.kind == NodeKind::Role {
            self.is_issued_by(seen, principal)
                && seen.identity_account.is_some()
                && seen.identity_account != seen.recipient_account
        } else {
            call(seen) == Calls::SignIn || seen.from_console == Some(1)
        };
        later && outside
    }

    /// Calls a service made for this caller, outside the sessions of others.
    pub fn forwarded_for(&self, arn: &str) -> Vec<&'a Sighting> {
        let seen = self.by_arn.get(arn).cloned().unwrap_or_default();
        seen.into_iter()
            .filter(|seen| {
                seen.identity_arn.as_deref() == Some(arn)
                    && seen.invoked_by.is_some()
                    && seen.session_start.is_some()
            })
            .collect()
    }

    /// Successful console sign-ins of a caller.
    pub fn sign_ins_of(&self, arn: &str) -> Vec<&'a Sighting> {
        let seen = self.by_arn.get(arn).cloned().unwrap_or_default();
        seen.into_iter()
            .filter(|seen| call(seen) == Calls::SignIn)
            .filter(|seen| seen.console_result.as_deref() == Some("Success"))
            .collect()
    }

    /// The start of the console session a sighting belongs to, if it belongs to one.
    pub fn console_start(&self, seen: &'a Sighting) -> Option<&'a str> {
        let arn = seen.identity_arn.as_deref()?;
        if call(seen) == Calls::SignIn {
            let login = parse_time(&seen.first_time)?;
            let sessions = self.by_arn.get(arn)?.iter().filter_map(|s| s.session_start.as_deref());
            let near = sessions
                .filter(|start| parse_time(start).is_some_and(|start| is_near(start, login)));
            return near.min().or(Some(&seen.first_time));
        }
        let start = seen.session_start.as_deref()?;
        let time = parse_time(start)?;
        let is_console = self.session(arn, start).iter().any(|s| s.from_console == Some(1))
            || self.sign_ins_of(arn).iter().any(|login| {
                parse_time(&login.first_time).is_some_and(|login| is_near(time, login))
            });
        is_console.then_some(start)
    }
}

fn call(seen: &Sighting) -> Calls {
    Calls::of(seen.event_name.as_deref().unwrap_or_default())
}

fn same_identity(principal: &Node, seen: &Sighting) -> bool {
    let Some(id) = principal.principal_id.as_deref() else {
        return true;
    };
    let by_issuer = seen.issuer_arn == principal.arn;
    let other = if by_issuer { &seen.issuer_principal_id } else { &seen.principal_id };
    if seen.identity_arn != principal.arn && !by_issuer {
        return true; // a mint of the role by somebody else: the caller's id says nothing
    }
    other.as_deref().is_none_or(|other| other.is_empty() || other == id)
}

fn is_near(one: Timestamp, other: Timestamp) -> bool {
    one.duration_since(other).abs() <= SIGN_IN_SLACK
}
