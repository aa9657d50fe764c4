//! A scenario: an account, what the actor does in it, and what the investigation must find.

use crate::domain::ids::{AccessKeyId, AccountId};
use crate::drill::expected::Expected;
use crate::drill::moves::{Ask, Build, Move};
use crate::ports::clock::Clock;
use jiff::Timestamp;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What the actor calls the credential that it starts with.
pub const LEAKED_KEY: &str = "leaked key";
/// The scenarios that are part of the program, by name.
const SCENARIOS: [(&str, &str); 13] = [
    ("public-repository", include_str!("../../scenarios/public-repository.toml")),
    ("quiet-exposure", include_str!("../../scenarios/quiet-exposure.toml")),
    ("administrator", include_str!("../../scenarios/administrator.toml")),
    ("federation-token", include_str!("../../scenarios/federation-token.toml")),
    ("models-and-mail", include_str!("../../scenarios/models-and-mail.toml")),
    ("cryptomining", include_str!("../../scenarios/cryptomining.toml")),
    ("somebody-elses-key", include_str!("../../scenarios/somebody-elses-key.toml")),
    ("canary-token", include_str!("../../scenarios/canary-token.toml")),
    ("unknown-key", include_str!("../../scenarios/unknown-key.toml")),
    ("real-invictus", include_str!("../../scenarios/real-invictus.toml")),
    ("real-admin-user", include_str!("../../scenarios/real-admin-user.toml")),
    ("real-federation-token", include_str!("../../scenarios/real-federation-token.toml")),
    ("real-instance-role", include_str!("../../scenarios/real-instance-role.toml")),
];

/// Why a scenario cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    #[error(
        "there is no scenario {wanted}, and no such file either (a file's name ends in .toml); \
         there are: {known}"
    )]
    Unknown { wanted: String, known: String },
    #[error("the scenario {name} cannot be read: {why}")]
    Unreadable { name: String, why: String },
    #[error(
        "the scenario {name} is played on real records, which are not part of keyleak, and {why}. \
         They are from {source_of}; {LAY_OUT} into a folder, and name that with --trails or \
         KEYLEAK_REAL_TRAILS"
    )]
    NoRecords { name: String, why: String, source_of: String },
}

/// What somebody does who wants to play on real records.
const LAY_OUT: &str = "put them as CloudTrail delivers them \
    (AWSLogs/<account>/CloudTrail/<region>/YYYY/MM/DD/*.json.gz)";

/// A scenario file; `scenarios/README.md` describes the format.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    pub name: String,
    pub title: String,
    pub story: String,
    pub account: Account,
    /// The key that is reported where it is no user's of the account.
    pub reported: Option<String>,
    /// The actor makes its moves and then nothing more.
    #[serde(default)]
    pub rests: bool,
    pub users: Vec<User>,
    #[serde(default)]
    pub roles: Vec<Role>,
    #[serde(default)]
    pub sessions: Vec<Session>,
    #[serde(default)]
    pub habits: Vec<Habit>,
    #[serde(default)]
    pub moves: Vec<Move>,
    #[serde(default)]
    pub builds: Vec<Build>,
    #[serde(default)]
    pub asks: Vec<Ask>,
    /// What others than the actor do meanwhile.
    #[serde(default)]
    pub others: Vec<Move>,
    pub records: Option<Records>,
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
    /// Inline policies, by name.
    #[serde(default)]
    pub inline: BTreeMap<String, String>,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    #[serde(default)]
    pub leaked: bool,
    /// Its immutable id, where real records name it.
    pub id: Option<String>,
    /// The id of its access key, where real records name it.
    pub key: Option<String>,
    /// What the actor calls its key, where it holds that too.
    pub held_as: Option<String>,
    pub created: Option<Timestamp>,
}

/// A role of the account.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    pub name: String,
    pub trust: String,
    #[serde(default)]
    pub policies: Vec<String>,
    /// Its immutable id, where real records name it.
    pub id: Option<String>,
}

/// A session that the actor holds when the drill begins.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// What the actor calls it; `leaked key` where the session is what leaked.
    pub label: String,
    pub key: String,
    /// The user whose federation token it is.
    pub user: Option<String>,
    /// The role whose session it is.
    pub role: Option<String>,
    /// The name of the federated user, or of the role's session.
    pub name: String,
    pub issued: Timestamp,
    pub expires: Timestamp,
}

/// What a user's key did every day before the story begins.
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

/// Real records, which the investigation reads beside those of the simulated account.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Records {
    /// Below the folder of real trails.
    pub folder: PathBuf,
    /// What the drill's clock shows when it begins: some time after the last record.
    pub starts: Timestamp,
    /// Where they are from, and under which licence.
    pub source: String,
    /// Where they lie on this machine.
    #[serde(skip)]
    pub place: Option<PathBuf>,
}

/// The names of all scenarios.
pub fn names() -> Vec<&'static str> {
    SCENARIOS.map(|(name, _)| name).to_vec()
}

/// The scenario of this name, or in this file.
pub fn find(wanted: &str) -> Result<Scenario, ScenarioError> {
    if let Some((name, text)) = SCENARIOS.iter().find(|(name, _)| *name == wanted) {
        return read(name, text);
    }
    let path = Path::new(wanted);
    if path.extension().is_some_and(|extension| extension == "toml") {
        let unreadable = |why: String| ScenarioError::Unreadable { name: wanted.to_owned(), why };
        let text = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
        return read(wanted, &text);
    }
    let (wanted, known) = (wanted.to_owned(), names().join(", "));
    Err(ScenarioError::Unknown { wanted, known })
}

/// Reads a scenario file and checks that all of it can be played.
pub fn read(name: &str, text: &str) -> Result<Scenario, ScenarioError> {
    let unreadable = |why: String| ScenarioError::Unreadable { name: name.to_owned(), why };
    let scenario: Scenario = toml::from_str(text).map_err(|error| unreadable(error.to_string()))?;
    scenario.check().map_err(unreadable)?;
    Ok(scenario)
}

impl Scenario {
    /// The user whose key leaked, where it is a user's.
    pub fn leaked_user(&self) -> Option<&User> {
        self.users.iter().find(|user| user.leaked)
    }

    /// The same with its real records found below this folder.
    pub fn with_records_below(mut self, trails: Option<&Path>) -> Result<Self, ScenarioError> {
        let Some(records) = &mut self.records else { return Ok(self) };
        let missing = |why: String| ScenarioError::NoRecords {
            name: self.name.clone(),
            why,
            source_of: records.source.clone(),
        };
        let trails = trails.ok_or_else(|| missing("no folder with any is named".to_owned()))?;
        let place = trails.join(&records.folder);
        if !place.is_dir() {
            return Err(missing(format!("there is no folder {}", place.display())));
        }
        records.place = Some(place);
        Ok(self)
    }

    /// A clock that begins now, or when the real records are over.
    pub fn clock(&self, speed: u32) -> Clock {
        match &self.records {
            Some(records) => Clock::set_to(records.starts, speed),
            None => Clock::accelerated(speed),
        }
    }

    fn check(&self) -> Result<(), String> {
        AccountId::parse(&self.account.id).ok_or("account.id: twelve digits")?;
        self.check_leak()?;
        let is_user = |name: &str| self.users.iter().any(|user| user.name == name);
        for habit in &self.habits {
            if !is_user(&habit.user) || !habit.call.contains(':') {
                return Err(format!("habit {}: a user and service:Call", habit.call));
            }
        }
        for made in &self.others {
            made.operation().map_err(|what| format!("others {}: {what}", made.call))?;
            if !is_user(&made.with) {
                return Err(format!("others {}: with is a user", made.call));
            }
        }
        self.check_moves()
    }

    /// Exactly one thing leaked.
    fn check_leak(&self) -> Result<(), String> {
        let users = self.users.iter().filter(|user| user.leaked).count();
        let sessions = self.sessions.iter().filter(|held| held.label == LEAKED_KEY).count();
        let reported = usize::from(self.reported.is_some());
        if users + sessions + reported != 1 {
            return Err(format!(
                "exactly one user must have leaked = true, or one session the label \
                 {LEAKED_KEY:?}, or reported must name a key of none of them"
            ));
        }
        if self.reported.is_some() == self.expected.outcome.contains() {
            return Err("expected.outcome: a reported key of nobody is \"not-ours\" or \
                        \"unknown\", and no other is"
                .to_owned());
        }
        let ids = self.reported.iter().chain(self.sessions.iter().map(|held| &held.key));
        for id in ids.chain(self.users.iter().filter_map(|user| user.key.as_ref())) {
            AccessKeyId::parse(id).map_err(|error| format!("key {id}: {error}"))?;
        }
        for held in &self.sessions {
            if held.user.is_some() == held.role.is_some() {
                return Err(format!("session {}: either user or role", held.label));
            }
        }
        Ok(())
    }

    /// Every move can be made, with a credential that the actor has by then.
    fn check_moves(&self) -> Result<(), String> {
        let held = self.sessions.iter().map(|held| held.label.as_str());
        let mut labels: BTreeSet<&str> =
            held.chain(self.users.iter().filter_map(|user| user.held_as.as_deref())).collect();
        labels.insert(LEAKED_KEY);
        let nobody = |with: &str| format!("nobody holds {with:?} by then");
        for made in &self.moves {
            let wrong = |what: &str| format!("move {}: {what}", made.call);
            made.operation().map_err(wrong)?;
            if !labels.contains(made.with.as_str()) {
                return Err(wrong(&nobody(&made.with)));
            }
            labels.extend(made.mints().map_err(wrong)?);
        }
        for made in &self.builds {
            let wrong = |what: &str| format!("build {}: {what}", made.call);
            made.resource_call().map_err(wrong)?;
            if !labels.contains(made.with.as_str()) {
                return Err(wrong(&nobody(&made.with)));
            }
        }
        for made in &self.asks {
            let wrong = |what: &str| format!("ask {}: {what}", made.call);
            made.service_call().map_err(|what| wrong(&what))?;
            if !labels.contains(made.with.as_str()) {
                return Err(wrong(&nobody(&made.with)));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    const SMALL: &str = r#"
        name = "small"
        title = "t"
        story = "s"
        [account]
        id = "029608264753"
        [[users]]
        name = "ci"
        leaked = true
        [expected]
    "#;

    fn refused(text: &str) -> String {
        read("small", text).unwrap_err().to_string()
    }

    #[test]
    fn every_scenario_is_readable_and_has_the_name_by_which_it_is_found() {
        for name in names() {
            assert_eq!(find(name).unwrap().name, name);
        }
        assert!(read("small", SMALL).is_ok());
    }

    #[test]
    fn what_cannot_be_played_is_named() {
        let made = |what: &str| SMALL.replace("[expected]", &format!("{what}\n[expected]"));
        let with = "at = 1\nwith = \"leaked key\"\n";
        let cases = BTreeMap::from([
            (
                made(
                    "[[builds]]\nat = 1\nwith = \"leaked key\"\ncall = \"CreateService\"\n\
                name = \"alone\"",
                ),
                "build CreateService: name is cluster/service",
            ),
            (
                made(&format!("[[moves]]\n{with}call = \"CreateUser\"")),
                "CreateUser: user is missing",
            ),
            (
                made(&format!("[[moves]]\n{with}call = \"Dance\"")),
                "move Dance: this call is not one",
            ),
            (made(&format!("[[moves]]\n{with}call = \"GetSessionToken\"")), "as is missing"),
            (made(&format!("[[asks]]\n{with}call = \"ses:Dance\"")), "ask ses:Dance"),
            (made("[[moves]]\nat = 1\nwith = \"x\"\ncall = \"ListUsers\""), "nobody holds \"x\""),
            (made("[[others]]\nat = 1\nwith = \"x\"\ncall = \"ListUsers\""), "with is a user"),
            (
                made(
                    "[[habits]]\nuser = \"eve\"\ncall = \"s3:X\"\nfrom = \"a\"\nagent = \"b\"\n\
                days = 1",
                ),
                "a user and service:Call",
            ),
            (SMALL.replace("leaked = true", ""), "exactly one user must have leaked"),
            (SMALL.replace("0296", "029"), "account.id: twelve digits"),
            (SMALL.replace("story", "stroy"), "unknown field `stroy`"),
            (SMALL.replace("[expected]", "[expected]\ncontaned = []"), "unknown field `contaned`"),
            (SMALL.replace("[expected]", "[expected]\noutcome = \"unknown\""), "expected.outcome"),
        ]);
        for (text, why) in cases {
            let told = refused(&text);
            assert!(told.contains(why), "{told}\nand not {why}");
        }
    }

    #[test]
    fn real_records_that_are_not_there_are_told_with_where_to_get_them() {
        let text = SMALL.replace(
            "[expected]",
            "[records]\nfolder = \"x\"\nstarts = \"2023-07-11T08:00:00Z\"\nsource = \"them\"\n\
             [expected]",
        );
        let real = || read("small", &text).unwrap();
        let empty = tempfile::tempdir().unwrap();
        for (trails, why) in [(None, "no folder with any"), (Some(empty.path()), "no folder /")] {
            let told = real().with_records_below(trails).unwrap_err().to_string();
            assert!(told.contains(why) && told.contains("from them"), "{told}");
            assert!(told.contains("KEYLEAK_REAL_TRAILS") && told.contains("--trails"), "{told}");
        }
        std::fs::create_dir(empty.path().join("x")).unwrap();
        let found = real().with_records_below(Some(empty.path())).unwrap();
        assert_eq!(found.records.and_then(|real| real.place), Some(empty.path().join("x")));
    }
}
