//! Block Kit rules that look at more than one field: uniqueness, either-or, totals.

use crate::sim::slack::blocks::Check;
use crate::sim::slack::shapes::Shape;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// All markdown blocks of a message together.
const MARKDOWN_TOTAL_MAX: usize = 12_000;
/// All cells of the tables of a message together.
const TABLE_TOTAL_MAX: usize = 10_000;
const CHARTS_MAX: usize = 2;

type Found = Vec<(String, String)>;

/// Problems of one object, each with the pointer from that object.
pub(super) fn object(
    fields: &Map<String, Value>,
    shape: &Shape,
    files_ready: &BTreeSet<String>,
) -> Found {
    match shape.name {
        "section" if !fields.contains_key("text") && !fields.contains_key("fields") => {
            vec![at("", "must define either `text` or `fields`")]
        }
        "image" => image(fields, files_ready),
        "static_select" | "multi_static_select" => {
            [choices(fields), plain_options(fields)].concat()
        }
        "overflow" => plain_options(fields),
        "radio_buttons" | "checkboxes" => initial(fields),
        "table" | "data_table" => table(fields, shape.name),
        "pie" => pie(fields),
        "bar" | "area" | "line" => series(fields),
        "plan" => tasks(fields),
        "container" if !fields.contains_key("title") && !fields.contains_key("rich_text_title") => {
            vec![at("", "must define either `title` or `rich_text_title`")]
        }
        "actions" | "context_actions" => unique_actions(fields),
        _ => Vec::new(),
    }
}

/// Problems of the blocks taken together.
pub(super) fn whole(check: &mut Check<'_>, blocks: &[Value], root: &str) {
    let mut seen = BTreeSet::new();
    for (index, block) in blocks.iter().enumerate() {
        if let Some(id) = block.get("block_id").and_then(Value::as_str)
            && !seen.insert(id)
        {
            check.report(&format!("{root}/{index}/block_id"), "block_id already exists");
        }
    }
    let kind = |block: &&Value, name: &str| block.get("type").is_some_and(|found| found == name);
    if blocks.iter().filter(|block| kind(block, "table")).count() > 1 {
        check.report(root, "only one table allowed");
    }
    if blocks.iter().filter(|block| kind(block, "data_visualization")).count() > CHARTS_MAX {
        check.report(root, &format!("no more than {CHARTS_MAX} data_visualization blocks allowed"));
    }
    let markdown = blocks.iter().filter(|block| kind(block, "markdown"));
    if markdown.map(crate::sim::slack::blocks::text_size).sum::<usize>() > MARKDOWN_TOTAL_MAX {
        check.report(root, "markdown blocks must be less than 12001 characters together");
    }
    let tables = blocks.iter().filter(|block| kind(block, "table") || kind(block, "data_table"));
    if tables.map(crate::sim::slack::blocks::text_size).sum::<usize>() > TABLE_TOTAL_MAX {
        check.report(root, "tables must be less than 10001 characters together");
    }
}

fn at(pointer: &str, message: &str) -> (String, String) {
    (pointer.to_owned(), message.to_owned())
}

fn image(fields: &Map<String, Value>, files_ready: &BTreeSet<String>) -> Found {
    match (fields.get("image_url"), fields.get("slack_file")) {
        (None, None) | (Some(_), Some(_)) => {
            vec![at("", "must define either `image_url` or `slack_file`")]
        }
        (Some(url), None) => {
            let web = url.as_str().is_some_and(|url| url.starts_with("http"));
            if web { Vec::new() } else { vec![at("/image_url", "invalid url")] }
        }
        (None, Some(file)) => match file.get("id").and_then(Value::as_str) {
            Some(id) if !files_ready.contains(id) => {
                vec![at("/slack_file", "invalid slack file")]
            }
            Some(_) | None => Vec::new(),
        },
    }
}

fn list<'a>(fields: &'a Map<String, Value>, key: &str) -> &'a [Value] {
    fields.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn options(fields: &Map<String, Value>) -> Vec<&Value> {
    let grouped = list(fields, "option_groups").iter();
    let grouped = grouped.filter_map(|group| group.get("options").and_then(Value::as_array));
    list(fields, "options").iter().chain(grouped.flatten()).collect()
}

fn choices(fields: &Map<String, Value>) -> Found {
    if fields.contains_key("options") == fields.contains_key("option_groups") {
        return vec![at("", "must define either `options` or `option_groups`")];
    }
    initial(fields)
}

fn initial(fields: &Map<String, Value>) -> Found {
    let legal = options(fields);
    let one = fields.get("initial_option").into_iter();
    let mut chosen = one.chain(list(fields, "initial_options"));
    if chosen.any(|option| !legal.contains(&option)) {
        return vec![at("/initial_option", "must be one of the options")];
    }
    Vec::new()
}

fn plain_options(fields: &Map<String, Value>) -> Found {
    let formatted = |option: &&Value| option.pointer("/text/type").is_some_and(|t| t == "mrkdwn");
    if options(fields).iter().any(formatted) {
        return vec![at("/options", "option text must be plain_text here")];
    }
    Vec::new()
}

fn table(fields: &Map<String, Value>, name: &str) -> Found {
    let rows: Vec<_> = list(fields, "rows").iter().filter_map(Value::as_array).collect();
    let width = rows.first().map_or(0, |row| row.len());
    let mut found = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        if row.len() != width {
            found.push(at(&format!("/rows/{index}"), "must have as many cells as the first row"));
        }
    }
    let heads = rows.first().map_or(&[][..], |row| row.as_slice());
    let plain = |cell: &Value| cell.get("type").is_some_and(|kind| kind == "raw_text");
    if name == "data_table" && !heads.iter().all(plain) {
        found.push(at("/rows/0", "header cells must be raw_text"));
    }
    found
}

fn number(point: &Value) -> Option<f64> {
    point.get("value").and_then(Value::as_f64)
}

fn pie(fields: &Map<String, Value>) -> Found {
    let positive = |point: &Value| number(point).is_some_and(|value| value > 0.0);
    if list(fields, "segments").iter().all(positive) {
        return Vec::new();
    }
    vec![at("/segments", "each value must be a number greater than 0")]
}

fn series(fields: &Map<String, Value>) -> Found {
    let categories = fields.get("axis_config").and_then(|axis| axis.get("categories"));
    let categories: Vec<&str> = texts(categories);
    let mut names = BTreeSet::new();
    let mut found = Vec::new();
    for (index, line) in list(fields, "series").iter().enumerate() {
        let data = line.get("data").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let labels = data.iter().map(|point| point.get("label").and_then(Value::as_str));
        let labels: Vec<&str> = labels.flatten().collect();
        if labels != categories {
            let words = "must have exactly one point for each category, in order";
            found.push(at(&format!("/series/{index}/data"), words));
        }
        if data.iter().any(|point| number(point).is_none()) {
            found.push(at(&format!("/series/{index}/data"), "each value must be a number"));
        }
        if !names.insert(line.get("name").and_then(Value::as_str)) {
            found.push(at(&format!("/series/{index}/name"), "must be unique"));
        }
    }
    found
}

fn texts(value: Option<&Value>) -> Vec<&str> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

fn tasks(fields: &Map<String, Value>) -> Found {
    let mut seen = BTreeSet::new();
    let unique = list(fields, "tasks").iter().all(|task| seen.insert(task["task_id"].as_str()));
    if unique { Vec::new() } else { vec![at("/tasks", "task_id must be unique")] }
}

fn unique_actions(fields: &Map<String, Value>) -> Found {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for (index, element) in list(fields, "elements").iter().enumerate() {
        if let Some(id) = element.get("action_id").and_then(Value::as_str)
            && !seen.insert(id)
        {
            found.push(at(&format!("/elements/{index}/action_id"), "action_id already exists"));
        }
    }
    found
}
