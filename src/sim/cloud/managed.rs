//! The policies of AWS's own that this account knows, by ARN.

/// Everything is allowed.
pub const ADMINISTRATOR: &str = "arn:aws:iam::aws:policy/AdministratorAccess";
/// Reads are allowed.
pub const READ_ONLY: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";
/// Everything is denied.
pub const DENY_ALL: &str = "arn:aws:iam::aws:policy/AWSDenyAll";
/// What AWS attaches to users whose key it finds in public: a brake on fraud, no containment.
pub const QUARANTINE: &str = "arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3";

/// ARN and document of each.
pub(super) const DOCUMENTS: [(&str, &str); 4] = [
    (
        ADMINISTRATOR,
        r#"{"Version":"2012-10-17","Statement":[
            {"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
    ),
    (
        READ_ONLY,
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[
            "iam:Get*","iam:List*","s3:Get*","s3:List*","ec2:Describe*","sts:GetAccessKeyInfo"
            ],"Resource":"*"}]}"#,
    ),
    (
        DENY_ALL,
        r#"{"Version":"2012-10-17","Statement":[
            {"Sid":"DenyAll","Effect":"Deny","Action":["*"],"Resource":["*"]}]}"#,
    ),
    (
        QUARANTINE,
        // The part of version 3 that calls of this account can meet; DeleteUserPolicy and
        // AssumeRole are really not among what it denies.
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":[
            "cloudtrail:LookupEvents","ec2:RequestSpotInstances","ec2:RunInstances",
            "ec2:StartInstances","iam:AddUserToGroup","iam:AttachGroupPolicy",
            "iam:AttachRolePolicy","iam:AttachUserPolicy","iam:ChangePassword",
            "iam:CreateAccessKey","iam:CreateInstanceProfile","iam:CreateLoginProfile",
            "iam:CreatePolicyVersion","iam:CreateRole","iam:CreateUser","iam:DeleteAccessKey",
            "iam:DetachUserPolicy","iam:PassRole","iam:PutGroupPolicy","iam:PutRolePolicy",
            "iam:PutUserPermissionsBoundary","iam:PutUserPolicy",
            "iam:SetDefaultPolicyVersion","iam:UpdateAccessKey",
            "iam:UpdateAccountPasswordPolicy","iam:UpdateAssumeRolePolicy",
            "iam:UpdateLoginProfile","iam:UpdateUser","lambda:CreateFunction",
            "lambda:UpdateFunctionCode","organizations:CreateAccount",
            "organizations:LeaveOrganization","s3:DeleteBucket","s3:DeleteObject",
            "s3:GetObject","s3:ListAllMyBuckets","s3:ListBucket","s3:PutBucketPolicy",
            "ses:GetSendQuota","ses:ListIdentities","sns:GetSMSAttributes",
            "sts:GetFederationToken","sts:GetSessionToken"],"Resource":["*"]}]}"#,
    ),
];
