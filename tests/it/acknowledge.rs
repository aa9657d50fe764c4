//! Slack hears 200 after the decision is in the journal, and before Slack or AWS are called.

use crate::stage::Stage;
use async_trait::async_trait;
use keyleak::domain::case::Case;
use keyleak::domain::ids::{CaseId, PersonId};
use keyleak::domain::record::Record;
use keyleak::drill::people::{APPROVER, REPORTER};
use keyleak::drill::players::{load, open, until};
use keyleak::drill::world::World;
use keyleak::ports::chat::{Chat, Whisper};
use keyleak::ports::clock::Clock;
use keyleak::ports::journal::{AppendError, Journal, StoreError};
use keyleak::sim::slack::deliver::Delivery;
use keyleak::slack::chat::SlackChat;
use keyleak::slack::web::SlackSettings;
use keyleak::store::sqlite::Sqlite;
use secrecy::SecretString;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::watch;

/// Slack and AWS do not come back within any test.
const FOR_EVER: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
/// How long a test watches that something does not happen.
const WATCHED: Duration = Duration::from_millis(500);
/// What an acknowledgement must not need; Slack's own limit, so that a busy machine passes.
const ACKNOWLEDGED_IN: Duration = Duration::from_secs(3);

/// A journal that can be held up or made to fail, whichever store it is in front of.
struct Held {
    inner: Arc<dyn Journal>,
    free: watch::Receiver<bool>,
    failing: Arc<AtomicBool>,
}

#[async_trait]
impl Journal for Held {
    async fn append(&self, record: &Record) -> Result<(), AppendError> {
        if self.failing.load(Ordering::SeqCst) {
            return Err(AppendError::Unavailable("the table does not answer".to_owned()));
        }
        let mut free = self.free.clone();
        free.wait_for(|free| *free).await.map_err(|_| AppendError::Conflict)?;
        self.inner.append(record).await
    }

    async fn read(&self, case: &CaseId, after: u64) -> Result<Vec<String>, StoreError> {
        self.inner.read(case, after).await
    }
}

/// A stage whose journal obeys the test.
pub(crate) struct Rehearsal {
    pub(crate) stage: Stage,
    pub(crate) free: watch::Sender<bool>,
    failing: Arc<AtomicBool>,
}

impl Rehearsal {
    pub(crate) async fn set() -> Self {
        let (free, waiting) = watch::channel(true);
        let failing = Arc::new(AtomicBool::new(false));
        let flag = &failing;
        let stage = Stage::set_through(&move |inner| {
            Arc::new(Held { inner, free: waiting.clone(), failing: Arc::clone(flag) })
        })
        .await;
        Self { stage, free, failing }
    }

    pub(crate) fn world(&self) -> &World {
        &self.stage.world
    }

    /// From now on no call to Slack or AWS is answered.
    fn freeze_the_outside(&self) {
        freeze(self.world());
    }
}

fn freeze(world: &World) {
    world.slack.delay("*", FOR_EVER);
    world.cloud.slow_down(None, FOR_EVER);
}

async fn report(world: &World) -> Delivery {
    let key = &world.leaked.access_key_id;
    world.slack.slash(REPORTER, &world.lobby, "/keyleak", key).await.unwrap()
}

/// The first record of each case, as a fresh reader of the journal's file finds it.
async fn opened_on_disk(journal: &Path) -> usize {
    let store = Sqlite::open(journal).unwrap();
    let mut opened = 0;
    for case in keyleak::ports::journal::Work::all_cases(&store).await.unwrap() {
        opened += store.read(&case, 0).await.unwrap().len().min(1);
    }
    opened
}

/// The check: with Slack and AWS silent the command is acknowledged, and then is on the disk.
async fn acknowledged_and_durable(world: &World) -> Result<(), String> {
    freeze(world);
    let delivery = report(world).await;
    let opened = opened_on_disk(&world.journal).await;
    if delivery.status != Some(200) || delivery.elapsed > ACKNOWLEDGED_IN {
        return Err(format!("not acknowledged: {:?} {:?}", delivery.status, delivery.silence));
    }
    if !delivery.body.contains("Opened case") || opened != 1 {
        return Err(format!("acknowledged with {opened} cases on the disk: {}", delivery.body));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_acknowledged_while_slack_and_aws_are_silent() {
    let rehearsal = Rehearsal::set().await;
    acknowledged_and_durable(rehearsal.world()).await.unwrap();
    rehearsal.stage.abandon();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_is_acknowledged_while_slack_and_aws_are_silent() {
    let rehearsal = Rehearsal::set().await;
    let world = rehearsal.world();
    let case = open(world).await.unwrap();
    let (channel, message) = plan_message(world, &case).await;
    rehearsal.freeze_the_outside();
    let pressed = world.slack.click(APPROVER, &channel, &message, "plan.approve").await.unwrap();
    assert_eq!(pressed.status, Some(200), "{pressed:?}");
    let case = load(world, &case).await.unwrap();
    assert!(case.plans().any(keyleak::domain::plan_state::PlanState::is_approved));
    rehearsal.stage.abandon();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_acknowledged_before_the_journal_has_it() {
    let rehearsal = Rehearsal::set().await;
    let world = rehearsal.world();
    rehearsal.free.send(false).unwrap();
    let mut reporting = Box::pin(report(world));
    let early = tokio::time::timeout(WATCHED, &mut reporting).await;
    assert!(early.is_err(), "acknowledged with nothing in the journal: {early:?}");
    rehearsal.free.send(true).unwrap();
    let delivery = reporting.as_mut().await;
    drop(reporting);
    assert!(delivery.body.contains("Opened case"), "{delivery:?}");
    rehearsal.stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_does_not_answer_in_time_is_said_before_slack_gives_up() {
    let rehearsal = Rehearsal::set().await;
    rehearsal.free.send(false).unwrap();
    let delivery = report(rehearsal.world()).await;
    assert_eq!(delivery.status, Some(200), "{delivery:?}");
    assert!(delivery.body.contains("Not recorded"), "{}", delivery.body);
    rehearsal.free.send(true).unwrap();
    rehearsal.stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_failing_journal_people_hear_that_it_is_not_recorded_and_press_again() {
    let rehearsal = Rehearsal::set().await;
    let world = rehearsal.world();
    rehearsal.failing.store(true, Ordering::SeqCst);
    let delivery = report(world).await;
    assert!(delivery.body.contains("Not recorded"), "{}", delivery.body);
    assert!(delivery.body.contains("Press again"), "{}", delivery.body);
    assert_eq!(opened_on_disk(&world.journal).await, 0);
    rehearsal.failing.store(false, Ordering::SeqCst);
    let case = open(world).await.unwrap();

    let (channel, message) = plan_message(world, &case).await;
    rehearsal.failing.store(true, Ordering::SeqCst);
    let press = || world.slack.click(APPROVER, &channel, &message, "plan.approve");
    assert_eq!(press().await.unwrap().status, Some(200));
    let told = || {
        let whispers = world.slack.ephemerals(APPROVER).into_iter();
        whispers.map(|whisper| whisper.message.to_string()).collect::<String>()
    };
    for _ in 0..200 {
        if told().contains("Not recorded") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(told().contains("Press again"), "{}", told());
    rehearsal.failing.store(false, Ordering::SeqCst);
    assert_eq!(press().await.unwrap().status, Some(200));
    until(world, &case, "the approval", |case| {
        case.plans().any(keyleak::domain::plan_state::PlanState::is_approved)
    })
    .await
    .unwrap();
    rehearsal.stage.strike().await;
}

/// Sabotage: the journal says yes first and writes later.
struct Eager {
    inner: Arc<dyn Journal>,
}

#[async_trait]
impl Journal for Eager {
    async fn append(&self, record: &Record) -> Result<(), AppendError> {
        let (inner, record) = (Arc::clone(&self.inner), record.clone());
        tokio_util::task::TaskTracker::new().spawn(async move {
            tokio::time::sleep(WATCHED).await;
            inner.append(&record).await
        });
        Ok(())
    }

    async fn read(&self, case: &CaseId, after: u64) -> Result<Vec<String>, StoreError> {
        self.inner.read(case, after).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sabotage_acknowledging_before_the_append_turns_the_check_red() {
    let stage = Stage::set_through(&|inner| Arc::new(Eager { inner })).await;
    let verdict = acknowledged_and_durable(&stage.world).await;
    assert!(verdict.as_ref().is_err_and(|why| why.contains("0 cases on the disk")), "{verdict:?}");
    stage.abandon();
}

/// Sabotage: a message is posted on the way to the journal.
struct Talkative {
    inner: Arc<dyn Journal>,
    chat: Arc<OnceLock<SlackChat>>,
}

#[async_trait]
impl Journal for Talkative {
    async fn append(&self, record: &Record) -> Result<(), AppendError> {
        let whisper = Whisper {
            person: PersonId { team: "T0SIM00001".to_owned(), user: REPORTER.to_owned() },
            channel: Some(keyleak::domain::ids::ChannelId("C0".to_owned())),
            response_url: None,
            text: "one moment".to_owned(),
        };
        if let Some(chat) = self.chat.get() {
            let _ = chat.whisper(&whisper).await;
        }
        self.inner.append(record).await
    }

    async fn read(&self, case: &CaseId, after: u64) -> Result<Vec<String>, StoreError> {
        self.inner.read(case, after).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sabotage_a_slack_call_before_the_acknowledgement_turns_the_check_red() {
    let chat = Arc::new(OnceLock::new());
    let later = Arc::clone(&chat);
    let stage =
        Stage::set_through(&move |inner| Arc::new(Talkative { inner, chat: Arc::clone(&later) }))
            .await;
    let settings = SlackSettings {
        api_url: stage.world.slack.api_url(),
        bot_token: SecretString::from("xoxb-drill"),
        team_id: "T0SIM00001".to_owned(),
        app_id: None,
    };
    chat.set(SlackChat::new(&settings, Clock::real()).unwrap()).unwrap();
    let verdict = acknowledged_and_durable(&stage.world).await;
    assert!(verdict.is_err(), "{verdict:?}");
    stage.abandon();
}

async fn plan_message(world: &World, case: &CaseId) -> (String, String) {
    let key = keyleak::domain::event::PostKey("plan-1".to_owned());
    let posted = |case: &Case| case.room().posted.contains_key(&key);
    let case = until(world, case, "the plan", posted).await.unwrap();
    let (channel, message) = case.room().posted[&key].clone();
    (channel.0, message.0)
}
