//! Somebody with credentials, from some address: the actor, or a lawful workload.

use crate::sim::attacker::{Attacker, Credential, Operation, Reply};
use crate::sim::cloud::SimCloud;
use crate::sim::cloud::calls::{Origin, RequestId};
use crate::sim::cloud::refusal::Refusal;
use async_trait::async_trait;
use std::sync::Arc;

/// What an attacker limits a federated session to: nothing; without a policy it may do nothing.
const EVERYTHING: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

/// Calls the account from one address with one program.
#[derive(Debug, Clone)]
pub struct Visitor {
    pub(super) cloud: Arc<SimCloud>,
    source_ip: String,
    user_agent: String,
}

impl Visitor {
    pub fn new(cloud: &Arc<SimCloud>, source_ip: &str, user_agent: &str) -> Self {
        Self {
            cloud: Arc::clone(cloud),
            source_ip: source_ip.to_owned(),
            user_agent: user_agent.to_owned(),
        }
    }

    pub(super) fn origin(&self, credential: &Credential) -> Origin {
        Origin {
            credential: credential.clone(),
            source_ip: self.source_ip.clone(),
            user_agent: self.user_agent.clone(),
        }
    }

    async fn attempt(&self, origin: &Origin, operation: &Operation) -> Result<Reply, Refusal> {
        let cloud = &self.cloud;
        match operation {
            Operation::GetCallerIdentity => cloud.identify(origin).await.map(done),
            Operation::ListUsers => cloud.list_users(origin).await.map(done),
            Operation::ListBuckets => cloud.list_buckets(origin).await.map(done),
            Operation::GetSessionToken => cloud.get_session_token(origin).await.map(Reply::Minted),
            Operation::GetFederationToken { name } => {
                cloud.get_federation_token(origin, name, EVERYTHING).await.map(Reply::Minted)
            }
            Operation::AssumeRole { role_arn, session_name } => {
                cloud.assume(origin, role_arn, session_name).await.map(Reply::Minted)
            }
            Operation::CreateUser { user } => cloud.make_user(origin, user).await.map(done),
            Operation::RenameUser { user, to } => {
                cloud.rename_user(origin, user, to).await.map(done)
            }
            Operation::CreateAccessKey { user } => {
                cloud.make_key(origin, user).await.map(Reply::Minted)
            }
            Operation::UpdateAccessKey { user, key, active } => {
                let updated = cloud.update_key(origin, (user, key), *active);
                updated.await.map(answered)
            }
            Operation::DeleteAccessKey { user, key } => {
                cloud.remove_key(origin, user, key).await.map(done)
            }
            Operation::DeleteUser { user } => cloud.remove_user(origin, user).await.map(done),
            Operation::AttachPolicy { to, policy_arn } => {
                cloud.attach(origin, to, policy_arn).await.map(answered)
            }
            Operation::DetachPolicy { from, policy_arn } => {
                cloud.detach(origin, from, policy_arn).await.map(answered)
            }
            Operation::PutPolicy { on, name, document } => {
                cloud.put_policy(origin, on, (name, document)).await.map(answered)
            }
            Operation::DeletePolicy { on, name } => {
                cloud.delete_policy(origin, on, name).await.map(answered)
            }
            Operation::SetBoundary { on, policy_arn } => {
                cloud.set_boundary(origin, on, policy_arn.as_deref()).await.map(answered)
            }
            Operation::Untag { on, key } => cloud.take_tag_off(origin, on, key).await.map(answered),
            Operation::CreateRole { role, trust } => {
                cloud.make_role(origin, role, trust).await.map(done)
            }
            Operation::UpdateTrust { role, trust } => {
                cloud.set_trust(origin, role, trust).await.map(answered)
            }
            Operation::CreateLoginProfile { user } => {
                cloud.make_login_profile(origin, user).await.map(done)
            }
            Operation::SignIn { user } => cloud.sign_in(origin, user).await.map(Reply::Minted),
            Operation::CreateServiceCredential { user } => {
                cloud.make_service_credential(origin, user).await.map(Reply::Minted)
            }
            Operation::UseServiceCredential => cloud.pull(origin).await.map(done),
        }
    }
}

#[async_trait]
impl Attacker for Visitor {
    async fn call(&self, credential: &Credential, operation: &Operation) -> Reply {
        let origin = self.origin(credential);
        match self.attempt(&origin, operation).await {
            Ok(reply) => reply,
            Err(refusal) => Reply::Refused(refusal.code),
        }
    }
}

fn done((): ()) -> Reply {
    Reply::Allowed
}

fn answered(_: RequestId) -> Reply {
    Reply::Allowed
}
