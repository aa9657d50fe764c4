//! The replicas of a storm, and the hand that kills them.

use crate::chance::Chance;
use crate::orders::{Mishap, Sabotage};
use crate::town::{Replica, Town};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Replicas on one journal, each of which may be another process a moment later.
pub(crate) struct Fleet<'a> {
    town: &'a Town,
    sabotage: Option<Sabotage>,
    replicas: Mutex<Vec<Replica>>,
    kills: AtomicUsize,
    /// Of those that were killed.
    conflicts: AtomicUsize,
}

impl<'a> Fleet<'a> {
    pub(crate) async fn start(town: &'a Town, size: usize, sabotage: Option<Sabotage>) -> Self {
        let starting = (0..size).map(|_| town.start_unknown(Mishap::Nothing, sabotage));
        let replicas = futures_util::future::join_all(starting).await;
        let (kills, conflicts) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Self { town, sabotage, replicas: Mutex::new(replicas), kills, conflicts }
    }

    /// One more joins the others.
    pub(crate) async fn grow(&self) {
        let next = self.town.start_unknown(Mishap::Nothing, self.sabotage).await;
        self.replicas.lock().unwrap().push(next);
    }

    pub(crate) fn size(&self) -> usize {
        self.replicas.lock().unwrap().len()
    }

    /// Where the replicas listen, or listened.
    pub(crate) fn urls(&self) -> Vec<String> {
        let replicas = self.replicas.lock().unwrap();
        replicas.iter().map(|replica| format!("http://{}", replica.address())).collect()
    }

    /// Kills one after the other and starts another in its place, until `over`.
    pub(crate) async fn kill_again_and_again(
        &self,
        (every, mut chance): (Duration, Chance),
        over: &CancellationToken,
    ) {
        loop {
            let more = every * u32::try_from(chance.below(100)).unwrap() / 100;
            tokio::select! {
                () = over.cancelled() => return,
                () = tokio::time::sleep(every + more) => {}
            }
            let victim = {
                let replicas = self.replicas.lock().unwrap();
                let victim = chance.below(replicas.len());
                replicas[victim].kill();
                self.conflicts.fetch_add(replicas[victim].conflicts(), Ordering::SeqCst);
                victim
            };
            self.kills.fetch_add(1, Ordering::SeqCst);
            let next = self.town.start_unknown(Mishap::Nothing, self.sabotage).await;
            self.replicas.lock().unwrap()[victim] = next;
        }
    }

    pub(crate) fn kills(&self) -> usize {
        self.kills.load(Ordering::SeqCst)
    }

    /// How often a replica found that another one had been quicker.
    pub(crate) fn conflicts(&self) -> usize {
        let living = self.replicas.lock().unwrap();
        let living: usize = living.iter().map(Replica::conflicts).sum();
        living + self.conflicts.load(Ordering::SeqCst)
    }

    /// How each replica folds each case, as JSON.
    pub(crate) async fn folds(&self) -> Vec<String> {
        let mut replicas = std::mem::take(&mut *self.replicas.lock().unwrap());
        let folds =
            futures_util::future::join_all(replicas.iter_mut().map(|replica| replica.folds()));
        let folds = folds.await;
        *self.replicas.lock().unwrap() = replicas;
        folds
    }
}
