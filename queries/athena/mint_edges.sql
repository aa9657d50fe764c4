-- id: Q15
-- name: mint_edges
-- question: Who made which credentials and principals, and how much was each caller seen?
-- phase: scope
-- impact: evidence
-- parameters: table, partitions, from, to
-- columns: event_name, event_id, identity_type, principal_id, identity_arn, identity_account, invoked_by, access_key_id, user_name, session_start, issuer_arn, issuer_principal_id, from_console, minted_key, minted_arn, minted_principal_id, minted_expires, target_user, new_name, target_role, target_key, target_status, session_name, console_result, origin_arn, resources, recipient_account, addresses, events, first_time, last_time, regions, data_events_from, records_read
-- source: athena
-- meaning: One row for each call that makes or ends a credential or principal, and one for all other calls of a caller.
-- none: The trail holds no record in this window.
WITH records AS (
  SELECT
    eventtime, eventid, eventsource, eventname, awsregion, sourceipaddress, useragent,
    errorcode, errormessage, requestid, readonly, eventtype, eventcategory,
    recipientaccountid, sharedeventid, vpcendpointid, sessioncredentialfromconsole,
    useridentity, tlsdetails, resources, requestparameters, responseelements,
    additionaleventdata, serviceeventdetails,
    count(*) AS copies
  FROM {table}
  WHERE
    {partitions}
    AND eventtime >= {from}
    AND eventtime < {to}
    AND coalesce(eventcategory, '') <> 'Insight'
    AND coalesce(eventtype, '') <> 'AwsCloudTrailInsight'
    AND coalesce(eventname, '') <> ''
  GROUP BY
    eventtime, eventid, eventsource, eventname, awsregion, sourceipaddress, useragent,
    errorcode, errormessage, requestid, readonly, eventtype, eventcategory,
    recipientaccountid, sharedeventid, vpcendpointid, sessioncredentialfromconsole,
    useridentity, tlsdetails, resources, requestparameters, responseelements,
    additionaleventdata, serviceeventdetails
),
calls AS (
  SELECT
    records.*,
    CASE
      WHEN
        nullif(errorcode, '') IS NULL
        AND nullif(errormessage, '') IS NULL
        AND (
        (
          eventsource = 'iam.amazonaws.com'
          AND eventname IN (
            'CreateAccessKey', 'CreateLoginProfile', 'CreateOpenIDConnectProvider',
            'CreateRole', 'CreateSAMLProvider', 'CreateServiceSpecificCredential',
            'CreateUser', 'DeleteAccessKey', 'DeleteRole',
            'DeleteServiceSpecificCredential', 'DeleteSSHPublicKey',
            'DeleteSigningCertificate', 'DeleteUser', 'UpdateAccessKey',
            'UpdateAssumeRolePolicy', 'UpdateLoginProfile', 'UpdateSAMLProvider',
            'UpdateSSHPublicKey', 'UpdateServiceSpecificCredential',
            'UpdateSigningCertificate', 'UpdateUser', 'UploadSSHPublicKey',
            'UploadSigningCertificate'
          )
        )
        OR (
          eventsource = 'sts.amazonaws.com'
          AND eventname IN (
            'AssumeRole', 'AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity',
            'AssumeRoot', 'GetFederationToken', 'GetSessionToken'
          )
        )
        OR (
          eventsource = 'signin.amazonaws.com'
          AND eventname IN (
            'ConsoleLogin', 'GetSigninToken', 'SwitchRole'
          )
        )
        OR (
          eventsource = 'rolesanywhere.amazonaws.com'
          AND eventname IN (
            'CreateSession', 'CreateTrustAnchor', 'UpdateTrustAnchor'
          )
        )
        OR (
          eventsource = 'eks-auth.amazonaws.com'
          AND eventname IN (
            'AssumeRoleForPodIdentity'
          )
        )
        OR (
          eventsource = 'cognito-identity.amazonaws.com'
          AND eventname IN (
            'GetCredentialsForIdentity'
          )
        )
        OR (
          eventsource = 'sso.amazonaws.com'
          AND eventname IN (
            'GetRoleCredentials'
          )
        )
        OR (
          eventsource = 'ec2.amazonaws.com'
          AND eventname IN (
            'AssociateIamInstanceProfile', 'ReplaceIamInstanceProfileAssociation',
            'RunInstances'
          )
        )
        OR (
          eventsource = 'lambda.amazonaws.com'
          AND eventname IN (
            'CreateFunction20150331', 'UpdateFunctionCode20150331',
            'UpdateFunctionCode20150331v2', 'UpdateFunctionConfiguration20150331',
            'UpdateFunctionConfiguration20150331v2'
          )
        )
        OR (
          eventsource = 'ssm.amazonaws.com'
          AND eventname IN (
            'SendCommand', 'StartSession'
          )
        )
        OR (
          eventsource = 'ec2-instance-connect.amazonaws.com'
          AND eventname IN (
            'SendSSHPublicKey', 'SendSerialConsoleSSHPublicKey'
          )
        )
        )
      THEN 1 ELSE 0
    END AS lineage_call
  FROM records
),
flat AS (
  SELECT
    nullif(useridentity.type, '') AS identity_type,
    nullif(useridentity.principalid, '') AS principal_id,
    nullif(useridentity.arn, '') AS identity_arn,
    nullif(useridentity.accountid, '') AS identity_account,
    nullif(useridentity.invokedby, '') AS invoked_by,
    nullif(useridentity.accesskeyid, '') AS access_key_id,
    nullif(useridentity.username, '') AS user_name,
    nullif(useridentity.sessioncontext.attributes.creationdate, '') AS session_start,
    nullif(useridentity.sessioncontext.sessionissuer.arn, '') AS issuer_arn,
    nullif(useridentity.sessioncontext.sessionissuer.principalid, '') AS issuer_principal_id,
    CASE sessioncredentialfromconsole WHEN 'true' THEN 1 WHEN 'false' THEN 0 END AS from_console,
    nullif(recipientaccountid, '') AS recipient_account,
    CASE WHEN lineage_call = 1 THEN eventname END AS event_name,
    CASE WHEN lineage_call = 1 THEN nullif(eventid, '') END AS event_id,
    CASE WHEN lineage_call = 1 THEN substr(coalesce(
      json_extract_scalar(responseelements, '$.credentials.accessKeyId'),
      json_extract_scalar(responseelements, '$.accessKey.accessKeyId'),
      json_extract_scalar(responseelements, '$.serviceSpecificCredential.serviceSpecificCredentialId'),
      json_extract_scalar(responseelements, '$.credentialSet[0].credentials.accessKeyId'),
      json_extract_scalar(responseelements, '$.roleCredentials.accessKeyId'),
      json_extract_scalar(responseelements, '$.sSHPublicKey.sSHPublicKeyId'),
      json_extract_scalar(responseelements, '$.certificate.certificateId')
    ), 1, 1024) END AS minted_key,
    CASE WHEN lineage_call = 1 THEN substr(coalesce(
      json_extract_scalar(responseelements, '$.assumedRoleUser.arn'),
      json_extract_scalar(responseelements, '$.federatedUser.arn'),
      json_extract_scalar(responseelements, '$.credentialSet[0].assumedRoleUser.arn'),
      json_extract_scalar(responseelements, '$.user.arn'),
      json_extract_scalar(responseelements, '$.role.arn')
    ), 1, 1024) END AS minted_arn,
    CASE WHEN lineage_call = 1 THEN substr(coalesce(
      json_extract_scalar(responseelements, '$.assumedRoleUser.assumedRoleId'),
      json_extract_scalar(responseelements, '$.federatedUser.federatedUserId'),
      json_extract_scalar(responseelements, '$.credentialSet[0].assumedRoleUser.assumedRoleId'),
      json_extract_scalar(responseelements, '$.user.userId'),
      json_extract_scalar(responseelements, '$.role.roleId')
    ), 1, 1024) END AS minted_principal_id,
    CASE WHEN lineage_call = 1 THEN substr(coalesce(
      json_extract_scalar(responseelements, '$.credentials.expiration'),
      json_extract_scalar(responseelements, '$.credentialSet[0].credentials.expiration'),
      json_extract_scalar(responseelements, '$.roleCredentials.expiration')
    ), 1, 1024) END AS minted_expires,
    CASE WHEN lineage_call = 1 THEN substr(coalesce(
      json_extract_scalar(requestparameters, '$.userName'),
      json_extract_scalar(responseelements, '$.accessKey.userName'),
      json_extract_scalar(responseelements, '$.user.userName'),
      json_extract_scalar(responseelements, '$.loginProfile.userName'),
      json_extract_scalar(responseelements, '$.serviceSpecificCredential.userName'),
      json_extract_scalar(responseelements, '$.sSHPublicKey.userName'),
      json_extract_scalar(responseelements, '$.certificate.userName')
    ), 1, 1024) END AS target_user,
    CASE WHEN lineage_call = 1 THEN substr(json_extract_scalar(requestparameters, '$.newUserName'), 1, 1024) END AS new_name,
    CASE WHEN lineage_call = 1 THEN substr(coalesce(
      json_extract_scalar(requestparameters, '$.roleArn'),
      json_extract_scalar(requestparameters, '$.roleName'),
      json_extract_scalar(responseelements, '$.role.arn'),
      nullif(regexp_extract(errormessage, 'on resource: (arn:aws[^ ]*:role/[^ ]+)', 1), '')
    ), 1, 1024) END AS target_role,
    CASE WHEN lineage_call = 1 THEN substr(coalesce(
      json_extract_scalar(requestparameters, '$.accessKeyId'),
      json_extract_scalar(requestparameters, '$.serviceSpecificCredentialId'),
      json_extract_scalar(requestparameters, '$.sSHPublicKeyId'),
      json_extract_scalar(requestparameters, '$.certificateId')
    ), 1, 1024) END AS target_key,
    CASE WHEN lineage_call = 1 THEN substr(json_extract_scalar(requestparameters, '$.status'), 1, 1024) END AS target_status,
    CASE WHEN lineage_call = 1 THEN substr(json_extract_scalar(requestparameters, '$.roleSessionName'), 1, 1024) END AS session_name,
    CASE WHEN lineage_call = 1 THEN substr(coalesce(
      json_extract_scalar(responseelements, '$.ConsoleLogin'),
      json_extract_scalar(responseelements, '$.SwitchRole')
    ), 1, 1024) END AS console_result,
    CASE WHEN lineage_call = 1 THEN substr(coalesce(
      json_extract_scalar(requestparameters, '$.principalArn'),
      json_extract_scalar(requestparameters, '$.trustAnchorArn'),
      json_extract_scalar(responseelements, '$.trustAnchor.trustAnchorArn'),
      json_extract_scalar(responseelements, '$.sAMLProviderArn'),
      json_extract_scalar(responseelements, '$.openIDConnectProviderArn'),
      json_extract_scalar(requestparameters, '$.sAMLProviderArn'),
      json_extract_scalar(additionaleventdata, '$.SwitchFrom'),
      nullif(regexp_extract(useridentity.principalid, '^(arn:aws.*:oidc-provider/[^:]+)', 1), '')
    ), 1, 1024) END AS origin_arn,
    CASE WHEN lineage_call = 1 THEN coalesce(
      substr(json_extract_scalar(requestparameters, '$.functionName'), 1, 1024),
      nullif(array_join(array_sort(array_distinct(regexp_extract_all(
        concat(coalesce(requestparameters, ''), ' ', coalesce(responseelements, '')),
        '"(i-[0-9A-Za-z]{8,17})"', 1
      ))), ' '), '')
    ) END AS resources,
    CASE WHEN lineage_call = 1 THEN concat(eventtime, ' ', coalesce(requestid, ''), ' ', coalesce(eventid, '')) END AS call_id,
    lineage_call,
    eventtime AS event_time,
    nullif(sourceipaddress, '') AS source_ip,
    nullif(awsregion, '') AS aws_region,
    CASE WHEN eventcategory = 'Data' THEN eventtime END AS data_time,
    copies
  FROM calls
)
SELECT
  event_name,
  event_id,
  identity_type,
  principal_id,
  identity_arn,
  identity_account,
  invoked_by,
  access_key_id,
  user_name,
  session_start,
  issuer_arn,
  issuer_principal_id,
  from_console,
  minted_key,
  minted_arn,
  minted_principal_id,
  minted_expires,
  target_user,
  new_name,
  target_role,
  target_key,
  target_status,
  session_name,
  console_result,
  origin_arn,
  resources,
  recipient_account,
  array_join(array_agg(DISTINCT source_ip), ' ') AS addresses,
  count(*) AS events,
  min(event_time) AS first_time,
  max(event_time) AS last_time,
  array_join(array_agg(DISTINCT aws_region), ' ') AS regions,
  min(data_time) AS data_events_from,
  sum(copies) AS records_read
FROM flat
GROUP BY
  event_name,
  event_id,
  identity_type,
  principal_id,
  identity_arn,
  identity_account,
  invoked_by,
  access_key_id,
  user_name,
  session_start,
  issuer_arn,
  issuer_principal_id,
  from_console,
  minted_key,
  minted_arn,
  minted_principal_id,
  minted_expires,
  target_user,
  new_name,
  target_role,
  target_key,
  target_status,
  session_name,
  console_result,
  origin_arn,
  resources,
  recipient_account,
  call_id
ORDER BY first_time ASC NULLS LAST, event_name ASC NULLS LAST
