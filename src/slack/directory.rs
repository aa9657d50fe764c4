//! Who people are, as Slack describes them; whatever it leaves out counts against them.

use crate::domain::ids::ChannelId;
use crate::domain::roster::{NoAnswer, Standing};
use crate::ports::chat::ChatError;
use crate::ports::directory::Directory;
use crate::slack::chat::SlackChat;
use crate::slack::failure::Failure;
use async_trait::async_trait;
use serde_json::Value;

#[async_trait]
impl Directory for SlackChat {
    async fn standing(&self, user: &str) -> Result<Standing, NoAnswer> {
        let asked = vec![("user", Some(user.to_owned()))];
        let answer = self.web.get("users.info", &asked).await.map_err(no_answer)?;
        read_standing(&answer["user"], user, &self.team).ok_or_else(|| unreadable("users.info"))
    }

    async fn members(&self, group: &str) -> Result<Vec<String>, NoAnswer> {
        let asked = vec![("usergroup", Some(group.to_owned()))];
        let answer = self.web.get("usergroups.users.list", &asked).await.map_err(no_answer)?;
        read_members(&answer).ok_or_else(|| unreadable("usergroups.users.list"))
    }

    async fn is_shared(&self, channel: &ChannelId) -> Result<bool, NoAnswer> {
        let asked = vec![("channel", Some(channel.0.clone()))];
        let answer = self.web.get("conversations.info", &asked).await.map_err(no_answer)?;
        read_shared(&answer["channel"]).ok_or_else(|| unreadable("conversations.info"))
    }
}

/// Nothing where the answer is about somebody else, or does not say what it must.
fn read_standing(user: &Value, asked: &str, team: &str) -> Option<Standing> {
    if user["id"].as_str() != Some(asked) {
        return None;
    }
    let flag = |name: &str| user[name].as_bool().unwrap_or_default();
    // Of an organisation's people the workspaces that they are in are listed beside their first.
    let teams = user["enterprise_user"]["teams"].as_array().into_iter().flatten();
    let is_ours = user["team_id"].as_str() == Some(team)
        || teams.into_iter().any(|one| one.as_str() == Some(team));
    if flag("deleted") {
        return Some(Standing::Deactivated);
    }
    if flag("is_stranger") || !is_ours {
        return Some(Standing::Elsewhere);
    }
    if flag("is_bot") || flag("is_workflow_bot") {
        return Some(Standing::Bot);
    }
    // A full member is who is said not to be a guest: a flag that is missing is no word.
    match (user["is_restricted"].as_bool(), user["is_ultra_restricted"].as_bool()) {
        (Some(false), Some(false)) => Some(Standing::Member),
        (Some(_), Some(_)) => Some(Standing::Guest),
        _ => None,
    }
}

/// Slack gives a group in one answer; one that says that there is more is not a whole group.
fn read_members(answer: &Value) -> Option<Vec<String>> {
    let more = answer["response_metadata"]["next_cursor"].as_str().unwrap_or_default();
    let users = answer["users"].as_array().filter(|_| more.is_empty())?;
    users.iter().map(|user| user.as_str().map(str::to_owned)).collect()
}

/// Shared now, or about to be by an invitation that waits for its answer. Within one organisation
/// (`is_org_shared`) people are still colleagues, each judged by their own workspace.
fn read_shared(channel: &Value) -> Option<bool> {
    let waiting = channel["pending_connected_team_ids"].as_array();
    let flag = |name: &str| channel[name].as_bool().unwrap_or_default();
    let external = channel["is_ext_shared"].as_bool()?;
    let pending = flag("is_pending_ext_shared") || waiting.is_some_and(|teams| !teams.is_empty());
    Some(external || pending)
}

/// What is refused stays refused until somebody sees to it; all else may pass.
fn no_answer(failure: Failure) -> NoAnswer {
    let for_now = match &failure.error {
        ChatError::Limited { .. } | ChatError::Unavailable(_) => true,
        ChatError::NameTaken
        | ChatError::Archived
        | ChatError::NotInside
        | ChatError::MessageGone
        | ChatError::MissingScope { .. }
        | ChatError::Refused { .. } => false,
    };
    NoAnswer { why: failure.error.to_string(), for_now }
}

fn unreadable(method: &str) -> NoAnswer {
    let why = format!("Slack's answer to {method} lacks what it must have");
    NoAnswer { why, for_now: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn user(change: &Value) -> Value {
        let mut user = json!({
            "id": "U1", "team_id": "T1", "deleted": false, "is_bot": false,
            "is_restricted": false, "is_ultra_restricted": false, "is_app_user": false,
        });
        for (name, value) in change.as_object().unwrap() {
            user[name] = value.clone();
        }
        user
    }

    #[test]
    fn only_who_is_said_to_be_a_full_member_of_this_workspace_is_one() {
        let read = |change: Value| read_standing(&user(&change), "U1", "T1");
        assert_eq!(read(json!({})), Some(Standing::Member));
        assert_eq!(read(json!({ "is_restricted": true })), Some(Standing::Guest));
        assert_eq!(read(json!({ "is_ultra_restricted": true })), Some(Standing::Guest));
        assert_eq!(read(json!({ "is_bot": true })), Some(Standing::Bot));
        assert_eq!(read(json!({ "deleted": true })), Some(Standing::Deactivated));
        assert_eq!(read(json!({ "is_stranger": true })), Some(Standing::Elsewhere));
        assert_eq!(read(json!({ "team_id": "T2" })), Some(Standing::Elsewhere));
        let of_both = json!({ "team_id": "E1", "enterprise_user": { "teams": ["T0", "T1"] } });
        assert_eq!(read(of_both), Some(Standing::Member));
        for said in [json!({ "is_restricted": null }), json!({ "id": "U2" })] {
            assert_eq!(read(said), None, "what is not said is not taken for granted");
        }
    }

    #[test]
    fn a_channel_that_is_about_to_be_shared_is_shared_and_a_part_of_a_group_is_none() {
        assert_eq!(read_shared(&json!({ "is_ext_shared": false })), Some(false));
        assert_eq!(read_shared(&json!({ "is_ext_shared": true })), Some(true));
        let pending = json!({ "is_ext_shared": false, "pending_connected_team_ids": ["T9"] });
        assert_eq!(read_shared(&pending), Some(true));
        assert_eq!(read_shared(&json!({})), None);
        let part = json!({ "users": ["U1"], "response_metadata": { "next_cursor": "x" } });
        assert_eq!(read_members(&part), None);
        assert_eq!(read_members(&json!({ "users": ["U1"] })), Some(vec!["U1".to_owned()]));
    }
}
