//! The organization above the account: its service control policies, and who tries them.

use crate::domain::guard::Guard;
use crate::domain::principal::{PrincipalKind, PrincipalName};
use crate::sim::cloud::SimCloud;
use crate::sim::cloud::account::{Grants, Inline, Role, State};
use crate::sim::cloud::calls::{Call, Done, Origin, RequestId};
use crate::sim::cloud::lag::Lagged;
use crate::sim::cloud::policies::{Document, PolicyError, Tags};
use crate::sim::cloud::refusal::Refusal;
use crate::sim::cloud::sessions::{BOT_ROLE, Caller, Who};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Bears the tag from the beginning, and may do nothing where the policy is in force.
const CANARY: &str = "quarantine-canary";
/// May set the canary's tag, but for the policy.
const PROBE: &str = "quarantine-probe";
const CANARYS_VALUE: &str = "canary";
const HARMLESS: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
    "Action":["iam:ListAccountAliases","iam:TagRole","iam:UpdateRoleDescription"],
    "Resource":"*"}]}"#;

impl SimCloud {
    /// Puts the account under these service control policies, and the two roles that try them into
    /// it. The management account is under none.
    pub fn govern(&self, tag: &str, policies: &[&str]) -> Result<(), PolicyError> {
        let scps: Result<Vec<_>, _> = policies.iter().map(|text| Document::parse(text)).collect();
        let mut state = self.lock();
        state.scps = scps?;
        state.quarantine_tag = Some(tag.to_owned());
        let bot = format!("arn:aws:iam::{}:role/{BOT_ROLE}", state.account);
        let trust = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow",
            "Principal":{{"AWS":"{bot}"}},"Action":"sts:AssumeRole"}}]}}"#
        );
        let value = (tag.to_owned(), CANARYS_VALUE.to_owned());
        for (name, tags) in [(CANARY, BTreeMap::from([value])), (PROBE, BTreeMap::new())] {
            let inline = |text: &str| {
                let document = Arc::new(Document::parse(text)?);
                Ok(Inline { text: text.to_owned(), document })
            };
            let id = state.chance.id("AROA");
            let mut role = Role::new(id.clone(), name, (inline(&trust)?, Timestamp::UNIX_EPOCH));
            role.tags = tags;
            let harmless = BTreeMap::from([("harmless".to_owned(), inline(HARMLESS)?)]);
            role.grants = Grants { inline: harmless, ..Grants::default() };
            state.role_names.insert(name.to_owned(), id.clone());
            state.roles.insert(id, Lagged::new(role, Timestamp::MIN));
        }
        Ok(())
    }

    /// Tries what the policy must refuse, as on AWS.
    pub(super) async fn preflight(&self) -> Guard {
        let Some(tag) = self.lock().quarantine_tag.clone() else {
            return Guard::None;
        };
        let tried = async {
            let harmless = Call::iam("ListAccountAliases", "*".to_owned());
            let canary = self.signing_as(CANARY).await?;
            let done = self.call(&canary, harmless, |_, _, _| Ok(Done::silently(()))).await;
            by_the_organization(done, &format!("{CANARY}, which bears the tag,"))?;
            let (on, probe) = (PrincipalName::role(CANARY), self.signing_as(PROBE).await?);
            let done = self.set_tag(&probe, &on, (&tag, CANARYS_VALUE)).await;
            by_the_organization(done, &format!("{PROBE}, which may not set the tag,"))?;
            let describe = self.on_role("UpdateRoleDescription", CANARY);
            let done = self.call(&probe, describe, |_, _, _| Ok(Done::silently(()))).await;
            by_the_organization(done, &format!("{PROBE}, which may not change a bearer,"))
        };
        match tried.await {
            Ok(()) => Guard::InForce { tag },
            Err(why) => Guard::NotInForce { why },
        }
    }

    async fn signing_as(&self, role: &str) -> Result<Origin, String> {
        let arn = self.lock().arn_of_role(role);
        let credential = self.assume(&self.bot, &arn, "keyleak-preflight").await;
        let credential = credential.map_err(|refusal| format!("{role}: {}", refusal.message))?;
        Ok(Origin { credential, ..self.bot.clone() })
    }

    pub(super) async fn set_tag(
        &self,
        origin: &Origin,
        on: &PrincipalName,
        (key, value): (&str, &str),
    ) -> Result<RequestId, Refusal> {
        let call = self.on(on, ["TagUser", "TagRole"]).with("tagKeys", key);
        self.told(origin, call, |state, _, now| {
            state.change_tags(on, now, |tags| {
                tags.insert(key.to_owned(), value.to_owned());
            })
        })
        .await
    }

    pub(super) async fn take_tag_off(
        &self,
        origin: &Origin,
        on: &PrincipalName,
        key: &str,
    ) -> Result<RequestId, Refusal> {
        let call = self.on(on, ["UntagUser", "UntagRole"]).with("tagKeys", key);
        self.told(origin, call, |state, _, now| {
            state.change_tags(on, now, |tags| {
                tags.remove(key);
            })
        })
        .await
    }
}

impl State {
    /// What a call is judged by, as it is enforced now.
    pub(super) fn tags<'a>(
        &'a self,
        caller: &'a Caller,
        call: &'a Call,
        now: Timestamp,
    ) -> Tags<'a> {
        let principal = match &caller.who {
            Who::User(user) | Who::Service(user) | Who::Federated(user, _) => Some(&user.tags),
            Who::Role(role) => Some(&role.tags),
            Who::Foreign(_) => None,
        };
        let of_user = call.argument("userName").and_then(|name| {
            let user = self.users.get(self.user_names.get(name)?)?;
            Some(&user.enforced(now)?.tags)
        });
        let role = call.argument("roleArn").and_then(|arn| arn.rsplit('/').next());
        let of_role = call.argument("roleName").or(role).and_then(|name| {
            let role = self.roles.get(self.role_names.get(name)?)?;
            Some(&role.enforced(now)?.tags)
        });
        Tags { principal, resource: of_user.or(of_role), key: call.argument("tagKeys") }
    }

    fn change_tags(
        &mut self,
        on: &PrincipalName,
        now: Timestamp,
        change: impl FnOnce(&mut BTreeMap<String, String>),
    ) -> Result<Done<()>, Refusal> {
        match on.kind {
            PrincipalKind::User => {
                self.change_user(&on.name, now, |user| {
                    change(&mut user.tags);
                    Ok(())
                })?;
            }
            PrincipalKind::Role | PrincipalKind::Resource => {
                self.change_role(&on.name, now, |role| {
                    change(&mut role.tags);
                    Ok(())
                })?;
            }
        }
        Ok(Done::silently(()))
    }
}

/// Only a refusal by the organization proves anything.
fn by_the_organization<T>(tried: Result<T, Refusal>, who: &str) -> Result<(), String> {
    match tried {
        Err(refusal) if refusal.message.contains("service control policy") => Ok(()),
        Err(refusal) => Err(format!("{who} was not refused by it: {}", refusal.message)),
        Ok(_) => Err(format!("{who} was not refused")),
    }
}
