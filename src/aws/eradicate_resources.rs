//! The calls that delete what the actor made outside IAM: a bucket by S3, else by Cloud Control.

use crate::aws::clients;
use crate::aws::error::{call_error, code};
use crate::aws::resources::{BETWEEN_ASKING, STATUS_ASKED_MAX, ended_by, still_at_it};
use crate::domain::resource::{ResourceName, ResourceType};
use crate::domain::resource_end::NOT_EMPTY;
use crate::ports::cloud::{Applied, CallClass, CallError};
use aws_config::SdkConfig;
use aws_sdk_cloudcontrol::operation::RequestId;

const DELETE_BUCKET: &str = "s3:DeleteBucket";
const DELETE_RESOURCE: &str = "cloudformation:DeleteResource";

/// Every IAM action that this file calls; `manifests/iam/eradicate_resources.json` allows these.
pub const CALLS: &[&str] = &[DELETE_BUCKET, DELETE_RESOURCE];
/// How a request goes on is asked by the file that reads resources.
pub const READS: &[&str] = &["cloudformation:GetResourceRequestStatus"];
/// What Cloud Control calls with our rights, by the handlers of the resource types.
pub const CALLS_BY_CLOUD_CONTROL: &[&str] = &[
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

/// Deletes it. Repeating that is harmless: what is gone is gone, and while an earlier request goes
/// on its end is waited for.
pub(super) async fn delete(config: &SdkConfig, name: &ResourceName) -> Result<Applied, CallError> {
    let config = clients::in_region(config, &name.region);
    let deleted = match name.of {
        ResourceType::Bucket => bucket(&clients::s3(&config), name).await?,
        ResourceType::Instance
        | ResourceType::Function
        | ResourceType::EventSource
        | ResourceType::Service => {
            by_cloud_control(&aws_sdk_cloudcontrol::Client::new(&config), name).await?
        }
        ResourceType::SamlProvider
        | ResourceType::OidcProvider
        | ResourceType::InstanceProfile
        | ResourceType::Group
        | ResourceType::Policy => {
            let message = format!("{name} is IAM's to delete");
            return Err(CallError::new(CallClass::Other, "the step", message));
        }
    };
    Ok(Applied { how: Some("deleted".to_owned()), ..deleted })
}

/// Only the bucket itself: S3 refuses while anything is in it, a version or an upload too.
async fn bucket(s3: &aws_sdk_s3::Client, name: &ResourceName) -> Result<Applied, CallError> {
    let delete = s3.delete_bucket().bucket(&name.id).expected_bucket_owner(&name.account.0);
    match delete.send().await {
        Ok(answer) => Ok(Applied { how: None, request_id: answer.request_id().map(str::to_owned) }),
        Err(error) if code(&error) == Some("BucketNotEmpty") => {
            let request_id = call_error(DELETE_BUCKET, &error).request_id;
            let kept = CallError::new(CallClass::Other, DELETE_BUCKET, NOT_EMPTY);
            Err(CallError { request_id, ..kept })
        }
        Err(error) => Err(call_error(DELETE_BUCKET, &error)),
    }
}

async fn by_cloud_control(
    cloud: &aws_sdk_cloudcontrol::Client,
    name: &ResourceName,
) -> Result<Applied, CallError> {
    for _ in 0..STATUS_ASKED_MAX {
        let delete = cloud.delete_resource().type_name(name.of.type_name());
        match delete.identifier(name.identifier()).send().await {
            Ok(answer) => {
                let request_id = answer.request_id().map(str::to_owned);
                let progress = answer.progress_event().cloned();
                return ended_by(cloud, (DELETE_RESOURCE, request_id), progress).await;
            }
            // An earlier attempt's request goes on; once it is over the resource is not found.
            Err(error) if code(&error) == Some("ConcurrentOperationException") => {
                tokio::time::sleep(BETWEEN_ASKING).await;
            }
            Err(error) => return Err(call_error(DELETE_RESOURCE, &error)),
        }
    }
    Err(still_at_it(DELETE_RESOURCE))
}

#[cfg(test)]
mod tests;
