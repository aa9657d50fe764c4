//! What one sighting says of itself.

use crate::domain::lineage_call::Calls;
use crate::domain::trail_row::Sighting;

/// What a sighting's call does.
pub fn call(seen: &Sighting) -> Calls {
    Calls::of(seen.event_name.as_deref().unwrap_or_default())
}

/// Whether a sign-in succeeded.
pub fn is_success(login: &Sighting) -> bool {
    login.console_result.as_deref() == Some("Success")
}

/// The instances and functions a call is about; a function may be named by its ARN.
pub fn hosts(seen: &Sighting) -> impl Iterator<Item = &str> {
    let ids = seen.resources.as_deref().unwrap_or_default().split(' ');
    ids.filter(|id| !id.is_empty()).map(host_name)
}

/// The session a mint opened, from its answer or else from what was asked.
pub fn session_arn(mint: &Sighting) -> Option<String> {
    if let Some(arn) = &mint.minted_arn {
        return Some(arn.clone());
    }
    let (role, name) = (mint.target_role.as_deref()?, mint.session_name.as_deref()?);
    let (partition, rest) = role.strip_prefix("arn:")?.split_once(":iam::")?;
    let (account, path) = rest.split_once(":role/")?;
    let role = path.rsplit('/').next()?;
    Some(format!("arn:{partition}:sts::{account}:assumed-role/{role}/{name}"))
}

fn host_name(id: &str) -> &str {
    let name = id.split_once(":function:").map_or(id, |(_, name)| name);
    name.split(':').next().unwrap_or(name)
}
