-- id: Q15
-- name: minted_credentials
-- question: Which credentials were made, by whom, and until when do they work?
-- phase: scope
-- impact: evidence
-- attack: T1098.001, T1548.005, T1550.001
-- parameters: none
-- columns: event_time, call, made_by, made_by_arn, credential, acts_as, expires, source_ip, region, reach
-- contain: credential, acts_as, made_by, made_by_arn
-- source: case_table
-- meaning: One row for each credential the key, or what grew out of it, was given; each works on its own until it expires or is denied.
-- none: Neither the key nor anything that grew out of it was seen making a credential.
SELECT
  event_time,
  event_name AS call,
  access_key_id AS made_by,
  identity_arn AS made_by_arn,
  minted_key AS credential,
  coalesce(minted_arn, target_role, target_user, identity_arn) AS acts_as,
  minted_expires AS expires,
  source_ip,
  aws_region AS region,
  reach
FROM case_table
WHERE
  reach IN ('key', 'lineage')
  AND minted_key IS NOT NULL
  AND error_code IS NULL
  AND error_message IS NULL
ORDER BY
  event_time ASC NULLS LAST, credential ASC NULLS LAST, call ASC NULLS LAST,
  made_by ASC NULLS LAST, made_by_arn ASC NULLS LAST, acts_as ASC NULLS LAST,
  expires ASC NULLS LAST, source_ip ASC NULLS LAST, region ASC NULLS LAST, reach ASC NULLS LAST
