//! The simulated world around a real bot: workspace, account and actor, on one clock.

use crate::domain::agenda::Timing;
use crate::domain::ids::AccountId;
use crate::drill::bot::{
    self, ANCHOR_KEY, BOT_TOKEN, JournalThrough, Outside, SIGNING_SECRET, trail_folder,
};
use crate::drill::builder::{let_others_act, run_errands};
use crate::drill::furnish::{ACTOR_ADDRESS, ACTOR_AGENT, Furnished, account};
use crate::drill::people;
use crate::drill::scenario::Scenario;
use crate::flow::desk::Desk;
use crate::ports::clock::Clock;
use crate::running::{Bot, Gate};
use crate::sim::actor::{Actor, Opening};
use crate::sim::attacker::Credential;
use crate::sim::cloud::attacker::Visitor;
use crate::sim::cloud::{DELIVERY_DELAY, SimCloud, SimCloudConfig};
use crate::sim::slack::channels::Reach;
use crate::sim::slack::config::SimSlackConfig;
use crate::sim::slack::server::SimSlack;
use crate::slack::manifest::{PLACEHOLDER_URL, app};
use crate::socket::Pulse;
use crate::store::anchor_folder::ANCHOR_KEY_FILE;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How often the actor uses everything it holds, on the drill's clock.
const ACTOR_EVERY: Duration = Duration::from_secs(20);
/// From where others of the account act (an address for documentation), and as what.
const TEAM_ADDRESS: &str = "192.0.2.77";
const TEAM_AGENT: &str = "aws-cli/2.17.0 Python/3.11.6 Linux/6.5.0";
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

/// A world with a bot in it.
#[derive(Debug)]
pub struct World {
    pub clock: Clock,
    pub slack: SimSlack,
    pub cloud: Arc<SimCloud>,
    pub actor: Actor,
    pub leaked: Credential,
    /// When it was made, and the story began.
    pub began: Timestamp,
    pub lobby: String,
    pub journal: PathBuf,
    keys: BTreeMap<String, Credential>,
    bot: Option<Bot>,
    address: Option<SocketAddr>,
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
        let mut world = Self::start_empty(options).await?;
        world.start_bot(journal_through, |_| {}).await?;
        Ok(world)
    }

    /// The same, with a bot that what people do reaches over a connection of Socket Mode.
    pub async fn start_by_socket(options: WorldOptions, pulse: Pulse) -> Result<Self, NoWorld> {
        let mut world = Self::start_empty(options).await?;
        world.slack.use_socket_mode(true);
        let gate = bot::gate_with_socket(&world.slack.api_url(), pulse).map_err(said)?;
        world.run_bot(gate, &|journal| journal, |_| ()).await?;
        Ok(world)
    }

    /// Workspace, account and actor, and nobody yet who would help.
    pub async fn start_empty(options: WorldOptions) -> Result<Self, NoWorld> {
        let tracker = TaskTracker::new();
        let stop = CancellationToken::new();
        if options.scenario.records.as_ref().is_some_and(|real| real.place.is_none()) {
            return Err(NoWorld("nobody looked for the scenario's real records".to_owned()));
        }
        std::fs::create_dir_all(trail_folder(&options.folder)).map_err(said)?;
        std::fs::write(options.folder.join(ANCHOR_KEY_FILE), ANCHOR_KEY).map_err(said)?;
        let clock = options.clock;
        let slack = workspace(clock, &tracker).await?;
        let lobby = slack.channel(LOBBY).map(|channel| channel.id).unwrap_or_default();
        share_a_channel(&slack);
        let Furnished { cloud, leaked, actor, keys } =
            account(&options.scenario, cloud_config(&options)?).map_err(NoWorld)?;
        cloud.start_delivery(&tracker, stop.clone());
        let journal = bot::journal_path(&options.folder);
        Ok(Self {
            clock,
            slack,
            cloud,
            actor,
            leaked,
            began: clock.now(),
            keys,
            lobby,
            journal,
            bot: None,
            address: None,
            options,
            stop,
            tracker,
        })
    }

    pub fn scenario(&self) -> &Scenario {
        &self.options.scenario
    }

    /// The bot's desk, for whoever wants to look at its journal.
    pub fn desk(&self) -> Option<&Arc<Desk>> {
        self.bot.as_ref().map(|bot| &bot.desk)
    }

    /// Where the bot listens.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Ends the bot as a deployment does, and starts another on the same journal.
    pub async fn restart_bot(&mut self) -> Result<(), NoWorld> {
        self.restart_bot_with(|_| {}).await
    }

    /// The same with another desk than the drill's own.
    pub async fn restart_bot_with(
        &mut self,
        change: impl FnOnce(&mut Desk),
    ) -> Result<(), NoWorld> {
        if let Some(bot) = self.bot.take() {
            bot.shut_down().await;
        }
        self.start_bot(&|journal| journal, change).await
    }

    /// The actor's first moves and then its steady use, and what others do, in the background.
    pub fn let_the_actor_play(&self) {
        let scenario = self.options.scenario.clone();
        let (keys, clock, stop) = (self.keys.clone(), self.clock, self.stop.clone());
        let team = Visitor::new(&self.cloud, TEAM_ADDRESS, TEAM_AGENT);
        let others = scenario.others.clone();
        self.tracker.spawn(async move {
            let_others_act((&team, clock), (&others, &keys), &stop).await;
        });
        let (actor, stop) = (self.actor.clone(), self.stop.clone());
        let openings = openings(&scenario);
        let every = (!scenario.rests).then_some(ACTOR_EVERY);
        self.tracker.spawn(async move { actor.play(&openings, every, &stop).await });
        let (actor, stop) = (self.actor.clone(), self.stop.clone());
        let visitor = Visitor::new(&self.cloud, ACTOR_ADDRESS, ACTOR_AGENT);
        self.tracker.spawn(async move {
            run_errands((&actor, &visitor, clock), &scenario, &stop).await;
        });
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

    /// What a bot of this world finds outside itself.
    pub fn outside(&self) -> Outside {
        Outside {
            folder: self.options.folder.clone(),
            slack_api_url: self.slack.api_url(),
            clock: self.clock,
            timing: self.options.timing.clone(),
            plans_expire_after: self.options.plans_expire_after,
            records: self.options.scenario.records.as_ref().and_then(|real| real.place.clone()),
            lookup: Arc::clone(&self.cloud) as Arc<_>,
            contain: Arc::clone(&self.cloud) as Arc<_>,
        }
    }

    async fn start_bot(
        &mut self,
        journal_through: JournalThrough<'_>,
        change: impl FnOnce(&mut Desk),
    ) -> Result<(), NoWorld> {
        self.run_bot(bot::gate(), journal_through, change).await
    }

    async fn run_bot(
        &mut self,
        gate: Gate,
        journal_through: JournalThrough<'_>,
        change: impl FnOnce(&mut Desk),
    ) -> Result<(), NoWorld> {
        let mut desk = bot::desk(self.outside(), journal_through).map_err(said)?;
        change(&mut desk);
        let here = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listener = TcpListener::bind(here).await.map_err(said)?;
        let address = listener.local_addr().map_err(said)?;
        let holder = format!("drill-{}", address.port());
        self.bot = Some(Bot::start(desk, gate, listener, holder));
        self.address = Some(address);
        self.slack.set_bot_url(&format!("http://{address}"));
        Ok(())
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

async fn workspace(clock: Clock, tracker: &TaskTracker) -> Result<SimSlack, NoWorld> {
    let mut config = SimSlackConfig::new(clock, SIGNING_SECRET, BOT_TOKEN);
    config.people = people::everybody();
    config.manifest = Some(serde_json::from_str(&app(PLACEHOLDER_URL)).map_err(said)?);
    SimSlack::start(config, tracker).await.map_err(said)
}

fn cloud_config(options: &WorldOptions) -> Result<SimCloudConfig, NoWorld> {
    let account = AccountId::parse(&options.scenario.account.id)
        .ok_or_else(|| NoWorld("the scenario's account is not twelve digits".to_owned()))?;
    Ok(SimCloudConfig {
        account,
        clock: options.clock,
        seed: options.seed,
        lag: options.lag.clone(),
        delivery_delay: DELIVERY_DELAY,
        trail_folder: trail_folder(&options.folder),
    })
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
    let opening = |made: &crate::drill::moves::Move| {
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
