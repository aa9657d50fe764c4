-- id: Q19
-- name: services
-- question: Which services and calls were used, and since when?
-- phase: scope
-- impact: services
-- attack: none
-- parameters: none
-- columns: service, call, days, calls, failed, first_seen, last_seen
-- chart: bar x=service y=calls
-- source: case_table
-- meaning: One row for each call in the order of its first use; what first appears after the exposure was new to the key.
-- none: Neither the key nor anything that grew out of it signed a recorded call.
SELECT
  event_source AS service,
  event_name AS call,
  count(DISTINCT substr(event_time, 1, 10)) AS days,
  count(*) AS calls,
  sum(CASE WHEN error_code IS NOT NULL OR error_message IS NOT NULL THEN 1 ELSE 0 END) AS failed,
  min(event_time) AS first_seen,
  max(event_time) AS last_seen
FROM case_table
WHERE
  reach IN ('key', 'lineage')
GROUP BY
  event_source,
  event_name
ORDER BY
  first_seen ASC NULLS LAST, service ASC NULLS LAST, call ASC NULLS LAST, days ASC NULLS LAST,
  calls ASC NULLS LAST, failed ASC NULLS LAST, last_seen ASC NULLS LAST
