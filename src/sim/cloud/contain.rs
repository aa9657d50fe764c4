//! The bot's changes, carried out on the simulated account call by call as on the real one.

use crate::domain::action::{Action, Change, DENY_ALL_DOCUMENT};
use crate::domain::principal::PrincipalName;
use crate::domain::reconciliation::session_name;
use crate::domain::revocation::Revocation;
use crate::domain::step_result::StepResult;
use crate::ports::cloud::{Applied, CallClass, CallError, Contain};
use crate::ports::ticket::Ticket;
use crate::sim::attacker::Credential;
use crate::sim::cloud::account::State;
use crate::sim::cloud::calls::{Origin, RequestId};
use crate::sim::cloud::record::RESOURCE_REGION;
use crate::sim::cloud::refusal::Refusal;
use crate::sim::cloud::{SimCloud, eradicate_role, recover_role};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

/// A session that would end within this time is not used any more.
const LAST_MINUTES: SignedDuration = SignedDuration::from_mins(2);

#[async_trait]
impl Contain for SimCloud {
    async fn apply(&self, ticket: &Ticket) -> Result<Applied, CallError> {
        if *ticket.account() != self.account() {
            // As on AWS, where the bot's roles are each of one account.
            let message = format!(
                "the plan is for account {} and these roles reach {}",
                ticket.account(),
                self.account()
            );
            return Err(CallError::new(CallClass::Denied, "sts:AssumeRole", message));
        }
        let session = session_name(ticket.case());
        if matches!(ticket.action().change, Change::MakeKey { .. }) {
            return self.make_key_for(ticket, (&session, ticket.plan_hash())).await;
        }
        let intended = ticket.record().at;
        self.carry_out((&session, ticket.plan_hash()), ticket.action(), intended).await
    }

    fn role(&self) -> Option<String> {
        Some(self.contain_role())
    }

    fn eradicate_role(&self) -> Option<String> {
        Some(eradicate_role(&self.account()))
    }

    fn recover_role(&self) -> Option<String> {
        Some(recover_role(&self.account()))
    }

    fn region(&self) -> Option<String> {
        Some(RESOURCE_REGION.to_owned())
    }
}

impl SimCloud {
    /// The far end of a wire: what the bot's side, which holds the ticket, asks for. The session's
    /// name and source identity say for which case and plan, `intended` when that was written.
    pub async fn carry_out(
        &self,
        session: (&str, &str),
        action: &Action,
        intended: Timestamp,
    ) -> Result<Applied, CallError> {
        let role = match action.reversible() {
            true => self.contain_role(),
            false => eradicate_role(&self.account()),
        };
        let credential = self.session_of(&role, session).await?;
        let bot = &Origin { credential, ..self.bot.clone() };
        let on = action.on.key();
        let outcome = match &action.change {
            Change::Deny { policy_arn, inline_name } => {
                return self.deny(bot, &on, (policy_arn, inline_name)).await;
            }
            Change::LiftDeny { policy_arn, inline_name } => {
                return self.lift(bot, &on, (policy_arn, inline_name)).await;
            }
            Change::DeactivateKey { key } => {
                self.update_key(bot, (&on.name, key.reveal()), false).await
            }
            Change::ActivateKey { key } => {
                self.update_key(bot, (&on.name, key.reveal()), true).await
            }
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
            Change::Delete { policy_arn, inline_name } => {
                return self.delete(bot, &on, (policy_arn, inline_name)).await;
            }
            Change::DeleteResource => return self.delete_thing(bot, &action.on).await,
            Change::Quarantine { tag, value } => self.set_tag(bot, &on, (tag, value)).await,
            Change::LiftQuarantine { tag } => self.take_tag_off(bot, &on, tag).await,
            Change::Resource { change } => {
                return self.change_resource(bot, &action.on, change).await;
            }
            Change::MakeKey { .. } => {
                // It takes the ticket itself, which no wire carries.
                let message = "a key is made by a ticket alone";
                return Err(CallError::new(CallClass::Other, "iam:CreateAccessKey", message));
            }
            Change::PutTrust { document } => self.set_trust(bot, &on.name, document).await,
            Change::SetBoundary { boundary } => {
                self.set_boundary(bot, &on, boundary.as_deref()).await
            }
        };
        let call = action.permissions().first().copied().unwrap_or("iam");
        let request_id = outcome.map_err(|refusal| failed(call, &refusal))?;
        Ok(applied(None, request_id))
    }

    /// Credentials of the contain role for one case and plan; whoever holds them may change much.
    pub async fn contain_session(&self, session: (&str, &str)) -> Result<Credential, CallError> {
        self.session_of(&self.contain_role(), session).await
    }

    /// Credentials of a role of the bot's for one case and plan, whose hash no other plan has.
    pub(super) async fn session_of(
        &self,
        role: &str,
        (name, source_identity): (&str, &str),
    ) -> Result<Credential, CallError> {
        let which = (name.to_owned(), source_identity.to_owned());
        if let Some(credential) = self.lock().held(&which, self.clock.now() + LAST_MINUTES) {
            return Ok(credential);
        }
        let session = (name, Some(source_identity));
        let assumed = self.assume_from(&self.bot, role, session).await;
        let credential = assumed.map_err(|refusal| failed("sts:AssumeRole", &refusal))?;
        let mut state = self.lock();
        state.faults.bot_keys.insert(credential.access_key_id.clone());
        state.bot_sessions.insert(which, credential.clone());
        Ok(credential)
    }

    async fn deny(
        &self,
        bot: &Origin,
        on: &PrincipalName,
        (policy_arn, inline_name): (&str, &str),
    ) -> Result<Applied, CallError> {
        match self.attach(bot, on, policy_arn).await {
            Ok(request_id) => return Ok(applied(Some("attached"), request_id)),
            Err(refusal) if has_no_room(&refusal) => {}
            Err(refusal) => return Err(failed("iam:AttachUserPolicy", &refusal)),
        }
        match self.put_policy(bot, on, (inline_name, DENY_ALL_DOCUMENT)).await {
            Ok(request_id) => return Ok(applied(Some(StepResult::INLINE), request_id)),
            Err(refusal) if refusal.code == "LimitExceeded" => {}
            Err(refusal) => return Err(failed("iam:PutUserPolicy", &refusal)),
        }
        let put = self.set_boundary(bot, on, Some(policy_arn)).await;
        let put = put.map_err(|refusal| failed("iam:PutUserPermissionsBoundary", &refusal));
        Ok(applied(Some(StepResult::AS_BOUNDARY), put?))
    }

    async fn lift(
        &self,
        bot: &Origin,
        on: &PrincipalName,
        (policy_arn, inline_name): (&str, &str),
    ) -> Result<Applied, CallError> {
        let detached = self.detach(bot, on, policy_arn).await;
        let detached = gone_already("iam:DetachUserPolicy", detached)?;
        let deleted = self.delete_policy(bot, on, inline_name).await;
        let deleted = gone_already("iam:DeleteUserPolicy", deleted)?;
        Ok(match (detached, deleted) {
            (Some(request_id), _) => applied(Some("detached"), request_id),
            (None, Some(request_id)) => applied(Some("inline deleted"), request_id),
            (None, None) => applied(Some(StepResult::NOT_THERE), None),
        })
    }
}

fn has_no_room(refusal: &Refusal) -> bool {
    matches!(refusal.code.as_str(), "LimitExceeded" | "NoSuchEntity")
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
pub(super) fn gone_already(
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
