//! The shapes of everything a person fills in or chooses from.

use crate::sim::slack::shapes::Kind::{Flag, List, Number, Plain, Shaped, Words};
use crate::sim::slack::shapes::{Field, Kind, Shape, may, must, shape};

const NAME_MAX: usize = 255;
const PLACEHOLDER_MAX: usize = 150;
const TYPED_MAX: usize = 3000;

const fn action_id() -> Field {
    may("action_id", Words(1, NAME_MAX))
}

const fn placeholder() -> Field {
    may("placeholder", Plain(PLACEHOLDER_MAX))
}

const fn confirm() -> Field {
    may("confirm", Shaped("confirm"))
}

const fn focus() -> Field {
    may("focus_on_load", Flag)
}

const fn at_most() -> Field {
    may("max_selected_items", Number(1, 100))
}

/// Selects, pickers and inputs.
pub(super) const SHAPES: &[Shape] = &[
    shape(
        "static_select",
        &[
            action_id(),
            placeholder(),
            may("options", List(&Shaped("option"), 1, 100)),
            may("option_groups", List(&Shaped("option_group"), 1, 100)),
            may("initial_option", Shaped("option")),
            confirm(),
            focus(),
        ],
    ),
    shape(
        "multi_static_select",
        &[
            action_id(),
            placeholder(),
            may("options", List(&Shaped("option"), 1, 100)),
            may("option_groups", List(&Shaped("option_group"), 1, 100)),
            may("initial_options", List(&Shaped("option"), 1, 100)),
            at_most(),
            confirm(),
            focus(),
        ],
    ),
    shape(
        "external_select",
        &[
            action_id(),
            placeholder(),
            may("initial_option", Shaped("option")),
            may("min_query_length", Number(0, 3000)),
            confirm(),
            focus(),
        ],
    ),
    shape(
        "multi_external_select",
        &[
            action_id(),
            placeholder(),
            may("initial_options", List(&Shaped("option"), 1, 100)),
            may("min_query_length", Number(0, 3000)),
            at_most(),
            confirm(),
            focus(),
        ],
    ),
    shape(
        "users_select",
        &[action_id(), placeholder(), may("initial_user", Words(1, NAME_MAX)), confirm(), focus()],
    ),
    shape(
        "multi_users_select",
        &[
            action_id(),
            placeholder(),
            may("initial_users", List(&Words(1, NAME_MAX), 1, 100)),
            at_most(),
            confirm(),
            focus(),
        ],
    ),
    shape(
        "conversations_select",
        &[
            action_id(),
            placeholder(),
            may("initial_conversation", Words(1, NAME_MAX)),
            may("default_to_current_conversation", Flag),
            may("response_url_enabled", Flag),
            may("filter", Shaped("filter")),
            confirm(),
            focus(),
        ],
    ),
    shape(
        "multi_conversations_select",
        &[
            action_id(),
            placeholder(),
            may("initial_conversations", List(&Words(1, NAME_MAX), 1, 100)),
            may("default_to_current_conversation", Flag),
            may("filter", Shaped("filter")),
            at_most(),
            confirm(),
            focus(),
        ],
    ),
    shape(
        "channels_select",
        &[
            action_id(),
            placeholder(),
            may("initial_channel", Words(1, NAME_MAX)),
            may("response_url_enabled", Flag),
            confirm(),
            focus(),
        ],
    ),
    shape(
        "multi_channels_select",
        &[
            action_id(),
            placeholder(),
            may("initial_channels", List(&Words(1, NAME_MAX), 1, 100)),
            at_most(),
            confirm(),
            focus(),
        ],
    ),
    shape(
        "datepicker",
        &[action_id(), placeholder(), may("initial_date", Words(10, 10)), confirm(), focus()],
    ),
    shape(
        "timepicker",
        &[
            action_id(),
            placeholder(),
            may("initial_time", Words(5, 5)),
            may("timezone", Words(1, NAME_MAX)),
            confirm(),
            focus(),
        ],
    ),
    shape(
        "datetimepicker",
        &[
            action_id(),
            may("initial_date_time", Number(1_000_000_000, 9_999_999_999)),
            confirm(),
            focus(),
        ],
    ),
    shape(
        "radio_buttons",
        &[
            action_id(),
            must("options", List(&Shaped("option"), 1, 10)),
            may("initial_option", Shaped("option")),
            confirm(),
            focus(),
        ],
    ),
    shape(
        "checkboxes",
        &[
            action_id(),
            must("options", List(&Shaped("option"), 1, 10)),
            may("initial_options", List(&Shaped("option"), 1, 10)),
            confirm(),
            focus(),
        ],
    ),
    shape(
        "plain_text_input",
        &[
            action_id(),
            placeholder(),
            may("initial_value", Words(0, TYPED_MAX)),
            may("multiline", Flag),
            may("min_length", Number(0, 3000)),
            may("max_length", Number(1, 3000)),
            may("dispatch_action_config", Shaped("dispatch_action_config")),
            focus(),
        ],
    ),
    shape(
        "number_input",
        &[
            action_id(),
            must("is_decimal_allowed", Flag),
            placeholder(),
            may("initial_value", Words(1, NAME_MAX)),
            may("min_value", Words(1, NAME_MAX)),
            may("max_value", Words(1, NAME_MAX)),
            may("dispatch_action_config", Shaped("dispatch_action_config")),
            focus(),
        ],
    ),
    shape("url_text_input", TYPED),
    shape("email_text_input", TYPED),
    shape(
        "rich_text_input",
        &[
            action_id(),
            placeholder(),
            may("initial_value", Kind::Block(&["rich_text"])),
            may("dispatch_action_config", Shaped("dispatch_action_config")),
            focus(),
        ],
    ),
    shape(
        "file_input",
        &[
            action_id(),
            may("filetypes", List(&Words(1, NAME_MAX), 1, 100)),
            may("max_files", Number(1, 10)),
        ],
    ),
];

const TYPED: &[Field] = &[
    action_id(),
    placeholder(),
    may("initial_value", Words(0, TYPED_MAX)),
    may("dispatch_action_config", Shaped("dispatch_action_config")),
    focus(),
];
