//! Every message about working together, with hostile values wherever somebody can put one.

use crate::domain::case::Case;
use crate::domain::conduct::{Conduct, Ladder};
use crate::domain::event::Event;
use crate::domain::facts::{Fact, Finding, LastUse, OwnerFinding};
use crate::domain::ids::UserName;
use crate::domain::lineage::{Node, NodeKind};
use crate::domain::milestones::Point;
use crate::domain::plan::{PlanKind, PlanNumber};
use crate::domain::policy::Policy;
use crate::domain::record::Actor;
use crate::domain::regime::Regime;
use crate::domain::rung::{Call, Rung};
use crate::domain::sample::{self, KEY, add, at, minted, opened, person, plan, propose, survey};
use crate::domain::severity::Severity;
use crate::domain::stakeholders::digests;
use crate::domain::team_step::{OwnerAnswer, Role, TeamStep};
use crate::ports::chat::{Scene, View};
use crate::slack::blocks::{BLOCKS_MAX, FALLBACK_LENGTH_MAX, MESSAGE_LENGTH_MAX, length};
use crate::slack::cards::draw;
use crate::slack::sketch::{Drawn, Means};
use serde_json::{Value, json};

const HOSTILE: &str =
    "<!channel> <@U0EVIL0001> *all clear* <https://evil.example|here> `x`\u{202e}\u{1b}[2J";
/// Everybody who may be mentioned at all.
const CONFIGURED: [&str; 6] =
    ["U0ANA00001", "U0BOB00002", "U0CYN00003", "U0DAN00004", "U0NIK00005", "U0LEA00006"];

fn policy() -> Policy {
    let set = |users: &[&str]| users.iter().map(|user| (*user).to_owned()).collect();
    let ladder = Ladder { next: set(&["U0NIK00005"]), ..Ladder::default() };
    Policy {
        team: "T1".to_owned(),
        approvers: set(&["U0BOB00002", "U0CYN00003"]),
        key_owners: [("payments".to_owned(), "U0DAN00004".to_owned())].into(),
        conduct: Conduct { ladder, legal: set(&["U0LEA00006"]), ..Conduct::default() },
        ..Policy::default()
    }
}

/// A case in which everything that somebody may choose is `text`.
fn case_of(text: &str) -> Case {
    let mut case = opened();
    let ana = || Actor::Person { person: person("U0ANA00001"), name: Some(text.to_owned()) };
    let owner = OwnerFinding {
        user: UserName(text.to_owned()),
        user_id: text.to_owned(),
        arn: text.to_owned(),
        created: None,
        owner_tag: Some("payments".to_owned()),
    };
    let some = || Some(text.to_owned());
    let used = LastUse { at: Some(at(0)), service: some(), region: some() };
    for finding in [Finding::Owner(Fact::Known(owner)), Finding::LastUse(Fact::Known(used))] {
        add(&mut case, Actor::Keyleak, Event::Found { finding });
    }
    add(&mut case, Actor::Keyleak, Event::Validated);
    let node = Node { arn: some(), why: text.to_owned(), ..minted(NodeKind::RoleSession, text) };
    add(&mut case, Actor::Keyleak, Event::Surveyed { survey: Box::new(survey(vec![node])) });
    let reason = || text.to_owned();
    let who = person("U0ANA00001");
    for step in [
        TeamStep::Graded { severity: Some(Severity::P1), reason: reason() },
        TeamStep::Took { role: Role::Lead, person: who.clone() },
        TeamStep::Took { role: Role::Scribe, person: who },
        TeamStep::OwnerSaid { answer: OwnerAnswer::No },
        TeamStep::OwnerSaid { answer: OwnerAnswer::Yes },
        TeamStep::ClockStarted { regime: Regime::Nis2, since: at(0), reason: reason() },
    ] {
        add(&mut case, ana(), Event::Team { step: Box::new(step) });
    }
    add(&mut case, ana(), Event::Note { text: reason() });
    let mut waits = plan(&case, PlanKind::Containment);
    waits.requested_by = person("U0ANA00001");
    propose(&mut case, waits);
    sample::press(&mut case, crate::domain::event::Phase::Scope);
    case
}

fn messages(case: &Case) -> Vec<(String, Drawn)> {
    let policy = policy();
    let scene = Scene { case, policy: &policy, now: at(500_000) };
    let call = |rung| Call { plan: PlanNumber(1), rung };
    let said = case.records().iter().filter_map(|record| {
        let Event::Team { step } = &record.event else { return None };
        crate::domain::report::team_words(case, step)
    });
    let said: Vec<String> = said.map(|(what, why)| format!("{what}: {why:?}")).collect();
    let mut views = vec![
        ("card", View::Card(scene)),
        ("update", View::Update(scene, Point { at: at(1_800), seq: case.seq() })),
        ("rung again", View::Rung(scene, call(Rung::Again))),
        ("rung next", View::Rung(scene, call(Rung::Next))),
        ("legal", View::Legal(scene, said.join("\n"))),
        ("owner", View::Owner(scene)),
    ];
    views.extend(digests(case).into_iter().map(|digest| ("digest", View::Digest(scene, digest))));
    views.iter().map(|(name, view)| ((*name).to_owned(), draw(view, Means::Full))).collect()
}

/// Every value of this field anywhere below.
fn all(value: &Value, field: &str, found: &mut Vec<Value>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get(field).cloned());
            fields.values().for_each(|below| all(below, field, found));
        }
        Value::Array(items) => items.iter().for_each(|below| all(below, field, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn nothing_that_somebody_chose_is_live_and_no_limit_is_exceeded() {
    for text in [HOSTILE.to_owned(), "x".repeat(10_000), String::new(), HOSTILE.repeat(99)] {
        let case = case_of(&text);
        for (name, drawn) in messages(&case) {
            let shown = json!(drawn.blocks);
            assert!(drawn.blocks.len() <= BLOCKS_MAX, "{name}");
            assert!(length(&drawn.blocks) <= MESSAGE_LENGTH_MAX, "{name}");
            assert!(drawn.text.chars().count() <= FALLBACK_LENGTH_MAX * 5, "{name}");
            assert!(!drawn.text.contains('<'), "{name}: {}", drawn.text);
            let (mut types, mut users) = (Vec::new(), Vec::new());
            all(&shown, "type", &mut types);
            all(&shown, "user_id", &mut users);
            for odd in ["mrkdwn", "link", "broadcast", "usergroup", "channel"] {
                assert!(!types.contains(&json!(odd)), "{name}: {odd} in {shown}");
            }
            for user in users {
                assert!(CONFIGURED.contains(&user.as_str().unwrap()), "{name}: {user}");
            }
            assert!(!shown.to_string().contains(KEY), "{name}: the whole key id");
            for hidden in ['\u{202e}', '\u{1b}'] {
                let escaped = json!(hidden.to_string()).to_string();
                let inner = escaped.trim_matches('"').to_owned();
                assert!(!shown.to_string().contains(&inner), "{name}: {hidden:?}");
            }
        }
    }
}

#[test]
fn the_control_sees_what_is_live() {
    let live = json!([{ "type": "section", "text": { "type": "mrkdwn", "text": HOSTILE } }]);
    let mut types = Vec::new();
    all(&live, "type", &mut types);
    assert!(types.contains(&json!("mrkdwn")));
}

#[test]
fn a_digest_holds_nothing_of_a_hostile_case() {
    let case = case_of(HOSTILE);
    let told = messages(&case).into_iter().filter(|(name, _)| name == "digest");
    for (_, drawn) in told {
        let shown = format!("{} {}", drawn.text, json!(drawn.blocks));
        for secret in ["EVIL", "evil", "all clear", "AKIA", "029608264753", "U0"] {
            assert!(!shown.contains(secret), "{secret}: {shown}");
        }
    }
}

/// The words of a message, line by line, as people read them.
fn read(drawn: &Drawn) -> String {
    let mut said = vec![drawn.text.clone()];
    for block in &drawn.blocks {
        let mut line = String::new();
        words(block, &mut line);
        said.push(line);
    }
    said.join("\n")
}

fn words(value: &Value, line: &mut String) {
    match value {
        Value::Object(fields) => {
            if let Some(user) = fields.get("user_id").and_then(Value::as_str) {
                line.push_str(&format!("@{user}"));
            }
            if let Some(fallback) = fields.get("fallback").and_then(Value::as_str) {
                line.push_str(fallback);
            }
            let is_button = fields.get("action_id").and_then(Value::as_str);
            match fields.get("text") {
                Some(Value::String(text)) => line.push_str(text),
                Some(below) => {
                    line.push_str(if is_button.is_some() { " [" } else { "" });
                    words(below, line);
                    line.push_str(if is_button.is_some() { "]" } else { "" });
                }
                None => {}
            }
            fields.get("elements").into_iter().for_each(|below| words(below, line));
        }
        Value::Array(items) => {
            for item in items {
                words(item, line);
                if item["type"] == "rich_text_section" {
                    line.push('\n');
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn the_messages_read_like_this() {
    let case = case_of("said by somebody");
    let told: Vec<String> = messages(&case)
        .iter()
        .filter(|(name, _)| name != "card")
        .map(|(name, drawn)| format!("== {name}\n{}", read(drawn).replace(head(&case), "[head]")))
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

fn head(case: &Case) -> &str {
    &case.last_record().unwrap().hash
}
