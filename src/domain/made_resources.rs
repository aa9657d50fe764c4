//! Which resources the actor made or changed, from the cut of a trail, by a table of calls.

use crate::domain::ids::AccountId;
use crate::domain::losses::Bounds;
use crate::domain::resource::{ResourceName, ResourceType};
use crate::domain::trail_row::TrailRow;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// A record of the journal holds no more; what is more is said, and is in the cut.
pub const RESOURCES_MAX: usize = 100;
/// So many are held while rows are read: some of the first may be taken away again.
const THERE_MAX: usize = 10_000;

/// One resource that the actor made or changed, as the trail tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeResource {
    /// The type of CloudFormation, where the table knows one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub type_name: Option<String>,
    /// As the record has it; empty where it names nothing.
    pub name: String,
    pub region: String,
    /// The actor made it; what it only changed is somebody else's.
    pub made: bool,
    /// `ec2.amazonaws.com`.
    pub service: String,
    pub call: String,
    pub by: String,
    /// The address that the call came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// How many the call asked for, where a record names only the first of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_for: Option<i64>,
    /// Nobody but the actor can have made the call.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sure: bool,
}

/// What was found, the earliest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeResources {
    pub all: Vec<MadeResource>,
    /// There is more than a list holds.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

const MADE: bool = true;
const CHANGED: bool = false;

/// The calls that make or change a resource, and the type of CloudFormation that it is.
const TABLE: &[(&str, &str, &str, bool)] = &[
    ("s3", "CreateBucket", "AWS::S3::Bucket", MADE),
    ("s3", "PutBucketPolicy", "AWS::S3::Bucket", CHANGED),
    ("s3", "DeleteBucketPolicy", "AWS::S3::Bucket", CHANGED),
    ("s3", "PutBucketAcl", "AWS::S3::Bucket", CHANGED),
    ("s3", "PutBucketReplication", "AWS::S3::Bucket", CHANGED),
    ("s3", "PutBucketPublicAccessBlock", "AWS::S3::Bucket", CHANGED),
    ("s3", "DeleteBucketPublicAccessBlock", "AWS::S3::Bucket", CHANGED),
    ("ec2", "RunInstances", "AWS::EC2::Instance", MADE),
    ("ec2", "StartInstances", "AWS::EC2::Instance", CHANGED),
    ("ec2", "ModifyInstanceAttribute", "AWS::EC2::Instance", CHANGED),
    ("lambda", "CreateFunction20150331", "AWS::Lambda::Function", MADE),
    ("lambda", "UpdateFunctionCode20150331", "AWS::Lambda::Function", CHANGED),
    ("lambda", "UpdateFunctionCode20150331v2", "AWS::Lambda::Function", CHANGED),
    ("lambda", "UpdateFunctionConfiguration20150331", "AWS::Lambda::Function", CHANGED),
    ("lambda", "UpdateFunctionConfiguration20150331v2", "AWS::Lambda::Function", CHANGED),
    ("lambda", "AddPermission20150331", "AWS::Lambda::Function", CHANGED),
    ("lambda", "AddPermission20150331v2", "AWS::Lambda::Function", CHANGED),
    ("lambda", "CreateFunctionUrlConfig", "AWS::Lambda::Function", CHANGED),
    ("lambda", "CreateEventSourceMapping20150331", "AWS::Lambda::EventSourceMapping", MADE),
    ("lambda", "UpdateEventSourceMapping20150331", "AWS::Lambda::EventSourceMapping", CHANGED),
    ("autoscaling", "CreateAutoScalingGroup", "AWS::AutoScaling::AutoScalingGroup", MADE),
    ("cloudformation", "CreateStack", "AWS::CloudFormation::Stack", MADE),
    ("ec2", "RequestSpotFleet", "AWS::EC2::SpotFleet", MADE),
    ("ec2", "CreateFleet", "AWS::EC2::EC2Fleet", MADE),
    ("ec2", "CreateLaunchTemplate", "AWS::EC2::LaunchTemplate", MADE),
    ("ec2", "CreateSecurityGroup", "AWS::EC2::SecurityGroup", MADE),
    ("ec2", "AuthorizeSecurityGroupIngress", "AWS::EC2::SecurityGroup", CHANGED),
    ("ec2", "CreateKeyPair", "AWS::EC2::KeyPair", MADE),
    ("ec2", "ImportKeyPair", "AWS::EC2::KeyPair", MADE),
    ("ec2", "CreateVolume", "AWS::EC2::Volume", MADE),
    ("ecs", "CreateCluster", "AWS::ECS::Cluster", MADE),
    ("ecs", "CreateService", "AWS::ECS::Service", MADE),
    ("ecs", "UpdateService", "AWS::ECS::Service", CHANGED),
    ("ecs", "RegisterTaskDefinition", "AWS::ECS::TaskDefinition", MADE),
    ("events", "PutRule", "AWS::Events::Rule", MADE),
    ("rds", "CreateDBInstance", "AWS::RDS::DBInstance", MADE),
    ("rds", "ModifyDBInstance", "AWS::RDS::DBInstance", CHANGED),
    ("sagemaker", "CreateNotebookInstance", "AWS::SageMaker::NotebookInstance", MADE),
    ("ses", "CreateEmailIdentity", "AWS::SES::EmailIdentity", MADE),
    ("sns", "CreateTopic", "AWS::SNS::Topic", MADE),
    ("sqs", "CreateQueue", "AWS::SQS::Queue", MADE),
    ("ssm", "CreateDocument", "AWS::SSM::Document", MADE),
];
/// How calls begin that make something the table does not know.
const MAKING: &[&str] =
    &["Allocate", "Copy", "Create", "Import", "Launch", "Publish", "Register", "Request", "Run"];
/// How calls begin that change something the table does not know.
const CHANGING: &[&str] =
    &["Add", "Associate", "Attach", "Authorize", "Modify", "Put", "Start", "Update"];
/// Whose principals are the lineage's, or that only read or write within a resource.
const OTHERS: &[&str] = &["athena", "codecommit", "iam", "logs", "signin", "sso", "sts"];
/// What is written into a resource changes none.
const CONTENT: &[&str] = &["CopyObject", "CreateMultipartUpload", "CreateSession", "PutObject"];

/// How calls begin that take a resource away again.
const REMOVING: &[&str] = &["Delete", "Terminate"];

/// What the key and what grew from it made or changed, with success, since the exposure, and did
/// not take away again, from the rows in their order. What the table does not know is in it without
/// a type.
pub fn made<R: Borrow<TrailRow>>(
    rows: impl IntoIterator<Item = R>,
    bounds: &Bounds,
) -> MadeResources {
    let mut there = There::default();
    for row in rows {
        let row: &TrailRow = row.borrow();
        let Some(at) = bounds.deed(row) else { continue };
        if let (Some(source), Some(call)) = (row.event_source.as_deref(), row.event_name.as_deref())
        {
            match REMOVING.iter().any(|verb| call.starts_with(verb)) {
                true => there.remove((source, call), (at, row)),
                false => there.take((source, call), (at, row), bounds),
            }
        }
    }
    there.told()
}

/// What was made or changed and is there yet, by its type, region and name.
#[derive(Default)]
struct There {
    found: BTreeMap<(String, String, String), MadeResource>,
    more: bool,
}

impl There {
    fn remove(&mut self, (source, call): (&str, &str), (at, row): (Timestamp, &TrailRow)) {
        let service = service_of(source);
        // With a qualifier it is one version of a function that goes.
        let version = service == "lambda" && row.detail.is_some();
        if version || !WHOLE.contains(&call) {
            return;
        }
        let (region, name) = (row.aws_region.as_deref().unwrap_or_default(), name_of(row, service));
        let is_it = |one: &MadeResource| {
            one.service == source && one.region == region && one.name == name && at > one.at
        };
        // Of a launch of many the record names one, and the others may run on.
        self.found.retain(|_, one| !(is_it(one) && one.asked_for.is_none()));
    }

    fn take(
        &mut self,
        (source, call): (&str, &str),
        (at, row): (Timestamp, &TrailRow),
        bounds: &Bounds,
    ) {
        let service = service_of(source);
        let known = TABLE.iter().find(|known| (known.0, known.1) == (service, call));
        let Some((type_name, made)) = (match known {
            Some((_, _, type_name, made)) => Some((Some((*type_name).to_owned()), *made)),
            None => unknown(service, row).map(|made| (None, made)),
        }) else {
            return;
        };
        let name = name_of(row, service);
        let region = row.aws_region.clone().unwrap_or_default();
        // Of one resource one line; of what has no type, one for each call about it.
        let group = type_name.clone().unwrap_or_else(|| format!("{service}:{call}"));
        let by = [&row.identity_arn, &row.issuer_arn, &row.principal_id, &row.invoked_by];
        let new = MadeResource {
            type_name,
            name: name.clone(),
            region: region.clone(),
            made,
            service: source.to_owned(),
            call: call.to_owned(),
            by: by.into_iter().flatten().next().cloned().unwrap_or_default(),
            from: row.source_ip.clone(),
            at,
            account: row.recipient_account.clone(),
            asked_for: row.quantity.filter(|many| made && *many > 1),
            sure: bounds.is_sure(row),
        };
        let is_full = self.found.len() >= THERE_MAX;
        match self.found.entry((group, region, name)) {
            Entry::Vacant(_) if is_full => self.more = true,
            Entry::Vacant(place) => drop(place.insert(new)),
            // Records tell whole seconds: what was made and changed within one was made first.
            Entry::Occupied(mut known) => {
                let before = known.get();
                if new.made && !before.made && new.at == before.at {
                    known.insert(new);
                }
            }
        }
    }

    fn told(self) -> MadeResources {
        let mut all: Vec<MadeResource> = self.found.into_values().collect();
        all.sort_by(|a, b| (a.at, &a.name).cmp(&(b.at, &b.name)));
        let more = self.more || all.len() > RESOURCES_MAX;
        all.truncate(RESOURCES_MAX);
        MadeResources { all, more }
    }
}

fn service_of(source: &str) -> &str {
    source.split('.').next().unwrap_or_default()
}

/// The calls that remove a whole resource, so that nothing of it is left.
const WHOLE: &[&str] = &[
    "DeleteBucket",
    "DeleteEventSourceMapping20150331",
    "DeleteFunction20150331",
    "DeleteService",
    "DeleteStack",
    "DeleteTopic",
    "TerminateInstances",
];

/// Whether a call that the table does not know makes something, or changes it; none where neither.
fn unknown(service: &str, row: &TrailRow) -> Option<bool> {
    let call = row.event_name.as_deref()?;
    let passed_over = OTHERS.contains(&service) || CONTENT.contains(&call);
    if passed_over || row.read_only == Some(1) || row.event_category.as_deref() == Some("Data") {
        return None;
    }
    let begins = |verbs: &[&str]| verbs.iter().any(|verb| call.starts_with(verb));
    begins(MAKING).then_some(MADE).or_else(|| begins(CHANGING).then_some(CHANGED))
}

/// What the record calls the resource; of a function's ARN its name.
fn name_of(row: &TrailRow, service: &str) -> String {
    let named = match service {
        "s3" => row.bucket.as_deref().or(row.resource.as_deref()),
        _ => row.resource.as_deref(),
    };
    let named = named.unwrap_or_default();
    match service {
        "lambda" => named.split_once(":function:").map_or(named, |(_, rest)| rest),
        _ => named,
    }
    .split(if service == "lambda" { ':' } else { '\0' })
    .next()
    .unwrap_or_default()
    .to_owned()
}

impl MadeResources {
    pub fn is_empty(&self) -> bool {
        self.all.is_empty() && !self.more
    }
}

impl MadeResource {
    /// The resource that keyleak has a change for; none where it has none, or knows no name.
    pub fn containable(&self) -> Option<ResourceName> {
        let of = ResourceType::parse(self.type_name.as_deref()?)?;
        let account = self.account.as_deref().and_then(AccountId::parse)?;
        let (region, id) = (self.region.clone(), self.name.clone());
        // A service is told by its ARN, and Cloud Control asks for its cluster besides.
        let (id, parts) = match of {
            ResourceType::Service => (id.split_once(":service/")?.1.to_owned(), 2),
            ResourceType::Bucket
            | ResourceType::Instance
            | ResourceType::Function
            | ResourceType::EventSource => (id, 1),
            // Of IAM's the table of calls has none: they are deleted, not stopped.
            ResourceType::SamlProvider
            | ResourceType::OidcProvider
            | ResourceType::InstanceProfile
            | ResourceType::Group
            | ResourceType::Policy => return None,
        };
        let plain = |part: &str| !part.is_empty() && !part.contains([' ', '|']);
        let named = id.split('/').all(plain) && id.split('/').count() == parts;
        let named = named && !region.is_empty();
        named.then_some(ResourceName { of, account, region, id })
    }

    /// Whether it may have been there before: in us-east-1 S3 answers who owns a bucket, and asks
    /// for it again, as if it had just been made.
    pub fn may_be_older(&self) -> bool {
        self.call == "CreateBucket" && self.region == "us-east-1"
    }

    /// What it is, for a list.
    pub fn words(&self) -> String {
        let what = self.type_name.as_deref().unwrap_or(&self.service);
        let name = if self.name.is_empty() { "(the record names nothing)" } else { &self.name };
        let more = match self.asked_for {
            Some(many) => format!(", the first of up to {many} of that launch"),
            None => String::new(),
        };
        let verb = if self.made { "made" } else { "changed" };
        format!("{what} {name} in {}{more}, {verb} by {} at {:.0}", self.region, self.call, self.at)
    }
}

#[cfg(test)]
mod tests;
