//! What happens in the account beside the calls by which the actor gets further.

use crate::drill::moves::{Errand, Move};
use crate::drill::scenario::{LEAKED_KEY, Scenario};
use crate::ports::clock::Clock;
use crate::sim::actor::Actor;
use crate::sim::attacker::{Attacker, Credential, Operation};
use crate::sim::cloud::attacker::Visitor;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A call that needs what another one mints waits for it, by the drill's clock.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
const LOOKS: u32 = 60;
const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// Makes each resource and each call of a service at its time, with a credential that the actor
/// has by then.
pub(super) async fn run_errands(
    (actor, visitor, clock): (&Actor, &Visitor, Clock),
    scenario: &Scenario,
    stop: &CancellationToken,
) {
    let began = clock.now();
    for (at, with, errand) in errands(scenario) {
        tokio::select! {
            () = stop.cancelled() => return,
            () = clock.sleep_until(began + at) => {}
        }
        if let Some(with) = held((actor, clock), with, stop).await {
            // What is refused is in the trail, as everything is.
            let reply = errand.run(visitor, &with).await;
            actor.note(&with, errand.name(), &reply);
        }
    }
}

/// What others of the account do meanwhile, each with the key of a user.
pub(super) async fn let_others_act(
    (visitor, clock): (&Visitor, Clock),
    (others, keys): (&[Move], &BTreeMap<String, Credential>),
    stop: &CancellationToken,
) {
    let began: Timestamp = clock.now();
    for made in others {
        tokio::select! {
            () = stop.cancelled() => return,
            () = clock.sleep_until(began + SECOND * made.at.cast_signed()) => {}
        }
        let (Some(with), Ok(operation)) = (keys.get(&made.with), made.operation()) else {
            continue;
        };
        visitor.call(with, &about_the_leaked(operation, keys)).await;
    }
}

/// The key that it is about by its id, where the scenario only calls it the leaked one.
fn about_the_leaked(mut operation: Operation, keys: &BTreeMap<String, Credential>) -> Operation {
    if let Operation::UpdateAccessKey { key, .. } = &mut operation
        && key == LEAKED_KEY
        && let Some(leaked) = keys.get(LEAKED_KEY)
    {
        key.clone_from(&leaked.access_key_id);
    }
    operation
}

fn errands(scenario: &Scenario) -> Vec<(SignedDuration, &str, Errand)> {
    let after = |at: u32| SECOND * at.cast_signed();
    let builds = scenario.builds.iter().filter_map(|made| {
        Some((after(made.at), made.with.as_str(), Errand::Build(made.resource_call().ok()?)))
    });
    let asks = scenario.asks.iter().flat_map(|made| {
        let call = made.service_call().ok();
        let each = move |nth: u32| {
            let errand = Errand::Ask(call.clone()?);
            Some((after(made.at.saturating_add(nth)), made.with.as_str(), errand))
        };
        (0..made.times).filter_map(each)
    });
    let mut all: Vec<_> = builds.chain(asks).collect();
    all.sort_by_key(|(at, _, _)| *at);
    all
}

async fn held(
    (actor, clock): (&Actor, Clock),
    label: &str,
    stop: &CancellationToken,
) -> Option<Credential> {
    for _ in 0..LOOKS {
        if let Some(held) = actor.loot().into_iter().find(|held| held.label == label) {
            return Some(held);
        }
        stop.run_until_cancelled(clock.sleep(LOOK_AGAIN)).await?;
    }
    None
}
