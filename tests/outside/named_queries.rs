//! The questions as named queries of Athena: each text answers by itself, and an emulator keeps it.

use crate::account::Account;
use crate::frame::{Missing, trial, trial_async};
use crate::leak::leak;
use crate::parts::Parts;
use crate::questions::{ALL, busiest, json_cell, same};
use crate::real_trails::middle;
use crate::sql_judge::{SqlJudge, real_trails};
use crate::table_shapes::{settings, shapes, since_ever, subject_of};
use keyleak::aws::named_queries::{Became, NamedQueries, NamedQuery};
use keyleak::domain::ids::AccessKeyId;
use keyleak::domain::trail_row::TrailRow;
use keyleak::ports::clock::Clock;
use keyleak::ports::trail::Cut;
use keyleak::trail::catalogue::questions;
use keyleak::trail::local::LocalTrail;
use keyleak::trail::table::CaseTable;
use libtest_mimic::Trial;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const KEY: &str = "AKIAQNZGKIQY56JQ7WML";
const TABLE: &str = "WITH case_table AS (SELECT 'AKIAQNZGKIQY56JQ7WML' AS access_key_id)";

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let [recorded, real, kept] = [(); 3].map(|()| Arc::clone(parts));
    vec![
        trial_async(
            "a_saved_question_answers_by_itself_as_the_case_does_on_a_recorded_trail",
            move || async move {
                let leak = leak(&recorded, "240000000004").await?;
                leak.recorder.flush();
                let mut judge = SqlJudge::start(recorded.python()?);
                let rows = answers_alone(&mut judge, leak.recorder.folder(), &leak.key.id).await;
                assert!(rows > 0, "some questions have an answer");
                Ok(())
            },
        ),
        trial(
            "a_saved_question_answers_by_itself_as_the_case_does_on_a_published_trail",
            move || {
                let folder = real_trails()?.join("invictus");
                let runtime = tokio::runtime::Runtime::new().expect("a runtime");
                let mut judge = SqlJudge::start(real.python()?);
                let seen = LocalTrail::new(vec![folder.clone()]).sightings_now(ALL);
                let key = busiest(&seen.expect("pass one").rows).remove(0);
                let rows = runtime.block_on(answers_alone(&mut judge, &folder, &key));
                assert!(rows > 1_000, "{rows}");
                Ok::<(), Missing>(())
            },
        ),
        trial_async(
            "an_emulator_keeps_the_questions_and_gives_up_ours_alone",
            move || async move {
                let account = Account::at(kept.ministack()?.address(), "240000000005").await;
                keeps(&account).await;
                Ok(())
            },
        ),
    ]
}

/// Runs each saved text on the table that most people have; how many rows all answers have.
pub(crate) async fn answers_alone(judge: &mut SqlJudge, folder: &Path, key_id: &str) -> usize {
    let shape = shapes().remove(0);
    shape.load(judge, folder);
    let scanner = LocalTrail::new(vec![PathBuf::from(folder)]);
    let seen = scanner.sightings_now(ALL).expect("pass one").rows;
    let subject = subject_of(&seen, key_id);
    let found = scanner.cut_now(ALL, &subject).and_then(Cut::held).expect("pass two").rows;
    let rows: Vec<TrailRow> = found.iter().map(|row| shape.told(row)).collect();
    let case = CaseTable::load(&rows).expect("the table is loaded");
    let table = shape.trail(folder).await.case_table(since_ever(), &subject).await;
    let table = table.expect("the cut as a table");
    let key = AccessKeyId::from_record(key_id).expect("an id");
    let mut count = 0;
    for question in questions().expect("the questions") {
        let sql = question.at(&middle(&rows)).expect("its times");
        let query = NamedQuery::new(&key, &question, &sql, &table);
        assert_eq!(query.fault(), None);
        let theirs = judge.athena(query.text(), &json!([]));
        assert_eq!(theirs.columns, question.columns, "{}", question.id);
        let ours = case.ask(&sql).expect("SQLite answers").rows;
        let ours: Vec<Vec<Value>> =
            ours.iter().map(|row| row.iter().map(json_cell).collect()).collect();
        same(&ours, &theirs.rows, &format!("{} of {}", question.id, folder.display()));
        count += ours.len();
    }
    count
}

/// The emulator knows no `UpdateNamedQuery`; `tests/it/named_queries.rs` has a stand-in that does.
async fn keeps(account: &Account) {
    let key = AccessKeyId::from_record(KEY).expect("an id");
    let named = NamedQueries::new(account.config(), &settings(), Clock::real());
    let questions = questions().expect("the questions");
    let few = questions.iter().take(4);
    let few: Vec<NamedQuery> = few.map(|one| NamedQuery::new(&key, one, &one.sql, TABLE)).collect();
    let by_hand = account.root.athena.create_named_query().work_group("keyleak").database("logs");
    let by_hand = by_hand.name(&few[3].name).query_string("SELECT 1").send().await;
    let by_hand = by_hand.expect("it is kept").named_query_id.expect("an id");
    let became = |became: Became| few.iter().map(|one| one.name.clone()).zip([became; 3]);

    for (turn, wanted) in [Became::Saved, Became::Unchanged].into_iter().enumerate() {
        let kept = named.save(&key, &few).await;
        assert_eq!(kept.failed, None, "{turn}");
        let mut expected: Vec<(String, Became)> = became(wanted).collect();
        expected.push((few[3].name.clone(), Became::LeftAlone));
        assert_eq!(kept.done, expected, "{turn}");
    }
    let removed = named.remove(&key).await;
    assert_eq!((removed.failed, removed.done.len()), (None, 4));
    let left = account.root.athena.list_named_queries().work_group("keyleak").send().await;
    assert_eq!(left.expect("a list").named_query_ids(), [by_hand]);
}
