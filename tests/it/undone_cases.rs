//! Whole cases are undone: the account is as before in every field, whatever kinds of step were
//! taken; and not while somebody has changed the very thing that a step changed.

use crate::bureau::{Bureau, journal};
use crate::crowded::{ATTACHED_MAX, crowded};
use crate::ground::Ground;
use crate::roles::{SHARED, assume, does, minted, trust};
use crate::sim_account::{ACCOUNT, OFFICE};
use crate::simulated;
use crate::story;
use jiff::SignedDuration;
use keyleak::domain::action::{Action, Change, SideKind};
use keyleak::domain::announce::{What, announcements};
use keyleak::domain::case::Case;
use keyleak::domain::differences::differences;
use keyleak::domain::ids::CaseId;
use keyleak::domain::plan::PlanKind;
use keyleak::domain::plan_state::PlanState;
use keyleak::domain::principal::PrincipalName;
use keyleak::domain::resource::ResourceType;
use keyleak::domain::resource_change::ResourceChange;
use keyleak::domain::snapshot::Photograph;
use keyleak::flow::photograph::photograph;
use keyleak::sim::attacker::{Credential, Operation};
use keyleak::sim::cloud::attacker::Visitor;
use keyleak::sim::cloud::managed::ADMINISTRATOR;
use keyleak::sim::cloud::resources::{ResourceCall, VPC};
use keyleak::sim::cloud::setup::{NewRole, NewUser};
use keyleak::sim::cloud::{DELIVERY_DELAY, SimCloud};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

const POLICY: &str = include_str!("../../manifests/organizations/quarantine.json");
const TAG: &str = "keyleak-quarantine";
const ABROAD: &str = "999999999999";
/// A role of long ago that the actor lets somebody abroad assume.
const OPENED: &str = "release";
/// The role that the actor makes.
const OWN: &str = "backup-agent";
/// Whoever looks again after so long finds a case that was undone long before.
const NEVER: SignedDuration = SignedDuration::from_hours(24 * 300);
/// As whom somebody changes what a case has changed.
const SOMEBODY: (&str, &str) = ("somebody", "by hand");

/// Every kind of step that a containment takes, by the field that it changes, and of a deny each
/// of its forms.
const KINDS: [&str; 15] = [
    "Deny: attached policies",
    "Deny: inline policies",
    "Deny: permissions boundary",
    "DeactivateKey: access keys",
    "DeactivateCredential: service-specific credentials",
    "DeactivateCredential: SSH keys",
    "DeactivateCredential: signing certificates",
    "RevokeSessions: inline policies",
    "PutTrust: trust policy",
    "Quarantine: tags",
    "CloseBucket: bucket policy",
    "Isolate: security groups",
    "StopFunction: reserved executions",
    "SwitchOff event source: what stops it",
    "SwitchOff service: what stops it",
];

/// Which of them a step is, and what somebody does who takes it back by hand; a new kind of change
/// has to be thought of here.
fn kind(action: &Action, before: &Photograph, left: &Photograph) -> (&'static str, Change) {
    let simply = || action.taken_back().unwrap().change;
    match &action.change {
        Change::Deny { policy_arn, .. } if left.has_policy(policy_arn) => (KINDS[0], simply()),
        Change::Deny { inline_name, .. } if left.inline.contains_key(inline_name) => {
            (KINDS[1], simply())
        }
        Change::Deny { .. } => {
            (KINDS[2], Change::SetBoundary { boundary: before.boundary.clone() })
        }
        Change::DeactivateKey { .. } => (KINDS[3], simply()),
        Change::DeactivateCredential { credential } => match credential.kind {
            SideKind::ServiceSpecific => (KINDS[4], simply()),
            SideKind::SshKey => (KINDS[5], simply()),
            SideKind::SigningCertificate => (KINDS[6], simply()),
        },
        Change::RevokeSessions { .. } => (KINDS[7], simply()),
        Change::PutTrust { .. } => {
            let document = before.role().unwrap().trust.clone();
            (KINDS[8], Change::PutTrust { document })
        }
        Change::Quarantine { .. } => (KINDS[9], simply()),
        Change::Resource { change } => {
            let (back, _) = change.back_to(before.resource().unwrap()).unwrap();
            (kind_of_resource(change), Change::Resource { change: back })
        }
        Change::LiftDeny { .. }
        | Change::LiftQuarantine { .. }
        | Change::SetBoundary { .. }
        | Change::ActivateKey { .. }
        | Change::ActivateCredential { .. }
        | Change::LiftRevocation { .. }
        | Change::MakeKey { .. }
        | Change::Delete { .. }
        | Change::DeleteResource => panic!("no containment does this: {}", action.sentence()),
    }
}

fn kind_of_resource(change: &ResourceChange) -> &'static str {
    match change {
        ResourceChange::CloseBucket { .. } => KINDS[10],
        ResourceChange::Isolate { .. } => KINDS[11],
        ResourceChange::StopFunction => KINDS[12],
        ResourceChange::SwitchOff { of: ResourceType::EventSource } => KINDS[13],
        ResourceChange::SwitchOff { of } => {
            assert_eq!(*of, ResourceType::Service, "a new switch needs a kind of its own");
            KINDS[14]
        }
        ResourceChange::PutBucketPolicy { .. }
        | ResourceChange::PutGroups { .. }
        | ResourceChange::PutConcurrency { .. }
        | ResourceChange::SwitchBack { .. } => panic!("no containment does this: {change:?}"),
    }
}

/// Everything in the account that a case may change.
type Account = BTreeMap<PrincipalName, Photograph>;

async fn account(ground: &Ground, cloud: &SimCloud) -> Account {
    let users = cloud.user_names().into_iter().map(|name| PrincipalName::user(&name));
    let roles = cloud.role_names().into_iter().map(|name| PrincipalName::role(&name));
    let resources = cloud.resources().into_keys().map(|name| name.key());
    let mut account = Account::new();
    for name in users.chain(roles).chain(resources) {
        let now = photograph(ground.lookup.as_ref(), &name).await.unwrap();
        account.insert(name, now);
    }
    account
}

/// The actor makes one of everything that keyleak stops, and opens what was there before.
async fn plundered(ground: &mut Ground, cloud: &Arc<SimCloud>, abroad: &Credential) {
    let thief = Visitor::new(cloud, "203.0.113.66", "Boto3/1.34.1");
    let evil = minted(&thief, ground.key(), &assume(SHARED, "boto")).await;
    does(&thief, &evil, &Operation::ListBuckets).await;
    let both = trust(ACCOUNT).replace(
        &format!("\"arn:aws:iam::{ACCOUNT}:root\""),
        &format!("[\"arn:aws:iam::{ACCOUNT}:root\",\"arn:aws:iam::{ABROAD}:root\"]"),
    );
    let role = |role: &str| role.to_owned();
    let own = Operation::CreateRole { role: role(OWN), trust: trust(ABROAD) };
    let attach = Operation::AttachPolicy {
        to: PrincipalName::role(OWN),
        policy_arn: ADMINISTRATOR.to_owned(),
    };
    let opens = Operation::UpdateTrust { role: role(OPENED), trust: both };
    for operation in [own, attach, opens] {
        does(&thief, ground.key(), &operation).await;
    }
    ground.clock.sleep(Duration::from_secs(10)).await;
    minted(&thief, abroad, &assume(OWN, "boto")).await;
    let (bucket, function) = ("loot".to_owned(), "miner".to_owned());
    let service = ("farm".to_owned(), function.clone());
    for call in [
        ResourceCall::CreateBucket { bucket },
        ResourceCall::RunInstances,
        ResourceCall::CreateFunction { function: function.clone() },
        ResourceCall::CreateEventSource { function },
        ResourceCall::CreateService { cluster: service.0, service: service.1, tasks: 3 },
    ] {
        let reply = thief.on_resource(ground.key(), &call).await;
        assert!(reply.worked(), "{call:?}: {reply:?}");
    }
    ground.isolation_groups = BTreeMap::from([(VPC.to_owned(), "sg-0isolation".to_owned())]);
    ground.clock.sleep(*DELIVERY_DELAY.end() + Duration::from_secs(30)).await;
}

/// A case of this user, contained, read back to the end of the schedule, and left alone from then.
async fn left_alone(ground: &Ground) -> (Bureau, CaseId) {
    let bureau = Bureau::open(ground).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    story::approve(&bureau, &case, PlanKind::Containment).await;
    story::approve(&bureau, &case, PlanKind::FollowUp).await;
    let checks = ground.timing.read_back.len();
    let settled = |case: &Case| {
        let state = case.standing_containment().filter(|state| state.contained.is_some())?;
        (state.checks_since_end().count() >= checks && state.held_at.is_some()).then_some(())
    };
    bureau.wait(&case, "contained, and read back", settled).await;
    (bureau, case)
}

/// A case that is contained, and somebody who changes what it has changed.
struct Meddled<'a> {
    bureau: &'a Bureau,
    case: &'a CaseId,
    cloud: &'a Arc<SimCloud>,
    colleague: &'a Credential,
}

impl Meddled<'_> {
    async fn by_hand(&self, action: &Action) {
        let now = self.bureau.desk.clock.now();
        self.cloud.carry_out(SOMEBODY, action, now).await.unwrap();
    }

    /// What people read of the undo that they ask for now, where it is refused.
    async fn refusal(&self) -> String {
        let Self { bureau, case, .. } = self;
        let last = bureau.desk.ledger.load(case).await.unwrap().records().len() as u64;
        story::ask_for_undo(bureau, case).await;
        let refused = |case: &Case| case.not_proposed().filter(|(seq, _)| *seq > last).map(drop);
        bureau.wait(case, "the undo is refused", refused).await;
        let now = bureau.desk.ledger.load(case).await.unwrap();
        let said = announcements(&now).into_iter().rev().find_map(|owed| {
            let (What::Notice(text) | What::Alarm(text)) = owed.what else { return None };
            text.starts_with("No plan").then_some(text)
        });
        said.unwrap_or_else(|| panic!("nothing is said\n{}", journal(&now)))
    }

    /// The undo is refused with all three states of this field and of nothing else; before the
    /// plan, as it left it, and now.
    async fn differs_in(&self, on: &PrincipalName, field: &str) -> [String; 3] {
        let said = self.refusal().await;
        let told = format!("{on}: {field}: before the plan ");
        let (_, states) = said.split_once(&told).unwrap_or_else(|| panic!("{told}: {said}"));
        let (before, states) = states.split_once("; as the plan left it ").unwrap();
        let (left, now) = states.split_once("; now ").unwrap();
        assert!(!now.contains(": before the plan "), "{field} of {on} alone: {said}");
        [before, left, now].map(str::to_owned)
    }

    /// Somebody takes the step back, and the undo of the case is refused; then everything is as
    /// the case left it again. Which kind of step it was.
    async fn taken_back(
        &self,
        step: &Action,
        (before, left): (&Photograph, &Photograph),
    ) -> &'static str {
        let (kind, change) = kind(step, before, left);
        let (on, field) = (step.on.key(), kind.split(": ").nth(1).unwrap());
        self.by_hand(&Action { on: step.on.clone(), change }).await;
        let [was, left_as, is] = self.differs_in(&on, field).await;
        assert!(was == is && was != left_as, "{kind}: {was}; {left_as}; {is}");
        self.by_hand(step).await;
        kind
    }

    /// Somebody edits an inline policy of ours, and the undo, which would delete it, is refused.
    async fn edited(&self, on: &PrincipalName, left: &Photograph) {
        // What bears the tag the organization lets nobody of the account edit.
        let is_open = !left.tags.contains_key(TAG);
        let own = left.inline.iter().filter(|(name, _)| is_open && name.starts_with("Keyleak"));
        let office = Visitor::new(self.cloud, OFFICE.0, OFFICE.1);
        for (name, document) in own {
            let put = |document: &str| {
                let (name, document) = (name.clone(), document.to_owned());
                Operation::PutPolicy { on: on.clone(), name, document }
            };
            let edited = document.replace("\"Deny\"", "\"Allow\"");
            does(&office, self.colleague, &put(&edited)).await;
            let [was, left_as, is] = self.differs_in(on, "inline policies").await;
            assert!(left_as.contains(name) && is.contains(name), "{left_as}; {is}");
            assert!(left_as != is && !was.contains(name), "{was}; {left_as}; {is}");
            does(&office, self.colleague, &put(document)).await;
        }
    }
}

/// A whole case in an account with this user: contained, not undone while somebody has changed any
/// of it, and undone as soon as nobody has. Every kind of step that it took.
async fn told(
    seed: u64,
    furnish: impl FnOnce(&Arc<SimCloud>, NewUser) -> NewUser,
) -> BTreeSet<&'static str> {
    let mut others = None;
    let (mut ground, cloud) = simulated::town(seed, |cloud, user| {
        for name in [SHARED, OPENED] {
            let role = NewRole::trusting(name, &trust(ACCOUNT), user.created);
            cloud.add_role(role.attached(ADMINISTRATOR)).unwrap();
        }
        let ops = NewUser::named("ops", user.created).attached(ADMINISTRATOR);
        let (_, colleague) = cloud.add_user(ops).unwrap();
        others = Some((colleague, cloud.add_foreign_key(ABROAD)));
        furnish(cloud, user)
    })
    .await;
    let (colleague, abroad) = others.unwrap();
    plundered(&mut ground, &cloud, &abroad).await;
    (ground.timing.watch_for, ground.timing.watch_every) = (NEVER, NEVER);
    let before = account(&ground, &cloud).await;
    let (bureau, case) = left_alone(&ground).await;
    let left = account(&ground, &cloud).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    let steps = now.standing_plans().flat_map(PlanState::holding_steps);
    let steps: Vec<Action> = steps.map(|(_, step, _)| step.action.clone()).collect();
    let meddled = Meddled { bureau: &bureau, case: &case, cloud: &cloud, colleague: &colleague };
    let mut kinds = BTreeSet::new();
    for step in &steps {
        let on = step.on.key();
        assert_ne!(before[&on], left[&on], "{}: the control", step.sentence());
        kinds.insert(meddled.taken_back(step, (&before[&on], &left[&on])).await);
    }
    for (on, left) in &left {
        meddled.edited(on, left).await;
    }
    story::undo(&bureau, &case).await;
    let after = account(&ground, &cloud).await;
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    for (name, was) in &before {
        assert_eq!(differences(was, &after[name]), [""; 0], "{name}");
        assert_eq!(*was, after[name], "{name}: what people are not shown, too");
    }
    bureau.checked_chain(&case).await;
    bureau.close().await;
    kinds
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_cases_with_every_kind_of_step_are_undone_and_not_where_somebody_changed_the_thing() {
    let plain = told(311, |cloud, user| {
        cloud.govern(TAG, &[POLICY]).unwrap();
        user
    });
    let ten = told(312, |cloud, mut user| {
        while user.attached.len() < ATTACHED_MAX {
            let document = r#"{"Version":"2012-10-17","Statement":[]}"#;
            let name = format!("team-{}", user.attached.len());
            user.attached.push(cloud.add_policy(&name, document).unwrap());
        }
        user
    });
    let full = told(313, crowded);
    let (plain, ten, full) = tokio::join!(plain, ten, full);
    let kinds: BTreeSet<_> = plain.into_iter().chain(ten).chain(full).collect();
    assert_eq!(kinds, BTreeSet::from(KINDS), "every kind, through a whole case");
}
