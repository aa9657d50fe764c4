//! Against tables that keep what they were asked.

use super::*;
use crate::domain::event::Phase;
use crate::domain::query_cost::{QueryCost, QueryRun, ReadFor};
use crate::domain::question::Times;
use crate::ports::trail::{SurveyRequest, Trail};
use crate::trail::command_line::{Ending, Format, InvestigateArguments, OwnQuestions, investigate};
use crate::trail::investigator::Investigator;
use crate::trail::local::LocalTrail;
use async_trait::async_trait;
use serde_json::json;
use std::path::Path;
use std::sync::{Arc, Mutex};

const KEY: &str = "AKIAAAAAAAAAAAAAAA22";

/// A table of VPC flow logs and no other.
#[derive(Debug, Default)]
struct Flows {
    asked: Mutex<Vec<(Actor, Window)>>,
    rows: Vec<Vec<Option<String>>>,
}

#[async_trait]
impl OtherLogs for Flows {
    fn has(&self, log: OtherLog) -> bool {
        log == OtherLog::VpcFlow
    }

    async fn ask(
        &self,
        question: LogQuestion<'_>,
        actor: &Actor,
        window: Window,
    ) -> Result<LogRows, TrailError> {
        assert_eq!(question.log, OtherLog::VpcFlow);
        self.asked.lock().unwrap().push((actor.clone(), window));
        let run = QueryRun { reading: ReadFor::OtherLogs, ..QueryRun::default() };
        Ok(LogRows {
            rows: self.rows.clone(),
            sql: question.sql.to_owned(),
            place: "net.flows, 2026-08-01 to 2026-08-02".to_owned(),
            cost: QueryCost { bytes_scanned: 7, executions: vec![run], ..QueryCost::default() },
            ..LogRows::default()
        })
    }
}

/// A trail in which the key called twice, once before it was exposed.
fn trail(folder: &Path) -> LocalTrail {
    let call = |time: &str, address: &str| {
        json!({
            "eventTime": time, "eventName": "ListUsers", "eventSource": "iam.amazonaws.com",
            "sourceIPAddress": address, "eventID": time, "awsRegion": "us-east-1",
            "userIdentity": {"type": "IAMUser", "accessKeyId": KEY},
        })
    };
    let records =
        [call("2026-08-01T09:00:00Z", "192.0.2.1"), call("2026-08-01T11:00:00Z", "192.0.2.2")];
    std::fs::write(folder.join("a.json"), json!({"Records": records}).to_string()).unwrap();
    LocalTrail::new(vec![folder.to_owned()])
}

fn request() -> SurveyRequest {
    SurveyRequest {
        key_id: KEY.to_owned(),
        window: Window::default(),
        exposed_since: None,
        as_of: "2026-08-02T00:00:00Z".parse().unwrap(),
    }
}

#[tokio::test]
async fn a_log_is_asked_about_the_actor_since_the_exposure_and_says_what_it_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let flows = Arc::new(Flows { rows: vec![vec![None; 12]], ..Flows::default() });
    let tables = Arc::clone(&flows) as Arc<dyn OtherLogs>;
    let investigator = Investigator::new(trail(folder.path())).beside(tables);
    let cut = investigator.survey(&request()).await.unwrap().cut;
    let exposed_since = "2026-08-01T10:00:00Z".parse().ok();
    let times = Times { exposed_since, ..Times::default() };
    let answer = investigator.ask(&cut, "Q43", &times).await.unwrap();
    let asked = flows.asked.lock().unwrap().clone();
    let [(actor, window)] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(actor.addresses, ["192.0.2.2"], "the owner's own address is not the actor's");
    assert_eq!((window.from, window.to), ("2026-08-01T11:00:00Z".parse().ok(), None));
    assert_eq!((answer.rows.len(), answer.cost.bytes_scanned), (1, 7));
    let told = &answer.sentence;
    assert!(told.contains("Looked at the VPC flow logs (net.flows, 2026-08-01"), "{told}");
    assert!(told.starts_with("One row for each network interface"), "{told}");
}

#[tokio::test]
async fn nobody_is_asked_about_who_called_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let flows = Arc::new(Flows::default());
    let tables = Arc::clone(&flows) as Arc<dyn OtherLogs>;
    let investigator = Investigator::new(trail(folder.path())).beside(tables);
    let cut = investigator.survey(&request()).await.unwrap().cut;
    let exposed_since = "2026-08-01T12:00:00Z".parse().ok();
    let times = Times { exposed_since, ..Times::default() };
    let answer = investigator.ask(&cut, "Q43", &times).await.unwrap();
    assert!(flows.asked.lock().unwrap().is_empty(), "a query would cost something");
    assert!(answer.sentence.contains("not asked, because"), "{}", answer.sentence);
}

#[tokio::test]
async fn a_log_without_a_table_is_not_asked_by_a_button_and_says_what_it_needs() {
    let folder = tempfile::tempdir().unwrap();
    let bare = Investigator::new(trail(folder.path()));
    let beside = Investigator::new(trail(folder.path())).beside(Arc::new(Flows::default()));
    let of_scope = |investigator: &Investigator<LocalTrail>| {
        let mut asked = investigator.questions(Phase::Scope, &Times::default());
        asked.retain(|id| ["Q43", "Q44", "Q45", "Q46", "Q47"].contains(&id.as_str()));
        asked
    };
    assert!(of_scope(&bare).is_empty());
    assert_eq!(of_scope(&beside), ["Q43"]);
    let cut = beside.survey(&request()).await.unwrap().cut;
    let error = beside.ask(&cut, "Q44", &Times::default()).await.unwrap_err();
    let told = error.to_string();
    assert!(
        told.contains("Q44 is not available") && told.contains("trail.logs.alb.table"),
        "{told}"
    );
    let listed = bare.catalogue().iter().filter(|question| bare.lacks(question).is_some());
    assert_eq!(listed.count(), OtherLog::ALL.len());
}

#[tokio::test]
async fn who_asks_for_all_is_told_which_logs_were_not_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    trail(folder.path());
    let arguments = |query: &str, format| InvestigateArguments {
        key: KEY.to_owned(),
        trail: vec![folder.path().to_owned()],
        event_history: false,
        region: Vec::new(),
        from: None,
        to: None,
        exposed_since: None,
        contained_at: None,
        query: vec![query.to_owned()],
        format,
        addresses: Vec::new(),
        own: OwnQuestions::default(),
    };
    let now = "2026-08-02T00:00:00Z".parse().unwrap();
    let all = investigate(&arguments("all", Format::Json), now).await.unwrap();
    let json: serde_json::Value = serde_json::from_str(&all.text).unwrap();
    let left = json["not_asked"].as_array().unwrap();
    for log in OtherLog::ALL {
        let id = log.question();
        let note = all.notes.iter().find(|note| note.starts_with(&format!("not asked: {id}; ")));
        assert!(note.unwrap().contains("needs a table of the"), "{:?}", all.notes);
        let needs = left.iter().find(|left| left["question"] == id).unwrap();
        assert!(needs["needs"].as_str().unwrap().contains(&log.setting()), "{needs}");
    }
    let named = investigate(&arguments("Q42", Format::Table), now).await.unwrap();
    assert_eq!(named.ending, Ending::InPart);
    assert!(named.notes[0].contains("trail.logs.s3_access.table"), "{:?}", named.notes);
}
