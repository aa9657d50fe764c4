//! A storm: thousands of deliveries for many cases at several replicas, some of which are killed.
//!
//! What people were told must be in the journal, once; every chain must hold; every approved plan
//! must be carried out, once; every message must be in its channel, once; and every replica must
//! make the same of it.

mod books;
mod crowd;
mod fleet;
mod judge;
mod tally;

use crate::chance::Chance;
use crate::orders::{Sabotage, Weather};
use crate::runtime;
use crate::storm::books::{Books, Letter};
use crate::storm::crowd::Crowd;
use crate::storm::fleet::Fleet;
use crate::storm::tally::Tally;
use crate::town::Town;
use futures_util::StreamExt;
use jiff::SignedDuration;
use keyleak::domain::announce::{What, announcements};
use keyleak::domain::case::Case;
use keyleak::drill::people::{APPROVER, KEY_OWNER, REPORTER, SECOND_APPROVER};
use keyleak::ports::clock::Clock;
use keyleak::ports::journal::Work;
use keyleak::sim::cloud::setup::NewUser;
use keyleak::sim::slack::deliver::Twist;
use libtest_mimic::{Failed, Trial};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// A lease of 30 seconds is over in three.
const SPEED: u32 = 10;
/// Requests under way at once; Slack knows no such limit, but two cores do.
const AT_ONCE: usize = 12;
/// After the last delivery everything comes to its end within this.
const PATIENCE: Duration = Duration::from_secs(120);
const PATIENCE_WITH_SABOTAGE: Duration = Duration::from_secs(4);
const GLANCE: Duration = Duration::from_millis(100);
/// For so long no journal may have grown before everything counts as done.
const QUIET: Duration = Duration::from_millis(1_500);
const AGE_OF_USERS: SignedDuration = SignedDuration::from_hours(24 * 200);

/// The whole storm: so many cases and deliveries, first in peace and then with a replica killed
/// every few seconds.
const CASES: usize = 50;
const DELIVERIES: usize = 10_000;
const KILLED_EVERY: Duration = Duration::from_secs(2);

/// How bad it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Storm {
    pub(crate) seed: u64,
    /// So many at first; half-way one more joins them.
    pub(crate) replicas: usize,
    pub(crate) cases: usize,
    pub(crate) deliveries: usize,
    /// One is killed after every such span, or up to twice as much.
    pub(crate) killed_every: Option<Duration>,
    pub(crate) sabotage: Option<Sabotage>,
    /// The sabotage of what a repeat is known by: it comes under another key.
    pub(crate) keys_are_fresh: bool,
}

/// What everybody in the storm is under.
pub(crate) struct Sky<'a> {
    pub(crate) town: &'a Town,
    pub(crate) fleet: &'a Fleet<'a>,
    pub(crate) books: Books,
    pub(crate) keys_are_fresh: bool,
    permits: Semaphore,
    posted: AtomicUsize,
    half_way: CancellationToken,
    half: usize,
}

impl Storm {
    fn is_sabotaged(&self) -> bool {
        self.sabotage.is_some() || self.keys_are_fresh
    }
}

impl Sky<'_> {
    /// Delivers a letter to one of the replicas, as far as that is alive.
    pub(crate) async fn post(&self, letter: Letter, to: usize) {
        let _permit = self.permits.acquire().await.unwrap();
        if self.posted.fetch_add(1, Ordering::SeqCst) == self.half {
            self.half_way.cancel();
        }
        let bot_url = self.fleet.urls().into_iter().nth(to);
        let slack = self.town.world.slack.twisted(Twist { bot_url, ..Twist::default() });
        let delivery = slack.send(letter.sent.clone()).await;
        self.books.note(&letter, &delivery);
    }

    /// The body of a repeat, which is the same but for the sabotage.
    pub(crate) fn body_again(&self, body: &str) -> String {
        if !self.keys_are_fresh {
            return body.to_owned();
        }
        let fresh = format!("{:?}", self.town.world.clock.now().as_nanosecond());
        let renamed = |name: &str, value: &str| match name {
            "trigger_id" => fresh.clone(),
            "payload" => {
                let mut payload: serde_json::Value = serde_json::from_str(value).unwrap();
                payload["actions"][0]["action_ts"] = serde_json::json!(fresh);
                payload.to_string()
            }
            _ => value.to_owned(),
        };
        let mut form = form_urlencoded::Serializer::new(String::new());
        for (name, value) in form_urlencoded::parse(body.as_bytes()) {
            form.append_pair(&name, &renamed(&name, &value));
        }
        form.finish()
    }
}

/// A sample of the storm, and ways to build the bot wrongly that its check must notice.
pub(crate) fn trials() -> Vec<Trial> {
    let sample = Storm {
        seed: Clock::real().now().as_millisecond().unsigned_abs(),
        replicas: 2,
        cases: 4,
        deliveries: 320,
        killed_every: Some(Duration::from_millis(700)),
        sabotage: None,
        keys_are_fresh: false,
    };
    let calm = Storm { cases: 2, deliveries: 160, killed_every: None, ..sample };
    let storm = Trial::test("nothing_is_lost_or_done_twice_in_a_storm_with_kills", move || {
        let tally = runtime().block_on(rage(sample));
        if tally.problems.is_empty() { Ok(()) } else { Err(Failed::from(tally.table())) }
    });
    let sabotages = [
        (
            "sabotage_an_append_that_takes_the_place_of_another_turns_the_storm_red",
            Storm { sabotage: Some(Sabotage::LastWriteWins), ..calm },
            &["CHAIN", "UNREADABLE", "LOST"][..],
        ),
        (
            "sabotage_a_repeat_that_is_not_known_by_its_key_turns_the_storm_red",
            Storm { keys_are_fresh: true, ..calm },
            &["COUNTED TWICE"],
        ),
        (
            "sabotage_a_yes_before_the_append_turns_the_storm_red",
            Storm { sabotage: Some(Sabotage::AckBeforeAppend), ..calm },
            &["LOST"],
        ),
    ];
    let sabotages = sabotages.map(|(name, storm, expected)| {
        Trial::test(name, move || {
            let tally = runtime().block_on(rage(storm));
            let is_expected = |wrong: &String| expected.iter().any(|word| wrong.starts_with(word));
            let noticed = tally.problems.iter().any(is_expected);
            if noticed { Ok(()) } else { Err(Failed::from(tally.table())) }
        })
    });
    [storm].into_iter().chain(sabotages).collect()
}

/// The whole storm with this seed, or one with fewer deliveries; whether all was well.
pub(crate) fn whole(seed: u64, deliveries: Option<u64>) -> bool {
    let deliveries = deliveries.map_or(DELIVERIES, |given| usize::try_from(given).unwrap());
    let calm = Storm {
        seed,
        replicas: 2,
        cases: CASES.min(deliveries / 20),
        deliveries,
        killed_every: None,
        sabotage: None,
        keys_are_fresh: false,
    };
    let storms = [calm, Storm { killed_every: Some(KILLED_EVERY), ..calm }];
    eprintln!("seed {seed}");
    let problems = storms.map(|storm| {
        let tally = runtime().block_on(rage(storm));
        println!("{}", tally.table());
        tally.problems.len()
    });
    problems == [0, 0]
}

/// Lets it storm, and says what came of it.
pub(crate) async fn rage(storm: Storm) -> Tally {
    let begun = Instant::now();
    let town = Town::found(SPEED, Weather::Storm).await;
    let leaked = furnish(&town, storm.cases);
    let fleet = Fleet::start(&town, storm.replicas, storm.sabotage).await;
    let sky = Sky {
        town: &town,
        fleet: &fleet,
        books: Books::default(),
        keys_are_fresh: storm.keys_are_fresh,
        permits: Semaphore::new(AT_ONCE),
        posted: AtomicUsize::new(0),
        half_way: CancellationToken::new(),
        half: storm.deliveries / 2,
    };
    let mut crowds: Vec<Crowd<'_>> = leaked
        .iter()
        .enumerate()
        .map(|(nth, leaked)| {
            let share =
                (nth + 1) * storm.deliveries / storm.cases - nth * storm.deliveries / storm.cases;
            Crowd::new(&sky, leaked, Chance::new(storm.seed, nth), share)
        })
        .collect();
    let over = CancellationToken::new();
    let killing = async {
        if let Some(every) = storm.killed_every {
            let chance = Chance::new(storm.seed, storm.cases);
            fleet.kill_again_and_again((every, chance), &over).await;
        }
    };
    let storming = async {
        let playing = crowds.iter_mut().map(Crowd::play);
        futures_util::stream::iter(playing).buffer_unordered(storm.cases).count().await;
        over.cancel();
    };
    let growing = async {
        sky.half_way.cancelled().await;
        fleet.grow().await;
    };
    tokio::join!(killing, growing, storming);
    let stormed = begun.elapsed();
    let patience = if storm.is_sabotaged() { PATIENCE_WITH_SABOTAGE } else { PATIENCE };
    let unsettled = settle(&town, &mut crowds, patience).await;
    let mut tally = Tally::of(&storm, &sky).await;
    tally.problems.extend(unsettled);
    tally.problems.extend(judge::problems(&sky, &leaked, fleet.folds().await).await);
    if !tally.problems.is_empty() {
        tally.log = town.log();
    }
    (tally.stormed, tally.took) = (stormed, begun.elapsed());
    drop(crowds);
    drop(sky);
    drop(fleet);
    town.close().await;
    tally
}

/// A user with a key for each case; some belong to one of the approvers.
fn furnish(town: &Town, cases: usize) -> Vec<String> {
    let made = town.world.clock.now() - AGE_OF_USERS;
    let user = |nth: usize| {
        let user = NewUser::named(&format!("robot-{nth:02}"), made);
        let user = user.attached("arn:aws:iam::aws:policy/AdministratorAccess");
        let user = if nth.is_multiple_of(3) { user.tag("owner", "dan") } else { user };
        let (_, key) = town.world.cloud.add_user(user).unwrap();
        key.access_key_id
    };
    (0..cases).map(user).collect()
}

/// After the storm people decide what is left open, and the bots come to the end of their work.
async fn settle(town: &Town, crowds: &mut [Crowd<'_>], patience: Duration) -> Vec<String> {
    let deadline = Instant::now() + patience;
    let mut grown = (0, Instant::now());
    loop {
        let cases = all_cases(town).await;
        let records: u64 = cases.iter().map(|case| case.as_ref().map_or(0, Case::seq)).sum();
        if records != grown.0 {
            grown = (records, Instant::now());
        }
        let restless: Vec<String> = cases.iter().filter_map(restless).collect();
        if restless.is_empty() && grown.1.elapsed() > QUIET {
            return Vec::new();
        }
        if Instant::now() > deadline {
            return restless;
        }
        for case in cases.iter().flatten() {
            let crowd = crowds.iter_mut().find(|crowd| crowd.is_about(case));
            if let (Some(crowd), true) = (crowd, case.pending_plan().is_some()) {
                // Where too few are left who may approve, one of them says no.
                match missing_approver(case) {
                    Some(who) => crowd.press(who, "plan.approve").await,
                    None => crowd.press(APPROVER, "plan.deny").await,
                }
            }
        }
        tokio::time::sleep(GLANCE).await;
    }
}

/// Every case that was opened, or why it cannot be read.
pub(crate) async fn all_cases(town: &Town) -> Vec<Result<Case, String>> {
    let mut cases = Vec::new();
    for id in town.store.all_cases().await.unwrap() {
        match town.ledger.find(&id).await {
            Ok(Some(case)) => cases.push(Ok(case)),
            // Listed for an opening that was never written.
            Ok(None) => {}
            Err(error) => cases.push(Err(error.to_string())),
        }
    }
    cases
}

/// What a case still waits for.
fn restless(case: &Result<Case, String>) -> Option<String> {
    let case = match case {
        Ok(case) => case,
        Err(error) => return Some(format!("UNREADABLE: {error}")),
    };
    let waits = |what: &str| Some(format!("UNFINISHED: {} waits for {what}", case.id()));
    let room = case.room();
    if case.is_archived() {
        return None;
    }
    if case.closed_at().is_some() {
        return waits("its archive");
    }
    // Nobody reads a trail in a storm, so that nobody says how far questions are.
    if let Some(owed) = announcements(case)
        .iter()
        .filter(|owed| !matches!(owed.what, What::Progress(_)))
        .find(|owed| !room.posted.contains_key(&owed.key) && !room.given_up.contains(&owed.key))
    {
        return waits(&owed.key.0);
    }
    if let Some(state) = case.plans().find(|state| state.is_under_way()) {
        return waits(&format!("plan {} to be carried out", state.plan.number.0));
    }
    match case.pending_plan() {
        Some(state) => waits(&format!("a decision about plan {}", state.plan.number.0)),
        None if case.wanted_undo().is_some() => waits("its undo"),
        None => None,
    }
}

/// Somebody whose approval the waiting plan still lacks.
fn missing_approver(case: &Case) -> Option<&'static str> {
    let state = case.pending_plan()?;
    let said = case.exposure().said_by().map(|press| press.by.user.as_str());
    let owner = case.facts().owner_known().is_some_and(|owner| owner.owner_tag.is_some());
    [APPROVER, SECOND_APPROVER, REPORTER, KEY_OWNER].into_iter().find(|who| {
        let approved = state.approvals.iter().any(|press| press.by.user == *who);
        let asked = state.plan.requested_by.user == *who || said == Some(who);
        let owns = owner && *who == KEY_OWNER;
        !(approved || asked || owns)
    })
}
