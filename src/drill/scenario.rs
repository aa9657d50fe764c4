//! A scenario: an account, what the actor does in it, and what the investigation must find.

use crate::domain::principal::PrincipalName;
use crate::sim::attacker::Operation;
use crate::sim::cloud::resources::ResourceCall;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What the actor calls the credential that it starts with.
pub const LEAKED_KEY: &str = "leaked key";
/// The tasks of a service that the actor makes.
const TASKS: u32 = 8;
/// The scenarios that are part of the program, by name.
const SCENARIOS: [(&str, &str); 2] = [
    ("public-repository", include_str!("../../scenarios/public-repository.toml")),
    ("cryptomining", include_str!("../../scenarios/cryptomining.toml")),
];

/// Why a scenario cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    #[error("there is no scenario {wanted}; there are: {known}")]
    Unknown { wanted: String, known: String },
    #[error("the scenario {name} cannot be read: {why}")]
    Unreadable { name: String, why: String },
}

/// A scenario file; `scenarios/README.md` describes the format.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    pub name: String,
    pub title: String,
    pub story: String,
    pub account: Account,
    pub users: Vec<User>,
    #[serde(default)]
    pub habits: Vec<Habit>,
    #[serde(default)]
    pub moves: Vec<Move>,
    #[serde(default)]
    pub builds: Vec<Build>,
    pub expected: Expected,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    pub id: String,
}

/// A user of the account.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    pub name: String,
    #[serde(default)]
    pub policies: Vec<String>,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    #[serde(default)]
    pub leaked: bool,
}

/// What a user's key did once a day before the story begins.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Habit {
    pub user: String,
    /// `service:Call`.
    pub call: String,
    pub from: String,
    pub agent: String,
    pub days: u32,
}

/// One of the actor's first calls.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Move {
    /// Seconds after the leak.
    pub at: u32,
    /// The credential that signs it.
    pub with: String,
    pub call: String,
    /// What the credential that it mints is called.
    #[serde(rename = "as")]
    pub minted_as: Option<String>,
    pub user: Option<String>,
    pub policy: Option<String>,
    pub name: Option<String>,
    pub role: Option<String>,
    pub document: Option<String>,
}

/// One resource that the actor makes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Build {
    /// Seconds after the leak.
    pub at: u32,
    /// The credential that signs it.
    pub with: String,
    pub call: String,
    /// What it makes; of a service `cluster/service`, of an event source the function.
    pub name: Option<String>,
}

/// What must come out.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    pub credentials: Vec<String>,
    pub contained: Vec<String>,
    /// The types of the resources that must be stopped.
    #[serde(default)]
    pub stopped: Vec<String>,
}

/// The scenario of this name.
pub fn find(wanted: &str) -> Result<Scenario, ScenarioError> {
    let found = SCENARIOS.iter().find(|(name, _)| *name == wanted);
    let (name, text) = found.ok_or_else(|| ScenarioError::Unknown {
        wanted: wanted.to_owned(),
        known: SCENARIOS.map(|(name, _)| name).join(", "),
    })?;
    read(name, text)
}

/// Reads a scenario file and checks that every move can be made.
pub fn read(name: &str, text: &str) -> Result<Scenario, ScenarioError> {
    let unreadable = |why: String| ScenarioError::Unreadable { name: name.to_owned(), why };
    let scenario: Scenario = toml::from_str(text).map_err(|error| unreadable(error.to_string()))?;
    if scenario.users.iter().filter(|user| user.leaked).count() != 1 {
        return Err(unreadable("exactly one user must have leaked = true".to_owned()));
    }
    for habit in &scenario.habits {
        let known = scenario.users.iter().any(|user| user.name == habit.user);
        if !known || !habit.call.contains(':') {
            return Err(unreadable(format!("habit {}: a user and service:Call", habit.call)));
        }
    }
    for made in &scenario.moves {
        made.operation().map_err(|what| unreadable(format!("move {}: {what}", made.call)))?;
    }
    for made in &scenario.builds {
        made.resource_call().map_err(|what| unreadable(format!("build {}: {what}", made.call)))?;
    }
    Ok(scenario)
}

impl Scenario {
    /// The user whose key leaked; `read` made sure that there is one.
    pub fn leaked_user(&self) -> Option<&User> {
        self.users.iter().find(|user| user.leaked)
    }
}

impl Move {
    /// The call as the attacker's client makes it, or which argument is missing.
    pub fn operation(&self) -> Result<Operation, &'static str> {
        let user = || self.user.clone().ok_or("user is missing");
        let policy_arn = || self.policy.clone().ok_or("policy is missing");
        Ok(match self.call.as_str() {
            "GetCallerIdentity" => Operation::GetCallerIdentity,
            "ListUsers" => Operation::ListUsers,
            "ListBuckets" => Operation::ListBuckets,
            "GetSessionToken" => Operation::GetSessionToken,
            "GetFederationToken" => {
                Operation::GetFederationToken { name: self.name.clone().ok_or("name is missing")? }
            }
            "CreateUser" => Operation::CreateUser { user: user()? },
            "CreateAccessKey" => Operation::CreateAccessKey { user: user()? },
            "AttachUserPolicy" => {
                let to = PrincipalName::user(&user()?);
                Operation::AttachPolicy { to, policy_arn: policy_arn()? }
            }
            "PutUserPolicy" => Operation::PutPolicy {
                on: PrincipalName::user(&user()?),
                name: self.name.clone().ok_or("name is missing")?,
                document: self.document.clone().ok_or("document is missing")?,
            },
            "AssumeRole" => Operation::AssumeRole {
                role_arn: self.role.clone().ok_or("role is missing")?,
                session_name: self.name.clone().ok_or("name is missing")?,
            },
            _ => return Err("this call is not one that the actor knows"),
        })
    }
}

impl Build {
    /// The call that makes it, or what is missing.
    pub fn resource_call(&self) -> Result<ResourceCall, &'static str> {
        let name = || self.name.clone().ok_or("name is missing");
        Ok(match self.call.as_str() {
            "RunInstances" => ResourceCall::RunInstances,
            "CreateBucket" => ResourceCall::CreateBucket { bucket: name()? },
            "CreateFunction" => ResourceCall::CreateFunction { function: name()? },
            "CreateEventSourceMapping" => ResourceCall::CreateEventSource { function: name()? },
            "CreateService" => {
                let name = name()?;
                let parts = name.split_once('/').ok_or("name is cluster/service")?;
                let (cluster, service) = (parts.0.to_owned(), parts.1.to_owned());
                ResourceCall::CreateService { cluster, service, tasks: TASKS }
            }
            _ => return Err("this call makes nothing that the account knows"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_is_readable_and_a_build_that_cannot_be_made_is_named() {
        for (name, text) in SCENARIOS {
            assert_eq!(find(name).unwrap().name, name);
            let broken = text.replacen(
                "[expected]",
                "[[builds]]\nat = 1\nwith = \"x\"\ncall = \
                \"CreateService\"\nname = \"alone\"\n[expected]",
                1,
            );
            let why = read(name, &broken).unwrap_err().to_string();
            assert!(why.contains("build CreateService: name is cluster/service"), "{why}");
        }
    }
}
