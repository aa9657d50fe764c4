//! Calls of services that this account keeps nothing of: judged and recorded like all others.

use crate::sim::attacker::{Credential, Reply};
use crate::sim::cloud::SimCloud;
use crate::sim::cloud::attacker::Visitor;
use crate::sim::cloud::calls::{Call, Done, Origin};
use crate::sim::cloud::refusal::Refusal;
use std::collections::BTreeMap;

/// One of the calls that the account knows.
#[derive(Debug, PartialEq, Eq)]
struct Known {
    service: &'static str,
    name: &'static str,
    /// The arguments that its record shows, in its spelling.
    arguments: &'static [&'static str],
}

/// A call of a service, with its arguments in the spelling of a `CloudTrail` record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceCall {
    known: &'static Known,
    arguments: BTreeMap<&'static str, String>,
    region: Option<String>,
}

const fn known(
    service: &'static str,
    name: &'static str,
    arguments: &'static [&'static str],
) -> Known {
    Known { service, name, arguments }
}

/// What people with stolen keys are known to ask of services that have nothing to do with IAM.
const KNOWN: [Known; 30] = [
    known("iam", "ListRoles", &[]),
    known("iam", "GetAccountAuthorizationDetails", &[]),
    known("ec2", "DescribeInstances", &[]),
    known("ec2", "DescribeRegions", &[]),
    known("secretsmanager", "ListSecrets", &[]),
    known("lambda", "ListFunctions20150331", &[]),
    known("ce", "GetCostAndUsage", &[]),
    known("cloudtrail", "DescribeTrails", &[]),
    known("cloudtrail", "StopLogging", &["name"]),
    known("servicequotas", "GetServiceQuota", &["serviceCode", "quotaCode"]),
    known("ses", "GetSendQuota", &[]),
    known("ses", "GetAccount", &[]),
    known("ses", "ListIdentities", &[]),
    known("ses", "GetIdentityVerificationAttributes", &["identities"]),
    known("ses", "VerifyEmailIdentity", &["emailAddress"]),
    known("ses", "PutAccountDetails", &["mailType", "websiteURL"]),
    known("ses", "UpdateAccountSendingEnabled", &["enabled"]),
    known("ses", "SendEmail", &["source"]),
    known("sns", "GetSMSAttributes", &[]),
    known("sns", "Publish", &["phoneNumber"]),
    known("bedrock", "ListFoundationModels", &[]),
    known("bedrock", "GetFoundationModelAvailability", &["modelId"]),
    known("bedrock", "GetModelInvocationLoggingConfiguration", &[]),
    known("bedrock", "DeleteModelInvocationLoggingConfiguration", &[]),
    known("bedrock", "PutUseCaseForModelAccess", &[]),
    known("bedrock", "CreateFoundationModelAgreement", &["modelId"]),
    known("bedrock", "PutFoundationModelEntitlement", &["modelId"]),
    known("bedrock", "InvokeModel", &["modelId"]),
    known("bedrock", "InvokeModelWithResponseStream", &["modelId"]),
    known("bedrock", "Converse", &["modelId"]),
];

impl ServiceCall {
    /// The call that is written `service:Call`, or what is wrong with it.
    pub fn read(
        written: &str,
        arguments: &BTreeMap<String, String>,
        region: Option<&str>,
    ) -> Result<Self, String> {
        let is_it = |one: &&Known| {
            written.split_once(':').is_some_and(|(of, name)| one.service == of && one.name == name)
        };
        let known = KNOWN.iter().find(is_it);
        let known = known.ok_or("this call is not one that the account knows")?;
        let mut shown = BTreeMap::new();
        for (name, value) in arguments {
            let name =
                known.arguments.iter().find(|argument| *argument == name).ok_or_else(|| {
                    format!("it has no argument {name}, only: {}", known.arguments.join(", "))
                })?;
            shown.insert(*name, value.clone());
        }
        Ok(Self { known, arguments: shown, region: region.map(str::to_owned) })
    }

    /// The name of the call in AWS's spelling.
    pub fn name(&self) -> &'static str {
        self.known.name
    }
}

impl Visitor {
    /// Makes one call of a service.
    pub async fn on_service(&self, credential: &Credential, call: &ServiceCall) -> Reply {
        let origin = self.origin(credential);
        match self.cloud.service_call(&origin, call).await {
            Ok(()) => Reply::Allowed,
            Err(refusal) => Reply::Refused(refusal.code),
        }
    }
}

impl SimCloud {
    async fn service_call(&self, origin: &Origin, made: &ServiceCall) -> Result<(), Refusal> {
        let mut call = Call::new(made.known.service, made.known.name, "*".to_owned());
        for (name, value) in &made.arguments {
            call = call.with(name, value);
        }
        call.region.clone_from(&made.region);
        self.call(origin, call, |_, _, _| Ok(Done::silently(()))).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_or_an_argument_that_is_not_known_is_named() {
        let read = |written: &str, argument: &str| {
            let arguments = BTreeMap::from([(argument.to_owned(), "x".to_owned())]);
            ServiceCall::read(written, &arguments, None).map(|call| call.name())
        };
        assert_eq!(read("ses:SendEmail", "source"), Ok("SendEmail"));
        let why = read("ses:SendEmail", "to").unwrap_err();
        assert_eq!(why, "it has no argument to, only: source");
        for unknown in ["SendEmail", "ses:Sendmail", "sns:SendEmail"] {
            assert!(read(unknown, "source").unwrap_err().contains("not one"), "{unknown}");
        }
    }
}
