//! Trino, which is what Athena runs, over the same trails: it goes by the places of fields and not
//! by their names, and is strict about types and functions where DuckDB is not.

use crate::frame::{Missing, trial};
use crate::leak::{Leak, leak};
use crate::maven::{Pinned, said_by};
use crate::named_queries::answers_alone;
use crate::other_logs::finds_the_actor;
use crate::parts::Parts;
use crate::python::Judge;
use crate::questions::{ALL, athena, busiest, cut_rows, in_order, same, texts};
use crate::real_trails::{INVICTUS, TRAILS, same_answers, same_cut};
use crate::sql_judge::{SqlJudge, TRAIL_TABLE, real_trails};
use crate::table_shapes::{Shape, compare, shapes, since_ever, subject_of};
use crate::trino_athena::serve;
use keyleak::domain::other_log::OtherLog;
use keyleak::domain::trail_row::TrailRow;
use keyleak::ports::trail::{Coverage, Cut, Deeds, Source, Window};
use keyleak::trail::catalogue::ATHENA_CUT;
use keyleak::trail::local::LocalTrail;
use libtest_mimic::Trial;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tokio::runtime::Runtime;

/// Set where the libraries may be fetched; without it these trials are not there at all.
const ASKED_FOR: &str = "KEYLEAK_TRINO";
const FILES: Pinned = Pinned {
    name: "trino",
    pom: include_str!("../trino/pom.xml"),
    sums: include_str!("../trino/SHA256SUMS"),
};
/// It lives for a minute or two: what takes long to start does not pay.
const OPTIONS: &[&str] = &["-Xmx2g", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];

/// The one Trino of this run.
#[derive(Default)]
struct Trino {
    judge: OnceLock<Result<Mutex<SqlJudge>, Missing>>,
    /// One trial at a time has its tables there.
    turn: Mutex<()>,
}

impl Trino {
    fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn judge(&self) -> Result<MutexGuard<'_, SqlJudge>, Missing> {
        let started = self.judge.get_or_init(|| start().map(Mutex::new));
        let judge = started.as_ref().map_err(Clone::clone)?;
        Ok(judge.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn start() -> Result<SqlJudge, Missing> {
    said_by(Command::new("javac").arg("-version"), "javac")?;
    let installed = FILES.installed()?;
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/trino/TrinoJudge.java");
    let mut java = Command::new("java");
    java.args(OPTIONS).args(["-cp", &format!("{}/*", installed.display())]).arg(program);
    Ok(SqlJudge::trino(Judge::start(&mut java)))
}

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    if std::env::var_os(ASKED_FOR).is_none_or(|value| value != "1") {
        return Vec::new();
    }
    let trino = Arc::new(Trino::default());
    let mut trials = of_recorded(parts, &trino);
    let [adapter, real, logs, swapped, refused] = [(); 5].map(|()| Arc::clone(&trino));
    trials.extend([
        trial("trino_answers_all_that_the_adapter_asks_of_a_published_trail", move || {
            let _turn = adapter.turn();
            adapter_agrees(&adapter, &real_trails()?.join("invictus"))
        }),
        trial("trino_and_the_scanner_make_the_same_cut_of_every_published_trail", move || {
            let folder = real_trails()?;
            let _turn = real.turn();
            let mut judge = real.judge()?;
            for (trail, key) in TRAILS {
                same_cut(&mut judge, &folder.join(trail), key);
            }
            same_answers(&mut judge, &folder.join("invictus"), INVICTUS);
            Ok(())
        }),
        trial("trino_finds_the_actor_in_each_other_log_and_nobody_else", move || {
            let _turn = logs.turn();
            let mut judge = logs.judge()?;
            for log in OtherLog::ALL {
                finds_the_actor(&mut judge, log);
            }
            Ok(())
        }),
        trial("trino_tells_when_two_fields_of_a_row_are_swapped", move || {
            let _turn = swapped.turn();
            tells_swapped_fields(&swapped, &real_trails()?.join("otrf_ec2_proxy"))
        }),
        trial("trino_refuses_what_sqlite_and_duckdb_bear", move || {
            let _turn = refused.turn();
            let mut judge = refused.judge()?;
            refuses(&mut judge);
            Ok(())
        }),
    ]);
    trials
}

fn of_recorded(parts: &Arc<Parts>, trino: &Arc<Trino>) -> Vec<Trial> {
    let of = |account: &'static str, then: fn(&Runtime, &mut SqlJudge, &Leak) -> usize| {
        let (parts, trino) = (Arc::clone(parts), Arc::clone(trino));
        move || {
            let runtime = Runtime::new().expect("a runtime");
            let leak = runtime.block_on(leak(&parts, account))?;
            leak.recorder.flush();
            let _turn = trino.turn();
            let mut judge = trino.judge()?;
            let rows = then(&runtime, &mut judge, &leak);
            assert!(rows > 0, "the key was used");
            Ok(())
        }
    };
    vec![
        trial(
            "trino_reads_a_recorded_trail_alike_from_whatever_table_people_have",
            // A number loses the zero that the account's begins with.
            of("040000000004", |runtime, judge, leak| {
                runtime.block_on(compare(judge, leak.recorder.folder()))
            }),
        ),
        trial(
            "trino_answers_each_saved_question_as_the_case_does",
            of("240000000006", |runtime, judge, leak| {
                runtime.block_on(answers_alone(judge, leak.recorder.folder(), &leak.key.id))
            }),
        ),
    ]
}

/// The table with types has all that records have, and none of it as our queries name it.
fn typed() -> Shape {
    shapes().into_iter().find(|shape| shape.name == "one with types").expect("the table")
}

/// Lets the adapter ask Trino as it asks Athena, and compares whatever it makes of the answers.
fn adapter_agrees(trino: &Arc<Trino>, folder: &Path) -> Result<(), Missing> {
    let shape = typed();
    let mut judge = trino.judge()?;
    shape.load(&mut judge, folder);
    drop(judge);
    let engine = Arc::clone(trino);
    Runtime::new().expect("a runtime").block_on(async {
        let answer = move |sql: &str, literals: &[String]| {
            let mut judge = engine.judge().map_err(|Missing(why)| why)?;
            let found = judge.run(sql, literals)?;
            Ok((found.columns, texts(&found.rows)))
        };
        let url = serve(shape.table.clone(), Arc::new(answer)).await;
        let scanner = LocalTrail::new(vec![PathBuf::from(folder)]);
        same_readings(&shape.trail_at(&url).await, &scanner).await;
    });
    Ok(())
}

/// Whatever is asked of a trail, of both.
async fn same_readings(theirs: &dyn Source, ours: &LocalTrail) {
    let window = Window { to: Some("2030-01-01T00:00:00Z".parse().unwrap()), ..since_ever() };
    let seen = ours.sightings_now(window).expect("pass one");
    let found = theirs.sightings(window).await.expect("pass one");
    let sorted = |rows: &[_]| in_order(rows.iter().cloned());
    same(&sorted(&seen.rows), &sorted(&found.rows), "pass one");
    let passed = |coverage: &Coverage| (coverage.regions.clone(), coverage.data_events_from);
    assert_eq!(passed(&seen.coverage), passed(&found.coverage));

    let subject = subject_of(&seen.rows, INVICTUS);
    let cut = ours.cut_now(window, &subject).and_then(Cut::held).expect("pass two").rows;
    let read = theirs.cut(window, &subject).await.and_then(Cut::held).expect("pass two").rows;
    same(&cut, &read, "pass two");

    let changed = |row: &&TrailRow| row.target_user.is_some() && row.error_code.is_none();
    let change = cut.iter().find(|row| changed(row) && row.read_only == Some(0)).expect("a change");
    let event_names = vec![change.event_name.clone().expect("a name")];
    let target = change.target_user.clone().expect("a user");
    let deeds = Deeds { event_names, target, window };
    let done = ours.deeds(&deeds).await.expect("the deeds").rows;
    assert!(done.contains(&TrailRow { reach: done[0].reach.clone(), ..change.clone() }));
    same(&done, &theirs.deeds(&deeds).await.expect("the deeds").rows, "deeds");

    let mut roles = seen.rows.iter().filter_map(|row| row.issuer_arn.as_deref());
    let by_role = |role: &str| ours.role_calls_now(role, window).expect("a role's calls");
    let role = roles.find(|role| !by_role(role).rows.is_empty()).expect("a role with calls");
    let (ours, theirs) = (by_role(role), theirs.role_calls(role, window).await.expect("its calls"));
    same(&ours.rows, &theirs.rows, "role calls");
    let held = |seen: &Coverage| {
        (seen.first, seen.last, seen.regions.clone(), seen.accounts.clone(), seen.data_events_from)
    };
    assert_eq!(held(&ours.coverage), held(&theirs.coverage));
    let read = ours.coverage.records_unique + ours.coverage.duplicates;
    assert_eq!(read, theirs.coverage.records_read);
}

/// DuckDB takes fields by their names, and would not notice.
fn tells_swapped_fields(trino: &Trino, folder: &Path) -> Result<(), Missing> {
    let shape = typed();
    let mut judge = trino.judge()?;
    shape.load(&mut judge, folder);
    let runtime = Runtime::new().expect("a runtime");
    let relation =
        runtime.block_on(async { shape.trail(folder).await.relation(since_ever()).await });
    let (right, partitions) = relation.expect("a relation");
    let wrong = right.replace(
        "\"type\" varchar, \"principalid\" varchar, \"arn\" varchar, \"accountid\"",
        "\"principalid\" varchar, \"type\" varchar, \"arn\" varchar, \"accountid\"",
    );
    assert_ne!(right, wrong);
    let scanner = LocalTrail::new(vec![PathBuf::from(folder)]);
    let seen = scanner.sightings_now(ALL).expect("pass one").rows;
    let subject = subject_of(&seen, &busiest(&seen).remove(0));
    let ours = scanner.cut_now(ALL, &subject).and_then(Cut::held).expect("pass two").rows;
    let mut cut =
        |table: &str| cut_rows(&athena(&mut judge, ATHENA_CUT, &subject, (table, &partitions)));
    assert_eq!(cut(&right), ours);
    let theirs = cut(&wrong);
    assert_eq!(theirs.len(), ours.len());
    assert_eq!(theirs[0].identity_type, ours[0].principal_id);
    assert_eq!(theirs[0].principal_id, ours[0].identity_type);
    Ok(())
}

/// What each of the two, or both, let pass.
fn refuses(judge: &mut SqlJudge) {
    let sql = |value: &str| {
        format!("SELECT {value} AS found FROM (VALUES ('a', 1)) AS {TRAIL_TABLE} (name, times)")
    };
    let mut run = |value: &str| judge.run(&sql(value), &[]);
    assert_eq!(run("coalesce(name, '')").expect("it runs").columns, ["found"]);
    let wrong = [
        ("ifnull(name, '')", "Function 'ifnull' not registered"),
        ("instr(name, 'a')", "Function 'instr' not registered"),
        ("name || times", "Unexpected parameters"),
        ("CASE WHEN name = 1 THEN 1 END", "Cannot apply operator"),
        ("CAST(ROW(name) AS ROW(a varchar, b varchar))", "Cannot cast"),
    ];
    for (value, why) in wrong {
        let refusal = run(value).expect_err(value);
        assert!(refusal.contains(why), "{value}: {refusal}");
    }
}
