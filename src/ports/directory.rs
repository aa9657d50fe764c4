//! Who people are, who is in a user group, and whether a channel is shared: asked of Slack.

use crate::domain::ids::ChannelId;
use crate::domain::roster::{NoAnswer, Standing};
use async_trait::async_trait;

/// The workspace's own knowledge of people.
#[async_trait]
pub trait Directory: Send + Sync {
    /// What somebody is in the workspace.
    async fn standing(&self, user: &str) -> Result<Standing, NoAnswer>;
    /// Who is in a user group; one that is disabled is no answer.
    async fn members(&self, group: &str) -> Result<Vec<String>, NoAnswer>;
    /// Whether a channel is, or is about to be, shared with another organisation.
    async fn is_shared(&self, channel: &ChannelId) -> Result<bool, NoAnswer>;
}
