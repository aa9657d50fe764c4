//! The real binary at work: `keyleak serve` between a simulated Slack and the emulated account.

use crate::account::Credential;
use crate::leak::{BOT, Leak};
use crate::ministack::free_port;
use crate::store_tables::make_tables;
use keyleak::ports::clock::Clock;
use keyleak::sim::slack::channels::{Channel, Reach};
use keyleak::sim::slack::config::SimSlackConfig;
use keyleak::sim::slack::deliver::Delivery;
use keyleak::sim::slack::server::SimSlack;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio_util::task::TaskTracker;

/// Who asks.
pub(crate) const ASKER: &str = "U0ANA00001";
/// Who approves.
pub(crate) const APPROVER: &str = "U0BOB00002";
const PUBLIC: &str = "security";
const SECRET: &str = "a signing secret";
const TOKEN: &str = "xoxb-simulated";
/// The slowest of these waits takes a few seconds; a machine under load takes several times that.
const PATIENCE: Duration = Duration::from_secs(90);
/// A debug build starts in well under a second.
const START_PATIENCE: Duration = Duration::from_secs(20);

/// Where the service keeps its journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Journal {
    Sqlite,
    DynamoDb,
}

/// A running service and its workspace.
pub(crate) struct Service {
    pub(crate) slack: SimSlack,
    child: Child,
    folder: TempDir,
    environment: Vec<(&'static str, String)>,
    listen: SocketAddr,
}

impl Service {
    /// Starts the workspace and the binary, with the account of a leak behind it.
    pub(crate) async fn start(leak: &Leak, journal: Journal) -> Self {
        Self::start_with(leak, journal, "").await
    }

    /// The same, with more settings after the usual ones.
    pub(crate) async fn start_with(leak: &Leak, journal: Journal, more: &str) -> Self {
        if journal == Journal::DynamoDb {
            make_tables(&leak.owner.root.dynamodb).await;
        }
        Self::start_on(leak, journal, more).await
    }

    /// The same, with the journal's tables as they are.
    pub(crate) async fn start_on(leak: &Leak, journal: Journal, more: &str) -> Self {
        let listen = free_port();
        let slack = workspace(listen).await;
        let folder = tempfile::tempdir().expect("a folder");
        let settings = settings(leak, &slack, listen, (journal, &folder)).await;
        let settings = format!("{settings}{more}");
        std::fs::write(folder.path().join("keyleak.toml"), settings).expect("the settings");
        let mut environment = leak.bot_key.environment();
        environment.push(("AWS_ENDPOINT_URL", format!("http://{}", leak.bot.endpoint)));
        environment.push(("AWS_REGION", crate::account::REGION.to_owned()));
        environment.push(("KEYLEAK_SLACK__SIGNING_SECRET", SECRET.to_owned()));
        environment.push(("KEYLEAK_SLACK__BOT_TOKEN", TOKEN.to_owned()));
        let child = serve(&folder, &environment);
        let mut service = Self { slack, child, folder, environment, listen };
        service.wait_until_it_listens();
        service
    }

    /// Types `/keyleak …`, and again for as long as the bot says that it was not recorded: an
    /// emulator under load may take longer than Slack waits.
    pub(crate) async fn slash(&self, text: &str) -> Delivery {
        let deadline = Instant::now() + START_PATIENCE;
        loop {
            let delivery = self.slash_once(text).await;
            if !delivery.body.contains("Not recorded") || Instant::now() > deadline {
                return delivery;
            }
        }
    }

    /// Types `/keyleak …` in a public channel; what the person is told back.
    pub(crate) async fn slash_once(&self, text: &str) -> Delivery {
        let typed = self.slack.slash(ASKER, PUBLIC, "/keyleak", text).await;
        let delivery = typed.expect("she may type that");
        assert_eq!(delivery.status, Some(200), "{delivery:?}\n{}", self.log());
        delivery
    }

    /// Waits for a button in the case's channel and presses it.
    pub(crate) async fn press(&self, user: &str, action_id: &str) {
        let (channel, message) = self.wait(action_id, |service| service.button(action_id)).await;
        let pressed = self.slack.click(user, &channel, &message, action_id).await;
        let delivery = pressed.unwrap_or_else(|error| panic!("{action_id}: {error}"));
        assert_eq!(delivery.status, Some(200), "{delivery:?}\n{}", self.log());
        assert_eq!(delivery.toast, None, "{action_id}");
    }

    /// Waits until something is so; panics with what the channel and the log say.
    pub(crate) async fn wait<T>(&self, what: &str, wanted: impl Fn(&Self) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = wanted(self) {
                return found;
            }
            if Instant::now() > deadline {
                let said = self.said().join("\n---\n");
                panic!("{what}: not after {PATIENCE:?}; the channel says\n{said}\n{}", self.log());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Waits until some message of the case begins so.
    pub(crate) async fn wait_for_words(&self, words: &str) {
        let heard = |service: &Self| {
            service.said().iter().any(|message| message.contains(words)).then_some(())
        };
        self.wait(words, heard).await;
    }

    /// Everything said in the case's channel, as plain text.
    pub(crate) fn said(&self) -> Vec<String> {
        let text = |message: &Value| message["text"].as_str().unwrap_or_default().to_owned();
        self.messages().iter().map(text).collect()
    }

    /// The messages in the case's channel.
    pub(crate) fn messages(&self) -> Vec<Value> {
        self.case_channel().map_or_else(Vec::new, |channel| self.slack.messages(&channel.id))
    }

    /// What `/readyz` says: its status line, headers and words.
    pub(crate) fn readyz(&self) -> String {
        let mut asked = TcpStream::connect(self.listen).expect("it listens");
        asked.write_all(b"GET /readyz HTTP/1.0\r\n\r\n").expect("it is asked");
        let mut said = String::new();
        asked.read_to_string(&mut said).expect("it answers");
        said
    }

    /// Runs another command of the binary with the same settings.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keyleak"));
        command.args(arguments).arg("--config").arg(self.folder.path().join("keyleak.toml"));
        prepare(&mut command, &self.folder, &self.environment);
        command.stdin(Stdio::null()).output().expect("it runs")
    }

    /// Gives the AWS tools profiles, by which people are told apart at the command line.
    pub(crate) fn know_profiles(&self, people: &[(&str, Credential)]) {
        let profile = |(name, credential): &(&str, Credential)| {
            let lines = credential.environment().into_iter();
            let lines = lines.map(|(name, value)| format!("{} = {value}\n", name.to_lowercase()));
            format!("[{name}]\n{}", lines.collect::<String>())
        };
        let aws = self.folder.path().join(".aws");
        std::fs::create_dir_all(&aws).expect("a folder");
        let profiles: String = people.iter().map(profile).collect();
        std::fs::write(aws.join("credentials"), profiles).expect("the profiles");
    }

    /// The name of the one case there is.
    pub(crate) fn case_name(&self) -> String {
        let listed = self.run(&["cases"]);
        let text = String::from_utf8_lossy(&listed.stdout).into_owned();
        let is_case = |word: &&str| word.starts_with("kl-");
        let found = text.split_whitespace().find(is_case).map(ToOwned::to_owned);
        found.unwrap_or_else(|| panic!("`keyleak cases` says {listed:?}"))
    }

    /// The process ends without a chance to say goodbye, and another one takes its place.
    pub(crate) fn kill_and_restart(&mut self) {
        self.child.kill().expect("it is ours");
        self.child.wait().expect("it ends");
        self.child = serve(&self.folder, &self.environment);
        self.wait_until_it_listens();
    }

    fn case_channel(&self) -> Option<Channel> {
        let mut channels = self.slack.channels().into_iter();
        channels.find(|channel| channel.name.starts_with("keyleak-"))
    }

    fn button(&self, action_id: &str) -> Option<(String, String)> {
        let channel = self.case_channel()?;
        let messages = self.messages();
        let holds = |message: &&Value| has_button(&message["blocks"], action_id);
        let message = messages.iter().rev().find(holds)?;
        Some((channel.id, message["ts"].as_str()?.to_owned()))
    }

    pub(crate) fn log(&self) -> String {
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }

    fn wait_until_it_listens(&mut self) {
        let deadline = Instant::now() + START_PATIENCE;
        while TcpStream::connect(self.listen).is_err() {
            if let Ok(Some(status)) = self.child.try_wait() {
                panic!("keyleak serve left with {status}\n{}", self.log());
            }
            assert!(Instant::now() < deadline, "keyleak serve does not listen\n{}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn has_button(value: &Value, action_id: &str) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| has_button(item, action_id)),
        Value::Object(fields) => {
            fields.get("action_id").is_some_and(|id| id == action_id)
                || fields.values().any(|below| has_button(below, action_id))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

async fn workspace(listen: SocketAddr) -> SimSlack {
    let mut config = SimSlackConfig::new(Clock::real(), SECRET, TOKEN);
    config.bot_url = Some(format!("http://{listen}"));
    let slack = SimSlack::start(config, &TaskTracker::new()).await.expect("the workspace starts");
    slack.make_channel(PUBLIC, Reach::Public, &[ASKER, APPROVER]);
    slack
}

async fn settings(
    leak: &Leak,
    slack: &SimSlack,
    listen: SocketAddr,
    (journal, folder): (Journal, &TempDir),
) -> String {
    let store = match journal {
        Journal::Sqlite => "sqlite",
        Journal::DynamoDb => "dynamodb",
    };
    let folder = folder.path().display();
    let (api_url, trail) = (slack.api_url(), leak.recorder.folder().display());
    let (account, deny) = (&leak.owner.id, leak.owner.deny_all_policy().await);
    let rights = &leak.rights;
    format!(
        r#"server.listen = "{listen}"
[slack]
api_url = "{api_url}"
team_id = "T0SIM00001"
app_id = "A0SIM00001"
[people]
responders = ["{ASKER}", "{APPROVER}"]
approvers = ["{APPROVER}"]
[aws]
{rights}
deny_policy_arn = "{deny}"
protected_arns = ["arn:aws:iam::{account}:user/{BOT}"]
[journal]
store = "{store}"
path = "{folder}/journal.sqlite"
[evidence]
path = "{folder}/evidence"
[trail]
paths = ["{trail}"]
[timing]
read_back = ["1s", "2s"]
survey_every = "1s"
watch_for = "1m"
watch_every = "5s"
trail_complete_after = "3s"
"#
    )
}

fn serve(folder: &TempDir, environment: &[(&'static str, String)]) -> Child {
    let log = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.path().join("log"))
        .expect("a log file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyleak"));
    command.arg("serve").arg("--config").arg(folder.path().join("keyleak.toml"));
    prepare(&mut command, folder, environment);
    let again = log.try_clone().expect("a second handle");
    command.stdin(Stdio::null()).stdout(again).stderr(log).spawn().expect("it starts")
}

/// Nothing of the machine's own settings reaches the binary: no credentials, no profile.
fn prepare(command: &mut Command, folder: &TempDir, environment: &[(&'static str, String)]) {
    command.env_clear().env("HOME", folder.path()).current_dir(folder.path());
    command.envs(environment.iter().map(|(name, value)| (*name, value.as_str())));
}
