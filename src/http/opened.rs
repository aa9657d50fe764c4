//! What whoever asked for cases is told of each: opened, or open already.

use crate::flow::intake::Opened;

/// A line for each key.
pub(super) fn words(opened: &[Opened]) -> String {
    let line = |opened: &Opened| {
        let (key, case) = (&opened.key, opened.case.id());
        match (&opened.new, &opened.case.room().channel) {
            (true, _) => format!(
                "Opened case {case} for {key}. A private channel is being made; you are invited \
                 to it."
            ),
            (false, Some(channel)) => {
                format!(
                    "{key} already has the open case {case}, in <#{}>. You are invited.",
                    channel.0
                )
            }
            (false, None) => match &opened.case.room().unmade {
                Some(unmade) => {
                    format!("{key} already has the open case {case}. I try again: {}.", unmade.why)
                }
                None if opened.case.room().failed.is_some() => format!(
                    "{key} already has the open case {case}; its channel could not be made. \
                     `/keyleak status {case}` says where it stands."
                ),
                None => {
                    format!("{key} already has the open case {case}; its channel is being made.")
                }
            },
        }
    };
    let lines: Vec<_> = opened.iter().map(line).collect();
    lines.join("\n")
}
