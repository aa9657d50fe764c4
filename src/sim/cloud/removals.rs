//! What can be taken away from users and roles so that they can be deleted, and the end of a role.

use crate::domain::action::{SideCredential, SideKind};
use crate::sim::cloud::SimCloud;
use crate::sim::cloud::account::State;
use crate::sim::cloud::calls::{Call, Done, Origin, RequestId};
use crate::sim::cloud::refusal::Refusal;
use jiff::Timestamp;

impl State {
    fn delete_login_profile(&mut self, name: &str, now: Timestamp) -> Result<Done<()>, Refusal> {
        self.change_user(name, now, |user| match user.login_profile.take() {
            Some(_) => Ok(Done::silently(())),
            None => Err(Refusal::no_such("login profile of", name)),
        })
    }

    fn delete_side(
        &mut self,
        name: &str,
        credential: &SideCredential,
        now: Timestamp,
    ) -> Result<Done<()>, Refusal> {
        self.change_user(name, now, |user| {
            let at = user.side.iter().position(|side| side.state.credential == *credential);
            let no_such = || Refusal::no_such(credential.kind.words(), &credential.id);
            user.side.remove(at.ok_or_else(no_such)?);
            Ok(Done::silently(()))
        })
    }

    fn remove_mfa(
        &mut self,
        name: &str,
        serial: &str,
        now: Timestamp,
    ) -> Result<Done<()>, Refusal> {
        self.change_user(name, now, |user| {
            let at = user.mfa.iter().position(|known| known == serial);
            user.mfa.remove(at.ok_or_else(|| Refusal::no_such("MFA device", serial))?);
            Ok(Done::silently(()))
        })
    }

    fn leave_group(
        &mut self,
        name: &str,
        group: &str,
        now: Timestamp,
    ) -> Result<Done<()>, Refusal> {
        self.change_user(name, now, |user| {
            let at = user.groups.iter().position(|known| known == group);
            user.groups.remove(at.ok_or_else(|| Refusal::no_such("group", group))?);
            Ok(Done::silently(()))
        })
    }

    fn delete_role(&mut self, name: &str, now: Timestamp) -> Result<Done<()>, Refusal> {
        let role = self.role(name)?;
        if !role.grants.attached.is_empty() || !role.grants.inline.is_empty() {
            let message = "Cannot delete entity, must delete policies first.";
            return Err(Refusal::new("DeleteConflict", message));
        }
        let effective_at = self.effective_at(now);
        self.role_names.remove(name);
        if let Some(versions) = self.roles.get_mut(&role.id) {
            versions.write(None, effective_at, now);
        }
        Ok(Done::silently(()))
    }
}

impl SimCloud {
    pub(super) async fn drop_user(&self, by: &Origin, name: &str) -> Result<RequestId, Refusal> {
        let call = self.on_user("DeleteUser", name);
        self.told(by, call, |state, _, now| state.delete_user(name, now)).await
    }

    pub(super) async fn drop_role(&self, by: &Origin, name: &str) -> Result<RequestId, Refusal> {
        let call = self.on_role("DeleteRole", name);
        self.told(by, call, |state, _, now| state.delete_role(name, now)).await
    }

    pub(super) async fn drop_key(
        &self,
        by: &Origin,
        (name, key): (&str, &str),
    ) -> Result<RequestId, Refusal> {
        let call = self.on_user("DeleteAccessKey", name).with("accessKeyId", key);
        self.told(by, call, |state, _, now| state.delete_key(name, key, now)).await
    }

    pub(super) async fn drop_login_profile(
        &self,
        by: &Origin,
        name: &str,
    ) -> Result<RequestId, Refusal> {
        let call = self.on_user("DeleteLoginProfile", name);
        self.told(by, call, |state, _, now| state.delete_login_profile(name, now)).await
    }

    pub(super) async fn drop_side(
        &self,
        by: &Origin,
        (name, credential): (&str, &SideCredential),
    ) -> Result<RequestId, Refusal> {
        let (call, id) = match credential.kind {
            SideKind::ServiceSpecific => {
                ("DeleteServiceSpecificCredential", "serviceSpecificCredentialId")
            }
            SideKind::SshKey => ("DeleteSSHPublicKey", "sSHPublicKeyId"),
            SideKind::SigningCertificate => ("DeleteSigningCertificate", "certificateId"),
        };
        let call = self.on_user(call, name).with(id, &credential.id);
        self.told(by, call, |state, _, now| state.delete_side(name, credential, now)).await
    }

    /// Takes a virtual device off the user, and then the device away.
    pub(super) async fn drop_mfa(
        &self,
        by: &Origin,
        (name, serial): (&str, &str),
    ) -> Result<RequestId, Refusal> {
        let off = self.on_user("DeactivateMFADevice", name).with("serialNumber", serial);
        self.told(by, off, |state, _, now| state.remove_mfa(name, serial, now)).await?;
        let delete = Call::iam("DeleteVirtualMFADevice", serial.to_owned());
        let delete = delete.with("serialNumber", serial);
        self.told(by, delete, |_, _, _| Ok(Done::silently(()))).await
    }

    pub(super) async fn drop_membership(
        &self,
        by: &Origin,
        (name, group): (&str, &str),
    ) -> Result<RequestId, Refusal> {
        let call = self.on_user("RemoveUserFromGroup", name).with("groupName", group);
        self.told(by, call, |state, _, now| state.leave_group(name, group, now)).await
    }
}
