//! What a pager is told of a plan that waits: enough to come, and nothing that helps an actor.

use crate::domain::case::Case;
use crate::domain::plan_state::PlanState;
use crate::domain::report::plan_words;
use jiff::Timestamp;
use serde::Serialize;

/// One page; the same page sent again has the same key, so that a receiver rings once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page {
    pub dedup_key: String,
    pub event: &'static str,
    pub case: String,
    /// A drill pages nobody in earnest; the receiver can tell.
    pub drill: bool,
    pub severity: &'static str,
    pub key_last_four: String,
    pub plan: u32,
    pub waits: String,
    pub since: Timestamp,
    pub expires: Timestamp,
    /// Into the case's channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

impl Page {
    /// The page about a plan of this case, for the people of this workspace.
    pub fn of(case: &Case, state: &PlanState, team: &str) -> Self {
        let number = state.plan.number.0;
        let room = case.room().channel.as_ref();
        Self {
            dedup_key: format!("{}/plan-{number}", case.id()),
            event: "approval_waits",
            case: case.id().0.clone(),
            drill: case.opening().drill,
            severity: case.team().severity().word(),
            key_last_four: case.opening().key.last_four().to_owned(),
            plan: number,
            waits: plan_words(state),
            since: state.proposed.at,
            expires: state.plan.expires_at,
            link: room.map(|room| format!("https://app.slack.com/client/{team}/{}", room.0)),
        }
    }
}
