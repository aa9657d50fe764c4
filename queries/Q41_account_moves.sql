-- id: Q41
-- name: account_moves
-- question: What was done to the account itself?
-- phase: impact
-- impact: configuration
-- attack: T1069.003, T1087.004, T1666
-- parameters: none
-- columns: service, call, target, outcome, read_only, calls, first_seen, last_seen, reach
-- source: case_table
-- meaning: One row for each call about the account, its organisation, its bill or its support; reading ones tell what the actor was after.
-- none: Neither the key nor anything that grew out of it was seen at the account, the organisation, the bill or support.
SELECT
  event_source AS service,
  event_name AS call,
  resource AS target,
  CASE
    WHEN error_code LIKE '%AccessDenied%' OR error_code LIKE '%UnauthorizedOperation%'
      OR error_code LIKE '%NotAuthorized%' OR error_code LIKE '%AuthorizationError%'
    THEN 'denied'
    WHEN error_code IS NOT NULL OR error_message IS NOT NULL OR console_result = 'Failure'
    THEN 'failed'
    ELSE 'ok'
  END AS outcome,
  read_only,
  count(*) AS calls,
  min(event_time) AS first_seen,
  max(event_time) AS last_seen,
  reach
FROM case_table
WHERE
  reach IN ('key', 'lineage')
  AND (
    event_source IN (
      'organizations.amazonaws.com', 'account.amazonaws.com', 'support.amazonaws.com',
      'billing.amazonaws.com', 'billingconsole.amazonaws.com', 'ce.amazonaws.com',
      'budgets.amazonaws.com', 'cur.amazonaws.com', 'tax.amazonaws.com', 'payments.amazonaws.com',
      'invoicing.amazonaws.com', 'freetier.amazonaws.com', 'servicequotas.amazonaws.com'
    )
    OR (
      event_source = 'iam.amazonaws.com'
      AND event_name IN (
        'UpdateAccountPasswordPolicy', 'DeleteAccountPasswordPolicy', 'CreateAccountAlias',
        'DeleteAccountAlias', 'GetAccountAuthorizationDetails', 'GetAccountSummary',
        'GenerateCredentialReport', 'GetCredentialReport'
      )
    )
  )
GROUP BY
  event_source,
  event_name,
  resource,
  CASE
    WHEN error_code LIKE '%AccessDenied%' OR error_code LIKE '%UnauthorizedOperation%'
      OR error_code LIKE '%NotAuthorized%' OR error_code LIKE '%AuthorizationError%'
    THEN 'denied'
    WHEN error_code IS NOT NULL OR error_message IS NOT NULL OR console_result = 'Failure'
    THEN 'failed'
    ELSE 'ok'
  END,
  read_only,
  reach
ORDER BY
  first_seen ASC NULLS LAST, service ASC NULLS LAST, call ASC NULLS LAST, target ASC NULLS LAST,
  outcome ASC NULLS LAST, read_only ASC NULLS LAST, calls ASC NULLS LAST,
  last_seen ASC NULLS LAST, reach ASC NULLS LAST
