-- id: Q23
-- name: privilege_escalation
-- question: Where were more rights sought than the key had?
-- phase: scope
-- impact: evidence
-- attack: T1098.003, T1548.005
-- parameters: none
-- columns: event_time, service, call, technique, target, gives, administrator, outcome, credential, acting_as, region, source_ip, reach, event_id
-- contain: target, credential, acting_as
-- source: case_table
-- meaning: One row for each try of a call that can raise rights; ok means that AWS let it happen, not that rights were gained.
-- none: Neither the key nor anything that grew out of it tried a call that is known to raise rights.
SELECT
  event_time,
  event_source AS service,
  event_name AS call,
  CASE
    WHEN event_name IN ('CreatePolicyVersion', 'SetDefaultPolicyVersion')
    THEN 'changes a policy that is in use'
    WHEN event_name LIKE 'Attach%Policy' OR event_name LIKE 'Put%Policy'
    THEN 'gives a policy'
    WHEN event_name = 'AddUserToGroup'
    THEN 'joins a group'
    WHEN event_name = 'UpdateAssumeRolePolicy'
    THEN 'opens a role'
    WHEN event_name IN ('CreateAccessKey', 'CreateLoginProfile', 'UpdateLoginProfile')
    THEN 'takes over a user'
    WHEN event_name LIKE '%PermissionsBoundary' OR event_name LIKE 'Detach%Policy'
      OR event_name LIKE 'Delete%Policy'
    THEN 'takes a limit away'
    ELSE 'hands a role to a service'
  END AS technique,
  coalesce(target_user, target_role, target_group, resource) AS target,
  coalesce(target_policy, passed_role) AS gives,
  CASE
    WHEN target_policy LIKE '%:policy/AdministratorAccess'
      OR target_policy LIKE '%:policy/IAMFullAccess'
      OR target_policy LIKE '%:policy/PowerUserAccess'
    THEN 1 ELSE 0
  END AS administrator,
  CASE
    WHEN error_code LIKE '%AccessDenied%' OR error_code LIKE '%UnauthorizedOperation%'
      OR error_code LIKE '%NotAuthorized%' OR error_code LIKE '%AuthorizationError%'
    THEN 'denied'
    WHEN error_code IS NOT NULL OR error_message IS NOT NULL OR console_result = 'Failure'
    THEN 'failed'
    ELSE 'ok'
  END AS outcome,
  access_key_id AS credential,
  identity_arn AS acting_as,
  aws_region AS region,
  source_ip,
  reach,
  event_id
FROM case_table
WHERE
  reach IN ('key', 'lineage')
  AND (
    (
      event_source = 'iam.amazonaws.com'
      AND (
        event_name IN (
          'CreatePolicyVersion', 'SetDefaultPolicyVersion', 'AddUserToGroup',
          'UpdateAssumeRolePolicy', 'CreateLoginProfile', 'UpdateLoginProfile'
        )
        OR (event_name = 'CreateAccessKey' AND (user_name IS NULL OR target_user <> user_name))
        OR event_name LIKE 'Attach%Policy'
        OR event_name LIKE 'Put%Policy'
        OR event_name LIKE 'Detach%Policy'
        OR event_name LIKE 'DeleteUserPolicy'
        OR event_name LIKE 'DeleteRolePolicy'
        OR event_name LIKE 'DeleteGroupPolicy'
        OR event_name LIKE '%PermissionsBoundary'
      )
    )
    OR (
      event_source <> 'iam.amazonaws.com'
      AND passed_role IS NOT NULL
      AND coalesce(read_only, 0) = 0
    )
  )
ORDER BY
  event_time ASC NULLS LAST, service ASC NULLS LAST, call ASC NULLS LAST,
  technique ASC NULLS LAST, target ASC NULLS LAST, gives ASC NULLS LAST,
  administrator ASC NULLS LAST, outcome ASC NULLS LAST, credential ASC NULLS LAST,
  acting_as ASC NULLS LAST, region ASC NULLS LAST, source_ip ASC NULLS LAST,
  reach ASC NULLS LAST, event_id ASC NULLS LAST
