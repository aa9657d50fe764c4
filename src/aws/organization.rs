//! AWS Organizations: whether an account is of ours, and the way into each that is.

use crate::aws::access::{Roles, access};
use crate::aws::clients::{self, AwsSettings, OrganizationSettings, RoleSettings};
use crate::aws::error::call_error;
use crate::domain::facts::Fact;
use crate::domain::ids::AccountId;
use crate::domain::membership::{Member, Membership};
use crate::ports::accounts::{Access, Organization};
use crate::ports::cloud::{CallClass, CallError};
use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_organizations::types::Account;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

const DESCRIBE_ACCOUNT: &str = "organizations:DescribeAccount";
/// Every IAM action that this file calls; `manifests/iam/organization.json` allows these.
pub const CALLS: &[&str] = &[DESCRIBE_ACCOUNT];

/// The section of the settings that names the roles.
const SECTION: &str = "aws.organization";
const SESSION_NAME: &str = "keyleak-organization";
/// Who waits for the card waits for this too; a name is not worth more.
const TIME_MAX: Duration = Duration::from_secs(5);
/// An account joins or leaves seldom.
const TOLD_FOR: Duration = Duration::from_mins(10);
/// What was not told may be told soon.
const ASKED_AGAIN_AFTER: Duration = Duration::from_mins(1);
/// Accounts remembered at a time; each way into one holds a few clients.
const REMEMBERED_MAX: usize = 200;
const NOBODY_IS_ASKED: &str = "aws.organization.describe_role is not set, so AWS Organizations is \
                               not asked";

/// The organization, by one role that asks it and by the roles that are in each account.
pub struct AwsOrganization {
    base: SdkConfig,
    settings: OrganizationSettings,
    /// What holds for looking in any account.
    all: AwsSettings,
    client: Option<(aws_sdk_organizations::Client, RoleSettings)>,
    told: Mutex<BTreeMap<AccountId, (Instant, Fact<Membership>)>>,
    ways: Mutex<BTreeMap<AccountId, Access>>,
}

impl AwsOrganization {
    pub async fn new(
        config: &SdkConfig,
        settings: &OrganizationSettings,
        all: &AwsSettings,
    ) -> Self {
        let client = match &settings.describe_role {
            Some(role) => {
                let config = clients::with_role(config, role, SESSION_NAME).await;
                Some((aws_sdk_organizations::Client::new(&config), role.clone()))
            }
            None => None,
        };
        Self {
            base: config.clone(),
            settings: settings.clone(),
            all: all.clone(),
            client,
            told: Mutex::default(),
            ways: Mutex::default(),
        }
    }

    async fn remembered(&self, account: &AccountId) -> Option<Fact<Membership>> {
        let told = self.told.lock().await;
        let (at, fact) = told.get(account)?;
        let lasts = if fact.known().is_some() { TOLD_FOR } else { ASKED_AGAIN_AFTER };
        (at.elapsed() < lasts).then(|| fact.clone())
    }

    async fn ask(&self, account: &AccountId) -> Fact<Membership> {
        let Some((client, role)) = &self.client else {
            return Fact::Unknown(NOBODY_IS_ASKED.to_owned());
        };
        let asked = client.describe_account().account_id(&account.0).send();
        let Ok(answer) = tokio::time::timeout(TIME_MAX, asked).await else {
            let seconds = TIME_MAX.as_secs();
            return Fact::Unknown(format!("AWS Organizations did not answer within {seconds} s"));
        };
        match answer.map_err(|error| call_error(DESCRIBE_ACCOUNT, &error)) {
            Ok(answer) => match answer.account() {
                Some(found) => Fact::Known(Membership::Member(member(found))),
                None => Fact::Unknown(format!("{DESCRIBE_ACCOUNT} answered with no account")),
            },
            Err(error) if error.class == CallClass::NotFound => Fact::Known(Membership::Outside),
            Err(error) => Fact::Unknown(not_told(&error, role)),
        }
    }
}

#[async_trait]
impl Organization for AwsOrganization {
    async fn membership(&self, account: &AccountId) -> Fact<Membership> {
        if let Some(fact) = self.remembered(account).await {
            return fact;
        }
        let fact = self.ask(account).await;
        let mut told = self.told.lock().await;
        if told.len() >= REMEMBERED_MAX {
            told.clear();
        }
        told.insert(account.clone(), (Instant::now(), fact.clone()));
        fact
    }

    async fn access(&self, account: &AccountId) -> Access {
        let mut ways = self.ways.lock().await;
        if let Some(known) = ways.get(account) {
            return known.clone();
        }
        let roles = self.settings.of(account);
        let roles = Roles { section: SECTION, settings: &roles };
        let access = access(&self.base, &self.all, roles).await;
        if ways.len() >= REMEMBERED_MAX {
            ways.clear();
        }
        ways.insert(account.clone(), access.clone());
        access
    }

    fn may_change(&self) -> bool {
        self.settings.contain_role.is_some()
    }
}

impl std::fmt::Debug for AwsOrganization {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AwsOrganization").field("settings", &self.settings).finish_non_exhaustive()
    }
}

fn member(found: &Account) -> Member {
    let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    Member {
        name: text(found.name()),
        email: text(found.email()),
        state: found.state().map(|state| state.as_str().to_owned()),
    }
}

fn not_told(error: &CallError, role: &RoleSettings) -> String {
    if error.class != CallClass::Denied {
        return error.to_string();
    }
    let whose = "in the management account or a delegated administrator's";
    format!("{error}; {} needs that right, {whose}", role.arn)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::wire_fake::{Answer, WireFake};
    use crate::domain::ids::UserName;

    const ACCOUNT: &str = "210987654321";
    const ASKS: &str = "arn:aws:iam::111111111111:role/asks";
    const ASSUMED: &str = "<AssumeRoleResponse><AssumeRoleResult><Credentials>\
        <AccessKeyId>ASIAQNZGKIQY56JQ7WML</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
        <SessionToken>session-token</SessionToken><Expiration>2036-08-01T10:15:00Z</Expiration>\
        </Credentials></AssumeRoleResult></AssumeRoleResponse>";
    const DESCRIBED: &str = r#"{"Account": {"Id": "210987654321", "Name": "prod",
        "Email": "root@example.com", "State": "SUSPENDED", "Status": "ACTIVE"}}"#;

    fn id() -> AccountId {
        AccountId(ACCOUNT.to_owned())
    }

    fn settings(describe_role: Option<&str>) -> OrganizationSettings {
        let external_id = Some("ours".to_owned());
        let role =
            |arn: &str| RoleSettings { arn: arn.to_owned(), external_id: external_id.clone() };
        OrganizationSettings {
            partition: "aws".to_owned(),
            lookup_role: "security/looks".to_owned(),
            contain_role: None,
            eradicate_role: None,
            recover_role: None,
            external_id: external_id.clone(),
            describe_role: describe_role.map(role),
        }
    }

    /// What these answers of AWS come to, twice, and what was asked for that.
    async fn told(answers: Vec<Answer>, role: Option<&str>) -> (Fact<Membership>, Vec<String>) {
        let fake = WireFake::start(answers);
        let config = fake.config().await;
        let asking = AwsOrganization::new(&config, &settings(role), &AwsSettings::default()).await;
        let told = asking.membership(&id()).await;
        assert_eq!(asking.membership(&id()).await, told, "it is not asked again at once");
        for seen in fake.seen() {
            match seen.operation().as_str() {
                "AssumeRole" => {
                    assert_eq!(seen.parameter("RoleArn").as_deref(), Some(ASKS));
                    assert_eq!(seen.parameter("ExternalId").as_deref(), Some("ours"));
                }
                _ => assert_eq!(seen.json()["AccountId"], ACCOUNT),
            }
        }
        (told, fake.operations())
    }

    #[tokio::test]
    async fn an_account_of_ours_is_told_with_its_name_root_address_and_state() {
        let answers = vec![Answer::ok(ASSUMED), Answer::ok(DESCRIBED)];
        let (told, calls) = told(answers, Some(ASKS)).await;
        let text = |text: &str| Some(text.to_owned());
        let member = Member {
            name: text("prod"),
            email: text("root@example.com"),
            state: text("SUSPENDED"),
        };
        assert_eq!(told, Fact::Known(Membership::Member(member)));
        assert_eq!(calls, ["AssumeRole", "DescribeAccount"]);
    }

    #[tokio::test]
    async fn an_account_that_the_organization_does_not_have_is_outside() {
        let gone = Answer::json_error(400, "AccountNotFoundException");
        let (told, _) = told(vec![Answer::ok(ASSUMED), gone], Some(ASKS)).await;
        assert_eq!(told, Fact::Known(Membership::Outside));
    }

    #[tokio::test]
    async fn whatever_else_comes_of_it_leaves_it_unknown_with_what_to_do() {
        let denied = || Answer::json_error(400, "AccessDeniedException");
        let unused = || Answer::json_error(400, "AWSOrganizationsNotInUseException");
        for (answers, role, words) in [
            (vec![Answer::ok(ASSUMED), denied()], Some(ASKS), "role/asks needs that right"),
            (vec![Answer::ok(ASSUMED), unused()], Some(ASKS), "AWSOrganizationsNotInUse"),
            (vec![Answer::xml_error(403, "AccessDenied")], Some(ASKS), "role/asks"),
            (vec![], None, "aws.organization.describe_role is not set"),
        ] {
            let (told, _) = told(answers, role).await;
            let Fact::Unknown(why) = told else { panic!("{told:?}") };
            assert!(why.contains(words), "{words}: {why}");
        }
    }

    #[tokio::test]
    async fn an_account_is_looked_at_with_its_own_role_of_the_pattern() {
        let gone = Answer::xml_error(404, "NoSuchEntity");
        let fake = WireFake::start([Answer::ok(ASSUMED), gone]);
        let config = fake.config().await;
        let all = AwsSettings::default();
        let organization = AwsOrganization::new(&config, &settings(None), &all).await;
        let access = organization.access(&id()).await;
        assert!(access.contain.is_none() && !organization.may_change(), "no contain role is named");
        let looked = access.lookup.user(&UserName("ci".to_owned())).await;
        assert_eq!(looked.unwrap_err().class, CallClass::NotFound);
        let arn = format!("arn:aws:iam::{ACCOUNT}:role/security/looks");
        assert_eq!(fake.seen()[0].parameter("RoleArn"), Some(arn));
        let again = organization.access(&id()).await;
        assert!(std::sync::Arc::ptr_eq(&access.lookup, &again.lookup), "its session is kept");
    }
}
