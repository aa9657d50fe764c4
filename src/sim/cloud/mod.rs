//! A simulated AWS account: one stateful IAM and STS, with a trail, behind the program's ports.

pub mod attacker;
pub mod bucket_verdict;
mod calls;
pub mod faults;
pub mod known;
pub mod managed;
pub mod policies;
pub mod resources;
pub mod secrets;
pub mod services;
pub mod sessions;
pub mod setup;
pub mod things;

mod account;
mod authorize;
mod chance;
mod contain;
mod deliver;
mod eradicate;
mod grants;
mod lag;
mod lookup;
mod organization;
mod record;
mod refusal;
mod removals;
mod requests;
mod roles;
#[cfg(test)]
mod tests;
mod users;
mod vault;

use crate::domain::action::SideKind;
use crate::domain::facts::Fact;
use crate::domain::ids::AccountId;
use crate::domain::snapshot::{OfRole, OfUser, Own, Photograph};
use crate::ports::clock::Clock;
use crate::sim::attacker::Credential;
use crate::sim::cloud::account::{Grants, Inline, Role, SessionOf, State, attached};
use crate::sim::cloud::calls::{CallNote, Origin};
use crate::sim::cloud::chance::Chance;
use crate::sim::cloud::deliver::Outbox;
use crate::sim::cloud::faults::{Fault, Faults};
use crate::sim::cloud::lag::Lagged;
use crate::sim::cloud::policies::{Document, PolicyError};
use crate::sim::cloud::sessions::{BOT_ROLE, CONTAIN_ROLE, ERADICATE_ROLE, RECOVER_ROLE};
use jiff::Timestamp;
use std::collections::{BTreeMap, VecDeque};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long IAM takes to enforce a write; measured on the real one at about four seconds.
pub const LAG: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(4);
/// How long `CloudTrail` takes to deliver, when it is quick.
pub const DELIVERY_DELAY: RangeInclusive<Duration> =
    Duration::from_secs(60)..=Duration::from_secs(90);
/// From where the bot calls, and as what it introduces itself.
const BOT_ADDRESS: &str = "198.51.100.10";
const BOT_AGENT: &str = "aws-sdk-rust/1 keyleak";
/// Who may be the bot: nobody that anybody in the account could become.
const BOT_TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
    "Principal":{"Service":"keyleak.invalid"},"Action":"sts:AssumeRole"}]}"#;

/// What a simulated account is made from.
#[derive(Debug, Clone)]
pub struct SimCloudConfig {
    pub account: AccountId,
    pub clock: Clock,
    /// The same seed gives the same ids and delays.
    pub seed: u64,
    /// How long a write takes to be enforced.
    pub lag: RangeInclusive<Duration>,
    /// How long a record takes to be delivered.
    pub delivery_delay: RangeInclusive<Duration>,
    /// Where objects are delivered, below `AWSLogs/`.
    pub trail_folder: PathBuf,
}

/// One account; implements `Lookup` and `Contain` for the bot.
#[derive(Debug)]
pub struct SimCloud {
    clock: Clock,
    bot: Origin,
    state: Mutex<State>,
}

impl SimCloud {
    /// An account with AWS's own policies and the bot's role in it.
    pub fn new(config: SimCloudConfig) -> Result<Arc<Self>, PolicyError> {
        let now = config.clock.now();
        let mut state = State {
            chance: Chance::new(config.seed, &config.account),
            account: config.account,
            lag: config.lag,
            users: BTreeMap::new(),
            user_names: BTreeMap::new(),
            key_owners: BTreeMap::new(),
            last_uses: BTreeMap::new(),
            groups: BTreeMap::new(),
            roles: BTreeMap::new(),
            role_names: BTreeMap::new(),
            root_has_keys: false,
            foreign_keys: BTreeMap::new(),
            scps: Vec::new(),
            quarantine_tag: None,
            policies: managed_policies()?,
            sessions: BTreeMap::new(),
            guard_duty: Vec::new(),
            health: Vec::new(),
            faults: Faults::default(),
            outbox: Outbox::new(config.trail_folder, config.delivery_delay),
            calls: VecDeque::new(),
            bot_changes: 0,
            resources: BTreeMap::new(),
            bot_sessions: BTreeMap::new(),
            secrets: BTreeMap::new(),
        };
        let credential = bot_session(&mut state, now)?;
        let bot = Origin {
            credential,
            source_ip: BOT_ADDRESS.to_owned(),
            user_agent: BOT_AGENT.to_owned(),
        };
        Ok(Arc::new(Self { clock: config.clock, bot, state: Mutex::new(state) }))
    }

    pub fn account(&self) -> AccountId {
        self.lock().account.clone()
    }

    /// The ARN under which the bot acts.
    pub fn bot_arn(&self) -> String {
        let account = self.account();
        format!("arn:aws:sts::{account}:assumed-role/{BOT_ROLE}/{BOT_ROLE}")
    }

    /// The ARN of the role in whose sessions the bot changes the account.
    pub fn contain_role(&self) -> String {
        contain_role(&self.account())
    }

    /// A user as a read would show it now, without a call being made or recorded.
    pub fn user_state(&self, name: &str) -> Option<Photograph> {
        let state = self.lock();
        let user = state.user(name).ok()?;
        let side = |kind| Fact::Known(lookup::side(&user, kind));
        let own = OfUser {
            keys: lookup::keys(&user),
            groups: user.groups.clone(),
            login_profile: Fact::Known(user.login_profile),
            mfa_devices: Fact::Known(user.mfa.clone()),
            service_credentials: side(SideKind::ServiceSpecific),
            ssh_keys: side(SideKind::SshKey),
            signing_certificates: side(SideKind::SigningCertificate),
        };
        let photograph = Photograph {
            name: user.name.clone(),
            id: user.id.clone(),
            arn: state.user_arn(&user),
            path: user.path.clone(),
            created: Some(user.created),
            boundary: user.grants.boundary.clone(),
            tags: user.tags.clone(),
            attached: user.grants.attached.iter().map(|arn| attached(arn)).collect(),
            inline: texts(&user.grants),
            own: Own::User(own),
        };
        Some(photograph.sorted())
    }

    /// A role as a read would show it now.
    pub fn role_state(&self, name: &str) -> Option<Photograph> {
        let state = self.lock();
        let role = state.role(name).ok()?;
        let own = OfRole {
            trust: role.trust.text.clone(),
            description: None,
            session_seconds_max: lookup::SESSION_SECONDS_MAX,
            instance_profiles: Fact::Known(Vec::new()),
        };
        let photograph = Photograph {
            name: role.name.clone(),
            id: role.id.clone(),
            arn: state.role_arn(&role),
            path: role.path.clone(),
            created: Some(role.created),
            boundary: role.grants.boundary.clone(),
            tags: role.tags.clone(),
            attached: role.grants.attached.iter().map(|arn| attached(arn)).collect(),
            inline: texts(&role.grants),
            own: Own::Role(own),
        };
        Some(photograph.sorted())
    }

    /// The names of all roles there are now.
    pub fn role_names(&self) -> Vec<String> {
        self.lock().role_names.keys().cloned().collect()
    }

    /// The names of all users there are now.
    pub fn user_names(&self) -> Vec<String> {
        self.lock().user_names.keys().cloned().collect()
    }

    /// Every call so far, oldest first.
    pub fn calls(&self) -> Vec<CallNote> {
        self.lock().calls.iter().cloned().collect()
    }

    /// How many of the bot's calls changed something.
    pub fn bot_changes(&self) -> u64 {
        self.lock().bot_changes
    }

    /// Lets the bot's `nth` call of this name from now on (1 is the next) go wrong.
    pub fn inject(&self, call: &str, nth: u64, fault: Fault) {
        self.lock().faults.plan(call, nth, fault);
    }

    /// Throttles so many of the bot's next changes, whatever they are called.
    pub fn throttle_changes(&self, times: u32) {
        self.lock().faults.changes_throttled = times;
    }

    /// How many of them are still to be throttled.
    pub fn changes_to_throttle(&self) -> u32 {
        self.lock().faults.changes_throttled
    }

    /// How long a write of from now on takes to be enforced.
    pub fn set_lag(&self, lag: RangeInclusive<Duration>) {
        self.lock().lag = lag;
    }

    pub fn lag(&self) -> RangeInclusive<Duration> {
        self.lock().lag.clone()
    }

    /// Makes calls of this name, or all where none is given, take this long.
    pub fn slow_down(&self, call: Option<&str>, latency: Duration) {
        self.lock().faults.delay(call, latency);
    }

    /// The state, even after a panic elsewhere: every change to it is made in one go.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn texts(grants: &Grants) -> BTreeMap<String, String> {
    grants.inline.iter().map(|(name, inline)| (name.clone(), inline.text.clone())).collect()
}

fn managed_policies() -> Result<BTreeMap<String, Lagged<Document>>, PolicyError> {
    let parsed = managed::DOCUMENTS.iter().map(|(arn, text)| {
        let document = Lagged::new(Document::parse(text)?, Timestamp::MIN);
        Ok(((*arn).to_owned(), document))
    });
    parsed.collect()
}

/// The ARN of the role in whose sessions the bot changes an account.
pub fn contain_role(account: &AccountId) -> String {
    format!("arn:aws:iam::{account}:role/{CONTAIN_ROLE}")
}

/// The ARN of the role in whose sessions the bot deletes what an actor made.
pub fn eradicate_role(account: &AccountId) -> String {
    format!("arn:aws:iam::{account}:role/{ERADICATE_ROLE}")
}

/// The ARN of the role in whose sessions the bot makes a key in the place of a leaked one.
pub fn recover_role(account: &AccountId) -> String {
    format!("arn:aws:iam::{account}:role/{RECOVER_ROLE}")
}

/// The bot's role, which may assume those that change the account, and a session of it.
fn bot_session(state: &mut State, now: Timestamp) -> Result<Credential, PolicyError> {
    let only_the_bot = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow",
        "Principal":{{"AWS":"arn:aws:iam::{}:role/{BOT_ROLE}"}},"Action":"sts:AssumeRole"}}]}}"#,
        state.account
    );
    let roles = [
        (BOT_ROLE, BOT_TRUST),
        (CONTAIN_ROLE, &only_the_bot),
        (ERADICATE_ROLE, &only_the_bot),
        (RECOVER_ROLE, &only_the_bot),
    ];
    for (name, trust) in roles {
        let document = Arc::new(Document::parse(trust)?);
        let trust = Inline { text: trust.to_owned(), document };
        let id = state.chance.id("AROA");
        // As old as AWS lets a role be: nobody takes it for new.
        let role = Role::new(id.clone(), name, (trust, Timestamp::UNIX_EPOCH));
        state.role_names.insert(name.to_owned(), id.clone());
        state.roles.insert(id, Lagged::new(role, Timestamp::MIN));
    }
    let role_id = state.role_names.get(BOT_ROLE).cloned().unwrap_or_default();
    let session_name = BOT_ROLE.to_owned();
    let of = SessionOf::Role { role_id, session_name, source_identity: None };
    let credential = state.open_until(of, BOT_ROLE, (now, Timestamp::MAX));
    state.faults.bot_keys.insert(credential.access_key_id.clone());
    Ok(credential)
}
