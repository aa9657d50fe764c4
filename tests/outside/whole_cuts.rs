//! A whole cut as a table: Athena's SQL for it makes in another engine what the scanner finds.

use crate::frame::{Missing, trial};
use crate::parts::Parts;
use crate::questions::{ALL, busiest, json_cell, same};
use crate::real_trails::middle;
use crate::sql_judge::{SqlJudge, real_trails};
use crate::table_shapes::{shapes, since_ever, subject_of};
use keyleak::domain::trail_row::TrailRow;
use keyleak::ports::trail::Cut;
use keyleak::ports::whole_cut::WholeCut;
use keyleak::trail::catalogue::questions;
use keyleak::trail::local::LocalTrail;
use keyleak::trail::table::CaseTable;
use libtest_mimic::Trial;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

/// The database that the settings name.
const DATABASE: &str = "cases";

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let parts = Arc::clone(parts);
    vec![trial("whole_cuts_as_tables_answer_as_the_case_does_on_published_trails", move || {
        let folder = real_trails()?;
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let mut judge = SqlJudge::start(parts.python()?);
        judge.query(&format!("CREATE SCHEMA {DATABASE}"), &json!([]));
        for (trail, at_least) in [("invictus", 1_000), ("otrf_ec2_proxy", 10)] {
            let rows = runtime.block_on(compare(&mut judge, &folder.join(trail)));
            assert!(rows >= at_least, "{trail}: {rows}");
        }
        Ok::<(), Missing>(())
    })]
}

/// Makes the tables of the busiest key, asks them everything, and drops them; the rows of all
/// answers.
async fn compare(judge: &mut SqlJudge, folder: &Path) -> usize {
    let shape = shapes().remove(0);
    shape.load(judge, folder);
    let scanner = LocalTrail::new(vec![folder.to_owned()]);
    let seen = scanner.sightings_now(ALL).expect("pass one").rows;
    let subject = subject_of(&seen, &busiest(&seen).remove(0));
    let found = scanner.cut_now(ALL, &subject).and_then(Cut::held).expect("pass two").rows;
    let rows: Vec<TrailRow> = found.iter().map(|row| shape.told(row)).collect();
    let case = CaseTable::load(&rows).expect("the table is loaded");
    let trail = shape.trail(folder).await;
    let cut = WholeCut { state: "", window: since_ever(), subject: &subject };
    let texts = async |question: &str| {
        trail.whole_cuts().whole_cut_sql(cut, question).await.expect("the SQL of its tables")
    };
    let (made, _, dropped) = texts("").await;
    assert_eq!(made.len(), 2, "of days that are over, and of those that may grow");
    for sql in &made {
        judge.athena(sql, &json!([]));
    }
    let mut count = 0;
    for question in questions().expect("the questions") {
        let sql = question.at(&middle(&rows)).expect("its times");
        let theirs = judge.athena(&texts(&sql).await.1, &json!([]));
        assert_eq!(theirs.columns, question.columns, "{}", question.id);
        let ours = case.ask(&sql).expect("SQLite answers").rows;
        let ours: Vec<Vec<Value>> =
            ours.iter().map(|row| row.iter().map(json_cell).collect()).collect();
        same(&ours, &theirs.rows, &format!("{} of {}", question.id, folder.display()));
        count += ours.len();
    }
    for sql in &dropped {
        judge.athena(sql, &json!([]));
    }
    count
}
