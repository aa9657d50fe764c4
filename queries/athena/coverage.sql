-- id: Q82
-- name: coverage
-- question: What does the trail hold in this window?
-- phase: scope
-- impact: evidence
-- parameters: table, partitions, from, to
-- columns: records_read, first_time, last_time, data_events_from, regions, accounts
-- source: athena
-- meaning: One row: how many records there are, of which times, regions and accounts.
-- none: The trail could not be read.
SELECT
  count(*) AS records_read,
  min(eventtime) AS first_time,
  max(eventtime) AS last_time,
  min(CASE WHEN eventcategory = 'Data' THEN eventtime END) AS data_events_from,
  array_join(array_agg(DISTINCT awsregion), ' ') AS regions,
  array_join(array_agg(DISTINCT recipientaccountid), ' ') AS accounts
FROM {table}
WHERE
  {partitions}
  AND eventtime >= {from}
  AND eventtime < {to}
  AND coalesce(eventcategory, '') <> 'Insight'
  AND coalesce(eventtype, '') <> 'AwsCloudTrailInsight'
  AND coalesce(eventname, '') <> ''
