//! AWS as the second witness: the journal of a whole story held against the trail of it.

use crate::verify::{Told, story};
use async_trait::async_trait;
use keyleak::domain::case::Case;
use keyleak::domain::event::Event;
use keyleak::domain::ids::CaseId;
use keyleak::domain::lineage::Subject;
use keyleak::domain::reconciliation::comparison::Comparison;
use keyleak::domain::reconciliation::{Difference, Verdict, session_name};
use keyleak::domain::record::{Entry, Record};
use keyleak::domain::report::witness_lines;
use keyleak::domain::step_result::StepResult;
use keyleak::drill::bot::trail_folder;
use keyleak::drill::world::{World, production_timing};
use keyleak::flow::purse::Purse;
use keyleak::flow::reconcile::{Witness, held_against};
use keyleak::ports::journal::Work;
use keyleak::ports::trail::rows::Rows;
use keyleak::ports::trail::{Cut, Deeds, RoleCalls, Sightings, Source, TrailError, Window};
use keyleak::sim::attacker::{Attacker, Operation};
use keyleak::sim::cloud::attacker::Visitor;
use keyleak::store::sqlite::Sqlite;
use keyleak::trail::investigator::Investigator;
use keyleak::trail::local::LocalTrail;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// Where whoever misuses the role calls from.
const ELSEWHERE: &str = "203.0.113.200";
/// The trail of the account is late by a minute and a half of its clock, half a second of ours.
const PATIENCE: Duration = Duration::from_secs(60);

/// The trail without the records of some calls.
pub(crate) struct Without {
    pub(crate) inner: LocalTrail,
    pub(crate) call: &'static str,
}

#[async_trait]
impl Source for Without {
    async fn sightings(&self, window: Window) -> Result<Sightings, TrailError> {
        self.inner.sightings(window).await
    }

    async fn cut(&self, window: Window, subject: &Subject) -> Result<Cut<Rows>, TrailError> {
        self.inner.cut(window, subject).await
    }

    async fn deeds(&self, deeds: &Deeds) -> Result<Cut, TrailError> {
        self.inner.deeds(deeds).await
    }

    async fn role_calls(&self, role: &str, window: Window) -> Result<RoleCalls, TrailError> {
        let mut calls = self.inner.role_calls(role, window).await?;
        calls.rows.retain(|row| row.event_name.as_deref() != Some(self.call));
        Ok(calls)
    }
}

fn folder(world: &World) -> PathBuf {
    trail_folder(world.journal.parent().unwrap())
}

fn records(lines: &[String]) -> Vec<Record> {
    lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

async fn compared(world: &World, case: &Case, source: impl Source) -> Comparison {
    let role = world.cloud.contain_role();
    let complete_after = production_timing().trail_complete_after;
    let trail = Investigator::new(source);
    let journal = Sqlite::open_to_read(&world.journal).unwrap();
    let (journal, roles, purse) = (&journal, &[role], &Purse::default());
    let witness = Witness { trail: &trail, journal, roles, complete_after, purse };
    held_against(witness, case, vec![case.id().clone()]).await.unwrap()
}

fn honest(world: &World) -> LocalTrail {
    LocalTrail::new(vec![folder(world)])
}

fn keyleak(world: &World, case: &CaseId, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyleak"));
    command.arg("reconcile").arg(&case.0).arg("--journal").arg(&world.journal);
    command.arg("--trail").arg(folder(world)).args(more).output().unwrap()
}

/// Runs the command until it says this; how it ended then.
async fn said(world: &World, case: &CaseId, wanted: &str) -> (bool, String) {
    let role = world.cloud.contain_role();
    let deadline = Instant::now() + PATIENCE;
    loop {
        let output = keyleak(world, case, &["--contain-role", &role]);
        let text = [&output.stdout[..], &output.stderr[..]].concat();
        let text = String::from_utf8(text).unwrap();
        if text.contains(wanted) {
            return (output.status.success(), text);
        }
        assert!(Instant::now() < deadline, "not {wanted:?}: {text}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Somebody who got hold of a session of the contain role uses it.
pub(crate) async fn misuse(world: &World, session: (&str, &str), operation: &Operation) {
    let credential = world.cloud.contain_session(session).await.unwrap();
    let somebody = Visitor::new(&world.cloud, ELSEWHERE, "aws-cli/2.15.0");
    assert!(somebody.call(&credential, operation).await.worked(), "the role may do much");
}

/// The same story told by a journal in which one step was never begun.
fn without_one_step(lines: &[String]) -> Case {
    let begins =
        |event: &Event| matches!(event, Event::Intent { plan, step: 0, .. } if plan.0 == 1);
    let ends = |event: &Event| matches!(event, Event::Outcome { plan, step: 0, .. } if plan.0 == 1);
    let is_first = |event: &Event| begins(event) || ends(event);
    let kept = records(lines).into_iter().filter(|record| !is_first(&record.event));
    let mut before: Option<Record> = None;
    let rechained = kept.map(|record| {
        let Record { at, actor, place, delivery, event, case, .. } = record;
        let next = Entry { at, actor, place, delivery, event }.chained(case, before.as_ref());
        before = Some(next.clone());
        next
    });
    Case::fold(rechained).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_story_and_its_trail_agree_and_every_misuse_of_the_role_is_named() {
    let Told { stage, case: id, lines } = story().await;
    let world = &stage.world;
    let (agreed, words) = said(world, &id, "agrees with the journal").await;
    assert!(agreed, "{words}");
    let case = Case::fold(records(&lines)).unwrap();
    let Comparison { result, matched, .. } = compared(world, &case, honest(world)).await;
    assert_eq!(result.verdict(), Verdict::Agrees);
    assert!(result.changes >= 2, "the deny and the key at least: {result:?}");
    assert_eq!((result.shown, result.covered), (result.changes, result.calls));
    let other = keyleak(world, &id, &["--contain-role", "arn:aws:iam::029608264753:role/other"]);
    let words = String::from_utf8_lossy(&other.stderr).into_owned();
    assert!(words.contains("Check that this is the role"), "{words}");
    assert_eq!(result.by_request_id, result.calls, "the account tells its ids: {matched:?}");
    assert_eq!(result.without_plan, 0, "every call names its plan: {matched:?}");

    // A change that the journal claims and the trail, complete past it, does not show.
    let lacking = Without { inner: honest(world), call: "AttachUserPolicy" };
    let lacking = compared(world, &case, lacking).await.result;
    assert_eq!(lacking.verdict(), Verdict::Differs);
    let only = |difference: &Difference| matches!(difference, Difference::ChangeWithoutCall { .. });
    assert!(lacking.differences.iter().all(only), "{:?}", witness_lines(&lacking));
    // A step that is not in the journal's view.
    let forgetful = compared(world, &without_one_step(&lines), honest(world)).await.result;
    let [Difference::CallWithoutDecision { seen }] = &forgetful.differences[..] else {
        panic!("{:?}", witness_lines(&forgetful));
    };
    assert_eq!(seen.session, id.0);

    // Somebody acts as the bot, in the name of the case and with its plan.
    let hash = &case.plans().next().unwrap().hash;
    let session = session_name(&id);
    let unasked = Operation::CreateUser { user: "helper".to_owned() };
    misuse(world, (&session, hash), &unasked).await;
    let (agreed, words) = said(world, &id, "DIFFER").await;
    assert!(!agreed, "the exit status says so too");
    let named = words.lines().find(|line| line.contains("Call without a decision")).unwrap();
    assert!(named.contains("CreateUser about user helper"), "{named}");
    assert!(named.contains(&format!("by session {id} from {ELSEWHERE}")), "{named}");
    assert!(named.contains("(event "), "{named}");
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_of_the_role_under_no_case_are_named_by_the_case_that_was_open() {
    let stage = crate::stage::Stage::set().await;
    let world = &stage.world;
    let id = keyleak::drill::players::open(world).await.unwrap();
    let unasked = Operation::CreateUser { user: "helper".to_owned() };
    misuse(world, ("botocore-session-1", "none"), &unasked).await;
    let (agreed, words) = said(world, &id, "Session of no case").await;
    assert!(!agreed && words.contains("by session botocore-session-1"), "{words}");
    // The list of cases is an index: a case that is only there explains nothing.
    let forged = CaseId("botocore-session-1".to_owned());
    let work = Sqlite::open(&world.journal).unwrap();
    work.list_open(&forged, world.clock.now()).await.unwrap();
    let (agreed, words) = said(world, &id, "Session of no case").await;
    assert!(!agreed, "{words}");

    let unknown = keyleak(world, &id, &[]);
    let words = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(!unknown.status.success() && words.contains("--contain-role arn:aws:iam::"), "{words}");
    stage.strike().await;
}

/// What the bot could not do is in the trail too, as a refusal, and is no difference.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_call_of_the_bot_is_the_failed_step_of_the_journal() {
    let stage = crate::stage::Stage::set().await;
    let world = &stage.world;
    world.cloud.inject("UpdateAccessKey", 1, keyleak::sim::cloud::faults::Fault::Denied);
    let id = keyleak::drill::players::open(world).await.unwrap();
    keyleak::drill::players::approve(world, &id).await.unwrap();
    let failed = |case: &Case| {
        let mut records = case.records().iter();
        records.any(|record| {
            matches!(&record.event, Event::Outcome { result: StepResult::Failed { .. }, .. })
        })
    };
    keyleak::drill::players::until(world, &id, "a failed step", failed).await.unwrap();
    let (_, words) = said(world, &id, "UpdateAccessKey about something").await;
    assert!(words.contains("(AccessDenied)") && !words.contains("DIFFER"), "{words}");
    stage.strike().await;
}
