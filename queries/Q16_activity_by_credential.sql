-- id: Q16
-- name: activity_by_credential
-- question: What did each credential do that grew out of the key?
-- phase: scope
-- impact: evidence
-- attack: T1078.004
-- parameters: none
-- columns: credential, acting_as, kind, session_start, calls, failed, services, distinct_calls, regions, first_seen, last_seen
-- contain: credential, acting_as
-- source: case_table
-- meaning: One row for each credential and identity that acted; one that was made and never used is in Q15 and not here.
-- none: Nothing that grew out of the key signed a recorded call.
SELECT
  access_key_id AS credential,
  identity_arn AS acting_as,
  identity_type AS kind,
  session_start,
  count(*) AS calls,
  sum(CASE WHEN error_code IS NOT NULL OR error_message IS NOT NULL THEN 1 ELSE 0 END) AS failed,
  count(DISTINCT event_source) AS services,
  count(DISTINCT event_name) AS distinct_calls,
  count(DISTINCT aws_region) AS regions,
  min(event_time) AS first_seen,
  max(event_time) AS last_seen
FROM case_table
WHERE
  reach = 'lineage'
GROUP BY
  access_key_id,
  identity_arn,
  identity_type,
  session_start
ORDER BY
  first_seen ASC NULLS LAST, credential ASC NULLS LAST, acting_as ASC NULLS LAST,
  kind ASC NULLS LAST, session_start ASC NULLS LAST, calls ASC NULLS LAST,
  failed ASC NULLS LAST, services ASC NULLS LAST, distinct_calls ASC NULLS LAST,
  regions ASC NULLS LAST, last_seen ASC NULLS LAST
