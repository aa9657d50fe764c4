//! Where in a record's JSON parts each extracted column lies; the Athena queries follow this table.

use crate::trail::paths::Part::{Additional, Request, Response};
use crate::trail::paths::Paths;

pub const MINTED_KEY: Paths = &[
    (Response, "credentials.accessKeyId"),
    (Response, "accessKey.accessKeyId"),
    (Response, "serviceSpecificCredential.serviceSpecificCredentialId"),
    (Response, "credentialSet[0].credentials.accessKeyId"),
    (Response, "roleCredentials.accessKeyId"),
    (Response, "sSHPublicKey.sSHPublicKeyId"),
    (Response, "certificate.certificateId"),
];
pub const MINTED_ARN: Paths = &[
    (Response, "assumedRoleUser.arn"),
    (Response, "federatedUser.arn"),
    (Response, "credentialSet[0].assumedRoleUser.arn"),
    (Response, "user.arn"),
    (Response, "role.arn"),
];
pub const MINTED_PRINCIPAL_ID: Paths = &[
    (Response, "assumedRoleUser.assumedRoleId"),
    (Response, "federatedUser.federatedUserId"),
    (Response, "credentialSet[0].assumedRoleUser.assumedRoleId"),
    (Response, "user.userId"),
    (Response, "role.roleId"),
];
pub const MINTED_EXPIRES: Paths = &[
    (Response, "credentials.expiration"),
    (Response, "credentialSet[0].credentials.expiration"),
    (Response, "roleCredentials.expiration"),
];
pub const TARGET_USER: Paths = &[
    (Request, "userName"),
    (Response, "accessKey.userName"),
    (Response, "user.userName"),
    (Response, "loginProfile.userName"),
    (Response, "serviceSpecificCredential.userName"),
    (Response, "sSHPublicKey.userName"),
    (Response, "certificate.userName"),
];
pub const NEW_NAME: Paths = &[(Request, "newUserName")];
pub const TARGET_ROLE: Paths =
    &[(Request, "roleArn"), (Request, "roleName"), (Response, "role.arn")];
pub const TARGET_GROUP: Paths = &[(Request, "groupName")];
pub const TARGET_POLICY: Paths =
    &[(Request, "policyArn"), (Request, "policyName"), (Response, "policy.arn")];
pub const TARGET_KEY: Paths = &[
    (Request, "accessKeyId"),
    (Request, "serviceSpecificCredentialId"),
    (Request, "sSHPublicKeyId"),
    (Request, "certificateId"),
];
pub const ORIGIN_ARN: Paths = &[
    (Request, "principalArn"),
    (Request, "trustAnchorArn"),
    (Response, "trustAnchor.trustAnchorArn"),
    (Response, "sAMLProviderArn"),
    (Response, "openIDConnectProviderArn"),
    (Request, "sAMLProviderArn"),
    (Additional, "SwitchFrom"),
];
pub const FUNCTION: Paths = &[(Request, "functionName")];
pub const TARGET_STATUS: Paths = &[(Request, "status")];
pub const SESSION_NAME: Paths = &[(Request, "roleSessionName")];
pub const BUCKET: Paths = &[(Request, "bucketName")];
pub const OBJECT_KEY: Paths = &[(Request, "key")];
pub const BYTES_OUT: Paths = &[(Additional, "bytesTransferredOut")];
pub const BYTES_IN: Paths = &[(Additional, "bytesTransferredIn")];
pub const CONSOLE_RESULT: Paths = &[(Response, "ConsoleLogin"), (Response, "SwitchRole")];
pub const MFA_USED: Paths = &[(Additional, "MFAUsed")];
/// Who is let in, or given something: an account, a group, a network, a bucket elsewhere.
pub const GRANTED_TO: Paths = &[
    (Request, "createVolumePermission.add.items[0].userId"),
    (Request, "createVolumePermission.add.items[0].group"),
    (Request, "launchPermission.add.items[0].userId"),
    (Request, "launchPermission.add.items[0].group"),
    (Request, "valuesToAdd[0]"),
    (Request, "ipPermissions.items[0].ipRanges.items[0].cidrIp"),
    (Request, "ipPermissions.items[0].ipv6Ranges.items[0].cidrIpv6"),
    (Request, "cidrIp"),
    (Request, "principal"),
    (Request, "principalArn"),
    (Request, "ReplicationConfiguration.Rule.Destination.Bucket"),
    (Request, "bucketPolicy.Statement[0].Principal.AWS"),
    (Request, "bucketPolicy.Statement[0].Principal"),
    (Request, "x-amz-acl[0]"),
];
/// The role a service is handed.
pub const PASSED_ROLE: Paths = &[
    (Request, "iamInstanceProfile.arn"),
    (Request, "iamInstanceProfile.name"),
    (Request, "AssociateIamInstanceProfileRequest.IamInstanceProfile.Name"),
    (Request, "role"),
    (Request, "roleARN"),
    (Request, "executionRoleArn"),
    (Request, "taskRoleArn"),
    (Request, "serviceRole"),
    (Request, "serviceRoleArn"),
    (Request, "roleArns[0]"),
];
/// A policy or trust document as it was sent.
pub const DOCUMENT: Paths =
    &[(Request, "policyDocument"), (Request, "assumeRolePolicyDocument"), (Request, "policy")];
pub const INSTANCE_TYPE: Paths = &[
    (Request, "instanceType"),
    (Request, "dBInstanceClass"),
    (Request, "CreateLaunchTemplateRequest.LaunchTemplateData.InstanceType"),
    (Request, "resourceConfig.instanceType"),
    (Request, "bundleId"),
];
pub const QUANTITY: Paths = &[
    (Request, "instancesSet.items[0].maxCount"),
    (Request, "desiredCapacity"),
    (Request, "desiredCount"),
    (Request, "count"),
];
pub const MODEL: Paths = &[(Request, "modelId")];
pub const TOKENS_IN: Paths = &[(Additional, "inputTokens")];
pub const TOKENS_OUT: Paths = &[(Additional, "outputTokens")];
pub const BEARER_TOKEN: Paths = &[(Additional, "callWithBearerToken")];
/// An encryption key of the caller's own, which AWS never keeps.
pub const SSE_CUSTOMER: Paths = &[(Request, "x-amz-server-side-encryption-customer-algorithm")];
pub const KMS_KEY: Paths = &[
    (Request, "x-amz-server-side-encryption-aws-kms-key-id"),
    (Request, "kmsKeyId"),
    (Request, "keyId"),
];
/// What else tells one change from another.
pub const DETAIL: Paths = &[
    (Request, "newUserName"),
    (Request, "newGroupName"),
    (Request, "newPath"),
    (Request, "VersioningConfiguration.Status"),
    (Request, "LifecycleConfiguration.Rule.Expiration.Days"),
    (Request, "disableApiTermination.value"),
    (Request, "attributeName"),
    (Request, "attributeType"),
    (Request, "attribute"),
    (Request, "withDecryption"),
    (Request, "quotaCode"),
    (Request, "documentName"),
    (Request, "serviceName"),
    (Request, "aWSServiceName"),
    (Request, "pendingWindowInDays"),
    (Request, "instanceOSUser"),
    (Request, "qualifier"),
    (Request, "packageType"),
    (Request, "name"),
];
/// After the `resources` list of the record: what was made first, then the most telling name.
pub const RESOURCE: Paths = &[
    (Response, "instancesSet.items[0].instanceId"),
    (Response, "subnet.subnetId"),
    (Response, "routeTable.routeTableId"),
    (Response, "internetGateway.internetGatewayId"),
    (Response, "networkInterface.networkInterfaceId"),
    (Response, "CreateNatGatewayResponse.natGateway.natGatewayId"),
    (Response, "DeleteNatGatewayResponse.natGatewayId"),
    (Response, "CreateLaunchTemplateResponse.launchTemplate.launchTemplateId"),
    (Response, "CreateFlowLogsResponse.flowLogIdSet.item"),
    (Response, "trustAnchor.trustAnchorId"),
    (Response, "profile.profileId"),
    (Response, "uUID"),
    (Response, "service.serviceArn"),
    (Response, "vpc.vpcId"),
    (Response, "snapshotId"),
    (Response, "imageId"),
    (Response, "allocationId"),
    (Request, "userName"),
    (Request, "roleName"),
    (Request, "roleArn"),
    (Request, "policyArn"),
    (Request, "instanceProfileName"),
    (Request, "functionName"),
    (Request, "secretId"),
    (Request, "secretIdList[0]"),
    (Request, "bucketName"),
    (Request, "instanceId"),
    (Request, "instanceIds[0]"),
    (Request, "target"),
    (Request, "instancesSet.items[0].instanceId"),
    (Response, "groupId"),
    (Request, "groupId"),
    (Request, "groupName"),
    (Request, "snapshotId"),
    (Request, "imageId"),
    (Request, "volumeId"),
    (Response, "volumeId"),
    (Request, "routeTableId"),
    (Request, "internetGatewayId"),
    (Request, "networkInterfaceId"),
    (Request, "associationId"),
    (Request, "allocationId"),
    (Request, "subnetId"),
    (Request, "vpcId"),
    (Request, "keyName"),
    (Request, "keyId"),
    (Request, "tableName"),
    (Request, "dBInstanceIdentifier"),
    (Request, "dBSnapshotIdentifier"),
    (Request, "dBClusterIdentifier"),
    (Request, "dBClusterSnapshotIdentifier"),
    (Request, "logGroupName"),
    (Request, "trailName"),
    (Request, "detectorId"),
    (Request, "topicArn"),
    (Request, "queueUrl"),
    (Request, "stackName"),
    (Request, "clusterName"),
    (Request, "cluster"),
    (Request, "repositoryName"),
    (Request, "documentName"),
    (Request, "sAMLProviderArn"),
    (Request, "openIDConnectProviderArn"),
    (Request, "trustAnchorId"),
    (Request, "profileId"),
    (Request, "permissionSetArn"),
    (Request, "emailIdentity"),
    (Request, "identity"),
    (Request, "emailAddress"),
    (Request, "modelId"),
    (Request, "resourceArn"),
    (Request, "resourceId"),
    (Request, "resolverQueryLogConfigId"),
    (Request, "eventBusName"),
    (Request, "policyName"),
    (Request, "ruleName"),
    (Request, "name"),
    (Request, "names[0]"),
    (Request, "path"),
    (Request, "autoScalingGroupName"),
    (Request, "notebookInstanceName"),
    (Request, "identifier"),
    (Response, "functionArn"),
    (Response, "trailARN"),
    (Response, "arn"),
    (Response, "aRN"),
];
/// `CreateVolume` answers with the snapshot it was made from as well.
pub const MADE_VOLUME: Paths = &[(Response, "volumeId")];

/// Every column that is extracted from the JSON parts, as the Athena queries name it.
pub const TEXTS: &[(&str, Paths)] = &[
    ("minted_key", MINTED_KEY),
    ("minted_arn", MINTED_ARN),
    ("minted_principal_id", MINTED_PRINCIPAL_ID),
    ("minted_expires", MINTED_EXPIRES),
    ("target_user", TARGET_USER),
    ("new_name", NEW_NAME),
    ("target_role", TARGET_ROLE),
    ("target_group", TARGET_GROUP),
    ("target_policy", TARGET_POLICY),
    ("target_key", TARGET_KEY),
    ("target_status", TARGET_STATUS),
    ("session_name", SESSION_NAME),
    ("origin_arn", ORIGIN_ARN),
    ("passed_role", PASSED_ROLE),
    ("granted_to", GRANTED_TO),
    ("document", DOCUMENT),
    ("instance_type", INSTANCE_TYPE),
    ("model", MODEL),
    ("sse_customer", SSE_CUSTOMER),
    ("kms_key", KMS_KEY),
    ("detail", DETAIL),
    ("bucket", BUCKET),
    ("object_key", OBJECT_KEY),
    ("resource", RESOURCE),
    ("console_result", CONSOLE_RESULT),
    ("mfa_used", MFA_USED),
];
/// Those of them that are whole numbers.
pub const INTEGERS: &[(&str, Paths)] = &[
    ("quantity", QUANTITY),
    ("tokens_in", TOKENS_IN),
    ("tokens_out", TOKENS_OUT),
    ("bytes_out", BYTES_OUT),
    ("bytes_in", BYTES_IN),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::lineage_call::LINEAGE_CALLS;
    use crate::domain::trail_row::{Sighting, TrailRow};
    use crate::trail::catalogue::{ATHENA_CUT, ATHENA_SIGHTINGS};
    use crate::trail::paths::{Part, json_path};

    fn extraction(part: Part, path: &str) -> String {
        let column = match part {
            Request => "requestparameters",
            Response => "responseelements",
            Additional => "additionaleventdata",
        };
        format!("json_extract_scalar({column}, '{}')", json_path(path))
    }

    /// What the SQL says about one column: from the end of the column before to its own name.
    fn told<'s>(sql: &'s str, column: &str) -> &'s str {
        let flat = sql.split_once("flat AS (").unwrap().1;
        let (before, _) = flat.split_once(&format!(" AS {column}")).unwrap();
        // A cast says AS as well; a column's name is what ends its line after one.
        let names = |at: usize| before[..at].rsplit(' ').nth(1) == Some("AS");
        let mut ends = before.rmatch_indices(",\n").map(|(at, _)| at);
        ends.find(|at| names(*at)).map_or(before, |at| &before[at..])
    }

    fn says_the_same(sql: &str, columns: &[&str]) {
        for (column, paths) in TEXTS.iter().chain(INTEGERS) {
            if !columns.contains(column) {
                continue;
            }
            let told = told(sql, column);
            let mut at = 0;
            for (part, path) in *paths {
                let wanted = extraction(*part, path);
                let found = told[at..].find(&wanted);
                at += found.unwrap_or_else(|| panic!("{column} lacks {wanted}, or too early"));
            }
            let extra = usize::from(*column == "resource");
            let count = told.matches("json_extract_scalar(").count();
            assert_eq!(count, paths.len() + extra, "{column}");
        }
    }

    #[test]
    fn the_athena_queries_extract_from_the_same_paths_in_the_same_order() {
        says_the_same(ATHENA_CUT, TrailRow::COLUMNS);
        says_the_same(ATHENA_SIGHTINGS, Sighting::COLUMNS);
    }

    #[test]
    fn the_athena_queries_keep_the_same_calls() {
        let (_, listed) = ATHENA_SIGHTINGS.split_once("calls AS (").unwrap();
        let (listed, _) = listed.split_once("AS lineage_call").unwrap();
        let words: Vec<&str> = listed.split('\'').skip(1).step_by(2).collect();
        let mut ours = vec!["", ""];
        for (source, names) in LINEAGE_CALLS {
            ours.push(source);
            ours.extend(*names);
        }
        assert_eq!(words, ours);
    }

    #[test]
    fn a_path_that_the_queries_lack_is_noticed() {
        let wrong = ATHENA_CUT.replace("'$.credentials.accessKeyId'", "'$.credentials.id'");
        assert!(std::panic::catch_unwind(|| says_the_same(&wrong, &["minted_key"])).is_err());
    }
}
