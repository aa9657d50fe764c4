-- id: Q46
-- name: guard_duty
-- question: What did GuardDuty find about the actor's keys, users and addresses?
-- phase: scope
-- impact: alerts
-- attack: none
-- parameters: none
-- inputs: table, partitions, from, to, keys, users, addresses
-- columns: finding, title, severity, account, region, access_key, user_name, remote_ip, findings, first_seen, last_seen
-- source: guard_duty
-- needs: the table that Athena's guide has for GuardDuty findings exported to S3
-- meaning: One row for each kind of finding about a key, user or address of the actor; GuardDuty exports what it adds to a finding up to six hours late.
-- none: The findings that GuardDuty exported name no key, user or address of the actor.
SELECT
  type AS finding,
  max(title) AS title,
  severity,
  accountid AS account,
  region,
  coalesce(json_extract_scalar(resource, '$.accessKeyDetails.accessKeyId'), json_extract_scalar(resource, '$.accesskeydetails.accesskeyid')) AS access_key,
  coalesce(json_extract_scalar(resource, '$.accessKeyDetails.userName'), json_extract_scalar(resource, '$.accesskeydetails.username')) AS user_name,
  coalesce(json_extract_scalar(service, '$.action.awsApiCallAction.remoteIpDetails.ipAddressV4'), json_extract_scalar(service, '$.action.awsapicallaction.remoteipdetails.ipaddressv4')) AS remote_ip,
  count(DISTINCT id) AS findings,
  min(createdat) AS first_seen,
  max(updatedat) AS last_seen
FROM {table}
WHERE
  {partitions}
  AND updatedat >= {from}
  AND createdat < {to}
  AND (
    coalesce(json_extract_scalar(resource, '$.accessKeyDetails.accessKeyId'), json_extract_scalar(resource, '$.accesskeydetails.accesskeyid')) IN ({keys})
    OR coalesce(json_extract_scalar(resource, '$.accessKeyDetails.userName'), json_extract_scalar(resource, '$.accesskeydetails.username')) IN ({users})
    OR coalesce(json_extract_scalar(service, '$.action.awsApiCallAction.remoteIpDetails.ipAddressV4'), json_extract_scalar(service, '$.action.awsapicallaction.remoteipdetails.ipaddressv4')) IN ({addresses})
  )
GROUP BY
  type,
  severity,
  accountid,
  region,
  coalesce(json_extract_scalar(resource, '$.accessKeyDetails.accessKeyId'), json_extract_scalar(resource, '$.accesskeydetails.accesskeyid')),
  coalesce(json_extract_scalar(resource, '$.accessKeyDetails.userName'), json_extract_scalar(resource, '$.accesskeydetails.username')),
  coalesce(json_extract_scalar(service, '$.action.awsApiCallAction.remoteIpDetails.ipAddressV4'), json_extract_scalar(service, '$.action.awsapicallaction.remoteipdetails.ipaddressv4'))
ORDER BY
  first_seen ASC NULLS LAST, finding ASC NULLS LAST, severity ASC NULLS LAST,
  account ASC NULLS LAST, region ASC NULLS LAST, access_key ASC NULLS LAST,
  user_name ASC NULLS LAST, remote_ip ASC NULLS LAST
