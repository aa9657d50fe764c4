//! Validation: whose key it is and what it can do; read-only, and a denied call costs one fact.

use crate::domain::case::Case;
use crate::domain::event::{Event, Phase};
use crate::domain::facts::{
    AccountFinding, Fact, Finding, OwnerFinding, Permissions, QUARANTINE_PREFIX,
};
use crate::domain::ids::{AccessKeyId, KeyKind, UserName};
use crate::domain::principal::PrincipalName;
use crate::domain::record::Entry;
use crate::domain::signer::Signer;
use crate::flow::desk::Desk;
use crate::flow::lane::StepError;
use crate::ports::accounts::{Accounts, Standing};
use crate::ports::cloud::{CallClass, CallError, KeyOwner, Lookup};
use std::time::Duration;

/// All of validation takes at most this long; what has not answered by then is unknown.
const VALIDATION_TIME_MAX: Duration = Duration::from_secs(20);
/// What decides over the plan is asked again after these, when the failure may pass.
const ASKED_AGAIN_AFTER: [Duration; 3] =
    [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];
const TOO_SLOW: &str = "AWS did not answer within 20 seconds; press Validation to ask again";

/// Finds out everything about the key, each answer a record of its own as it arrives.
pub async fn validate(desk: &Desk, case: &Case) -> Result<(), StepError> {
    let key = &case.opening().key;
    let account = within(account(&desk.accounts, key)).await;
    found(desk, case, Finding::Account(account.clone())).await?;
    let account = account.known();
    if account.is_none_or(|finding| finding.ours) {
        match desk.accounts.reach(account.map(|finding| &finding.account)).await {
            Ok(access) => owner_and_alerts(desk, case, access.lookup.as_ref()).await?,
            Err(error) => {
                found(desk, case, Finding::Owner(Fact::Unknown(error.to_string()))).await?;
            }
        }
    } else {
        let elsewhere = || "the key is not of this account".to_owned();
        found(desk, case, Finding::Owner(Fact::Unknown(elsewhere()))).await?;
    }
    let asked = case.presses(Phase::Validation).len();
    let entry = Entry::own(desk.clock.now(), Event::Validated);
    desk.ledger
        .append(case.id(), |case| {
            // Asked for again meanwhile, it has to be done again.
            let answers = case.presses(Phase::Validation).len() == asked && !case.validated();
            Ok::<_, StepError>(answers.then(|| entry.clone()))
        })
        .await?;
    Ok(())
}

async fn found(desk: &Desk, case: &Case, finding: Finding) -> Result<(), StepError> {
    let entry = Entry::own(desk.clock.now(), Event::Found { finding });
    desk.ledger.note(case.id(), entry).await?;
    Ok(())
}

async fn owner_and_alerts(desk: &Desk, case: &Case, lookup: &dyn Lookup) -> Result<(), StepError> {
    let key = &case.opening().key;
    let user = match key.kind() {
        KeyKind::Session => session((desk, lookup), case).await?,
        KeyKind::LongTerm => long_term_key((desk, lookup), case).await?,
    };
    let (guard_duty, health) = tokio::join!(
        within(async { fact(lookup.guard_duty(key, user.as_ref()).await) }),
        within(async { fact(lookup.health(key).await) }),
    );
    found(desk, case, Finding::GuardDuty(guard_duty)).await?;
    found(desk, case, Finding::Health(health)).await
}

/// A long-term key: IAM knows its user.
async fn long_term_key(
    (desk, lookup): (&Desk, &dyn Lookup),
    case: &Case,
) -> Result<Option<UserName>, StepError> {
    let key = &case.opening().key;
    let owner = within(patiently(desk, || lookup.key_owner(key))).await;
    let user = owner.known().and_then(|owner| owner.user.clone());
    let last_use = owner.clone().map(|owner| owner.last_use);
    found(desk, case, Finding::LastUse(last_use)).await?;
    let detail = owner_finding(desk, lookup, &owner).await;
    found(desk, case, Finding::Owner(detail)).await?;
    match &user {
        Some(user) => held_by_user((desk, lookup), case, user).await?,
        None => {
            let root = within(patiently(desk, || lookup.root_has_keys())).await;
            found(desk, case, Finding::RootKeys(root)).await?;
        }
    }
    Ok(user)
}

/// A session's key: IAM does not know it, so that only the trail tells whose it is.
async fn session(
    (desk, lookup): (&Desk, &dyn Lookup),
    case: &Case,
) -> Result<Option<UserName>, StepError> {
    let unused = "AWS keeps no last use of a session's key; the trail shows its calls".to_owned();
    found(desk, case, Finding::LastUse(Fact::Unknown(unused))).await?;
    if let Some(signer) = case.facts().signer_known() {
        parent((desk, lookup), case, signer).await?;
        return Ok(signer.parent().and_then(|parent| parent.as_user()));
    }
    let by_trail = "a session key; the trail names the user or role behind it".to_owned();
    found(desk, case, Finding::Owner(Fact::Unknown(by_trail))).await?;
    if desk.trail.is_none() {
        let why = "no trail is configured, and IAM does not know whose session it is".to_owned();
        found(desk, case, Finding::Signer(Fact::Unknown(why))).await?;
    }
    Ok(None)
}

/// What is known of the user or role that the trail names behind a session.
pub async fn parent(
    (desk, lookup): (&Desk, &dyn Lookup),
    case: &Case,
    signer: &Signer,
) -> Result<(), StepError> {
    let Some(parent) = signer.parent() else {
        return Ok(());
    };
    if let Some(user) = parent.as_user() {
        let owner = of_user((desk, lookup), &user).await;
        found(desk, case, Finding::Owner(owner)).await?;
        return held_by_user((desk, lookup), case, &user).await;
    }
    let no_user = format!("no user's: a session of {parent}");
    found(desk, case, Finding::Owner(Fact::Unknown(no_user))).await?;
    let held = within(permissions(lookup, &parent)).await;
    found(desk, case, Finding::Permissions(held)).await
}

async fn held_by_user(
    (desk, lookup): (&Desk, &dyn Lookup),
    case: &Case,
    user: &UserName,
) -> Result<(), StepError> {
    let keys = within(patiently(desk, || lookup.access_keys(user))).await;
    found(desk, case, Finding::Keys(keys)).await?;
    let permissions = within(permissions(lookup, &PrincipalName::user(&user.0))).await;
    let quarantine = permissions.clone().map(|held| quarantine(&held));
    found(desk, case, Finding::Permissions(permissions)).await?;
    found(desk, case, Finding::Quarantine(quarantine)).await
}

/// The account by AWS's word, which it gives to anybody of any key; else by the id's own.
async fn account(accounts: &Accounts, key: &AccessKeyId) -> Fact<AccountFinding> {
    let from_id = key.account();
    let lookup = &accounts.own().lookup;
    let (own, asked) = tokio::join!(lookup.own_account(), lookup.key_account(key));
    let confirmed = asked.is_ok();
    let account = match (asked, &from_id) {
        (Ok(account), _) => account,
        (Err(_), Some(account)) => account.clone(),
        (Err(error), None) => {
            return Fact::Unknown(format!("not readable from the id, and {error}"));
        }
    };
    if let Ok(own) = &own {
        accounts.learn_own(own);
    }
    let other = accounts.other(&account);
    let standing = match (other, own) {
        (Some(_), own) => accounts.standing(&account, own.ok().as_ref()).await,
        (None, Ok(own)) => accounts.standing(&account, Some(&own)).await,
        (None, Err(error)) => return Fact::Unknown(error.to_string()),
    };
    let Standing { ours, organization } = standing;
    Fact::Known(AccountFinding {
        ours,
        organization,
        canary: account.is_canary(),
        name: other.and_then(|other| other.name.clone()),
        account,
        from_id,
        confirmed,
    })
}

async fn owner_finding(
    desk: &Desk,
    lookup: &dyn Lookup,
    owner: &Fact<KeyOwner>,
) -> Fact<OwnerFinding> {
    let user = match owner {
        Fact::Unknown(why) => return Fact::Unknown(why.clone()),
        Fact::Known(owner) => match &owner.user {
            None => return Fact::Unknown("the key is no IAM user's; it may be root's".to_owned()),
            Some(user) => user,
        },
    };
    of_user((desk, lookup), user).await
}

async fn of_user((desk, lookup): (&Desk, &dyn Lookup), user: &UserName) -> Fact<OwnerFinding> {
    let detail = within(patiently(desk, || lookup.user(user))).await;
    detail.map(|detail| OwnerFinding {
        user: user.clone(),
        user_id: detail.id,
        arn: detail.arn,
        created: detail.created,
        owner_tag: detail.tags.get(&desk.rules.owner_tag).cloned(),
    })
}

async fn permissions(lookup: &dyn Lookup, of: &PrincipalName) -> Fact<Permissions> {
    let groups = async {
        match of.as_user() {
            Some(user) => lookup.groups(&user).await,
            None => Ok(Vec::new()),
        }
    };
    let (attached, inline, groups) =
        tokio::join!(lookup.attached_policies(of), lookup.inline_policies(of), groups);
    let all = || -> Result<Permissions, CallError> {
        Ok(Permissions {
            attached: attached?.into_iter().map(|policy| policy.name).collect(),
            inline: inline?.into_keys().collect(),
            groups: groups?,
        })
    };
    fact(all())
}

fn quarantine(held: &Permissions) -> Option<String> {
    held.attached.iter().find(|name| name.starts_with(QUARANTINE_PREFIX)).cloned()
}

/// An answer as a fact; for a failed call the reason is what the person can do about it.
pub(super) fn fact<T>(answer: Result<T, CallError>) -> Fact<T> {
    match answer {
        Ok(value) => Fact::Known(value),
        Err(error) if error.class == CallClass::Denied => {
            Fact::Unknown(format!("access denied: the lookup role may not call {}", error.call))
        }
        Err(error) if error.class == CallClass::NotFound => Fact::Unknown(format!(
            "IAM does not know it ({}): deleted, or of another account",
            error.call
        )),
        Err(error) => Fact::Unknown(error.to_string()),
    }
}

/// Asks again while the failure may pass: without an owner there is no plan, and somebody would
/// have to notice and press Validation.
async fn patiently<T, F>(desk: &Desk, ask: impl Fn() -> F) -> Fact<T>
where
    F: Future<Output = Result<T, CallError>>,
{
    for wait in ASKED_AGAIN_AFTER {
        match ask().await {
            Err(error) if error.class.retryable() => desk.clock.sleep(wait).await,
            answer => return fact(answer),
        }
    }
    fact(ask().await)
}

async fn within<T>(answer: impl Future<Output = Fact<T>>) -> Fact<T> {
    match tokio::time::timeout(VALIDATION_TIME_MAX, answer).await {
        Ok(fact) => fact,
        Err(_) => Fact::Unknown(TOO_SLOW.to_owned()),
    }
}
