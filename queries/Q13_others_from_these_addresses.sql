-- id: Q13
-- name: others_from_these_addresses
-- question: Who else came from the addresses of the key?
-- phase: scope
-- impact: insider
-- attack: T1078.004
-- parameters: none
-- columns: acting_as, kind, credential, source_ip, user_agent, calls, failed, distinct_calls, first_seen, last_seen
-- source: case_table
-- meaning: One row for each identity that is not known to have grown from the key; the same address is a hint and no proof.
-- none: Nobody else was seen at the addresses from which the key was used.
SELECT
  identity_arn AS acting_as,
  identity_type AS kind,
  access_key_id AS credential,
  source_ip,
  user_agent,
  count(*) AS calls,
  sum(CASE WHEN error_code IS NOT NULL OR error_message IS NOT NULL THEN 1 ELSE 0 END) AS failed,
  count(DISTINCT event_name) AS distinct_calls,
  min(event_time) AS first_seen,
  max(event_time) AS last_seen
FROM case_table
WHERE
  reach = 'address'
GROUP BY
  identity_arn,
  identity_type,
  access_key_id,
  source_ip,
  user_agent
ORDER BY
  calls DESC NULLS LAST, acting_as ASC NULLS LAST, kind ASC NULLS LAST,
  credential ASC NULLS LAST, source_ip ASC NULLS LAST, user_agent ASC NULLS LAST,
  failed ASC NULLS LAST, distinct_calls ASC NULLS LAST, first_seen ASC NULLS LAST,
  last_seen ASC NULLS LAST
