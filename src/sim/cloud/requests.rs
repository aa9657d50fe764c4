//! Every call that changes or mints something, with its arguments as `CloudTrail` spells them.

use crate::sim::attacker::Credential;
use crate::sim::cloud::SimCloud;
use crate::sim::cloud::account::State;
use crate::sim::cloud::calls::{Call, Done, Origin, RequestId};
use crate::sim::cloud::refusal::Refusal;
use crate::sim::cloud::users::status;

impl SimCloud {
    pub(super) async fn identify(&self, origin: &Origin) -> Result<(), Refusal> {
        let call = Call::sts("GetCallerIdentity", "*".to_owned());
        self.call(origin, call, |_, _, _| Ok(Done::silently(()))).await
    }

    pub(super) async fn list_users(&self, origin: &Origin) -> Result<(), Refusal> {
        let call = Call::iam("ListUsers", self.lock().arn_of_user(""));
        self.call(origin, call, |_, _, _| Ok(Done::silently(()))).await
    }

    pub(super) async fn list_buckets(&self, origin: &Origin) -> Result<(), Refusal> {
        let call = Call::new("s3", "ListBuckets", "*".to_owned());
        let call = call.with("Host", "s3.us-east-1.amazonaws.com");
        self.call(origin, call, |_, _, _| Ok(Done::silently(()))).await
    }

    pub(super) async fn get_session_token(&self, origin: &Origin) -> Result<Credential, Refusal> {
        let call = Call::sts("GetSessionToken", "*".to_owned());
        self.call(origin, call, State::session_token).await
    }

    pub(super) async fn get_federation_token(
        &self,
        origin: &Origin,
        name: &str,
        policy: &str,
    ) -> Result<Credential, Refusal> {
        let arn = format!("arn:aws:sts::{}:federated-user/{name}", self.account());
        let call = Call::sts("GetFederationToken", arn).with("name", name).with("policy", policy);
        self.call(origin, call, |state, caller, now| {
            state.federation_token(caller, (name, policy), now)
        })
        .await
    }

    pub(super) async fn assume(
        &self,
        origin: &Origin,
        role_arn: &str,
        session_name: &str,
    ) -> Result<Credential, Refusal> {
        self.assume_from(origin, role_arn, (session_name, None)).await
    }

    /// The same, with a source identity, which every call of the session then names.
    pub(super) async fn assume_from(
        &self,
        origin: &Origin,
        role_arn: &str,
        (session_name, source_identity): (&str, Option<&str>),
    ) -> Result<Credential, Refusal> {
        let mut call = Call::sts("AssumeRole", role_arn.to_owned())
            .with("roleArn", role_arn)
            .with("roleSessionName", session_name);
        if let Some(source_identity) = source_identity {
            call = call.with("sourceIdentity", source_identity);
        }
        let asked = call.clone();
        self.call(origin, call, |state, caller, now| state.assume_role(caller, &asked, now)).await
    }

    pub(super) async fn make_user(&self, origin: &Origin, name: &str) -> Result<(), Refusal> {
        let call = self.on_user("CreateUser", name);
        self.call(origin, call, |state, _, now| state.create_user(name, now)).await
    }

    pub(super) async fn remove_user(&self, origin: &Origin, name: &str) -> Result<(), Refusal> {
        let call = self.on_user("DeleteUser", name);
        self.call(origin, call, |state, _, now| state.delete_user(name, now)).await
    }

    pub(super) async fn make_key(
        &self,
        origin: &Origin,
        user: &str,
    ) -> Result<Credential, Refusal> {
        let call = self.on_user("CreateAccessKey", user);
        self.call(origin, call, |state, _, now| state.create_key(user, now)).await
    }

    pub(super) async fn update_key(
        &self,
        origin: &Origin,
        (user, key): (&str, &str),
        active: bool,
    ) -> Result<RequestId, Refusal> {
        let call = self
            .on_user("UpdateAccessKey", user)
            .with("accessKeyId", key)
            .with("status", status(active));
        self.told(origin, call, |state, _, now| state.set_key_status(user, key, active, now)).await
    }

    pub(super) async fn remove_key(
        &self,
        origin: &Origin,
        user: &str,
        key: &str,
    ) -> Result<(), Refusal> {
        let call = self.on_user("DeleteAccessKey", user);
        let call = call.with("accessKeyId", key);
        self.call(origin, call, |state, _, now| state.delete_key(user, key, now)).await
    }

    pub(super) async fn attach(
        &self,
        origin: &Origin,
        user: &str,
        policy_arn: &str,
    ) -> Result<RequestId, Refusal> {
        let call = self.on_user("AttachUserPolicy", user);
        let call = call.with("policyArn", policy_arn);
        self.told(origin, call, |state, _, now| state.attach(user, policy_arn, now)).await
    }

    pub(super) async fn detach(
        &self,
        origin: &Origin,
        user: &str,
        policy_arn: &str,
    ) -> Result<RequestId, Refusal> {
        let call = self.on_user("DetachUserPolicy", user);
        let call = call.with("policyArn", policy_arn);
        self.told(origin, call, |state, _, now| state.detach(user, policy_arn, now)).await
    }

    pub(super) async fn put_policy(
        &self,
        origin: &Origin,
        user: &str,
        (name, document): (&str, &str),
    ) -> Result<RequestId, Refusal> {
        let call = self
            .on_user("PutUserPolicy", user)
            .with("policyName", name)
            .with("policyDocument", document);
        self.told(origin, call, |state, _, now| state.put_inline(user, name, document, now)).await
    }

    pub(super) async fn delete_policy(
        &self,
        origin: &Origin,
        user: &str,
        name: &str,
    ) -> Result<RequestId, Refusal> {
        let call = self.on_user("DeleteUserPolicy", user);
        let call = call.with("policyName", name);
        self.told(origin, call, |state, _, now| state.delete_inline(user, name, now)).await
    }

    pub(super) async fn make_role(
        &self,
        origin: &Origin,
        name: &str,
        trust: &str,
    ) -> Result<(), Refusal> {
        let arn = self.lock().role_arn(name);
        let call = Call::iam("CreateRole", arn)
            .with("roleName", name)
            .with("assumeRolePolicyDocument", trust);
        self.call(origin, call, |state, _, now| state.create_role(name, trust, now)).await
    }

    /// An IAM call about a user.
    pub(super) fn on_user(&self, call: &'static str, user: &str) -> Call {
        let arn = self.lock().arn_of_user(user);
        Call::iam(call, arn).with("userName", user)
    }
}
