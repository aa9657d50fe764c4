//! Each right to delete a resource, taken away in turn, and what is deleted with all of them, on an
//! emulator whose Cloud Control holds any resource and calls no other service with our rights.

use crate::each_right::{names_it, settings};
use crate::frame::trial_async;
use crate::least_rights::{
    AWSS_DENY, ERADICATE_RESOURCES, allowed, may, printed, printed_without, role,
};
use crate::parts::Parts;
use crate::resource_rights::Place;
use crate::tickets::tickets;
use keyleak::aws::clients::{AwsSettings, ContainSettings};
use keyleak::aws::contain::AwsContain;
use keyleak::aws::lookup::AwsLookup;
use keyleak::domain::action::{Action, Change};
use keyleak::domain::principal::{Principal, PrincipalKind};
use keyleak::domain::resource::ResourceType;
use keyleak::domain::resource_end::NOT_EMPTY;
use keyleak::ports::cloud::{CallClass, CallError, Contain, Lookup};
use libtest_mimic::Trial;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Rights that are taken away here in turn.
pub(crate) const TRIED: [&str; 2] = ["cloudformation:DeleteResource", "s3:DeleteBucket"];
/// Rights that the emulator does not ask for: what AWS says that the handlers call, pinned in
/// `tests/it/eradication_of_resources.rs`. The request for the status is pinned beside the code.
pub(crate) const NOT_ASKED_FOR: [&str; 16] = [
    "cloudformation:GetResourceRequestStatus",
    "ec2:DescribeInstanceAttribute",
    "ec2:DescribeInstanceCreditSpecifications",
    "ec2:DescribeInstances",
    "ec2:DescribeLaunchTemplates",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeVolumes",
    "ec2:TerminateInstances",
    "ecs:DeleteService",
    "ecs:DescribeServices",
    "lambda:DeleteEventSourceMapping",
    "lambda:DeleteFunction",
    "lambda:GetEventSourceMapping",
    "lambda:GetFunction",
    "ssm:DescribeAssociation",
    "ssm:ListAssociations",
];
const DELETES: &str = "keyleak-eradicate";

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let parts = Arc::clone(parts);
    vec![trial_async("rights_each_to_delete_a_resource_that_lacks_is_named", move || async move {
        each_to_delete(&Place::new(&parts, "880000000001").await?).await;
        Ok(())
    })]
}

async fn each_to_delete(place: &Place) {
    let owner = &place.owner;
    let policy = of_account(&owner.id);
    let arn = role(owner, DELETES, &printed(&policy, AWSS_DENY)).await;
    let config = owner.config_of(&place.bot_key);
    let contain = AwsContain::new(&config, Some(&ContainSettings::Role(settings(&arn))));
    let contain = contain.expect("rights").eradicating(&config, Some(&settings(&arn)));
    for lacking in allowed(&policy).iter().filter(|one| TRIED.contains(&one.as_str())) {
        may(owner, DELETES, &printed_without(&policy, AWSS_DENY, lacking)).await;
        let of = |of: &ResourceType| (*of == ResourceType::Bucket) == (lacking == TRIED[1]);
        let kinds: Vec<_> = ResourceType::CONTAINED.into_iter().filter(of).collect();
        let refused = refused(place, &contain, &kinds).await;
        assert_eq!(refused.len(), kinds.len(), "{refused:?}");
        names_it(&refused, lacking);
    }
    // The emulator takes a bucket for the caller's, so that the condition is violated from here.
    may(owner, DELETES, &printed(&of_account("880000000002"), AWSS_DENY)).await;
    names_it(&refused(place, &contain, &[ResourceType::Bucket]).await, TRIED[1]);

    may(owner, DELETES, &printed(&policy, AWSS_DENY)).await;
    let s3 = &owner.root.s3;
    let put = s3.put_object().bucket(&place.bucket).key("loot.csv");
    put.body(b"evidence".to_vec().into()).send().await.expect("something in it");
    let kept = refused(place, &contain, &[ResourceType::Bucket]).await;
    assert_eq!((kept.len(), kept[0].class), (1, CallClass::Other));
    assert!(kept[0].message.contains(NOT_EMPTY), "{kept:?}");
    let lookup = AwsLookup::new(owner.config(), &AwsSettings::default()).await;
    let there = async || {
        let mut there = BTreeSet::new();
        for of in ResourceType::CONTAINED {
            there.extend(lookup.resource(&place.name(of)).await.is_ok().then_some(of));
        }
        there
    };
    assert_eq!(there().await, ResourceType::CONTAINED.into(), "the control");
    let emptied = s3.delete_object().bucket(&place.bucket).key("loot.csv").send().await;
    emptied.expect("people empty it");
    let refused = refused(place, &contain, &ResourceType::CONTAINED).await;
    assert!(refused.is_empty(), "with the whole policy nothing is: {refused:?}");
    assert_eq!(there().await, BTreeSet::new());
}

/// Deletes one of each kind, and tells which were refused.
async fn refused(place: &Place, contain: &AwsContain, kinds: &[ResourceType]) -> Vec<CallError> {
    let mut refused = Vec::new();
    for of in kinds {
        let (name, arn) = (place.name(*of).key().name, place.name(*of).arn());
        let on = Principal { kind: PrincipalKind::Resource, name, id: arn.clone(), arn };
        let action = Action { on, change: Change::DeleteResource };
        let tickets = tickets(&place.owner.id, vec![action]).await;
        refused.extend(contain.apply(&tickets[0]).await.err());
    }
    refused
}

/// The emulator leaves variables in a policy as they are.
fn of_account(account: &str) -> String {
    ERADICATE_RESOURCES.replace("${aws:PrincipalAccount}", account)
}
