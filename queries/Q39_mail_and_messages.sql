-- id: Q39
-- name: mail_and_messages
-- question: Was mail or text messaging abused, or prepared to be?
-- phase: impact
-- impact: business
-- attack: T1496.003, T1496.004
-- parameters: none
-- columns: service, call, target, region, outcome, calls, first_seen, last_seen, reach
-- source: case_table
-- meaning: One row for each call of SES, SNS and the like; mail sent over SMTP, or without data events, is not recorded.
-- none: Neither the key nor anything that grew out of it was seen at SES or at SNS's messages; sent mail itself may not be recorded.
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
    event_source = 'ses.amazonaws.com'
    OR event_source = 'sms-voice.amazonaws.com'
    OR (
      event_source = 'sns.amazonaws.com'
      AND (event_name IN (
        'GetSMSAttributes', 'SetSMSAttributes', 'GetSMSSandboxAccountStatus', 'Publish',
        'CreateSMSSandboxPhoneNumber'
      ))
    )
    OR (
      event_source = 'support.amazonaws.com'
      AND (event_name IN (
        'CreateCase'
      ))
    )
    OR (
      event_source = 'pinpoint.amazonaws.com'
      AND (event_name IN (
        'SendMessages', 'CreateApp'
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
