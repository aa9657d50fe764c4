//! Who signs with the exposed key: told by a call that it signed, else by the call that made it.

use super::Growth;
use crate::domain::ids::{AccessKeyId, KeyKind};
use crate::domain::lineage::{Certainty, Origin};
use crate::domain::lineage_call::Calls;
use crate::domain::record_text::is_service;
use crate::domain::sighted::call;
use crate::domain::signer::{Behind, Signer, SignerKind};
use crate::domain::trail_row::{Sighting, parse_time};

/// A path that only Identity Center can make roles in; the role's name alone says nothing.
const IDENTITY_CENTER_PATH: &str = ":role/aws-reserved/sso.amazonaws.com/";

impl<'a> Growth<'a> {
    pub(super) fn signer(&self) -> Option<Signer> {
        let key_id = self.bounds.key_id;
        let mint = self.index.mint_of(key_id).or_else(|| self.hidden_mint());
        let used = self.index.signed_by(key_id).iter().find(|seen| seen.invoked_by.is_none());
        let used = used.or_else(|| self.index.signed_by(key_id).first()).copied();
        let mut signer = used
            .and_then(|seen| by_use(seen, mint))
            .or_else(|| mint.and_then(|mint| self.by_mint(mint)))?;
        if signer.kind == SignerKind::User && !self.is_long_term_key() {
            signer.kind = SignerKind::UserSession;
        }
        let own = self.index.mint_of(key_id);
        signer.expires = own.and_then(|m| m.minted_expires.as_deref()).and_then(parse_time);
        let begun = own.and_then(|mint| parse_time(&mint.first_time));
        signer.began = signer.began.or(begun);
        signer.via = mint.and_then(opened_by).or(signer.via);
        signer.behind = self.behind(signer.kind);
        Some(signer)
    }

    fn is_long_term_key(&self) -> bool {
        AccessKeyId::from_record(self.bounds.key_id).is_some_and(|key| is_long_term(&key))
    }

    /// The mint of the same session whose record hides the key that it made.
    fn hidden_mint(&self) -> Option<&'a Sighting> {
        let seen = self.index.signed_by(self.bounds.key_id).first()?;
        let (arn, start) = (seen.identity_arn.as_deref()?, seen.session_start.as_deref()?);
        let mints = self.index.unnamed_mints_of(arn).iter().copied();
        mints.into_iter().find(|mint| super::back::is_start_of(mint, start))
    }

    /// A key that signed nothing yet is whoever's the call that made it says.
    fn by_mint(&self, mint: &Sighting) -> Option<Signer> {
        let role = mint.target_role.clone().filter(|arn| arn.starts_with("arn:"));
        let kind = match mint.event_name.as_deref()? {
            "CreateAccessKey" => SignerKind::User,
            "AssumeRoot" => SignerKind::Root,
            "GetSessionToken" | "GetFederationToken"
                if mint.identity_type.as_deref() == Some("Root") =>
            {
                SignerKind::Root
            }
            "GetSessionToken" => SignerKind::UserSession,
            "GetFederationToken" => SignerKind::FederatedUser,
            _ => of_role(role.as_deref()?, Some(mint)),
        };
        let arn = mint.minted_arn.clone();
        let (arn, parent_arn) = match kind {
            SignerKind::Root => (mint.identity_arn.clone()?, None),
            SignerKind::User => {
                let arn = self.minted(mint)?.arn?;
                (arn.clone(), Some(arn))
            }
            SignerKind::UserSession => (mint.identity_arn.clone()?, mint.identity_arn.clone()),
            SignerKind::FederatedUser => (arn?, mint.identity_arn.clone()),
            SignerKind::Role
            | SignerKind::Instance
            | SignerKind::Function
            | SignerKind::Task
            | SignerKind::Service
            | SignerKind::RolesAnywhere
            | SignerKind::IdentityCenter => (arn?, role),
        };
        let user_id = mint.minted_principal_id.clone().filter(|id| id.contains(':'));
        let of_user = matches!(kind, SignerKind::UserSession | SignerKind::FederatedUser);
        let parent_id = match of_user {
            true => mint.principal_id.clone(),
            false => user_id.as_deref().and_then(role_id),
        };
        Some(Signer { user_id, parent_id, ..bare(kind, arn, parent_arn) })
    }

    /// The long-term key at the far end of the chain, or what is there instead.
    fn behind(&self, kind: SignerKind) -> Behind {
        if self.is_long_term_key() {
            return Behind::NoKey("the key is itself a long-term one".to_owned());
        }
        let Some(last) = self.lineage.behind.last() else {
            return Behind::NoKey(
                "no record that was delivered shows the call that made it".to_owned(),
            );
        };
        if kind == SignerKind::Root || kind == SignerKind::IdentityCenter {
            return Behind::NoKey("none is needed to open such a session".to_owned());
        }
        match AccessKeyId::from_record(&last.id).filter(is_long_term) {
            Some(key) => {
                let uses = self.index.signed_by(&last.id);
                let arn = uses.iter().find_map(|seen| seen.identity_arn.clone());
                let likely = self.lineage.behind.iter().any(|o| o.certainty == Certainty::Likely);
                Behind::Key { key, arn, likely }
            }
            None => Behind::NoKey(no_key(last)),
        }
    }
}

fn is_long_term(key: &AccessKeyId) -> bool {
    key.kind() == KeyKind::LongTerm
}

/// What the chain ends in, where that is no long-term key.
fn no_key(last: &Origin) -> String {
    match last.via.as_str() {
        "ConsoleLogin" | "SwitchRole" => "it began with a sign-in to the console".to_owned(),
        via if is_service(&last.id) => format!("{} opened it ({via})", last.id),
        via => match AccessKeyId::from_record(&last.id) {
            Some(key) => format!("the records end at {via} by {key}"),
            None => format!("the records end at {via} by {}", last.id),
        },
    }
}

/// As the records that the key signed show its caller.
fn by_use(seen: &Sighting, mint: Option<&Sighting>) -> Option<Signer> {
    let arn = seen.identity_arn.clone()?;
    let (kind, parent_arn) = match seen.identity_type.as_deref()? {
        "Root" => (SignerKind::Root, None),
        "IAMUser" if seen.session_start.is_none() && seen.from_console != Some(1) => {
            (SignerKind::User, Some(arn.clone()))
        }
        "IAMUser" => (SignerKind::UserSession, Some(arn.clone())),
        "FederatedUser" => match seen.issuer_arn.clone()? {
            root if root.ends_with(":root") => (SignerKind::Root, None),
            user => (SignerKind::FederatedUser, Some(user)),
        },
        "AssumedRole" => {
            let role = seen.issuer_arn.clone()?;
            (of_role(&role, mint), Some(role))
        }
        "IdentityCenterUser" => (SignerKind::IdentityCenter, None),
        _ => return None,
    };
    let user_id = seen.principal_id.clone().filter(|id| id.contains(':'));
    let began = seen.session_start.as_deref().and_then(parse_time);
    let parent_id = match kind {
        SignerKind::User | SignerKind::UserSession => seen.principal_id.clone(),
        SignerKind::Root => None,
        SignerKind::FederatedUser
        | SignerKind::Role
        | SignerKind::Instance
        | SignerKind::Function
        | SignerKind::Task
        | SignerKind::Service
        | SignerKind::RolesAnywhere
        | SignerKind::IdentityCenter => {
            seen.issuer_principal_id.clone().or_else(|| role_id(user_id.as_deref()?))
        }
    };
    Some(Signer { user_id, parent_id, began, ..bare(kind, arn, parent_arn) })
}

/// What opened a role's session: told by the role's path, which AWS keeps to itself, and by the
/// service that made the call; never by how the session is named.
fn of_role(role: &str, mint: Option<&Sighting>) -> SignerKind {
    if role.contains(IDENTITY_CENTER_PATH) {
        return SignerKind::IdentityCenter;
    }
    let Some(mint) = mint.filter(|mint| call(mint) == Calls::Mint) else {
        return SignerKind::Role;
    };
    if mint.event_name.as_deref() == Some("CreateSession") {
        return SignerKind::RolesAnywhere;
    }
    if mint.identity_type.as_deref() != Some("AWSService") {
        return SignerKind::Role;
    }
    match mint.invoked_by.as_deref().unwrap_or_default().trim_end_matches(".cn") {
        "ec2.amazonaws.com" => SignerKind::Instance,
        "lambda.amazonaws.com" => SignerKind::Function,
        "ecs-tasks.amazonaws.com" => SignerKind::Task,
        "rolesanywhere.amazonaws.com" => SignerKind::RolesAnywhere,
        _ => SignerKind::Service,
    }
}

fn opened_by(mint: &Sighting) -> Option<String> {
    mint.invoked_by.clone().or_else(|| mint.event_name.clone())
}

/// The immutable id of the role that a session is of.
fn role_id(user_id: &str) -> Option<String> {
    let (role, _) = user_id.split_once(':')?;
    role.starts_with("AROA").then(|| role.to_owned())
}

fn bare(kind: SignerKind, arn: String, parent_arn: Option<String>) -> Signer {
    Signer {
        kind,
        arn,
        parent_arn,
        parent_id: None,
        user_id: None,
        source_identity: None,
        began: None,
        expires: None,
        via: None,
        alike: false,
        behind: Behind::NoKey(String::new()),
    }
}
