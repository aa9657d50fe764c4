//! Bars that stand, over time, with the moments that matter as lines across them.

use crate::domain::report::charts::whole;
use crate::domain::report::shape::Figures;
use crate::paper::bars::{COLORS, FONT, WIDTH};
use crate::paper::font;
use crate::paper::text::shown;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

pub(super) const HEIGHT: u32 = 320;
/// Times below the axis; more would run into one another.
const LABELS_MAX: usize = 6;
/// Lines across the bars, as the style sheet knows them.
const MARK: RGBColor = RGBColor(176, 0, 32);
/// Room above the highest bar, for the names of the lines.
const HEADROOM: f64 = 1.35;
/// Beyond this part of the width a name stands to the left of its line.
const LATE: f64 = 0.6;

/// The picture; none where it cannot be drawn.
pub(super) fn svg(figures: &Figures) -> Option<String> {
    let mut out = String::new();
    draw(figures, &SVGBackend::with_string(&mut out, (WIDTH, HEIGHT)).into_drawing_area(), 1)?;
    Some(out)
}

/// Draws it on an area that is so many times as large as the page's, in each direction.
pub(super) fn draw<B: DrawingBackend>(
    figures: &Figures,
    area: &DrawingArea<B, Shift>,
    scale: u32,
) -> Option<()> {
    font::ready();
    let font = (FONT.0, FONT.1 * scale.cast_signed());
    let count = figures.categories.len() as f64;
    let sum = |place: usize| -> f64 {
        figures.series.iter().filter_map(|series| series.values.get(place)).sum()
    };
    let most = (0..figures.categories.len()).map(sum).fold(1.0, f64::max);
    let top = most * HEADROOM;
    let mut chart = ChartBuilder::on(area)
        .margin(12 * scale)
        .x_label_area_size(52 * scale)
        .y_label_area_size(56 * scale)
        .build_cartesian_2d(0.0..count, 0.0..top)
        .ok()?;
    let name = |at: &f64| {
        let whole = (at.fract() == 0.0 && *at >= 0.0).then_some(*at as usize);
        let name = whole.and_then(|place| figures.categories.get(place));
        name.map(|name| shown(name)).unwrap_or_default()
    };
    chart
        .configure_mesh()
        .disable_x_mesh()
        .max_light_lines(0)
        .x_labels(LABELS_MAX)
        .x_label_formatter(&name)
        .y_label_formatter(&|value| {
            if value.fract() == 0.0 { whole(*value) } else { String::new() }
        })
        .x_desc(shown(&figures.x))
        .y_desc(shown(&figures.y))
        .label_style(font)
        .axis_desc_style(font)
        .draw()
        .ok()?;
    for place in 0..figures.categories.len() {
        let mut from = 0.0;
        for (series, color) in figures.series.iter().zip(COLORS.iter().cycle()) {
            let value = series.values.get(place).copied().unwrap_or_default();
            let (left, right) = (place as f64 + 0.08, place as f64 + 0.92);
            let bar = Rectangle::new([(left, from), (right, from + value)], color.filled());
            chart.draw_series(std::iter::once(bar)).ok()?;
            from += value;
        }
    }
    for (row, mark) in figures.marks.iter().enumerate() {
        let at = mark.position;
        let line = PathElement::new(vec![(at, 0.0), (at, top)], MARK.stroke_width(2 * scale));
        chart.draw_series(std::iter::once(line)).ok()?;
        let side = if at > count * LATE { HPos::Right } else { HPos::Left };
        let style = font.into_text_style(area).color(&MARK).pos(Pos::new(side, VPos::Top));
        let label = match side {
            HPos::Right => format!("{}\u{a0}", shown(&mark.label)),
            HPos::Left | HPos::Center => format!("\u{a0}{}", shown(&mark.label)),
        };
        let height = top * (1.0 - 0.075 * row as f64);
        chart.draw_series(std::iter::once(Text::new(label, (at, height), style))).ok()?;
    }
    area.present().ok()
}
