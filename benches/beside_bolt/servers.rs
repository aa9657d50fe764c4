//! The three that answer: `keyleak serve`, Bolt for JavaScript and Bolt for Python.

use crate::npm::{Packages, installed};
use crate::python::{Python, Requirements};
use keyleak::ports::clock::Clock;
use keyleak::sim::slack::channels::Reach;
use keyleak::sim::slack::config::SimSlackConfig;
use keyleak::sim::slack::server::SimSlack;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio_util::task::TaskTracker;

/// Who asks.
pub(crate) const ASKER: &str = "U0ANA00001";
pub(crate) const PUBLIC: &str = "security";
pub(crate) const SECRET: &str = "a signing secret";
const TOKEN: &str = "xoxb-simulated";
const START_PATIENCE: Duration = Duration::from_secs(20);
const BOLT_JS: Packages = Packages {
    folder: "tests/node/bolt",
    lock: include_str!("../../tests/node/bolt/package-lock.json"),
    program: "bolt_serve.js",
};
const BOLT_PY: Requirements = Requirements {
    file: "requirements-bolt.txt",
    text: include_str!("../../tests/python/requirements-bolt.txt"),
};

/// A process that listens; dropping it ends it.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    _folder: Option<TempDir>,
}

impl Server {
    pub(crate) fn process(&self) -> (SocketAddr, u32) {
        (self.address, self.child.id())
    }

    /// Bolt for JavaScript, or what this machine lacks for it.
    pub(crate) fn bolt_js(text: &str) -> Result<Self, String> {
        let folder = installed(&BOLT_JS)?;
        let mut command = Command::new("node");
        command.arg(BOLT_JS.program).args([SECRET, text]).current_dir(folder);
        command.env("NODE_ENV", "production");
        Ok(Self::told(&mut command))
    }

    /// Bolt for Python, or what this machine lacks for it.
    pub(crate) fn bolt_py(text: &str) -> Result<Self, String> {
        let python = Python::prepare(&BOLT_PY).map_err(|missing| missing.0)?;
        Ok(Self::told(python.command("bolt_serve.py").args([SECRET, text])))
    }

    /// A program that prints the port on which it listens.
    fn told(command: &mut Command) -> Self {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let mut said = String::new();
        let stdout = child.stdout.take().expect("its output is a pipe");
        BufReader::new(stdout).read_line(&mut said).expect("it says its port");
        let port = said.trim().parse().unwrap_or_else(|_| panic!("it does not start: {said}"));
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Self { child, address, _folder: None }
    }

    /// `keyleak serve` with its journal in SQLite, or in the DynamoDB at this address; the account
    /// cannot be reached, so that nothing but people's words happens.
    pub(crate) async fn keyleak(dynamodb: Option<SocketAddr>) -> (Self, SimSlack) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("its address");
        drop(listener);
        let mut config = SimSlackConfig::new(Clock::real(), SECRET, TOKEN);
        config.bot_url = Some(format!("http://{address}"));
        let slack = SimSlack::start(config, &TaskTracker::new()).await.expect("it starts");
        slack.make_channel(PUBLIC, Reach::Public, &[ASKER]);
        let folder = tempfile::tempdir().expect("a folder");
        let child = serve(&slack, (address, dynamodb), folder.path());
        let mut server = Self { child, address, _folder: Some(folder) };
        server.listens();
        (server, slack)
    }

    fn listens(&mut self) {
        let begun = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            let left = self.child.try_wait().expect("it is ours");
            let log = || fs::read_to_string(self._folder.as_ref().unwrap().path().join("log"));
            assert!(left.is_none(), "keyleak serve left: {:?}", log());
            assert!(begun.elapsed() < START_PATIENCE, "keyleak serve does not listen");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(slack: &SimSlack, at: (SocketAddr, Option<SocketAddr>), folder: &Path) -> Child {
    let (address, dynamodb) = at;
    let store = if dynamodb.is_some() { "dynamodb" } else { "sqlite" };
    let (api_url, place) = (slack.api_url(), folder.display());
    let settings = format!(
        "server.listen = \"{address}\"\n\
         [slack]\napi_url = \"{api_url}\"\nteam_id = \"T0SIM00001\"\napp_id = \"A0SIM00001\"\n\
         [people]\nresponders = [\"{ASKER}\"]\napprovers = [\"U0BOB00002\", \"U0CHR00003\"]\n\
         [journal]\nstore = \"{store}\"\npath = \"{place}/journal.sqlite\"\n\
         [evidence]\npath = \"{place}/evidence\"\n"
    );
    fs::write(folder.join("keyleak.toml"), settings).expect("the settings");
    let log = File::create(folder.join("log")).expect("a log file");
    let again = log.try_clone().expect("a second handle");
    let nowhere = "http://127.0.0.1:9";
    let tables = dynamodb.map_or(nowhere.to_owned(), |address| format!("http://{address}"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyleak"));
    command.arg("serve").arg("--config").arg(folder.join("keyleak.toml"));
    command.env_clear().env("HOME", folder).current_dir(folder);
    command.envs([
        ("AWS_ENDPOINT_URL", nowhere),
        ("AWS_ENDPOINT_URL_DYNAMODB", tables.as_str()),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "AKIAQNZGKIQY5EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "none"),
        ("KEYLEAK_SLACK__SIGNING_SECRET", SECRET),
        ("KEYLEAK_SLACK__BOT_TOKEN", TOKEN),
    ]);
    command.stdin(Stdio::null()).stdout(again).stderr(log).spawn().expect("it starts")
}
