//! `keyleak doctor` here and in a workspace: each planted fault is told, alone, with its fix.

mod faults;
mod town;

use crate::binary::keyleak;
use crate::doctor::faults::{
    AS_IT_IS, NOTHING, Planted, faults_of_people, faults_of_slack, faults_of_the_address,
    faults_of_the_host, faults_of_tiers,
};
use crate::doctor::town::{
    ANCHOR_KEY, SECRET, SEES_PEOPLE, START_PATIENCE, TOKEN, Town, free, stand_in,
};
use axum::Router;
use axum::http::StatusCode;
use axum::response::Redirect;
use axum::routing::any;
use keyleak::commands::doctor::workspace::try_channel;
use keyleak::domain::checkup::{Checkup, Line, Part, State};
use keyleak::ports::clock::Clock;
use keyleak::sim::slack::channels::Reach;
use keyleak::sim::slack::faults::Fault;
use std::path::Path;
use std::time::{Duration, Instant};

/// What is wrong or to be warned of.
fn complaints(checkup: &Checkup) -> Vec<&Line> {
    let bad = |line: &&Line| matches!(line.state, State::Failed | State::Warning);
    checkup.lines.iter().filter(bad).collect()
}

/// Stand-ins for Slack and AWS, and all that lies on one host, are to be warned of.
fn of_the_town(line: &Line) -> bool {
    let surplus =
        line.part == Part::SlackScopes && line.seen == format!("nothing needs {SEES_PEOPLE}");
    let here =
        [Part::Endpoints, Part::Journal, Part::Evidence, Part::Anchors, Part::AwsCredentials];
    line.state == State::Warning && (surplus || here.contains(&line.part))
}

/// What is wrong with what is told of a fault: its line with its fix has to be there, and no other.
fn judge(fault: &Planted, checkup: &Checkup) -> Vec<String> {
    let (part, state, seen, fix) = fault.told;
    let is_told = |line: &&&Line| {
        let fixed = line.fix.as_deref().is_some_and(|words| words.contains(fix));
        line.part == part && line.state == state && line.seen.contains(seen) && fixed
    };
    let complaints = complaints(checkup);
    let told = complaints.iter().filter(is_told).count();
    let lines = (told != 1).then(|| format!("{}: told {told} times", fault.name));
    let others = complaints.iter().filter(|line| !is_told(line) && !of_the_town(line));
    let others = others.map(|line| format!("{}: told as {line:?}", fault.name));
    lines.into_iter().chain(others).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_planted_fault_is_told_on_one_line_with_its_fix_and_nothing_else_is() {
    let town = Town::new().await;
    let all = [
        faults_of_slack(),
        faults_of_the_address(),
        faults_of_people(),
        faults_of_tiers(),
        faults_of_the_host(),
    ];
    let all: Vec<Planted> = all.into_iter().flatten().collect();
    assert!(all.len() >= 20, "{}", all.len());
    let mut wrong = Vec::new();
    for fault in &all {
        let slack = town.workspace().await;
        let well = town.doctor(&town.config(&slack, &[]), Clock::real()).await;
        let bad: Vec<_> = complaints(&well).into_iter().filter(|l| !of_the_town(l)).collect();
        assert!(bad.is_empty(), "before {}: {bad:#?}", fault.name);
        (fault.slack)(&slack);
        let mut config = town.config(&slack, fault.settings);
        (fault.config)(&mut config, &town);
        wrong.extend(judge(fault, &town.doctor(&config, Clock::real()).await));
        slack.stop().await;
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A workspace that lets no app make channels was found out about in the first incident.
#[tokio::test(flavor = "multi_thread")]
async fn slack_api_docs_8_doctor_makes_a_channel_for_a_trial_and_names_the_fix_where_it_may_not() {
    let town = Town::new().await;
    let slack = town.workspace().await;
    let config = town.config(&slack, &[]);
    let well = try_channel(&config, Clock::real()).await;
    assert_eq!((well.part, well.state), (Part::SlackChannels, State::Ok), "{well:?}");
    let made: Vec<_> =
        slack.channels().into_iter().filter(|one| one.name.contains("-doctor-")).collect();
    assert_eq!(made.len(), 1);
    assert!(made[0].archived && made[0].reach == Reach::Private, "nothing of it is left");
    for code in ["restricted_action", "user_is_restricted"] {
        slack.script("conversations.create", &Fault::Error(code.to_owned()), 1);
        let line = try_channel(&config, Clock::real()).await;
        assert_eq!(line.state, State::Failed, "{line:?}");
        assert!(line.seen.contains(code), "{line:?}");
        assert!(line.fix.unwrap().contains("let this app make private channels"));
    }
    slack.script("conversations.archive", &Fault::Error("restricted_action".to_owned()), 1);
    let line = try_channel(&config, Clock::real()).await;
    assert_eq!(line.state, State::Warning, "{line:?}");
    assert!(line.fix.unwrap().starts_with("archive #keyleak-doctor-"));
    // The control: unless it is asked to, doctor makes nothing.
    let before = slack.channels().len();
    town.doctor(&config, Clock::real()).await;
    assert_eq!(slack.channels().len(), before);
    slack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_wrong_is_told_once_and_not_as_a_wrong_secret() {
    let town = Town::new().await;
    let slack = town.workspace().await;
    let config = town.config(&slack, &[]);
    for (minutes, state, seen) in [
        (10, State::Failed, "s ahead of"),
        (-10, State::Failed, "s behind"),
        (1, State::Warning, "s ahead of"),
    ] {
        let now = Clock::real().now() + jiff::SignedDuration::from_mins(minutes);
        let checkup = town.doctor(&config, Clock::fast(now, 2)).await;
        let fault = Planted {
            name: "a clock",
            settings: &[],
            slack: NOTHING,
            config: AS_IT_IS,
            told: (Part::Clock, state, seen, "let the host keep time"),
        };
        assert_eq!(judge(&fault, &checkup), [""; 0]);
    }
    slack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_answers_in_the_place_of_keyleak_is_told_apart() {
    let town = Town::new().await;
    let slack = town.workspace().await;
    let hello = stand_in(&town.tasks, Router::new().fallback(any(|| async { "hello" }))).await;
    let away = Router::new().fallback(any(|| async { StatusCode::BAD_GATEWAY }));
    let away = stand_in(&town.tasks, away).await;
    let moved = Router::new().fallback(any(|| async { Redirect::permanent("https://b.example/") }));
    let moved = stand_in(&town.tasks, moved).await;
    for (at, seen, fix) in [
        (hello, "something else than keyleak answers", "let the proxy hand /slack/commands on"),
        (away, "answers 502: nothing runs behind it", "start `keyleak serve`"),
        (moved, "redirects (308)", "set server.public_url to where it redirects to"),
    ] {
        let mut config = town.config(&slack, &[]);
        config.public_url = Some(format!("http://{at}"));
        let told = (Part::SlackCommand, State::Failed, seen, fix);
        let (name, slack) = ("a stand-in", NOTHING);
        let fault = Planted { name, settings: &[], slack, config: AS_IT_IS, told };
        assert_eq!(judge(&fault, &town.doctor(&config, Clock::real()).await), [""; 0]);
    }
    let mut config = town.config(&slack, &[]);
    config.public_url = None;
    let checkup = town.doctor(&config, Clock::real()).await;
    let line = checkup.lines.iter().find(|line| line.part == Part::SlackCommand).unwrap();
    assert_eq!(line.state, State::NotChecked, "{line:?}");
    slack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_up_changes_nothing_and_shows_no_secret() {
    let town = Town::new().await;
    let slack = town.workspace().await;
    let config = town.config(&slack, &[]);
    let before = everything_in(town.folder.path());
    let checkup = town.doctor(&config, Clock::real()).await;
    assert_eq!(everything_in(town.folder.path()), before);
    let called: Vec<String> = slack.calls().into_iter().map(|call| call.method).collect();
    assert!(called.iter().all(|name| ["auth.test", "users.info"].contains(&name.as_str())));
    assert_eq!(called.iter().filter(|name| *name == "users.info").count(), 4, "each person once");
    assert_eq!(slack.violations(), Vec::<String>::new());
    let told = checkup.text() + &serde_json::to_string(&checkup).unwrap();
    for secret in [SECRET, TOKEN, ANCHOR_KEY] {
        assert!(!told.contains(secret), "{secret}");
    }
    slack.revoke(SEES_PEOPLE);
    let blind = town.doctor(&config, Clock::real()).await;
    let people = blind.lines.iter().find(|line| line.part == Part::People).unwrap();
    assert_eq!(people.state, State::NotChecked, "{people:?}");
    slack.stop().await;
}

/// The files below a folder with what is in them, but for the journal that the service keeps open.
fn everything_in(folder: &Path) -> Vec<(String, u64)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.path().display().to_string();
        if entry.path().is_dir() {
            found.extend(everything_in(&entry.path()));
            found.push((name, 0));
        } else if !name.contains("keyleak.sqlite") {
            found.push((name, entry.metadata().unwrap().len()));
        }
    }
    found.sort();
    found
}

#[test]
fn the_binary_tells_every_mistake_of_the_settings_and_its_exit_status_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyleak.toml");
    let wrong =
        format!("[server]\nlisten = \"here\"\n[slack]\nsigning_secret = \"{SECRET}\"\nx = 1\n");
    std::fs::write(&path, wrong).unwrap();
    let run = |more: &[&str]| {
        let mut command = keyleak();
        command.args(["doctor", "--config"]).arg(&path).args(more).output().unwrap()
    };
    let output = run(&[]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    for wanted in ["line 2: server.listen", "slack.bot_token is missing", "no setting slack.x"] {
        let line =
            said.lines().find(|line| line.contains(wanted)).unwrap_or_else(|| panic!("{said}"));
        assert!(line.starts_with("FAILED       settings"), "{line}");
    }
    assert!(said.contains("not checked  settings           everything else"), "{said}");
    assert!(!said.contains(SECRET), "{said}");
    let json = run(&["--format", "json"]);
    assert_eq!(json.status.code(), Some(1));
    let told: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert!(told["failed"].as_u64().unwrap() >= 3, "{told}");
    assert_eq!(told["lines"][0]["state"], "failed", "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_says_at_its_start_which_scopes_lack() {
    let town = Town::new().await;
    let slack = town.workspace().await;
    slack.revoke("pins:write");
    let settings =
        town.settings(&slack.api_url()).replace(&town.at.to_string(), &free().to_string());
    let path = town.folder.path().join("second.toml");
    std::fs::write(&path, settings).unwrap();
    let log = town.folder.path().join("log");
    let mut command = keyleak();
    command.args(["serve", "--config"]).arg(&path).stderr(std::fs::File::create(&log).unwrap());
    command.stdout(std::fs::File::create(town.folder.path().join("out")).unwrap());
    let mut child = command.current_dir(town.folder.path()).spawn().unwrap();
    let deadline = Instant::now() + START_PATIENCE;
    let said = loop {
        let said = std::fs::read_to_string(&log).unwrap()
            + &std::fs::read_to_string(town.folder.path().join("out")).unwrap();
        if said.contains("Slack scopes") || Instant::now() > deadline {
            break said;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let _ = child.kill();
    let _ = child.wait();
    assert!(said.contains("Slack scopes: the token lacks pins:write"), "{said}");
    assert!(!said.contains(TOKEN), "{said}");
    slack.stop().await;
}
