-- id: Q17
-- name: console_sign_ins
-- question: Who signed in to the console, and with a second factor?
-- phase: scope
-- impact: evidence
-- attack: T1021.007, T1078.004
-- parameters: none
-- columns: event_time, call, outcome, mfa_used, acting_as, user_name, switched_from, source_ip, user_agent, reach, event_id
-- contain: acting_as, user_name, switched_from
-- source: case_table
-- meaning: One row for each sign-in, role switch and exchange of credentials for a console session.
-- none: Nobody of the lineage was seen signing in to the console.
SELECT
  event_time,
  event_name AS call,
  CASE
    WHEN error_code LIKE '%AccessDenied%' OR error_code LIKE '%UnauthorizedOperation%'
      OR error_code LIKE '%NotAuthorized%' OR error_code LIKE '%AuthorizationError%'
    THEN 'denied'
    WHEN error_code IS NOT NULL OR error_message IS NOT NULL OR console_result = 'Failure'
    THEN 'failed'
    ELSE 'ok'
  END AS outcome,
  mfa_used,
  identity_arn AS acting_as,
  user_name,
  origin_arn AS switched_from,
  source_ip,
  user_agent,
  reach,
  event_id
FROM case_table
WHERE
  reach IN ('key', 'lineage', 'about')
  AND event_source = 'signin.amazonaws.com'
ORDER BY
  event_time ASC NULLS LAST, call ASC NULLS LAST, outcome ASC NULLS LAST,
  mfa_used ASC NULLS LAST, acting_as ASC NULLS LAST, user_name ASC NULLS LAST,
  switched_from ASC NULLS LAST, source_ip ASC NULLS LAST, user_agent ASC NULLS LAST,
  reach ASC NULLS LAST, event_id ASC NULLS LAST
