//! Whose credential is it? Learned from what was seen minted, as CloudTrail knows it.

use super::wire::Call;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::HashMap;

/// Users by account and name, credentials by key id.
#[derive(Debug, Default)]
pub(super) struct People {
    user_ids: HashMap<(String, String), String>,
    holders: HashMap<String, Value>,
}

impl People {
    /// The `userIdentity` of a call signed with `key`.
    pub(super) fn identity(&self, key: &str) -> Value {
        if let Some(known) = self.holders.get(key) {
            return known.clone();
        }
        if is_account(key) {
            // MiniStack takes the twelve digits of an account as the key id of its root.
            let arn = format!("arn:aws:iam::{key}:root");
            return json!({ "type": "Root", "principalId": key, "arn": arn, "accountId": key,
                "accessKeyId": "" });
        }
        json!({ "type": "Unknown", "accessKeyId": key })
    }

    /// Remembers whom an allowed call made, and which credential it minted.
    pub(super) fn learn(&mut self, at: Timestamp, call: &Call) {
        let Ok(answer) = &call.outcome else { return };
        match call.name.as_str() {
            "CreateUser" | "GetUser" => self.learn_user(&answer["user"]),
            "UpdateUser" => self.rename_user(call),
            "CreateAccessKey" => self.learn_key(call, &answer["accessKey"]),
            "GetSessionToken" => self.learn_session_token(at, call, answer),
            "GetFederationToken" => self.learn_federation(at, call, answer),
            "AssumeRole" => self.learn_role_session(at, call, answer),
            _ => {}
        }
    }

    fn learn_user(&mut self, user: &Value) {
        let arn = text(&user["arn"]);
        let account = arn.split(':').nth(4).unwrap_or_default().to_owned();
        self.user_ids.insert((account, text(&user["userName"])), text(&user["userId"]));
    }

    fn rename_user(&mut self, call: &Call) {
        let account = text(&self.identity(&call.key)["accountId"]);
        let old = text(&call.parameters["userName"]);
        if let Some(new) = call.parameters["newUserName"].as_str()
            && let Some(id) = self.user_ids.remove(&(account.clone(), old.clone()))
        {
            self.user_ids.insert((account.clone(), new.to_owned()), id);
            let of_her = |holder: &&mut Value| {
                holder["userName"] == old.as_str() && holder["accountId"] == account.as_str()
            };
            for holder in self.holders.values_mut().filter(of_her) {
                holder["userName"] = json!(new);
                holder["arn"] = json!(format!("arn:aws:iam::{account}:user/{new}"));
            }
        }
    }

    fn learn_key(&mut self, call: &Call, made: &Value) {
        let account = text(&self.identity(&call.key)["accountId"]);
        let name = text(&made["userName"]);
        let id = text(&made["accessKeyId"]);
        let principal = self.user_ids.get(&(account.clone(), name.clone())).cloned();
        let holder = json!({
            "type": "IAMUser",
            "principalId": principal.unwrap_or_default(),
            "arn": format!("arn:aws:iam::{account}:user/{name}"),
            "accountId": account,
            "accessKeyId": id,
            "userName": name,
        });
        self.holders.insert(id, holder);
    }

    fn learn_session_token(&mut self, at: Timestamp, call: &Call, answer: &Value) {
        let id = text(&answer["credentials"]["accessKeyId"]);
        let mut holder = self.identity(&call.key);
        holder["accessKeyId"] = json!(id);
        holder["sessionContext"] = context(at, json!({}));
        self.holders.insert(id, holder);
    }

    fn learn_federation(&mut self, at: Timestamp, call: &Call, answer: &Value) {
        let id = text(&answer["credentials"]["accessKeyId"]);
        let mut issuer = self.identity(&call.key);
        let account = issuer["accountId"].clone();
        if let Some(fields) = issuer.as_object_mut() {
            fields.remove("accessKeyId");
        }
        let holder = json!({
            "type": "FederatedUser",
            "principalId": answer["federatedUser"]["federatedUserId"],
            "arn": answer["federatedUser"]["arn"],
            "accountId": account,
            "accessKeyId": id,
            "sessionContext": context(at, issuer),
        });
        self.holders.insert(id, holder);
    }

    fn learn_role_session(&mut self, at: Timestamp, call: &Call, answer: &Value) {
        let id = text(&answer["credentials"]["accessKeyId"]);
        let role = text(&call.parameters["roleArn"]);
        let account = role.split(':').nth(4).unwrap_or_default();
        let principal = text(&answer["assumedRoleUser"]["assumedRoleId"]);
        let issuer = json!({
            "type": "Role",
            "principalId": principal.split(':').next(),
            "arn": role,
            "accountId": account,
            "userName": role.rsplit('/').next(),
        });
        let mut holder = json!({
            "type": "AssumedRole",
            "principalId": principal,
            "arn": answer["assumedRoleUser"]["arn"],
            "accountId": account,
            "accessKeyId": id,
            "sessionContext": context(at, issuer),
        });
        // The emulator forgets it; CloudTrail shows it on every call of the session.
        if let Some(source) = call.parameters["sourceIdentity"].as_str() {
            holder["sessionContext"]["sourceIdentity"] = json!(source);
        }
        self.holders.insert(id, holder);
    }
}

fn context(at: Timestamp, issuer: Value) -> Value {
    json!({
        "sessionIssuer": issuer,
        "webIdFederationData": {},
        "attributes": {
            "creationDate": at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "mfaAuthenticated": "false",
        },
    })
}

fn is_account(key: &str) -> bool {
    key.len() == 12 && key.bytes().all(|byte| byte.is_ascii_digit())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
