-- id: Q01
-- name: first_and_last_use
-- question: When was the key, and what grew out of it, first and last used, and how often?
-- phase: validation
-- impact: insider
-- attack: none
-- parameters: none
-- columns: day, credential, acting_as, reach, calls, failed, first_seen, last_seen
-- chart: line x=day y=calls by=reach
-- source: case_table
-- meaning: One row for each day and credential; the first row is the first use that was recorded.
-- none: Neither the key nor anything that grew out of it signed a recorded call.
SELECT
  substr(event_time, 1, 10) AS day,
  coalesce(access_key_id, 'no key (' || coalesce(event_name, 'unnamed') || ')') AS credential,
  identity_arn AS acting_as,
  reach,
  count(*) AS calls,
  sum(CASE WHEN error_code IS NOT NULL OR error_message IS NOT NULL THEN 1 ELSE 0 END) AS failed,
  min(event_time) AS first_seen,
  max(event_time) AS last_seen
FROM case_table
WHERE reach IN ('key', 'lineage')
GROUP BY
  substr(event_time, 1, 10),
  coalesce(access_key_id, 'no key (' || coalesce(event_name, 'unnamed') || ')'),
  identity_arn,
  reach
ORDER BY
  day ASC NULLS LAST, first_seen ASC NULLS LAST, credential ASC NULLS LAST,
  acting_as ASC NULLS LAST, reach ASC NULLS LAST
