-- id: Q47
-- name: cloudfront
-- question: Did the actor's addresses call our sites behind CloudFront?
-- phase: scope
-- impact: evidence
-- attack: none
-- parameters: none
-- inputs: table, partitions, from, to, addresses
-- columns: host, client_ip, method, path, status, user_agent, requests, bytes_out, first_seen, last_seen
-- source: cloudfront
-- needs: the table that Athena's guide has for CloudFront standard logs
-- meaning: One row for each address, page and answer.
-- none: The logs of the distributions that keep any show no request from the actor's addresses.
SELECT
  x_host_header AS host,
  c_ip AS client_ip,
  cs_method AS method,
  cs_uri_stem AS path,
  sc_status AS status,
  cs_user_agent AS user_agent,
  count(*) AS requests,
  sum(sc_bytes) AS bytes_out,
  min(concat(CAST("date" AS varchar), 'T', "time", 'Z')) AS first_seen,
  max(concat(CAST("date" AS varchar), 'T', "time", 'Z')) AS last_seen
FROM {table}
WHERE
  {partitions}
  AND concat(CAST("date" AS varchar), 'T', "time", 'Z') >= {from}
  AND concat(CAST("date" AS varchar), 'T', "time", 'Z') < {to}
  AND c_ip IN ({addresses})
GROUP BY
  x_host_header,
  c_ip,
  cs_method,
  cs_uri_stem,
  sc_status,
  cs_user_agent
ORDER BY
  requests DESC NULLS LAST, host ASC NULLS LAST, client_ip ASC NULLS LAST, method ASC NULLS LAST,
  path ASC NULLS LAST, status ASC NULLS LAST, user_agent ASC NULLS LAST
