//! What a step on a resource means for whether a case is contained.

use super::{contained, then};
use crate::domain::action::{Action, Change};
use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::ids::AccountId;
use crate::domain::plan::{PlanNumber, Step};
use crate::domain::principal::Principal;
use crate::domain::remains::all_made_good;
use crate::domain::resource::{ResourceName, ResourceType};
use crate::domain::resource_change::ResourceChange;
use crate::domain::sample::{self, at};
use crate::domain::snapshot::SnapshotRef;
use crate::domain::step_result::StepResult;

fn function() -> Action {
    let name = ResourceName {
        of: ResourceType::Function,
        account: AccountId("029608264753".to_owned()),
        region: "eu-west-1".to_owned(),
        id: "miner".to_owned(),
    };
    let key = name.key();
    let on = Principal { kind: key.kind, name: key.name, id: name.arn(), arn: name.arn() };
    Action { on, change: Change::Resource { change: ResourceChange::StopFunction } }
}

fn user() -> Action {
    let change = Change::Deny {
        policy_arn: "arn:aws:iam::aws:policy/AWSDenyAll".to_owned(),
        inline_name: "KeyleakDeny".to_owned(),
    };
    Action { on: sample::user("made", "AIDA7"), change }
}

/// The contained case, to which this was added.
fn covered(action: Action) -> Case {
    let mut case = contained();
    let (blast_radius, because) = (Vec::new(), String::new());
    let steps = vec![Step { action, blast_radius, because, provisional: false }];
    let snapshot = SnapshotRef { sha256: "00".to_owned(), taken_at: at(20) };
    then(&mut case, Event::Covered { plan: PlanNumber(1), steps, snapshot });
    case
}

fn failed(mut case: Case) -> Case {
    let (plan, step, attempt) = (PlanNumber(1), 2, 1);
    let plan_hash = case.plan(plan).unwrap().hash.clone();
    then(&mut case, Event::Intent { plan, step, attempt, plan_hash });
    let why = "AccessDenied".to_owned();
    let result = StepResult::Failed { why, retryable: false, request_id: None };
    then(&mut case, Event::Outcome { plan, step, attempt, result });
    case
}

#[test]
fn a_resource_that_could_not_be_stopped_is_said_and_holds_up_nothing_and_a_user_does() {
    assert!(all_made_good(&contained()));
    assert!(!all_made_good(&covered(function())), "it may still succeed");
    assert!(all_made_good(&failed(covered(function()))));
    assert!(!all_made_good(&failed(covered(user()))));
}

#[test]
fn an_actor_does_not_show_itself_by_a_resource_that_the_trail_tells_of() {
    let shown = |case: &Case| case.plan(PlanNumber(1)).unwrap().shown_at;
    assert_eq!(shown(&covered(function())), None);
    assert_eq!(shown(&covered(user())), Some(at(20)));
}
