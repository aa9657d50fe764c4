-- id: Q02
-- name: owner_from_trail
-- question: Whose key does the trail say it is?
-- phase: validation
-- impact: insider
-- attack: none
-- parameters: none
-- columns: kind, acting_as, user_name, account, principal_id, behind_session, calls, first_seen, last_seen
-- source: case_table
-- meaning: One row for each identity that signed with the key itself; this answers also where IAM no longer knows the key.
-- none: The key signed no recorded call, so the trail does not tell whose it is.
SELECT
  identity_type AS kind,
  identity_arn AS acting_as,
  user_name,
  identity_account AS account,
  principal_id,
  issuer_arn AS behind_session,
  count(*) AS calls,
  min(event_time) AS first_seen,
  max(event_time) AS last_seen
FROM case_table
WHERE
  reach = 'key'
GROUP BY
  identity_type,
  identity_arn,
  user_name,
  identity_account,
  principal_id,
  issuer_arn
ORDER BY
  calls DESC NULLS LAST, kind ASC NULLS LAST, acting_as ASC NULLS LAST,
  user_name ASC NULLS LAST, account ASC NULLS LAST, principal_id ASC NULLS LAST,
  behind_session ASC NULLS LAST, first_seen ASC NULLS LAST, last_seen ASC NULLS LAST
