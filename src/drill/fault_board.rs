//! The switches of a page's drill: makes things go wrong, and knows what goes wrong now.

use crate::domain::action::DENY_ALL_DOCUMENT;
use crate::domain::principal::PrincipalName;
use crate::drill::bot::NoBot;
use crate::drill::faults::Fault;
use crate::drill::keeper::{Health, Keeper};
use crate::drill::people;
use crate::drill::world::World;
use crate::ports::clock::Clock;
use crate::sim::attacker::{Attacker, Credential, Operation, Reply};
use crate::sim::cloud::SimCloud;
use crate::sim::cloud::attacker::Visitor;
use crate::sim::cloud::setup::NewUser;
use crate::sim::slack::config::TRIGGER_LIFE;
use crate::sim::slack::server::SimSlack;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::{BTreeSet, VecDeque};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// How long Slack says 429.
const LIMITED_FOR: SignedDuration = SignedDuration::from_secs(60);
/// Longer than the actor waits between two calls, so that it is seen to get in.
const LONG_LAG: RangeInclusive<Duration> = Duration::from_secs(25)..=Duration::from_secs(30);
const THROTTLED: u32 = 5;
/// The speeds that a page offers, beside the one that the drill began with.
const SPEEDS: [u32; 3] = [1, 10, 60];
/// Lines of the log that are kept.
const LINES_MAX: usize = 50;
/// The administrator whom nobody suspects, where they call from, and since when there is one.
const ADMINISTRATOR: &str = "ops-admin";
const RIGHTS: &str = "arn:aws:iam::aws:policy/AdministratorAccess";
const ADDRESS: &str = "198.51.100.77";
const AGENT: &str = "aws-cli/2.15.0 Python/3.11.6 Linux/6.5.0";
const AGE: SignedDuration = SignedDuration::from_hours(24 * 300);
/// The policy that a containment attaches.
const DENY_ALL: &str = "AWSDenyAll";

/// The switches, and what was done with them.
#[derive(Debug)]
pub struct Board {
    clock: Clock,
    slack: SimSlack,
    cloud: Arc<SimCloud>,
    keeper: Arc<Keeper>,
    visitor: Visitor,
    administrator: Credential,
    leaked: Credential,
    /// The speed and the lag that the drill began with.
    speed: u32,
    lag: RangeInclusive<Duration>,
    lines: Mutex<VecDeque<(Timestamp, String)>>,
    version: watch::Sender<u64>,
}

/// Why a switch cannot be turned so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotNow(pub String);

impl Board {
    /// The switches of a world. Its account has one more administrator from now on.
    pub fn of(world: &World, keeper: &Arc<Keeper>) -> Result<Self, NoBot> {
        let made = world.clock.now() - AGE;
        let administrator = NewUser::named(ADMINISTRATOR, made).attached(RIGHTS);
        let added = world.cloud.add_user(administrator);
        let (_, administrator) = added.map_err(|error| NoBot(error.to_string()))?;
        Ok(Self {
            clock: world.clock,
            slack: world.slack.clone(),
            cloud: Arc::clone(&world.cloud),
            keeper: Arc::clone(keeper),
            visitor: Visitor::new(&world.cloud, ADDRESS, AGENT),
            administrator,
            leaked: world.leaked.clone(),
            speed: world.clock.speed(),
            lag: world.cloud.lag(),
            lines: Mutex::default(),
            version: watch::Sender::new(0),
        })
    }

    /// Changes whenever somebody turns a switch or the clock.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// Makes it go wrong, or sets it right again.
    pub async fn turn(&self, fault: Fault, on: bool) -> Result<(), NotNow> {
        if fault.is_a_deed() && !on {
            return Err(NotNow("what was done cannot be undone by a switch".to_owned()));
        }
        let word = if on { "on" } else { "off" };
        let mut said = format!("{}: switched {word}", fault.words().label);
        match fault {
            Fault::RepeatDelivery => self.slack.repeat_next(on),
            Fault::DoubleClick => self.slack.click_twice(on),
            Fault::SlackLimited => {
                self.slack.limit_for(if on { LIMITED_FOR } else { SignedDuration::ZERO });
            }
            Fault::SlackDown => self.slack.set_down(on),
            Fault::KillBot => {
                if !self.keeper.kill().await {
                    return Err(busy());
                }
                "The bot was killed".clone_into(&mut said);
            }
            Fault::IamThrottle => self.cloud.throttle_changes(if on { THROTTLED } else { 0 }),
            Fault::IamLag => self.cloud.set_lag(if on { LONG_LAG } else { self.lag.clone() }),
            Fault::DenyReverted => said = self.revert().await?,
            Fault::ApproverSuspect => {
                let suspects = on.then(|| people::APPROVER.to_owned());
                if !self.keeper.deploy_with(suspects.into_iter().collect::<BTreeSet<_>>()) {
                    return Err(busy());
                }
                let how = if on { "written into" } else { "taken out of" };
                said = format!("Bob Okafor was {how} people.suspects, and the bot deployed again");
            }
        }
        self.log(said);
        Ok(())
    }

    /// Runs the clock at another speed from now on.
    pub fn run_at(&self, speed: u32) -> Result<(), NotNow> {
        let speeds = self.speeds();
        if !speeds.contains(&speed) {
            let all: Vec<_> = speeds.iter().map(u32::to_string).collect();
            return Err(NotNow(format!("the speed is one of {}", all.join(", "))));
        }
        if !self.clock.set_speed(speed) {
            return Err(NotNow("the clock of this drill has one speed".to_owned()));
        }
        // The bot opens forms in real time, whatever the clock says.
        self.slack.set_trigger_life(TRIGGER_LIFE.saturating_mul(speed));
        self.log(format!("The clock runs {speed}×"));
        Ok(())
    }

    /// Everything, as the page draws it.
    pub fn state(&self) -> Value {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let lines: Vec<_> =
            lines.iter().map(|(at, text)| json!({"at": at, "text": text})).collect();
        json!({
            "faults": Fault::ALL.map(|fault| self.told(fault)),
            "log": lines,
            "delivered": self.slack.delivered(),
            "bot": match self.keeper.health() {
                Health::Running => "running",
                Health::Dead => "dead",
                Health::Deploying => "deploying",
            },
            "now": self.clock.now(),
            "speed": self.clock.speed(),
            "speeds": self.speeds(),
        })
    }

    fn told(&self, fault: Fault) -> Value {
        let words = fault.words();
        let (on, state) = self.standing(fault);
        json!({
            "name": words.name,
            "label": words.label,
            "does": words.does,
            "good": words.good,
            "deed": fault.is_a_deed(),
            "on": on,
            "state": state,
        })
    }

    /// Whether it goes wrong now, and how that is said.
    fn standing(&self, fault: Fault) -> (bool, String) {
        let slack = self.slack.standing_faults();
        let (on, word) = match fault {
            Fault::RepeatDelivery => {
                (slack.repeats_next, "on: waits for what somebody does next".to_owned())
            }
            Fault::DoubleClick => (slack.clicks_twice, "on".to_owned()),
            Fault::SlackLimited => {
                let until = slack.limited_until.unwrap_or(Timestamp::MIN);
                let left = until.duration_since(self.clock.now()).as_secs().max(0);
                let words = format!("on for {left} s more; {}", turned_away(slack.turned_away));
                (slack.limited_until.is_some(), words)
            }
            Fault::SlackDown => (slack.down, format!("on; {}", turned_away(slack.turned_away))),
            Fault::KillBot => match self.keeper.health() {
                Health::Running => (false, String::new()),
                Health::Dead => (true, "the bot is dead, and is started again soon".to_owned()),
                Health::Deploying => (true, "the bot is being deployed".to_owned()),
            },
            Fault::IamThrottle => {
                let left = self.cloud.changes_to_throttle();
                (left > 0, format!("on for {left} more changes"))
            }
            Fault::IamLag => (self.cloud.lag() == LONG_LAG, "on".to_owned()),
            Fault::DenyReverted => (false, String::new()),
            Fault::ApproverSuspect => {
                (!self.keeper.suspects().is_empty(), "on: Bob is a suspect".to_owned())
            }
        };
        let off = if fault == Fault::KillBot { "the bot runs" } else { "off" };
        match (on, fault.is_a_deed() && fault != Fault::KillBot) {
            (true, _) => (true, word),
            (false, true) => (false, String::new()),
            (false, false) => (false, off.to_owned()),
        }
    }

    fn speeds(&self) -> BTreeSet<u32> {
        SPEEDS.into_iter().chain([self.speed]).collect()
    }

    /// Takes the deny off the leaked user and activates the leaked key, as the administrator.
    async fn revert(&self) -> Result<String, NotNow> {
        let mut done = Vec::new();
        for (operation, words) in self.reverting() {
            match self.visitor.call(&self.administrator, &operation).await {
                Reply::Allowed | Reply::Minted(_) => done.push(words),
                Reply::Refused(code) => done.push(format!("{words} (refused: {code})")),
            }
        }
        if done.is_empty() {
            let words = "nothing is denied yet; contain first, and then revert it";
            return Err(NotNow(words.to_owned()));
        }
        Ok(format!("{ADMINISTRATOR} {}", done.join(", ")))
    }

    /// What takes a containment of the leaked user back, as it stands now.
    fn reverting(&self) -> Vec<(Operation, String)> {
        let mut operations = Vec::new();
        for name in self.cloud.user_names() {
            let Some(user) = self.cloud.user_state(&name) else { continue };
            let leaked = |id: &str| id == self.leaked.access_key_id;
            let Some(key) = user.keys().iter().find(|key| leaked(key.id.reveal())) else {
                continue;
            };
            let on = PrincipalName::user(&name);
            for policy in user.attached.iter().filter(|policy| policy.name == DENY_ALL) {
                let (from, policy_arn) = (on.clone(), policy.arn.clone());
                let operation = Operation::DetachPolicy { from, policy_arn };
                operations.push((operation, format!("detached {DENY_ALL} from {name}")));
            }
            for (inline, _) in user.inline.iter().filter(|(_, text)| *text == DENY_ALL_DOCUMENT) {
                let operation = Operation::DeletePolicy { on: on.clone(), name: inline.clone() };
                operations.push((operation, format!("deleted {inline} of {name}")));
            }
            if !key.active {
                let operation = Operation::UpdateAccessKey {
                    user: name.clone(),
                    key: self.leaked.access_key_id.clone(),
                    active: true,
                };
                operations.push((operation, format!("activated the leaked key of {name}")));
            }
        }
        operations
    }

    fn log(&self, text: String) {
        let at = self.clock.now();
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() >= LINES_MAX {
            lines.pop_front();
        }
        lines.push_back((at, text));
        drop(lines);
        self.version.send_modify(|version| *version += 1);
    }
}

fn turned_away(calls: u32) -> String {
    format!("{calls} {} turned away", if calls == 1 { "call" } else { "calls" })
}

fn busy() -> NotNow {
    NotNow("the bot is not running just now; wait until it is back".to_owned())
}
