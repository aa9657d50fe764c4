//! The one place that loads the SDK's configuration, with our timeouts, retries and roles.

use crate::domain::ids::AccountId;
use crate::domain::principal::account_in;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sts::config::SharedCredentialsProvider;
use aws_types::service_config::ServiceConfigKey;
use std::collections::BTreeMap;
use std::time::Duration;

/// A connection takes milliseconds; what takes longer is a network that drops packets.
const CONNECT_MS_MAX: u64 = 3_000;
/// IAM answers in well under a second; ten are an outage, and the worker asks again.
const ATTEMPT_MS_MAX: u64 = 10_000;
/// All attempts of one call together, so that a step never hangs for longer.
const OPERATION_MS_MAX: u64 = 25_000;
/// The first attempt and two more; the worker repeats what is still worth repeating.
const ATTEMPTS_MAX: u32 = 3;
/// Every service that keyleak calls, by the id that the SDK looks its endpoint up with.
const SERVICES: &[&str] = &[
    "Account",
    "Athena",
    "CloudControl",
    "CloudTrail",
    "DynamoDB",
    "GuardDuty",
    "Health",
    "IAM",
    "Organizations",
    "S3",
    "Secrets Manager",
    "STS",
];

/// A role to assume, and the external id that its trust policy asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleSettings {
    pub arn: String,
    pub external_id: Option<String>,
}

/// With whose rights changes are made; without either, the service is read-only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContainSettings {
    /// A role that is assumed for one ticket at a time.
    Role(RoleSettings),
    /// `aws.contain = "own-credentials"`: what the bot itself may do.
    OwnCredentials,
}

/// What configuration says about AWS.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AwsSettings {
    /// None means as the SDK finds it: environment, profile, instance.
    pub region: Option<String>,
    /// Read with the bot's own credentials when there is none.
    pub lookup_role: Option<RoleSettings>,
    pub contain: Option<ContainSettings>,
    /// Deletes for good what an actor made; without it nothing is deleted.
    pub eradicate_role: Option<RoleSettings>,
    /// Makes a key in the place of a leaked one; without it people do.
    pub recover_role: Option<RoleSettings>,
    /// Where GuardDuty findings are looked for; findings are regional.
    pub guard_duty_regions: Vec<String>,
    /// The tag to whose bearers a service control policy denies everything; without it none is set.
    pub quarantine_tag: Option<String>,
    /// The accounts beside the bot's own, each with roles of its own.
    pub accounts: BTreeMap<AccountId, AccountSettings>,
    /// How the accounts of the organization that have no settings of their own are reached.
    pub organization: Option<OrganizationSettings>,
}

/// The roles of an account beside the bot's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSettings {
    /// What people call it.
    pub name: Option<String>,
    /// The bot's own credentials reach no other account, so there has to be one.
    pub lookup_role: RoleSettings,
    /// Without it nothing is changed there.
    pub contain_role: Option<RoleSettings>,
    pub eradicate_role: Option<RoleSettings>,
    pub recover_role: Option<RoleSettings>,
}

/// Roles that have the same names in every account of an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganizationSettings {
    pub partition: String,
    /// The names of the roles, with their paths.
    pub lookup_role: String,
    /// Without it nothing is changed in these accounts.
    pub contain_role: Option<String>,
    pub eradicate_role: Option<String>,
    pub recover_role: Option<String>,
    pub external_id: Option<String>,
    /// The role that may ask AWS Organizations about an account; nobody is asked without one.
    pub describe_role: Option<RoleSettings>,
}

impl AwsSettings {
    /// The same without a way to change anything.
    pub fn changing_nothing(mut self) -> Self {
        (self.contain, self.eradicate_role, self.recover_role) = (None, None, None);
        for account in self.accounts.values_mut() {
            (account.contain_role, account.eradicate_role, account.recover_role) =
                (None, None, None);
        }
        if let Some(pattern) = &mut self.organization {
            (pattern.contain_role, pattern.eradicate_role, pattern.recover_role) =
                (None, None, None);
        }
        self
    }

    /// The roles in whose sessions an account is changed: what contains, what deletes,
    /// what makes keys.
    pub fn changing_roles(&self, account: Option<&AccountId>) -> Vec<RoleSettings> {
        let own = self.own_account();
        if let Some(other) = account.and_then(|account| self.accounts.get(account)) {
            return other.changing().cloned().collect();
        }
        if let (Some(account), Some(organization)) = (account, &self.organization)
            && own.as_ref() != Some(account)
        {
            return organization.of(account).changing().cloned().collect();
        }
        self.own_changing_roles().cloned().collect()
    }

    /// The same of the bot's own account.
    pub fn own_changing_roles(&self) -> impl Iterator<Item = &RoleSettings> {
        let contain = match &self.contain {
            Some(ContainSettings::Role(role)) => Some(role),
            Some(ContainSettings::OwnCredentials) | None => None,
        };
        contain.into_iter().chain(&self.eradicate_role).chain(&self.recover_role)
    }

    /// The bot's own account, where the ARN of a role tells it.
    pub fn own_account(&self) -> Option<AccountId> {
        let role = self.lookup_role.as_ref();
        let role = role.or_else(|| self.own_changing_roles().next())?;
        account_in(&role.arn).and_then(AccountId::parse)
    }
}

impl OrganizationSettings {
    /// The roles of one of its accounts.
    pub fn of(&self, account: &AccountId) -> AccountSettings {
        let role = |name: &String| RoleSettings {
            arn: format!("arn:{}:iam::{account}:role/{name}", self.partition),
            external_id: self.external_id.clone(),
        };
        AccountSettings {
            name: None,
            lookup_role: role(&self.lookup_role),
            contain_role: self.contain_role.as_ref().map(role),
            eradicate_role: self.eradicate_role.as_ref().map(role),
            recover_role: self.recover_role.as_ref().map(role),
        }
    }

    /// The names of the roles of each tier.
    pub fn roles(&self) -> impl Iterator<Item = &String> {
        let changing = self.contain_role.iter().chain(&self.eradicate_role);
        let changing = changing.chain(&self.recover_role);
        std::iter::once(&self.lookup_role).chain(changing)
    }
}

impl AccountSettings {
    /// Every role of the account.
    pub fn roles(&self) -> impl Iterator<Item = &RoleSettings> {
        std::iter::once(&self.lookup_role).chain(self.changing())
    }

    fn changing(&self) -> impl Iterator<Item = &RoleSettings> {
        self.contain_role.iter().chain(&self.eradicate_role).chain(&self.recover_role)
    }
}

/// Loads credentials, region and endpoints as every AWS tool does (`AWS_ENDPOINT_URL` and its
/// per-service forms included), with our timeouts and bounded retries.
pub async fn load(region: Option<String>) -> SdkConfig {
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .timeout_config(timeouts())
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS_MAX));
    if let Some(region) = region {
        loader = loader.region(Region::new(region));
    }
    loader.load().await
}

/// The same configuration, signing as a profile of the AWS tools' configuration files.
pub fn with_profile(config: &SdkConfig, name: &str) -> SdkConfig {
    let own = ProfileFileCredentialsProvider::builder()
        .configure(&ProviderConfig::default().with_region(config.region().cloned()))
        .profile_name(name)
        .build();
    let own = SharedCredentialsProvider::new(own);
    config.clone().into_builder().credentials_provider(own).build()
}

/// Every endpoint that is not AWS's own, one line each: the card of a case shows them.
pub fn endpoints(config: &SdkConfig) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(url) = config.endpoint_url() {
        found.push(format!("every AWS service: {}", without_secrets(url)));
    }
    let Some(loader) = config.service_config() else {
        return found;
    };
    for service in SERVICES {
        let key = ServiceConfigKey::builder()
            .service_id(service)
            .env("AWS_ENDPOINT_URL")
            .profile("endpoint_url")
            .build();
        if let Some(url) = key.ok().and_then(|key| loader.load_config(key)) {
            found.push(format!("{service}: {}", without_secrets(&url)));
        }
    }
    found
}

/// The same configuration, signing as a role; the SDK renews the session before it ends.
pub async fn with_role(config: &SdkConfig, role: &RoleSettings, session: &str) -> SdkConfig {
    let mut provider =
        AssumeRoleProvider::builder(role.arn.as_str()).configure(config).session_name(session);
    if let Some(external_id) = &role.external_id {
        provider = provider.external_id(external_id);
    }
    let provider = match config.credentials_provider() {
        Some(own) => provider.build_from_provider(own).await,
        None => provider.build().await,
    };
    let provider = SharedCredentialsProvider::new(provider);
    config.clone().into_builder().credentials_provider(provider).build()
}

/// The same configuration in another region.
pub fn in_region(config: &SdkConfig, region: &str) -> SdkConfig {
    let region = Region::new(region.to_owned());
    config.clone().into_builder().region(region).build()
}

/// An S3 client; stand-ins for S3 seldom serve a host name per bucket.
pub fn s3(config: &SdkConfig) -> aws_sdk_s3::Client {
    let foreign = endpoints(config)
        .iter()
        .any(|line| line.starts_with("every AWS service") || line.starts_with("S3"));
    let s3 = aws_sdk_s3::config::Builder::from(config).force_path_style(foreign).build();
    aws_sdk_s3::Client::from_conf(s3)
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_millis(CONNECT_MS_MAX))
        .operation_attempt_timeout(Duration::from_millis(ATTEMPT_MS_MAX))
        .operation_timeout(Duration::from_millis(OPERATION_MS_MAX))
        .build()
}

/// An address may carry a user name and password; a card may not.
fn without_secrets(address: &str) -> String {
    let Ok(mut url) = url::Url::parse(address) else {
        return "an address that cannot be read".to_owned();
    };
    // Both fail only for addresses that cannot carry them.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_types::service_config::LoadServiceConfig;

    #[derive(Debug)]
    struct OnlyIam;

    impl LoadServiceConfig for OnlyIam {
        fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
            (key.service_id() == "IAM").then(|| "http://iam.test:1".to_owned())
        }
    }

    #[test]
    fn every_endpoint_that_is_not_awss_own_is_named_without_its_password() {
        let config = SdkConfig::builder()
            .endpoint_url("http://me:secret@127.0.0.1:4566/?token=x")
            .service_config(OnlyIam)
            .build();
        assert_eq!(
            endpoints(&config),
            ["every AWS service: http://127.0.0.1:4566/", "IAM: http://iam.test:1/"]
        );
    }

    #[test]
    fn aws_itself_is_no_foreign_endpoint() {
        assert_eq!(endpoints(&SdkConfig::builder().build()), Vec::<String>::new());
    }
}
