//! A message on its way to Slack: sketched by a view, then drawn within the limits.

use crate::domain::digest::sha256_hex;
use serde_json::{Value, json};

/// How rich the drawing may be; Slack's newer blocks are not switched on everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Means {
    Full,
    /// Tables, and no charts.
    Tables,
    /// Only blocks that every workspace has.
    Plain,
}

/// A message, ready to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawn {
    /// What notifications and screen readers use.
    pub text: String,
    pub blocks: Vec<Value>,
}

/// A message before the drill marks and the limits are put on it.
#[derive(Debug)]
pub(super) struct Sketch {
    pub(super) text: String,
    pub(super) blocks: Vec<Value>,
    /// What must be there however long the rest is: the buttons.
    pub(super) tail: Vec<Value>,
}

impl Drawn {
    /// A digest of the drawing; equal digests look the same.
    pub fn digest(&self) -> String {
        // Nobody else has to compute it, and it is computed often: no canonical form, no copies.
        let blocks = self.blocks.iter().map(Value::to_string);
        let lines: Vec<String> =
            std::iter::once(json!(self.text).to_string()).chain(blocks).collect();
        sha256_hex(lines.join("\n").as_bytes())
    }
}
