-- id: Q20
-- name: activity_by_hour
-- question: At what hours was there activity?
-- phase: scope
-- impact: insider
-- attack: none
-- parameters: none
-- columns: hour_utc, reach, calls, failed, addresses, distinct_calls
-- chart: line x=hour_utc y=calls by=reach
-- source: case_table
-- meaning: One row for each hour (UTC) with calls; an hour without a row had none.
-- none: Neither the key nor anything that grew out of it signed a recorded call.
SELECT
  substr(event_time, 1, 13) AS hour_utc,
  reach,
  count(*) AS calls,
  sum(CASE WHEN error_code IS NOT NULL OR error_message IS NOT NULL THEN 1 ELSE 0 END) AS failed,
  count(DISTINCT source_ip) AS addresses,
  count(DISTINCT event_name) AS distinct_calls
FROM case_table
WHERE
  reach IN ('key', 'lineage')
GROUP BY
  substr(event_time, 1, 13),
  reach
ORDER BY
  hour_utc ASC NULLS LAST, reach ASC NULLS LAST, calls ASC NULLS LAST, failed ASC NULLS LAST,
  addresses ASC NULLS LAST, distinct_calls ASC NULLS LAST
