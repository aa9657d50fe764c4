//! CloudTrail tables as people have them: how one is made is seen, and what it lacks is told.

use crate::athena_cost::{ASK_ABOVE, athena_trail, fill_the_past, told_trail};
use crate::counting_athena::{CountingAthena, DAY};
use crate::ground::Ground;
use crate::simulated::{QUICK, ground};
use crate::trail_table::TrailTable;
use jiff::SignedDuration;
use keyleak::aws::athena::AthenaTrail;
use keyleak::aws::athena_days::DayColumns;
use keyleak::domain::question::Times;
use keyleak::ports::trail::{Survey, SurveyRequest, Trail, TrailError, Window};
use keyleak::trail::investigator::Investigator;
use keyleak::trail::local::LocalTrail;
use std::time::Duration;
use tokio_util::task::TaskTracker;

/// The window in days; what is delivered late may lie in the one after.
const DAYS: i64 = 3;
/// Nobody does anything here, so that what is delivered comes to an end.
const TRIES: usize = 100;

async fn laid_out() -> (Ground, CountingAthena) {
    let ground = ground(72, QUICK).await;
    fill_the_past(&ground);
    let athena = CountingAthena::over(&ground.trail).await;
    (ground, athena)
}

fn request(ground: &Ground) -> SurveyRequest {
    let now = ground.clock.now();
    SurveyRequest {
        key_id: ground.key().access_key_id.clone(),
        window: Window { from: Some(now - SignedDuration::from_hours(24 * DAYS)), to: None },
        exposed_since: None,
        as_of: now,
    }
}

/// The survey, and each that is made of all objects at once has the same people and rows.
async fn surveyed(
    ground: &Ground,
    trail: &AthenaTrail,
) -> Result<(Survey, Investigator<AthenaTrail>), TrailError> {
    let (request, ours) = (request(ground), Investigator::new(trail.clone()));
    let at_once = Investigator::new(LocalTrail::new(vec![ground.trail.clone()]));
    for _ in 0..TRIES {
        let before = at_once.survey(&request).await?;
        let survey = ours.survey(&request).await?;
        let whole = at_once.survey(&request).await?;
        let is_growing = before.coverage.records_unique < whole.coverage.records_unique;
        if is_growing || whole.lineage.nodes.is_empty() {
            // The leak is still being delivered.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        }
        assert_eq!((&survey.lineage, &survey.cut), (&whole.lineage, &whole.cut));
        return Ok((survey, ours));
    }
    panic!("records come without an end");
}

/// Whether every query named days, and none before the window.
fn kept_to_the_window(ground: &Ground, athena: &CountingAthena) -> bool {
    let first = ground.clock.now() - SignedDuration::from_hours(24 * (DAYS + 1));
    let first = first.strftime("%Y/%m/%d").to_string();
    athena.runs().iter().all(|run| run.days.0 >= first && run.days.1.as_str() < "9999")
}

fn current() -> TrailTable {
    TrailTable::current()
}

#[tokio::test(flavor = "multi_thread")]
async fn however_a_table_is_cut_into_days_only_those_of_the_window_are_read() {
    let (ground, athena) = laid_out().await;
    let formatted = |format| {
        current().key(DAY, "string").projected("dt.type", "date").projected("dt.format", format)
    };
    let split = |shape| current().key("year", shape).key("month", shape).key("day", shape);
    let of_organization = formatted("yyyy/MM/dd")
        .key("account", "string")
        .key("region", "string")
        .projected("account.type", "enum")
        .projected("account.values", "029608264753,210987654321")
        .projected("region.type", "enum")
        .projected("region.values", "eu-west-1,us-east-1");
    for table in [
        formatted("yyyy/MM/dd"),
        formatted("yyyy-MM-dd"),
        formatted("yyyyMMdd"),
        of_organization,
        current().key(DAY, "date"),
        current().key("timestamp", "string"),
        split("string"),
        split("int"),
        current().with("eventtime", "timestamp"),
    ] {
        athena.define(Some(table.clone()));
        let trail = athena_trail(&athena, &ground).await;
        surveyed(&ground, &trail).await.unwrap();
        assert!(kept_to_the_window(&ground, &athena), "{table:?}: {:?}", athena.runs());
    }
}

/// Negative control: a table that nobody recognizes the days of is read whole, and the case says
/// so; and one setting ends that.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_whose_days_are_not_recognized_is_read_whole_and_that_is_told() {
    let (ground, athena) = laid_out().await;
    let table = current().key("shard", "string");
    athena.define(Some(table.clone()));
    let (survey, _) = surveyed(&ground, &athena_trail(&athena, &ground).await).await.unwrap();
    assert!(!kept_to_the_window(&ground, &athena), "{:?}", athena.runs());
    let gaps = survey.coverage.gaps().join("\n");
    assert!(gaps.contains("set trail.athena.day_columns"), "{gaps}");

    let (ground, athena) = laid_out().await;
    athena.define(Some(table));
    let days = DayColumns::Slashed { column: "shard".to_owned() };
    surveyed(&ground, &told_trail(&athena, &ground, (days, TaskTracker::new(), ASK_ABOVE)).await)
        .await
        .unwrap();
    assert!(kept_to_the_window(&ground, &athena), "{:?}", athena.runs());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_table_is_read_and_answers_say_what_it_could_not_tell() {
    let (ground, athena) = laid_out().await;
    let gone = ["tlsdetails", "sessioncredentialfromconsole", "eventcategory", "resources"];
    athena.define(Some(current().without(&gone).key(DAY, "date")));
    let (survey, trail) = surveyed(&ground, &athena_trail(&athena, &ground).await).await.unwrap();
    let lacking: Vec<&str> =
        survey.coverage.missing_columns.iter().map(|missing| missing.name.as_str()).collect();
    for name in ["tlsdetails.tlsversion", "sessioncredentialfromconsole", "eventcategory"] {
        assert!(lacking.contains(&name), "{lacking:?}");
    }
    let gaps = survey.coverage.gaps().join("\n");
    assert!(gaps.contains("no sessioncredentialfromconsole"), "{gaps}");
    // What was touched is told by the resource; how often a key was used is not.
    let ask = async |question| trail.ask(&survey.cut, question, &Times::default()).await.unwrap();
    let touched = ask("Q10").await;
    assert_eq!(touched.lacking, ["resources"], "{}", touched.sentence);
    assert!(touched.sentence.contains("resource is not known of any record"), "{touched:?}");
    assert_eq!(ask("Q20").await.lacking, Vec::<String>::new());
}

/// Negative control: without the definition the same table is asked for columns that it lacks.
#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_see_how_a_table_is_made_asks_for_what_awss_own_has() {
    let (ground, athena) = laid_out().await;
    let days = || DayColumns::Slashed { column: DAY.to_owned() };
    athena.define(None);
    let error = surveyed(
        &ground,
        &told_trail(&athena, &ground, (days(), TaskTracker::new(), ASK_ABOVE)).await,
    )
    .await
    .unwrap_err();
    assert!(error.to_string().contains("COLUMN_NOT_FOUND"), "{error}");
    // Where nobody says how it is cut into days nothing is asked at all.
    let runs = athena.runs().len();
    let error = surveyed(&ground, &athena_trail(&athena, &ground).await).await.unwrap_err();
    assert!(matches!(error, TrailError::Denied { .. }), "{error}");
    assert!(error.to_string().contains("athena:GetTableMetadata"), "{error}");
    assert_eq!(athena.runs().len(), runs);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_table_of_a_trail_is_refused_before_a_query_is_paid_for() {
    let (ground, athena) = laid_out().await;
    let injected = current().key("account", "string").key(DAY, "date");
    for (table, says) in [
        (current().without(&["useridentity", "eventname"]), "eventname"),
        (current().with("requestparameters", "map<string,string>"), "not as map"),
        (injected.projected("account.type", "injected"), "trail.athena.accounts"),
    ] {
        athena.define(Some(table));
        let trail = athena_trail(&athena, &ground).await;
        let error = surveyed(&ground, &trail).await.unwrap_err();
        assert!(matches!(error, TrailError::NotATrail { .. }), "{error}");
        assert!(error.to_string().contains(says), "{error}");
    }
    assert_eq!(athena.runs().len(), 0, "{:?}", athena.runs());
}

#[tokio::test(flavor = "multi_thread")]
async fn how_a_table_is_made_is_asked_once_for_each_window() {
    let (ground, athena) = laid_out().await;
    let trail = Investigator::new(athena_trail(&athena, &ground).await);
    let request = request(&ground);
    for _ in 0..3 {
        trail.survey(&request).await.unwrap();
    }
    assert_eq!(athena.looks(), 1);
    let earlier = request.window.from.map(|from| from - SignedDuration::from_hours(24));
    let window = Window { from: earlier, to: None };
    let request = SurveyRequest { window, ..request };
    trail.survey(&request).await.unwrap();
    assert_eq!(athena.looks(), 2);
}
