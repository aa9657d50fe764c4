//! Questions that nobody waits for any more are given up while their trail is still being read.

use crate::bureau::{ASKER, Bureau};
use crate::simulated::{QUICK, ground};
use async_trait::async_trait;
use keyleak::domain::button::ButtonAction;
use keyleak::domain::case::Case;
use keyleak::domain::event::{Event, Phase};
use keyleak::domain::lineage::Subject;
use keyleak::ports::trail::rows::Rows;
use keyleak::ports::trail::{Cut, Deeds, RoleCalls, Sightings, Source, TrailError, Window};
use keyleak::trail::investigator::Investigator;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// A trail that is empty at the first look, and whose reading never ends after that; it counts
/// those who wait.
#[derive(Clone, Default)]
pub(crate) struct NeverRead(Arc<AtomicUsize>, Arc<AtomicBool>);

/// One who waits; leaving, for whatever reason, is seen.
struct Waiting(NeverRead);

impl Waiting {
    fn at(trail: &NeverRead) -> Self {
        trail.0.fetch_add(1, Ordering::SeqCst);
        Self(trail.clone())
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Source for NeverRead {
    async fn sightings(&self, _: Window) -> Result<Sightings, TrailError> {
        if !self.1.swap(true, Ordering::SeqCst) {
            return Ok(Sightings::default());
        }
        let _waiting = Waiting::at(self);
        std::future::pending().await
    }

    async fn cut(&self, _: Window, _: &Subject) -> Result<Cut<Rows>, TrailError> {
        Ok(Cut::default())
    }

    async fn deeds(&self, _: &Deeds) -> Result<Cut, TrailError> {
        std::future::pending().await
    }

    async fn role_calls(&self, _: &str, _: Window) -> Result<RoleCalls, TrailError> {
        std::future::pending().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_are_cancelled_while_the_trail_is_being_read() {
    let ground = ground(7, QUICK).await;
    let trail = NeverRead::default();
    let source = trail.clone();
    let endless = |_| Arc::new(Investigator::new(source)) as Arc<_>;
    let bureau = Bureau::open_with(&ground, |rights| rights, endless).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    let phase = ButtonAction::Phase { case: case.clone(), phase: Phase::Scope };
    bureau.press(ASKER, phase).await;
    let reading =
        |now: &Case| (trail.0.load(Ordering::SeqCst) == 1).then(|| press_of(now)).flatten();
    let asked = bureau.wait(&case, "the trail is being read", reading).await;

    bureau.press(ASKER, ButtonAction::CancelQuestions { case: case.clone(), asked }).await;
    bureau.wait(&case, "it is over", |now| now.is_answered(asked).then_some(())).await;
    assert_eq!(trail.0.load(Ordering::SeqCst), 0, "nobody reads the trail any more");
    bureau.close().await;
}

fn press_of(case: &Case) -> Option<u64> {
    let pressed = |event: &Event| matches!(event, Event::PhasePressed { phase: Phase::Scope });
    case.records().iter().find(|record| pressed(&record.event)).map(|record| record.seq)
}
