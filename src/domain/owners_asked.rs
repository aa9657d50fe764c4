//! Which resources of a plan are somebody's, and who is asked about them.

use crate::domain::case::Case;
use crate::domain::plan::Step;
use crate::domain::policy::Policy;
use crate::domain::principal::PrincipalName;
use crate::domain::resource::ResourceName;
use crate::domain::resource_owner::ResourceOwner;
use crate::domain::resources_left::doubt_about;
use crate::domain::snapshot::Photograph;
use std::collections::BTreeMap;

/// The owners of what these steps take from somebody: every resource that the actor may not have
/// made. What gives back takes from nobody.
pub fn owners_of(
    case: &Case,
    (policy, owner_tag): (&Policy, &str),
    steps: &[Step],
    photographs: &BTreeMap<PrincipalName, Option<Photograph>>,
) -> Vec<ResourceOwner> {
    let mut owners: Vec<ResourceOwner> = Vec::new();
    for action in steps.iter().map(|step| &step.action).filter(|action| action.contains()) {
        let Some(resource) = ResourceName::about(&action.on) else { continue };
        let is_known = owners.iter().any(|known| known.resource == resource);
        if is_known || doubt_about(case, &resource).is_none() {
            continue;
        }
        let photograph = photographs.get(&action.on.key()).and_then(Option::as_ref);
        let tag = photograph.and_then(|photograph| photograph.tags.get(owner_tag)).cloned();
        let word = policy.owners_word(case, tag.as_deref());
        owners.push(ResourceOwner { resource, tag, word });
    }
    owners
}

/// Where some steps take from owners and others do not, these others alone: an owner's silence
/// holds up nothing else, and no word that was given for it counts for them. The rest is asked
/// about once these are done.
pub fn asked_first(
    mut steps: Vec<Step>,
    owners: Vec<ResourceOwner>,
) -> (Vec<Step>, Vec<ResourceOwner>) {
    let is_owned = |step: &Step| {
        let on = step.action.on.key();
        owners.iter().any(|owner| owner.resource.key() == on)
    };
    if steps.iter().all(is_owned) {
        return (steps, owners);
    }
    steps.retain(|step| !is_owned(step));
    (steps, Vec::new())
}
