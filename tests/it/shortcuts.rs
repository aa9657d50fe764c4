//! Shortcuts: from the message that holds a key, or from anywhere, to the form that opens a case.

use crate::no_channel::told_directly;
use crate::people::heard;
use crate::stage::Stage;
use keyleak::domain::ids::CaseId;
use keyleak::drill::people::{APPROVER, OUTSIDER, REPORTER};
use keyleak::drill::players::{load, wait};
use keyleak::drill::world::World;
use keyleak::sim::slack::acts::Impossible;
use keyleak::sim::slack::deliver::Twist;
use keyleak::slack::shortcut::{KEY_IN_MESSAGE, RESPOND};
use serde_json::{Value, json};

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzKEY";
const OTHER: &str = "AKIAQNZGKIQY56JQ7WML";

/// The form that somebody has before them, once it is there.
async fn form(world: &World, user: &str) -> Value {
    let shown = async || Ok(world.slack.views_open(user).pop());
    wait("the form", shown).await.unwrap().object
}

fn filled(form: &Value, field: &str) -> Value {
    let blocks = form["blocks"].as_array().unwrap();
    let block = blocks.iter().find(|block| block["block_id"] == field).unwrap();
    block["element"]["initial_value"].clone()
}

async fn all_cases(world: &World) -> Vec<CaseId> {
    world.desk().unwrap().work.all_cases().await.unwrap()
}

fn is_kept_anywhere(world: &World, words: &str) -> bool {
    let holds = |bytes: &[u8]| bytes.windows(words.len()).any(|window| window == words.as_bytes());
    let folder = world.journal.parent().unwrap();
    let files = std::fs::read_dir(folder).unwrap().filter_map(|entry| {
        let path = entry.unwrap().path();
        path.is_file().then(|| std::fs::read(path).unwrap())
    });
    files.into_iter().any(|bytes| holds(&bytes))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_holds_keys_opens_the_form_with_them_and_the_way_back_to_it() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let leaked = &world.leaked.access_key_id;
    let text = format!("<!channel> found <https://gist.example/{leaked}> and `{OTHER}`, {leaked}");
    let ts = world.slack.say(APPROVER, &world.lobby, &text);
    let chosen = world.slack.point_at(REPORTER, (&world.lobby, &ts), KEY_IN_MESSAGE).await;
    let chosen = chosen.unwrap();
    assert!(chosen.accepted() && chosen.body.is_empty(), "{chosen:?}");
    let form = form(world, REPORTER).await;
    assert_eq!(filled(&form, "intake.keys"), format!("{leaked}\n{OTHER}"));
    let link =
        format!("https://simulated.slack.com/archives/{}/p{}", world.lobby, ts.replace('.', ""));
    assert_eq!(filled(&form, "intake.found_where"), link);
    assert!(!form.to_string().contains("intake.told"), "there is nothing to warn of");
    assert!(world.slack.ephemerals(REPORTER).is_empty());
    assert_eq!(all_cases(world).await, [], "nothing is opened before the form is sent");

    let sent = world.slack.submit_view(REPORTER, &json!({})).await.unwrap();
    assert!(sent.body.contains("clear"), "{sent:?}");
    let cases = all_cases(world).await;
    assert_eq!(cases.len(), 2);
    for case in cases {
        let case = load(world, &case).await.unwrap();
        assert_eq!(case.opening().found_where.as_deref(), Some(link.as_str()));
    }
    assert_eq!(world.slack.violations(), Vec::<String>::new());
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_in_the_message_is_warned_of_alone_and_kept_nowhere() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let key = &world.leaked.access_key_id;
    let ts = world.slack.say(APPROVER, &world.lobby, &format!("{key} {SECRET}"));
    let before = world.slack.messages(&world.lobby);
    world.slack.point_at(REPORTER, (&world.lobby, &ts), KEY_IN_MESSAGE).await.unwrap();
    heard(world, REPORTER, "Delete the message now").await;
    let form = form(world, REPORTER).await;
    assert_eq!(filled(&form, "intake.keys"), *key);
    assert!(form.to_string().contains("leaked twice"), "{form}");
    assert!(!form.to_string().contains(SECRET));
    let sent = world.slack.submit_view(REPORTER, &json!({})).await.unwrap();
    assert!(sent.body.contains("clear"), "{sent:?}");
    assert_eq!(all_cases(world).await.len(), 1);
    assert!(!is_kept_anywhere(world, SECRET));
    assert!(is_kept_anywhere(world, key), "what is kept would be found");
    assert_eq!(world.slack.messages(&world.lobby), before, "the channel hears nothing of it");
    let calls = serde_json::to_string(&world.slack.calls()).unwrap();
    assert!(!calls.contains(SECRET));
    assert!(world.slack.ephemerals(APPROVER).is_empty());
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_empty_and_endless_messages_open_a_form_that_slack_takes() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let many: String = (0..60).map(|n| format!("AKIAQNZGKIQY56JQ{n:04}\n")).collect();
    for (text, told, keys) in [
        (String::new(), Some("no access key id"), 0),
        ("\u{202E}<@U0BOB00002> &lt;!here&gt; ".repeat(700), Some("no access key id"), 0),
        (format!("{}{OTHER}", "x ".repeat(5_000)), None, 1),
        (many, Some("names 60 keys"), 50),
    ] {
        let ts = world.slack.say(APPROVER, &world.lobby, &text);
        world.slack.point_at(REPORTER, (&world.lobby, &ts), KEY_IN_MESSAGE).await.unwrap();
        let form = form(world, REPORTER).await;
        let ids = filled(&form, "intake.keys");
        assert_eq!(ids.as_str().unwrap_or_default().lines().count(), keys);
        assert_eq!(form.to_string().contains(told.unwrap_or("intake.told")), told.is_some());
        world.slack.close_view(REPORTER).await.unwrap();
    }
    assert_eq!(world.slack.violations(), Vec::<String>::new());
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_global_shortcut_opens_the_empty_form_for_those_who_may_open_cases() {
    let stage = Stage::set().await;
    let world = &stage.world;
    world.slack.choose(REPORTER, RESPOND).await.unwrap();
    let form = form(world, REPORTER).await;
    assert_eq!(filled(&form, "intake.keys"), Value::Null);
    let key = &world.leaked.access_key_id;
    world.slack.submit_view(REPORTER, &json!({ "intake.keys": key })).await.unwrap();
    assert_eq!(all_cases(world).await.len(), 1);

    let shared = world.slack.channel("shared-northwind").unwrap().id;
    let ts = world.slack.say(APPROVER, &shared, OTHER);
    let foreign = Twist { foreign_team: Some("T0EVIL0001".to_owned()), ..Twist::default() };
    world.slack.twisted(foreign).choose(APPROVER, RESPOND).await.unwrap();
    let told = async || Ok(told_directly(world, APPROVER).pop());
    let told = wait("the refusal", told).await.unwrap();
    assert!(told.contains("not in the workspace"), "{told}");
    world.slack.point_at(OUTSIDER, (&shared, &ts), KEY_IN_MESSAGE).await.unwrap();
    heard(world, OUTSIDER, "not in the workspace").await;
    for who in [OUTSIDER, APPROVER] {
        assert!(world.slack.views_open(who).is_empty(), "{who} sees no form");
    }
    assert_eq!(all_cases(world).await.len(), 1);
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shortcut_that_is_chosen_late_or_twice_opens_one_form_and_what_is_not_ours_none() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let ts = world.slack.say(APPROVER, &world.lobby, OTHER);
    let first = world.slack.point_at(REPORTER, (&world.lobby, &ts), KEY_IN_MESSAGE).await.unwrap();
    form(world, REPORTER).await;
    for again in [world.slack.repeat(&first).await, world.slack.duplicate(&first).await] {
        assert!(again.accepted(), "{again:?}");
    }
    assert_eq!(world.slack.views_open(REPORTER).len(), 1);
    let unknown = world.slack.choose(REPORTER, "buy").await.unwrap_err();
    assert_eq!(unknown, Impossible::NoSuchShortcut("buy".to_owned()));
    let made_up = json!({ "callback_id": "buy" });
    assert!(world.slack.interaction(REPORTER, "shortcut", &made_up).await.accepted());
    assert_eq!(all_cases(world).await, []);
    stage.strike().await;
}
