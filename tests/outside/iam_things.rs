//! One of each thing of IAM that is neither user nor role, with what can hang on it.

use crate::each_right::made;
use aws_sdk_iam::Client;
use keyleak::domain::action::{Action, Change};
use keyleak::domain::ids::AccountId;
use keyleak::domain::principal::{Principal, PrincipalKind};
use keyleak::domain::resource::{ResourceName, ResourceType};

pub(crate) const POLICY: &str = "all-of-it";
/// The same with a path, which no record tells.
pub(crate) const DEEP: &str = "all-below";
pub(crate) const GROUP: &str = "helpers";
pub(crate) const PROFILE: &str = "backup-workers";
const SAML: &str = "evil-sso";
const HOST: &str = "evil.example";
/// AWS takes no shorter metadata.
const METADATA_LENGTH_MIN: usize = 1_000;
const THUMBPRINT: &str = "9e99a48a9960b14926bb7f3b02e22da2b0ab7280";
const ALLOW_ALL: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
const ALLOW_READS: &str = r#"{"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}]}"#;

pub(crate) fn named(account: &str, of: ResourceType, id: &str) -> ResourceName {
    let (account, region) = (AccountId(account.to_owned()), "us-east-1".to_owned());
    ResourceName { of, account, region, id: id.to_owned() }
}

/// The one of each kind.
pub(crate) fn name(account: &str, of: ResourceType) -> ResourceName {
    let arn = |kind: &str, id: &str| format!("arn:aws:iam::{account}:{kind}/{id}");
    let id = match of {
        ResourceType::SamlProvider => arn("saml-provider", SAML),
        ResourceType::OidcProvider => arn("oidc-provider", HOST),
        ResourceType::InstanceProfile => PROFILE.to_owned(),
        ResourceType::Group => GROUP.to_owned(),
        ResourceType::Policy => POLICY.to_owned(),
        ResourceType::Bucket
        | ResourceType::Instance
        | ResourceType::Function
        | ResourceType::EventSource
        | ResourceType::Service => {
            unreachable!("resource_rights.rs stops them")
        }
    };
    named(account, of, &id)
}

/// That one is deleted; nothing here looks at its id.
pub(crate) fn deleting(account: &str, of: ResourceType) -> Action {
    let name = name(account, of);
    let (kind, id, arn) = (PrincipalKind::Resource, "AXXATRIAL".to_owned(), name.arn());
    let on = Principal { kind, name: name.key().name, id, arn };
    Action { on, change: Change::DeleteResource }
}

/// One of each with two versions, policies of both kinds and a role in the profile; what is there
/// already stays.
pub(crate) async fn furnish(iam: &Client, account: &str, role: &str) {
    made(iam.create_policy().policy_name(POLICY).policy_document(ALLOW_READS).send().await);
    let arn = name(account, ResourceType::Policy).arn();
    let versions = iam.list_policy_versions().policy_arn(&arn).send().await.expect("versions");
    if versions.versions().len() == 1 {
        let version = iam.create_policy_version().policy_arn(&arn).set_as_default(true);
        made(version.policy_document(ALLOW_ALL).send().await);
    }
    let deep = iam.create_policy().policy_name(DEEP).path("/deep/down/");
    made(deep.policy_document(ALLOW_READS).send().await);
    made(iam.create_group().group_name(GROUP).send().await);
    let attach = iam.attach_group_policy().group_name(GROUP);
    made(attach.policy_arn("arn:aws:iam::aws:policy/ReadOnlyAccess").send().await);
    let put = iam.put_group_policy().group_name(GROUP).policy_name("more");
    made(put.policy_document(ALLOW_READS).send().await);
    made(iam.create_instance_profile().instance_profile_name(PROFILE).send().await);
    let add = iam.add_role_to_instance_profile().instance_profile_name(PROFILE);
    made(add.role_name(role).send().await);
    let metadata = "of the actor's, ".repeat(METADATA_LENGTH_MIN / 10);
    let metadata = format!("<EntityDescriptor>{metadata}</EntityDescriptor>");
    let saml = iam.create_saml_provider().name(SAML).saml_metadata_document(metadata);
    made(saml.send().await);
    let oidc = iam.create_open_id_connect_provider().url(format!("https://{HOST}"));
    let oidc = oidc.client_id_list("sts.amazonaws.com").thumbprint_list(THUMBPRINT);
    made(oidc.send().await);
}
