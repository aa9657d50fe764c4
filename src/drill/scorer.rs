//! Looks how a drill goes that people play on the page.

use crate::drill::keeper::Keeper;
use crate::drill::score::{Score, Watched, score};
use crate::drill::world::World;
use crate::sim::actor::Actor;
use jiff::Timestamp;
use std::sync::Arc;

/// What has to be looked at; clones look at the same drill.
#[derive(Debug, Clone)]
pub(super) struct Scorer {
    scenario: String,
    heard_at: Timestamp,
    keeper: Arc<Keeper>,
    actor: Actor,
}

impl Scorer {
    /// From now on somebody in the workspace has heard of the leak.
    pub(super) fn of(world: &World, keeper: &Arc<Keeper>) -> Self {
        Self {
            scenario: world.scenario().name.clone(),
            heard_at: world.clock.now(),
            keeper: Arc::clone(keeper),
            actor: world.actor.clone(),
        }
    }

    /// As it stands now, by the first case that was opened; none while the bot is dead.
    pub(super) async fn score(&self) -> Option<Score> {
        let desk = self.keeper.desk()?;
        let first = desk.work.all_cases().await.ok()?.into_iter().next();
        let case = match first {
            Some(id) => Some(desk.ledger.load(&id).await.ok()?),
            None => None,
        };
        let (scenario, case) = (self.scenario.as_str(), case.as_ref());
        let heard_at = self.heard_at;
        Some(self.actor.review(|attempts| score(&Watched { scenario, heard_at, case, attempts })))
    }
}
