//! A set-up on this host, in a simulated workspace, in which all is well; with a service in it.

use crate::binary::keyleak;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sts::config::{Credentials, SharedCredentialsProvider};
use axum::Router;
use axum::routing::any;
use keyleak::commands::doctor::examine;
use keyleak::config::{self, Config};
use keyleak::domain::checkup::Checkup;
use keyleak::ports::clock::Clock;
use keyleak::sim::slack::config::SimSlackConfig;
use keyleak::sim::slack::people::{Person, Standing};
use keyleak::sim::slack::server::SimSlack;
use keyleak::slack::checkup::NEEDED;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio_util::task::TaskTracker;

pub(crate) const SECRET: &str = "a-signing-secret-of-nobody";
pub(crate) const TOKEN: &str = "xoxb-a-token-of-nobody";
/// What looking people up takes; whether the app asks for it is the manifest's to say.
pub(crate) const SEES_PEOPLE: &str = "users:read";
pub(crate) const ANCHOR_KEY: &str = "an anchor key of at least thirty-two characters";
/// Who the bot is, at the stand-in for STS.
const IDENTITY: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult>\
    <Arn>arn:aws:sts::111111111111:assumed-role/keyleak-bot/i-1</Arn><UserId>A</UserId>\
    <Account>111111111111</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";
/// A debug build starts in well under a second.
pub(crate) const START_PATIENCE: Duration = Duration::from_secs(30);

/// A set-up in which all is well, and a service that runs in it.
pub(crate) struct Town {
    pub(crate) folder: TempDir,
    service: Child,
    pub(crate) at: SocketAddr,
    pub(crate) aws: SocketAddr,
    pub(crate) tasks: TaskTracker,
}

impl Town {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tasks = TaskTracker::new();
        let aws = stand_in(&tasks, Router::new().fallback(any(|| async { IDENTITY }))).await;
        let at = free();
        for folder_of in ["evidence", "anchors", "trail"] {
            std::fs::create_dir(folder.path().join(folder_of)).unwrap();
        }
        let mut town = Self { service: idle(), folder, at, aws, tasks };
        // What the service calls is not asked here, so that its workspace need not be there.
        town.service = town.serve("http://127.0.0.1:9/api");
        let deadline = Instant::now() + START_PATIENCE;
        while !is_up(at).await {
            assert!(Instant::now() < deadline, "the service starts");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        town
    }

    fn serve(&self, api_url: &str) -> Child {
        let path = self.folder.path().join("serve.toml");
        std::fs::write(&path, self.settings(api_url)).unwrap();
        let mut command = keyleak();
        command.args(["serve", "--config"]).arg(&path).stderr(Stdio::piped());
        command.current_dir(self.folder.path()).spawn().unwrap()
    }

    pub(crate) fn settings(&self, api_url: &str) -> String {
        let at = |name: &str| self.folder.path().join(name).display().to_string();
        format!(
            "[server]\nlisten = \"{}\"\n[slack]\nsigning_secret = \"{SECRET}\"\n\
             bot_token = \"{TOKEN}\"\nteam_id = \"T0SIM00001\"\napp_id = \"A0SIM00001\"\n\
             api_url = \"{api_url}\"\n[people]\nresponders = [\"U0CYN00003\"]\n\
             approvers = [\"U0ANA00001\", \"U0BOB00002\", \"U0CYN00003\", \"U0DAN00004\"]\n\
             one_time_codes.U0ANA00001 = \"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\"\n\
             one_time_codes.U0BOB00002 = \"MFRGGZDFMZTWQ2LKMFRGGZDFMZTWQ2LK\"\n\
             [aws]\ncontain = \"own-credentials\"\n\
             [journal]\nstore = \"sqlite\"\npath = \"{}\"\n[evidence]\npath = \"{}\"\n\
             [anchors]\npath = \"{}\"\nkey = \"{ANCHOR_KEY}\"\n[trail]\npaths = [\"{}\"]\n",
            self.at,
            at("keyleak.sqlite"),
            at("evidence"),
            at("anchors"),
            at("trail"),
        )
    }

    pub(crate) async fn workspace(&self) -> SimSlack {
        let mut config = SimSlackConfig::new(Clock::real(), SECRET, TOKEN);
        config.people.push(Person::member("U0DAN00004", "dan", "Dan Weiss"));
        let mut gone = Person::member("U0GONE0005", "gone", "Gone");
        gone.deleted = true;
        let mut guest = Person::member("U0GUEST006", "guest", "Guest");
        guest.standing = Standing::Guest;
        let mut robot = Person::member("U0ROBOT007", "robot", "Robot");
        robot.standing = Standing::Bot;
        let stranger = Person::stranger("U0OTHER008", "other", "T0OTHER");
        config.people.extend([gone, guest, robot, stranger]);
        let mut scopes: Vec<String> = NEEDED.iter().map(|&scope| scope.to_owned()).collect();
        if !NEEDED.contains(&SEES_PEOPLE) {
            scopes.push(SEES_PEOPLE.to_owned());
        }
        config.scopes = scopes;
        SimSlack::start(config, &self.tasks).await.unwrap()
    }

    /// The settings as they are read, with the address that Slack would call.
    pub(crate) fn config(&self, slack: &SimSlack, changes: &[(&str, &str)]) -> Config {
        let mut text = self.settings(&slack.api_url());
        for (from, to) in changes {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        let mut config = config::read("keyleak.toml", &text, &[]).unwrap();
        // Settings take https alone; what is behind the proxy of a set-up is plain.
        config.public_url = Some(format!("http://{}", self.at));
        config
    }

    fn sdk(&self) -> SdkConfig {
        let own = Credentials::new("AKIAQNZGKIQY56JQ7WML", "nobody's", None, None, "test");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(format!("http://{}", self.aws))
            .credentials_provider(SharedCredentialsProvider::new(own))
            .build()
    }

    pub(crate) async fn doctor(&self, config: &Config, clock: Clock) -> Checkup {
        examine(config, &self.sdk(), clock).await
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        let _ = self.service.kill();
        let _ = self.service.wait();
    }
}

/// Whether the service answers, and not only listens.
async fn is_up(at: SocketAddr) -> bool {
    let ask = tokio::task::spawn_blocking(move || {
        let mut stream = std::net::TcpStream::connect(at)?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer)?;
        std::io::Result::Ok(answer == *b"HTTP/1.1 200")
    });
    ask.await.unwrap().unwrap_or(false)
}

/// A process that is over at once, in the place of one that is yet to start.
fn idle() -> Child {
    keyleak().arg("--version").stdout(Stdio::null()).spawn().unwrap()
}

pub(crate) fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

pub(crate) async fn stand_in(tasks: &TaskTracker, router: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tasks.spawn(async move { axum::serve(listener, router).await });
    at
}
