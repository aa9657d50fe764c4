//! The simulated world around a real bot: workspace, account and actor, on one clock.

use crate::domain::agenda::Timing;
use crate::domain::anchor::EVERY_DEFAULT;
use crate::domain::ids::AccountId;
use crate::domain::plan::PlanRules;
use crate::domain::policy::Policy;
use crate::drill::people;
use crate::drill::scenario::{Habit, LEAKED_KEY, Scenario};
use crate::flow::desk::Notary;
use crate::flow::desk::{Desk, Rules};
use crate::flow::ledger::Ledger;
use crate::flow::seen::Seen;
use crate::ports::clock::Clock;
use crate::ports::journal::Journal;
use crate::running::{Bot, Gate};
use crate::sim::actor::{Actor, Opening};
use crate::sim::attacker::Credential;
use crate::sim::cloud::attacker::Visitor;
use crate::sim::cloud::setup::{Deed, NewUser};
use crate::sim::cloud::{DELIVERY_DELAY, SimCloud, SimCloudConfig};
use crate::sim::slack::channels::Reach;
use crate::sim::slack::config::SimSlackConfig;
use crate::sim::slack::server::SimSlack;
use crate::slack::chat::SlackChat;
use crate::slack::web::SlackSettings;
use crate::store::anchor_folder::{ANCHOR_KEY_FILE, AnchorFolder};
use crate::store::folder::Folder;
use crate::store::sqlite::Sqlite;
use crate::trail::investigator::Investigator;
use crate::trail::local::LocalTrail;
use jiff::SignedDuration;
use secrecy::SecretString;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The secrets of a simulated workspace are no secrets, but nothing real accepts them either.
const SIGNING_SECRET: &str = "drill-signing-secret";
const BOT_TOKEN: &str = "xoxb-drill";
/// What a drill's anchors are signed with.
pub const ANCHOR_KEY: &str = "drill-anchor-key";
/// How often the actor uses everything it holds, on the drill's clock.
const ACTOR_EVERY: Duration = Duration::from_secs(20);
/// The users of a scenario are this old when it begins.
const AGE_OF_USERS: SignedDuration = SignedDuration::from_hours(24 * 200);
/// From where the actor calls (an address for documentation), and as what.
const ACTOR_ADDRESS: &str = "203.0.113.66";
const ACTOR_AGENT: &str = "Boto3/1.34.1 md/Botocore#1.34.1 ua/2.0 os/linux#6.5";
/// The channel that everybody of the workspace is in from the start; Slack makes it.
const LOBBY: &str = "general";
/// The one channel that the outsider is in too.
const SHARED: &str = "shared-northwind";

/// What a world is made of.
#[derive(Debug)]
pub struct WorldOptions {
    pub scenario: Scenario,
    pub clock: Clock,
    /// Where journal, evidence and trail lie; kept by the caller.
    pub folder: PathBuf,
    /// Seeds everything that is left to chance.
    pub seed: u64,
    /// How long IAM takes to enforce a change, on the drill's clock.
    pub lag: std::ops::RangeInclusive<Duration>,
    /// The rules about time; the drill's defaults are production's.
    pub timing: Timing,
    /// How long a plan waits for its approvals.
    pub plans_expire_after: SignedDuration,
}

/// Stands between the bot and its journal; tests break it there.
pub type JournalThrough<'a> = &'a (dyn Fn(Arc<dyn Journal>) -> Arc<dyn Journal> + Sync);

/// A world with a bot in it.
#[derive(Debug)]
pub struct World {
    pub clock: Clock,
    pub slack: SimSlack,
    pub cloud: Arc<SimCloud>,
    pub actor: Actor,
    pub leaked: Credential,
    pub lobby: String,
    pub journal: PathBuf,
    bot: Option<Bot>,
    /// Bots that were cut off; they are never asked to come to an end.
    abandoned: Vec<Bot>,
    options: WorldOptions,
    stop: CancellationToken,
    tracker: TaskTracker,
}

/// Why the world could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the drill cannot start: {0}")]
pub struct NoWorld(pub String);

impl World {
    /// Makes workspace and account, starts the bot between them, and lets the actor begin.
    pub async fn start(options: WorldOptions) -> Result<Self, NoWorld> {
        Self::start_through(options, &|journal| journal).await
    }

    /// The same, with something between the bot and its journal.
    pub async fn start_through(
        options: WorldOptions,
        journal_through: JournalThrough<'_>,
    ) -> Result<Self, NoWorld> {
        let tracker = TaskTracker::new();
        let stop = CancellationToken::new();
        std::fs::create_dir_all(trail_folder(&options.folder)).map_err(said)?;
        std::fs::write(options.folder.join(ANCHOR_KEY_FILE), ANCHOR_KEY).map_err(said)?;
        let clock = options.clock;
        let slack = workspace(clock, &tracker).await?;
        let lobby = slack.channel(LOBBY).map(|channel| channel.id).unwrap_or_default();
        share_a_channel(&slack);
        let (cloud, leaked, actor) = account(&options, (&tracker, &stop))?;
        let journal = options.folder.join("journal.sqlite");
        let mut world = Self {
            clock,
            slack,
            cloud,
            actor,
            leaked,
            lobby,
            journal,
            bot: None,
            abandoned: Vec::new(),
            options,
            stop,
            tracker,
        };
        world.start_bot(journal_through).await?;
        Ok(world)
    }

    pub fn scenario(&self) -> &Scenario {
        &self.options.scenario
    }

    /// The bot's desk, for whoever wants to look at its journal.
    pub fn desk(&self) -> Option<&Arc<Desk>> {
        self.bot.as_ref().map(|bot| &bot.desk)
    }

    /// Ends the bot as a deployment does, and starts another on the same journal.
    pub async fn restart_bot(&mut self) -> Result<(), NoWorld> {
        if let Some(bot) = self.bot.take() {
            bot.shut_down().await;
        }
        self.start_bot(&|journal| journal).await
    }

    /// Leaves the bot as it is, which must be past doing anything, and starts another.
    pub async fn abandon_bot(&mut self) -> Result<(), NoWorld> {
        if let Some(bot) = self.bot.take() {
            bot.cut_off();
            self.abandoned.push(bot);
        }
        self.start_bot(&|journal| journal).await
    }

    /// The actor's first moves and then its steady use, in the background.
    pub fn let_the_actor_play(&self) {
        let actor = self.actor.clone();
        let stop = self.stop.clone();
        let openings = openings(&self.options.scenario);
        self.tracker.spawn(async move { actor.play(&openings, ACTOR_EVERY, &stop).await });
    }

    /// A busy actor in the background: it changes something every `every` of real time.
    pub fn let_the_actor_be_busy(&self, every: Duration) {
        let actor = self.actor.clone();
        let stop = self.stop.clone();
        let user = leaked_user(&self.options.scenario);
        self.tracker.spawn(async move { actor.keep_busy(&user, every, &stop).await });
    }

    /// Ends everything.
    pub async fn shut_down(mut self) {
        self.stop.cancel();
        if let Some(bot) = self.bot.take() {
            bot.shut_down().await;
        }
        self.slack.stop().await;
        self.tracker.close();
        self.tracker.wait().await;
    }

    async fn start_bot(&mut self, journal_through: JournalThrough<'_>) -> Result<(), NoWorld> {
        let desk = self.new_desk(journal_through)?;
        let gate = Gate { signing_secrets: vec![SecretString::from(SIGNING_SECRET)], app_id: None };
        let here = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listener = TcpListener::bind(here).await.map_err(said)?;
        let address = listener.local_addr().map_err(said)?;
        let holder = format!("drill-{}", address.port());
        self.bot = Some(Bot::start(desk, gate, listener, holder));
        self.slack.set_bot_url(&format!("http://{address}"));
        Ok(())
    }

    fn new_desk(&self, journal_through: JournalThrough<'_>) -> Result<Desk, NoWorld> {
        let store = Arc::new(Sqlite::open(&self.journal).map_err(said)?);
        let journal = journal_through(Arc::clone(&store) as Arc<dyn Journal>);
        let evidence = Folder::open(&self.options.folder.join("evidence")).map_err(said)?;
        let settings = SlackSettings {
            api_url: self.slack.api_url(),
            bot_token: SecretString::from(BOT_TOKEN),
            team_id: team(),
            app_id: None,
        };
        let trail = LocalTrail::new(vec![trail_folder(&self.options.folder)]);
        Ok(Desk {
            ledger: Ledger::new(journal),
            work: store,
            brake: Seen::default(),
            evidence: Arc::new(evidence),
            notary: Some(Notary {
                anchors: Arc::new(
                    AnchorFolder::open(&anchor_folder(&self.options.folder)).map_err(said)?,
                ),
                key: SecretString::from(ANCHOR_KEY),
                every: EVERY_DEFAULT,
            }),
            lookup: Arc::clone(&self.cloud) as Arc<_>,
            contain: Some(Arc::clone(&self.cloud) as Arc<_>),
            trail: Some(Arc::new(Investigator::new(trail))),
            chat: Arc::new(SlackChat::new(&settings, self.clock).map_err(said)?),
            clock: self.clock,
            rules: rules(&self.options),
        })
    }
}

/// Production's own patience with a plan.
pub const PLANS_EXPIRE_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// Production's own times; the drill's clock runs faster instead.
pub fn production_timing() -> Timing {
    Timing {
        read_back: [5, 15, 60, 300].map(SignedDuration::from_secs).to_vec(),
        survey_every: SignedDuration::from_secs(30),
        watch_for: SignedDuration::from_mins(30),
        watch_every: SignedDuration::from_mins(5),
        trail_complete_after: SignedDuration::from_mins(20),
    }
}

/// The folder into which the simulated account delivers its trail.
pub fn trail_folder(folder: &Path) -> PathBuf {
    folder.join("trail")
}

/// The folder in which the drill anchors its journal.
pub fn anchor_folder(folder: &Path) -> PathBuf {
    folder.join("anchors")
}

async fn workspace(clock: Clock, tracker: &TaskTracker) -> Result<SimSlack, NoWorld> {
    let mut config = SimSlackConfig::new(clock, SIGNING_SECRET, BOT_TOKEN);
    config.people = people::everybody();
    SimSlack::start(config, tracker).await.map_err(said)
}

/// The account with its users and its past, and the actor with the leaked key.
fn account(
    options: &WorldOptions,
    (tracker, stop): (&TaskTracker, &CancellationToken),
) -> Result<(Arc<SimCloud>, Credential, Actor), NoWorld> {
    let scenario = &options.scenario;
    let account = AccountId::parse(&scenario.account.id)
        .ok_or_else(|| NoWorld("the scenario's account is not twelve digits".to_owned()))?;
    let cloud = SimCloud::new(SimCloudConfig {
        account,
        clock: options.clock,
        seed: options.seed,
        lag: options.lag.clone(),
        delivery_delay: DELIVERY_DELAY,
        trail_folder: trail_folder(&options.folder),
    })
    .map_err(said)?;
    let made = options.clock.now() - AGE_OF_USERS;
    let mut leaked = None;
    for user in &scenario.users {
        let new = NewUser {
            tags: user.tags.clone(),
            attached: user.policies.clone(),
            ..NewUser::named(&user.name, made)
        };
        let (_, key) = cloud.add_user(new).map_err(said)?;
        let habits = scenario.habits.iter().filter(|habit| habit.user == user.name);
        let deeds: Vec<_> = habits.flat_map(|habit| daily(habit, &key, options.clock)).collect();
        cloud.history(&deeds).map_err(said)?;
        if user.leaked {
            leaked = Some(Credential { label: LEAKED_KEY.to_owned(), ..key });
        }
    }
    let leaked = leaked.ok_or_else(|| NoWorld("no user of the scenario leaked".to_owned()))?;
    cloud.start_delivery(tracker, stop.clone());
    let visitor = Visitor::new(&cloud, ACTOR_ADDRESS, ACTOR_AGENT);
    let actor = Actor::new(Arc::new(visitor), options.clock, leaked.clone());
    Ok((cloud, leaked, actor))
}

/// What a key did every day before the story begins.
fn daily(habit: &Habit, key: &Credential, clock: Clock) -> Vec<Deed> {
    let (service, call) = habit.call.split_once(':').unwrap_or_default();
    let deed = |back: u32| Deed {
        at: clock.now() - SignedDuration::from_hours(24 * i64::from(back)),
        credential: key.clone(),
        source_ip: habit.from.clone(),
        user_agent: habit.agent.clone(),
        service: service.to_owned(),
        call: call.to_owned(),
        parameters: Value::Null,
        response: Value::Null,
        is_read: true,
        refused: None,
    };
    (1..=habit.days).map(deed).collect()
}

fn rules(options: &WorldOptions) -> Rules {
    let set = |users: &[&str]| -> BTreeSet<String> {
        users.iter().map(|user| (*user).to_owned()).collect()
    };
    Rules {
        policy: Policy {
            team: team(),
            openers: None,
            responders: set(&[people::REPORTER]),
            approvers: set(&[
                people::REPORTER,
                people::APPROVER,
                people::SECOND_APPROVER,
                people::KEY_OWNER,
            ]),
            key_owners: BTreeMap::from([("dan".to_owned(), people::KEY_OWNER.to_owned())]),
            suspects: BTreeSet::new(),
        },
        plans: PlanRules {
            deny_policy_arn: "arn:aws:iam::aws:policy/AWSDenyAll".to_owned(),
            protected_arns: Vec::new(),
            approvals_reversible: 1,
            approvals_irreversible: 2,
            expires_after: options.plans_expire_after,
        },
        timing: options.timing.clone(),
        owner_tag: "owner".to_owned(),
        trail_window: SignedDuration::from_hours(24 * 15),
        drill: true,
        endpoints: Vec::new(),
    }
}

fn team() -> String {
    "T0SIM00001".to_owned()
}

/// A channel that the workspace shares with another company.
fn share_a_channel(slack: &SimSlack) {
    let members = [people::REPORTER, people::APPROVER, people::OUTSIDER];
    let id = slack.make_channel(SHARED, Reach::Public, &members);
    slack.change_channel(&id, |channel| channel.shared_externally = true);
}

fn leaked_user(scenario: &Scenario) -> String {
    scenario.leaked_user().map(|user| user.name.clone()).unwrap_or_default()
}

fn openings(scenario: &Scenario) -> Vec<Opening> {
    let opening = |made: &crate::drill::scenario::Move| {
        Some(Opening {
            after: Duration::from_secs(made.at.into()),
            with: made.with.clone(),
            operation: made.operation().ok()?,
            minted_as: made.minted_as.clone(),
        })
    };
    scenario.moves.iter().filter_map(opening).collect()
}

fn said(error: impl std::fmt::Display) -> NoWorld {
    NoWorld(error.to_string())
}
