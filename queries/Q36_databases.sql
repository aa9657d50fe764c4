-- id: Q36
-- name: databases
-- question: Which databases were read, copied or opened?
-- phase: impact
-- impact: classification, exfiltration
-- attack: T1213.006
-- parameters: none
-- columns: service, call, target, region, outcome, calls, first_seen, last_seen, reach
-- source: case_table
-- meaning: One row for each database and call; reads of items show only with data events.
-- none: Neither the key nor anything that grew out of it was seen reaching a database.
SELECT
  event_source AS service,
  event_name AS call,
  resource AS target,
  aws_region AS region,
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
    (
      event_source = 'dynamodb.amazonaws.com'
      AND (event_name IN (
        'Scan', 'Query', 'GetItem', 'BatchGetItem', 'ExecuteStatement', 'BatchExecuteStatement',
        'PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem', 'ExportTableToPointInTime',
        'RestoreTableFromBackup', 'CreateBackup', 'DeleteTable'
      ))
    )
    OR (
      event_source = 'rds.amazonaws.com'
      AND (event_name IN (
        'StartExportTask', 'CreateDBSnapshot', 'CreateDBClusterSnapshot', 'CopyDBSnapshot',
        'CopyDBClusterSnapshot', 'RestoreDBInstanceFromDBSnapshot',
        'RestoreDBClusterFromSnapshot', 'RestoreDBInstanceToPointInTime', 'ModifyDBInstance',
        'ModifyDBCluster', 'DeleteDBInstance', 'DeleteDBCluster', 'DownloadDBLogFilePortion',
        'AuthorizeDBSecurityGroupIngress'
      ))
    )
    OR (
      event_source = 'rds-data.amazonaws.com'
      AND (event_name IN (
        'ExecuteStatement', 'BatchExecuteStatement'
      ))
    )
    OR (
      event_source = 'redshift-data.amazonaws.com'
      AND (event_name IN (
        'ExecuteStatement', 'BatchExecuteStatement', 'GetStatementResult'
      ))
    )
    OR (
      event_source = 'redshift.amazonaws.com'
      AND (event_name IN (
        'GetClusterCredentials', 'CreateClusterSnapshot', 'AuthorizeSnapshotAccess',
        'ModifyCluster'
      ))
    )
    OR (
      event_source = 'athena.amazonaws.com'
      AND (event_name IN (
        'StartQueryExecution', 'GetQueryResults'
      ))
    )
    OR (
      event_source = 'glue.amazonaws.com'
      AND (event_name IN (
        'GetConnection', 'GetConnections', 'GetTables'
      ))
    )
    OR (
      event_source = 'elasticache.amazonaws.com'
      AND (event_name IN (
        'CreateSnapshot', 'CopySnapshot'
      ))
    )
  )
GROUP BY
  event_source,
  event_name,
  resource,
  aws_region,
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
  first_seen ASC NULLS LAST, service ASC NULLS LAST, call ASC NULLS LAST, target ASC NULLS LAST,
  region ASC NULLS LAST, outcome ASC NULLS LAST, calls ASC NULLS LAST, last_seen ASC NULLS LAST,
  reach ASC NULLS LAST
