//! What grew from the key, as a tree: each credential below the one that it came from.

use crate::domain::report::shape_parts::LineageNode;
use crate::paper::bars::{FONT, WIDTH};
use crate::paper::font;
use crate::paper::text::shown;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// More is no picture; the table has all.
const DRAWN_MAX: usize = 80;
const ROW: i32 = 28;
const INDENT: i32 = 26;
const LEFT: i32 = 14;
/// Deeper ones stand below one another.
const DEPTH_MAX: i32 = 12;
/// What a letter takes, about.
const LETTER: i32 = 7;
const KEY: RGBColor = RGBColor(176, 0, 32);
const LINK: RGBColor = RGBColor(90, 100, 110);
/// As the bars have them: what still works, and what does not.
const LIVE: RGBColor = RGBColor(179, 87, 0);
const OVER: RGBColor = RGBColor(11, 98, 164);

/// One row of the tree: which node, how deep, and the row of the one above it.
struct Row {
    node: usize,
    depth: i32,
    above: i32,
}

/// The picture; none where it cannot be drawn.
pub(super) fn svg(key: &str, nodes: &[LineageNode]) -> Option<String> {
    font::ready();
    let rows = rows(nodes);
    let left_out = nodes.len().saturating_sub(rows.len());
    let lines = i32::try_from(rows.len()).ok()? + 1 + i32::from(left_out > 0);
    let mut out = String::new();
    {
        let size = (WIDTH, u32::try_from(lines * ROW + 12).ok()?);
        let area = SVGBackend::with_string(&mut out, size).into_drawing_area();
        let style = FONT.into_text_style(&area).pos(Pos::new(HPos::Left, VPos::Center));
        let middle = |row: i32| 6 + row * ROW + ROW / 2;
        let write = |row: i32, depth: i32, (color, text): (RGBColor, String)| {
            let left = LEFT + depth * INDENT;
            area.draw(&Circle::new((left, middle(row)), 6, color.filled())).ok()?;
            let room = usize::try_from((WIDTH.cast_signed() - left - 24) / LETTER).unwrap_or(0);
            area.draw_text(&cut(&text, room), &style, (left + 14, middle(row))).ok()
        };
        for (place, row) in (1_i32..).zip(&rows) {
            let (above, own) = (LEFT + (row.depth - 1) * INDENT, LEFT + row.depth * INDENT);
            let corner =
                vec![(above, middle(row.above)), (above, middle(place)), (own, middle(place))];
            area.draw(&PathElement::new(corner, LINK.stroke_width(1))).ok()?;
        }
        write(0, 0, (KEY, format!("the exposed key {key}")))?;
        for (place, row) in (1_i32..).zip(&rows) {
            let node = nodes.get(row.node)?;
            write(place, row.depth, told(node))?;
        }
        if left_out > 0 {
            write(lines - 1, 0, (LINK, format!("and {left_out} more, in the table")))?;
        }
        area.present().ok()?;
    }
    Some(out)
}

fn told(node: &LineageNode) -> (RGBColor, String) {
    let color = if node.standing == "live" { LIVE } else { OVER };
    let sure = if node.certain { "" } else { ", likely" };
    let older = if node.older { ", older" } else { "" };
    let kind = node.kind.replace('_', " ");
    (color, format!("{kind} {} by {} ({}{sure}{older})", node.id, node.via, node.standing))
}

/// Depth first, so that everything stands below what it came from; each once, whatever the trail
/// says of who made whom.
fn rows(nodes: &[LineageNode]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut seen = vec![false; nodes.len()];
    let is_top = |place: usize| {
        nodes.get(place).is_some_and(|node| node.parent.is_none_or(|parent| parent == place))
    };
    let tops = (0..nodes.len()).filter(|place| is_top(*place));
    // What only makes itself in a circle stands at the top, after all that does not.
    let roots: Vec<usize> = tops.chain(0..nodes.len()).collect();
    for root in roots {
        let mut stack = vec![(root, 1, 0)];
        while let Some((node, depth, above)) = stack.pop() {
            if rows.len() >= DRAWN_MAX {
                return rows;
            }
            let Some(is_seen) = seen.get_mut(node).filter(|is_seen| !**is_seen) else { continue };
            *is_seen = true;
            let own = i32::try_from(rows.len()).unwrap_or(i32::MAX - 1) + 1;
            rows.push(Row { node, depth, above });
            let below = nodes.iter().enumerate().rev();
            let below = below.filter(|(place, one)| one.parent == Some(node) && *place != node);
            let next = (depth + 1).min(DEPTH_MAX);
            stack.extend(below.map(|(place, _)| (place, next, own)));
        }
    }
    rows
}

fn cut(text: &str, length_max: usize) -> String {
    let text = shown(text);
    if text.chars().count() <= length_max {
        return text;
    }
    let kept: String = text.chars().take(length_max.saturating_sub(1)).collect();
    format!("{kept}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(id: &str, parent: Option<usize>) -> LineageNode {
        LineageNode {
            kind: "user_session".to_owned(),
            id: id.to_owned(),
            minted_by: None,
            parent,
            depth: 1,
            via: "GetSessionToken".to_owned(),
            made: None,
            standing: "live".to_owned(),
            certain: true,
            older: false,
            events: 1,
            why: String::new(),
        }
    }

    fn order(nodes: &[LineageNode]) -> Vec<(usize, i32, i32)> {
        rows(nodes).iter().map(|row| (row.node, row.depth, row.above)).collect()
    }

    #[test]
    fn each_stands_below_what_it_came_from_and_a_circle_ends() {
        let tree = [node("a", None), node("b", None), node("c", Some(0)), node("d", Some(2))];
        assert_eq!(order(&tree), [(0, 1, 0), (2, 2, 1), (3, 3, 2), (1, 1, 0)]);
        let circle = [node("a", Some(1)), node("b", Some(0)), node("c", Some(2))];
        let drawn = order(&circle);
        assert_eq!(drawn.len(), 3, "{drawn:?}");
        let beyond = [node("a", Some(9))];
        assert_eq!(order(&beyond).len(), 1);
    }

    #[test]
    fn a_long_list_and_a_long_name_are_cut_and_said_to_be() {
        let many: Vec<LineageNode> = (0..100).map(|_| node(&"n".repeat(10_000), None)).collect();
        let svg = svg("AKIA…7WML", &many).unwrap();
        assert!(svg.contains("and 20 more, in the table"), "{}", svg.len());
        assert!(svg.len() < 100_000 && svg.contains('…'));
    }
}
