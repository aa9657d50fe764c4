//! Which figures a report draws: activity over time with the containment, sources, and services.

use crate::domain::case::Case;
use crate::domain::chart::{Chart, ChartKind, Plot, Point};
use crate::domain::report::calls::{Calls, newest, why_none};
use crate::domain::report::exhibit::{CALLS, Exhibit, Exhibits, HOURS, SERVICES, SOURCES, told};
use crate::domain::report::shape::{Drawing, Figures, Mark, Series};
use crate::domain::report::times_to_contain;
use crate::domain::time_words::utc;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// Bars over time that people can still tell apart.
const BARS_MAX: i64 = 30;
/// Seconds that one bar may stand for: people count in these.
const WIDTHS: [i64; 16] = [
    10, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
    2_592_000,
];
const HOUR: i64 = 3_600;
/// What every service's name in a trail ends with.
const OF_AWS: &str = ".amazonaws.com";
/// So much of a name stands under a bar; the lists have all of it.
const LABEL_LENGTH_MAX: usize = 40;

/// All charts of a report, in the order of reading.
pub(super) fn all(case: &Case, (exhibits, calls): (&Exhibits, Option<&Calls<'_>>)) -> Vec<Drawing> {
    let since = Drawing {
        id: "activity".to_owned(),
        title: "Activity since the exposure, with the containment".to_owned(),
        figures: calls.and_then(|calls| since_exposure(case, calls)),
        words: String::new(),
    };
    let window = Drawing {
        id: "activity_by_hour".to_owned(),
        title: "Activity over the whole window that was read".to_owned(),
        figures: newest(case, exhibits, HOURS).and_then(|(_, rows)| by_hour(case, rows)),
        words: String::new(),
    };
    let bars = |id: &str, title: &str, question, (x, by): (&str, Option<&str>)| Drawing {
        id: id.to_owned(),
        title: title.to_owned(),
        figures: newest(case, exhibits, question).and_then(|(_, rows)| barred(rows, (x, by))),
        words: String::new(),
    };
    let drawn = [
        (since, CALLS),
        (window, HOURS),
        (
            bars("sources", "Sources: calls by address", SOURCES, ("source_ip", Some("reach"))),
            SOURCES,
        ),
        (bars("services", "Services: calls by service", SERVICES, ("service", None)), SERVICES),
    ];
    drawn.map(|(drawing, question)| worded(case, exhibits, (drawing, question))).into()
}

/// The chart with what it rests on and says, or why there is none.
fn worded(case: &Case, exhibits: &Exhibits, (drawing, question): (Drawing, &str)) -> Drawing {
    let words = match &drawing.figures {
        None => why_none(case, exhibits, question),
        Some(figures) => {
            let (record, rows) = newest(case, exhibits, question)
                .map_or((0, false), |(record, rows)| (record, rows.truncated));
            let cut = if rows { "; more rows existed than were kept" } else { "" };
            format!("{} From record {record} ({question}){cut}.", said(figures))
        }
    };
    Drawing { words, ..drawing }
}

/// What the chart shows, for whoever does not see it.
fn said(figures: &Figures) -> String {
    let totals: Vec<String> = figures
        .series
        .iter()
        .map(|series| format!("{} {}", whole(series.values.iter().sum()), series.name))
        .collect();
    let marks: Vec<String> =
        figures.marks.iter().map(|mark| format!("{} at {}", mark.label, utc(mark.at))).collect();
    let marks =
        if marks.is_empty() { String::new() } else { format!(" Marked: {}.", marks.join(", ")) };
    format!("{} in all.{marks}", totals.join(", "))
}

/// A count without a point.
pub fn whole(value: f64) -> String {
    format!("{value:.0}")
}

fn since_exposure(case: &Case, calls: &Calls<'_>) -> Option<Figures> {
    let points = calls.all.iter().map(|call| {
        let series = if call.worked { "worked" } else { "refused or failed" };
        (call.at, series.to_owned(), 1.0)
    });
    over_time(points.collect(), marks(case), WIDTHS[0])
}

fn by_hour(case: &Case, rows: &Exhibit) -> Option<Figures> {
    let points = rows.columns_of(["hour_utc", "reach", "calls"]).into_iter();
    let points = points.filter_map(|[hour, reach, calls]| {
        let at: Timestamp = format!("{hour}:00:00Z").parse().ok()?;
        let reach = if reach == "key" { "by the key" } else { "by what grew from it" };
        Some((at, reach.to_owned(), calls.parse().ok()?))
    });
    over_time(points.collect(), marks(case), HOUR)
}

/// What happened meanwhile.
fn marks(case: &Case) -> Vec<(&'static str, Timestamp)> {
    let times = times_to_contain(case);
    let after = |span: Option<SignedDuration>| Some(case.opened_at() + span?);
    let marks = [
        ("exposed", case.exposed_since()),
        ("reported", Some(case.opened_at())),
        ("contained (last change)", after(times.action)),
    ];
    marks.into_iter().filter_map(|(label, at)| Some((label, at?))).collect()
}

/// Bars of equal length, from the first to the last moment, so that a pause is seen.
fn over_time(
    points: Vec<(Timestamp, String, f64)>,
    marks: Vec<(&'static str, Timestamp)>,
    narrowest: i64,
) -> Option<Figures> {
    let moments = points.iter().map(|(at, _, _)| *at).chain(marks.iter().map(|(_, at)| *at));
    let moments: Vec<i64> = moments.map(Timestamp::as_second).collect();
    let (first, last) = (*moments.iter().min()?, *moments.iter().max()?);
    if points.is_empty() {
        return None;
    }
    let count = |width: i64| last.div_euclid(width) - first.div_euclid(width) + 1;
    let mut wide = WIDTHS.into_iter().filter(|width| *width >= narrowest);
    let width = wide.find(|width| count(*width) <= BARS_MAX)?;
    let start = first.div_euclid(width) * width;
    let bars = usize::try_from(count(width)).ok()?;
    let format = match width {
        ..60 => "%m-%d %H:%M:%S",
        60..86_400 => "%m-%d %H:%M",
        _ => "%Y-%m-%d",
    };
    let begins = (0..).map(|bar: i64| Timestamp::from_second(start + bar * width));
    let begins = begins.take(bars).filter_map(Result::ok);
    let categories = begins.map(|at| at.strftime(format).to_string()).collect();
    let mut sums: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for (at, series, value) in points {
        let values = sums.entry(series).or_insert_with(|| vec![0.0; bars]);
        let bar = usize::try_from((at.as_second() - start) / width).ok();
        if let Some(sum) = bar.and_then(|bar| values.get_mut(bar)) {
            *sum += value;
        }
    }
    let position = |at: Timestamp| (at.as_second() - start) as f64 / width as f64;
    let marks = marks.into_iter();
    let mark = |(label, at): (&str, Timestamp)| Mark {
        label: label.to_owned(),
        at,
        position: position(at),
    };
    Some(Figures {
        x: format!("each {} (UTC)", length(width)),
        y: "calls".to_owned(),
        categories,
        // What worked is drawn below what did not, whatever their names sort like.
        series: sums.into_iter().rev().map(|(name, values)| Series { name, values }).collect(),
        marks: marks.map(mark).collect(),
    })
}

fn length(seconds: i64) -> String {
    let (number, unit) = match seconds {
        ..60 => (seconds, "second"),
        60..3_600 => (seconds / 60, "minute"),
        3_600..86_400 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {unit}{plural}")
}

/// The largest sums; what does not fit is drawn together.
fn barred(rows: &Exhibit, (x, by): (&str, Option<&str>)) -> Option<Figures> {
    let chart = Chart {
        kind: ChartKind::Bar,
        x: x.to_owned(),
        y: "calls".to_owned(),
        by: by.map(str::to_owned),
    };
    let points = rows.columns_of([x, "calls", by.unwrap_or(x)]).into_iter();
    let point = |[x, calls, group]: [&str; 3]| Point {
        x: x.to_owned(),
        y: calls.parse().unwrap_or(0.0),
        by: by.map(|_| group.to_owned()).unwrap_or_default(),
    };
    let points: Vec<Point> = points.map(point).collect();
    let Plot { categories, series, .. } = chart.plot(&points).or_else(|| single(&points))?;
    let series = series.into_iter().map(|(name, values)| {
        let name = match name.as_str() {
            "" => "calls".to_owned(),
            "key" => "calls by the key".to_owned(),
            "lineage" => "calls by what grew from it".to_owned(),
            other => told(other),
        };
        Series { name, values }
    });
    Some(Figures {
        x: x.replace('_', " "),
        y: "calls".to_owned(),
        series: series.collect(),
        categories: categories.iter().map(|name| label(name)).collect(),
        marks: Vec::new(),
    })
}

/// One bar alone, which a message leaves out and a report does not.
fn single(points: &[Point]) -> Option<Plot> {
    let first = points.first().filter(|first| points.iter().all(|point| point.x == first.x))?;
    let mut sums: BTreeMap<&str, f64> = BTreeMap::new();
    points.iter().for_each(|point| *sums.entry(point.by.as_str()).or_default() += point.y);
    let series = sums.into_iter().map(|(name, sum)| (name.to_owned(), vec![sum])).collect();
    Some(Plot { categories: vec![first.x.clone()], series, each: None })
}

fn label(name: &str) -> String {
    let name = told(name);
    let name = name.strip_suffix(OF_AWS).unwrap_or(&name);
    if name.trim().is_empty() {
        return "not recorded".to_owned();
    }
    match name.char_indices().nth(LABEL_LENGTH_MAX) {
        Some((at, _)) => format!("{}…", &name[..at]),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample::at;

    fn calls(seconds: &[i64]) -> Vec<(Timestamp, String, f64)> {
        seconds.iter().map(|second| (at(*second), "worked".to_owned(), 1.0)).collect()
    }

    fn total(figures: &Figures) -> f64 {
        figures.series.iter().flat_map(|series| &series.values).sum()
    }

    #[test]
    fn no_call_is_lost_however_long_it_took_and_marks_stand_where_they_belong() {
        for last in [1, 59, 600, 7_200, 86_400 * 3, 86_400 * 90, 86_400 * 800] {
            let points = calls(&[0, last / 2, last]);
            let figures = over_time(points, vec![("contained", at(last / 2))], WIDTHS[0]).unwrap();
            assert!(figures.categories.len() <= 30, "{}", figures.categories.len());
            assert!((total(&figures) - 3.0).abs() < 1e-9, "{last}");
            let mark = &figures.marks[0];
            let bar = mark.position.floor() as usize;
            assert!(figures.series[0].values[bar] >= 1.0, "{last}: {}", mark.position);
        }
        assert_eq!(over_time(Vec::new(), vec![("contained", at(0))], WIDTHS[0]), None);
    }

    #[test]
    fn a_mark_outside_of_all_calls_widens_the_axis() {
        let figures = over_time(calls(&[0]), vec![("exposed", at(-3_600))], WIDTHS[0]).unwrap();
        assert!(figures.marks[0].position >= 0.0);
        assert!((total(&figures) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn bars_have_the_sums_and_a_single_name_is_drawn_too() {
        let exhibit = |rows: &[[&str; 3]]| Exhibit {
            columns: ["source_ip", "calls", "reach"].map(str::to_owned).into(),
            rows: rows.iter().map(|row| row.map(str::to_owned).into()).collect(),
            truncated: false,
        };
        let by = ("source_ip", Some("reach"));
        let one = exhibit(&[["203.0.113.66", "3", "key"], ["203.0.113.66", "4", "lineage"]]);
        let figures = barred(&one, by).unwrap();
        assert_eq!(figures.categories, ["203.0.113.66"]);
        assert!((total(&figures) - 7.0).abs() < 1e-9);
        let two = exhibit(&[["203.0.113.66", "3", "key"], ["198.51.100.7", "5", "key"]]);
        assert_eq!(barred(&two, by).unwrap().categories, ["198.51.100.7", "203.0.113.66"]);
        assert_eq!(barred(&exhibit(&[]), by), None);
    }
}
