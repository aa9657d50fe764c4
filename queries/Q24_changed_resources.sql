-- id: Q24
-- name: changed_resources
-- question: Which resources were created, changed or deleted?
-- phase: impact
-- impact: configuration
-- attack: none
-- parameters: none
-- columns: change, service, call, target, region, calls, first_seen, last_seen, reach
-- source: case_table
-- meaning: One row for each successful change and resource; failed tries are not changes.
-- none: Neither the key nor anything that grew out of it was seen changing a resource.
SELECT
  CASE
    WHEN event_name LIKE 'Create%' OR event_name LIKE 'Run%' OR event_name LIKE 'Allocate%'
      OR event_name LIKE 'Import%' OR event_name LIKE 'Request%' OR event_name LIKE 'Register%'
      OR event_name LIKE 'Publish%' OR event_name LIKE 'Copy%' OR event_name LIKE 'Restore%'
    THEN 'created'
    WHEN event_name LIKE 'Delete%' OR event_name LIKE 'Terminate%' OR event_name LIKE 'Remove%'
      OR event_name LIKE 'Deregister%' OR event_name LIKE 'Release%' OR event_name LIKE 'Revoke%'
      OR event_name LIKE 'Detach%' OR event_name LIKE 'Disassociate%'
      OR event_name LIKE 'Schedule%Deletion'
    THEN 'removed'
    ELSE 'changed'
  END AS change,
  event_source AS service,
  event_name AS call,
  coalesce(resource, minted_arn, target_user, target_role, bucket) AS target,
  aws_region AS region,
  count(*) AS calls,
  min(event_time) AS first_seen,
  max(event_time) AS last_seen,
  reach
FROM case_table
WHERE
  reach IN ('key', 'lineage')
  AND error_code IS NULL
  AND error_message IS NULL
  AND event_source NOT IN ('sts.amazonaws.com', 'signin.amazonaws.com')
  AND (
    read_only = 0
    OR (
      read_only IS NULL
      AND event_name NOT LIKE 'Get%'
      AND event_name NOT LIKE 'List%'
      AND event_name NOT LIKE 'Describe%'
      AND event_name NOT LIKE 'Head%'
      AND event_name NOT LIKE 'Lookup%'
      AND event_name NOT LIKE 'BatchGet%'
    )
  )
GROUP BY
  CASE
    WHEN event_name LIKE 'Create%' OR event_name LIKE 'Run%' OR event_name LIKE 'Allocate%'
      OR event_name LIKE 'Import%' OR event_name LIKE 'Request%' OR event_name LIKE 'Register%'
      OR event_name LIKE 'Publish%' OR event_name LIKE 'Copy%' OR event_name LIKE 'Restore%'
    THEN 'created'
    WHEN event_name LIKE 'Delete%' OR event_name LIKE 'Terminate%' OR event_name LIKE 'Remove%'
      OR event_name LIKE 'Deregister%' OR event_name LIKE 'Release%' OR event_name LIKE 'Revoke%'
      OR event_name LIKE 'Detach%' OR event_name LIKE 'Disassociate%'
      OR event_name LIKE 'Schedule%Deletion'
    THEN 'removed'
    ELSE 'changed'
  END,
  event_source,
  event_name,
  coalesce(resource, minted_arn, target_user, target_role, bucket),
  aws_region,
  reach
ORDER BY
  first_seen ASC NULLS LAST, service ASC NULLS LAST, call ASC NULLS LAST,
  target ASC NULLS LAST, region ASC NULLS LAST, reach ASC NULLS LAST
