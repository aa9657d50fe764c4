//! Where in a record's JSON parts each extracted column lies; the Athena queries follow this table.

use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A JSON part of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Request,
    Response,
    Additional,
}

use Part::{Additional, Request, Response};

/// Paths of one column: the first that holds a scalar wins.
pub type Paths = &'static [(Part, &'static str)];

pub const MINTED_KEY: Paths = &[
    (Response, "credentials.accessKeyId"),
    (Response, "accessKey.accessKeyId"),
    (Response, "serviceSpecificCredential.serviceSpecificCredentialId"),
    (Response, "credentialSet[0].credentials.accessKeyId"),
    (Response, "roleCredentials.accessKeyId"),
];
pub const MINTED_ARN: Paths = &[
    (Response, "assumedRoleUser.arn"),
    (Response, "federatedUser.arn"),
    (Response, "credentialSet[0].assumedRoleUser.arn"),
    (Response, "user.arn"),
    (Response, "role.arn"),
];
pub const MINTED_PRINCIPAL_ID: Paths = &[
    (Response, "assumedRoleUser.assumedRoleId"),
    (Response, "federatedUser.federatedUserId"),
    (Response, "credentialSet[0].assumedRoleUser.assumedRoleId"),
    (Response, "user.userId"),
    (Response, "role.roleId"),
];
pub const MINTED_EXPIRES: Paths = &[
    (Response, "credentials.expiration"),
    (Response, "credentialSet[0].credentials.expiration"),
    (Response, "roleCredentials.expiration"),
];
pub const TARGET_USER: Paths = &[
    (Request, "userName"),
    (Response, "accessKey.userName"),
    (Response, "user.userName"),
    (Response, "loginProfile.userName"),
    (Response, "serviceSpecificCredential.userName"),
];
pub const TARGET_ROLE: Paths =
    &[(Request, "roleArn"), (Request, "roleName"), (Response, "role.arn")];
pub const TARGET_GROUP: Paths = &[(Request, "groupName")];
pub const TARGET_POLICY: Paths =
    &[(Request, "policyArn"), (Request, "policyName"), (Response, "policy.arn")];
pub const TARGET_KEY: Paths = &[(Request, "accessKeyId"), (Request, "serviceSpecificCredentialId")];
pub const TARGET_STATUS: Paths = &[(Request, "status")];
pub const SESSION_NAME: Paths = &[(Request, "roleSessionName")];
pub const BUCKET: Paths = &[(Request, "bucketName")];
pub const OBJECT_KEY: Paths = &[(Request, "key")];
pub const BYTES_OUT: Paths = &[(Additional, "bytesTransferredOut")];
pub const BYTES_IN: Paths = &[(Additional, "bytesTransferredIn")];
pub const CONSOLE_RESULT: Paths = &[(Response, "ConsoleLogin")];
pub const MFA_USED: Paths = &[(Additional, "MFAUsed")];
/// After the `resources` list of the record itself; the most telling name first.
pub const RESOURCE: Paths = &[
    (Request, "userName"),
    (Request, "roleName"),
    (Request, "roleArn"),
    (Request, "policyArn"),
    (Request, "instanceProfileName"),
    (Request, "functionName"),
    (Request, "secretId"),
    (Request, "bucketName"),
    (Request, "instanceId"),
    (Request, "instancesSet.items[0].instanceId"),
    (Request, "groupId"),
    (Request, "groupName"),
    (Request, "snapshotId"),
    (Request, "imageId"),
    (Request, "volumeId"),
    (Request, "vpcId"),
    (Request, "subnetId"),
    (Request, "keyId"),
    (Request, "tableName"),
    (Request, "dBInstanceIdentifier"),
    (Request, "dBSnapshotIdentifier"),
    (Request, "logGroupName"),
    (Request, "trailName"),
    (Request, "detectorId"),
    (Request, "topicArn"),
    (Request, "queueUrl"),
    (Request, "stackName"),
    (Request, "clusterName"),
    (Request, "repositoryName"),
    (Request, "documentName"),
    (Request, "modelId"),
    (Request, "policyName"),
    (Request, "name"),
    (Response, "instancesSet.items[0].instanceId"),
    (Response, "groupId"),
    (Response, "vpc.vpcId"),
    (Response, "subnet.subnetId"),
    (Response, "snapshotId"),
    (Response, "imageId"),
    (Response, "volumeId"),
    (Response, "functionArn"),
    (Response, "trailARN"),
    (Response, "trustAnchor.trustAnchorArn"),
    (Response, "arn"),
];

/// The parsed JSON parts of one record.
#[derive(Debug)]
pub struct Parts {
    request: Value,
    response: Value,
    additional: Value,
}

impl Parts {
    /// Parses the parts; one that is no JSON we can hold counts as absent.
    pub fn new(
        request: Option<&RawValue>,
        response: Option<&RawValue>,
        additional: Option<&RawValue>,
    ) -> Self {
        Self { request: parse(request), response: parse(response), additional: parse(additional) }
    }

    /// The first scalar among the paths.
    pub fn scalar(&self, paths: Paths) -> Option<String> {
        paths.iter().find_map(|(part, path)| {
            let value = match part {
                Request => &self.request,
                Response => &self.response,
                Additional => &self.additional,
            };
            scalar_text(walk(value, path)?)
        })
    }

    /// The first whole number among the paths; AWS writes byte counts as `12.0` too.
    pub fn integer(&self, paths: Paths) -> Option<i64> {
        let text = self.scalar(paths)?;
        let whole = text.split('.').next().unwrap_or(&text);
        whole.parse().ok()
    }
}

/// Parses one part; some shippers hold it as text that is JSON.
pub fn parse(raw: Option<&RawValue>) -> Value {
    let Some(raw) = raw else { return Value::Null };
    let text: Cow<'_, str> = match serde_json::from_str::<String>(raw.get()) {
        Ok(text) => Cow::Owned(text),
        Err(_) => Cow::Borrowed(raw.get()),
    };
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

/// A scalar as text; objects, lists and null are none, as in `json_extract_scalar`.
pub fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn walk<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    let mut value = value;
    for step in path.split('.') {
        let (name, index) = match step.split_once('[') {
            Some((name, index)) => (name, index.trim_end_matches(']').parse::<usize>().ok()),
            None => (step, None),
        };
        value = value.get(name)?;
        if let Some(index) = index {
            value = value.get(index)?;
        }
    }
    Some(value)
}
