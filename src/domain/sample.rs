//! Cases and plans for the tests of the domain.

use crate::domain::action::{Action, Change};
use crate::domain::adjustment::Adjustment;
use crate::domain::case::Case;
use crate::domain::event::{Event, Opening, Phase};
use crate::domain::facts::{Fact, Finding, OwnerFinding};
use crate::domain::ids::{AccessKeyId, AccountId, CaseId, PersonId, UserName};
use crate::domain::lineage::{Certainty, Node, NodeKind, Reach, Standing};
use crate::domain::made_resources::MadeResources;
use crate::domain::plan::{Plan, PlanKind, PlanNumber, Step};
use crate::domain::principal::{Principal, PrincipalKind};
use crate::domain::proof::{Caller, SignedHeaders, sign};
use crate::domain::query_cost::QueryCost;
use crate::domain::reading::SurveyNote;
use crate::domain::record::{Actor, Entry};
use crate::domain::scan::Scan;
use crate::domain::signer::{Behind, Signer, SignerKind};
use crate::domain::snapshot::{Own, Photograph, SnapshotRef};
use crate::domain::step_result::StepResult;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// A key that carries the account of [`plan`].
pub(crate) const KEY: &str = "AKIAQNZGKIQY56JQ7WML";

/// The key of a session.
pub(crate) const SESSION_KEY: &str = "ASIAQNZGKIQY56JQ7WML";

/// A session of role `deploy`, as a record of the trail tells.
pub(crate) fn signer() -> Signer {
    Signer {
        kind: SignerKind::Role,
        arn: "arn:aws:sts::029608264753:assumed-role/deploy/boto".to_owned(),
        parent_arn: Some("arn:aws:iam::029608264753:role/deploy".to_owned()),
        parent_id: Some("AROA1".to_owned()),
        user_id: Some("AROA1:boto".to_owned()),
        source_identity: None,
        began: Some(at(3)),
        expires: None,
        via: Some("AssumeRole".to_owned()),
        alike: false,
        behind: Behind::NoKey("a test".to_owned()),
    }
}

/// A time, in seconds after the sample's beginning.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + seconds).unwrap()
}

/// A reading of the trail that somebody has to allow.
pub(crate) fn scan(sql_sha256: &str) -> Scan {
    Scan {
        sql_sha256: sql_sha256.to_owned(),
        from: at(-900),
        days: Some("2026-09-01 to 2026-09-22".to_owned()),
        queries: 4,
        is_window: true,
        question: None,
        whole_cut: false,
        bytes: Some(2_000_000_000_000),
        at_most: None,
        ask_above: 1_000_000_000_000,
    }
}

pub(crate) fn person(user: &str) -> PersonId {
    PersonId { team: "T1".to_owned(), user: user.to_owned() }
}

/// A person of the workspace, proven by the signature of a request.
pub(crate) fn caller(user: &str) -> Caller {
    let now = at(0);
    let timestamp = now.as_second().to_string();
    let signature = sign(b"secret", &timestamp, b"");
    let headers = SignedHeaders::read(Some(timestamp.as_bytes()), Some(signature.as_bytes()), now);
    let verified = headers.unwrap().verify(&[b"secret"], Vec::new()).unwrap();
    let person = PersonId { team: "T1".to_owned(), user: user.to_owned() };
    Caller::of(&verified, person, None)
}

/// A user of the account of [`plan`].
pub(crate) fn user(name: &str, id: &str) -> Principal {
    principal(PrincipalKind::User, name, id)
}

/// A role of the account of [`plan`].
pub(crate) fn role(name: &str, id: &str) -> Principal {
    principal(PrincipalKind::Role, name, id)
}

fn principal(kind: PrincipalKind, name: &str, id: &str) -> Principal {
    let arn = format!("arn:aws:iam::029608264753:{}/{name}", kind.word());
    Principal { kind, name: name.to_owned(), id: id.to_owned(), arn }
}

/// A principal that has nothing but what is its own.
pub(crate) fn photograph(of: &Principal, own: Own) -> Photograph {
    Photograph {
        name: of.name.clone(),
        id: of.id.clone(),
        arn: of.arn.clone(),
        path: "/".to_owned(),
        created: None,
        boundary: None,
        tags: BTreeMap::new(),
        attached: Vec::new(),
        inline: BTreeMap::new(),
        own,
    }
}

/// A case that ana opened with delivery `d0`.
pub(crate) fn opened() -> Case {
    opened_for(KEY)
}

/// The same of another key.
pub(crate) fn opened_for(key: &str) -> Case {
    let opening = Opening {
        key: AccessKeyId::parse(key).unwrap(),
        found_where: None,
        exposed_since: None,
        note: None,
        drill: false,
        endpoints: Vec::new(),
        shares_channel_of: None,
    };
    let entry = Entry {
        at: at(1),
        actor: Actor::Person { person: person("ana"), name: None },
        place: None,
        delivery: Some("d0".to_owned()),
        event: Event::Opened(opening),
    };
    Case::open(entry.chained(CaseId("kl-1".to_owned()), None)).unwrap()
}

/// A plan of two steps that ana asked for: a deny, then the leaked key.
pub(crate) fn plan(case: &Case, kind: PlanKind) -> Plan {
    let step = |change| step(user("ci", "AIDA1"), change);
    let key = AccessKeyId::parse(KEY).unwrap();
    Plan {
        case: case.id().clone(),
        number: case.next_plan_number(),
        kind,
        account: AccountId("029608264753".to_owned()),
        exposed_since: None,
        snapshot: SnapshotRef { sha256: "00".to_owned(), taken_at: at(0) },
        steps: vec![step(deny()), step(Change::DeactivateKey { key })],
        about: None,
        requested_by: person("ana"),
        approvals_needed: 1,
        expires_at: at(0) + SignedDuration::from_hours(1),
        adjusted: Vec::new(),
        lifts: Vec::new(),
        owners: Vec::new(),
        dry_run: false,
        covers: Vec::new(),
        notes: Vec::new(),
    }
}

/// One more record, by keyleak or a person.
pub(crate) fn add(case: &mut Case, actor: Actor, event: Event) {
    let entry = Entry { at: at(50), actor, place: None, delivery: None, event };
    case.apply(&entry.chained(case.id().clone(), case.last_record())).unwrap();
}

fn bob() -> Actor {
    Actor::Person { person: person("bob"), name: None }
}

/// The button of a phase is pressed.
pub(crate) fn press(case: &mut Case, phase: Phase) {
    add(case, bob(), Event::PhasePressed { phase });
}

/// Somebody changes what the plans hold.
pub(crate) fn adjust(case: &mut Case, adjustments: Vec<Adjustment>) {
    add(case, bob(), Event::Adjusted { adjustments });
}

/// A plan that waits for approval from now on; its number and hash.
pub(crate) fn propose(case: &mut Case, plan: Plan) -> (PlanNumber, String) {
    let (number, hash) = (plan.number, plan.hash());
    let event = Event::Proposed { plan: Box::new(plan), hash: hash.clone() };
    add(case, Actor::Keyleak, event);
    (number, hash)
}

/// A plan that is proposed, approved, and carried out to its end.
pub(crate) fn run(case: &mut Case, plan: Plan) {
    let steps = plan.steps.len() as u32;
    let (plan, hash) = propose(case, plan);
    add(case, bob(), Event::Approved { plan, hash: hash.clone() });
    for step in 0..steps {
        let (attempt, plan_hash) = (1, hash.clone());
        add(case, Actor::Keyleak, Event::Intent { plan, step, attempt, plan_hash });
        let result = StepResult::Done { changed: true, how: None, request_id: None };
        add(case, Actor::Keyleak, Event::Outcome { plan, step, attempt, result });
    }
}

/// The finding that the key is this user's.
pub(crate) fn own(user: &str) -> Finding {
    Finding::Owner(Fact::Known(OwnerFinding {
        user: UserName(user.to_owned()),
        user_id: "AIDA1".to_owned(),
        arn: format!("arn:aws:iam::029608264753:user/{user}"),
        created: None,
        owner_tag: None,
    }))
}

/// A step without anything said of it.
pub(crate) fn step(on: Principal, change: Change) -> Step {
    let action = Action { on, change };
    Step { action, blast_radius: Vec::new(), because: String::new(), provisional: false }
}

/// A deny of everything.
pub(crate) fn deny() -> Change {
    Change::Deny {
        policy_arn: "arn:aws:iam::aws:policy/AWSDenyAll".to_owned(),
        inline_name: "KeyleakDeny".to_owned(),
    }
}

/// What the key minted at the sample's beginning; it lives, and nothing more is known of it.
pub(crate) fn minted(kind: NodeKind, id: &str) -> Node {
    Node {
        id: id.to_owned(),
        kind,
        arn: None,
        principal_id: None,
        user_name: None,
        role_arn: None,
        minted_by: None,
        via: "GetSessionToken".to_owned(),
        made: Some(at(0)),
        expires: None,
        certainty: Certainty::Certain,
        reach: Reach::Direct,
        older: false,
        standing: Standing::Live,
        events: 1,
        first: None,
        last: None,
        why: "minted by the key".to_owned(),
        depth: 1,
        keys: Vec::new(),
        reopened: None,
    }
}

/// A reading of the trail that found these nodes and nothing else.
pub(crate) fn survey(nodes: Vec<Node>) -> SurveyNote {
    SurveyNote {
        cut_sha256: String::new(),
        rows: 1,
        records_read: 1,
        from: at(0),
        to: at(20),
        watermark: None,
        last_success: None,
        unlike_use: None,
        nodes,
        truncated: false,
        cost: QueryCost::default(),
        gaps: Vec::new(),
        exposed_since: Some(at(10)),
        regular: None,
        made_by_others: Vec::new(),
        keys_by_others: Vec::new(),
        resources: MadeResources::default(),
        used_by_others: BTreeMap::new(),
    }
}
