//! Whom AWS says a request was signed by, and which person of ours that is.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Roles that only IAM Identity Center can hand out, which sets the session's name itself.
const NAMED_BY_AWS: &str = "AWSReservedSSO_";
/// Any session of a role.
const ANY_SESSION: &str = "*";

/// What `sts:GetCallerIdentity` answered: evidence, and no secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AwsIdentity {
    pub arn: String,
    pub account: String,
    /// By which AWS can find the call again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// A caller of AWS as configuration names it: a user, or a session of a role.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Principal {
    User { arn: String },
    Session { role: String, session: String },
}

/// Which person of ours an AWS identity is; who is not listed is nobody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Operators {
    people: BTreeMap<Principal, String>,
}

/// Why an entry of the list of operators is refused; completes "people.operators.… ".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadOperator {
    #[error(
        "is no user and no session of a role; write \"arn:aws:iam::<account>:user/<path and name>\" \
         or \"arn:aws:iam::<account>:role/<name>/<session or *>\""
    )]
    NoPrincipal,
    #[error(
        "names a session of role {0}, and whoever may assume that role chooses the session's name; \
         map the whole role to one person (…:role/{0}/*), or, if its trust policy fixes \
         sts:RoleSessionName, list {0} in people.operators_named_by_session"
    )]
    SessionChosen(String),
    #[error("names no person; write a Slack user id (U… or W…)")]
    NoPerson,
}

/// The identity is nobody's; the text says which line would make it somebody's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Nobody {
    #[error(
        "{arn} is not mapped to a person; if it should be, add to the configuration under \
         [people.operators]:\n  \"{line}\" = \"<Slack user id>\""
    )]
    Unmapped { arn: String, line: String },
    #[error("{0} can be no person: a root user or a federated user may be anybody")]
    NoPerson(String),
}

impl AwsIdentity {
    /// What to call it among people: the user's name, or the session's.
    pub fn short_name(&self) -> &str {
        self.arn.rsplit('/').next().unwrap_or(&self.arn)
    }

    /// Whether this is, or is a session of, the user or role with the ARN.
    pub fn belongs_to(&self, arn: &str) -> bool {
        let own = Principal::of_caller(&self.arn);
        match (own, split(arn)) {
            (Some(Principal::User { arn: own }), _) => own == arn,
            (Some(Principal::Session { role, .. }), Some((_, "iam", rest))) => {
                let name = rest.strip_prefix("role/").and_then(|path| path.rsplit('/').next());
                let account = arn.split(':').nth(4).unwrap_or_default();
                name == Some(role_name(&role)) && account == self.account
            }
            (Some(Principal::Session { .. }) | None, _) => self.arn == arn,
        }
    }
}

impl Operators {
    /// Reads the list; `named_by_session` are roles whose trust policy fixes the session's name.
    pub fn read(
        listed: &BTreeMap<String, String>,
        named_by_session: &BTreeSet<String>,
    ) -> Result<Self, Vec<(String, BadOperator)>> {
        let mut people = BTreeMap::new();
        let mut bad = Vec::new();
        for (arn, user) in listed {
            match entry(arn, user, named_by_session) {
                Ok(principal) => {
                    people.insert(principal, user.clone());
                }
                Err(why) => bad.push((arn.clone(), why)),
            }
        }
        if bad.is_empty() { Ok(Self { people }) } else { Err(bad) }
    }

    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
    }

    /// The Slack users that somebody can be, for `doctor`.
    pub fn users(&self) -> BTreeSet<&str> {
        self.people.values().map(String::as_str).collect()
    }

    /// The Slack user whom an identity is mapped to.
    pub fn person(&self, identity: &AwsIdentity) -> Result<&str, Nobody> {
        let arn = || identity.arn.clone();
        let Some(principal) = Principal::of_caller(&identity.arn) else {
            return Err(Nobody::NoPerson(arn()));
        };
        let whole_role = principal.whole_role();
        let found = self.people.get(&principal);
        let found = found.or_else(|| self.people.get(&whole_role?));
        found
            .map(String::as_str)
            .ok_or_else(|| Nobody::Unmapped { arn: arn(), line: principal.line() })
    }
}

impl Principal {
    /// A caller as STS names it.
    fn of_caller(arn: &str) -> Option<Self> {
        let (partition, service, rest) = split(arn)?;
        let account = arn.split(':').nth(4).filter(|account| is_account(account))?;
        match (service, rest.split_once('/')?) {
            ("iam", ("user", name)) if !name.is_empty() => Some(Self::User { arn: arn.to_owned() }),
            ("sts", ("assumed-role", names)) => {
                let (role, session) = names.split_once('/')?;
                let whole = !role.is_empty() && !session.is_empty() && !session.contains('/');
                let role = format!("arn:{partition}:iam::{account}:role/{role}");
                // AWS allows no `*` in a session's name; nobody else may bring one either.
                (whole && session != ANY_SESSION)
                    .then(|| Self::Session { role, session: session.to_owned() })
            }
            _ => None,
        }
    }

    /// The same role in any session.
    fn whole_role(&self) -> Option<Self> {
        match self {
            Self::User { .. } => None,
            Self::Session { role, .. } => {
                Some(Self::Session { role: role.clone(), session: ANY_SESSION.to_owned() })
            }
        }
    }

    /// The line by which configuration would name it.
    fn line(&self) -> String {
        match self {
            Self::User { arn } => arn.clone(),
            Self::Session { role, session } if role_name(role).starts_with(NAMED_BY_AWS) => {
                format!("{role}/{session}")
            }
            Self::Session { role, .. } => format!("{role}/{ANY_SESSION}"),
        }
    }
}

fn entry(
    arn: &str,
    user: &str,
    named_by_session: &BTreeSet<String>,
) -> Result<Principal, BadOperator> {
    let is_person = user.starts_with(['U', 'W']) && user.bytes().all(|b| b.is_ascii_alphanumeric());
    if !is_person {
        return Err(BadOperator::NoPerson);
    }
    let (_, service, rest) = split(arn).ok_or(BadOperator::NoPrincipal)?;
    if service != "iam" || !arn.split(':').nth(4).is_some_and(is_account) {
        return Err(BadOperator::NoPrincipal);
    }
    if let Some(name) = rest.strip_prefix("user/") {
        let whole = !name.is_empty() && !name.contains('*');
        return whole
            .then(|| Principal::User { arn: arn.to_owned() })
            .ok_or(BadOperator::NoPrincipal);
    }
    let names = rest.strip_prefix("role/").ok_or(BadOperator::NoPrincipal)?;
    let (name, session) = names.split_once('/').ok_or(BadOperator::NoPrincipal)?;
    if name.is_empty() || name.contains('*') || session.is_empty() || session.contains('/') {
        return Err(BadOperator::NoPrincipal);
    }
    let fixed = name.starts_with(NAMED_BY_AWS) || named_by_session.contains(name);
    match (session, fixed) {
        (ANY_SESSION, _) | (_, true) if session == ANY_SESSION || !session.contains('*') => {
            let role = arn.strip_suffix(&format!("/{session}")).unwrap_or(arn).to_owned();
            Ok(Principal::Session { role, session: session.to_owned() })
        }
        (_, true) => Err(BadOperator::NoPrincipal),
        (_, false) => Err(BadOperator::SessionChosen(name.to_owned())),
    }
}

/// Partition, service and resource of an ARN.
fn split(arn: &str) -> Option<(&str, &str, &str)> {
    let mut parts = arn.splitn(6, ':');
    let is_arn = parts.next() == Some("arn");
    let (partition, service) = (parts.next()?, parts.next()?);
    let rest = parts.nth(2)?;
    (is_arn && partition.starts_with("aws")).then_some((partition, service, rest))
}

fn role_name(role: &str) -> &str {
    role.rsplit('/').next().unwrap_or(role)
}

fn is_account(account: &str) -> bool {
    account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANA: &str = "arn:aws:iam::123456789012:user/sec/ana";
    const ONCALL: &str = "arn:aws:iam::123456789012:role/SecOncall/*";
    const SSO: &str = "arn:aws:iam::123456789012:role/AWSReservedSSO_Sec_0a1b/bob@example.com";

    fn list(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
        entries.iter().map(|(arn, user)| ((*arn).to_owned(), (*user).to_owned())).collect()
    }

    fn operators() -> Operators {
        let listed = list(&[(ANA, "U0ANA"), (ONCALL, "U0CYN"), (SSO, "U0BOB")]);
        Operators::read(&listed, &BTreeSet::new()).unwrap()
    }

    fn identity(arn: &str) -> AwsIdentity {
        let account = arn.split(':').nth(4).unwrap_or_default().to_owned();
        AwsIdentity { arn: arn.to_owned(), account, request_id: None }
    }

    fn person(arn: &str) -> Result<String, Nobody> {
        operators().person(&identity(arn)).map(str::to_owned)
    }

    #[test]
    fn a_user_is_one_person_and_a_session_is_whom_its_role_or_itself_is_mapped_to() {
        assert_eq!(person(ANA).as_deref(), Ok("U0ANA"));
        let session = "arn:aws:sts::123456789012:assumed-role/SecOncall/whatever";
        assert_eq!(person(session).as_deref(), Ok("U0CYN"));
        let sso = "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Sec_0a1b/bob@example.com";
        assert_eq!(person(sso).as_deref(), Ok("U0BOB"));
    }

    #[test]
    fn who_is_not_listed_is_nobody_and_is_told_the_line_to_add() {
        let other =
            "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Sec_0a1b/eve@example.com";
        let said = person(other).unwrap_err().to_string();
        let line = "\"arn:aws:iam::123456789012:role/AWSReservedSSO_Sec_0a1b/eve@example.com\" = ";
        assert!(said.contains(line), "{said}");
        let said =
            person("arn:aws:sts::123456789012:assumed-role/Dev/bob").unwrap_err().to_string();
        assert!(said.contains("\"arn:aws:iam::123456789012:role/Dev/*\" = "), "{said}");
    }

    #[test]
    fn another_account_another_path_and_a_star_as_session_are_not_the_same() {
        for arn in [
            "arn:aws:iam::123456789013:user/sec/ana",
            "arn:aws:iam::123456789012:user/ana",
            "arn:aws:sts::123456789013:assumed-role/SecOncall/x",
            "arn:aws-cn:sts::123456789012:assumed-role/SecOncall/x",
            "arn:aws:sts::123456789012:assumed-role/SecOncall/*",
            "arn:aws:sts::123456789012:assumed-role/SecOncall/a/b",
            "arn:aws:sts::123456789012:federated-user/ana",
            "arn:aws:iam::123456789012:root",
            "",
        ] {
            assert!(person(arn).is_err(), "{arn}");
        }
    }

    #[test]
    fn a_session_name_that_its_bearer_chooses_names_nobody_unless_configuration_insists() {
        let chosen = list(&[("arn:aws:iam::123456789012:role/Okta/bob", "U0BOB")]);
        let refused = Operators::read(&chosen, &BTreeSet::new()).unwrap_err();
        assert_eq!(refused[0].1, BadOperator::SessionChosen("Okta".to_owned()));
        assert!(Operators::read(&chosen, &BTreeSet::from(["Okta".to_owned()])).is_ok());
    }

    #[test]
    fn entries_that_could_mean_many_people_are_refused() {
        for arn in [
            "arn:aws:iam::123456789012:user/*",
            "arn:aws:iam::123456789012:role/*/*",
            "arn:aws:iam::123456789012:role/Sec",
            "arn:aws:iam::123456789012:role/path/Sec/*",
            "arn:aws:iam::123456789012:role/AWSReservedSSO_Sec_0a1b/*@example.com",
            "arn:aws:iam::*:user/ana",
            "arn:aws:iam::123456789012:root",
            "ana",
        ] {
            assert!(Operators::read(&list(&[(arn, "U1")]), &BTreeSet::new()).is_err(), "{arn}");
        }
        assert!(Operators::read(&list(&[(ANA, "ana")]), &BTreeSet::new()).is_err(), "no person");
    }

    #[test]
    fn an_identity_belongs_to_its_own_user_or_role() {
        let session = identity("arn:aws:sts::123456789012:assumed-role/Sec/x");
        assert!(session.belongs_to("arn:aws:iam::123456789012:role/path/Sec"));
        assert!(!session.belongs_to("arn:aws:iam::123456789013:role/Sec"));
        assert!(!session.belongs_to("arn:aws:iam::123456789012:role/Secure"));
        assert!(identity(ANA).belongs_to(ANA));
        assert!(!identity(ANA).belongs_to("arn:aws:iam::123456789012:user/ana"));
    }
}
