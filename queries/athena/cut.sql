-- id: Q80
-- name: cut
-- question: Which records belong to the case?
-- phase: scope
-- impact: evidence
-- parameters: table, partitions, from, to, key, keys, principals, sessions, addresses
-- columns: event_time, event_id, request_id, event_source, event_name, aws_region, source_ip, user_agent, error_code, error_message, read_only, event_type, event_category, recipient_account, shared_event_id, vpc_endpoint_id, tls_version, from_console, identity_type, principal_id, identity_arn, identity_account, invoked_by, access_key_id, user_name, session_start, session_mfa, issuer_type, issuer_arn, issuer_principal_id, issuer_name, source_identity, credential_id, minted_key, minted_arn, minted_principal_id, minted_expires, target_user, target_role, target_group, target_policy, target_key, target_status, session_name, bucket, object_key, bytes_out, bytes_in, resource, console_result, mfa_used, reach
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
      json_extract_scalar(responseelements, '$.credentialSet[0].credentials.accessKeyId'),
      json_extract_scalar(responseelements, '$.roleCredentials.accessKeyId')
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
      json_extract_scalar(responseelements, '$.serviceSpecificCredential.userName')
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
      json_extract_scalar(requestparameters, '$.serviceSpecificCredentialId')
    ), 1, 1024) AS target_key,
    substr(json_extract_scalar(requestparameters, '$.status'), 1, 1024) AS target_status,
    substr(json_extract_scalar(requestparameters, '$.roleSessionName'), 1, 1024) AS session_name,
    substr(json_extract_scalar(requestparameters, '$.bucketName'), 1, 1024) AS bucket,
    substr(json_extract_scalar(requestparameters, '$.key'), 1, 1024) AS object_key,
    CAST(TRY_CAST(json_extract_scalar(additionaleventdata, '$.bytesTransferredOut') AS double) AS bigint) AS bytes_out,
    CAST(TRY_CAST(json_extract_scalar(additionaleventdata, '$.bytesTransferredIn') AS double) AS bigint) AS bytes_in,
    substr(coalesce(
      element_at(resources, 1).arn,
      json_extract_scalar(requestparameters, '$.userName'),
      json_extract_scalar(requestparameters, '$.roleName'),
      json_extract_scalar(requestparameters, '$.roleArn'),
      json_extract_scalar(requestparameters, '$.policyArn'),
      json_extract_scalar(requestparameters, '$.instanceProfileName'),
      json_extract_scalar(requestparameters, '$.functionName'),
      json_extract_scalar(requestparameters, '$.secretId'),
      json_extract_scalar(requestparameters, '$.bucketName'),
      json_extract_scalar(requestparameters, '$.instanceId'),
      json_extract_scalar(requestparameters, '$.instancesSet.items[0].instanceId'),
      json_extract_scalar(requestparameters, '$.groupId'),
      json_extract_scalar(requestparameters, '$.groupName'),
      json_extract_scalar(requestparameters, '$.snapshotId'),
      json_extract_scalar(requestparameters, '$.imageId'),
      json_extract_scalar(requestparameters, '$.volumeId'),
      json_extract_scalar(requestparameters, '$.vpcId'),
      json_extract_scalar(requestparameters, '$.subnetId'),
      json_extract_scalar(requestparameters, '$.keyId'),
      json_extract_scalar(requestparameters, '$.tableName'),
      json_extract_scalar(requestparameters, '$.dBInstanceIdentifier'),
      json_extract_scalar(requestparameters, '$.dBSnapshotIdentifier'),
      json_extract_scalar(requestparameters, '$.logGroupName'),
      json_extract_scalar(requestparameters, '$.trailName'),
      json_extract_scalar(requestparameters, '$.detectorId'),
      json_extract_scalar(requestparameters, '$.topicArn'),
      json_extract_scalar(requestparameters, '$.queueUrl'),
      json_extract_scalar(requestparameters, '$.stackName'),
      json_extract_scalar(requestparameters, '$.clusterName'),
      json_extract_scalar(requestparameters, '$.repositoryName'),
      json_extract_scalar(requestparameters, '$.documentName'),
      json_extract_scalar(requestparameters, '$.modelId'),
      json_extract_scalar(requestparameters, '$.policyName'),
      json_extract_scalar(requestparameters, '$.name'),
      json_extract_scalar(responseelements, '$.instancesSet.items[0].instanceId'),
      json_extract_scalar(responseelements, '$.groupId'),
      json_extract_scalar(responseelements, '$.vpc.vpcId'),
      json_extract_scalar(responseelements, '$.subnet.subnetId'),
      json_extract_scalar(responseelements, '$.snapshotId'),
      json_extract_scalar(responseelements, '$.imageId'),
      json_extract_scalar(responseelements, '$.volumeId'),
      json_extract_scalar(responseelements, '$.functionArn'),
      json_extract_scalar(responseelements, '$.trailARN'),
      json_extract_scalar(responseelements, '$.trustAnchor.trustAnchorArn'),
      json_extract_scalar(responseelements, '$.arn')
    ), 1, 1024) AS resource,
    substr(json_extract_scalar(responseelements, '$.ConsoleLogin'), 1, 1024) AS console_result,
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
        OR concat(identity_arn, '@', coalesce(session_start, event_time)) IN ({sessions})
      THEN 'lineage'
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
