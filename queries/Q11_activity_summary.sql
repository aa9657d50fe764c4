-- id: Q11
-- name: activity_summary
-- question: Which calls were made, where, and how did they end?
-- phase: scope
-- impact: services
-- attack: none
-- parameters: none
-- columns: service, call, region, reach, calls, succeeded, failed, denied, first_seen, last_seen
-- source: case_table
-- meaning: One row for each call and region, the most frequent first.
-- none: Neither the key nor anything that grew out of it signed a recorded call.
SELECT
  event_source AS service,
  event_name AS call,
  aws_region AS region,
  reach,
  count(*) AS calls,
  sum(CASE WHEN error_code IS NULL AND error_message IS NULL THEN 1 ELSE 0 END) AS succeeded,
  sum(CASE WHEN error_code IS NULL AND error_message IS NULL THEN 0 ELSE 1 END) AS failed,
  sum(
    CASE
      WHEN error_code LIKE '%AccessDenied%' OR error_code LIKE '%UnauthorizedOperation%'
        OR error_code LIKE '%NotAuthorized%' OR error_code LIKE '%AuthorizationError%'
      THEN 1 ELSE 0
    END
  ) AS denied,
  min(event_time) AS first_seen,
  max(event_time) AS last_seen
FROM case_table
WHERE reach IN ('key', 'lineage')
GROUP BY event_source, event_name, aws_region, reach
ORDER BY
  calls DESC NULLS LAST, service ASC NULLS LAST, call ASC NULLS LAST, region ASC NULLS LAST,
  reach ASC NULLS LAST
