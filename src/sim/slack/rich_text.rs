//! The shapes inside a `rich_text` block.

use crate::sim::slack::shapes::Kind::{Block, Flag, List, Number, OneOf, Shaped, Words};
use crate::sim::slack::shapes::{Field, Shape, may, must, shape};

const NAME_MAX: usize = 255;
const TEXT_MAX: usize = 12_000;
const URL_MAX: usize = 3000;
const ELEMENTS_MAX: usize = 1000;
const INLINE: &[&str] = &[
    "text",
    "link",
    "user",
    "channel",
    "usergroup",
    "emoji",
    "date",
    "broadcast",
    "color",
    "message_mention",
];

const fn style() -> Field {
    may("style", Shaped("inline_style"))
}

const fn border() -> Field {
    may("border", Number(0, 1))
}

/// Sections, lists, quotes and what stands in them.
pub(super) const SHAPES: &[Shape] = &[
    shape("rich_text_section", &[must("elements", List(&Block(INLINE), 0, ELEMENTS_MAX))]),
    shape(
        "rich_text_list",
        &[
            must("elements", List(&Block(&["rich_text_section"]), 1, ELEMENTS_MAX)),
            must("style", OneOf(&["bullet", "ordered"])),
            may("indent", Number(0, 8)),
            may("offset", Number(0, 10_000)),
            border(),
        ],
    ),
    shape("rich_text_quote", &[must("elements", List(&Block(INLINE), 1, ELEMENTS_MAX)), border()]),
    shape(
        "rich_text_preformatted",
        &[
            must("elements", List(&Block(&["text", "link"]), 1, ELEMENTS_MAX)),
            may("language", Words(1, NAME_MAX)),
            border(),
        ],
    ),
    shape(
        "inline_style",
        &[
            may("bold", Flag),
            may("italic", Flag),
            may("strike", Flag),
            may("code", Flag),
            may("underline", Flag),
            may("highlight", Flag),
            may("client_highlight", Flag),
            may("unlink", Flag),
        ],
    ),
    shape("text", &[must("text", Words(1, TEXT_MAX)), style()]),
    shape(
        "link",
        &[
            must("url", Words(1, URL_MAX)),
            may("text", Words(1, TEXT_MAX)),
            may("unsafe", Flag),
            style(),
        ],
    ),
    shape("user", &[must("user_id", Words(1, NAME_MAX)), style()]),
    shape("channel", &[must("channel_id", Words(1, NAME_MAX)), style()]),
    shape("usergroup", &[must("usergroup_id", Words(1, NAME_MAX)), style()]),
    shape(
        "emoji",
        &[must("name", Words(1, NAME_MAX)), may("unicode", Words(1, NAME_MAX)), style()],
    ),
    shape(
        "date",
        &[
            must("timestamp", Number(0, 9_999_999_999)),
            must("format", Words(1, NAME_MAX)),
            may("url", Words(1, URL_MAX)),
            may("fallback", Words(1, NAME_MAX)),
            style(),
        ],
    ),
    shape("broadcast", &[must("range", OneOf(&["here", "channel", "everyone"])), style()]),
    shape("color", &[must("value", Words(1, NAME_MAX))]),
    shape(
        "message_mention",
        &[
            must("url", Words(1, URL_MAX)),
            may("text", Words(1, TEXT_MAX)),
            may("channel_id", Words(1, NAME_MAX)),
            may("author_id", Words(1, NAME_MAX)),
            may("message_ts", Words(1, NAME_MAX)),
            may("thread_ts", Words(1, NAME_MAX)),
            style(),
        ],
    ),
];
