//! Other people's trails, asked as CloudTrail's event history is: by one name at a time.

use crate::frame::{Missing, trial};
use crate::sql_judge::real_trails;
use async_trait::async_trait;
use jiff::Timestamp;
use keyleak::domain::ids::AccountId;
use keyleak::domain::lineage::Lineage;
use keyleak::ports::clock::Clock;
use keyleak::ports::event_history::{About, EventHistory, Found, Search};
use keyleak::ports::trail::{Survey, SurveyRequest, Trail, TrailError, Window};
use keyleak::trail::canon::Canon;
use keyleak::trail::event_history::HistoryTrail;
use keyleak::trail::glance::Glance;
use keyleak::trail::investigator::Investigator;
use keyleak::trail::local::LocalTrail;
use keyleak::trail::scan::{Duplicates, Pass, scan};
use keyleak::trail::walk::Walk;
use libtest_mimic::Trial;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};

/// The key that is leaked in the largest of them, and a time within 90 days of its records.
const INVICTUS: (&str, &str) = ("AKIATFQR7NSC8Q4X20BJ", "2023-08-01T00:00:00Z");

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("the_event_history_of_a_published_trail_leads_to_the_same_credentials", || {
            let (key, now) = INVICTUS;
            same_lineage(&real_trails()?.join("invictus"), key, now);
            Ok::<(), Missing>(())
        }),
        trial("the_event_history_of_each_technique_leads_to_the_same_credentials", || {
            let mut compared = 0;
            for entry in std::fs::read_dir(real_trails()?.join("stratus")).expect("the trails") {
                let folder = entry.expect("an entry").path();
                let records = Records::below(&folder);
                if let Some((key, last)) = records.busiest() {
                    same_lineage(&folder, &key, &last);
                    compared += 1;
                }
            }
            assert!(compared > 20, "{compared} trails");
            Ok::<(), Missing>(())
        }),
    ]
}

#[derive(Default)]
struct Records(Vec<Value>);

impl Pass for Records {
    fn take(&mut self, record: &Glance<'_>, _: &str) -> Result<u32, &'static str> {
        self.0.push(serde_json::from_str(record.json).map_err(|_| "not a record")?);
        Ok(0)
    }
}

impl Records {
    fn below(folder: &Path) -> Self {
        let objects = Mutex::new(Walk::new(&[folder.to_owned()]).expect("the objects"));
        let asked = (&Canon::default(), Duplicates::AtTheEnd);
        let scanned =
            scan((&objects, Window::default()), asked, &Self::default).expect("the records");
        Self(scanned.passes.into_iter().flat_map(|part| part.0).collect())
    }

    /// The key that signed most, and when the last record was made.
    fn busiest(&self) -> Option<(String, String)> {
        let mut calls: BTreeMap<&str, usize> = BTreeMap::new();
        for record in &self.0 {
            let key = record["userIdentity"]["accessKeyId"].as_str();
            if let Some(key) = key.filter(|key| key.starts_with("AKIA")) {
                *calls.entry(key).or_default() += 1;
            }
        }
        let last = self.0.iter().filter_map(|record| record["eventTime"].as_str()).max()?;
        let busiest = calls.into_iter().max_by_key(|(_, calls)| *calls)?.0;
        Some((busiest.to_owned(), last.to_owned()))
    }
}

#[async_trait]
impl EventHistory for Records {
    async fn look_up(&self, search: &Search, _: Window) -> Result<Found, TrailError> {
        let found = self.0.iter().filter(|record| is_about(record, &search.about));
        Ok(Found {
            records: found.map(Value::to_string).collect(),
            regions: vec!["us-east-1".to_owned()],
            ..Found::default()
        })
    }

    async fn delivered_to(&self, _: Option<&AccountId>) -> Result<Option<Timestamp>, TrailError> {
        Ok(None)
    }
}

/// No data event is in any history.
fn is_about(record: &Value, about: &About) -> bool {
    let identity = &record["userIdentity"];
    let is = |value: &Value, name: &str| value.as_str() == Some(name);
    let told = match about {
        About::Key(id) => is(&identity["accessKeyId"], id),
        About::User(name) => {
            let session = identity["arn"].as_str().and_then(|arn| arn.rsplit('/').next());
            is(&identity["userName"], name) || session == Some(name)
        }
        About::Resource(name) => {
            let parts = ["requestParameters", "responseElements", "resources"];
            parts.iter().any(|part| record[part].to_string().contains(&format!("\"{name}\"")))
        }
        About::Call(name) => is(&record["eventName"], name),
    };
    told && !is(&record["eventCategory"], "Data")
}

fn same_lineage(folder: &Path, key: &str, now: &str) {
    let now: Timestamp = now.parse().expect("a time");
    let history = Arc::new(Records::below(folder));
    let by_name = HistoryTrail::new(history, Clock::fast(now, 2));
    let whole = LocalTrail::new(vec![folder.to_owned()]);
    let request = SurveyRequest {
        key_id: key.to_owned(),
        window: Window::default(),
        exposed_since: None,
        as_of: now,
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let survey = |trail: &dyn Trail| -> Survey {
        runtime.block_on(trail.survey(&request)).expect("a survey")
    };
    let (one, other) = (survey(&Investigator::new(by_name)), survey(&Investigator::new(whole)));
    let place = folder.display();
    assert_eq!(held(&one.lineage), held(&other.lineage), "{place}");
    if other.coverage.data_events_from.is_none() {
        assert_eq!(one.activity, other.activity, "{place}");
    }
}

/// What the actor holds: every credential and every principal that they made.
fn held(lineage: &Lineage) -> BTreeSet<&str> {
    lineage.credentials().chain(lineage.principals()).map(|node| node.id.as_str()).collect()
}
