//! The check that docs/journal.md prints, run as an auditor would: by Python, without keyleak.

use crate::frame::{Missing, trial_async};
use crate::parts::Parts;
use keyleak::domain::case::Case;
use keyleak::domain::plan::PlanNumber;
use keyleak::domain::plan_state::PlanStatus;
use keyleak::drill::players::{approve, open, until};
use keyleak::drill::scenario;
use keyleak::drill::world::{PLANS_EXPIRE_AFTER, World, WorldOptions, production_timing};
use keyleak::ports::clock::Clock;
use libtest_mimic::Trial;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// Minutes of read-back become seconds.
const SPEED: u32 = 200;
const DOCUMENT: &str = include_str!("../../docs/journal.md");

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let parts = Arc::clone(parts);
    vec![trial_async(
        "an_auditor_checks_an_export_by_what_the_documentation_says",
        move || async move { checked(&parts).await },
    )]
}

async fn checked(parts: &Parts) -> Result<(), Missing> {
    let python = parts.python()?;
    let folder = tempfile::tempdir().unwrap();
    let options = WorldOptions {
        scenario: scenario::find("public-repository").unwrap(),
        clock: Clock::accelerated(SPEED),
        folder: folder.path().join("world"),
        seed: 11,
        lag: Duration::ZERO..=Duration::ZERO,
        timing: production_timing(),
        plans_expire_after: PLANS_EXPIRE_AFTER,
    };
    let world = World::start(options).await.unwrap();
    let case = open(&world).await.unwrap();
    approve(&world, &case).await.unwrap();
    let done = |case: &Case| {
        case.plan(PlanNumber(1)).is_some_and(|state| state.status() == PlanStatus::Done)
    };
    until(&world, &case, "a plan that was carried out", done).await.unwrap();

    let (out, program) = (folder.path().join("export"), folder.path().join("check.py"));
    std::fs::write(&program, program_text()).unwrap();
    let mut export = Command::new(env!("CARGO_BIN_EXE_keyleak"));
    export.args(["export", &case.0, "--journal"]).arg(&world.journal).arg("--out").arg(&out);
    assert!(export.output().unwrap().status.success());
    let key = world.journal.with_file_name("anchors.key");
    let check = || {
        let mut command = python.command(program.to_str().unwrap());
        let checked = command.arg(&out).arg(&key).output().unwrap();
        match checked.status.success() {
            true => Ok(String::from_utf8(checked.stdout).unwrap()),
            false => Err(String::from_utf8(checked.stderr).unwrap()),
        }
    };
    let said = check().unwrap();
    assert!(said.contains("records are intact") && !said.contains(" 0 of them"), "{said}");

    let records = out.join("records.jsonl");
    let lines = lines(&records);
    for (how, tampered, named) in tamperings(&lines) {
        std::fs::write(&records, tampered.join("\n") + "\n").unwrap();
        let found = check().expect_err(how);
        assert!(found.starts_with(&format!("record {named}: ")), "{how}: {found}");
    }
    world.shut_down().await;
    Ok(())
}

fn program_text() -> &'static str {
    let (_, rest) = DOCUMENT.split_once("```python\n").expect("a program");
    rest.split_once("```").expect("its end").0
}

fn lines(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

/// What was done to the records, the records, and the first bad one.
fn tamperings(lines: &[String]) -> Vec<(&'static str, Vec<String>, usize)> {
    let changed = |edit: &dyn Fn(&mut Vec<String>)| {
        let mut lines = lines.to_vec();
        edit(&mut lines);
        lines
    };
    let last = lines.len();
    vec![
        ("a name changed", changed(&|lines| lines[0] = lines[0].replace("ana", "eve")), 1),
        ("a record removed", changed(&|lines| drop(lines.remove(4))), 5),
        ("two records swapped", changed(&|lines| lines.swap(2, 3)), 3),
        ("a blank added", changed(&|lines| lines[6].push(' ')), 7),
        ("the first one repeated", changed(&|lines| lines.push(lines[0].clone())), last + 1),
    ]
}
