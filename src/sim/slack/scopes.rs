//! Which scope a call needs, by method and kind of channel.

use crate::sim::slack::call::{Call, Refusal};
use crate::sim::slack::channels::Reach;
use crate::sim::slack::methods::Method;
use crate::sim::slack::state::State;
use serde_json::json;

/// Refuses a call whose token lacks the scope for this kind of channel.
pub(super) fn allow(state: &State, call: &Call, method: &Method) -> Result<(), Refusal> {
    if method.scopes.is_empty() {
        return Ok(());
    }
    let kinds: Vec<&str> = match method.name {
        "conversations.create" if call.flag("is_private") => vec!["groups:"],
        "conversations.create" => vec!["channels:"],
        "conversations.list" => list_kinds(call.text("types").unwrap_or("public_channel")),
        "conversations.open" => vec!["im:"],
        name if name.starts_with("conversations.") => {
            let channel = call.text("channel").and_then(|id| state.seen(id).ok());
            channel.map(|channel| prefix(channel.reach)).into_iter().collect()
        }
        _ => Vec::new(),
    };
    let fits = |scope: &str, kind: &str| {
        let bound = ["channels:", "groups:", "im:", "mpim:"];
        scope.starts_with(kind) || !bound.iter().any(|prefix| scope.starts_with(prefix))
    };
    let held = |scope: &&str| state.config.scopes.iter().any(|own| own == *scope);
    let kinds = if kinds.is_empty() { vec![""] } else { kinds };
    for kind in kinds {
        let wanted = method.scopes.iter().copied().filter(|scope| fits(scope, kind));
        let wanted: Vec<&str> = wanted.collect();
        if !wanted.iter().any(held) {
            let provided = state.config.scopes.join(",");
            let more = json!({"needed": wanted.join(","), "provided": provided});
            return Err(Refusal { error: "missing_scope".to_owned(), more });
        }
    }
    Ok(())
}

fn list_kinds(types: &str) -> Vec<&'static str> {
    let prefix = |kind: &str| match kind.trim() {
        "private_channel" => "groups:",
        "im" => "im:",
        "mpim" => "mpim:",
        _ => "channels:",
    };
    types.split(',').map(prefix).collect()
}

fn prefix(reach: Reach) -> &'static str {
    match reach {
        Reach::Public => "channels:",
        Reach::Private => "groups:",
        Reach::Direct => "im:",
    }
}
