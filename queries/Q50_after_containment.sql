-- id: Q50
-- name: after_containment
-- question: Did anything still succeed after the containment?
-- phase: eradication
-- impact: evidence
-- attack: T1078.004
-- parameters: contained_at
-- columns: event_time, service, call, target, credential, acting_as, region, source_ip, reach, event_id
-- contain: credential, acting_as
-- source: case_table
-- meaning: One row for each call that succeeded after the last step of the containment; beyond the seconds that AWS takes to enforce it, any row means that it does not hold.
-- none: No call of the key, or of what grew out of it, is recorded to have succeeded after the containment.
SELECT
  event_time,
  event_source AS service,
  event_name AS call,
  coalesce(resource, target_user, target_role, bucket) AS target,
  access_key_id AS credential,
  identity_arn AS acting_as,
  aws_region AS region,
  source_ip,
  reach,
  event_id
FROM case_table
WHERE
  reach IN ('key', 'lineage')
  AND event_time > {contained_at}
  AND error_code IS NULL
  AND error_message IS NULL
  AND event_name <> 'GetCallerIdentity'
  AND coalesce(console_result, 'Success') <> 'Failure'
ORDER BY
  event_time ASC NULLS LAST, service ASC NULLS LAST, call ASC NULLS LAST, target ASC NULLS LAST,
  credential ASC NULLS LAST, acting_as ASC NULLS LAST, region ASC NULLS LAST,
  source_ip ASC NULLS LAST, reach ASC NULLS LAST, event_id ASC NULLS LAST
