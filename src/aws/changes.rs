//! The calls that change an account: each action's own, each harmless to repeat.

use crate::aws::eradicate;
use crate::aws::error::{call_error, code};
use crate::domain::action::{Action, Change, DENY_ALL_DOCUMENT, SideCredential, SideKind};
use crate::domain::ids::AccessKeyId;
use crate::domain::principal::{Principal, PrincipalKind};
use crate::domain::revocation::Revocation;
use crate::domain::step_result::StepResult;
use crate::ports::cloud::{Applied, CallClass, CallError};
use aws_sdk_iam::Client;
use aws_sdk_iam::operation::RequestId;
use aws_sdk_iam::types::{StatusType, Tag};
use jiff::Timestamp;

const ATTACH_USER_POLICY: &str = "iam:AttachUserPolicy";
const ATTACH_ROLE_POLICY: &str = "iam:AttachRolePolicy";
const PUT_USER_POLICY: &str = "iam:PutUserPolicy";
const PUT_ROLE_POLICY: &str = "iam:PutRolePolicy";
const PUT_USER_BOUNDARY: &str = "iam:PutUserPermissionsBoundary";
const PUT_ROLE_BOUNDARY: &str = "iam:PutRolePermissionsBoundary";
const DETACH_USER_POLICY: &str = "iam:DetachUserPolicy";
const DETACH_ROLE_POLICY: &str = "iam:DetachRolePolicy";
const DELETE_USER_POLICY: &str = "iam:DeleteUserPolicy";
const DELETE_ROLE_POLICY: &str = "iam:DeleteRolePolicy";
const DELETE_USER_BOUNDARY: &str = "iam:DeleteUserPermissionsBoundary";
const DELETE_ROLE_BOUNDARY: &str = "iam:DeleteRolePermissionsBoundary";
const UPDATE_ACCESS_KEY: &str = "iam:UpdateAccessKey";
const UPDATE_SERVICE_CREDENTIAL: &str = "iam:UpdateServiceSpecificCredential";
const UPDATE_SSH_KEY: &str = "iam:UpdateSSHPublicKey";
const UPDATE_CERTIFICATE: &str = "iam:UpdateSigningCertificate";
const UPDATE_TRUST: &str = "iam:UpdateAssumeRolePolicy";
const TAG_USER: &str = "iam:TagUser";
const TAG_ROLE: &str = "iam:TagRole";
const UNTAG_USER: &str = "iam:UntagUser";
const UNTAG_ROLE: &str = "iam:UntagRole";

/// `aws::resources` and `aws::key_making` have theirs.
const NOT_IAM: &str = "what is changed of a resource or a secret is no call of IAM";

/// Every IAM action that this file calls with the contain role; `manifests/iam/contain.json`
/// allows these.
pub const CALLS: &[&str] = &[
    ATTACH_USER_POLICY,
    ATTACH_ROLE_POLICY,
    PUT_USER_POLICY,
    PUT_ROLE_POLICY,
    PUT_USER_BOUNDARY,
    PUT_ROLE_BOUNDARY,
    DETACH_USER_POLICY,
    DETACH_ROLE_POLICY,
    DELETE_USER_POLICY,
    DELETE_ROLE_POLICY,
    DELETE_USER_BOUNDARY,
    DELETE_ROLE_BOUNDARY,
    UPDATE_ACCESS_KEY,
    UPDATE_SERVICE_CREDENTIAL,
    UPDATE_SSH_KEY,
    UPDATE_CERTIFICATE,
    UPDATE_TRUST,
    TAG_USER,
    TAG_ROLE,
    UNTAG_USER,
    UNTAG_ROLE,
];

/// Sends a request and gives the id that AWS knows it by.
macro_rules! send {
    ($call:expr, $request:expr) => {
        match $request.send().await {
            Ok(answer) => Ok(answer.request_id().map(str::to_owned)),
            Err(error) => Err((call_error($call, &error), code(&error).map(str::to_owned))),
        }
    };
}

/// A request id, or the error and AWS's own code for it.
type Sent = Result<Option<String>, (CallError, Option<String>)>;

/// Carries an action out; `began` is when its intent was written.
pub(super) async fn carry_out(
    iam: &Client,
    action: &Action,
    began: Timestamp,
) -> Result<Applied, CallError> {
    let on = &action.on;
    match &action.change {
        Change::Deny { policy_arn, inline_name } => deny(iam, on, policy_arn, inline_name).await,
        Change::LiftDeny { policy_arn, inline_name } => {
            lift(iam, on, policy_arn, inline_name).await
        }
        Change::DeactivateKey { key } => set_key(iam, on, key, StatusType::Inactive).await,
        Change::ActivateKey { key } => set_key(iam, on, key, StatusType::Active).await,
        Change::DeactivateCredential { credential } => {
            set_side(iam, on, credential, StatusType::Inactive).await
        }
        Change::ActivateCredential { credential } => {
            set_side(iam, on, credential, StatusType::Active).await
        }
        Change::RevokeSessions { sessions, until, inline_name } => {
            let revocation = Revocation::at(sessions.clone(), *until, began);
            let document = revocation.document();
            done(None, put_inline(iam, on, (inline_name, &document)).await)
        }
        Change::LiftRevocation { inline_name } => {
            done(None, delete_inline(iam, on, inline_name).await)
        }
        Change::PutTrust { document } => {
            let put = iam.update_assume_role_policy().role_name(&on.name);
            done(None, send!(UPDATE_TRUST, put.policy_document(document)))
        }
        Change::Quarantine { tag, value } => done(None, put_tag(iam, on, (tag, value)).await),
        Change::LiftQuarantine { tag } => done(None, take_tag_off(iam, on, tag).await),
        Change::SetBoundary { boundary: Some(arn) } => done(None, put_boundary(iam, on, arn).await),
        Change::SetBoundary { boundary: None } => done(None, delete_boundary(iam, on).await),
        Change::Delete { policy_arn, inline_name } => {
            eradicate::delete(iam, on, (policy_arn, inline_name)).await
        }
        Change::MakeKey { .. } | Change::Resource { .. } | Change::DeleteResource => {
            Err(CallError::new(CallClass::Other, "the step", NOT_IAM))
        }
    }
}

async fn put_tag(iam: &Client, on: &Principal, (key, value): (&str, &str)) -> Sent {
    let tag = Tag::builder().key(key).value(value).build();
    let tag = tag.map_err(|error| {
        (CallError::new(CallClass::Other, "iam:TagUser", error.to_string()), None)
    })?;
    match on.kind {
        PrincipalKind::User => send!(TAG_USER, iam.tag_user().user_name(&on.name).tags(tag)),
        PrincipalKind::Role | PrincipalKind::Resource => {
            send!(TAG_ROLE, iam.tag_role().role_name(&on.name).tags(tag))
        }
    }
}

async fn take_tag_off(iam: &Client, on: &Principal, key: &str) -> Sent {
    match on.kind {
        PrincipalKind::User => {
            send!(UNTAG_USER, iam.untag_user().user_name(&on.name).tag_keys(key))
        }
        PrincipalKind::Role | PrincipalKind::Resource => {
            send!(UNTAG_ROLE, iam.untag_role().role_name(&on.name).tag_keys(key))
        }
    }
}

/// Attached if there is room for one more, else inline, else as the boundary: an explicit deny in
/// a boundary denies as any other does. Nothing is detached to make room.
async fn deny(
    iam: &Client,
    on: &Principal,
    policy_arn: &str,
    inline_name: &str,
) -> Result<Applied, CallError> {
    let not_attached = match attach(iam, on, policy_arn).await {
        Err((error, code)) if is_not_attachable(code.as_deref()) => error,
        other => return done(Some("attached"), other),
    };
    let not_inline = match put_inline(iam, on, (inline_name, DENY_ALL_DOCUMENT)).await {
        Err((error, _)) if error.class == CallClass::LimitExceeded => error,
        other => return done(Some(StepResult::INLINE), other),
    };
    match put_boundary(iam, on, policy_arn).await {
        Ok(request_id) => done(Some(StepResult::AS_BOUNDARY), Ok(request_id)),
        Err((error, _)) if error.class.retryable() => Err(error),
        Err((error, _)) => Err(CallError {
            // Not being there is said of the policy, and must not pass for a user that is gone.
            class: CallClass::LimitExceeded,
            message: format!(
                "{on} has no room for a deny: neither attached ({}) nor inline ({}) nor as the \
                 boundary ({}); detach or delete one of its policies by hand, then press \
                 Containment again for a plan with this step",
                not_attached.message, not_inline.message, error.message
            ),
            ..error
        }),
    }
}

/// The way round a full list of attachments, or a policy that this account does not know.
fn is_not_attachable(code: Option<&str>) -> bool {
    matches!(
        code,
        Some(
            "LimitExceeded"
                | "LimitExceededException"
                | "NoSuchEntity"
                | "NoSuchEntityException"
                | "PolicyNotAttachable"
                | "PolicyNotAttachableException"
        )
    )
}

async fn lift(
    iam: &Client,
    on: &Principal,
    policy_arn: &str,
    inline_name: &str,
) -> Result<Applied, CallError> {
    let detached = gone_already(detach(iam, on, policy_arn).await)?;
    let deleted = gone_already(delete_inline(iam, on, inline_name).await)?;
    Ok(match (detached, deleted) {
        (Some(request_id), _) => applied("detached", request_id),
        (None, Some(request_id)) => applied("inline deleted", request_id),
        (None, None) => applied(StepResult::NOT_THERE, None),
    })
}

/// What is not there needs no removing.
fn gone_already(sent: Sent) -> Result<Option<Option<String>>, CallError> {
    match sent {
        Ok(request_id) => Ok(Some(request_id)),
        Err((error, _)) if error.class == CallClass::NotFound => Ok(None),
        Err((error, _)) => Err(error),
    }
}

async fn attach(iam: &Client, on: &Principal, policy_arn: &str) -> Sent {
    match on.kind {
        PrincipalKind::User => {
            let attach = iam.attach_user_policy().user_name(&on.name);
            send!(ATTACH_USER_POLICY, attach.policy_arn(policy_arn))
        }
        PrincipalKind::Role | PrincipalKind::Resource => {
            let attach = iam.attach_role_policy().role_name(&on.name);
            send!(ATTACH_ROLE_POLICY, attach.policy_arn(policy_arn))
        }
    }
}

async fn detach(iam: &Client, on: &Principal, policy_arn: &str) -> Sent {
    match on.kind {
        PrincipalKind::User => {
            let detach = iam.detach_user_policy().user_name(&on.name);
            send!(DETACH_USER_POLICY, detach.policy_arn(policy_arn))
        }
        PrincipalKind::Role | PrincipalKind::Resource => {
            let detach = iam.detach_role_policy().role_name(&on.name);
            send!(DETACH_ROLE_POLICY, detach.policy_arn(policy_arn))
        }
    }
}

async fn put_inline(iam: &Client, on: &Principal, (name, document): (&str, &str)) -> Sent {
    match on.kind {
        PrincipalKind::User => {
            let put = iam.put_user_policy().user_name(&on.name).policy_name(name);
            send!(PUT_USER_POLICY, put.policy_document(document))
        }
        PrincipalKind::Role | PrincipalKind::Resource => {
            let put = iam.put_role_policy().role_name(&on.name).policy_name(name);
            send!(PUT_ROLE_POLICY, put.policy_document(document))
        }
    }
}

async fn delete_inline(iam: &Client, on: &Principal, name: &str) -> Sent {
    match on.kind {
        PrincipalKind::User => {
            let delete = iam.delete_user_policy().user_name(&on.name);
            send!(DELETE_USER_POLICY, delete.policy_name(name))
        }
        PrincipalKind::Role | PrincipalKind::Resource => {
            let delete = iam.delete_role_policy().role_name(&on.name);
            send!(DELETE_ROLE_POLICY, delete.policy_name(name))
        }
    }
}

async fn put_boundary(iam: &Client, on: &Principal, policy_arn: &str) -> Sent {
    match on.kind {
        PrincipalKind::User => {
            let put = iam.put_user_permissions_boundary().user_name(&on.name);
            send!(PUT_USER_BOUNDARY, put.permissions_boundary(policy_arn))
        }
        PrincipalKind::Role | PrincipalKind::Resource => {
            let put = iam.put_role_permissions_boundary().role_name(&on.name);
            send!(PUT_ROLE_BOUNDARY, put.permissions_boundary(policy_arn))
        }
    }
}

async fn delete_boundary(iam: &Client, on: &Principal) -> Sent {
    match on.kind {
        PrincipalKind::User => {
            let delete = iam.delete_user_permissions_boundary();
            send!(DELETE_USER_BOUNDARY, delete.user_name(&on.name))
        }
        PrincipalKind::Role | PrincipalKind::Resource => {
            let delete = iam.delete_role_permissions_boundary();
            send!(DELETE_ROLE_BOUNDARY, delete.role_name(&on.name))
        }
    }
}

async fn set_key(
    iam: &Client,
    on: &Principal,
    key: &AccessKeyId,
    status: StatusType,
) -> Result<Applied, CallError> {
    let update = iam.update_access_key().user_name(&on.name);
    let update = update.access_key_id(key.reveal()).status(status);
    done(None, send!(UPDATE_ACCESS_KEY, update))
}

async fn set_side(
    iam: &Client,
    on: &Principal,
    credential: &SideCredential,
    status: StatusType,
) -> Result<Applied, CallError> {
    let id = &credential.id;
    let sent = match credential.kind {
        SideKind::ServiceSpecific => {
            let update = iam.update_service_specific_credential().user_name(&on.name);
            let update = update.service_specific_credential_id(id).status(status);
            send!(UPDATE_SERVICE_CREDENTIAL, update)
        }
        SideKind::SshKey => {
            let update = iam.update_ssh_public_key().user_name(&on.name);
            send!(UPDATE_SSH_KEY, update.ssh_public_key_id(id).status(status))
        }
        SideKind::SigningCertificate => {
            let update = iam.update_signing_certificate().user_name(&on.name);
            send!(UPDATE_CERTIFICATE, update.certificate_id(id).status(status))
        }
    };
    done(None, sent)
}

fn done(how: Option<&str>, sent: Sent) -> Result<Applied, CallError> {
    match sent {
        Ok(request_id) => Ok(Applied { how: how.map(str::to_owned), request_id }),
        Err((error, _)) => Err(error),
    }
}

fn applied(how: &str, request_id: Option<String>) -> Applied {
    Applied { how: Some(how.to_owned()), request_id }
}
