-- id: Q04
-- name: quarantine
-- question: Did AWS quarantine the user, and did anybody lift that?
-- phase: validation
-- impact: alerts
-- attack: none
-- parameters: none
-- columns: event_time, call, of_user, policy, outcome, made_by_arn, source_ip, reach, event_id
-- contain: of_user
-- source: case_table
-- meaning: One row for each call about AWS's quarantine policy; AWS attaches it when it finds a key in public.
-- none: No recorded call attached or detached AWS's quarantine policy.
SELECT
  event_time,
  event_name AS call,
  target_user AS of_user,
  target_policy AS policy,
  CASE
    WHEN error_code LIKE '%AccessDenied%' OR error_code LIKE '%UnauthorizedOperation%'
      OR error_code LIKE '%NotAuthorized%' OR error_code LIKE '%AuthorizationError%'
    THEN 'denied'
    WHEN error_code IS NOT NULL OR error_message IS NOT NULL OR console_result = 'Failure'
    THEN 'failed'
    ELSE 'ok'
  END AS outcome,
  identity_arn AS made_by_arn,
  source_ip,
  reach,
  event_id
FROM case_table
WHERE
  reach IN ('key', 'lineage', 'about')
  AND target_policy LIKE '%AWSCompromisedKeyQuarantine%'
ORDER BY
  event_time ASC NULLS LAST, call ASC NULLS LAST, of_user ASC NULLS LAST, policy ASC NULLS LAST,
  outcome ASC NULLS LAST, made_by_arn ASC NULLS LAST, source_ip ASC NULLS LAST,
  reach ASC NULLS LAST, event_id ASC NULLS LAST
