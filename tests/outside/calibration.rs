//! The simulated account against the emulator: the same moves, the same allowed and refused.
//!
//! The simulated account is where IAM's lag, limits and key-last-used exist, so much rests on it;
//! that it grants what an account grants is held to one that we did not write.

use crate::account::{Account, DENY_ALL};
use crate::attacker::SdkAttacker;
use crate::frame::{Missing, trial_async};
use crate::parts::Parts;
use futures_util::stream::{self, StreamExt};
use keyleak::domain::ids::AccountId;
use keyleak::domain::principal::PrincipalName;
use keyleak::ports::clock::Clock;
use keyleak::sim::attacker::{Attacker, Credential, Operation, Reply};
use keyleak::sim::cloud::attacker::Visitor;
use keyleak::sim::cloud::setup::NewUser;
use keyleak::sim::cloud::{SimCloud, SimCloudConfig};
use libtest_mimic::Trial;
use proptest::prelude::{Strategy, any};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

const SEQUENCES: usize = 1_000;
const MOVES_MAX: usize = 12;
/// Sequences that are played at the same time.
const AT_ONCE: usize = 12;
const ACCOUNT: &str = "310000000001";
const ALLOW_ALL: &str = r#"{"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
/// Documents that people and thieves put on users.
const DOCUMENTS: [&str; 4] = [
    ALLOW_ALL,
    DENY_ALL,
    r#"{"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":["s3:List*","sts:*"],"Resource":"*"}]}"#,
    r#"{"Version":"2012-10-17","Statement":[
{"Effect":"Deny","Action":["iam:*"],"Resource":"*"}]}"#,
];

/// One move, as numbers that mean something in any state: each is taken modulo what there is.
type Draw = (u8, u8, u8, u8);

/// A known difference, in which the simulated account is like AWS: it refuses, the emulator allows.
struct Known {
    what: &'static str,
    holds: fn(&Seen) -> bool,
}

/// A move that the one allowed and the other did not.
#[derive(Debug)]
struct Seen {
    operation: Operation,
    caller: Kind,
    simulated: Reply,
    emulated: Reply,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Key,
    Session,
    Federated,
}

const KNOWN: [Known; 3] = [
    Known {
        what: "AWS lets a user's temporary credentials call neither IAM nor most of STS",
        holds: |seen| {
            let free = [Operation::GetCallerIdentity, Operation::ListBuckets];
            seen.caller != Kind::Key && !free.contains(&seen.operation)
        },
    },
    Known {
        what: "AWS gives a user two access keys and no more",
        holds: |seen| seen.simulated == Reply::Refused("LimitExceeded".to_owned()),
    },
    Known {
        what: "in AWS an explicit deny covers GetSessionToken too",
        holds: |seen| {
            seen.operation == Operation::GetSessionToken
                && seen.simulated == Reply::Refused("AccessDenied".to_owned())
        },
    },
];

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let parts = Arc::clone(parts);
    vec![trial_async(
        "a_thousand_random_stories_end_alike_on_the_simulated_account_and_on_the_emulator",
        move || async move { alike(&parts).await },
    )]
}

async fn alike(parts: &Parts) -> Result<(), Missing> {
    let account = Account::at(parts.ministack()?.address(), ACCOUNT).await;
    let deny = account.deny_all_policy().await;
    let stories = stories().into_iter().enumerate();
    let played: Vec<(usize, Option<Seen>)> = stream::iter(stories)
        .map(|(number, story)| play(&account, &deny, number, story))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let moves: usize = played.iter().map(|(moves, _)| moves).sum();
    let mut met: BTreeMap<&str, usize> = BTreeMap::new();
    let mut unknown = Vec::new();
    for seen in played.into_iter().filter_map(|(_, seen)| seen) {
        let laxer = !seen.simulated.worked() && seen.emulated.worked();
        match KNOWN.iter().filter(|_| laxer).find(|known| (known.holds)(&seen)) {
            Some(known) => *met.entry(known.what).or_default() += 1,
            None => unknown.push(seen),
        }
    }
    eprintln!("{moves} moves in {SEQUENCES} stories alike; known differences met: {met:?}");
    assert!(unknown.is_empty(), "{} new differences: {unknown:#?}", unknown.len());
    // A difference that is not met any more is either gone or no longer looked for.
    for known in KNOWN {
        assert!(met.contains_key(known.what), "not met: {}", known.what);
    }
    Ok(())
}

fn stories() -> Vec<Vec<Draw>> {
    let mut runner = TestRunner::deterministic();
    let draw = any::<Draw>();
    let story = proptest::collection::vec(draw, 1..=MOVES_MAX);
    (0..SEQUENCES).map(|_| story.new_tree(&mut runner).expect("a story").current()).collect()
}

/// What both sides hold after the same moves.
struct Cast {
    prefix: String,
    /// The same credential on the simulated account and on the emulator.
    held: Vec<(Kind, Credential, Credential)>,
    /// The keys that were made, with their user, by their two ids.
    keys: Vec<(String, String, String)>,
}

/// Plays a story on both; ends at the first difference, since from there on they are two worlds.
async fn play(
    account: &Account,
    deny: &str,
    number: usize,
    story: Vec<Draw>,
) -> (usize, Option<Seen>) {
    let prefix = format!("s{number}");
    let user = format!("{prefix}-ci");
    let folder = tempfile::tempdir().expect("a folder");
    let clock = Clock::real();
    let cloud = SimCloud::new(SimCloudConfig {
        account: AccountId(ACCOUNT.to_owned()),
        clock,
        seed: number as u64,
        lag: Duration::ZERO..=Duration::ZERO,
        delivery_delay: Duration::ZERO..=Duration::ZERO,
        trail_folder: folder.path().to_owned(),
    })
    .expect("an account");
    assert_eq!(cloud.add_policy("KeyleakDenyAll", DENY_ALL).expect("a policy"), deny);
    let mut new = NewUser::named(&user, clock.now());
    new.inline.push(("administrator".to_owned(), ALLOW_ALL.to_owned()));
    let (_, simulated) = cloud.add_user(new).expect("a user");
    let emulated = account.administrator(&user).await.as_loot("leaked key");
    let here = Visitor::new(&cloud, "203.0.113.66", "Boto3/1.34.1");
    let there = SdkAttacker::new(account);
    let key = (user, simulated.access_key_id.clone(), emulated.access_key_id.clone());
    let mut cast = Cast { prefix, held: vec![(Kind::Key, simulated, emulated)], keys: vec![key] };
    for (done, draw) in story.iter().enumerate() {
        if let Some(seen) = cast.make(&here, &there, (*draw, deny)).await {
            return (done, Some(seen));
        }
    }
    (story.len(), None)
}

impl Cast {
    async fn make(
        &mut self,
        here: &Visitor,
        there: &SdkAttacker,
        (draw, deny): (Draw, &str),
    ) -> Option<Seen> {
        let (verb, who, whom, what) = draw;
        let (caller, ours, theirs) = self.held[who as usize % self.held.len()].clone();
        let (user, our_id, their_id) = self.keys[what as usize % self.keys.len()].clone();
        let (mine, yours) = match verb % 16 {
            10 => (updated(&user, &our_id, what), updated(&user, &their_id, what)),
            11 => (deleted(&user, &our_id), deleted(&user, &their_id)),
            _ => {
                let operation = self.operation(verb % 16, (whom, what), deny);
                (operation.clone(), operation)
            }
        };
        let simulated = here.call(&ours, &mine).await;
        let emulated = there.call(&theirs, &yours).await;
        if simulated.worked() != emulated.worked() {
            return Some(Seen { operation: mine, caller, simulated, emulated });
        }
        if let (Reply::Minted(ours), Reply::Minted(theirs)) = (simulated, emulated) {
            self.keep(&mine, ours, theirs);
        }
        None
    }

    fn operation(&self, verb: u8, (whom, what): (u8, u8), deny: &str) -> Operation {
        let names = ["ci", "tools", "backup"];
        let user = format!("{}-{}", self.prefix, names[whom as usize % names.len()]);
        let policy_arn = deny.to_owned();
        let (name, document) = match what % 3 {
            0 => ("administrator".to_owned(), 0),
            other => (format!("p{other}"), what as usize / 3),
        };
        match verb {
            0 => Operation::GetCallerIdentity,
            1 => Operation::ListUsers,
            2 => Operation::ListBuckets,
            3 => Operation::GetSessionToken,
            4 => Operation::GetFederationToken { name: "helpdesk".to_owned() },
            5 => Operation::CreateUser { user },
            6 => Operation::CreateAccessKey { user },
            7 => Operation::AttachPolicy { to: PrincipalName::user(&user), policy_arn },
            8 => Operation::DetachPolicy { from: PrincipalName::user(&user), policy_arn },
            9 => Operation::DeletePolicy { on: PrincipalName::user(&user), name },
            12 => Operation::DeleteUser { user },
            _ => {
                let document = DOCUMENTS[document % DOCUMENTS.len()].to_owned();
                Operation::PutPolicy { on: PrincipalName::user(&user), name, document }
            }
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "three calls mint")]
    fn keep(&mut self, operation: &Operation, ours: Credential, theirs: Credential) {
        let kind = match operation {
            Operation::GetSessionToken => Kind::Session,
            Operation::GetFederationToken { .. } => Kind::Federated,
            _ => Kind::Key,
        };
        if let Operation::CreateAccessKey { user } = operation {
            let ids = (ours.access_key_id.clone(), theirs.access_key_id.clone());
            self.keys.push((user.clone(), ids.0, ids.1));
        }
        self.held.push((kind, ours, theirs));
    }
}

fn updated(user: &str, key: &str, what: u8) -> Operation {
    Operation::UpdateAccessKey {
        user: user.to_owned(),
        key: key.to_owned(),
        active: what.is_multiple_of(2),
    }
}

fn deleted(user: &str, key: &str) -> Operation {
    Operation::DeleteAccessKey { user: user.to_owned(), key: key.to_owned() }
}
