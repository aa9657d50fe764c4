//! What a containment of the exposed key begins with, and why with that; or why with nothing.
//!
//! Every kind of principal is contained in another way. What a kind cannot be contained by is
//! never proposed: a session's key cannot be made inactive, and no policy of IAM binds root.

use crate::domain::by_people;
use crate::domain::case::Case;
use crate::domain::elsewhere::{TRUST_AND_SAFETY, is_elsewhere};
use crate::domain::facts::{AccountFinding, Fact};
use crate::domain::ids::KeyKind;
use crate::domain::principal::PrincipalName;
use crate::domain::revocation::Sessions;
use crate::domain::signer::{Signer, SignerKind};
use crate::domain::target::{Part, Target};
use std::collections::BTreeSet;

const DENY_ENDS_ALL: &str =
    "a deny ends the key and every session minted from it; an inactive key does not";
const SESSION_OF_USER: &str = "a session's key cannot be made inactive, but can never do more than \
    its user: a deny on the user ends it and every other session of the user";
const ONE_SESSION: &str = "only this session is known to be the actor's, and its key cannot be \
    made inactive: it is ended by its own id, and whoever else uses the role goes on";
const OF_SOURCE: &str = "its key cannot be made inactive and the trail does not tell its id: the \
    sessions with its source identity are ended";
const ALL_SESSIONS: &str = "its key cannot be made inactive and nothing tells it from the role's \
    other sessions: all that are open now are ended";
const MAY_COME_BACK: &str = "whoever may assume the role can open another session of it";

/// How Bedrock's console names the user that it makes for an API key. An actor may use the name
/// too, so it only adds a remark: all credentials of the user are made inactive under any name.
const BEDROCK_USER_PREFIX: &str = "BedrockAPIKey-";
const OF_BEDROCK: &str = "by its name, what calls Amazon Bedrock with the user's API key, which is \
    made inactive too; short-term keys, which nobody can list, end by the deny";

/// The target of the first containment, or why there is none; lines after the first are for people.
pub fn first_target(case: &Case) -> Result<Target, String> {
    if let Some(why) = case.facts().account_known().and_then(out_of_reach) {
        return Err(why);
    }
    match (&case.facts().signer, case.opening().key.kind()) {
        (Some(Fact::Known(signer)), _) if signer.kind == SignerKind::Root => {
            Err(by_people::root(&signer.arn))
        }
        (_, KeyKind::LongTerm) => owner(case),
        (Some(Fact::Known(signer)), KeyKind::Session) => of_session(signer),
        (Some(Fact::Unknown(why)), KeyKind::Session) => Err(by_people::session_unknown(why)),
        (None, KeyKind::Session) => Err(by_people::session_unknown("the trail is being read")),
    }
}

fn out_of_reach(account: &AccountFinding) -> Option<String> {
    if account.canary {
        return Some(format!(
            "account {} belongs to a canary-token service: somebody touched a tripwire. Find out \
             who; there is nothing to contain",
            account.account
        ));
    }
    if let (false, Some(why)) = (account.ours, account.not_told()) {
        return Some(format!(
            "the key belongs to account {}, which is not known to be ours: {why}. If it is ours, \
             install keyleak's roles there (keyleak manifest iam) and press Validation; if not, \
             tell AWS Trust & Safety ({TRUST_AND_SAFETY}): the letter to copy is in the channel",
            account.account
        ));
    }
    is_elsewhere(account).then(|| {
        format!(
            "the key belongs to account {}, which is not ours. Tell its owner, or AWS Trust & \
             Safety ({TRUST_AND_SAFETY}); the letter to copy is in the channel",
            account.account
        )
    })
}

/// The user of a long-term key, with all that is theirs.
fn owner(case: &Case) -> Result<Target, String> {
    let owner = match &case.facts().owner {
        Some(Fact::Known(owner)) => owner,
        Some(Fact::Unknown(why)) => return Err(unknown_owner(case, why)),
        None => return Err("the key's owner is not known yet".to_owned()),
    };
    let because = format!("{}{DENY_ENDS_ALL}", situation(case));
    let target = Target::new(PrincipalName::user(&owner.user.0), Part::Whole, &because);
    let is_named_so = owner.user.0.starts_with(BEDROCK_USER_PREFIX);
    let besides = is_named_so.then(|| OF_BEDROCK.to_owned()).into_iter().collect();
    Ok(Target { besides, ..target })
}

/// A key that IAM knows no user of: deleted, or root's, where root has keys.
fn unknown_owner(case: &Case, why: &str) -> String {
    let why = format!("the key's owner is unknown: {why}");
    match &case.facts().root_keys {
        Some(Fact::Known(true)) => by_people::perhaps_root(&why),
        Some(Fact::Known(false)) => format!("{why}; it is not root's, who has no access key"),
        Some(Fact::Unknown(_)) | None => why,
    }
}

/// What is known of the key that bears on how hard to act; nothing where nothing special is.
fn situation(case: &Case) -> &'static str {
    let facts = case.facts();
    let alerted = facts.guard_duty.as_ref().and_then(Fact::known).is_some_and(|a| !a.is_empty());
    let unlike = case.exposure().told_by_trail();
    let quarantined = facts.quarantine.as_ref().and_then(Fact::known).is_some_and(Option::is_some);
    let used = facts.last_use.as_ref().and_then(Fact::known).map(|last| last.at.is_some());
    match (quarantined, alerted || unlike, used) {
        (true, _, _) => "AWS's quarantine brakes fraud and contains nothing: ",
        (false, true, _) => "the key was used by somebody else than its owner: ",
        (false, false, Some(false)) => "no use is known, but AWS tells of uses late: ",
        (false, false, Some(true) | None) => "",
    }
}

/// What ends the session, by what it is of.
fn of_session(signer: &Signer) -> Result<Target, String> {
    if signer.kind == SignerKind::IdentityCenter {
        return Err(by_people::identity_center(signer));
    }
    let Some(parent) = signer.parent() else {
        let why = format!("{} is neither a user nor a role of the account", signer.arn);
        return Err(by_people::session_unknown(&why));
    };
    // A name alone may be somebody else's by now, or another account's.
    let Some(id) = signer.parent_id.clone() else {
        let why = format!("the record names {parent} and not its id, so that it may be another");
        return Err(by_people::session_unknown(&why));
    };
    let target = match parent.as_user() {
        Some(_) => Target::new(parent, Part::Whole, SESSION_OF_USER),
        None => of_role(signer, parent),
    };
    Ok(Target { id: Some(id), ..target })
}

/// As few of the role's sessions as can be told from the others.
fn of_role(signer: &Signer, role: PrincipalName) -> Target {
    let (sessions, because) = match (&signer.user_id, &signer.source_identity) {
        (Some(id), _) => (Sessions::Named { user_ids: BTreeSet::from([id.clone()]) }, ONE_SESSION),
        (None, Some(source)) => {
            (Sessions::OfSource { identities: BTreeSet::from([source.clone()]) }, OF_SOURCE)
        }
        (None, None) => (Sessions::Everyone, ALL_SESSIONS),
    };
    let until = signer.began.unwrap_or(jiff::Timestamp::MIN);
    let mut besides = Vec::new();
    if signer.alike {
        besides.push("somebody else's sessions of the same name, which end too".to_owned());
    }
    match signer.kind.refresh() {
        Some(refresh) => besides.push(refresh.to_owned()),
        None => besides.push(MAY_COME_BACK.to_owned()),
    }
    Target { besides, ..Target::new(role, Part::Sessions { sessions, until }, because) }
}

#[cfg(test)]
mod tests;
