//! One long case, in which everything that somebody else may choose is a text of the test's.

use jiff::{SignedDuration, Timestamp};
use keyleak::domain::case::Case;
use keyleak::domain::event::Event;
use keyleak::domain::ids::{CaseId, PersonId};
use keyleak::domain::plan::Plan;
use keyleak::domain::query_cost::QueryCost;
use keyleak::domain::record::{Actor, Entry, Record};
use serde_json::{Value, json};

pub(crate) const CASE: &str = "kl-20260801-7wml-0a1b2c3d";
pub(crate) const KEY: &str = "AKIAQNZGKIQY56JQ7WML";
pub(crate) const TEAM: &str = "T1";
pub(crate) const CHANNEL: &str = "C0CASE00001";
/// People by their ids; what they are called is a text of the test's.
pub(crate) const ANA: &str = "U0ANA00001";
pub(crate) const BOB: &str = "U0BOB00002";
pub(crate) const CYN: &str = "U0CYN00003";
pub(crate) const MARKUP: &str = "<!channel> <@U0EVIL0001> <!subteam^S0EVIL0001> *all clear* `x` \
    <https://evil.example|here> https://evil.example :tada: &amp; {\"type\":\"mrkdwn\"}";
pub(crate) const HIDDEN: &str =
    "a\u{202e}b\u{2066}c\u{200b}d\u{1b}[2Je\u{7}f\u{0}g\u{feff}h\u{2028}i\nj\tk";
const ACCOUNT: &str = "029608264753";
const AT: &str = "2026-08-01T10:00:00Z";
const LATER: &str = "2026-08-01T11:00:00Z";
/// Between one record and the next.
const STEP: SignedDuration = SignedDuration::from_secs(10);

/// What an attacker may write wherever they can write.
pub(crate) fn hostile() -> Vec<String> {
    let mut texts: Vec<String> = [MARKUP, HIDDEN, "", "a`b`c`"].map(str::to_owned).into();
    texts.extend(["𝒳", "&", "\n"].map(|one| one.repeat(10_000)));
    texts.push(MARKUP.repeat(99));
    texts
}

/// A case on its way.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    pub(crate) case: Case,
    text: String,
}

impl Story {
    pub(crate) fn open(text: &str, drill: bool) -> Self {
        let opening = json!({ "kind": "opened", "key": KEY, "found_where": text, "note": text,
            "drill": drill, "endpoints": vec![text; 6] });
        let first = entry(at(0), person(ANA, text), opening);
        let case = Case::open(first.chained(CaseId(CASE.to_owned()), None)).expect("it opens");
        Self { case, text: text.to_owned() }
    }

    /// One record more, of the bot's own.
    pub(crate) fn own(&mut self, event: Value) -> u64 {
        self.add(Actor::Keyleak, event)
    }

    /// One record more, by a person.
    pub(crate) fn by(&mut self, who: &str, event: Value) -> u64 {
        let who = person(who, &self.text);
        self.add(who, event)
    }

    /// One record more, where it may follow.
    pub(crate) fn try_to_add(&mut self, who: Option<&str>, event: Value) -> Option<()> {
        let actor = who.map_or(Actor::Keyleak, |who| person(who, &self.text));
        let entry = entry(at(self.case.seq()), actor, event);
        let record = entry.chained(self.case.id().clone(), self.case.last_record());
        self.case.apply(&record).ok()
    }

    fn add(&mut self, actor: Actor, event: Value) -> u64 {
        let said = event.to_string();
        let last = self.case.last_record();
        let entry = entry(at(self.case.seq()), actor, event);
        let record: Record = entry.chained(self.case.id().clone(), last);
        let taken = self.case.apply(&record);
        taken.unwrap_or_else(|why| panic!("{why}: {}", said.chars().take(300).collect::<String>()));
        record.seq
    }

    /// A plan that waits from now on, and its hash.
    pub(crate) fn propose(&mut self, change: &Value) -> (u32, String) {
        let mut plan = self.plan();
        for (name, value) in change.as_object().expect("fields") {
            plan[name] = value.clone();
        }
        let plan: Plan = serde_json::from_value(plan).expect("a plan");
        let (number, hash) = (plan.number.0, plan.hash());
        self.own(json!({ "kind": "proposed", "plan": plan, "hash": hash }));
        (number, hash)
    }

    fn plan(&self) -> Value {
        let t = &self.text;
        let person = json!({ "team": TEAM, "user": ANA });
        let adjusted = json!({ "change": "leave_out", "on": { "kind": "role", "name": t },
            "by": person, "name": t, "but": t });
        json!({ "case": CASE, "number": self.case.next_plan_number(), "kind": "containment",
            "account": ACCOUNT, "exposed_since": AT,
            "snapshot": { "sha256": "00", "taken_at": AT }, "steps": self.steps(), "about": null,
            "requested_by": person, "approvals_needed": 1, "expires_at": "2026-08-02T10:00:00Z",
            "adjusted": [adjusted], "covers": vec![t; 12], "notes": vec![t; 3] })
    }

    /// Every kind of step, each on something with a name of the actor's.
    fn steps(&self) -> Value {
        let t = &self.text;
        let on = |kind: &str| json!({ "kind": kind, "name": t, "id": t, "arn": t });
        let step = |on: Value, change: Value| {
            let mut step = json!({ "on": on, "blast_radius": [t, t], "because": t });
            for (name, value) in change.as_object().expect("fields") {
                step[name] = value.clone();
            }
            step
        };
        let side = json!({ "kind": "ssh_key", "id": t });
        json!([
            step(on("user"), json!({ "action": "deny", "policy_arn": t, "inline_name": t })),
            step(on("user"), json!({ "action": "deactivate_key", "key": KEY })),
            step(on("user"), json!({ "action": "deactivate_credential", "credential": side })),
            step(
                on("role"),
                json!({ "action": "revoke_sessions", "sessions": { "which": "everyone" },
                "until": AT, "inline_name": t })
            ),
            step(on("role"), json!({ "action": "put_trust", "document": t })),
            step(on("user"), json!({ "action": "quarantine", "tag": t, "value": t })),
            step(on("user"), json!({ "action": "set_boundary", "boundary": t })),
        ])
    }

    /// A reading of the trail.
    pub(crate) fn scan(&self, sql: &str) -> Value {
        json!({ "sql_sha256": sql, "from": AT, "days": self.text, "queries": 4,
            "is_window": false, "question": self.text, "whole_cut": false, "bytes": 2_000_000,
            "at_most": null, "ask_above": 1 })
    }

    /// What validation found, and could not find.
    pub(crate) fn validate(&mut self) {
        let t = self.text.clone();
        let known = |value: Value| json!({ "known": value });
        let alert = json!({ "source": t, "title": t, "severity": t, "at": AT });
        let member = json!({ "member": { "name": t, "email": t, "state": t } });
        let signer = json!({ "kind": "role", "arn": t, "parent_arn": t, "parent_id": t,
            "user_id": t, "source_identity": t, "via": t, "behind": { "no_key": t } });
        for (about, fact) in [
            ("health", json!({ "unknown": t })),
            ("owner", json!({ "unknown": t })),
            (
                "account",
                known(json!({ "account": ACCOUNT, "from_id": ACCOUNT, "confirmed": true,
                "ours": true, "canary": false, "name": t, "organization": known(member) })),
            ),
            (
                "owner",
                known(json!({ "user": t, "user_id": t, "arn": t, "created": AT,
                "owner_tag": "payments" })),
            ),
            ("last_use", known(json!({ "at": AT, "service": t, "region": t }))),
            ("keys", known(json!([{ "id": KEY, "active": true, "created": AT }]))),
            (
                "permissions",
                known(json!({ "attached": vec![&t; 9], "inline": [t], "groups": [t] })),
            ),
            ("quarantine", known(json!(t))),
            ("guard_duty", known(json!(vec![alert; 9]))),
            ("signer", known(signer)),
            ("root_keys", known(json!(true))),
        ] {
            self.own(json!({ "kind": "found", "finding": { "about": about, "fact": fact } }));
        }
        self.own(json!({ "kind": "validated" }));
    }

    /// What the trail told.
    pub(crate) fn survey(&mut self) {
        let t = self.text.clone();
        let node = |kind: &str, older: bool| {
            json!({ "id": t, "kind": kind, "arn": t, "principal_id": t, "user_name": t,
                "role_arn": t, "minted_by": t, "via": t, "made": LATER, "expires": null,
                "certainty": "certain", "reach": "direct", "older": older, "standing": "live",
                "events": 7, "first": AT, "last": AT, "why": t, "depth": 1 })
        };
        let source = json!({ "address": t, "agent": t, "services": [t, t], "calls": 9, "days": 3,
            "last": AT });
        let made = |type_name: &str, sure: bool| {
            json!({ "type_name": type_name, "name": t, "region": t, "made": true, "service": t,
                "call": t, "by": t, "from": t, "at": LATER, "account": ACCOUNT, "sure": sure })
        };
        let survey = json!({ "cut_sha256": "cc".repeat(32), "rows": 9, "records_read": 9,
            "from": AT, "to": LATER, "watermark": LATER, "last_success": LATER,
            "nodes": [node("user", false), node("role", false), node("role_session", false),
                node("user", true)],
            "truncated": true, "cost": QueryCost::default(), "gaps": vec![&t; 4],
            "regular": { "sources": vec![source; 7], "more": 3, "stray_calls": 4 },
            "resources": { "all": [made("AWS::S3::Bucket", true), made("AWS::EC2::Instance", false),
                made("AWS::Lambda::Function", true), made(&t, false)] } });
        self.own(json!({ "kind": "surveyed", "survey": survey }));
    }
}

/// When a record after so many others was written.
pub(crate) fn at(seq: u64) -> Timestamp {
    let first: Timestamp = AT.parse().expect("a time");
    first + STEP * i32::try_from(seq).expect("a short story")
}

fn person(user: &str, name: &str) -> Actor {
    let person = PersonId { team: TEAM.to_owned(), user: user.to_owned() };
    Actor::Person { person, name: Some(name.to_owned()) }
}

fn entry(at: Timestamp, actor: Actor, event: Value) -> Entry {
    let said = event.to_string();
    let event: Event = serde_json::from_value(event).unwrap_or_else(|why| panic!("{why}: {said}"));
    Entry { at, actor, place: None, delivery: None, event }
}
