//! The simulated world around a real bot: workspace, account and actor, on one clock.

use crate::domain::agenda::Timing;
use crate::drill::colleague::Colleague;
use crate::drill::furnish::{Furnished, furnish, openings};
use crate::drill::people;
use crate::drill::rules::{TEAM, rules};
use crate::drill::scenario::Scenario;
use crate::flow::desk::Desk;
use crate::flow::ledger::Ledger;
use crate::flow::seen::Seen;
use crate::ports::clock::Clock;
use crate::ports::journal::Journal;
use crate::running::{Bot, Gate};
use crate::sim::actor::Actor;
use crate::sim::attacker::Credential;
use crate::sim::cloud::SimCloud;
use crate::sim::slack::channels::Reach;
use crate::sim::slack::config::SimSlackConfig;
use crate::sim::slack::server::SimSlack;
use crate::slack::chat::SlackChat;
use crate::slack::web::SlackSettings;
use crate::store::folder::Folder;
use crate::store::sqlite::Sqlite;
use crate::trail::investigator::Investigator;
use crate::trail::local::LocalTrail;
use jiff::SignedDuration;
use secrecy::SecretString;
use std::collections::BTreeSet;
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
/// How often the actor uses everything it holds, on the drill's clock.
const ACTOR_EVERY: Duration = Duration::from_secs(20);
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
    pub colleague: Colleague,
    pub lobby: String,
    pub journal: PathBuf,
    suspects: BTreeSet<String>,
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
        let clock = options.clock;
        let slack = workspace(clock, &tracker).await?;
        let lobby = slack.channel(LOBBY).map(|channel| channel.id).unwrap_or_default();
        share_a_channel(&slack);
        let Furnished { cloud, leaked, actor, colleague } = furnish(&options)?;
        cloud.start_delivery(&tracker, stop.clone());
        let journal = options.folder.join("journal.sqlite");
        let mut world = Self {
            clock,
            slack,
            cloud,
            actor,
            leaked,
            colleague,
            lobby,
            journal,
            suspects: BTreeSet::new(),
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

    /// Marks somebody as a suspect or no longer, as a change of the configuration does.
    pub async fn suspect(&mut self, person: &str, suspected: bool) -> Result<(), NoWorld> {
        if suspected {
            self.suspects.insert(person.to_owned());
        } else {
            self.suspects.remove(person);
        }
        self.restart_bot().await
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
            team_id: TEAM.to_owned(),
            app_id: None,
        };
        let trail = LocalTrail::new(vec![trail_folder(&self.options.folder)]);
        Ok(Desk {
            ledger: Ledger::new(journal),
            work: store,
            brake: Seen::default(),
            evidence: Arc::new(evidence),
            lookup: Arc::clone(&self.cloud) as Arc<_>,
            contain: Some(Arc::clone(&self.cloud) as Arc<_>),
            trail: Some(Arc::new(Investigator::new(trail))),
            chat: Arc::new(SlackChat::new(&settings, self.clock).map_err(said)?),
            clock: self.clock,
            rules: rules(self.options.timing.clone(), &self.suspects),
        })
    }
}

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

async fn workspace(clock: Clock, tracker: &TaskTracker) -> Result<SimSlack, NoWorld> {
    let mut config = SimSlackConfig::new(clock, SIGNING_SECRET, BOT_TOKEN);
    config.people = people::everybody();
    SimSlack::start(config, tracker).await.map_err(said)
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

fn said(error: impl std::fmt::Display) -> NoWorld {
    NoWorld(error.to_string())
}
