//! Whose signatures are right? `slack_sdk` against the product's check and the simulated Slack.

use crate::frame::{trial, trial_async};
use crate::parts::Parts;
use crate::slack_judge::SlackJudge;
use keyleak::domain::proof::{self, SignedHeaders};
use keyleak::ports::clock::Clock;
use keyleak::sim::slack::channels::Reach;
use keyleak::sim::slack::config::SimSlackConfig;
use keyleak::sim::slack::deliver::Twist;
use keyleak::sim::slack::server::SimSlack;
use libtest_mimic::Trial;
use serde_json::json;
use std::sync::Arc;
use tokio_util::task::TaskTracker;

const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
const NOW: i64 = 1_800_000_000;
const BODY: &str = "command=%2Fkeyleak&text=AKIA+d%C3%B6ner&user_id=U0ANA00001";

/// A request as it may arrive.
struct Arriving {
    what: &'static str,
    timestamp: String,
    signature: String,
    body: &'static str,
}

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let [signer, verifier, simulator] = [(); 3].map(|()| Arc::clone(parts));
    vec![
        trial("the_product_accepts_what_slack_sdk_signed_and_nothing_else", move || {
            agrees_on_signed(&mut SlackJudge::start(signer.python()?));
            Ok(())
        }),
        trial("the_product_signs_as_slack_sdk_does", move || {
            let mut judge = SlackJudge::start(verifier.python()?);
            for body in [BODY, "", "payload=%7B%22a%22%3A%22%F0%9F%94%91%22%7D", "plain \u{1f511}"]
            {
                let ours = proof::sign(SECRET.as_bytes(), "1800000000", body.as_bytes());
                assert_eq!(ours, judge.sign(SECRET, "1800000000", body), "{body:?}");
            }
            Ok(())
        }),
        trial_async("slack_sdk_accepts_what_the_simulated_slack_sends", move || async move {
            simulator_is_believed(&mut SlackJudge::start(simulator.python()?)).await;
            Ok(())
        }),
    ]
}

/// Both judge the same requests; the product must say what `slack_sdk` says of each.
fn agrees_on_signed(judge: &mut SlackJudge) {
    let now = NOW.to_string();
    let signed = judge.sign(SECRET, &now, BODY);
    let other = judge.sign("another-secret", &now, BODY);
    let mut corpus = Vec::new();
    for age in [-301, -300, -299, 0, 299, 300, 301] {
        let timestamp = (NOW - age).to_string();
        let signature = judge.sign(SECRET, &timestamp, BODY);
        corpus.push(Arriving { what: "an age", timestamp, signature, body: BODY });
    }
    let arriving = |what, signature: &str, body| Arriving {
        what,
        timestamp: now.clone(),
        signature: signature.to_owned(),
        body,
    };
    corpus.push(arriving("the right one", &signed, BODY));
    corpus.push(arriving("another secret", &other, BODY));
    corpus.push(arriving("another body", &signed, "command=%2Fkeyleak&text=help"));
    corpus.push(arriving("a part of it", &signed[..60], BODY));
    corpus.push(arriving("capitals", &signed.to_uppercase(), BODY));
    corpus.push(arriving("no version", &signed[3..], BODY));
    corpus.push(arriving("another version", &signed.replace("v0", "v1"), BODY));
    corpus.push(arriving("nothing", "", BODY));
    let mut accepted = 0;
    for request in &corpus {
        let theirs = slack_sdk_accepts(judge, request);
        let ours = product_accepts(request);
        let Arriving { what, timestamp, .. } = request;
        assert_eq!(ours, theirs, "{what}, sent at {timestamp}");
        accepted += usize::from(ours);
    }
    assert_eq!(accepted, 6, "the right one, and the five ages that are young enough");
}

fn slack_sdk_accepts(judge: &mut SlackJudge, request: &Arriving) -> bool {
    let headers = json!({
        "X-Slack-Request-Timestamp": request.timestamp,
        "X-Slack-Signature": request.signature,
    });
    judge.verifies(SECRET, &headers, request.body, NOW)
}

fn product_accepts(request: &Arriving) -> bool {
    let now = jiff::Timestamp::from_second(NOW).expect("a time");
    let (timestamp, signature) = (request.timestamp.as_bytes(), request.signature.as_bytes());
    SignedHeaders::read(Some(timestamp), Some(signature), now)
        .and_then(|headers| headers.verify(&[SECRET.as_bytes()], request.body.into()))
        .is_ok()
}

async fn simulator_is_believed(judge: &mut SlackJudge) {
    let tracker = TaskTracker::new();
    let mut config = SimSlackConfig::new(Clock::real(), SECRET, "xoxb-simulated");
    // Nobody listens on that port; what was sent is known all the same.
    config.bot_url = Some("http://127.0.0.1:1".to_owned());
    let slack = SimSlack::start(config, &tracker).await.expect("the workspace starts");
    slack.make_channel("security", Reach::Public, &["U0ANA00001"]);
    let twist = Twist { signing_secret: Some("another-secret".to_owned()), ..Twist::default() };
    for (slack, is_right) in [(slack.clone(), true), (slack.twisted(twist), false)] {
        let typed = slack.slash("U0ANA00001", "security", "/keyleak", "help döner").await;
        let sent = typed.expect("she may type that").sent;
        let headers: serde_json::Map<String, serde_json::Value> =
            sent.headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let now = Clock::real().now().as_second();
        let verdict = judge.verifies(SECRET, &headers.into(), &sent.body, now);
        assert_eq!(verdict, is_right, "{sent:?}");
    }
    slack.stop().await;
}
