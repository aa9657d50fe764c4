//! A siege on an AWS we did not write: an actor by chance, its trail as delayed objects, and the
//! adapters that work in production.
//!
//! What the emulator lacks is tried on the simulated account alone (`tests/siege`): IAM's lag, a
//! console to sign in to, service-specific credentials, SSH keys and certificates. The actor's
//! tries of these are counted. Here it has more than AWS gives: sessions of a user may call IAM.

use crate::account::Account;
use crate::approving::{approve_containment, contained};
use crate::attacker::{NOT_POSSIBLE_HERE, SdkAttacker};
use crate::bureau::{Bureau, honest, journal};
use crate::emulated::{DELIVERY, ground_of};
use crate::frame::{Missing, trial_async};
use crate::ground::Ground;
use crate::lawful::{BYSTANDER, Office, wronged};
use crate::leak::{THIEF_IP, leak_delivered};
use crate::moves::{SHARED, role_arn, trust};
use crate::parts::Parts;
use crate::raider::{Quarry, Raider};
use async_trait::async_trait;
use jiff::SignedDuration;
use keyleak::domain::principal::PrincipalKind;
use keyleak::ports::cloud::{Applied, CallError, Contain};
use keyleak::ports::ticket::Ticket;
use keyleak::sim::attacker::{Attacker, Credential, Operation, Reply};
use libtest_mimic::Trial;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The seeds that are tried, as `COUNT` or `COUNT FIRST`; without it a sample is.
const SEEDS: &str = "KEYLEAK_SIEGE_SEEDS";
const SAMPLE: Range<u64> = 13..14;
/// The seed of the sabotage, in an account of its own.
const SABOTAGE: u64 = 1_000_000;
const COLLEAGUES: [&str; 3] = ["colleague-01", "colleague-02", "colleague-03"];
/// The shortest and the longest pause between two moves, in milliseconds: about as long as it takes
/// until the trail tells of one.
const PAUSE_MS: (usize, usize) = (100, 900);
/// For a machine that is too busy for that: actor and bot share one emulator.
const UNHURRIED: usize = 3;
/// One siege in so many may take a second try, and in a shorter run one; more is a hang that comes
/// at speed and not a busy machine.
const SECOND_TRY_ONCE_IN: usize = 10;
static SECOND_TRIES: AtomicUsize = AtomicUsize::new(0);
/// How many moves the actor makes, about, before anybody notices.
const MOVES_BEFORE: u32 = 20;
/// How long it goes on after the case says "contained".
const AFTERWARDS: Duration = Duration::from_secs(2);
/// "Contained" comes within ten seconds, and under load within a minute.
const PATIENCE: SignedDuration = SignedDuration::from_secs(60);
/// Longer than an honest siege takes.
const IN_VAIN: SignedDuration = SignedDuration::from_secs(12);
const ALLOW_ALL: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
const ALLOW_ASSUMING: &str = r#"{"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}]}"#;

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let siege = |seed| {
        let parts = Arc::clone(parts);
        let name = format!("siege_seed_{seed}_holds_nothing_that_works_after_contained");
        trial_async(&name, move || async move {
            let outcome = in_peace(&parts, seed).await?;
            eprintln!("siege on the emulator: seed {seed}: {}", outcome.words());
            let faults = outcome.faults();
            assert!(faults.is_empty(), "seed {seed}:\n{}\n{}", faults.join("\n"), outcome.journal);
            assert!(outcome.is_busy(), "seed {seed}: {}", outcome.words());
            Ok(())
        })
    };
    let parts = Arc::clone(parts);
    let sabotage =
        trial_async("siege_sabotage_a_role_that_was_left_out_is_named", move || async move {
            spared(&parts).await
        });
    seeds().map(siege).chain([sabotage]).collect()
}

fn seeds() -> Range<u64> {
    let Some(wanted) = std::env::var_os(SEEDS) else { return SAMPLE };
    let wanted = wanted.into_string().expect("numbers");
    let mut numbers = wanted.split_whitespace().map(|word| word.parse().expect("a number"));
    let count: u64 = numbers.next().expect("how many");
    let first = numbers.next().unwrap_or(SAMPLE.start);
    first..first + count
}

/// How a siege ended.
struct Outcome {
    contained_after: Option<SignedDuration>,
    credentials: usize,
    tried: usize,
    /// Tries of what the emulator lacks, by call.
    not_possible: BTreeMap<&'static str, usize>,
    /// Calls that were allowed after "contained", or after it was waited for in vain.
    survivors: Vec<String>,
    /// Lawful calls after it, and those that were refused to people whom no plan names.
    lawful: usize,
    wronged: Vec<String>,
    /// How many sieges of this run were tried again, this one included; none where it was not.
    second_tries: Option<usize>,
    journal: String,
}

impl Outcome {
    fn faults(&self) -> Vec<String> {
        let never = self.contained_after.is_none().then(|| "never contained".to_owned());
        let survivors = self.survivors.iter().map(|call| format!("allowed: {call}"));
        let wronged = self.wronged.iter().map(|call| format!("no plan names whom it hit: {call}"));
        let tries = self.second_tries.filter(|tries| *tries > second_tries_max());
        let tries = tries.map(|tries| format!("{tries} sieges were not contained at speed"));
        never.into_iter().chain(survivors).chain(wronged).chain(tries).collect()
    }

    /// A siege by somebody who got nowhere would show nothing.
    fn is_busy(&self) -> bool {
        self.credentials >= 8 && self.tried > 200 && self.lawful > COLLEAGUES.len()
    }

    fn words(&self) -> String {
        let after = self.contained_after.map_or("not contained".to_owned(), |after| {
            format!("contained after {:.1} s", after.as_secs_f64())
        });
        let again = self.second_tries.map_or(String::new(), |tries| {
            format!("at the second and slower try (number {tries} of this run), ")
        });
        format!(
            "{again}{after}, {} credentials, {} calls tried, {} lawful ones afterwards, \
             not possible here: {:?}",
            self.credentials, self.tried, self.lawful, self.not_possible
        )
    }
}

/// What stands between a siege and an honest one.
struct Terms {
    /// What an account's number begins with, and that of the actor's own.
    prefixes: (u8, u8),
    /// How many times slower the actor is.
    slower: usize,
    rights: fn(Arc<dyn Contain>) -> Arc<dyn Contain>,
    patience: SignedDuration,
    /// Who is denied behind the back of every plan.
    denied_by_hand: Option<&'static str>,
}

const HONEST: Terms = Terms {
    prefixes: (71, 72),
    slower: 1,
    rights: |rights| rights,
    patience: PATIENCE,
    denied_by_hand: None,
};

fn second_tries_max() -> usize {
    seeds().count().div_ceil(SECOND_TRY_ONCE_IN)
}

/// On a busy machine the actor may outrun a bot that gets no time; so what was never contained is
/// tried once more with less haste. That is told and counted, as a hang that comes only at speed
/// looks the same.
async fn in_peace(parts: &Parts, seed: u64) -> Result<Outcome, Missing> {
    let outcome = besiege(parts, seed, &HONEST).await?;
    match outcome.contained_after {
        Some(_) => Ok(outcome),
        None => {
            let unhurried = Terms { prefixes: (73, 74), slower: UNHURRIED, ..HONEST };
            let second_tries = Some(SECOND_TRIES.fetch_add(1, Ordering::Relaxed) + 1);
            eprintln!(
                "siege on the emulator: seed {seed} at speed: {}\n{}",
                outcome.words(),
                outcome.journal
            );
            Ok(Outcome { second_tries, ..besiege(parts, seed, &unhurried).await? })
        }
    }
}

async fn besiege(parts: &Parts, seed: u64, terms: &Terms) -> Result<Outcome, Missing> {
    let Terms { prefixes: (here, elsewhere), slower, rights, patience, denied_by_hand } = *terms;
    let account = format!("{here}{seed:010}");
    let abroad = format!("{elsewhere}{seed:010}");
    let Town { ground, mut quarry, visitor, office } = town(parts, &account, &abroad).await?;
    let (shortest, longest) = PAUSE_MS;
    quarry.pause_ms = (shortest * slower, longest * slower);
    let pause = Duration::from_millis(((shortest + longest) * slower / 2) as u64);
    let clock = ground.clock;
    let session = session_of_the_shared_role(&ground, &account).await;
    let raider = Raider::at_work(&ground, seed, quarry);
    raider.den.give(session);
    clock.sleep(pause * MOVES_BEFORE).await;
    let bureau = Bureau::open_with(&ground, rights, honest).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    approve_containment(&bureau, &case).await;
    let approved = clock.now();
    let contained = contained(&bureau, &case, patience).await;
    let from = contained.unwrap_or_else(|| clock.now());
    clock.sleep(AFTERWARDS).await;
    raider.rest().await;
    raider.den.try_everything().await;
    if let Some(user) = denied_by_hand {
        office.deny_by_hand(user).await;
    }
    let lawful = office.work().await;
    bureau.checked_chain(&case).await;
    let now = bureau.desk.ledger.load(&case).await.expect("the case is readable");
    bureau.close().await;
    Ok(Outcome {
        contained_after: contained.map(|at| at.duration_since(approved)),
        credentials: raider.den.held().len(),
        tried: raider.den.tried(),
        not_possible: visitor.not_possible(),
        survivors: raider.den.allowed_after(from),
        lawful: lawful.len(),
        wronged: wronged(&lawful, &now),
        second_tries: None,
        journal: journal(&now),
    })
}

/// The bot takes every step but those about roles, and is told that they were taken too; and
/// somebody is denied whom no plan names.
async fn spared(parts: &Parts) -> Result<(), Missing> {
    let rights = |inner| Arc::new(SparesRoles { inner }) as Arc<dyn Contain>;
    let denied_by_hand = Some(BYSTANDER);
    let terms = Terms { rights, patience: IN_VAIN, denied_by_hand, ..HONEST };
    let outcome = besiege(parts, SABOTAGE, &terms).await?;
    let journal = &outcome.journal;
    assert!(outcome.contained_after.is_none(), "it is called contained\n{journal}");
    let names = |call: &String| call.contains(&format!("with {LEFT}"));
    assert!(outcome.survivors.iter().any(names), "{:?}\n{journal}", outcome.survivors);
    let hers = |call: &String| call.contains(&format!("ListBuckets by {BYSTANDER} was refused"));
    assert!(outcome.wronged.iter().any(hers), "{:?}\n{journal}", outcome.wronged);
    Ok(())
}

struct SparesRoles {
    inner: Arc<dyn Contain>,
}

#[async_trait]
impl Contain for SparesRoles {
    async fn apply(&self, ticket: &Ticket) -> Result<Applied, CallError> {
        if ticket.action().on.kind == PrincipalKind::Role {
            return Ok(Applied { how: None, request_id: None });
        }
        self.inner.apply(ticket).await
    }

    fn role(&self) -> Option<String> {
        self.inner.role()
    }

    fn eradicate_role(&self) -> Option<String> {
        self.inner.eradicate_role()
    }

    fn recover_role(&self) -> Option<String> {
        self.inner.recover_role()
    }
}

struct Town {
    ground: Ground,
    quarry: Quarry,
    visitor: Arc<Visitor>,
    office: Office,
}

/// An account with colleagues and a role that they share, whose key leaks; and whom to besiege.
async fn town(parts: &Parts, account: &str, abroad: &str) -> Result<Town, Missing> {
    let upstream = parts.ministack()?.address();
    let before = Account::at(upstream, account).await;
    let mut keys = Vec::new();
    for name in COLLEAGUES.into_iter().chain([BYSTANDER]) {
        keys.push((name, before.administrator(name).await));
    }
    let iam = &before.root.iam;
    let role = iam.create_role().role_name(SHARED);
    role.assume_role_policy_document(trust(&[account])).send().await.expect("a role");
    let all = iam.put_role_policy().role_name(SHARED).policy_name("administrator");
    all.policy_document(ALLOW_ALL).send().await.expect("it may do everything");
    let office = Office::open(before, keys).await;
    let leak = leak_delivered(parts, account, DELIVERY).await?;
    leak.recorder.supply_empty_lists();
    leak.recorder.deliver_only_to(account);
    for colleague in COLLEAGUES.into_iter().chain([BYSTANDER]) {
        // From then on the recorder knows whom a name means.
        let look = leak.owner.root.iam.get_user().user_name(colleague).send().await;
        look.expect("a colleague");
    }
    let elsewhere = Account::at(leak.recorder.door(THIEF_IP).await, abroad).await;
    let key_abroad = key_abroad(&elsewhere).await;
    let visitor = Arc::new(Visitor {
        inner: leak.attacker(),
        abroad: key_abroad.access_key_id.clone(),
        not_possible: Mutex::default(),
    });
    let attacker = Arc::clone(&visitor) as Arc<dyn Attacker>;
    let ground = Ground { attacker, ..ground_of(leak).await };
    let quarry = Quarry {
        account: account.to_owned(),
        abroad: abroad.to_owned(),
        key_abroad,
        colleagues: COLLEAGUES.map(str::to_owned).to_vec(),
        takes_off: false,
        pause_ms: PAUSE_MS,
    };
    Ok(Town { ground, quarry, visitor, office })
}

/// The key of a user who may assume roles, in an account of the actor's own.
async fn key_abroad(elsewhere: &Account) -> Credential {
    const NAME: &str = "elsewhere";
    let key = elsewhere.administrator(NAME).await;
    let put = elsewhere.root.iam.put_user_policy().user_name(NAME).policy_name("administrator");
    put.policy_document(ALLOW_ASSUMING).send().await.expect("its rights");
    key.as_loot("key abroad")
}

/// What the actor calls the session that every siege begins with.
const LEFT: &str = "session of the shared role";

async fn session_of_the_shared_role(ground: &Ground, account: &str) -> Credential {
    let (role_arn, session_name) = (role_arn(account, SHARED), "night-shift".to_owned());
    let operation = Operation::AssumeRole { role_arn, session_name };
    match ground.attacker.call(ground.key(), &operation).await {
        Reply::Minted(session) => Credential { label: LEFT.to_owned(), ..session },
        other @ (Reply::Allowed | Reply::Refused(_)) => panic!("{other:?}"),
    }
}

/// The actor's way to the account, which counts what cannot be tried there.
struct Visitor {
    inner: SdkAttacker,
    /// The key that is another account's: what it can do there is nobody's concern here.
    abroad: String,
    not_possible: Mutex<BTreeMap<&'static str, usize>>,
}

impl Visitor {
    fn not_possible(&self) -> BTreeMap<&'static str, usize> {
        self.not_possible.lock().expect("nobody panicked").clone()
    }
}

#[async_trait]
impl Attacker for Visitor {
    async fn call(&self, held: &Credential, operation: &Operation) -> Reply {
        let assumes = matches!(operation, Operation::AssumeRole { .. });
        if held.access_key_id == self.abroad && !assumes {
            return Reply::Refused("NotInThisAccount".to_owned());
        }
        let reply = self.inner.call(held, operation).await;
        if reply == Reply::Refused(NOT_POSSIBLE_HERE.to_owned()) {
            let mut counted = self.not_possible.lock().expect("nobody panicked");
            *counted.entry(operation.name()).or_default() += 1;
        }
        reply
    }
}
