//! Resources of the simulated account: as much of them as keyleak changes.

use crate::domain::principal::Principal;
use crate::domain::resource::{OfResource, ResourceName, ResourceType};
use crate::domain::resource_change::ResourceChange;
use crate::domain::resource_end::NOT_EMPTY;
use crate::domain::resource_switch::Switch;
use crate::domain::setting::Setting;
use crate::ports::cloud::{Applied, CallError, Detail, ResourceDetail};
use crate::sim::attacker::{Credential, Reply};
use crate::sim::cloud::SimCloud;
use crate::sim::cloud::account::{SimResource, State};
use crate::sim::cloud::attacker::Visitor;
use crate::sim::cloud::calls::{Call, Done, Origin};
use crate::sim::cloud::contain::failed;
use crate::sim::cloud::record::RESOURCE_REGION;
use crate::sim::cloud::refusal::Refusal;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Where the resources of the account are.
pub const REGION: &str = RESOURCE_REGION;
/// The VPC in which instances start, and the security group that they start with.
pub const VPC: &str = "vpc-0a1b2c3d";
pub const DEFAULT_GROUP: &str = "sg-0default";

/// What somebody with credentials does to a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResourceCall {
    CreateBucket {
        bucket: String,
    },
    PutBucketPolicy {
        bucket: String,
        policy: String,
    },
    GetObject {
        bucket: String,
    },
    /// Leaves something in it.
    PutObject {
        bucket: String,
    },
    RunInstances,
    CreateFunction {
        function: String,
    },
    UpdateFunctionCode {
        function: String,
    },
    Invoke {
        function: String,
    },
    /// Makes a service with tasks in a cluster.
    CreateService {
        cluster: String,
        service: String,
        tasks: u32,
    },
    /// Lets a queue start a function.
    CreateEventSource {
        function: String,
    },
    /// Makes what keyleak has no change for.
    CreateQueue {
        queue: String,
    },
}

impl Visitor {
    /// Makes one call about a resource.
    pub async fn on_resource(&self, credential: &Credential, call: &ResourceCall) -> Reply {
        let origin = self.origin(credential);
        match self.cloud.resource_call(&origin, call).await {
            Ok(()) => Reply::Allowed,
            Err(refusal) => Reply::Refused(refusal.code),
        }
    }
}

impl SimCloud {
    /// Adds a resource that was there before anything happened.
    pub fn add_resource(&self, (of, id): (ResourceType, &str), state: OfResource, owner: &str) {
        let name = self.resource_name(of, id);
        let tags = BTreeMap::from([("owner".to_owned(), owner.to_owned())]);
        let created = Timestamp::UNIX_EPOCH;
        let mut held = self.lock();
        let id = held.id_of(&name, created);
        held.resources.insert(name, SimResource { id, state, tags, created, filled: false });
    }

    pub fn resource_name(&self, of: ResourceType, id: &str) -> ResourceName {
        ResourceName { of, account: self.account(), region: REGION.to_owned(), id: id.to_owned() }
    }

    /// Somebody deletes a resource; whether it was there.
    pub fn remove_resource(&self, name: &ResourceName) -> bool {
        self.lock().resources.remove(name).is_some()
    }

    /// Every resource there is now.
    pub fn resources(&self) -> BTreeMap<ResourceName, OfResource> {
        let state = self.lock();
        let resources = state.resources.iter();
        resources.map(|(name, resource)| (name.clone(), resource.state.clone())).collect()
    }

    async fn resource_call(&self, origin: &Origin, call: &ResourceCall) -> Result<(), Refusal> {
        let name = |of, id: &str| self.resource_name(of, id);
        match call {
            ResourceCall::CreateBucket { bucket } => {
                let made =
                    (name(ResourceType::Bucket, bucket), OfResource::Bucket { policy: None });
                let call = about_bucket("CreateBucket", bucket);
                self.told(origin, call, |state, _, now| state.make(made, Value::Null, now)).await?;
            }
            ResourceCall::PutBucketPolicy { bucket, policy } => {
                let name = name(ResourceType::Bucket, bucket);
                let policy = OfResource::Bucket { policy: Some(policy.clone()) };
                let call = about_bucket("PutBucketPolicy", bucket);
                self.told(origin, call, |state, _, _| state.set(&name, policy)).await?;
            }
            ResourceCall::GetObject { bucket } => {
                let call = about_bucket("GetObject", bucket).with("key", "loot.csv");
                self.call(origin, call, |_, _, _| Ok(Done::silently(()))).await?;
            }
            ResourceCall::PutObject { bucket } => {
                let name = name(ResourceType::Bucket, bucket);
                let call = about_bucket("PutObject", bucket).with("key", "loot.csv");
                self.call(origin, call, |state, _, _| state.fill(&name)).await?;
            }
            ResourceCall::RunInstances => {
                self.run_instances(origin).await?;
            }
            ResourceCall::CreateFunction { function } => {
                let name = name(ResourceType::Function, function);
                let call = about_function("CreateFunction20150331", &name);
                let made = (name, OfResource::Function { reserved: None });
                self.told(origin, call, |state, _, now| state.make(made, Value::Null, now)).await?;
            }
            ResourceCall::UpdateFunctionCode { function } => {
                let name = name(ResourceType::Function, function);
                let call = about_function("UpdateFunctionCode20150331v2", &name);
                self.told(origin, call, |state, _, _| {
                    state.resource(&name).map(|_| Done::silently(()))
                })
                .await?;
            }
            ResourceCall::Invoke { function } => {
                let name = name(ResourceType::Function, function);
                let call = about_function("Invoke", &name);
                self.call(origin, call, |state, _, _| match state.resource(&name)?.state {
                    OfResource::Function { reserved: Some(0) } => {
                        Err(Refusal::new("TooManyRequestsException", "Rate Exceeded."))
                    }
                    OfResource::Function { .. }
                    | OfResource::Iam { .. }
                    | OfResource::Bucket { .. }
                    | OfResource::Instance { .. }
                    | OfResource::Switch { .. } => Ok(Done::silently(())),
                })
                .await?;
            }
            ResourceCall::CreateService { cluster, service, tasks } => {
                self.create_service(origin, &format!("{cluster}/{service}"), *tasks).await?;
            }
            ResourceCall::CreateEventSource { function } => {
                self.create_event_source(origin, function).await?;
            }
            ResourceCall::CreateQueue { queue } => {
                let call = Call::new("mq", "CreateBroker", "*".to_owned()).with("name", queue);
                self.call(origin, call, |_, _, _| Ok(Done::silently(()))).await?;
            }
        }
        Ok(())
    }

    async fn run_instances(&self, origin: &Origin) -> Result<(), Refusal> {
        let call = Call::new("ec2", "RunInstances", "*".to_owned());
        let account = self.account();
        self.told(origin, call, |state, _, now| {
            let id = format!("i-{}", &state.chance.uuid().replace('-', "")[..17]);
            let of = ResourceType::Instance;
            let name = ResourceName { of, account, region: REGION.to_owned(), id };
            let told = json!({ "instancesSet": { "items": [{ "instanceId": name.id }] } });
            let groups = vec![DEFAULT_GROUP.to_owned()];
            let made = OfResource::Instance { groups, vpc: Some(VPC.to_owned()) };
            state.make((name, made), told, now)
        })
        .await?;
        Ok(())
    }

    async fn create_service(
        &self,
        origin: &Origin,
        service: &str,
        tasks: u32,
    ) -> Result<(), Refusal> {
        let name = self.resource_name(ResourceType::Service, service);
        let call = Call::new("ecs", "CreateService", "*".to_owned());
        let told = json!({ "service": { "serviceArn": name.arn() } });
        let made = (name, switched(ResourceType::Service, Setting::Count(tasks)));
        self.told(origin, call, |state, _, now| state.make(made, told, now)).await?;
        Ok(())
    }

    async fn create_event_source(&self, origin: &Origin, function: &str) -> Result<(), Refusal> {
        let function = self.resource_name(ResourceType::Function, function);
        let call = about_function("CreateEventSourceMapping20150331", &function);
        self.told(origin, call, |state, _, now| {
            let of = ResourceType::EventSource;
            let name = ResourceName { of, id: state.chance.uuid(), ..function };
            let told = json!({ "uUID": name.id });
            state.make((name, switched(of, Setting::Flag(true))), told, now)
        })
        .await?;
        Ok(())
    }

    /// The bot's question how a resource stands.
    pub(super) async fn look_at(&self, name: &ResourceName) -> Result<ResourceDetail, CallError> {
        let call = match name.of {
            ResourceType::Bucket => about_bucket("GetBucketPolicy", &name.id),
            ResourceType::Instance
            | ResourceType::Function
            | ResourceType::EventSource
            | ResourceType::Service => cloud_control("GetResource", name),
            ResourceType::SamlProvider => Call::iam("GetSAMLProvider", name.arn()),
            ResourceType::OidcProvider => Call::iam("GetOpenIDConnectProvider", name.arn()),
            ResourceType::InstanceProfile => Call::iam("GetInstanceProfile", name.arn()),
            ResourceType::Group => Call::iam("GetGroup", name.arn()),
            ResourceType::Policy => Call::iam("GetPolicy", name.arn()),
        };
        let permission = call.action();
        let found = self.call(&self.bot, call, |state, _, _| {
            let resource = state.resource(name)?;
            let mut seen = resource.state.clone();
            if let OfResource::Iam { thing } = &mut seen {
                thing.used_by = state.who_uses(name);
            }
            let detail = Detail {
                name: name.key().name,
                id: resource.id.clone(),
                arn: name.arn(),
                path: String::new(),
                created: Some(resource.created),
                boundary: None,
                tags: resource.tags.clone(),
            };
            Ok(Done::silently(ResourceDetail { detail, state: seen }))
        });
        found.await.map_err(|refusal| failed(&permission, &refusal))
    }

    /// The bot's change of a resource.
    pub(super) async fn change_resource(
        &self,
        bot: &Origin,
        on: &Principal,
        change: &ResourceChange,
    ) -> Result<Applied, CallError> {
        let gone = || failed("the step", &Refusal::no_such("resource", &on.name));
        let name = ResourceName::about(on).ok_or_else(gone)?;
        let call = match change {
            ResourceChange::PutBucketPolicy { document: None } => {
                about_bucket("DeleteBucketPolicy", &name.id)
            }
            ResourceChange::CloseBucket { .. } | ResourceChange::PutBucketPolicy { .. } => {
                about_bucket("PutBucketPolicy", &name.id)
            }
            ResourceChange::Isolate { .. }
            | ResourceChange::PutGroups { .. }
            | ResourceChange::StopFunction
            | ResourceChange::PutConcurrency { .. }
            | ResourceChange::SwitchOff { .. }
            | ResourceChange::SwitchBack { .. } => cloud_control("UpdateResource", &name),
        };
        let permission = call.action();
        let done = self.told(bot, call, |state, _, _| {
            let mut next = state.resource(&name)?.state.clone();
            match (change, &mut next) {
                (ResourceChange::PutBucketPolicy { document }, OfResource::Bucket { policy }) => {
                    policy.clone_from(document);
                }
                (
                    ResourceChange::PutGroups { groups: old },
                    OfResource::Instance { groups, .. },
                ) => {
                    groups.clone_from(old);
                }
                (
                    ResourceChange::PutConcurrency { reserved: old },
                    OfResource::Function { reserved },
                ) => {
                    *reserved = *old;
                }
                (
                    ResourceChange::SwitchBack { value: old, .. },
                    OfResource::Switch { value, .. },
                ) => {
                    *value = *old;
                }
                (change, next) => change.leave(next),
            }
            state.set(&name, next)
        });
        let request_id = done.await.map_err(|refusal| failed(&permission, &refusal))?;
        Ok(Applied { how: None, request_id })
    }
}

impl State {
    fn resource(&self, name: &ResourceName) -> Result<&SimResource, Refusal> {
        self.resources.get(name).ok_or_else(|| Refusal::no_such("resource", &name.id))
    }

    fn id_of(&mut self, name: &ResourceName, created: Timestamp) -> String {
        match name.of {
            ResourceType::Bucket
            | ResourceType::Instance
            | ResourceType::Function
            | ResourceType::EventSource
            | ResourceType::Service => name.arn(),
            // A provider has none: since when there is this one serves for it.
            ResourceType::SamlProvider | ResourceType::OidcProvider => {
                format!("{} since {created}", name.id)
            }
            ResourceType::InstanceProfile => self.chance.id("AIPA"),
            ResourceType::Group => self.chance.id("AGPA"),
            ResourceType::Policy => self.chance.id("ANPA"),
        }
    }

    pub(super) fn make(
        &mut self,
        (name, state): (ResourceName, OfResource),
        response: Value,
        created: Timestamp,
    ) -> Result<Done<()>, Refusal> {
        if self.resources.contains_key(&name) {
            return Err(Refusal::exists("Resource", &name.id));
        }
        let id = self.id_of(&name, created);
        let tags = BTreeMap::new();
        self.resources.insert(name, SimResource { id, state, tags, created, filled: false });
        Ok(Done { value: (), response })
    }

    fn fill(&mut self, name: &ResourceName) -> Result<Done<()>, Refusal> {
        let resource = self.resources.get_mut(name);
        resource.ok_or_else(|| Refusal::no_such("resource", &name.id))?.filled = true;
        Ok(Done::silently(()))
    }

    /// Takes it away for ever, unless it is a bucket with something in it.
    pub(super) fn end(&mut self, name: &ResourceName) -> Result<Done<()>, Refusal> {
        if self.resource(name)?.filled {
            return Err(Refusal::new("BucketNotEmpty", NOT_EMPTY));
        }
        self.resources.remove(name);
        Ok(Done::silently(()))
    }

    fn set(&mut self, name: &ResourceName, next: OfResource) -> Result<Done<()>, Refusal> {
        let resource = self.resources.get_mut(name);
        let resource = resource.ok_or_else(|| Refusal::no_such("resource", &name.id))?;
        resource.state = next;
        Ok(Done::silently(()))
    }
}

fn switched(of: ResourceType, value: Setting) -> OfResource {
    let property = Switch::of(of).map_or("", |switch| switch.property).to_owned();
    OfResource::Switch { property, value }
}

pub(super) fn about_bucket(name: &'static str, bucket: &str) -> Call {
    Call::new("s3", name, format!("arn:aws:s3:::{bucket}")).with("bucketName", bucket)
}

fn about_function(name: &'static str, function: &ResourceName) -> Call {
    Call::new("lambda", name, function.arn()).with("functionName", &function.id)
}

pub(super) fn cloud_control(name: &'static str, on: &ResourceName) -> Call {
    let call = Call::new("cloudcontrolapi", name, "*".to_owned());
    call.with("typeName", on.of.type_name()).with("identifier", on.identifier())
}
