//! An account in which a key leaked, as everybody in a story reaches it: thief, bot and trail.

use jiff::Timestamp;
use keyleak::domain::agenda::Timing;
use keyleak::ports::clock::Clock;
use keyleak::ports::cloud::{Contain, Lookup};
use keyleak::sim::attacker::{Attacker, Credential, Operation, Reply};
use std::any::Any;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// The user whose key leaked.
pub(crate) const USER: &str = "ci-deploy";
/// The user the thief makes.
pub(crate) const BACKDOOR: &str = "support-tools";
/// The same story is told on every ground.
pub(crate) struct Ground {
    pub(crate) clock: Clock,
    pub(crate) timing: Timing,
    pub(crate) lookup: Arc<dyn Lookup>,
    pub(crate) contain: Arc<dyn Contain>,
    pub(crate) deny_policy_arn: String,
    pub(crate) protected_arns: Vec<String>,
    pub(crate) isolation_groups: BTreeMap<String, String>,
    /// From the owner tag of a user or a resource to a person.
    pub(crate) key_owners: BTreeMap<String, String>,
    /// Where the trail is delivered.
    pub(crate) trail: PathBuf,
    pub(crate) attacker: Arc<dyn Attacker>,
    /// When the key leaked: after everything lawful, before everything else.
    pub(crate) since: Timestamp,
    /// The key, a session and a federated session of its user, in this order.
    pub(crate) loot: Vec<Credential>,
    /// The key of the user the thief made.
    pub(crate) backdoor: Credential,
    /// What must live as long as the account.
    pub(crate) _parts: Box<dyn Any + Send + Sync>,
}

impl Ground {
    /// The leaked key.
    pub(crate) fn key(&self) -> &Credential {
        &self.loot[0]
    }
}

/// What the thief holds after the first moves.
pub(crate) struct Takings {
    pub(crate) loot: Vec<Credential>,
    pub(crate) backdoor: Credential,
}

/// The thief's first moves with a stolen key: two sessions, a user with a key, and use of it all.
pub(crate) async fn plunder(attacker: &dyn Attacker, key: &Credential) -> Takings {
    let with = async |held: &Credential, operation: Operation| {
        let reply = attacker.call(held, &operation).await;
        assert!(reply.worked(), "{operation:?}: {reply:?}");
        reply
    };
    let minted = |reply: Reply, label: &str| match reply {
        Reply::Minted(credential) => Credential { label: label.to_owned(), ..credential },
        Reply::Allowed | Reply::Refused(_) => panic!("{label}: {reply:?}"),
    };
    let session = minted(with(key, Operation::GetSessionToken).await, "session token");
    let federated = Operation::GetFederationToken { name: "helpdesk".to_owned() };
    let federated = minted(with(key, federated).await, "federation token");
    let user = || BACKDOOR.to_owned();
    with(key, Operation::CreateUser { user: user() }).await;
    let made = with(key, Operation::CreateAccessKey { user: user() }).await;
    let backdoor = minted(made, "key of the new user");
    let loot = vec![Credential { label: "key".to_owned(), ..key.clone() }, session, federated];
    for held in &loot {
        with(held, Operation::ListBuckets).await;
        with(held, Operation::GetCallerIdentity).await;
    }
    Takings { loot, backdoor }
}
