//! Roles, and the calls that mint temporary credentials.

use crate::sim::attacker::Credential;
use crate::sim::cloud::account::{Role, SessionOf, State};
use crate::sim::cloud::calls::{Call, Done};
use crate::sim::cloud::lag::Lagged;
use crate::sim::cloud::policies::Document;
use crate::sim::cloud::record::{us_date, us_expiry};
use crate::sim::cloud::refusal::Refusal;
use crate::sim::cloud::sessions::{Caller, Who};
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// AWS's quota of roles in an account.
const ROLES_MAX: usize = 1000;

impl State {
    pub(super) fn create_role(
        &mut self,
        name: &str,
        trust: &str,
        now: Timestamp,
    ) -> Result<Done<()>, Refusal> {
        if self.roles.contains_key(name) {
            return Err(Refusal::exists("Role", name));
        }
        if self.roles.len() >= ROLES_MAX {
            return Err(Refusal::limit("RolesPerAccount", ROLES_MAX));
        }
        let document = Document::parse(trust)
            .map_err(|error| Refusal::new("MalformedPolicyDocument", error.to_string()))?;
        let role = Role {
            id: self.chance.id("AROA"),
            name: name.to_owned(),
            trust: Arc::new(document),
            attached: Vec::new(),
            inline: BTreeMap::new(),
        };
        let response = json!({"role": {
            "path": "/", "roleName": name, "roleId": role.id, "arn": self.role_arn(name),
            "createDate": us_date(now),
            "assumeRolePolicyDocument": utf8_percent_encode(trust, NON_ALPHANUMERIC).to_string(),
        }});
        let effective_at = self.effective_at(now);
        self.roles.insert(name.to_owned(), Lagged::new(role, effective_at));
        Ok(Done { value: (), response })
    }

    pub(super) fn session_token(
        &mut self,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<Done<Credential>, Refusal> {
        let Who::User(user) = &caller.who else {
            return Err(only_users());
        };
        let id = user.id.clone();
        let (credential, expires) = self.open_session(SessionOf::User { id }, now);
        let response = json!({ "credentials": credentials(&credential, expires) });
        Ok(Done { value: credential, response })
    }

    pub(super) fn federation_token(
        &mut self,
        caller: &Caller,
        (name, policy): (&str, &str),
        now: Timestamp,
    ) -> Result<Done<Credential>, Refusal> {
        let Who::User(user) = &caller.who else {
            return Err(only_users());
        };
        let policy = Document::parse(policy)
            .map_err(|error| Refusal::new("MalformedPolicyDocument", error.to_string()))?;
        let of = SessionOf::Federated {
            user_id: user.id.clone(),
            name: name.to_owned(),
            policy: Arc::new(policy),
        };
        let (credential, expires) = self.open_session(of, now);
        let account = &self.account;
        let response = json!({
            "credentials": credentials(&credential, expires),
            "federatedUser": {
                "arn": format!("arn:aws:sts::{account}:federated-user/{name}"),
                "federatedUserId": format!("{account}:{name}"),
            },
            "packedPolicySize": 4,
        });
        Ok(Done { value: credential, response })
    }

    pub(super) fn assume_role(
        &mut self,
        caller: &Caller,
        call: &Call,
        now: Timestamp,
    ) -> Result<Done<Credential>, Refusal> {
        let arn = call.argument("roleArn").unwrap_or_default();
        let session_name = call.argument("roleSessionName").unwrap_or_default();
        let name = arn.rsplit('/').next().unwrap_or_default();
        let role = self.roles.get(name).and_then(|role| role.enforced(now));
        let role = role.cloned().filter(|role| self.role_arn(&role.name) == arn);
        let role = role.ok_or_else(|| {
            // AWS does not tell whether a role that one may not assume exists.
            let message = format!(
                "User: {} is not authorized to perform: sts:AssumeRole on resource: {arn}",
                caller.arn
            );
            Refusal::new("AccessDenied", message)
        })?;
        self.check_trust(&role.trust, caller, call)?;
        let of = SessionOf::Role {
            role: role.name.clone(),
            session_name: session_name.to_owned(),
            source_identity: call.argument("sourceIdentity").map(str::to_owned),
        };
        let (credential, expires) = self.open_session(of, now);
        let account = &self.account;
        let response = json!({
            "credentials": credentials(&credential, expires),
            "assumedRoleUser": {
                "assumedRoleId": format!("{}:{session_name}", role.id),
                "arn": format!("arn:aws:sts::{account}:assumed-role/{}/{session_name}", role.name),
            },
        });
        Ok(Done { value: credential, response })
    }
}

/// Minted credentials as a record shows them: with the token, never with the secret key.
fn credentials(credential: &Credential, expires: Timestamp) -> Value {
    json!({
        "accessKeyId": credential.access_key_id,
        "sessionToken": credential.session_token,
        "expiration": us_expiry(expires),
    })
}

fn only_users() -> Refusal {
    Refusal::new("AccessDenied", "Cannot be called with session credentials")
}
