-- id: Q21
-- name: new_principals_and_keys
-- question: Which principals, credentials and permissions were created or changed?
-- phase: eradication
-- impact: configuration
-- attack: T1098.001, T1136.003
-- parameters: none
-- columns: event_time, call, target, detail, new_id, made_by, made_by_arn, source_ip, reach, event_id
-- contain: target, new_id, made_by, made_by_arn
-- source: case_table
-- meaning: One row for each successful change to who may do what; each is a way back in until it is reviewed.
-- none: Neither the key nor anything that grew out of it was seen changing a principal, credential or permission.
SELECT
  event_time,
  event_name AS call,
  coalesce(target_user, target_role, target_group, resource, user_name) AS target,
  coalesce(
    target_policy,
    target_status,
    CASE WHEN event_name IN ('UpdateUser', 'UpdateGroup') THEN 'now ' || detail END
  ) AS detail,
  coalesce(minted_key, target_key, minted_principal_id) AS new_id,
  access_key_id AS made_by,
  identity_arn AS made_by_arn,
  source_ip,
  reach,
  event_id
FROM case_table
WHERE
  reach IN ('key', 'lineage')
  AND error_code IS NULL
  AND error_message IS NULL
  AND event_source = 'iam.amazonaws.com'
  AND (
    event_name IN (
      'CreateUser', 'CreateRole', 'CreateServiceLinkedRole', 'CreateGroup',
      'CreateInstanceProfile', 'AddRoleToInstanceProfile', 'AddUserToGroup',
      'CreateAccessKey', 'UpdateAccessKey', 'CreateLoginProfile', 'UpdateLoginProfile',
      'ChangePassword', 'CreateServiceSpecificCredential', 'ResetServiceSpecificCredential',
      'UpdateServiceSpecificCredential', 'UploadSSHPublicKey', 'UploadSigningCertificate',
      'CreatePolicy', 'CreatePolicyVersion', 'SetDefaultPolicyVersion',
      'UpdateAssumeRolePolicy', 'UpdateRole', 'CreateSAMLProvider', 'UpdateSAMLProvider',
      'CreateOpenIDConnectProvider', 'UpdateOpenIDConnectProviderThumbprint',
      'AddClientIDToOpenIDConnectProvider', 'EnableMFADevice', 'CreateVirtualMFADevice',
      'DeactivateMFADevice', 'DeleteVirtualMFADevice', 'UpdateUser', 'UpdateGroup'
    )
    OR event_name LIKE 'Attach%Policy'
    OR event_name LIKE 'Detach%Policy'
    OR event_name LIKE 'Put%Policy'
    OR event_name LIKE 'Delete%Policy'
    OR event_name LIKE '%PermissionsBoundary'
  )
ORDER BY
  event_time ASC NULLS LAST, event_id ASC NULLS LAST, call ASC NULLS LAST,
  target ASC NULLS LAST, detail ASC NULLS LAST, new_id ASC NULLS LAST,
  made_by ASC NULLS LAST, made_by_arn ASC NULLS LAST, source_ip ASC NULLS LAST,
  reach ASC NULLS LAST
