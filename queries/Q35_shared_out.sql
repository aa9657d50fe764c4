-- id: Q35
-- name: shared_out
-- question: What was shared with, or sent to, somebody outside?
-- phase: impact
-- impact: exfiltration
-- attack: T1537
-- parameters: none
-- columns: event_time, service, call, target, shared_with, attribute, outcome, credential, acting_as, region, source_ip, reach, event_id
-- contain: credential, acting_as
-- source: case_table
-- meaning: One row for each try to let an account, group or the public have a snapshot, image, bucket or file share; look up each account that is not yours.
-- none: Neither the key nor anything that grew out of it was seen sharing a snapshot, image, database or bucket.
SELECT
  event_time,
  event_source AS service,
  event_name AS call,
  coalesce(resource, target_user, target_role, bucket) AS target,
  granted_to AS shared_with,
  detail AS attribute,
  CASE
    WHEN error_code LIKE '%AccessDenied%' OR error_code LIKE '%UnauthorizedOperation%'
      OR error_code LIKE '%NotAuthorized%' OR error_code LIKE '%AuthorizationError%'
    THEN 'denied'
    WHEN error_code IS NOT NULL OR error_message IS NOT NULL OR console_result = 'Failure'
    THEN 'failed'
    ELSE 'ok'
  END AS outcome,
  access_key_id AS credential,
  identity_arn AS acting_as,
  aws_region AS region,
  source_ip,
  reach,
  event_id
FROM case_table
WHERE
  reach IN ('key', 'lineage')
  AND (
    (
      event_source = 'ec2.amazonaws.com'
      AND (event_name IN (
        'ModifySnapshotAttribute', 'ModifyImageAttribute', 'CreateStoreImageTask',
        'ExportImage', 'CreateInstanceExportTask'
      ))
    )
    OR (
      event_source = 'ebs.amazonaws.com'
      AND (event_name IN (
        'GetSnapshotBlock', 'ListSnapshotBlocks'
      ))
    )
    OR (
      event_source = 'rds.amazonaws.com'
      AND (event_name IN (
        'ModifyDBSnapshotAttribute', 'ModifyDBClusterSnapshotAttribute', 'StartExportTask'
      ))
    )
    OR (
      event_source = 's3.amazonaws.com'
      AND (event_name IN (
        'PutBucketPolicy', 'PutBucketAcl', 'PutObjectAcl', 'PutBucketReplication',
        'PutBucketWebsite'
      )
        OR event_name LIKE '%PublicAccessBlock')
    )
    OR (
      event_source = 'ram.amazonaws.com'
      AND (event_name IN (
        'CreateResourceShare', 'AssociateResourceShare'
      ))
    )
    OR (
      event_source = 'dynamodb.amazonaws.com'
      AND (event_name IN (
        'ExportTableToPointInTime'
      ))
    )
    OR (
      event_source = 'ecr.amazonaws.com'
      AND (event_name IN (
        'SetRepositoryPolicy', 'PutReplicationConfiguration'
      ))
    )
    OR (
      event_source = 'datasync.amazonaws.com'
      AND (event_name IN (
        'CreateTask', 'StartTaskExecution'
      ))
    )
    OR (
      event_source = 'transfer.amazonaws.com'
      AND (event_name IN (
        'CreateServer', 'CreateUser'
      ))
    )
  )
ORDER BY
  event_time ASC NULLS LAST, service ASC NULLS LAST, call ASC NULLS LAST, target ASC NULLS LAST,
  shared_with ASC NULLS LAST, attribute ASC NULLS LAST, outcome ASC NULLS LAST,
  credential ASC NULLS LAST, acting_as ASC NULLS LAST, region ASC NULLS LAST,
  source_ip ASC NULLS LAST, reach ASC NULLS LAST, event_id ASC NULLS LAST
