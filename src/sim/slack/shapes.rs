//! The shapes of Block Kit as a table: which fields each block and element has, and their limits.

use crate::sim::slack::shapes::Kind::{
    Anything, Block, Flag, List, Number, OneOf, Plain, Rich, Shaped, Words,
};

/// What a field may hold; lengths count characters, as Slack does.
#[derive(Debug)]
pub(super) enum Kind {
    /// A `plain_text` object with at most so many characters.
    Plain(usize),
    /// A `plain_text` or `mrkdwn` object with at most so many characters.
    Rich(usize),
    /// A bare string of at least and at most so many characters.
    Words(usize, usize),
    Flag,
    Number(i64, i64),
    OneOf(&'static [&'static str]),
    /// An object whose `type` is one of these shapes.
    Block(&'static [&'static str]),
    /// An object without a `type`, of this shape.
    Shaped(&'static str),
    /// A list of at least and at most so many of one kind.
    List(&'static Kind, usize, usize),
    Anything,
}

/// One field of a shape.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) key: &'static str,
    pub(super) kind: Kind,
    pub(super) required: bool,
}

/// One block, element or object.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) name: &'static str,
    pub(super) fields: &'static [Field],
}

const fn must(key: &'static str, kind: Kind) -> Field {
    Field {
        key,
        kind,
        required: true,
    }
}

const fn may(key: &'static str, kind: Kind) -> Field {
    Field {
        key,
        kind,
        required: false,
    }
}

const fn shape(name: &'static str, fields: &'static [Field]) -> Shape {
    Shape { name, fields }
}

const NAME_MAX: usize = 255;
const URL_MAX: usize = 3000;
const CELLS: &[&str] = &["raw_text", "raw_number", "rich_text", "action_cell"];
const TABLE_CELLS: &[&str] = &["raw_text", "raw_number", "rich_text"];
const RICH: &[&str] = &[
    "rich_text_section",
    "rich_text_list",
    "rich_text_quote",
    "rich_text_preformatted",
];
const PRESSABLE: &[&str] = &[
    "button",
    "overflow",
    "static_select",
    "external_select",
    "users_select",
    "conversations_select",
    "channels_select",
    "multi_static_select",
    "multi_external_select",
    "multi_users_select",
    "multi_conversations_select",
    "multi_channels_select",
    "datepicker",
    "timepicker",
    "datetimepicker",
    "radio_buttons",
    "checkboxes",
    "workflow_button",
];
const ACCESSORIES: &[&str] = &[
    "image",
    "button",
    "overflow",
    "static_select",
    "external_select",
    "users_select",
    "conversations_select",
    "channels_select",
    "multi_static_select",
    "multi_external_select",
    "multi_users_select",
    "multi_conversations_select",
    "multi_channels_select",
    "datepicker",
    "timepicker",
    "radio_buttons",
    "checkboxes",
    "workflow_button",
];
const ANSWERABLE: &[&str] = &[
    "plain_text_input",
    "number_input",
    "url_text_input",
    "email_text_input",
    "rich_text_input",
    "file_input",
    "static_select",
    "external_select",
    "users_select",
    "conversations_select",
    "channels_select",
    "multi_static_select",
    "multi_external_select",
    "multi_users_select",
    "multi_conversations_select",
    "multi_channels_select",
    "datepicker",
    "timepicker",
    "datetimepicker",
    "radio_buttons",
    "checkboxes",
];
const CHILDREN: &[&str] = &[
    "table", "section", "actions", "context", "divider", "image", "header",
];

/// Blocks a message, a modal and an App Home may hold.
pub(super) const COMMON_BLOCKS: &[&str] = &[
    "section",
    "header",
    "divider",
    "image",
    "actions",
    "context",
    "input",
    "video",
    "rich_text",
    "alert",
];

/// Blocks only a message may hold.
pub(super) const MESSAGE_BLOCKS: &[&str] = &[
    "file",
    "markdown",
    "table",
    "data_table",
    "data_visualization",
    "container",
    "card",
    "carousel",
    "plan",
    "task_card",
    "context_actions",
];

/// Every block, element and object this workspace knows.
pub(super) const SHAPES: &[Shape] = &[
    shape(
        "section",
        &[
            may("text", Rich(3000)),
            may("fields", List(&Rich(2000), 1, 10)),
            may("accessory", Block(ACCESSORIES)),
            may("expand", Flag),
        ],
    ),
    shape(
        "header",
        &[must("text", Plain(150)), may("level", Number(1, 4))],
    ),
    shape("divider", &[]),
    shape(
        "image",
        &[
            may("image_url", Words(1, URL_MAX)),
            may("slack_file", Shaped("slack_file")),
            must("alt_text", Words(1, 2000)),
            may("title", Plain(2000)),
        ],
    ),
    shape(
        "slack_file",
        &[may("id", Words(1, NAME_MAX)), may("url", Words(1, URL_MAX))],
    ),
    shape(
        "actions",
        &[must("elements", List(&Block(PRESSABLE), 1, 25))],
    ),
    shape(
        "context",
        &[must(
            "elements",
            List(&Block(&["image", "plain_text", "mrkdwn"]), 1, 10),
        )],
    ),
    shape(
        "context_actions",
        &[must(
            "elements",
            List(&Block(&["feedback_buttons", "icon_button"]), 1, 5),
        )],
    ),
    shape(
        "input",
        &[
            must("label", Plain(2000)),
            must("element", Block(ANSWERABLE)),
            may("hint", Plain(2000)),
            may("optional", Flag),
            may("dispatch_action", Flag),
        ],
    ),
    shape(
        "file",
        &[
            must("external_id", Words(1, NAME_MAX)),
            must("source", OneOf(&["remote"])),
        ],
    ),
    shape(
        "video",
        &[
            must("alt_text", Words(1, 2000)),
            must("title", Plain(199)),
            must("thumbnail_url", Words(1, URL_MAX)),
            must("video_url", Words(1, URL_MAX)),
            may("title_url", Words(1, URL_MAX)),
            may("author_name", Words(1, 49)),
            may("description", Plain(200)),
            may("provider_icon_url", Words(1, URL_MAX)),
            may("provider_name", Words(1, NAME_MAX)),
        ],
    ),
    shape("markdown", &[must("text", Words(1, 12_000))]),
    shape("rich_text", &[must("elements", List(&Block(RICH), 0, 500))]),
    shape(
        "alert",
        &[
            must("text", Rich(200)),
            may(
                "level",
                OneOf(&["default", "info", "warning", "error", "success"]),
            ),
        ],
    ),
    shape(
        "card",
        &[
            may("title", Rich(150)),
            may("subtitle", Rich(150)),
            may("body", Rich(200)),
            may("subtext", Rich(200)),
            may("hero_image", Block(&["image"])),
            may("icon", Block(&["image"])),
            may("slack_icon", Anything),
            may("actions", List(&Block(&["button"]), 1, 3)),
        ],
    ),
    shape(
        "carousel",
        &[must("elements", List(&Block(&["card"]), 1, 10))],
    ),
    shape(
        "container",
        &[
            may("title", Plain(150)),
            may("rich_text_title", Block(&["rich_text"])),
            may("subtitle", Rich(150)),
            must("child_blocks", List(&Block(CHILDREN), 1, 10)),
            may("width", OneOf(&["narrow", "standard", "wide", "full"])),
            may("icon", Block(&["image"])),
            may("is_collapsible", Flag),
            may("default_collapsed", Flag),
            may("has_header_divider", Flag),
        ],
    ),
    shape(
        "plan",
        &[
            must("title", Words(1, NAME_MAX)),
            must("tasks", List(&Block(&["task_card"]), 1, 50)),
        ],
    ),
    shape(
        "task_card",
        &[
            must("task_id", Words(1, NAME_MAX)),
            must("title", Words(1, NAME_MAX)),
            may(
                "status",
                OneOf(&["pending", "in_progress", "complete", "error"]),
            ),
            may("icon", Anything),
            may("hide_title", Flag),
            may("details", Block(&["rich_text"])),
            may("output", Block(&["rich_text"])),
            may("sources", List(&Block(&["url"]), 0, 50)),
        ],
    ),
    shape(
        "url",
        &[
            must("url", Words(1, URL_MAX)),
            must("text", Words(1, NAME_MAX)),
        ],
    ),
    shape(
        "table",
        &[
            must("rows", List(&List(&Block(TABLE_CELLS), 1, 20), 1, 100)),
            may("column_settings", List(&Shaped("column_setting"), 0, 20)),
        ],
    ),
    shape(
        "column_setting",
        &[
            may("align", OneOf(&["left", "center", "right"])),
            may("is_wrapped", Flag),
        ],
    ),
    shape(
        "data_table",
        &[
            must("caption", Words(1, NAME_MAX)),
            must("rows", List(&List(&Block(CELLS), 1, 20), 2, 101)),
            may("page_size", Number(1, 100)),
            may("row_header_column_index", Number(0, 19)),
        ],
    ),
    shape("raw_text", &[must("text", Words(1, 10_000))]),
    shape(
        "raw_number",
        &[must("value", Anything), must("text", Words(1, NAME_MAX))],
    ),
    shape(
        "action_cell",
        &[
            must("element", Block(&["button"])),
            may("fallback", Block(TABLE_CELLS)),
        ],
    ),
    shape(
        "data_visualization",
        &[
            must("title", Words(1, 50)),
            must("chart", Block(&["pie", "bar", "area", "line"])),
        ],
    ),
    shape("pie", &[must("segments", List(&Shaped("point"), 1, 12))]),
    shape("bar", SERIES),
    shape("area", SERIES),
    shape("line", SERIES),
    shape(
        "series",
        &[
            must("name", Words(1, 20)),
            must("data", List(&Shaped("point"), 1, 20)),
        ],
    ),
    shape(
        "point",
        &[must("label", Words(1, 20)), must("value", Anything)],
    ),
    shape(
        "axis_config",
        &[
            must("categories", List(&Words(1, 20), 1, 20)),
            may("x_label", Words(1, 50)),
            may("y_label", Words(1, 50)),
        ],
    ),
    shape(
        "plain_text",
        &[must("text", Words(1, 3000)), may("emoji", Flag)],
    ),
    shape(
        "mrkdwn",
        &[must("text", Words(1, 3000)), may("verbatim", Flag)],
    ),
    shape(
        "confirm",
        &[
            must("title", Plain(100)),
            must("text", Rich(300)),
            may("confirm", Plain(30)),
            may("deny", Plain(30)),
            may("style", OneOf(&["primary", "danger"])),
        ],
    ),
    shape(
        "option",
        &[
            must("text", Rich(75)),
            must("value", Words(1, 150)),
            may("description", Rich(75)),
            may("url", Words(1, URL_MAX)),
        ],
    ),
    shape(
        "option_group",
        &[
            must("label", Plain(75)),
            must("options", List(&Shaped("option"), 1, 100)),
        ],
    ),
    shape(
        "filter",
        &[
            may(
                "include",
                List(&OneOf(&["im", "mpim", "private", "public"]), 1, 4),
            ),
            may("exclude_external_shared_channels", Flag),
            may("exclude_bot_users", Flag),
        ],
    ),
    shape(
        "dispatch_action_config",
        &[must(
            "trigger_actions_on",
            List(&OneOf(&["on_enter_pressed", "on_character_entered"]), 1, 2),
        )],
    ),
    shape(
        "button",
        &[
            may("action_id", Words(1, NAME_MAX)),
            must("text", Plain(75)),
            may("value", Words(1, 2000)),
            may("url", Words(1, URL_MAX)),
            may("style", OneOf(&["primary", "danger"])),
            may("confirm", Shaped("confirm")),
            may("accessibility_label", Words(1, 75)),
        ],
    ),
    shape(
        "workflow_button",
        &[
            may("action_id", Words(1, NAME_MAX)),
            must("text", Plain(75)),
            must("workflow", Anything),
            may("style", OneOf(&["primary", "danger"])),
            may("accessibility_label", Words(1, 75)),
        ],
    ),
    shape(
        "icon_button",
        &[
            may("action_id", Words(1, NAME_MAX)),
            must("icon", OneOf(&["trash"])),
            must("text", Plain(75)),
            may("value", Words(1, 2000)),
            may("confirm", Shaped("confirm")),
            may("accessibility_label", Words(1, 75)),
            may("visible_to_user_ids", List(&Words(1, NAME_MAX), 0, 100)),
        ],
    ),
    shape(
        "feedback_buttons",
        &[
            may("action_id", Words(1, NAME_MAX)),
            must("positive_button", Shaped("feedback_button")),
            must("negative_button", Shaped("feedback_button")),
        ],
    ),
    shape(
        "feedback_button",
        &[
            must("text", Plain(75)),
            must("value", Words(1, 2000)),
            may("accessibility_label", Words(1, 75)),
        ],
    ),
    shape(
        "overflow",
        &[
            may("action_id", Words(1, NAME_MAX)),
            must("options", List(&Shaped("option"), 1, 5)),
            may("confirm", Shaped("confirm")),
        ],
    ),
];

const SERIES: &[Field] = &[
    must("series", List(&Shaped("series"), 1, 6)),
    must("axis_config", Shaped("axis_config")),
];

/// The shape of this name, in either table.
pub(super) fn find(name: &str) -> Option<&'static Shape> {
    let mut all = SHAPES
        .iter()
        .chain(crate::sim::slack::inputs::SHAPES)
        .chain(crate::sim::slack::rich_text::SHAPES);
    all.find(|shape| shape.name == name)
}
