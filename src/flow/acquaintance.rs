//! What is known of people is kept fresh while the bot runs, so that a press need not wait for it.

use crate::domain::ids::ChannelId;
use crate::flow::desk::Desk;
use std::collections::BTreeSet;
use std::time::Duration;

/// What counts for a time is asked for again at this part of it.
const ASKED_AGAIN_AT: i32 = 3;

/// Asks Slack again and again about the people of the lists and the channels of the open cases.
pub async fn keep_fresh(desk: &Desk) {
    let every = desk.people.valid_for() / ASKED_AGAIN_AT;
    loop {
        let with = (&desk.rules.policy, &desk.clock);
        desk.people.refresh(with, every / 2, channels(desk).await).await;
        desk.clock.sleep(Duration::try_from(every).unwrap_or(Duration::MAX)).await;
    }
}

/// The channels of the open cases; one that cannot be read now is asked about at its next press.
async fn channels(desk: &Desk) -> BTreeSet<ChannelId> {
    let mut channels = BTreeSet::new();
    for id in desk.work.open_cases().await.unwrap_or_default() {
        if let Ok(Some(case)) = desk.ledger.at_hand(&id).await {
            channels.extend(case.room().channel.clone());
        }
    }
    channels
}
