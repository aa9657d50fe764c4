//! What is done at the same time, and what is made ready before.

use super::{act, approved, at, attempt, by, done, then, timing};
use crate::domain::action::{Action, Change};
use crate::domain::agenda::{Act, Due, Lookout, next_act, stepping};
use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::ids::AccessKeyId;
use crate::domain::plan::{PlanKind, PlanNumber, Step};
use crate::domain::sample;
use crate::domain::snapshot::SnapshotRef;
use crate::domain::step_result::StepResult;

/// The case as `approved`, with denies of two more users and their keys added under the approval.
fn with_more() -> (Case, PlanNumber, String) {
    let (mut case, plan, hash) = approved();
    let steps = |id: &str| {
        let on = sample::user(id, id);
        let deny = Change::Deny { policy_arn: "arn".to_owned(), inline_name: "deny".to_owned() };
        let stop = Change::DeactivateKey { key: AccessKeyId::parse(sample::KEY).unwrap() };
        let step = |change| Step {
            action: Action { on: on.clone(), change },
            blast_radius: Vec::new(),
            because: String::new(),
            provisional: false,
        };
        [step(deny), step(stop)]
    };
    let steps = ["AIDA7", "AIDA8"].into_iter().flat_map(steps).collect();
    let snapshot = SnapshotRef { sha256: "00".to_owned(), taken_at: at(2) };
    then(&mut case, 2, Event::Covered { plan, steps, snapshot });
    (case, plan, hash)
}

#[test]
fn the_first_deny_is_alone_then_denies_go_abreast_and_then_the_rest() {
    let (mut case, plan, hash) = with_more();
    let side_by_side = |case: &Case, first: u32, seconds: i64| {
        stepping::abreast(case.plan(plan).unwrap(), first, at(seconds))
    };
    assert_eq!(side_by_side(&case, 0, 3), [(0, 1)], "nothing comes between approval and deny");
    attempt(&mut case, 3, (plan, &hash), 0, done());
    assert_eq!(act(&case, 4), Due::Now(Act::Step { plan, step: 2, attempt: 1 }));
    assert_eq!(side_by_side(&case, 2, 4), [(2, 1), (4, 1)], "the denies");
    let failed =
        StepResult::Failed { why: "throttled".to_owned(), retryable: true, request_id: None };
    attempt(&mut case, 4, (plan, &hash), 2, failed);
    attempt(&mut case, 4, (plan, &hash), 4, done());
    assert_eq!(side_by_side(&case, 1, 5), [(1, 1), (3, 1), (5, 1)], "then the keys");
    assert_eq!(side_by_side(&case, 2, 9), [(2, 2)], "a deny that is tried again waits for nobody");
}

#[test]
fn what_was_voided_half_way_is_not_carried_out_beside_what_was_added_since() {
    let (mut case, plan, hash) = approved();
    attempt(&mut case, 3, (plan, &hash), 0, done());
    then(&mut case, 4, Event::Voided { plan, why: "the user is another".to_owned() });
    assert_eq!(stepping::abreast(case.plan(plan).unwrap(), 1, at(5)), []);
}

#[test]
fn rights_are_made_ready_while_people_decide_and_again_before_they_end() {
    let mut case = sample::opened();
    then(&mut case, 1, Event::Validated);
    let proposed = sample::plan(&case, PlanKind::Containment);
    let (plan, hash) = (proposed.number, proposed.hash());
    then(&mut case, 1, Event::Proposed { plan: Box::new(proposed), hash: hash.clone() });
    let at_minute = |case: &Case, warmed: Option<i64>, minute: i64| {
        let warmed = warmed.map(|minute| (plan, at(minute * 60)));
        let lookout = Lookout { warmed, ..Lookout::default() };
        next_act(case, &timing(), lookout, at(minute * 60))
    };
    assert_eq!(at_minute(&case, None, 1), Due::Now(Act::Warm(plan)));
    assert_eq!(at_minute(&case, Some(1), 12), Due::At(at(13 * 60)));
    assert_eq!(at_minute(&case, Some(1), 13), Due::Now(Act::Warm(plan)));
    by(&mut case, "bob", Event::Approved { plan, hash });
    assert_eq!(at_minute(&case, None, 2), Due::Now(Act::Step { plan, step: 0, attempt: 1 }));
}
