//! Buckets through S3, and everything else through Cloud Control: how they stand, and the changes
//! that stop them or give them back.

use crate::aws::clients;
use crate::aws::error::{call_error, code};
use crate::domain::resource::{OfResource, ResourceName, ResourceType};
use crate::domain::resource_change::ResourceChange;
use crate::domain::resource_switch::Switch;
use crate::domain::step_result::StepResult;
use crate::ports::cloud::{Applied, CallClass, CallError, Detail, ResourceDetail};
use aws_config::SdkConfig;
use aws_sdk_cloudcontrol::operation::RequestId;
use aws_sdk_cloudcontrol::types::{HandlerErrorCode, ProgressEvent};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

const GET_BUCKET_POLICY: &str = "s3:GetBucketPolicy";
const GET_BUCKET_TAGGING: &str = "s3:GetBucketTagging";
const PUT_BUCKET_POLICY: &str = "s3:PutBucketPolicy";
const DELETE_BUCKET_POLICY: &str = "s3:DeleteBucketPolicy";
const GET_RESOURCE: &str = "cloudformation:GetResource";
const UPDATE_RESOURCE: &str = "cloudformation:UpdateResource";
const GET_STATUS: &str = "cloudformation:GetResourceRequestStatus";

/// Every IAM action that this file calls to look; `manifests/iam/lookup.json` allows these.
pub const READS: &[&str] = &[GET_BUCKET_POLICY, GET_RESOURCE];
/// And to see whose a bucket is; of the other types the owner tag is among the properties.
pub const READS_OF_OWNERS: &[&str] = &[GET_BUCKET_TAGGING];
/// Every IAM action that this file calls to change something; `manifests/iam/contain.json` allows
/// these.
pub const CALLS: &[&str] = &[PUT_BUCKET_POLICY, DELETE_BUCKET_POLICY, UPDATE_RESOURCE, GET_STATUS];
/// What Cloud Control calls with our rights to look, by the handlers of the resource types.
pub const READS_BY_CLOUD_CONTROL: &[&str] = &[
    "ec2:DescribeInstanceAttribute",
    "ec2:DescribeInstanceCreditSpecifications",
    "ec2:DescribeInstances",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeVolumes",
    "ecs:DescribeServices",
    "lambda:GetEventSourceMapping",
    "lambda:GetFunction",
    "lambda:GetFunctionCodeSigningConfig",
    "lambda:GetFunctionRecursionConfig",
    "lambda:GetFunctionScalingConfig",
    "lambda:GetRuntimeManagementConfig",
    "lambda:ListTags",
];
/// And to change the one property. The handlers would do more, such as stop an instance: of that
/// they are given no right.
pub const CALLS_BY_CLOUD_CONTROL: &[&str] = &[
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
    "ec2:ModifyInstanceAttribute",
    "ecs:DescribeServiceDeployments",
    "ecs:ListServiceDeployments",
    "ecs:ListTagsForResource",
    "ecs:UpdateService",
    "lambda:DeleteFunctionConcurrency",
    "lambda:PutFunctionConcurrency",
    "lambda:UpdateEventSourceMapping",
];

/// Cloud Control works on by itself; what takes longer is looked at by the next attempt.
pub(super) const STATUS_ASKED_MAX: u32 = 10;
pub(super) const BETWEEN_ASKING: Duration = Duration::from_secs(1);

/// Looks at resources of one account, in any region.
#[derive(Debug, Clone)]
pub(super) struct Resources {
    config: SdkConfig,
}

impl Resources {
    pub(super) fn new(config: &SdkConfig) -> Self {
        Self { config: config.clone() }
    }

    pub(super) async fn read(&self, name: &ResourceName) -> Result<ResourceDetail, CallError> {
        let config = clients::in_region(&self.config, &name.region);
        if name.of == ResourceType::Bucket {
            let s3 = clients::s3(&config);
            let policy = bucket_policy(&s3, name).await?;
            let tags = bucket_tags(&s3, name).await?;
            return Ok(told(name, tags, OfResource::Bucket { policy }));
        }
        let properties = properties(&aws_sdk_cloudcontrol::Client::new(&config), name).await?;
        let state = state(name.of, &properties)?;
        Ok(told(name, tags(&properties), state))
    }
}

/// Carries a change out with these rights. Repeating it is harmless.
pub(super) async fn carry_out(
    config: &SdkConfig,
    name: &ResourceName,
    change: &ResourceChange,
) -> Result<Applied, CallError> {
    let config = clients::in_region(config, &name.region);
    let s3 = || clients::s3(&config);
    let update = |property: &'static str, value: Option<Value>| {
        let client = aws_sdk_cloudcontrol::Client::new(&config);
        async move { update(&client, name, (change, property, value)).await }
    };
    match change {
        ResourceChange::CloseBucket { deny } => {
            let now = bucket_policy(&s3(), name).await?;
            if now.as_deref().is_some_and(|now| deny.is_in(now)) {
                return Ok(already());
            }
            let closed = deny.added_to(now.as_deref()).ok_or_else(|| {
                let message = "the bucket's policy is none that a statement can be added to";
                CallError::new(CallClass::Other, PUT_BUCKET_POLICY, message)
            })?;
            put_bucket_policy(&s3(), name, Some(&closed)).await
        }
        ResourceChange::PutBucketPolicy { document } => {
            put_bucket_policy(&s3(), name, document.as_deref()).await
        }
        ResourceChange::Isolate { group } => update("SecurityGroupIds", Some(json!([group]))).await,
        ResourceChange::PutGroups { groups } => {
            update("SecurityGroupIds", Some(json!(groups))).await
        }
        ResourceChange::StopFunction => {
            update("ReservedConcurrentExecutions", Some(json!(0))).await
        }
        ResourceChange::PutConcurrency { reserved } => {
            update("ReservedConcurrentExecutions", reserved.map(Value::from)).await
        }
        ResourceChange::SwitchOff { of } => {
            let switch = switch_of(*of)?;
            update(switch.property, Some(json!(switch.off))).await
        }
        ResourceChange::SwitchBack { of, value } => {
            update(switch_of(*of)?.property, Some(json!(value))).await
        }
    }
}

async fn bucket_policy(
    s3: &aws_sdk_s3::Client,
    name: &ResourceName,
) -> Result<Option<String>, CallError> {
    let get = s3.get_bucket_policy().bucket(&name.id).expected_bucket_owner(&name.account.0);
    match get.send().await {
        Ok(answer) => Ok(answer.policy().map(str::to_owned)),
        Err(error) if code(&error) == Some("NoSuchBucketPolicy") => Ok(None),
        Err(error) => Err(call_error(GET_BUCKET_POLICY, &error)),
    }
}

/// Its tags, which tell whose it is; without the right to see them nobody is known as its owner.
async fn bucket_tags(
    s3: &aws_sdk_s3::Client,
    name: &ResourceName,
) -> Result<BTreeMap<String, String>, CallError> {
    let get = s3.get_bucket_tagging().bucket(&name.id).expected_bucket_owner(&name.account.0);
    match get.send().await {
        Ok(answer) => {
            let tags = answer.tag_set.into_iter();
            Ok(tags.map(|tag| (tag.key, tag.value)).collect())
        }
        Err(error) if code(&error) == Some("NoSuchTagSet") => Ok(BTreeMap::new()),
        Err(error) => match call_error(GET_BUCKET_TAGGING, &error) {
            denied if denied.class == CallClass::Denied => {
                tracing::debug!(resource = %name, error = %denied, "its owner tag cannot be read");
                Ok(BTreeMap::new())
            }
            other => Err(other),
        },
    }
}

async fn put_bucket_policy(
    s3: &aws_sdk_s3::Client,
    name: &ResourceName,
    policy: Option<&str>,
) -> Result<Applied, CallError> {
    let request_id = match policy {
        Some(policy) => {
            let put = s3.put_bucket_policy().bucket(&name.id).policy(policy);
            let sent = put.expected_bucket_owner(&name.account.0).send().await;
            let answer = sent.map_err(|error| call_error(PUT_BUCKET_POLICY, &error))?;
            answer.request_id().map(str::to_owned)
        }
        None => {
            let delete = s3.delete_bucket_policy().bucket(&name.id);
            let sent = delete.expected_bucket_owner(&name.account.0).send().await;
            let answer = sent.map_err(|error| call_error(DELETE_BUCKET_POLICY, &error))?;
            answer.request_id().map(str::to_owned)
        }
    };
    Ok(Applied { how: None, request_id })
}

async fn properties(
    cloud: &aws_sdk_cloudcontrol::Client,
    name: &ResourceName,
) -> Result<Value, CallError> {
    let get = cloud.get_resource().type_name(name.of.type_name()).identifier(name.identifier());
    let answer = get.send().await.map_err(|error| call_error(GET_RESOURCE, &error))?;
    let text = answer.resource_description().and_then(|found| found.properties());
    let read = text.and_then(|text| serde_json::from_str(text).ok());
    read.ok_or_else(|| CallError::new(CallClass::Other, GET_RESOURCE, "no properties were told"))
}

/// Sets one property, or takes it away, unless it is so already; then waits for the end of it.
async fn update(
    cloud: &aws_sdk_cloudcontrol::Client,
    name: &ResourceName,
    (change, property, value): (&ResourceChange, &str, Option<Value>),
) -> Result<Applied, CallError> {
    let now = properties(cloud, name).await?;
    if change.holds(&state(name.of, &now)?) {
        return Ok(already());
    }
    let path = format!("/{property}");
    let patch = match value {
        // RFC 6902: to add what is there replaces it.
        Some(value) => json!([{ "op": "add", "path": path, "value": value }]),
        None => json!([{ "op": "remove", "path": path }]),
    };
    let put = cloud.update_resource().type_name(name.of.type_name()).identifier(name.identifier());
    let sent = put.patch_document(patch.to_string()).send().await;
    let answer = sent.map_err(|error| call_error(UPDATE_RESOURCE, &error))?;
    let request_id = answer.request_id().map(str::to_owned);
    ended_by(cloud, (UPDATE_RESOURCE, request_id), answer.progress_event().cloned()).await
}

/// Waits for the end of a request that Cloud Control took on.
pub(super) async fn ended_by(
    cloud: &aws_sdk_cloudcontrol::Client,
    (call, request_id): (&str, Option<String>),
    mut progress: Option<ProgressEvent>,
) -> Result<Applied, CallError> {
    for _ in 0..STATUS_ASKED_MAX {
        let Some(event) = &progress else { break };
        if let Some(ended) = ended(event, (call, request_id.as_deref())) {
            return ended;
        }
        tokio::time::sleep(BETWEEN_ASKING).await;
        let ask = cloud.get_resource_request_status();
        let sent = ask.set_request_token(event.request_token().map(str::to_owned)).send().await;
        let answer = sent.map_err(|error| call_error(GET_STATUS, &error))?;
        progress = answer.progress_event().cloned();
    }
    Err(CallError { request_id, ..still_at_it(call) })
}

pub(super) fn still_at_it(call: &str) -> CallError {
    let message = "Cloud Control is still at it; the next attempt looks whether it is done";
    CallError::new(CallClass::Unavailable, call, message)
}

/// What the request came to; none while it goes on.
fn ended(
    event: &ProgressEvent,
    (call, request_id): (&str, Option<&str>),
) -> Option<Result<Applied, CallError>> {
    let request_id = request_id.map(str::to_owned);
    match event.operation_status()?.as_str() {
        "SUCCESS" => Some(Ok(Applied { how: None, request_id })),
        "FAILED" | "CANCEL_COMPLETE" => {
            let said = crate::aws::error::safe_text(event.status_message().unwrap_or("no reason"));
            let class = event.error_code().map_or(CallClass::Other, class_of);
            let error = CallError::new(class, call, said);
            Some(Err(CallError { request_id, ..error }))
        }
        "CANCEL_IN_PROGRESS" | "IN_PROGRESS" | "PENDING" => None,
        other => {
            let message = format!("Cloud Control ended it as {other}");
            let error = CallError::new(CallClass::Other, call, message);
            Some(Err(CallError { request_id, ..error }))
        }
    }
}

fn class_of(code: &HandlerErrorCode) -> CallClass {
    match code.as_str() {
        "AccessDenied" | "InvalidCredentials" | "UnauthorizedTaggingOperation" => CallClass::Denied,
        "NotFound" => CallClass::NotFound,
        "Throttling" => CallClass::Throttled,
        "ResourceConflict" => CallClass::Conflict,
        "ServiceLimitExceeded" => CallClass::LimitExceeded,
        "GeneralServiceException"
        | "InternalFailure"
        | "NetworkFailure"
        | "NotStabilized"
        | "ServiceInternalError"
        | "ServiceTimeout" => CallClass::Unavailable,
        _ => CallClass::Other,
    }
}

/// The property that stops a type.
fn switch_of(of: ResourceType) -> Result<&'static Switch, CallError> {
    Switch::of(of).ok_or_else(|| {
        let message = format!("{} has no property that stops it", of.type_name());
        CallError::new(CallClass::Other, UPDATE_RESOURCE, message)
    })
}

/// What keyleak changes of the resource, from its properties.
fn state(of: ResourceType, properties: &Value) -> Result<OfResource, CallError> {
    let lacks = |what: &str| {
        let message = format!("{what} is not among the properties that were told");
        CallError::new(CallClass::Other, GET_RESOURCE, message)
    };
    match of {
        ResourceType::Bucket => Err(lacks("a bucket policy")),
        ResourceType::Instance => {
            let groups = properties["SecurityGroupIds"].as_array();
            let groups = groups.ok_or_else(|| lacks("SecurityGroupIds"))?.iter();
            Ok(OfResource::Instance {
                groups: groups.filter_map(Value::as_str).map(str::to_owned).collect(),
                vpc: properties["VpcId"].as_str().map(str::to_owned),
            })
        }
        ResourceType::Function => {
            let reserved = properties["ReservedConcurrentExecutions"].as_u64();
            let reserved = reserved.and_then(|reserved| u32::try_from(reserved).ok());
            Ok(OfResource::Function { reserved })
        }
        ResourceType::EventSource | ResourceType::Service => {
            let property = switch_of(of)?.property;
            let told = serde_json::from_value(properties[property].clone());
            let value = told.map_err(|_| lacks(property))?;
            Ok(OfResource::Switch { property: property.to_owned(), value })
        }
        ResourceType::SamlProvider
        | ResourceType::OidcProvider
        | ResourceType::InstanceProfile
        | ResourceType::Group
        | ResourceType::Policy => Err(lacks("what is IAM's")),
    }
}

fn tags(properties: &Value) -> BTreeMap<String, String> {
    let tags = properties["Tags"].as_array().into_iter().flatten();
    let pair =
        |tag: &Value| Some((tag["Key"].as_str()?.to_owned(), tag["Value"].as_str()?.to_owned()));
    tags.filter_map(pair).collect()
}

fn told(name: &ResourceName, tags: BTreeMap<String, String>, state: OfResource) -> ResourceDetail {
    let arn = name.arn();
    let key = name.key().name;
    let detail = Detail {
        name: key,
        id: arn.clone(),
        arn,
        path: String::new(),
        created: None,
        boundary: None,
        tags,
    };
    ResourceDetail { detail, state }
}

fn already() -> Applied {
    Applied { how: Some(StepResult::WAS_SO.to_owned()), request_id: None }
}

#[cfg(test)]
mod tests;
