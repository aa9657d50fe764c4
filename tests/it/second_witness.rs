//! A case that is closed is held against AWS's own log, and closing never hangs on it.

use crate::bureau::{ASKER, Bureau, honest, is_contained};
use crate::ground::Ground;
use crate::reconcile::{Without, misuse};
use crate::simulated::{QUICK, ground};
use crate::stage::Stage;
use crate::story;
use async_trait::async_trait;
use jiff::SignedDuration;
use keyleak::domain::announce::{What, announcements};
use keyleak::domain::button::ButtonAction;
use keyleak::domain::case::Case;
use keyleak::domain::event::Event;
use keyleak::domain::ids::CaseId;
use keyleak::domain::lineage::Subject;
use keyleak::domain::plan::PlanKind;
use keyleak::domain::reconciliation::{Difference, Reconciliation, Verdict, session_name};
use keyleak::domain::report;
use keyleak::drill::people::{APPROVER, REPORTER};
use keyleak::drill::players::{approve, open, press, until};
use keyleak::ports::trail::rows::Rows;
use keyleak::ports::trail::{Cut, Deeds, RoleCalls, Sightings, Source, TrailError, Window};
use keyleak::sim::attacker::Operation;
use keyleak::trail::investigator::Investigator;
use keyleak::trail::local::LocalTrail;
use std::sync::Arc;

/// A trail that delivers nothing of what the bot does.
struct Undelivered(LocalTrail);

#[async_trait]
impl Source for Undelivered {
    async fn sightings(&self, window: Window) -> Result<Sightings, TrailError> {
        self.0.sightings(window).await
    }

    async fn cut(&self, window: Window, subject: &Subject) -> Result<Cut<Rows>, TrailError> {
        self.0.cut(window, subject).await
    }

    async fn deeds(&self, deeds: &Deeds) -> Result<Cut, TrailError> {
        self.0.deeds(deeds).await
    }

    async fn role_calls(&self, _: &str, _: Window) -> Result<RoleCalls, TrailError> {
        Ok(RoleCalls::default())
    }
}

/// An account whose trail is waited for no longer than some minutes of its clock.
async fn hurried(seed: u64) -> Ground {
    let mut ground = ground(seed, QUICK).await;
    ground.timing.trail_complete_after = SignedDuration::from_mins(4);
    ground.timing.watch_every = SignedDuration::from_secs(30);
    ground
}

/// Contains the key, closes the case, and waits for the end.
async fn closed(bureau: &Bureau, ground: &Ground) -> Case {
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    bureau.wait(&case, "its channel", |case| case.room().dressed.then_some(())).await;
    if bureau.desk.trail.is_some() {
        story::approve(bureau, &case, PlanKind::Containment).await;
        bureau.wait(&case, "contained", is_contained).await;
    }
    close(bureau, &case).await
}

async fn close(bureau: &Bureau, case: &CaseId) -> Case {
    bureau.press(ASKER, ButtonAction::Close { case: case.clone() }).await;
    let archived = |case: &Case| case.is_archived().then(|| case.clone());
    bureau.wait(case, "the archived channel", archived).await
}

fn result(case: &Case) -> &Reconciliation {
    case.reconciled().expect("it was compared").as_ref().expect("and not in vain")
}

fn rung(case: &Case) -> Option<String> {
    announcements(case).into_iter().find_map(|owed| {
        let What::Alarm(words) = owed.what else { return None };
        Some(words)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_closed_case_changed_is_in_the_trail_and_the_report_says_so() {
    let ground = hurried(21).await;
    let bureau = Bureau::open(&ground).await;
    let case = closed(&bureau, &ground).await;
    assert_eq!(result(&case).verdict(), Verdict::Agrees, "{:?}", report::timeline(&case, 0));
    assert!(result(&case).changes >= 2 && result(&case).shown == result(&case).changes);
    assert_eq!(rung(&case), None);
    let report = report::markdown(&case);
    assert!(report.contains("## AWS as the second witness\n\n- AWS's own log agrees"), "{report}");
    let once = |event: &Event| matches!(event, Event::Reconciled { .. });
    assert_eq!(case.records().iter().filter(|record| once(&record.event)).count(), 1);
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_the_trail_lacks_is_an_alarm_at_closing() {
    let ground = hurried(22).await;
    let call = "AttachUserPolicy";
    let lacking = |inner| Arc::new(Investigator::new(Without { inner, call })) as Arc<_>;
    let bureau = Bureau::open_with(&ground, |rights| rights, lacking).await;
    let case = closed(&bureau, &ground).await;
    let found = &result(&case).differences;
    let lacks = |found: &Difference| matches!(found, Difference::ChangeWithoutCall { .. });
    assert!(!found.is_empty() && found.iter().all(lacks), "{found:?}");
    let words = rung(&case).expect("everybody is rung");
    assert!(words.contains("Deny everything to user"), "{words}");
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trail_that_delivers_nothing_ends_as_not_yet_delivered_and_rings_nobody() {
    let ground = hurried(23).await;
    let late = |inner| Arc::new(Investigator::new(Undelivered(inner))) as Arc<_>;
    let bureau = Bureau::open_with(&ground, |rights| rights, late).await;
    let case = closed(&bureau, &ground).await;
    assert_eq!(result(&case).verdict(), Verdict::NotYetDelivered);
    assert_eq!((result(&case).shown, result(&case).awaited), (0, result(&case).changes));
    assert_eq!(rung(&case), None);
    assert!(report::markdown(&case).contains("no alarm, and no agreement"));
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_trail_nothing_is_said_to_agree() {
    let ground = hurried(24).await;
    let bureau = Bureau::open_beside(&ground, |rights| rights, |_| None).await;
    let case = closed(&bureau, &ground).await;
    assert_eq!(case.reconciled(), Some(&Err("no trail is configured".to_owned())));
    let report = report::markdown(&case);
    assert!(report.contains("Not compared: no trail is configured"), "{report}");
    assert!(!report.contains("agrees"), "{report}");
    bureau.close().await;
    // The negative control: the same case with a trail is compared.
    let bureau = Bureau::open_beside(&ground, |rights| rights, |trail| Some(honest(trail))).await;
    assert!(closed(&bureau, &ground).await.reconciled().is_some_and(Result::is_ok));
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_misuse_of_the_role_in_the_name_of_the_case_rings_everybody_in_its_channel() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let id = open(world).await.unwrap();
    approve(world, &id).await.unwrap();
    let contained = |case: &Case| case.standing_plans().any(|state| state.contained.is_some());
    let now = until(world, &id, "contained", contained).await.unwrap();
    let session = session_name(&id);
    let hash = &now.plans().next().unwrap().hash;
    let unasked = Operation::CreateUser { user: "helper".to_owned() };
    misuse(world, (&session, hash), &unasked).await;
    // It is delivered within a minute and a half.
    world.clock.sleep(std::time::Duration::from_secs(100)).await;
    press(world, &id, (REPORTER, "case.close")).await.unwrap();
    let case = until(world, &id, "the archived channel", Case::is_archived).await.unwrap();
    let [Difference::CallWithoutDecision { seen }] = &result(&case).differences[..] else {
        panic!("{:?}", result(&case));
    };
    assert_eq!((seen.call.as_str(), &seen.session), ("CreateUser", &session));
    let channel = case.room().channel.clone().unwrap().0;
    let said = world.slack.messages(&channel);
    let alarm = said.iter().map(ToString::to_string).find(|said| said.contains("DIFFER"));
    let alarm = alarm.expect("the channel hears of it");
    assert!(alarm.contains("helper") && alarm.contains(APPROVER), "{alarm}");
    stage.strike().await;
}
