//! Each right to look at a resource or to stop one, taken away in turn, and whom the printed policy
//! leaves alone whatever else is allowed.
//!
//! The emulator's Cloud Control holds any resource that it is given, is done with a change at once,
//! and calls no other service with our rights.

use crate::account::{Account, Credential};
use crate::conditions::judged;
use crate::each_right::{names_it, settings};
use crate::frame::{Missing, trial_async};
use crate::leak::BOT;
use crate::least_rights::{
    AWSS_DENY, CONTAIN_RESOURCES, EXTERNAL_ID, LOOKUP, allowed, may, printed, printed_without, role,
};
use crate::parts::Parts;
use crate::tickets::tickets;
use keyleak::aws::clients::{AwsSettings, ContainSettings};
use keyleak::aws::contain::AwsContain;
use keyleak::aws::lookup::AwsLookup;
use keyleak::domain::action::{Action, Change};
use keyleak::domain::bucket_policy::BucketDeny;
use keyleak::domain::ids::{AccountId, CaseId};
use keyleak::domain::principal::{Principal, PrincipalKind};
use keyleak::domain::resource::{OfResource, ResourceName, ResourceType};
use keyleak::domain::resource_change::ResourceChange;
use keyleak::domain::resource_switch::SWITCHES;
use keyleak::domain::setting::Setting;
use keyleak::ports::cloud::{CallClass, CallError, Contain, Lookup};
use libtest_mimic::Trial;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Rights that are taken away here in turn; the first and the fourth from whoever looks, too.
pub(crate) const TRIED: [&str; 5] = [
    "cloudformation:GetResource",
    "cloudformation:UpdateResource",
    "s3:DeleteBucketPolicy",
    "s3:GetBucketPolicy",
    "s3:PutBucketPolicy",
];
/// A right to look that is taken away here, too: what lacks then is the owner, and not the answer.
pub(crate) const TRIED_BY_ITS_EFFECT: &str = "s3:GetBucketTagging";
/// Rights that the emulator does not ask for. The request for the status is pinned in
/// `src/aws/resources/tests.rs`; the others are what AWS says that the handlers of these types
/// call, and `tests/it/manifests.rs` pins that the policies have them and no more.
pub(crate) const NOT_ASKED_FOR: [&str; 25] = [
    "cloudformation:GetResourceRequestStatus",
    "ec2:DescribeInstanceAttribute",
    "ec2:DescribeInstanceCreditSpecifications",
    "ec2:DescribeInstances",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVolumes",
    "ec2:DescribeVpcs",
    "ec2:ModifyInstanceAttribute",
    "ecs:DescribeServiceDeployments",
    "ecs:DescribeServices",
    "ecs:ListServiceDeployments",
    "ecs:ListTagsForResource",
    "ecs:UpdateService",
    "lambda:DeleteFunctionConcurrency",
    "lambda:GetEventSourceMapping",
    "lambda:GetFunction",
    "lambda:GetFunctionCodeSigningConfig",
    "lambda:GetFunctionRecursionConfig",
    "lambda:GetFunctionScalingConfig",
    "lambda:GetRuntimeManagementConfig",
    "lambda:ListTags",
    "lambda:PutFunctionConcurrency",
    "lambda:UpdateEventSourceMapping",
];
const STOPS: &str = "keyleak-contain";
const LOOKS: &str = "keyleak-lookup";
/// The buckets that the printed policy names as our own.
const OWN_BUCKETS: [&str; 4] =
    ["keyleak-trail", "keyleak-athena", "keyleak-evidence", "keyleak-anchors"];

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let [stops, looks, spares, switches] = [(); 4].map(|()| Arc::clone(parts));
    let switch = "rights_suffice_to_switch_a_resource_off_and_back_through_cloud_control";
    vec![
        trial_async(switch, move || async move {
            switched(&Place::new(&switches, "850000000001").await?).await;
            Ok(())
        }),
        trial_async("rights_each_to_stop_a_resource_that_lacks_is_named", move || async move {
            each_to_stop(&Place::new(&stops, "550000000005").await?).await;
            Ok(())
        }),
        trial_async("rights_each_to_look_at_a_resource_that_lacks_is_named", move || async move {
            each_to_look(&Place::new(&looks, "550000000006").await?).await;
            Ok(())
        }),
        trial_async("rights_close_no_bucket_of_ours_and_none_of_others", move || async move {
            closes_no_other(&Place::new(&spares, "550000000007").await?).await;
            Ok(())
        }),
    ]
}

/// An account with a resource of each type, and a bot that works through roles.
pub(crate) struct Place {
    pub(crate) owner: Account,
    pub(crate) bot_key: Credential,
    pub(crate) bucket: String,
}

impl Place {
    pub(crate) async fn new(parts: &Parts, account: &str) -> Result<Self, Missing> {
        let owner = Account::at(parts.ministack()?.address(), account).await;
        let bot_key = owner.administrator(BOT).await;
        let bucket = format!("built-{account}");
        let s3 = &owner.root.s3;
        s3.create_bucket().bucket(&bucket).send().await.expect("a bucket");
        let tag = aws_sdk_s3::types::Tag::builder().key("owner").value("web").build();
        let tags = aws_sdk_s3::types::Tagging::builder().tag_set(tag.expect("a tag")).build();
        let put = s3.put_bucket_tagging().bucket(&bucket).tagging(tags.expect("tags"));
        put.send().await.expect("its owner");
        let place = Self { owner, bot_key, bucket };
        let cloud = aws_sdk_cloudcontrol::Client::new(place.owner.config());
        for (of, mut state) in [
            (ResourceType::Instance, json!({"SecurityGroupIds": ["sg-1"], "VpcId": "vpc-1"})),
            (ResourceType::Function, json!({})),
            (ResourceType::EventSource, json!({"Enabled": true})),
            (ResourceType::Service, json!({"DesiredCount": 2})),
        ] {
            state["Id"] = json!(place.name(of).identifier());
            let create = cloud.create_resource().type_name(of.type_name());
            create.desired_state(state.to_string()).send().await.expect("a resource");
        }
        Ok(place)
    }

    pub(crate) fn name(&self, of: ResourceType) -> ResourceName {
        let id = match of {
            ResourceType::Bucket => &self.bucket,
            ResourceType::Instance => "i-1",
            ResourceType::Function => "miner",
            ResourceType::EventSource => "0a1b-2c3d",
            ResourceType::Service => "farm/miner",
            ResourceType::SamlProvider
            | ResourceType::OidcProvider
            | ResourceType::InstanceProfile
            | ResourceType::Group
            | ResourceType::Policy => unreachable!("each_right.rs deletes them"),
        };
        let account = AccountId(self.owner.id.clone());
        let region = crate::account::REGION.to_owned();
        ResourceName { of, account, region, id: id.to_owned() }
    }

    fn action(&self, of: ResourceType, change: ResourceChange) -> Action {
        let (name, arn) = (self.name(of).key().name, self.name(of).arn());
        let on = Principal { kind: PrincipalKind::Resource, name, id: arn.clone(), arn };
        Action { on, change: Change::Resource { change } }
    }

    /// Every change that there is, each with the one that takes it back.
    fn changes(&self) -> Vec<Action> {
        let account = &self.owner.id;
        let bucket = self.name(ResourceType::Bucket);
        // To the emulator a session is who it is, to AWS the role that it is of.
        let except = vec![
            format!("arn:aws:iam::{account}:role/{STOPS}"),
            format!("arn:aws:sts::{account}:assumed-role/{STOPS}/*"),
        ];
        let deny = BucketDeny::new(&CaseId("kl-each-right".to_owned()), &bucket.arn(), except);
        let open = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{account}:root")},
            "Action": "s3:GetObject", "Resource": format!("{}/*", bucket.arn()),
        }]});
        let on = |of, change| self.action(of, change);
        let off = |of| on(of, ResourceChange::SwitchOff { of });
        let back = |of, value| on(of, ResourceChange::SwitchBack { of, value });
        let (isolated, before) = ("sg-2".to_owned(), vec!["sg-1".to_owned()]);
        vec![
            on(ResourceType::Bucket, ResourceChange::CloseBucket { deny }),
            on(
                ResourceType::Bucket,
                ResourceChange::PutBucketPolicy { document: Some(open.to_string()) },
            ),
            on(ResourceType::Bucket, ResourceChange::PutBucketPolicy { document: None }),
            on(ResourceType::Instance, ResourceChange::Isolate { group: isolated }),
            on(ResourceType::Instance, ResourceChange::PutGroups { groups: before }),
            on(ResourceType::Function, ResourceChange::StopFunction),
            on(ResourceType::Function, ResourceChange::PutConcurrency { reserved: None }),
            off(ResourceType::EventSource),
            back(ResourceType::EventSource, Setting::Flag(true)),
            off(ResourceType::Service),
            back(ResourceType::Service, Setting::Count(2)),
        ]
    }

    /// The printed policy as this account's: the emulator leaves variables in it as they are.
    fn policy(&self) -> String {
        of_account(&self.owner.id)
    }

    /// Makes every change, and tells which were refused.
    async fn refused(&self, contain: &AwsContain) -> Vec<CallError> {
        let mut refused = Vec::new();
        for action in self.changes() {
            let tickets = tickets(&self.owner.id, vec![action]).await;
            let Err(error) = contain.apply(&tickets[0]).await else { continue };
            assert_eq!(error.class, CallClass::Denied, "{error:?}");
            refused.push(error);
        }
        refused
    }
}

/// Each type that one property stops, on a Cloud Control that we did not write.
async fn switched(place: &Place) {
    let owner = &place.owner;
    let arn = role(owner, STOPS, &printed(&place.policy(), AWSS_DENY)).await;
    let rights = ContainSettings::Role(settings(&arn));
    let config = owner.config_of(&place.bot_key);
    let contain = AwsContain::new(&config, Some(&rights)).expect("rights");
    let lookup = AwsLookup::new(owner.config(), &AwsSettings::default()).await;
    for switch in &SWITCHES {
        let read = async || lookup.resource(&place.name(switch.of)).await.expect("it").state;
        let before = read().await;
        let OfResource::Switch { value, .. } = before else { panic!("{before:?}") };
        let off = ResourceChange::SwitchOff { of: switch.of };
        assert!(!off.holds(&before), "the control: it runs");
        for change in [off, ResourceChange::SwitchBack { of: switch.of, value }] {
            let action = place.action(switch.of, change.clone());
            let tickets = tickets(&owner.id, vec![action]).await;
            contain.apply(&tickets[0]).await.expect("it is done");
            assert!(change.holds(&read().await), "{change:?}");
        }
        assert_eq!(read().await, before);
    }
}

fn of_account(account: &str) -> String {
    CONTAIN_RESOURCES.replace("${aws:PrincipalAccount}", account)
}

async fn each_to_stop(place: &Place) {
    let (owner, policy) = (&place.owner, place.policy());
    let arn = role(owner, STOPS, &printed(&policy, AWSS_DENY)).await;
    let config = owner.config_of(&place.bot_key);
    let rights = ContainSettings::Role(settings(&arn));
    let contain = AwsContain::new(&config, Some(&rights)).expect("rights");
    let refused = place.refused(&contain).await;
    assert!(refused.is_empty(), "with the whole policy nothing is: {refused:?}");
    let mut tried = BTreeSet::new();
    for lacking in allowed(&policy) {
        if NOT_ASKED_FOR.contains(&lacking.as_str()) {
            continue;
        }
        may(owner, STOPS, &printed_without(&policy, AWSS_DENY, &lacking)).await;
        names_it(&place.refused(&contain).await, &lacking);
        tried.insert(lacking);
    }
    assert_eq!(tried, TRIED.map(str::to_owned).into(), "as bot_rights counts them");
    may(owner, STOPS, &without_what_is_not_asked_for(&policy)).await;
    let refused = place.refused(&contain).await;
    assert!(refused.is_empty(), "the emulator does ask for it, so take it away: {refused:?}");
}

fn without_what_is_not_asked_for(policy: &str) -> Value {
    let mut policy = printed(policy, AWSS_DENY);
    let statements = policy["Statement"].as_array_mut().expect("statements");
    for statement in statements.iter_mut() {
        let actions = statement["Action"].as_array_mut().expect("a list");
        actions.retain(|action| !NOT_ASKED_FOR.iter().any(|known| action == known));
    }
    statements.retain(|statement| statement["Action"] != json!([]));
    policy
}

async fn each_to_look(place: &Place) {
    let (owner, policy) = (&place.owner, printed(LOOKUP, AWSS_DENY));
    let arn = role(owner, LOOKS, &policy).await;
    let settings = AwsSettings { lookup_role: Some(settings(&arn)), ..AwsSettings::default() };
    let lookup = AwsLookup::new(&owner.config_of(&place.bot_key), &settings).await;
    let refused = async || {
        let mut refused = Vec::new();
        for of in ResourceType::CONTAINED {
            refused.extend(lookup.resource(&place.name(of)).await.err());
        }
        refused
    };
    assert!(refused().await.is_empty(), "with the whole policy nothing is");
    for (lacking, times) in [("s3:GetBucketPolicy", 1), ("cloudformation:GetResource", 4)] {
        may(owner, LOOKS, &printed_without(LOOKUP, AWSS_DENY, lacking)).await;
        let refused = refused().await;
        names_it(&refused, lacking);
        assert_eq!(refused.len(), times, "{lacking}: {refused:?}");
    }
    let owner_tag = async || {
        let bucket = lookup.resource(&place.name(ResourceType::Bucket)).await.expect("a bucket");
        bucket.detail.tags.get("owner").cloned()
    };
    may(owner, LOOKS, &printed_without(LOOKUP, AWSS_DENY, TRIED_BY_ITS_EFFECT)).await;
    assert_eq!(owner_tag().await, None, "nobody is known, and nothing is refused");
    may(owner, LOOKS, &without_what_is_not_asked_for(LOOKUP)).await;
    assert_eq!(owner_tag().await.as_deref(), Some("web"));
    assert!(refused().await.is_empty(), "the emulator does ask for it, so take it away");
}

/// Whatever else the role is allowed, it closes none of our buckets; and with the printed rights it
/// closes those of its own account alone. The emulator takes a bucket for the caller's, so that the
/// condition is violated from its other side.
async fn closes_no_other(place: &Place) {
    let owner = &place.owner;
    let mut policy = printed(&place.policy(), AWSS_DENY);
    let all = json!({"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"});
    policy["Statement"].as_array_mut().expect("statements").push(all);
    let arn = role(owner, STOPS, &policy).await;
    let assume = owner.as_holder_of(&place.bot_key).sts.assume_role().role_arn(arn);
    let assume = assume.role_session_name("trial").external_id(EXTERNAL_ID);
    let session = assume.send().await.expect("a session");
    let session = Credential::from(session.credentials().expect("its credentials"));
    let s3 = owner.as_holder_of(&session).s3;
    let put_and_delete = async |bucket: &str, allowed: bool| {
        let put = s3.put_bucket_policy().bucket(bucket).policy(json!({}).to_string());
        judged(allowed, bucket, put.send().await);
        judged(allowed, bucket, s3.delete_bucket_policy().bucket(bucket).send().await);
    };
    for own in OWN_BUCKETS {
        put_and_delete(own, false).await;
    }
    put_and_delete(&place.bucket, true).await;
    for (account, allowed) in [(owner.id.as_str(), true), ("550000000008", false)] {
        may(owner, STOPS, &printed(&of_account(account), AWSS_DENY)).await;
        put_and_delete(&place.bucket, allowed).await;
    }
}
