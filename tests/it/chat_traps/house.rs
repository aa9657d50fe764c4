//! A workspace with as many bots as a test wants, whose rules it may change, and its people.

use jiff::SignedDuration;
use keyleak::domain::announce::{card_key, plan_key};
use keyleak::domain::case::Case;
use keyleak::domain::event::{Event, PostKey};
use keyleak::domain::ids::CaseId;
use keyleak::domain::plan::PlanNumber;
use keyleak::domain::plan_state::PlanStatus;
use keyleak::domain::record::Record;
use keyleak::drill::bot;
use keyleak::drill::people::{APPROVER, REPORTER};
use keyleak::drill::players::wait;
use keyleak::drill::scenario;
use keyleak::drill::world::{PLANS_EXPIRE_AFTER, World, WorldOptions, production_timing};
use keyleak::flow::desk::Desk;
use keyleak::ports::clock::Clock;
use keyleak::running::Bot;
use keyleak::sim::slack::acts::{Place, Press};
use keyleak::sim::slack::deliver::{Delivery, Twist};
use keyleak::sim::slack::people::Person;
use keyleak::sim::slack::server::SimSlack;
use serde_json::Value;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;

/// Five minutes of read-back become one and a half seconds.
const SPEED: u32 = 200;
const EASY_SPEED: u32 = 30;
/// Presses until a plan is approved.
const APPROVALS_MAX: usize = 10;
/// Slack and AWS do not come back within any test.
pub(crate) const FOR_EVER: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
/// What an acknowledgement must not need; Slack's own limit, so that a busy machine passes.
pub(crate) const ACKNOWLEDGED_IN: Duration = Duration::from_secs(3);
/// The bot's own user, as the simulated workspace calls it.
pub(crate) const BOT: &str = "U0BOT00000";
/// Somebody of the workspace who is on no list.
pub(crate) const MEMBER: &str = "U0FIN00006";

/// What a test changes about the rules of a bot.
pub(crate) type Change<'a> = &'a (dyn Fn(&mut Desk) + Sync);

/// A world and the bots in it.
pub(crate) struct House {
    pub(crate) world: World,
    bots: Vec<(Bot, String)>,
    _folder: TempDir,
}

impl House {
    /// One bot with the drill's rules.
    pub(crate) async fn open() -> Self {
        Self::with(1, &|_| ()).await
    }

    /// One bot that needs two approvals for what can be undone.
    pub(crate) async fn of_two() -> Self {
        Self::with(1, &|desk| desk.rules.plans.approvals_reversible = 2).await
    }

    pub(crate) async fn with(bots: usize, change: Change<'_>) -> Self {
        Self::at(SPEED, bots, change).await
    }

    /// One bot, for what depends on how soon one thing follows another.
    pub(crate) async fn at_ease(change: Change<'_>) -> Self {
        Self::at(EASY_SPEED, 1, change).await
    }

    async fn at(speed: u32, bots: usize, change: Change<'_>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = WorldOptions {
            scenario: scenario::find("public-repository").unwrap(),
            clock: Clock::accelerated(speed),
            folder: folder.path().to_owned(),
            seed: 11,
            lag: Duration::ZERO..=Duration::from_secs(4),
            timing: production_timing(),
            plans_expire_after: PLANS_EXPIRE_AFTER,
        };
        let world = World::start_empty(options).await.unwrap();
        let mut house = Self { world, bots: Vec::new(), _folder: folder };
        for _ in 0..bots {
            house.start(change).await;
        }
        house
    }

    /// Starts one more bot on the same journal; Slack talks to the newest.
    pub(crate) async fn start(&mut self, change: Change<'_>) {
        let mut desk = bot::desk(self.world.outside(), &|journal| journal).unwrap();
        change(&mut desk);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let bot = Bot::start(desk, bot::gate(), listener, format!("house-{address}"));
        self.world.slack.set_bot_url(&format!("http://{address}"));
        self.bots.push((bot, address));
    }

    /// Ends every bot as a deployment does.
    pub(crate) async fn stop(&mut self) {
        for (bot, _) in self.bots.drain(..) {
            bot.shut_down().await;
        }
    }

    /// Ends everything.
    pub(crate) async fn strike(mut self) {
        self.stop().await;
        self.world.shut_down().await;
    }

    /// Leaves a world whose parts no longer answer; it ends with its runtime.
    pub(crate) fn abandon(self) {
        drop(self);
    }

    pub(crate) fn desk(&self) -> &Desk {
        self.bots[0].0.desk.as_ref()
    }

    /// Where a bot listens.
    pub(crate) fn address(&self, bot: usize) -> &str {
        &self.bots[bot].1
    }

    /// The workspace as it talks to one bot of several.
    pub(crate) fn slack_to(&self, bot: usize) -> SimSlack {
        let bot_url = Some(format!("http://{}", self.address(bot)));
        self.world.slack.twisted(Twist { bot_url, ..Twist::default() })
    }

    pub(crate) async fn load(&self, case: &CaseId) -> Case {
        self.desk().ledger.load(case).await.unwrap()
    }

    /// Waits until the case is as `ready` wants it.
    pub(crate) async fn until(
        &self,
        case: &CaseId,
        what: &str,
        ready: impl Fn(&Case) -> bool,
    ) -> Case {
        let look = async || {
            let now = self.load(case).await;
            Ok(ready(&now).then_some(now))
        };
        wait(what, look).await.unwrap()
    }

    /// What somebody is answered to words in a channel.
    pub(crate) async fn say(&self, who: &str, channel: &str, words: &str) -> String {
        self.world.slack.slash(who, channel, "/keyleak", words).await.unwrap().body
    }

    /// Ana reports the leaked key.
    pub(crate) async fn report(&self) -> CaseId {
        self.say(REPORTER, &self.world.lobby, &self.world.leaked.access_key_id).await;
        let open = async || Ok(self.desk().work.open_cases().await.unwrap().into_iter().next());
        wait("the case", open).await.unwrap()
    }

    /// The same, and the plan is in the channel.
    pub(crate) async fn planned(&self) -> CaseId {
        let case = self.report().await;
        self.until(&case, "the plan", posted(&plan_key(PlanNumber(1)))).await;
        case
    }

    /// Presses a button on the newest message that has it.
    pub(crate) async fn press(&self, case: &CaseId, who: &str, action: &str) -> Delivery {
        let channel = channel(&self.load(case).await);
        let button = format!("\"{action}\"");
        let newest = async || {
            let messages = self.world.slack.messages(&channel);
            let found = messages.iter().rfind(|message| message.to_string().contains(&button));
            Ok(found.and_then(|message| message["ts"].as_str()).map(str::to_owned))
        };
        let ts = wait(&format!("the button {action}"), newest).await.unwrap();
        self.world.slack.click(who, &channel, &ts, action).await.unwrap()
    }

    /// Bob approves the plan, which is then approved. One that was made anew at that moment, since
    /// the trail told more of the exposure, is approved in its place.
    pub(crate) async fn approve(&self, case: &CaseId) -> Case {
        let mut told = Vec::new();
        for _ in 0..APPROVALS_MAX {
            let pressed = self.press(case, APPROVER, "plan.approve").await;
            told.push(format!("{:?} {}", pressed.status, pressed.body));
            let now = self.load(case).await;
            if now.plans().any(|plan| plan.is_approved()) {
                return now;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let why = |record: &Arc<Record>| format!("{:?}", record.event);
        let now = self.load(case).await;
        let last: Vec<String> = now.records().iter().rev().take(6).map(why).collect();
        panic!("not approved: {told:?}\n{last:#?}")
    }

    /// A message of the case as somebody sees it now.
    pub(crate) fn seen(&self, case: &Case, key: &PostKey) -> (Place, Value) {
        let (channel, message) = case.room().posted[key].clone();
        let seen = self.world.slack.message(&channel.0, &message.0).unwrap();
        (Place::Message { channel: channel.0, ts: message.0 }, seen)
    }

    /// The card of a plan as its JSON.
    pub(crate) fn plan_card(&self, case: &Case, number: u32) -> String {
        self.seen(case, &plan_key(PlanNumber(number))).1.to_string()
    }

    /// The card of the case as its JSON.
    pub(crate) fn card(&self, case: &Case) -> String {
        self.seen(case, &card_key()).1.to_string()
    }

    /// Presses a button on a message as it was when this person last looked.
    pub(crate) async fn press_as_seen(
        &self,
        who: &str,
        action: &str,
        (place, seen): &(Place, Value),
    ) -> Delivery {
        let press = Press::new(who, place.clone(), action);
        let press = Press { as_seen: Some(seen.clone()), ..press };
        self.world.slack.press(press).await.unwrap()
    }

    /// Somebody joins the workspace, and the channel of the case.
    pub(crate) fn welcome(&self, case: &Case, person: Person) {
        let id = person.id.clone();
        self.world.slack.welcome(person, &self.world.lobby);
        self.world.slack.change_channel(&channel(case), |channel| channel.members.push(id));
    }
}

/// A member of the workspace who is on no list.
pub(crate) fn member() -> Person {
    Person::member(MEMBER, "fin", "Fin Aalto")
}

/// The channel of a case, which has one.
pub(crate) fn channel(case: &Case) -> String {
    case.room().channel.clone().unwrap().0
}

/// Whether a message of the case is in its channel.
pub(crate) fn posted(key: &PostKey) -> impl Fn(&Case) -> bool {
    move |case| case.room().posted.contains_key(key)
}

pub(crate) fn is(number: u32, status: PlanStatus) -> impl Fn(&Case) -> bool {
    move |case| case.plan(PlanNumber(number)).is_some_and(|state| state.status() == status)
}

/// How many approvals a plan has.
pub(crate) fn approvals(case: &Case, number: u32) -> usize {
    case.plan(PlanNumber(number)).unwrap().approvals.len()
}

/// How many records tell of such a thing.
pub(crate) fn told(case: &Case, wanted: fn(&Event) -> bool) -> usize {
    case.records().iter().filter(|record| wanted(&record.event)).count()
}

/// A time that people write down.
pub(crate) fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}
