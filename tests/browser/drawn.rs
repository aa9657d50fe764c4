//! Everything that the bot can send, drawn on the page: no block, no element and no cell is left
//! out.

use crate::frame::{Outcome, trial};
use crate::gallery::{Picture, Surface, pictures};
use crate::look::{HOSTILE, visit};
use crate::parts::Parts;
use libtest_mimic::Trial;
use serde_json::{Value, json};
use std::sync::Arc;

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let all = Arc::clone(parts);
    vec![trial("whatever_the_bot_can_send_is_drawn_whole", move || whole(&all))]
}

/// The blocks of one thing that people see, wherever it is shown.
fn blocks(picture: &Picture) -> Option<Value> {
    match picture.surface {
        Surface::Message => Some(picture.drawn.clone()),
        Surface::Modal | Surface::Home => Some(picture.drawn["blocks"].clone()),
        Surface::Errors => None,
    }
}

fn whole(parts: &Parts) -> Outcome {
    let (_drill, mut person) = visit(parts, "drawn")?;
    let all: Vec<Value> = pictures(HOSTILE).iter().filter_map(blocks).collect();
    let count: usize = all.iter().filter_map(Value::as_array).map(Vec::len).sum();
    assert!(all.len() > 50 && count > 200, "{} pictures with {count} blocks", all.len());
    let message = |(number, blocks): (usize, &Value)| {
        json!({"type": "message", "user": "U0BOT00000", "bot_id": "B0SIM00001",
            "text": "x", "ts": format!("9999999999.{number:06}"), "blocks": blocks})
    };
    let messages: Vec<Value> = all.iter().enumerate().map(message).collect();
    person.step(json!({"do": "add", "channel": "general", "messages": messages}));
    person.fill("#composer-text", "hello");
    person.press("Enter");
    let bots = "main article[data-ts^='9999999999.']";
    person.see(bots);
    assert_eq!(person.texts(bots).len(), all.len());
    let drawn = person.step(json!({"do": "count", "at": format!("{bots} .block")}));
    assert_eq!(drawn, count, "a block is missing, or one is drawn twice");
    assert_eq!(person.texts(".not-drawn"), Vec::<String>::new());
    assert_eq!(person.texts("main img").len(), 0, "no markup of a message becomes an element");
    assert_eq!(person.texts(".mass-mention"), Vec::<String>::new(), "nobody is rung");
    person.is_quiet();
    Ok(())
}
