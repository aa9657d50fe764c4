//! Cases of session keys: whose session it is, is told by the trail alone, and that session ends.

use crate::bureau::{ASKER, Bureau, honest, is_contained, journal};
use crate::ground::{Ground, USER};
use crate::roles::{SHARED, Town, assume, does, minted, town, worked};
use crate::simulated::{QUICK, ground};
use crate::story::{self, refused};
use async_trait::async_trait;
use keyleak::domain::action::Change;
use keyleak::domain::button::ButtonAction;
use keyleak::domain::case::Case;
use keyleak::domain::event::Event;
use keyleak::domain::facts::Fact;
use keyleak::domain::ids::KeyKind;
use keyleak::domain::lineage::Subject;
use keyleak::domain::plan::PlanKind;
use keyleak::domain::report::whole_plan;
use keyleak::domain::revocation::Sessions;
use keyleak::domain::signer::{Behind, Signer, SignerKind};
use keyleak::ports::chat::{Scene, View};
use keyleak::ports::cloud::Contain;
use keyleak::ports::trail::rows::Rows;
use keyleak::ports::trail::{Cut, Deeds, RoleCalls, Sightings, Source, Trail, TrailError, Window};
use keyleak::sim::attacker::{Attacker, Credential, Operation};
use keyleak::slack::cards::draw;
use keyleak::slack::sketch::Means;
use keyleak::trail::investigator::Investigator;
use keyleak::trail::local::LocalTrail;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The trail without every record that names one key, until they are delivered.
struct Nameless {
    inner: LocalTrail,
    key: String,
    delivered: Arc<AtomicBool>,
}

impl Nameless {
    fn keeps(&self, names: [&Option<String>; 2]) -> bool {
        let is_named = names.into_iter().flatten().any(|name| *name == self.key);
        !is_named || self.delivered.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Source for Nameless {
    async fn sightings(&self, window: Window) -> Result<Sightings, TrailError> {
        let mut found = self.inner.sightings(window).await?;
        found.rows.retain(|row| self.keeps([&row.access_key_id, &row.minted_key]));
        Ok(found)
    }

    async fn cut(&self, window: Window, subject: &Subject) -> Result<Cut<Rows>, TrailError> {
        let mut found = self.inner.cut(window, subject).await?.held()?;
        found.rows.retain(|row| self.keeps([&row.access_key_id, &row.minted_key]));
        Ok(found.into())
    }

    async fn deeds(&self, deeds: &Deeds) -> Result<Cut, TrailError> {
        self.inner.deeds(deeds).await
    }

    async fn role_calls(&self, role: &str, window: Window) -> Result<RoleCalls, TrailError> {
        self.inner.role_calls(role, window).await
    }
}

fn signer(case: &Case) -> Option<Signer> {
    case.facts().signer_known().cloned()
}

/// Every change that the standing plans made, with the name of what it was made on.
fn changes(case: &Case) -> Vec<(String, Change)> {
    let steps = case.standing_plans().flat_map(|state| state.all_steps());
    steps.map(|(_, step, _)| (step.action.on.name.clone(), step.action.change.clone())).collect()
}

/// The keys of the user that were made inactive.
fn stopped_keys(case: &Case) -> Vec<KeyKind> {
    let of_user = changes(case).into_iter().filter(|(on, _)| on == USER);
    let stopped = of_user.filter_map(|(_, change)| {
        let Change::DeactivateKey { key } = change else {
            return None;
        };
        Some(key.kind())
    });
    stopped.collect()
}

async fn contained(ground: &Ground, held: &Credential) -> (Bureau, Case) {
    let bureau = Bureau::open(ground).await;
    let case = bureau.report(&held.access_key_id, ground.since).await;
    // Records come out of order: the plan does not wait for the one that shows the mint.
    let told = |case: &Case| {
        let is_whole = matches!(signer(case)?.behind, Behind::Key { .. });
        case.pending_plan().filter(|_| is_whole).map(|_| case.clone())
    };
    let proposed = bureau.wait(&case, "a plan and the key behind the session", told).await;
    has_the_ways(&bureau, &proposed);
    story::approve(&bureau, &case, PlanKind::Containment).await;
    bureau.wait(&case, "contained", is_contained).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    (bureau, now)
}

/// The cards say whose session it is, why it is ended in this way, and which other ways there are;
/// none of them is to make the session's key inactive.
fn has_the_ways(bureau: &Bureau, case: &Case) {
    let scene = Scene { case, policy: &bureau.desk.rules.policy, now: bureau.desk.clock.now() };
    let number = case.pending_plan().unwrap().plan.number;
    let drawn = |view| serde_json::to_string(&draw(&view, Means::Full).blocks).unwrap();
    let (card, plan) = (drawn(View::Card(scene)), drawn(View::Plan(scene, number)));
    for wanted in ["Signs as: ", "Behind it: ", "long-term key AKIA…"] {
        assert!(card.contains(wanted), "{wanted}: {card}");
    }
    let ways = drawn(View::Ways(scene, number));
    for wanted in ["goes this way", "cannot be made inactive", "Milder: ", "Harder: ", "undo: "] {
        assert!(ways.contains(wanted), "{wanted}: {ways}");
    }
    for said in [plan, ways] {
        assert!(!said.contains("make only the key inactive"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaked_session_of_a_user_ends_by_a_deny_on_the_user_and_no_session_key_is_switched_off()
{
    for (seed, which, kind) in
        [(51, 1, SignerKind::UserSession), (52, 2, SignerKind::FederatedUser)]
    {
        let ground = ground(seed, QUICK).await;
        let (bureau, case) = contained(&ground, &ground.loot[which]).await;
        let found = signer(&case).unwrap();
        assert_eq!(found.kind, kind);
        let Behind::Key { key, likely: false, .. } = &found.behind else { panic!("{found:?}") };
        assert_eq!(key.reveal(), ground.key().access_key_id, "the key that minted it");
        let owner = case.facts().owner_known().map(|owner| owner.user.0.as_str());
        assert_eq!(owner, Some(USER), "so that whoever owns it does not approve");
        for held in &ground.loot {
            refused(ground.attacker.as_ref(), held).await.unwrap_or_else(|why| {
                panic!("{why}\n{}", journal(&case));
            });
        }
        assert!(
            changes(&case).iter().any(|(on, c)| on == USER && matches!(c, Change::Deny { .. }))
        );
        assert_eq!(stopped_keys(&case), [KeyKind::LongTerm], "{}", journal(&case));
        bureau.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaked_session_of_a_shared_role_ends_with_its_like_and_what_it_opened_and_no_other() {
    let Town { ground, office, colleague, .. } = town(53).await;
    let thief = ground.attacker.as_ref();
    let good = minted(&office, &colleague, &assume(SHARED, "release")).await;
    let evil = minted(thief, ground.key(), &assume(SHARED, "boto")).await;
    let again = minted(thief, ground.key(), &assume(SHARED, "boto")).await;
    let chained = minted(thief, &evil, &assume(SHARED, "deeper")).await;
    for held in [&evil, &again, &chained] {
        does(thief, held, &Operation::ListBuckets).await;
    }

    let (bureau, case) = contained(&ground, &evil).await;
    let found = signer(&case).unwrap();
    assert_eq!(found.kind, SignerKind::Role);
    assert!(found.alike, "the trail shows another session of that name: {found:?}");
    for held in [&evil, &again, &chained] {
        refused(thief, held).await.unwrap_or_else(|why| panic!("{why}\n{}", journal(&case)));
    }
    let goes_on = office.call(&good, &Operation::ListBuckets).await;
    worked(&goes_on, &format!("a colleague's session\n{}", journal(&case)));
    does(thief, ground.key(), &Operation::ListBuckets).await;
    let named = |change: &Change| {
        matches!(change, Change::RevokeSessions { sessions: Sessions::Named { .. }, .. })
    };
    let of_shared = changes(&case).into_iter().filter(|(on, _)| on == SHARED);
    let of_shared: Vec<Change> = of_shared.map(|(_, change)| change).collect();
    assert!(!of_shared.is_empty() && of_shared.iter().all(named), "{of_shared:?}");
    assert!(changes(&case).iter().all(|(on, _)| on != USER), "the user did not leak");

    let standing = case.standing_containment().map(story::address).unwrap();
    bureau.press(ASKER, ButtonAction::Undo(standing)).await;
    story::approve(&bureau, case.id(), PlanKind::Undo).await;
    bureau.wait(case.id(), "undone", |case| story::done(case, PlanKind::Undo)).await;
    ground.clock.sleep(Duration::from_secs(10)).await;
    does(thief, &evil, &Operation::ListBuckets).await;
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_no_record_names_the_key_nothing_is_proposed_and_once_one_does_the_plan_comes() {
    let Town { ground, office, colleague, .. } = town(54).await;
    let thief = ground.attacker.as_ref();
    // A colleague's session has the very name of the thief's: it is no proof of anything.
    let namesake = minted(&office, &colleague, &assume(SHARED, "boto")).await;
    does(&office, &namesake, &Operation::ListBuckets).await;
    let evil = minted(thief, ground.key(), &assume(SHARED, "boto")).await;
    does(thief, &evil, &Operation::ListBuckets).await;
    ground.clock.sleep(Duration::from_secs(180)).await;

    let delivered = Arc::new(AtomicBool::new(false));
    let later = Arc::clone(&delivered);
    let key = evil.access_key_id.clone();
    let nameless = move |inner| {
        let source = Nameless { inner, key, delivered: later };
        Arc::new(Investigator::new(source)) as Arc<dyn Trail>
    };
    let bureau = Bureau::open_with(&ground, |rights: Arc<dyn Contain>| rights, nameless).await;
    let case = bureau.report(&evil.access_key_id, ground.since).await;
    let missing = |case: &Case| {
        let (_, why) = case.not_proposed()?;
        why.contains("no record that was delivered").then(|| why.to_owned())
    };
    let why = bureau.wait(&case, "it says what is missing", missing).await;
    assert!(why.contains("press Containment") && why.contains("looks alike"), "{why}");
    let now = story::watched_in_vain(&bureau, &case, &ground).await;
    assert!(now.plans().next().is_none(), "nobody is taken for it:\n{}", journal(&now));
    assert!(matches!(now.facts().signer, Some(Fact::Unknown(_))), "{:?}", now.facts().signer);
    let said = now.records().iter().filter(|r| matches!(r.event, Event::NotProposed { .. }));
    assert!(said.count() <= 2, "it is not said every half minute:\n{}", journal(&now));

    delivered.store(true, Ordering::SeqCst);
    story::approve(&bureau, &case, PlanKind::Containment).await;
    bureau.wait(&case, "contained", is_contained).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    refused(thief, &evil).await.unwrap_or_else(|why| panic!("{why}\n{}", journal(&now)));
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_trail_a_session_key_gets_no_plan_and_the_reason() {
    let ground = ground(55, QUICK).await;
    let bureau = Bureau::open_beside(&ground, |rights| rights, |_| None).await;
    let case = bureau.report(&ground.loot[1].access_key_id, ground.since).await;
    let why = |case: &Case| case.not_proposed().map(|(_, why)| why.to_owned());
    let why = bureau.wait(&case, "there is a reason", why).await;
    assert!(why.contains("no trail is configured"), "{why}");
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_contain_role_the_commands_that_end_the_session_are_told() {
    let Town { ground, .. } = town(56).await;
    let thief = ground.attacker.as_ref();
    let evil = minted(thief, ground.key(), &assume(SHARED, "boto")).await;
    let bureau = Bureau::open_for(&ground, |_| None, |local| Some(honest(local))).await;
    let case = bureau.report(&evil.access_key_id, ground.since).await;
    let told = |case: &Case| {
        let said = whole_plan(case, case.pending_plan()?);
        let ends = format!("aws iam put-role-policy --role-name {SHARED} ");
        (said.contains(&ends) && said.contains(":boto")).then_some(())
    };
    bureau.wait(&case, "the commands", told).await;
    bureau.close().await;
}
