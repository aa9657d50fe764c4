-- id: Q40
-- name: guardrails
-- question: Were logging, alarms or guardrails touched?
-- phase: impact
-- impact: guardrails
-- attack: T1556.006, T1562.001, T1562.007, T1562.008, T1666
-- parameters: none
-- columns: event_time, service, call, target, detail_of_call, outcome, credential, acting_as, region, source_ip, reach, event_id
-- contain: credential, acting_as
-- source: case_table
-- meaning: One row for each try to switch off, weaken or blind a control; ok means that it happened.
-- none: Neither the key nor anything that grew out of it was seen touching a control.
SELECT
  event_time,
  event_source AS service,
  event_name AS call,
  coalesce(resource, target_user, target_role, bucket) AS target,
  detail AS detail_of_call,
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
      event_source = 'cloudtrail.amazonaws.com'
      AND (event_name IN (
        'StopLogging', 'DeleteTrail', 'UpdateTrail', 'PutEventSelectors', 'PutInsightSelectors',
        'DeleteEventDataStore', 'StopEventDataStoreIngestion',
        'DeregisterOrganizationDelegatedAdmin'
      ))
    )
    OR (
      event_source = 'guardduty.amazonaws.com'
      AND (event_name IN (
        'DeleteDetector', 'UpdateDetector', 'CreateFilter', 'UpdateFilter',
        'DeletePublishingDestination', 'CreateIPSet', 'UpdateIPSet', 'DeleteMembers',
        'DisassociateMembers', 'DisassociateFromMasterAccount',
        'DisassociateFromAdministratorAccount', 'StopMonitoringMembers', 'ArchiveFindings'
      ))
    )
    OR (
      event_source = 'config.amazonaws.com'
      AND (event_name IN (
        'StopConfigurationRecorder', 'DeleteConfigurationRecorder', 'DeleteDeliveryChannel',
        'DeleteConfigRule', 'DeleteOrganizationConfigRule', 'PutConfigurationRecorder'
      ))
    )
    OR (
      event_source = 'securityhub.amazonaws.com'
      AND (event_name IN (
        'DisableSecurityHub', 'BatchDisableStandards', 'DisableImportFindingsForProduct',
        'DisassociateFromMasterAccount', 'UpdateStandardsControl'
      ))
    )
    OR (
      event_source = 'access-analyzer.amazonaws.com'
      AND (event_name IN (
        'DeleteAnalyzer', 'CreateArchiveRule'
      ))
    )
    OR (
      event_source = 'ec2.amazonaws.com'
      AND (event_name IN (
        'DeleteFlowLogs', 'DisableEbsEncryptionByDefault'
      ))
    )
    OR (
      event_source = 'logs.amazonaws.com'
      AND (event_name IN (
        'DeleteLogGroup', 'DeleteLogStream', 'PutRetentionPolicy', 'DeleteSubscriptionFilter',
        'DeleteMetricFilter'
      ))
    )
    OR (
      event_source = 'route53resolver.amazonaws.com'
      AND (event_name IN (
        'DeleteResolverQueryLogConfig', 'DisassociateResolverQueryLogConfig',
        'DeleteFirewallRuleGroup', 'DisassociateFirewallRuleGroup'
      ))
    )
    OR (
      event_source = 'macie2.amazonaws.com'
      AND (event_name IN (
        'DisableMacie'
      ))
    )
    OR (
      event_source = 'inspector2.amazonaws.com'
      AND (event_name IN (
        'Disable'
      ))
    )
    OR (
      event_source = 'detective.amazonaws.com'
      AND (event_name IN (
        'DeleteGraph'
      ))
    )
    OR (
      event_source = 's3.amazonaws.com'
      AND (event_name IN (
        'PutBucketLogging', 'DeleteBucketPolicy', 'DeleteBucketEncryption'
      )
        OR event_name LIKE '%PublicAccessBlock')
    )
    OR (
      event_source = 'organizations.amazonaws.com'
      AND (event_name IN (
        'LeaveOrganization', 'DetachPolicy', 'DisablePolicyType', 'DeletePolicy',
        'UpdatePolicy', 'RemoveAccountFromOrganization'
      ))
    )
    OR (
      event_source = 'monitoring.amazonaws.com'
      AND (event_name IN (
        'DeleteAlarms', 'DisableAlarmActions', 'SetAlarmState'
      ))
    )
    OR (
      event_source = 'events.amazonaws.com'
      AND (event_name IN (
        'DisableRule', 'DeleteRule', 'RemoveTargets'
      ))
    )
    OR (
      event_source = 'wafv2.amazonaws.com'
      AND (event_name IN (
        'DeleteWebACL', 'DisassociateWebACL', 'DeleteLoggingConfiguration'
      ))
    )
    OR (
      event_source = 'kms.amazonaws.com'
      AND (event_name IN (
        'DisableKey', 'ScheduleKeyDeletion'
      ))
    )
    OR (
      event_source = 'backup.amazonaws.com'
      AND (event_name IN (
        'DeleteBackupVaultLockConfiguration', 'DeleteBackupVaultAccessPolicy'
      ))
    )
    OR (
      event_source = 'bedrock.amazonaws.com'
      AND (event_name IN (
        'DeleteModelInvocationLoggingConfiguration', 'PutModelInvocationLoggingConfiguration'
      ))
    )
    OR (
      event_source = 'iam.amazonaws.com'
      AND (event_name IN (
        'DeleteAccountPasswordPolicy', 'UpdateAccountPasswordPolicy', 'DeactivateMFADevice'
      ))
    )
  )
ORDER BY
  event_time ASC NULLS LAST, service ASC NULLS LAST, call ASC NULLS LAST, target ASC NULLS LAST,
  detail_of_call ASC NULLS LAST, outcome ASC NULLS LAST, credential ASC NULLS LAST,
  acting_as ASC NULLS LAST, region ASC NULLS LAST, source_ip ASC NULLS LAST,
  reach ASC NULLS LAST, event_id ASC NULLS LAST
