-- id: Q14
-- name: denied_calls
-- question: What was tried and refused?
-- phase: scope
-- impact: evidence
-- attack: none
-- parameters: none
-- columns: service, call, error_code, verdict, target, reach, tries, first_seen, last_seen, example_message
-- source: case_table
-- meaning: One row for each failed call, error and target; denied is a missing permission, failed is anything else.
-- none: No recorded call of the key, or of what grew out of it, failed.
SELECT
  event_source AS service,
  event_name AS call,
  error_code,
  CASE
    WHEN error_code LIKE '%AccessDenied%' OR error_code LIKE '%UnauthorizedOperation%'
      OR error_code LIKE '%NotAuthorized%' OR error_code LIKE '%AuthorizationError%'
    THEN 'denied' ELSE 'failed'
  END AS verdict,
  coalesce(target_role, resource, target_user) AS target,
  reach,
  count(*) AS tries,
  min(event_time) AS first_seen,
  max(event_time) AS last_seen,
  min(error_message) AS example_message
FROM case_table
WHERE
  reach IN ('key', 'lineage')
  AND (error_code IS NOT NULL OR error_message IS NOT NULL OR console_result = 'Failure')
GROUP BY
  event_source,
  event_name,
  error_code,
  CASE
    WHEN error_code LIKE '%AccessDenied%' OR error_code LIKE '%UnauthorizedOperation%'
      OR error_code LIKE '%NotAuthorized%' OR error_code LIKE '%AuthorizationError%'
    THEN 'denied' ELSE 'failed'
  END,
  coalesce(target_role, resource, target_user),
  reach
ORDER BY
  verdict ASC NULLS LAST, tries DESC NULLS LAST, service ASC NULLS LAST, call ASC NULLS LAST,
  error_code ASC NULLS LAST, target ASC NULLS LAST, reach ASC NULLS LAST
