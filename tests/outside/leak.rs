//! A leaked key on the emulator: what its thief does with it, all of it recorded.

use crate::account::{Account, Credential};
use crate::attacker::SdkAttacker;
use crate::frame::Missing;
use crate::ground::{USER, plunder};
use crate::parts::Parts;
use crate::recorder::Recorder;
use jiff::Timestamp;
use keyleak::ports::clock::Clock;
use std::time::Duration;
use tempfile::TempDir;

/// The user the bot works as, who was there before anything leaked.
pub(crate) const BOT: &str = "keyleak-bot";
/// Where the bot calls from.
pub(crate) const BOT_IP: &str = "192.0.2.80";
/// Where the thief calls from.
pub(crate) const THIEF_IP: &str = "198.51.100.23";
/// Where everybody else calls from.
pub(crate) const OFFICE_IP: &str = "203.0.113.7";
/// IAM and the trail tell times in whole seconds, so that this parts before from after.
const NEXT_SECOND: Duration = Duration::from_millis(1_100);
/// Longer than any trial takes, so that only a flush delivers.
const NEVER: Duration = Duration::from_secs(3600);

/// What was stolen, what grew out of it, and the trail of it all.
#[derive(Debug)]
pub(crate) struct Leak {
    pub(crate) recorder: Recorder,
    /// The account as its owner reaches it.
    pub(crate) owner: Account,
    /// The account as the thief reaches it.
    pub(crate) thief: Account,
    /// The account as the bot reaches it.
    pub(crate) bot: Account,
    pub(crate) bot_key: Credential,
    /// The settings that say with whose rights the bot looks and changes.
    pub(crate) rights: String,
    /// When the key leaked: after everything lawful, before everything else.
    pub(crate) since: Timestamp,
    pub(crate) key: Credential,
    /// Minted with `GetSessionToken`.
    pub(crate) session: Credential,
    /// Minted with `GetFederationToken`.
    pub(crate) federated: Credential,
    /// The key of the user the thief made.
    pub(crate) backdoor: Credential,
    _folder: TempDir,
}

/// Lets a key leak and be used, by the thief and by its lawful owner; nothing is delivered yet.
pub(crate) async fn leak(parts: &Parts, account: &str) -> Result<Leak, Missing> {
    leak_delivered(parts, account, NEVER).await
}

/// The same, with each record delivered this much later.
pub(crate) async fn leak_delivered(
    parts: &Parts,
    account: &str,
    delay: Duration,
) -> Result<Leak, Missing> {
    let upstream = parts.ministack()?.address();
    let folder = tempfile::tempdir().expect("a folder for the trail");
    let recorder = Recorder::new(upstream, folder.path(), Clock::real(), delay);
    let owner = Account::at(recorder.door(OFFICE_IP).await, account).await;
    let thief = Account::at(recorder.door(THIEF_IP).await, account).await;
    let key = owner.administrator(USER).await;
    owner.as_holder_of(&key).list_buckets().await.expect("her lawful use");
    let bot = Account::at(recorder.door(BOT_IP).await, account).await;
    let bot_key = owner.administrator(BOT).await;
    tokio::time::sleep(NEXT_SECOND).await;
    let since = Timestamp::from_second(Clock::real().now().as_second()).expect("a time");

    let takings = plunder(&SdkAttacker::new(&thief), &key.as_loot("key")).await;
    let held = |at: usize| Credential::from(&takings.loot[at]);
    let (session, federated) = (held(1), held(2));
    let backdoor = Credential::from(&takings.backdoor);
    // The new user may do nothing yet; a refusal belongs in a trail too.
    thief.as_holder_of(&backdoor).list_buckets().await.expect_err("it may not");
    Ok(Leak {
        recorder,
        owner,
        thief,
        bot,
        bot_key,
        rights: "contain = \"own-credentials\"".to_owned(),
        since,
        key,
        session,
        federated,
        backdoor,
        _folder: folder,
    })
}

impl Leak {
    /// Everything that worked, as the thief holds it.
    pub(crate) fn loot(&self) -> Vec<keyleak::sim::attacker::Credential> {
        vec![
            self.key.as_loot("key"),
            self.session.as_loot("session token"),
            self.federated.as_loot("federation token"),
        ]
    }

    /// The way in which the thief uses it.
    pub(crate) fn attacker(&self) -> SdkAttacker {
        SdkAttacker::new(&self.thief)
    }
}
