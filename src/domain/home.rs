//! What one person finds in the app's home: what waits for them, their open cases, how it stands.

use crate::domain::announce::{card_key, impact_key, plan_key};
use crate::domain::case::Case;
use crate::domain::event::{Phase, PostKey};
use crate::domain::ids::{ChannelId, MessageTs};
use crate::domain::impact_state;
use crate::domain::plan::PlanKind;
use crate::domain::plan_state::PlanState;
use crate::domain::policy::{Choice, Policy, Wish};
use crate::domain::proof::Caller;
use crate::domain::refusal::Refusal;
use crate::domain::report::status_words;
use crate::domain::tasks::{self, tasks_key};
use jiff::Timestamp;

/// So many lines of each list are read on a phone; the rest is counted.
pub const LINES_MAX: usize = 20;

/// The whole of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Home {
    /// Marked as a drill, as every surface of one is.
    pub drill: bool,
    /// Why this person sees nothing.
    pub refused: Option<String>,
    pub due: Vec<HomeLine>,
    pub cases: Vec<HomeLine>,
    /// How the bot itself stands, in its own words.
    pub health: Vec<String>,
}

/// One line, and where it leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HomeLine {
    pub what: String,
    pub channel: Option<ChannelId>,
    pub message: Option<(ChannelId, MessageTs)>,
}

impl Home {
    /// What this person sees of the open cases; of one that they do not belong to, nothing.
    pub fn of(cases: &[Case], policy: &Policy, caller: &Caller, now: Timestamp) -> Self {
        if let Err(refusal) = policy.may_act(caller) {
            return Self { refused: Some(refusal.to_string()), ..Self::default() };
        }
        let mine = || cases.iter().filter(|case| belongs(case, policy, caller));
        Self {
            due: mine().flat_map(|case| due(case, policy, caller, now)).collect(),
            cases: mine().map(in_short).collect(),
            ..Self::default()
        }
    }
}

/// Whether the case is this person's business: they are on a list, or were let in.
fn belongs(case: &Case, policy: &Policy, caller: &Caller) -> bool {
    let person = caller.person();
    let room = case.room();
    let listed = policy.invited().any(|listed| listed == *person);
    let let_in = room.wanted.contains(person) || room.invited.contains(person);
    let suspected = policy.is_suspect(&person.user);
    case.closed_at().is_none() && (let_in || (listed && !suspected))
}

fn in_short(case: &Case) -> HomeLine {
    let drill = if case.opening().drill { "DRILL: " } else { "" };
    let what = format!("{drill}{} · {} · {}", case.opening().key, case.id(), status_words(case));
    line(case, what, &card_key())
}

/// What waits for this very person.
fn due(case: &Case, policy: &Policy, caller: &Caller, now: Timestamp) -> Vec<HomeLine> {
    let of = |what: String| format!("{what} · {} · {}", case.opening().key, case.id());
    let mut due: Vec<HomeLine> = case
        .pending_plan()
        .into_iter()
        .filter_map(|state| {
            let what = decision((case, state), policy, caller, now)?;
            Some(line(case, of(what), &plan_key(state.plan.number)))
        })
        .collect();
    due.extend(case.plans().filter(|state| policy.may_review(caller, case, state).is_ok()).map(
        |state| {
            let number = state.plan.number;
            let what = format!(
                "Review the break-glass of plan {0}: /keyleak review {0} and what came of it",
                number.0
            );
            line(case, of(what), &plan_key(number))
        },
    ));
    let mine = tasks::under_way(case).filter(|(_, given)| given.owner == *caller.person());
    due.extend(mine.map(|(task, _)| {
        let how = tasks::words(case, task, Some(now)).unwrap_or_default();
        let what = format!("Task {}, {}: {how}", task.number(), task.title());
        line(case, of(what), &tasks_key(task.phase()))
    }));
    let readings = case.spending().not_allowed();
    let allowed = readings.filter(|one| policy.may_allow_reading(caller, case, one.seq).is_ok());
    due.extend(allowed.map(|one| {
        let what = format!("Allow reading {}, which would scan {}", one.seq, one.scan.words());
        line(case, of(what), &card_key())
    }));
    due.extend(questions(case, policy, caller).map(|open| {
        let what = format!("Answer the open impact questions ({open} of 9)");
        line(case, of(what), &impact_key())
    }));
    due
}

/// What this person may decide about a plan that waits.
fn decision(
    (case, state): (&Case, &PlanState),
    policy: &Policy,
    caller: &Caller,
    now: Timestamp,
) -> Option<String> {
    let wish = Wish { caller, choice: Choice::Approve, now };
    let number = state.plan.number.0;
    let kind = match state.plan.kind {
        PlanKind::Containment => "containment",
        PlanKind::FollowUp => "follow-up",
        PlanKind::Undo => "undo",
        PlanKind::Eradication => "eradication, for good",
        PlanKind::Replacement => "new key",
    };
    match policy.may_decide(&wish, case, state) {
        Ok(()) => return Some(format!("Approve or deny plan {number} ({kind})")),
        Err(Refusal::CodeNeeded) => {
            let code = "with your one-time code";
            return Some(format!("Approve {code}, or deny, plan {number} ({kind})"));
        }
        Err(Refusal::NotEnrolled(_)) => {
            return Some(format!(
                "Deny plan {number} ({kind}), or get a one-time code to approve it"
            ));
        }
        Err(_) => {}
    }
    let asked = state.asks_owner(caller.person());
    let agrees = asked && policy.may_agree(&wish, case, state).is_ok();
    agrees.then(|| format!("Agree to plan {number} as the owner of what it stops"))
}

/// How many of the impact questions wait for those who answer them, once somebody asked.
fn questions(case: &Case, policy: &Policy, caller: &Caller) -> Option<usize> {
    let asked = !case.presses(Phase::Impact).is_empty();
    let open = impact_state::open(case).len();
    (asked && open > 0 && policy.may_recover(caller, case).is_ok()).then_some(open)
}

fn line(case: &Case, what: String, post: &PostKey) -> HomeLine {
    let room = case.room();
    HomeLine { what, channel: room.channel.clone(), message: room.posted.get(post).cloned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::Event;
    use crate::domain::record::Actor;
    use crate::domain::sample;
    use crate::domain::task::Task;
    use crate::domain::team_step::TeamStep;
    use crate::domain::tier::Tier;
    use std::collections::BTreeSet;

    fn policy() -> Policy {
        let set = |users: &[&str]| users.iter().map(|user| (*user).to_owned()).collect();
        Policy {
            team: "T1".to_owned(),
            responders: set(&["ana"]),
            approvers: set(&["ana", "bob"]),
            ..Policy::default()
        }
    }

    /// A case that ana opened, with a plan of hers that waits.
    fn proposed() -> Case {
        let mut case = sample::opened();
        let plan = sample::plan(&case, PlanKind::Containment);
        sample::propose(&mut case, plan);
        case
    }

    fn seen(case: &Case, policy: &Policy, user: &str) -> Home {
        Home::of(std::slice::from_ref(case), policy, &sample::caller(user), sample::at(60))
    }

    #[test]
    fn a_waiting_plan_is_due_for_those_who_may_approve_it_and_for_nobody_else() {
        let case = proposed();
        let home = seen(&case, &policy(), "bob");
        assert_eq!(home.due.len(), 1, "{home:?}");
        assert!(home.due[0].what.starts_with("Approve or deny plan 1"), "{home:?}");
        assert_eq!(seen(&case, &policy(), "ana").due, [], "whoever asked does not approve");
        let mut coded = policy();
        coded.step_up.tiers = [Tier::Contain].into();
        assert!(seen(&case, &coded, "bob").due[0].what.starts_with("Deny plan 1"));
        coded.step_up.enrolled = ["bob".to_owned()].into();
        let due = &seen(&case, &coded, "bob").due[0];
        assert!(due.what.starts_with("Approve with your one-time code"), "{due:?}");
        let suspects = BTreeSet::from(["bob".to_owned()]);
        let marked = Policy { suspects, ..policy() };
        let nothing = Home { refused: Some(Refusal::Suspect.to_string()), ..Home::default() };
        assert_eq!(seen(&case, &marked, "bob"), nothing, "a suspect learns nothing here");
    }

    #[test]
    fn a_task_waits_for_whoever_has_it_until_it_is_done_and_for_nobody_else() {
        let mut case = sample::opened();
        let by = || Actor::Person { person: sample::person("bob"), name: None };
        let (task, due) = (Task::Bill, Some(sample::at(55)));
        let given = TeamStep::TaskGiven { task, person: sample::person("bob"), due };
        sample::add(&mut case, by(), Event::Team { step: Box::new(given) });
        let home = seen(&case, &policy(), "bob");
        assert!(home.due[0].what.starts_with("Task 12, bill and quotas: "), "{home:?}");
        assert!(home.due[0].what.contains("OVERDUE"), "{home:?}");
        assert_eq!(seen(&case, &policy(), "ana").due, []);
        let done = Event::Team { step: Box::new(TeamStep::TaskDone { task }) };
        sample::add(&mut case, by(), done);
        assert_eq!(seen(&case, &policy(), "bob").due, []);
    }

    #[test]
    fn who_is_neither_listed_nor_let_in_sees_no_case_and_who_may_do_nothing_hears_why() {
        let case = proposed();
        let opener = case.opened_by().user.clone();
        assert_eq!(seen(&case, &policy(), &opener).cases.len(), 1);
        assert_eq!(seen(&case, &policy(), "fin"), Home::default());
        let openers = Some(BTreeSet::new());
        let closed = Policy { openers, ..policy() };
        let home = seen(&case, &closed, "fin");
        assert!(home.refused.unwrap().contains("not on the list"));
        assert!(home.cases.is_empty() && home.due.is_empty());
        let shown = seen(&case, &policy(), "bob").cases.remove(0).what;
        assert!(!shown.contains(sample::KEY), "the key is masked: {shown}");
    }
}
