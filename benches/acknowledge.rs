//! How soon Slack hears 200 for `/keyleak`, with fifty people asking at once and slow parts behind.
//!
//! `cargo bench --bench acknowledge` prints the 50th and the 99th percentile for the SQLite
//! journal: with everything quick, with Slack and every AWS call a second late, and with the
//! journal a second late as well; then what people hear when the journal fails. Beside it stands
//! what the same disk takes for one durable insert, which no acknowledgement can undercut. It ends
//! with an error when a limit is missed.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark says what it finds")]

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream;
use jiff::{SignedDuration, Timestamp};
use keyleak::domain::brake::Brake;
use keyleak::domain::caps::{Caps, Tally};
use keyleak::domain::ids::{AccountId, CaseId};
use keyleak::domain::one_time_code::{CodeBook, OneTimeCodes};
use keyleak::domain::plan::PlanRules;
use keyleak::domain::policy::Policy;
use keyleak::domain::record::Record;
use keyleak::drill::world::production_timing;
use keyleak::flow::desk::{Desk, Rules};
use keyleak::flow::ledger::Ledger;
use keyleak::flow::people::People;
use keyleak::flow::purse::Purse;
use keyleak::flow::seen::Seen;
use keyleak::ports::accounts::{Access, Accounts};
use keyleak::ports::clock::Clock;
use keyleak::ports::directory::Directory;
use keyleak::ports::journal::{
    AppendError, Brakes, Claim, Codes, Inbox, Journal, Kept, Lease, Listed, StoreError, Work,
};
use keyleak::running::{Bot, Gate};
use keyleak::sim::cloud::{SimCloud, SimCloudConfig};
use keyleak::sim::slack::channels::Reach;
use keyleak::sim::slack::config::SimSlackConfig;
use keyleak::sim::slack::server::SimSlack;
use keyleak::slack::chat::SlackChat;
use keyleak::slack::web::SlackSettings;
use keyleak::store::folder::Folder;
use keyleak::store::sqlite::Sqlite;
use secrecy::SecretString;
use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

/// Commands that are on their way at any moment.
const IN_FLIGHT: usize = 50;
/// How late a slow part is.
const LATE: Duration = Duration::from_secs(1);
const SECRET: &str = "a signing secret";
const TOKEN: &str = "xoxb-simulated";
const ASKER: &str = "U0ANA00001";
const TEAM: &str = "T0SIM00001";

/// One row of what is measured.
struct Setting {
    name: &'static str,
    outside: Duration,
    journal: Duration,
    commands: usize,
    p99_max: Duration,
}

const SETTINGS: [Setting; 3] = [
    Setting {
        name: "everything quick",
        outside: Duration::ZERO,
        journal: Duration::ZERO,
        commands: 1_000,
        p99_max: Duration::from_millis(100),
    },
    Setting {
        name: "Slack and every AWS call 1 s late",
        outside: LATE,
        journal: Duration::ZERO,
        commands: 1_000,
        p99_max: Duration::from_millis(100),
    },
    Setting {
        name: "the journal 1 s late as well",
        outside: LATE,
        journal: LATE,
        commands: 200,
        p99_max: Duration::from_millis(2_500),
    },
];

/// A store whose every answer is late, or never comes.
struct Late {
    inner: Sqlite,
    delay: Duration,
    failing: bool,
}

impl Late {
    async fn late(&self) -> Result<(), StoreError> {
        tokio::time::sleep(self.delay).await;
        if self.failing { Err(StoreError("the table does not answer".to_owned())) } else { Ok(()) }
    }
}

#[async_trait]
impl Journal for Late {
    async fn append(&self, record: &Record) -> Result<(), AppendError> {
        self.late().await.map_err(|error| AppendError::Unavailable(error.to_string()))?;
        self.inner.append(record).await
    }

    async fn read(&self, case: &CaseId, after: u64) -> Result<Vec<String>, StoreError> {
        self.late().await?;
        Journal::read(&self.inner, case, after).await
    }
}

#[async_trait]
impl Brakes for Late {
    async fn brake(&self) -> Result<Option<Brake>, StoreError> {
        self.late().await?;
        self.inner.brake().await
    }

    async fn move_brake(&self, brake: &Brake) -> Result<bool, StoreError> {
        self.late().await?;
        self.inner.move_brake(brake).await
    }

    async fn tally(&self) -> Result<Tally, StoreError> {
        self.late().await?;
        self.inner.tally().await
    }

    async fn count(&self, tally: &Tally) -> Result<bool, StoreError> {
        self.late().await?;
        self.inner.count(tally).await
    }
}

#[async_trait]
impl Codes for Late {
    async fn code_book(&self, person: &str) -> Result<CodeBook, StoreError> {
        self.inner.code_book(person).await
    }

    async fn keep_codes(&self, person: &str, book: &CodeBook) -> Result<bool, StoreError> {
        self.inner.keep_codes(person, book).await
    }
}

#[async_trait]
impl Inbox for Late {
    async fn keep(&self, kept: &Kept) -> Result<(), StoreError> {
        self.late().await?;
        self.inner.keep(kept).await
    }

    async fn kept(&self) -> Result<Vec<Kept>, StoreError> {
        self.late().await?;
        self.inner.kept().await
    }

    async fn forget(&self, id: &str) -> Result<(), StoreError> {
        self.late().await?;
        self.inner.forget(id).await
    }
}

#[async_trait]
impl Work for Late {
    async fn claim_key(&self, key_digest: &str, case: &CaseId) -> Result<CaseId, StoreError> {
        self.late().await?;
        self.inner.claim_key(key_digest, case).await
    }

    async fn release_key(&self, key_digest: &str, case: &CaseId) -> Result<(), StoreError> {
        self.late().await?;
        self.inner.release_key(key_digest, case).await
    }

    async fn list_open(&self, case: &CaseId, now: Timestamp) -> Result<(), StoreError> {
        self.late().await?;
        self.inner.list_open(case, now).await
    }

    async fn unlist(&self, case: &CaseId, now: Timestamp) -> Result<(), StoreError> {
        self.late().await?;
        self.inner.unlist(case, now).await
    }

    async fn open_cases(&self) -> Result<Vec<CaseId>, StoreError> {
        self.late().await?;
        self.inner.open_cases().await
    }

    async fn cases_since(&self, since: Timestamp) -> Result<Vec<Listed>, StoreError> {
        self.late().await?;
        self.inner.cases_since(since).await
    }

    async fn all_cases(&self) -> Result<Vec<CaseId>, StoreError> {
        self.late().await?;
        self.inner.all_cases().await
    }

    async fn lease(
        &self,
        case: &CaseId,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Claim, StoreError> {
        self.late().await?;
        self.inner.lease(case, holder, now, until).await
    }

    async fn take_over(
        &self,
        seen: &Lease,
        holder: &str,
        until: Timestamp,
    ) -> Result<Option<Lease>, StoreError> {
        self.late().await?;
        self.inner.take_over(seen, holder, until).await
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        self.late().await?;
        self.inner.release(lease).await
    }
}

/// A workspace, an account, and the bot between them with a store that may be late.
struct Front {
    slack: SimSlack,
    lobby: String,
    _bot: Bot,
}

impl Front {
    async fn open(folder: &Path, outside: Duration, (delay, failing): (Duration, bool)) -> Self {
        let clock = Clock::real();
        let config = SimSlackConfig::new(clock, SECRET, TOKEN);
        let slack = SimSlack::start(config, &TaskTracker::new()).await.unwrap();
        let lobby = slack.make_channel("security", Reach::Public, &[ASKER]);
        let cloud = SimCloud::new(SimCloudConfig {
            account: AccountId("029608264753".to_owned()),
            clock,
            seed: 5,
            lag: Duration::ZERO..=Duration::ZERO,
            delivery_delay: Duration::from_secs(60)..=Duration::from_secs(60),
            trail_folder: folder.join("trail"),
        });
        let cloud = cloud.unwrap();
        slack.delay("*", outside);
        cloud.slow_down(None, outside);
        let inner = Sqlite::open(&folder.join("journal.sqlite")).unwrap();
        let store = Arc::new(Late { inner, delay, failing });
        let settings = SlackSettings {
            api_url: slack.api_url(),
            bot_token: SecretString::from(TOKEN),
            team_id: TEAM.to_owned(),
            app_id: None,
        };
        let chat = Arc::new(SlackChat::new(&settings, clock).unwrap());
        let desk = Desk {
            notary: None,
            ledger: Ledger::new(Arc::clone(&store) as Arc<dyn Journal>),
            work: store,
            brake: Seen::default(),
            evidence: Arc::new(Folder::open(&folder.join("evidence")).unwrap()),
            accounts: Accounts::only(Access {
                lookup: Arc::clone(&cloud) as Arc<_>,
                contain: Some(cloud),
            }),
            trail: None,
            purse: Purse::default(),
            people: People::asking(
                Arc::clone(&chat) as Arc<dyn Directory>,
                SignedDuration::from_mins(15),
            ),
            chat,
            clock,
            pager: None,
            rules: rules(),
        };
        let gate =
            Gate { signing_secrets: vec![SecretString::from(SECRET)], app_id: None, socket: None };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        slack.set_bot_url(&format!("http://{}", listener.local_addr().unwrap()));
        Self { slack, lobby, _bot: Bot::start(desk, gate, listener, "bench".to_owned()) }
    }

    /// One `/keyleak` with a key of its own: how long its answer took, and what it said.
    async fn ask(&self, number: usize) -> (Duration, String) {
        let key = format!("AKIAQNZGKIQY56JQ{number:04}");
        let delivery = self.slack.slash(ASKER, &self.lobby, "/keyleak", &key).await.unwrap();
        (delivery.elapsed, delivery.body)
    }
}

fn rules() -> Rules {
    Rules {
        policy: Policy {
            team: TEAM.to_owned(),
            responders: BTreeSet::from([ASKER.to_owned()]),
            ..Policy::default()
        },
        plans: PlanRules {
            deny_policy_arn: "arn:aws:iam::aws:policy/AWSDenyAll".to_owned(),
            protected_arns: Vec::new(),
            approvals_reversible: 1,
            approvals_resources: 1,
            approvals_irreversible: 2,
            expires_after: SignedDuration::from_hours(1),
            isolation_groups: std::collections::BTreeMap::new(),
            protected_roles: Vec::new(),
        },
        timing: production_timing(),
        codes: OneTimeCodes::default(),
        caps: Caps::default(),
        owner_tag: "owner".to_owned(),
        trail_window: SignedDuration::from_hours(24),
        timeline_emoji: "pushpin".to_owned(),
        drill: false,
        endpoints: Vec::new(),
    }
}

/// Asks with so many at once, and gives the times in rising order.
async fn measure(setting: &Setting) -> Vec<Duration> {
    let folder = tempfile::tempdir().unwrap();
    let front = Front::open(folder.path(), setting.outside, (setting.journal, false)).await;
    let asking = stream::iter(0..setting.commands).map(|number| front.ask(number));
    let answers: Vec<_> = asking.buffer_unordered(IN_FLIGHT).collect().await;
    let wrong = answers.iter().find(|(_, said)| !said.contains("Opened case"));
    assert!(wrong.is_none(), "{}: {wrong:?}", setting.name);
    let mut times: Vec<_> = answers.into_iter().map(|(elapsed, _)| elapsed).collect();
    times.sort();
    times
}

/// What one durable insert takes on this disk, alone: the floor under every acknowledgement.
fn bare_inserts(folder: &Path) -> Vec<Duration> {
    let file = rusqlite::Connection::open(folder.join("bare.sqlite")).unwrap();
    file.pragma_update(None, "journal_mode", "WAL").unwrap();
    file.pragma_update(None, "synchronous", "FULL").unwrap();
    file.execute_batch("CREATE TABLE bare (seq INTEGER PRIMARY KEY, record TEXT)").unwrap();
    let record = "x".repeat(600);
    let insert = |_: usize| {
        let started = Instant::now();
        file.execute("INSERT INTO bare (record) VALUES (?1)", [&record]).unwrap();
        started.elapsed()
    };
    let mut times: Vec<_> = (0..500).map(insert).collect();
    times.sort();
    times
}

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]
}

fn ms(span: Duration) -> String {
    format!("{:.1} ms", span.as_secs_f64() * 1_000.0)
}

#[tokio::main]
async fn main() -> ExitCode {
    let folder = tempfile::tempdir().unwrap();
    let bare = bare_inserts(folder.path());
    let floor = percentile(&bare, 50);
    println!("one durable insert alone: p50 {}, p99 {}", ms(floor), ms(percentile(&bare, 99)));
    let mut missed = false;
    for setting in &SETTINGS {
        let times = measure(setting).await;
        let (p50, p99) = (percentile(&times, 50), percentile(&times, 99));
        let ok = p99 < setting.p99_max;
        missed |= !ok;
        println!(
            "{}: {} commands, {IN_FLIGHT} in flight: p50 {} ({:.0} × one insert), p99 {} ({} {})",
            setting.name,
            times.len(),
            ms(p50),
            p50.as_secs_f64() / floor.as_secs_f64(),
            ms(p99),
            if ok { "under" } else { "OVER" },
            ms(setting.p99_max),
        );
    }
    let failing = Front::open(folder.path(), Duration::ZERO, (Duration::ZERO, true)).await;
    let (elapsed, said) = failing.ask(0).await;
    println!("the journal failing: after {} {said}", ms(elapsed));
    missed |= !said.contains("Not recorded") || !said.contains("Press again");
    if missed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
