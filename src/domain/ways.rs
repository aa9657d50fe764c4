//! Which ways of containing work for what a key is of, and the targets of the one that counts.

use crate::domain::action::Change;
use crate::domain::case::Case;
use crate::domain::ids::KeyKind;
use crate::domain::plan::{Plan, Step};
use crate::domain::principal::PrincipalKind;
use crate::domain::revocation::Sessions;
use crate::domain::target::{Part, Target};
use crate::domain::way::Way;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// The ways that work for what the key is of, the mildest first; a session's key cannot be made
/// inactive, and nothing is offered that needs to be known and is not.
pub fn offered(case: &Case, first: &Target) -> Vec<Way> {
    let is_session = case.opening().key.kind() == KeyKind::Session;
    let works = |way: &Way| match (first.on.kind, way) {
        (PrincipalKind::User, Way::DenyAll) => true,
        (PrincipalKind::User, Way::KeyAlone | Way::KeyAndSessions) => !is_session,
        (PrincipalKind::User, Way::EverySession) => is_session,
        (PrincipalKind::User, Way::OneSession | Way::BySource | Way::Closed) => false,
        (PrincipalKind::Role, Way::KeyAlone | Way::KeyAndSessions) => false,
        (PrincipalKind::Role, Way::OneSession | Way::BySource) => named(case, *way).is_some(),
        (PrincipalKind::Role, Way::EverySession | Way::Closed | Way::DenyAll) => true,
        // No key is a resource's.
        (PrincipalKind::Resource, _) => false,
    };
    Way::ALL.into_iter().filter(works).collect()
}

/// The way that keyleak takes where nobody chose.
pub fn proposed(first: &Target) -> Option<Way> {
    match &first.part {
        Part::Whole => Some(Way::DenyAll),
        Part::Sessions { sessions: Sessions::Named { .. }, .. } => Some(Way::OneSession),
        Part::Sessions { sessions: Sessions::OfSource { .. }, .. } => Some(Way::BySource),
        Part::Sessions { sessions: Sessions::Everyone, .. } => Some(Way::EverySession),
        Part::Key(_) | Part::Side(_) | Part::Closed | Part::Trust => None,
    }
}

/// What is contained in the way that counts: as somebody chose, else as keyleak proposes.
pub fn targets(case: &Case, first: Target) -> Vec<Target> {
    let chosen = case.adjustments().way().filter(|(way, _)| offered(case, &first).contains(way));
    let Some((way, by)) = chosen.filter(|(way, _)| proposed(&first) != Some(*way)) else {
        return vec![first];
    };
    let until = match &first.part {
        Part::Sessions { until, .. } => *until,
        Part::Whole | Part::Key(_) | Part::Side(_) | Part::Closed | Part::Trust => Timestamp::MIN,
    };
    let every = || Part::Sessions { sessions: Sessions::Everyone, until };
    let key = || Part::Key(case.opening().key.clone());
    let parts = match way {
        Way::KeyAlone => vec![key()],
        Way::KeyAndSessions => vec![every(), key()],
        Way::OneSession | Way::BySource => named(case, way)
            .map(|sessions| Part::Sessions { sessions, until })
            .into_iter()
            .collect(),
        Way::EverySession => vec![every()],
        Way::Closed => vec![every(), Part::Closed],
        Way::DenyAll => vec![Part::Whole],
    };
    let because = format!("{} chose to {}", by.name, way.words());
    let leaves = way.leaves().map(str::to_owned);
    let besides: Vec<String> = first.besides.iter().cloned().chain(leaves).collect();
    let target = |(index, part)| Target {
        part,
        because: because.clone(),
        besides: if index == 0 { besides.clone() } else { Vec::new() },
        ..first.clone()
    };
    parts.into_iter().enumerate().map(target).collect()
}

/// The way of a plan's steps on the key's own principal, as far as they tell one.
pub fn of_plan(plan: &Plan) -> Option<Way> {
    // The tag goes before a deny and stands for the same choice.
    let is_tag = |step: &&Step| matches!(step.action.change, Change::Quarantine { .. });
    let first = plan.steps.iter().find(|step| !is_tag(step))?;
    let on = &first.action.on;
    let own = plan.steps.iter().filter(|step| step.action.on == *on);
    let closes = own.clone().any(|step| matches!(step.action.change, Change::PutTrust { .. }));
    let key = own.clone().any(|step| matches!(step.action.change, Change::DeactivateKey { .. }));
    match &first.action.change {
        Change::Deny { .. } => Some(Way::DenyAll),
        Change::RevokeSessions { sessions, .. } => Some(match sessions {
            Sessions::Named { .. } => Way::OneSession,
            Sessions::OfSource { .. } => Way::BySource,
            Sessions::Everyone if key => Way::KeyAndSessions,
            Sessions::Everyone if closes => Way::Closed,
            Sessions::Everyone => Way::EverySession,
        }),
        Change::DeactivateKey { .. } => Some(Way::KeyAlone),
        Change::DeactivateCredential { .. }
        | Change::PutTrust { .. }
        | Change::Resource { .. }
        | Change::Quarantine { .. }
        | Change::LiftQuarantine { .. }
        | Change::LiftDeny { .. }
        | Change::SetBoundary { .. }
        | Change::ActivateKey { .. }
        | Change::ActivateCredential { .. }
        | Change::LiftRevocation { .. }
        | Change::MakeKey { .. }
        | Change::Delete { .. }
        | Change::DeleteResource => None,
    }
}

/// The sessions that the signer's record tells from others.
fn named(case: &Case, way: Way) -> Option<Sessions> {
    let signer = case.facts().signer_known()?;
    match way {
        Way::OneSession => {
            let user_ids = BTreeSet::from([signer.user_id.clone()?]);
            Some(Sessions::Named { user_ids })
        }
        Way::BySource => {
            let identities = BTreeSet::from([signer.source_identity.clone()?]);
            Some(Sessions::OfSource { identities })
        }
        Way::KeyAlone | Way::KeyAndSessions | Way::EverySession | Way::Closed | Way::DenyAll => {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::adjustment::Adjustment;
    use crate::domain::facts::{Fact, Finding};
    use crate::domain::principal::PrincipalName;
    use crate::domain::record::Press;
    use crate::domain::sample::{KEY, SESSION_KEY, at, opened_for, person, signer};

    fn user() -> Target {
        Target::new(PrincipalName::user("ci"), Part::Whole, "")
    }

    fn role() -> Target {
        let user_ids = BTreeSet::from(["AROA1:boto".to_owned()]);
        let sessions = Sessions::Named { user_ids };
        let part = Part::Sessions { sessions, until: at(3) };
        Target::new(PrincipalName::role("deploy"), part, "")
    }

    fn of_session(source_identity: Option<&str>) -> Case {
        let mut case = opened_for(SESSION_KEY);
        let mut signer = signer();
        signer.source_identity = source_identity.map(str::to_owned);
        case.facts.note(Finding::Signer(Fact::Known(signer)));
        case
    }

    fn chosen(mut case: Case, way: Way) -> Case {
        let by = Press { seq: 2, at: at(1), by: person("bob"), name: "bob".to_owned() };
        case.adjustments.take_in(&Adjustment::Choose { way }, &by);
        case
    }

    #[test]
    fn what_a_kind_cannot_be_contained_by_is_never_offered() {
        let slugs = |case: &Case, first: &Target| {
            let offered = offered(case, first).into_iter().map(Way::slug);
            offered.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(slugs(&opened_for(KEY), &user()), "key key-and-sessions deny");
        assert_eq!(slugs(&of_session(None), &user()), "every-session deny");
        let role = role();
        assert_eq!(slugs(&of_session(None), &role), "one-session every-session closed deny");
        let both = "one-session source-identity every-session closed deny";
        assert_eq!(slugs(&of_session(Some("ana")), &role), both);
    }

    #[test]
    fn a_way_that_was_chosen_is_taken_only_where_it_works_and_says_who_chose_it() {
        let key = targets(&chosen(opened_for(KEY), Way::KeyAlone), user());
        let [key] = key.as_slice() else { panic!("one part: {key:?}") };
        assert!(matches!(key.part, Part::Key(_)) && key.because.starts_with("bob chose"));
        assert!(key.besides.iter().any(|hit| hit.contains("up to 36 hours")), "{key:?}");

        let not_for_it = targets(&chosen(of_session(None), Way::KeyAlone), role());
        assert_eq!(not_for_it, [role()], "a session's key cannot be made inactive");
        let closed = targets(&chosen(of_session(None), Way::Closed), role());
        let [every, closed] = closed.as_slice() else { panic!("two parts: {closed:?}") };
        let Part::Sessions { sessions: Sessions::Everyone, until } = &every.part else {
            panic!("{every:?}")
        };
        assert_eq!((*until, &closed.part), (at(3), &Part::Closed));
        assert_eq!(targets(&opened_for(KEY), user()), [user()], "nobody chose");
    }
}
