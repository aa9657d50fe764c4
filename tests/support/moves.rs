//! What an administrator with bad intent can do next, and what it learns from having done it.

use crate::chance::Chance;
use crate::ground::{BACKDOOR, USER};
use keyleak::domain::principal::PrincipalName;
use keyleak::sim::attacker::{Credential, Operation};
use keyleak::sim::cloud::managed::ADMINISTRATOR;

/// A role of long ago, which everybody at work uses.
pub(crate) const SHARED: &str = "deploy";
const ALLOW_ALL: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
/// The inline policy of the actor's own making.
const POLICY: &str = "extra";
/// One move in so many touches a colleague; each costs the colleague something.
const MEAN_ONCE_IN: usize = 40;

/// What the actor knows of the account.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    /// The account that is attacked.
    account: String,
    /// The account that the actor has.
    abroad: String,
    /// Users that are the actor's: the one whose key leaked, and those it made.
    pub(crate) users: Vec<String>,
    /// Users whose password the actor set.
    pub(crate) passwords: Vec<String>,
    roles: Vec<String>,
    keys: Vec<(String, String)>,
    colleagues: Vec<String>,
}

impl Known {
    pub(crate) fn at_first(account: String, abroad: String, colleagues: Vec<String>) -> Self {
        Self {
            account,
            abroad,
            users: vec![USER.to_owned(), BACKDOOR.to_owned()],
            passwords: Vec::new(),
            roles: vec![SHARED.to_owned()],
            keys: Vec::new(),
            colleagues,
        }
    }

    /// Takes note of what an allowed call changed.
    pub(crate) fn learn(&mut self, done: &Operation) {
        if let Operation::CreateUser { user } = done
            && !self.users.contains(user)
        {
            self.users.push(user.clone());
        }
        if let Operation::CreateRole { role, .. } = done
            && !self.roles.contains(role)
        {
            self.roles.push(role.clone());
        }
        if let Operation::CreateLoginProfile { user } = done {
            self.passwords.push(user.clone());
        }
    }

    /// Takes note of a key that a call gave.
    pub(crate) fn minted(&mut self, by: &Operation, minted: &Credential) {
        if let Operation::CreateAccessKey { user } = by {
            self.keys.push((user.clone(), minted.access_key_id.clone()));
        }
    }

    /// Everything that would give the actor something again.
    pub(crate) fn last_resorts(&self) -> Vec<Operation> {
        let user = || USER.to_owned();
        let mut all = vec![
            Operation::ListUsers,
            Operation::GetSessionToken,
            Operation::GetFederationToken { name: "last".to_owned() },
            Operation::CreateUser { user: "last-resort".to_owned() },
            Operation::CreateAccessKey { user: user() },
            Operation::CreateServiceCredential { user: user() },
            put_policy(PrincipalName::user(USER)),
        ];
        all.extend(self.roles.iter().map(|role| self.assume(role, "last")));
        all
    }

    fn assume(&self, role: &str, session: &str) -> Operation {
        let role_arn = role_arn(&self.account, role);
        Operation::AssumeRole { role_arn, session_name: session.to_owned() }
    }

    /// Lets in the account itself, the actor's own, or both.
    fn some_trust(&self, chance: &mut Chance) -> String {
        match chance.below(3) {
            0 => trust(&[&self.account]),
            1 => trust(&[&self.abroad]),
            _ => self.trust_in_both(),
        }
    }

    fn trust_in_both(&self) -> String {
        trust(&[&self.account, &self.abroad])
    }
}

/// The trust policy that lets everybody of these accounts in.
pub(crate) fn trust(accounts: &[&str]) -> String {
    let roots = accounts.iter().map(|account| format!("\"arn:aws:iam::{account}:root\""));
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow",
        "Principal":{{"AWS":[{}]}},"Action":"sts:AssumeRole"}}]}}"#,
        roots.collect::<Vec<_>>().join(",")
    )
}

pub(crate) fn role_arn(account: &str, role: &str) -> String {
    format!("arn:aws:iam::{account}:role/{role}")
}

fn put_policy(on: PrincipalName) -> Operation {
    Operation::PutPolicy { on, name: POLICY.to_owned(), document: ALLOW_ALL.to_owned() }
}

/// The next move.
pub(crate) fn next_move(chance: &mut Chance, known: &Known, turn: u64) -> Operation {
    let user = chance.pick(&known.users).cloned().unwrap_or_else(|| USER.to_owned());
    let role = chance.pick(&known.roles).cloned().unwrap_or_else(|| SHARED.to_owned());
    if chance.below(MEAN_ONCE_IN) == 0 {
        let victim = chance.pick(&known.colleagues).cloned().unwrap_or_else(|| user.clone());
        return match chance.below(2) {
            0 => Operation::CreateAccessKey { user: victim },
            _ => Operation::CreateLoginProfile { user: victim },
        };
    }
    match chance.below(20) {
        0 => Operation::CreateUser { user: format!("svc-{turn}") },
        1 | 2 => Operation::CreateAccessKey { user },
        3 | 4 => Operation::AttachPolicy {
            to: PrincipalName::user(&user),
            policy_arn: ADMINISTRATOR.to_owned(),
        },
        5 => put_policy(PrincipalName::user(&user)),
        6 => Operation::CreateLoginProfile { user },
        7 => chance.pick(&known.passwords).map_or_else(
            || Operation::CreateLoginProfile { user: user.clone() },
            |user| Operation::SignIn { user: user.clone() },
        ),
        8 => Operation::CreateServiceCredential { user },
        9 => {
            Operation::CreateRole { role: format!("agent-{turn}"), trust: known.some_trust(chance) }
        }
        10 => give_rights(&known.roles, role),
        11..=13 => known.assume(&role, &format!("boto-{turn}")),
        14 => Operation::GetSessionToken,
        15 => Operation::GetFederationToken { name: format!("desk-{turn}") },
        16 => change_trust(chance, known, role),
        17 => reactivate(chance, known),
        18 => delete(chance, known, user),
        _ => Operation::SetBoundary { on: PrincipalName::user(&user), policy_arn: None },
    }
}

fn give_rights(roles: &[String], role: String) -> Operation {
    // The shared role has them.
    let role = if role == SHARED { roles.last().cloned().unwrap_or(role) } else { role };
    let to = PrincipalName::role(&role);
    Operation::AttachPolicy { to, policy_arn: ADMINISTRATOR.to_owned() }
}

fn change_trust(chance: &mut Chance, known: &Known, role: String) -> Operation {
    // Colleagues go on using the shared role; who locks them out is noticed at once.
    let trust = if role == SHARED { known.trust_in_both() } else { known.some_trust(chance) };
    Operation::UpdateTrust { role, trust }
}

fn reactivate(chance: &mut Chance, known: &Known) -> Operation {
    match chance.pick(&known.keys).cloned() {
        Some((user, key)) => Operation::UpdateAccessKey { user, key, active: true },
        None => Operation::ListUsers,
    }
}

fn delete(chance: &mut Chance, known: &Known, user: String) -> Operation {
    let key = chance.pick(&known.keys).cloned();
    match (chance.below(3), key) {
        (0, Some((user, key))) => Operation::DeleteAccessKey { user, key },
        (1, _) => Operation::DeletePolicy { on: PrincipalName::user(&user), name: POLICY.into() },
        _ if user == USER => Operation::ListUsers,
        _ => Operation::DeleteUser { user },
    }
}
