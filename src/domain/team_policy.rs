//! Who may say how severe a case is, and who may take which role in it.

use crate::domain::case::Case;
use crate::domain::ids::PersonId;
use crate::domain::policy::Policy;
use crate::domain::proof::Caller;
use crate::domain::refusal::Refusal;
use crate::domain::regime::Regime;
use crate::domain::task::Task;
use crate::domain::tasks::{self, Standing};
use crate::domain::team_step::{Role, TeamStep};
use jiff::{SignedDuration, Timestamp};

/// Nobody learns today of a breach that they have known for a year.
const CLOCK_AGE_MAX: SignedDuration = SignedDuration::from_hours(24 * 366);

impl Policy {
    /// Whether this person may raise or lower the severity, or name the root cause: it calls
    /// people, and frees nobody.
    pub fn may_grade(&self, caller: &Caller, case: &Case) -> Result<(), Refusal> {
        self.is_disinterested_staff(caller, case)
    }

    /// The step by which this person takes a role, or gives it to another.
    pub fn may_take(
        &self,
        caller: &Caller,
        case: &Case,
        (role, other): (Role, Option<&str>),
    ) -> Result<TeamStep, Refusal> {
        self.is_disinterested_staff(caller, case)?;
        let person = self.may_be_named(case, other.unwrap_or(&caller.person().user))?;
        if case.team().role(role).is_some_and(|(has, _)| *has == person) {
            return Err(Refusal::NotNamed("that person has this role already"));
        }
        Ok(TeamStep::Took { role, person })
    }

    /// The person of this id, where they can have a part in the case.
    fn may_be_named(&self, case: &Case, user: &str) -> Result<PersonId, Refusal> {
        let listed = self.works_here(user);
        if !listed && *case.opened_by().user != *user {
            return Err(Refusal::NotNamed(
                "only responders, approvers and whoever opened the case can have a role or a task \
                 in it",
            ));
        }
        if self.is_suspect(user) || self.owns_key(user, case) {
            return Err(Refusal::NotNamed(
                "neither the key's owner nor a marked suspect can have a role or a task in the \
                 case",
            ));
        }
        Ok(PersonId { team: self.team.clone(), user: user.to_owned() })
    }

    /// The step by which this person takes a task, or gives it to another; `seen` is the last word
    /// about it that a button showed.
    pub fn may_give_task(
        &self,
        (caller, now): (&Caller, Timestamp),
        case: &Case,
        (task, other, seen): (Task, Option<&str>, Option<u64>),
    ) -> Result<TeamStep, Refusal> {
        self.is_disinterested_staff(caller, case)?;
        is_current(case, task, seen)?;
        let person = self.may_be_named(case, other.unwrap_or(&caller.person().user))?;
        match tasks::standing(case, task) {
            Standing::Shown => return Err(Refusal::NotNamed("the case shows that it is done")),
            Standing::Given(given) if given.owner == person => {
                return Err(Refusal::NotNamed("that person has this task already"));
            }
            Standing::Open | Standing::Given(_) | Standing::Done(_) => {}
        }
        let within = self.conduct.tasks.get(&case.team().severity());
        let due = within.and_then(|within| now.checked_add(*within).ok());
        Ok(TeamStep::TaskGiven { task, person, due })
    }

    /// The step by which this person says that a task is done: whoever has it, and staff.
    pub fn may_finish_task(
        &self,
        caller: &Caller,
        case: &Case,
        (task, seen): (Task, Option<u64>),
    ) -> Result<TeamStep, Refusal> {
        let owner = case.team().task_given(task).map(|given| &given.owner);
        if owner == Some(caller.person()) {
            self.is_ours(caller)?;
            self.is_disinterested(caller, case)?;
        } else {
            self.is_disinterested_staff(caller, case)?;
        }
        is_current(case, task, seen)?;
        match tasks::standing(case, task) {
            Standing::Done(_) | Standing::Shown => Err(Refusal::NotNamed("it is done already")),
            Standing::Open | Standing::Given(_) => Ok(TeamStep::TaskDone { task }),
        }
    }

    /// Whether this person may start the clock of a reporting duty.
    pub fn may_start_clock(
        &self,
        (caller, now): (&Caller, Timestamp),
        case: &Case,
        (regime, since): (Regime, Timestamp),
    ) -> Result<(), Refusal> {
        self.is_staff_or_legal(caller, case)?;
        if case.team().clocks().contains_key(&regime) {
            return Err(Refusal::NotNamed("that clock runs already; stop it first"));
        }
        if since > now || since < now - CLOCK_AGE_MAX {
            return Err(Refusal::NotNamed(
                "that time is still to come, or more than a year ago; times are UTC unless they \
                 say otherwise",
            ));
        }
        Ok(())
    }

    /// Whether this person may stop one.
    pub fn may_stop_clock(
        &self,
        caller: &Caller,
        case: &Case,
        regime: Regime,
    ) -> Result<(), Refusal> {
        self.is_staff_or_legal(caller, case)?;
        match case.team().clocks().contains_key(&regime) {
            true => Ok(()),
            false => Err(Refusal::NotNamed("no such clock runs")),
        }
    }

    fn is_staff_or_legal(&self, caller: &Caller, case: &Case) -> Result<(), Refusal> {
        self.is_ours(caller)?;
        if self.conduct.legal.contains(&caller.person().user) {
            self.is_member(caller)?;
            return self.is_disinterested(caller, case);
        }
        self.is_disinterested_staff(caller, case)
    }
}

/// A button that was drawn before the last word about its task is old.
fn is_current(case: &Case, task: Task, seen: Option<u64>) -> Result<(), Refusal> {
    match seen.is_none_or(|seen| seen == tasks::last_word(case, task)) {
        true => Ok(()),
        false => Err(Refusal::NotNamed("somebody said something of this task since; look again")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::Event;
    use crate::domain::record::Actor;
    use crate::domain::sample::{self, add, caller, opened, own, person};

    fn policy() -> Policy {
        let set = |users: &[&str]| users.iter().map(|user| (*user).to_owned()).collect();
        Policy {
            team: person("ana").team,
            responders: set(&["bob", "sue"]),
            approvers: set(&["cyn", "dan"]),
            key_owners: [("ci".to_owned(), "dan".to_owned())].into(),
            suspects: set(&["sue"]),
            ..Policy::default()
        }
    }

    #[test]
    fn staff_take_roles_and_give_them_to_staff_and_to_who_opened_the_case() {
        let mut case = opened();
        add(&mut case, Actor::Keyleak, Event::Found { finding: own("ci") });
        let policy = policy();
        let takes = |case: &Case, who: &str, other: Option<&str>| {
            policy.may_take(&caller(who), case, (Role::Lead, other))
        };
        let took = |user: &str| TeamStep::Took { role: Role::Lead, person: person(user) };
        assert_eq!(takes(&case, "bob", None), Ok(took("bob")));
        assert_eq!(takes(&case, "bob", Some("cyn")), Ok(took("cyn")));
        assert_eq!(takes(&case, "bob", Some("ana")), Ok(took("ana")), "ana opened it");
        assert_eq!(takes(&case, "fin", None), Err(Refusal::NotListed), "on no list");
        assert_eq!(takes(&case, "sue", None), Err(Refusal::Suspect));
        assert_eq!(takes(&case, "dan", None), Err(Refusal::KeyOwner));
        for other in ["fin", "sue", "dan"] {
            let judged = takes(&case, "bob", Some(other));
            assert!(matches!(judged, Err(Refusal::NotNamed(_))), "{other}: {judged:?}");
        }
        let bob = Actor::Person { person: person("bob"), name: None };
        add(&mut case, bob, Event::Team { step: Box::new(took("bob")) });
        assert!(matches!(takes(&case, "bob", None), Err(Refusal::NotNamed(_))), "has it");
        assert_eq!(takes(&case, "cyn", None), Ok(took("cyn")), "the next takes it over");
    }

    #[test]
    fn only_staff_without_a_stake_say_how_severe_it_is() {
        let mut case = opened();
        add(&mut case, Actor::Keyleak, Event::Found { finding: own("ci") });
        let says = |who: &str| policy().may_grade(&caller(who), &case);
        assert_eq!(says("bob"), Ok(()));
        assert_eq!(says("fin"), Err(Refusal::NotListed));
        assert_eq!(says("sue"), Err(Refusal::Suspect));
        assert_eq!(says("dan"), Err(Refusal::KeyOwner));
    }

    #[test]
    fn clocks_are_started_and_stopped_by_staff_and_legal_and_never_twice() {
        let mut case = opened();
        let mut policy = policy();
        policy.conduct.legal = ["lea".to_owned()].into();
        let (gdpr, now) = (Regime::Gdpr, sample::at(100));
        let starts = |case: &Case, who: &str, since| {
            policy.may_start_clock((&caller(who), now), case, (gdpr, since))
        };
        assert_eq!(starts(&case, "bob", now), Ok(()));
        assert_eq!(starts(&case, "lea", sample::at(0)), Ok(()));
        assert_eq!(starts(&case, "fin", now), Err(Refusal::NotListed));
        assert_eq!(starts(&case, "sue", now), Err(Refusal::Suspect));
        let ahead = starts(&case, "lea", sample::at(200));
        assert!(matches!(ahead, Err(Refusal::NotNamed(_))), "{ahead:?}");
        let stops = |case: &Case, who: &str| policy.may_stop_clock(&caller(who), case, gdpr);
        assert!(matches!(stops(&case, "lea"), Err(Refusal::NotNamed(_))), "none runs");
        let lea = || Actor::Person { person: person("lea"), name: None };
        let reason = || "as Legal says".to_owned();
        let step = TeamStep::ClockStarted { regime: gdpr, since: now, reason: reason() };
        add(&mut case, lea(), Event::Team { step: Box::new(step) });
        assert!(matches!(starts(&case, "bob", now), Err(Refusal::NotNamed(_))), "it runs");
        assert_eq!(stops(&case, "bob"), Ok(()));
        let step = TeamStep::ClockStopped { regime: gdpr, reason: reason() };
        add(&mut case, lea(), Event::Team { step: Box::new(step) });
        assert_eq!(starts(&case, "bob", now), Ok(()), "and may run again");
    }

    #[test]
    fn staff_take_give_and_finish_tasks_and_an_old_button_does_nothing() {
        let mut case = opened();
        add(&mut case, Actor::Keyleak, Event::Found { finding: own("ci") });
        let mut policy = policy();
        policy.conduct.tasks = [(case.team().severity(), SignedDuration::from_hours(1))].into();
        let (task, now) = (Task::Bill, sample::at(100));
        let gives = |case: &Case, who: &str, other: Option<&str>, seen: Option<u64>| {
            policy.may_give_task((&caller(who), now), case, (task, other, seen))
        };
        let due = Some(now + SignedDuration::from_hours(1));
        let given = |user: &str| TeamStep::TaskGiven { task, person: person(user), due };
        assert_eq!(gives(&case, "bob", None, None), Ok(given("bob")));
        assert_eq!(gives(&case, "bob", Some("ana"), Some(0)), Ok(given("ana")), "who opened it");
        for (who, refusal) in
            [("fin", Refusal::NotListed), ("sue", Refusal::Suspect), ("dan", Refusal::KeyOwner)]
        {
            assert_eq!(gives(&case, who, None, None), Err(refusal.clone()), "{who}");
            let finishes = policy.may_finish_task(&caller(who), &case, (task, None));
            assert_eq!(finishes, Err(refusal), "{who}");
        }
        for other in ["fin", "sue", "dan"] {
            let judged = gives(&case, "bob", Some(other), None);
            assert!(matches!(judged, Err(Refusal::NotNamed(_))), "{other}: {judged:?}");
        }
        let bob = || Actor::Person { person: person("bob"), name: None };
        add(&mut case, bob(), Event::Team { step: Box::new(given("ana")) });
        let seq = case.seq();
        assert!(gives(&case, "cyn", None, Some(0)).is_err(), "drawn before ana had it");
        assert_eq!(gives(&case, "cyn", None, Some(seq)), Ok(given("cyn")));
        let done =
            |case: &Case, who: &str| policy.may_finish_task(&caller(who), case, (task, Some(seq)));
        for who in ["ana", "bob"] {
            assert_eq!(done(&case, who), Ok(TeamStep::TaskDone { task }), "{who}");
        }
        assert_eq!(done(&case, "fin"), Err(Refusal::NotListed));
        add(&mut case, bob(), Event::Team { step: Box::new(TeamStep::TaskDone { task }) });
        let again = policy.may_finish_task(&caller("bob"), &case, (task, None));
        assert!(matches!(again, Err(Refusal::NotNamed(_))), "{again:?}");
    }
}
