//! The ways into the accounts that the settings name, each with the roles of that account alone.

use crate::aws::access::{Roles, access};
use crate::aws::clients::AwsSettings;
use crate::aws::contain::AwsContain;
use crate::aws::lookup::AwsLookup;
use crate::aws::organization::AwsOrganization;
use crate::ports::accounts::{Access, Accounts, Other};
use crate::ports::cloud::Contain;
use aws_config::SdkConfig;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Every account that the settings name, and the organization's where they serve it. Nothing is
/// asked of AWS: a role is assumed when it is first needed.
pub async fn accounts(config: &SdkConfig, settings: &AwsSettings) -> Accounts {
    let contain = AwsContain::new(config, settings.contain.as_ref());
    let eradicate = settings.eradicate_role.as_ref();
    let recover = settings.recover_role.as_ref();
    let contain =
        contain.map(|contain| contain.eradicating(config, eradicate).recovering(config, recover));
    let own = Access {
        lookup: Arc::new(AwsLookup::new(config, settings).await),
        contain: contain.map(|contain| Arc::new(contain) as Arc<dyn Contain>),
    };
    let mut others = BTreeMap::new();
    for (id, account) in &settings.accounts {
        let section = format!("aws.accounts.{id}");
        let roles = Roles { section: &section, settings: account };
        let access = access(config, settings, roles).await;
        others.insert(id.clone(), Other { name: account.name.clone(), access });
    }
    let accounts = Accounts::new(own, settings.own_account(), others);
    match &settings.organization {
        None => accounts,
        Some(organization) => {
            let organization = AwsOrganization::new(config, organization, settings).await;
            accounts.of(Arc::new(organization))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::clients::{AccountSettings, ContainSettings, RoleSettings};
    use crate::aws::wire_fake::{ACCOUNT, Answer, WireFake, tickets, user};
    use crate::domain::action::{Action, Change};
    use crate::domain::ids::{AccountId, UserName};
    use crate::ports::cloud::CallClass;

    const OTHER: &str = "210987654321";
    const ASSUMED: &str = "<AssumeRoleResponse><AssumeRoleResult><Credentials>\
        <AccessKeyId>ASIAQNZGKIQY56JQ7WML</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
        <SessionToken>session-token</SessionToken><Expiration>2036-08-01T10:15:00Z</Expiration>\
        </Credentials></AssumeRoleResult></AssumeRoleResponse>";

    fn role(account: &str, name: &str) -> RoleSettings {
        RoleSettings {
            arn: format!("arn:aws:iam::{account}:role/{name}"),
            external_id: Some(format!("for-{account}")),
        }
    }

    fn id(account: &str) -> AccountId {
        AccountId(account.to_owned())
    }

    /// Two accounts, of which the other one may be changed with this role.
    fn settings(contain_role: Option<RoleSettings>) -> AwsSettings {
        let other = AccountSettings {
            name: Some("prod".to_owned()),
            lookup_role: role(OTHER, "looks"),
            contain_role,
            eradicate_role: None,
            recover_role: None,
        };
        AwsSettings {
            lookup_role: Some(role(ACCOUNT, "looks")),
            contain: Some(ContainSettings::Role(role(ACCOUNT, "contains"))),
            accounts: BTreeMap::from([(id(OTHER), other)]),
            ..AwsSettings::default()
        }
    }

    #[tokio::test]
    async fn each_account_is_looked_at_with_its_own_role_and_external_id() {
        for account in [ACCOUNT, OTHER] {
            let gone = Answer::xml_error(404, "NoSuchEntity");
            let fake = WireFake::start([Answer::ok(ASSUMED), gone]);
            let accounts = accounts(&fake.config().await, &settings(None)).await;
            let access = accounts.reach(Some(&id(account))).await.unwrap();
            let user = UserName("ci".to_owned());
            assert_eq!(access.lookup.user(&user).await.unwrap_err().class, CallClass::NotFound);
            assert_eq!(fake.operations(), ["AssumeRole", "GetUser"]);
            let assumed = &fake.seen()[0];
            let parameter = |name| assumed.parameter(name).unwrap_or_default();
            assert_eq!(parameter("RoleArn"), format!("arn:aws:iam::{account}:role/looks"));
            assert_eq!(parameter("ExternalId"), format!("for-{account}"));
        }
    }

    #[tokio::test]
    async fn a_ticket_of_one_account_is_refused_by_the_way_into_another_before_any_call() {
        let fake = WireFake::start([]);
        let settings = settings(Some(role(OTHER, "contains")));
        let accounts = accounts(&fake.config().await, &settings).await;
        let off = Change::DeactivateKey { key: crate::aws::wire_fake::leaked_key() };
        let ticket = tickets(vec![Action { on: user(), change: off }]).await.remove(0);
        let other = accounts.reach(Some(&id(OTHER))).await.unwrap().contain.unwrap();
        let error = other.apply(&ticket).await.unwrap_err();
        assert_eq!(error.class, CallClass::Denied);
        assert!(error.message.contains(ACCOUNT) && error.message.contains(OTHER), "{error}");
        assert_eq!(fake.operations(), [""; 0]);
    }

    #[tokio::test]
    async fn an_account_without_a_contain_role_is_only_looked_at() {
        let fake = WireFake::start([]);
        let read_only = accounts(&fake.config().await, &settings(None)).await;
        assert!(read_only.reach(Some(&id(OTHER))).await.unwrap().contain.is_none());
        assert!(read_only.reach(Some(&id(ACCOUNT))).await.unwrap().contain.is_some());
    }

    #[tokio::test]
    async fn there_is_no_way_into_an_account_that_is_not_in_the_settings() {
        let fake = WireFake::start([]);
        let accounts = accounts(&fake.config().await, &settings(None)).await;
        let error = accounts.reach(Some(&id("333333333333"))).await.map(drop).unwrap_err();
        assert!(error.message.contains("add [aws.accounts.333333333333]"), "{error}");
    }
}
