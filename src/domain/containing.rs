//! The steps that contain a principal: the deny first, then every long-term credential.

use crate::domain::action::{Action, Change};
use crate::domain::facts::Fact;
use crate::domain::guard::Guard;
use crate::domain::ids::{AccessKeyId, CaseId};
use crate::domain::plan::{PlanRules, Step};
use crate::domain::principal::account_in;
use crate::domain::revocation::{Revocation, Sessions};
use crate::domain::snapshot::{Own, Photograph};
use crate::domain::trust::of_nobody;
use jiff::Timestamp;

/// IAM's quota of tags of a user or role.
const TAGS_MAX: usize = 50;

/// What the steps of a case are made with.
#[derive(Debug, Clone, Copy)]
pub struct Containing<'a> {
    pub case: &'a CaseId,
    pub leaked: &'a AccessKeyId,
    /// The long-term key that a leaked session goes back to.
    pub behind: Option<&'a AccessKeyId>,
    pub rules: &'a PlanRules,
    /// What uses the leaked key regularly, and stops with its user.
    pub regular: &'a [String],
    pub guard: &'a Guard,
}

impl Containing<'_> {
    /// Everything of a principal: the deny, which ends every credential and session; then its
    /// active access keys, the leaked one first; then its other long-term credentials. Of a role
    /// nobody may open a session any more: it could do nothing, but it would be one.
    pub fn whole(&self, photograph: &Photograph, because: &str) -> Vec<Step> {
        let mut radius = blast_radius(photograph);
        if photograph.keys().iter().any(|key| key.id == *self.leaked) {
            radius.extend(self.regular.iter().cloned());
        } else if self.behind.is_some_and(|own| photograph.keys().iter().any(|k| k.id == *own)) {
            radius.push("whoever uses its long-term keys: not looked at for a session".to_owned());
        }
        let step = |change, because: &str| Step {
            action: Action { on: photograph.principal(), change },
            blast_radius: radius.clone(),
            because: because.to_owned(),
            provisional: false,
        };
        let account = account_in(&photograph.arn).unwrap_or_default();
        let deny = Change::Deny {
            policy_arn: self.rules.deny_in(account),
            inline_name: deny_name(self.case),
        };
        // First, because nobody in the account can take the tag off before IAM settles.
        let (tag, missing) = self.tag_of(photograph);
        let tag =
            tag.map(|tag| Change::Quarantine { tag: tag.to_owned(), value: self.case.0.clone() });
        let mut steps: Vec<Step> = tag.into_iter().map(|tag| step(tag, because)).collect();
        let missing = missing.map(|why| format!("; {why}"));
        steps.push(step(deny, &format!("{because}{}", missing.unwrap_or_default())));
        if photograph.role().is_some() {
            let put = Change::PutTrust { document: of_nobody() };
            steps.push(step(put, "whom it trusts could go on opening sessions of it"));
        }
        let mut keys: Vec<_> = photograph.active_keys().map(|key| &key.id).collect();
        let own = |key: &AccessKeyId| key == self.leaked || Some(key) == self.behind;
        keys.sort_by_key(|key| (!own(key), (*key).clone()));
        steps.extend(keys.into_iter().map(|key| {
            let because = match (key == self.leaked, Some(key) == self.behind) {
                (true, _) => "the leaked key",
                (false, true) => "the long-term key behind the leaked session",
                (false, false) => "another active key of the same user",
            };
            step(Change::DeactivateKey { key: key.clone() }, because)
        }));
        let others = photograph.side_states().filter(|state| state.active);
        steps.extend(others.map(|state| {
            let change = Change::DeactivateCredential { credential: state.credential.clone() };
            step(change, "it signs in by itself, and outlives the keys")
        }));
        steps
    }

    /// The tag that the principal is to bear, or what its deny has to say of there being none.
    fn tag_of(&self, photograph: &Photograph) -> (Option<&str>, Option<String>) {
        let Some(tag) = self.guard.tag() else {
            return (None, self.guard.missing());
        };
        if photograph.tags.len() < TAGS_MAX || photograph.tags.contains_key(tag) {
            return (Some(tag), None);
        }
        let full = format!("it has {TAGS_MAX} tags, so there is no room for the tag {tag}");
        (None, Some(full))
    }

    /// Ends sessions of a principal that others use too; what this case has ended of it before
    /// stays ended, because both stand in one inline policy.
    pub fn sessions(
        &self,
        photograph: &Photograph,
        (sessions, until): (Sessions, Timestamp),
        because: &str,
    ) -> Step {
        let inline_name = revoke_name(self.case);
        let standing = photograph.inline.get(&inline_name);
        let standing = standing.and_then(|document| Revocation::read(document));
        let sessions = match standing {
            Some(standing) => sessions.joined(&standing.sessions),
            None => sessions,
        };
        let radius = match &sessions {
            Sessions::Everyone => format!("every session of {} now open", photograph.key()),
            Sessions::Named { .. } | Sessions::OfSource { .. } => {
                format!("{} of {}, and no other", sessions.words(), photograph.key())
            }
        };
        Step {
            action: Action {
                on: photograph.principal(),
                change: Change::RevokeSessions { sessions, until, inline_name },
            },
            blast_radius: vec![radius],
            because: because.to_owned(),
            provisional: false,
        }
    }
}

/// The inline deny of a case; the name tells a reader of the account where it came from.
pub fn deny_name(case: &CaseId) -> String {
    format!("KeyleakDeny-{case}")
}

/// The inline policy in which a case ends sessions.
pub fn revoke_name(case: &CaseId) -> String {
    format!("KeyleakRevoke-{case}")
}

pub(super) fn blast_radius(photograph: &Photograph) -> Vec<String> {
    let name = &photograph.name;
    let user = match &photograph.own {
        Own::User(user) => user,
        Own::Role(_) => return vec![format!("everything that runs as role {name}")],
        Own::Resource(_) => return vec![format!("whoever uses {name}")],
    };
    let mut radius = vec![format!("everything that runs as user {name}")];
    let keys = photograph.active_keys().count();
    if keys > 1 {
        radius.push(format!("{keys} active keys, not only the leaked one"));
    }
    let others = photograph.side_states().filter(|state| state.active).count();
    if others > 0 {
        radius.push(format!("{others} credentials for Git, Bedrock and the like"));
    }
    match &user.login_profile {
        Fact::Known(Some(_)) => radius.push(
            "its console sign-in: the password stays and is of no use (to delete it could not be \
             undone)"
                .to_owned(),
        ),
        Fact::Known(None) => {}
        Fact::Unknown(_) => {
            radius.push("perhaps a console sign-in (could not be read)".to_owned());
        }
    }
    radius
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample::{self, opened, photograph};
    use crate::domain::snapshot::{OfRole, OfUser};

    fn rules(deny_policy_arn: &str) -> PlanRules {
        PlanRules {
            deny_policy_arn: deny_policy_arn.to_owned(),
            protected_arns: Vec::new(),
            protected_roles: Vec::new(),
            approvals_reversible: 1,
            approvals_resources: 1,
            approvals_irreversible: 2,
            expires_after: jiff::SignedDuration::from_hours(1),
            isolation_groups: std::collections::BTreeMap::new(),
        }
    }

    #[test]
    fn a_deny_of_our_own_is_the_policy_of_that_name_in_the_account_of_the_principal() {
        for (configured, attached) in [
            ("arn:aws:iam::123456789012:policy/Deny", "arn:aws:iam::029608264753:policy/Deny"),
            ("arn:aws:iam::029608264753:policy/Deny", "arn:aws:iam::029608264753:policy/Deny"),
            ("arn:aws:iam::aws:policy/AWSDenyAll", "arn:aws:iam::aws:policy/AWSDenyAll"),
        ] {
            let (case, rules) = (opened(), rules(configured));
            let leaked = &case.opening().key;
            let (case, behind) = (case.id(), None);
            let containing = Containing {
                case,
                leaked,
                behind,
                rules: &rules,
                regular: &[],
                guard: &Guard::None,
            };
            let none = || Fact::Known(Vec::new());
            let own = Own::User(OfUser {
                keys: Vec::new(),
                groups: Vec::new(),
                login_profile: Fact::Known(None),
                mfa_devices: Fact::Known(Vec::new()),
                service_credentials: none(),
                ssh_keys: none(),
                signing_certificates: none(),
            });
            let steps = containing.whole(&photograph(&sample::user("ci", "AIDA1"), own), "");
            let Change::Deny { policy_arn, .. } = &steps[0].action.change else { panic!("a deny") };
            assert_eq!(policy_arn, attached);
        }
    }

    #[test]
    fn where_no_tag_fits_the_deny_goes_alone_and_says_why() {
        let case = opened();
        let (rules, leaked) = (rules("arn:aws:iam::aws:policy/AWSDenyAll"), &case.opening().key);
        let guard = Guard::InForce { tag: "stop".to_owned() };
        let (id, behind) = (case.id(), None);
        let containing =
            Containing { case: id, leaked, behind, rules: &rules, regular: &[], guard: &guard };
        let own = OfRole {
            trust: "{}".to_owned(),
            description: None,
            session_seconds_max: 3600,
            instance_profiles: Fact::Known(Vec::new()),
        };
        let mut role = photograph(&sample::role("evil", "AROA1"), Own::Role(own));
        let first = |role: &Photograph| containing.whole(role, "it is new").remove(0);
        assert!(matches!(first(&role).action.change, Change::Quarantine { .. }));
        role.tags = (0..TAGS_MAX).map(|at| (format!("t{at}"), String::new())).collect();
        let deny = first(&role);
        assert!(matches!(deny.action.change, Change::Deny { .. }), "{deny:?}");
        assert!(deny.because.contains("no room for the tag stop"), "{}", deny.because);
    }

    #[test]
    fn a_role_is_denied_and_nobody_may_open_a_session_of_it_any_more() {
        let case = opened();
        let trust = r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":"999999999999"},
            "Action":"sts:AssumeRole"}]}"#;
        let own = OfRole {
            trust: trust.to_owned(),
            description: None,
            session_seconds_max: 3600,
            instance_profiles: Fact::Known(Vec::new()),
        };
        let role = photograph(&sample::role("evil", "AROA1"), Own::Role(own));
        let rules = rules("arn:aws:iam::aws:policy/AWSDenyAll");
        let leaked = &case.opening().key;
        let containing = Containing {
            case: case.id(),
            leaked,
            behind: None,
            rules: &rules,
            regular: &[],
            guard: &Guard::None,
        };
        let steps = containing.whole(&role, "the actor made it");
        let [deny, trust] = steps.as_slice() else { panic!("two steps: {steps:?}") };
        assert!(matches!(deny.action.change, Change::Deny { .. }), "{deny:?}");
        let Change::PutTrust { document } = &trust.action.change else { panic!("{trust:?}") };
        assert!(!document.contains("Allow") && !document.contains("999999999999"), "{document}");
    }
}
