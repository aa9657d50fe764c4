//! What is deleted for good, call by call and in the order of the real one.

use crate::domain::principal::{Principal, PrincipalKind, PrincipalName};
use crate::domain::resource::{ResourceName, ResourceType};
use crate::domain::snapshot::Photograph;
use crate::ports::cloud::{Applied, CallClass, CallError};
use crate::sim::cloud::SimCloud;
use crate::sim::cloud::calls::{Done, Origin};
use crate::sim::cloud::contain::{failed, gone_already};
use crate::sim::cloud::refusal::Refusal;
use crate::sim::cloud::resources::{about_bucket, cloud_control};
use crate::sim::cloud::things::about;

/// As often as the real one lists again what is in the way.
const ROUNDS_MAX: usize = 3;

impl SimCloud {
    /// Deletes a principal with everything that hangs on it; the deny goes last.
    pub(super) async fn delete(
        &self,
        bot: &Origin,
        on: &PrincipalName,
        deny: (&str, &str),
    ) -> Result<Applied, CallError> {
        for _ in 0..ROUNDS_MAX {
            let now = match on.kind {
                PrincipalKind::User => self.user_state(&on.name),
                PrincipalKind::Role | PrincipalKind::Resource => self.role_state(&on.name),
            };
            if let Some(now) = now {
                self.strip(bot, &now, deny).await?;
            }
            let (call, deleted) = match on.kind {
                PrincipalKind::User => ("iam:DeleteUser", self.drop_user(bot, &on.name).await),
                PrincipalKind::Role | PrincipalKind::Resource => {
                    ("iam:DeleteRole", self.drop_role(bot, &on.name).await)
                }
            };
            match deleted {
                Ok(request_id) => {
                    return Ok(Applied { how: Some("deleted".to_owned()), request_id });
                }
                Err(refusal) if refusal.code == "DeleteConflict" => {}
                Err(refusal) => return Err(failed(call, &refusal)),
            }
        }
        let message = format!("something still hangs on {on}");
        Err(CallError::new(CallClass::Conflict, "iam:DeleteUser", message))
    }

    async fn strip(
        &self,
        bot: &Origin,
        now: &Photograph,
        (policy_arn, inline_name): (&str, &str),
    ) -> Result<(), CallError> {
        let on = now.key();
        self.strip_user(bot, now).await?;
        for policy in now.inline.keys().filter(|policy| *policy != inline_name) {
            gone_already("iam:DeleteUserPolicy", self.delete_policy(bot, &on, policy).await)?;
        }
        for policy in now.attached.iter().filter(|policy| policy.arn != policy_arn) {
            gone_already("iam:DetachUserPolicy", self.detach(bot, &on, &policy.arn).await)?;
        }
        for group in now.user().iter().flat_map(|user| &user.groups) {
            let left = self.drop_membership(bot, (&on.name, group)).await;
            gone_already("iam:RemoveUserFromGroup", left)?;
        }
        let boundary = self.set_boundary(bot, &on, None).await;
        gone_already("iam:DeleteUserPermissionsBoundary", boundary)?;
        gone_already("iam:DeleteUserPolicy", self.delete_policy(bot, &on, inline_name).await)?;
        gone_already("iam:DetachUserPolicy", self.detach(bot, &on, policy_arn).await)?;
        Ok(())
    }

    /// Everything that a user signs in with.
    async fn strip_user(&self, bot: &Origin, now: &Photograph) -> Result<(), CallError> {
        let Some(user) = now.user() else {
            return Ok(());
        };
        let name = now.name.as_str();
        gone_already("iam:DeleteLoginProfile", self.drop_login_profile(bot, name).await)?;
        for key in &user.keys {
            let deleted = self.drop_key(bot, (name, key.id.reveal())).await;
            gone_already("iam:DeleteAccessKey", deleted)?;
        }
        for side in now.side_states() {
            let deleted = self.drop_side(bot, (name, &side.credential)).await;
            gone_already("iam:DeleteServiceSpecificCredential", deleted)?;
        }
        for serial in user.mfa_devices.known().into_iter().flatten() {
            gone_already("iam:DeactivateMFADevice", self.drop_mfa(bot, (name, serial)).await)?;
        }
        Ok(())
    }

    /// Deletes it, unless somebody uses it by now; nobody is taken out for it.
    pub(super) async fn delete_thing(
        &self,
        bot: &Origin,
        on: &Principal,
    ) -> Result<Applied, CallError> {
        let gone = || failed("the step", &Refusal::no_such("resource", &on.name));
        let name = ResourceName::about(on).ok_or_else(gone)?;
        let last = match name.of {
            ResourceType::Policy => "DeletePolicy",
            ResourceType::SamlProvider => "DeleteSAMLProvider",
            ResourceType::OidcProvider => "DeleteOpenIDConnectProvider",
            ResourceType::InstanceProfile => {
                self.empty_profile(bot, &name).await?;
                "DeleteInstanceProfile"
            }
            ResourceType::Group => {
                self.strip_group(bot, &name).await?;
                "DeleteGroup"
            }
            ResourceType::Bucket
            | ResourceType::Instance
            | ResourceType::Function
            | ResourceType::EventSource
            | ResourceType::Service => return self.end_resource(bot, &name).await,
        };
        let deleted = self.told(bot, about(last, &name), |state, _, now| state.drop(&name, now));
        let request_id = deleted.await.map_err(|refusal| {
            let error = failed(&format!("iam:{last}"), &refusal);
            let conflict = refusal.code == "DeleteConflict";
            let class = if conflict { CallClass::Conflict } else { error.class };
            CallError { class, ..error }
        })?;
        Ok(Applied { how: Some("deleted".to_owned()), request_id })
    }

    /// A bucket by S3, and everything else by Cloud Control.
    async fn end_resource(&self, bot: &Origin, name: &ResourceName) -> Result<Applied, CallError> {
        let call = match name.of == ResourceType::Bucket {
            true => about_bucket("DeleteBucket", &name.id),
            false => cloud_control("DeleteResource", name),
        };
        let permission = call.action();
        let deleted = self.told(bot, call, |state, _, _| state.end(name)).await;
        let request_id = deleted.map_err(|refusal| failed(&permission, &refusal))?;
        Ok(Applied { how: Some("deleted".to_owned()), request_id })
    }

    async fn empty_profile(&self, bot: &Origin, name: &ResourceName) -> Result<(), CallError> {
        let call = "RemoveRoleFromInstanceProfile";
        let roles = self.lock().thing(name).map(|thing| thing.used_by.clone());
        for role in roles.unwrap_or_default() {
            let out = about(call, name).with("roleName", &role.name);
            let out = self.told(bot, out, |state, _, _| {
                state.thing(name)?.used_by.retain(|one| *one != role);
                Ok(Done::silently(()))
            });
            gone_already(&format!("iam:{call}"), out.await)?;
        }
        Ok(())
    }

    /// The policies of a group that nobody is in.
    async fn strip_group(&self, bot: &Origin, name: &ResourceName) -> Result<(), CallError> {
        let hanging = self.lock().group_policies(name);
        for policy in hanging {
            let detach = about("DetachGroupPolicy", name).with("policyArn", &policy);
            let detach = self.told(bot, detach, |state, _, _| state.detach_from(name, &policy));
            gone_already("iam:DetachGroupPolicy", detach.await)?;
        }
        Ok(())
    }
}
