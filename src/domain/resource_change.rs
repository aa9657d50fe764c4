//! What keyleak changes of a resource: to stop it, and to give back what was there before.

use crate::domain::bucket_policy::BucketDeny;
use crate::domain::document::same_document;
use crate::domain::resource::{OfResource, ResourceType, none, sorted};
use crate::domain::resource_switch::Switch;
use crate::domain::setting::Setting;
use serde::{Deserialize, Serialize};

/// One change to one resource. The first of each pair contains, the second gives back.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "to", rename_all = "snake_case")]
pub enum ResourceChange {
    /// Add one deny to the bucket policy, and leave the rest of it.
    CloseBucket {
        deny: BucketDeny,
    },
    /// Make this the bucket policy, or leave none.
    PutBucketPolicy {
        document: Option<String>,
    },
    /// Leave the instance this security group alone. It runs on: its memory is evidence.
    Isolate {
        group: String,
    },
    PutGroups {
        groups: Vec<String>,
    },
    /// Reserve no execution for the function, so that none begins.
    StopFunction,
    PutConcurrency {
        reserved: Option<u32>,
    },
    /// Set the one property that stops what is of this type.
    SwitchOff {
        of: ResourceType,
    },
    SwitchBack {
        of: ResourceType,
        value: Setting,
    },
}

impl ResourceChange {
    /// Whether it takes something from whoever uses the resource.
    pub fn contains(&self) -> bool {
        match self {
            Self::CloseBucket { .. }
            | Self::Isolate { .. }
            | Self::StopFunction
            | Self::SwitchOff { .. } => true,
            Self::PutBucketPolicy { .. }
            | Self::PutGroups { .. }
            | Self::PutConcurrency { .. }
            | Self::SwitchBack { .. } => false,
        }
    }

    /// The change in words, for the card.
    pub fn sentence(&self, on: &str) -> String {
        match self {
            Self::CloseBucket { deny } => {
                format!("Deny {on} to everybody but {} roles of responders", deny.except.len())
            }
            Self::PutBucketPolicy { document: Some(_) } => {
                format!("Put the old bucket policy back on {on}")
            }
            Self::PutBucketPolicy { document: None } => format!("Take the bucket policy off {on}"),
            Self::Isolate { group } => {
                format!("Leave {on} the security group {group} alone; it runs on")
            }
            Self::PutGroups { groups } => {
                format!("Give {on} the security groups {}", groups.join(", "))
            }
            Self::StopFunction => format!("Let {on} run no more: reserve no execution for it"),
            Self::PutConcurrency { reserved: Some(reserved) } => {
                format!("Reserve {reserved} executions for {on}, as before")
            }
            Self::PutConcurrency { reserved: None } => {
                format!("Let {on} share the account's executions, as before")
            }
            Self::SwitchOff { of } => format!("Stop {on}: {}", set(*of, None)),
            Self::SwitchBack { of, value } => {
                format!("Let {on} go on as before: {}", set(*of, Some(*value)))
            }
        }
    }

    /// What it is made with, whole.
    pub fn argument(&self) -> String {
        match self {
            Self::CloseBucket { deny } => {
                format!("statement {}, which lets through {}", deny.sid, deny.except.join(", "))
            }
            Self::PutBucketPolicy { document } => document.clone().unwrap_or_else(none),
            Self::Isolate { group } => group.clone(),
            Self::PutGroups { groups } => groups.join(", "),
            Self::StopFunction => "0".to_owned(),
            Self::PutConcurrency { reserved } => {
                reserved.map_or_else(none, |reserved| reserved.to_string())
            }
            Self::SwitchOff { of } => set(*of, None),
            Self::SwitchBack { of, value } => set(*of, Some(*value)),
        }
    }

    /// What it does to whoever uses the resource now.
    pub fn effect(&self) -> &'static str {
        match self {
            Self::CloseBucket { .. } => {
                "nobody reads or writes the bucket any more, other accounts and the public \
                 included; AWS's own services, such as CloudTrail's delivery, still do"
            }
            Self::Isolate { .. } => {
                "new connections are what the isolation group lets through; one that is open may \
                 live on, as security groups track connections"
            }
            Self::StopFunction => "invocations are refused; one that runs goes on to its end",
            Self::PutBucketPolicy { .. } => {
                "whom the policy let in is let in again, what an actor put there included"
            }
            Self::PutGroups { .. } => "the network of the instance is as before",
            Self::PutConcurrency { .. } => "whoever may invoke the function can again",
            Self::SwitchOff { of } => Switch::of(*of).map_or("nothing", |switch| switch.effect),
            Self::SwitchBack { of, .. } => Switch::of(*of).map_or("nothing", |switch| switch.back),
        }
    }

    pub fn undo_sentence(&self) -> &'static str {
        match self {
            Self::CloseBucket { .. } => "put the old bucket policy back, or leave none",
            Self::Isolate { .. } => "put the old security groups back",
            Self::StopFunction => "reserve what was reserved before, or nothing",
            Self::SwitchOff { .. } => "set it as it was before",
            Self::PutBucketPolicy { .. }
            | Self::PutGroups { .. }
            | Self::PutConcurrency { .. }
            | Self::SwitchBack { .. } => "propose containment again",
        }
    }

    /// The IAM actions that carrying it out needs. Cloud Control acts with its caller's rights, so
    /// what it calls itself is among them; of stopping or deleting anything it has none.
    pub fn permissions(&self) -> &'static [&'static str] {
        match self {
            Self::CloseBucket { .. } | Self::PutBucketPolicy { .. } => BUCKET,
            Self::Isolate { .. } | Self::PutGroups { .. } => INSTANCE,
            Self::StopFunction | Self::PutConcurrency { .. } => FUNCTION,
            Self::SwitchOff { of } | Self::SwitchBack { of, .. } => {
                Switch::of(*of).map_or(&[], |switch| switch.permissions)
            }
        }
    }

    /// The calls as CloudTrail names them, the service's own ones by Cloud Control included.
    pub fn calls(&self) -> &'static [&'static str] {
        match self {
            Self::CloseBucket { .. } | Self::PutBucketPolicy { .. } => {
                &["PutBucketPolicy", "DeleteBucketPolicy"]
            }
            Self::Isolate { .. } | Self::PutGroups { .. } => {
                &["UpdateResource", "ModifyInstanceAttribute"]
            }
            Self::StopFunction | Self::PutConcurrency { .. } => &[
                "UpdateResource",
                "PutFunctionConcurrency20171031",
                "DeleteFunctionConcurrency20171031",
            ],
            Self::SwitchOff { of } | Self::SwitchBack { of, .. } => {
                Switch::of(*of).map_or(&[], |switch| switch.calls)
            }
        }
    }

    /// The calls that can take it back, by whoever makes them.
    pub fn reverting_calls(&self) -> &'static [&'static str] {
        match self {
            Self::CloseBucket { .. } => &["PutBucketPolicy", "DeleteBucketPolicy"],
            Self::Isolate { .. } => {
                &["ModifyInstanceAttribute", "ModifyNetworkInterfaceAttribute", "UpdateResource"]
            }
            Self::StopFunction => &[
                "PutFunctionConcurrency20171031",
                "DeleteFunctionConcurrency20171031",
                "UpdateResource",
            ],
            Self::SwitchOff { of } => Switch::of(*of).map_or(&[], |switch| switch.calls),
            Self::PutBucketPolicy { .. }
            | Self::PutGroups { .. }
            | Self::PutConcurrency { .. }
            | Self::SwitchBack { .. } => &[],
        }
    }

    /// Whether the resource is as the change leaves it.
    pub fn holds(&self, now: &OfResource) -> bool {
        match (self, now) {
            (Self::CloseBucket { deny }, OfResource::Bucket { policy }) => {
                policy.as_deref().is_some_and(|policy| deny.is_in(policy))
            }
            (Self::PutBucketPolicy { document }, OfResource::Bucket { policy }) => {
                match (document, policy) {
                    (Some(one), Some(other)) => same_document(one, other),
                    (one, other) => one == other,
                }
            }
            (Self::Isolate { group }, OfResource::Instance { groups, .. }) => {
                groups.as_slice() == std::slice::from_ref(group)
            }
            (Self::PutGroups { groups: wanted }, OfResource::Instance { groups, .. }) => {
                sorted(wanted) == sorted(groups)
            }
            (Self::StopFunction, OfResource::Function { reserved }) => *reserved == Some(0),
            (Self::PutConcurrency { reserved: wanted }, OfResource::Function { reserved }) => {
                wanted == reserved
            }
            (Self::SwitchOff { of }, OfResource::Switch { value, .. }) => {
                Switch::of(*of).is_some_and(|switch| switch.off == *value)
            }
            (Self::SwitchBack { value: wanted, .. }, OfResource::Switch { value, .. }) => {
                wanted == value
            }
            (
                Self::CloseBucket { .. }
                | Self::PutBucketPolicy { .. }
                | Self::Isolate { .. }
                | Self::PutGroups { .. }
                | Self::StopFunction
                | Self::PutConcurrency { .. }
                | Self::SwitchOff { .. }
                | Self::SwitchBack { .. },
                OfResource::Bucket { .. }
                | OfResource::Instance { .. }
                | OfResource::Function { .. }
                | OfResource::Switch { .. }
                | OfResource::Iam { .. },
            ) => false,
        }
    }

    /// Whether giving this back takes away what another change did to the same resource.
    pub fn takes_off(&self, held: &Self) -> bool {
        let left = match self {
            Self::PutBucketPolicy { document } => OfResource::Bucket { policy: document.clone() },
            Self::PutGroups { groups } => {
                OfResource::Instance { groups: groups.clone(), vpc: None }
            }
            Self::PutConcurrency { reserved } => OfResource::Function { reserved: *reserved },
            Self::SwitchBack { of, value } => {
                let Some(switch) = Switch::of(*of) else { return false };
                OfResource::Switch { property: switch.property.to_owned(), value: *value }
            }
            Self::CloseBucket { .. }
            | Self::Isolate { .. }
            | Self::StopFunction
            | Self::SwitchOff { .. } => return false,
        };
        held.contains() && !held.holds(&left)
    }

    /// What no longer is as it was left, in words.
    pub fn no_longer(&self, on: &str) -> Option<String> {
        match self {
            Self::CloseBucket { .. } => Some(format!("the deny in the policy of {on} is gone")),
            Self::Isolate { .. } => Some(format!("{on} has other security groups again")),
            Self::StopFunction => Some(format!("{on} may run again")),
            Self::SwitchOff { of } => Some(format!("{on} no longer has {}", set(*of, None))),
            Self::PutBucketPolicy { .. }
            | Self::PutGroups { .. }
            | Self::PutConcurrency { .. }
            | Self::SwitchBack { .. } => None,
        }
    }

    /// The resource as the change leaves it.
    pub fn leave(&self, state: &mut OfResource) {
        match (self, state) {
            (Self::CloseBucket { deny }, OfResource::Bucket { policy }) => {
                *policy = deny.added_to(policy.as_deref()).or_else(|| policy.take());
            }
            (Self::Isolate { group }, OfResource::Instance { groups, .. }) => {
                *groups = vec![group.clone()];
            }
            (Self::StopFunction, OfResource::Function { reserved }) => *reserved = Some(0),
            (Self::SwitchOff { of }, OfResource::Switch { value, .. }) => {
                *value = Switch::of(*of).map_or(*value, |switch| switch.off);
            }
            // What gives back is compared with the snapshot itself.
            (
                Self::CloseBucket { .. }
                | Self::PutBucketPolicy { .. }
                | Self::Isolate { .. }
                | Self::PutGroups { .. }
                | Self::StopFunction
                | Self::PutConcurrency { .. }
                | Self::SwitchOff { .. }
                | Self::SwitchBack { .. },
                OfResource::Bucket { .. }
                | OfResource::Instance { .. }
                | OfResource::Function { .. }
                | OfResource::Switch { .. }
                | OfResource::Iam { .. },
            ) => {}
        }
    }

    /// The change that gives back what was there before.
    pub fn back_to(&self, before: &OfResource) -> Option<(Self, &'static str)> {
        if !self.contains() || self.holds(before) {
            return None;
        }
        Some(match before {
            OfResource::Bucket { policy } => {
                (Self::PutBucketPolicy { document: policy.clone() }, "the policy before the plan")
            }
            OfResource::Instance { groups, .. } => {
                (Self::PutGroups { groups: groups.clone() }, "its groups before the plan")
            }
            OfResource::Function { reserved } => {
                (Self::PutConcurrency { reserved: *reserved }, "what was reserved before the plan")
            }
            OfResource::Switch { value, .. } => {
                let Self::SwitchOff { of } = self else { return None };
                (Self::SwitchBack { of: *of, value: *value }, "as it was before the plan")
            }
            OfResource::Iam { .. } => return None,
        })
    }
}

/// The property of the type, and what it is set to: off where nothing else is said.
fn set(of: ResourceType, to: Option<Setting>) -> String {
    let switch = Switch::of(of);
    switch.map_or_else(none, |one| format!("{} {}", one.property, to.unwrap_or(one.off)))
}

/// Every call that can take one of the containing changes back.
pub const REVERTING: &[&str] = &[
    "PutBucketPolicy",
    "DeleteBucketPolicy",
    "ModifyInstanceAttribute",
    "ModifyNetworkInterfaceAttribute",
    "PutFunctionConcurrency20171031",
    "DeleteFunctionConcurrency20171031",
    "UpdateEventSourceMapping20150331",
    "UpdateService",
    "UpdateResource",
];

const BUCKET: &[&str] = &["s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"];
const INSTANCE: &[&str] = &[
    "ec2:ModifyInstanceAttribute",
    "cloudformation:GetResource",
    "cloudformation:UpdateResource",
    "cloudformation:GetResourceRequestStatus",
    "ec2:DescribeInstances",
    "ec2:DescribeInstanceAttribute",
    "ec2:DescribeInstanceCreditSpecifications",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVolumes",
    "ec2:DescribeVpcs",
];
const FUNCTION: &[&str] = &[
    "lambda:PutFunctionConcurrency",
    "lambda:DeleteFunctionConcurrency",
    "lambda:GetFunction",
    "lambda:GetFunctionCodeSigningConfig",
    "lambda:GetFunctionRecursionConfig",
    "lambda:GetFunctionScalingConfig",
    "lambda:GetRuntimeManagementConfig",
    "cloudformation:GetResource",
    "cloudformation:UpdateResource",
    "cloudformation:GetResourceRequestStatus",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::CaseId;
    use crate::domain::resource_switch::SWITCHES;
    use std::collections::BTreeSet;

    #[test]
    fn every_call_that_can_take_a_change_back_is_in_the_one_list() {
        let deny = BucketDeny::new(&CaseId("kl-1".to_owned()), "arn:aws:s3:::loot", Vec::new());
        let isolate = ResourceChange::Isolate { group: "sg-0".to_owned() };
        let all = [ResourceChange::CloseBucket { deny }, isolate, ResourceChange::StopFunction];
        let switches = SWITCHES.iter().map(|switch| ResourceChange::SwitchOff { of: switch.of });
        let all: Vec<_> = all.into_iter().chain(switches).collect();
        let calls: BTreeSet<_> = all.iter().flat_map(ResourceChange::reverting_calls).collect();
        assert_eq!(calls, REVERTING.iter().collect());
    }
}
