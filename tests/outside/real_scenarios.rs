//! The scenarios that are played on other people's records, by script.

use crate::frame::{Missing, trial};
use crate::sql_judge::real_trails;
use keyleak::drill::scenario::names;
use libtest_mimic::Trial;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

const MINUTE: Duration = Duration::from_secs(60);

pub(crate) fn trials() -> Vec<Trial> {
    let real = names().into_iter().filter(|name| name.starts_with("real-"));
    let mut all: Vec<Trial> = real
        .map(|name| {
            let play = move || {
                let (ended_well, said) = played(name)?;
                assert!(ended_well, "{said}");
                Ok(())
            };
            trial(&format!("the_scenario_{name}_finds_what_was_counted"), play)
        })
        .collect();
    assert!(all.len() >= 3, "at least three are on real records");
    all.push(trial("a_scenario_that_counts_one_call_more_fails", || {
        let text = include_str!("../../scenarios/real-invictus.toml");
        let wrong = text.replacen("calls = 2104", "calls = 2105", 1);
        assert_ne!(wrong, text);
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("wrong.toml");
        std::fs::write(&path, wrong).expect("a file");
        let (ended_well, said) = played(path.to_str().expect("a path"))?;
        let why = "2104 calls of the key before the drill, 224 of them failed, and not 2105";
        assert!(!ended_well && said.contains(why), "{said}");
        Ok(())
    }));
    all
}

fn played(scenario: &str) -> Result<(bool, String), Missing> {
    let trails = real_trails()?;
    let began = Instant::now();
    let output = Command::new(Path::new(env!("CARGO_BIN_EXE_keyleak")))
        .args(["drill", "--headless", "--scenario", scenario, "--trails"])
        .arg(trails)
        .output()
        .expect("the binary starts");
    let took = began.elapsed();
    assert!(took < MINUTE, "{scenario} took {took:?}");
    let said = [output.stdout, output.stderr].concat();
    Ok((output.status.success(), String::from_utf8_lossy(&said).into_owned()))
}
