-- id: Q51
-- name: containment_reverted
-- question: Was something of the containment taken back, and by whom?
-- phase: eradication
-- impact: evidence
-- attack: T1098
-- parameters: contained_at
-- columns: event_time, call, target, gave_back, status, credential, acting_as, source_ip, user_agent, reach, event_id
-- contain: credential, acting_as
-- source: case_table
-- meaning: One row for each successful call after the containment that gives back what it took; people and automation revert too.
-- none: No recorded call after the containment gave anything back.
SELECT
  event_time,
  event_name AS call,
  coalesce(target_user, target_role, resource) AS target,
  coalesce(target_policy, target_key, minted_key) AS gave_back,
  target_status AS status,
  access_key_id AS credential,
  identity_arn AS acting_as,
  source_ip,
  user_agent,
  reach,
  event_id
FROM case_table
WHERE
  reach IN ('key', 'lineage', 'about')
  AND event_time > {contained_at}
  AND error_code IS NULL
  AND error_message IS NULL
  AND event_source = 'iam.amazonaws.com'
  AND (
    event_name IN (
      'DetachUserPolicy', 'DetachRolePolicy', 'DetachGroupPolicy', 'DeleteUserPolicy',
      'DeleteRolePolicy', 'DeleteGroupPolicy', 'UpdateAssumeRolePolicy', 'UntagUser', 'UntagRole',
      'CreateLoginProfile', 'UpdateLoginProfile', 'CreateAccessKey', 'CreatePolicyVersion',
      'SetDefaultPolicyVersion', 'DeleteUserPermissionsBoundary', 'DeleteRolePermissionsBoundary'
    )
    OR (event_name = 'UpdateAccessKey' AND coalesce(target_status, 'Active') <> 'Inactive')
  )
ORDER BY
  event_time ASC NULLS LAST, call ASC NULLS LAST, target ASC NULLS LAST,
  gave_back ASC NULLS LAST, status ASC NULLS LAST, credential ASC NULLS LAST,
  acting_as ASC NULLS LAST, source_ip ASC NULLS LAST, user_agent ASC NULLS LAST,
  reach ASC NULLS LAST, event_id ASC NULLS LAST
