//! The fold of what a case reads and of who allowed it.

use crate::domain::case::Case;
use crate::domain::fold::{IllegalRecord, press};
use crate::domain::record::Record;
use crate::domain::spending::Waiting;
use crate::domain::spending_step::SpendingStep;

impl Case {
    /// Takes in what was spent, or is about to be.
    pub(super) fn take_in_spending(
        &mut self,
        record: &Record,
        step: &SpendingStep,
    ) -> Result<(), IllegalRecord> {
        let spending = &mut self.spending;
        match step {
            SpendingStep::Read { cost } => spending.add(record.at, cost),
            SpendingStep::Expected { scan } => {
                if scan.question.is_none() {
                    spending.expected = Some(scan.clone());
                }
            }
            SpendingStep::Asked { scan, requester } => {
                let (scan, requester) = (scan.clone(), requester.clone());
                spending.waiting.retain(|waiting| !scan.replaces(&waiting.scan));
                spending.waiting.push(Waiting { seq: record.seq, scan, requester, allowed: None });
            }
            SpendingStep::Allowed { sql_sha256 } => {
                let press = press(record)?;
                let mut waiting = spending.waiting.iter_mut();
                let waiting = waiting.find(|waiting| waiting.scan.sql_sha256 == *sql_sha256);
                let waiting = waiting.ok_or(IllegalRecord::OtherReading)?;
                if waiting.requester == press.by {
                    return Err(IllegalRecord::Requester);
                }
                if waiting.allowed.is_some() {
                    return Err(IllegalRecord::AlreadyApproved);
                }
                waiting.allowed = Some(press);
            }
            SpendingStep::Begun { sql_sha256 } | SpendingStep::Expired { sql_sha256 } => {
                let is_this = |waiting: &Waiting| waiting.scan.sql_sha256 == *sql_sha256;
                if !spending.waiting.iter().any(is_this) {
                    return Err(IllegalRecord::OtherReading);
                }
                spending.waiting.retain(|waiting| !is_this(waiting));
            }
            SpendingStep::NotTraced { .. } => spending.not_traced_at = Some(record.at),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::Event;
    use crate::domain::record::{Actor, Entry};
    use crate::domain::sample::{add, at, opened, person, scan};
    use crate::domain::scan::Scan;

    fn by(user: &str) -> Actor {
        Actor::Person { person: person(user), name: None }
    }

    fn spending(step: SpendingStep) -> Event {
        Event::Spending { step: Box::new(step) }
    }

    fn tried(case: &Case, actor: Actor, step: SpendingStep) -> Result<(), IllegalRecord> {
        let entry = Entry { at: at(9), actor, place: None, delivery: None, event: spending(step) };
        let record = entry.chained(case.id().clone(), case.last_record());
        case.clone().apply(&record)
    }

    fn asked() -> Case {
        let mut case = opened();
        let requester = person("ana");
        add(
            &mut case,
            Actor::Keyleak,
            spending(SpendingStep::Asked { scan: scan("a"), requester }),
        );
        case
    }

    /// A question about another log, with SQL of its own.
    fn of_log(hash: &str) -> SpendingStep {
        let scan = Scan { question: Some("Q43".to_owned()), ..scan(hash) };
        SpendingStep::Asked { scan, requester: person("ana") }
    }

    fn allowed(hash: &str) -> SpendingStep {
        SpendingStep::Allowed { sql_sha256: hash.to_owned() }
    }

    #[test]
    fn a_reading_is_allowed_once_by_somebody_else_than_who_asked_and_for_its_own_sql() {
        let mut case = asked();
        assert_eq!(case.spending().not_allowed().count(), 1);
        for (actor, hash, refused) in [
            (by("ana"), "a", IllegalRecord::Requester),
            (by("bob"), "b", IllegalRecord::OtherReading),
            (Actor::Keyleak, "a", IllegalRecord::NotAPerson),
        ] {
            assert_eq!(tried(&case, actor, allowed(hash)), Err(refused));
        }
        add(&mut case, by("bob"), spending(allowed("a")));
        let press = case.spending().allowed(&scan("a")).unwrap();
        assert_eq!(press.by, person("bob"));
        assert_eq!(case.spending().allowed(&scan("b")), None);
        assert_eq!(case.spending().not_allowed().next(), None);
        let again = tried(&case, by("cyn"), allowed("a"));
        assert_eq!(again, Err(IllegalRecord::AlreadyApproved));
    }

    #[test]
    fn what_begins_or_lapses_is_allowed_no_more_and_another_reading_takes_its_place() {
        let hash = || "a".to_owned();
        for end in [
            SpendingStep::Begun { sql_sha256: hash() },
            SpendingStep::Expired { sql_sha256: hash() },
            SpendingStep::Asked { scan: scan("b"), requester: person("ana") },
        ] {
            let mut case = asked();
            add(&mut case, by("bob"), spending(allowed("a")));
            add(&mut case, Actor::Keyleak, spending(end));
            assert_eq!(case.spending().allowed(&scan("a")), None);
        }
        let other = SpendingStep::Begun { sql_sha256: "b".to_owned() };
        let refused = tried(&asked(), Actor::Keyleak, other);
        assert_eq!(refused, Err(IllegalRecord::OtherReading));
    }

    #[test]
    fn a_question_about_another_log_waits_beside_the_trail_and_neither_takes_the_others_place() {
        let mut case = asked();
        add(&mut case, Actor::Keyleak, spending(of_log("b")));
        add(&mut case, Actor::Keyleak, spending(of_log("c")));
        let waits: Vec<&str> =
            case.spending().not_allowed().map(|waits| waits.scan.sql_sha256.as_str()).collect();
        assert_eq!(waits, ["a", "c"], "one for each table");
        add(&mut case, by("bob"), spending(allowed("c")));
        let log = |hash: &str| Scan { question: Some("Q43".to_owned()), ..scan(hash) };
        assert!(case.spending().allowed(&log("c")).is_some());
        assert_eq!(case.spending().allowed(&scan("c")), None, "not for reading the trail");
        let begun = SpendingStep::Begun { sql_sha256: "c".to_owned() };
        add(&mut case, Actor::Keyleak, spending(begun));
        assert_eq!(case.spending().waits_for(Some("Q43")), None);
        assert!(case.spending().waits_for(None).is_some(), "the trail still waits");
    }
}
