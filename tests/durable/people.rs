//! What people do in the stories, as their clients send it, and what they were told.

use crate::town::Town;
use keyleak::domain::case::Case;
use keyleak::sim::slack::deliver::{Delivery, Sent};
use serde_json::Value;
use std::time::Duration;

/// Somebody who gets no answer looks again, and presses again where nothing happened.
const PATIENCE: Duration = Duration::from_secs(3);

/// A press that Slack was told 200 for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Acknowledged {
    pub(crate) what: String,
    /// The key by which the journal must know it.
    pub(crate) key: String,
}

/// Types the command; `None` when nobody answered.
pub(crate) async fn type_command(town: &Town, who: &str, text: &str) -> Option<Acknowledged> {
    let slack = &town.world.slack;
    let typed = slack.slash(who, &town.world.lobby, "/keyleak", text);
    let delivery = tokio::time::timeout(PATIENCE, typed).await.ok()?.unwrap();
    acknowledged(&delivery, "/keyleak")
}

/// Presses a button on the newest message of the case that has it.
pub(crate) async fn press(
    town: &Town,
    case: &Case,
    (who, action): (&str, &str),
) -> Option<Acknowledged> {
    let channel = case.room().channel.clone()?;
    let message = button(town, case, action)?;
    let pressed = town.world.slack.click(who, &channel.0, &message, action);
    let delivery = tokio::time::timeout(PATIENCE, pressed).await.ok()?.ok()?;
    acknowledged(&delivery, action)
}

/// The newest message of the case that has this button.
pub(crate) fn button(town: &Town, case: &Case, action: &str) -> Option<String> {
    let channel = case.room().channel.as_ref()?;
    let quoted = format!("\"{action}\"");
    let messages = town.world.slack.messages(&channel.0);
    let message = messages.iter().rev().find(|message| message.to_string().contains(&quoted))?;
    message["ts"].as_str().map(str::to_owned)
}

fn acknowledged(delivery: &Delivery, what: &str) -> Option<Acknowledged> {
    let is_taken = delivery.accepted() && !delivery.body.contains("recorded");
    is_taken.then(|| Acknowledged { what: what.to_owned(), key: key_of(delivery) })
}

/// The key of a delivery, made from what was sent as Slack documents it.
pub(crate) fn key_of(delivery: &Delivery) -> String {
    key_of_sent(&delivery.sent)
}

/// The same for what is yet to be delivered.
pub(crate) fn key_of_sent(sent: &Sent) -> String {
    let Some(payload) = payload(sent) else {
        return format!("slash:{}", field(sent, "trigger_id").unwrap_or_default());
    };
    let text = |pointer: &str| payload.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let team = match text("/user/team_id") {
        "" => text("/team/id"),
        team => team,
    };
    format!(
        "click:{team}:{}:{}:{}:{}",
        text("/user/id"),
        text("/container/message_ts"),
        text("/actions/0/action_id"),
        text("/actions/0/action_ts")
    )
}

/// Where the person can be answered.
pub(crate) fn response_url(sent: &Sent) -> Option<String> {
    match payload(sent) {
        Some(payload) => payload["response_url"].as_str().map(str::to_owned),
        None => field(sent, "response_url"),
    }
}

fn payload(sent: &Sent) -> Option<Value> {
    field(sent, "payload").map(|payload| serde_json::from_str(&payload).unwrap())
}

fn field(sent: &Sent, name: &str) -> Option<String> {
    let mut fields = form_urlencoded::parse(sent.body.as_bytes());
    fields.find(|(field, _)| field == name).map(|(_, value)| value.into_owned())
}
