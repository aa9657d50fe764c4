//! One account on MiniStack as its administrator and an attacker see it, over the real SDK.

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_iam::config::SharedCredentialsProvider;
use aws_sdk_iam::config::retry::RetryConfig;
use aws_sdk_iam::config::{Credentials, Region};
use aws_sdk_iam::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_iam::types::StatusType;
use std::net::SocketAddr;

/// The region every test signs for.
pub(crate) const REGION: &str = "us-east-1";
/// What `AWSDenyAll` says; MiniStack's own copy of that policy denies nothing.
pub(crate) const DENY_ALL: &str = r#"{"Version":"2012-10-17","Statement":[
{"Sid":"DenyAll","Effect":"Deny","Action":"*","Resource":"*"}]}"#;
const DENY_ALL_NAME: &str = "KeyleakDenyAll";
const ALLOW_ALL: &str = r#"{"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
/// The shortest life AWS grants a session; no test waits for its end.
const SESSION_SECONDS: i32 = 900;

/// A credential as whoever holds it would use it.
#[derive(Clone)]
pub(crate) struct Credential {
    pub(crate) id: String,
    secret: String,
    token: Option<String>,
}

/// The clients of one credential against one endpoint.
#[derive(Debug, Clone)]
pub(crate) struct Clients {
    pub(crate) iam: aws_sdk_iam::Client,
    pub(crate) sts: aws_sdk_sts::Client,
    pub(crate) s3: aws_sdk_s3::Client,
    pub(crate) athena: aws_sdk_athena::Client,
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
}

/// How a user stands, asked of the account and not of the product.
#[derive(Debug)]
pub(crate) struct UserState {
    pub(crate) keys_inactive: bool,
    pub(crate) is_denied: bool,
}

/// An account of its own for each trial, so that trials run side by side.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) endpoint: SocketAddr,
    base: SdkConfig,
    pub(crate) root: Clients,
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Credential").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Credential {
    pub(crate) fn new(id: &str, secret: &str, token: Option<&str>) -> Self {
        Self { id: id.into(), secret: secret.into(), token: token.map(Into::into) }
    }
}

impl Credential {
    /// As the drill's actor holds it.
    pub(crate) fn as_loot(&self, label: &str) -> keyleak::sim::attacker::Credential {
        keyleak::sim::attacker::Credential {
            label: label.to_owned(),
            access_key_id: self.id.clone(),
            secret_access_key: self.secret.clone(),
            session_token: self.token.clone(),
        }
    }

    /// As the SDK of another process finds it.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        let mut found = vec![
            ("AWS_ACCESS_KEY_ID", self.id.clone()),
            ("AWS_SECRET_ACCESS_KEY", self.secret.clone()),
        ];
        found.extend(self.token.clone().map(|token| ("AWS_SESSION_TOKEN", token)));
        found
    }
}

impl From<&keyleak::sim::attacker::Credential> for Credential {
    fn from(held: &keyleak::sim::attacker::Credential) -> Self {
        let token = held.session_token.as_deref();
        Self::new(&held.access_key_id, &held.secret_access_key, token)
    }
}

impl From<&aws_sdk_sts::types::Credentials> for Credential {
    fn from(minted: &aws_sdk_sts::types::Credentials) -> Self {
        Self::new(minted.access_key_id(), minted.secret_access_key(), Some(minted.session_token()))
    }
}

impl Account {
    /// The account `id` behind `endpoint`; MiniStack takes a twelve-digit key id for its root.
    pub(crate) async fn at(endpoint: SocketAddr, id: &str) -> Self {
        let root = Credential::new(id, "test", None);
        let base = aws_config::defaults(BehaviorVersion::latest())
            .endpoint_url(format!("http://{endpoint}"))
            .region(Region::new(REGION))
            .retry_config(RetryConfig::disabled())
            .credentials_provider(provider(&root))
            .load()
            .await;
        let root = clients(&base, &root);
        Self { id: id.into(), endpoint, base, root }
    }

    /// The SDK's configuration for whoever holds a credential.
    pub(crate) fn config_of(&self, credential: &Credential) -> SdkConfig {
        held(&self.base, credential)
    }

    /// What the product's own clients are made from, as the account's root.
    pub(crate) fn config(&self) -> &SdkConfig {
        &self.base
    }

    pub(crate) fn as_holder_of(&self, credential: &Credential) -> Clients {
        clients(&self.base, credential)
    }

    /// A user who may do everything, and a long-term key of hers.
    pub(crate) async fn administrator(&self, user: &str) -> Credential {
        let iam = &self.root.iam;
        let made = iam.create_user().user_name(user).send().await;
        made.expect("the user is created; has another trial this account's number too?");
        iam.put_user_policy()
            .user_name(user)
            .policy_name("administrator")
            .policy_document(ALLOW_ALL)
            .send()
            .await
            .expect("the user may do everything");
        let made = iam.create_access_key().user_name(user).send().await.expect("a key");
        let key = made.access_key().expect("a key in the answer");
        Credential::new(key.access_key_id(), key.secret_access_key(), None)
    }

    /// The customer-managed twin of `AWSDenyAll`.
    pub(crate) async fn deny_all_policy(&self) -> String {
        let made = self
            .root
            .iam
            .create_policy()
            .policy_name(DENY_ALL_NAME)
            .policy_document(DENY_ALL)
            .send()
            .await;
        if let Err(error) = made {
            assert_eq!(error.code(), Some("EntityAlreadyExists"), "{error:?}");
        }
        format!("arn:aws:iam::{}:policy/{DENY_ALL_NAME}", self.id)
    }

    pub(crate) async fn state_of(&self, user: &str) -> UserState {
        let iam = &self.root.iam;
        let keys = iam.list_access_keys().user_name(user).send().await.expect("her keys");
        let keys = keys.access_key_metadata();
        let attached = iam.list_attached_user_policies().user_name(user).send().await;
        let attached = attached.expect("her policies");
        UserState {
            keys_inactive: keys.iter().all(|key| key.status() == Some(&StatusType::Inactive)),
            is_denied: attached
                .attached_policies()
                .iter()
                .any(|policy| policy.policy_name() == Some(DENY_ALL_NAME)),
        }
    }

    pub(crate) async fn set_status(&self, user: &str, key: &str, status: StatusType) {
        self.root
            .iam
            .update_access_key()
            .user_name(user)
            .access_key_id(key)
            .status(status)
            .send()
            .await
            .expect("the status is set");
    }
}

impl Clients {
    pub(crate) async fn session_token(&self) -> Credential {
        let answer = self.sts.get_session_token().duration_seconds(SESSION_SECONDS);
        let answer = answer.send().await.expect("a session");
        answer.credentials().expect("its credentials").into()
    }

    pub(crate) async fn federation_token(&self, name: &str) -> Credential {
        let answer = self.sts.get_federation_token().name(name).policy(ALLOW_ALL);
        let answer = answer.duration_seconds(SESSION_SECONDS).send().await.expect("a session");
        answer.credentials().expect("its credentials").into()
    }

    /// One harmless read: allowed, or refused with this code.
    pub(crate) async fn list_buckets(&self) -> Result<(), String> {
        self.s3.list_buckets().send().await.map(drop).map_err(|error| code(&error))
    }
}

/// The service's own code of a refusal; anything else (no answer at all) ends the trial.
pub(crate) fn code<E: ProvideErrorMetadata + std::fmt::Debug, R: std::fmt::Debug>(
    error: &SdkError<E, R>,
) -> String {
    match error.code() {
        Some(code) => code.to_owned(),
        None => panic!("no refusal but a broken call: {error:?}"),
    }
}

fn provider(credential: &Credential) -> SharedCredentialsProvider {
    let Credential { id, secret, token } = credential.clone();
    SharedCredentialsProvider::new(Credentials::new(id, secret, token, None, "trial"))
}

fn held(base: &SdkConfig, credential: &Credential) -> SdkConfig {
    let builder = base.clone().into_builder();
    builder.credentials_provider(provider(credential)).build()
}

fn clients(base: &SdkConfig, credential: &Credential) -> Clients {
    let held = held(base, credential);
    let s3 = aws_sdk_s3::config::Builder::from(&held).force_path_style(true).build();
    Clients {
        iam: aws_sdk_iam::Client::new(&held),
        sts: aws_sdk_sts::Client::new(&held),
        s3: aws_sdk_s3::Client::from_conf(s3),
        athena: aws_sdk_athena::Client::new(&held),
        dynamodb: aws_sdk_dynamodb::Client::new(&held),
    }
}
