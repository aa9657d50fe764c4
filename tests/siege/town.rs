//! An account with a leaked key, a role that colleagues share, and fifty people at lawful work.

use crate::ground::{Ground, USER};
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
pub(crate) const ABROAD: &str = "999999999999";
/// A role of long ago, which everybody at work here uses.
pub(crate) const SHARED: &str = "deploy";
const PEOPLE: usize = 50;

pub(crate) struct Town {
    pub(crate) ground: Ground,
    pub(crate) cloud: Arc<SimCloud>,
    pub(crate) office: Arc<Visitor>,
    /// Each with a key of its own, named after its user.
    pub(crate) people: Vec<(String, Credential)>,
    /// The actor's key in its own account.
    pub(crate) abroad: Credential,
}

/// The trust policy that lets everybody of these accounts in.
pub(crate) fn trust(accounts: &[&str]) -> String {
    let roots = accounts.iter().map(|account| format!("\"arn:aws:iam::{account}:root\""));
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow",
        "Principal":{{"AWS":[{}]}},"Action":"sts:AssumeRole"}}]}}"#,
        roots.collect::<Vec<_>>().join(",")
    )
}

pub(crate) fn role_arn(role: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{role}")
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
