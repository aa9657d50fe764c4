//! What can go wrong on purpose, so that people see what the bot does about it.

use crate::drill::people;
use crate::drill::world::World;
use crate::sim::cloud::LAG;
use crate::sim::cloud::faults::Fault as CloudFault;
use crate::sim::slack::faults::{EVERY_METHOD, Fault as SlackFault};
use serde_json::{Value, json};
use std::time::Duration;

/// So many calls in a row are told to come back later, after so many seconds of real time.
const LIMITED_CALLS: usize = 3;
const LIMITED_FOR_S: u64 = 2;
/// How long IAM takes when it is slow: long enough to be seen at sixty times the pace.
const SLOW: Duration = Duration::from_secs(300);
/// The calls that a containment makes.
const CHANGES: [&str; 2] = ["AttachUserPolicy", "UpdateAccessKey"];

/// One kind of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    Repeat,
    DoubleClick,
    Limited,
    SlackDown,
    Killed,
    Throttled,
    Slow,
    Reverted,
    Suspect,
}

/// Troubles that last until they are switched off.
#[derive(Debug, Default, Clone, Copy)]
pub struct Lasting {
    slack_down: bool,
    slow: bool,
    suspect: bool,
}

impl Trouble {
    pub const ALL: [Self; 9] = [
        Self::Repeat,
        Self::DoubleClick,
        Self::Limited,
        Self::SlackDown,
        Self::Killed,
        Self::Throttled,
        Self::Slow,
        Self::Reverted,
        Self::Suspect,
    ];

    /// What the page calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Repeat => "repeat",
            Self::DoubleClick => "double-click",
            Self::Limited => "limited",
            Self::SlackDown => "slack-down",
            Self::Killed => "killed",
            Self::Throttled => "throttled",
            Self::Slow => "slow",
            Self::Reverted => "reverted",
            Self::Suspect => "suspect",
        }
    }

    /// What is on its button, and what people should see after it.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Repeat => (
                "Deliver the last press again",
                "Slack sends the last press or command once more; it counts once.",
            ),
            Self::DoubleClick => (
                "Make the next press a double click",
                "The next press arrives twice at once; one decision is recorded, and the second \
                 is answered privately.",
            ),
            Self::Limited => (
                "Slack: too many requests",
                "Slack refuses the next three calls of the bot; messages come late, none is lost.",
            ),
            Self::SlackDown => (
                "Slack is down",
                "The bot cannot write; what was approved is carried out all the same, and the \
                 channel catches up afterwards.",
            ),
            Self::Killed => (
                "Kill the bot",
                "The bot dies in the middle and another starts; within a minute of the drill it \
                 goes on from the journal, and no step is done twice.",
            ),
            Self::Throttled => (
                "AWS throttles the bot",
                "AWS refuses the bot's next attempt at each change; it tries them again.",
            ),
            Self::Slow => (
                "IAM is slow",
                "A change takes five minutes to bite; the actor goes on for so long, and the case \
                 is not called contained before.",
            ),
            Self::Reverted => (
                "A colleague takes the deny off",
                "Terraform removes the deny; the bot finds it at its next look, says so, and asks \
                 people, because a colleague is no actor.",
            ),
            Self::Suspect => (
                "Bob is a suspect",
                "Bob is marked as a suspect; his approval does not count, and he alone is told.",
            ),
        }
    }

    /// As the page shows it: `{name, label, expect, on}`; `on` is null where nothing lasts.
    pub fn shown(self, lasting: Lasting) -> Value {
        let (label, expect) = self.words();
        let on = match self {
            Self::SlackDown => Some(lasting.slack_down),
            Self::Slow => Some(lasting.slow),
            Self::Suspect => Some(lasting.suspect),
            Self::Repeat
            | Self::DoubleClick
            | Self::Limited
            | Self::Killed
            | Self::Throttled
            | Self::Reverted => None,
        };
        json!({"name": self.name(), "label": label, "expect": expect, "on": on})
    }

    /// Makes it, or ends it where it lasts; an error says why nothing was done.
    pub async fn make(self, world: &mut World, lasting: &mut Lasting) -> Result<(), String> {
        match self {
            Self::Repeat => {
                let repeated = world.slack.repeat_newest().await;
                repeated.map(drop).ok_or_else(|| "nobody has pressed anything yet".to_owned())?;
            }
            Self::DoubleClick => world.slack.double_the_next_click(),
            Self::Limited => {
                let fault = SlackFault::RateLimited(LIMITED_FOR_S);
                world.slack.script(EVERY_METHOD, &fault, LIMITED_CALLS);
            }
            Self::SlackDown => {
                lasting.slack_down = !lasting.slack_down;
                world.slack.set_down(lasting.slack_down);
            }
            Self::Killed => world.abandon_bot().await.map_err(|error| error.to_string())?,
            Self::Throttled => throttle(world),
            Self::Slow => {
                lasting.slow = !lasting.slow;
                world.cloud.set_lag(if lasting.slow { SLOW..=SLOW } else { LAG });
            }
            Self::Reverted => revert(world).await?,
            Self::Suspect => {
                lasting.suspect = !lasting.suspect;
                let marked = world.suspect(people::APPROVER, lasting.suspect).await;
                marked.map_err(|error| error.to_string())?;
            }
        }
        Ok(())
    }
}

fn throttle(world: &World) {
    for call in CHANGES {
        world.cloud.inject(call, 1, CloudFault::Throttled);
    }
}

async fn revert(world: &World) -> Result<(), String> {
    let user = world.scenario().leaked_user().map(|user| user.name.clone()).unwrap_or_default();
    if world.colleague.take_deny_off(&user).await {
        Ok(())
    } else {
        Err(format!("there is no deny on {user} yet; contain the key first"))
    }
}
