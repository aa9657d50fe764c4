//! The forms about a plan before Slack's own library: with few to tick, with many, and with steps.

use crate::frame::{Missing, trial};
use crate::parts::Parts;
use crate::slack_judge::{SlackJudge, Verdict};
use keyleak::domain::case::Case;
use keyleak::domain::event::Event;
use keyleak::domain::ids::{CaseId, PersonId};
use keyleak::domain::plan::{Plan, PlanRules};
use keyleak::domain::policy::Policy;
use keyleak::domain::query_cost::QueryCost;
use keyleak::domain::record::{Actor, Entry};
use keyleak::ports::chat::{Form, Scene};
use keyleak::slack::plan_form::view;
use libtest_mimic::Trial;
use serde_json::{Value, json};
use std::sync::Arc;

const CASE: &str = "kl-20260801-7wml-0a1b2c3d";
const KEY: &str = "AKIAQNZGKIQY56JQ7WML";
const AT: &str = "2026-08-01T10:00:00Z";

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let parts = Arc::clone(parts);
    vec![trial("slack_sdk_passes_the_forms_about_a_plan", move || {
        passes(&mut SlackJudge::start(parts.python()?));
        Ok::<(), Missing>(())
    })]
}

fn passes(judge: &mut SlackJudge) {
    let fine = Verdict { errors: vec![], unjudged: vec![] };
    for (older, element) in [(3, "checkboxes"), (30, "multi_static_select")] {
        let case = case(older);
        let state = case.pending_plan().expect("a plan");
        let drawn = view(&Form::Change(scene(&case, &Policy::default()), state, &rules()));
        assert!(drawn.to_string().contains(element), "{drawn}");
        assert_eq!(judge.validate_view(&drawn), fine, "{drawn}");
    }
    let waits = case(1);
    let state = waits.pending_plan().expect("a plan");
    let drawn = view(&Form::Code(scene(&waits, &Policy::default()), state));
    assert!(drawn.to_string().contains(&state.hash), "{drawn}");
    assert_eq!(judge.validate_view(&drawn), fine, "{drawn}");
    let case = carried_out(case(1));
    let state = case.standing_containment().expect("it stands");
    let drawn = view(&Form::UndoSteps(scene(&case, &Policy::default()), state));
    assert!(drawn.to_string().contains("1.2"), "{drawn}");
    assert_eq!(judge.validate_view(&drawn), fine, "{drawn}");
    // The control: a longer title than a form may have.
    let mut wrong = drawn;
    wrong["title"]["text"] = json!("x".repeat(25));
    assert_eq!(judge.validate_view(&wrong).errors.len(), 1, "{wrong}");
}

fn scene<'a>(case: &'a Case, policy: &'a Policy) -> Scene<'a> {
    Scene { case, policy, now: AT.parse().expect("a time") }
}

fn rules() -> PlanRules {
    PlanRules {
        isolation_groups: std::collections::BTreeMap::new(),
        deny_policy_arn: "arn:aws:iam::aws:policy/AWSDenyAll".to_owned(),
        protected_arns: Vec::new(),
        protected_roles: Vec::new(),
        approvals_reversible: 1,
        approvals_resources: 1,
        approvals_irreversible: 2,
        expires_after: jiff::SignedDuration::from_hours(1),
    }
}

fn person(user: &str) -> Actor {
    let person = PersonId { team: "T1".to_owned(), user: user.to_owned() };
    Actor::Person { person, name: None }
}

fn entry(actor: Actor, event: Value) -> Entry {
    let event: Event = serde_json::from_value(event).expect("an event");
    Entry { at: AT.parse().expect("a time"), actor, place: None, delivery: None, event }
}

fn add(case: &mut Case, actor: Actor, event: Value) {
    let record = entry(actor, event).chained(case.id().clone(), case.last_record());
    case.apply(&record).expect("it may follow");
}

/// A case with a plan that waits, in which so many users are older than the exposure.
fn case(older: usize) -> Case {
    let opening = json!({ "kind": "opened", "key": KEY, "drill": false, "endpoints": [] });
    let opened = entry(person("ana"), opening).chained(CaseId(CASE.to_owned()), None);
    let mut case = Case::open(opened).expect("it opens");
    let arn = |name: &str| format!("arn:aws:iam::029608264753:user/{name}");
    let owner = json!({ "about": "owner", "fact": { "known": { "user": "ci", "user_id": "AIDA1",
        "arn": arn("ci"),
        "created": null, "owner_tag": null } } });
    add(&mut case, Actor::Keyleak, json!({ "kind": "found", "finding": owner }));
    let node = |index: usize| {
        let name = format!("nightly-{index}-{}", "x".repeat(40));
        json!({ "id": arn(&name), "kind": "user", "arn": arn(&name), "principal_id": name,
            "user_name": name, "role_arn": null, "minted_by": KEY, "via": "CreateUser",
            "made": AT, "expires": null, "certainty": "certain", "reach": "direct",
            "older": true, "standing": "live", "events": 7, "first": null, "last": AT,
            "why": "created by the key", "depth": 1 })
    };
    let nodes: Vec<Value> = (0..older).map(node).collect();
    let survey = json!({ "cut_sha256": "", "rows": 1, "records_read": 1, "from": AT, "to": AT,
        "nodes": nodes, "truncated": false, "cost": QueryCost::default(),
        "gaps": [] });
    add(&mut case, Actor::Keyleak, json!({ "kind": "surveyed", "survey": survey }));
    let step = |change: Value| {
        let mut step = json!({ "on": { "kind": "user", "name": "ci", "id": "AIDA1",
            "arn": arn("ci") }, "blast_radius": [], "because": "a test" });
        for (name, value) in change.as_object().expect("fields") {
            step[name] = value.clone();
        }
        step
    };
    let deny = json!({ "action": "deny", "inline_name": "KeyleakDeny",
        "policy_arn": "arn:aws:iam::aws:policy/AWSDenyAll" });
    let key = json!({ "action": "deactivate_key", "key": KEY });
    let plan = json!({ "case": CASE, "number": 1, "kind": "containment",
        "account": "029608264753", "exposed_since": null,
        "snapshot": { "sha256": "00", "taken_at": AT }, "steps": [step(deny), step(key)],
        "about": null, "requested_by": { "team": "T1", "user": "ana" }, "approvals_needed": 1,
        "expires_at": "2026-08-01T11:00:00Z" });
    let hash = serde_json::from_value::<Plan>(plan.clone()).expect("a plan").hash();
    add(&mut case, Actor::Keyleak, json!({ "kind": "proposed", "plan": plan, "hash": hash }));
    case
}

fn carried_out(mut case: Case) -> Case {
    let hash = case.pending_plan().expect("a plan").hash.clone();
    add(&mut case, person("bob"), json!({ "kind": "approved", "plan": 1, "hash": hash }));
    for step in 0..2 {
        let intent = json!({ "kind": "intent", "plan": 1, "step": step, "attempt": 1,
            "plan_hash": hash });
        add(&mut case, Actor::Keyleak, intent);
        let outcome = json!({ "kind": "outcome", "plan": 1, "step": step, "attempt": 1,
            "result": "done", "changed": true });
        add(&mut case, Actor::Keyleak, outcome);
    }
    case
}
