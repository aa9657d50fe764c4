//! What else of IAM the actor made: deleted with the users and roles where nobody else uses it, and
//! told to people with the commands where somebody does.

use crate::bureau::{Bureau, journal};
use crate::eradicated::{approved, contained, deleted, only_the_actors_are_gone, press, proposed};
use crate::ground::{BACKDOOR, Ground};
use crate::simulated::town;
use crate::story;
use keyleak::domain::button::PlanAddress;
use keyleak::domain::case::Case;
use keyleak::domain::event::Event;
use keyleak::domain::ids::CaseId;
use keyleak::domain::principal::PrincipalName;
use keyleak::domain::reconciliation::Verdict;
use keyleak::domain::resource::{ResourceName, ResourceType};
use keyleak::domain::snapshot::Snapshot;
use keyleak::sim::attacker::{Credential, Operation};
use keyleak::sim::cloud::SimCloud;
use keyleak::sim::cloud::attacker::Visitor;
use keyleak::sim::cloud::faults::Fault;
use keyleak::sim::cloud::managed::ADMINISTRATOR;
use keyleak::sim::cloud::setup::{NewRole, NewUser};
use keyleak::sim::cloud::things::ThingCall;
use std::sync::Arc;

/// A role that the actor makes, which its own provider lets in.
const ROLE: &str = "backup-agent";
/// Who was there before, a user and a role that trusts a provider which is yet to be made.
const COLLEAGUE: &str = "ops";
const OLD_ROLE: &str = "deploy";
const USED_HOST: &str = "used.example";
const ALLOW_ALL: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

struct Town {
    ground: Ground,
    cloud: Arc<SimCloud>,
    thief: Visitor,
    colleague: Credential,
}

async fn town_of(seed: u64) -> Town {
    let mut colleague = None;
    let (ground, cloud) = town(seed, |cloud, user| {
        let ops = NewUser::named(COLLEAGUE, user.created).attached(ADMINISTRATOR);
        colleague = Some(cloud.add_user(ops).unwrap().1);
        let provider = cloud.thing_name(ResourceType::OidcProvider, USED_HOST);
        let role = NewRole::trusting(OLD_ROLE, &trusting(&provider.id), user.created);
        cloud.add_role(role).unwrap();
        user
    })
    .await;
    let thief = Visitor::new(&cloud, "203.0.113.66", "Boto3/1.34.1");
    Town { ground, cloud, thief, colleague: colleague.unwrap() }
}

fn trusting(provider: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow",
        "Principal":{{"Federated":"{provider}"}},"Action":"sts:AssumeRoleWithWebIdentity"}}]}}"#
    )
}

impl Town {
    fn named(&self, of: ResourceType, id: &str) -> ResourceName {
        self.cloud.thing_name(of, id)
    }

    fn policy(&self, id: &str) -> String {
        self.named(ResourceType::Policy, id).arn()
    }

    async fn makes(&self, call: ThingCall) {
        let reply = self.thief.on_thing(self.ground.key(), &call).await;
        assert!(reply.worked(), "{call:?}: {reply:?}");
    }

    async fn attaches(&self, policy: &str, to: PrincipalName) {
        let attach = Operation::AttachPolicy { to, policy_arn: self.policy(policy) };
        let reply = self.ground.attacker.call(self.ground.key(), &attach).await;
        assert!(reply.worked(), "{attach:?}: {reply:?}");
    }

    /// One of each kind, used by nobody but what the actor made.
    async fn makes_its_own(&self) {
        let saml = self.named(ResourceType::SamlProvider, "evil-sso").id;
        let (policy, document) = ("all".to_owned(), ALLOW_ALL.to_owned());
        self.makes(ThingCall::CreatePolicy { policy, document }).await;
        let metadata = "<EntityDescriptor/>".to_owned();
        self.makes(ThingCall::CreateSamlProvider { provider: "evil-sso".into(), metadata }).await;
        self.makes(ThingCall::CreateOidcProvider { host: "evil.example".to_owned() }).await;
        let role = Operation::CreateRole { role: ROLE.to_owned(), trust: trusting(&saml) };
        assert!(self.ground.attacker.call(self.ground.key(), &role).await.worked());
        let (group, profile) = (|| "helpers".to_owned(), || "workers".to_owned());
        self.makes(ThingCall::CreateGroup { group: group() }).await;
        let policy_arn = self.policy("all");
        self.makes(ThingCall::AttachGroupPolicy { group: group(), policy_arn }).await;
        self.makes(ThingCall::AddUserToGroup { group: group(), user: BACKDOOR.into() }).await;
        self.makes(ThingCall::CreateInstanceProfile { profile: profile() }).await;
        let into = ThingCall::AddRoleToInstanceProfile { profile: profile(), role: ROLE.into() };
        self.makes(into).await;
        self.attaches("all", PrincipalName::user(BACKDOOR)).await;
        self.attaches("all", PrincipalName::role(ROLE)).await;
    }

    /// And those that somebody who was there before uses too.
    async fn makes_what_others_use(&self) {
        let (policy, document) = ("shared".to_owned(), ALLOW_ALL.to_owned());
        self.makes(ThingCall::CreatePolicy { policy, document }).await;
        self.attaches("shared", PrincipalName::user(COLLEAGUE)).await;
        self.makes(ThingCall::CreateGroup { group: "crew".to_owned() }).await;
        let into = ThingCall::AddUserToGroup { group: "crew".into(), user: COLLEAGUE.into() };
        self.makes(into).await;
        self.makes(ThingCall::CreateOidcProvider { host: USED_HOST.to_owned() }).await;
    }

    /// In the order in which they may go.
    fn own(&self) -> [PrincipalName; 7] {
        let named = |of, id| self.named(of, id).key();
        [
            named(ResourceType::SamlProvider, "evil-sso"),
            named(ResourceType::OidcProvider, "evil.example"),
            PrincipalName::user(BACKDOOR),
            PrincipalName::role(ROLE),
            named(ResourceType::InstanceProfile, "workers"),
            named(ResourceType::Group, "helpers"),
            named(ResourceType::Policy, "all"),
        ]
    }

    fn there(&self) -> Vec<String> {
        self.cloud.resources().keys().map(ToString::to_string).collect()
    }

    async fn proposed(&self, bureau: &Bureau) -> (CaseId, PlanAddress) {
        let case = contained(bureau, &self.ground).await;
        press(bureau, &case).await;
        let at = proposed(bureau, &case, &self.own()).await;
        (case, at)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_else_uses_goes_with_the_users_and_roles_and_the_rest_is_told() {
    let town = town_of(25).await;
    town.makes_its_own().await;
    town.makes_what_others_use().await;
    let (policy, document) = ("theirs".to_owned(), ALLOW_ALL.to_owned());
    let theirs = ThingCall::CreatePolicy { policy, document };
    assert!(town.thief.on_thing(&town.colleague, &theirs).await.worked());
    let bureau = Bureau::open(&town.ground).await;
    let (case, at) = town.proposed(&bureau).await;
    let said = |case: &Case| case.not_eradicated().map(|(_, why)| why.to_owned());
    let said = bureau.wait(&case, "what is left to people", said).await;
    for (thing, why, command) in [
        ("OIDC provider arn:aws:iam::", "role deploy uses it", "delete-open-id-connect-provider"),
        ("group crew, made by the actor", "user ops uses it", "delete-group "),
        ("policy shared, made by the actor", "user ops uses it", "list-entities-for-policy"),
    ] {
        assert!([thing, why, command].iter().all(|part| said.contains(part)), "{thing}: {said}");
    }
    assert!(!said.contains("theirs"), "{said}");

    approved(&bureau, &town.ground, &at).await;
    let now = deleted(&bureau, &at).await;
    only_the_actors_are_gone(&town.ground, &now).await;
    let left = [
        format!("OIDC provider {}", town.named(ResourceType::OidcProvider, USED_HOST).id),
        "group crew".to_owned(),
        "policy shared".to_owned(),
        "policy theirs".to_owned(),
    ];
    assert_eq!(town.there(), left, "{}", journal(&now));
    let steps = now.plan(at.plan).unwrap().plan.steps.iter();
    let order: Vec<_> = steps.map(|step| step.action.on.key()).collect();
    assert_eq!(order, town.own(), "who is let in, who they are, what they used");

    let result = story::closed_and_compared(&bureau, &case).await;
    assert_eq!(result.verdict(), Verdict::Agrees, "{result:?}");
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_has_each_of_them_whole_and_its_script_makes_it_again() {
    let town = town_of(26).await;
    town.makes_its_own().await;
    let bureau = Bureau::open(&town.ground).await;
    let (case, at) = town.proposed(&bureau).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    let taken = &now.plan(at.plan).unwrap().plan.snapshot;
    let content = bureau.desk.evidence.get(&taken.sha256).await.unwrap();
    let snapshot: Snapshot = serde_json::from_slice(&content).unwrap();
    let group = town.own()[5].clone();
    for (name, part) in town.own().into_iter().zip([
        "EntityDescriptor",
        "https://evil.example",
        "create-user",
        "create-role",
        "add-role-to-instance-profile",
        "attach-group-policy",
        "create-policy",
    ]) {
        let photograph = snapshot.of(&name).unwrap();
        let script = keyleak::domain::restoring::script(photograph).unwrap();
        assert!(script.contains(part), "{name} {part}: {script}");
    }
    let of_group = snapshot.of(&group).unwrap();
    assert!(of_group.id.starts_with("AGPA"), "{of_group:?}");
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_broke_off_in_the_middle_is_taken_up_again() {
    let town = town_of(27).await;
    town.makes_its_own().await;
    let bureau = Bureau::open(&town.ground).await;
    let (_, at) = town.proposed(&bureau).await;
    for call in ["DeleteSAMLProvider", "RemoveRoleFromInstanceProfile", "DeleteGroup"] {
        town.cloud.inject(call, 1, Fault::TimeoutAfterEffect);
    }
    town.cloud.inject("DetachGroupPolicy", 1, Fault::Unavailable);
    town.cloud.inject("DeletePolicy", 1, Fault::TimeoutAfterEffect);
    approved(&bureau, &town.ground, &at).await;
    let now = deleted(&bureau, &at).await;
    assert_eq!(town.there(), Vec::<String>::new(), "{}", journal(&now));
    let tried: u32 = now.plan(at.plan).unwrap().steps.iter().map(|step| step.attempts).sum();
    assert!(tried >= 10, "the five were tried again\n{}", journal(&now));
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_came_to_use_it_while_people_decided_keeps_it() {
    let town = town_of(28).await;
    town.makes_its_own().await;
    let bureau = Bureau::open(&town.ground).await;
    let (case, at) = town.proposed(&bureau).await;
    let (on, policy_arn) = (PrincipalName::user(COLLEAGUE), town.policy("all"));
    let attach = Operation::AttachPolicy { to: on, policy_arn };
    assert!(town.ground.attacker.call(&town.colleague, &attach).await.worked());
    approved(&bureau, &town.ground, &at).await;
    let over = |case: &Case| case.plan(at.plan)?.ended_at().is_some().then(|| case.clone());
    let now = bureau.wait(&case, "an end", over).await;
    assert_eq!(town.there(), ["policy all"], "the others went\n{}", journal(&now));
    let said = format!("{:?}", now.plan(at.plan).unwrap().steps.last().unwrap().result);
    assert!(said.contains("user ops uses it since, and stays"), "{said}");
    let voided = |event: &Event| matches!(event, Event::Voided { plan, .. } if *plan == at.plan);
    assert!(!now.records().iter().any(|record| voided(&record.event)), "{}", journal(&now));
    bureau.close().await;
}

/// The control is `what_nobody_else_uses_goes_with_the_users_and_roles_and_the_rest_is_told`.
#[tokio::test(flavor = "multi_thread")]
async fn what_others_put_into_it_while_people_decided_is_not_deleted_with_it() {
    let town = town_of(29).await;
    town.makes_its_own().await;
    let bureau = Bureau::open(&town.ground).await;
    let (case, at) = town.proposed(&bureau).await;
    let (profile, role) = ("workers".to_owned(), "deploy".to_owned());
    let policy_arn = ADMINISTRATOR.to_owned();
    for call in [
        ThingCall::AddRoleToInstanceProfile { profile, role },
        ThingCall::AttachGroupPolicy { group: "helpers".to_owned(), policy_arn },
    ] {
        let reply = town.thief.on_thing(&town.colleague, &call).await;
        assert!(reply.worked(), "{call:?}: {reply:?}");
    }
    approved(&bureau, &town.ground, &at).await;
    let over = |case: &Case| case.plan(at.plan)?.ended_at().is_some().then(|| case.clone());
    let now = bureau.wait(&case, "an end", over).await;
    let there = town.there();
    for left in ["instance profile workers", "group helpers"] {
        assert!(there.iter().any(|one| one == left), "{there:?}\n{}", journal(&now));
    }
    let results = now.plan(at.plan).unwrap().steps.iter().map(|step| format!("{:?}", step.result));
    let said = results.collect::<String>();
    assert!(said.contains("it has since the snapshot role deploy, and stays"), "{said}");
    assert!(said.contains("since the snapshot policy arn:aws:iam::aws:policy/Admin"), "{said}");
    bureau.close().await;
}
