-- id: Q30
-- name: objects_touched
-- question: Which objects were read, written or deleted?
-- phase: impact
-- impact: classification
-- attack: T1530
-- parameters: none
-- columns: bucket, object_key, call, calls, failed, bytes_out, bytes_in, first_seen, last_seen, reach
-- source: case_table
-- meaning: One row for each object and call; without data events of the bucket none of this is recorded.
-- none: No call about an object was recorded; data events may not have been on, so this does not say that none was made.
SELECT
  bucket,
  object_key,
  event_name AS call,
  count(*) AS calls,
  sum(CASE WHEN error_code IS NOT NULL OR error_message IS NOT NULL THEN 1 ELSE 0 END) AS failed,
  sum(bytes_out) AS bytes_out,
  sum(bytes_in) AS bytes_in,
  min(event_time) AS first_seen,
  max(event_time) AS last_seen,
  reach
FROM case_table
WHERE
  reach IN ('key', 'lineage')
  AND (
      event_source = 's3.amazonaws.com'
      AND (event_name IN (
        'GetObject', 'HeadObject', 'SelectObjectContent', 'CopyObject', 'PutObject',
        'DeleteObject', 'DeleteObjects', 'RestoreObject', 'GetObjectTorrent', 'UploadPart',
        'UploadPartCopy', 'CompleteMultipartUpload'
      )
        OR event_name LIKE 'ListObject%')
    )
GROUP BY
  bucket,
  object_key,
  event_name,
  reach
ORDER BY
  first_seen ASC NULLS LAST, bucket ASC NULLS LAST, object_key ASC NULLS LAST,
  call ASC NULLS LAST, calls ASC NULLS LAST, failed ASC NULLS LAST, bytes_out ASC NULLS LAST,
  bytes_in ASC NULLS LAST, last_seen ASC NULLS LAST, reach ASC NULLS LAST
