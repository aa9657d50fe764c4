//! The story with nothing of ours left out: the binary, a simulated Slack, a foreign AWS.

use crate::frame::{Missing, trial_async};
use crate::ground::BACKDOOR;
use crate::leak::{Leak, leak_delivered};
use crate::parts::Parts;
use crate::service::{APPROVER, ASKER, Journal, Service};
use crate::slack_judge::SlackJudge;
use crate::story::refused;
use keyleak::sim::attacker::{Attacker, Operation};
use libtest_mimic::Trial;
use std::sync::Arc;
use std::time::Duration;

/// How late the trail comes: CloudTrail's minutes, compressed.
pub(crate) const DELIVERY: Duration = Duration::from_millis(500);

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let stories = [
        (
            "keyleak_serve_contains_and_undoes_with_a_sqlite_journal",
            Journal::Sqlite,
            "270000000001",
        ),
        (
            "keyleak_serve_contains_and_undoes_with_a_dynamodb_journal",
            Journal::DynamoDb,
            "270000000002",
        ),
    ];
    let told = |(name, journal, account): (&str, Journal, &'static str)| {
        let parts = Arc::clone(parts);
        trial_async(name, move || async move { story(&parts, journal, account).await })
    };
    stories.into_iter().map(told).collect()
}

async fn story(parts: &Parts, journal: Journal, account: &str) -> Result<(), Missing> {
    let leak = leak_delivered(parts, account, DELIVERY).await?;
    let mut service = Service::start(&leak, journal).await;
    contained_and_undone(&leak, &mut service).await;
    service.press(ASKER, "phase.impact").await;
    service.wait_for_words("the nine questions").await;
    judge_messages(&mut SlackJudge::start(parts.python()?), &service);
    Ok(())
}

/// From the command to contained and back, with a restart in between.
pub(crate) async fn contained_and_undone(leak: &Leak, service: &mut Service) {
    service.slash(&leak.key.id).await;
    service.press(APPROVER, "plan.approve").await;
    service.kill_and_restart();
    service.wait_for_words("Contained as of").await;
    for held in leak.loot() {
        refused(&leak.attacker(), &held).await.unwrap_or_else(|why| panic!("{why}"));
    }
    let backdoor = leak.owner.state_of(BACKDOOR).await;
    assert!(backdoor.keys_inactive && backdoor.is_denied, "{backdoor:?}");

    let case = service.case_name();
    let verified = service.run(&["verify", &case]);
    assert!(verified.status.success(), "{verified:?}");
    service.press(ASKER, "plan.undo").await;
    service.press(APPROVER, "plan.approve").await;
    works_again(leak).await;
}

async fn works_again(leak: &Leak) {
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    for held in leak.loot() {
        while !leak.attacker().call(&held, &Operation::ListBuckets).await.worked() {
            assert!(std::time::Instant::now() < deadline, "{} is still refused", held.label);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// Every message as it stands, judged by Slack's own library and by the simulated workspace.
fn judge_messages(judge: &mut SlackJudge, service: &Service) {
    let mut judged = 0;
    for message in service.messages() {
        let blocks = &message["blocks"];
        if blocks.as_array().is_none_or(Vec::is_empty) {
            continue;
        }
        let verdict = judge.validate_blocks(blocks);
        assert!(verdict.errors.is_empty(), "{:?} in {blocks}", verdict.errors);
        judged += 1;
    }
    assert!(judged >= 3, "the card, the plans and the summaries have blocks: {judged}");
    assert_eq!(service.slack.violations(), Vec::<String>::new());
}
