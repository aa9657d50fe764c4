//! What it takes to delete a resource that the actor made, and what is lost with it for ever.

use crate::domain::principal::Principal;
use crate::domain::resource::{ResourceName, ResourceType};
use crate::domain::shell::quoted;

/// How one type is deleted: a bucket through S3, all else through Cloud Control.
#[derive(Debug, PartialEq, Eq)]
pub struct Ending {
    pub of: ResourceType,
    /// Every right that deleting it takes. Cloud Control acts with its caller's, so what the type's
    /// handler calls itself is among them, but for `kms:Decrypt`: no step reads what is encrypted.
    pub permissions: &'static [&'static str],
    /// The calls as CloudTrail names them, the service's own one by Cloud Control last.
    pub calls: &'static [&'static str],
    pub lost: &'static str,
}

/// Why S3 keeps a bucket, and what people do then.
pub const NOT_EMPTY: &str = "the bucket is not empty, and what is in it is evidence that keyleak \
    never deletes: copy it out, empty the bucket by hand, and press Eradication again";

const ENDINGS: [Ending; 5] = [
    Ending {
        of: ResourceType::Instance,
        permissions: &[
            "ec2:TerminateInstances",
            "cloudformation:DeleteResource",
            "cloudformation:GetResourceRequestStatus",
            "ec2:DescribeInstanceAttribute",
            "ec2:DescribeInstanceCreditSpecifications",
            "ec2:DescribeInstances",
            "ec2:DescribeLaunchTemplates",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeVolumes",
            "ssm:DescribeAssociation",
            "ssm:ListAssociations",
        ],
        calls: &["DeleteResource", "TerminateInstances"],
        lost: "the instance, its memory and the disks that go with it are lost for ever: take \
            snapshots of its volumes first",
    },
    Ending {
        of: ResourceType::Function,
        permissions: &[
            "lambda:DeleteFunction",
            "cloudformation:DeleteResource",
            "cloudformation:GetResourceRequestStatus",
            "ec2:DescribeNetworkInterfaces",
            "lambda:GetFunction",
        ],
        calls: &["DeleteResource", "DeleteFunction20150331"],
        lost: "the function with its code, settings and all its versions is lost for ever: \
            download its code first; its log stays",
    },
    Ending {
        of: ResourceType::EventSource,
        permissions: &[
            "lambda:DeleteEventSourceMapping",
            "cloudformation:DeleteResource",
            "cloudformation:GetResourceRequestStatus",
            "lambda:GetEventSourceMapping",
        ],
        calls: &["DeleteResource", "DeleteEventSourceMapping20150331"],
        lost: "the mapping, and how far it had read its source, is lost for ever; source and \
            function stay",
    },
    Ending {
        of: ResourceType::Service,
        permissions: &[
            "ecs:DeleteService",
            "cloudformation:DeleteResource",
            "cloudformation:GetResourceRequestStatus",
            "ecs:DescribeServices",
        ],
        calls: &["DeleteResource", "DeleteService"],
        lost: "the service and its history of deployments are lost for ever; its task definition \
            stays",
    },
    Ending {
        of: ResourceType::Bucket,
        permissions: &["s3:DeleteBucket"],
        calls: &["DeleteBucket"],
        lost: "the bucket and its settings are lost for ever, and anybody may take its name; S3 \
            refuses where anything is in it, and its content is never deleted",
    },
];

impl Ending {
    /// How a type is deleted; none of IAM's, where each kind has calls of its own.
    pub fn of(of: ResourceType) -> Option<&'static Self> {
        ENDINGS.iter().find(|ending| ending.of == of)
    }

    /// The commands with which people delete it, having kept what is evidence.
    pub fn commands(&self, on: &ResourceName) -> Vec<String> {
        let (region, id) = (quoted(&on.region), quoted(&on.id));
        let aws = |call: &str, which: String| format!("aws {call} --region {region} {which}");
        match self.of {
            ResourceType::Instance => vec![
                aws("ec2 create-snapshots", format!("--instance-specification {}", instance(on))),
                aws("ec2 terminate-instances", format!("--instance-ids {id}")),
            ],
            ResourceType::Function => vec![
                aws(
                    "lambda get-function",
                    format!("--function-name {id} --query Code.Location --output text"),
                ),
                aws("lambda delete-function", format!("--function-name {id}")),
            ],
            ResourceType::EventSource => {
                vec![aws("lambda delete-event-source-mapping", format!("--uuid {id}"))]
            }
            ResourceType::Service => {
                let (cluster, service) = on.cluster().unwrap_or_default();
                let which = format!("--cluster {} --service {}", quoted(cluster), quoted(service));
                vec![aws("ecs delete-service", which)]
            }
            ResourceType::Bucket => vec![aws("s3api delete-bucket", format!("--bucket {id}"))],
            ResourceType::SamlProvider
            | ResourceType::OidcProvider
            | ResourceType::InstanceProfile
            | ResourceType::Group
            | ResourceType::Policy => Vec::new(),
        }
    }
}

fn instance(on: &ResourceName) -> String {
    quoted(&format!("InstanceId={}", on.id))
}

/// The IAM actions that deleting one needs, the call that ends it first.
pub fn rights(of: ResourceType) -> &'static [&'static str] {
    Ending::of(of).map_or(of.deleting(), |ending| ending.permissions)
}

/// What nobody gets back once it is deleted.
pub fn lost(on: &Principal) -> &'static str {
    let ending = ResourceName::about(on).and_then(|name| Ending::of(name.of));
    ending.map_or(
        "it and its id are lost for ever; it can be made again by hand from the snapshot",
        |ending| ending.lost,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::AccountId;

    #[test]
    fn every_type_that_is_stopped_can_be_deleted_and_what_may_be_lost_is_kept_first() {
        for of in ResourceType::CONTAINED {
            let id = if of == ResourceType::Service { "farm/a;b" } else { "a;b" }.to_owned();
            let account = AccountId("029608264753".to_owned());
            let name = ResourceName { of, account, region: "eu-west-1".to_owned(), id };
            let ending = Ending::of(of).unwrap();
            let commands = ending.commands(&name);
            let keeps = matches!(of, ResourceType::Instance | ResourceType::Function);
            assert_eq!(commands.len(), 1 + usize::from(keeps), "{commands:?}");
            let last = commands.last().unwrap();
            assert!(last.contains(" delete-") || last.contains(" terminate-"), "{last}");
            assert!(
                commands.iter().all(|command| command.contains("a;b'")),
                "quoted: {commands:?}"
            );
            assert!(rights(of)[0].ends_with(":DeleteBucket") || rights(of).len() > 3, "{of:?}");
            assert!(ending.lost.contains("lost for ever"), "{of:?}");
        }
        assert!(ResourceType::OF_IAM.iter().all(|of| Ending::of(*of).is_none()));
        assert_eq!(rights(ResourceType::SamlProvider), ["iam:DeleteSAMLProvider"]);
    }

    #[test]
    fn no_right_reaches_what_is_in_a_bucket_nor_changes_anything_but_what_it_deletes() {
        for right in ENDINGS.iter().flat_map(|ending| ending.permissions) {
            let (service, name) = right.split_once(':').unwrap();
            assert!(service != "s3" || name == "DeleteBucket", "{right}");
            let known = ["Delete", "Describe", "Get", "List", "Terminate"];
            assert!(known.iter().any(|verb| name.starts_with(verb)), "{right}");
        }
    }
}
