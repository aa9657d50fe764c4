//! What a simulated workspace starts with.

use crate::ports::clock::Clock;
use crate::sim::slack::people::{Group, Person};
use secrecy::SecretString;
use serde_json::Value;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// How long Slack lets a trigger id live.
pub const TRIGGER_LIFE: Duration = Duration::from_secs(3);
/// How long a shared file takes to appear after the upload is completed.
const FILE_DELAY: Duration = Duration::from_secs(1);

/// The app-level token of every simulated app.
pub const APP_TOKEN: &str = "xapp-simulated";

/// The scopes a bot needs for all this workspace offers.
pub const ALL_SCOPES: &[&str] = &[
    "commands",
    "chat:write",
    "channels:read",
    "channels:manage",
    "channels:join",
    "channels:history",
    "groups:read",
    "groups:write",
    "groups:history",
    "im:read",
    "im:write",
    "im:history",
    "users:read",
    "users:read.email",
    "usergroups:read",
    "pins:read",
    "pins:write",
    "bookmarks:read",
    "bookmarks:write",
    "reactions:read",
    "reactions:write",
    "files:read",
    "files:write",
    "team:read",
];

/// Everything a workspace and its one app are made of.
#[derive(Debug, Clone)]
pub struct SimSlackConfig {
    pub clock: Clock,
    pub signing_secret: SecretString,
    pub bot_token: SecretString,
    /// What opens connections of Socket Mode, and nothing else.
    pub app_token: SecretString,
    /// Whether what people do goes over such a connection instead of to `bot_url`.
    pub socket_mode: bool,
    pub team_id: String,
    pub team_name: String,
    pub team_domain: String,
    pub enterprise_id: Option<String>,
    pub app_id: String,
    pub bot_id: String,
    pub bot_user_id: String,
    pub scopes: Vec<String>,
    /// What the app asks for beside scopes, as its manifest says it; without one, everything.
    pub manifest: Option<Value>,
    pub people: Vec<Person>,
    pub groups: Vec<Group>,
    /// Whether calls are judged strictly: scopes, argument names, block limits.
    pub strict: bool,
    pub listen: SocketAddr,
    /// Where the bot listens, for example `http://127.0.0.1:7341`; may be set later.
    pub bot_url: Option<String>,
    /// How long a trigger id lives on the clock. On a fast clock, multiply by its speed: the
    /// bot works in real time.
    pub trigger_life: Duration,
    /// How long a completed upload takes to appear, on the clock.
    pub file_delay: Duration,
}

impl SimSlackConfig {
    /// A workspace with three members, one responders group and an app with every scope.
    pub fn new(clock: Clock, signing_secret: &str, bot_token: &str) -> Self {
        let people = vec![
            Person::member("U0ANA00001", "ana", "Ana Ruiz"),
            Person::member("U0BOB00002", "bob", "Bob Okafor"),
            Person::member("U0CYN00003", "cyn", "Cyn Larsen"),
        ];
        let everybody = people.iter().map(|person| person.id.clone()).collect();
        Self {
            clock,
            signing_secret: SecretString::from(signing_secret),
            bot_token: SecretString::from(bot_token),
            app_token: SecretString::from(APP_TOKEN),
            socket_mode: false,
            team_id: "T0SIM00001".to_owned(),
            team_name: "Simulated".to_owned(),
            team_domain: "simulated".to_owned(),
            enterprise_id: None,
            app_id: "A0SIM00001".to_owned(),
            bot_id: "B0SIM00001".to_owned(),
            bot_user_id: "U0BOT00000".to_owned(),
            scopes: ALL_SCOPES.iter().map(|&scope| scope.to_owned()).collect(),
            manifest: None,
            people,
            groups: vec![Group::new("S0RESPOND1", "responders", everybody)],
            strict: true,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            bot_url: None,
            trigger_life: TRIGGER_LIFE.saturating_mul(clock.speed()),
            file_delay: FILE_DELAY,
        }
    }
}
