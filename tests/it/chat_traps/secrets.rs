//! No secret that anybody pastes is posted or kept.

use crate::chat_traps::house::{House, channel};
use crate::freeze::said;
use keyleak::drill::people::REPORTER;
use keyleak::drill::players::wait;
use serde_json::json;
use std::path::{Path, PathBuf};

/// One of AWS's own examples, altered; a session token; a key of Bedrock.
const SECRETS: [&str; 3] = [
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzKEY",
    concat!(
        "FwoGZXIvYXdzEBYaDKgkZ1q2Wf0b9s8t7u6v5w4x3y2z1A0B9C8D7E6F5G4H3I2J1K0L9M8N7O6P5",
        "Q4R3S2T1U0V9W8X7Y6Z5aB3dE5fG7hJ9kL2mN4pQ6rS8tU1vW3xY5z"
    ),
    concat!(
        "ABSKQmVkcm9ja0FQSUtleS1hYmNkLWF0LTAyOTYwODI2NDc1MzpaWlpaWlpaWlpaWlpaWlpaWlpaW",
        "lpaWlpaWlpaWlpaWlpa"
    ),
];

/// A command was posted with the secret that was in it.
#[tokio::test(flavor = "multi_thread")]
async fn infrabroker_150_no_secret_is_posted_or_kept_wherever_it_is_pasted() {
    let house = House::open().await;
    let world = &house.world;
    let case = house.planned().await;
    let place = channel(&house.load(&case).await);
    let mut answers = String::new();
    for secret in SECRETS {
        for words in [
            secret.to_owned(),
            format!("{} {secret}", world.leaked.access_key_id),
            format!("break-glass 1 nobody is awake and {secret} leaked"),
            format!("impact exfiltration yes they have {secret} by now"),
            format!("rotate-owner 1 {secret}"),
            format!("replace role because of {secret}"),
        ] {
            answers.push_str(&house.say(REPORTER, &place, &words).await);
        }
        house.say(REPORTER, &world.lobby, "").await;
        let shown = async || Ok(world.slack.views_open(REPORTER).pop());
        wait("the form", shown).await.unwrap();
        for field in ["intake.keys", "intake.found_where", "intake.note"] {
            let mut fields = json!({ "intake.keys": world.leaked.access_key_id });
            fields[field] = json!(format!("seen as {secret} there"));
            let sent = world.slack.submit_view(REPORTER, &fields).await.unwrap();
            answers.push_str(&sent.body);
            assert!(sent.body.contains("errors"), "{field}: {}", sent.body);
        }
        world.slack.close_view(REPORTER).await.unwrap();
    }
    house.press(&case, REPORTER, "case.summary").await;
    let now = house.until(&case, "all messages", crate::slack_away::told_all).await;
    let mut everything = answers + &said(world, &now).await;
    everything.extend(world.slack.calls().into_iter().map(|call| call.args.to_string()));
    let folder = world.journal.parent().unwrap();
    for file in walk(folder) {
        everything.push_str(&String::from_utf8_lossy(&std::fs::read(file).unwrap()));
    }
    assert!(everything.contains(&case.0), "the control: all of it was looked through");
    for secret in SECRETS {
        let part: String = secret.chars().take(24).collect();
        assert!(!everything.contains(&part), "{part} was kept or posted");
    }
    house.strike().await;
}

/// The files of a folder and those below it.
fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(walk(&path)) } else { files.push(path) }
    }
    files
}
