//! How the rows of an answer become a chart: which columns, as a question's header says, and how
//! many marks people can still read.

use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Bars, or points of time, of one chart.
pub const CATEGORIES_MAX: usize = 20;
/// Colours that people tell apart.
pub const SERIES_MAX: usize = 6;
/// What is drawn together where there are more categories or series.
const OTHERS: &str = "others";
/// Ten years: what lasts longer is a mistake of somebody's clock.
const HOURS_MAX: i64 = 24 * 366 * 10;
/// Hours that one mark may stand for: people count in these.
const WIDTHS: [i64; 16] = [1, 2, 3, 4, 6, 8, 12, 24, 48, 96, 168, 336, 720, 1_440, 2_880, 5_760];

/// How the marks of a chart stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChartKind {
    /// One bar for each value of `x`, the longest first.
    Bar,
    /// A line over time; `x` holds hours or days, and a time without a row counts as none.
    Line,
}

/// A chart as a header asks for it: `bar x=region y=calls by=reach`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart {
    pub kind: ChartKind,
    /// The column that the marks stand for.
    pub x: String,
    /// The column that is summed up.
    pub y: String,
    /// The column that tells series apart.
    pub by: Option<String>,
}

/// A row, as far as a chart needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    pub x: String,
    pub y: f64,
    pub by: String,
}

/// A chart ready to be drawn: each series has one value for each category.
#[derive(Debug, Clone, PartialEq)]
pub struct Plot {
    pub categories: Vec<String>,
    pub series: Vec<(String, Vec<f64>)>,
    /// What each category stands for, where that is more than its name says.
    pub each: Option<String>,
}

impl ChartKind {
    pub fn word(self) -> &'static str {
        match self {
            Self::Bar => "bar",
            Self::Line => "line",
        }
    }
}

impl Chart {
    /// Reads a header's line; none where it is not one, or names a column that there is not.
    pub fn parse(text: &str, columns: &[String]) -> Option<Self> {
        let mut words = text.split_whitespace();
        let kind = match words.next()? {
            "bar" => ChartKind::Bar,
            "line" => ChartKind::Line,
            _ => return None,
        };
        let mut named: BTreeMap<&str, &str> = BTreeMap::new();
        for word in words {
            let (role, column) = word.split_once('=')?;
            let is_known = columns.iter().any(|known| known == column);
            let is_role = matches!(role, "x" | "y" | "by");
            if !is_known || !is_role || named.insert(role, column).is_some() {
                return None;
            }
        }
        let of = |role: &str| named.get(role).map(|column| (*column).to_owned());
        Some(Self { kind, x: of("x")?, y: of("y")?, by: of("by") })
    }

    /// The chart of these rows; none where it would say no more than a number.
    pub fn plot(&self, points: &[Point]) -> Option<Plot> {
        let points: Vec<&Point> = points.iter().filter(|point| point.y.is_finite()).collect();
        let plot = match self.kind {
            ChartKind::Bar => bars(&points),
            ChartKind::Line => over_time(&points)?,
        };
        let is_drawn = plot.categories.len() > 1 && plot.total() > 0.0;
        is_drawn.then_some(plot)
    }
}

impl Plot {
    /// The sum of all values of a category.
    pub fn sum(&self, category: usize) -> f64 {
        self.series.iter().filter_map(|(_, values)| values.get(category)).sum()
    }

    pub fn total(&self) -> f64 {
        (0..self.categories.len()).map(|category| self.sum(category)).sum()
    }

    /// The categories with the most, each with its sum, the first of equals first.
    pub fn highest(&self) -> Vec<(&str, f64)> {
        let sums = self.categories.iter().enumerate();
        let mut sums: Vec<(&str, f64)> =
            sums.map(|(index, name)| (name.as_str(), self.sum(index))).collect();
        sums.sort_by(|one, other| other.1.total_cmp(&one.1));
        sums
    }
}

/// Which names are drawn alone: the largest sums, with room for what is left.
fn kept(sums: BTreeMap<&str, f64>, max: usize) -> Vec<&str> {
    let mut all: Vec<(&str, f64)> = sums.into_iter().collect();
    all.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(other.0)));
    let fits = all.len() <= max;
    let room = if fits { max } else { max.saturating_sub(1) };
    all.into_iter().take(room).map(|(name, _)| name).collect()
}

fn summed<'a>(points: &[&'a Point], of: impl Fn(&'a Point) -> &'a str) -> BTreeMap<&'a str, f64> {
    let mut sums = BTreeMap::new();
    for &point in points {
        *sums.entry(of(point)).or_insert(0.0) += point.y;
    }
    sums
}

/// The names of the series, and of each point the one that it is in.
fn series_of<'a>(points: &[&'a Point]) -> Vec<&'a str> {
    kept(summed(points, |point| point.by.as_str()), SERIES_MAX)
}

fn bars(points: &[&Point]) -> Plot {
    let categories = kept(summed(points, |point| point.x.as_str()), CATEGORIES_MAX);
    let place = |point: &Point| categories.iter().position(|name| *name == point.x);
    let mut names: Vec<String> = categories.iter().map(|name| (*name).to_owned()).collect();
    if points.iter().any(|point| place(point).is_none()) {
        names.push(OTHERS.to_owned());
    }
    let series = filled(points, names.len(), |point| {
        Some(place(point).unwrap_or(names.len().saturating_sub(1)))
    });
    Plot { categories: names, series, each: None }
}

/// Buckets of equal length from the first to the last time, so that a pause is seen.
fn over_time(points: &[&Point]) -> Option<Plot> {
    let hours: Vec<i64> = points.iter().map(|point| hour(&point.x)).collect::<Option<_>>()?;
    let (first, last) = (*hours.iter().min()?, *hours.iter().max()?);
    let of_days = points.iter().all(|point| point.x.len() == DAY.len());
    let unit = if of_days { 24 } else { 1 };
    last.checked_sub(first).filter(|span| *span < HOURS_MAX)?;
    let begin = |width: i64| first.div_euclid(width) * width;
    let buckets = |width: i64| usize::try_from((last - begin(width)) / width + 1).ok();
    let fits = |width: &i64| {
        width % unit == 0 && buckets(*width).is_some_and(|buckets| buckets <= CATEGORIES_MAX)
    };
    let width = WIDTHS.into_iter().find(fits)?;
    let (first, buckets) = (begin(width), buckets(width)?);
    let start = |bucket: usize| {
        let after = i64::try_from(bucket).ok()?.checked_mul(width)?;
        Timestamp::UNIX_EPOCH.checked_add(SignedDuration::from_hours(first + after)).ok()
    };
    let format = if width % 24 == 0 { "%Y-%m-%d" } else { "%m-%d %H:%M" };
    let name = |bucket| Some(start(bucket)?.strftime(format).to_string());
    let categories: Vec<String> = (0..buckets).map(name).collect::<Option<_>>()?;
    let series =
        filled(points, buckets, |point| usize::try_from((hour(&point.x)? - first) / width).ok());
    let each = match width {
        1 => "one hour (UTC)".to_owned(),
        24 => "one day (UTC)".to_owned(),
        hours if hours % 24 == 0 => format!("{} days (UTC)", hours / 24),
        hours => format!("{hours} hours (UTC)"),
    };
    Some(Plot { categories, series, each: Some(each) })
}

const DAY: &str = "2026-08-01";
const HOUR: &str = "2026-08-01T10";

/// Hours since 1970 of `2026-08-01T10` or `2026-08-01`.
fn hour(text: &str) -> Option<i64> {
    let whole = match text.len() {
        length if length == DAY.len() => format!("{text}T00:00:00Z"),
        length if length == HOUR.len() => format!("{text}:00:00Z"),
        _ => return None,
    };
    let at: Timestamp = whole.parse().ok()?;
    Some(at.as_second().div_euclid(3_600))
}

fn filled(
    points: &[&Point],
    categories: usize,
    place: impl Fn(&Point) -> Option<usize>,
) -> Vec<(String, Vec<f64>)> {
    let alone = series_of(points);
    let mut names: Vec<&str> = alone.clone();
    let all: BTreeSet<&str> = points.iter().map(|point| point.by.as_str()).collect();
    if all.len() > names.len() {
        names.push(OTHERS);
    }
    let mut series: Vec<(String, Vec<f64>)> =
        names.iter().map(|name| ((*name).to_owned(), vec![0.0; categories])).collect();
    for point in points {
        let at = alone.iter().position(|name| *name == point.by).unwrap_or(alone.len());
        let value = series.get_mut(at).zip(place(point));
        if let Some(value) = value.and_then(|((_, values), category)| values.get_mut(category)) {
            *value += point.y;
        }
    }
    series
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Vec<String> {
        ["region", "reach", "calls"].map(str::to_owned).into()
    }

    fn chart(text: &str) -> Chart {
        Chart::parse(text, &columns()).unwrap()
    }

    fn points(rows: &[(&str, f64, &str)]) -> Vec<Point> {
        let point = |(x, y, by): &(&str, f64, &str)| Point {
            x: (*x).to_owned(),
            y: *y,
            by: (*by).to_owned(),
        };
        rows.iter().map(point).collect()
    }

    #[test]
    fn a_header_names_columns_that_there_are_each_once() {
        let by = Some("reach".to_owned());
        let (x, y) = ("region".to_owned(), "calls".to_owned());
        let whole = Chart { kind: ChartKind::Bar, x, y, by };
        assert_eq!(chart("bar x=region y=calls by=reach"), whole);
        assert_eq!(chart("line y=calls x=region").kind, ChartKind::Line);
        for odd in [
            "",
            "bar",
            "pie x=region y=calls",
            "bar x=region",
            "bar x=region y=callz",
            "bar x=region y=calls y=calls",
            "bar x=region y=calls z=reach",
            "bar region calls",
        ] {
            assert_eq!(Chart::parse(odd, &columns()), None, "{odd}");
        }
    }

    #[test]
    fn bars_are_summed_up_the_longest_first_and_each_series_has_a_value_for_each() {
        let rows = [("eu", 1.0, "key"), ("us", 5.0, "key"), ("us", 2.0, "lineage")];
        let plot = chart("bar x=region y=calls by=reach").plot(&points(&rows)).unwrap();
        assert_eq!(plot.categories, ["us", "eu"]);
        let series = [("key".to_owned(), vec![5.0, 1.0]), ("lineage".to_owned(), vec![2.0, 0.0])];
        assert_eq!(plot.series, series);
        assert_eq!(plot.highest(), [("us", 7.0), ("eu", 1.0)]);
    }

    #[test]
    fn what_does_not_fit_is_drawn_together_and_nothing_is_lost() {
        let names: Vec<String> = (0..40).map(|n| format!("n{n:02}")).collect();
        let rows: Vec<Point> = names
            .iter()
            .zip(1..)
            .map(|(name, n)| Point { x: name.clone(), y: f64::from(n), by: name.clone() })
            .collect();
        let plot = chart("bar x=region y=calls").plot(&rows).unwrap();
        assert_eq!((plot.categories.len(), plot.series.len()), (CATEGORIES_MAX, SERIES_MAX));
        assert_eq!(plot.categories.last().unwrap(), OTHERS);
        assert!((plot.total() - f64::from((1..=40).sum::<i32>())).abs() < 1e-9);
        assert!(plot.series.iter().all(|(_, values)| values.len() == CATEGORIES_MAX));
    }

    #[test]
    fn a_pause_is_seen_and_a_long_time_is_cut_into_equal_parts() {
        let line = chart("line x=region y=calls");
        let near = points(&[("2026-08-01T10", 3.0, ""), ("2026-08-01T13", 1.0, "")]);
        let plot = line.plot(&near).unwrap();
        let times = ["08-01 10:00", "08-01 11:00", "08-01 12:00", "08-01 13:00"];
        assert_eq!(plot.categories, times);
        assert_eq!(plot.series[0].1, [3.0, 0.0, 0.0, 1.0]);
        assert_eq!(plot.each.as_deref(), Some("one hour (UTC)"));
        let far = points(&[("2026-08-01T10", 3.0, ""), ("2026-08-15T10", 1.0, "")]);
        let plot = line.plot(&far).unwrap();
        assert!(plot.categories.len() <= CATEGORIES_MAX, "{:?}", plot.categories);
        assert!((plot.total() - 4.0).abs() < 1e-9);
        let days = points(&[("2026-08-01", 1.0, ""), ("2026-08-03", 1.0, "")]);
        let plot = line.plot(&days).unwrap();
        assert_eq!(plot.categories, ["2026-08-01", "2026-08-02", "2026-08-03"]);
    }

    #[test]
    fn what_is_no_time_or_only_one_number_is_no_chart() {
        let line = chart("line x=region y=calls");
        for odd in ["", "yesterday", "2026-13-01", "2026-08-01T99", "9999-99-99T99"] {
            let rows = points(&[(odd, 1.0, ""), ("2026-08-01T10", 1.0, "")]);
            assert_eq!(line.plot(&rows), None, "{odd}");
        }
        let eons = points(&[("0001-01-01", 1.0, ""), ("9999-01-01", 1.0, "")]);
        assert_eq!(line.plot(&eons), None);
        let bar = chart("bar x=region y=calls");
        assert_eq!(bar.plot(&[]), None);
        assert_eq!(bar.plot(&points(&[("us", 5.0, "")])), None);
        assert_eq!(bar.plot(&points(&[("us", 0.0, ""), ("eu", 0.0, "")])), None);
        assert_eq!(bar.plot(&points(&[("us", f64::NAN, ""), ("eu", 1.0, "")])), None);
    }
}
