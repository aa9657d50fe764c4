-- id: Q61
-- name: old_key_silent
-- question: Is the leaked key silent since the containment?
-- phase: eradication
-- impact: evidence
-- attack: T1078.004
-- parameters: contained_at
-- columns: outcome, source_ip, user_agent, service, call, region, calls, first_seen, last_seen
-- source: case_table
-- meaning: One row for each call that the leaked key still signed after the containment; a denied one from the owner's own address is a workload that has no new key yet.
-- none: The leaked key signed no recorded call after the containment; a call with a key that is inactive or deleted is recorded nowhere, so this does not mean that nobody tries it.
SELECT
  CASE
    WHEN error_code LIKE '%AccessDenied%' OR error_code LIKE '%UnauthorizedOperation%'
      OR error_code LIKE '%NotAuthorized%' OR error_code LIKE '%AuthorizationError%'
    THEN 'denied'
    WHEN error_code IS NOT NULL OR error_message IS NOT NULL
    THEN 'failed'
    ELSE 'ok'
  END AS outcome,
  source_ip,
  user_agent,
  event_source AS service,
  event_name AS call,
  aws_region AS region,
  count(*) AS calls,
  min(event_time) AS first_seen,
  max(event_time) AS last_seen
FROM case_table
WHERE
  reach = 'key'
  AND event_time > {contained_at}
GROUP BY
  CASE
    WHEN error_code LIKE '%AccessDenied%' OR error_code LIKE '%UnauthorizedOperation%'
      OR error_code LIKE '%NotAuthorized%' OR error_code LIKE '%AuthorizationError%'
    THEN 'denied'
    WHEN error_code IS NOT NULL OR error_message IS NOT NULL
    THEN 'failed'
    ELSE 'ok'
  END,
  source_ip,
  user_agent,
  event_source,
  event_name,
  aws_region
ORDER BY
  last_seen DESC NULLS LAST, outcome ASC NULLS LAST, source_ip ASC NULLS LAST,
  user_agent ASC NULLS LAST, service ASC NULLS LAST, call ASC NULLS LAST,
  region ASC NULLS LAST
