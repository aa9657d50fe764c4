//! The calls that delete a user or a role for good: the deny outlasts everything that grants.

use crate::aws::error::{call_error, code};
use crate::aws::listing::is_missing;
use crate::aws::{roles, users};
use crate::domain::action::SideKind;
use crate::domain::ids::UserName;
use crate::domain::principal::{Principal, PrincipalKind};
use crate::ports::cloud::{Applied, CallClass, CallError};
use aws_sdk_iam::Client;
use aws_sdk_iam::config::http::HttpResponse;
use aws_sdk_iam::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_iam::operation::RequestId;
use std::error::Error;

const DELETE_USER: &str = "iam:DeleteUser";
const DELETE_ROLE: &str = "iam:DeleteRole";
const DELETE_LOGIN_PROFILE: &str = "iam:DeleteLoginProfile";
const DELETE_ACCESS_KEY: &str = "iam:DeleteAccessKey";
const DELETE_CERTIFICATE: &str = "iam:DeleteSigningCertificate";
const DELETE_SSH_KEY: &str = "iam:DeleteSSHPublicKey";
const DELETE_SERVICE_CREDENTIAL: &str = "iam:DeleteServiceSpecificCredential";
const DEACTIVATE_MFA: &str = "iam:DeactivateMFADevice";
const DELETE_MFA: &str = "iam:DeleteVirtualMFADevice";
const DELETE_USER_POLICY: &str = "iam:DeleteUserPolicy";
const DELETE_ROLE_POLICY: &str = "iam:DeleteRolePolicy";
const DETACH_USER_POLICY: &str = "iam:DetachUserPolicy";
const DETACH_ROLE_POLICY: &str = "iam:DetachRolePolicy";
const DELETE_USER_BOUNDARY: &str = "iam:DeleteUserPermissionsBoundary";
const DELETE_ROLE_BOUNDARY: &str = "iam:DeleteRolePermissionsBoundary";
const LEAVE_GROUP: &str = "iam:RemoveUserFromGroup";
const LEAVE_PROFILE: &str = "iam:RemoveRoleFromInstanceProfile";

/// Every IAM action that this file calls to delete; `manifests/iam/eradicate.json` allows these.
pub const CALLS: &[&str] = &[
    DELETE_USER,
    DELETE_ROLE,
    DELETE_LOGIN_PROFILE,
    DELETE_ACCESS_KEY,
    DELETE_CERTIFICATE,
    DELETE_SSH_KEY,
    DELETE_SERVICE_CREDENTIAL,
    DEACTIVATE_MFA,
    DELETE_MFA,
    DELETE_USER_POLICY,
    DELETE_ROLE_POLICY,
    DETACH_USER_POLICY,
    DETACH_ROLE_POLICY,
    DELETE_USER_BOUNDARY,
    DELETE_ROLE_BOUNDARY,
    LEAVE_GROUP,
    LEAVE_PROFILE,
];
/// What hangs on the principal is listed with the same rights, by the files that read IAM.
pub const READS: &[&str] = &[
    "iam:GetRolePolicy",
    "iam:GetSSHPublicKey",
    "iam:GetUserPolicy",
    "iam:ListAccessKeys",
    "iam:ListAttachedRolePolicies",
    "iam:ListAttachedUserPolicies",
    "iam:ListGroupsForUser",
    "iam:ListInstanceProfilesForRole",
    "iam:ListMFADevices",
    "iam:ListRolePolicies",
    "iam:ListSSHPublicKeys",
    "iam:ListServiceSpecificCredentials",
    "iam:ListSigningCertificates",
    "iam:ListUserPolicies",
];

/// IAM refuses to delete what something hangs on still; it is listed again so often. The worker
/// tries the whole step again after that.
pub(super) const ROUNDS_MAX: usize = 3;

/// Deletes a principal with everything that hangs on it. Repeating it is harmless, however much of
/// it was done before; where it is gone already that is `NotFound`. The deny, as `policy_arn`
/// attached or as the boundary or as `inline_name`, goes after everything that grants something.
pub(super) async fn delete(
    iam: &Client,
    on: &Principal,
    deny: (&str, &str),
) -> Result<Applied, CallError> {
    let mut conflict = None;
    for _ in 0..ROUNDS_MAX {
        let deleted = match on.kind {
            PrincipalKind::User => user(iam, &on.name, deny).await?,
            PrincipalKind::Role | PrincipalKind::Resource => role(iam, &on.name, deny).await?,
        };
        match deleted {
            Ok(request_id) => return Ok(Applied { how: Some("deleted".to_owned()), request_id }),
            Err(left) => conflict = Some(left),
        }
    }
    Err(still_hangs(&on.to_string(), DELETE_USER, conflict))
}

/// What is said where even the last round found something in the way.
pub(super) fn still_hangs(on: &str, call: &str, conflict: Option<CallError>) -> CallError {
    let error = conflict.unwrap_or_else(|| CallError::new(CallClass::Conflict, call, ""));
    let message =
        format!("something still hangs on {on} after {ROUNDS_MAX} rounds: {}", error.message);
    // Somebody may be putting it there, or IAM is behind; either way another attempt can help.
    CallError { class: CallClass::Conflict, message, ..error }
}

/// AWS's id of the call that deleted it, or what IAM says is in the way.
pub(super) type Deleted = Result<Result<Option<String>, CallError>, CallError>;

async fn user(iam: &Client, name: &str, (policy_arn, inline_name): (&str, &str)) -> Deleted {
    credentials(iam, name).await?;
    for policy in users::inline(iam, name).await?.keys().filter(|policy| *policy != inline_name) {
        delete_user_policy(iam, name, policy).await?;
    }
    for policy in users::attached(iam, name).await?.iter().filter(|one| one.arn != policy_arn) {
        detach_user_policy(iam, name, &policy.arn).await?;
    }
    for group in users::groups(iam, &UserName(name.to_owned())).await? {
        let leave = iam.remove_user_from_group().user_name(name).group_name(group);
        gone(LEAVE_GROUP, leave.send().await)?;
    }
    let boundary = iam.delete_user_permissions_boundary().user_name(name);
    gone(DELETE_USER_BOUNDARY, boundary.send().await)?;
    delete_user_policy(iam, name, inline_name).await?;
    detach_user_policy(iam, name, policy_arn).await?;
    last(DELETE_USER, iam.delete_user().user_name(name).send().await)
}

/// The password first, then every key, then what a second factor stood before.
async fn credentials(iam: &Client, name: &str) -> Result<(), CallError> {
    let user = UserName(name.to_owned());
    gone(DELETE_LOGIN_PROFILE, iam.delete_login_profile().user_name(name).send().await)?;
    for key in users::access_keys(iam, &user).await? {
        let delete = iam.delete_access_key().user_name(name).access_key_id(key.id.reveal());
        gone(DELETE_ACCESS_KEY, delete.send().await)?;
    }
    for one in users::side_credentials(iam, &user, SideKind::SigningCertificate).await? {
        let delete = iam.delete_signing_certificate().user_name(name);
        let delete = delete.certificate_id(one.credential.id);
        gone(DELETE_CERTIFICATE, delete.send().await)?;
    }
    for one in users::side_credentials(iam, &user, SideKind::SshKey).await? {
        let delete = iam.delete_ssh_public_key().user_name(name);
        gone(DELETE_SSH_KEY, delete.ssh_public_key_id(one.credential.id).send().await)?;
    }
    for one in users::side_credentials(iam, &user, SideKind::ServiceSpecific).await? {
        let delete = iam.delete_service_specific_credential().user_name(name);
        let delete = delete.service_specific_credential_id(one.credential.id);
        gone(DELETE_SERVICE_CREDENTIAL, delete.send().await)?;
    }
    for serial in users::mfa_devices(iam, &user).await? {
        let off = iam.deactivate_mfa_device().user_name(name).serial_number(&serial);
        gone(DEACTIVATE_MFA, off.send().await)?;
        // A key of hardware has nothing in IAM that could be deleted.
        if serial.contains(":mfa/") {
            let delete = iam.delete_virtual_mfa_device().serial_number(&serial);
            gone(DELETE_MFA, delete.send().await)?;
        }
    }
    Ok(())
}

async fn role(iam: &Client, name: &str, (policy_arn, inline_name): (&str, &str)) -> Deleted {
    for profile in roles::instance_profiles(iam, name).await? {
        let leave = iam.remove_role_from_instance_profile().role_name(name);
        gone(LEAVE_PROFILE, leave.instance_profile_name(profile).send().await)?;
    }
    for policy in roles::inline(iam, name).await?.keys().filter(|policy| *policy != inline_name) {
        delete_role_policy(iam, name, policy).await?;
    }
    for policy in roles::attached(iam, name).await?.iter().filter(|one| one.arn != policy_arn) {
        detach_role_policy(iam, name, &policy.arn).await?;
    }
    let boundary = iam.delete_role_permissions_boundary().role_name(name);
    gone(DELETE_ROLE_BOUNDARY, boundary.send().await)?;
    delete_role_policy(iam, name, inline_name).await?;
    detach_role_policy(iam, name, policy_arn).await?;
    last(DELETE_ROLE, iam.delete_role().role_name(name).send().await)
}

async fn delete_user_policy(iam: &Client, name: &str, policy: &str) -> Result<(), CallError> {
    let delete = iam.delete_user_policy().user_name(name).policy_name(policy);
    gone(DELETE_USER_POLICY, delete.send().await)
}

async fn detach_user_policy(iam: &Client, name: &str, arn: &str) -> Result<(), CallError> {
    let detach = iam.detach_user_policy().user_name(name).policy_arn(arn);
    gone(DETACH_USER_POLICY, detach.send().await)
}

async fn delete_role_policy(iam: &Client, name: &str, policy: &str) -> Result<(), CallError> {
    let delete = iam.delete_role_policy().role_name(name).policy_name(policy);
    gone(DELETE_ROLE_POLICY, delete.send().await)
}

async fn detach_role_policy(iam: &Client, name: &str, arn: &str) -> Result<(), CallError> {
    let detach = iam.detach_role_policy().role_name(name).policy_arn(arn);
    gone(DETACH_ROLE_POLICY, detach.send().await)
}

/// What is not there needs no removing.
pub(super) fn gone<T, E>(
    call: &str,
    sent: Result<T, SdkError<E, HttpResponse>>,
) -> Result<(), CallError>
where
    E: ProvideErrorMetadata + Error + 'static,
{
    match sent {
        Ok(_) => Ok(()),
        Err(error) if is_missing(&error) => Ok(()),
        Err(error) => Err(call_error(call, &error)),
    }
}

/// The call for which all the others were made.
pub(super) fn last<T, E>(call: &str, sent: Result<T, SdkError<E, HttpResponse>>) -> Deleted
where
    T: RequestId,
    E: ProvideErrorMetadata + Error + 'static,
{
    match sent {
        Ok(answer) => Ok(Ok(answer.request_id().map(str::to_owned))),
        Err(error)
            if matches!(code(&error), Some("DeleteConflict" | "DeleteConflictException")) =>
        {
            Ok(Err(call_error(call, &error)))
        }
        Err(error) => Err(call_error(call, &error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::clients::{ContainSettings, RoleSettings};
    use crate::aws::contain::AwsContain;
    use crate::aws::wire_fake::user as leaked_user;
    use crate::aws::wire_fake::{ACCOUNT, Answer, Seen, WireFake, deploy_role, tickets};
    use crate::domain::action::{Action, Change};
    use crate::ports::cloud::Contain;

    const DENY_ARN: &str = "arn:aws:iam::aws:policy/AWSDenyAll";
    const DENY_NAME: &str = "KeyleakDeny-1";
    const ASSUMED: &str = "<AssumeRoleResponse><AssumeRoleResult><Credentials>\
        <AccessKeyId>ASIAQNZGKIQY56JQ7WML</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
        <SessionToken>session-token</SessionToken><Expiration>2036-08-01T10:15:00Z</Expiration>\
        </Credentials></AssumeRoleResult></AssumeRoleResponse>";

    fn ok() -> Answer {
        Answer::ok("<R><ResponseMetadata><RequestId>request-1</RequestId></ResponseMetadata></R>")
    }

    fn listed(call: &str, members: &str) -> Answer {
        Answer::ok(&format!(
            "<{call}Response><{call}Result>{members}<IsTruncated>false</IsTruncated>\
             </{call}Result></{call}Response>"
        ))
    }

    fn attached(arns: &[&str]) -> Answer {
        let member = |arn: &&str| {
            format!("<member><PolicyName>p</PolicyName><PolicyArn>{arn}</PolicyArn></member>")
        };
        let members: String = arns.iter().map(member).collect();
        let members = format!("<AttachedPolicies>{members}</AttachedPolicies>");
        listed("ListAttachedRolePolicies", &members)
    }

    /// A role on which only the deny and another policy hang, up to the call that deletes it.
    fn stripping() -> Vec<Answer> {
        vec![
            listed("ListInstanceProfilesForRole", "<InstanceProfiles></InstanceProfiles>"),
            listed("ListRolePolicies", "<PolicyNames></PolicyNames>"),
            attached(&[DENY_ARN, "arn:aws:iam::aws:policy/AdministratorAccess"]),
            ok(),
            Answer::xml_error(404, "NoSuchEntity"),
            Answer::xml_error(404, "NoSuchEntity"),
            ok(),
        ]
    }

    fn role(name: &str) -> RoleSettings {
        let arn = format!("arn:aws:iam::{ACCOUNT}:role/{name}");
        RoleSettings { arn, external_id: None }
    }

    async fn delete_role(
        answers: Vec<Answer>,
        eradicating: bool,
    ) -> (Result<Applied, CallError>, Vec<Seen>) {
        deleted(deploy_role(), answers, eradicating).await
    }

    async fn deleted(
        on: Principal,
        answers: Vec<Answer>,
        eradicating: bool,
    ) -> (Result<Applied, CallError>, Vec<Seen>) {
        let fake = WireFake::start(answers);
        let config = fake.config().await;
        let contain = ContainSettings::Role(role("keyleak-contain"));
        let eradicate = role("keyleak-eradicate");
        let contain = AwsContain::new(&config, Some(&contain))
            .unwrap()
            .eradicating(&config, eradicating.then_some(&eradicate));
        let (policy_arn, inline_name) = (DENY_ARN.to_owned(), DENY_NAME.to_owned());
        let change = Change::Delete { policy_arn, inline_name };
        let ticket = tickets(vec![Action { on, change }]).await.remove(0);
        let outcome = contain.apply(&ticket).await;
        (outcome, fake.seen())
    }

    #[tokio::test]
    async fn the_deny_goes_after_everything_that_grants_and_the_role_after_the_deny() {
        let mut answers = vec![Answer::ok(ASSUMED)];
        answers.extend(stripping());
        answers.push(ok());
        let (outcome, seen) = delete_role(answers, true).await;
        assert_eq!(outcome.unwrap().how.as_deref(), Some("deleted"));
        let calls: Vec<String> = seen.iter().map(Seen::operation).collect();
        assert_eq!(
            calls,
            [
                "AssumeRole",
                "ListInstanceProfilesForRole",
                "ListRolePolicies",
                "ListAttachedRolePolicies",
                "DetachRolePolicy",
                "DeleteRolePermissionsBoundary",
                "DeleteRolePolicy",
                "DetachRolePolicy",
                "DeleteRole",
            ]
        );
        let arn = |at: usize| seen[at].parameter("PolicyArn").unwrap();
        assert!(arn(4).ends_with("AdministratorAccess"), "first what grants");
        assert_eq!(arn(7), DENY_ARN, "then the deny");
        let assumed = seen[0].parameter("RoleArn").unwrap();
        assert!(assumed.ends_with("role/keyleak-eradicate"), "{assumed}");
        let rights = seen[0].parameter("Policy").unwrap();
        assert!(rights.len() < 2_048 && !rights.contains("iam:DeleteUser\""), "{rights}");
    }

    /// A user with a password, a key, two second factors, two inline policies and a group.
    fn user_with_much() -> Vec<Answer> {
        const AT: &str = "2026-08-01T10:00:00Z";
        let key = format!(
            "<AccessKeyMetadata><member><UserName>ci-deploy</UserName><AccessKeyId>\
             AKIAQNZGKIQY56JQ7WML</AccessKeyId><Status>Inactive</Status><CreateDate>{AT}\
             </CreateDate></member></AccessKeyMetadata>"
        );
        let device = |serial: &str| {
            format!(
                "<member><UserName>ci-deploy</UserName><SerialNumber>arn:aws:iam::{ACCOUNT}:\
                 {serial}</SerialNumber><EnableDate>{AT}</EnableDate></member>"
            )
        };
        let devices =
            format!("<MFADevices>{}{}</MFADevices>", device("mfa/phone"), device("u2f/key"));
        let names =
            format!("<PolicyNames><member>{DENY_NAME}</member><member>all</member></PolicyNames>");
        let document = "<GetUserPolicyResponse><GetUserPolicyResult><UserName>ci-deploy</UserName>\
            <PolicyName>all</PolicyName><PolicyDocument>{}</PolicyDocument></GetUserPolicyResult>\
            </GetUserPolicyResponse>";
        let groups = format!(
            "<Groups><member><Path>/</Path><GroupName>admins</GroupName><GroupId>AGPA1</GroupId>\
             <Arn>arn:aws:iam::{ACCOUNT}:group/admins</Arn><CreateDate>{AT}</CreateDate></member>\
             </Groups>"
        );
        vec![
            Answer::ok(ASSUMED),
            ok(),
            listed("ListAccessKeys", &key),
            ok(),
            listed("ListSigningCertificates", "<Certificates></Certificates>"),
            listed("ListSSHPublicKeys", "<SSHPublicKeys></SSHPublicKeys>"),
            listed(
                "ListServiceSpecificCredentials",
                "<ServiceSpecificCredentials></ServiceSpecificCredentials>",
            ),
            listed("ListMFADevices", &devices),
            ok(),
            ok(),
            ok(),
            listed("ListUserPolicies", &names),
            Answer::ok(document),
            Answer::ok(document),
            ok(),
            listed("ListAttachedUserPolicies", "<AttachedPolicies></AttachedPolicies>"),
            listed("ListGroupsForUser", &groups),
            ok(),
            ok(),
            ok(),
            ok(),
            ok(),
        ]
    }

    #[tokio::test]
    async fn a_user_loses_its_credentials_then_its_rights_then_the_deny() {
        let (outcome, seen) = deleted(leaked_user(), user_with_much(), true).await;
        assert_eq!(outcome.unwrap().how.as_deref(), Some("deleted"));
        let calls: Vec<String> = seen.iter().map(Seen::operation).collect();
        let changes =
            calls.iter().filter(|call| !["List", "Get"].iter().any(|r| call.starts_with(r)));
        assert_eq!(
            changes.collect::<Vec<_>>(),
            [
                "AssumeRole",
                "DeleteLoginProfile",
                "DeleteAccessKey",
                "DeactivateMFADevice",
                "DeleteVirtualMFADevice",
                "DeactivateMFADevice",
                "DeleteUserPolicy",
                "RemoveUserFromGroup",
                "DeleteUserPermissionsBoundary",
                "DeleteUserPolicy",
                "DetachUserPolicy",
                "DeleteUser",
            ]
        );
        let policies = seen.iter().filter(|seen| seen.operation() == "DeleteUserPolicy");
        let policies: Vec<_> = policies.filter_map(|seen| seen.parameter("PolicyName")).collect();
        assert_eq!(policies, ["all", DENY_NAME], "the deny goes last");
        let rights = seen[0].parameter("Policy").unwrap();
        assert!(rights.len() < 2_048 && rights.contains(":group/*"), "{rights}");
    }

    #[tokio::test]
    async fn a_conflict_is_tried_a_few_times_and_says_what_is_in_the_way() {
        let mut answers = vec![Answer::ok(ASSUMED)];
        for _ in 0..ROUNDS_MAX {
            answers.extend(stripping());
            answers.push(Answer::xml_error(409, "DeleteConflict"));
        }
        let (outcome, _) = delete_role(answers, true).await;
        let error = outcome.unwrap_err();
        assert_eq!((error.class, error.call.as_str()), (CallClass::Conflict, DELETE_ROLE));
        assert!(error.message.contains("still hangs on role deploy after 3 rounds"), "{error}");
    }

    #[tokio::test]
    async fn a_role_that_is_gone_already_is_not_found() {
        let gone = || Answer::xml_error(404, "NoSuchEntity");
        let (outcome, _) = delete_role(vec![Answer::ok(ASSUMED), gone()], true).await;
        assert_eq!(outcome.unwrap_err().class, CallClass::NotFound);
    }

    #[tokio::test]
    async fn without_a_role_that_deletes_nothing_is_even_asked() {
        let (outcome, seen) = delete_role(Vec::new(), false).await;
        let error = outcome.unwrap_err();
        assert_eq!((error.class, seen.len()), (CallClass::Denied, 0));
        assert!(error.message.contains("aws.eradicate_role"), "{error}");
    }
}
