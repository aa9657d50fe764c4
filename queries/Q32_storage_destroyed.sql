-- id: Q32
-- name: storage_destroyed
-- question: Was stored data encrypted, deleted or made to expire?
-- phase: impact
-- impact: business
-- attack: T1485, T1485.001, T1486, T1490
-- parameters: none
-- columns: target, sign, service, call, detail_of_call, outcome, calls, first_seen, last_seen, reach
-- source: case_table
-- meaning: One row for each sign of ransom or destruction in S3 and the backups of disks and databases.
-- none: Neither the key nor anything that grew out of it was seen destroying stored data; deletions of objects show only with data events.
SELECT
  coalesce(bucket, resource) AS target,
  CASE
    WHEN sse_customer IS NOT NULL
    THEN 'encrypted with a key that AWS does not keep'
    WHEN event_name IN ('PutBucketLifecycle', 'PutBucketLifecycleConfiguration')
    THEN 'made to expire'
    WHEN event_name = 'PutBucketVersioning'
    THEN 'versions switched'
    WHEN event_name = 'PutBucketEncryption'
    THEN 'default key changed'
    ELSE 'deleted'
  END AS sign,
  event_source AS service,
  event_name AS call,
  coalesce(kms_key, detail) AS detail_of_call,
  CASE
    WHEN error_code LIKE '%AccessDenied%' OR error_code LIKE '%UnauthorizedOperation%'
      OR error_code LIKE '%NotAuthorized%' OR error_code LIKE '%AuthorizationError%'
    THEN 'denied'
    WHEN error_code IS NOT NULL OR error_message IS NOT NULL OR console_result = 'Failure'
    THEN 'failed'
    ELSE 'ok'
  END AS outcome,
  count(*) AS calls,
  min(event_time) AS first_seen,
  max(event_time) AS last_seen,
  reach
FROM case_table
WHERE
  reach IN ('key', 'lineage')
  AND (
    sse_customer IS NOT NULL
    OR (
      event_source = 's3.amazonaws.com'
      AND (event_name IN (
        'PutBucketLifecycle', 'PutBucketLifecycleConfiguration', 'PutBucketVersioning',
        'PutBucketEncryption', 'DeleteBucket', 'DeleteObject', 'DeleteObjects'
      ))
    )
    OR (
      event_source = 'ec2.amazonaws.com'
      AND (event_name IN (
        'DeleteSnapshot', 'DeregisterImage', 'DeleteVolume'
      ))
    )
    OR (
      event_source = 'rds.amazonaws.com'
      AND (event_name IN (
        'DeleteDBInstance', 'DeleteDBCluster', 'DeleteDBSnapshot', 'DeleteDBClusterSnapshot'
      ))
    )
    OR (
      event_source = 'dynamodb.amazonaws.com'
      AND (event_name IN (
        'DeleteTable', 'DeleteBackup'
      ))
    )
    OR (
      event_source = 'backup.amazonaws.com'
      AND (event_name IN (
        'DeleteBackupVault', 'DeleteRecoveryPoint', 'DeleteBackupPlan'
      ))
    )
    OR (
      event_source = 'elasticfilesystem.amazonaws.com'
      AND (event_name IN (
        'DeleteFileSystem'
      ))
    )
  )
GROUP BY
  coalesce(bucket, resource),
  CASE
    WHEN sse_customer IS NOT NULL
    THEN 'encrypted with a key that AWS does not keep'
    WHEN event_name IN ('PutBucketLifecycle', 'PutBucketLifecycleConfiguration')
    THEN 'made to expire'
    WHEN event_name = 'PutBucketVersioning'
    THEN 'versions switched'
    WHEN event_name = 'PutBucketEncryption'
    THEN 'default key changed'
    ELSE 'deleted'
  END,
  event_source,
  event_name,
  coalesce(kms_key, detail),
  CASE
    WHEN error_code LIKE '%AccessDenied%' OR error_code LIKE '%UnauthorizedOperation%'
      OR error_code LIKE '%NotAuthorized%' OR error_code LIKE '%AuthorizationError%'
    THEN 'denied'
    WHEN error_code IS NOT NULL OR error_message IS NOT NULL OR console_result = 'Failure'
    THEN 'failed'
    ELSE 'ok'
  END,
  reach
ORDER BY
  first_seen ASC NULLS LAST, target ASC NULLS LAST, sign ASC NULLS LAST, service ASC NULLS LAST,
  call ASC NULLS LAST, detail_of_call ASC NULLS LAST, outcome ASC NULLS LAST,
  calls ASC NULLS LAST, last_seen ASC NULLS LAST, reach ASC NULLS LAST
