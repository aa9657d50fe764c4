//! The bot's changes, carried out on the simulated account call by call as on the real one.

use crate::domain::action::{Action, DENY_ALL_DOCUMENT, UserRef};
use crate::domain::ids::AccessKeyId;
use crate::domain::reconciliation::session_name;
use crate::domain::step_result::StepResult;
use crate::ports::cloud::{Applied, CallError, Contain};
use crate::ports::ticket::Ticket;
use crate::sim::attacker::Credential;
use crate::sim::cloud::SimCloud;
use crate::sim::cloud::account::State;
use crate::sim::cloud::calls::{Origin, RequestId};
use crate::sim::cloud::refusal::Refusal;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

/// A session that would end within this time is not used any more.
const LAST_MINUTES: SignedDuration = SignedDuration::from_mins(2);

#[async_trait]
impl Contain for SimCloud {
    async fn apply(&self, ticket: &Ticket) -> Result<Applied, CallError> {
        let session = session_name(ticket.case());
        self.carry_out((&session, ticket.plan_hash()), ticket.action()).await
    }

    fn role(&self) -> Option<String> {
        Some(self.contain_role())
    }
}

impl SimCloud {
    /// The far end of a wire: what the bot's side, which holds the ticket, asks for. The session's
    /// name and source identity say for which case and plan.
    pub async fn carry_out(
        &self,
        session: (&str, &str),
        action: &Action,
    ) -> Result<Applied, CallError> {
        let credential = self.contain_session(session).await?;
        let bot = &Origin { credential, ..self.bot.clone() };
        match action {
            Action::DenyUser { user, policy_arn, inline_name } => {
                self.deny_user(bot, user, (policy_arn, inline_name)).await
            }
            Action::LiftDeny { user, policy_arn, inline_name } => {
                self.lift_deny(bot, user, (policy_arn, inline_name)).await
            }
            Action::DeactivateKey { user, key } => self.set_status(bot, (user, key), false).await,
            Action::ActivateKey { user, key } => self.set_status(bot, (user, key), true).await,
        }
    }

    /// Credentials of the contain role for one case and plan; whoever holds them may change much.
    pub async fn contain_session(
        &self,
        (name, source_identity): (&str, &str),
    ) -> Result<Credential, CallError> {
        let which = (name.to_owned(), source_identity.to_owned());
        if let Some(credential) = self.lock().held(&which, self.clock.now() + LAST_MINUTES) {
            return Ok(credential);
        }
        let session = (name, Some(source_identity));
        let assumed = self.assume_from(&self.bot, &self.contain_role(), session).await;
        let credential = assumed.map_err(|refusal| failed("sts:AssumeRole", &refusal))?;
        let mut state = self.lock();
        state.faults.bot_keys.insert(credential.access_key_id.clone());
        state.bot_sessions.insert(which, credential.clone());
        Ok(credential)
    }

    async fn deny_user(
        &self,
        bot: &Origin,
        user: &UserRef,
        (policy_arn, inline_name): (&str, &str),
    ) -> Result<Applied, CallError> {
        let name = &user.name.0;
        match self.attach(bot, name, policy_arn).await {
            Ok(request_id) => Ok(applied(Some("attached"), request_id)),
            Err(refusal) if matches!(refusal.code.as_str(), "LimitExceeded" | "NoSuchEntity") => {
                let deny = (inline_name, DENY_ALL_DOCUMENT);
                let put = self.put_policy(bot, name, deny).await;
                let request_id = put.map_err(|refusal| failed("iam:PutUserPolicy", &refusal))?;
                Ok(applied(Some("inline"), request_id))
            }
            Err(refusal) => Err(failed("iam:AttachUserPolicy", &refusal)),
        }
    }

    async fn lift_deny(
        &self,
        bot: &Origin,
        user: &UserRef,
        (policy_arn, inline_name): (&str, &str),
    ) -> Result<Applied, CallError> {
        let name = &user.name.0;
        let detached = self.detach(bot, name, policy_arn).await;
        let detached = gone_already("iam:DetachUserPolicy", detached)?;
        let deleted = self.delete_policy(bot, name, inline_name).await;
        let deleted = gone_already("iam:DeleteUserPolicy", deleted)?;
        Ok(match (detached, deleted) {
            (Some(request_id), _) => applied(Some("detached"), request_id),
            (None, Some(request_id)) => applied(Some("inline deleted"), request_id),
            (None, None) => applied(Some(StepResult::NOT_THERE), None),
        })
    }

    async fn set_status(
        &self,
        bot: &Origin,
        (user, key): (&UserRef, &AccessKeyId),
        active: bool,
    ) -> Result<Applied, CallError> {
        let which = (user.name.0.as_str(), key.reveal());
        let updated = self.update_key(bot, which, active).await;
        let request_id = updated.map_err(|refusal| failed("iam:UpdateAccessKey", &refusal))?;
        Ok(applied(None, request_id))
    }
}

impl State {
    /// The bot's session for a case and plan, if it lives at that time.
    fn held(&self, which: &(String, String), at: Timestamp) -> Option<Credential> {
        let credential = self.bot_sessions.get(which)?;
        let session = self.sessions.get(&credential.access_key_id)?;
        (session.expires > at).then(|| credential.clone())
    }
}

/// A refusal as the port tells it.
pub(super) fn failed(call: &str, refusal: &Refusal) -> CallError {
    let message = format!("{}: {}", refusal.code, refusal.message);
    let request_id = refusal.request_id.clone();
    CallError { request_id, ..CallError::new(refusal.class(), call, message) }
}

/// The id of the call that removed something; what is not there needs no removing.
fn gone_already(
    call: &str,
    outcome: Result<RequestId, Refusal>,
) -> Result<Option<RequestId>, CallError> {
    match outcome {
        Ok(request_id) => Ok(Some(request_id)),
        Err(refusal) if refusal.code == "NoSuchEntity" => Ok(None),
        Err(refusal) => Err(failed(call, &refusal)),
    }
}

fn applied(how: Option<&str>, request_id: RequestId) -> Applied {
    Applied { how: how.map(str::to_owned), request_id }
}
