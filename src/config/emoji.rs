//! The emoji by which people put a message into the timeline.

use crate::config::reader::Reader;

/// Slack's longest name of an emoji.
const EMOJI_LENGTH_MAX: usize = 100;

/// As people write it, with or without the colons.
pub(super) fn timeline(r: &mut Reader) -> String {
    let written = r.text_or("slack.timeline_emoji", "pushpin");
    let name = written.trim_matches(':').to_owned();
    // Slack's names of emoji, those of a workspace's own among them.
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-+'".contains(c);
    if name.is_empty() || name.len() > EMOJI_LENGTH_MAX || !name.chars().all(fits) {
        r.reject(
            "slack.timeline_emoji",
            "must be the name of an emoji as Slack shows it between colons, such as \"pushpin\"",
        );
    }
    name
}
