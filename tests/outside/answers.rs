//! Answers, their files' words and their progress before Slack's own library, with hostile cells.

use crate::frame::{Missing, trial};
use crate::hostile_answer::{answer, margin};
use crate::parts::Parts;
use crate::slack_judge::SlackJudge;
use keyleak::domain::case::Case;
use keyleak::domain::event::Event;
use keyleak::domain::ids::{CaseId, PersonId};
use keyleak::domain::policy::Policy;
use keyleak::domain::record::{Actor, Entry};
use keyleak::ports::chat::{Scene, View};
use keyleak::slack::cards::draw;
use keyleak::slack::sketch::Means;
use libtest_mimic::Trial;
use serde_json::{Value, json};
use std::sync::Arc;

const CASE: &str = "kl-20260801-7wml-0a1b2c3d";
const KEY: &str = "AKIAQNZGKIQY56JQ7WML";
const AT: &str = "2026-08-01T10:00:00Z";
/// What the library has no model for; the simulated workspace and another library judge that.
const UNJUDGED: &[&str] = &["data_visualization", "table"];

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let parts = Arc::clone(parts);
    vec![trial("slack_sdk_passes_answers_whatever_their_cells_hold", move || {
        passes(&mut SlackJudge::start(parts.python()?));
        Ok::<(), Missing>(())
    })]
}

fn passes(judge: &mut SlackJudge) {
    let (case, policy) = (case(), Policy::default());
    let scene = Scene { case: &case, policy: &policy, now: AT.parse().expect("a time") };
    let (answer, margin) = (answer(), margin("bar x=name y=calls by=reach"));
    for means in [Means::Full, Means::Tables, Means::Plain] {
        for view in [
            View::Answer(scene, &answer, &margin),
            View::Progress(scene, 2, vec!["Q10".to_owned()]),
            View::Reply(scene, "x <!channel>\n".repeat(50)),
        ] {
            let blocks = Value::from(draw(&view, means).blocks);
            let verdict = judge.validate_blocks(&blocks);
            assert_eq!(verdict.errors, Vec::<String>::new(), "{means:?}: {blocks}");
            let known = |unjudged: &String| UNJUDGED.iter().any(|kind| unjudged.ends_with(kind));
            assert!(verdict.unjudged.iter().all(known), "{:?}", verdict.unjudged);
        }
    }
    // The control: a button with more text than one may have.
    let view = View::Answer(scene, &answer, &margin);
    let mut blocks = Value::from(draw(&view, Means::Plain).blocks);
    let all = blocks.as_array_mut().expect("a list").iter_mut();
    let mut buttons = all.filter(|block| block["accessory"]["type"] == "button");
    buttons.next().expect("a button")["accessory"]["text"]["text"] = json!("x".repeat(76));
    assert_eq!(judge.validate_blocks(&blocks).errors.len(), 1, "{blocks}");
}

fn entry(actor: Actor, event: Value) -> Entry {
    let event: Event = serde_json::from_value(event).expect("an event");
    Entry { at: AT.parse().expect("a time"), actor, place: None, delivery: None, event }
}

/// A case in which somebody with a hostile name asks.
fn case() -> Case {
    let person = PersonId { team: "T1".to_owned(), user: "ana".to_owned() };
    let name = Some("<!channel> *ana*\u{202e}".to_owned());
    let ana = || Actor::Person { person: person.clone(), name: name.clone() };
    let opening = json!({ "kind": "opened", "key": KEY, "drill": false, "endpoints": [] });
    let opened = entry(ana(), opening).chained(CaseId(CASE.to_owned()), None);
    let mut case = Case::open(opened).expect("it opens");
    let asked = json!({ "kind": "questions_asked", "questions": ["Q10", "Q12"] });
    let record = entry(ana(), asked).chained(case.id().clone(), case.last_record());
    case.apply(&record).expect("it may follow");
    case
}
