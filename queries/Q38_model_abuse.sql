-- id: Q38
-- name: model_abuse
-- question: Were foundation models used or unlocked?
-- phase: impact
-- impact: business
-- attack: T1496.004
-- parameters: none
-- columns: model, call, region, outcome, calls, tokens_in, tokens_out, by_bearer_token, first_seen, last_seen, reach
-- source: case_table
-- meaning: One row for each model, call and region; tokens are there where AWS recorded them, and reading calls count: invocations are recorded as reads.
-- none: Neither the key nor anything that grew out of it was seen calling Amazon Bedrock.
SELECT
  model,
  event_name AS call,
  aws_region AS region,
  CASE
    WHEN error_code LIKE '%AccessDenied%' OR error_code LIKE '%UnauthorizedOperation%'
      OR error_code LIKE '%NotAuthorized%' OR error_code LIKE '%AuthorizationError%'
    THEN 'denied'
    WHEN error_code IS NOT NULL OR error_message IS NOT NULL OR console_result = 'Failure'
    THEN 'failed'
    ELSE 'ok'
  END AS outcome,
  count(*) AS calls,
  sum(tokens_in) AS tokens_in,
  sum(tokens_out) AS tokens_out,
  max(bearer_token) AS by_bearer_token,
  min(event_time) AS first_seen,
  max(event_time) AS last_seen,
  reach
FROM case_table
WHERE
  reach IN ('key', 'lineage')
  AND event_source LIKE 'bedrock%'
GROUP BY
  model,
  event_name,
  aws_region,
  CASE
    WHEN error_code LIKE '%AccessDenied%' OR error_code LIKE '%UnauthorizedOperation%'
      OR error_code LIKE '%NotAuthorized%' OR error_code LIKE '%AuthorizationError%'
    THEN 'denied'
    WHEN error_code IS NOT NULL OR error_message IS NOT NULL OR console_result = 'Failure'
    THEN 'failed'
    ELSE 'ok'
  END,
  reach
ORDER BY
  first_seen ASC NULLS LAST, model ASC NULLS LAST, call ASC NULLS LAST, region ASC NULLS LAST,
  outcome ASC NULLS LAST, calls ASC NULLS LAST, tokens_in ASC NULLS LAST,
  tokens_out ASC NULLS LAST, by_bearer_token ASC NULLS LAST, last_seen ASC NULLS LAST,
  reach ASC NULLS LAST
