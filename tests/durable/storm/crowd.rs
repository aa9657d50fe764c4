//! The people around one case in a storm: what they see, what they do, and how Slack delivers it.

use crate::chance::Chance;
use crate::people::key_of_sent;
use crate::storm::Sky;
use crate::storm::books::{Deed, Letter};
use futures_util::future::join_all;
use jiff::SignedDuration;
use keyleak::domain::case::Case;
use keyleak::drill::people::{APPROVER, KEY_OWNER, REPORTER, SECOND_APPROVER};
use keyleak::sim::slack::acts::{Place, Press};
use keyleak::sim::slack::deliver::{Sent, Twist};
use serde_json::Value;
use std::time::{Duration, Instant};

const PEOPLE: [&str; 4] = [REPORTER, APPROVER, SECOND_APPROVER, KEY_OWNER];
/// People look at a channel so often.
const LOOK_EVERY: Duration = Duration::from_millis(800);
/// Messages that somebody still has open as they were.
const OLD_MAX: usize = 6;
/// So old a delivery may come: Slack's five minutes, less what a busy machine needs.
const LATE_SECONDS_MAX: usize = 240;
/// After so long Slack does not try again.
const HELD_UP_MAX: SignedDuration = SignedDuration::from_mins(5);
/// Between two things that people do.
const PAUSE_MS: usize = 60;

/// What may be pressed, and how likely.
const PRESSES: [(&str, usize); 14] = [
    ("plan.approve", 40),
    ("plan.deny", 2),
    ("plan.withdraw", 6),
    ("plan.undo", 6),
    ("phase.validation", 2),
    ("phase.scope", 3),
    ("phase.impact", 3),
    ("phase.containment", 12),
    ("phase.eradication", 2),
    ("phase.recovery", 2),
    ("phase.post-incident", 1),
    ("case.summary", 2),
    ("case.report", 1),
    ("case.close", 1),
];
/// What may be typed before the key, and how likely; nothing opens the case or joins it.
const TYPED: [(&str, usize); 5] =
    [("", 40), ("status", 25), ("summary", 5), ("exposed unknown", 10), ("exposed", 20)];

/// One case's people.
pub(crate) struct Crowd<'a> {
    sky: &'a Sky<'a>,
    /// The key that leaked.
    leaked: String,
    chance: Chance,
    channel: Option<String>,
    messages: Vec<Value>,
    old: Vec<Value>,
    looked: Option<Instant>,
    /// What Slack has not delivered yet.
    held_up: Vec<Letter>,
    left: usize,
}

impl<'a> Crowd<'a> {
    pub(crate) fn new(sky: &'a Sky<'a>, leaked: &str, chance: Chance, deliveries: usize) -> Self {
        Self {
            sky,
            leaked: leaked.to_owned(),
            chance,
            channel: None,
            messages: Vec::new(),
            old: Vec::new(),
            looked: None,
            held_up: Vec::new(),
            left: deliveries,
        }
    }

    /// Does one thing after the other until all deliveries are used up.
    pub(crate) async fn play(&mut self) {
        while self.left > 0 {
            self.look();
            // Some things are done at once, and come in any order.
            let at_once = if self.chance.percent(25) { 2 + self.chance.below(3) } else { 1 };
            let mut letters: Vec<Letter> = (0..at_once).filter_map(|_| self.write()).collect();
            self.chance.shuffle(&mut letters);
            let mut posted = Vec::new();
            for letter in letters {
                posted.extend(self.fate_of(letter));
            }
            posted.truncate(self.left);
            self.left -= posted.len();
            join_all(posted.into_iter().map(|(letter, to)| self.sky.post(letter, to))).await;
            let pause = Duration::from_millis(self.chance.below(PAUSE_MS) as u64);
            tokio::time::sleep(pause).await;
        }
    }

    pub(crate) fn is_about(&self, case: &Case) -> bool {
        case.opening().key.reveal() == self.leaked
    }

    /// Lets somebody press this in the newest message that has it, delivered once.
    pub(crate) async fn press(&mut self, who: &str, action: &str) {
        self.looked = None;
        self.old.clear();
        self.look();
        self.old.clear();
        if let Some(letter) = self.pressed(who, action) {
            self.sky.post(letter, 0).await;
        }
    }

    fn look(&mut self) {
        if self.looked.is_some_and(|at| at.elapsed() < LOOK_EVERY) {
            return;
        }
        self.looked = Some(Instant::now());
        let slack = &self.sky.town.world.slack;
        let gone = |id: &String| slack.channel(id).is_none_or(|channel| channel.archived);
        if self.channel.take_if(|id| gone(id)).is_some() {
            self.messages.clear();
        }
        if self.channel.is_none() {
            let four = self.leaked[self.leaked.len() - 4..].to_lowercase();
            let name = format!("drill-keyleak-{four}-");
            let mut channels = slack.channels().into_iter();
            let ours = channels.find(|room| room.name.starts_with(&name) && !room.archived);
            self.channel = ours.map(|room| room.id);
        }
        let Some(channel) = &self.channel else { return };
        let now = slack.pressable(channel);
        for seen in std::mem::take(&mut self.messages) {
            let same = now.iter().any(|message| message["blocks"] == seen["blocks"]);
            if !same && self.old.len() < OLD_MAX {
                self.old.push(seen);
            } else if !same {
                let place = self.chance.below(OLD_MAX);
                self.old[place] = seen;
            }
        }
        self.messages = now;
    }

    /// The next thing that somebody does, as Slack would send it.
    fn write(&mut self) -> Option<Letter> {
        let who = *self.chance.pick(&PEOPLE)?;
        if self.messages.is_empty() || self.chance.percent(14) {
            return self.typed(who);
        }
        let action = chosen(&mut self.chance, &PRESSES);
        self.pressed(who, action).or_else(|| self.typed(who))
    }

    fn typed(&mut self, who: &str) -> Option<Letter> {
        let verb = chosen(&mut self.chance, &TYPED);
        let text = match verb {
            "" => self.leaked.clone(),
            "exposed" => {
                let hours = SignedDuration::from_hours(1 + self.chance.below(48) as i64);
                let since = self.sky.town.world.clock.now() - hours;
                format!("exposed {} {}", self.leaked, since.strftime("%Y-%m-%dT%H:%MZ"))
            }
            verb => match verb.split_once(' ') {
                Some((verb, rest)) => format!("{verb} {} {rest}", self.leaked),
                None => format!("{verb} {}", self.leaked),
            },
        };
        let slack = self.slack();
        let place = (who, self.sky.town.world.lobby.as_str());
        let sent = slack.compose_command(place, ("/keyleak", &text)).ok()?;
        self.letter(sent, who, &format!("/keyleak {text}"))
    }

    fn pressed(&mut self, who: &str, action: &str) -> Option<Letter> {
        let channel = self.channel.clone()?;
        // Now and then somebody has a message open that has changed since.
        let is_old = self.chance.percent(15);
        let quoted = format!("\"{action}\"");
        let has = |message: &&Value| message["blocks"].to_string().contains(&quoted);
        let old = self.old.iter().filter(|_| is_old).rfind(has);
        let message = old.or_else(|| self.messages.iter().rfind(has))?.clone();
        let place = Place::Message { channel, ts: message["ts"].as_str()?.to_owned() };
        let press = Press { as_seen: Some(message), ..Press::new(who, place, action) };
        let sent = self.slack().compose_press(&press).ok()?;
        self.letter(sent, who, action)
    }

    /// The workspace, which now and then delivers for the first time what was done minutes ago.
    fn slack(&mut self) -> keyleak::sim::slack::server::SimSlack {
        let late = self.chance.percent(6);
        let age_s = if late { 30 + self.chance.below(LATE_SECONDS_MAX - 30) as i64 } else { 0 };
        self.sky.town.world.slack.twisted(Twist { age_s, ..Twist::default() })
    }

    fn letter(&self, sent: Sent, who: &str, what: &str) -> Option<Letter> {
        let made = self.sky.town.world.clock.now();
        let letter = Letter { key: key_of_sent(&sent), sent, made };
        let deed = Deed {
            who: who.to_owned(),
            what: what.to_owned(),
            leaked: self.leaked.clone(),
            response_url: crate::people::response_url(&letter.sent),
            answers: Vec::new(),
        };
        self.sky.books.begin(&letter, deed);
        Some(letter)
    }

    /// Where and how often Slack delivers it, and what it held up so far.
    fn fate_of(&mut self, letter: Letter) -> Vec<(Letter, usize)> {
        let replicas = self.sky.fleet.size();
        let one = self.chance.below(replicas);
        let mut posted = Vec::new();
        let now = self.sky.town.world.clock.now();
        self.held_up.retain(|held| now < held.made + HELD_UP_MAX);
        match self.chance.below(100) {
            // At every replica at once.
            0..18 => posted.extend((0..replicas).map(|to| (letter.clone(), to))),
            // Twice at one of them at once.
            18..24 => posted.extend([(letter.clone(), one), (letter.clone(), one)]),
            24..48 => {
                posted.push((letter.clone(), one));
                self.held_up.push(letter);
            }
            48..56 => self.held_up.push(letter),
            _ => posted.push((letter, one)),
        }
        if !self.held_up.is_empty() && (self.chance.percent(45) || posted.is_empty()) {
            let late = self.chance.below(self.held_up.len());
            let late = self.held_up.swap_remove(late);
            posted.push((self.again(&late), self.chance.below(replicas)));
            if self.chance.percent(30) {
                self.held_up.push(late);
            }
        }
        posted
    }

    /// The same once more, as Slack tries again: with the old signature, or signed anew.
    fn again(&mut self, letter: &Letter) -> Letter {
        let mut sent = letter.sent.clone();
        if self.chance.percent(50) || self.sky.keys_are_fresh {
            let what = (sent.path, sent.content_type);
            sent = self.sky.town.world.slack.signed(what, self.sky.body_again(&sent.body));
        }
        let number = (1 + self.chance.below(3)).to_string();
        sent.headers.push(("X-Slack-Retry-Num", number));
        sent.headers.push(("X-Slack-Retry-Reason", "http_timeout".to_owned()));
        Letter { sent, ..letter.clone() }
    }
}

fn chosen(chance: &mut Chance, of: &[(&'static str, usize)]) -> &'static str {
    let mut left = chance.below(of.iter().map(|(_, weight)| weight).sum());
    for (name, weight) in of {
        match left.checked_sub(*weight) {
            Some(rest) => left = rest,
            None => return name,
        }
    }
    of[0].0
}
