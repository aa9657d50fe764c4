//! The recovery in words: each loss with its end, the replacement, and who confirmed.

use crate::domain::case::Case;
use crate::domain::facts::{Fact, LastUse};
use crate::domain::leaked_key;
use crate::domain::recovering::{self, silence};
use crate::domain::recovery::Item;
use crate::domain::recovery_step::{RecoveryStep, Replacement};
use crate::domain::report::whole_plan::plain;
use crate::domain::time_words::utc;

/// Everything about the recovery, one line each; foreign text is as it came.
pub(super) fn lines(case: &Case) -> Vec<String> {
    let mut lines = recovering::tally(case).words();
    lines.extend(recovering::items(case).map(item));
    if let Some((press, with, reason)) = case.recovery().replacement() {
        let (by, at) = (&press.name, utc(press.at));
        lines.push(format!(
            "In the place of the key: {}, said {by} at {at}: {reason}",
            with.words()
        ));
    }
    lines.extend(rotation(case));
    lines.extend(key(case));
    lines.extend(recovering::open(case).into_iter().map(|what| format!("Open: {what}")));
    lines.iter().map(|line| plain(line)).collect()
}

/// What a loss became.
pub(super) fn became(item: &Item) -> String {
    match (&item.settled, item.reopened) {
        (Some((press, remedy)), _) => {
            format!("{} (said {} at {})", remedy.words(), press.name, utc(press.at))
        }
        (None, Some(at)) => format!("OPEN AGAIN: the actor came back to it at {}", utc(at)),
        (None, None) => "open".to_owned(),
    }
}

fn item(item: &Item) -> String {
    let loss = &item.loss;
    let owner = item.owner.as_ref().map(|owner| format!("; to be seen to by {owner}"));
    let from = loss.from.as_ref().map(|from| format!(" from {from}")).unwrap_or_default();
    let record = loss.event_id.as_ref().map(|id| format!("; record {id}")).unwrap_or_default();
    format!(
        "{}. {}: {}{}; by {}{from}, first {}, last {}{record}",
        item.number,
        recovering::line(loss),
        became(item),
        owner.unwrap_or_default(),
        loss.by,
        utc(loss.first),
        utc(loss.last)
    )
}

/// What IAM told of the uses of the new key and of the old; empty where nobody asked.
pub(super) fn rotation(case: &Case) -> Vec<String> {
    let Some(told) = case.recovery().rotation() else { return Vec::new() };
    let at = utc(told.at);
    let new = match &told.new {
        Fact::Known(used) => format!("{}, {}", used.key, last_use(&used.last)),
        Fact::Unknown(why) => format!("whether it is used is not known: {why}"),
    };
    let old = match &told.old {
        Fact::Known(last) => last_use(last),
        Fact::Unknown(why) => format!("its last use is not known: {why}"),
    };
    vec![
        format!("The new key: {new} (IAM at {at}; what it tells may be minutes late)"),
        format!("The old key: {old} (IAM at {at}; a refused call may count)"),
    ]
}

fn last_use(last: &LastUse) -> String {
    let Some(at) = last.at else { return "not used yet".to_owned() };
    let of = last.service.as_ref().map(|service| format!(" ({service})")).unwrap_or_default();
    format!("last used at {}{of}", utc(at))
}

/// Whether the key is silent, and who said that all is well.
pub(super) fn key(case: &Case) -> Vec<String> {
    let Some(silence) = silence(case) else { return Vec::new() };
    let told = match silence.told_until {
        Some(told) => format!(", as far as the trail tells up to {}", utc(told)),
        None => "; the trail was not read".to_owned(),
    };
    let used = match (silence.broken_at(), silence.last_success) {
        (Some(at), _) => format!("USED WITH SUCCESS at {}, after the containment", utc(at)),
        (None, Some(at)) => format!("last used with success at {}", utc(at)),
        (None, None) => "no use with success seen".to_owned(),
    };
    let contained = utc(silence.contained_at);
    let mut lines = vec![format!("The key: {used}{told}; contained by {contained}")];
    lines.extend(leaked_key::fate(case));
    if let Some((press, used)) = case.recovery().confirmed() {
        let although = used.map(|at| format!(", ALTHOUGH the key was used at {}", utc(at)));
        lines.push(format!(
            "Confirmed that the workload runs and the old key is silent: {} at {}{}",
            press.name,
            utc(press.at),
            although.unwrap_or_default()
        ));
    }
    lines
}

/// What a step did, and why.
pub(super) fn told(step: &RecoveryStep) -> (String, Option<String>) {
    match step {
        RecoveryStep::Found { losses, again, in_all, .. } => {
            let read = losses.iter().filter(|loss| loss.kind.is_read()).count();
            let destroyed = losses.len() - read;
            let of = if *in_all as usize > losses.len() { " and more" } else { "" };
            let mut what = format!("found {read} read and {destroyed} destroyed by the actor{of}");
            if !again.is_empty() {
                let numbers: Vec<_> = again.iter().map(|again| again.loss.to_string()).collect();
                what.push_str(&format!("; the actor came back to loss {}", numbers.join(", ")));
            }
            (what, None)
        }
        RecoveryStep::Settled { loss, remedy } => {
            (format!("said of loss {loss}: {}", remedy.words()), None)
        }
        RecoveryStep::Owned { loss, owner } => {
            (format!("named who sees to loss {loss}"), Some(owner.clone()))
        }
        RecoveryStep::NotMade { why } => ("made no new key".to_owned(), Some(why.clone())),
        RecoveryStep::Replaced { with, reason, user } => {
            let what = match with {
                Replacement::Role => "decided that a role takes the place of the key",
                Replacement::Key => "decided that a new key takes the place of the old",
            };
            let of = user.as_ref().map(|user| format!(", of user {}", user.0));
            (format!("{what}{}", of.unwrap_or_default()), Some(reason.clone()))
        }
        RecoveryStep::RotationSeen { .. } => {
            ("asked IAM when the new key was used".to_owned(), None)
        }
        RecoveryStep::Hardened { measure } => {
            ("said that this is in place".to_owned(), Some(measure.words().to_owned()))
        }
        RecoveryStep::Confirmed { used_after, .. } => {
            let although = used_after
                .map(|at| format!("ALTHOUGH the key was used at {}, after containment", utc(at)));
            ("confirmed that the workload runs and the old key is silent".to_owned(), although)
        }
    }
}
