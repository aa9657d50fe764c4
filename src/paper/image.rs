//! The activity of a report as a picture, for where no page is shown: in a channel.

use crate::domain::report::shape::{Drawing, Figures, Report};
use crate::paper::bars::{COLORS, FONT, WIDTH};
use crate::paper::font;
use crate::paper::text::shown;
use crate::paper::timescale::{self, HEIGHT};
use plotters::prelude::*;

/// Twice the page's own size: phones have so many pixels.
const SCALE: u32 = 2;
/// Room above the chart, for what it is and which colour is what.
const HEAD: u32 = 64;
const COLORS_OF_A_PIXEL: usize = 3;

/// A picture, and what it shows in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    pub png: Vec<u8>,
    pub words: String,
}

/// What happened over time, as PNG; none where the trail was not asked for it.
pub fn activity(report: &Report) -> Option<Image> {
    let over_time = |drawing: &&Drawing| {
        drawing.figures.as_ref().is_some_and(|figures| !figures.marks.is_empty())
    };
    let drawing = report.charts.iter().find(over_time)?;
    let png = drawn(&drawing.title, drawing.figures.as_ref()?)?;
    Some(Image { png, words: drawing.words.clone() })
}

fn drawn(title: &str, figures: &Figures) -> Option<Vec<u8>> {
    font::ready();
    let (width, height) = (WIDTH * SCALE, (HEIGHT + HEAD) * SCALE);
    let pixels = usize::try_from(width * height).ok()?;
    let mut buffer = vec![u8::MAX; pixels * COLORS_OF_A_PIXEL];
    {
        let area = BitMapBackend::with_buffer(&mut buffer, (width, height)).into_drawing_area();
        area.fill(&WHITE).ok()?;
        let (head, below) = area.split_vertically(HEAD * SCALE);
        let scale = SCALE.cast_signed();
        let style = |size: i32| (FONT.0, size * scale).into_text_style(&head);
        head.draw_text(&shown(title), &style(FONT.1 + 3), (12 * scale, 10 * scale)).ok()?;
        let mut left = 12 * scale;
        for (series, color) in figures.series.iter().zip(COLORS.iter().cycle()) {
            let square = [(left, 40 * scale), (left + 10 * scale, 50 * scale)];
            head.draw(&Rectangle::new(square, color.filled())).ok()?;
            let name = shown(&series.name);
            head.draw_text(&name, &style(FONT.1), (left + 14 * scale, 38 * scale)).ok()?;
            let (wide, _) = head.estimate_text_size(&name, &style(FONT.1)).ok()?;
            left += 30 * scale + wide.cast_signed();
        }
        timescale::draw(figures, &below, SCALE)?;
        area.present().ok()?;
    }
    encoded(&buffer, (width, height))
}

fn encoded(pixels: &[u8], (width, height): (u32, u32)) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(pixels).ok()?;
    writer.finish().ok()?;
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::report::shape::{Mark, Series};

    fn figures(most: f64) -> Figures {
        Figures {
            x: "minute".to_owned(),
            y: "calls".to_owned(),
            categories: (0..8).map(|minute| format!("10:0{minute}")).collect(),
            series: vec![
                Series { name: "worked".to_owned(), values: vec![most; 8] },
                Series { name: "refused".to_owned(), values: vec![1.0; 8] },
            ],
            marks: vec![Mark {
                label: "contained".to_owned(),
                at: "2026-11-20T10:04:00Z".parse().unwrap(),
                position: 4.5,
            }],
        }
    }

    fn read(image: &[u8]) -> (u32, u32, Vec<u8>) {
        let mut reader = png::Decoder::new(std::io::Cursor::new(image)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        (info.width, info.height, pixels)
    }

    #[test]
    fn the_picture_has_its_bars_its_line_and_its_words() {
        let (width, height, pixels) = read(&drawn("Calls over time", &figures(20.0)).unwrap());
        assert_eq!((width, height), (1440, 768));
        let has = |color: [u8; 3]| pixels.chunks(3).filter(|pixel| **pixel == color).count();
        assert!(has([11, 98, 164]) > 10_000, "the bars of what worked");
        assert!(has([176, 0, 32]) > 500, "the line of the containment");
        let dark = pixels[..3 * 1440 * 60].chunks(3).filter(|pixel| pixel[0] < 80).count();
        assert!(dark > 200, "the title is drawn: {dark}");
        let (_, _, none) = read(&drawn("", &figures(0.0)).unwrap());
        let less = none.chunks(3).filter(|pixel| **pixel == [11, 98, 164]).count();
        assert!(less < 1_000, "the control: no bar where there is nothing, {less}");
    }
}
