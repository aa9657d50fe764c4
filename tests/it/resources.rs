//! Resources: what the actor made is stopped, what it changed is asked about, and nobody else's is
//! touched; and all of it can be given back.

use crate::bureau::{APPROVER, Bureau, SECOND_APPROVER, is_contained, journal};
use crate::ground::Ground;
use crate::roles::ACCOUNT;
use crate::sim_account::{OFFICE, SimAccount};
use crate::simulated::{QUICK, leaked};
use crate::story;
use keyleak::domain::button::{ButtonAction, PlanAddress};
use keyleak::domain::case::Case;
use keyleak::domain::plan::PlanKind;
use keyleak::domain::plan_state::PlanStatus;
use keyleak::domain::report::whole_plan;
use keyleak::domain::resource::{OfResource, ResourceName, ResourceType};
use keyleak::domain::resource_owner::ResourceOwner;
use keyleak::domain::resources_left::{Stands, not_stopped, standing};
use keyleak::domain::setting::Setting;
use keyleak::sim::attacker::{Credential, Reply};
use keyleak::sim::cloud::attacker::Visitor;
use keyleak::sim::cloud::faults::Fault;
use keyleak::sim::cloud::managed::ADMINISTRATOR;
use keyleak::sim::cloud::resources::{DEFAULT_GROUP, REGION, ResourceCall, VPC};
use keyleak::sim::cloud::setup::NewUser;
use keyleak::sim::cloud::{DELIVERY_DELAY, LAG, SimCloud};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The security group that lets nothing through.
const ISOLATION: &str = "sg-0isolation";
/// What was there before.
const BILLING: &str = "billing-exports";
const INVOICES: &str = "invoices";
const WEB: &str = "i-0web0000000000000";
/// Who owns what finance has, and is no approver.
const OWNER: &str = "U0OLGA0009";
/// What the actor makes.
pub(crate) const LOOT: &str = "loot-7781";
pub(crate) const MINER: &str = "miner";

/// An account with resources of its own, an office that uses them, and the actor from abroad.
pub(crate) struct Town {
    pub(crate) ground: Ground,
    pub(crate) cloud: Arc<SimCloud>,
    office: Visitor,
    colleague: Credential,
    thief: Visitor,
    abroad: Credential,
}

pub(crate) async fn town(seed: u64) -> Town {
    let mut kept = None;
    let account = SimAccount::new((seed, QUICK), LAG);
    let mut ground = leaked(account, |cloud: &Arc<SimCloud>, _| {
        let long_ago = "2024-01-01T00:00:00Z".parse().unwrap();
        let ops = NewUser::named("ops", long_ago).attached(ADMINISTRATOR);
        let (_, colleague) = cloud.add_user(ops).unwrap();
        let bucket = OfResource::Bucket { policy: Some(open_to_all(BILLING)) };
        cloud.add_resource((ResourceType::Bucket, BILLING), bucket, "finance");
        let function = OfResource::Function { reserved: Some(7) };
        cloud.add_resource((ResourceType::Function, INVOICES), function, "finance");
        let instance = OfResource::Instance {
            groups: vec![DEFAULT_GROUP.to_owned()],
            vpc: Some(VPC.to_owned()),
        };
        cloud.add_resource((ResourceType::Instance, WEB), instance, "web");
        let abroad = cloud.add_foreign_key("999999999999");
        kept = Some((Arc::clone(cloud), colleague, abroad));
    })
    .await;
    let (cloud, colleague, abroad) = kept.unwrap();
    ground.isolation_groups = BTreeMap::from([(VPC.to_owned(), ISOLATION.to_owned())]);
    let office = Visitor::new(&cloud, OFFICE.0, OFFICE.1);
    let thief = Visitor::new(&cloud, "203.0.113.66", "Boto3/1.34.1");
    Town { ground, cloud, office, colleague, thief, abroad }
}

fn open_to_all(bucket: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Sid":"open","Effect":"Allow",
        "Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::{bucket}/*"}}]}}"#
    )
}

pub(crate) fn named(of: ResourceType, id: &str) -> ResourceName {
    let account = keyleak::domain::ids::AccountId(ACCOUNT.to_owned());
    ResourceName { of, account, region: REGION.to_owned(), id: id.to_owned() }
}

impl Town {
    pub(crate) async fn steals(&self, call: ResourceCall) {
        let reply = self.thief.on_resource(self.ground.key(), &call).await;
        assert!(reply.worked(), "{call:?}: {reply:?}");
    }

    pub(crate) async fn makes_its_own(&self) {
        self.steals(ResourceCall::CreateBucket { bucket: LOOT.to_owned() }).await;
        let policy = open_to_all(LOOT);
        self.steals(ResourceCall::PutBucketPolicy { bucket: LOOT.to_owned(), policy }).await;
        self.steals(ResourceCall::RunInstances).await;
        self.steals(ResourceCall::CreateFunction { function: MINER.to_owned() }).await;
        // Records come out of order: of a bucket whose making is not told yet people are asked.
        let told = *DELIVERY_DELAY.end() + Duration::from_secs(30);
        self.ground.clock.sleep(told).await;
    }

    async fn reads(&self, bucket: &str) -> Reply {
        let call = ResourceCall::GetObject { bucket: bucket.to_owned() };
        self.thief.on_resource(&self.abroad, &call).await
    }

    async fn invokes(&self, function: &str) -> Reply {
        let call = ResourceCall::Invoke { function: function.to_owned() };
        self.office.on_resource(&self.colleague, &call).await
    }

    /// What was there before, which nobody may touch unasked.
    pub(crate) fn bystanders(&self) -> Vec<(ResourceName, OfResource)> {
        let own = [BILLING, INVOICES, WEB];
        let all = self.cloud.resources().into_iter();
        all.filter(|(name, _)| own.contains(&name.id.as_str())).collect()
    }
}

fn refused(reply: &Reply, with: &str) -> bool {
    *reply == Reply::Refused(with.to_owned())
}

fn stopped(case: &Case) -> usize {
    standing(case).iter().filter(|(_, stands)| *stands == Stands::Stopped).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_actor_made_is_stopped_with_the_approval_and_given_back_field_by_field() {
    let town = town(81).await;
    town.makes_its_own().await;
    let before = town.cloud.resources();
    let bystanders = town.bystanders();
    assert_eq!(town.reads(LOOT).await, Reply::Allowed, "the control");
    assert_eq!(town.invokes(MINER).await, Reply::Allowed, "the control");

    let bureau = Bureau::open(&town.ground).await;
    let case = bureau.report(&town.ground.key().access_key_id, town.ground.since).await;
    story::approve(&bureau, &case, PlanKind::Containment).await;
    bureau.wait(&case, "contained", is_contained).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    assert_eq!(stopped(&now), 3, "{}", journal(&now));
    assert_eq!(not_stopped(&now), Vec::<String>::new());
    assert!(refused(&town.reads(LOOT).await, "AccessDenied"), "anybody from abroad");
    let own = ResourceCall::GetObject { bucket: LOOT.to_owned() };
    let colleague = town.office.on_resource(&town.colleague, &own).await;
    assert!(refused(&colleague, "AccessDenied"), "it is closed to everybody: {colleague:?}");
    assert!(refused(&town.invokes(MINER).await, "TooManyRequestsException"));
    let after = town.cloud.resources();
    let mut instances = after.iter().filter(|(name, _)| name.of == ResourceType::Instance);
    let isolated = |state: &OfResource| {
        let OfResource::Instance { groups, .. } = state else { return false };
        *groups == [ISOLATION]
    };
    assert!(instances.any(|(name, state)| name.id != WEB && isolated(state)), "{after:?}");
    assert_eq!(town.bystanders(), bystanders, "nobody else's was touched");
    assert!(town.reads(BILLING).await.worked() && town.invokes(INVOICES).await.worked());

    story::undo(&bureau, &case).await;
    assert_eq!(town.cloud.resources(), before, "field by field");
    assert!(town.reads(LOOT).await.worked() && town.invokes(MINER).await.worked());
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_there_before_is_touched_only_once_its_owner_agrees_and_an_approver_approves() {
    let mut town = town(82).await;
    town.ground.key_owners = BTreeMap::from([("finance".to_owned(), OWNER.to_owned())]);
    let code = ResourceCall::UpdateFunctionCode { function: INVOICES.to_owned() };
    town.steals(code).await;
    let bystanders = town.bystanders();
    let bureau = Bureau::open(&town.ground).await;
    let case = bureau.report(&town.ground.key().access_key_id, town.ground.since).await;
    story::approve(&bureau, &case, PlanKind::Containment).await;
    let asked = |case: &Case| {
        let state = case.pending_plan().filter(|state| state.plan.kind == PlanKind::FollowUp)?;
        Some((story::address(state), state.plan.steps.clone()))
    };
    let (at, steps) = bureau.wait(&case, "people are asked", asked).await;
    assert_eq!(steps[0].action.on.name, named(ResourceType::Function, INVOICES).key().name);
    assert!(!steps[0].blast_radius.iter().any(|who| who.contains("CloudTrail")), "{steps:?}");
    assert!(steps[0].blast_radius.iter().any(|who| who.starts_with("finance:")), "{steps:?}");
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    assert!(is_contained(&now).is_none(), "not while it runs and people are asked");
    assert!(not_stopped(&now)[0].contains(INVOICES), "{:?}", not_stopped(&now));
    assert_eq!(town.bystanders(), bystanders);
    assert!(town.invokes(INVOICES).await.worked());
    bureau.press(APPROVER, ButtonAction::Approve(at.clone())).await;
    town.ground.clock.sleep(Duration::from_secs(90)).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    let state = now.plan(at.plan).unwrap();
    let missing: Vec<_> = state.owners_missing().filter_map(ResourceOwner::person).collect();
    assert_eq!((state.approvals.len(), missing[0].user.as_str()), (1, OWNER));
    assert_eq!(
        state.status(),
        PlanStatus::Proposed,
        "an approval alone stops nothing of finance's"
    );
    let whole = whole_plan(&now, state);
    assert!(whole.contains("the word of U0OLGA0009, who owns function invoices"), "{whole}");
    assert!(town.invokes(INVOICES).await.worked(), "nothing runs without the owner");
    bureau.press(OWNER, ButtonAction::Approve(at)).await;
    bureau.wait(&case, "contained", is_contained).await;
    assert!(refused(&town.invokes(INVOICES).await, "TooManyRequestsException"));
    story::undo(&bureau, &case).await;
    assert_eq!(town.bystanders(), bystanders, "seven are reserved again");
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_what_belongs_to_nobody_known_a_second_approver_decides() {
    let town = town(90).await;
    let delivers = r#"{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},
        "Action":"s3:PutObject","Resource":"arn:aws:s3:::billing-exports/*"},{"Sid""#;
    let policy = open_to_all(BILLING).replace(r#"{"Sid""#, delivers);
    town.steals(ResourceCall::PutBucketPolicy { bucket: BILLING.to_owned(), policy }).await;
    let bureau = Bureau::open(&town.ground).await;
    let case = bureau.report(&town.ground.key().access_key_id, town.ground.since).await;
    let first = story::approve(&bureau, &case, PlanKind::Containment).await;
    let at = story::approve(&bureau, &case, PlanKind::FollowUp).await;
    town.ground.clock.sleep(Duration::from_secs(90)).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    let needs = |at: &PlanAddress| now.plan(at.plan).unwrap().plan.approvals_needed;
    assert_eq!((needs(&first), needs(&at)), (1, 2), "one more than for what is the actor's");
    let radius = &now.plan(at.plan).unwrap().plan.steps[0].blast_radius;
    assert!(radius.iter().any(|who| who.contains("lets CloudTrail deliver")), "{radius:?}");
    assert!(town.reads(BILLING).await.worked(), "one approval is not enough");
    bureau.press(SECOND_APPROVER, ButtonAction::Approve(at)).await;
    bureau.wait(&case, "contained", is_contained).await;
    assert!(refused(&town.reads(BILLING).await, "AccessDenied"));
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keyleak_cannot_stop_is_said_and_holds_nothing_up() {
    let mut town = town(83).await;
    town.ground.isolation_groups = BTreeMap::new();
    town.steals(ResourceCall::RunInstances).await;
    town.steals(ResourceCall::CreateQueue { queue: "hoard".to_owned() }).await;
    let before = town.cloud.resources();
    let bureau = Bureau::open(&town.ground).await;
    let case = bureau.report(&town.ground.key().access_key_id, town.ground.since).await;
    story::approve(&bureau, &case, PlanKind::Containment).await;
    bureau.wait(&case, "contained", is_contained).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    let said = not_stopped(&now);
    let says = |what: &str| said.iter().any(|line| line.contains(what));
    assert!(says("aws ec2 modify-instance-attribute") && says("hoard"), "{said:?}");
    assert!(says("not contained by keyleak: by hand"), "{said:?}");
    assert_eq!(town.cloud.resources(), before);
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resource_that_cannot_be_looked_at_holds_up_nobody() {
    // The first look is for the snapshot, every later one reads back.
    for (seed, first, fault, holding) in [(84, 1, Fault::Unavailable, 0), (85, 2, Fault::Denied, 1)]
    {
        let town = town(seed).await;
        town.steals(ResourceCall::CreateBucket { bucket: LOOT.to_owned() }).await;
        for nth in first..500 {
            town.cloud.inject("GetBucketPolicy", nth, fault);
        }
        let bureau = Bureau::open(&town.ground).await;
        let case = bureau.report(&town.ground.key().access_key_id, town.ground.since).await;
        story::approve(&bureau, &case, PlanKind::Containment).await;
        bureau.wait(&case, "contained", is_contained).await;
        let now = bureau.desk.ledger.load(&case).await.unwrap();
        assert_eq!(stopped(&now), holding, "{}", journal(&now));
        assert_eq!(not_stopped(&now).len(), 1 - holding, "{:?}", not_stopped(&now));
        bureau.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_step_keeps_no_later_resource_from_being_stopped() {
    let mut town = town(87).await;
    town.ground.isolation_groups = BTreeMap::new();
    for _ in 0..21 {
        town.steals(ResourceCall::RunInstances).await;
    }
    town.steals(ResourceCall::CreateFunction { function: MINER.to_owned() }).await;
    let bureau = Bureau::open(&town.ground).await;
    let case = bureau.report(&town.ground.key().access_key_id, town.ground.since).await;
    story::approve(&bureau, &case, PlanKind::Containment).await;
    bureau.wait(&case, "contained", is_contained).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    assert_eq!((stopped(&now), not_stopped(&now).len()), (1, 21), "{}", journal(&now));
    assert!(refused(&town.invokes(MINER).await, "TooManyRequestsException"));
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stopped_already_is_kept_so_and_stays_so_after_the_undo() {
    let town = town(88).await;
    town.steals(ResourceCall::CreateFunction { function: MINER.to_owned() }).await;
    let by_hand = OfResource::Function { reserved: Some(0) };
    town.cloud.add_resource((ResourceType::Function, MINER), by_hand.clone(), "web");
    let bureau = Bureau::open(&town.ground).await;
    let case = bureau.report(&town.ground.key().access_key_id, town.ground.since).await;
    story::approve(&bureau, &case, PlanKind::Containment).await;
    bureau.wait(&case, "contained", is_contained).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    assert_eq!((stopped(&now), not_stopped(&now)), (1, Vec::new()), "{}", journal(&now));
    story::undo(&bureau, &case).await;
    let after = town.cloud.resources();
    assert_eq!(after[&named(ResourceType::Function, MINER)], by_hand, "so it was before");
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_on_a_resource_that_fails_is_said_and_does_not_keep_the_case_from_being_contained() {
    let town = town(89).await;
    town.steals(ResourceCall::CreateBucket { bucket: LOOT.to_owned() }).await;
    for nth in 1..50 {
        town.cloud.inject("PutBucketPolicy", nth, Fault::Denied);
    }
    let bureau = Bureau::open(&town.ground).await;
    let case = bureau.report(&town.ground.key().access_key_id, town.ground.since).await;
    story::approve(&bureau, &case, PlanKind::Containment).await;
    bureau.wait(&case, "contained", is_contained).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    let said = not_stopped(&now);
    assert!(said[0].contains(LOOT) && said[0].contains("see the plan's step"), "{said:?}");
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_gone_by_the_undo_keeps_nothing_else_from_being_given_back() {
    let town = town(86).await;
    town.makes_its_own().await;
    let bureau = Bureau::open(&town.ground).await;
    let case = bureau.report(&town.ground.key().access_key_id, town.ground.since).await;
    story::approve(&bureau, &case, PlanKind::Containment).await;
    bureau.wait(&case, "contained", is_contained).await;
    assert!(town.cloud.remove_resource(&named(ResourceType::Bucket, LOOT)), "people delete it");
    story::undo(&bureau, &case).await;
    assert_eq!(town.invokes(MINER).await, Reply::Allowed);
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_property_stops_is_stopped_by_it_and_set_back_as_it_was() {
    let town = town(91).await;
    let (cluster, service) = ("farm".to_owned(), MINER.to_owned());
    town.steals(ResourceCall::CreateService { cluster, service, tasks: 3 }).await;
    town.steals(ResourceCall::CreateEventSource { function: INVOICES.to_owned() }).await;
    let before = town.cloud.resources();
    let settings = || -> Vec<Setting> {
        let states = town.cloud.resources().into_values();
        states
            .filter_map(|state| match state {
                OfResource::Switch { value, .. } => Some(value),
                OfResource::Bucket { .. }
                | OfResource::Instance { .. }
                | OfResource::Function { .. }
                | OfResource::Iam { .. } => None,
            })
            .collect()
    };
    assert_eq!(settings(), [Setting::Flag(true), Setting::Count(3)], "the control: both run");
    let bureau = Bureau::open(&town.ground).await;
    let case = bureau.report(&town.ground.key().access_key_id, town.ground.since).await;
    story::approve(&bureau, &case, PlanKind::Containment).await;
    bureau.wait(&case, "contained", is_contained).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    assert_eq!((stopped(&now), not_stopped(&now)), (2, Vec::new()), "{}", journal(&now));
    assert_eq!(settings(), [Setting::Flag(false), Setting::Count(0)]);
    story::undo(&bureau, &case).await;
    assert_eq!(town.cloud.resources(), before, "field by field");
    bureau.close().await;
}

mod drift;
