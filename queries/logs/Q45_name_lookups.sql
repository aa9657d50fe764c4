-- id: Q45
-- name: name_lookups
-- question: Which names were looked up by the instances that the actor touched, or led to the actor?
-- phase: scope
-- impact: evidence
-- attack: none
-- parameters: none
-- inputs: table, partitions, from, to, hosts, addresses
-- columns: name, type, instance, network, why, lookups, first_seen, last_seen
-- source: resolver
-- needs: the table that Athena's guide has for Route 53 Resolver query logs
-- meaning: One row for each name and instance: of those that the actor started, changed or entered, those that asked for the actor's addresses, and those that asked for a known mining pool.
-- none: The resolver's logs show no lookup by an instance of the actor's, none that led to the actor's addresses, and none of a known mining pool.
WITH seen AS (
  SELECT
    query_name,
    query_type,
    srcids.instance AS instance,
    vpc_id,
    query_timestamp,
    CASE
      WHEN srcids.instance IN ({hosts}) THEN 'an instance of the actor'
      WHEN cardinality(filter(answers, a -> a.rdata IN ({addresses}))) > 0
      THEN 'leads to the actor'
      WHEN query_name LIKE '%.nanopool.org.' OR query_name LIKE '%.minexmr.com.'
        OR query_name LIKE '%.supportxmr.com.' OR query_name LIKE '%.2miners.com.'
        OR query_name LIKE '%.moneroocean.stream.' OR query_name LIKE '%.hashvault.pro.'
      THEN 'a mining pool'
    END AS why
  FROM {table}
  WHERE
    {partitions}
    AND query_timestamp >= {from}
    AND query_timestamp < {to}
)
SELECT
  query_name AS name,
  query_type AS type,
  instance,
  vpc_id AS network,
  why,
  count(*) AS lookups,
  min(query_timestamp) AS first_seen,
  max(query_timestamp) AS last_seen
FROM seen
WHERE why IS NOT NULL
GROUP BY
  query_name,
  query_type,
  instance,
  vpc_id,
  why
ORDER BY
  lookups DESC NULLS LAST, name ASC NULLS LAST, type ASC NULLS LAST, instance ASC NULLS LAST,
  network ASC NULLS LAST, why ASC NULLS LAST
