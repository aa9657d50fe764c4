//! An account with a leaked key, a role that colleagues share, and fifty people at lawful work.

use crate::ground::{Ground, USER};
use crate::moves::{SHARED, trust};
use crate::raider::{Quarry, Raider};
use crate::sim_account::{ACCOUNT, SimAccount};
use keyleak::sim::attacker::Credential;
use keyleak::sim::cloud::SimCloud;
use keyleak::sim::cloud::attacker::Visitor;
use keyleak::sim::cloud::managed::ADMINISTRATOR;
use keyleak::sim::cloud::setup::{NewRole, NewUser};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

/// The tag that the organization's service control policy is about.
pub(crate) const TAG: &str = "keyleak-quarantine";
/// An account that the actor has, and that nobody here knows.
const ABROAD: &str = "999999999999";
/// The shortest and the longest pause between two moves, in milliseconds of the account.
const PAUSE_MS: (usize, usize) = (300, 5_000);
const PEOPLE: usize = 50;

pub(crate) struct Town {
    pub(crate) ground: Ground,
    pub(crate) cloud: Arc<SimCloud>,
    pub(crate) office: Arc<Visitor>,
    /// Each with a key of its own, named after its user.
    pub(crate) people: Vec<(String, Credential)>,
    /// The actor's key in its own account.
    abroad: Credential,
}

impl Town {
    /// Lets an actor loose on it, who may watch for the deny and take it off.
    pub(crate) fn besieged(&self, seed: u64, takes_off: bool) -> Raider {
        let quarry = Quarry {
            account: ACCOUNT.to_owned(),
            abroad: ABROAD.to_owned(),
            key_abroad: self.abroad.clone(),
            colleagues: self.people.iter().map(|(name, _)| name.clone()).collect(),
            takes_off,
            pause_ms: PAUSE_MS,
        };
        Raider::at_work(&self.ground, seed, quarry)
    }
}

/// A town whose clock runs so much faster and whose IAM takes so long to enforce; its key leaks,
/// and the thief is inside.
pub(crate) async fn town(
    (seed, speed): (u64, u32),
    lag: RangeInclusive<Duration>,
    policies: &[&str],
) -> Town {
    let account = SimAccount::new((seed, speed), lag);
    let (cloud, long_ago) = (Arc::clone(&account.cloud), account.long_ago());
    let admin = |name: &str| {
        let user = NewUser::named(name, long_ago).attached(ADMINISTRATOR);
        cloud.add_user(user).expect("a user").1
    };
    let key = admin(USER);
    let people = (1..=PEOPLE).map(|at| format!("colleague-{at:02}"));
    let people = people.map(|name| (name.clone(), admin(&name))).collect();
    let role = NewRole::trusting(SHARED, &trust(&[ACCOUNT]), long_ago).attached(ADMINISTRATOR);
    cloud.add_role(role).expect("a role");
    let abroad = cloud.add_foreign_key(ABROAD);
    if !policies.is_empty() {
        cloud.govern(TAG, policies).expect("a policy");
    }
    let office = Arc::new(account.office());
    Town { ground: account.leak(&key).await, cloud, office, people, abroad }
}
