-- id: Q60
-- name: new_key_used
-- question: Which keys did others make for these users, and were they used from the actor's addresses?
-- phase: eradication
-- impact: evidence
-- attack: none
-- parameters: none
-- columns: new_key, for_user, made_at, made_by, made_from, reach, calls, failed, first_seen, last_seen
-- source: case_table
-- meaning: One row for each access key that somebody outside the lineage made; its calls here came from the actor's addresses, so any may mean that the new key leaked as well. Its ordinary use is not in the case table: Recovery asks IAM about that.
-- none: Nobody outside the lineage was seen making an access key for a user of this case.
SELECT
  made.minted_key AS new_key,
  coalesce(made.target_user, made.user_name) AS for_user,
  made.event_time AS made_at,
  made.identity_arn AS made_by,
  made.source_ip AS made_from,
  made.reach AS reach,
  count(used.event_time) AS calls,
  sum(CASE WHEN used.error_code IS NOT NULL OR used.error_message IS NOT NULL THEN 1 ELSE 0 END)
    AS failed,
  min(used.event_time) AS first_seen,
  max(used.event_time) AS last_seen
FROM case_table AS made
LEFT JOIN case_table AS used ON used.access_key_id = made.minted_key
WHERE
  made.event_source = 'iam.amazonaws.com'
  AND made.event_name = 'CreateAccessKey'
  AND made.minted_key IS NOT NULL
  AND made.error_code IS NULL
  AND made.error_message IS NULL
  AND made.reach NOT IN ('key', 'lineage')
GROUP BY
  made.minted_key,
  coalesce(made.target_user, made.user_name),
  made.event_time,
  made.identity_arn,
  made.source_ip,
  made.reach
ORDER BY
  made_at ASC NULLS LAST, new_key ASC NULLS LAST, for_user ASC NULLS LAST,
  made_by ASC NULLS LAST, made_from ASC NULLS LAST, reach ASC NULLS LAST
