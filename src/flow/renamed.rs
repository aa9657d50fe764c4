//! Users that were given another name: found again by the id that stays.

use crate::domain::action::Action;
use crate::domain::ids::UserName;
use crate::domain::principal::{Principal, PrincipalKind, PrincipalName};
use crate::domain::snapshot::Photograph;
use crate::ports::cloud::{CallClass, CallError, Detail, Lookup};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A deny waits no longer for a look at its user; IAM answers in a tenth of it.
const LOOK_TIME_MAX: Duration = Duration::from_secs(2);

/// How principals stand now, as `photograph` has them.
type Photographs = BTreeMap<PrincipalName, Option<Photograph>>;

/// The users that there are, by the id that stays.
pub type UsersNow = BTreeMap<String, Detail>;

pub async fn users_now(lookup: &dyn Lookup) -> Result<UsersNow, CallError> {
    let users = lookup.users().await?.into_iter();
    Ok(users.map(|user| (user.id.clone(), user)).collect())
}

/// What the user of a step is called by now, where that is another name. Where nobody can look
/// nothing is known of it, and no step waits for that.
pub async fn name_now(lookup: &dyn Lookup, on: &Principal) -> Option<String> {
    if on.kind != PrincipalKind::User {
        return None;
    }
    let name = UserName(on.name.clone());
    match tokio::time::timeout(LOOK_TIME_MAX, lookup.user(&name)).await {
        Ok(Ok(found)) if found.id == on.id => return None,
        Ok(Ok(_)) => {}
        Ok(Err(error)) if error.class == CallClass::NotFound => {}
        Ok(Err(_)) | Err(_) => return None,
    }
    let users = users_now(lookup).await.ok()?;
    let now = users.get(&on.id).map(|user| user.name.clone());
    now.filter(|name| *name != on.name)
}

/// Takes out whoever has the name of one of these users by now: it is somebody else, and the user
/// goes on under another name. One that was deleted and made again stays.
pub async fn without_namesakes(
    lookup: &dyn Lookup,
    wanted: &[&Principal],
    mut found: Photographs,
) -> Result<Photographs, CallError> {
    let mut ids: BTreeMap<PrincipalName, BTreeSet<&str>> = BTreeMap::new();
    for on in wanted.iter().filter(|on| on.kind == PrincipalKind::User) {
        ids.entry(on.key()).or_default().insert(&on.id);
    }
    ids.retain(|name, ids| {
        let there = found.get(name).and_then(Option::as_ref);
        there.is_some_and(|there| !ids.contains(there.id.as_str()))
    });
    if ids.is_empty() {
        return Ok(found);
    }
    let users = users_now(lookup).await?;
    for (name, ids) in ids {
        if ids.iter().any(|id| users.contains_key(*id)) {
            found.insert(name, None);
        }
    }
    Ok(found)
}

/// The users of these actions that go on under another name.
pub async fn moved(
    lookup: &dyn Lookup,
    actions: &[&Action],
    found: &Photographs,
) -> Result<BTreeMap<Principal, Principal>, CallError> {
    let is_moved = |on: &&Principal| {
        let there = found.get(&on.key()).and_then(Option::as_ref);
        on.kind == PrincipalKind::User && there.is_none_or(|there| there.id != on.id)
    };
    let lost: BTreeSet<&Principal> =
        actions.iter().map(|action| &action.on).filter(is_moved).collect();
    if lost.is_empty() {
        return Ok(BTreeMap::new());
    }
    let users = users_now(lookup).await?;
    let pairs = lost.into_iter().filter_map(|on| {
        let now = users.get(&on.id)?;
        let (name, arn) = (now.name.clone(), now.arn.clone());
        Some((on.clone(), Principal { name, arn, ..on.clone() }))
    });
    Ok(pairs.collect())
}
