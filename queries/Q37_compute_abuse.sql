-- id: Q37
-- name: compute_abuse
-- question: Was computing power started or asked for?
-- phase: impact
-- impact: business
-- attack: T1496.001, T1578.002
-- parameters: none
-- columns: service, call, instance_type, region, outcome, calls, quantity, example, first_seen, last_seen, reach
-- source: case_table
-- meaning: One row for each kind of start and region; refused tries count too: who tries this is after the bill.
-- none: Neither the key nor anything that grew out of it was seen starting or asking for computing power.
SELECT
  event_source AS service,
  event_name AS call,
  instance_type,
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
  sum(quantity) AS quantity,
  min(coalesce(hosts, resource)) AS example,
  min(event_time) AS first_seen,
  max(event_time) AS last_seen,
  reach
FROM case_table
WHERE
  reach IN ('key', 'lineage')
  AND (
    (
      event_source = 'ec2.amazonaws.com'
      AND (event_name IN (
        'RunInstances', 'StartInstances', 'RequestSpotInstances', 'RequestSpotFleet',
        'CreateFleet', 'ModifyInstanceAttribute', 'AllocateHosts',
        'PurchaseReservedInstancesOffering'
      ))
    )
    OR (
      event_source = 'autoscaling.amazonaws.com'
      AND (event_name IN (
        'CreateAutoScalingGroup', 'UpdateAutoScalingGroup', 'SetDesiredCapacity',
        'CreateLaunchConfiguration'
      ))
    )
    OR (
      event_source = 'ecs.amazonaws.com'
      AND (event_name IN (
        'CreateCluster', 'CreateService', 'UpdateService', 'RunTask', 'RegisterTaskDefinition'
      ))
    )
    OR (
      event_source = 'eks.amazonaws.com'
      AND (event_name IN (
        'CreateCluster', 'CreateNodegroup', 'UpdateNodegroupConfig'
      ))
    )
    OR (
      event_source = 'batch.amazonaws.com'
      AND (event_name IN (
        'CreateComputeEnvironment', 'SubmitJob'
      ))
    )
    OR (
      event_source = 'sagemaker.amazonaws.com'
      AND (event_name IN (
        'CreateNotebookInstance', 'CreateTrainingJob', 'CreateProcessingJob', 'CreateEndpoint'
      ))
    )
    OR (
      event_source = 'lightsail.amazonaws.com'
      AND (event_name IN (
        'CreateInstances', 'CreateContainerService'
      ))
    )
    OR (
      event_source = 'elasticmapreduce.amazonaws.com'
      AND (event_name IN (
        'RunJobFlow'
      ))
    )
    OR (
      event_source = 'apprunner.amazonaws.com'
      AND (event_name IN (
        'CreateService'
      ))
    )
    OR (
      event_source = 'lambda.amazonaws.com'
      AND (event_name LIKE 'CreateFunction2%'
        OR event_name LIKE 'PutFunctionConcurrency%')
    )
    OR (
      event_source = 'servicequotas.amazonaws.com'
      AND (event_name IN (
        'GetServiceQuota', 'RequestServiceQuotaIncrease'
      ))
    )
    OR (
      event_source = 'codebuild.amazonaws.com'
      AND (event_name IN (
        'StartBuild', 'CreateProject'
      ))
    )
  )
GROUP BY
  event_source,
  event_name,
  instance_type,
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
  first_seen ASC NULLS LAST, service ASC NULLS LAST, call ASC NULLS LAST,
  instance_type ASC NULLS LAST, region ASC NULLS LAST, outcome ASC NULLS LAST,
  calls ASC NULLS LAST, quantity ASC NULLS LAST, example ASC NULLS LAST,
  last_seen ASC NULLS LAST, reach ASC NULLS LAST
