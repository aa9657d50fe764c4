//! The key that a step made: how its secret is known again, and whether it is as it was left.

use crate::domain::action::{Action, Change};
use crate::domain::digest::sha256_hex;
use crate::domain::facts::KeyState;
use crate::domain::ids::AccessKeyId;
use crate::domain::snapshot::Photograph;
use jiff::SignedDuration;

/// A key is of an attempt if it was made within this of its intent: an attempt ends after seconds,
/// and two clocks differ by less.
pub const REACH: SignedDuration = SignedDuration::from_secs(75);

/// The id of the version that holds the secret of this key. AWS tells it without the content, so
/// that the bot needs no right to read what it wrote.
pub fn version(plan_hash: &str, key: &AccessKeyId) -> String {
    sha256_hex(format!("{plan_hash}/{}", key.reveal()).as_bytes())
}

/// The key that such a step made, among those of its user; none where it cannot be told.
pub fn made_among<'a>(action: &Action, keys: &'a [KeyState]) -> Option<&'a KeyState> {
    match new_keys(action, keys).as_slice() {
        [one] => Some(one),
        _ => None,
    }
}

/// The keys of the user that were not there when the plan was made.
fn new_keys<'a>(action: &Action, keys: &'a [KeyState]) -> Vec<&'a KeyState> {
    let Change::MakeKey { beside, .. } = &action.change else { return Vec::new() };
    keys.iter().filter(|key| !beside.contains(&key.id)).collect()
}

/// What is not as the step should have left it; none where all is well.
pub fn amiss(action: &Action, done: bool, now: Option<&Photograph>) -> Option<String> {
    let (on, name) = (&action.on, &action.on.name);
    let Some(now) = now else { return done.then(|| format!("{on} is gone, and its new key")) };
    let new = new_keys(action, now.keys());
    match (done, new.as_slice()) {
        (true, [key]) if key.active => None,
        (true, [key]) => Some(format!("the new key {} of {name} is inactive", key.id)),
        (true, []) => Some(format!("the new key of {name} is gone")),
        (false, []) => None,
        (true, many) => Some(format!(
            "{name} has {} keys that were not there before; find out who made the other",
            many.len()
        )),
        (false, [first, ..]) => Some(format!(
            "{name} has a key ending in {} that was not there before; if nobody of yours made it, \
             its secret was lost: aws iam delete-access-key",
            first.id.last_four()
        )),
    }
}
