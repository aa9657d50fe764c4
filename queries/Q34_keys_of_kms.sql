-- id: Q34
-- name: keys_of_kms
-- question: Which encryption keys were used or tampered with?
-- phase: impact
-- impact: classification
-- attack: T1485, T1486
-- parameters: none
-- columns: kms_key_id, call, outcome, granted_to, invoked_by, region, calls, first_seen, last_seen, reach
-- source: case_table
-- meaning: One row for each key and call of KMS; a grant or a policy outlives the credential that made it.
-- none: Neither the key nor anything that grew out of it was seen using or changing a key of KMS.
SELECT
  coalesce(kms_key, resource) AS kms_key_id,
  event_name AS call,
  CASE
    WHEN error_code LIKE '%AccessDenied%' OR error_code LIKE '%UnauthorizedOperation%'
      OR error_code LIKE '%NotAuthorized%' OR error_code LIKE '%AuthorizationError%'
    THEN 'denied'
    WHEN error_code IS NOT NULL OR error_message IS NOT NULL OR console_result = 'Failure'
    THEN 'failed'
    ELSE 'ok'
  END AS outcome,
  granted_to,
  invoked_by,
  aws_region AS region,
  count(*) AS calls,
  min(event_time) AS first_seen,
  max(event_time) AS last_seen,
  reach
FROM case_table
WHERE
  reach IN ('key', 'lineage')
  AND event_source = 'kms.amazonaws.com'
  AND event_name IN (
    'Decrypt', 'ReEncrypt', 'GenerateDataKey', 'GenerateDataKeyWithoutPlaintext',
    'GenerateDataKeyPair', 'Encrypt', 'CreateKey', 'PutKeyPolicy', 'CreateGrant', 'RevokeGrant',
    'RetireGrant', 'DisableKey', 'EnableKey', 'ScheduleKeyDeletion', 'CancelKeyDeletion',
    'ImportKeyMaterial', 'DeleteImportedKeyMaterial', 'UpdateAlias', 'DeleteAlias'
  )
GROUP BY
  coalesce(kms_key, resource),
  event_name,
  CASE
    WHEN error_code LIKE '%AccessDenied%' OR error_code LIKE '%UnauthorizedOperation%'
      OR error_code LIKE '%NotAuthorized%' OR error_code LIKE '%AuthorizationError%'
    THEN 'denied'
    WHEN error_code IS NOT NULL OR error_message IS NOT NULL OR console_result = 'Failure'
    THEN 'failed'
    ELSE 'ok'
  END,
  granted_to,
  invoked_by,
  aws_region,
  reach
ORDER BY
  first_seen ASC NULLS LAST, kms_key_id ASC NULLS LAST, call ASC NULLS LAST,
  outcome ASC NULLS LAST, granted_to ASC NULLS LAST, invoked_by ASC NULLS LAST,
  region ASC NULLS LAST, calls ASC NULLS LAST, last_seen ASC NULLS LAST, reach ASC NULLS LAST
