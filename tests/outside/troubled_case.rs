//! One case whose tables fail, and what its table really holds, asked without the product.

use crate::faulty::Fault;
use crate::service::{APPROVER, ASKER};
use crate::troubled::{JOURNAL, Town, trouble};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use keyleak::ports::clock::Clock;
use keyleak::sim::slack::acts::{Place, Press};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// A machine under load takes several times what a wait takes.
const PATIENCE: Duration = Duration::from_secs(120);
/// Every look asks the emulator too, which has other work.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How often it is noticed that the process runs, and what is left of Slack's three seconds after
/// the time that the bot takes for itself.
const TICK: Duration = Duration::from_millis(20);
const STALL: Duration = Duration::from_millis(400);
const STALLS_MAX: usize = 5;
/// How each answer begins or what stands in it; the trial holds the product to these promises.
const OPENED: [&str; 2] = ["Opened case", "already has the open case"];
const NOTHING_DONE: &str = "so nothing was done";
const NOT_SURE: &str = "Not recorded, as far as I can see";

/// No message is before this one.
const FIRST: &str = "";

/// A table that fails: its name, the operation, and how.
pub(crate) type Failing = (&'static str, &'static str, Fault);

/// A case, by the last four characters of its key.
pub(crate) struct Troubled<'a> {
    town: &'a Town,
    key: String,
    /// Stands in the id of the case, so in every request about it and in no other.
    mark: String,
    id: OnceLock<String>,
}

/// A press of a button, on the message as it was.
struct Pressed {
    press: Press,
    channel: String,
    /// The message.
    ts: String,
}

impl<'a> Troubled<'a> {
    pub(crate) fn new(town: &'a Town, key: &str) -> Self {
        let four = key[key.len() - 4..].to_lowercase();
        Self { town, key: key.to_owned(), mark: format!("-{four}-"), id: OnceLock::new() }
    }

    pub(crate) fn mark(&self) -> &str {
        &self.mark
    }

    /// Opened, approved and contained, its undo denied: each while the table fails, and again when
    /// it does not.
    pub(crate) async fn story(&self, failing: Failing) -> Result<(), String> {
        self.open_amid(failing).await?;
        self.town.faulty.end(&self.mark);
        self.open_for_certain().await?;
        let approve = self.button(APPROVER, "plan.approve", FIRST).await?;
        self.decide_amid(failing, &approve, "approved").await?;
        self.wait("contained", |said| said.contains("Contained as of")).await?;
        self.press_as(ASKER, "plan.undo").await;
        // The card of the approved plan may not be drawn again yet, and have its buttons still.
        let deny = self.button(APPROVER, "plan.deny", &approve.ts).await?;
        self.decide_amid(failing, &deny, "denied").await?;
        for kind in ["opened", "approved", "denied"] {
            let times = self.stored(kind).await.len();
            (times == 1).then_some(()).ok_or(format!("{kind} stands {times} times"))?;
        }
        self.close().await
    }

    /// A case that is over asks the emulator for nothing more while the others are told.
    async fn close(&self) -> Result<(), String> {
        self.press_as(ASKER, "case.close").await;
        let deadline = Instant::now() + PATIENCE;
        while self.stored("closed").await.is_empty() {
            (Instant::now() < deadline).then_some(()).ok_or("it is not closed")?;
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Asks for a case while the table fails, and judges the answer.
    pub(crate) async fn open_amid(&self, failing: Failing) -> Result<(), String> {
        self.town.faulty.begin(trouble(&self.mark, failing));
        let answer = self.town.service.slash_once(&self.key).await.body;
        let is_stored = !self.stored("opened").await.is_empty();
        let is_told_open = OPENED.iter().any(|words| answer.contains(words));
        let nothing_done = answer.contains(NOTHING_DONE);
        match (is_stored, is_told_open, nothing_done) {
            (false, true, _) => Err("who asks is told that the case is open, and it is not stored"),
            (true, _, true) => Err("who asks is told that nothing was done, and it is stored"),
            (_, false, false) if !answer.contains(NOT_SURE) => Err("who asks is told neither"),
            _ => Ok(()),
        }
        .map_err(|why| format!("{why}: {answer}"))
    }

    /// Asks until the case is open: there is one, whatever was asked before.
    pub(crate) async fn open_for_certain(&self) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = self.town.service.slash(&self.key).await.body;
            let is_told_open = OPENED.iter().any(|words| answer.contains(words));
            let opened = self.stored("opened").await.len();
            match (is_told_open, opened) {
                (true, 1) => return Ok(()),
                (false, 0 | 1) if Instant::now() < deadline => {}
                _ => return Err(format!("{opened} openings are stored, and is told: {answer}")),
            }
        }
    }

    /// Decides while the table fails, judges what is told, and presses the same again afterwards.
    async fn decide_amid(
        &self,
        failing: Failing,
        pressed: &Pressed,
        kind: &str,
    ) -> Result<(), String> {
        let heard = self.whispers().len();
        self.town.faulty.begin(trouble(&self.mark, failing));
        self.press_and_hear(pressed, kind).await?;
        let denied = self.whispers().iter().skip(heard).any(|said| said.contains(NOTHING_DONE));
        if denied && !self.stored(kind).await.is_empty() {
            return Err(format!("it is {kind}, and who pressed hears that nothing was done"));
        }
        let mended = Clock::real().now();
        self.town.faulty.end(&self.mark);
        // Pressed again in any case, and until it counts: an emulator under load may be slow.
        let deadline = Instant::now() + PATIENCE;
        self.press_and_hear(pressed, kind).await?;
        while self.stored(kind).await.is_empty() {
            let never = || format!("{kind} is not stored, {}", self.last_told());
            (Instant::now() < deadline).then_some(()).ok_or_else(never)?;
            self.press_and_hear(pressed, kind).await?;
        }
        let at = self.stored(kind).await[0];
        // What was said to be undone did not come later after all; and where it was stored, nobody
        // was told otherwise, however late.
        let denied = self.whispers().iter().skip(heard).any(|said| said.contains(NOTHING_DONE));
        let by_the_first = at < mended;
        (!(denied && by_the_first)).then_some(()).ok_or(format!("{kind} after a promised no"))
    }

    /// Either it is stored, or the person hears that it is not.
    async fn press_and_hear(&self, pressed: &Pressed, kind: &str) -> Result<(), String> {
        let heard = self.whispers().len();
        self.send(pressed).await;
        let deadline = Instant::now() + PATIENCE;
        while self.stored(kind).await.is_empty() && self.whispers().len() == heard {
            (Instant::now() < deadline).then_some(()).ok_or(format!("{kind}: silence"))?;
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    pub(crate) async fn press(&self, button: &str) {
        self.press_as(APPROVER, button).await;
    }

    async fn press_as(&self, user: &str, button: &str) {
        let pressed = self.button(user, button, FIRST).await.unwrap_or_else(|why| panic!("{why}"));
        self.send(&pressed).await;
    }

    /// Presses; a person whom Slack itself tells that nothing came back presses once more, where
    /// it was the machine that stood still and not the bot.
    async fn send(&self, pressed: &Pressed) {
        for _ in 0..STALLS_MAX {
            let press = self.town.service.slack.press(pressed.press.clone());
            let (delivery, stall) = with_stall(press).await;
            let delivery = delivery.expect("the person sees the button");
            if delivery.status.is_none() && stall > STALL {
                eprintln!("the machine stood still for {stall:?}; pressed again");
                continue;
            }
            let log = || self.town.service.log();
            let (status, place) = (delivery.status, &pressed.channel);
            assert_eq!(status, Some(200), "in {place}, after {stall:?}\n{}", log());
            assert_eq!(delivery.toast, None, "within Slack's time");
            return;
        }
        panic!("a machine that stands still this often proves nothing");
    }

    /// The newest message with this button after another one, kept as it is now.
    async fn button(&self, user: &str, button: &str, after: &str) -> Result<Pressed, String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some((channel, message)) = self.newest_with(button, after) {
                let ts = message["ts"].as_str().unwrap_or_default().to_owned();
                let place = Place::Message { channel: channel.clone(), ts: ts.clone() };
                let press = Press { as_seen: Some(message), ..Press::new(user, place, button) };
                return Ok(Pressed { press, channel, ts });
            }
            if Instant::now() > deadline {
                let said = self.said().join("\n---\n");
                return Err(format!("no {button} in\n{said}\n{}", self.town.service.log()));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    fn newest_with(&self, button: &str, after: &str) -> Option<(String, Value)> {
        let channel = self.channel()?;
        let messages = self.town.service.slack.messages(&channel);
        let holds = |message: &&Value| message["blocks"].to_string().contains(button);
        let mut later = messages.iter().rev().take_while(|message| message["ts"] != after);
        Some((channel, later.find(holds)?.clone()))
    }

    fn channel(&self) -> Option<String> {
        let mut channels = self.town.service.slack.channels().into_iter();
        Some(channels.find(|channel| channel.name.contains(&self.mark))?.id)
    }

    fn said(&self) -> Vec<String> {
        let channel = self.channel().unwrap_or_default();
        let messages = self.town.service.slack.messages(&channel);
        messages.iter().map(|message| message["text"].as_str().unwrap_or("").to_owned()).collect()
    }

    /// What the approver alone was told in this channel.
    fn whispers(&self) -> Vec<String> {
        let channel = self.channel().unwrap_or_default();
        let whispers = self.town.service.slack.ephemerals(APPROVER).into_iter();
        let here = whispers.filter(|whisper| whisper.channel == channel);
        here.map(|whisper| whisper.message.to_string()).collect()
    }

    /// What the approver and the channel heard last, for a case in which something never came.
    fn last_told(&self) -> String {
        let whisper = self.whispers().pop().unwrap_or_default();
        let said = self.said().join("\n---\n");
        format!("and who pressed heard last: {whisper}\nthe channel:\n{said}")
    }

    async fn wait(&self, what: &str, wanted: impl Fn(&str) -> bool) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        while !self.said().iter().any(|said| wanted(said)) {
            let said = || format!("{what}: not in\n{}", self.said().join("\n---\n"));
            (Instant::now() < deadline).then_some(()).ok_or_else(said)?;
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    async fn stored(&self, kind: &str) -> Vec<Timestamp> {
        let tables = &self.town.tables;
        if self.id.get().is_none()
            && let [id] = case_ids(tables, &self.mark).await.as_slice()
        {
            self.id.get_or_init(|| id.clone());
        }
        match self.id.get() {
            Some(id) => stored(tables, id, kind).await,
            None => Vec::new(),
        }
    }

    /// The id of the case.
    pub(crate) async fn id(&self) -> String {
        case_ids(&self.town.tables, &self.mark).await.remove(0)
    }
}

/// The cases with records whose id holds this mark.
pub(crate) async fn case_ids(tables: &Client, mark: &str) -> Vec<String> {
    let scan = tables.scan().table_name(JOURNAL).consistent_read(true);
    let pages = scan.projection_expression("#case").expression_attribute_names("#case", "case");
    let mut pages = pages.into_paginator().send();
    let mut found = BTreeSet::new();
    while let Some(page) = pages.next().await {
        let page = page.expect("the table is there");
        let ids = page.items().iter().filter_map(|item| item.get("case")?.as_s().ok());
        found.extend(ids.filter(|id| id.contains(mark)).cloned());
    }
    found.into_iter().collect()
}

/// When each record of one kind was made, as they lie in the table now.
pub(crate) async fn stored(tables: &Client, case: &str, kind: &str) -> Vec<Timestamp> {
    let query = tables.query().table_name(JOURNAL).consistent_read(true);
    let mut pages = query
        .key_condition_expression("#case = :case")
        .expression_attribute_names("#case", "case")
        .expression_attribute_values(":case", AttributeValue::S(case.to_owned()))
        .into_paginator()
        .send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        for item in page.expect("the table is there").items() {
            let record = item.get("record").and_then(|value| value.as_s().ok());
            let record: Value = serde_json::from_str(record.expect("small ones lie in the item"))
                .expect("a record is JSON");
            if record["event"]["kind"] == kind {
                found.push(record["at"].as_str().and_then(|at| at.parse().ok()).expect("a time"));
            }
        }
    }
    found
}

/// What comes of some work, and the longest time in which this process did not get to run.
async fn with_stall<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let mut work = std::pin::pin!(work);
    let (mut longest, mut last) = (Duration::ZERO, Instant::now());
    loop {
        tokio::select! {
            done = &mut work => return (done, longest.max(last.elapsed())),
            () = tokio::time::sleep(TICK) => {}
        }
        longest = longest.max(last.elapsed());
        last = Instant::now();
    }
}
