//! `blocks.validate`: judges blocks without posting them.

use crate::sim::slack::blocks::{Problem, Surface, problems};
use crate::sim::slack::call::{Call, Refusal, Reply, refuse_with};
use crate::sim::slack::state::State;
use serde_json::{Value, json};

pub(super) fn blocks(state: &mut State, call: &Call) -> Reply {
    let given = ["blocks", "message", "view"].into_iter().filter(|key| call.has(key));
    let [key] = given.collect::<Vec<_>>()[..] else {
        let words = "must provide exactly one of `blocks`, `view`, or `message`".to_owned();
        return Err(refuse_with("invalid_arguments", &[words]));
    };
    let value = call.structure(key, "invalid_arguments")?.unwrap_or_default();
    let capabilities = &state.capabilities;
    let (found, error) = match key {
        "blocks" => (problems(&value, Surface::Message, capabilities, ""), "invalid_blocks"),
        "message" => {
            let blocks = value.get("blocks").unwrap_or(&Value::Null);
            (problems(blocks, Surface::Message, capabilities, "/blocks"), "invalid_message")
        }
        _ => {
            let blocks = value.get("blocks").unwrap_or(&Value::Null);
            (problems(blocks, Surface::View, capabilities, "/blocks"), "invalid_view")
        }
    };
    if found.is_empty() {
        return Ok(json!({}));
    }
    let errors: Vec<Value> = found.iter().map(entry).collect();
    Err(Refusal { error: error.to_owned(), more: json!({"errors": errors}) })
}

fn entry(problem: &Problem) -> Value {
    json!({"code": "failed_constraint", "message": problem.message, "pointer": problem.pointer})
}
