//! The rights of one ticket: a session of the contain role that may do its action and no more.

use crate::aws::clients::RoleSettings;
use crate::aws::error::call_error;
use crate::domain::action::Action;
use crate::domain::reconciliation::session_name;
use crate::ports::cloud::{CallClass, CallError};
use crate::ports::ticket::Ticket;
use aws_config::SdkConfig;
use aws_sdk_sts::config::{Credentials, SharedCredentialsProvider};
use serde_json::{Value, json};
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

#[derive(Debug, Clone)]
struct Held {
    iam: aws_sdk_iam::Client,
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

    /// A client that may carry out this ticket's action; steps that need the same rights share it.
    pub(super) async fn client(&self, ticket: &Ticket) -> Result<aws_sdk_iam::Client, CallError> {
        let partition = partition(&self.role.arn);
        let key = SessionKey {
            session_name: session_name(ticket.case()),
            plan_hash: ticket.plan_hash().to_owned(),
            rights: session_policy(partition, &ticket.account().0, ticket.action()).to_string(),
        };
        if let Some(iam) = self.still_held(&key) {
            return Ok(iam);
        }
        let begun = Instant::now();
        let iam = self.assume(&key).await?;
        let until = begun + Duration::from_secs(USED_SECONDS_MAX);
        self.hold(key, Held { iam: iam.clone(), until });
        Ok(iam)
    }

    async fn assume(&self, key: &SessionKey) -> Result<aws_sdk_iam::Client, CallError> {
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
            .map_err(|error| call_error(ASSUME_ROLE, &error))?;
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
        Ok(aws_sdk_iam::Client::new(&config))
    }

    fn still_held(&self, key: &SessionKey) -> Option<aws_sdk_iam::Client> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let session = held.get(key)?;
        (session.until > Instant::now()).then(|| session.iam.clone())
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

fn partition(arn: &str) -> &str {
    arn.split(':').nth(1).unwrap_or("aws")
}

/// What the session may do: this action's calls on this user, and only this policy attached.
fn session_policy(partition: &str, account: &str, action: &Action) -> Value {
    let user = &action.user().name;
    // The user's path is not part of an action, so both forms of its ARN are named.
    let root = format!("arn:{partition}:iam::{account}:user");
    let resource = json!([format!("{root}/{user}"), format!("{root}/*/{user}")]);
    let plain = |call: &str| json!({"Effect": "Allow", "Action": call, "Resource": resource});
    let of_policy = |call: &str, arn: &str| {
        json!({
            "Effect": "Allow",
            "Action": call,
            "Resource": resource,
            "Condition": {"ArnEquals": {"iam:PolicyARN": arn}},
        })
    };
    let statements = match action {
        Action::DenyUser { policy_arn, .. } => {
            vec![of_policy("iam:AttachUserPolicy", policy_arn), plain("iam:PutUserPolicy")]
        }
        Action::LiftDeny { policy_arn, .. } => {
            vec![of_policy("iam:DetachUserPolicy", policy_arn), plain("iam:DeleteUserPolicy")]
        }
        Action::DeactivateKey { .. } | Action::ActivateKey { .. } => {
            vec![plain("iam:UpdateAccessKey")]
        }
    };
    json!({"Version": "2012-10-17", "Statement": statements})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::action::UserRef;
    use crate::domain::ids::UserName;

    fn deny() -> Action {
        Action::DenyUser {
            user: UserRef { name: UserName("ci".to_owned()), id: "AIDA1".to_owned() },
            policy_arn: "arn:aws-cn:iam::aws:policy/AWSDenyAll".to_owned(),
            inline_name: "KeyleakDeny-1".to_owned(),
        }
    }

    #[test]
    fn a_session_may_attach_only_the_planned_policy_to_only_the_planned_user() {
        let policy = session_policy("aws-cn", "123456789012", &deny());
        let attach = &policy["Statement"][0];
        assert_eq!(attach["Action"], "iam:AttachUserPolicy");
        assert_eq!(
            attach["Condition"]["ArnEquals"]["iam:PolicyARN"],
            "arn:aws-cn:iam::aws:policy/AWSDenyAll"
        );
        assert_eq!(
            attach["Resource"],
            json!([
                "arn:aws-cn:iam::123456789012:user/ci",
                "arn:aws-cn:iam::123456789012:user/*/ci"
            ])
        );
    }

    #[test]
    fn a_session_names_exactly_the_calls_its_action_says_it_needs() {
        let policy = session_policy("aws", "123456789012", &deny());
        let named: Vec<&str> = policy["Statement"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|statement| statement["Action"].as_str())
            .collect();
        assert_eq!(named, deny().permissions());
    }
}
