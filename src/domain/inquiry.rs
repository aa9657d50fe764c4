//! Which questions of the trail people asked, and which of them still wait for an answer.

use crate::domain::case::Case;
use crate::domain::event::Phase;

/// Commands of one case whose answers are awaited; each of them reads the trail anew.
pub const WAITING_MAX: usize = 5;

/// The phases in which pressing the button asks the trail; that of the scope asks what validation
/// wants to know too.
pub const ASKING: [Phase; 3] = [Phase::Scope, Phase::Impact, Phase::Eradication];

/// What one record asks of the trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inquiry {
    /// Every question of a phase, by its button.
    Phase(Phase),
    /// These, by their ids.
    Named(Vec<String>),
}

/// What still waits, by the record that asked, oldest first. Of a phase only the last press counts.
pub fn waiting(case: &Case) -> Vec<(u64, Inquiry)> {
    let of_phase = |phase| Some((case.presses(phase).last()?.seq, Inquiry::Phase(phase)));
    let named = case.inquiries().iter();
    let named = named.map(|(press, ids)| (press.seq, Inquiry::Named(ids.clone())));
    let mut all: Vec<_> = ASKING.into_iter().filter_map(of_phase).chain(named).collect();
    all.retain(|(asked, _)| !case.is_cancelled(*asked) && !case.is_answered(*asked));
    all.sort_by_key(|(asked, _)| *asked);
    all
}

/// The newest record whose questions have no end yet: the one that a person would cancel.
pub fn newest_waiting(case: &Case) -> Option<u64> {
    waiting(case).last().map(|(asked, _)| *asked)
}

/// Whether no more questions may be asked by their ids before some are answered.
pub fn is_full(case: &Case) -> bool {
    let named = |(_, inquiry): &&(u64, Inquiry)| matches!(inquiry, Inquiry::Named(_));
    waiting(case).iter().filter(named).count() >= WAITING_MAX
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::Event;
    use crate::domain::record::{Actor, Entry};
    use crate::domain::sample::{add, at, opened, person};

    fn by(user: &str) -> Actor {
        Actor::Person { person: person(user), name: None }
    }

    fn ask(case: &mut Case, id: &str) -> u64 {
        add(case, by("U1"), Event::QuestionsAsked { questions: vec![id.to_owned()], sql: None });
        case.seq()
    }

    #[test]
    fn what_people_ask_is_answered_in_the_order_in_which_they_asked() {
        let mut case = opened();
        assert_eq!(newest_waiting(&case), None);
        let first = ask(&mut case, "Q10");
        add(&mut case, by("U2"), Event::PhasePressed { phase: Phase::Impact });
        let pressed = case.seq();
        let last = ask(&mut case, "Q12");
        let named = |id: &str| Inquiry::Named(vec![id.to_owned()]);
        let all =
            [(first, named("Q10")), (pressed, Inquiry::Phase(Phase::Impact)), (last, named("Q12"))];
        assert_eq!(waiting(&case), all);
        assert_eq!(newest_waiting(&case), Some(last));
        add(&mut case, Actor::Keyleak, Event::QuestionsDone { asked: first });
        add(&mut case, by("U2"), Event::Cancelled { asked: last });
        assert_eq!(waiting(&case), all[1..2], "what is answered or cancelled waits no more");
    }

    #[test]
    fn only_what_waits_counts_against_the_limit_and_a_press_does_not() {
        let mut case = opened();
        let first = ask(&mut case, "Q10");
        for _ in 1..WAITING_MAX {
            add(&mut case, by("U2"), Event::PhasePressed { phase: Phase::Scope });
            assert!(!is_full(&case));
            ask(&mut case, "Q10");
        }
        assert!(is_full(&case));
        add(&mut case, Actor::Keyleak, Event::QuestionsDone { asked: first });
        assert!(!is_full(&case));
    }

    #[test]
    fn nobody_but_a_person_asks_and_an_older_journal_folds_without_it() {
        let mut case = opened();
        let event = Event::QuestionsAsked { questions: vec!["Q10".to_owned()], sql: None };
        let entry = Entry::own(at(9), event.clone());
        let record = entry.chained(case.id().clone(), case.last_record());
        assert!(case.apply(&record).is_err());
        let text = serde_json::to_string(&event).unwrap();
        assert_eq!(text, r#"{"kind":"questions_asked","questions":["Q10"]}"#);
        assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
        assert!(case.inquiries().is_empty());
    }
}
