//! Answers as Slack is shown them: charts, tables and buttons, whatever an actor wrote into a cell.

use crate::hostile_answer::{answer, margin};
use crate::stage::Stage;
use keyleak::domain::case::Case;
use keyleak::domain::ids::{CaseId, ChannelId};
use keyleak::drill::players::{load, open, until};
use keyleak::drill::world::World;
use keyleak::ports::chat::{Post, Scene, Spot, View};
use serde_json::{Value, json};
use slack_morphism::blocks::SlackBlock;
use std::collections::BTreeSet;

/// A case with a channel.
async fn case(world: &World) -> (CaseId, Case, ChannelId) {
    let id = open(world).await.unwrap();
    let dressed = |case: &Case| case.room().dressed;
    until(world, &id, "its channel", dressed).await.unwrap();
    let case = load(world, &id).await.unwrap();
    let channel = case.room().channel.clone().unwrap();
    (id, case, channel)
}

/// Posts the answer; the message as the workspace has it.
async fn posted(
    world: &World,
    (case, channel): (&Case, &ChannelId),
    (key, chart): (&str, &str),
) -> Value {
    let desk = world.desk().unwrap();
    let (answer, margin) = (answer(), margin(chart));
    let scene = Scene { case, policy: &desk.rules.policy, now: world.clock.now() };
    let view = View::Answer(scene, &answer, &margin);
    let post = Post { key: format!("{}/{key}", case.id()), view, repeat_possible: false };
    let spot = Spot { channel, thread: None };
    let ts = desk.chat.post(spot, &post).await.unwrap();
    world.slack.message(&channel.0, &ts.0).unwrap()
}

fn block<'a>(message: &'a Value, kind: &str) -> Option<&'a Value> {
    message["blocks"].as_array().unwrap().iter().find(|block| block["type"] == kind)
}

/// How many drawings Slack was offered with a block of this kind.
fn tried(world: &World, kind: &str) -> usize {
    let kind = format!("\"type\":\"{kind}\"");
    let calls = world.slack.calls();
    let posts = calls.iter().filter(|call| call.method == "chat.postMessage");
    posts.filter(|call| call.args["blocks"].to_string().contains(&kind)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chart_and_its_buttons_are_within_every_limit_whatever_the_cells_hold() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let (_, case, channel) = case(world).await;
    for (key, chart) in [("bar", "bar x=name y=calls"), ("series", "bar x=name y=calls by=reach")] {
        let message = posted(world, (&case, &channel), (key, chart)).await;
        assert_eq!(world.slack.violations(), Vec::<String>::new());
        let drawn = block(&message, "data_visualization").unwrap();
        let labels = drawn["chart"]["axis_config"]["categories"].as_array().unwrap();
        let distinct: BTreeSet<String> = labels.iter().map(Value::to_string).collect();
        assert_eq!(distinct.len(), labels.len(), "{labels:?}");
        assert!(labels.len() >= 9, "names that only begin alike are told apart: {labels:?}");
        let text = message["blocks"].to_string();
        assert!(!text.contains("\"mrkdwn\"") && !text.contains('\u{202e}'), "{text}");
        assert!(!message["text"].as_str().unwrap().contains("<!channel>"), "{message}");
        assert_eq!(text.matches("finding.contain").count(), 3, "{text}");
        assert!(block(&message, "table").is_some(), "the rows stand below it");
        // A second library reads it as what it is.
        let mut sent = drawn.clone();
        sent.as_object_mut().unwrap().remove("block_id");
        let read: SlackBlock = serde_json::from_value(sent.clone()).unwrap();
        assert!(matches!(read, SlackBlock::DataVisualization(_)), "{read:?}");
        sent["chart"]["series"] = json!("none");
        let odd = serde_json::from_value::<SlackBlock>(sent).unwrap();
        assert!(!matches!(odd, SlackBlock::DataVisualization(_)), "the control");
    }
    let line = posted(world, (&case, &channel), ("line", "line x=name y=calls")).await;
    assert!(block(&line, "data_visualization").is_none(), "no cell is a time");
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_slack_refuses_charts_there_is_the_table_and_they_are_not_tried_again() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let (_, case, channel) = case(world).await;
    let chart = "bar x=name y=calls";
    let all = posted(world, (&case, &channel), ("a", chart)).await;
    assert!(block(&all, "data_visualization").is_some(), "the control: here it is taken");

    world.slack.switch_off_blocks(&["data_visualization"]);
    let before = tried(world, "data_visualization");
    let first = posted(world, (&case, &channel), ("b", chart)).await;
    assert!(block(&first, "data_visualization").is_none() && block(&first, "table").is_some());
    assert_eq!(tried(world, "data_visualization"), before + 1);
    let second = posted(world, (&case, &channel), ("c", chart)).await;
    assert!(block(&second, "table").is_some(), "tables are as good as before");
    assert_eq!(tried(world, "data_visualization"), before + 1, "and charts are remembered");

    world.slack.switch_off_blocks(&["data_visualization", "table"]);
    let before = tried(world, "table");
    for key in ["d", "e"] {
        let plain = posted(world, (&case, &channel), (key, chart)).await;
        assert!(block(&plain, "table").is_none(), "{plain}");
        assert!(plain.to_string().contains("rich_text_preformatted"), "{plain}");
        assert!(plain.to_string().contains("finding.contain"), "the buttons stay: {plain}");
    }
    assert_eq!(tried(world, "table"), before + 1);
    stage.strike().await;
}
