//! Photographs of users and roles: taken from IAM before anything is changed, kept as evidence.

use crate::domain::action::SideKind;
use crate::domain::case::Case;
use crate::domain::digest::canonical;
use crate::domain::facts::Fact;
use crate::domain::ids::{AccountId, UserName};
use crate::domain::plan_state::PlanState;
use crate::domain::principal::{Principal, PrincipalKind, PrincipalName, account_in};
use crate::domain::resource::ResourceName;
use crate::domain::snapshot::{OfRole, OfUser, Own, Photograph, Snapshot, SnapshotRef};
use crate::flow::desk::Desk;
use crate::flow::lane::StepError;
use crate::flow::renamed;
use crate::ports::cloud::{CallClass, CallError, Detail, Lookup, ResourceDetail};
use futures_util::StreamExt;
use futures_util::stream;
use std::collections::{BTreeMap, BTreeSet};

/// Principals that are photographed at the same time, some ten calls each; IAM throttles at more.
const PHOTOGRAPHED_AT_ONCE: usize = 6;

/// How principals stand now; `None` for one that is gone.
pub type Photographs = BTreeMap<PrincipalName, Option<Photograph>>;

/// The principal as IAM has it now, whole enough to be restored.
pub async fn photograph(lookup: &dyn Lookup, of: &PrincipalName) -> Result<Photograph, CallError> {
    let (detail, own) = match of.kind {
        PrincipalKind::User => of_user(lookup, &UserName(of.name.clone())).await?,
        PrincipalKind::Role => of_role(lookup, &of.name).await?,
        PrincipalKind::Resource => return of_resource(lookup, of).await,
    };
    let (attached, inline) =
        tokio::try_join!(lookup.attached_policies(of), lookup.inline_policies(of))?;
    let photograph = Photograph {
        name: detail.name,
        id: detail.id,
        arn: detail.arn,
        path: detail.path,
        created: detail.created,
        boundary: detail.boundary,
        tags: detail.tags,
        attached,
        inline,
        own,
    };
    Ok(photograph.sorted())
}

/// The principal as it is now; none when it is gone.
pub async fn photograph_if_there(
    lookup: &dyn Lookup,
    of: &PrincipalName,
) -> Result<Option<Photograph>, CallError> {
    match photograph(lookup, of).await {
        Ok(photograph) => Ok(Some(photograph)),
        Err(error) if error.class == CallClass::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Every one of these principals, some at a time, as IAM has it now.
pub async fn photograph_all(
    lookup: &dyn Lookup,
    principals: BTreeSet<PrincipalName>,
) -> Result<Photographs, CallError> {
    let photographing = stream::iter(principals).map(|name| async move {
        photograph_if_there(lookup, &name).await.map(|found| (name, found))
    });
    let photographs: Vec<_> = photographing.buffer_unordered(PHOTOGRAPHED_AT_ONCE).collect().await;
    photographs.into_iter().collect()
}

/// Every principal that the plans' steps change, as IAM has it now, and every resource that can be
/// looked at: an actor can shut us out of its own, which must not hide the principals.
pub async fn photograph_plans(
    desk: &Desk,
    case: &Case,
    plans: &[&PlanState],
) -> Result<Photographs, StepError> {
    let steps = plans.iter().flat_map(|state| state.all_steps());
    let wanted: Vec<&Principal> = steps.map(|(_, step, _)| &step.action.on).collect();
    let names = wanted.iter().map(|on| on.key());
    let (resources, principals) = names.partition(|name| name.kind == PrincipalKind::Resource);
    let lookup = desk.lookup(case).await?;
    let found = photograph_all(lookup.as_ref(), principals).await?;
    let mut found = renamed::without_namesakes(lookup.as_ref(), &wanted, found).await?;
    found.extend(photograph_readable(lookup.as_ref(), resources).await);
    Ok(found)
}

/// Those of these resources that can be looked at.
async fn photograph_readable(
    lookup: &dyn Lookup,
    resources: BTreeSet<PrincipalName>,
) -> Photographs {
    let photographing = stream::iter(resources).map(|name| async move {
        match photograph_if_there(lookup, &name).await {
            Ok(found) => Some((name, found)),
            Err(error) => {
                tracing::warn!(resource = %name, %error, "a resource cannot be looked at");
                None
            }
        }
    });
    let found: Vec<_> = photographing.buffer_unordered(PHOTOGRAPHED_AT_ONCE).collect().await;
    found.into_iter().flatten().collect()
}

/// Stores photographs as evidence, by their hash.
pub async fn keep(
    desk: &Desk,
    case: &Case,
    principals: Vec<Photograph>,
) -> Result<SnapshotRef, StepError> {
    let account = account_of(case, &principals);
    let snapshot = Snapshot { account, principals };
    let sha256 = desk.evidence.put(&canonical(&snapshot)).await?;
    Ok(SnapshotRef { sha256, taken_at: desk.clock.now() })
}

/// The earliest photograph of every principal that the standing plans touched. Where all that a
/// plan did to one was taken back, the next plan that touched it has the state before.
pub async fn first_snapshot(desk: &Desk, case: &Case) -> Result<Snapshot, StepError> {
    let mut principals: BTreeMap<PrincipalName, Photograph> = BTreeMap::new();
    let mut first_of: BTreeMap<String, Photograph> = BTreeMap::new();
    let mut account = None;
    let plans: Vec<&PlanState> = case.standing_plans().collect();
    for state in plans {
        for reference in &state.snapshots {
            let snapshot = read(desk, reference).await?;
            account.get_or_insert(snapshot.account);
            for photograph in snapshot.principals {
                let key = photograph.key();
                if !is_given_back(state, &key) {
                    let first = first_of.entry(photograph.id.clone());
                    let first = first.or_insert_with(|| photograph.clone()).clone();
                    principals.entry(key).or_insert(first.called_as(&photograph));
                }
            }
        }
    }
    let account = account.unwrap_or_else(|| account_of(case, &[]));
    Ok(Snapshot { account, principals: principals.into_values().collect() })
}

/// Whether the plan did something to it, and all of that was taken back: by people, or as a
/// suspicion that was wrong.
fn is_given_back(state: &PlanState, on: &PrincipalName) -> bool {
    let holding: Vec<u32> = state.holding_steps().map(|(index, _, _)| index).collect();
    let own = state.all_steps().filter(|(_, step, _)| step.action.on.key() == *on);
    let mut own = own.filter(|(_, step, _)| step.action.contains()).peekable();
    own.peek().is_some()
        && own.all(|(index, _, done)| {
            let is_released = done.is_in_force() && !holding.contains(&index);
            done.lifted.is_some() || is_released
        })
}

/// A snapshot from the evidence store, checked against its hash.
pub async fn read(desk: &Desk, which: &SnapshotRef) -> Result<Snapshot, StepError> {
    let content = desk.evidence.get(&which.sha256).await?;
    serde_json::from_slice(&content).map_err(|error| StepError::Broken(error.to_string()))
}

/// The case's account, else that of the photographed principal's own ARN.
pub fn account_of(case: &Case, principals: &[Photograph]) -> AccountId {
    let by_case = case.account().cloned();
    let arn = principals.first().map(|principal| principal.arn.as_str());
    let arn = arn.or_else(|| case.facts().owner_known().map(|owner| owner.arn.as_str()));
    let by_arn = arn.and_then(account_in).unwrap_or_default();
    by_case.unwrap_or_else(|| AccountId(by_arn.to_owned()))
}

async fn of_user(lookup: &dyn Lookup, user: &UserName) -> Result<(Detail, Own), CallError> {
    let side = |kind| lookup.side_credentials(user, kind);
    let (detail, keys, groups) =
        tokio::try_join!(lookup.user(user), lookup.access_keys(user), lookup.groups(user))?;
    let (login_profile, mfa_devices) =
        tokio::join!(lookup.login_profile(user), lookup.mfa_devices(user));
    let (service_credentials, ssh_keys, signing_certificates) = tokio::join!(
        side(SideKind::ServiceSpecific),
        side(SideKind::SshKey),
        side(SideKind::SigningCertificate),
    );
    let own = OfUser {
        keys,
        groups,
        login_profile: optional(login_profile)?,
        mfa_devices: optional(mfa_devices)?,
        service_credentials: optional(service_credentials)?,
        ssh_keys: optional(ssh_keys)?,
        signing_certificates: optional(signing_certificates)?,
    };
    Ok((detail, Own::User(own)))
}

async fn of_role(lookup: &dyn Lookup, role: &str) -> Result<(Detail, Own), CallError> {
    let (found, instance_profiles) =
        tokio::join!(lookup.role(role), lookup.instance_profiles(role));
    let found = found?;
    let own = OfRole {
        trust: found.trust,
        description: found.description,
        session_seconds_max: found.session_seconds_max,
        instance_profiles: optional(instance_profiles)?,
    };
    Ok((found.detail, Own::Role(own)))
}

/// What keyleak changes of a resource; the rest of it is its service's to keep.
async fn of_resource(lookup: &dyn Lookup, of: &PrincipalName) -> Result<Photograph, CallError> {
    let unknown = || CallError::new(CallClass::NotFound, "the lookup", "no such resource");
    let name = ResourceName::parse(&of.name).ok_or_else(unknown)?;
    let ResourceDetail { detail, state } = lookup.resource(&name).await?;
    Ok(Photograph {
        name: of.name.clone(),
        id: detail.id,
        arn: detail.arn,
        path: detail.path,
        created: detail.created,
        boundary: None,
        tags: detail.tags,
        attached: Vec::new(),
        inline: BTreeMap::new(),
        own: Own::Resource(state),
    })
}

/// What cannot be read for want of permission is said to be unknown; any other failure counts.
fn optional<T>(answer: Result<T, CallError>) -> Result<Fact<T>, CallError> {
    match answer {
        Ok(value) => Ok(Fact::Known(value)),
        Err(error) if error.class.retryable() => Err(error),
        Err(error) if error.class == CallClass::NotFound => Err(error),
        Err(error) => Ok(Fact::Unknown(error.to_string())),
    }
}
