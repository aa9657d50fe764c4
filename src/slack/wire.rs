//! What Slack sends, read tolerantly: every field may be missing, unknown fields are left alone.

use serde::Deserialize;
use serde_json::Value;

/// The form of a slash command; also of Slack's certificate check.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct SlashForm {
    pub(super) ssl_check: Option<String>,
    pub(super) team_id: Option<String>,
    pub(super) enterprise_id: Option<String>,
    pub(super) api_app_id: Option<String>,
    pub(super) channel_id: Option<String>,
    pub(super) user_id: Option<String>,
    pub(super) user_name: Option<String>,
    pub(super) text: Option<String>,
    pub(super) response_url: Option<String>,
    pub(super) trigger_id: Option<String>,
}

/// An interaction: a press, a submitted view, or something that we do not use.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Interaction {
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) api_app_id: Option<String>,
    pub(super) team: Option<Named>,
    pub(super) enterprise: Option<Named>,
    pub(super) user: Option<User>,
    pub(super) channel: Option<Named>,
    pub(super) container: Option<Container>,
    pub(super) actions: Option<Vec<Action>>,
    pub(super) view: Option<ViewState>,
    pub(super) response_url: Option<String>,
    pub(super) trigger_id: Option<String>,
    /// Of a shortcut, as is the next.
    pub(super) callback_id: Option<String>,
    pub(super) action_ts: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Named {
    pub(super) id: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct User {
    pub(super) id: Option<String>,
    pub(super) team_id: Option<String>,
    pub(super) username: Option<String>,
    pub(super) name: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Container {
    pub(super) message_ts: Option<String>,
    pub(super) channel_id: Option<String>,
    pub(super) view_id: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Action {
    pub(super) action_id: Option<String>,
    pub(super) action_ts: Option<String>,
    pub(super) value: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ViewState {
    pub(super) id: Option<String>,
    pub(super) hash: Option<String>,
    pub(super) callback_id: Option<String>,
    pub(super) private_metadata: Option<String>,
    pub(super) state: Option<Value>,
}

/// An event delivery, or the question by which Slack learns that the address is ours.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Delivery {
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) challenge: Option<String>,
    pub(super) api_app_id: Option<String>,
    pub(super) team_id: Option<String>,
    pub(super) enterprise_id: Option<String>,
    pub(super) event_id: Option<String>,
    pub(super) event: Option<Value>,
    pub(super) is_ext_shared_channel: Option<bool>,
}
