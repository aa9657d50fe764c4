//! Block Kit limits, each at its edge.

use super::stage::Stage;
use crate::sim::slack::blocks::{Capabilities, Surface, problems};
use serde_json::{Value, json};

fn messages(blocks: &Value) -> Vec<String> {
    let found = problems(blocks, Surface::Message, &Capabilities::default(), "/blocks");
    found.into_iter().map(|it| format!("{} [{}]", it.message, it.pointer)).collect()
}

fn accepted(block: Value) {
    let blocks = json!([block]);
    assert_eq!(messages(&blocks), Vec::<String>::new(), "{blocks}");
}

fn refused(block: Value, words: &str) {
    let found = messages(&json!([block]));
    assert!(found.iter().any(|line| line.contains(words)), "{words}: {found:?}");
}

fn plain(length: usize) -> Value {
    json!({"type": "plain_text", "text": "é".repeat(length)})
}

fn button(id: &str) -> Value {
    json!({"type": "button", "action_id": id, "text": plain(5)})
}

fn actions(elements: Value) -> Value {
    json!({"type": "actions", "elements": elements})
}

fn confirm(title: usize, text: usize, yes: usize) -> Value {
    json!({"title": plain(title), "text": plain(text), "confirm": plain(yes), "deny": plain(1)})
}

fn options(count: usize) -> Value {
    let option = |n: usize| json!({"text": plain(75), "value": format!("v{n}")});
    (0..count).map(option).collect()
}

fn select(kind: &str, count: usize) -> Value {
    actions(json!([{"type": kind, "action_id": "a", "options": options(count)}]))
}

fn table(rows: usize, columns: usize, text: &str) -> Value {
    let row: Vec<Value> = vec![json!({"type": "raw_text", "text": text}); columns];
    json!({"type": "table", "rows": vec![row; rows]})
}

#[test]
fn text_lengths_are_counted_in_characters_and_end_where_slack_ends_them() {
    accepted(json!({"type": "header", "text": plain(150)}));
    refused(
        json!({"type": "header", "text": plain(151)}),
        "less than 151 characters [/blocks/0/text",
    );
    accepted(json!({"type": "section", "text": plain(3000)}));
    refused(json!({"type": "section", "text": plain(3001)}), "less than 3001 characters");
    accepted(json!({"type": "section", "fields": [plain(2000)]}));
    refused(json!({"type": "section", "fields": [plain(2001)]}), "less than 2001 characters");
    refused(json!({"type": "section", "text": plain(0)}), "must be more than 0 characters");
}

#[test]
fn a_header_takes_plain_text_only() {
    let text = json!({"type": "mrkdwn", "text": "x"});
    refused(json!({"type": "header", "text": text}), "unsupported type: mrkdwn");
}

#[test]
fn a_section_needs_text_or_fields_and_takes_ten_fields() {
    refused(json!({"type": "section"}), "either `text` or `fields`");
    accepted(json!({"type": "section", "fields": vec![plain(1); 10]}));
    refused(json!({"type": "section", "fields": vec![plain(1); 11]}), "no more than 10 items");
}

#[test]
fn a_button_has_its_limits() {
    let with = |key: &str, value: Value| {
        let mut it = button("a");
        it[key] = value;
        actions(json!([it]))
    };
    accepted(with("text", plain(75)));
    refused(with("text", plain(76)), "less than 76 characters");
    accepted(with("value", json!("x".repeat(2000))));
    refused(with("value", json!("x".repeat(2001))), "less than 2001 characters");
    refused(with("action_id", json!("x".repeat(256))), "less than 256 characters");
    refused(with("accessibility_label", json!("x".repeat(76))), "less than 76 characters");
    refused(with("style", json!("default")), "must be one of: primary, danger");
    refused(with("colour", json!("red")), "invalid additional property: colour");
    accepted(with("confirm", confirm(100, 300, 30)));
    refused(with("confirm", confirm(101, 300, 30)), "less than 101 characters");
    refused(with("confirm", confirm(100, 301, 30)), "less than 301 characters");
    refused(with("confirm", confirm(100, 300, 31)), "less than 31 characters");
}

#[test]
fn actions_take_25_elements_with_ids_of_their_own() {
    let many = |count: usize| (0..count).map(|n| button(&format!("a{n}"))).collect::<Value>();
    accepted(actions(many(25)));
    refused(actions(many(26)), "no more than 25 items");
    refused(actions(json!([])), "no fewer than 1 items");
    refused(actions(json!([button("a"), button("a")])), "action_id already exists");
}

#[test]
fn context_takes_ten_elements() {
    accepted(json!({"type": "context", "elements": vec![plain(1); 10]}));
    refused(json!({"type": "context", "elements": vec![plain(1); 11]}), "no more than 10 items");
}

#[test]
fn choices_have_their_limits() {
    accepted(select("static_select", 100));
    refused(select("static_select", 101), "no more than 100 items");
    accepted(select("overflow", 5));
    refused(select("overflow", 6), "no more than 5 items");
    accepted(select("radio_buttons", 10));
    refused(select("radio_buttons", 11), "no more than 10 items");
    refused(select("checkboxes", 11), "no more than 10 items");
    let long = json!([{"text": plain(76), "value": "v"}]);
    let long = json!([{"type": "static_select", "action_id": "a", "options": long}]);
    refused(actions(long), "less than 76 characters");
    let value = json!([{"text": plain(1), "value": "x".repeat(151)}]);
    let value = json!([{"type": "static_select", "action_id": "a", "options": value}]);
    refused(actions(value), "less than 151 characters");
    refused(actions(json!([{"type": "static_select", "action_id": "a"}])), "either `options`");
}

#[test]
fn an_initial_option_must_be_one_of_the_options() {
    let options = json!([{"text": plain(1), "value": "v"}]);
    let mut select = json!({"type": "static_select", "action_id": "a", "options": options});
    select["initial_option"] = options[0].clone();
    accepted(actions(json!([select])));
    select["initial_option"]["value"] = json!("w");
    refused(actions(json!([select])), "must be one of the options");
}

#[test]
fn an_image_needs_alternative_text_and_one_source() {
    let url = "https://example.com/a.png";
    accepted(json!({"type": "image", "image_url": url, "alt_text": "a"}));
    refused(json!({"type": "image", "image_url": url}), "missing required field: alt_text");
    refused(json!({"type": "image", "alt_text": "a"}), "either `image_url` or `slack_file`");
    let file = json!({"type": "image", "alt_text": "a", "slack_file": {"id": "F00000001"}});
    refused(file, "invalid slack file");
}

#[test]
fn a_table_has_100_rows_20_columns_and_10000_characters() {
    accepted(table(100, 20, "abcde"));
    refused(table(101, 1, "x"), "no more than 100 items");
    refused(table(1, 21, "x"), "no more than 20 items");
    refused(table(100, 20, "abcdef"), "less than 10001 characters");
    let uneven = json!([[{"type": "raw_text", "text": "x"}], []]);
    refused(json!({"type": "table", "rows": uneven}), "as many cells as the first row");
    let two = json!([table(1, 1, "x"), table(1, 1, "x")]);
    assert!(messages(&two)[0].contains("only one table"));
}

#[test]
fn a_data_table_needs_a_caption_and_plain_headers() {
    let cell = json!({"type": "raw_text", "text": "x"});
    let number = json!({"type": "raw_number", "value": 7, "text": "7"});
    let rows = json!([[cell], [number]]);
    accepted(json!({"type": "data_table", "caption": "c", "rows": rows}));
    refused(json!({"type": "data_table", "rows": rows}), "missing required field: caption");
    let rows = json!([[number], [cell]]);
    refused(json!({"type": "data_table", "caption": "c", "rows": rows}), "header cells");
}

#[test]
fn a_chart_has_one_point_for_each_category() {
    let chart = |data: Value| {
        let axis = json!({"categories": ["a", "b"]});
        let series = json!([{"name": "s", "data": data}]);
        let chart = json!({"type": "bar", "series": series, "axis_config": axis});
        json!({"type": "data_visualization", "title": "t", "chart": chart})
    };
    accepted(chart(json!([{"label": "a", "value": 1}, {"label": "b", "value": 2}])));
    refused(chart(json!([{"label": "a", "value": 1}])), "exactly one point for each category");
    let pie = json!({"type": "pie", "segments": [{"label": "a", "value": 0}]});
    refused(json!({"type": "data_visualization", "title": "t", "chart": pie}), "greater than 0");
}

#[test]
fn rich_text_knows_its_elements() {
    let rich = |element: Value| {
        let section = json!({"type": "rich_text_section", "elements": [element]});
        json!({"type": "rich_text", "elements": [section]})
    };
    accepted(rich(json!({"type": "text", "text": "x", "style": {"bold": true}})));
    accepted(rich(json!({"type": "user", "user_id": "U1"})));
    refused(rich(json!({"type": "text", "text": ""})), "must be more than 0 characters");
    refused(rich(json!({"type": "text", "text": "x", "style": {"loud": true}})), "loud");
    refused(rich(json!({"type": "section"})), "unsupported type: section");
}

#[test]
fn block_ids_are_unique_and_have_255_characters_at_most() {
    let two = json!([{"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "a"}]);
    assert_eq!(messages(&two), ["block_id already exists [/blocks/1/block_id]"]);
    refused(json!({"type": "divider", "block_id": "x".repeat(256)}), "less than 256 characters");
}

#[test]
fn markdown_is_limited_over_the_whole_message() {
    let half = json!({"type": "markdown", "text": "x".repeat(6001)});
    assert!(messages(&json!([half])).is_empty());
    assert!(messages(&json!([half, half]))[0].contains("12001 characters together"));
}

#[test]
fn a_view_takes_no_table_and_a_hundred_blocks() {
    let judge = |blocks: Value| problems(&blocks, Surface::View, &Capabilities::default(), "");
    assert_eq!(judge(json!([table(1, 1, "x")]))[0].message, "unsupported type: table");
    assert!(judge(json!(vec![json!({"type": "divider"}); 100])).is_empty());
    assert_eq!(
        judge(json!(vec![json!({"type": "divider"}); 101]))[0].message,
        "no more than 100 items allowed"
    );
}

#[tokio::test]
async fn a_refused_message_says_where_with_json_pointers() {
    let stage = Stage::new().await;
    let room = stage.room().await;
    let answer = stage.post_blocks(&room, json!([{"type": "header", "text": plain(151)}])).await;
    assert_eq!(answer["error"], "invalid_blocks");
    let line = "[ERROR] must be less than 151 characters [json-pointer:/blocks/0/text/text]";
    assert_eq!(answer["response_metadata"]["messages"], json!([line]));
    assert_eq!(answer["errors"][0], line.trim_start_matches("[ERROR] "));
}

#[tokio::test]
async fn fifty_blocks_fit_and_fifty_one_do_not() {
    let stage = Stage::new().await;
    let room = stage.room().await;
    let fits = stage.post_blocks(&room, json!(vec![json!({"type": "divider"}); 50])).await;
    assert_eq!(fits["ok"], true);
    let more = stage.post_blocks(&room, json!(vec![json!({"type": "divider"}); 51])).await;
    assert_eq!(more["error"], "invalid_blocks");
}

#[tokio::test]
async fn too_much_text_in_all_blocks_together_is_refused() {
    let stage = Stage::new().await;
    let room = stage.room().await;
    let section = json!({"type": "section", "text": plain(2700)});
    assert_eq!(stage.post_blocks(&room, json!(vec![section.clone(); 4])).await["ok"], true);
    let more = stage.post_blocks(&room, json!(vec![section; 5])).await;
    assert_eq!(more["error"], "msg_blocks_too_long");
}

#[tokio::test]
async fn a_block_type_can_be_switched_off() {
    let stage = Stage::new().await;
    let room = stage.room().await;
    stage.slack.switch_off_blocks(&["table"]);
    let answer = stage.post_blocks(&room, json!([table(1, 1, "x")])).await;
    assert_eq!(answer["error"], "invalid_blocks");
    stage.slack.switch_off_blocks(&[]);
    assert_eq!(stage.post_blocks(&room, json!([table(1, 1, "x")])).await["ok"], true);
}

#[tokio::test]
async fn blocks_are_validated_without_a_token_and_without_posting() {
    let stage = Stage::new().await;
    let body = json!({"blocks": [{"type": "section"}]}).to_string();
    let answer = stage.send("blocks.validate", "application/json", &body, "").await.body;
    assert_eq!(answer["error"], "invalid_blocks");
    assert_eq!(answer["errors"][0]["pointer"], "/0");
    let both = json!({"blocks": [], "view": {}}).to_string();
    let answer = stage.send("blocks.validate", "application/json", &both, "").await.body;
    assert_eq!(answer["error"], "invalid_arguments");
}
