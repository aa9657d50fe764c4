//! What people do where no step of keyleak can: plain instructions, in the order that matters.

use crate::domain::signer::Signer;

/// For root's key: in a member account from outside, elsewhere by root alone.
const ROOT: [&str; 9] = [
    "In a member account of an organization:",
    "1. Attach a service control policy to the account that denies * where aws:PrincipalArn is \
     like arn:aws:iam::*:root. It ends what root's keys and sessions can do; undo: detach it.",
    "2. With the management account's credentials, at a regional endpoint of STS: aws sts \
     assume-root --target-principal ACCOUNT --task-policy-arn \
     arn=arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials; with what it gives, \
     aws iam list-access-keys.",
    "3. The same with IAMDeleteRootUserCredentials; with what that gives, aws iam \
     delete-access-key, and delete-login-profile or deactivate-mfa-device where the actor \
     changed them. Undo: none, a deleted key does not come back.",
    "In a management account, or without an organization (such a policy does not bind it):",
    "4. Sign in as root; under Security credentials make the key inactive (undo: make it active). \
     Then change root's password, look at its MFA devices, and delete the key. Nobody at hand who \
     can: open a case with AWS Support.",
    "What cannot be done: no policy of IAM binds root, nobody else in the account can make the key \
     inactive, and sessions that root opened end by that service control policy or after 1 hour.",
    "Afterwards look for users, roles and keys that root made, and open a case for each key.",
    "Key and sessions go on until one of these is done.",
];

/// The root user's key, or a session of root: the first line is why, the others are what to do.
pub fn root(arn: &str) -> String {
    let account = arn.split(':').nth(4).unwrap_or_default();
    let why = format!("the key is the root user's of account {account}, which keyleak cannot stop");
    [vec![why.as_str()], ROOT.to_vec()].concat().join("\n")
}

/// A long-term key that may be root's: for that case the same instructions, said to be for it.
pub fn perhaps_root(why: &str) -> String {
    let why = format!("{why}; the root user has access keys, so that it may be one of them");
    let check = "A record of CloudTrail with the key tells, and so does root's page of Security \
                 credentials. If it is root's:";
    [vec![why.as_str(), check], ROOT.to_vec()].concat().join("\n")
}

/// A person of Identity Center: the order is AWS's, and the wrong one loses the sessions.
pub fn identity_center(signer: &Signer) -> String {
    [
        &format!(
            "the key is a session of a person of IAM Identity Center ({}). AWS lets nobody change \
             such a role from IAM, so that keyleak does not touch it",
            signer.arn
        ),
        "Do this in the account of Identity Center, in this order:",
        "1. Find the person's user id (Identity Center, Users; the session's name is their user \
         name).",
        "2. Attach a service control policy to the accounts that denies * where \
         identitystore:UserId is that id. It ends what every session of theirs can do.",
        "3. Remove the person's assignments and group memberships.",
        "4. With an external identity provider: disable the person there.",
        "5. Delete the person's active sessions. Do this BEFORE the next step: sessions of a \
         disabled user can no longer be deleted in the console.",
        "6. Disable the user.",
        "7. Keep the deny for 12 hours at least: so long sessions of roles can live on.",
        "Undo: detach the policy, enable the user and assign again what was removed.",
        "Never edit or delete the AWSReservedSSO role itself.",
    ]
    .join("\n")
}

/// A session of which the trail does not tell whose it is.
pub fn session_unknown(why: &str) -> String {
    [
        &format!(
            "a session's key cannot be made inactive, and whose session it is is not known: {why}"
        ),
        "CloudTrail tells of calls some 5 minutes late, seldom more than 20. The plan is made by \
         itself once a record names the key; press Containment to have the trail read again.",
        "Where you know whose it is, do not wait: of a user, aws iam attach-user-policy with \
         arn:aws:iam::aws:policy/AWSDenyAll; of a role, Revoke active sessions in the console of \
         IAM.",
        "A name that looks alike is no proof: the session of another would be ended, and this \
         one would go on.",
    ]
    .join("\n")
}
