-- id: Q12
-- name: sources_and_agents
-- question: From which addresses, with which tools?
-- phase: scope
-- impact: insider
-- attack: none
-- parameters: none
-- columns: source_ip, user_agent, reach, credentials, calls, failed, distinct_calls, regions, first_seen, last_seen
-- chart: bar x=source_ip y=calls by=reach
-- source: case_table
-- meaning: One row for each address and tool; a service's name in place of an address is AWS acting for the caller, and a tool's name is what the caller claims.
-- none: Neither the key nor anything that grew out of it signed a recorded call, so no address is known.
SELECT
  source_ip,
  user_agent,
  reach,
  count(DISTINCT access_key_id) AS credentials,
  count(*) AS calls,
  sum(CASE WHEN error_code IS NOT NULL OR error_message IS NOT NULL THEN 1 ELSE 0 END) AS failed,
  count(DISTINCT event_name) AS distinct_calls,
  count(DISTINCT aws_region) AS regions,
  min(event_time) AS first_seen,
  max(event_time) AS last_seen
FROM case_table
WHERE reach IN ('key', 'lineage')
GROUP BY source_ip, user_agent, reach
ORDER BY
  calls DESC NULLS LAST, source_ip ASC NULLS LAST, user_agent ASC NULLS LAST,
  reach ASC NULLS LAST
