//! The shapes of text, options, confirmations and buttons.

use crate::sim::slack::shapes::Kind::{Anything, Flag, List, OneOf, Plain, Rich, Shaped, Words};
use crate::sim::slack::shapes::{Shape, may, must, shape};

const NAME_MAX: usize = 255;
const URL_MAX: usize = 3000;

/// What stands in blocks and is not filled in.
pub(super) const SHAPES: &[Shape] = &[
    shape("slack_file", &[may("id", Words(1, NAME_MAX)), may("url", Words(1, URL_MAX))]),
    shape("plain_text", &[must("text", Words(1, 3000)), may("emoji", Flag)]),
    shape("mrkdwn", &[must("text", Words(1, 3000)), may("verbatim", Flag)]),
    shape(
        "confirm",
        &[
            must("title", Plain(100)),
            must("text", Rich(300)),
            must("confirm", Plain(30)),
            must("deny", Plain(30)),
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
        &[must("label", Plain(75)), must("options", List(&Shaped("option"), 1, 100))],
    ),
    shape(
        "filter",
        &[
            may("include", List(&OneOf(&["im", "mpim", "private", "public"]), 1, 4)),
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
