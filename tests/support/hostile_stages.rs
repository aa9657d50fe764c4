//! The points of that long case at which its messages look different, from report to reopening.

use crate::hostile_case::{ANA, BOB, CHANNEL, CYN, KEY, Story, TEAM};
use keyleak::domain::case::Case;
use keyleak::domain::query_cost::QueryCost;
use serde_json::{Value, json};

const AT: &str = "2026-08-01T10:00:00Z";
const LATER: &str = "2026-08-01T11:00:00Z";
const PHASES: [&str; 7] =
    ["validation", "scope", "impact", "containment", "eradication", "recovery", "post_incident"];

/// The case at each of the points, oldest first.
pub(crate) fn stages(text: &str) -> Vec<(&'static str, Case)> {
    let mut story = Story::open(text, false);
    let mut stages = Vec::new();
    let mut keep = |name: &'static str, story: &Story| stages.push((name, story.case.clone()));
    keep("opened", &story);
    room(&mut story, text);
    story.validate();
    story.survey();
    let (_, hash) = story.propose(&json!({}));
    asked(&mut story, text);
    keep("proposed", &story);
    decided_against(&mut story, text, &hash);
    keep("denied", &story);
    expired(&mut story, text);
    keep("expired", &story);
    together(&mut story, text);
    broken_glass(&mut story, text);
    keep("partly done", &story);
    contained(&mut story, text);
    keep("contained", &story);
    recovery(&mut story, text);
    keep("recovering", &story);
    undone(&mut story, text);
    keep("undo proposed", &story);
    irreversible(&mut story, text);
    keep("eradication proposed", &story);
    story.propose(&json!({ "dry_run": true }));
    keep("dry run", &story);
    closed(&mut story, text);
    keep("closed", &story);
    reopened(&mut story, text);
    keep("reopened", &story);
    stages.push(("of somebody else", elsewhere(text)));
    stages.push(("without a room", without_a_room(text)));
    stages.push(("a drill", drill(text)));
    stages
}

fn posted(post: &str, message: u64) -> Value {
    json!({ "kind": "posted", "post": post, "channel": CHANNEL,
        "message": format!("1785578{message:03}.000034") })
}

fn room(story: &mut Story, t: &str) {
    story.by(CYN, json!({ "kind": "joined" }));
    story.own(json!({ "kind": "channel_tried", "name": "keyleak-7wml" }));
    story.own(json!({ "kind": "channel_failed", "why": t, "for_now": true }));
    story.own(json!({ "kind": "channel_made", "channel": CHANNEL, "name": "keyleak-7wml" }));
    let people = json!([{ "team": TEAM, "user": BOB }]);
    story.own(json!({ "kind": "invited", "people": people, "failed": [t, t] }));
    story.own(json!({ "kind": "dressed" }));
    story.own(posted("card", 1));
    story.own(json!({ "kind": "post_failed", "post": "owner-asked", "why": t }));
    story.own(json!({ "kind": "post_failed", "post": "digest-1-opened", "why": t }));
    story.own(json!({ "kind": "upload_tried", "post": "rows-9" }));
}

/// What people and the bot ask and find while a plan waits.
fn asked(story: &mut Story, t: &str) {
    for phase in PHASES {
        story.by(BOB, json!({ "kind": "phase_pressed", "phase": phase }));
    }
    story.by(BOB, json!({ "kind": "summary_asked" }));
    story.by(BOB, json!({ "kind": "report_asked" }));
    let asked = story.by(BOB, json!({ "kind": "questions_asked", "questions": [t, "Q12"] }));
    let sql = json!({ "kind": "questions_asked", "questions": ["sql-1"], "sql": t });
    let own = story.by(BOB, sql);
    let answer = json!({ "asked": asked, "question": t, "sentence": t, "rows": 3,
        "cut_sha256": "cc".repeat(32), "answer_sha256": "aa".repeat(32),
        "sql_sha256": "bb".repeat(32), "watermark": AT, "attack": ["T1078.004"] });
    story.own(json!({ "kind": "answered", "answer": answer }));
    story.own(json!({ "kind": "question_failed", "asked": own, "question": t, "why": t }));
    story.own(json!({ "kind": "questions_done", "asked": asked }));
    story.by(BOB, json!({ "kind": "cancelled", "asked": own }));
    story.own(json!({ "kind": "survey_failed", "why": t }));
    let read = json!({ "step": "read", "cost": QueryCost::default() });
    let requester = json!({ "team": TEAM, "user": ANA });
    let scan = |sql: &str| story.scan(sql);
    let steps = [
        json!({ "step": "expected", "scan": scan("a") }),
        json!({ "step": "asked", "scan": scan("a"), "requester": requester }),
        json!({ "step": "not_traced", "why": t }),
    ];
    for step in [read].into_iter().chain(steps) {
        story.own(json!({ "kind": "spending", "step": step }));
    }
    let allowed = json!({ "step": "allowed", "sql_sha256": "a" });
    story.by(BOB, json!({ "kind": "spending", "step": allowed }));
    let begun = json!({ "step": "begun", "sql_sha256": "a" });
    story.own(json!({ "kind": "spending", "step": begun }));
    for sql in ["b", "c"] {
        let mut scan = story.scan(sql);
        scan["question"] = json!(if sql == "b" { t } else { "Q43" });
        let asked = json!({ "step": "asked", "scan": scan, "requester": requester });
        story.own(json!({ "kind": "spending", "step": asked }));
    }
    let expired = json!({ "step": "expired", "sql_sha256": "b" });
    story.own(json!({ "kind": "spending", "step": expired }));
    story.by(BOB, json!({ "kind": "note", "text": t }));
    let message = json!({ "channel": CHANNEL, "ts": "1785578400.000035", "author": t, "at": AT,
        "edited_at": LATER, "files": 3 });
    let sha256 = "dd".repeat(32);
    let capture = json!({ "sha256": sha256, "message": message });
    story.by(BOB, json!({ "kind": "captured", "capture": capture }));
    let change = json!({ "channel": CHANNEL, "ts": "1785578400.000035", "at": LATER });
    story.own(json!({ "kind": "capture_changed", "change": change }));
    let refused = json!({ "kind": "refused", "what": "approve", "why": t });
    story.by(BOB, refused);
    story.own(json!({ "kind": "exposed", "since": AT, "why": t, "event_id": t }));
}

fn decided_against(story: &mut Story, t: &str, hash: &str) {
    story.by(BOB, json!({ "kind": "approved", "plan": 1, "hash": hash }));
    story.by(BOB, json!({ "kind": "withdrawn", "plan": 1 }));
    let on = json!({ "kind": "role", "name": t });
    let changes = json!([{ "change": "take_in", "on": on }, { "change": "choose",
        "way": "key_alone" }]);
    story.by(BOB, json!({ "kind": "denied", "plan": 1, "reason": t }));
    story.by(BOB, json!({ "kind": "adjusted", "adjustments": changes }));
    story.own(json!({ "kind": "not_proposed", "why": t }));
    story.own(json!({ "kind": "not_proposed", "why": t, "eradication": true }));
}

fn expired(story: &mut Story, t: &str) {
    let (plan, _) = story.propose(&json!({}));
    story.own(json!({ "kind": "voided", "plan": plan, "why": t }));
    let (plan, _) = story.propose(&json!({}));
    story.own(json!({ "kind": "expired", "plan": plan }));
}

/// Severity, roles, pages, the owner's word and clocks.
fn together(story: &mut Story, t: &str) {
    let (plan, _) = story.propose(&json!({}));
    let team = |step: Value| json!({ "kind": "team", "step": step });
    let outcome = |outcome: Value| {
        team(json!({ "what": "paged", "plan": plan,
        "outcome": outcome }))
    };
    story.own(team(json!({ "what": "page_tried", "plan": plan, "attempt": 1 })));
    story.own(outcome(json!({ "outcome": "failed", "why": t, "last": false })));
    story.own(outcome(json!({ "outcome": "failed", "why": t, "last": true })));
    story.own(outcome(json!({ "outcome": "sent", "status": 200 })));
    let who = |user: &str| json!({ "team": TEAM, "user": user });
    for step in [
        json!({ "what": "graded", "severity": "p1", "reason": t }),
        json!({ "what": "graded", "reason": t }),
        json!({ "what": "graded", "severity": "p2", "reason": t }),
        json!({ "what": "took", "role": "lead", "person": who(BOB) }),
        json!({ "what": "took", "role": "scribe", "person": who(CYN) }),
        json!({ "what": "owner_said", "answer": "no" }),
        json!({ "what": "owner_said", "answer": "yes" }),
        json!({ "what": "clock_started", "regime": "gdpr", "since": AT, "reason": t }),
        json!({ "what": "clock_stopped", "regime": "gdpr", "reason": t }),
        json!({ "what": "clock_started", "regime": "nis2", "since": AT, "reason": t }),
        json!({ "what": "task_given", "task": "bill", "person": who(CYN), "due": AT }),
        json!({ "what": "task_given", "task": "data_read", "person": who(BOB), "due": LATER }),
        json!({ "what": "task_done", "task": "data_read" }),
        json!({ "what": "cause_named", "cause": "code", "reason": t }),
    ] {
        story.by(BOB, team(step));
    }
}

fn broken_glass(story: &mut Story, t: &str) {
    let state = story.case.pending_plan().expect("a plan waits");
    let (plan, hash) = (state.plan.number.0, state.hash.clone());
    story.by(ANA, json!({ "kind": "glass_broken", "plan": plan, "hash": hash, "reason": t }));
    story.own(json!({ "kind": "capped", "plan": plan, "why": t, "until": LATER }));
    for step in 0..7 {
        let result = match step {
            1 => json!({ "result": "failed", "why": t, "retryable": false }),
            2 => json!({ "result": "done", "changed": false }),
            _ => json!({ "result": "done", "changed": true, "how": t }),
        };
        carried_out(story, (plan, &hash, step), result);
    }
    story.by(BOB, json!({ "kind": "glass_reviewed", "plan": plan, "verdict": t }));
}

fn carried_out(story: &mut Story, (plan, hash, step): (u32, &str, u32), result: Value) {
    story.own(json!({ "kind": "intent", "plan": plan, "step": step, "attempt": 1,
        "plan_hash": hash }));
    let mut outcome = json!({ "kind": "outcome", "plan": plan, "step": step, "attempt": 1 });
    for (name, value) in result.as_object().expect("fields") {
        outcome[name] = value.clone();
    }
    story.own(outcome);
}

fn contained(story: &mut Story, t: &str) {
    let state = story.case.standing_containment().expect("it stands");
    let (plan, hash) = (state.plan.number.0, state.hash.clone());
    let steps = serde_json::to_value(&state.plan.steps[..2]).expect("steps");
    story.own(json!({ "kind": "covered", "plan": plan, "steps": steps,
        "snapshot": { "sha256": "00", "taken_at": AT } }));
    for step in [7, 8] {
        carried_out(story, (plan, &hash, step), json!({ "result": "done", "changed": true }));
    }
    let drift = json!({ "plan": plan, "step": 0, "what": t, "by": t });
    story.own(json!({ "kind": "read_back", "plan": plan, "check": 0, "drifts": [drift] }));
    story.own(json!({ "kind": "reapply", "plan": plan, "steps": [], "reverter": t }));
    story.own(json!({ "kind": "reapply", "plan": plan, "steps": [], "reverter": t,
        "racing": true }));
    story.own(json!({ "kind": "read_back", "plan": plan, "check": 1, "drifts": [] }));
    story.own(json!({ "kind": "open_ends", "plan": plan, "ends": vec![t; 9] }));
    story.own(json!({ "kind": "held", "plan": plan }));
    story.own(json!({ "kind": "contained", "plan": plan, "as_of": LATER }));
    story.own(json!({ "kind": "watch_ended", "plan": plan }));
}

fn recovery(story: &mut Story, t: &str) {
    let loss = |kind: &str| {
        json!({ "kind": kind, "name": format!("{t}{kind}"), "service": t,
        "call": t, "region": t, "account": t, "by": t, "from": t, "first": AT, "last": LATER,
        "event_id": t })
    };
    let losses = json!([loss("secret"), loss("parameter"), loss("destroyed")]);
    let step = |step: Value| json!({ "kind": "recovery", "step": step });
    story.own(step(json!({ "what": "found", "cut_sha256": "cc", "losses": losses, "in_all": 3 })));
    story.by(BOB, step(json!({ "what": "owned", "loss": 1, "owner": t })));
    story.by(BOB, step(json!({ "what": "settled", "loss": 2, "remedy": "rotate" })));
    story.by(BOB, step(json!({ "what": "replaced", "with": "key", "reason": t, "user": t })));
    story.own(step(json!({ "what": "not_made", "why": t })));
    let asked = story.by(BOB, json!({ "kind": "phase_pressed", "phase": "recovery" }));
    let used = json!({ "key": KEY, "last": { "at": AT, "service": t, "region": t } });
    story.own(step(json!({ "what": "rotation_seen", "asked": asked, "new": { "known": used },
        "old": { "unknown": t } })));
    story.by(BOB, step(json!({ "what": "hardened", "measure": "key_age" })));
    story.by(BOB, step(json!({ "what": "confirmed", "told_until": AT })));
    for (question, verdict) in [("classification", "yes"), ("insider", "not_known")] {
        let answer = json!({ "question": question, "verdict": verdict, "why": t,
            "proposed": "not_known", "because": t });
        story.by(BOB, json!({ "kind": "impact", "answer": answer }));
    }
}

fn undone(story: &mut Story, t: &str) {
    let plan = story.case.standing_containment().expect("it stands").plan.number.0;
    story.by(BOB, json!({ "kind": "undo_wanted", "plan": plan, "steps": [] }));
    let on = json!({ "kind": "user", "name": t, "id": t, "arn": t });
    let action = json!({ "on": on, "action": "lift_deny", "policy_arn": t, "inline_name": t });
    story.own(json!({ "kind": "handed_over", "from": t, "action": action }));
    let brake = json!({ "number": 1, "frozen": true, "at": AT,
        "by": { "team": TEAM, "user": BOB }, "name": t, "why": t, "proof": "00" });
    story.own(json!({ "kind": "braked", "brake": brake }));
    let lift = json!({ "on": on, "blast_radius": [t], "because": t, "action": "lift_deny",
        "policy_arn": t, "inline_name": t });
    story.propose(&json!({ "kind": "undo", "about": plan, "steps": [lift] }));
}

fn irreversible(story: &mut Story, t: &str) {
    let on = json!({ "kind": "user", "name": t, "id": t, "arn": t });
    let delete = json!({ "on": on, "blast_radius": [t], "because": t, "action": "delete",
        "policy_arn": t, "inline_name": t });
    let resource = |name: &str| {
        json!({ "of": "AWS::S3::Bucket", "account": "029608264753",
        "region": "eu-west-1", "id": name })
    };
    let owners = json!([
        { "resource": resource(t), "tag": t, "word": { "of": { "team": TEAM, "user": CYN } } },
        { "resource": resource(t), "tag": t, "word": { "another": t } },
    ]);
    let change = json!({ "kind": "eradication", "steps": [delete], "owners": owners });
    let (plan, hash) = story.propose(&change);
    story.by(CYN, json!({ "kind": "owner_agreed", "plan": plan, "hash": hash }));
}

fn closed(story: &mut Story, t: &str) {
    story.by(BOB, json!({ "kind": "closed", "reason": t }));
    let seen = json!({ "at": t, "call": t, "about": t, "session": t, "source_ip": t,
        "event_id": t, "error": t });
    let differences = json!([{ "difference": "call_without_decision", "seen": seen },
        { "difference": "other_plan", "seen": seen, "source_identity": t, "plan_hash": t },
        { "difference": "change_without_call",
            "said": { "plan": 4, "step": 0, "what": t, "at": AT } }]);
    let looked = json!({ "role": t, "from": AT, "records": 9, "regions": [t, t], "unread": 2,
        "truncated": true });
    let result = json!({ "looked": looked, "calls": 3, "covered": 1, "by_request_id": 1,
        "without_plan": 0, "changes": 3, "shown": 2, "awaited": 1, "differences": differences,
        "left_out": 2 });
    story.own(json!({ "kind": "reconciled", "result": result }));
    story.own(json!({ "kind": "reported", "sha256": "ee".repeat(32) }));
}

fn reopened(story: &mut Story, t: &str) {
    story.own(json!({ "kind": "archived" }));
    story.by(BOB, json!({ "kind": "reopened", "reason": t }));
    story
        .own(json!({ "kind": "channel_made", "channel": "C0CASE00002", "name": "keyleak-7wml-2" }));
    story.own(json!({ "kind": "dressed" }));
    story.by(BOB, json!({ "kind": "closed" }));
    story.own(json!({ "kind": "not_reconciled", "why": t }));
}

/// The key is somebody else's, or a trap.
fn elsewhere(t: &str) -> Case {
    let mut story = Story::open(t, false);
    let account = json!({ "known": { "account": "210987654321", "from_id": null,
        "confirmed": false, "ours": false, "canary": false } });
    story.own(json!({ "kind": "found", "finding": { "about": "account", "fact": account } }));
    story.case
}

fn without_a_room(t: &str) -> Case {
    let mut story = Story::open(t, false);
    story.own(json!({ "kind": "channel_failed", "why": t }));
    story.case
}

fn drill(t: &str) -> Case {
    let mut story = Story::open(t, true);
    room(&mut story, t);
    story.validate();
    story.survey();
    story.propose(&json!({}));
    story.case
}
