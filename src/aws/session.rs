//! The rights of one ticket: a session of the contain role that may do its action and no more.

use crate::aws::clients::RoleSettings;
use crate::aws::error::call_error;
use crate::aws::session_policy::session_policy;
use crate::domain::action::Action;
use crate::domain::ids::CaseId;
use crate::domain::reconciliation::session_name;
use crate::ports::cloud::{Ahead, CallClass, CallError};
use crate::ports::ticket::Ticket;
use aws_config::SdkConfig;
use aws_sdk_sts::config::{Credentials, SharedCredentialsProvider};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

const ASSUME_ROLE: &str = "sts:AssumeRole";
const SET_SOURCE_IDENTITY: &str = "sts:SetSourceIdentity";

/// Every IAM action that this file calls; `manifests/iam/bot.json` allows these.
pub const CALLS: &[&str] = &[ASSUME_ROLE, SET_SOURCE_IDENTITY];

/// The shortest session AWS gives; a plan takes seconds.
const SESSION_SECONDS: i32 = 900;
/// A session is not used in its last minutes, so that no call meets its end.
const USED_SECONDS_MAX: u64 = 780;
/// Plans carried out at the same time, twice over; beyond it a plan assumes its role again.
const SESSIONS_MAX: usize = 64;

/// Sessions of the contain role, each made for one plan and one set of rights.
#[derive(Debug)]
pub(super) struct TicketSessions {
    base: SdkConfig,
    sts: aws_sdk_sts::Client,
    role: RoleSettings,
    held: Mutex<BTreeMap<SessionKey, Held>>,
}

/// What a session was made for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct SessionKey {
    session_name: String,
    plan_hash: String,
    rights: String,
}

impl SessionKey {
    fn new(case: &CaseId, plan_hash: &str, action: &Action) -> Self {
        Self {
            session_name: session_name(case),
            plan_hash: plan_hash.to_owned(),
            rights: session_policy(action).to_string(),
        }
    }
}

/// The clients of one session.
#[derive(Debug, Clone)]
pub(super) struct TicketRights {
    pub iam: aws_sdk_iam::Client,
    /// For the services whose clients depend on the region.
    pub config: SdkConfig,
}

#[derive(Debug, Clone)]
struct Held {
    rights: TicketRights,
    until: Instant,
}

impl TicketSessions {
    pub(super) fn new(base: &SdkConfig, role: RoleSettings) -> Self {
        Self {
            sts: aws_sdk_sts::Client::new(base),
            base: base.clone(),
            role,
            held: Mutex::default(),
        }
    }

    pub(super) fn role_arn(&self) -> &str {
        &self.role.arn
    }

    pub(super) fn region(&self) -> Option<String> {
        self.base.region().map(ToString::to_string)
    }

    /// A client that may carry out this ticket's action; steps that need the same rights share it.
    pub(super) async fn client(&self, ticket: &Ticket) -> Result<TicketRights, CallError> {
        let key = SessionKey::new(ticket.case(), ticket.plan_hash(), ticket.action());
        match self.still_held(&key) {
            Some(rights) => Ok(rights),
            None => self.renewed(key).await,
        }
    }

    /// Opens the session that this action of a plan will need.
    pub(super) async fn warm(&self, ahead: Ahead<'_>) -> Result<(), CallError> {
        let Ahead { case, plan_hash, action, account: _ } = ahead;
        self.renewed(SessionKey::new(case, plan_hash, action)).await.map(drop)
    }

    async fn renewed(&self, key: SessionKey) -> Result<TicketRights, CallError> {
        let begun = Instant::now();
        let rights = self.assume(&key).await?;
        let until = begun + Duration::from_secs(USED_SECONDS_MAX);
        self.hold(key, Held { rights: rights.clone(), until });
        Ok(rights)
    }

    async fn assume(&self, key: &SessionKey) -> Result<TicketRights, CallError> {
        let answer = self
            .sts
            .assume_role()
            .role_arn(&self.role.arn)
            .set_external_id(self.role.external_id.clone())
            .role_session_name(&key.session_name)
            .source_identity(&key.plan_hash)
            .policy(&key.rights)
            .duration_seconds(SESSION_SECONDS)
            .send()
            .await
            .map_err(|error| self.not_assumed(call_error(ASSUME_ROLE, &error)))?;
        let minted = answer.credentials().ok_or_else(|| {
            let message = "AWS assumed the role and gave no credentials";
            CallError::new(CallClass::Other, ASSUME_ROLE, message)
        })?;
        let credentials = Credentials::new(
            minted.access_key_id(),
            minted.secret_access_key(),
            Some(minted.session_token().to_owned()),
            SystemTime::try_from(*minted.expiration()).ok(),
            "keyleak contain role",
        );
        let config = self
            .base
            .clone()
            .into_builder()
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .build();
        Ok(TicketRights { iam: aws_sdk_iam::Client::new(&config), config })
    }

    /// Which of several roles it was, and where the reason may lie.
    fn not_assumed(&self, error: CallError) -> CallError {
        if error.class != CallClass::Denied {
            return error;
        }
        let message = format!(
            "{} could not be assumed; check its trust policy, its external id and the bot's own \
             policy ({})",
            self.role.arn, error.message
        );
        CallError { message, ..error }
    }

    fn still_held(&self, key: &SessionKey) -> Option<TicketRights> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let session = held.get(key)?;
        (session.until > Instant::now()).then(|| session.rights.clone())
    }

    fn hold(&self, key: SessionKey, session: Held) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        held.retain(|_, session| session.until > now);
        if held.len() >= SESSIONS_MAX {
            held.clear();
        }
        held.insert(key, session);
    }
}

/// The account of a role's ARN.
pub(super) fn account_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| !account.is_empty())
}
