//! One siege: a raider of this seed, a bot, people who approve, and the reckoning afterwards.

use crate::approving::{approve_containment, contained};
use crate::bureau::{Bureau, honest, journal};
use crate::bystanders::Bystanders;
use crate::guarded;
use crate::town::town;
use jiff::SignedDuration;
use keyleak::domain::case::Case;
use keyleak::domain::event::Event;
use keyleak::ports::cloud::Contain;
use keyleak::ports::trail::Trail;
use keyleak::sim::cloud::LAG;
use keyleak::trail::local::LocalTrail;
use std::sync::Arc;
use std::time::Duration;

/// How long the raider is at work before anybody notices, at least.
const NOTICED_AFTER: Duration = Duration::from_secs(60);
/// How long it goes on after the case says "contained".
const AFTERWARDS: Duration = Duration::from_secs(20);
/// Longer than this no siege takes on the account's clock: IAM settles and the trail comes within
/// two minutes, and people here answer at once.
const PATIENCE: SignedDuration = SignedDuration::from_mins(40);

/// How much faster the account's clock runs: five minutes of read-back become six seconds. Quicker,
/// a machine with two cores makes the bot take seconds for what takes milliseconds.
const SPEED: u32 = 50;
/// For a machine that is too busy even for that.
const UNHURRIED: u32 = 15;

/// So many surviving calls are shown; the rest is more of the same.
const FAULTS_SHOWN_MAX: usize = 60;

/// What stands between a siege and an honest one.
pub(crate) struct Terms {
    pub(crate) speed: u32,
    /// How long IAM may take to enforce, in seconds, where it is not as usual.
    pub(crate) lag_s: Option<u64>,
    /// Whether the raider watches for the deny and takes it off.
    pub(crate) takes_off: bool,
    pub(crate) rights: fn(Arc<dyn Contain>) -> Arc<dyn Contain>,
    pub(crate) trail: fn(LocalTrail) -> Arc<dyn Trail>,
    /// How long "contained" is waited for, on the account's clock.
    pub(crate) patience: SignedDuration,
    /// The organization's service control policies.
    pub(crate) policies: &'static [&'static str],
    /// Whether a credential that no containment is about is put among the raider's.
    pub(crate) plants_one: bool,
}

impl Terms {
    pub(crate) fn honest() -> Self {
        let rights = |rights| rights;
        Self {
            speed: SPEED,
            lag_s: None,
            takes_off: false,
            rights,
            trail: honest,
            patience: PATIENCE,
            policies: &[],
            plants_one: false,
        }
    }

    /// The same, with more of the machine's time for every second of the account's.
    pub(crate) fn unhurried() -> Self {
        Self { speed: UNHURRIED, ..Self::honest() }
    }
}

/// How a siege ended.
pub(crate) struct Outcome {
    /// From the approval to "contained", on the account's clock.
    pub(crate) contained_after: Option<SignedDuration>,
    pub(crate) credentials: usize,
    pub(crate) tried: usize,
    pub(crate) lawful: usize,
    /// Whether anybody was told that a containment was reverted.
    pub(crate) alarmed: bool,
    /// Calls that were allowed after "contained", or after the approval where it was never said.
    pub(crate) survivors: Vec<String>,
    /// Calls by a principal after its tag was enforced, and how many principals were tagged.
    pub(crate) free: Vec<String>,
    pub(crate) tagged: usize,
    /// Bystanders who were refused and whom no plan names.
    pub(crate) wronged: Vec<String>,
    pub(crate) journal: String,
}

impl Outcome {
    /// What is wrong; nothing where the siege ended as promised.
    pub(crate) fn faults(&self) -> Vec<String> {
        let never = self.contained_after.is_none().then(|| "never contained".to_owned());
        let survivors = self.survivors.iter().map(|call| format!("allowed: {call}"));
        let survivors = survivors.take(FAULTS_SHOWN_MAX);
        let wronged = self.wronged.iter().map(|who| format!("refused: {who}"));
        let free = self.free.iter().map(|call| format!("free under the tag: {call}"));
        never.into_iter().chain(survivors).chain(wronged).chain(free).collect()
    }
}

pub(crate) async fn besiege(seed: u64, terms: &Terms) -> Outcome {
    let lag = terms.lag_s.map_or(LAG, |lag| Duration::ZERO..=Duration::from_secs(lag));
    let slowest = *lag.end();
    let town = town((seed, terms.speed), lag, terms.policies).await;
    let clock = town.ground.clock;
    let bystanders = Bystanders::at_work(&town);
    let raider = town.besieged(seed, terms.takes_off);
    if terms.plants_one {
        raider.den.give(town.people[0].1.clone());
    }
    clock.sleep(NOTICED_AFTER).await;
    let bureau = Bureau::open_with(&town.ground, terms.rights, terms.trail).await;
    let case = bureau.report(&town.ground.key().access_key_id, town.ground.since).await;
    approve_containment(&bureau, &case).await;
    let approved = clock.now();
    let contained = contained(&bureau, &case, terms.patience).await;
    clock.sleep(AFTERWARDS).await;
    raider.rest().await;
    raider.den.try_everything().await;
    raider.den.try_everything().await;
    let lawful = bystanders.go_home().await;
    bureau.checked_chain(&case).await;
    let now = bureau.desk.ledger.load(&case).await.expect("the case is readable");
    let outcome = Outcome {
        contained_after: contained.map(|at| at.duration_since(approved)),
        credentials: raider.den.held().len(),
        tried: raider.den.tried(),
        lawful,
        alarmed: is_alarmed(&now),
        survivors: raider.den.allowed_after(contained.unwrap_or(approved)),
        free: guarded::free_under_the_tag(&now, &town.cloud, slowest),
        tagged: guarded::tagged(&now).count(),
        wronged: bystanders.wronged(&now),
        journal: journal(&now),
    };
    bureau.close().await;
    outcome
}

fn is_alarmed(case: &Case) -> bool {
    let mut records = case.records().iter();
    records.any(|record| {
        matches!(&record.event, Event::ReadBack { drifts, .. } if !drifts.is_empty())
            || matches!(record.event, Event::Reapply { .. })
    })
}
