-- id: Q70
-- name: sources_before_and_since
-- question: Which addresses and tools used the key before it was exposed, and which only since?
-- phase: scope
-- impact: insider
-- attack: none
-- parameters: exposed_since
-- columns: source_ip, user_agent, calls_before, calls_since, failed, first_seen, last_seen
-- source: case_table
-- meaning: One row for each address and tool of the key; one without calls before the exposure is new.
-- none: The key signed no recorded call, so there is nothing to compare.
SELECT
  source_ip,
  user_agent,
  sum(CASE WHEN event_time < {exposed_since} THEN 1 ELSE 0 END) AS calls_before,
  sum(CASE WHEN event_time < {exposed_since} THEN 0 ELSE 1 END) AS calls_since,
  sum(CASE WHEN error_code IS NOT NULL OR error_message IS NOT NULL THEN 1 ELSE 0 END) AS failed,
  min(event_time) AS first_seen,
  max(event_time) AS last_seen
FROM case_table
WHERE
  reach = 'key'
GROUP BY
  source_ip,
  user_agent
ORDER BY
  calls_before ASC NULLS LAST, calls_since DESC NULLS LAST, source_ip ASC NULLS LAST,
  user_agent ASC NULLS LAST, failed ASC NULLS LAST, first_seen ASC NULLS LAST,
  last_seen ASC NULLS LAST
