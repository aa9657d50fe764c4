-- id: Q18
-- name: regions
-- question: Which regions were used, and since when?
-- phase: scope
-- impact: services
-- attack: none
-- parameters: none
-- columns: region, reach, calls, failed, services, days, first_seen, last_seen
-- chart: bar x=region y=calls by=reach
-- source: case_table
-- meaning: One row for each region, in the order of first use; a region that first appears after the exposure was new to the key.
-- none: Neither the key nor anything that grew out of it signed a recorded call in any region.
SELECT
  aws_region AS region,
  reach,
  count(*) AS calls,
  sum(CASE WHEN error_code IS NOT NULL OR error_message IS NOT NULL THEN 1 ELSE 0 END) AS failed,
  count(DISTINCT event_source) AS services,
  count(DISTINCT substr(event_time, 1, 10)) AS days,
  min(event_time) AS first_seen,
  max(event_time) AS last_seen
FROM case_table
WHERE
  reach IN ('key', 'lineage')
GROUP BY
  aws_region,
  reach
ORDER BY
  first_seen ASC NULLS LAST, region ASC NULLS LAST, reach ASC NULLS LAST, calls ASC NULLS LAST,
  failed ASC NULLS LAST, services ASC NULLS LAST, days ASC NULLS LAST, last_seen ASC NULLS LAST
