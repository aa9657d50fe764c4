//! The attacker's client over the real SDK, so that the drill's actor can haunt the emulator too.

use crate::account::{Account, Clients, Credential, code};
use crate::frame::{Missing, trial_async};
use crate::parts::Parts;
use async_trait::async_trait;
use aws_sdk_iam::Client;
use aws_sdk_iam::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_iam::types::StatusType;
use keyleak::domain::principal::{PrincipalKind, PrincipalName};
use keyleak::ports::clock::Clock;
use keyleak::sim::actor::Actor;
use keyleak::sim::attacker::{self, Attacker, Operation, Reply};
use libtest_mimic::Trial;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

const USER: &str = "ci-deploy";
const NEW_USER: &str = "support-tools";
const ALLOW_ALL: &str = r#"{"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

/// An account reached over HTTP with whatever credential the actor holds.
#[derive(Debug)]
pub(crate) struct SdkAttacker {
    account: Account,
    /// Making the clients of a credential takes longer than a call.
    clients: Mutex<BTreeMap<String, Clients>>,
}

impl SdkAttacker {
    pub(crate) fn new(account: &Account) -> Self {
        Self { account: account.clone(), clients: Mutex::default() }
    }

    fn clients_of(&self, held: &attacker::Credential) -> Clients {
        let mut clients = self.clients.lock().unwrap();
        let make = || self.account.as_holder_of(&Credential::from(held));
        clients.entry(held.access_key_id.clone()).or_insert_with(make).clone()
    }
}

/// The refusal of what cannot be tried on the emulator; none of AWS's.
pub(crate) const NOT_POSSIBLE_HERE: &str = "NotOnThisGround";

/// What the actor sets as a password; it opens nothing outside the emulator.
const PASSWORD: &str = "correct-Horse-7-battery";

#[async_trait]
impl Attacker for SdkAttacker {
    async fn call(&self, held: &attacker::Credential, operation: &Operation) -> Reply {
        let clients = self.clients_of(held);
        let reply = answer(&clients, operation).await;
        reply.unwrap_or_else(Reply::Refused)
    }
}

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let parts = Arc::clone(parts);
    vec![trial_async(
        "the_actor_can_do_on_the_emulator_all_that_an_attacker_can",
        move || async move { every_operation(&parts).await },
    )]
}

async fn every_operation(parts: &Parts) -> Result<(), Missing> {
    let account = Account::at(parts.ministack()?.address(), "280000000001").await;
    let key = account.administrator(USER).await;
    let deny = account.deny_all_policy().await;
    let first = key.as_loot("leaked key");
    let actor = Actor::new(Arc::new(SdkAttacker::new(&account)), Clock::real(), first.clone());
    for operation in moves(&account.id, &deny) {
        let reply = actor.attempt(&first, &operation, None).await;
        assert!(reply.worked(), "{operation:?}: {reply:?}");
    }
    let minted = actor.loot().len() - 1;
    assert_eq!(minted, 4, "a session, a federated one, a role's and a new user's key");
    assert!(actor.attempts().iter().all(|attempt| attempt.allowed));

    let deny_own = Operation::AttachPolicy { to: PrincipalName::user(USER), policy_arn: deny };
    actor.attempt(&first, &deny_own, None).await;
    for operation in [Operation::ListUsers, Operation::ListBuckets] {
        let reply = actor.attempt(&first, &operation, None).await;
        assert_eq!(reply, Reply::Refused("AccessDenied".to_owned()), "{operation:?}");
    }
    Ok(())
}

/// Every operation once, in an order in which each can work.
fn moves(account: &str, policy_arn: &str) -> Vec<Operation> {
    let (user, policy_arn) = (NEW_USER.to_owned(), policy_arn.to_owned());
    let boundary = policy_arn.clone();
    let trust = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":
{{"AWS":"arn:aws:iam::{account}:root"}},"Action":"sts:AssumeRole"}}]}}"#
    );
    let on = PrincipalName::user(NEW_USER);
    vec![
        Operation::GetCallerIdentity,
        Operation::ListUsers,
        Operation::ListBuckets,
        Operation::GetSessionToken,
        Operation::GetFederationToken { name: "helpdesk".to_owned() },
        Operation::CreateRole { role: "deployer".to_owned(), trust },
        Operation::AssumeRole {
            role_arn: format!("arn:aws:iam::{account}:role/deployer"),
            session_name: "there".to_owned(),
        },
        Operation::CreateUser { user: user.clone() },
        Operation::CreateAccessKey { user },
        Operation::AttachPolicy { to: on.clone(), policy_arn: policy_arn.clone() },
        Operation::DetachPolicy { from: on.clone(), policy_arn },
        Operation::PutPolicy {
            on: on.clone(),
            name: "all".to_owned(),
            document: ALLOW_ALL.to_owned(),
        },
        Operation::SetBoundary { on: on.clone(), policy_arn: Some(boundary) },
        Operation::SetBoundary { on: on.clone(), policy_arn: None },
        Operation::DeletePolicy { on, name: "all".to_owned() },
    ]
}

async fn answer(clients: &Clients, operation: &Operation) -> Result<Reply, String> {
    let (iam, sts) = (&clients.iam, &clients.sts);
    match operation {
        Operation::GetCallerIdentity => allowed(sts.get_caller_identity().send().await),
        Operation::ListUsers => allowed(iam.list_users().send().await),
        Operation::ListBuckets => clients.list_buckets().await.map(|()| Reply::Allowed),
        Operation::GetSessionToken => {
            let answer = sts.get_session_token().send().await.map_err(|error| code(&error))?;
            Ok(minted(answer.credentials, operation))
        }
        Operation::GetFederationToken { name } => {
            let call = sts.get_federation_token().name(name).policy(ALLOW_ALL);
            let answer = call.send().await.map_err(|error| code(&error))?;
            Ok(minted(answer.credentials, operation))
        }
        Operation::AssumeRole { role_arn, session_name } => {
            let call = sts.assume_role().role_arn(role_arn).role_session_name(session_name);
            let answer = call.send().await.map_err(|error| code(&error))?;
            Ok(minted(answer.credentials, operation))
        }
        Operation::CreateAccessKey { user } => new_key(clients, user, operation).await,
        Operation::CreateUser { user } => allowed(iam.create_user().user_name(user).send().await),
        Operation::DeleteUser { user } => allowed(iam.delete_user().user_name(user).send().await),
        Operation::UpdateAccessKey { user, key, active } => {
            let status = if *active { StatusType::Active } else { StatusType::Inactive };
            let call = iam.update_access_key().user_name(user).access_key_id(key);
            allowed(call.status(status).send().await)
        }
        Operation::DeleteAccessKey { user, key } => {
            let call = iam.delete_access_key().user_name(user);
            allowed(call.access_key_id(key).send().await)
        }
        Operation::AttachPolicy { to: on, .. }
        | Operation::DetachPolicy { from: on, .. }
        | Operation::PutPolicy { on, .. }
        | Operation::DeletePolicy { on, .. } => match on.kind {
            PrincipalKind::User => user_policy(iam, &on.name, operation).await,
            PrincipalKind::Role | PrincipalKind::Resource => {
                role_policy(iam, &on.name, operation).await
            }
        },
        Operation::UpdateTrust { role, trust } => {
            let call = iam.update_assume_role_policy().role_name(role);
            allowed(call.policy_document(trust).send().await)
        }
        Operation::RenameUser { user, to } => {
            allowed(iam.update_user().user_name(user).new_user_name(to).send().await)
        }
        Operation::CreateLoginProfile { user } => {
            let call = iam.create_login_profile().user_name(user).password(PASSWORD);
            allowed(call.send().await)
        }
        Operation::SetBoundary { on, policy_arn } => boundary(iam, on, policy_arn.as_deref()).await,
        // What the emulator does not know, or what needs a browser, is tried on the simulated
        // account alone.
        Operation::Untag { .. }
        | Operation::SignIn { .. }
        | Operation::CreateServiceCredential { .. }
        | Operation::UseServiceCredential => Err(NOT_POSSIBLE_HERE.to_owned()),
        Operation::CreateRole { role, trust } => {
            let call = iam.create_role().role_name(role);
            allowed(call.assume_role_policy_document(trust).send().await)
        }
    }
}

async fn boundary(
    iam: &Client,
    on: &PrincipalName,
    policy_arn: Option<&str>,
) -> Result<Reply, String> {
    match (on.kind, policy_arn) {
        (PrincipalKind::User, Some(arn)) => {
            let call = iam.put_user_permissions_boundary().user_name(&on.name);
            allowed(call.permissions_boundary(arn).send().await)
        }
        (PrincipalKind::User, None) => {
            allowed(iam.delete_user_permissions_boundary().user_name(&on.name).send().await)
        }
        (PrincipalKind::Role, Some(arn)) => {
            let call = iam.put_role_permissions_boundary().role_name(&on.name);
            allowed(call.permissions_boundary(arn).send().await)
        }
        (PrincipalKind::Role, None) => {
            allowed(iam.delete_role_permissions_boundary().role_name(&on.name).send().await)
        }
        (PrincipalKind::Resource, _) => Err("NotAboutPolicies".to_owned()),
    }
}

/// The calls about a user's policies.
#[expect(clippy::wildcard_enum_match_arm, reason = "answer sends only policies")]
async fn user_policy(iam: &Client, user: &str, operation: &Operation) -> Result<Reply, String> {
    match operation {
        Operation::AttachPolicy { policy_arn, .. } => {
            let call = iam.attach_user_policy().user_name(user);
            allowed(call.policy_arn(policy_arn).send().await)
        }
        Operation::DetachPolicy { policy_arn, .. } => {
            let call = iam.detach_user_policy().user_name(user);
            allowed(call.policy_arn(policy_arn).send().await)
        }
        Operation::PutPolicy { name, document, .. } => {
            let call = iam.put_user_policy().user_name(user).policy_name(name);
            allowed(call.policy_document(document).send().await)
        }
        Operation::DeletePolicy { name, .. } => {
            let call = iam.delete_user_policy().user_name(user);
            allowed(call.policy_name(name).send().await)
        }
        _ => Err("NotAboutPolicies".to_owned()),
    }
}

/// The same about a role's.
#[expect(clippy::wildcard_enum_match_arm, reason = "answer sends only policies")]
async fn role_policy(iam: &Client, role: &str, operation: &Operation) -> Result<Reply, String> {
    match operation {
        Operation::AttachPolicy { policy_arn, .. } => {
            let call = iam.attach_role_policy().role_name(role);
            allowed(call.policy_arn(policy_arn).send().await)
        }
        Operation::DetachPolicy { policy_arn, .. } => {
            let call = iam.detach_role_policy().role_name(role);
            allowed(call.policy_arn(policy_arn).send().await)
        }
        Operation::PutPolicy { name, document, .. } => {
            let call = iam.put_role_policy().role_name(role).policy_name(name);
            allowed(call.policy_document(document).send().await)
        }
        Operation::DeletePolicy { name, .. } => {
            let call = iam.delete_role_policy().role_name(role);
            allowed(call.policy_name(name).send().await)
        }
        _ => Err("NotAboutPolicies".to_owned()),
    }
}

async fn new_key(clients: &Clients, user: &str, operation: &Operation) -> Result<Reply, String> {
    let made = clients.iam.create_access_key().user_name(user).send().await;
    let made = made.map_err(|error| code(&error))?.access_key.expect("a key");
    let made = Credential::new(made.access_key_id(), made.secret_access_key(), None);
    Ok(Reply::Minted(made.as_loot(operation.name())))
}

fn minted(credentials: Option<aws_sdk_sts::types::Credentials>, operation: &Operation) -> Reply {
    let credentials = credentials.expect("what was minted");
    Reply::Minted(Credential::from(&credentials).as_loot(operation.name()))
}

fn allowed<T, E, R>(answer: Result<T, SdkError<E, R>>) -> Result<Reply, String>
where
    E: ProvideErrorMetadata + std::fmt::Debug,
    R: std::fmt::Debug,
{
    answer.map(|_| Reply::Allowed).map_err(|error| code(&error))
}
