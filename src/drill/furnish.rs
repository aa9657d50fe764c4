//! The account as a scenario has it when the drill begins: its users, its past, and the actor.

use crate::domain::ids::AccountId;
use crate::drill::colleague::Colleague;
use crate::drill::scenario::{LEAKED_KEY, Scenario};
use crate::drill::world::{NoWorld, WorldOptions, trail_folder};
use crate::sim::actor::{Actor, Opening};
use crate::sim::attacker::Credential;
use crate::sim::cloud::attacker::Visitor;
use crate::sim::cloud::setup::NewUser;
use crate::sim::cloud::{DELIVERY_DELAY, SimCloud, SimCloudConfig};
use jiff::SignedDuration;
use std::sync::Arc;
use std::time::Duration;

/// The users of a scenario are this old when it begins.
const AGE_OF_USERS: SignedDuration = SignedDuration::from_hours(24 * 200);
/// From where the actor calls (an address for documentation), and as what.
const ACTOR_ADDRESS: &str = "203.0.113.66";
const ACTOR_AGENT: &str = "Boto3/1.34.1 md/Botocore#1.34.1 ua/2.0 os/linux#6.5";

/// An account with everybody in it.
#[derive(Debug)]
pub struct Furnished {
    pub cloud: Arc<SimCloud>,
    pub leaked: Credential,
    pub actor: Actor,
    pub colleague: Colleague,
}

/// Makes the account of the options' scenario.
pub fn furnish(options: &WorldOptions) -> Result<Furnished, NoWorld> {
    let scenario = &options.scenario;
    let account = AccountId::parse(&scenario.account.id)
        .ok_or_else(|| NoWorld("the scenario's account is not twelve digits".to_owned()))?;
    let cloud = SimCloud::new(SimCloudConfig {
        account,
        clock: options.clock,
        seed: options.seed,
        lag: options.lag.clone(),
        delivery_delay: DELIVERY_DELAY,
        trail_folder: trail_folder(&options.folder),
    })
    .map_err(said)?;
    let made = options.clock.now() - AGE_OF_USERS;
    let mut leaked = None;
    for user in &scenario.users {
        let new = NewUser {
            tags: user.tags.clone(),
            attached: user.policies.clone(),
            ..NewUser::named(&user.name, made)
        };
        let (_, key) = cloud.add_user(new).map_err(said)?;
        if user.leaked {
            leaked = Some(Credential { label: LEAKED_KEY.to_owned(), ..key });
        }
    }
    let colleague = Colleague::join(&cloud, made).map_err(said)?;
    let leaked = leaked.ok_or_else(|| NoWorld("no user of the scenario leaked".to_owned()))?;
    let visitor = Visitor::new(&cloud, ACTOR_ADDRESS, ACTOR_AGENT);
    let actor = Actor::new(Arc::new(visitor), options.clock, leaked.clone());
    Ok(Furnished { cloud, leaked, actor, colleague })
}

/// The actor's first moves, as the actor takes them.
pub fn openings(scenario: &Scenario) -> Vec<Opening> {
    let opening = |made: &crate::drill::scenario::Move| {
        Some(Opening {
            after: Duration::from_secs(made.at.into()),
            with: made.with.clone(),
            operation: made.operation().ok()?,
            minted_as: made.minted_as.clone(),
        })
    };
    scenario.moves.iter().filter_map(opening).collect()
}

fn said(error: impl std::fmt::Display) -> NoWorld {
    NoWorld(error.to_string())
}
