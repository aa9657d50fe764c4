-- id: Q43
-- name: network_flows
-- question: What passed between the actor's addresses and our networks?
-- phase: scope
-- impact: exfiltration
-- attack: none
-- parameters: none
-- inputs: table, partitions, from, to, addresses
-- columns: interface, account, actor_address, direction, port, protocol, action, flows, packets, bytes, first_seen, last_seen
-- source: vpc_flow
-- needs: the table that Athena's guide has for VPC flow logs
-- meaning: One row for each network interface, direction and port; what was accepted and carried many bytes reached somebody.
-- none: The flow logs that were read show no traffic between the actor's addresses and our networks.
WITH seen AS (
  SELECT
    interface_id,
    account_id,
    CASE WHEN srcaddr IN ({addresses}) THEN srcaddr ELSE dstaddr END AS actor_address,
    CASE WHEN srcaddr IN ({addresses}) THEN 'from the actor' ELSE 'to the actor' END AS direction,
    CASE WHEN srcaddr IN ({addresses}) THEN dstport ELSE srcport END AS port,
    protocol,
    action,
    packets,
    bytes,
    date_format(date_add('second', "start", timestamp '1970-01-01 00:00:00'), '%Y-%m-%dT%H:%i:%sZ') AS began
  FROM {table}
  WHERE
    {partitions}
    AND (srcaddr IN ({addresses}) OR dstaddr IN ({addresses}))
)
SELECT
  interface_id AS interface,
  account_id AS account,
  actor_address,
  direction,
  port,
  protocol,
  action,
  count(*) AS flows,
  sum(packets) AS packets,
  sum(bytes) AS bytes,
  min(began) AS first_seen,
  max(began) AS last_seen
FROM seen
WHERE began >= {from} AND began < {to}
GROUP BY
  interface_id,
  account_id,
  actor_address,
  direction,
  port,
  protocol,
  action
ORDER BY
  bytes DESC NULLS LAST, flows DESC NULLS LAST, interface ASC NULLS LAST, account ASC NULLS LAST,
  actor_address ASC NULLS LAST, direction ASC NULLS LAST, port ASC NULLS LAST,
  protocol ASC NULLS LAST, action ASC NULLS LAST
