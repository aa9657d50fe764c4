//! Which other ways of containing there were, milder and harder, for people who decide about one.
//!
//! A plan holds one way; another that keyleak can take is chosen with the form that changes the
//! plan, and the others are taken by hand. What a kind of principal cannot be contained by is not
//! listed.

use crate::domain::action::{Change, SideKind};
use crate::domain::adjustment::Adjustment;
use crate::domain::plan::{Plan, PlanKind, Step};
use crate::domain::principal::PrincipalKind;
use crate::domain::way::Way;
use crate::domain::ways::of_plan;

/// A way to contain the principal, beside the one that the plan takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    pub what: &'static str,
    /// Whom it hits, and what it leaves.
    pub hits: &'static str,
    pub undo: &'static str,
    /// What people choose it by, where keyleak can do it; the others are taken by hand.
    pub way: Option<Way>,
}

/// The other ways, from the mildest to the hardest on either side of the plan's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    pub milder: Vec<Choice>,
    pub harder: Vec<Choice>,
}

const WATCH: Choice = Choice {
    what: "only watch",
    hits: "nobody; the actor goes on",
    undo: "nothing to undo",
    way: None,
};
const FROM_KNOWN_ADDRESSES: Choice = Choice {
    what: "an inline deny outside known addresses (aws:SourceIp, not aws:ViaAWSService)",
    hits: "nobody, if the list is right; an actor behind one of them goes on",
    undo: "delete the inline policy",
    way: None,
};
const KEY_ALONE: Choice = Choice {
    what: "make only the key inactive: enough for one that was never used",
    hits: "what runs with that key; sessions minted from it go on, up to 36 hours",
    undo: "make it active again",
    way: Some(Way::KeyAlone),
};
const CREDENTIAL_ALONE: Choice = Choice {
    what: "make only the service-specific credential inactive, such as a long-term Bedrock key",
    hits: "what calls with it; the user's access keys and short-term Bedrock keys go on",
    undo: "make it active again",
    way: None,
};
const BEARER_TOKENS: Choice = Choice {
    what: "deny bedrock:CallWithBearerToken and bedrock-mantle:CallWithBearerToken",
    hits: "the user's calls of Bedrock with any API key; its access keys go on",
    undo: "delete the inline policy",
    way: None,
};
const PASSWORD: Choice = Choice {
    what: "delete the console password and the MFA devices too",
    hits: "the person, who needs new ones; the deny makes both useless anyway",
    undo: "none: both are lost",
    way: None,
};
const SCP: Choice = Choice {
    what: "a service control policy on the account: the one deny an administrator there cannot \
           take off",
    hits: "whom its condition names; without one, the whole account",
    undo: "detach it",
    way: None,
};
const DELETE_USER: Choice = Choice {
    what: "delete the user",
    hits: "the user and its history: evidence goes with it",
    undo: "none",
    way: None,
};
const BY_SOURCE: Choice = Choice {
    what: "deny the sessions of its source identity (aws:SourceIdentity)",
    hits: "that person's sessions of the role under every name; works only where the trust \
           policy demands a source identity",
    undo: "delete the inline policy",
    way: Some(Way::BySource),
};
const ALL_SESSIONS: Choice = Choice {
    what: "revoke every open session of the role, half a minute ahead",
    hits: "everybody who uses the role has to open a new session; so can the actor",
    undo: "delete the inline policy",
    way: Some(Way::EverySession),
};
const TRUST: Choice = Choice {
    what: "end every open session and let nobody open another (trust policy)",
    hits: "everybody who uses the role, until the old document is back",
    undo: "put the old document back",
    way: Some(Way::Closed),
};
const DENY_ROLE: Choice = Choice {
    what: "deny the role everything",
    hits: "every workload that runs as the role",
    undo: "detach the deny",
    way: Some(Way::DenyAll),
};
const DELETE_ROLE: Choice = Choice {
    what: "delete the role",
    hits: "every workload that runs as it",
    undo: "none",
    way: None,
};

const KEY_AND_SESSIONS: Choice = Choice {
    what: "make the key inactive and end the sessions that the user has open",
    hits: "what runs with that key, and the user's sessions; its other credentials go on",
    undo: "make it active again, delete the inline policy",
    way: Some(Way::KeyAndSessions),
};
const DENY_USER: Choice = Choice {
    what: "deny the user everything, every credential inactive",
    hits: "everything that runs as the user",
    undo: "detach the deny, make the credentials active again",
    way: Some(Way::DenyAll),
};
const USERS_SESSIONS: Choice = Choice {
    what: "end every session that the user has open",
    hits: "the user's sessions; its long-term keys go on and can open others",
    undo: "delete the inline policy",
    way: Some(Way::EverySession),
};
const ONE_SESSION: Choice = Choice {
    what: "end the one session by its id",
    hits: "that session, and those of the same name",
    undo: "delete the inline policy",
    way: Some(Way::OneSession),
};

/// From the mildest to the hardest; a session's key cannot be made inactive, so that is no choice.
const OF_USER: &[Choice] = &[
    WATCH,
    CREDENTIAL_ALONE,
    BEARER_TOKENS,
    FROM_KNOWN_ADDRESSES,
    KEY_ALONE,
    KEY_AND_SESSIONS,
    DENY_USER,
    PASSWORD,
    SCP,
    DELETE_USER,
];
const OF_USERS_SESSION: &[Choice] =
    &[WATCH, FROM_KNOWN_ADDRESSES, USERS_SESSIONS, DENY_USER, PASSWORD, SCP, DELETE_USER];
const OF_ROLE: &[Choice] =
    &[WATCH, ONE_SESSION, BY_SOURCE, ALL_SESSIONS, TRUST, DENY_ROLE, SCP, DELETE_ROLE];

/// The other ways than a first containment's; other plans go on from what was decided.
pub fn options(plan: &Plan, is_session: bool) -> Option<Options> {
    // The tag goes before a deny and stands for the same choice.
    let is_tag = |step: &&Step| matches!(step.action.change, Change::Quarantine { .. });
    let first = plan.steps.iter().find(|step| !is_tag(step));
    let first = first.filter(|_| plan.kind == PlanKind::Containment)?;
    let own = taken(plan)?;
    let all = match (first.action.on.kind, is_session) {
        (PrincipalKind::User, true) => OF_USERS_SESSION,
        (PrincipalKind::User, false) => OF_USER,
        (PrincipalKind::Role, _) => OF_ROLE,
        (PrincipalKind::Resource, _) => return None,
    };
    let of_a_service = signs_in_to_a_service(plan);
    let fits = |choice: &&Choice| {
        // Only a role that demands a source identity has one, and then the plan takes it.
        let narrow = matches!(choice.way, Some(Way::OneSession | Way::BySource));
        (of_a_service || !ABOUT_A_SERVICE.contains(choice)) && (!narrow || own < Way::EverySession)
    };
    let all: Vec<Choice> = all.iter().filter(fits).copied().collect();
    let at = all.iter().position(|choice| choice.way == Some(own))?;
    let (milder, harder) = all.split_at(at);
    Some(Options { milder: milder.to_vec(), harder: harder.iter().skip(1).copied().collect() })
}

const ABOUT_A_SERVICE: &[Choice] = &[CREDENTIAL_ALONE, BEARER_TOKENS];

/// The way that the plan takes: as somebody chose, else as its first step tells.
fn taken(plan: &Plan) -> Option<Way> {
    let chosen = plan.adjusted.iter().find_map(|one| match &one.adjustment {
        Adjustment::Choose { way } => Some(*way),
        Adjustment::LeaveOut { .. } | Adjustment::TakeIn { .. } | Adjustment::AsProposed { .. } => {
            None
        }
    });
    chosen.or_else(|| of_plan(plan))
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
        let how = match self.way {
            Some(_) => "",
            None => ", by hand",
        };
        format!("{}{how} – hits {}; undo: {}", self.what, self.hits, self.undo)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::action::{Action, SideCredential};
    use crate::domain::revocation::Sessions;
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
        found.milder.iter().chain(&found.harder).any(|choice| choice.what.contains(what))
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
        assert!(!offers(&plan(&opened(), PlanKind::Containment), false, "deny the user"));
        let one = of_role(Sessions::Named { user_ids: BTreeSet::new() });
        assert!(offers(&one, true, "revoke every open session"));
        assert!(options(&plan(&opened(), PlanKind::Undo), false).is_none());
    }

    #[test]
    fn every_way_says_whom_it_hits_and_how_it_is_undone() {
        for all in [OF_USER, OF_USERS_SESSION, OF_ROLE] {
            for choice in all {
                assert!(!choice.hits.is_empty() && !choice.undo.is_empty(), "{choice:?}");
            }
        }
    }
}
