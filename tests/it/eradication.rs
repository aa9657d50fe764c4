//! Eradication on the simulated account: what the actor made is gone for good, and it alone.

use crate::bureau::{APPROVER, Bureau, honest, is_contained, journal};
use crate::eradicated::{approved, contained, deleted, only_the_actors_are_gone, press, proposed};
use crate::ground::{BACKDOOR, Ground, USER};
use crate::simulated::{self, QUICK, ground};
use crate::story;
use async_trait::async_trait;
use keyleak::domain::action::{Action, Change};
use keyleak::domain::button::ButtonAction;
use keyleak::domain::case::Case;
use keyleak::domain::event::Event;
use keyleak::domain::ids::CaseId;
use keyleak::domain::plan::PlanKind;
use keyleak::domain::principal::PrincipalName;
use keyleak::domain::reconciliation::Verdict;
use keyleak::domain::report::status_words;
use keyleak::domain::resource::ResourceType;
use keyleak::ports::cloud::{Applied, CallError, Contain};
use keyleak::ports::ticket::Ticket;
use keyleak::sim::attacker::{Credential, Operation, Reply};
use keyleak::sim::cloud::SimCloud;
use keyleak::sim::cloud::attacker::Visitor;
use keyleak::sim::cloud::faults::Fault;
use keyleak::sim::cloud::managed::ADMINISTRATOR;
use keyleak::sim::cloud::setup::NewUser;
use keyleak::sim::cloud::things::ThingCall;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio_util::task::TaskTracker;

/// A user of long ago, of whom the actor makes a key.
const OLD: &str = "payroll";
/// A role that the actor makes.
const ROLE: &str = "backup-agent";
const ABROAD: &str = "999999999999";

/// An account in which the actor made a user with everything that can hang on one, and a role.
struct Town {
    ground: Ground,
    cloud: Arc<SimCloud>,
    /// The new user's session of the console, which no key signs.
    session: Credential,
}

async fn town(seed: u64) -> Town {
    let beside = |cloud: &Arc<SimCloud>, user| {
        let old = NewUser::named(OLD, "2024-01-01T00:00:00Z".parse().unwrap());
        cloud.add_user(old).unwrap();
        user
    };
    let (ground, cloud) = simulated::town(seed, beside).await;
    let thief = Arc::clone(&ground.attacker);
    let user = || BACKDOOR.to_owned();
    let on = || PrincipalName::user(BACKDOOR);
    let trust = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow",
        "Principal":{{"AWS":"arn:aws:iam::{ABROAD}:root"}},"Action":"sts:AssumeRole"}}]}}"#
    );
    let everything = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*",
        "Resource":"*"}]}"#;
    for operation in [
        Operation::AttachPolicy { to: on(), policy_arn: ADMINISTRATOR.to_owned() },
        Operation::PutPolicy {
            on: on(),
            name: "everything".to_owned(),
            document: everything.to_owned(),
        },
        Operation::CreateLoginProfile { user: user() },
        Operation::CreateServiceCredential { user: user() },
        Operation::CreateAccessKey { user: OLD.to_owned() },
        Operation::CreateRole { role: ROLE.to_owned(), trust },
        Operation::AttachPolicy {
            to: PrincipalName::role(ROLE),
            policy_arn: ADMINISTRATOR.to_owned(),
        },
    ] {
        let reply = thief.call(ground.key(), &operation).await;
        assert!(reply.worked(), "{operation:?}: {reply:?}");
    }
    ground.clock.sleep(Duration::from_secs(10)).await;
    let session = match thief.call(ground.key(), &Operation::SignIn { user: user() }).await {
        Reply::Minted(credential) => credential,
        other @ (Reply::Allowed | Reply::Refused(_)) => panic!("{other:?}"),
    };
    Town { ground, cloud, session }
}

/// An actor who tries a credential without a pause, and whether anything ever came of it.
struct Racer {
    got_in: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    tasks: TaskTracker,
}

impl Racer {
    fn starts(ground: &Ground, held: &Credential) -> Self {
        let (got_in, stop) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let tasks = TaskTracker::new();
        let (attacker, held) = (Arc::clone(&ground.attacker), held.clone());
        let (seen, ended) = (Arc::clone(&got_in), Arc::clone(&stop));
        tasks.spawn(async move {
            while !ended.load(Ordering::Relaxed) {
                if attacker.call(&held, &Operation::ListBuckets).await.worked() {
                    seen.store(true, Ordering::Relaxed);
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
        tasks.close();
        Self { got_in, stop, tasks }
    }

    async fn got_in(self) -> bool {
        self.stop.store(true, Ordering::Relaxed);
        self.tasks.wait().await;
        self.got_in.load(Ordering::Relaxed)
    }
}

fn made() -> [PrincipalName; 2] {
    [PrincipalName::user(BACKDOOR), PrincipalName::role(ROLE)]
}

/// The calls that changed something about a principal since a number of calls.
fn changes(cloud: &SimCloud, since: usize, name: &str) -> Vec<(&'static str, String)> {
    let calls = cloud.calls().into_iter().skip(since);
    let about = calls.filter(|call| {
        let by_eradicator = call.by.contains("keyleak-eradicate");
        by_eradicator && call.is_change && call.arguments.iter().any(|(_, value)| value == name)
    });
    let told = about.filter(|call| call.refused.is_none());
    told.map(|call| {
        let (_, last) = call.arguments.last().cloned().unwrap_or_default();
        (call.name, last)
    })
    .collect()
}

/// The whole of it, on a ground where the actor made one user.
async fn the_actors_user_is_deleted(bureau: &Bureau, ground: &Ground) -> Case {
    let case = contained(bureau, ground).await;
    press(bureau, &case).await;
    let at = proposed(bureau, &case, &[PrincipalName::user(BACKDOOR)]).await;
    approved(bureau, ground, &at).await;
    let now = deleted(bureau, &at).await;
    only_the_actors_are_gone(ground, &now).await;
    bureau.checked_chain(&case).await;
    now
}

/// Presses Eradication, and waits for the reason why nothing is deleted.
async fn refused(bureau: &Bureau, case: &CaseId) -> String {
    press(bureau, case).await;
    let said = |case: &Case| case.not_eradicated().map(|(_, why)| why.to_owned());
    bureau.wait(case, "a reason", said).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_actor_made_is_deleted_and_nothing_that_was_there_before() {
    let Town { ground, cloud, session } = town(51).await;
    let bureau = Bureau::open(&ground).await;
    let case = contained(&bureau, &ground).await;
    press(&bureau, &case).await;
    let at = proposed(&bureau, &case, &made()).await;
    let racer = Racer::starts(&ground, &session);
    let before = cloud.calls().len();
    approved(&bureau, &ground, &at).await;
    let now = deleted(&bureau, &at).await;
    assert!(!racer.got_in().await, "the deny outlasted the rest\n{}", journal(&now));
    only_the_actors_are_gone(&ground, &now).await;
    assert!(cloud.role_state(ROLE).is_none() && cloud.user_state(OLD).is_some());
    assert!(status_words(&now).contains("gone for good"), "{}", status_words(&now));

    let calls = changes(&cloud, before, BACKDOOR);
    let names: Vec<&str> = calls.iter().map(|(name, _)| *name).collect();
    for call in [
        "DeleteLoginProfile",
        "DeleteAccessKey",
        "DeleteServiceSpecificCredential",
        "DeleteUserPolicy",
    ] {
        assert!(names.contains(&call), "{call}: {calls:?}");
    }
    let [.., (detach, policy), (delete, _)] = calls.as_slice() else { panic!("{calls:?}") };
    assert_eq!((*detach, *delete), ("DetachUserPolicy", "DeleteUser"), "{calls:?}");
    assert_eq!(*policy, ground.deny_policy_arn, "the deny is the last to go");

    let result = story::closed_and_compared(&bureau, &case).await;
    assert_eq!(result.verdict(), Verdict::Agrees, "{result:?}");
    assert!(result.looked.role.contains("keyleak-eradicate"), "{result:?}");
    bureau.close().await;
}

/// Takes the deny off before everything else.
struct DenyFirst {
    inner: Arc<dyn Contain>,
    cloud: Arc<SimCloud>,
    ground_clock: keyleak::ports::clock::Clock,
}

#[async_trait]
impl Contain for DenyFirst {
    async fn apply(&self, ticket: &Ticket) -> Result<Applied, CallError> {
        if let Change::Delete { policy_arn, inline_name } = ticket.action().change.clone() {
            let on = ticket.action().on.clone();
            let lift = Action { on, change: Change::LiftDeny { policy_arn, inline_name } };
            let now = self.ground_clock.now();
            self.cloud.carry_out(("somebody", "no plan"), &lift, now).await?;
            self.ground_clock.sleep(Duration::from_secs(20)).await;
        }
        self.inner.apply(ticket).await
    }

    fn role(&self) -> Option<String> {
        self.inner.role()
    }

    fn eradicate_role(&self) -> Option<String> {
        self.inner.eradicate_role()
    }

    fn recover_role(&self) -> Option<String> {
        self.inner.recover_role()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sabotage_with_the_deny_deleted_first_a_racing_actor_gets_in() {
    let Town { ground, cloud, session } = town(52).await;
    let clock = ground.clock;
    let rights = |inner| Arc::new(DenyFirst { inner, cloud, ground_clock: clock }) as Arc<_>;
    let bureau = Bureau::open_with(&ground, rights, honest).await;
    let case = contained(&bureau, &ground).await;
    press(&bureau, &case).await;
    let at = proposed(&bureau, &case, &made()).await;
    let racer = Racer::starts(&ground, &session);
    approved(&bureau, &ground, &at).await;
    deleted(&bureau, &at).await;
    assert!(racer.got_in().await, "the race is one that can be lost");
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_broke_off_in_the_middle_is_taken_up_again() {
    let Town { ground, cloud, .. } = town(53).await;
    let bureau = Bureau::open(&ground).await;
    let case = contained(&bureau, &ground).await;
    press(&bureau, &case).await;
    let at = proposed(&bureau, &case, &made()).await;
    cloud.inject("DeleteAccessKey", 1, Fault::TimeoutAfterEffect);
    cloud.inject("DetachUserPolicy", 1, Fault::Unavailable);
    cloud.inject("DeleteRole", 1, Fault::TimeoutAfterEffect);
    approved(&bureau, &ground, &at).await;
    let now = deleted(&bureau, &at).await;
    only_the_actors_are_gone(&ground, &now).await;
    let tried: u32 = now.plan(at.plan).unwrap().steps.iter().map(|step| step.attempts).sum();
    assert!(tried >= 4, "each step was tried again\n{}", journal(&now));
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_deleted_before_the_case_is_contained() {
    let ground = ground(54, QUICK).await;
    let bureau = Bureau::open(&ground).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    let pending = |case: &Case| case.pending_plan().map(|_| ());
    bureau.wait(&case, "the containment is proposed", pending).await;
    press(&bureau, &case).await;
    story::approve(&bureau, &case, PlanKind::Containment).await;
    let said = |case: &Case| case.not_eradicated().map(|(_, why)| why.to_owned());
    let why = bureau.wait(&case, "a reason", said).await;
    assert!(why.contains("not contained"), "{why}");
    bureau.wait(&case, "contained", is_contained).await;
    let none = |case: &Case| case.plans().all(|state| state.plan.kind != PlanKind::Eradication);
    assert!(none(&bureau.desk.ledger.load(&case).await.unwrap()));
    bureau.close().await;
}

/// A service with a contain role and none that deletes.
struct NoneThatDeletes {
    inner: Arc<dyn Contain>,
}

#[async_trait]
impl Contain for NoneThatDeletes {
    async fn apply(&self, ticket: &Ticket) -> Result<Applied, CallError> {
        assert!(ticket.action().reversible(), "it deletes without a role for it");
        self.inner.apply(ticket).await
    }

    fn role(&self) -> Option<String> {
        self.inner.role()
    }

    fn eradicate_role(&self) -> Option<String> {
        None
    }

    fn recover_role(&self) -> Option<String> {
        None
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_role_that_deletes_people_get_the_commands() {
    let ground = ground(55, QUICK).await;
    let rights = |inner| Arc::new(NoneThatDeletes { inner }) as Arc<_>;
    let bureau = Bureau::open_with(&ground, rights, honest).await;
    let case = contained(&bureau, &ground).await;
    let why = refused(&bureau, &case).await;
    assert!(why.contains("aws.eradicate_role"), "{why}");
    let last = format!("aws iam delete-user --user-name '{BACKDOOR}'");
    assert!(why.trim_end().ends_with(&last), "{why}");
    assert!(!why.contains(USER), "nothing about the key's own user: {why}");
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_role_that_deletes_people_are_told_what_is_left_alone_too() {
    let town = town(65).await;
    let thief = Visitor::new(&town.cloud, "203.0.113.66", "Boto3/1.34.1");
    let (policy, document) = ("shared".to_owned(), "{}".to_owned());
    let document = document.replace("{}", r#"{"Version":"2012-10-17","Statement":[]}"#);
    let made = ThingCall::CreatePolicy { policy, document };
    assert!(thief.on_thing(town.ground.key(), &made).await.worked());
    let policy_arn = town.cloud.thing_name(ResourceType::Policy, "shared").arn();
    let attach = Operation::AttachPolicy { to: PrincipalName::user(OLD), policy_arn };
    assert!(town.ground.attacker.call(town.ground.key(), &attach).await.worked());
    let rights = |inner| Arc::new(NoneThatDeletes { inner }) as Arc<_>;
    let bureau = Bureau::open_with(&town.ground, rights, honest).await;
    let case = contained(&bureau, &town.ground).await;
    let why = refused(&bureau, &case).await;
    let (by_hand, left) = why.split_once("left alone: ").expect(&why);
    assert!(by_hand.contains("aws.eradicate_role"), "{why}");
    assert!(left.contains("policy shared") && left.contains("user payroll uses it"), "{why}");
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_eradication_the_containment_of_the_others_can_be_undone() {
    let ground = ground(56, QUICK).await;
    let bureau = Bureau::open(&ground).await;
    let now = the_actors_user_is_deleted(&bureau, &ground).await;
    let standing = now.standing_containment().unwrap();
    let undo = keyleak::domain::button::PlanAddress {
        case: now.id().clone(),
        plan: standing.plan.number,
        hash: standing.hash.clone(),
    };
    bureau.press(APPROVER, ButtonAction::Undo(undo)).await;
    let asked = |case: &Case| {
        let state = case.pending_plan().filter(|state| state.plan.kind == PlanKind::Undo)?;
        Some(state.plan.steps.iter().map(|step| step.action.on.name.clone()).collect::<Vec<_>>())
    };
    let on = bureau.wait(now.id(), "an undo", asked).await;
    assert!(on.iter().all(|name| name == USER), "what is gone is not undone: {on:?}");
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_made_again_by_that_name_is_not_deleted() {
    let Town { ground, cloud, .. } = town(57).await;
    let bureau = Bureau::open(&ground).await;
    let case = contained(&bureau, &ground).await;
    press(&bureau, &case).await;
    let at = proposed(&bureau, &case, &made()).await;
    // Somebody takes the actor's user and makes one of their own by that name.
    let again = cloud.user_state(BACKDOOR).unwrap();
    let on = again.principal();
    let delete =
        Change::Delete { policy_arn: ground.deny_policy_arn.clone(), inline_name: String::new() };
    let somebody = ("somebody", "no plan");
    let delete = Action { on, change: delete };
    cloud.carry_out(somebody, &delete, ground.clock.now()).await.unwrap();
    cloud.add_user(NewUser::named(BACKDOOR, ground.clock.now())).unwrap();
    approved(&bureau, &ground, &at).await;
    let ended = |case: &Case| {
        let state = case.plan(at.plan)?;
        let over = state.voided.is_some() || state.ended_at().is_some();
        over.then(|| case.clone())
    };
    let now = bureau.wait(&case, "voided", ended).await;
    assert!(cloud.user_state(BACKDOOR).is_some(), "another user by that name\n{}", journal(&now));
    let voided = |event: &Event| matches!(event, Event::Voided { plan, .. } if *plan == at.plan);
    assert!(now.records().iter().any(|record| voided(&record.event)), "{}", journal(&now));
    bureau.close().await;
}
