-- id: Q25
-- name: who_touched
-- question: Who touched what the actor touched?
-- phase: eradication
-- impact: evidence
-- attack: none
-- parameters: none
-- columns: target, acting_as, credential, source_ip, reach, calls, changes, failed, first_seen, last_seen
-- source: case_table
-- meaning: One row for each resource that the key, or what grew out of it, called about, and each caller of it; of other people only calls from the actor's addresses and changes of the key's own principals are in the case table.
-- none: Neither the key nor anything that grew out of it was seen calling about a resource that its records name.
SELECT
  coalesce(bucket, resource, target_role, target_user, target_policy, minted_arn) AS target,
  identity_arn AS acting_as,
  access_key_id AS credential,
  source_ip,
  reach,
  count(*) AS calls,
  sum(CASE WHEN read_only = 0 THEN 1 ELSE 0 END) AS changes,
  sum(CASE WHEN error_code IS NOT NULL OR error_message IS NOT NULL THEN 1 ELSE 0 END) AS failed,
  min(event_time) AS first_seen,
  max(event_time) AS last_seen
FROM case_table
WHERE
  coalesce(bucket, resource, target_role, target_user, target_policy, minted_arn) IN (
    SELECT
      coalesce(bucket, resource, target_role, target_user, target_policy, minted_arn) AS target
    FROM case_table
    WHERE reach IN ('key', 'lineage')
  )
GROUP BY
  coalesce(bucket, resource, target_role, target_user, target_policy, minted_arn),
  identity_arn,
  access_key_id,
  source_ip,
  reach
ORDER BY
  target ASC NULLS LAST, first_seen ASC NULLS LAST, acting_as ASC NULLS LAST,
  credential ASC NULLS LAST, source_ip ASC NULLS LAST, reach ASC NULLS LAST
