//! Everything that the bot can show, one by one: how it reads, that nothing in it is live whatever
//! an attacker writes, that no limit is exceeded, and that nothing the code draws is left out.

mod complete;
mod reading;

use crate::gallery::{Picture, Surface, WORKSPACE, kind, mentionable, pictures, policy, views};
use crate::hostile_case::{HIDDEN, KEY, MARKUP, at, hostile};
use crate::hostile_stages::stages;
use crate::stage::Stage;
use jiff::SignedDuration;
use keyleak::domain::case::Case;
use keyleak::domain::ids::ChannelId;
use keyleak::drill::people::APPROVER;
use keyleak::drill::players::{open, until};
use keyleak::ports::chat::{Chat, Post, Scene, Spot};
use keyleak::ports::clock::Clock;
use keyleak::sim::slack::channels::Reach;
use keyleak::sim::slack::config::SimSlackConfig;
use keyleak::sim::slack::server::SimSlack;
use keyleak::slack::blocks::{BLOCKS_MAX, MESSAGE_LENGTH_MAX, length};
use keyleak::slack::chat::SlackChat;
use keyleak::slack::web::SlackSettings;
use secrecy::SecretString;
use serde_json::{Value, json};
use slack_morphism::blocks::SlackBlock;
use tokio_util::task::TaskTracker;

/// Slack takes no more in the text of a message that is updated.
const TEXT_MAX: usize = 4_000;
/// Where links lead: into the workspace, and to what others say of an address.
const OUR_LINKS: [&str; 5] = [
    WORKSPACE,
    "https://www.abuseipdb.com/check/",
    "https://viz.greynoise.io/ip/",
    "https://metrics.torproject.org/exonerator.html?ip=",
    "https://rdap.org/ip/",
];
/// Slack refuses a larger view.
const VIEW_BYTES_MAX: usize = 250 * 1024;
const TOKEN: &str = "xoxb-every-message";
/// The bot, as the simulated workspace calls it.
const BOT: &str = "U0BOT00000";
/// Slack paces messages by the second, and there are many.
const SPEED: u32 = 5_000;

/// Calls with every value below, each with the name of its field.
fn walk<'a>(value: &'a Value, name: &'a str, seen: &mut dyn FnMut(&'a str, &'a Value)) {
    seen(name, value);
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, below)| walk(below, name, seen)),
        Value::Array(items) => items.iter().for_each(|below| walk(below, name, seen)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn hides(text: &str) -> bool {
    text.chars().any(|one| {
        let unseen = matches!(one, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}');
        unseen || (one.is_control() && one != '\n')
    })
}

/// What is wrong with an object that Slack would make something of.
fn live(object: &Value) -> Option<String> {
    let text = |name: &str| object[name].as_str().unwrap_or_default();
    let is_fine = match text("type") {
        "mrkdwn" | "broadcast" | "usergroup" | "emoji" | "color" | "image" => false,
        "link" => OUR_LINKS.iter().any(|ours| text("url").starts_with(ours)),
        "channel" => text("channel_id").starts_with("C0CASE0000"),
        "user" => mentionable().contains(text("user_id")),
        "plain_text" => object["emoji"] == false,
        _ => true,
    };
    (!is_fine).then(|| object.to_string().chars().take(200).collect())
}

/// Everything that is wrong with what is shown.
pub(crate) fn faults(picture: &Picture) -> Vec<String> {
    let mut faults = Vec::new();
    let is_form = picture.surface == Surface::Modal;
    walk(&picture.drawn, "", &mut |name, value| {
        if value.is_object() {
            faults.extend(live(value).map(|what| format!("live: {what}")));
        }
        let Some(text) = value.as_str() else { return };
        // The value of a button or of a choice is shown to nobody.
        if hides(text) && name != "value" {
            faults.push(format!("hidden characters in {name}"));
        }
        // The form is filled with the ids that the person has pointed at, and the letter is of no
        // use without the id.
        let is_wanted = is_form && name == "initial_value" || picture.name.contains("letter");
        if text.contains(KEY) && !is_wanted {
            faults.push(format!("the whole key in {name}"));
        }
        if name == "text" && text.is_empty() {
            faults.push("an empty text".to_owned());
        }
    });
    let text = &picture.text;
    let unescaped = text.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "");
    if unescaped.contains(['<', '>', '&']) || hides(text) {
        faults.push(format!("live: {text}"));
    }
    if picture.surface == Surface::Message {
        let blocks = picture.drawn.as_array().map_or(&[][..], Vec::as_slice);
        if text.trim().is_empty() || text.chars().count() > TEXT_MAX {
            faults.push(format!("a text of {} characters", text.chars().count()));
        }
        if blocks.is_empty() || blocks.len() > BLOCKS_MAX || length(blocks) > MESSAGE_LENGTH_MAX {
            faults.push(format!("{} blocks of {} characters", blocks.len(), length(blocks)));
        }
    }
    if matches!(picture.surface, Surface::Modal | Surface::Home) {
        faults.extend(of_view(&picture.drawn));
    }
    faults
}

/// What is beyond the limits of a view.
fn of_view(view: &Value) -> Vec<String> {
    let blocks = view["blocks"].as_array().map_or(0, Vec::len);
    let long = |(name, most): (&str, usize)| {
        let text = view[name]["text"].as_str().or(view[name].as_str()).unwrap_or_default();
        (text.chars().count() > most).then(|| format!("a {name} that is too long"))
    };
    let limits = [("title", 24), ("submit", 24), ("close", 24), ("private_metadata", 3_000)];
    let mut faults: Vec<String> = limits.into_iter().filter_map(long).collect();
    let bytes = view.to_string().len();
    if !(1..=100).contains(&blocks) || bytes > VIEW_BYTES_MAX {
        faults.push(format!("{blocks} blocks of {bytes} bytes"));
    }
    faults
}

/// No mention fires, nothing leads elsewhere, nothing hides, no limit of ours is exceeded.
#[test]
fn whatever_an_attacker_writes_nothing_of_it_is_live_in_any_message() {
    for text in hostile() {
        let shown: String = text.chars().take(20).collect();
        for picture in pictures(&text) {
            let faults = faults(&picture);
            assert!(faults.is_empty(), "{shown:?}, {}: {faults:#?}", picture.name);
        }
    }
}

/// The control: each kind of fault is seen.
#[test]
fn a_message_in_which_something_is_live_is_noticed() {
    let right = pictures("x").into_iter().find(|one| one.surface == Surface::Message).unwrap();
    assert_eq!(faults(&right), Vec::<String>::new());
    let with = |block: Value| Picture { drawn: json!([block]), ..right.clone() };
    let rich = |element: Value| with(json!({ "type": "rich_text", "elements": [element] }));
    for wrong in [
        with(json!({ "type": "section", "text": { "type": "mrkdwn", "text": "x" } })),
        with(json!({ "type": "section", "text": { "type": "plain_text", "text": "x" } })),
        rich(json!({ "type": "user", "user_id": "U0EVIL0001" })),
        rich(json!({ "type": "broadcast", "range": "channel" })),
        rich(json!({ "type": "link", "url": "https://evil.example" })),
        rich(json!({ "type": "channel", "channel_id": "C0EVIL00001" })),
        rich(json!({ "type": "text", "text": KEY })),
        rich(json!({ "type": "text", "text": "a\u{202e}b" })),
        rich(json!({ "type": "text", "text": "" })),
        Picture { text: "<!channel>".to_owned(), ..right.clone() },
        Picture { text: "x".repeat(TEXT_MAX + 1), ..right.clone() },
        Picture { drawn: json!(vec![json!({ "type": "divider" }); 51]), ..right.clone() },
        Picture { surface: Surface::Home, drawn: json!({ "blocks": [] }), ..right.clone() },
    ] {
        assert_eq!(faults(&wrong).len(), 1, "{wrong:?}");
    }
}

/// The workspace takes each as the bot sends it, with the way back to the card, a possible repeat
/// and charts; and a second library reads each block as what it is.
#[tokio::test(flavor = "multi_thread")]
async fn a_strict_workspace_takes_every_message_whatever_an_attacker_writes() {
    let tracker = TaskTracker::new();
    let clock = Clock::accelerated(SPEED);
    let config = SimSlackConfig::new(clock, "secret", TOKEN);
    let slack = SimSlack::start(config, &tracker).await.unwrap();
    let settings = SlackSettings {
        api_url: slack.api_url(),
        bot_token: SecretString::from(TOKEN),
        team_id: "T0SIM00001".to_owned(),
        app_id: None,
    };
    let chat = SlackChat::new(&settings, clock).unwrap();
    let room = ChannelId(slack.make_channel("every-message", Reach::Private, &[BOT]));
    let spot = Spot { channel: &room, thread: None };
    let policy = policy();
    let mut sent = 0;
    for text in [MARKUP, HIDDEN, "", &"&".repeat(10_000)] {
        for (stage, case) in stages(text) {
            let now = at(case.seq()) + SignedDuration::from_mins(5);
            let scene = Scene { case: &case, policy: &policy, now };
            for (name, view) in views(&scene, text) {
                let said = format!("{stage}: {name}, a {}", kind(&view));
                let post = Post { key: format!("{sent}/{name}"), view, repeat_possible: true };
                let ts = chat.post(spot, &post).await.unwrap_or_else(|why| panic!("{said}: {why}"));
                chat.update(&room, &ts, &post.view)
                    .await
                    .unwrap_or_else(|why| panic!("{said}: {why}"));
                let there = slack.message(&room.0, &ts.0).unwrap();
                read_by_another(&there["blocks"]);
                sent += 1;
            }
        }
        assert_eq!(slack.violations(), Vec::<String>::new());
    }
    assert!(sent > 300, "only {sent}");
    let refused = slack.calls().into_iter().filter(|call| call.outcome != "ok").count();
    assert_eq!(refused, 0, "nothing was sent twice because of its blocks");
    slack.stop().await;
}

/// Every block is what its type says to a library that is not ours either.
fn read_by_another(blocks: &Value) {
    for block in blocks.as_array().unwrap() {
        let read: Result<SlackBlock, _> = serde_json::from_value(block.clone());
        assert!(read.is_ok(), "{:?}: {block}", read.err());
    }
}

/// What somebody types or is called comes back to them as text, whatever command it stood in.
#[tokio::test(flavor = "multi_thread")]
async fn the_answer_to_each_command_is_text_and_nothing_in_it_is_live() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let id = open(world).await.unwrap();
    let roomed = |case: &Case| case.room().dressed && case.validated();
    let case = until(world, &id, "the channel", roomed).await.unwrap();
    let channel = case.room().channel.clone().unwrap().0;
    let key = world.leaked.access_key_id.as_str();
    let mut answered = 0;
    for typed in [
        "help",
        "list",
        "status",
        "summary",
        "ask",
        "impact",
        "tasks",
        "task 12",
        "lead",
        key,
        "severity P2 WORDS",
        "severity WORDS",
        "clock gdpr WORDS",
        "clock gdpr stop WORDS",
        "note WORDS",
        "task WORDS",
        "task 12 WORDS",
        "rotate-owner 1 WORDS",
        "replace role WORDS",
        "impact insider unknown WORDS",
        "break-glass 1 WORDS",
        "reopen WORDS",
        "WORDS",
        "leave-out role/WORDS",
        "ask SELECT 'WORDS'",
    ] {
        let words: String = MARKUP.chars().filter(|one| !one.is_ascii_digit()).take(120).collect();
        let typed = typed.replace("WORDS", &words);
        let said = world.slack.slash(APPROVER, &channel, "/keyleak", &typed).await.unwrap();
        assert!(said.accepted(), "{typed}: {}", said.body);
        let answer: Value = serde_json::from_str(&said.body).unwrap();
        let text = answer["text"].as_str().unwrap();
        assert!(!text.contains('<') && !text.trim().is_empty(), "{typed}: {text}");
        assert!(text.chars().count() <= TEXT_MAX, "{typed}: {text}");
        let blocks = answer["blocks"].as_array().unwrap();
        assert!(!blocks.is_empty() && !said.body.contains("mrkdwn"), "{typed}: {}", said.body);
        assert!(length(blocks) < 13_000, "{typed}: {}", length(blocks));
        walk(&answer["blocks"], "", &mut |_, value| {
            let kind = value["type"].as_str().unwrap_or_default();
            let odd = ["user", "link", "broadcast", "usergroup", "emoji"];
            assert!(!odd.contains(&kind), "{typed}: {value}");
        });
        answered += 1;
    }
    assert_eq!(answered, 25);
    stage.strike().await;
}
