-- id: Q80
-- name: cut
-- question: Which records belong to the case?
-- phase: scope
-- impact: evidence
-- parameters: table, partitions, from, to, key, keys, principals, sessions, addresses, targets, accounts
-- columns: event_time, event_id, request_id, event_source, event_name, aws_region, source_ip, user_agent, error_code, error_message, read_only, event_type, event_category, recipient_account, shared_event_id, vpc_endpoint_id, tls_version, from_console, identity_type, principal_id, identity_arn, identity_account, invoked_by, access_key_id, user_name, session_start, session_mfa, issuer_type, issuer_arn, issuer_principal_id, issuer_name, source_identity, credential_id, minted_key, minted_arn, minted_principal_id, minted_expires, target_user, target_role, target_group, target_policy, target_key, target_status, session_name, origin_arn, passed_role, granted_to, document, instance_type, quantity, hosts, model, tokens_in, tokens_out, bearer_token, sse_customer, kms_key, detail, bucket, object_key, bytes_out, bytes_in, resource, console_result, mfa_used, reach
-- source: athena
-- meaning: One row for each record of the subject and of its addresses, exact duplicates removed.
-- none: The trail holds no record in this window.
WITH records AS (
  SELECT DISTINCT
    eventtime, eventid, eventsource, eventname, awsregion, sourceipaddress, useragent,
    errorcode, errormessage, requestid, readonly, eventtype, eventcategory,
    recipientaccountid, sharedeventid, vpcendpointid, sessioncredentialfromconsole,
    useridentity, tlsdetails, resources, requestparameters, responseelements,
    additionaleventdata, serviceeventdetails
  FROM {table}
  WHERE
    {partitions}
    AND eventtime >= {from}
    AND eventtime < {to}
    AND coalesce(eventcategory, '') <> 'Insight'
    AND coalesce(eventtype, '') <> 'AwsCloudTrailInsight'
    AND coalesce(eventname, '') <> ''
),
flat AS (
  SELECT
    eventtime AS event_time,
    nullif(eventid, '') AS event_id,
    nullif(requestid, '') AS request_id,
    nullif(eventsource, '') AS event_source,
    nullif(eventname, '') AS event_name,
    nullif(awsregion, '') AS aws_region,
    nullif(sourceipaddress, '') AS source_ip,
    substr(nullif(useragent, ''), 1, 1024) AS user_agent,
    nullif(errorcode, '') AS error_code,
    substr(nullif(errormessage, ''), 1, 1024) AS error_message,
    CASE readonly WHEN 'true' THEN 1 WHEN 'false' THEN 0 END AS read_only,
    nullif(eventtype, '') AS event_type,
    nullif(eventcategory, '') AS event_category,
    nullif(recipientaccountid, '') AS recipient_account,
    nullif(sharedeventid, '') AS shared_event_id,
    nullif(vpcendpointid, '') AS vpc_endpoint_id,
    nullif(tlsdetails.tlsversion, '') AS tls_version,
    CASE sessioncredentialfromconsole WHEN 'true' THEN 1 WHEN 'false' THEN 0 END AS from_console,
    nullif(useridentity.type, '') AS identity_type,
    nullif(useridentity.principalid, '') AS principal_id,
    nullif(useridentity.arn, '') AS identity_arn,
    nullif(useridentity.accountid, '') AS identity_account,
    nullif(useridentity.invokedby, '') AS invoked_by,
    nullif(useridentity.accesskeyid, '') AS access_key_id,
    nullif(useridentity.username, '') AS user_name,
    nullif(useridentity.sessioncontext.attributes.creationdate, '') AS session_start,
    CASE useridentity.sessioncontext.attributes.mfaauthenticated WHEN 'true' THEN 1 WHEN 'false' THEN 0 END AS session_mfa,
    nullif(useridentity.sessioncontext.sessionissuer.type, '') AS issuer_type,
    nullif(useridentity.sessioncontext.sessionissuer.arn, '') AS issuer_arn,
    nullif(useridentity.sessioncontext.sessionissuer.principalid, '') AS issuer_principal_id,
    nullif(useridentity.sessioncontext.sessionissuer.username, '') AS issuer_name,
    nullif(useridentity.sessioncontext.sourceidentity, '') AS source_identity,
    nullif(useridentity.credentialid, '') AS credential_id,
    substr(coalesce(
      json_extract_scalar(responseelements, '$.credentials.accessKeyId'),
      json_extract_scalar(responseelements, '$.accessKey.accessKeyId'),
      json_extract_scalar(responseelements, '$.serviceSpecificCredential.serviceSpecificCredentialId'),
      json_extract_scalar(responseelements, '$.credentialSet[0].credentials.accessKeyId'),
      json_extract_scalar(responseelements, '$.roleCredentials.accessKeyId'),
      json_extract_scalar(responseelements, '$.sSHPublicKey.sSHPublicKeyId'),
      json_extract_scalar(responseelements, '$.certificate.certificateId')
    ), 1, 1024) AS minted_key,
    substr(coalesce(
      json_extract_scalar(responseelements, '$.assumedRoleUser.arn'),
      json_extract_scalar(responseelements, '$.federatedUser.arn'),
      json_extract_scalar(responseelements, '$.credentialSet[0].assumedRoleUser.arn'),
      json_extract_scalar(responseelements, '$.user.arn'),
      json_extract_scalar(responseelements, '$.role.arn')
    ), 1, 1024) AS minted_arn,
    substr(coalesce(
      json_extract_scalar(responseelements, '$.assumedRoleUser.assumedRoleId'),
      json_extract_scalar(responseelements, '$.federatedUser.federatedUserId'),
      json_extract_scalar(responseelements, '$.credentialSet[0].assumedRoleUser.assumedRoleId'),
      json_extract_scalar(responseelements, '$.user.userId'),
      json_extract_scalar(responseelements, '$.role.roleId')
    ), 1, 1024) AS minted_principal_id,
    substr(coalesce(
      json_extract_scalar(responseelements, '$.credentials.expiration'),
      json_extract_scalar(responseelements, '$.credentialSet[0].credentials.expiration'),
      json_extract_scalar(responseelements, '$.roleCredentials.expiration')
    ), 1, 1024) AS minted_expires,
    substr(coalesce(
      json_extract_scalar(requestparameters, '$.userName'),
      json_extract_scalar(responseelements, '$.accessKey.userName'),
      json_extract_scalar(responseelements, '$.user.userName'),
      json_extract_scalar(responseelements, '$.loginProfile.userName'),
      json_extract_scalar(responseelements, '$.serviceSpecificCredential.userName'),
      json_extract_scalar(responseelements, '$.sSHPublicKey.userName'),
      json_extract_scalar(responseelements, '$.certificate.userName')
    ), 1, 1024) AS target_user,
    substr(coalesce(
      json_extract_scalar(requestparameters, '$.roleArn'),
      json_extract_scalar(requestparameters, '$.roleName'),
      json_extract_scalar(responseelements, '$.role.arn'),
      nullif(regexp_extract(errormessage, 'on resource: (arn:aws[^ ]*:role/[^ ]+)', 1), '')
    ), 1, 1024) AS target_role,
    substr(json_extract_scalar(requestparameters, '$.groupName'), 1, 1024) AS target_group,
    substr(coalesce(
      json_extract_scalar(requestparameters, '$.policyArn'),
      json_extract_scalar(requestparameters, '$.policyName'),
      json_extract_scalar(responseelements, '$.policy.arn')
    ), 1, 1024) AS target_policy,
    substr(coalesce(
      json_extract_scalar(requestparameters, '$.accessKeyId'),
      json_extract_scalar(requestparameters, '$.serviceSpecificCredentialId'),
      json_extract_scalar(requestparameters, '$.sSHPublicKeyId'),
      json_extract_scalar(requestparameters, '$.certificateId')
    ), 1, 1024) AS target_key,
    substr(json_extract_scalar(requestparameters, '$.status'), 1, 1024) AS target_status,
    substr(json_extract_scalar(requestparameters, '$.roleSessionName'), 1, 1024) AS session_name,
    substr(coalesce(
      json_extract_scalar(requestparameters, '$.principalArn'),
      json_extract_scalar(requestparameters, '$.trustAnchorArn'),
      json_extract_scalar(responseelements, '$.trustAnchor.trustAnchorArn'),
      json_extract_scalar(responseelements, '$.sAMLProviderArn'),
      json_extract_scalar(responseelements, '$.openIDConnectProviderArn'),
      json_extract_scalar(requestparameters, '$.sAMLProviderArn'),
      json_extract_scalar(additionaleventdata, '$.SwitchFrom'),
      nullif(regexp_extract(useridentity.principalid, '^(arn:aws.*:oidc-provider/[^:]+)', 1), '')
    ), 1, 1024) AS origin_arn,
    substr(coalesce(
      json_extract_scalar(requestparameters, '$.iamInstanceProfile.arn'),
      json_extract_scalar(requestparameters, '$.iamInstanceProfile.name'),
      json_extract_scalar(requestparameters, '$.AssociateIamInstanceProfileRequest.IamInstanceProfile.Name'),
      json_extract_scalar(requestparameters, '$.role'),
      json_extract_scalar(requestparameters, '$.roleARN'),
      json_extract_scalar(requestparameters, '$.executionRoleArn'),
      json_extract_scalar(requestparameters, '$.taskRoleArn'),
      json_extract_scalar(requestparameters, '$.serviceRole'),
      json_extract_scalar(requestparameters, '$.serviceRoleArn'),
      json_extract_scalar(requestparameters, '$.roleArns[0]')
    ), 1, 1024) AS passed_role,
    substr(coalesce(
      json_extract_scalar(requestparameters, '$.createVolumePermission.add.items[0].userId'),
      json_extract_scalar(requestparameters, '$.createVolumePermission.add.items[0].group'),
      json_extract_scalar(requestparameters, '$.launchPermission.add.items[0].userId'),
      json_extract_scalar(requestparameters, '$.launchPermission.add.items[0].group'),
      json_extract_scalar(requestparameters, '$.valuesToAdd[0]'),
      json_extract_scalar(requestparameters, '$.ipPermissions.items[0].ipRanges.items[0].cidrIp'),
      json_extract_scalar(requestparameters, '$.ipPermissions.items[0].ipv6Ranges.items[0].cidrIpv6'),
      json_extract_scalar(requestparameters, '$.cidrIp'),
      json_extract_scalar(requestparameters, '$.principal'),
      json_extract_scalar(requestparameters, '$.principalArn'),
      json_extract_scalar(requestparameters, '$.ReplicationConfiguration.Rule.Destination.Bucket'),
      json_extract_scalar(requestparameters, '$.bucketPolicy.Statement[0].Principal.AWS'),
      json_extract_scalar(requestparameters, '$.bucketPolicy.Statement[0].Principal'),
      json_extract_scalar(requestparameters, '$["x-amz-acl"][0]')
    ), 1, 1024) AS granted_to,
    substr(coalesce(
      json_extract_scalar(requestparameters, '$.policyDocument'),
      json_extract_scalar(requestparameters, '$.assumeRolePolicyDocument'),
      json_extract_scalar(requestparameters, '$.policy')
    ), 1, 1024) AS document,
    substr(coalesce(
      json_extract_scalar(requestparameters, '$.instanceType'),
      json_extract_scalar(requestparameters, '$.dBInstanceClass'),
      json_extract_scalar(requestparameters, '$.CreateLaunchTemplateRequest.LaunchTemplateData.InstanceType'),
      json_extract_scalar(requestparameters, '$.resourceConfig.instanceType'),
      json_extract_scalar(requestparameters, '$.bundleId')
    ), 1, 1024) AS instance_type,
    CAST(TRY_CAST(coalesce(
      json_extract_scalar(requestparameters, '$.instancesSet.items[0].maxCount'),
      json_extract_scalar(requestparameters, '$.desiredCapacity'),
      json_extract_scalar(requestparameters, '$.desiredCount'),
      json_extract_scalar(requestparameters, '$.count')
    ) AS double) AS bigint) AS quantity,
    coalesce(
      substr(json_extract_scalar(requestparameters, '$.functionName'), 1, 1024),
      nullif(array_join(array_sort(array_distinct(regexp_extract_all(
        concat(coalesce(requestparameters, ''), ' ', coalesce(responseelements, '')),
        '"(i-[0-9A-Za-z]{8,17})"', 1
      ))), ' '), '')
    ) AS hosts,
    substr(json_extract_scalar(requestparameters, '$.modelId'), 1, 1024) AS model,
    CAST(TRY_CAST(json_extract_scalar(additionaleventdata, '$.inputTokens') AS double) AS bigint) AS tokens_in,
    CAST(TRY_CAST(json_extract_scalar(additionaleventdata, '$.outputTokens') AS double) AS bigint) AS tokens_out,
    CASE json_extract_scalar(additionaleventdata, '$.callWithBearerToken')
      WHEN 'true' THEN 1 WHEN 'false' THEN 0
    END AS bearer_token,
    substr(json_extract_scalar(requestparameters, '$["x-amz-server-side-encryption-customer-algorithm"]'), 1, 1024) AS sse_customer,
    substr(coalesce(
      json_extract_scalar(requestparameters, '$["x-amz-server-side-encryption-aws-kms-key-id"]'),
      json_extract_scalar(requestparameters, '$.kmsKeyId'),
      json_extract_scalar(requestparameters, '$.keyId')
    ), 1, 1024) AS kms_key,
    substr(coalesce(
      json_extract_scalar(requestparameters, '$.newUserName'),
      json_extract_scalar(requestparameters, '$.newGroupName'),
      json_extract_scalar(requestparameters, '$.newPath'),
      json_extract_scalar(requestparameters, '$.VersioningConfiguration.Status'),
      json_extract_scalar(requestparameters, '$.LifecycleConfiguration.Rule.Expiration.Days'),
      json_extract_scalar(requestparameters, '$.disableApiTermination.value'),
      json_extract_scalar(requestparameters, '$.attributeName'),
      json_extract_scalar(requestparameters, '$.attributeType'),
      json_extract_scalar(requestparameters, '$.attribute'),
      json_extract_scalar(requestparameters, '$.withDecryption'),
      json_extract_scalar(requestparameters, '$.quotaCode'),
      json_extract_scalar(requestparameters, '$.documentName'),
      json_extract_scalar(requestparameters, '$.serviceName'),
      json_extract_scalar(requestparameters, '$.aWSServiceName'),
      json_extract_scalar(requestparameters, '$.pendingWindowInDays'),
      json_extract_scalar(requestparameters, '$.instanceOSUser'),
      json_extract_scalar(requestparameters, '$.qualifier'),
      json_extract_scalar(requestparameters, '$.packageType'),
      json_extract_scalar(requestparameters, '$.name')
    ), 1, 1024) AS detail,
    substr(json_extract_scalar(requestparameters, '$.bucketName'), 1, 1024) AS bucket,
    substr(json_extract_scalar(requestparameters, '$.key'), 1, 1024) AS object_key,
    CAST(TRY_CAST(json_extract_scalar(additionaleventdata, '$.bytesTransferredOut') AS double) AS bigint) AS bytes_out,
    CAST(TRY_CAST(json_extract_scalar(additionaleventdata, '$.bytesTransferredIn') AS double) AS bigint) AS bytes_in,
    substr(coalesce(
      element_at(resources, 1).arn,
      CASE WHEN eventname = 'CreateVolume' THEN json_extract_scalar(responseelements, '$.volumeId') END,
      json_extract_scalar(responseelements, '$.instancesSet.items[0].instanceId'),
      json_extract_scalar(responseelements, '$.subnet.subnetId'),
      json_extract_scalar(responseelements, '$.routeTable.routeTableId'),
      json_extract_scalar(responseelements, '$.internetGateway.internetGatewayId'),
      json_extract_scalar(responseelements, '$.networkInterface.networkInterfaceId'),
      json_extract_scalar(responseelements, '$.CreateNatGatewayResponse.natGateway.natGatewayId'),
      json_extract_scalar(responseelements, '$.DeleteNatGatewayResponse.natGatewayId'),
      json_extract_scalar(responseelements, '$.CreateLaunchTemplateResponse.launchTemplate.launchTemplateId'),
      json_extract_scalar(responseelements, '$.CreateFlowLogsResponse.flowLogIdSet.item'),
      json_extract_scalar(responseelements, '$.trustAnchor.trustAnchorId'),
      json_extract_scalar(responseelements, '$.profile.profileId'),
      json_extract_scalar(responseelements, '$.uUID'),
      json_extract_scalar(responseelements, '$.service.serviceArn'),
      json_extract_scalar(responseelements, '$.vpc.vpcId'),
      json_extract_scalar(responseelements, '$.snapshotId'),
      json_extract_scalar(responseelements, '$.imageId'),
      json_extract_scalar(responseelements, '$.allocationId'),
      json_extract_scalar(requestparameters, '$.userName'),
      json_extract_scalar(requestparameters, '$.roleName'),
      json_extract_scalar(requestparameters, '$.roleArn'),
      json_extract_scalar(requestparameters, '$.policyArn'),
      json_extract_scalar(requestparameters, '$.instanceProfileName'),
      json_extract_scalar(requestparameters, '$.functionName'),
      json_extract_scalar(requestparameters, '$.secretId'),
      json_extract_scalar(requestparameters, '$.secretIdList[0]'),
      json_extract_scalar(requestparameters, '$.bucketName'),
      json_extract_scalar(requestparameters, '$.instanceId'),
      json_extract_scalar(requestparameters, '$.instanceIds[0]'),
      json_extract_scalar(requestparameters, '$.target'),
      json_extract_scalar(requestparameters, '$.instancesSet.items[0].instanceId'),
      json_extract_scalar(responseelements, '$.groupId'),
      json_extract_scalar(requestparameters, '$.groupId'),
      json_extract_scalar(requestparameters, '$.groupName'),
      json_extract_scalar(requestparameters, '$.snapshotId'),
      json_extract_scalar(requestparameters, '$.imageId'),
      json_extract_scalar(requestparameters, '$.volumeId'),
      json_extract_scalar(responseelements, '$.volumeId'),
      json_extract_scalar(requestparameters, '$.routeTableId'),
      json_extract_scalar(requestparameters, '$.internetGatewayId'),
      json_extract_scalar(requestparameters, '$.networkInterfaceId'),
      json_extract_scalar(requestparameters, '$.associationId'),
      json_extract_scalar(requestparameters, '$.allocationId'),
      json_extract_scalar(requestparameters, '$.subnetId'),
      json_extract_scalar(requestparameters, '$.vpcId'),
      json_extract_scalar(requestparameters, '$.keyName'),
      json_extract_scalar(requestparameters, '$.keyId'),
      json_extract_scalar(requestparameters, '$.tableName'),
      json_extract_scalar(requestparameters, '$.dBInstanceIdentifier'),
      json_extract_scalar(requestparameters, '$.dBSnapshotIdentifier'),
      json_extract_scalar(requestparameters, '$.dBClusterIdentifier'),
      json_extract_scalar(requestparameters, '$.dBClusterSnapshotIdentifier'),
      json_extract_scalar(requestparameters, '$.logGroupName'),
      json_extract_scalar(requestparameters, '$.trailName'),
      json_extract_scalar(requestparameters, '$.detectorId'),
      json_extract_scalar(requestparameters, '$.topicArn'),
      json_extract_scalar(requestparameters, '$.queueUrl'),
      json_extract_scalar(requestparameters, '$.stackName'),
      json_extract_scalar(requestparameters, '$.clusterName'),
      json_extract_scalar(requestparameters, '$.cluster'),
      json_extract_scalar(requestparameters, '$.repositoryName'),
      json_extract_scalar(requestparameters, '$.documentName'),
      json_extract_scalar(requestparameters, '$.sAMLProviderArn'),
      json_extract_scalar(requestparameters, '$.openIDConnectProviderArn'),
      json_extract_scalar(requestparameters, '$.trustAnchorId'),
      json_extract_scalar(requestparameters, '$.profileId'),
      json_extract_scalar(requestparameters, '$.permissionSetArn'),
      json_extract_scalar(requestparameters, '$.emailIdentity'),
      json_extract_scalar(requestparameters, '$.identity'),
      json_extract_scalar(requestparameters, '$.emailAddress'),
      json_extract_scalar(requestparameters, '$.modelId'),
      json_extract_scalar(requestparameters, '$.resourceArn'),
      json_extract_scalar(requestparameters, '$.resourceId'),
      json_extract_scalar(requestparameters, '$.resolverQueryLogConfigId'),
      json_extract_scalar(requestparameters, '$.eventBusName'),
      json_extract_scalar(requestparameters, '$.policyName'),
      json_extract_scalar(requestparameters, '$.ruleName'),
      json_extract_scalar(requestparameters, '$.name'),
      json_extract_scalar(requestparameters, '$.names[0]'),
      json_extract_scalar(requestparameters, '$.path'),
      json_extract_scalar(requestparameters, '$.autoScalingGroupName'),
      json_extract_scalar(requestparameters, '$.notebookInstanceName'),
      json_extract_scalar(requestparameters, '$.identifier'),
      json_extract_scalar(responseelements, '$.functionArn'),
      json_extract_scalar(responseelements, '$.trailARN'),
      json_extract_scalar(responseelements, '$.arn'),
      json_extract_scalar(responseelements, '$.aRN')
    ), 1, 1024) AS resource,
    substr(coalesce(
      json_extract_scalar(responseelements, '$.ConsoleLogin'),
      json_extract_scalar(responseelements, '$.SwitchRole')
    ), 1, 1024) AS console_result,
    substr(json_extract_scalar(additionaleventdata, '$.MFAUsed'), 1, 1024) AS mfa_used
  FROM records
),
cases AS (
  SELECT
    flat.*,
    CASE
      WHEN access_key_id IN ({key}) THEN 'key'
      WHEN
        access_key_id IN ({keys})
        OR identity_arn IN ({principals})
        OR principal_id IN ({principals})
        OR issuer_arn IN ({principals})
        OR issuer_principal_id IN ({principals})
        OR concat(identity_arn, '@', coalesce(session_start, CASE WHEN access_key_id IS NULL THEN event_time END)) IN ({sessions})
      THEN 'lineage'
      WHEN
        recipient_account IN ({accounts})
        AND (
          (event_source = 'signin.amazonaws.com' AND user_name IN ({targets}))
          OR (
            event_source = 'iam.amazonaws.com'
            AND coalesce(read_only, 0) = 0
            AND (
              minted_key IN ({targets})
              OR target_key IN ({targets})
              OR target_user IN ({targets})
              OR target_role IN ({targets})
            )
          )
        )
      THEN 'about'
      WHEN source_ip IN ({addresses}) THEN 'address'
    END AS reach
  FROM flat
)
SELECT
  event_time,
  event_id,
  request_id,
  event_source,
  event_name,
  aws_region,
  source_ip,
  user_agent,
  error_code,
  error_message,
  read_only,
  event_type,
  event_category,
  recipient_account,
  shared_event_id,
  vpc_endpoint_id,
  tls_version,
  from_console,
  identity_type,
  principal_id,
  identity_arn,
  identity_account,
  invoked_by,
  access_key_id,
  user_name,
  session_start,
  session_mfa,
  issuer_type,
  issuer_arn,
  issuer_principal_id,
  issuer_name,
  source_identity,
  credential_id,
  minted_key,
  minted_arn,
  minted_principal_id,
  minted_expires,
  target_user,
  target_role,
  target_group,
  target_policy,
  target_key,
  target_status,
  session_name,
  origin_arn,
  passed_role,
  granted_to,
  document,
  instance_type,
  quantity,
  hosts,
  model,
  tokens_in,
  tokens_out,
  bearer_token,
  sse_customer,
  kms_key,
  detail,
  bucket,
  object_key,
  bytes_out,
  bytes_in,
  resource,
  console_result,
  mfa_used,
  reach
FROM cases
WHERE reach IS NOT NULL
ORDER BY event_time ASC NULLS LAST, event_id ASC NULLS LAST
