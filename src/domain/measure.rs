//! The hardening measures that keyleak may put on a checklist, each by a name that stays.

use serde::{Deserialize, Serialize};

/// One thing that would have made a case smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    ExpiringCredentials,
    KeyAge,
    SecretScanning,
    Quarantine,
    LeastPrivilege,
    PrincipalMaking,
    SessionMinting,
    Mfa,
    SecretAccess,
    Backups,
    UseAlarm,
    OrganizationTrail,
    GuardDuty,
}

impl Measure {
    /// Every measure, in the order of the checklist.
    pub const ALL: [Self; 13] = [
        Self::ExpiringCredentials,
        Self::KeyAge,
        Self::SecretScanning,
        Self::Quarantine,
        Self::LeastPrivilege,
        Self::PrincipalMaking,
        Self::SessionMinting,
        Self::Mfa,
        Self::SecretAccess,
        Self::Backups,
        Self::UseAlarm,
        Self::OrganizationTrail,
        Self::GuardDuty,
    ];

    /// Its name in the journal and in a button.
    pub fn slug(self) -> &'static str {
        self.told().0
    }

    /// What is to be done.
    pub fn words(self) -> &'static str {
        self.told().1
    }

    /// Reads what [`Self::slug`] gives.
    pub fn from_slug(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|measure| measure.slug() == slug)
    }

    fn told(self) -> (&'static str, &'static str) {
        match self {
            Self::ExpiringCredentials => {
                ("expiring_credentials", "Give the workload credentials that expire by themselves")
            }
            Self::KeyAge => (
                "key_age",
                "Rotate access keys within 90 days, by a rule of AWS Config that tells of older \
                 ones",
            ),
            Self::SecretScanning => (
                "secret_scanning",
                "Turn on secret scanning with push protection where the key was found",
            ),
            Self::Quarantine => (
                "quarantine",
                "Leave AWS's quarantine policy on the user until AWS's case about the key is \
                 settled",
            ),
            Self::LeastPrivilege => (
                "least_privilege",
                "Give the workload only what it calls (IAM Access Analyzer makes such a policy \
                 from CloudTrail)",
            ),
            Self::PrincipalMaking => (
                "principal_making",
                "Deny workloads to make users, roles, keys and passwords, by a service control \
                 policy or a boundary",
            ),
            Self::SessionMinting => (
                "session_minting",
                "Deny sts:GetSessionToken and sts:GetFederationToken where no workload calls them",
            ),
            Self::Mfa => (
                "mfa",
                "Deny what is done without MFA to people, and sign them in by Identity Center",
            ),
            Self::SecretAccess => (
                "secret_access",
                "Let each secret and parameter be read by the workload alone that needs it",
            ),
            Self::Backups => (
                "backups",
                "Keep backups in an account of their own, with versions and Object Lock, and \
                 protect what has a state against deletion",
            ),
            Self::UseAlarm => (
                "use_alarm",
                "Have an alarm on a key's use from an address or program that is new to it",
            ),
            Self::OrganizationTrail => (
                "organization_trail",
                "Have one trail of the organisation over all regions, delivered out of reach of \
                 its accounts, with data events of what is dear",
            ),
            Self::GuardDuty => (
                "guard_duty",
                "Turn GuardDuty on in every region, and let keyleak read its findings",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measure_has_one_name_in_journal_and_button() {
        for measure in Measure::ALL {
            assert_eq!(Measure::from_slug(measure.slug()), Some(measure));
            assert_eq!(serde_json::to_value(measure).unwrap(), measure.slug());
        }
        assert_eq!(Measure::from_slug("prayer"), None);
    }
}
