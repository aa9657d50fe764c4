//! Tickets for any actions: the steps of a plan that somebody approved, in a journal of their own.

use jiff::{SignedDuration, Timestamp};
use keyleak::domain::action::Action;
use keyleak::domain::caps::Caps;
use keyleak::domain::case::Case;
use keyleak::domain::event::{Event, Opening};
use keyleak::domain::ids::{AccessKeyId, AccountId, CaseId, PersonId};
use keyleak::domain::plan::{Plan, PlanKind, PlanNumber, Step};
use keyleak::domain::policy::recorded;
use keyleak::domain::record::{Actor, Entry, Record};
use keyleak::domain::snapshot::SnapshotRef;
use keyleak::domain::step_result::StepResult;
use keyleak::ports::clock::Clock;
use keyleak::ports::journal::Journal;
use keyleak::ports::ticket::{Books, StepAttempt, Ticket, begin};
use keyleak::store::sqlite::Sqlite;

/// A ticket for each, in an account.
pub(crate) async fn tickets(account: &str, actions: Vec<Action>) -> Vec<Ticket> {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = Sqlite::open(&folder.path().join("journal.db")).expect("a journal");
    let mut case = approved(account, &actions);
    let number = PlanNumber(1);
    let approval = recorded(&case, number).expect("an approval");
    let books = Books { journal: &journal, brakes: &journal, caps: Caps::default() };
    let mut tickets = Vec::new();
    for step in 0..u32::try_from(actions.len()).expect("a few") {
        let which = StepAttempt { plan: number, step, attempt: 1 };
        let ticket = begin(books, &case, &approval, which, Clock::real().now()).await;
        let ticket = ticket.expect("a ticket");
        case.apply(ticket.record()).expect("its intent");
        tickets.push(ticket);
    }
    tickets
}

/// The ticket of the second attempt at one action; the first one failed, and left who knows what.
pub(crate) async fn second(account: &str, action: Action) -> Ticket {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = Sqlite::open(&folder.path().join("journal.db")).expect("a journal");
    let mut case = approved(account, &[action]);
    let plan = PlanNumber(1);
    let approval = recorded(&case, plan).expect("an approval");
    let books = Books { journal: &journal, brakes: &journal, caps: Caps::default() };
    let now = || Clock::real().now();
    let which = |attempt| StepAttempt { plan, step: 0, attempt };
    let first = begin(books, &case, &approval, which(1), now()).await.expect("a ticket");
    case.apply(first.record()).expect("its intent");
    let why = "no answer in time".to_owned();
    let result = StepResult::Failed { why, retryable: true, request_id: None };
    let outcome = Event::Outcome { plan, step: 0, attempt: 1, result };
    let outcome = Entry::own(now(), outcome).chained(case.id().clone(), case.last_record());
    journal.append(&outcome).await.expect("its outcome");
    case.apply(&outcome).expect("its outcome");
    begin(books, &case, &approval, which(2), now()).await.expect("a second ticket")
}

/// A case in which these actions were proposed and approved.
fn approved(account: &str, actions: &[Action]) -> Case {
    let (case, now) = (CaseId("kl-each-right".to_owned()), Clock::real().now());
    let plan = plan(&case, (account, actions), now);
    let (number, hash) = (plan.number, plan.hash());
    let proposed = Event::Proposed { plan: Box::new(plan), hash: hash.clone() };
    let events = [Event::Opened(opening()), proposed, Event::Approved { plan: number, hash }];
    let mut records: Vec<Record> = Vec::new();
    for (event, user) in events.into_iter().zip(["U1", "U1", "U2"]) {
        let actor = Actor::Person { person: person(user), name: None };
        let entry = Entry { actor, ..Entry::own(now, event) };
        records.push(entry.chained(case.clone(), records.last()));
    }
    Case::fold(records).expect("a legal case")
}

fn opening() -> Opening {
    Opening {
        key: AccessKeyId::parse("AKIAQNZGKIQY56JQ7WML").expect("a key id"),
        found_where: None,
        exposed_since: None,
        note: None,
        drill: false,
        endpoints: Vec::new(),
        shares_channel_of: None,
    }
}

fn person(user: &str) -> PersonId {
    PersonId { team: "T1".to_owned(), user: user.to_owned() }
}

fn plan(case: &CaseId, (account, actions): (&str, &[Action]), now: Timestamp) -> Plan {
    let step = |action: &Action| Step {
        action: action.clone(),
        blast_radius: Vec::new(),
        because: "a trial".to_owned(),
        provisional: false,
    };
    Plan {
        case: case.clone(),
        number: PlanNumber(1),
        kind: PlanKind::Containment,
        account: AccountId(account.to_owned()),
        exposed_since: None,
        snapshot: SnapshotRef { sha256: "0".repeat(64), taken_at: now },
        steps: actions.iter().map(step).collect(),
        about: None,
        adjusted: Vec::new(),
        lifts: Vec::new(),
        owners: Vec::new(),
        dry_run: false,
        covers: Vec::new(),
        notes: Vec::new(),
        requested_by: person("U1"),
        approvals_needed: 1,
        expires_at: now + SignedDuration::from_hours(1),
    }
}
