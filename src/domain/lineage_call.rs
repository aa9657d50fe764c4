//! The calls that make, open, host or end something an actor can act as, and what each does.

/// The calls pass one keeps one by one, as (event source, event names): everything else is only
/// counted per caller. The same name means other things elsewhere (`CreateUser` in ten services).
pub const LINEAGE_CALLS: &[(&str, &[&str])] = &[
    (
        "iam.amazonaws.com",
        &[
            "CreateAccessKey",
            "CreateLoginProfile",
            "CreateOpenIDConnectProvider",
            "CreateRole",
            "CreateSAMLProvider",
            "CreateServiceSpecificCredential",
            "CreateUser",
            "DeleteAccessKey",
            "DeleteRole",
            "DeleteServiceSpecificCredential",
            "DeleteSSHPublicKey",
            "DeleteSigningCertificate",
            "DeleteUser",
            "UpdateAccessKey",
            "UpdateAssumeRolePolicy",
            "UpdateLoginProfile",
            "UpdateSAMLProvider",
            "UpdateSSHPublicKey",
            "UpdateServiceSpecificCredential",
            "UpdateSigningCertificate",
            "UpdateUser",
            "UploadSSHPublicKey",
            "UploadSigningCertificate",
        ],
    ),
    (
        "sts.amazonaws.com",
        &[
            "AssumeRole",
            "AssumeRoleWithSAML",
            "AssumeRoleWithWebIdentity",
            "AssumeRoot",
            "GetFederationToken",
            "GetSessionToken",
        ],
    ),
    ("signin.amazonaws.com", &["ConsoleLogin", "GetSigninToken", "SwitchRole"]),
    ("rolesanywhere.amazonaws.com", &["CreateSession", "CreateTrustAnchor", "UpdateTrustAnchor"]),
    ("eks-auth.amazonaws.com", &["AssumeRoleForPodIdentity"]),
    ("cognito-identity.amazonaws.com", &["GetCredentialsForIdentity"]),
    ("sso.amazonaws.com", &["GetRoleCredentials"]),
    (
        "ec2.amazonaws.com",
        &["AssociateIamInstanceProfile", "ReplaceIamInstanceProfileAssociation", "RunInstances"],
    ),
    (
        "lambda.amazonaws.com",
        &[
            "CreateFunction20150331",
            "UpdateFunctionCode20150331",
            "UpdateFunctionCode20150331v2",
            "UpdateFunctionConfiguration20150331",
            "UpdateFunctionConfiguration20150331v2",
        ],
    ),
    ("ssm.amazonaws.com", &["SendCommand", "StartSession"]),
    ("ec2-instance-connect.amazonaws.com", &["SendSSHPublicKey", "SendSerialConsoleSSHPublicKey"]),
];

/// What a call does to a lineage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calls {
    /// Makes a credential.
    Mint,
    /// Makes a principal.
    Create,
    /// Opens a principal that exists.
    TakeOver,
    /// Opens a console session.
    SignIn,
    /// Makes a token that opens a console session.
    SignInToken,
    /// Makes, or changes, a provider whose word opens roles.
    Provide,
    /// Starts a host that gets credentials of its own.
    Launch,
    /// Changes what runs on a host, or as whom.
    Alter,
    /// Reaches into a host, where its credentials can be read.
    Enter,
    /// Ends, or switches, a credential or principal.
    End,
    /// Gives a user another name, or another path.
    Rename,
    /// Nothing.
    Other,
}

impl Calls {
    /// Classifies a call that is in `LINEAGE_CALLS`; the empty name is a summary row.
    pub fn of(event_name: &str) -> Self {
        match event_name {
            "CreateUser" | "CreateRole" => Self::Create,
            "CreateLoginProfile" | "UpdateLoginProfile" | "UpdateAssumeRolePolicy" => {
                Self::TakeOver
            }
            "ConsoleLogin" | "SwitchRole" => Self::SignIn,
            "CreateSAMLProvider"
            | "UpdateSAMLProvider"
            | "CreateOpenIDConnectProvider"
            | "CreateTrustAnchor"
            | "UpdateTrustAnchor" => Self::Provide,
            "RunInstances" | "CreateFunction20150331" => Self::Launch,
            "SendCommand"
            | "StartSession"
            | "SendSSHPublicKey"
            | "SendSerialConsoleSSHPublicKey" => Self::Enter,
            "DeleteAccessKey"
            | "DeleteRole"
            | "DeleteServiceSpecificCredential"
            | "DeleteSSHPublicKey"
            | "DeleteSigningCertificate"
            | "DeleteUser"
            | "UpdateAccessKey"
            | "UpdateSSHPublicKey"
            | "UpdateServiceSpecificCredential"
            | "UpdateSigningCertificate" => Self::End,
            "UpdateUser" => Self::Rename,
            "GetSigninToken" => Self::SignInToken,
            "" => Self::Other,
            name if name.starts_with("UpdateFunction") || name.ends_with("ProfileAssociation") => {
                Self::Alter
            }
            "AssociateIamInstanceProfile" => Self::Alter,
            _ => Self::Mint,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_call_does_something_and_only_the_known_mints_mint() {
        let names = LINEAGE_CALLS.iter().flat_map(|(_, names)| names.iter().copied());
        let mints: Vec<&str> =
            names.clone().filter(|name| Calls::of(name) == Calls::Mint).collect();
        assert_eq!(
            mints,
            [
                "CreateAccessKey",
                "CreateServiceSpecificCredential",
                "UploadSSHPublicKey",
                "UploadSigningCertificate",
                "AssumeRole",
                "AssumeRoleWithSAML",
                "AssumeRoleWithWebIdentity",
                "AssumeRoot",
                "GetFederationToken",
                "GetSessionToken",
                "CreateSession",
                "AssumeRoleForPodIdentity",
                "GetCredentialsForIdentity",
                "GetRoleCredentials",
            ]
        );
        assert!(names.into_iter().all(|name| Calls::of(name) != Calls::Other));
    }
}
