-- id: Q31
-- name: bytes_out
-- question: How much left which bucket, to where?
-- phase: impact
-- impact: exfiltration
-- attack: T1530
-- parameters: none
-- columns: bucket, source_ip, calls, objects, bytes_out, first_seen, last_seen, reach
-- source: case_table
-- meaning: One row for each bucket and address with successful reads of objects; the bytes are what S3 recorded as sent.
-- none: No successful read of an object was recorded; data events may not have been on, so this does not say that nothing left.
SELECT
  bucket,
  source_ip,
  count(*) AS calls,
  count(DISTINCT object_key) AS objects,
  sum(bytes_out) AS bytes_out,
  min(event_time) AS first_seen,
  max(event_time) AS last_seen,
  reach
FROM case_table
WHERE
  reach IN ('key', 'lineage')
  AND error_code IS NULL
  AND error_message IS NULL
  AND event_source = 's3.amazonaws.com'
  AND event_name IN ('GetObject', 'CopyObject', 'SelectObjectContent', 'UploadPartCopy')
GROUP BY
  bucket,
  source_ip,
  reach
ORDER BY
  bytes_out DESC NULLS LAST, bucket ASC NULLS LAST, source_ip ASC NULLS LAST,
  calls ASC NULLS LAST, objects ASC NULLS LAST, first_seen ASC NULLS LAST,
  last_seen ASC NULLS LAST, reach ASC NULLS LAST
