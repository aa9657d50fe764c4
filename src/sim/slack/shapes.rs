//! The shapes of Block Kit as a table: which fields each block and element has, and their limits.

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

pub(super) const fn must(key: &'static str, kind: Kind) -> Field {
    Field { key, kind, required: true }
}

pub(super) const fn may(key: &'static str, kind: Kind) -> Field {
    Field { key, kind, required: false }
}

pub(super) const fn shape(name: &'static str, fields: &'static [Field]) -> Shape {
    Shape { name, fields }
}

/// The shape of this name.
pub(super) fn find(name: &str) -> Option<&'static Shape> {
    let tables = [
        crate::sim::slack::block_shapes::SHAPES,
        crate::sim::slack::rich_blocks::SHAPES,
        crate::sim::slack::elements::SHAPES,
        crate::sim::slack::inputs::SHAPES,
        crate::sim::slack::rich_text::SHAPES,
    ];
    tables.into_iter().flatten().find(|shape| shape.name == name)
}
