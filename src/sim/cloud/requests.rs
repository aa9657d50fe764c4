//! Every call that changes or mints something, with its arguments as `CloudTrail` spells them.

use crate::domain::action::{SideCredential, SideKind};
use crate::domain::principal::{PrincipalKind, PrincipalName};
use crate::sim::attacker::Credential;
use crate::sim::cloud::SimCloud;
use crate::sim::cloud::account::SessionOf;
use crate::sim::cloud::account::State;
use crate::sim::cloud::calls::{Call, Done, Origin, RequestId};
use crate::sim::cloud::record;
use crate::sim::cloud::refusal::Refusal;
use crate::sim::cloud::sessions::{Caller, Who};
use crate::sim::cloud::users::status;
use serde_json::json;

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

    pub(super) async fn rename_user(
        &self,
        origin: &Origin,
        name: &str,
        new: &str,
    ) -> Result<(), Refusal> {
        let call = self.on_user("UpdateUser", name).with("newUserName", new);
        self.call(origin, call, |state, _, now| state.rename_user(name, new, now)).await
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

    pub(super) async fn make_login_profile(
        &self,
        origin: &Origin,
        user: &str,
    ) -> Result<(), Refusal> {
        let call = self.on_user("CreateLoginProfile", user);
        self.call(origin, call, |state, _, now| state.create_login_profile(user, now)).await
    }

    /// Signs in to the console by password: no policy is asked, and no key signs it.
    pub(super) async fn sign_in(&self, origin: &Origin, user: &str) -> Result<Credential, Refusal> {
        let call = Call::new("signin", "ConsoleLogin", "*".to_owned());
        let now = self.clock.now();
        let mut state = self.lock();
        let id = state.user_names.get(user).cloned().unwrap_or_default();
        let enforced = state.users.get(&id).and_then(|user| user.enforced(now)).cloned();
        let Some(user) = enforced.filter(|user| user.login_profile.is_some()) else {
            let refusal = Refusal::new("Failure", "no such user, or no password");
            state.note(&call, user, Some(&refusal), now);
            return Err(refusal);
        };
        let (credential, _) = state.open_session(SessionOf::User { id, from_console: true }, now);
        let caller = Caller {
            key_id: String::new(),
            arn: state.user_arn(&user),
            principal_id: user.id.clone(),
            issued: None,
            from_console: false,
            who: Who::User(user),
            source_identity: None,
        };
        let response = json!({ "ConsoleLogin": "Success" });
        record::keep(&mut state, origin, (&caller, &call), Ok(&response), now);
        state.note(&call, &caller.arn, None, now);
        Ok(credential)
    }

    pub(super) async fn make_service_credential(
        &self,
        origin: &Origin,
        user: &str,
    ) -> Result<Credential, Refusal> {
        let call = self.on_user("CreateServiceSpecificCredential", user);
        let call = call.with("serviceName", "codecommit.amazonaws.com");
        self.call(origin, call, |state, _, now| state.create_service_credential(user, now)).await
    }

    pub(super) async fn update_side(
        &self,
        origin: &Origin,
        (user, credential): (&str, &SideCredential),
        active: bool,
    ) -> Result<RequestId, Refusal> {
        let (name, id) = match credential.kind {
            SideKind::ServiceSpecific => {
                ("UpdateServiceSpecificCredential", "serviceSpecificCredentialId")
            }
            SideKind::SshKey => ("UpdateSSHPublicKey", "sSHPublicKeyId"),
            SideKind::SigningCertificate => ("UpdateSigningCertificate", "certificateId"),
        };
        let call = self.on_user(name, user);
        let call = call.with(id, &credential.id).with("status", status(active));
        self.told(origin, call, |state, _, now| {
            state.set_side_status(user, credential, active, now)
        })
        .await
    }

    pub(super) async fn attach(
        &self,
        origin: &Origin,
        to: &PrincipalName,
        policy_arn: &str,
    ) -> Result<RequestId, Refusal> {
        let call = self.on(to, ["AttachUserPolicy", "AttachRolePolicy"]);
        let call = call.with("policyArn", policy_arn);
        self.told(origin, call, |state, _, now| state.attach(to, policy_arn, now)).await
    }

    pub(super) async fn detach(
        &self,
        origin: &Origin,
        from: &PrincipalName,
        policy_arn: &str,
    ) -> Result<RequestId, Refusal> {
        let call = self.on(from, ["DetachUserPolicy", "DetachRolePolicy"]);
        let call = call.with("policyArn", policy_arn);
        self.told(origin, call, |state, _, now| state.detach(from, policy_arn, now)).await
    }

    pub(super) async fn put_policy(
        &self,
        origin: &Origin,
        on: &PrincipalName,
        (name, document): (&str, &str),
    ) -> Result<RequestId, Refusal> {
        let call = self
            .on(on, ["PutUserPolicy", "PutRolePolicy"])
            .with("policyName", name)
            .with("policyDocument", document);
        self.told(origin, call, |state, _, now| state.put_inline(on, (name, document), now)).await
    }

    pub(super) async fn delete_policy(
        &self,
        origin: &Origin,
        on: &PrincipalName,
        name: &str,
    ) -> Result<RequestId, Refusal> {
        let call = self.on(on, ["DeleteUserPolicy", "DeleteRolePolicy"]);
        let call = call.with("policyName", name);
        self.told(origin, call, |state, _, now| state.delete_inline(on, name, now)).await
    }

    pub(super) async fn set_boundary(
        &self,
        origin: &Origin,
        on: &PrincipalName,
        policy_arn: Option<&str>,
    ) -> Result<RequestId, Refusal> {
        let call = match policy_arn {
            Some(arn) => self
                .on(on, ["PutUserPermissionsBoundary", "PutRolePermissionsBoundary"])
                .with("permissionsBoundary", arn),
            None => self.on(on, ["DeleteUserPermissionsBoundary", "DeleteRolePermissionsBoundary"]),
        };
        self.told(origin, call, |state, _, now| state.set_boundary(on, policy_arn, now)).await
    }

    pub(super) async fn set_trust(
        &self,
        origin: &Origin,
        role: &str,
        document: &str,
    ) -> Result<RequestId, Refusal> {
        let call = self.on_role("UpdateAssumeRolePolicy", role);
        let call = call.with("policyDocument", document);
        self.told(origin, call, |state, _, now| state.set_trust(role, document, now)).await
    }

    /// A call by a service-specific credential, to the one service that takes it.
    pub(super) async fn pull(&self, origin: &Origin) -> Result<(), Refusal> {
        let call = Call::new("codecommit", "GitPull", "*".to_owned());
        self.call(origin, call, |_, _, _| Ok(Done::silently(()))).await
    }

    pub(super) async fn make_role(
        &self,
        origin: &Origin,
        name: &str,
        trust: &str,
    ) -> Result<(), Refusal> {
        let call = self.on_role("CreateRole", name).with("assumeRolePolicyDocument", trust);
        self.call(origin, call, |state, _, now| state.create_role(name, trust, now)).await
    }

    /// An IAM call about a user.
    pub(super) fn on_user(&self, call: &'static str, user: &str) -> Call {
        let arn = self.lock().arn_of_user(user);
        Call::iam(call, arn).with("userName", user)
    }

    /// An IAM call about a role.
    pub(super) fn on_role(&self, call: &'static str, role: &str) -> Call {
        let arn = self.lock().arn_of_role(role);
        Call::iam(call, arn).with("roleName", role)
    }

    /// An IAM call about a user or a role, named for each.
    pub(super) fn on(&self, of: &PrincipalName, [of_user, of_role]: [&'static str; 2]) -> Call {
        match of.kind {
            PrincipalKind::User => self.on_user(of_user, &of.name),
            PrincipalKind::Role | PrincipalKind::Resource => self.on_role(of_role, &of.name),
        }
    }
}
