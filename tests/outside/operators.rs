//! Slack is down: people decide at the command line, and the channel hears of it afterwards.

use crate::account::Credential;
use crate::frame::{Missing, trial_async};
use crate::ground::USER;
use crate::leak::{Leak, leak_delivered};
use crate::parts::Parts;
use crate::service::{APPROVER, ASKER, Journal, Service};
use libtest_mimic::Trial;
use std::process::Output;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How late the trail comes: CloudTrail's minutes, compressed.
const DELIVERY: Duration = Duration::from_millis(500);
/// Many times what the worker needs to begin an approved step.
const WATCHED: Duration = Duration::from_secs(4);
/// A machine under load takes several times what a containment takes.
const PATIENCE: Duration = Duration::from_secs(90);

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let [outage, embedded] = [(); 2].map(|()| Arc::clone(parts));
    vec![
        trial_async(
            "with_slack_down_operators_freeze_approve_and_thaw_and_the_channel_catches_up",
            move || async move { through_an_outage(&outage).await },
        ),
        trial_async("with_a_sqlite_journal_no_plan_is_decided_past_slack", move || async move {
            off_on_sqlite(&embedded).await
        }),
    ]
}

/// The people, as AWS knows them; eve is in no list, and the thief holds the leaked key.
async fn people(leak: &Leak) -> Vec<(&'static str, Credential)> {
    let mut people = Vec::new();
    for name in ["ana", "bob", "eve"] {
        people.push((name, leak.owner.administrator(name).await));
    }
    people.push(("thief", leak.key.clone()));
    people
}

fn mapping(leak: &Leak) -> String {
    let id = &leak.owner.id;
    format!(
        r#"[people.operators]
"arn:aws:iam::{id}:user/ana" = "{ASKER}"
"arn:aws:iam::{id}:user/bob" = "{APPROVER}"
"arn:aws:iam::{id}:user/{USER}" = "{APPROVER}"
"#
    )
}

async fn through_an_outage(parts: &Parts) -> Result<(), Missing> {
    let leak = leak_delivered(parts, "290000000001", DELIVERY).await?;
    let people = people(&leak).await;
    let service = Service::start_with(&leak, Journal::DynamoDb, &mapping(&leak)).await;
    service.know_profiles(&people);
    service.slash(&leak.key.id).await;
    service.wait_for_words("Plan 1").await;
    let case = service.case_name();
    service.slack.set_down(true);

    refusals(&service, &case);
    let order = |word: &str, who: &str| {
        let reason = ["--reason", "the bot must wait", "--profile", who];
        service.run(&[&[word], &reason[..]].concat())
    };
    said(&order("thaw", "bob"), false, "it is already so");
    said(&order("freeze", "bob"), true, "Frozen as U0BOB00002");
    said(&decide(&service, "approve", &case, "bob"), true, "Recorded: plan 1 approved");
    // Signed again in another second it is another proof of the same wish.
    tokio::time::sleep(WATCHED).await;
    said(&decide(&service, "approve", &case, "bob"), false, "already approved");
    assert!(!leak.owner.state_of(USER).await.is_denied, "frozen, and yet it was changed");
    said(&service.run(&["cases"]), true, "FROZEN by bob");
    said(&order("thaw", "ana"), false, "not an approver");
    said(&order("thaw", "bob"), true, "Thawed");

    let deadline = Instant::now() + PATIENCE;
    while !leak.owner.state_of(USER).await.is_denied {
        assert!(Instant::now() < deadline, "{:?}", service.run(&["status", &case]));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let silent = service.said();
    assert!(!silent.iter().any(|said| said.contains("command line")), "Slack is down: {silent:?}");
    service.slack.set_down(false);
    for words in [
        "bob approved plan 1 at",
        "from the command line, proven by arn:aws:iam::290000000001:user/bob",
        "FROZEN: bob has stopped every change",
        "bob has lifted the freeze",
    ] {
        service.wait_for_words(words).await;
    }
    said(&service.run(&["verify", &case]), true, "");
    assert_eq!(service.slack.violations(), Vec::<String>::new());
    Ok(())
}

/// Who may not, and what must not count.
fn refusals(service: &Service, case: &str) {
    said(&decide(service, "approve", case, "eve"), false, "is not mapped to a person");
    said(&decide(service, "approve", case, "eve"), false, ":user/eve\" = ");
    said(&decide(service, "approve", case, "ana"), false, "not an approver");
    said(&decide(service, "approve", case, "thief"), false, "is part of case");
    said(&decide(service, "withdraw", case, "bob"), false, "nothing to withdraw");
    let wrong = ["approve", case, "1", "--profile", "bob", "--hash", "00000000"];
    said(&service.run(&wrong), false, "so nothing is done");
    let blind = ["approve", case, "1", "--profile", "bob"];
    said(&service.run(&blind), false, "nothing was typed");
    said(&service.run(&blind), false, "Deny everything to user ci-deploy");
    said(&service.run(&["approve", case, "7", "--profile", "bob"]), false, "has no plan 7");
    let nobody = ["approve", case, "1", "--profile", "nobody", "--hash", &hash(service, case)];
    said(&service.run(&nobody), false, "could not be signed");
}

async fn off_on_sqlite(parts: &Parts) -> Result<(), Missing> {
    let leak = leak_delivered(parts, "290000000002", DELIVERY).await?;
    let people = people(&leak).await;
    let service = Service::start_with(&leak, Journal::Sqlite, &mapping(&leak)).await;
    service.know_profiles(&people);
    service.slash(&leak.key.id).await;
    service.wait_for_words("Plan 1").await;
    let case = service.case_name();
    for word in ["approve", "deny", "withdraw", "undo"] {
        said(&decide(&service, word, &case, "bob"), false, "is off while journal.store is");
    }
    said(&service.run(&["status", &case]), true, "0 of 1 approval");
    let freeze = ["freeze", "--reason", "stop", "--profile", "bob"];
    said(&service.run(&freeze), true, "Frozen as");
    service.wait_for_words("FROZEN: bob has stopped every change").await;
    Ok(())
}

fn decide(service: &Service, word: &str, case: &str, who: &str) -> Output {
    let hash = hash(service, case);
    service.run(&[word, case, "1", "--hash", &hash, "--profile", who])
}

/// The beginning of the plan's hash, as a person reads it off `keyleak status`.
fn hash(service: &Service, case: &str) -> String {
    let status = service.run(&["status", case]);
    let text = String::from_utf8_lossy(&status.stdout).into_owned();
    let line = text.lines().find_map(|line| line.strip_prefix("Hash"));
    // A plan that is decided is not shown any more; then any hash will do.
    line.map_or_else(|| "0".repeat(8), |line| line.trim()[..8].to_owned())
}

/// Checks how a command ended, and that it said so.
fn said(output: &Output, success: bool, words: &str) {
    let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    assert_eq!(output.status.success(), success, "{out}\n{err}");
    assert!(out.contains(words) || err.contains(words), "not \"{words}\" but:\n{out}\n{err}");
}
