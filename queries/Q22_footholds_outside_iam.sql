-- id: Q22
-- name: footholds_outside_iam
-- question: Which ways back in were left outside IAM?
-- phase: eradication
-- impact: configuration
-- attack: T1098, T1546, T1648, T1651
-- parameters: none
-- columns: event_time, service, call, target, gives, credential, acting_as, region, source_ip, reach, event_id
-- contain: credential, acting_as
-- source: case_table
-- meaning: One row for each successful change that lets code run, or somebody in, without the key; each is a way back in until it is reviewed.
-- none: Neither the key nor anything that grew out of it was seen leaving a foothold outside IAM.
SELECT
  event_time,
  event_source AS service,
  event_name AS call,
  coalesce(resource, target_user, target_role, bucket) AS target,
  coalesce(granted_to, passed_role, detail) AS gives,
  access_key_id AS credential,
  identity_arn AS acting_as,
  aws_region AS region,
  source_ip,
  reach,
  event_id
FROM case_table
WHERE
  reach IN ('key', 'lineage')
  AND error_code IS NULL
  AND error_message IS NULL
  AND (
    (
      event_source = 'rolesanywhere.amazonaws.com'
      AND (event_name IN (
        'CreateTrustAnchor', 'UpdateTrustAnchor', 'CreateProfile', 'UpdateProfile',
        'EnableTrustAnchor', 'EnableProfile'
      ))
    )
    OR (
      event_source = 'lambda.amazonaws.com'
      AND (event_name IN (
        'CreateFunctionUrlConfig', 'UpdateFunctionUrlConfig', 'PublishLayerVersion'
      )
        OR event_name LIKE 'CreateFunction2%'
        OR event_name LIKE 'UpdateFunctionCode%'
        OR event_name LIKE 'UpdateFunctionConfiguration%'
        OR event_name LIKE 'AddPermission%'
        OR event_name LIKE 'CreateEventSourceMapping%'
        OR event_name LIKE 'AddLayerVersionPermission%')
    )
    OR (
      event_source = 'events.amazonaws.com'
      AND (event_name IN (
        'PutRule', 'PutTargets', 'PutPermission', 'CreateConnection', 'CreateApiDestination'
      ))
    )
    OR (
      event_source = 'scheduler.amazonaws.com'
      AND (event_name IN (
        'CreateSchedule', 'UpdateSchedule'
      ))
    )
    OR (
      event_source = 'states.amazonaws.com'
      AND (event_name IN (
        'CreateStateMachine', 'UpdateStateMachine'
      ))
    )
    OR (
      event_source = 'ssm.amazonaws.com'
      AND (event_name IN (
        'CreateDocument', 'UpdateDocument', 'CreateAssociation', 'ModifyDocumentPermission',
        'CreateActivation', 'StartSession', 'SendCommand'
      ))
    )
    OR (
      event_source = 'ec2.amazonaws.com'
      AND (event_name IN (
        'ModifyInstanceAttribute', 'CreateLaunchTemplate', 'CreateLaunchTemplateVersion',
        'ImportKeyPair', 'CreateKeyPair', 'AuthorizeSecurityGroupIngress',
        'AssociateIamInstanceProfile', 'ReplaceIamInstanceProfileAssociation',
        'EnableSerialConsoleAccess'
      ))
    )
    OR (
      event_source = 'ec2-instance-connect.amazonaws.com'
      AND (event_name IN (
        'SendSSHPublicKey', 'SendSerialConsoleSSHPublicKey'
      ))
    )
    OR (
      event_source = 'ecs.amazonaws.com'
      AND (event_name IN (
        'RegisterTaskDefinition', 'CreateService', 'UpdateService', 'RunTask', 'ExecuteCommand'
      ))
    )
    OR (
      event_source = 'codebuild.amazonaws.com'
      AND (event_name IN (
        'CreateProject', 'UpdateProject', 'CreateWebhook'
      ))
    )
    OR (
      event_source = 'cloudformation.amazonaws.com'
      AND (event_name IN (
        'CreateStack', 'UpdateStack', 'CreateStackSet', 'CreateStackInstances'
      ))
    )
    OR (
      event_source = 'eks.amazonaws.com'
      AND (event_name IN (
        'CreateAccessEntry', 'AssociateAccessPolicy', 'CreatePodIdentityAssociation'
      ))
    )
    OR (
      event_source = 's3.amazonaws.com'
      AND (event_name IN (
        'PutBucketPolicy', 'PutBucketAcl', 'PutBucketReplication', 'PutObjectAcl',
        'PutBucketWebsite', 'PutBucketCors'
      ))
    )
    OR (
      event_source = 'sso.amazonaws.com'
      AND (event_name IN (
        'CreatePermissionSet', 'CreateAccountAssignment', 'PutInlinePolicyToPermissionSet',
        'AttachManagedPolicyToPermissionSet', 'ProvisionPermissionSet'
      ))
    )
    OR (
      event_source = 'identitystore.amazonaws.com'
      AND (event_name IN (
        'CreateUser', 'CreateGroupMembership'
      ))
    )
    OR (
      event_source = 'cognito-idp.amazonaws.com'
      AND (event_name IN (
        'CreateUserPool', 'AdminCreateUser'
      ))
    )
    OR (
      event_source = 'cognito-identity.amazonaws.com'
      AND (event_name IN (
        'CreateIdentityPool', 'SetIdentityPoolRoles'
      ))
    )
    OR (
      event_source = 'secretsmanager.amazonaws.com'
      AND (event_name IN (
        'PutResourcePolicy'
      ))
    )
    OR (
      event_source = 'kms.amazonaws.com'
      AND (event_name IN (
        'CreateGrant', 'PutKeyPolicy'
      ))
    )
    OR (
      event_source = 'ecr.amazonaws.com'
      AND (event_name IN (
        'SetRepositoryPolicy'
      ))
    )
    OR (
      event_source = 'sns.amazonaws.com'
      AND (event_name IN (
        'AddPermission', 'Subscribe'
      ))
    )
    OR (
      event_source = 'sqs.amazonaws.com'
      AND (event_name IN (
        'AddPermission'
      ))
    )
  )
ORDER BY
  event_time ASC NULLS LAST, service ASC NULLS LAST, call ASC NULLS LAST, target ASC NULLS LAST,
  gives ASC NULLS LAST, credential ASC NULLS LAST, acting_as ASC NULLS LAST,
  region ASC NULLS LAST, source_ip ASC NULLS LAST, reach ASC NULLS LAST, event_id ASC NULLS LAST
