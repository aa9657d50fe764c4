//! What the actor builds in the account, beside the calls by which it gets further.

use crate::drill::scenario::Build;
use crate::ports::clock::Clock;
use crate::sim::actor::Actor;
use crate::sim::cloud::attacker::Visitor;
use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;

/// Makes each thing at its time, with a credential that the actor has by then.
pub(super) async fn build(
    (actor, visitor, clock): (&Actor, &Visitor, Clock),
    builds: &[Build],
    stop: &CancellationToken,
) {
    let began = clock.now();
    for made in builds {
        tokio::select! {
            () = stop.cancelled() => return,
            () = clock.sleep_until(began + SignedDuration::from_secs(made.at.into())) => {}
        }
        let with = actor.loot().into_iter().find(|held| held.label == made.with);
        if let (Some(with), Ok(call)) = (with, made.resource_call()) {
            // What is refused is in the trail, as everything is.
            visitor.on_resource(&with, &call).await;
        }
    }
}
