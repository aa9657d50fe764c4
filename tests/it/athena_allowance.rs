//! A reading of the trail that would scan too much is told before, and begins only once somebody
//! else than who asked allows it.

use crate::athena_cost::{fill_the_past, told_trail};
use crate::bureau::{APPROVER, ASKER, Bureau, SECOND_APPROVER, caller, is_contained, journal};
use crate::counting_athena::CountingAthena;
use crate::ground::Ground;
use crate::simulated::{QUICK, ground};
use crate::story;
use async_trait::async_trait;
use jiff::SignedDuration;
use keyleak::aws::athena::AthenaTrail;
use keyleak::aws::athena_days::DayColumns;
use keyleak::domain::button::ButtonAction;
use keyleak::domain::case::Case;
use keyleak::domain::event::{Event, Phase};
use keyleak::domain::ids::{AccessKeyId, CaseId};
use keyleak::domain::lineage::Subject;
use keyleak::domain::plan::PlanKind;
use keyleak::domain::query_cost::ReadFor;
use keyleak::domain::scan::Forecast;
use keyleak::domain::spending::Waiting;
use keyleak::domain::spending_step::SpendingStep;
use keyleak::flow::intake::{OpenRequest, open};
use keyleak::ports::chat::{Scene, View};
use keyleak::ports::trail::planned::Planned;
use keyleak::ports::trail::rows::Rows;
use keyleak::ports::trail::{
    Cut, Deeds, RoleCalls, Sightings, Source, SurveyRequest, Trail, TrailError, Window,
};
use keyleak::slack::cards::draw;
use keyleak::slack::sketch::Means;
use keyleak::trail::investigator::Investigator;
use keyleak::trail::local::LocalTrail;
use keyleak::trail::quick::QuickFirst;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;
use tokio_util::task::TaskTracker;

/// So many days of the table may be read by one reading: fewer than two passes over the window,
/// more than those over today.
const DAYS_ALLOWED: u64 = 8;

/// An hour takes eighteen seconds.
const FAST: u32 = 200;

async fn laid_out() -> (Ground, CountingAthena, u64) {
    laid_out_at(QUICK).await
}

async fn laid_out_at(speed: u32) -> (Ground, CountingAthena, u64) {
    let ground = ground(74, speed).await;
    fill_the_past(&ground);
    let athena = CountingAthena::over(&ground.trail).await;
    let day = ground.clock.now() - SignedDuration::from_hours(24 * 5);
    let day = day.strftime("%Y/%m/%d").to_string();
    let a_day = athena.bytes_of((&day, &day));
    assert!(a_day > 0);
    (ground, athena, a_day)
}

async fn bureau(ground: &Ground, athena: &CountingAthena, ask_above: u64) -> Bureau {
    let settings = (DayColumns::None, TaskTracker::new(), ask_above);
    let trail = told_trail(athena, ground, settings).await;
    let trail = |_| Arc::new(Investigator::new(trail)) as Arc<_>;
    Bureau::open_with(ground, |rights| rights, trail).await
}

async fn press(bureau: &Bureau, case: &CaseId) {
    bureau.press(ASKER, ButtonAction::Phase { case: case.clone(), phase: Phase::Scope }).await;
}

/// What waits for an approver, once it does.
async fn waiting(bureau: &Bureau, case: &CaseId) -> Waiting {
    let waits = |case: &Case| case.spending().not_allowed().next().cloned();
    bureau.wait(case, "a reading waits", waits).await
}

fn steps(case: &Case) -> Vec<&SpendingStep> {
    let steps = case.records().iter().filter_map(|record| {
        let Event::Spending { step } = &record.event else { return None };
        Some(step.as_ref())
    });
    steps.collect()
}

/// The steps by which a reading is asked for, allowed and begun, in order.
fn decisions(case: &Case) -> Vec<Value> {
    let is_decision = |step: &&SpendingStep| {
        !matches!(step, SpendingStep::Read { .. } | SpendingStep::Expected { .. })
    };
    let steps = steps(case).into_iter().filter(is_decision);
    steps.map(|step| serde_json::to_value(step).unwrap()["step"].clone()).collect()
}

fn card(bureau: &Bureau, ground: &Ground, case: &Case) -> String {
    let scene = Scene { case, policy: &bureau.desk.rules.policy, now: ground.clock.now() };
    serde_json::to_string(&draw(&View::Card(scene), Means::Full).blocks).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_above_the_limit_is_read_once_an_approver_allows_it_and_holds_up_no_containment() {
    let (ground, athena, a_day) = laid_out().await;
    let bureau = bureau(&ground, &athena, DAYS_ALLOWED * a_day).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    let waits = waiting(&bureau, &case).await;
    // One day was read to know what all would cost, and nothing else.
    let told = waits.scan.bytes.expect("it is known what a day weighs");
    assert!(told > DAYS_ALLOWED * a_day && waits.scan.is_window, "{waits:?}");
    let runs = athena.runs();
    assert!(runs.len() == 1 && runs[0].days.0 == runs[0].days.1, "{runs:?}");

    // Whoever asks hears that nothing is read.
    press(&bureau, &case).await;
    let failed = |case: &Case| {
        case.questions_failed().iter().any(|(_, _, why)| why.contains("an approver")).then_some(())
    };
    bureau.wait(&case, "the question has no answer", failed).await;

    // The containment goes on all the same; that it is complete cannot be seen.
    story::approve(&bureau, &case, PlanKind::Containment).await;
    let held = |case: &Case| case.plans().any(|state| state.held_at.is_some()).then_some(());
    bureau.wait(&case, "what was approved holds", held).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    assert_eq!(is_contained(&now), None, "{}", journal(&now));
    assert_eq!(athena.runs().len(), 1, "nothing more was read");
    let drawn = card(&bureau, &ground, &now);
    assert!(drawn.contains("NOT LOOKED AT") && drawn.contains("trail.allow"), "{drawn}");

    let waits = waiting(&bureau, &case).await;
    let allow = || ButtonAction::AllowReading { case: case.clone(), seq: waits.seq };
    let refused = bureau.answered(ASKER, allow()).await.unwrap();
    assert!(refused.contains("not an approver"), "{refused}");
    bureau.press(APPROVER, allow()).await;
    bureau.wait(&case, "it is contained", is_contained).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    // It was used up before the first query, and was needed once.
    assert_eq!(decisions(&now), ["asked", "allowed", "begun"], "{}", journal(&now));
    assert!(now.spending().part(ReadFor::Window).bytes_scanned > 0);
    let estimate = now.spending().part(ReadFor::Estimate);
    assert_eq!((estimate.queries, estimate.bytes_scanned), (1, runs[0].bytes));
    assert!(!card(&bureau, &ground, &now).contains("trail.allow"));
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approver_does_not_allow_what_they_asked_for_themselves() {
    let (ground, athena, a_day) = laid_out().await;
    let bureau = bureau(&ground, &athena, DAYS_ALLOWED * a_day).await;
    let request = OpenRequest {
        keys: vec![AccessKeyId::parse(&ground.key().access_key_id).unwrap()],
        found_where: None,
        exposed_since: Some(ground.since),
        note: None,
        delivery: None,
        place: None,
    };
    let opened = open(&bureau.desk, &caller(APPROVER), &request).await.unwrap();
    let case = opened[0].case.id().clone();
    let waits = waiting(&bureau, &case).await;
    let allow = || ButtonAction::AllowReading { case: case.clone(), seq: waits.seq };
    let refused = bureau.answered(APPROVER, allow()).await.unwrap();
    assert!(refused.contains("somebody else has to allow it"), "{refused}");
    assert_eq!(athena.runs().len(), 1);
    bureau.press(SECOND_APPROVER, allow()).await;
    let read = |case: &Case| case.survey().is_some().then_some(());
    bureau.wait(&case, "it is read", read).await;
    // A card that was drawn before allows nothing more.
    let refused = bureau.answered(SECOND_APPROVER, allow()).await.unwrap();
    assert!(refused.contains("no reading of the trail waits"), "{refused}");
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_allowed_is_read_whole_also_where_the_first_look_is_a_quick_one() {
    let (ground, athena, a_day) = laid_out().await;
    let settings = (DayColumns::None, TaskTracker::new(), DAYS_ALLOWED * a_day);
    let whole = Investigator::new(told_trail(&athena, &ground, settings).await);
    let folder = TempDir::new().unwrap();
    let record = json!({
        "eventTime": ground.since.to_string(),
        "eventName": "ListUsers",
        "eventID": "1",
        "userIdentity": { "type": "IAMUser", "accessKeyId": ground.key().access_key_id },
    });
    std::fs::write(folder.path().join("one.json"), record.to_string()).unwrap();
    let quick = Investigator::new(LocalTrail::new(vec![folder.path().to_owned()]));
    let both = Arc::new(QuickFirst::new(quick, whole));
    let bureau = Bureau::open_with(&ground, |rights| rights, |_| both).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    bureau.wait(&case, "the quick look", |case| case.survey().is_some().then_some(())).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    assert_eq!(athena.runs().len(), 0, "a quick look costs nothing");
    assert_eq!(now.spending().not_allowed().next(), None);

    press(&bureau, &case).await;
    let waits = waiting(&bureau, &case).await;
    let allow = ButtonAction::AllowReading { case: case.clone(), seq: waits.seq };
    bureau.press(APPROVER, allow).await;
    let read = |case: &Case| {
        let steps = steps(case);
        let begun = steps.iter().any(|step| matches!(step, SpendingStep::Begun { .. }));
        (begun && case.spending().part(ReadFor::Window).bytes_scanned > 0).then_some(())
    };
    bureau.wait(&case, "all of it is read", read).await;
    bureau.close().await;
}

/// A trail that does not answer, as long as it is away.
struct Away {
    inner: AthenaTrail,
    away: Arc<AtomicBool>,
}

#[async_trait]
impl Source for Away {
    async fn sightings(&self, window: Window) -> Result<Sightings, TrailError> {
        self.inner.sightings(window).await
    }

    async fn cut(&self, window: Window, subject: &Subject) -> Result<Cut<Rows>, TrailError> {
        self.inner.cut(window, subject).await
    }

    async fn deeds(&self, deeds: &Deeds) -> Result<Cut, TrailError> {
        self.inner.deeds(deeds).await
    }

    async fn role_calls(&self, role: &str, window: Window) -> Result<RoleCalls, TrailError> {
        self.inner.role_calls(role, window).await
    }

    async fn forecast(
        &self,
        planned: Planned<'_>,
        bytes_a_day: Option<u64>,
    ) -> Result<Option<Forecast>, TrailError> {
        if self.away.load(Ordering::SeqCst) {
            return Err(TrailError::Unavailable { reason: "away".to_owned() });
        }
        self.inner.forecast(planned, bytes_a_day).await
    }
}

/// What is allowed while the trail is away for so long, and read once it is back; the decisions.
async fn allowed_and_away_for(span: SignedDuration) -> (Vec<Value>, usize, bool) {
    let (ground, athena, a_day) = laid_out_at(FAST).await;
    let settings = (DayColumns::None, TaskTracker::new(), DAYS_ALLOWED * a_day);
    let inner = told_trail(&athena, &ground, settings).await;
    let away = Arc::new(AtomicBool::new(false));
    let source = Away { inner, away: Arc::clone(&away) };
    let trail = |_| Arc::new(Investigator::new(source)) as Arc<_>;
    let bureau = Bureau::open_with(&ground, |rights| rights, trail).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    let waits = waiting(&bureau, &case).await;
    let day = || ground.clock.now().strftime("%F").to_string();
    let asked_on = day();
    away.store(true, Ordering::SeqCst);
    let allow = ButtonAction::AllowReading { case: case.clone(), seq: waits.seq };
    bureau.press(APPROVER, allow).await;
    ground.clock.sleep(span.unsigned_abs()).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    assert!(now.spending().allowed(&waits.scan).is_some(), "as long as nothing is read it stands");
    away.store(false, Ordering::SeqCst);
    let decided = |case: &Case| {
        let is_again = case.spending().not_allowed().next().is_some_and(|again| again != &waits);
        (is_again || case.survey().is_some()).then_some(())
    };
    bureau.wait(&case, "it is read, or asked for again", decided).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    bureau.close().await;
    (decisions(&now), athena.runs().len(), day() == asked_on)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_allowed_an_hour_ago_and_not_begun_is_asked_for_again() {
    let (decisions, runs, same_day) = allowed_and_away_for(SignedDuration::from_mins(61)).await;
    match same_day {
        true => assert_eq!(decisions, ["asked", "allowed", "expired", "asked"]),
        // Another day is another reading, for which nothing was allowed.
        false => assert_eq!(decisions, ["asked", "allowed", "asked"]),
    }
    assert_eq!(runs, 1, "only the day by which it was weighed was read");
}

/// Negative control: within the hour it is begun as it was allowed.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_allowed_within_the_hour_is_begun() {
    let (decisions, runs, same_day) = allowed_and_away_for(SignedDuration::from_mins(10)).await;
    match same_day {
        true => assert_eq!(decisions, ["asked", "allowed", "begun"]),
        false => assert_eq!(decisions, ["asked", "allowed", "asked"]),
    }
    assert_eq!(runs > 1, same_day);
}

/// Negative control: within the limit nobody is asked, and what it would cost is told all the same.
#[tokio::test(flavor = "multi_thread")]
async fn within_the_limit_nobody_is_asked() {
    let (ground, athena, a_day) = laid_out().await;
    athena.limit(None);
    let bureau = bureau(&ground, &athena, 1_000 * a_day).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    let read = |case: &Case| case.survey().is_some().then_some(());
    bureau.wait(&case, "it is read", read).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    let expected = now.spending().expected.clone().expect("it was told before");
    let asked = |step: &&SpendingStep| matches!(step, SpendingStep::Asked { .. });
    assert!(!steps(&now).iter().any(asked), "{}", journal(&now));
    // The estimate is about what was scanned.
    let (told, real) = (expected.bytes.unwrap(), now.spending().part(ReadFor::Window));
    let real = real.bytes_scanned;
    assert!(told > real / 2 && told < real * 2, "{told} {real}");
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_workgroup_would_stop_is_told_and_not_begun() {
    let (ground, athena, a_day) = laid_out().await;
    let settings = (DayColumns::None, TaskTracker::new(), u64::MAX);
    let trail = Investigator::new(told_trail(&athena, &ground, settings).await);
    let from = |days: i64| Some(ground.clock.now() - SignedDuration::from_hours(24 * days));
    let request = |days| SurveyRequest {
        key_id: ground.key().access_key_id.clone(),
        window: Window { from: from(days), to: None },
        exposed_since: None,
        as_of: ground.clock.now(),
    };
    let forecast = async |days| {
        let SurveyRequest { key_id, window, .. } = &request(days);
        let planned = Planned::Survey { window: *window, key_id };
        trail.forecast(planned, Some(a_day)).await.unwrap().expect("Athena costs something")
    };
    athena.limit(Some(3 * a_day));
    assert_eq!(forecast(14).await.stopped_above, Some(3 * a_day));
    // Negative control: fewer days go through.
    assert_eq!(forecast(1).await.stopped_above, None);
    assert_eq!(athena.runs().len(), 0);
}
