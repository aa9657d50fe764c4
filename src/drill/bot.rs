//! The bot of a drill: production's own desk and gate, between parts that are simulated.

use crate::domain::agenda::Timing;
use crate::domain::anchor::EVERY_DEFAULT;
use crate::domain::caps::Caps;
use crate::domain::conduct::{Conduct, Ladder};
use crate::domain::one_time_code::OneTimeCodes;
use crate::domain::plan::PlanRules;
use crate::domain::policy::Policy;
use crate::domain::severity::Severity;
use crate::domain::step_up::StepUpRules;
use crate::drill::people;
use crate::flow::desk::{Desk, Notary, Rules};
use crate::flow::ledger::Ledger;
use crate::flow::people::People;
use crate::flow::purse::Purse;
use crate::flow::seen::Seen;
use crate::ports::accounts::{Access, Accounts};
use crate::ports::clock::Clock;
use crate::ports::cloud::{Contain, Lookup};
use crate::ports::directory::Directory;
use crate::ports::journal::Journal;
use crate::running::Gate;
use crate::sim::cloud::resources::VPC;
use crate::sim::slack::config::APP_TOKEN;
use crate::slack::chat::SlackChat;
use crate::slack::line::{LineSettings, Lines};
use crate::slack::web::SlackSettings;
use crate::socket::{Pulse, Way};
use crate::store::anchor_folder::AnchorFolder;
use crate::store::folder::Folder;
use crate::store::sqlite::Sqlite;
use crate::trail::investigator::Investigator;
use crate::trail::local::LocalTrail;
use jiff::SignedDuration;
use secrecy::SecretString;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The secrets of a simulated workspace are no secrets, but nothing real accepts them either.
pub const SIGNING_SECRET: &str = "drill-signing-secret";
pub const BOT_TOKEN: &str = "xoxb-drill";
/// The id of every simulated app.
const APP_ID: &str = "A0SIM00001";
/// What a drill's anchors are signed with.
pub const ANCHOR_KEY: &str = "drill-anchor-key";
/// Under a message of a case it puts that message into the timeline.
pub const TIMELINE_EMOJI: &str = "pushpin";
/// The security group that lets nothing through.
const ISOLATION: &str = "sg-0isolation";

/// As in production by default, in Slack's own time.
const PEOPLE_VALID_FOR: SignedDuration = SignedDuration::from_mins(15);

/// What a bot finds outside itself.
#[derive(Clone)]
pub struct Outside {
    /// Where journal, evidence and trail lie.
    pub folder: PathBuf,
    pub slack_api_url: String,
    pub clock: Clock,
    pub timing: Timing,
    /// How long a plan waits for its approvals.
    pub plans_expire_after: SignedDuration,
    /// Real records, to be read beside those of the simulated account.
    pub records: Option<PathBuf>,
    pub lookup: Arc<dyn Lookup>,
    pub contain: Arc<dyn Contain>,
}

/// Stands between the bot and its journal; tests break it there.
pub type JournalThrough<'a> = &'a (dyn Fn(Arc<dyn Journal>) -> Arc<dyn Journal> + Sync);

/// Why the bot could not be made.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NoBot(pub String);

/// The journal's file.
pub fn journal_path(folder: &Path) -> PathBuf {
    folder.join("journal.sqlite")
}

/// The folder into which the simulated account delivers its trail.
pub fn trail_folder(folder: &Path) -> PathBuf {
    folder.join("trail")
}

/// The folder in which the drill anchors its journal.
pub fn anchor_folder(folder: &Path) -> PathBuf {
    folder.join("anchors")
}

/// How the simulated workspace proves itself.
pub fn gate() -> Gate {
    Gate { signing_secrets: vec![SecretString::from(SIGNING_SECRET)], app_id: None, socket: None }
}

/// The same, with a connection to the workspace beside the addresses.
pub fn gate_with_socket(slack_api_url: &str, pulse: Pulse) -> Result<Gate, NoBot> {
    let settings = LineSettings {
        api_url: slack_api_url.to_owned(),
        app_token: SecretString::from(APP_TOKEN),
        app_id: Some(APP_ID.to_owned()),
    };
    let lines = Lines::new(&settings).map_err(said)?;
    let app_id = settings.app_id;
    Ok(Gate { socket: Some(Way { lines, pulse }), app_id, ..gate() })
}

/// Everything that the bot works with, and the drill's rules.
pub fn desk(outside: Outside, journal_through: JournalThrough<'_>) -> Result<Desk, NoBot> {
    let store = Arc::new(Sqlite::open(&journal_path(&outside.folder)).map_err(said)?);
    let journal = journal_through(Arc::clone(&store) as Arc<dyn Journal>);
    let evidence = Folder::open(&outside.folder.join("evidence")).map_err(said)?;
    let settings = SlackSettings {
        api_url: outside.slack_api_url,
        bot_token: SecretString::from(BOT_TOKEN),
        team_id: team(),
        app_id: None,
    };
    let notary = Notary {
        anchors: Arc::new(AnchorFolder::open(&anchor_folder(&outside.folder)).map_err(said)?),
        key: SecretString::from(ANCHOR_KEY),
        every: EVERY_DEFAULT,
    };
    let people_valid_for = PEOPLE_VALID_FOR.saturating_mul(outside.clock.speed().cast_signed());
    let chat = Arc::new(SlackChat::new(&settings, outside.clock).map_err(said)?);
    let records = std::iter::once(trail_folder(&outside.folder)).chain(outside.records).collect();
    let trail = LocalTrail::new(records);
    Ok(Desk {
        ledger: Ledger::new(journal),
        work: store,
        brake: Seen::default(),
        purse: Purse::default(),
        evidence: Arc::new(evidence),
        notary: Some(notary),
        accounts: Accounts::only(Access { lookup: outside.lookup, contain: Some(outside.contain) }),
        trail: Some(Arc::new(Investigator::new(trail))),
        people: People::asking(Arc::clone(&chat) as Arc<dyn Directory>, people_valid_for),
        chat,
        clock: outside.clock,
        pager: None,
        rules: rules(outside.timing, outside.plans_expire_after),
    })
}

impl std::fmt::Debug for Outside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outside").field("folder", &self.folder).finish_non_exhaustive()
    }
}

fn rules(timing: Timing, expires_after: SignedDuration) -> Rules {
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
            approvers_of: BTreeMap::new(),
            same_person: BTreeMap::new(),
            step_up: StepUpRules::default(),
            key_owners: BTreeMap::from([("dan".to_owned(), people::KEY_OWNER.to_owned())]),
            suspects: BTreeSet::new(),
            sql_askers: set(&[people::APPROVER, people::SECOND_APPROVER]),
            conduct: conduct(),
            known: None,
        },
        plans: PlanRules {
            deny_policy_arn: "arn:aws:iam::aws:policy/AWSDenyAll".to_owned(),
            protected_arns: Vec::new(),
            protected_roles: Vec::new(),
            approvals_reversible: 1,
            approvals_resources: 1,
            approvals_irreversible: 2,
            expires_after,
            isolation_groups: BTreeMap::from([(VPC.to_owned(), ISOLATION.to_owned())]),
        },
        timing,
        codes: OneTimeCodes::default(),
        caps: Caps::default(),
        owner_tag: "owner".to_owned(),
        trail_window: SignedDuration::from_hours(24 * 15),
        timeline_emoji: TIMELINE_EMOJI.to_owned(),
        drill: true,
        endpoints: Vec::new(),
    }
}

/// As in production, by default.
fn conduct() -> Conduct {
    let (p1, p2) = (SignedDuration::from_mins(30), SignedDuration::from_hours(2));
    let ladder = Ladder {
        remind_after: Some(SignedDuration::from_mins(5)),
        next_after: Some(SignedDuration::from_mins(15)),
        ..Ladder::default()
    };
    let updates = BTreeMap::from([(Severity::P1, p1), (Severity::P2, p2)]);
    let tasks = [(Severity::P3, p2 * 4), (Severity::P4, p2 * 12)];
    let tasks = updates.clone().into_iter().chain(tasks).collect();
    Conduct { updates, ladder, tasks, ask_owner: true, ..Conduct::default() }
}

fn team() -> String {
    "T0SIM00001".to_owned()
}

fn said(error: impl std::fmt::Display) -> NoBot {
    NoBot(error.to_string())
}
