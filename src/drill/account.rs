//! The account beside the workspace: what the actor holds, what it tries, and what stands in IAM.

use crate::domain::action::DENY_ALL_DOCUMENT;
use crate::domain::snapshot::Photograph;
use crate::drill::bot::TIMELINE_EMOJI;
use crate::drill::scenario::Scenario;
use crate::drill::world::World;
use crate::ports::clock::Clock;
use crate::sim::actor::{Actor, Attempt};
use crate::sim::attacker::Credential;
use crate::sim::cloud::SimCloud;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;

/// The newest calls that a page gets; older ones are in the trail.
const CALLS_SHOWN_MAX: usize = 80;
/// Users that a page gets; a busy actor makes more than anybody reads.
const USERS_SHOWN_MAX: usize = 40;
/// The policy that a containment attaches.
const DENY_ALL: &str = "AWSDenyAll";

/// What a page is told of the account; clones look at the same one.
#[derive(Debug, Clone)]
pub struct AccountView {
    clock: Clock,
    cloud: Arc<SimCloud>,
    actor: Actor,
    scenario: Scenario,
    leaked: String,
    began: Timestamp,
}

impl AccountView {
    /// The account of a world, seen from the moment that the drill begins.
    pub fn of(world: &World) -> Self {
        Self {
            clock: world.clock,
            cloud: Arc::clone(&world.cloud),
            actor: world.actor.clone(),
            scenario: world.scenario().clone(),
            leaked: world.leaked.access_key_id.clone(),
            began: world.clock.now(),
        }
    }

    /// Changes with every call of the actor, to wait for.
    pub fn watch(&self) -> tokio::sync::watch::Receiver<u64> {
        self.actor.watch()
    }

    /// Everything, as the page draws it. No secret of a credential is in it.
    pub fn state(&self) -> Value {
        let version = *self.watch().borrow();
        let loot = self.actor.loot();
        let (held, calls, worked, refused) = self.actor.review(|attempts| {
            let held: Vec<Value> = loot.iter().map(|held| standing(held, attempts)).collect();
            let skipped = attempts.len().saturating_sub(CALLS_SHOWN_MAX);
            let calls = attempts.iter().enumerate().skip(skipped).map(call).collect::<Vec<_>>();
            let worked = attempts.iter().filter(|attempt| attempt.allowed).count();
            (held, calls, worked, attempts.len() - worked)
        });
        let names = self.cloud.user_names();
        let users = names.iter().take(USERS_SHOWN_MAX);
        let users = users.filter_map(|name| self.cloud.user_state(name));
        json!({
            "version": version,
            "now": self.clock.now(),
            "speed": self.clock.speed(),
            "scenario": {
                "name": self.scenario.name,
                "title": self.scenario.title,
                "story": self.scenario.story,
            },
            "account": self.cloud.account().0,
            "leaked_key": self.leaked,
            "held": held,
            "calls": calls,
            "worked": worked,
            "refused": refused,
            "users": users.map(|user| self.user(&user)).collect::<Vec<_>>(),
            "users_total": names.len(),
            "timeline_emoji": TIMELINE_EMOJI,
        })
    }

    fn user(&self, user: &Photograph) -> Value {
        let attached = user.attached.iter().map(|policy| policy.name.as_str());
        let policies: Vec<&str> = attached.chain(user.inline.keys().map(String::as_str)).collect();
        let denied = user.attached.iter().any(|policy| policy.name == DENY_ALL)
            || user.inline.values().any(|document| document == DENY_ALL_DOCUMENT);
        let keys = user.keys().iter().map(|key| {
            json!({
                "id": key.id.to_string(),
                "active": key.active,
                "leaked": key.id.reveal() == self.leaked,
            })
        });
        json!({
            "name": user.name,
            "policies": policies,
            "denied": denied,
            "new": user.created.is_some_and(|created| created >= self.began),
            "keys": keys.collect::<Vec<_>>(),
        })
    }
}

/// A credential by what became of its last call.
fn standing(held: &Credential, attempts: &[Attempt]) -> Value {
    let mut own = attempts.iter().rev().filter(|it| it.access_key_id == held.access_key_id);
    let last = own.next();
    let state = match last {
        None => "unused",
        Some(last) if last.allowed => "works",
        Some(_) => "refused",
    };
    let shown: String = held.access_key_id.chars().take(4).collect();
    let end = held.access_key_id.len().saturating_sub(4);
    json!({
        "label": held.label,
        "id": format!("{shown}…{}", held.access_key_id.get(end..).unwrap_or_default()),
        "kind": if held.session_token.is_some() { "session" } else { "key" },
        "state": state,
        "last": last.map(|last| json!({
            "at": last.at,
            "operation": last.operation,
            "code": last.code,
        })),
    })
}

fn call((number, attempt): (usize, &Attempt)) -> Value {
    json!({
        "number": number,
        "at": attempt.at,
        "credential": attempt.credential,
        "operation": attempt.operation,
        "allowed": attempt.allowed,
        "code": attempt.code,
    })
}
