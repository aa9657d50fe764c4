//! Which other ways of containing there were, milder and harder, for people who decide about one.
//!
//! Nothing here is done: a plan holds the default, and another way is taken by hand or by a case of
//! its own. What a kind of principal cannot be contained by is not listed.

use crate::domain::action::{Change, SideKind};
use crate::domain::plan::{Plan, PlanKind, Step};
use crate::domain::principal::PrincipalKind;
use crate::domain::revocation::Sessions;

/// A way to contain the principal, beside the one that the plan takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    pub what: &'static str,
    /// Whom it hits, and what it leaves.
    pub hits: &'static str,
    pub undo: &'static str,
}

/// The other ways, from the mildest to the hardest on either side of the plan's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    pub milder: &'static [Choice],
    pub harder: &'static [Choice],
}

const WATCH: Choice =
    Choice { what: "only watch", hits: "nobody; the actor goes on", undo: "nothing to undo" };
const FROM_KNOWN_ADDRESSES: Choice = Choice {
    what: "an inline deny outside known addresses (aws:SourceIp, not aws:ViaAWSService)",
    hits: "nobody, if the list is right; an actor behind one of them goes on",
    undo: "delete the inline policy",
};
const OLD_SESSIONS: Choice = Choice {
    what: "an inline deny of sessions issued before now (aws:TokenIssueTime)",
    hits: "the user's sessions; its long-term keys go on and can open others",
    undo: "delete the inline policy",
};
const KEY_ALONE: Choice = Choice {
    what: "make only the key inactive: enough for one that was never used",
    hits: "what runs with that key; sessions minted from it go on, up to 36 hours",
    undo: "make it active again",
};
const CREDENTIAL_ALONE: Choice = Choice {
    what: "make only the service-specific credential inactive, such as a long-term Bedrock key",
    hits: "what calls with it; the user's access keys and short-term Bedrock keys go on",
    undo: "make it active again",
};
const BEARER_TOKENS: Choice = Choice {
    what: "deny bedrock:CallWithBearerToken and bedrock-mantle:CallWithBearerToken",
    hits: "the user's calls of Bedrock with any API key; its access keys go on",
    undo: "delete the inline policy",
};
const PASSWORD: Choice = Choice {
    what: "delete the console password and the MFA devices too",
    hits: "the person, who needs new ones; the deny makes both useless anyway",
    undo: "none: both are lost",
};
const SCP: Choice = Choice {
    what: "a service control policy on the account: the one deny an administrator there cannot \
           take off",
    hits: "whom its condition names; without one, the whole account",
    undo: "detach it",
};
const DELETE_USER: Choice = Choice {
    what: "delete the user",
    hits: "the user and its history: evidence goes with it",
    undo: "none",
};
const BY_SOURCE: Choice = Choice {
    what: "deny the sessions of its source identity (aws:SourceIdentity)",
    hits: "that person's sessions of the role under every name; works only where the trust \
           policy demands a source identity",
    undo: "delete the inline policy",
};
const ALL_SESSIONS: Choice = Choice {
    what: "revoke every open session of the role, half a minute ahead",
    hits: "everybody who uses the role has to open a new session; so can the actor",
    undo: "delete the inline policy",
};
const TRUST: Choice = Choice {
    what: "edit the role's trust policy",
    hits: "whoever it leaves out opens no session any more; open ones go on, so only together \
           with a revocation",
    undo: "put the old document back",
};
const DENY_ROLE: Choice = Choice {
    what: "deny the role everything",
    hits: "every workload that runs as the role",
    undo: "detach the deny",
};
const DELETE_ROLE: Choice =
    Choice { what: "delete the role", hits: "every workload that runs as it", undo: "none" };

const OF_USER: Options = Options {
    milder: &[WATCH, FROM_KNOWN_ADDRESSES, OLD_SESSIONS, KEY_ALONE],
    harder: &[PASSWORD, SCP, DELETE_USER],
};
const OF_USER_OF_A_SERVICE: Options = Options {
    milder: &[
        WATCH,
        CREDENTIAL_ALONE,
        BEARER_TOKENS,
        FROM_KNOWN_ADDRESSES,
        OLD_SESSIONS,
        KEY_ALONE,
    ],
    harder: &[PASSWORD, SCP, DELETE_USER],
};
/// A session's key cannot be made inactive, so that is no choice.
const OF_USERS_SESSION: Options = Options {
    milder: &[WATCH, FROM_KNOWN_ADDRESSES, OLD_SESSIONS],
    harder: &[PASSWORD, SCP, DELETE_USER],
};
const OF_ONE_SESSION: Options = Options {
    milder: &[WATCH],
    harder: &[BY_SOURCE, ALL_SESSIONS, TRUST, DENY_ROLE, SCP, DELETE_ROLE],
};
const OF_ALL_SESSIONS: Options =
    Options { milder: &[WATCH], harder: &[TRUST, DENY_ROLE, SCP, DELETE_ROLE] };

/// The other ways than a first containment's; other plans go on from what was decided.
pub fn options(plan: &Plan, is_session: bool) -> Option<Options> {
    // The tag goes before a deny and stands for the same choice.
    let is_tag = |step: &&Step| matches!(step.action.change, Change::Quarantine { .. });
    let first = plan.steps.iter().find(|step| !is_tag(step));
    let first = first.filter(|_| plan.kind == PlanKind::Containment)?;
    let is_user = first.action.on.kind == PrincipalKind::User;
    match &first.action.change {
        Change::Deny { .. } if is_user && is_session => Some(OF_USERS_SESSION),
        Change::Deny { .. } if is_user && signs_in_to_a_service(plan) => Some(OF_USER_OF_A_SERVICE),
        Change::Deny { .. } if is_user => Some(OF_USER),
        Change::RevokeSessions { sessions: Sessions::Named { .. }, .. } if !is_user => {
            Some(OF_ONE_SESSION)
        }
        Change::RevokeSessions { .. } if !is_user => Some(OF_ALL_SESSIONS),
        Change::Deny { .. }
        | Change::RevokeSessions { .. }
        | Change::Resource { .. }
        | Change::DeactivateKey { .. }
        | Change::DeactivateCredential { .. }
        | Change::PutTrust { .. }
        | Change::Quarantine { .. }
        | Change::LiftQuarantine { .. }
        | Change::LiftDeny { .. }
        | Change::SetBoundary { .. }
        | Change::ActivateKey { .. }
        | Change::ActivateCredential { .. }
        | Change::LiftRevocation { .. }
        | Change::Delete { .. } => None,
    }
}

fn signs_in_to_a_service(plan: &Plan) -> bool {
    plan.steps.iter().any(|step| {
        matches!(&step.action.change, Change::DeactivateCredential { credential }
            if credential.kind == SideKind::ServiceSpecific)
    })
}

impl Choice {
    /// One sentence for a card.
    pub fn words(&self) -> String {
        format!("{} – hits {}; undo: {}", self.what, self.hits, self.undo)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::action::{Action, SideCredential};
    use crate::domain::sample::{opened, plan, role};
    use std::collections::BTreeSet;

    fn of_role(sessions: Sessions) -> Plan {
        let mut made = plan(&opened(), PlanKind::Containment);
        let until = jiff::Timestamp::MIN;
        let change = Change::RevokeSessions { sessions, until, inline_name: String::new() };
        made.steps.truncate(1);
        made.steps[0].action = Action { on: role("deploy", "AROA1"), change };
        made
    }

    fn offers(plan: &Plan, is_session: bool, what: &str) -> bool {
        let found = options(plan, is_session).unwrap();
        found.milder.iter().chain(found.harder).any(|choice| choice.what.contains(what))
    }

    #[test]
    fn making_the_key_inactive_is_a_choice_for_a_long_term_key_and_never_for_a_session() {
        let user = plan(&opened(), PlanKind::Containment);
        let one = of_role(Sessions::Named { user_ids: BTreeSet::from(["AROA1:x".to_owned()]) });
        assert!(offers(&user, false, "key inactive"));
        for session in [&user, &one, &of_role(Sessions::Everyone)] {
            assert!(!offers(session, true, "inactive"), "{:?}", options(session, true));
        }
    }

    #[test]
    fn a_users_bedrock_key_can_be_made_inactive_alone_where_there_is_one() {
        let mut user = plan(&opened(), PlanKind::Containment);
        assert!(!offers(&user, false, "Bedrock key"));
        let credential = SideCredential { kind: SideKind::ServiceSpecific, id: "ACCA1".to_owned() };
        user.steps[1].action.change = Change::DeactivateCredential { credential };
        assert!(offers(&user, false, "Bedrock key"));
    }

    #[test]
    fn what_the_plan_does_already_is_no_other_way() {
        assert!(!offers(&of_role(Sessions::Everyone), true, "revoke every open session"));
        let one = of_role(Sessions::Named { user_ids: BTreeSet::new() });
        assert!(offers(&one, true, "revoke every open session"));
        assert!(options(&plan(&opened(), PlanKind::Undo), false).is_none());
    }

    #[test]
    fn every_way_says_whom_it_hits_and_how_it_is_undone() {
        for all in
            [OF_USER, OF_USER_OF_A_SERVICE, OF_USERS_SESSION, OF_ONE_SESSION, OF_ALL_SESSIONS]
        {
            for choice in all.milder.iter().chain(all.harder) {
                assert!(!choice.hits.is_empty() && !choice.undo.is_empty(), "{choice:?}");
            }
        }
    }
}
