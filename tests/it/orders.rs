//! Orders from the command line obey the rules of Slack's buttons, count once, and end with time.

use crate::stage::Stage;
use async_trait::async_trait;
use jiff::SignedDuration;
use keyleak::domain::brake::next_number;
use keyleak::domain::button::PlanAddress;
use keyleak::domain::case::Case;
use keyleak::domain::digest::canonical;
use keyleak::domain::event::Event;
use keyleak::domain::identity::{AwsIdentity, Operators};
use keyleak::domain::ids::CaseId;
use keyleak::domain::operator::{BadProof, Order, Signature, Verb};
use keyleak::domain::plan_state::PlanStatus;
use keyleak::drill::people::{APPROVER, KEY_OWNER, REPORTER};
use keyleak::drill::players::{load, open, until};
use keyleak::drill::world::World;
use keyleak::flow::operator::{Counter, NotDone, carry_out};
use keyleak::ports::witness::{Witness, WitnessError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

pub(crate) const NOW: SignedDuration = SignedDuration::ZERO;

/// AWS, as far as an order is concerned: it names whoever it is told to.
struct Names {
    arn: String,
    asked: AtomicUsize,
}

#[async_trait]
impl Witness for Names {
    async fn who_signed(&self, _: &Order, _: &Signature) -> Result<AwsIdentity, WitnessError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let (arn, request_id) = (self.arn.clone(), Some("request-1".to_owned()));
        Ok(AwsIdentity { arn, account: "111111111111".to_owned(), request_id })
    }
}

pub(crate) fn user(name: &str) -> String {
    format!("arn:aws:iam::111111111111:user/{name}")
}

fn operators(world: &World) -> Operators {
    let account = world.cloud.account();
    let listed = BTreeMap::from([
        (user("ana"), REPORTER.to_owned()),
        (user("bob"), APPROVER.to_owned()),
        (user("dan"), KEY_OWNER.to_owned()),
        (format!("arn:aws:iam::{account}:user/ci-deployer"), APPROVER.to_owned()),
    ]);
    Operators::read(&listed, &BTreeSet::new()).unwrap()
}

/// Gives an order that AWS says `arn` signed `age` ago; what came of it, and how often AWS was
/// asked. The stage's clock runs, so ages are counted from each call.
pub(crate) async fn give(
    world: &World,
    arn: &str,
    order: Order,
    (age, hex): (SignedDuration, &str),
) -> (Result<(), NotDone>, usize) {
    let desk = world.desk().unwrap();
    let witness = Names { arn: arn.to_owned(), asked: AtomicUsize::new(0) };
    let counter = Counter {
        bench: desk.bench(),
        work: desk.work.as_ref(),
        witness: &witness,
        operators: &operators(world),
    };
    let signature = Signature {
        date: (world.clock.now() - age).strftime("%Y%m%dT%H%M%SZ").to_string(),
        key_id: "AKIAQNZGKIQY56JQ0000".to_owned(),
        session_token: None,
        hex: hex.repeat(32),
    };
    let outcome = carry_out(&counter, order, &signature).await.map(drop);
    (outcome, witness.asked.load(Ordering::SeqCst))
}

pub(crate) async fn planned(world: &World) -> (CaseId, PlanAddress) {
    let id = open(world).await.unwrap();
    let case = until(world, &id, "the plan", |case| case.pending_plan().is_some()).await.unwrap();
    let state = case.pending_plan().unwrap();
    let at = PlanAddress { case: id.clone(), plan: state.plan.number, hash: state.hash.clone() };
    (id, at)
}

pub(crate) fn approve(at: &PlanAddress) -> Order {
    Order::Decide { verb: Verb::Approve, at: at.clone(), reason: None }
}

fn approvals(case: &Case) -> Vec<&keyleak::domain::record::Record> {
    let approved = |event: &Event| matches!(event, Event::Approved { .. });
    case.records().iter().map(AsRef::as_ref).filter(|record| approved(&record.event)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_judged_like_a_press_and_counts_once() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let (id, at) = planned(world).await;
    let late = (SignedDuration::from_mins(6), "0f");
    let (outcome, asked) = give(world, &user("bob"), approve(&at), late).await;
    assert!(matches!(outcome, Err(NotDone::Proof(BadProof::TooOld))), "{outcome:?}");
    assert_eq!(asked, 0, "what is not fresh is not even shown to AWS");

    let account = world.cloud.account();
    for (arn, hex, words) in [
        (user("eve"), "1a", "is not mapped to a person"),
        (user("ana"), "1b", "somebody else has to approve it"),
        (user("ana"), "1b", "somebody else has to approve it"),
        (user("dan"), "1c", "the key belongs to you"),
        (format!("arn:aws:iam::{account}:user/ci-deployer"), "1d", "is part of case"),
    ] {
        let (outcome, _) = give(world, &arn, approve(&at), (NOW, hex)).await;
        let said = outcome.map_or_else(|error| error.to_string(), |()| "done".to_owned());
        assert!(said.contains(words), "{arn}: {said}");
    }
    let stale = PlanAddress { hash: "ab".repeat(32), ..at.clone() };
    let (outcome, _) = give(world, &user("bob"), approve(&stale), (NOW, "2f")).await;
    assert!(outcome.unwrap_err().to_string().contains("is not the current one"));
    assert!(approvals(&load(world, &id).await.unwrap()).is_empty(), "the negative control");

    for _ in 0..2 {
        let (outcome, _) = give(world, &user("bob"), approve(&at), (NOW, "3f")).await;
        outcome.unwrap();
    }
    let case = until(world, &id, "\"done\"", |case| {
        case.plans().any(|state| state.status() == PlanStatus::Done)
    });
    let case = case.await.unwrap();
    let approvals = approvals(&case);
    assert_eq!(approvals.len(), 1, "the same order twice is one approval");
    let kept = String::from_utf8(canonical(approvals[0])).unwrap();
    assert_eq!(approvals[0].operator().map(|by| by.arn.clone()), Some(user("bob")));
    assert!(kept.contains("request-1"), "AWS can be asked about it: {kept}");
    assert!(!kept.contains(&"3f".repeat(32)), "the signature is nobody's to read: {kept}");
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_moves_the_brake_once_and_only_from_where_it_was() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let brakes = &world.desk().unwrap().work;
    let order = |number, frozen| Order::MoveBrake { number, frozen, why: "a test".to_owned() };

    let (outcome, _) = give(world, &user("bob"), order(2, true), (NOW, "0f")).await;
    assert!(matches!(outcome, Err(NotDone::BrakeMoved)), "{outcome:?}");
    let (outcome, _) = give(world, &user("bob"), order(1, false), (NOW, "1f")).await;
    assert!(matches!(outcome, Err(NotDone::AlreadySo(_))), "{outcome:?}");
    assert_eq!(brakes.brake().await.unwrap(), None);

    for _ in 0..2 {
        let (outcome, _) = give(world, &user("ana"), order(1, true), (NOW, "2f")).await;
        outcome.unwrap();
    }
    let newest = brakes.brake().await.unwrap().unwrap();
    assert!(newest.frozen && newest.number == 1 && newest.by.user == REPORTER, "{newest:?}");
    let next = next_number(Some(&newest));
    let (outcome, _) = give(world, &user("bob"), order(next, false), (NOW, "3f")).await;
    outcome.unwrap();
    let (outcome, _) = give(world, &user("ana"), order(1, true), (NOW, "2f")).await;
    assert!(outcome.is_err(), "the freeze that was lifted is not put on again by its old proof");
    assert!(!brakes.brake().await.unwrap().unwrap().frozen);
    stage.strike().await;
}
