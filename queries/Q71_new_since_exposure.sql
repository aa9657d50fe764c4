-- id: Q71
-- name: new_since_exposure
-- question: Which calls and regions did the key never use before it was exposed?
-- phase: scope
-- impact: services
-- attack: none
-- parameters: exposed_since
-- columns: service, call, region, calls, failed, first_seen, last_seen
-- source: case_table
-- meaning: One row for each call and region that the key used only since; how far back the trail was read bounds what never means.
-- none: The key used nothing since the exposure that it did not use before.
SELECT
  event_source AS service,
  event_name AS call,
  aws_region AS region,
  count(*) AS calls,
  sum(CASE WHEN error_code IS NOT NULL OR error_message IS NOT NULL THEN 1 ELSE 0 END) AS failed,
  min(event_time) AS first_seen,
  max(event_time) AS last_seen
FROM case_table
WHERE
  reach = 'key'
GROUP BY
  event_source,
  event_name,
  aws_region
HAVING sum(CASE WHEN event_time < {exposed_since} THEN 1 ELSE 0 END) = 0
ORDER BY
  first_seen ASC NULLS LAST, service ASC NULLS LAST, call ASC NULLS LAST, region ASC NULLS LAST,
  calls ASC NULLS LAST, failed ASC NULLS LAST, last_seen ASC NULLS LAST
