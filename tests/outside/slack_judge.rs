//! Slack's own Python library as a judge of what we sign and of what we send.

use crate::frame::{Missing, trial};
use crate::parts::Parts;
use crate::python::{Judge, Python};
use keyleak::domain::home::{Home, HomeLine};
use keyleak::domain::ids::{AccessKeyId, ChannelId, MessageTs};
use keyleak::domain::intake::IntakeStart;
use keyleak::slack::home_view;
use keyleak::slack::intake_modal::{FileField, view};
use keyleak::slack::links::Links;
use libtest_mimic::Trial;
use serde_json::{Value, json};
use std::sync::Arc;

/// The secret, request and signature in Slack's documentation of request signing.
const DOCUMENTED_SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
const DOCUMENTED_TIMESTAMP: &str = "1531420618";
const DOCUMENTED_BODY: &str = "\
    token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=\
    G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebh\
    ook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%\
    2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0b\
    c887a14d10d2c447fce8b6703c";
const DOCUMENTED_SIGNATURE: &str =
    "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";

/// `slack_sdk`, asked line by line.
#[derive(Debug)]
pub(crate) struct SlackJudge {
    judge: Judge,
}

/// What the library makes of blocks or a view.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// What it refuses or would silently drop.
    pub(crate) errors: Vec<String>,
    /// What it has no model for; its silence on these says nothing.
    pub(crate) unjudged: Vec<String>,
}

impl SlackJudge {
    pub(crate) fn start(python: &Python) -> Self {
        Self { judge: python.judge("slack_judge.py", &[]) }
    }

    /// The signature Slack would put on this body.
    pub(crate) fn sign(&mut self, secret: &str, timestamp: &str, body: &str) -> String {
        let question =
            json!({ "op": "sign", "secret": secret, "timestamp": timestamp, "body": body });
        let answer = self.judge.ask(&question);
        answer["signature"].as_str().expect("a signature").to_owned()
    }

    /// Whether a request with these headers is Slack's, at this time.
    pub(crate) fn verifies(&mut self, secret: &str, headers: &Value, body: &str, now: i64) -> bool {
        let question = json!({ "op": "verify", "secret": secret, "headers": headers,
            "body": body, "now": now });
        self.judge.ask(&question)["valid"].as_bool().expect("a verdict")
    }

    pub(crate) fn validate_blocks(&mut self, blocks: &Value) -> Verdict {
        verdict(&self.judge.ask(&json!({ "op": "blocks", "blocks": blocks })))
    }

    pub(crate) fn validate_view(&mut self, view: &Value) -> Verdict {
        verdict(&self.judge.ask(&json!({ "op": "view", "view": view })))
    }
}

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    type Check = fn(&mut SlackJudge);
    let checks: [(&str, Check); 6] = [
        ("slack_sdk_signs_as_slack_documents_it", signs_as_documented),
        ("slack_sdk_passes_blocks_that_are_right", passes_right_blocks),
        ("slack_sdk_refuses_blocks_that_are_wrong_and_says_where", refuses_wrong_blocks),
        ("slack_sdk_passes_the_form_that_opens_a_case", passes_our_form),
        ("slack_sdk_passes_the_home_of_a_person", passes_a_home),
        ("slack_sdk_says_what_it_cannot_judge", says_what_it_cannot_judge),
    ];
    let with_judge = |(name, check): (&str, Check)| {
        let parts = Arc::clone(parts);
        trial(name, move || {
            check(&mut SlackJudge::start(parts.python()?));
            Ok::<(), Missing>(())
        })
    };
    checks.into_iter().map(with_judge).collect()
}

fn passes_our_form(judge: &mut SlackJudge) {
    for file in [FileField::Offered, FileField::Missing] {
        let verdict = judge.validate_view(&view(file, &IntakeStart::default()));
        assert_eq!(verdict, Verdict { errors: vec![], unjudged: vec![] }, "{file:?}");
    }
    let key = |n| AccessKeyId::parse(&format!("AKIAQNZGKIQY56JQ{n:04}")).expect("a key id");
    let start = IntakeStart {
        keys: (0..50).map(key).collect(),
        found_where: Some("https://acme.slack.com/archives/C1/p1".repeat(100)),
        told: Some("<!channel> é ".repeat(1_000)),
    };
    let verdict = judge.validate_view(&view(FileField::Offered, &start));
    assert_eq!(verdict.errors, Vec::<String>::new());
}

fn passes_a_home(judge: &mut SlackJudge) {
    let line = HomeLine {
        what: "<!channel> *é* ".repeat(700),
        channel: Some(ChannelId("C0AB12CD3".to_owned())),
        message: Some((ChannelId("C0AB12CD3".to_owned()), MessageTs("1.000001".to_owned()))),
    };
    let full = Home {
        drill: true,
        due: vec![line.clone(); 100],
        cases: vec![line; 100],
        health: vec!["é".repeat(10_000)],
        ..Home::default()
    };
    let refused = Home { refused: Some("not you".to_owned()), ..Home::default() };
    let links = Links::of("https://acme.slack.com/");
    for home in [Home::default(), full, refused] {
        let drawn = home_view::view(&home, &links);
        assert_eq!(judge.validate_view(&drawn).errors, Vec::<String>::new(), "{drawn}");
    }
}

fn signs_as_documented(judge: &mut SlackJudge) {
    let signed = judge.sign(DOCUMENTED_SECRET, DOCUMENTED_TIMESTAMP, DOCUMENTED_BODY);
    assert_eq!(signed, DOCUMENTED_SIGNATURE);
    let other = judge.sign(DOCUMENTED_SECRET, DOCUMENTED_TIMESTAMP, "text=");
    assert_ne!(other, DOCUMENTED_SIGNATURE);
}

fn passes_right_blocks(judge: &mut SlackJudge) {
    let verdict = judge.validate_blocks(&json!([
        { "type": "header", "text": { "type": "plain_text", "text": "Contained", "emoji": true } },
        { "type": "section", "text": { "type": "mrkdwn", "text": "*held*" }, "block_id": "state" },
        { "type": "section", "fields": [{ "type": "mrkdwn", "text": "*Owner*" }] },
        { "type": "actions", "elements": [{
            "type": "button",
            "text": { "type": "plain_text", "text": "Approve" },
            "action_id": "approve", "style": "primary", "value": "1",
            "confirm": {
                "title": { "type": "plain_text", "text": "Sure?" },
                "text": { "type": "plain_text", "text": "This denies everything." },
                "confirm": { "type": "plain_text", "text": "Yes" },
                "deny": { "type": "plain_text", "text": "No" },
            },
        }] },
        { "type": "context", "elements": [{ "type": "mrkdwn", "text": "UTC" }] },
        { "type": "divider" },
    ]));
    assert_eq!(verdict, Verdict { errors: vec![], unjudged: vec![] });
    let verdict = judge.validate_view(&json!({
        "type": "modal", "callback_id": "intake",
        "title": { "type": "plain_text", "text": "Report a key" },
        "submit": { "type": "plain_text", "text": "Open" },
        "blocks": [{
            "type": "input", "block_id": "key", "optional": false,
            "label": { "type": "plain_text", "text": "Access key id" },
            "element": { "type": "plain_text_input", "action_id": "key", "multiline": true },
        }],
    }));
    assert_eq!(verdict, Verdict { errors: vec![], unjudged: vec![] });
}

fn refuses_wrong_blocks(judge: &mut SlackJudge) {
    let button = |style: &str| {
        json!({ "type": "button", "action_id": "a", "style": style,
            "text": { "type": "plain_text", "text": "Go" } })
    };
    let section =
        |text: &str| json!([{ "type": "section", "text": { "type": "mrkdwn", "text": text } }]);
    let wrong = [
        ("a text too long", section(&"x".repeat(3001))),
        (
            "too many buttons",
            json!([{ "type": "actions", "elements": vec![button("danger"); 26] }]),
        ),
        ("a style that is none", json!([{ "type": "actions", "elements": [button("loud")] }])),
        ("an unknown field", json!([{ "type": "divider", "colour": "red" }])),
        (
            "a header too long",
            json!([{ "type": "header",
            "text": { "type": "plain_text", "text": "x".repeat(151) } }]),
        ),
        ("an empty section", json!([{ "type": "section" }])),
    ];
    for (what, blocks) in wrong {
        let verdict = judge.validate_blocks(&blocks);
        assert_eq!(verdict.errors.len(), 1, "{what}: {verdict:?}");
        assert!(verdict.errors[0].starts_with("/0"), "{what}: {verdict:?}");
    }
    let view = json!({ "type": "modal", "blocks": [{ "type": "divider" }],
        "title": { "type": "plain_text", "text": "a title of more than 24 letters" } });
    assert_eq!(judge.validate_view(&view).errors.len(), 1);
}

fn says_what_it_cannot_judge(judge: &mut SlackJudge) {
    let verdict = judge.validate_blocks(&json!([{ "type": "data_table", "rows": [] }]));
    let unjudged = vec!["/0: data_table".to_owned()];
    assert_eq!(verdict, Verdict { errors: vec![], unjudged });
}

fn verdict(answer: &Value) -> Verdict {
    let texts = |name: &str| {
        let list = answer[name].as_array().expect("a list");
        list.iter().map(|text| text.as_str().expect("a text").to_owned()).collect()
    };
    Verdict { errors: texts("errors"), unjudged: texts("unjudged") }
}
