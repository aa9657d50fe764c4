//! What a case scans in Athena: each day of its window twice, and top-ups that it lists.

use crate::bureau::{ASKER, Bureau, is_contained, journal};
use crate::counting_athena::{CountingAthena, Run};
use crate::ground::Ground;
use crate::simulated::{QUICK, ground};
use crate::story;
use async_trait::async_trait;
use aws_config::{BehaviorVersion, Region};
use aws_sdk_athena::config::{Credentials, SharedCredentialsProvider};
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::{SignedDuration, Timestamp};
use keyleak::aws::athena::AthenaTrail;
use keyleak::aws::athena_days::DayColumns;
use keyleak::aws::athena_table::{AthenaSettings, ROWS_MAX};
use keyleak::domain::button::ButtonAction;
use keyleak::domain::case::Case;
use keyleak::domain::event::{Event, Phase};
use keyleak::domain::ids::CaseId;
use keyleak::domain::lineage::Subject;
use keyleak::domain::plan::PlanKind;
use keyleak::domain::query_cost::ReadFor;
use keyleak::domain::record::Record;
use keyleak::domain::spending_step::SpendingStep;
use keyleak::ports::chat::{Scene, View};
use keyleak::ports::clock::Clock;
use keyleak::ports::trail::rows::Rows;
use keyleak::ports::trail::{
    Cut, Deeds, RoleCalls, Sightings, Source, SurveyRequest, Trail, TrailError, Window,
};
use keyleak::slack::cards::draw;
use keyleak::slack::sketch::Means;
use keyleak::trail::investigator::Investigator;
use keyleak::trail::local::LocalTrail;
use serde_json::json;
use std::io::Write as _;
use std::sync::Arc;
use tokio_util::task::TaskTracker;

/// How often each phase's questions are asked.
const ASKED: usize = 4;
/// Enough for the window of 15 days.
const DAYS: i64 = 16;
const RECORDS_A_DAY: usize = 400;
/// More than anything here weighs.
pub(crate) const ASK_ABOVE: u64 = 1_000_000_000_000;

/// Somebody else's work on the days before, so that a day weighs something.
pub(crate) fn fill_the_past(ground: &Ground) {
    for back in 1..=DAYS {
        let day = ground.clock.now() - SignedDuration::from_hours(24 * back);
        let record = |number: usize| {
            json!({
                "eventVersion": "1.11", "eventTime": day.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
                "eventSource": "sts.amazonaws.com", "eventName": "GetCallerIdentity",
                "awsRegion": "us-east-1", "sourceIPAddress": format!("203.0.113.{}", number % 200),
                "eventID": format!("{back:04}{number:04}-noise"), "readOnly": true,
                "userIdentity": {
                    "type": "IAMUser", "principalId": "AIDAQNZGKIQY5NOISE001",
                    "arn": "arn:aws:iam::029608264753:user/nightly",
                    "accountId": "029608264753", "userName": "nightly",
                    "accessKeyId": "AKIAQNZGKIQY5NOISE01",
                },
                "eventType": "AwsApiCall", "eventCategory": "Management",
                "recipientAccountId": "029608264753",
            })
        };
        let records: Vec<_> = (0..RECORDS_A_DAY).map(record).collect();
        let folder = format!("AWSLogs/029608264753/CloudTrail/us-east-1/{}", slashed(day));
        let folder = ground.trail.join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        let name = day.strftime("029608264753_CloudTrail_us-east-1_%Y%m%dT%H%MZ_0000noise.json.gz");
        let mut object = GzEncoder::new(Vec::new(), Compression::fast());
        object.write_all(json!({ "Records": records }).to_string().as_bytes()).unwrap();
        std::fs::write(folder.join(name.to_string()), object.finish().unwrap()).unwrap();
    }
}

fn slashed(day: Timestamp) -> String {
    day.strftime("%Y/%m/%d").to_string()
}

pub(crate) async fn athena_trail(athena: &CountingAthena, ground: &Ground) -> AthenaTrail {
    told_trail(athena, ground, (DayColumns::None, TaskTracker::new(), ASK_ABOVE)).await
}

/// The same, with the days as the settings tell them, where its queries are stopped, and how much
/// one reading may scan by itself.
pub(crate) async fn told_trail(
    athena: &CountingAthena,
    ground: &Ground,
    (days, tasks, ask_above): (DayColumns, TaskTracker, u64),
) -> AthenaTrail {
    let told = |settings| AthenaSettings { days, ask_above, ..settings };
    trail_with(athena, (ground.clock, tasks), told).await
}

/// A trail with some settings changed.
pub(crate) async fn trail_with(
    athena: &CountingAthena,
    (clock, tasks): (Clock, TaskTracker),
    change: impl FnOnce(AthenaSettings) -> AthenaSettings,
) -> AthenaTrail {
    let credentials = Credentials::new("AKIAQNZGKIQY56JQ7WML", "secret", None, None, "test");
    let config = aws_config::defaults(BehaviorVersion::latest())
        .endpoint_url(&athena.url)
        .region(Region::new("eu-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .load()
        .await;
    let settings = AthenaSettings {
        catalog: None,
        database: "logs".to_owned(),
        table: "cloudtrail".to_owned(),
        workgroup: Some("keyleak".to_owned()),
        output: None,
        days: DayColumns::None,
        region: None,
        account: None,
        lookback_days: 15,
        ask_above: ASK_ABOVE,
        case_tables: None,
        rows_max: ROWS_MAX,
    };
    AthenaTrail::new(&config, change(settings), clock, tasks).unwrap()
}

/// A trail that reads its whole window for every question, as a naive bot would: a window that has
/// an end is not remembered.
struct Forgetful(AthenaTrail);

fn whole(window: Window) -> Window {
    Window { to: "2100-01-01T00:00:00Z".parse().ok(), ..window }
}

#[async_trait]
impl Source for Forgetful {
    async fn sightings(&self, window: Window) -> Result<Sightings, TrailError> {
        self.0.sightings(whole(window)).await
    }

    async fn cut(&self, window: Window, subject: &Subject) -> Result<Cut<Rows>, TrailError> {
        self.0.cut(whole(window), subject).await
    }

    async fn deeds(&self, deeds: &Deeds) -> Result<Cut, TrailError> {
        self.0.deeds(deeds).await
    }

    async fn role_calls(&self, role: &str, window: Window) -> Result<RoleCalls, TrailError> {
        self.0.role_calls(role, window).await
    }
}

/// A whole case: contained, with many questions asked, swept again and again, closed and compared.
async fn played(bureau: &Bureau, ground: &Ground) -> Case {
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    story::approve(bureau, &case, PlanKind::Containment).await;
    for _ in 0..ASKED {
        ask(bureau, &case, Phase::Scope).await;
        ask(bureau, &case, Phase::Impact).await;
    }
    bureau.wait(&case, "contained", is_contained).await;
    ask(bureau, &case, Phase::Impact).await;
    story::closed_and_compared(bureau, &case).await;
    bureau.desk.ledger.load(&case).await.unwrap()
}

async fn ask(bureau: &Bureau, case: &CaseId, phase: Phase) {
    bureau.press(ASKER, ButtonAction::Phase { case: case.clone(), phase }).await;
    let answered = |case: &Case| {
        let press = case.presses(phase).last()?;
        case.is_answered(press.seq).then_some(())
    };
    bureau.wait(case, "the answers", answered).await;
    let now = bureau.desk.ledger.load(case).await.unwrap();
    assert!(now.questions_failed().is_empty(), "{:?}", now.questions_failed());
}

/// The bytes of the partitions of the case's window, as they are in the end.
fn window(athena: &CountingAthena, case: &Case, now: Timestamp) -> u64 {
    let from = case.opened_at() - SignedDuration::from_hours(24 * 15);
    athena.bytes_of((&slashed(from), &slashed(now)))
}

/// The bytes of all queries that name a day before the one before the case.
fn of_old_days(runs: &[Run], case: &Case) -> u64 {
    let day = slashed(case.opened_at() - SignedDuration::from_hours(24));
    runs.iter().filter(|run| run.days.0 < day).map(|run| run.bytes).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_reads_each_day_of_its_window_twice_however_much_is_asked() {
    let ground = ground(71, QUICK).await;
    fill_the_past(&ground);
    let athena = CountingAthena::over(&ground.trail).await;
    let trail = athena_trail(&athena, &ground).await;
    let again = trail.clone();
    let bureau =
        Bureau::open_with(&ground, |rights| rights, |_| Arc::new(Investigator::new(trail))).await;
    let case = played(&bureau, &ground).await;
    let runs = athena.runs();
    let told: Vec<String> =
        runs.iter().map(|run| format!("{:?} {}", run.days, run.bytes)).collect();
    let window = window(&athena, &case, ground.clock.now());
    let spending = case.spending();
    let part = |reading| spending.part(reading).bytes_scanned;

    assert!(part(ReadFor::Window) <= 2 * window, "{window}: {told:#?}\n{spending:?}");
    assert!(of_old_days(&runs, &case) <= 2 * window + part(ReadFor::Lineage), "{told:#?}");
    // Everything that was scanned is listed, each part with its reason.
    let scanned: u64 = runs.iter().map(|run| run.bytes).sum();
    assert_eq!(spending.bytes_scanned, scanned, "{spending:?}\n{}", journal(&case));
    let top_ups: u64 = ReadFor::TOP_UPS.into_iter().map(part).sum();
    assert_eq!(part(ReadFor::Window) + top_ups, scanned);
    assert!(part(ReadFor::NewRecords) > 0 && part(ReadFor::Reconciliation) > 0, "{spending:?}");
    assert!(spending.microdollars >= 50 * runs.len() as u64, "each costs ten megabytes at least");

    // The card's thread says so, and what was read in parts is what one reading finds.
    let scene = Scene { case: &case, policy: &bureau.desk.rules.policy, now: ground.clock.now() };
    let card = serde_json::to_string(&draw(&View::Details(scene), Means::Full).blocks).unwrap();
    assert!(card.contains("scanned in Athena so far, about $"), "{card}");
    // And what the window was said to cost before.
    assert!(card.contains("(before: its window would scan at most 400 GB"), "{card}");
    let expected = |record: &Arc<Record>| {
        let Event::Spending { step } = &record.event else { return false };
        matches!(**step, SpendingStep::Expected { .. })
    };
    assert!(case.records().iter().any(expected), "{}", journal(&case));
    same_as_at_once(&again, &ground, &case).await;
    bureau.close().await;
}

/// Negative control: where each question reads the trail, the same case is far above the bound.
#[tokio::test(flavor = "multi_thread")]
async fn a_trail_that_is_read_for_each_question_is_above_the_bound() {
    let ground = ground(71, QUICK).await;
    fill_the_past(&ground);
    let athena = CountingAthena::over(&ground.trail).await;
    let forgetful = Forgetful(athena_trail(&athena, &ground).await);
    let bureau =
        Bureau::open_with(&ground, |rights| rights, |_| Arc::new(Investigator::new(forgetful)))
            .await;
    let case = played(&bureau, &ground).await;
    let window = window(&athena, &case, ground.clock.now());
    let scanned = of_old_days(&athena.runs(), &case);
    assert!(scanned > 2 * window, "{scanned} of {window}");
    bureau.close().await;
}

/// The parts that are remembered make the survey that one reading of all objects makes.
async fn same_as_at_once(trail: &AthenaTrail, ground: &Ground, case: &Case) {
    let request = SurveyRequest {
        key_id: case.opening().key.reveal().to_owned(),
        window: Window {
            from: Some(case.opened_at() - SignedDuration::from_hours(24 * 15)),
            to: None,
        },
        exposed_since: None,
        as_of: ground.clock.now(),
    };
    let at_once = Investigator::new(LocalTrail::new(vec![ground.trail.clone()]));
    let before = at_once.survey(&request).await.unwrap();
    let ours = Investigator::new(trail.clone()).survey(&request).await.unwrap();
    let theirs = at_once.survey(&request).await.unwrap();
    assert!(!ours.lineage.nodes.is_empty());
    assert_eq!(ours.lineage, theirs.lineage);
    assert_eq!(ours.cut, theirs.cut);
    // The bot's own calls are still being delivered.
    let [before, ours, after] = [before, ours, theirs].map(|all| all.coverage.records_unique);
    assert!(before <= ours && ours <= after, "{before} {ours} {after}");
}
