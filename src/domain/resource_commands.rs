//! The commands with which people stop a resource themselves, or give it back.

use crate::domain::resource::ResourceName;
use crate::domain::resource_change::ResourceChange;
use crate::domain::resource_switch::Switch;
use crate::domain::shell::quoted;

impl ResourceChange {
    /// The commands that a person would type for it.
    pub fn commands(&self, on: &ResourceName) -> Vec<String> {
        let (region, id) = (quoted(&on.region), quoted(&on.id));
        let s3 = |call: &str| format!("aws s3api {call} --region {region} --bucket {id}");
        let groups = |groups: &str| {
            format!(
                "aws ec2 modify-instance-attribute --region {region} --instance-id {id} \
                 --groups {groups}"
            )
        };
        let lambda =
            |call: &str| format!("aws lambda {call} --region {region} --function-name {id}");
        match self {
            Self::CloseBucket { deny } => vec![
                format!("{} --query Policy --output text > before.json", s3("get-bucket-policy")),
                format!("# add to its statements: {}", deny.statement()),
                format!("{} --policy file://after.json", s3("put-bucket-policy")),
            ],
            Self::PutBucketPolicy { document: Some(document) } => {
                vec![format!("{} --policy {}", s3("put-bucket-policy"), quoted(document))]
            }
            Self::PutBucketPolicy { document: None } => vec![s3("delete-bucket-policy")],
            Self::Isolate { group } => vec![groups(&quoted(group))],
            Self::PutGroups { groups: old } => {
                let old: Vec<String> = old.iter().map(|group| quoted(group)).collect();
                vec![groups(&old.join(" "))]
            }
            Self::StopFunction => {
                let put = lambda("put-function-concurrency");
                vec![format!("{put} --reserved-concurrent-executions 0")]
            }
            Self::PutConcurrency { reserved: Some(reserved) } => {
                let put = lambda("put-function-concurrency");
                vec![format!("{put} --reserved-concurrent-executions {reserved}")]
            }
            Self::PutConcurrency { reserved: None } => {
                vec![lambda("delete-function-concurrency")]
            }
            Self::SwitchOff { of } => {
                let switch = Switch::of(*of).into_iter();
                switch.map(|switch| switch.command(on, switch.off)).collect()
            }
            Self::SwitchBack { of, value } => {
                let switch = Switch::of(*of).into_iter();
                switch.map(|switch| switch.command(on, *value)).collect()
            }
        }
    }
}
