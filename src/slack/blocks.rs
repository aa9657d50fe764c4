//! Block Kit's limits and the cleaning of text, in one place; nothing foreign becomes mrkdwn.

use crate::domain::ids::{AccessKeyId, ChannelId};
use crate::domain::time_words::utc;
use jiff::Timestamp;
use serde_json::{Value, json};

/// Slack refuses a message with more blocks.
pub const BLOCKS_MAX: usize = 50;
/// Slack refused messages above some 13,000 characters; a reader gives up long before.
pub const MESSAGE_LENGTH_MAX: usize = 10_000;
/// A notification shows far less.
pub const FALLBACK_LENGTH_MAX: usize = 1_000;
pub const HEADER_LENGTH_MAX: usize = 150;
pub const BUTTON_LENGTH_MAX: usize = 75;
pub const BUTTON_VALUE_LENGTH_MAX: usize = 2_000;
/// Slack allows 25 buttons in a row, and people can read five.
pub const BUTTONS_IN_ROW_MAX: usize = 5;
/// One name, ARN or reason on a card; the journal has all of it.
pub const FIELD_LENGTH_MAX: usize = 200;
/// One paragraph of ours on a card.
pub const PARAGRAPH_LENGTH_MAX: usize = 1_500;
const CONFIRM_TITLE_LENGTH_MAX: usize = 100;
const CONFIRM_TEXT_LENGTH_MAX: usize = 300;
const CONFIRM_BUTTON_LENGTH_MAX: usize = 30;
/// `chat.update` refuses a longer text.
const INERT_LENGTH_MAX: usize = 4_000;
/// Words of ours under a field of a form; Slack says of no limit, and people read two lines.
const UNDER_FIELD_LENGTH_MAX: usize = 500;
/// Slack refuses text without a character.
const NOTHING: &str = "–";

/// How a button looks; Slack knows two styles besides plain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    Plain,
    Primary,
    Danger,
}

/// The question that Slack asks before it sends a press.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirm {
    pub title: String,
    pub text: String,
    /// The verb of the button that goes on.
    pub yes: String,
    pub danger: bool,
}

/// Text on one line, without characters that hide, reorder or ring.
pub fn clean(text: &str) -> String {
    let visible = |character: char| match character {
        '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' => None,
        '\u{FEFF}' | '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{FFF9}'..='\u{FFFB}' => None,
        '\u{E0000}'..='\u{E007F}' => None,
        blank if blank.is_whitespace() => Some(' '),
        control if control.is_control() => None,
        other => Some(other),
    };
    text.chars().filter_map(visible).collect()
}

/// Cuts to a number of code points, which is what Slack counts; the cut is visible.
pub fn cut(text: &str, length_max: usize) -> String {
    if text.chars().count() <= length_max {
        return text.to_owned();
    }
    let kept: String = text.chars().take(length_max.saturating_sub(1)).collect();
    format!("{kept}…")
}

/// Key ids are masked wherever they are shown; the evidence has them in full.
pub fn masked(said: &str) -> String {
    AccessKeyId::from_record(said).map_or_else(|| said.to_owned(), |key| key.to_string())
}

/// One foreign value, fit to stand in a sentence.
pub fn field(text: &str) -> String {
    filled(cut(&clean(text), FIELD_LENGTH_MAX))
}

/// A `plain_text` object: no links, no mentions, no emoji codes.
pub fn plain(text: &str, length_max: usize) -> Value {
    let text = filled(cut(&clean(text), length_max));
    json!({ "type": "plain_text", "text": text, "emoji": false })
}

/// The top-level text of a message, which Slack parses: escaped, so that nothing in it is live.
pub fn fallback(text: &str) -> String {
    escaped(&filled(cut(&clean(text), FALLBACK_LENGTH_MAX)))
}

/// The same of a text whose lines stay lines.
pub fn inert(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(clean).collect();
    escaped(&filled(cut(&lines.join("\n"), INERT_LENGTH_MAX)))
}

/// Slack counts a text as it is sent, with the longer forms of what is escaped.
fn escaped(text: &str) -> String {
    let mut sent = String::new();
    let mut length = 0;
    for character in text.chars() {
        let form = match character {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            _ => "",
        };
        length += form.len().max(1);
        if length >= INERT_LENGTH_MAX {
            sent.push('…');
            break;
        }
        if form.is_empty() { sent.push(character) } else { sent.push_str(form) }
    }
    sent
}

/// What is said under a field of a form.
pub fn under_field(text: &str) -> String {
    filled(cut(&clean(text), UNDER_FIELD_LENGTH_MAX))
}

pub fn header(text: &str) -> Value {
    json!({ "type": "header", "text": plain(text, HEADER_LENGTH_MAX) })
}

pub fn divider() -> Value {
    json!({ "type": "divider" })
}

/// A small grey line.
pub fn context(text: &str) -> Value {
    json!({ "type": "context", "elements": [plain(text, PARAGRAPH_LENGTH_MAX)] })
}

/// A block of rich text from its sections and lists.
pub fn rich(block_id: &str, parts: Vec<Value>) -> Value {
    json!({ "type": "rich_text", "block_id": block_id, "elements": parts })
}

/// A paragraph of rich text.
pub fn paragraph(parts: Vec<Value>) -> Value {
    json!({ "type": "rich_text_section", "elements": parts })
}

/// A list of rich text; every item is the parts of one line.
pub fn list(items: Vec<Vec<Value>>, ordered: bool) -> Value {
    let items: Vec<Value> = items.into_iter().map(paragraph).collect();
    let style = if ordered { "ordered" } else { "bullet" };
    json!({ "type": "rich_text_list", "style": style, "elements": items })
}

/// Lines in a fixed width, each on its own.
pub fn preformatted(lines: &[String]) -> Value {
    let lines: Vec<String> = lines.iter().map(|line| clean(line)).collect();
    let text = filled(cut(&lines.join("\n"), PARAGRAPH_LENGTH_MAX));
    json!({ "type": "rich_text_preformatted", "elements": [{ "type": "text", "text": text }] })
}

/// A span of text; Slack draws it as it is.
pub fn text(text: &str) -> Value {
    json!({ "type": "text", "text": filled(cut(&clean(text), PARAGRAPH_LENGTH_MAX)) })
}

pub fn bold(text: &str) -> Value {
    json!({
        "type": "text",
        "text": filled(cut(&clean(text), PARAGRAPH_LENGTH_MAX)),
        "style": { "bold": true },
    })
}

pub fn code(text: &str) -> Value {
    json!({ "type": "text", "text": field(text), "style": { "code": true } })
}

/// A link to a channel; Slack shows its name to those who may see it.
pub fn channel(id: &ChannelId) -> Value {
    json!({ "type": "channel", "channel_id": id.0 })
}

/// The end of a line within a paragraph.
pub fn newline() -> Value {
    json!({ "type": "text", "text": "\n" })
}

/// A time, drawn in the reader's own zone, with UTC where it cannot be.
pub fn time(at: Timestamp) -> Value {
    json!({
        "type": "date",
        "timestamp": at.as_second(),
        "format": "{date_short_pretty} {time_secs}",
        "fallback": utc(at),
    })
}

/// A person: by Slack's own element where the id has Slack's form, else as text.
///
/// The element rings when the message is new, so it is only for those who are asked to act.
pub fn person(user: &str) -> Value {
    let form = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
    let is_id = user.len() > 1 && user.starts_with(['U', 'W']) && user.bytes().all(form);
    if is_id && user.len() <= FIELD_LENGTH_MAX {
        json!({ "type": "user", "user_id": user })
    } else {
        text(&field(user))
    }
}

/// A button; its id and value are ours.
pub fn button(label: &str, id: &str, value: &str, look: Look, confirm: Option<Confirm>) -> Value {
    let mut button = json!({
        "type": "button",
        "text": plain(label, BUTTON_LENGTH_MAX),
        "action_id": id,
        "value": cut(value, BUTTON_VALUE_LENGTH_MAX),
    });
    match look {
        Look::Plain => {}
        Look::Primary => button["style"] = json!("primary"),
        Look::Danger => button["style"] = json!("danger"),
    }
    if let Some(confirm) = confirm {
        button["confirm"] = dialog(&confirm);
    }
    button
}

/// Rows of buttons, none longer than people can read.
pub fn rows(block_id: &str, buttons: Vec<Value>) -> Vec<Value> {
    let row = |(index, buttons): (usize, &[Value])| {
        let block_id = format!("{block_id}.{}", index + 1);
        json!({ "type": "actions", "block_id": block_id, "elements": buttons })
    };
    buttons.chunks(BUTTONS_IN_ROW_MAX).enumerate().map(row).collect()
}

/// How many characters of text there are in blocks.
pub fn length(blocks: &[Value]) -> usize {
    blocks.iter().map(text_length).sum()
}

fn dialog(confirm: &Confirm) -> Value {
    let mut dialog = json!({
        "title": plain(&confirm.title, CONFIRM_TITLE_LENGTH_MAX),
        "text": plain(&confirm.text, CONFIRM_TEXT_LENGTH_MAX),
        "confirm": plain(&confirm.yes, CONFIRM_BUTTON_LENGTH_MAX),
        "deny": plain("Cancel", CONFIRM_BUTTON_LENGTH_MAX),
    });
    if confirm.danger {
        dialog["style"] = json!("danger");
    }
    dialog
}

fn filled(text: String) -> String {
    if text.trim().is_empty() { NOTHING.to_owned() } else { text }
}

fn text_length(value: &Value) -> usize {
    match value {
        Value::String(text) => text.chars().count(),
        Value::Array(items) => items.iter().map(text_length).sum(),
        Value::Object(fields) => fields.values().map(text_length).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_reorders_or_breaks_a_line_is_taken_out() {
        assert_eq!(clean("a\u{202E}b\u{200B}c\u{7}d\ne\u{2066}f\u{FEFF}"), "abcd ef");
    }

    #[test]
    fn a_cut_counts_code_points_and_is_visible() {
        assert_eq!(cut("ééééé", 5), "ééééé");
        assert_eq!(cut("éééééé", 5), "éééé…");
        assert_eq!(plain(&"𝒳".repeat(10_000), 75)["text"].as_str().unwrap().chars().count(), 75);
    }

    #[test]
    fn nothing_in_the_top_level_text_is_live() {
        let text = fallback("<!channel> <@U1> <https://evil|aws> & \u{202E}");
        assert_eq!(text, "&lt;!channel&gt; &lt;@U1&gt; &lt;https://evil|aws&gt; &amp; ");
        assert_eq!(inert("a\n<b>\u{202E}"), "a\n&lt;b&gt;", "lines stay lines");
        for long in ["&", "<", "é"].map(|one| one.repeat(10_000)) {
            for sent in [fallback(&long), inert(&long)] {
                assert!(sent.chars().count() <= INERT_LENGTH_MAX, "{}", sent.len());
            }
        }
    }

    #[test]
    fn empty_text_becomes_a_dash_because_slack_refuses_none() {
        for empty in ["", " ", "\u{200B}", "\n"] {
            assert_eq!(plain(empty, 10)["text"], "–");
            assert_eq!(text(empty)["text"], "–");
        }
    }

    #[test]
    fn only_what_has_slacks_form_is_drawn_as_a_person() {
        assert_eq!(person("U123")["type"], "user");
        for odd in ["", "U", "!channel", "u123", "U1 2", "S123"] {
            assert_eq!(person(odd)["type"], "text", "{odd}");
        }
    }

    #[test]
    fn rows_hold_five_buttons() {
        let buttons = vec![button("a", "a", "", Look::Plain, None); 7];
        let rows = rows("card", buttons);
        let lengths = rows.iter().map(|row| row["elements"].as_array().unwrap().len());
        assert_eq!(lengths.collect::<Vec<_>>(), [5, 2]);
    }
}
