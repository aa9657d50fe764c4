//! What the actor opened and no step ends is said, and what the trail has told is not left alone.

use crate::bureau::{APPROVER, ASKER, Bureau, is_contained, journal};
use crate::ground::{BACKDOOR, Ground, USER};
use crate::roles::{SHARED, does, trust};
use crate::sim_account::ACCOUNT;
use crate::simulated;
use crate::story::{self, refused, watched_in_vain};
use async_trait::async_trait;
use keyleak::domain::button::ButtonAction;
use keyleak::domain::case::Case;
use keyleak::domain::event::{Event, Phase};
use keyleak::domain::ids::CaseId;
use keyleak::domain::lineage::Subject;
use keyleak::domain::plan::PlanKind;
use keyleak::domain::principal::PrincipalName;
use keyleak::ports::chat::{Scene, View};
use keyleak::ports::trail::rows::Rows;
use keyleak::ports::trail::{Cut, Deeds, RoleCalls, Sightings, Source, Trail, TrailError, Window};
use keyleak::sim::attacker::Operation;
use keyleak::sim::cloud::managed::ADMINISTRATOR;
use keyleak::sim::cloud::setup::{NewRole, NewUser};
use keyleak::slack::cards::draw;
use keyleak::slack::sketch::Means;
use keyleak::trail::investigator::Investigator;
use keyleak::trail::local::LocalTrail;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const OWNER: &str = "boss";

/// An account with a role and a user of long ago.
async fn town(seed: u64) -> Ground {
    let furnish = |cloud: &Arc<keyleak::sim::cloud::SimCloud>, user: NewUser| {
        let role = NewRole::trusting(SHARED, &trust(ACCOUNT), user.created).attached(ADMINISTRATOR);
        cloud.add_role(role).unwrap();
        cloud.add_user(NewUser::named(OWNER, user.created).attached(ADMINISTRATOR)).unwrap();
        user
    };
    simulated::town(seed, furnish).await.0
}

fn edits(document: String) -> Operation {
    Operation::UpdateTrust { role: SHARED.to_owned(), trust: document }
}

/// The thief does this, the bot hears of the key, and people approve.
async fn approved(ground: &Ground, deed: &Operation) -> (Bureau, CaseId) {
    does(ground.attacker.as_ref(), ground.key(), deed).await;
    let bureau = Bureau::open(ground).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    story::approve(&bureau, &case, PlanKind::Containment).await;
    (bureau, case)
}

/// What is open in the end; then the case is never called contained.
async fn open_in_the_end(ground: &Ground, deed: &Operation) -> Vec<String> {
    let (bureau, case) = approved(ground, deed).await;
    let open = |case: &Case| {
        let ends = &case.standing_containment()?.open_ends;
        (!ends.is_empty() || is_contained(case).is_some()).then(|| ends.clone())
    };
    let ends = bureau.wait(&case, "an open end, or contained", open).await;
    ground.clock.sleep(2 * ground.timing.trail_complete_after.unsigned_abs()).await;
    let now = watched_in_vain(&bureau, &case, ground).await;
    assert!(is_contained(&now).is_none(), "it is not contained:\n{}", journal(&now));
    assert!(now.pending_plan().is_none(), "nobody is asked what no plan can do");
    let told = now.records().iter().filter(|r| matches!(r.event, Event::OpenEnds { .. })).count();
    assert_eq!(told, 1, "and it is said once\n{}", journal(&now));
    bureau.close().await;
    ends
}

#[tokio::test(flavor = "multi_thread")]
async fn a_protected_role_that_the_actor_opened_is_for_people_and_the_case_is_not_contained() {
    let mut ground = town(930).await;
    ground.protected_arns = vec![format!("arn:aws:iam::{ACCOUNT}:role/{SHARED}")];
    let ends = open_in_the_end(&ground, &edits(trust("999999999999"))).await;
    let because = "the actor changed who may assume it; it existed before";
    let end = "who may assume role deploy, which is protected: contain it by hand";
    assert_eq!(ends, [format!("{end} ({because})")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_protected_user_with_a_new_password_is_for_people_and_the_case_is_not_contained() {
    let mut ground = town(931).await;
    ground.protected_arns = vec![format!("arn:aws:iam::{ACCOUNT}:user/{OWNER}")];
    let given = Operation::CreateLoginProfile { user: OWNER.to_owned() };
    let ends = open_in_the_end(&ground, &given).await;
    let because = "the actor set a password for it; it existed before";
    assert_eq!(ends, [format!("user boss, which is protected: contain it by hand ({because})")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_the_actor_opened_to_nobody_from_outside_is_compared_by_people() {
    let ground = town(921).await;
    let within =
        [format!("arn:aws:iam::{ACCOUNT}:root"), format!("arn:aws:iam::{ACCOUNT}:user/{USER}")];
    let document = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow",
        "Principal":{{"AWS":["{}","{}"]}},"Action":"sts:AssumeRole"}}]}}"#,
        within[0], within[1]
    );
    let ends = open_in_the_end(&ground, &edits(document)).await;
    let end = format!(
        "role deploy: the actor changed who may assume it; it existed before. It lets in {}: \
         compare that by hand, or take it in, whole",
        within.join(", ")
    );
    assert_eq!(ends, [end]);
}

/// The control: the key's owner edits roles too, and did so before the key leaked.
#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_was_edited_before_the_exposure_holds_up_no_case() {
    let mut ground = town(922).await;
    does(ground.attacker.as_ref(), ground.key(), &edits(trust(ACCOUNT))).await;
    ground.clock.sleep(Duration::from_secs(2)).await;
    ground.since = jiff::Timestamp::from_second(ground.clock.now().as_second()).unwrap();
    let (bureau, case) = approved(&ground, &Operation::ListBuckets).await;
    bureau
        .wait(&case, "contained, or asked", |case: &Case| {
            let is_asked = case.pending_plan().is_some_and(|s| s.plan.kind == PlanKind::FollowUp);
            is_contained(case).or_else(|| is_asked.then_some(()))
        })
        .await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    let ends = &now.standing_containment().unwrap().open_ends;
    assert!(!ends.iter().any(|end| end.contains(SHARED)), "{ends:?}");
    bureau.close().await;
}

/// The trail, until it no longer answers.
struct Away {
    inner: LocalTrail,
    is_away: Arc<AtomicBool>,
}

impl Away {
    fn answers(&self) -> Result<(), TrailError> {
        if self.is_away.load(Ordering::SeqCst) {
            return Err(TrailError::Unavailable { reason: "it is slow tonight".to_owned() });
        }
        Ok(())
    }
}

#[async_trait]
impl Source for Away {
    async fn sightings(&self, window: Window) -> Result<Sightings, TrailError> {
        self.answers()?;
        self.inner.sightings(window).await
    }

    async fn cut(&self, window: Window, subject: &Subject) -> Result<Cut<Rows>, TrailError> {
        self.answers()?;
        self.inner.cut(window, subject).await
    }

    async fn deeds(&self, deeds: &Deeds) -> Result<Cut, TrailError> {
        self.answers()?;
        self.inner.deeds(deeds).await
    }

    async fn role_calls(&self, role: &str, window: Window) -> Result<RoleCalls, TrailError> {
        self.answers()?;
        self.inner.role_calls(role, window).await
    }
}

/// The card of the plan that waits.
fn card(bureau: &Bureau, case: &Case) -> String {
    let scene = Scene { case, policy: &bureau.desk.rules.policy, now: bureau.desk.clock.now() };
    let number = case.pending_plan().unwrap().plan.number;
    serde_json::to_string(&draw(&View::Plan(scene, number), Means::Full).blocks).unwrap()
}

/// How often each step is in the standing plans, in words.
fn steps(case: &Case) -> BTreeMap<String, usize> {
    let mut counted = BTreeMap::new();
    for (_, step, _) in case.standing_plans().flat_map(|state| state.all_steps()) {
        *counted.entry(step.action.sentence()).or_default() += 1;
    }
    counted
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_trail_has_told_is_named_in_the_plan_and_contained_while_it_does_not_answer() {
    let ground = town(905).await;
    let thief = ground.attacker.as_ref();
    let on = PrincipalName::user(BACKDOOR);
    let attach = Operation::AttachPolicy { to: on, policy_arn: ADMINISTRATOR.to_owned() };
    does(thief, ground.key(), &attach).await;
    ground.clock.sleep(Duration::from_secs(1800)).await;
    let is_away = Arc::new(AtomicBool::new(false));
    let away = Arc::clone(&is_away);
    let trail =
        |inner| Arc::new(Investigator::new(Away { inner, is_away: away })) as Arc<dyn Trail>;
    let bureau = Bureau::open_with(&ground, |rights| rights, trail).await;
    let case = bureau.report(&ground.key().access_key_id, None).await;
    bureau.wait(&case, "the trail is read", |case| case.survey().map(drop)).await;
    let proposed = |case: &Case| {
        case.pending_plan().map(|state| (story::address(state), state.plan.covers.is_empty()))
    };
    let (at, is_early) = bureau.wait(&case, "a plan", proposed).await;
    if is_early {
        // On a slow machine the plan does not wait for the trail; asked again, it knows.
        bureau.press(APPROVER, ButtonAction::Deny(at)).await;
        let phase = Phase::Containment;
        bureau.press(ASKER, ButtonAction::Phase { case: case.clone(), phase }).await;
    }
    let covers = |case: &Case| {
        let covers = case.pending_plan()?.plan.covers.clone();
        (!covers.is_empty()).then_some(covers)
    };
    let covers = bureau.wait(&case, "a plan that names what it covers", covers).await;
    let known = format!("user {BACKDOOR}: the trail shows that the actor made this user");
    assert_eq!(covers[0], known, "{covers:?}");
    let card = card(&bureau, &bureau.desk.ledger.load(&case).await.unwrap());
    assert!(card.contains("Covered by the approval as well") && card.contains(&known), "{card}");

    is_away.store(true, Ordering::SeqCst);
    story::approve(&bureau, &case, PlanKind::Containment).await;
    let stopped = |case: &Case| {
        let plan = case.standing_containment()?;
        let mut done = plan.done_steps();
        done.any(|(_, step, _)| step.action.on.name == BACKDOOR).then_some(())
    };
    bureau.wait(&case, "the new user is stopped", stopped).await;
    ground.clock.sleep(Duration::from_secs(60)).await;
    refused(thief, &ground.backdoor).await.unwrap();
    let before = steps(&bureau.desk.ledger.load(&case).await.unwrap());
    assert!(before.values().all(|often| *often == 1), "{before:?}");

    is_away.store(false, Ordering::SeqCst);
    bureau.wait(&case, "contained", is_contained).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    assert!(steps(&now).values().all(|often| *often == 1), "{}", journal(&now));
    bureau.close().await;
}
