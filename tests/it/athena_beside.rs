//! What is read beside a case's window is held to the same limit: a question to another log waits
//! for an approver, and what the bot looks for by itself is left out and told, never waited for.

use crate::bureau::{APPROVER, ASKER, Bureau, SECOND_APPROVER, caller, is_contained, journal};
use crate::ground::Ground;
use crate::simulated::{QUICK, ground};
use crate::skips_the_deny::SkipsTheDeny;
use crate::story;
use async_trait::async_trait;
use keyleak::domain::button::ButtonAction;
use keyleak::domain::case::Case;
use keyleak::domain::event::Event;
use keyleak::domain::ids::CaseId;
use keyleak::domain::lineage::Subject;
use keyleak::domain::other_log::{Actor, OtherLog};
use keyleak::domain::plan::PlanKind;
use keyleak::domain::query_cost::{QueryCost, QueryRun, ReadFor};
use keyleak::domain::report;
use keyleak::domain::scan::{Forecast, Scan};
use keyleak::domain::spending::Waiting;
use keyleak::domain::spending_step::SpendingStep;
use keyleak::flow::spoken::Speaker;
use keyleak::flow::{allowance, inquire};
use keyleak::ports::chat::{Scene, View};
use keyleak::ports::other_logs::{LogQuestion, LogRows, OtherLogs};
use keyleak::ports::trail::planned::Planned;
use keyleak::ports::trail::rows::Rows;
use keyleak::ports::trail::{Cut, Deeds, RoleCalls, Sightings, Source, TrailError, Window};
use keyleak::slack::cards::draw;
use keyleak::slack::sketch::Means;
use keyleak::trail::investigator::Investigator;
use keyleak::trail::local::LocalTrail;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What one reading may scan by itself.
const LIMIT: u64 = 1_000_000_000;

/// A reading of so many bytes.
fn forecast(bytes: u64) -> Forecast {
    let scan = Scan {
        sql_sha256: "5c".repeat(32),
        from: "2026-08-01T00:00:00Z".parse().unwrap(),
        days: Some("2026-08-01 to 2026-08-03".to_owned()),
        queries: 1,
        is_window: false,
        question: None,
        whole_cut: false,
        bytes: Some(bytes),
        at_most: None,
        ask_above: LIMIT,
    };
    Forecast { scan, cost: QueryCost::default(), stopped_above: None }
}

/// A table of VPC flow logs, of which a question scans so much.
#[derive(Debug)]
struct Flows {
    bytes: u64,
    asked: AtomicUsize,
}

#[async_trait]
impl OtherLogs for Flows {
    fn has(&self, log: OtherLog) -> bool {
        log == OtherLog::VpcFlow
    }

    async fn forecast(
        &self,
        _: LogQuestion<'_>,
        _: Window,
        _: Option<u64>,
    ) -> Result<Option<Forecast>, TrailError> {
        Ok(Some(forecast(self.bytes)))
    }

    async fn ask(
        &self,
        question: LogQuestion<'_>,
        _: &Actor,
        _: Window,
    ) -> Result<LogRows, TrailError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let run = QueryRun { reading: ReadFor::OtherLogs, ..QueryRun::default() };
        Ok(LogRows {
            sql: question.sql.to_owned(),
            place: "net.flows".to_owned(),
            cost: QueryCost { executions: vec![run], ..QueryCost::default() },
            ..LogRows::default()
        })
    }
}

async fn beside(ground: &Ground, bytes: u64) -> (Bureau, Arc<Flows>) {
    let flows = Arc::new(Flows { bytes, asked: AtomicUsize::new(0) });
    let tables = Arc::clone(&flows) as Arc<dyn OtherLogs>;
    let trail = |inner| {
        let trail = Dear { inner, bytes: None, looked: Arc::default() };
        Arc::new(Investigator::new(trail).beside(tables)) as Arc<_>
    };
    (Bureau::open_with(ground, |rights| rights, trail).await, flows)
}

fn speaker(user: &str) -> Speaker {
    Speaker { caller: caller(user), delivery: None }
}

async fn ask(bureau: &Bureau, user: &str, case: &CaseId) {
    let named = ["Q43".to_owned()];
    let said = inquire::say(&bureau.desk, case, &speaker(user), &named).await.unwrap();
    assert!(said.contains("Asked of case"), "{said}");
}

async fn allow(bureau: &Bureau, user: &str, (case, reading): (&CaseId, u64)) -> String {
    allowance::say(&bureau.desk.bench(), case, &speaker(user), reading).await.unwrap()
}

async fn waits(bureau: &Bureau, case: &CaseId) -> Waiting {
    let waits = |case: &Case| case.spending().not_allowed().next().cloned();
    bureau.wait(case, "the question waits", waits).await
}

async fn answers(bureau: &Bureau, case: &CaseId, wanted: usize) {
    let of = |case: &Case| {
        let answers = case.answers().iter().filter(|(_, answer)| answer.question == "Q43");
        (answers.count() == wanted).then_some(())
    };
    bureau.wait(case, "the answer of the other log", of).await;
}

fn steps(case: &Case) -> Vec<String> {
    let steps = case.records().iter().filter_map(|record| {
        let Event::Spending { step } = &record.event else { return None };
        if matches!(step.as_ref(), SpendingStep::Read { .. }) {
            return None;
        }
        serde_json::to_value(step).unwrap()["step"].as_str().map(str::to_owned)
    });
    steps.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_about_another_log_waits_for_an_approver_and_is_answered_once_they_allow_it() {
    let ground = ground(81, QUICK).await;
    let (bureau, flows) = beside(&ground, LIMIT + 1).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    // Before the trail tells of the actor there is nobody to ask another log about.
    story::approve(&bureau, &case, PlanKind::Containment).await;
    bureau.wait(&case, "contained", is_contained).await;
    ask(&bureau, APPROVER, &case).await;
    let waiting = waits(&bureau, &case).await;
    assert_eq!(waiting.scan.question.as_deref(), Some("Q43"));
    let told = |case: &Case| {
        case.questions_failed()
            .iter()
            .any(|(_, id, why)| id == "Q43" && why.contains("an approver"))
    };
    bureau.wait(&case, "whoever asks is told", |case| told(case).then_some(())).await;

    // No sweep of the trail takes it away.
    ground.clock.sleep(3 * ground.timing.watch_every.unsigned_abs()).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    assert_eq!(now.spending().not_allowed().next(), Some(&waiting), "{}", journal(&now));
    assert_eq!(flows.asked.load(Ordering::SeqCst), 0, "nothing was asked of it");
    let scene = Scene { case: &now, policy: &bureau.desk.rules.policy, now: ground.clock.now() };
    let drawn = draw(&View::Card(scene), Means::Full).blocks;
    let drawn = serde_json::to_string(&drawn).unwrap();
    let waits_for =
        format!("allow question Q43 of another log to be asked (reading {})", waiting.seq);
    assert!(drawn.contains(&waits_for) && drawn.contains("Allow Q43 to be asked"), "{drawn}");
    assert!(!drawn.contains("NOT LOOKED AT"), "the trail is: {drawn}");

    let reading = (&case, waiting.seq);
    for (user, reading, words) in [
        (ASKER, reading, "not an approver"),
        (APPROVER, reading, "somebody else has to allow it"),
        (SECOND_APPROVER, (&case, waiting.seq - 1), "no reading of the trail waits"),
    ] {
        let said = allow(&bureau, user, reading).await;
        assert!(said.starts_with("Not done:") && said.contains(words), "{user}: {said}");
    }
    let said = allow(&bureau, SECOND_APPROVER, reading).await;
    assert!(said.contains("is allowed, once"), "{said}");
    answers(&bureau, &case, 1).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    assert_eq!(steps(&now), ["asked", "allowed", "begun"], "{}", journal(&now));
    let asked = now.answers().last().map(|(_, answer)| answer.asked).unwrap();
    bureau.wait(&case, "its end", |case| case.is_answered(asked).then_some(())).await;

    // It was for once.
    ask(&bureau, ASKER, &case).await;
    let again = waits(&bureau, &case).await;
    assert!(again.seq > waiting.seq && flows.asked.load(Ordering::SeqCst) == 1);
    bureau.close().await;
}

/// Negative control: within the limit nobody is asked.
#[tokio::test(flavor = "multi_thread")]
async fn within_the_limit_another_log_is_asked_at_once() {
    let ground = ground(82, QUICK).await;
    let (bureau, flows) = beside(&ground, LIMIT).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    story::approve(&bureau, &case, PlanKind::Containment).await;
    bureau.wait(&case, "contained", is_contained).await;
    ask(&bureau, ASKER, &case).await;
    answers(&bureau, &case, 1).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    assert_eq!(steps(&now), ["expected"], "what it costs is told before: {}", journal(&now));
    assert_eq!(now.spending().expected, None, "it is not what the window costs");
    assert_eq!(flows.asked.load(Ordering::SeqCst), 1);
    bureau.close().await;
}

/// A trail in which looking at few days costs so much; none where it costs nothing. A window is
/// within the limit.
struct Dear {
    inner: LocalTrail,
    bytes: Option<u64>,
    looked: Arc<[AtomicUsize; 2]>,
}

#[async_trait]
impl Source for Dear {
    async fn sightings(&self, window: Window) -> Result<Sightings, TrailError> {
        self.inner.sightings(window).await
    }

    async fn cut(&self, window: Window, subject: &Subject) -> Result<Cut<Rows>, TrailError> {
        self.inner.cut(window, subject).await
    }

    async fn deeds(&self, deeds: &Deeds) -> Result<Cut, TrailError> {
        self.looked[0].fetch_add(1, Ordering::SeqCst);
        self.inner.deeds(deeds).await
    }

    async fn role_calls(&self, role: &str, window: Window) -> Result<RoleCalls, TrailError> {
        self.looked[1].fetch_add(1, Ordering::SeqCst);
        self.inner.role_calls(role, window).await
    }

    async fn forecast(
        &self,
        planned: Planned<'_>,
        _: Option<u64>,
    ) -> Result<Option<Forecast>, TrailError> {
        Ok(match planned {
            Planned::Deeds(_) | Planned::RoleCalls { .. } => self.bytes.map(forecast),
            Planned::Survey { .. } => Some(forecast(1)),
            Planned::Question { .. } => None,
        })
    }
}

/// A case whose deny is never in force, watched for a while and closed; how often the trail was
/// asked who took it off, and for the comparison.
async fn watched_and_closed(seed: u64, bytes: Option<u64>) -> (Case, [usize; 2]) {
    let ground = ground(seed, QUICK).await;
    let looked: Arc<[AtomicUsize; 2]> = Arc::default();
    let skips = |inner| Arc::new(SkipsTheDeny { inner }) as Arc<_>;
    let looked_at = Arc::clone(&looked);
    let trail =
        |inner| Arc::new(Investigator::new(Dear { inner, bytes, looked: looked_at })) as Arc<_>;
    let bureau = Bureau::open_with(&ground, skips, trail).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    story::approve(&bureau, &case, PlanKind::Containment).await;
    // People are asked about what is not in force, whatever the trail says of who did it.
    let asked = |case: &Case| {
        let state = case.pending_plan()?;
        (state.plan.kind == PlanKind::FollowUp).then_some(())
    };
    bureau.wait(&case, "people are asked", asked).await;
    story::watched_in_vain(&bureau, &case, &ground).await;
    bureau.press(ASKER, ButtonAction::Close { case: case.clone() }).await;
    let compared = |case: &Case| case.reconciled().is_some().then_some(());
    bureau.wait(&case, "the comparison", compared).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    bureau.close().await;
    (now, looked.each_ref().map(|count| count.load(Ordering::SeqCst)))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_bot_looks_for_itself_is_left_out_above_the_limit_and_told_once() {
    let (case, looked) = watched_and_closed(83, Some(LIMIT + 1)).await;
    assert_eq!(looked, [0, 0], "{}", journal(&case));
    assert_eq!(steps(&case), ["not_traced"], "told, and not at each sweep");
    let told: Vec<String> = report::timeline(&case, 0).into_iter().map(|line| line.what).collect();
    let told = told.join("\n");
    assert!(told.contains("did not look for who took a change back: that would scan"), "{told}");
    let why = case.reconciled().unwrap().as_ref().unwrap_err();
    let by_hand = format!("`keyleak reconcile {}`", case.id());
    assert!(why.contains("that would scan") && why.contains(&by_hand), "{why}");
}

/// Negative control: what costs nothing, or little, is looked for and compared.
#[tokio::test(flavor = "multi_thread")]
async fn within_the_limit_it_is_looked_for() {
    for (seed, bytes) in [(83, None), (84, Some(LIMIT))] {
        let (case, looked) = watched_and_closed(seed, bytes).await;
        assert!(looked[0] > 0 && looked[1] > 0, "{looked:?}\n{}", journal(&case));
        assert!(steps(&case).is_empty(), "{}", journal(&case));
        assert!(case.reconciled().unwrap().is_ok(), "{}", journal(&case));
    }
}
