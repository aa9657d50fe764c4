//! The steps that take done steps back to the snapshot; what was so before stays as it was.

use crate::domain::action::{Action, Change};
use crate::domain::eradicating::Made;
use crate::domain::force::is_by_boundary;
use crate::domain::ids::{AccessKeyId, CaseId};
use crate::domain::plan::Step;
use crate::domain::principal::{Principal, PrincipalKind};
use crate::domain::snapshot::{Own, Photograph, Snapshot};
use crate::domain::standing::SESSION_AGE_MAX;
use jiff::{SignedDuration, Timestamp};

/// What an undo is decided with.
#[derive(Debug, Clone, Copy)]
pub struct Undoing<'a> {
    pub before: &'a Snapshot,
    pub now: &'a [Photograph],
    /// What the undo of other cases left to this one.
    pub handed_over: &'a [(&'a CaseId, &'a Action)],
    /// The key that the case is about.
    pub leaked: &'a AccessKeyId,
    /// The users and roles that the actor made.
    pub made: &'a [Made],
    pub at: Timestamp,
}

/// Whether the actor made it: by the id, since names are given again.
pub fn is_the_actors(made: &[Made], on: &Principal) -> bool {
    made.iter().any(|made| made.id == on.id && made.name == on.key())
}

/// In the reverse order of the done steps, each taken back once; what is gone needs no undoing.
/// Each step comes with the time at which it was done.
pub fn undoing_steps(done: &[(&Action, Timestamp)], undoing: Undoing<'_>) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for (done, since) in done.iter().rev() {
        let key = done.on.key();
        let now = undoing.now.iter().find(|photograph| photograph.key() == key);
        let (Some(before), Some(now)) = (undoing.before.of(&key), now) else {
            continue;
        };
        for (change, because) in undo(done, before, now) {
            let action = Action { on: done.on.clone(), change };
            if !steps.iter().any(|known| known.action == action) {
                let warned = warning(undoing.made, &action.on).map(str::to_owned);
                let again = works_again(&action.change, before, (*since, undoing));
                let hits = [action.on.to_string()].into_iter().chain(warned).chain(again);
                steps.push(Step {
                    blast_radius: hits.collect(),
                    action,
                    because: because.to_owned(),
                    provisional: false,
                });
            }
        }
    }
    for (from, action) in undoing.handed_over {
        let there = undoing.now.iter().any(|now| now.principal() == action.on);
        if there && !steps.iter().any(|known| known.action == **action) {
            steps.push(Step {
                action: Action::clone(action),
                blast_radius: vec![action.on.to_string()],
                because: format!("case {from} was undone before, and left it to this one"),
                provisional: false,
            });
        }
    }
    steps
}

/// Whose principal it is, where giving it back is the last thing that its owner would want.
fn warning(made: &[Made], on: &Principal) -> Option<&'static str> {
    is_the_actors(made, on).then_some(match on.kind {
        PrincipalKind::User => "THE ACTOR MADE THIS USER AND HOLDS ITS KEY",
        PrincipalKind::Role => "THE ACTOR MADE THIS ROLE AND MAY ASSUME IT",
        PrincipalKind::Resource => "THE ACTOR MADE THIS",
    })
}

/// Who gets back more than the owner lost, in words.
fn works_again(
    change: &Change,
    before: &Photograph,
    (stopped, undoing): (Timestamp, Undoing<'_>),
) -> Option<String> {
    match change {
        Change::ActivateKey { key } if key == undoing.leaked => Some(
            "whoever found the leaked key, which AWS advises never to make active again: replace \
             it instead"
                .to_owned(),
        ),
        Change::LiftDeny { .. } | Change::LiftQuarantine { .. } | Change::LiftRevocation { .. } => {
            let until = stopped.checked_add(session_max(before)).ok()?;
            (undoing.at < until).then(|| {
                format!(
                    "whoever holds a session opened before {stopped:.0}, which may live until \
                     {until:.0}: to lift it later wakes none of them"
                )
            })
        }
        Change::ActivateKey { .. }
        | Change::ActivateCredential { .. }
        | Change::SetBoundary { .. }
        | Change::PutTrust { .. }
        | Change::Quarantine { .. }
        | Change::Deny { .. }
        | Change::DeactivateKey { .. }
        | Change::DeactivateCredential { .. }
        | Change::RevokeSessions { .. }
        | Change::MakeKey { .. }
        | Change::Delete { .. }
        | Change::DeleteResource => None,
        Change::Resource { change } => Some(change.effect().to_owned()),
    }
}

/// How long a session of the principal lives at most.
fn session_max(before: &Photograph) -> SignedDuration {
    match &before.own {
        Own::User(_) | Own::Resource(_) => SESSION_AGE_MAX,
        Own::Role(role) => SignedDuration::from_secs(role.session_seconds_max.into()),
    }
}

fn undo(done: &Action, before: &Photograph, now: &Photograph) -> Vec<(Change, &'static str)> {
    match &done.change {
        Change::Deny { policy_arn, .. } if before.has_policy(policy_arn) => Vec::new(),
        Change::Deny { policy_arn, inline_name } => {
            let lift = Change::LiftDeny {
                policy_arn: policy_arn.clone(),
                inline_name: inline_name.clone(),
            };
            let mut changes = vec![(lift, "the deny was not there before the plan")];
            if is_by_boundary(now, policy_arn) && !is_by_boundary(before, policy_arn) {
                let boundary = Change::SetBoundary { boundary: before.boundary.clone() };
                changes.push((boundary, "the boundary before the plan"));
            }
            changes
        }
        Change::DeactivateKey { key } => {
            let was_active = before.key_state(key).is_some_and(|key| key.active);
            let activate = Change::ActivateKey { key: key.clone() };
            was_active
                .then_some((activate, "the key was active before the plan"))
                .into_iter()
                .collect()
        }
        Change::DeactivateCredential { credential } => {
            let was_active = before.side_state(credential).is_some_and(|state| state.active);
            let activate = Change::ActivateCredential { credential: credential.clone() };
            let because = "the credential was active before the plan";
            was_active.then_some((activate, because)).into_iter().collect()
        }
        Change::RevokeSessions { inline_name, .. } => {
            let lift = Change::LiftRevocation { inline_name: inline_name.clone() };
            vec![(lift, "no session was revoked before the plan")]
        }
        Change::PutTrust { .. } => before
            .role()
            .map(|role| Change::PutTrust { document: role.trust.clone() })
            .map(|put| (put, "who could assume it before the plan, an actor's edit included"))
            .into_iter()
            .collect(),
        Change::Quarantine { tag, .. } if before.tags.contains_key(tag) => Vec::new(),
        Change::Quarantine { tag, .. } => {
            let lift = Change::LiftQuarantine { tag: tag.clone() };
            vec![(lift, "the tag was not there before the plan")]
        }
        Change::Resource { change } => {
            let back = before.resource().and_then(|before| change.back_to(before));
            let back = back.map(|(change, because)| (Change::Resource { change }, because));
            back.into_iter().collect()
        }
        Change::LiftDeny { .. }
        | Change::LiftQuarantine { .. }
        | Change::SetBoundary { .. }
        | Change::ActivateKey { .. }
        | Change::ActivateCredential { .. }
        | Change::LiftRevocation { .. }
        | Change::MakeKey { .. }
        | Change::Delete { .. }
        | Change::DeleteResource => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::facts::{Fact, KeyState};
    use crate::domain::ids::AccountId;
    use crate::domain::principal::PrincipalName;
    use crate::domain::sample::{self, KEY, at};
    use crate::domain::snapshot::{OfRole, OfUser};

    const HOUR: i64 = 3_600;

    fn user_with(keys: &[&str]) -> Photograph {
        let key = |id: &&str| KeyState {
            id: AccessKeyId::parse(id).unwrap(),
            active: true,
            created: Some(at(0)),
        };
        let own = OfUser {
            keys: keys.iter().map(key).collect(),
            groups: Vec::new(),
            login_profile: Fact::Known(None),
            mfa_devices: Fact::Known(Vec::new()),
            service_credentials: Fact::Known(Vec::new()),
            ssh_keys: Fact::Known(Vec::new()),
            signing_certificates: Fact::Known(Vec::new()),
        };
        sample::photograph(&sample::user("ci", "AIDA1"), Own::User(own))
    }

    fn role_of(session_seconds_max: i32) -> Photograph {
        let own = OfRole {
            trust: "{}".to_owned(),
            description: None,
            session_seconds_max,
            instance_profiles: Fact::Known(Vec::new()),
        };
        sample::photograph(&sample::role("deploy", "AROA1"), Own::Role(own))
    }

    /// What it hits to take this step back, done at the sample's beginning, so long afterwards.
    fn hit(before: Photograph, change: Change, hours: i64) -> Vec<String> {
        let action = Action { on: before.principal(), change };
        let account = AccountId("029608264753".to_owned());
        let before = Snapshot { account, principals: vec![before] };
        let undoing = Undoing {
            before: &before,
            now: &before.principals,
            handed_over: &[],
            leaked: &AccessKeyId::parse(KEY).unwrap(),
            made: &[],
            at: at(hours * HOUR),
        };
        let steps = undoing_steps(&[(&action, at(0))], undoing);
        steps.into_iter().flat_map(|step| step.blast_radius).collect()
    }

    fn deny() -> Change {
        let arn = "arn:aws:iam::aws:policy/AWSDenyAll".to_owned();
        Change::Deny { policy_arn: arn, inline_name: "KeyleakDeny".to_owned() }
    }

    #[test]
    fn sessions_wake_up_for_a_day_and_a_half_on_a_user_and_as_long_as_a_role_lets_them() {
        let until = |hits: &[String], hours: i64| {
            hits.iter().any(|hit| hit.contains(&format!("until {:.0}", at(hours * HOUR))))
        };
        assert!(until(&hit(user_with(&[]), deny(), 35), 36));
        assert_eq!(hit(user_with(&[]), deny(), 36), ["user ci"]);
        assert!(until(&hit(role_of(12 * 3_600), deny(), 11), 12));
        assert_eq!(hit(role_of(3_600), deny(), 11), ["role deploy"]);
    }

    #[test]
    fn what_the_actor_made_is_warned_of_and_another_by_that_name_is_not() {
        let made = |id: &str| {
            let name = PrincipalName::user("ci");
            [Made { name, id: id.to_owned(), because: String::new() }]
        };
        let on = user_with(&[]).principal();
        let said = warning(&made("AIDA1"), &on);
        assert_eq!(said, Some("THE ACTOR MADE THIS USER AND HOLDS ITS KEY"));
        assert_eq!(warning(&made("AIDA2"), &on), None);
    }

    #[test]
    fn only_the_leaked_key_is_warned_of_by_name() {
        let other = "AKIAQNZGKIQYYYYYYYYY";
        let stop = |key: &str| Change::DeactivateKey { key: AccessKeyId::parse(key).unwrap() };
        let leaked = hit(user_with(&[KEY, other]), stop(KEY), 99);
        assert!(
            leaked.iter().any(|hit| hit.contains("whoever found the leaked key")),
            "{leaked:?}"
        );
        assert_eq!(hit(user_with(&[KEY, other]), stop(other), 99), ["user ci"]);
    }
}
