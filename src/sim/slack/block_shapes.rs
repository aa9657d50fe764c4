//! The shapes of the blocks every workspace has.

use crate::sim::slack::shapes::Kind::{
    Block, Flag, List, Number, OneOf, Plain, Rich, Shaped, Words,
};
use crate::sim::slack::shapes::{Shape, may, must, shape};

const NAME_MAX: usize = 255;
const URL_MAX: usize = 3000;
const RICH: &[&str] =
    &["rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted"];
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

/// Blocks of long standing.
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
    shape("header", &[must("text", Plain(150)), may("level", Number(1, 4))]),
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
    shape("actions", &[must("elements", List(&Block(PRESSABLE), 1, 25))]),
    shape("context", &[must("elements", List(&Block(&["image", "plain_text", "mrkdwn"]), 1, 10))]),
    shape(
        "context_actions",
        &[must("elements", List(&Block(&["feedback_buttons", "icon_button"]), 1, 5))],
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
    shape("file", &[must("external_id", Words(1, NAME_MAX)), must("source", OneOf(&["remote"]))]),
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
];
