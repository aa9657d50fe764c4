-- id: Q52
-- name: broken_by_containment
-- question: What was refused after the containment, and might be production?
-- phase: eradication
-- impact: business
-- attack: none
-- parameters: contained_at
-- columns: source_ip, user_agent, credential, acting_as, service, call, calls, first_seen, last_seen, reach
-- source: case_table
-- meaning: One row for each caller that was denied after the containment; one from the owner's own address is something that the containment broke.
-- none: No call of the key, or of what grew out of it, was denied after the containment.
SELECT
  source_ip,
  user_agent,
  access_key_id AS credential,
  identity_arn AS acting_as,
  event_source AS service,
  event_name AS call,
  count(*) AS calls,
  min(event_time) AS first_seen,
  max(event_time) AS last_seen,
  reach
FROM case_table
WHERE
  reach IN ('key', 'lineage')
  AND event_time > {contained_at}
  AND (
    error_code LIKE '%AccessDenied%' OR error_code LIKE '%UnauthorizedOperation%'
    OR error_code LIKE '%NotAuthorized%' OR error_code LIKE '%AuthorizationError%'
  )
GROUP BY
  source_ip,
  user_agent,
  access_key_id,
  identity_arn,
  event_source,
  event_name,
  reach
ORDER BY
  calls DESC NULLS LAST, source_ip ASC NULLS LAST, user_agent ASC NULLS LAST,
  credential ASC NULLS LAST, acting_as ASC NULLS LAST, service ASC NULLS LAST,
  call ASC NULLS LAST, first_seen ASC NULLS LAST, last_seen ASC NULLS LAST, reach ASC NULLS LAST
