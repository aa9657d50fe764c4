-- id: Q03
-- name: key_lifecycle
-- question: When were the access keys made, switched and deleted, and by whom?
-- phase: validation
-- impact: evidence
-- attack: T1098.001
-- parameters: none
-- columns: event_time, call, credential, of_user, status, outcome, made_by, made_by_arn, source_ip, reach, event_id
-- contain: of_user, credential, made_by_arn
-- source: case_table
-- meaning: One row for each try to make, switch or delete an access key, by the key, by what grew out of it, or about them by others.
-- none: No recorded call made, switched or deleted an access key of the user or of what grew out of the key.
SELECT
  event_time,
  event_name AS call,
  coalesce(minted_key, target_key) AS credential,
  coalesce(target_user, user_name) AS of_user,
  target_status AS status,
  CASE
    WHEN error_code LIKE '%AccessDenied%' OR error_code LIKE '%UnauthorizedOperation%'
      OR error_code LIKE '%NotAuthorized%' OR error_code LIKE '%AuthorizationError%'
    THEN 'denied'
    WHEN error_code IS NOT NULL OR error_message IS NOT NULL OR console_result = 'Failure'
    THEN 'failed'
    ELSE 'ok'
  END AS outcome,
  access_key_id AS made_by,
  identity_arn AS made_by_arn,
  source_ip,
  reach,
  event_id
FROM case_table
WHERE
  reach IN ('key', 'lineage', 'about')
  AND event_source = 'iam.amazonaws.com'
  AND event_name IN ('CreateAccessKey', 'UpdateAccessKey', 'DeleteAccessKey')
ORDER BY
  event_time ASC NULLS LAST, call ASC NULLS LAST, credential ASC NULLS LAST,
  of_user ASC NULLS LAST, status ASC NULLS LAST, outcome ASC NULLS LAST, made_by ASC NULLS LAST,
  made_by_arn ASC NULLS LAST, source_ip ASC NULLS LAST, reach ASC NULLS LAST,
  event_id ASC NULLS LAST
