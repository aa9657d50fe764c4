-- id: Q44
-- name: load_balancers
-- question: Did the actor's addresses call our applications?
-- phase: scope
-- impact: evidence
-- attack: none
-- parameters: none
-- inputs: table, partitions, from, to, addresses
-- columns: load_balancer, client_ip, method, url, status, user_agent, requests, bytes_out, first_seen, last_seen
-- source: alb
-- needs: the table that Athena's guide has for Application Load Balancer access logs
-- meaning: One row for each address, page and answer; what stands behind the question mark of a page is left out.
-- none: The access logs of the load balancers that keep any show no request from the actor's addresses.
SELECT
  elb AS load_balancer,
  client_ip,
  request_verb AS method,
  split_part(request_url, chr(63), 1) AS url,
  elb_status_code AS status,
  user_agent,
  count(*) AS requests,
  sum(sent_bytes) AS bytes_out,
  min("time") AS first_seen,
  max("time") AS last_seen
FROM {table}
WHERE
  {partitions}
  AND "time" >= {from}
  AND "time" < {to}
  AND client_ip IN ({addresses})
GROUP BY
  elb,
  client_ip,
  request_verb,
  split_part(request_url, chr(63), 1),
  elb_status_code,
  user_agent
ORDER BY
  requests DESC NULLS LAST, load_balancer ASC NULLS LAST, client_ip ASC NULLS LAST,
  method ASC NULLS LAST, url ASC NULLS LAST, status ASC NULLS LAST, user_agent ASC NULLS LAST
