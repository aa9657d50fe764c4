-- id: Q42
-- name: s3_server_log
-- question: What do S3's own access logs tell of the actor?
-- phase: impact
-- impact: exfiltration
-- attack: T1530
-- parameters: none
-- inputs: table, partitions, from, to, arns, keys, addresses
-- columns: bucket, operation, http_status, requester, source_ip, signed_with, calls, objects, bytes_out, first_seen, last_seen
-- source: s3_access
-- needs: the table that Athena's guide has for S3 server access logs
-- meaning: One row for each way in which a bucket was used by the actor's principals, from the actor's addresses, or by links signed with their keys; S3 delivers these logs late and now and then not at all.
-- none: The access logs of the buckets that keep any show nothing of the actor; S3 delivers them late and now and then not at all.
SELECT
  bucket_name AS bucket,
  operation,
  httpstatus AS http_status,
  requester,
  remoteip AS source_ip,
  regexp_extract(request_uri, 'X-Amz-Credential=([A-Z0-9]+)', 1) AS signed_with,
  count(*) AS calls,
  count(DISTINCT key) AS objects,
  sum(bytessent) AS bytes_out,
  min(date_format(date_parse(substr(requestdatetime, 1, 20), '%d/%b/%Y:%H:%i:%s'), '%Y-%m-%dT%H:%i:%sZ')) AS first_seen,
  max(date_format(date_parse(substr(requestdatetime, 1, 20), '%d/%b/%Y:%H:%i:%s'), '%Y-%m-%dT%H:%i:%sZ')) AS last_seen
FROM {table}
WHERE
  {partitions}
  AND date_format(date_parse(substr(requestdatetime, 1, 20), '%d/%b/%Y:%H:%i:%s'), '%Y-%m-%dT%H:%i:%sZ') >= {from}
  AND date_format(date_parse(substr(requestdatetime, 1, 20), '%d/%b/%Y:%H:%i:%s'), '%Y-%m-%dT%H:%i:%sZ') < {to}
  AND (
    requester IN ({arns})
    OR remoteip IN ({addresses})
    OR regexp_extract(request_uri, 'X-Amz-Credential=([A-Z0-9]+)', 1) IN ({keys})
  )
GROUP BY
  bucket_name,
  operation,
  httpstatus,
  requester,
  remoteip,
  regexp_extract(request_uri, 'X-Amz-Credential=([A-Z0-9]+)', 1)
ORDER BY
  bytes_out DESC NULLS LAST, calls DESC NULLS LAST, bucket ASC NULLS LAST,
  operation ASC NULLS LAST, http_status ASC NULLS LAST, requester ASC NULLS LAST,
  source_ip ASC NULLS LAST, signed_with ASC NULLS LAST
