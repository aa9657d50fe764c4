//! The bot dies at a record, or right after what the record tells of; another one finishes.

use crate::stage::Stage;
use async_trait::async_trait;
use keyleak::domain::case::{Case, PlanStatus};
use keyleak::domain::event::{Event, StepResult};
use keyleak::domain::ids::CaseId;
use keyleak::domain::record::Record;
use keyleak::drill::people::APPROVER;
use keyleak::drill::world::World;
use keyleak::ports::journal::{AppendError, Journal, StoreError};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A story takes a few seconds; a machine under load takes several times that.
const PATIENCE: Duration = Duration::from_secs(60);
/// The records of the story at which the bot dies here; `.ci/run` and a named command take all.
const SAMPLE: [u64; 6] = [1, 4, 13, 20, 24, 26];

/// When the bot dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Death {
    /// The record is stored, and nothing after it happens.
    After(u64),
    /// What the record tells of has happened, and the record is never stored.
    Before(u64),
}

/// A journal that goes silent for ever, as it does for a process that is gone.
struct Mortal {
    inner: Arc<dyn Journal>,
    death: Death,
    dead: Arc<AtomicBool>,
}

#[async_trait]
impl Journal for Mortal {
    async fn append(&self, record: &Record) -> Result<(), AppendError> {
        self.or_silence().await;
        if self.death == Death::Before(record.seq) {
            self.die().await;
        }
        let stored = self.inner.append(record).await;
        if self.death == Death::After(record.seq) && stored.is_ok() {
            self.die().await;
        }
        stored
    }

    async fn read(&self, case: &CaseId, after: u64) -> Result<Vec<String>, StoreError> {
        self.or_silence().await;
        self.inner.read(case, after).await
    }
}

impl Mortal {
    async fn or_silence(&self) {
        if self.dead.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
    }

    async fn die(&self) {
        self.dead.store(true, Ordering::SeqCst);
        std::future::pending::<()>().await;
    }
}

/// Plays the story to "contained"; when the bot dies another one takes its place, and people,
/// who see that nothing happens, press again.
async fn story_with(death: Death) -> (Stage, Case) {
    let dead = Arc::new(AtomicBool::new(false));
    let flag = &dead;
    let through = move |inner: Arc<dyn Journal>| -> Arc<dyn Journal> {
        Arc::new(Mortal { inner, death, dead: Arc::clone(flag) })
    };
    let mut stage = Stage::set_through(&through).await;
    let deadline = Instant::now() + PATIENCE;
    let mut replaced = false;
    loop {
        if dead.load(Ordering::SeqCst) && !replaced {
            stage.world.abandon_bot().await.unwrap();
            replaced = true;
        }
        let case = current(&stage.world).await;
        match &case {
            Some(case) if is_contained(case) => {
                assert!(replaced, "the bot was to die: {death:?}, {} records", case.seq());
                return (stage, case.clone());
            }
            Some(case) if case.pending_plan().is_some() => approve(&stage.world, case).await,
            Some(_) => {}
            None => open(&stage.world).await,
        }
        let seen = case.map(|case| keyleak::domain::report::status_words(&case));
        assert!(Instant::now() < deadline, "{death:?}: not contained, but {seen:?}");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

/// The case as a fresh reader of the journal's file sees it.
async fn current(world: &World) -> Option<Case> {
    let store = keyleak::store::sqlite::Sqlite::open(&world.journal).unwrap();
    let ledger = keyleak::flow::ledger::Ledger::new(Arc::new(store.clone()));
    let open = keyleak::ports::journal::Work::open_cases(&store).await.unwrap();
    let id = open.into_iter().next()?;
    ledger.find(&id).await.unwrap()
}

async fn open(world: &World) {
    let key = &world.leaked.access_key_id;
    // Whether it was recorded shows in the journal; a bot that is gone gives no answer.
    let asked = world.slack.slash(keyleak::drill::people::REPORTER, &world.lobby, "/keyleak", key);
    let _ = tokio::time::timeout(Duration::from_secs(1), asked).await;
}

async fn approve(world: &World, case: &Case) {
    let Some(channel) = case.room().channel.clone() else { return };
    for message in world.slack.messages(&channel.0) {
        if message.to_string().contains("\"plan.approve\"") {
            let ts = message["ts"].as_str().unwrap();
            let pressed = world.slack.click(APPROVER, &channel.0, ts, "plan.approve");
            let _ = tokio::time::timeout(Duration::from_secs(1), pressed).await;
        }
    }
}

fn is_contained(case: &Case) -> bool {
    case.standing_plans().any(|state| state.contained.is_some())
}

/// What must be so at the end, wherever the bot died.
fn check(stage: &Stage, case: &Case, death: Death) {
    let state = case.standing_containment().unwrap();
    assert_eq!(state.status(), PlanStatus::Done, "{death:?}");
    let user = stage.world.cloud.user_state("ci-deployer").unwrap();
    assert!(user.active_keys().next().is_none(), "{death:?}: {:?}", user.keys);
    assert!(user.has_policy("arn:aws:iam::aws:policy/AWSDenyAll"), "{death:?}");
    let mut done: BTreeMap<_, u32> = BTreeMap::new();
    for record in case.records() {
        if let Event::Outcome { plan, step, result: StepResult::Done { .. }, .. } = &record.event {
            *done.entry((*plan, *step)).or_default() += 1;
        }
    }
    assert!(done.values().all(|times| *times == 1), "{death:?}: a step was done twice: {done:?}");
    let steps = state.all_steps().count() as u64;
    let changes = stage.world.cloud.bot_changes();
    assert_eq!(changes, steps, "{death:?}: each step changes the account once");
}

/// Every message of the case is in the channel once.
fn check_messages(stage: &Stage, case: &Case, death: Death) {
    let channel = case.room().channel.clone().unwrap();
    let mut keys: BTreeMap<String, u32> = BTreeMap::new();
    for message in stage.world.slack.messages(&channel.0) {
        if let Some(key) = message["metadata"]["event_payload"]["key"].as_str() {
            *keys.entry(key.to_owned()).or_default() += 1;
        }
    }
    let twice: Vec<_> = keys.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty() && !keys.is_empty(), "{death:?}: posted twice: {twice:?}");
}

async fn survives(death: Death) {
    let (stage, case) = story_with(death).await;
    check(&stage, &case, death);
    check_messages(&stage, &case, death);
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_bot_finishes_wherever_the_first_one_died() {
    for seq in SAMPLE {
        survives(Death::After(seq)).await;
        if seq > 1 {
            survives(Death::Before(seq)).await;
        }
    }
}
