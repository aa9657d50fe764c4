//! The bot's changes, carried out on the simulated account call by call as on the real one.

use crate::domain::action::{Action, DENY_ALL_DOCUMENT, UserRef};
use crate::domain::ids::AccessKeyId;
use crate::ports::cloud::{Applied, CallError, Contain};
use crate::ports::ticket::Ticket;
use crate::sim::cloud::SimCloud;
use crate::sim::cloud::refusal::Refusal;
use async_trait::async_trait;

#[async_trait]
impl Contain for SimCloud {
    async fn apply(&self, ticket: &Ticket) -> Result<Applied, CallError> {
        self.carry_out(ticket.action()).await
    }
}

impl SimCloud {
    /// The far end of a wire: what the bot's side, which holds the ticket, asks for.
    pub async fn carry_out(&self, action: &Action) -> Result<Applied, CallError> {
        match action {
            Action::DenyUser { user, policy_arn, inline_name } => {
                self.deny_user(user, policy_arn, inline_name).await
            }
            Action::LiftDeny { user, policy_arn, inline_name } => {
                self.lift_deny(user, policy_arn, inline_name).await
            }
            Action::DeactivateKey { user, key } => self.set_status(user, key, false).await,
            Action::ActivateKey { user, key } => self.set_status(user, key, true).await,
        }
    }

    async fn deny_user(
        &self,
        user: &UserRef,
        policy_arn: &str,
        inline_name: &str,
    ) -> Result<Applied, CallError> {
        let name = &user.name.0;
        match self.attach(&self.bot, name, policy_arn).await {
            Ok(()) => Ok(applied(Some("attached"))),
            Err(refusal) if matches!(refusal.code.as_str(), "LimitExceeded" | "NoSuchEntity") => {
                let deny = (inline_name, DENY_ALL_DOCUMENT);
                let put = self.put_policy(&self.bot, name, deny).await;
                put.map_err(|refusal| failed("iam:PutUserPolicy", &refusal))?;
                Ok(applied(Some("inline")))
            }
            Err(refusal) => Err(failed("iam:AttachUserPolicy", &refusal)),
        }
    }

    async fn lift_deny(
        &self,
        user: &UserRef,
        policy_arn: &str,
        inline_name: &str,
    ) -> Result<Applied, CallError> {
        let name = &user.name.0;
        let detached = self.detach(&self.bot, name, policy_arn).await;
        let detached = gone_already("iam:DetachUserPolicy", detached)?;
        let deleted = self.delete_policy(&self.bot, name, inline_name).await;
        let deleted = gone_already("iam:DeleteUserPolicy", deleted)?;
        Ok(applied(Some(match (detached, deleted) {
            (true, _) => "detached",
            (false, true) => "inline deleted",
            (false, false) => "was not there",
        })))
    }

    async fn set_status(
        &self,
        user: &UserRef,
        key: &AccessKeyId,
        active: bool,
    ) -> Result<Applied, CallError> {
        let which = (user.name.0.as_str(), key.reveal());
        let updated = self.update_key(&self.bot, which, active).await;
        updated.map_err(|refusal| failed("iam:UpdateAccessKey", &refusal))?;
        Ok(applied(None))
    }
}

/// A refusal as the port tells it.
pub(super) fn failed(call: &str, refusal: &Refusal) -> CallError {
    let message = format!("{}: {}", refusal.code, refusal.message);
    CallError::new(refusal.class(), call, message)
}

/// Whether something was removed; what is not there needs no removing.
fn gone_already(call: &str, outcome: Result<(), Refusal>) -> Result<bool, CallError> {
    match outcome {
        Ok(()) => Ok(true),
        Err(refusal) if refusal.code == "NoSuchEntity" => Ok(false),
        Err(refusal) => Err(failed(call, &refusal)),
    }
}

fn applied(how: Option<&str>) -> Applied {
    Applied { how: how.map(str::to_owned), request_id: None }
}
