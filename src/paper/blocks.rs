//! Each kind of block as HTML: lists, tables with captions, charts with their figures beside them.

use crate::domain::plain_text::visible_lines;
use crate::domain::report::charts::whole;
use crate::domain::report::sections::{Block, Table};
use crate::domain::report::shape::{Drawing, Figures, TimelineEntry};
use crate::domain::report::shape_parts::LineageNode;
use crate::domain::time_words::utc;
use crate::paper::text::shown;
use crate::paper::{bars, timescale, tree};
use maud::{Markup, PreEscaped, html};

/// A block of a section, by the section's id and its place in it.
pub(super) fn block(block: &Block<'_>, (section, place): (&str, usize)) -> Markup {
    match block {
        Block::Text(text) => html! { p { (shown(text)) } },
        Block::List(lines) if lines.is_empty() => nothing(),
        Block::List(lines) => html! { ul { @for line in lines { li { (shown(line)) } } } },
        Block::Table(Table { caption, columns, rows }) => table(caption, columns, rows),
        Block::Chart(drawing) => chart(drawing),
        Block::Timeline(entries) => timeline(entries),
        Block::Lineage(key, nodes) => lineage(key, nodes),
        Block::Code(text) => html! {
            pre tabindex="0" role="group" aria-label={ "Template of " (section) " " (place) } {
                code { (visible_lines(text)) }
            }
        },
        Block::ToFillIn(questions) => html! {
            ol.questions { @for asked in *questions { li { (shown(asked)) div.blank {} } } }
        },
    }
}

fn nothing() -> Markup {
    html! { p.none { "Nothing." } }
}

/// A table that scrolls by itself where it is wider than its window; the first cell names the row.
fn table(caption: &str, columns: &[&str], rows: &[Vec<String>]) -> Markup {
    if rows.is_empty() {
        return html! { p.none { (shown(caption)) ": nothing." } };
    }
    html! {
        div.scroll tabindex="0" role="group" aria-label=(shown(caption)) {
            table {
                caption { (shown(caption)) }
                thead { tr { @for column in columns { th scope="col" { (shown(column)) } } } }
                tbody {
                    @for row in rows {
                        tr {
                            @for (place, cell) in row.iter().enumerate() {
                                @if place == 0 { th scope="row" { (shown(cell)) } }
                                @else { td { (shown(cell)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn timeline(entries: &[TimelineEntry]) -> Markup {
    let row = |entry: &TimelineEntry| {
        let why = entry.why.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
        let said = entry.said.as_ref().map(|said| format!(": {said}")).unwrap_or_default();
        let event = format!("{}{why}{said}", entry.event);
        vec![utc(entry.at), entry.actor.clone(), event, entry.record.to_string()]
    };
    let rows: Vec<Vec<String>> = entries.iter().map(row).collect();
    table("Every record that tells something", &["time", "actor", "event", "record"], &rows)
}

/// The picture, in words for whoever does not see it, and the same figures as a table.
fn chart(drawing: &Drawing) -> Markup {
    let Some(figures) = &drawing.figures else {
        return html! { h3 { (shown(&drawing.title)) } p.none { (shown(&drawing.words)) } };
    };
    let by_time = !figures.marks.is_empty();
    let svg = if by_time { timescale::svg(figures) } else { bars::svg(figures) };
    html! {
        h3 { (shown(&drawing.title)) }
        figure {
            @if let Some(svg) = svg {
                (picture(&svg, (&drawing.id, &drawing.title, &drawing.words)))
            }
            figcaption {
                (shown(&drawing.words))
                ul.legend {
                    @for (place, series) in figures.series.iter().enumerate() {
                        li { span.swatch.{ "s" (place) } {} (shown(&series.name)) }
                    }
                }
            }
        }
        details { summary { "The figures of this chart" } (values(&drawing.title, figures)) }
    }
}

fn values(title: &str, figures: &Figures) -> Markup {
    let columns: Vec<&str> = std::iter::once(figures.x.as_str())
        .chain(figures.series.iter().map(|series| series.name.as_str()))
        .collect();
    let row = |(place, category): (usize, &String)| {
        let of = figures.series.iter().filter_map(|series| series.values.get(place));
        std::iter::once(category.clone()).chain(of.map(|value| whole(*value))).collect()
    };
    let rows: Vec<Vec<String>> = figures.categories.iter().enumerate().map(row).collect();
    table(title, &columns, &rows)
}

/// A drawing of ours in the page: its own start tag gives way to one with a title and a text.
fn picture(svg: &str, (id, title, words): (&str, &str, &str)) -> Markup {
    let inside = svg.split_once('>').map_or("", |(_, inside)| inside);
    let view = svg.split_once("viewBox=\"").and_then(|(_, rest)| rest.split('"').next());
    let (title_id, words_id) = (format!("{id}-title"), format!("{id}-words"));
    html! {
        div.scroll tabindex="0" role="group" aria-label={ "Chart: " (shown(title)) } {
            svg.chart role="img" viewBox=(view.unwrap_or("0 0 1 1"))
                aria-labelledby={ (title_id) " " (words_id) } xmlns="http://www.w3.org/2000/svg" {
                title id=(title_id) { (shown(title)) }
                desc id=(words_id) { (shown(words)) }
                (PreEscaped(inside.trim_end().trim_end_matches("</svg>")))
            }
        }
    }
}

fn lineage(key: &str, nodes: &[LineageNode]) -> Markup {
    if nodes.is_empty() {
        return nothing();
    }
    let words = format!("{} credentials and principals below key {key}.", nodes.len());
    let row = |node: &LineageNode| {
        let older = if node.older { ", older than the exposure" } else { "" };
        let sure = if node.certain { "certain" } else { "likely" };
        vec![
            node.id.clone(),
            node.kind.replace('_', " "),
            node.minted_by.clone().unwrap_or_default(),
            node.via.clone(),
            node.made.map(utc).unwrap_or_default(),
            node.standing.clone(),
            format!("{sure}{older}"),
            node.events.to_string(),
            node.why.clone(),
        ]
    };
    let rows: Vec<Vec<String>> = nodes.iter().map(row).collect();
    let columns = ["what", "kind", "from", "by the call", "made", "stands", "sure", "calls", "why"];
    html! {
        @if let Some(svg) = tree::svg(key, nodes) {
            figure { (picture(&svg, ("lineage-tree", "What grew from the key", &words))) }
        }
        (table("Each credential and principal", &columns, &rows))
    }
}
