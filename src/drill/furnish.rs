//! The account of a scenario: its users, roles and past, and the actor with what it holds.

use crate::drill::scenario::{Habit, LEAKED_KEY, Scenario, Session, User};
use crate::ports::clock::Clock;
use crate::sim::actor::Actor;
use crate::sim::attacker::Credential;
use crate::sim::cloud::attacker::Visitor;
use crate::sim::cloud::known::KnownSession;
use crate::sim::cloud::setup::{Deed, NewRole, NewUser};
use crate::sim::cloud::{SimCloud, SimCloudConfig};
use jiff::SignedDuration;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The users of a scenario are this old when it begins.
const AGE_OF_USERS: SignedDuration = SignedDuration::from_hours(24 * 200);
/// From where the actor calls (an address for documentation), and as what.
pub(super) const ACTOR_ADDRESS: &str = "203.0.113.66";
pub(super) const ACTOR_AGENT: &str = "Boto3/1.34.1 md/Botocore#1.34.1 ua/2.0 os/linux#6.5";

/// What the drill has of an account.
pub(super) struct Furnished {
    pub cloud: Arc<SimCloud>,
    pub leaked: Credential,
    pub actor: Actor,
    /// The first key of each user, by the user's name, and the leaked key by its own.
    pub keys: BTreeMap<String, Credential>,
}

/// The account with its users and its past, and the actor with the leaked key; or why not.
pub(super) fn account(scenario: &Scenario, config: SimCloudConfig) -> Result<Furnished, String> {
    let clock = config.clock;
    let cloud = SimCloud::new(config).map_err(said)?;
    let mut keys = BTreeMap::new();
    let mut held = Vec::new();
    for user in &scenario.users {
        let key = add_user(&cloud, user, clock)?;
        let habits = scenario.habits.iter().filter(|habit| habit.user == user.name);
        let deeds: Vec<_> = habits.flat_map(|habit| daily(habit, &key, clock)).collect();
        cloud.history(&deeds).map_err(said)?;
        let label = if user.leaked { Some(LEAKED_KEY) } else { user.held_as.as_deref() };
        held.extend(label.map(|label| Credential { label: label.to_owned(), ..key.clone() }));
        keys.insert(user.name.clone(), key);
    }
    for role in &scenario.roles {
        let made = clock.now() - AGE_OF_USERS;
        let mut new = NewRole::trusting(&role.name, &role.trust, made);
        new.attached.clone_from(&role.policies);
        cloud.add_role(new).map_err(said)?;
        if let Some(id) = &role.id {
            cloud.know_role(&role.name, id).map_err(said)?;
        }
    }
    for session in &scenario.sessions {
        held.push(open(&cloud, session)?);
    }
    held.extend(scenario.reported.as_deref().map(of_nobody_here));
    let leaked = held.iter().position(|held| held.label == LEAKED_KEY);
    let leaked = leaked.ok_or("nothing of the scenario leaked")?;
    let leaked = held.remove(leaked);
    keys.insert(LEAKED_KEY.to_owned(), leaked.clone());
    let visitor = Visitor::new(&cloud, ACTOR_ADDRESS, ACTOR_AGENT);
    let actor = Actor::new(Arc::new(visitor), clock, leaked.clone());
    held.into_iter().for_each(|held| actor.take(held));
    Ok(Furnished { cloud, leaked, actor, keys })
}

fn add_user(cloud: &SimCloud, user: &User, clock: Clock) -> Result<Credential, String> {
    let made = user.created.unwrap_or_else(|| clock.now() - AGE_OF_USERS);
    let inline = user.inline.iter().map(|(name, text)| (name.clone(), text.clone()));
    let new = NewUser {
        tags: user.tags.clone(),
        attached: user.policies.clone(),
        inline: inline.collect(),
        ..NewUser::named(&user.name, made)
    };
    let (_, key) = cloud.add_user(new).map_err(said)?;
    let known = (user.id.as_deref(), user.key.as_deref());
    cloud.know_user(&user.name, known, key).map_err(said)
}

fn open(cloud: &SimCloud, session: &Session) -> Result<Credential, String> {
    let name = session.name.clone();
    let of = match (&session.user, &session.role) {
        (Some(user), _) => KnownSession::Federated { user: user.clone(), name },
        (None, Some(role)) => KnownSession::Role { role: role.clone(), name },
        (None, None) => return Err(format!("{} is nobody's session", session.label)),
    };
    let known = (session.label.as_str(), session.key.as_str());
    cloud.know_session(known, &of, (session.issued, session.expires)).map_err(said)
}

/// A key that this account never made; nobody here can say what it is good for.
fn of_nobody_here(id: &str) -> Credential {
    Credential {
        label: LEAKED_KEY.to_owned(),
        access_key_id: id.to_owned(),
        secret_access_key: String::new(),
        session_token: None,
    }
}

/// What a key did every day before the story begins.
fn daily(habit: &Habit, key: &Credential, clock: Clock) -> Vec<Deed> {
    let (service, call) = habit.call.split_once(':').unwrap_or_default();
    let deed = |back: u32| Deed {
        at: clock.now() - SignedDuration::from_hours(24 * i64::from(back)),
        credential: key.clone(),
        source_ip: habit.from.clone(),
        user_agent: habit.agent.clone(),
        service: service.to_owned(),
        call: call.to_owned(),
        parameters: Value::Null,
        response: Value::Null,
        is_read: true,
        refused: None,
    };
    (1..=habit.days).map(deed).collect()
}

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}
