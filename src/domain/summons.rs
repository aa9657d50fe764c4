//! Who is brought in because of how severe a case is: by a table of the settings, and nothing else.

use crate::domain::case::Case;
use crate::domain::ids::PersonId;
use crate::domain::policy::Policy;

/// Everybody whom the severity now, or a milder one, calls. Whoever was let in stays when it is
/// lowered: nobody is put out of a room for what they have read.
pub fn summoned(case: &Case, policy: &Policy) -> Vec<PersonId> {
    let now = case.team().severity();
    let called = policy.conduct.summons.iter().filter(|(severity, _)| now <= **severity);
    let person = |user: &String| PersonId { team: policy.team.clone(), user: user.clone() };
    called.flat_map(|(_, users)| users).map(person).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::Event;
    use crate::domain::record::Actor;
    use crate::domain::sample::{add, opened, person};
    use crate::domain::severity::Severity;
    use crate::domain::team_step::TeamStep;

    #[test]
    fn the_worse_it_is_the_more_are_called() {
        let mut policy = Policy { team: "T1".to_owned(), ..Policy::default() };
        let set = |user: &str| [user.to_owned()].into();
        policy.conduct.summons = [(Severity::P1, set("ciso")), (Severity::P2, set("lead"))].into();
        for (severity, wanted) in [
            (Severity::P1, vec!["ciso", "lead"]),
            (Severity::P2, vec!["lead"]),
            (Severity::P3, vec![]),
            (Severity::P4, vec![]),
        ] {
            let mut case = opened();
            let reason = "for the test's sake".to_owned();
            let step = Box::new(TeamStep::Graded { severity: Some(severity), reason });
            let bob = Actor::Person { person: person("bob"), name: None };
            add(&mut case, bob, Event::Team { step });
            let called: Vec<String> =
                summoned(&case, &policy).into_iter().map(|person| person.user).collect();
            assert_eq!(called, wanted, "{severity:?}");
        }
    }
}
