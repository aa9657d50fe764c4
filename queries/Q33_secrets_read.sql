-- id: Q33
-- name: secrets_read
-- question: Which secrets and passwords were read?
-- phase: impact
-- impact: classification
-- attack: T1552, T1555.006
-- parameters: none
-- columns: service, call, secret, region, calls, failed, first_seen, last_seen, reach
-- source: case_table
-- meaning: One row for each secret; treat each as known to the actor and change it, unless every call for it failed.
-- none: Neither the key nor anything that grew out of it was seen asking for a secret.
SELECT
  event_source AS service,
  event_name AS call,
  coalesce(resource, detail) AS secret,
  aws_region AS region,
  count(*) AS calls,
  sum(CASE WHEN error_code IS NOT NULL OR error_message IS NOT NULL THEN 1 ELSE 0 END) AS failed,
  min(event_time) AS first_seen,
  max(event_time) AS last_seen,
  reach
FROM case_table
WHERE
  reach IN ('key', 'lineage')
  AND (
    (
      event_source = 'secretsmanager.amazonaws.com'
      AND (event_name IN (
        'GetSecretValue', 'BatchGetSecretValue'
      ))
    )
    OR (
      event_source = 'ssm.amazonaws.com'
      AND (event_name IN (
        'GetParameter', 'GetParameters', 'GetParametersByPath', 'GetParameterHistory'
      ))
    )
    OR (
      event_source = 'ec2.amazonaws.com'
      AND (event_name IN (
        'GetPasswordData'
      ))
    )
    OR (
      event_source = 'ecr.amazonaws.com'
      AND (event_name IN (
        'GetAuthorizationToken'
      ))
    )
    OR (
      event_source = 'codeartifact.amazonaws.com'
      AND (event_name IN (
        'GetAuthorizationToken'
      ))
    )
    OR (
      event_source = 'lambda.amazonaws.com'
      AND (event_name LIKE 'GetFunction20%v2'
        OR event_name LIKE 'GetFunctionConfiguration%')
    )
    OR (
      event_source = 'redshift.amazonaws.com'
      AND (event_name IN (
        'GetClusterCredentials', 'GetClusterCredentialsWithIAM'
      ))
    )
    OR (
      event_source = 'lightsail.amazonaws.com'
      AND (event_name IN (
        'GetInstanceAccessDetails', 'DownloadDefaultKeyPair'
      ))
    )
    OR (
      event_source = 'ec2.amazonaws.com'
      AND event_name = 'DescribeInstanceAttribute'
      AND detail = 'userData'
    )
  )
GROUP BY
  event_source,
  event_name,
  coalesce(resource, detail),
  aws_region,
  reach
ORDER BY
  first_seen ASC NULLS LAST, service ASC NULLS LAST, call ASC NULLS LAST, secret ASC NULLS LAST,
  region ASC NULLS LAST, calls ASC NULLS LAST, failed ASC NULLS LAST, last_seen ASC NULLS LAST,
  reach ASC NULLS LAST
