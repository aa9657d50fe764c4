//! What a case's journal says of its timeline: what people added, and what became of it in Slack.

use crate::domain::capture::{Capture, CaptureChange};
use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::ids::{ChannelId, MessageTs};

/// Everything that was put into the timeline, by its record.
pub fn captures(case: &Case) -> impl Iterator<Item = (u64, &Capture)> {
    let records = case.records().iter();
    records.filter_map(|record| Some((record.seq, captured(&record.event)?)))
}

/// The message in the timeline, where it is there.
pub fn capture_of<'a>(
    case: &'a Case,
    (channel, ts): (&ChannelId, &MessageTs),
) -> Option<&'a Capture> {
    captures(case).map(|(_, capture)| capture).find(|capture| {
        let message = capture.message.as_ref();
        message.is_some_and(|message| message.channel == *channel && message.ts == *ts)
    })
}

/// What became of a message since, in the order in which it happened.
pub fn changes_of<'a>(
    case: &'a Case,
    (channel, ts): (&ChannelId, &MessageTs),
) -> Vec<&'a CaptureChange> {
    let changes = case.records().iter().filter_map(|record| changed(&record.event));
    let mut changes: Vec<_> =
        changes.filter(|change| change.channel == *channel && change.ts == *ts).collect();
    changes.sort_by_key(|change| change.at);
    changes
}

/// The hashes of all words that were kept, with the records that name them.
pub fn hashes(case: &Case) -> Vec<(u64, &str)> {
    let of = |event| {
        let kept = captured(event).map(|capture| capture.sha256.as_str());
        kept.or_else(|| changed(event)?.sha256.as_deref())
    };
    let records = case.records().iter();
    records.filter_map(|record| Some((record.seq, of(&record.event)?))).collect()
}

fn captured(event: &Event) -> Option<&Capture> {
    if let Event::Captured { capture } = event { Some(capture) } else { None }
}

fn changed(event: &Event) -> Option<&CaptureChange> {
    if let Event::CaptureChanged { change } = event { Some(change) } else { None }
}
