-- id: Q10
-- name: timeline
-- question: What happened, call by call, in order?
-- phase: scope
-- impact: evidence
-- attack: none
-- parameters: none
-- columns: event_time, reach, credential, acting_as, service, call, target, region, source_ip, outcome, user_agent, event_id
-- source: case_table
-- meaning: Every recorded call of the key and of what grew out of it, oldest first.
-- none: Neither the key nor anything that grew out of it signed a recorded call.
SELECT
  event_time,
  reach,
  access_key_id AS credential,
  identity_arn AS acting_as,
  event_source AS service,
  event_name AS call,
  coalesce(resource, target_user, target_role, minted_arn, bucket) AS target,
  aws_region AS region,
  source_ip,
  coalesce(
    error_code,
    CASE WHEN error_message IS NOT NULL OR console_result = 'Failure' THEN 'failed' END,
    'ok'
  ) AS outcome,
  user_agent,
  event_id
FROM case_table
WHERE reach IN ('key', 'lineage')
ORDER BY
  event_time ASC NULLS LAST, event_id ASC NULLS LAST, service ASC NULLS LAST,
  call ASC NULLS LAST, credential ASC NULLS LAST, acting_as ASC NULLS LAST,
  target ASC NULLS LAST, region ASC NULLS LAST, source_ip ASC NULLS LAST,
  outcome ASC NULLS LAST, user_agent ASC NULLS LAST, reach ASC NULLS LAST
