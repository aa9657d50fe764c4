//! The bot's changes, carried out on the simulated account call by call as on the real one.

use crate::domain::action::{Action, Change, DENY_ALL_DOCUMENT};
use crate::domain::ids::AccessKeyId;
use crate::domain::principal::PrincipalName;
use crate::domain::revocation::Revocation;
use crate::ports::cloud::{Applied, CallError, Contain};
use crate::ports::ticket::Ticket;
use crate::sim::cloud::SimCloud;
use crate::sim::cloud::refusal::Refusal;
use async_trait::async_trait;
use jiff::Timestamp;

#[async_trait]
impl Contain for SimCloud {
    async fn apply(&self, ticket: &Ticket) -> Result<Applied, CallError> {
        self.carry_out(ticket.action(), ticket.record().at).await
    }
}

impl SimCloud {
    /// The far end of a wire: what the bot's side, which holds the ticket, asks for.
    pub async fn carry_out(
        &self,
        action: &Action,
        intended: Timestamp,
    ) -> Result<Applied, CallError> {
        let (on, bot) = (action.on.key(), &self.bot);
        let outcome = match &action.change {
            Change::Deny { policy_arn, inline_name } => {
                return self.deny(&on, policy_arn, inline_name).await;
            }
            Change::LiftDeny { policy_arn, inline_name } => {
                return self.lift(&on, policy_arn, inline_name).await;
            }
            Change::DeactivateKey { key } => self.switch(&on, key, false).await,
            Change::ActivateKey { key } => self.switch(&on, key, true).await,
            Change::DeactivateCredential { credential } => {
                self.update_side(bot, (&on.name, credential), false).await
            }
            Change::ActivateCredential { credential } => {
                self.update_side(bot, (&on.name, credential), true).await
            }
            Change::RevokeSessions { sessions, until, inline_name } => {
                let revocation = Revocation::at(sessions.clone(), *until, intended);
                self.put_policy(bot, &on, (inline_name, &revocation.document())).await
            }
            Change::LiftRevocation { inline_name } => {
                self.delete_policy(bot, &on, inline_name).await
            }
            Change::PutTrust { document } => self.set_trust(bot, &on.name, document).await,
            Change::SetBoundary { boundary } => {
                self.set_boundary(bot, &on, boundary.as_deref()).await
            }
        };
        let call = action.permissions().first().copied().unwrap_or("iam");
        outcome.map(|()| applied(None)).map_err(|refusal| failed(call, &refusal))
    }

    async fn deny(
        &self,
        on: &PrincipalName,
        policy_arn: &str,
        inline_name: &str,
    ) -> Result<Applied, CallError> {
        match self.attach(&self.bot, on, policy_arn).await {
            Ok(()) => return Ok(applied(Some("attached"))),
            Err(refusal) if has_no_room(&refusal) => {}
            Err(refusal) => return Err(failed("iam:AttachUserPolicy", &refusal)),
        }
        match self.put_policy(&self.bot, on, (inline_name, DENY_ALL_DOCUMENT)).await {
            Ok(()) => return Ok(applied(Some("inline"))),
            Err(refusal) if refusal.code == "LimitExceeded" => {}
            Err(refusal) => return Err(failed("iam:PutUserPolicy", &refusal)),
        }
        let put = self.set_boundary(&self.bot, on, Some(policy_arn)).await;
        put.map_err(|refusal| failed("iam:PutUserPermissionsBoundary", &refusal))?;
        Ok(applied(Some("as the boundary")))
    }

    async fn lift(
        &self,
        on: &PrincipalName,
        policy_arn: &str,
        inline_name: &str,
    ) -> Result<Applied, CallError> {
        let detached = self.detach(&self.bot, on, policy_arn).await;
        let detached = gone_already("iam:DetachUserPolicy", detached)?;
        let deleted = self.delete_policy(&self.bot, on, inline_name).await;
        let deleted = gone_already("iam:DeleteUserPolicy", deleted)?;
        Ok(applied(Some(match (detached, deleted) {
            (true, _) => "detached",
            (false, true) => "inline deleted",
            (false, false) => "was not there",
        })))
    }

    async fn switch(
        &self,
        on: &PrincipalName,
        key: &AccessKeyId,
        active: bool,
    ) -> Result<(), Refusal> {
        self.update_key(&self.bot, (on.name.as_str(), key.reveal()), active).await
    }
}

fn has_no_room(refusal: &Refusal) -> bool {
    matches!(refusal.code.as_str(), "LimitExceeded" | "NoSuchEntity")
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
