//! Everything that the bot can show before Slack's own library and before another's limits, with
//! hostile values in every field that an attacker can set.

use crate::frame::{Missing, trial};
use crate::gallery::{Picture, Surface, pictures};
use crate::hostile_case::hostile;
use crate::parts::Parts;
use crate::python::{Judge, Python};
use crate::slack_judge::{SlackJudge, Verdict};
use libtest_mimic::Trial;
use serde_json::{Value, json};
use std::sync::Arc;

/// What `slack_sdk` has no model for; the simulated workspace and slackblocks judge that.
const UNJUDGED: &[&str] = &["data_visualization", "table", "datetimepicker", "file_input"];

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let (sdk, limits) = (Arc::clone(parts), Arc::clone(parts));
    vec![
        trial("slack_sdk_passes_every_message_whatever_an_attacker_writes", move || {
            by_slack_sdk(&mut SlackJudge::start(sdk.python()?));
            Ok::<(), Missing>(())
        }),
        trial("every_message_is_within_the_limits_that_slackblocks_has", move || {
            by_slackblocks(limits.limits()?);
            Ok::<(), Missing>(())
        }),
    ]
}

fn by_slack_sdk(judge: &mut SlackJudge) {
    let mut judged = 0;
    for text in hostile() {
        for picture in pictures(&text) {
            let Some(verdict) = asked(judge, &picture) else { continue };
            assert_eq!(verdict.errors, Vec::<String>::new(), "{}", picture.name);
            let known = |unjudged: &String| UNJUDGED.iter().any(|kind| unjudged.ends_with(kind));
            let name = &picture.name;
            assert!(verdict.unjudged.iter().all(known), "{name}: {:?}", verdict.unjudged);
            judged += 1;
        }
    }
    assert!(judged > 300, "only {judged}");
    // The control: more text on a button than one may have.
    let mut wrong = with_a_button();
    *text_of_the_first_button(&mut wrong.drawn) = json!("x".repeat(76));
    assert_eq!(asked(judge, &wrong).expect("a message").errors.len(), 1, "{wrong:?}");
}

fn asked(judge: &mut SlackJudge, picture: &Picture) -> Option<Verdict> {
    match picture.surface {
        Surface::Message => Some(judge.validate_blocks(&picture.drawn)),
        Surface::Modal | Surface::Home => Some(judge.validate_view(&picture.drawn)),
        Surface::Errors => None,
    }
}

fn by_slackblocks(python: &Python) {
    let mut judge = python.judge("limits_judge.py", &[]);
    let mut checked = 0;
    for text in hostile() {
        for picture in pictures(&text) {
            let answer = held(&mut judge, &picture);
            assert_eq!(answer["errors"], json!([]), "{}", picture.name);
            checked += answer["checked"].as_u64().expect("a number");
        }
    }
    assert!(checked > 10_000, "only {checked} limits were held against something");
    // The control: one letter, one block, one button too many.
    let mut wrong = with_a_button();
    *text_of_the_first_button(&mut wrong.drawn) = json!("x".repeat(76));
    let errors = held(&mut judge, &wrong)["errors"].clone();
    assert_eq!(errors.as_array().map(Vec::len), Some(1), "{errors}");
    let many = |blocks: Value| Picture { drawn: blocks, ..with_a_button() };
    for wrong in [
        many(json!(vec![json!({ "type": "divider" }); 51])),
        many(json!([{ "type": "actions", "elements": vec![json!({}); 26] }])),
        many(json!([{ "type": "header", "text": { "type": "plain_text", "text": "" } }])),
    ] {
        assert_ne!(held(&mut judge, &wrong)["errors"], json!([]), "{wrong:?}");
    }
}

fn held(judge: &mut Judge, picture: &Picture) -> Value {
    judge.ask(&match picture.surface {
        Surface::Message => json!({ "op": "blocks", "blocks": picture.drawn }),
        Surface::Modal | Surface::Home => json!({ "op": "view", "view": picture.drawn }),
        Surface::Errors => json!({ "op": "blocks", "blocks": [] }),
    })
}

fn with_a_button() -> Picture {
    let mut all = pictures("x").into_iter().filter(|one| one.surface == Surface::Message);
    all.find(|one| one.drawn.to_string().contains("\"actions\"")).expect("a message with buttons")
}

fn text_of_the_first_button(blocks: &mut Value) -> &mut Value {
    let all = blocks.as_array_mut().expect("blocks").iter_mut();
    let mut rows = all.filter(|block| block["type"] == "actions");
    &mut rows.next().expect("buttons")["elements"][0]["text"]["text"]
}
