//! Looks at the roles of an account: each is assumed, and the lookup role reads what it allows.

use crate::aws::checkup::trouble;
use crate::aws::clients::RoleSettings;
use crate::aws::error::call_error;
use crate::aws::listing::plain_document;
use crate::aws::roles;
use crate::domain::checkup::Trouble;
use crate::domain::checkup::roles::{Seen, Tier, Wanted};
use aws_config::SdkConfig;
use aws_sdk_iam::Client;
use aws_sdk_sts::config::{Credentials, SharedCredentialsProvider};
use std::time::SystemTime;

const ASSUME_ROLE: &str = "sts:AssumeRole";
const GET_POLICY: &str = "iam:GetPolicy";
const GET_POLICY_VERSION: &str = "iam:GetPolicyVersion";

/// The name of the session, which CloudTrail shows.
const SESSION: &str = "keyleak-doctor";
const SESSION_SECONDS: i32 = 900;
/// A session of a role that changes things is opened to see that it opens, and may do nothing.
const NOTHING: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#;
/// A role of ours has one or two; IAM takes twenty at most.
const POLICIES_MAX: usize = 20;

/// A role of the settings with what it is for.
pub fn wanted(tier: Tier, role: &RoleSettings) -> Wanted {
    Wanted { tier, arn: role.arn.clone(), external_id: role.external_id.clone() }
}

/// Looks at the roles of one account, the one that looks first: the others are read through it.
/// Where it does not let us in, the bot reads them itself, if it is of the same account.
pub async fn account(bot: &SdkConfig, is_bots: bool, all: &[Wanted]) -> Vec<Seen> {
    let (first, rest) = match all.split_first() {
        Some((first, rest)) if first.tier == Tier::Lookup => (Some(first), rest),
        Some(_) | None => (None, all),
    };
    let looks = match first {
        Some(role) => Some(Box::pin(assume(bot, role)).await),
        None => None,
    };
    let reader = match &looks {
        Some(Ok(session)) => Some(session),
        // Roles of another account would be looked for in the bot's own.
        Some(Err(_)) | None => Some(bot).filter(|_| is_bots),
    };
    let iam = reader.map(Client::new);
    let mut seen = Vec::new();
    if let (Some(role), Some(assumed)) = (first, &looks) {
        let assumed = assumed.as_ref().map(drop).map_err(Clone::clone);
        seen.push(read(iam.as_ref(), role, assumed).await);
    }
    let others = rest.iter().map(|role| async {
        let assumed = Box::pin(assume(bot, role)).await.map(drop);
        Box::pin(read(iam.as_ref(), role, assumed)).await
    });
    seen.extend(futures_util::future::join_all(others).await);
    seen
}

async fn assume(bot: &SdkConfig, role: &Wanted) -> Result<SdkConfig, Trouble> {
    let request = aws_sdk_sts::Client::new(bot).assume_role().role_arn(&role.arn);
    let request = request.set_external_id(role.external_id.clone());
    let request = request.role_session_name(SESSION).duration_seconds(SESSION_SECONDS);
    let request = match role.tier {
        Tier::Lookup | Tier::Describe => request,
        // As a plan's session is opened: its trust policy has to allow the source identity too.
        Tier::Contain | Tier::Eradicate | Tier::Recover => {
            request.policy(NOTHING).source_identity(SESSION)
        }
    };
    let told = request.send().await;
    let told = told.map_err(|error| trouble(call_error(ASSUME_ROLE, &error)))?;
    let minted = told.credentials().ok_or(Trouble::Silent("AWS gave no credentials".to_owned()))?;
    let credentials = Credentials::new(
        minted.access_key_id(),
        minted.secret_access_key(),
        Some(minted.session_token().to_owned()),
        SystemTime::try_from(*minted.expiration()).ok(),
        SESSION,
    );
    let provider = SharedCredentialsProvider::new(credentials);
    Ok(bot.clone().into_builder().credentials_provider(provider).build())
}

async fn read(iam: Option<&Client>, role: &Wanted, assumed: Result<(), Trouble>) -> Seen {
    let Some(iam) = iam else {
        let nobody = Trouble::Silent("nobody may look there".to_owned());
        return Seen { assumed, trust: Err(nobody.clone()), policies: Err(nobody) };
    };
    let name = role.arn.rsplit('/').next().unwrap_or(&role.arn);
    let found = roles::role(iam, name).await.map_err(trouble);
    let policies = match &found {
        Ok(_) => policies(iam, name).await,
        Err(trouble) => Err(trouble.clone()),
    };
    Seen { assumed, trust: found.map(|found| found.trust), policies }
}

async fn policies(iam: &Client, role: &str) -> Result<Vec<String>, Trouble> {
    let inline = roles::inline(iam, role).await.map_err(trouble)?;
    let attached = roles::attached(iam, role).await.map_err(trouble)?;
    let mut all: Vec<String> = inline.into_values().collect();
    for policy in attached.into_iter().take(POLICIES_MAX) {
        all.push(document(iam, &policy.arn).await?);
    }
    Ok(all)
}

async fn document(iam: &Client, arn: &str) -> Result<String, Trouble> {
    let policy = iam.get_policy().policy_arn(arn).send().await;
    let policy = policy.map_err(|error| trouble(call_error(GET_POLICY, &error)))?;
    let version = policy.policy.and_then(|policy| policy.default_version_id);
    let request = iam.get_policy_version().policy_arn(arn).set_version_id(version);
    let found = request.send().await;
    let found = found.map_err(|error| trouble(call_error(GET_POLICY_VERSION, &error)))?;
    let version = found.policy_version.and_then(|version| version.document);
    plain_document(GET_POLICY_VERSION, &version.unwrap_or_default()).map_err(trouble)
}
