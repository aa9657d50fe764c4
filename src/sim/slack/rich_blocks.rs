//! The shapes of the newer blocks: tables, charts, cards, containers, plans.

use crate::sim::slack::shapes::Kind::{
    Anything, Block, Flag, List, Number, OneOf, Plain, Rich, Shaped, Words,
};
use crate::sim::slack::shapes::{Field, Shape, may, must, shape};

const NAME_MAX: usize = 255;
const URL_MAX: usize = 3000;
const CELLS: &[&str] = &["raw_text", "raw_number", "rich_text", "action_cell"];
const TABLE_CELLS: &[&str] = &["raw_text", "raw_number", "rich_text"];
const CHILDREN: &[&str] = &["table", "section", "actions", "context", "divider", "image", "header"];

/// Blocks that are still being rolled out, and what stands in them.
pub(super) const SHAPES: &[Shape] = &[
    shape(
        "alert",
        &[
            must("text", Rich(200)),
            may("level", OneOf(&["default", "info", "warning", "error", "success"])),
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
    shape("carousel", &[must("elements", List(&Block(&["card"]), 1, 10))]),
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
        &[must("title", Words(1, NAME_MAX)), must("tasks", List(&Block(&["task_card"]), 1, 50))],
    ),
    shape(
        "task_card",
        &[
            must("task_id", Words(1, NAME_MAX)),
            must("title", Words(1, NAME_MAX)),
            may("status", OneOf(&["pending", "in_progress", "complete", "error"])),
            may("icon", Anything),
            may("hide_title", Flag),
            may("details", Block(&["rich_text"])),
            may("output", Block(&["rich_text"])),
            may("sources", List(&Block(&["url"]), 0, 50)),
        ],
    ),
    shape("url", &[must("url", Words(1, URL_MAX)), must("text", Words(1, NAME_MAX))]),
    shape(
        "table",
        &[
            must("rows", List(&List(&Block(TABLE_CELLS), 1, 20), 1, 100)),
            may("column_settings", List(&Shaped("column_setting"), 0, 20)),
        ],
    ),
    shape(
        "column_setting",
        &[may("align", OneOf(&["left", "center", "right"])), may("is_wrapped", Flag)],
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
    shape("raw_number", &[must("value", Anything), must("text", Words(1, NAME_MAX))]),
    shape(
        "action_cell",
        &[must("element", Block(&["button"])), may("fallback", Block(TABLE_CELLS))],
    ),
    shape(
        "data_visualization",
        &[must("title", Words(1, 50)), must("chart", Block(&["pie", "bar", "area", "line"]))],
    ),
    shape("pie", &[must("segments", List(&Shaped("point"), 1, 12))]),
    shape("bar", SERIES),
    shape("area", SERIES),
    shape("line", SERIES),
    shape("series", &[must("name", Words(1, 20)), must("data", List(&Shaped("point"), 1, 20))]),
    shape("point", &[must("label", Words(1, 20)), must("value", Anything)]),
    shape(
        "axis_config",
        &[
            must("categories", List(&Words(1, 20), 1, 20)),
            may("x_label", Words(1, 50)),
            may("y_label", Words(1, 50)),
        ],
    ),
];

const SERIES: &[Field] =
    &[must("series", List(&Shaped("series"), 1, 6)), must("axis_config", Shaped("axis_config"))];
