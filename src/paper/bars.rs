//! Bars that lie: one row for each name, its series side by side in one bar, its sum at the end.

use crate::domain::report::charts::whole;
use crate::domain::report::shape::Figures;
use crate::paper::font;
use crate::paper::text::shown;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// As the style sheet knows them: each is a colour of its own by day and by night.
pub(super) const COLORS: [RGBColor; 6] = [
    RGBColor(11, 98, 164),
    RGBColor(179, 87, 0),
    RGBColor(0, 122, 94),
    RGBColor(140, 60, 150),
    RGBColor(90, 100, 110),
    RGBColor(120, 100, 0),
];
pub(super) const WIDTH: u32 = 720;
pub(super) const FONT: (&str, i32) = ("sans-serif", 13);
const ROW: i32 = 26;
const LABELS: i32 = 250;
/// Room for the sum behind the longest bar.
const SUMS: i32 = 70;

/// The picture; none where it cannot be drawn.
pub(super) fn svg(figures: &Figures) -> Option<String> {
    font::ready();
    let count = i32::try_from(figures.categories.len()).ok()?;
    let height = u32::try_from(count * ROW + 10).ok()?;
    let sum = |place: usize| -> f64 {
        figures.series.iter().filter_map(|series| series.values.get(place)).sum()
    };
    let most = (0..figures.categories.len()).map(sum).fold(1.0, f64::max);
    let mut out = String::new();
    {
        let area = SVGBackend::with_string(&mut out, (WIDTH, height)).into_drawing_area();
        let room = f64::from(WIDTH.cast_signed() - LABELS - SUMS);
        let right = FONT.into_text_style(&area).pos(Pos::new(HPos::Right, VPos::Center));
        let left = FONT.into_text_style(&area).pos(Pos::new(HPos::Left, VPos::Center));
        for (row, (place, name)) in (0_i32..).zip(figures.categories.iter().enumerate()) {
            let (top, middle) = (5 + row * ROW, 5 + row * ROW + ROW / 2);
            area.draw_text(&shown(name), &right, (LABELS - 8, middle)).ok()?;
            let mut from = 0.0;
            for (series, color) in figures.series.iter().zip(COLORS.iter().cycle()) {
                let value = series.values.get(place).copied().unwrap_or_default();
                let at = |value: f64| LABELS + (value / most * room).round() as i32;
                let bar = [(at(from), top + 4), (at(from + value), top + ROW - 4)];
                area.draw(&Rectangle::new(bar, color.filled())).ok()?;
                from += value;
            }
            let end = LABELS + (from / most * room).round() as i32;
            area.draw_text(&whole(from), &left, (end + 6, middle)).ok()?;
        }
        area.present().ok()?;
    }
    Some(out)
}
