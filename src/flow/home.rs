//! The app's home of one person, drawn when they open it; nothing is decided and nothing recorded.

use crate::domain::case::Case;
use crate::domain::home::{Home, LINES_MAX};
use crate::domain::proof::Caller;
use crate::domain::time_words::{span, utc};
use crate::flow::desk::{Desk, Found};
use crate::flow::lane::StepError;
use futures_util::future::join_all;
use jiff::SignedDuration;

/// So many open cases are looked at; whoever has more finds them with `/keyleak list`.
const CASES_MAX: usize = 200;
/// So many are read at a time.
const AT_ONCE: usize = 16;

/// Draws it anew for this person.
pub async fn publish(
    desk: &Desk,
    caller: &Caller,
    oldest_wait: Option<SignedDuration>,
) -> Result<(), StepError> {
    let found = desk.probe().await?;
    let mut cases: Vec<Case> = Vec::new();
    let newest: Vec<_> = found.open.iter().rev().take(CASES_MAX).collect();
    for some in newest.chunks(AT_ONCE) {
        let read = join_all(some.iter().map(|id| desk.ledger.find(id))).await;
        // One that cannot be read does not hide the others; the worker says so in the log.
        cases.extend(read.into_iter().filter_map(|case| case.ok().flatten()));
    }
    desk.bench().meet(caller, None).await?;
    // Who decides has to be known, and so has the channel of the case.
    let waiting = cases.iter().filter(|case| case.pending_plan().is_some());
    for case in waiting.take(LINES_MAX) {
        desk.bench().meet(caller, Some(case.id())).await?;
    }
    let now = desk.clock.now();
    let mut home = Home::of(&cases, &desk.policy(), caller, now);
    home.drill = desk.rules.drill;
    if home.refused.is_none() {
        home.health = health(&found, oldest_wait);
        home.health.push(format!("Drawn at {}; open this tab again to have it anew", utc(now)));
    }
    Ok(desk.chat.publish_home(caller.person(), &home).await?)
}

fn health(found: &Found, oldest_wait: Option<SignedDuration>) -> Vec<String> {
    let brake = found.brake.as_ref().filter(|brake| brake.frozen);
    let frozen = brake.map_or_else(|| "Changes are not frozen".to_owned(), |brake| brake.words());
    let waits = match oldest_wait {
        Some(wait) => format!("The oldest work that is due has waited {}", span(wait)),
        None => "No work that is due waits".to_owned(),
    };
    vec![frozen, waits, format!("keyleak {}", env!("CARGO_PKG_VERSION"))]
}
