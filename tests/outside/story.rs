//! The story on an AWS we did not write: from a reported key to contained, and back by undo.

use crate::account::Clients;
use crate::bureau::{APPROVER, ASKER, Bureau, is_contained, journal};
use crate::frame::{Missing, trial_async};
use crate::leak::{BACKDOOR, USER, leak_delivered};
use crate::parts::Parts;
use crate::thief::Thief;
use async_trait::async_trait;
use keyleak::aws::contain::AwsContain;
use keyleak::domain::action::Action;
use keyleak::domain::button::{ButtonAction, PlanAddress};
use keyleak::domain::case::{Case, PlanState, PlanStatus};
use keyleak::domain::event::Event;
use keyleak::domain::ids::{CaseId, UserName};
use keyleak::domain::plan::PlanKind;
use keyleak::domain::snapshot::differences;
use keyleak::flow::propose::photograph;
use keyleak::ports::clock::Clock;
use keyleak::ports::cloud::{Applied, CallError, Contain};
use keyleak::ports::ticket::Ticket;
use libtest_mimic::Trial;
use std::sync::Arc;
use std::time::Duration;

/// How often each stolen credential is tried after containment.
const ATTEMPTS: usize = 200;
/// How late the trail comes: CloudTrail's minutes, compressed.
const DELIVERY: Duration = Duration::from_millis(300);
/// How long the restless thief goes on trying after the case says "contained".
const AFTERWARDS: Duration = Duration::from_secs(5);
/// Long enough for a sabotaged case to say "contained", were it to say so.
const SABOTAGE_WATCHED: Duration = Duration::from_secs(8);

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let [whole, sabotaged, restless] = [(); 3].map(|()| Arc::clone(parts));
    vec![
        trial_async(
            "a_reported_key_is_contained_with_all_that_grew_from_it_and_undone",
            move || async move { contained_and_undone(&whole).await },
        ),
        trial_async(
            "a_thief_who_acts_every_200_ms_is_contained_after_one_approval",
            move || async move { restless_thief_is_contained(&restless).await },
        ),
        trial_async(
            "with_the_deny_skipped_the_case_is_never_called_contained",
            move || async move { never_contained_without_deny(&sabotaged).await },
        ),
    ]
}

async fn contained_and_undone(parts: &Parts) -> Result<(), Missing> {
    let leak = leak_delivered(parts, "260000000001", DELIVERY).await?;
    let bureau = Bureau::open(&leak, |adapter| Arc::new(adapter)).await;
    let user = UserName(USER.to_owned());
    let before = photograph(bureau.desk.lookup.as_ref(), &user).await.expect("her state");

    let case = bureau.report(&leak.key.id, leak.since).await;
    let plan = approve(&bureau, &case, PlanKind::Containment).await;
    bureau.wait(&case, "contained", is_contained).await;
    for (name, clients) in leak.loot() {
        refused(name, &clients).await.unwrap_or_else(|why| panic!("{why}"));
    }
    let backdoor = leak.owner.state_of(BACKDOOR).await;
    assert!(backdoor.keys_inactive, "the new user's key is inactive: {backdoor:?}\n{}", {
        journal(&bureau.desk.ledger.load(&case).await.expect("the case is readable"))
    });
    assert!(backdoor.is_denied, "the new user is denied: {backdoor:?}");

    let standing = standing(&bureau, &case).await;
    assert_eq!(standing.case, plan.case);
    bureau.press(ASKER, ButtonAction::Undo(standing)).await;
    approve(&bureau, &case, PlanKind::Undo).await;
    bureau.wait(&case, "undone", |case| done(case, PlanKind::Undo)).await;
    for (name, clients) in leak.loot() {
        let works = clients.list_buckets().await;
        works.unwrap_or_else(|code| panic!("{name} is still refused with {code} after undo"));
    }
    let after = photograph(bureau.desk.lookup.as_ref(), &user).await.expect("her state");
    assert_eq!(differences(&before, &after), Vec::<String>::new());
    bureau.checked_chain(&case).await;
    bureau.close().await;
    Ok(())
}

async fn restless_thief_is_contained(parts: &Parts) -> Result<(), Missing> {
    let leak = leak_delivered(parts, "260000000003", DELIVERY).await?;
    let thief = Thief::at_work(&leak, USER);
    let bureau = Bureau::open(&leak, |adapter| Arc::new(adapter)).await;
    let case = bureau.report(&leak.key.id, leak.since).await;
    approve(&bureau, &case, PlanKind::Containment).await;
    bureau.wait(&case, "contained", is_contained).await;
    let contained_at = Clock::real().now();
    tokio::time::sleep(AFTERWARDS).await;
    thief.rest().await;

    let now = bureau.desk.ledger.load(&case).await.expect("the case is readable");
    let allowed = thief.allowed_since(contained_at);
    assert!(allowed.is_empty(), "allowed after \"contained\": {allowed:?}\n{}", journal(&now));
    let working = thief.try_all().await;
    assert!(working.is_empty(), "still working: {working:?}\n{}", journal(&now));
    let before = thief.allowed_since(leak.since).len();
    assert!(before > 5 && thief.credentials() > 5, "it was a busy thief: {before} calls");
    let approvals = now.records().iter();
    let approvals = approvals.filter(|record| matches!(record.event, Event::Approved { .. }));
    assert_eq!(approvals.count(), 1, "one approval\n{}", journal(&now));
    bureau.close().await;
    Ok(())
}

/// The negative control: the deny is skipped and claimed as done; the bot must notice by itself.
async fn never_contained_without_deny(parts: &Parts) -> Result<(), Missing> {
    let leak = leak_delivered(parts, "260000000002", DELIVERY).await?;
    let bureau = Bureau::open(&leak, |adapter| Arc::new(SkipsTheDeny { adapter })).await;
    let case = bureau.report(&leak.key.id, leak.since).await;
    approve(&bureau, &case, PlanKind::Containment).await;
    let drifted = |case: &Case| {
        let mut records = case.records().iter();
        let found =
            |event: &Event| matches!(event, Event::ReadBack { drifts, .. } if !drifts.is_empty());
        records.any(|record| found(&record.event)).then_some(())
    };
    bureau.wait(&case, "the read-back sees that the deny is missing", drifted).await;
    tokio::time::sleep(SABOTAGE_WATCHED).await;
    let now = bureau.desk.ledger.load(&case).await.expect("the case is readable");
    assert!(is_contained(&now).is_none(), "it is not contained:\n{}", journal(&now));
    let (name, session) = &leak.loot()[1];
    let check = refused(name, session).await;
    assert_eq!(check, Err("session token: attempt 1 of 200 was allowed".to_owned()));
    bureau.close().await;
    Ok(())
}

/// Waits for a plan of this kind and approves it with the second person.
async fn approve(bureau: &Bureau, case: &CaseId, kind: PlanKind) -> PlanAddress {
    let proposed = |case: &Case| {
        let state = case.pending_plan().filter(|state| state.plan.kind == kind)?;
        Some(address(state))
    };
    let at = bureau.wait(case, "a plan is proposed", proposed).await;
    bureau.press(APPROVER, ButtonAction::Approve(at.clone())).await;
    at
}

async fn standing(bureau: &Bureau, case: &CaseId) -> PlanAddress {
    bureau.wait(case, "a standing plan", |case| case.standing_containment().map(address)).await
}

fn address(state: &PlanState) -> PlanAddress {
    PlanAddress { case: state.plan.case.clone(), plan: state.plan.number, hash: state.hash.clone() }
}

fn done(case: &Case, kind: PlanKind) -> Option<()> {
    let mut plans = case.plans();
    let is_done =
        |state: &PlanState| state.plan.kind == kind && matches!(state.status(), PlanStatus::Done);
    plans.any(is_done).then_some(())
}

/// Tries a credential over and over; the first time it works is an error.
pub(crate) async fn refused(name: &str, clients: &Clients) -> Result<(), String> {
    let expected = ["AccessDenied", "InvalidClientTokenId", "InvalidAccessKeyId"];
    for attempt in 1..=ATTEMPTS {
        match clients.list_buckets().await {
            Ok(()) => {
                return Err(format!("{name}: attempt {attempt} of {ATTEMPTS} was allowed"));
            }
            Err(code) if expected.contains(&code.as_str()) => {}
            Err(code) => return Err(format!("{name}: refused for another reason, {code}")),
        }
    }
    Ok(())
}

/// The sabotage: everything is carried out but the deny.
struct SkipsTheDeny {
    adapter: AwsContain,
}

#[async_trait]
impl Contain for SkipsTheDeny {
    async fn apply(&self, ticket: &Ticket) -> Result<Applied, CallError> {
        if matches!(ticket.action(), Action::DenyUser { .. }) {
            return Ok(Applied { how: None, request_id: None });
        }
        self.adapter.apply(ticket).await
    }
}
