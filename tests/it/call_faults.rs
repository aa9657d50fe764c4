//! Each call of a containment and of its undo fails once, with each class of error.

use crate::bureau::{ASKER, Bureau, is_contained, journal};
use crate::ground::USER;
use crate::simulated::town;
use crate::story::{approve, contained_and_undone};
use futures_util::{FutureExt, StreamExt};
use keyleak::domain::button::ButtonAction;
use keyleak::domain::case::Case;
use keyleak::domain::event::{Event, Phase};
use keyleak::domain::plan::PlanKind;
use keyleak::domain::plan_state::PlanStatus;
use keyleak::domain::principal::PrincipalName;
use keyleak::domain::step_result::StepResult;
use keyleak::flow::photograph::photograph;
use keyleak::sim::cloud::faults::Fault;
use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;

/// What may go by itself: the call is tried again.
const TRANSIENT: [Fault; 4] =
    [Fault::Throttled, Fault::Conflict, Fault::Unavailable, Fault::TimeoutAfterEffect];
/// Asks for every call with every class instead of a sample.
const EVERY: &str = "KEYLEAK_EVERY_FAULT";
/// Stories that are told at once; most of each is waiting.
const AT_ONCE: usize = 8;

/// The calls that the bot makes in a story in which nothing fails, and whether each changes
/// something.
async fn calls_of_the_bot() -> BTreeSet<(&'static str, bool)> {
    let (ground, cloud) = town(900, |_, user| user).await;
    contained_and_undone(&ground).await;
    let role = cloud.contain_role();
    let role = role.rsplit('/').next().unwrap().to_owned();
    let is_bot = |by: &str| by == cloud.bot_arn() || by.contains(&format!(":assumed-role/{role}/"));
    let by_bot = cloud.calls().into_iter().filter(|call| is_bot(&call.by));
    by_bot.map(|call| (call.name, call.is_change)).collect()
}

/// Tells a story; what went wrong in it, if something did.
async fn wrong_in(name: String, story: impl Future<Output = ()>) -> Option<String> {
    let why = AssertUnwindSafe(story).catch_unwind().await.err()?;
    let text = why.downcast_ref::<String>().cloned();
    let text = text.or_else(|| why.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    Some(format!("{name}: {}", text.unwrap_or_default()))
}

async fn all_right<S: Future<Output = ()>>(stories: Vec<(String, S)>) {
    let told = stories.into_iter().map(|(name, story)| wrong_in(name, story));
    let told: Vec<_> = futures_util::stream::iter(told).buffer_unordered(AT_ONCE).collect().await;
    let wrong: Vec<String> = told.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// The call fails the first time that the bot makes it, and the whole story is as if it had not.
async fn contained_all_the_same(call: &'static str, fault: Fault, seed: u64) {
    let (ground, cloud) = town(seed, |_, user| user).await;
    // The story itself looks at the user first, with the bot's rights.
    photograph(ground.lookup.as_ref(), &PrincipalName::user(USER)).await.unwrap();
    let is_made = cloud.calls().iter().any(|made| made.name == call && !made.is_change);
    cloud.inject(call, if is_made { 2 } else { 1 }, fault);
    contained_and_undone(&ground).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whichever_call_fails_in_passing_the_case_is_contained_and_undone() {
    let calls = calls_of_the_bot().await;
    let names: Vec<_> = calls.iter().map(|(name, _)| *name).collect();
    for needed in ["GetAccessKeyLastUsed", "ListAccessKeys", "AttachUserPolicy", "DetachUserPolicy"]
    {
        assert!(names.contains(&needed), "{needed} is not among {names:?}");
    }
    // One class for each call that reads, in turn; all of them for each that changes something. Of
    // these a sample, unless every one is asked for.
    let every = std::env::var_os(EVERY).is_some_and(|value| value == "1");
    let (one_in, classes) = if every { (1, &TRANSIENT[..]) } else { (3, &TRANSIENT[2..]) };
    let reads = calls.iter().filter(|(_, changes)| !changes).zip(TRANSIENT.iter().cycle());
    let reads = reads.map(|((name, _), fault)| (*name, *fault)).step_by(one_in);
    let changes = calls.iter().filter(|(_, changes)| *changes);
    let changes = changes.flat_map(|(name, _)| classes.iter().map(|fault| (*name, *fault)));
    let stories = (901..).zip(reads.chain(changes)).map(|(seed, (call, fault))| {
        (format!("{call} {fault:?}"), contained_all_the_same(call, fault, seed))
    });
    all_right(stories.collect()).await;
}

/// A change that is refused for good is told as it is, contains nothing, and can be asked for anew.
async fn told_and_asked_for_anew(call: &'static str, seed: u64) {
    let (ground, cloud) = town(seed, |_, user| user).await;
    cloud.inject(call, 1, Fault::Denied);
    let bureau = Bureau::open(&ground).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    approve(&bureau, &case, PlanKind::Containment).await;
    let failed = |case: &Case| {
        case.records().iter().find_map(|record| {
            let Event::Outcome { result, .. } = &record.event else { return None };
            let StepResult::Failed { why, retryable, .. } = result else { return None };
            Some((why.clone(), *retryable))
        })
    };
    let (why, retryable) = bureau.wait(&case, "the refusal", failed).await;
    assert!(!retryable && why.contains(&format!("iam:{call}")), "it names what to allow: {why}");
    // A failure that was dropped made a success of it in AWS's Automated Security Response.
    let partly = |case: &Case| {
        case.plans().any(|state| state.status() == PlanStatus::Partly).then(|| case.clone())
    };
    let now = bureau.wait(&case, "the rest is done", partly).await;
    assert!(is_contained(&now).is_none(), "{}", journal(&now));
    let phase = ButtonAction::Phase { case: case.clone(), phase: Phase::Containment };
    bureau.press(ASKER, phase).await;
    approve(&bureau, &case, PlanKind::FollowUp).await;
    bureau.wait(&case, "contained", is_contained).await;
    let state = cloud.user_state(USER).unwrap();
    assert!(state.active_keys().next().is_none() && state.has_policy(&ground.deny_policy_arn));
    bureau.checked_chain(&case).await;
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_is_refused_for_good_is_told_and_done_once_it_is_allowed() {
    let stories = (990..).zip(["AttachUserPolicy", "UpdateAccessKey"]);
    let stories =
        stories.map(|(seed, call)| (call.to_owned(), told_and_asked_for_anew(call, seed)));
    all_right(stories.collect()).await;
}

/// The control: a call that is never tried again fails the same check.
#[tokio::test(flavor = "multi_thread")]
async fn sabotage_a_failure_that_does_not_pass_is_noticed() {
    let story = async {
        let (ground, cloud) = town(999, |_, user| user).await;
        (1..=200).for_each(|nth| cloud.inject("AttachUserPolicy", nth, Fault::Denied));
        let bureau = Bureau::open(&ground).await;
        let case = bureau.report(&ground.key().access_key_id, ground.since).await;
        approve(&bureau, &case, PlanKind::Containment).await;
        let wait = bureau.wait(&case, "contained", is_contained);
        tokio::time::timeout(std::time::Duration::from_secs(20), wait).await.expect("in time");
    };
    let wrong = wrong_in("AttachUserPolicy Denied".to_owned(), story).await;
    assert!(wrong.is_some_and(|wrong| wrong.contains("in time")));
}
