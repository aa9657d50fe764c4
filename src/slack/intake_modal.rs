//! The form that opens a case, and the reading of what people put into it.

use crate::domain::ids::AccessKeyId;
use crate::domain::intake::{
    FREE_TEXT_LENGTH_MAX, GivenFile, IntakeError, IntakeField, IntakeForm, IntakeStart,
};
use crate::slack::blocks::{clean, context, cut, paragraph, plain, rich, text, under_field};
use jiff::Timestamp;
use serde_json::{Value, json};

/// Names our form among the app's views.
pub const CALLBACK_ID: &str = "intake";
/// Every field has one element of this id.
const ELEMENT: &str = "value";
/// What people may choose from; what they send is looked at all the same.
const FILE_TYPES: [&str; 2] = ["csv", "txt"];
const NAME_LENGTH_MAX: usize = 80;
/// In the place of the field for a file.
const NO_FILES: &str = "A file with ids is not taken yet: the bot lacks the scope files:read. \
    Add it to the app and install the app again.";

/// Whether the form has a field for a file with ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileField {
    Offered,
    /// The app may not read files, and the form says how it may.
    Missing,
}

/// The form, with what is known already in its fields.
pub fn view(file: FileField, start: &IntakeStart) -> Value {
    let mut keys = text_input(true, "AKIA… (several: one per line)");
    keys["max_length"] = json!(3_000);
    // The one who points at the ids has them before their eyes; nobody else sees this form.
    let known: Vec<&str> = start.keys.iter().map(AccessKeyId::reveal).collect();
    if !known.is_empty() {
        keys["initial_value"] = json!(known.join("\n"));
    }
    let mut since = json!({ "type": "datetimepicker", "action_id": ELEMENT });
    since["focus_on_load"] = json!(false);
    let mut place = text_input(false, "the page, the log, the person who told us");
    place["max_length"] = json!(FREE_TEXT_LENGTH_MAX);
    if let Some(at) = &start.found_where {
        place["initial_value"] = json!(cut(&clean(at), FREE_TEXT_LENGTH_MAX));
    }
    let mut note = text_input(true, "anything that responders should know");
    note["max_length"] = json!(FREE_TEXT_LENGTH_MAX);
    let told = start.told.iter();
    let told = told.map(|told| rich("intake.told", vec![paragraph(vec![text(told)])]));
    let mut blocks: Vec<Value> = told.collect();
    blocks.push(input(
        IntakeField::Keys,
        "Access key id",
        keys,
        "Only the id. Never the secret key: whoever sees it can use it.",
    ));
    blocks.push(match file {
        FileField::Offered => input(
            IntakeField::File,
            "Or a file with ids",
            json!({
                "type": "file_input",
                "action_id": ELEMENT,
                "filetypes": FILE_TYPES,
                "max_files": 1,
            }),
            "Text or CSV, up to 50 keys; one case each. No secret keys in it, please.",
        ),
        FileField::Missing => context(NO_FILES),
    });
    blocks.extend([
        input(
            IntakeField::FoundWhere,
            "Where was it found?",
            place,
            "A link or a few words. It is kept in the case.",
        ),
        input(
            IntakeField::ExposedSince,
            "Exposed since",
            since,
            "What was made before this time is listed but not touched. Leave it empty if you do \
             not know.",
        ),
        input(IntakeField::Note, "Note", note, "It is kept in the case, so no secrets here."),
    ]);
    json!({
        "type": "modal",
        "callback_id": CALLBACK_ID,
        "title": plain("Exposed AWS key", 24),
        "submit": plain("Open the case", 24),
        "close": plain("Cancel", 24),
        "blocks": blocks,
    })
}

/// The answer that shows what is wrong under each field.
pub fn errors(wrong: &[(IntakeField, IntakeError)]) -> Value {
    let mut errors = serde_json::Map::new();
    for (field, error) in wrong {
        let said = under_field(&error.to_string());
        errors.insert(block_id(*field).to_owned(), Value::String(said));
    }
    json!({ "response_action": "errors", "errors": errors })
}

/// The answer that says under the field of keys why nothing was opened.
pub fn under_keys(why: &str) -> Value {
    let block = block_id(IntakeField::Keys);
    json!({ "response_action": "errors", "errors": { block: under_field(why) } })
}

/// Reads the state of a sent form; a field that is missing is empty.
pub fn read_state(state: &Value) -> IntakeForm {
    let element = |field| &state["values"][block_id(field)][ELEMENT];
    let text = |field| element(field)["value"].as_str().map(str::to_owned);
    let since = element(IntakeField::ExposedSince);
    IntakeForm {
        keys: text(IntakeField::Keys).unwrap_or_default(),
        found_where: text(IntakeField::FoundWhere),
        exposed_since: since["selected_date_time"]
            .as_i64()
            .and_then(|second| Timestamp::from_second(second).ok()),
        note: text(IntakeField::Note),
        file: file(&element(IntakeField::File)["files"][0]),
    }
}

/// The file that was given; its name is for people, and is cut.
fn file(given: &Value) -> Option<GivenFile> {
    let name = given["name"].as_str().unwrap_or("the file");
    Some(GivenFile {
        id: given["id"].as_str()?.to_owned(),
        name: cut(&clean(name), NAME_LENGTH_MAX),
    })
}

/// The stable id of a field's block.
pub fn block_id(field: IntakeField) -> &'static str {
    match field {
        IntakeField::Keys => "intake.keys",
        IntakeField::File => "intake.file",
        IntakeField::FoundWhere => "intake.found_where",
        IntakeField::ExposedSince => "intake.exposed_since",
        IntakeField::Note => "intake.note",
    }
}

fn input(field: IntakeField, label: &str, element: Value, hint: &str) -> Value {
    json!({
        "type": "input",
        "block_id": block_id(field),
        "optional": true,
        "label": plain(label, 2_000),
        "hint": plain(hint, 2_000),
        "element": element,
    })
}

fn text_input(multiline: bool, placeholder: &str) -> Value {
    json!({
        "type": "plain_text_input",
        "action_id": ELEMENT,
        "multiline": multiline,
        "placeholder": plain(placeholder, 150),
    })
}
